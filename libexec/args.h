// SPDX-License-Identifier: MIT
// Path, argv and envp: from the caller's memory or the kernel's, to the new stack.
#ifndef LIBEXEC_ARGS_H
#define LIBEXEC_ARGS_H

#include "state.h"

// Fetches the path from the caller's memory into the names memory, once.
enum libexec_status libexec_args_fetch_path(struct libexec_state *state, uint64_t user_path);

// First pass: counts argv and envp, charging each pointer; pointers from user memory are fetched, once, to the places
// on the new stack where the vectors will stand.
enum libexec_status libexec_args_count(struct libexec_state *state);

// Second pass: copies the strings to state->copy.cursor and on, charging each, and makes the vectors point at them;
// argc too.
enum libexec_status libexec_args_copy(struct libexec_state *state);

// Copies a string of the kernel's to the cursor.
enum libexec_status libexec_args_kernel_string(struct libexec_state *state, const char *bytes, uint64_t length);

#endif
