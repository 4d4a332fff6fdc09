// SPDX-License-Identifier: MIT
// Replaying plans and layout as map operations, then filling what must be filled.
#ifndef LIBEXEC_LOAD_H
#define LIBEXEC_LOAD_H

#include "state.h"

// Pages to fill: `file_length` bytes of the file at `file_offset`, then zeros up to `length`.
struct libexec_copy_job {
    uint64_t address;
    uint64_t length;
    const struct libexec_source *source;
    uint64_t file_offset;
    uint64_t file_length;
};

enum libexec_status libexec_load_copy(struct libexec_state *state, const struct libexec_copy_job *job);

// Maps everything: program, interpreter, TLS block, guard, stack.
enum libexec_status libexec_load_map(struct libexec_state *state);

// Fills the pages of program and interpreter that are not borrowed.
enum libexec_status libexec_load_fill(struct libexec_state *state);

// The region of a run, biased, for one of the two files.
void libexec_load_region(const struct libexec_run *run, enum libexec_file file, uint64_t bias,
                         struct libexec_region *region);

// The guard (0) and the stack (1) as map operations.
void libexec_load_stack_operation(const struct libexec_state *state, uint32_t index, struct libexec_map *operation);

#endif
