// SPDX-License-Identifier: MIT
// The shape of the TLS block (Drepper, "ELF Handling For Thread-Local Storage", section 3, Variant II), and which of
// its pages come from where. Pure.
#include "tls_shape.h"

#include "bytes.h"
#include "checked.h"

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
struct libexec_range libexec_tls_borrowed(const struct libexec_state *state) {
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
    const struct libexec_range borrowed = libexec_tls_borrowed(state);
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
