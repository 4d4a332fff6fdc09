// SPDX-License-Identifier: MIT
// The life of the process.

#include "process.h"

#include <stdarg.h>

#include "console.h"
#include "host_glue.h"
#include "pages.h"
#include "paging.h"
#include "string.h"
#include "trap.h"

static struct process process;
static struct process_result result;
static bool rehearses;
static bool rehearsals_are_right = true;

struct process *process_current(void) {
    return &process;
}

void process_set_rehearsals(bool wanted) {
    rehearses = wanted;
}

bool process_rehearsals_are_right(void) {
    return rehearsals_are_right;
}

static void open_standard_files(void) {
    struct node *console;
    if (initramfs_lookup(initramfs_root(), "/dev/console", true, &console) != 0) {
        panic("no console");
    }
    files_open(&process.descriptors, console, 2); // O_RDWR
    struct open_file *const file = files_get(&process.descriptors, 0);
    files_duplicate_to(&process.descriptors, file, 1, false);
    files_duplicate_to(&process.descriptors, file, 2, false);
}

struct start {
    const char *path;
    const char *const *argv, *const *envp;
};

// Prepares the exec again and again, each time with the next allocation failing, until none is left to fail: each time
// it must be refused for want of memory, or do without, and lose nothing. By its path, or by a descriptor if there is
// one.
static void rehearse(const struct start *start, int descriptor) {
    const size_t pages_before = pages_in_use();
    size_t n = 0;
    bool one_failed;
    int error;
    do {
        pages_fail_at(++n);
        error = descriptor < 0 ? exec_rehearse(start->path, start->argv, start->envp)
                               : exec_rehearse_descriptor((uint32_t)descriptor, start->argv, start->envp);
        one_failed = pages_fail_at(0);
    } while (one_failed && (error == 0 || error == -ENOMEM));
    const bool is_right = !one_failed && pages_in_use() == pages_before && !exec_has_leaked();
    print("minikernel: exec%s rehearsed %zu times, at last %s; pages in use: %zu before, %zu after%s\n",
          descriptor < 0 ? "" : " by descriptor", n, error == 0 ? "whole" : error_name(-error), pages_before,
          pages_in_use(), is_right ? "" : ": WRONG");
    rehearsals_are_right = rehearsals_are_right && is_right;
}

static void rehearse_both_ways(const struct start *start) {
    struct node *node;
    rehearse(start, -1);
    if (initramfs_lookup(initramfs_root(), start->path, true, &node) == 0) {
        const int descriptor = files_open(&process.descriptors, node, O_PATH);
        rehearse(start, descriptor);
        files_close(&process.descriptors, (uint64_t)descriptor);
    }
}

// On the process's own kernel stack, which the first system call will reuse from its top.
static void start_program(void *argument) {
    const struct start *const start = argument;
    result = (struct process_result){.end = PROCESS_REFUSED};
    if (rehearses) {
        rehearse_both_ways(start);
    }
    result.code = -exec_from_kernel(start->path, start->argv, start->envp);
    user_stop();
}

struct process_result process_run(const char *path, const char *const *argv, const char *const *envp) {
    static int last_pid;
    struct start start = {.path = path, .argv = argv, .envp = envp};
    process = (struct process){.pid = ++last_pid, .directory = node_get(initramfs_root()), .file_mode_mask = 022};
    process.signals.stack.flags = SS_DISABLE;
    open_standard_files();
    user_run(start_program, &start);

    // Back on the kernel's stack; nobody uses the process's memory any more.
    files_close_all(&process.descriptors, false);
    node_put(process.directory);
    paging_switch_to_kernel();
    exec_program_ended(&process);
    if (process.space != NULL) {
        space_destroy(process.space);
        process.space = NULL;
    }
    return result;
}

_Noreturn void process_exit(int status) {
    result = (struct process_result){.end = PROCESS_EXITED, .code = status & 0xff};
    user_stop();
}

_Noreturn void process_kill(int signal, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_fresh_line();
    print("minikernel: %s (pid %d) killed by %s: ", process.name, process.pid, signal_name(signal));
    print_list(format, &arguments);
    print("\n");
    va_end(arguments);
    result = (struct process_result){.end = PROCESS_KILLED, .code = signal};
    user_stop();
}

static bool is_ignored_by_default(int signal) {
    return signal == SIGCHLD || signal == SIGCONT || signal == SIGURG || signal == SIGWINCH;
}

int process_signal(int signal) {
    struct signals *const signals = &process.signals;
    const uint64_t bit = UINT64_C(1) << (signal - 1);
    const uint64_t handler = signals->actions[signal].handler;
    const bool unstoppable = signal == SIGKILL || signal == SIGSTOP;
    if (handler == SIG_IGN || (handler == SIG_DFL && is_ignored_by_default(signal))) {
        return 0;
    }
    if ((signals->blocked & bit) != 0 && !unstoppable) {
        signals->pending |= bit;
        return 0;
    }
    if (handler == SIG_DFL || unstoppable) {
        process_kill(signal, "sent by itself");
    }
    print_fresh_line();
    print("minikernel: %s catches signal %d, but handlers are not run here (ENOSYS)\n", process.name, signal);
    return -ENOSYS;
}
