// SPDX-License-Identifier: MIT
// Reading image sources: never outside the stated size, never less than asked without saying so.
#include "source.h"

#include "bytes.h"
#include "checked.h"
#include "report.h"

static int memory_view(void *context, uint64_t offset, size_t length, const uint8_t **bytes) {
    (void)length;
    *bytes = (const uint8_t *)context + offset;
    return 0;
}

static void memory_view_release(void *context, uint64_t offset, size_t length) {
    (void)context;
    (void)offset;
    (void)length;
}

static int memory_read_at(void *context, uint64_t offset, void *buffer, size_t length, size_t *done) {
    memcpy(buffer, (const uint8_t *)context + offset, length);
    *done = length;
    return 0;
}

static const struct libexec_source_operations memory_operations = {
    .read_at = memory_read_at,
    .view = memory_view,
    .view_release = memory_view_release,
};

void libexec_memory_source(struct libexec_source *source, const void *bytes, uint64_t size) {
    source->operations = &memory_operations;
    source->context = (void *)(uintptr_t)bytes; // the operations above only read through it
    source->size = size;
    source->flags = LIBEXEC_SOURCE_STABLE;
    source->reserved = 0;
}

enum libexec_status libexec_source_read(const struct libexec_source *source, uint64_t offset, void *to, uint64_t length,
                                        struct libexec_report *report) {
    size_t done = 0;
    int code = 0;
    if (length != 0 && libexec_inside(offset, length, source->size))
        code = source->operations->read_at(source->context, offset, to, (size_t)length, &done);
    if (code != 0)
        libexec_fail_host(report, LIBEXEC_E_READ, code);
    else if (done == length)
        return LIBEXEC_OK;
    else
        libexec_fail(report,
                     done > length ? LIBEXEC_E_CONTRACT
                     : done == 0   ? LIBEXEC_E_FILE_SHRANK
                                   : LIBEXEC_E_SHORT_READ,
                     done, length);
    libexec_fail_offset(report, offset);
    return report->status;
}

void libexec_window_close(struct libexec_window *window) {
    if (window->viewed)
        window->source->operations->view_release(window->source->context, window->offset, (size_t)window->length);
    window->viewed = false;
    window->length = 0;
}

// Lends the bytes where the source does that.
static bool window_view(struct libexec_window *window, uint64_t offset, uint64_t length) {
    const struct libexec_source *source = window->source;
    const struct libexec_source_operations *operations = source->operations;
    window->bytes = NULL;
    return (source->flags & LIBEXEC_SOURCE_STABLE) != 0 && operations->view != NULL &&
           operations->view_release != NULL &&
           operations->view(source->context, offset, (size_t)length, &window->bytes) == 0 && window->bytes != NULL;
}

const uint8_t *libexec_window_get(struct libexec_window *window, uint64_t offset, uint64_t least, uint64_t most,
                                  struct libexec_report *report) {
    const uint64_t start = offset - window->offset; // wraps below the window, and is then too large
    if (libexec_inside(start, least, window->length))
        return window->bytes + start;
    libexec_window_close(window);
    const uint64_t size = window->source->size;
    if (offset >= size)
        return NULL;
    const uint64_t length = libexec_min(libexec_min(most, window->buffer_size), size - offset);
    window->viewed = window_view(window, offset, length);
    if (!window->viewed) {
        window->bytes = window->buffer;
        if (libexec_source_read(window->source, offset, window->buffer, length, report) != LIBEXEC_OK)
            return NULL;
    }
    window->offset = offset;
    window->length = length;
    return length >= least ? window->bytes : NULL;
}
