// SPDX-License-Identifier: MIT
// Bounded reading of a source, and a window on its bytes for the parsers.
#ifndef LIBEXEC_INTERNAL_SOURCE_H
#define LIBEXEC_INTERNAL_SOURCE_H

#include "checked.h"

#include <libexec/report.h>
#include <libexec/source.h>
#include <stdbool.h>

// Reads exactly `length` bytes inside [0, size); anything less is a status. `length` may be 0.
enum libexec_status libexec_source_read(const struct libexec_source *source, uint64_t offset, void *to, uint64_t length,
                                        struct libexec_report *report);

// One contiguous piece of the file: a copy in the buffer, or a view where the source lends views of bytes that cannot
// change.
struct libexec_window {
    const struct libexec_source *source;
    uint8_t *buffer;
    uint64_t buffer_size;
    const uint8_t *bytes; // for `offset`; NULL while the window is empty
    uint64_t offset;
    uint64_t length;
    bool viewed;
};

void libexec_window_open(struct libexec_window *window, const struct libexec_source *source, void *buffer,
                         uint64_t buffer_size);

// Moves the window so that it starts at `offset` and holds up to `length` bytes, less where the file or the buffer
// ends.
enum libexec_status libexec_window_fetch(struct libexec_window *window, uint64_t offset, uint64_t length,
                                         struct libexec_report *report);

// The bytes [offset, offset + length) if the window holds them, else NULL.
static inline const uint8_t *libexec_window_at(const struct libexec_window *window, uint64_t offset, uint64_t length) {
    const uint64_t start = offset - window->offset; // wraps below the window, and is then too large
    return libexec_inside(start, length, window->length) ? window->bytes + start : NULL;
}

// Gives back a view; the window is empty afterwards.
void libexec_window_close(struct libexec_window *window);

#endif
