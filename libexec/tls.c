// SPDX-License-Identifier: MIT
// The TLS block: its shape (Drepper, "ELF Handling For Thread-Local Storage", section 3, Variant II), its pages, its
// contents.
#include "tls.h"

#include "bytes.h"
#include "checked.h"
#include "load.h"
#include "report.h"
#include "space.h"

// No address space that the library serves is larger; with every quantity below this, no sum of them overflows.
#define TLS_QUANTITY_MAX (UINT64_C(1) << 48)

enum libexec_status libexec_tls_shape_of(struct libexec_tls_shape *shape, const struct libexec_plan *plan,
                                         const struct libexec_arch *arch) {
    const bool present = (plan->flags & LIBEXEC_PLAN_TLS) != 0;
    const uint64_t memory_size = present ? plan->tls_memory_size : 0;
    const uint64_t alignment = present && plan->tls_alignment != 0 ? plan->tls_alignment : 1;
    if (!libexec_power_of_two(alignment))
        return LIBEXEC_E_TLS_ALIGNMENT;
    if (memory_size > TLS_QUANTITY_MAX || alignment > TLS_QUANTITY_MAX ||
        (present && plan->tls_file_size > memory_size))
        return LIBEXEC_E_TLS_SIZE;
    const uint64_t congruence = present ? plan->tls_address & (alignment - 1) : 0;
    shape->alignment = libexec_max(alignment, arch->thread_control_block_alignment);
    shape->template_offset = libexec_round_up(congruence + memory_size, alignment) - congruence;
    shape->block_size = shape->template_offset;
    shape->control_size = arch->thread_control_block_size;
    return LIBEXEC_OK;
}

// The whole pages of the template that may be the file's own; empty where none are.
static struct libexec_range tls_borrowed(const struct libexec_state *state) {
    const struct libexec_layout *layout = &state->layout;
    const uint64_t page_size = state->arch->page_size;
    struct libexec_range range = {0, 0};
    const bool able = (state->program.flags & (LIBEXEC_SOURCE_COPY_ON_WRITE | LIBEXEC_SOURCE_FAULT)) != 0;
    if (!able || (state->program_plan.flags & LIBEXEC_PLAN_TLS) == 0 ||
        ((layout->tls_template - state->program_plan.tls_offset) & (page_size - 1)) != 0)
        return range;
    const uint64_t start = libexec_round_up(layout->tls_template, page_size);
    const uint64_t end = libexec_round_down(layout->tls_template + state->program_plan.tls_file_size, page_size);
    if (end > start) {
        range.address = start;
        range.length = end - start;
    }
    return range;
}

static void tls_operation(struct libexec_map *operation, uint64_t address, uint64_t length) {
    memset(operation, 0, sizeof *operation);
    operation->region.address = address;
    operation->region.length = length;
    operation->region.kind = LIBEXEC_REGION_TLS;
    operation->region.rights = LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE;
    operation->backing = LIBEXEC_BACKING_ZERO;
}

bool libexec_tls_operation(const struct libexec_state *state, uint32_t index, struct libexec_map *operation) {
    const struct libexec_range *tls = &state->layout.tls;
    const struct libexec_range borrowed = tls_borrowed(state);
    if (tls->length == 0)
        return false;
    if (borrowed.length == 0) {
        tls_operation(operation, tls->address, tls->length);
        return index == 0;
    }
    const uint64_t head = borrowed.address - tls->address;
    if (head == 0)
        index++;
    if (index == 0) {
        tls_operation(operation, tls->address, head);
    } else if (index == 1) {
        tls_operation(operation, borrowed.address, borrowed.length);
        operation->region.file = LIBEXEC_FILE_PROGRAM;
        operation->region.file_offset =
            state->program_plan.tls_offset + (borrowed.address - state->layout.tls_template);
        operation->region.file_length = borrowed.length;
        operation->source = &state->program;
        operation->backing = (state->program.flags & LIBEXEC_SOURCE_COPY_ON_WRITE) != 0 ? LIBEXEC_BACKING_COPY_ON_WRITE
                                                                                        : LIBEXEC_BACKING_FAULT;
    } else {
        tls_operation(operation, borrowed.address + borrowed.length, tls->length - head - borrowed.length);
    }
    return index <= 2;
}

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
    const struct libexec_range borrowed = tls_borrowed(state);
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
