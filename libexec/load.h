// SPDX-License-Identifier: MIT
// Plans and layout as regions of the new image; regions as map operations; then what the library must fill.
#ifndef LIBEXEC_LOAD_H
#define LIBEXEC_LOAD_H

#include "state.h"

// Walks the regions of the image: the program's, the interpreter's, the TLS block's, the guard, the stack.
struct libexec_region_cursor {
    struct libexec_plan_cursor of_file;
    const struct libexec_image_file *file; // NULL behind the last one
    uint32_t part;                         // the next one of load.c's, which follow the files
};

void libexec_load_begin(const struct libexec_state *state, struct libexec_region_cursor *cursor);
bool libexec_load_region(const struct libexec_state *state, struct libexec_region_cursor *cursor,
                         struct libexec_region *region);

// Maps everything. The report is at LIBEXEC_STAGE_LOAD already.
enum libexec_status libexec_load_map(struct libexec_state *state);

// Fills the pages of program and interpreter that are not lent by the host, and the TLS block.
enum libexec_status libexec_load_fill(struct libexec_state *state);

#endif
