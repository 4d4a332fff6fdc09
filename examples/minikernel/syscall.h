// SPDX-License-Identifier: MIT
// System calls with Linux's numbers. Each handler gets the six argument registers and returns what rax shall hold.

#ifndef MINIKERNEL_SYSCALL_H
#define MINIKERNEL_SYSCALL_H

#include <stdint.h>

typedef int64_t syscall_handler(const uint64_t arguments[6]);

struct syscall {
    uint16_t number;
    syscall_handler *handler;
};

// The calls of one file; a table ends with an entry without handler.
extern const struct syscall syscalls_of_files[];
extern const struct syscall syscalls_of_memory[];
extern const struct syscall syscalls_of_processes[];
extern const struct syscall syscalls_of_time[];

// Collects the tables.
void syscall_setup(void);

// "openat" for 257; NULL where Linux has no such number.
const char *syscall_name(uint64_t number);

// Says once for each call that it is not implemented; returns -ENOSYS.
int64_t syscall_not_implemented(uint64_t number);

struct frame;
void syscall_handle(struct frame *frame); // called by entry.S

#endif
