// SPDX-License-Identifier: MIT
// The contents of the TLS block.
#include "tls.h"

#include "bytes.h"
#include "checked.h"
#include "source.h"
#include "space.h"
#include "tls_shape.h"

// What of the view at `at` is the template's, from the file.
static enum libexec_status tls_write_template(struct libexec_state *state, uint64_t at,
                                              const struct libexec_view *view) {
    const uint64_t done = at - state->layout.tls_template;
    const uint64_t size = state->program_plan.tls_file_size;
    if (at < state->layout.tls_template || done >= size) // without PT_TLS both are what a missing template has: nothing
        return LIBEXEC_OK;
    return libexec_source_read(&state->program, state->program_plan.tls_offset + done, view->bytes,
                               libexec_min(size - done, view->length), &state->report);
}

// What of the view at `at` is the thread control block.
static void tls_write_control_block(struct libexec_state *state, uint64_t at, const struct libexec_view *view) {
    const uint64_t pointer = state->layout.thread_pointer;
    const uint64_t skip = at < pointer ? pointer - at : 0;
    if (skip >= view->length)
        return;
    uint8_t *bytes = (uint8_t *)view->bytes + skip;
    if (state->host->thread_control_block != NULL)
        state->host->thread_control_block(state->context, bytes, view->length - skip, at + skip);
    if (at + skip == pointer && state->arch->thread_pointer_word != 0)
        libexec_store_word(bytes, pointer);
}

// Pages of the block are zero when they are mapped; this writes what is not, from `at` to `end`, through one view at a
// time.
static enum libexec_status tls_write_span(struct libexec_state *state, uint64_t at, uint64_t end) {
    while (at < end) {
        struct libexec_view view;
        if (libexec_space_view(state, at, end - at, &view) != LIBEXEC_OK)
            return state->report.status;
        if (tls_write_template(state, at, &view) == LIBEXEC_OK)
            tls_write_control_block(state, at, &view);
        libexec_space_view_end(state, at, &view);
        if (state->report.status != LIBEXEC_OK)
            return state->report.status;
        at += view.length;
    }
    return LIBEXEC_OK;
}

enum libexec_status libexec_tls_write(struct libexec_state *state) {
    if (state->layout.tls.length == 0)
        return LIBEXEC_OK;
    state->report.stage = LIBEXEC_STAGE_TLS;
    state->report.file = LIBEXEC_FILE_PROGRAM;
    const struct libexec_layout *layout = &state->layout;
    const struct libexec_range borrowed = libexec_tls_borrowed(state);
    const uint64_t size = (state->program_plan.flags & LIBEXEC_PLAN_TLS) != 0 ? state->program_plan.tls_file_size : 0;
    const uint64_t control = state->host->thread_control_block != NULL ? state->arch->thread_control_block_size : 8;
    const uint64_t file_end = layout->tls_template + size;
    const uint64_t end = layout->thread_pointer + control;
    uint64_t at = layout->tls_template;
    if (borrowed.length != 0) {
        if (tls_write_span(state, at, borrowed.address) != LIBEXEC_OK)
            return state->report.status;
        at = borrowed.address + borrowed.length;
    }
    // The rest of the template and the control block in one piece, unless whole pages of zeros lie between them.
    if (at >= file_end || layout->thread_pointer - file_end >= state->arch->page_size) {
        if (tls_write_span(state, at, file_end) != LIBEXEC_OK)
            return state->report.status;
        at = layout->thread_pointer;
    }
    return tls_write_span(state, at, end);
}
