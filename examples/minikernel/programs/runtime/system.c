// SPDX-License-Identifier: MIT
// System calls with Linux's numbers, for picolibc and for the programs themselves. Error numbers are translated:
// picolibc's agree with Linux's only up to 34.

#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

int64_t system_call(uint64_t number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth, uint64_t fifth,
                    uint64_t sixth) {
    register uint64_t r10 __asm__("r10") = fourth;
    register uint64_t r8 __asm__("r8") = fifth;
    register uint64_t r9 __asm__("r9") = sixth;
    int64_t result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

// Linux's number on the left, picolibc's name on the right; what is missing here becomes EINVAL.
static const struct {
    int linux_number;
    int number;
} different_numbers[] = {
    {35, EDEADLK}, {36, ENAMETOOLONG}, {37, ENOLCK}, {38, ENOSYS},     {39, ENOTEMPTY},
    {40, ELOOP},   {42, ENOMSG},       {71, EPROTO}, {74, EBADMSG},    {75, EOVERFLOW},
    {79, ELIBACC}, {80, ELIBBAD},      {84, EILSEQ}, {95, EOPNOTSUPP}, {110, ETIMEDOUT},
};

static int error_number(int linux_number) {
    if (linux_number <= 34) {
        return linux_number;
    }
    for (size_t i = 0; i < sizeof different_numbers / sizeof different_numbers[0]; i++) {
        if (different_numbers[i].linux_number == linux_number) {
            return different_numbers[i].number;
        }
    }
    return EINVAL;
}

static int64_t with_errno(int64_t result) {
    if (result >= 0 || result < -4095) {
        return result;
    }
    errno = error_number((int)-result);
    return -1;
}

int64_t checked_call(uint64_t number, uint64_t first, uint64_t second, uint64_t third) {
    return with_errno(system_call(number, first, second, third, 0, 0, 0));
}

int execute(uint64_t path, uint64_t argv, uint64_t envp) {
    return (int)checked_call(SYSTEM_EXECVE, path, argv, envp);
}

int64_t signal_action(int number, const struct linux_sigaction *new_action, struct linux_sigaction *old_action) {
    return with_errno(system_call(SYSTEM_RT_SIGACTION, (uint64_t)number, ADDRESS(new_action), ADDRESS(old_action),
                                  sizeof(uint64_t), 0, 0));
}

int64_t signal_mask(int how, const uint64_t *new_mask, uint64_t *old_mask) {
    return with_errno(system_call(SYSTEM_RT_SIGPROCMASK, (uint64_t)how, ADDRESS(new_mask), ADDRESS(old_mask),
                                  sizeof(uint64_t), 0, 0));
}

int64_t signal_stack(const struct linux_stack *new_stack, struct linux_stack *old_stack) {
    return checked_call(SYSTEM_SIGALTSTACK, ADDRESS(new_stack), ADDRESS(old_stack), 0);
}

uint64_t map_pages(uint64_t length) {
    const uint64_t read_and_write = 1 | 2;
    const uint64_t private_and_anonymous = 0x02 | 0x20;
    const int64_t address =
        with_errno(system_call(SYSTEM_MMAP, 0, length, read_and_write, private_and_anonymous, UINT64_MAX, 0));
    return address == -1 ? 0 : (uint64_t)address;
}

// ---- What picolibc asks for ---------------------------------------------------------------------------------------

ssize_t read(int descriptor, void *buffer, size_t length) {
    return (ssize_t)checked_call(SYSTEM_READ, (uint64_t)descriptor, ADDRESS(buffer), length);
}

ssize_t write(int descriptor, const void *buffer, size_t length) {
    return (ssize_t)checked_call(SYSTEM_WRITE, (uint64_t)descriptor, ADDRESS(buffer), length);
}

// Only what the programs use: reading, and close-on-exec.
int open(const char *path, int flags, ...) {
    uint64_t linux_flags = (uint64_t)(flags & O_ACCMODE);
    if ((flags & O_CLOEXEC) != 0) {
        linux_flags |= LINUX_O_CLOEXEC;
    }
    return (int)checked_call(SYSTEM_OPEN, ADDRESS(path), linux_flags, 0);
}

int close(int descriptor) {
    return (int)checked_call(SYSTEM_CLOSE, (uint64_t)descriptor, 0, 0);
}

off_t lseek(int descriptor, off_t offset, int whence) {
    return (off_t)checked_call(SYSTEM_LSEEK, (uint64_t)descriptor, (uint64_t)offset, (uint64_t)whence);
}

pid_t getpid(void) {
    return (pid_t)checked_call(SYSTEM_GETPID, 0, 0, 0);
}

int kill(pid_t process, int number) {
    return (int)checked_call(SYSTEM_KILL, (uint64_t)process, (uint64_t)number, 0);
}

// brk answers with the break as it is, unchanged where it cannot do what was asked.
void *sbrk(ptrdiff_t change) {
    static uint64_t current;
    if (current == 0) {
        current = (uint64_t)checked_call(SYSTEM_BRK, 0, 0, 0);
    }
    const uint64_t old = current;
    const uint64_t wanted = old + (uint64_t)change;
    const uint64_t answer = (uint64_t)checked_call(SYSTEM_BRK, wanted, 0, 0);
    if (answer != wanted) {
        errno = ENOMEM;
        return (void *)-1; // NOLINT: sbrk's own convention
    }
    current = answer;
    return (void *)(uintptr_t)old;
}

void _exit(int status) {
    for (;;) {
        system_call(SYSTEM_EXIT_GROUP, (uint64_t)status, 0, 0, 0, 0, 0);
    }
}

// picolibc calls it when a canary is found changed.
__attribute__((noreturn)) void __stack_chk_fail(void);

void __stack_chk_fail(void) {
    static const char message[] = "FAIL stack protector: a canary was changed\n";
    write(1, message, sizeof message - 1);
    _exit(1);
}
