// SPDX-License-Identifier: MIT
// Calls of execve that must be refused, and leave their caller as it was.
#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdint.h>

// Before the first of them: fills memory, opens a file, ends the break at a page.
void refusal_prepare(void);

// Calls execve, checks that it returns with this errno, and that memory, thread pointer, break and descriptors are as
// they were.
void refusal_expect(uint64_t path, uint64_t argv, uint64_t envp, int error, const char *what);

// The same for a path, with vectors that are in order.
void refusal_expect_path(const char *path, int error, const char *what);

#endif
