// SPDX-License-Identifier: MIT
// Path, argv and envp: from the caller's memory or the kernel's, to the new stack.
#ifndef LIBEXEC_ARGS_H
#define LIBEXEC_ARGS_H

#include "state.h"

// Fetches the path from the caller's memory into the names memory, once.
enum libexec_status libexec_args_fetch_path(struct libexec_state *state, uint64_t user_path);

// Writes argc, both vectors and their strings. state->copy is zero but for `tail`; afterwards it says where all is.
enum libexec_status libexec_args_copy(struct libexec_state *state);

// Copies a string of the kernel's to the cursor.
enum libexec_status libexec_args_kernel_string(struct libexec_state *state, const char *string);

#endif
