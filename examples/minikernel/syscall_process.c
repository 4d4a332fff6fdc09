// SPDX-License-Identifier: MIT
// The process itself: execve, exit, signals' dispositions, identity, limits, thread pointer.

#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "host_glue.h"
#include "linux_abi.h"
#include "pages.h"
#include "paging.h"
#include "process.h"
#include "string.h"
#include "syscall.h"
#include "user.h"

#include <libexec/port/x86_64.h>

#define MSR_FS_BASE     0xc0000100
#define MSR_GS_BASE     0xc0000101
#define STACK_LIMIT     (UINT64_C(8) << 20)
#define SIGNAL_SET_SIZE 8

// execve and exit.

static int64_t sys_execve(const uint64_t a[6]) {
    return exec_from_user(AT_FDCWD, a[0], a[1], a[2], 0);
}

static int64_t sys_execveat(const uint64_t a[6]) {
    return exec_from_user((int32_t)a[0], a[1], a[2], a[3], (uint32_t)a[4]);
}

static int64_t sys_exit(const uint64_t a[6]) {
    process_exit((int)a[0]);
}

// Signals.

static uint64_t signal_bit(int signal) {
    return UINT64_C(1) << (signal - 1);
}

static bool is_signal(uint64_t number) {
    return number >= 1 && number <= SIGNAL_COUNT;
}

static int64_t sys_rt_sigaction(const uint64_t a[6]) {
    struct signals *const signals = &process_current()->signals;
    if (!is_signal(a[0]) || a[3] != SIGNAL_SET_SIZE || (a[1] != 0 && (a[0] == SIGKILL || a[0] == SIGSTOP))) {
        return -EINVAL;
    }
    struct linux_sigaction action = {0};
    if (a[1] != 0 && user_read(&action, a[1], sizeof action) != 0) {
        return -EFAULT;
    }
    if (a[2] != 0 && user_write(a[2], &signals->actions[a[0]], sizeof action) != 0) {
        return -EFAULT;
    }
    if (a[1] != 0) {
        signals->actions[a[0]] = action;
    }
    return 0;
}

static void deliver_unblocked(struct signals *signals) {
    for (int signal = 1; signal <= SIGNAL_COUNT; signal++) {
        if ((signals->pending & ~signals->blocked & signal_bit(signal)) != 0) {
            signals->pending &= ~signal_bit(signal);
            process_signal(signal);
        }
    }
}

static int64_t sys_rt_sigprocmask(const uint64_t a[6]) {
    struct signals *const signals = &process_current()->signals;
    const uint64_t old = signals->blocked;
    uint64_t set = 0;
    if (a[3] != SIGNAL_SET_SIZE || (a[1] != 0 && a[0] > SIG_SETMASK)) {
        return -EINVAL;
    }
    if (a[1] != 0 && user_read(&set, a[1], sizeof set) != 0) {
        return -EFAULT;
    }
    if (a[2] != 0 && user_write(a[2], &old, sizeof old) != 0) {
        return -EFAULT;
    }
    if (a[1] != 0) {
        const uint64_t wanted = a[0] == SIG_BLOCK ? old | set : a[0] == SIG_UNBLOCK ? old & ~set : set;
        signals->blocked = wanted & ~(signal_bit(SIGKILL) | signal_bit(SIGSTOP));
        deliver_unblocked(signals);
    }
    return 0;
}

static int64_t sys_rt_sigpending(const uint64_t a[6]) {
    const struct signals *const signals = &process_current()->signals;
    const uint64_t pending = signals->pending & signals->blocked;
    return a[1] == SIGNAL_SET_SIZE ? user_write(a[0], &pending, sizeof pending) : -EINVAL;
}

static int64_t sys_sigaltstack(const uint64_t a[6]) {
    struct signals *const signals = &process_current()->signals;
    struct linux_sigaltstack stack = {0};
    if (a[0] != 0 && user_read(&stack, a[0], sizeof stack) != 0) {
        return -EFAULT;
    }
    if (a[1] != 0 && user_write(a[1], &signals->stack, sizeof stack) != 0) {
        return -EFAULT;
    }
    if (a[0] == 0) {
        return 0;
    }
    if (stack.flags == SS_DISABLE) {
        signals->stack = (struct linux_sigaltstack){.flags = SS_DISABLE};
        return 0;
    }
    if (stack.flags != 0) {
        return -EINVAL;
    }
    if (stack.size < MINIMUM_SIGNAL_STACK) {
        return -ENOMEM;
    }
    signals->stack = stack;
    return 0;
}

static int64_t signal_self(uint64_t target, uint64_t signal) {
    const int32_t pid = (int32_t)target;
    if (signal > SIGNAL_COUNT) {
        return -EINVAL;
    }
    if (pid != process_current()->pid && pid != 0) {
        return -ESRCH;
    }
    return signal == 0 ? 0 : process_signal((int)signal);
}

static int64_t sys_kill(const uint64_t a[6]) {
    return signal_self(a[0], a[1]);
}

static int64_t sys_tgkill(const uint64_t a[6]) {
    return signal_self(a[1], a[2]);
}

// Identity: process 1's child, and root.

static int64_t sys_getpid(const uint64_t a[6]) {
    (void)a;
    return process_current()->pid;
}

static int64_t sys_return_0(const uint64_t a[6]) {
    (void)a;
    return 0;
}

static int64_t write_three_ids(const uint64_t a[6]) {
    const uint32_t root = 0;
    for (int i = 0; i < 3; i++) {
        if (user_write(a[i], &root, sizeof root) != 0) {
            return -EFAULT;
        }
    }
    return 0;
}

static int64_t sys_umask(const uint64_t a[6]) {
    struct process *const process = process_current();
    const uint32_t old = process->file_mode_mask;
    process->file_mode_mask = (uint32_t)a[0] & 0777;
    return old;
}

static int64_t sys_uname(const uint64_t a[6]) {
    // glibc asks for a kernel that is not too old.
    const struct linux_utsname names = {
        .sysname = "Linux",
        .nodename = "minikernel",
        .release = "6.1.0-minikernel",
        .version = "libexec's sample kernel",
        .machine = "x86_64",
        .domainname = "(none)",
    };
    return user_write(a[0], &names, sizeof names);
}

// Thread state.

static int64_t sys_arch_prctl(const uint64_t a[6]) {
    const bool is_set = a[0] == ARCH_SET_FS || a[0] == ARCH_SET_GS;
    if (is_set && a[1] >= USER_END) {
        return -EPERM;
    }
    switch (a[0]) {
    case ARCH_SET_FS:
        libexec_x86_64_set_fs_base(a[1]);
        return 0;
    case ARCH_SET_GS:
        msr_write(MSR_GS_BASE, a[1]);
        return 0;
    case ARCH_GET_FS:
    case ARCH_GET_GS: {
        const uint64_t base = msr_read(a[0] == ARCH_GET_FS ? MSR_FS_BASE : MSR_GS_BASE);
        return user_write(a[1], &base, sizeof base);
    }
    default:
        return -EINVAL;
    }
}

static int64_t sys_set_tid_address(const uint64_t a[6]) {
    process_current()->clear_child_tid = a[0];
    return process_current()->pid;
}

static int64_t sys_set_robust_list(const uint64_t a[6]) {
    if (a[1] != 24) {
        return -EINVAL;
    }
    process_current()->robust_list = a[0];
    return 0;
}

// With one thread, whoever waits waits for ever; unless it has come too late, or set itself a limit.
static int64_t sys_futex(const uint64_t a[6]) {
    const uint64_t command = a[1] & FUTEX_COMMAND;
    if (command == FUTEX_WAKE || command == FUTEX_WAKE_BITSET) {
        return 0;
    }
    if (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET) {
        return -ENOSYS;
    }
    uint32_t value;
    if (user_read(&value, a[0], sizeof value) != 0) {
        return -EFAULT;
    }
    if (value != (uint32_t)a[2]) {
        return -EAGAIN;
    }
    return a[3] != 0 ? -ETIMEDOUT : -EDEADLK;
}

static int64_t sys_sched_getaffinity(const uint64_t a[6]) {
    const uint64_t first_cpu = 1;
    if (a[1] < sizeof first_cpu) {
        return -EINVAL;
    }
    return user_write(a[2], &first_cpu, sizeof first_cpu) != 0 ? -EFAULT : (int64_t)sizeof first_cpu;
}

static int64_t write_limit(uint64_t resource, uint64_t to) {
    if (resource >= RLIMIT_COUNT) {
        return -EINVAL;
    }
    struct linux_rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    if (resource == RLIMIT_STACK) {
        limit = (struct linux_rlimit){STACK_LIMIT, STACK_LIMIT};
    } else if (resource == RLIMIT_NOFILE) {
        limit = (struct linux_rlimit){DESCRIPTOR_LIMIT, DESCRIPTOR_LIMIT};
    }
    return user_write(to, &limit, sizeof limit);
}

static int64_t sys_getrlimit(const uint64_t a[6]) {
    return write_limit(a[0], a[1]);
}

static int64_t sys_prlimit64(const uint64_t a[6]) {
    if (a[1] >= RLIMIT_COUNT) {
        return -EINVAL;
    }
    if (a[2] != 0) {
        return -EPERM;
    }
    return a[3] != 0 ? write_limit(a[1], a[3]) : 0;
}

static int64_t sys_sysinfo(const uint64_t a[6]) {
    const struct linux_sysinfo info = {
        .uptime = (int64_t)(clock_nanoseconds_since_boot() / 1000000000),
        .memory = (pages_in_use() + pages_available()) * PAGE_SIZE,
        .memory_free = pages_available() * PAGE_SIZE,
        .processes = 1,
        .memory_unit = 1,
    };
    return user_write(a[0], &info, sizeof info);
}

static int64_t sys_getrandom(const uint64_t a[6]) {
    for (uint64_t done = 0; done < a[1];) {
        const uint64_t word = cpu_random();
        const size_t count = a[1] - done < sizeof word ? a[1] - done : sizeof word;
        if (user_write(a[0] + done, &word, count) != 0) {
            return done > 0 ? (int64_t)done : -EFAULT;
        }
        done += count;
    }
    return (int64_t)a[1];
}

// Known calls whose absence every program takes in its stride; not worth a line on the console.
static int64_t sys_rseq(const uint64_t a[6]) {
    (void)a;
    return -ENOSYS;
}

const struct syscall syscalls_of_processes[] = {
    {13, sys_rt_sigaction},
    {14, sys_rt_sigprocmask},
    {39, sys_getpid},
    {59, sys_execve},
    {60, sys_exit},
    {62, sys_kill},
    {63, sys_uname},
    {95, sys_umask},
    {97, sys_getrlimit},
    {99, sys_sysinfo},
    {102, sys_return_0}, // getuid
    {104, sys_return_0}, // getgid
    {107, sys_return_0}, // geteuid
    {108, sys_return_0}, // getegid
    {110, sys_return_0}, // getppid
    {111, sys_getpid},   // getpgrp
    {115, sys_return_0}, // getgroups: none
    {118, write_three_ids},
    {120, write_three_ids},
    {127, sys_rt_sigpending},
    {131, sys_sigaltstack},
    {158, sys_arch_prctl},
    {186, sys_getpid}, // gettid
    {200, sys_kill},   // tkill,
    {202, sys_futex},
    {204, sys_sched_getaffinity},
    {218, sys_set_tid_address},
    {231, sys_exit}, // exit_group
    {234, sys_tgkill},
    {273, sys_set_robust_list},
    {302, sys_prlimit64},
    {318, sys_getrandom},
    {322, sys_execveat},
    {334, sys_rseq},
    {0, 0},
};
