// SPDX-License-Identifier: MIT
// The process: there is one, and one thread of it.
#ifndef PROCESS_H
#define PROCESS_H

#include <stdint.h>

#include "memory.h"

enum { DESCRIPTORS = 16, FIRST_DESCRIPTOR = 3 }; // below stands the console

struct descriptor {
    const struct file *file; // NULL: closed
    uint64_t offset;
    bool close_on_exec;
};

struct process {
    struct space *space; // NULL: no program runs
    struct descriptor descriptors[DESCRIPTORS];
};

// What boot.S saves of a program.
struct frame {
    uint64_t registers[31];
    uint64_t stack_pointer;
    uint64_t pc;
    uint64_t pstate;
};

extern struct process process;

// The program is gone: starts the next one.
_Noreturn void process_ended(const char *how, uint64_t number);

// Replaces the program by that in `path`; arguments and environment are the kernel's, NULL-terminated. Returns a Linux
// errno value, and everything is as it was; or does not return.
int process_execute(const char *path, const char *const *argv, const char *const *envp);

// Prepares that, and drops it again, with one page more each time until there are enough or it fails for another
// reason. Returns how many pages there were at last. None may be lost.
size_t process_rehearse(const char *path, const char *const *argv, const char *const *envp);

// execve, all three of the caller's memory.
int process_execute_from_user(uint64_t path, uint64_t argv, uint64_t envp);

void system_call(struct frame *frame);

#endif
