// SPDX-License-Identifier: MIT
// The contents of the TLS block.
#include "tls.h"

#include "bytes.h"
#include "checked.h"
#include "load.h"
#include "report.h"
#include "space.h"
#include "tls_shape.h"

static enum libexec_status tls_copy(struct libexec_state *state, uint64_t from, uint64_t length) {
    const struct libexec_copy_job job = {
        .address = state->layout.tls_template + from,
        .length = length,
        .source = &state->program,
        .file_offset = state->program_plan.tls_offset + from,
        .file_length = length,
    };
    return libexec_load_copy(state, &job);
}

static enum libexec_status tls_write_template(struct libexec_state *state) {
    const uint64_t size = state->program_plan.tls_file_size;
    const struct libexec_range borrowed = libexec_tls_borrowed(state);
    if ((state->program_plan.flags & LIBEXEC_PLAN_TLS) == 0)
        return LIBEXEC_OK;
    if (borrowed.length == 0)
        return tls_copy(state, 0, size);
    const uint64_t head = borrowed.address - state->layout.tls_template;
    if (tls_copy(state, 0, head) != LIBEXEC_OK)
        return state->report.status;
    return tls_copy(state, head + borrowed.length, size - head - borrowed.length);
}

static enum libexec_status tls_write_control_block(struct libexec_state *state) {
    const uint64_t pointer = state->layout.thread_pointer;
    const uint64_t end = pointer + state->arch->thread_control_block_size;
    for (uint64_t at = pointer; at < end;) {
        struct libexec_view view;
        if (libexec_space_view(state, at, end - at, &view) != LIBEXEC_OK)
            return state->report.status;
        if (state->host->thread_control_block != NULL)
            state->host->thread_control_block(state->context, view.bytes, view.length, at);
        if (at == pointer && state->arch->thread_pointer_word != 0)
            libexec_store_word(view.bytes, pointer);
        libexec_space_view_end(state, at, &view);
        at += view.length;
        if (state->host->thread_control_block == NULL)
            break; // the rest is zero already
    }
    return LIBEXEC_OK;
}

enum libexec_status libexec_tls_write(struct libexec_state *state) {
    if (state->layout.tls.length == 0)
        return LIBEXEC_OK;
    state->report.stage = LIBEXEC_STAGE_TLS;
    state->report.file = LIBEXEC_FILE_PROGRAM;
    if (tls_write_template(state) != LIBEXEC_OK)
        return state->report.status;
    return tls_write_control_block(state);
}
