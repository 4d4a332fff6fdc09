// SPDX-License-Identifier: MIT
// Bounded reading of a source, and a window on its bytes for the parsers.
#ifndef LIBEXEC_INTERNAL_SOURCE_H
#define LIBEXEC_INTERNAL_SOURCE_H

#include <libexec/report.h>
#include <libexec/source.h>
#include <stdbool.h>

// Reads exactly `length` bytes inside [0, size); anything less is a status. `length` may be 0.
enum libexec_status libexec_source_read(const struct libexec_source *source, uint64_t offset, void *to, uint64_t length,
                                        struct libexec_report *report);

// One contiguous piece of the file: a copy in the buffer, or a view where the source lends views of bytes that cannot
// change. All zero but for source and buffer while it is empty.
struct libexec_window {
    const struct libexec_source *source;
    uint8_t *buffer;
    uint64_t buffer_size;
    const uint8_t *bytes; // for `offset`
    uint64_t offset;
    uint64_t length;
    bool viewed;
};

// The bytes [offset, offset + least). Where the window does not hold them it is moved there, to hold up to `most`
// bytes (not 0), as far as file and buffer reach. NULL after a failure, and where file or buffer end before `least`
// bytes.
const uint8_t *libexec_window_get(struct libexec_window *window, uint64_t offset, uint64_t least, uint64_t most,
                                  struct libexec_report *report);

// Gives back a view; the window is empty afterwards.
void libexec_window_close(struct libexec_window *window);

#endif
