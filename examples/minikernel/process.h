// SPDX-License-Identifier: MIT
// The process: one at a time. A program is started by an exec that the kernel makes; from then on it may replace itself
// by execve.

#ifndef MINIKERNEL_PROCESS_H
#define MINIKERNEL_PROCESS_H

#include <stdint.h>

#include "files.h"
#include "linux_abi.h"
#include "space.h"

struct signals {
    struct linux_sigaction actions[SIGNAL_COUNT + 1]; // by number, from 1
    uint64_t blocked, pending;
    struct linux_sigaltstack stack;
};

struct process {
    int pid;
    char name[16];
    struct space *space;    // NULL until the first exec
    struct node *directory; // a reference
    struct descriptor_table descriptors;
    struct signals signals;
    uint64_t clear_child_tid, robust_list;
    uint32_t file_mode_mask;
};

// How a program ended.
enum process_end {
    PROCESS_EXITED,  // code: exit status
    PROCESS_KILLED,  // code: signal
    PROCESS_REFUSED, // code: errno of the exec that should have started it
};

struct process_result {
    enum process_end end;
    int code;
};

// The process that runs, for system calls, traps and the exec's callbacks.
struct process *process_current(void);

// Starts a fresh process with the program and waits for its end.
struct process_result process_run(const char *path, const char *const *argv, const char *const *envp);

// Whether each program's first exec is rehearsed with every allocation of pages failing in turn.
void process_set_rehearsals(bool wanted);
bool process_rehearsals_are_right(void);

_Noreturn void process_exit(int status);

// Ends the process as a signal does whose action is the default; says why on the console.
_Noreturn void process_kill(int signal, const char *format, ...) __attribute__((format(printf, 2, 3)));

// Acts on a signal that the process sent to itself: default action, ignored, or, if blocked, kept. Handlers are
// recorded but not run: -ENOSYS.
int process_signal(int signal);

#endif
