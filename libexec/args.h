// SPDX-License-Identifier: MIT
// Path, argv and envp: from the caller's memory or the kernel's, to the new stack.
#ifndef LIBEXEC_ARGS_H
#define LIBEXEC_ARGS_H

#include "space.h"

// Fetches the path from the caller's memory into the names memory, once.
enum libexec_status libexec_args_fetch_path(struct libexec_state *state, uint64_t user_path);

// Writes argc, both vectors, their strings, and the path's. `copy` is zero but for `state` and `tail`; afterwards it
// says where all is. False after a failure.
bool libexec_args_copy(struct libexec_copy *copy);

// Writes `length` bytes to the new stack, and behind them `cleared` zeros. False after a failure.
bool libexec_args_write(struct libexec_state *state, enum space_role role, uint64_t address, const void *bytes,
                        uint64_t length, uint64_t cleared);

// The length of a string of the kernel's, or `most` if it is longer.
uint64_t libexec_args_length(const char *string, uint64_t most);

#endif
