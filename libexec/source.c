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
    if (length == 0)
        return LIBEXEC_OK;
    if (!libexec_inside(offset, length, source->size)) {
        libexec_fail_value(report, LIBEXEC_E_FILE_SHRANK, offset, source->size);
        libexec_fail_offset(report, offset);
        return report->status;
    }
    size_t done = 0;
    const int code = source->operations->read_at(source->context, offset, to, (size_t)length, &done);
    if (code == 0 && done == length)
        return LIBEXEC_OK;
    if (code != 0)
        libexec_fail_host(report, LIBEXEC_E_READ, code);
    else if (done > length)
        libexec_fail_value(report, LIBEXEC_E_CONTRACT, done, length);
    else
        libexec_fail_value(report, done == 0 ? LIBEXEC_E_FILE_SHRANK : LIBEXEC_E_SHORT_READ, done, length);
    libexec_fail_offset(report, offset);
    return report->status;
}

void libexec_window_open(struct libexec_window *window, const struct libexec_source *source, void *buffer,
                         uint64_t buffer_size) {
    window->source = source;
    window->buffer = buffer;
    window->buffer_size = buffer_size;
    window->bytes = NULL;
    window->offset = 0;
    window->length = 0;
    window->viewed = false;
}

void libexec_window_close(struct libexec_window *window) {
    if (window->viewed)
        window->source->operations->view_release(window->source->context, window->offset, (size_t)window->length);
    window->viewed = false;
    window->bytes = NULL;
    window->length = 0;
}

static bool window_view(struct libexec_window *window) {
    const struct libexec_source *source = window->source;
    if ((source->flags & LIBEXEC_SOURCE_STABLE) == 0 || source->operations->view == NULL ||
        source->operations->view_release == NULL)
        return false;
    if (source->operations->view(source->context, window->offset, (size_t)window->length, &window->bytes) != 0)
        return false;
    window->viewed = true;
    return true;
}

enum libexec_status libexec_window_fetch(struct libexec_window *window, uint64_t offset, uint64_t length,
                                         struct libexec_report *report) {
    libexec_window_close(window);
    const uint64_t size = window->source->size;
    window->offset = offset;
    if (offset >= size)
        return LIBEXEC_OK;
    window->length = libexec_min(libexec_min(length, window->buffer_size), size - offset);
    if (window_view(window))
        return LIBEXEC_OK;
    const uint64_t wanted = window->length;
    window->length = 0;
    const enum libexec_status status = libexec_source_read(window->source, offset, window->buffer, wanted, report);
    if (status != LIBEXEC_OK)
        return status;
    window->bytes = window->buffer;
    window->length = wanted;
    return LIBEXEC_OK;
}
