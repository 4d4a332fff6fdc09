// SPDX-License-Identifier: MIT
// The shape of the TLS block (Drepper, "ELF Handling For Thread-Local Storage", section 3, Variant II). Pure.
#include "checked.h"

#include <libexec/tls.h>

// More than any program's block has; with every quantity below 2^48, no sum of them overflows.
#define TLS_QUANTITY_BITS 48

enum libexec_status libexec_tls_shape_of(struct libexec_tls_shape *shape, const struct libexec_plan *plan,
                                         const struct libexec_arch *arch) {
    // Without PT_TLS all of the plan's quantities are 0: a template of no bytes.
    const uint64_t memory_size = plan->tls_memory_size;
    const uint64_t alignment = libexec_max(plan->tls_alignment, 1);
    const uint64_t congruence = plan->tls_address & (alignment - 1);
    if ((alignment & (alignment - 1)) != 0)
        return LIBEXEC_E_TLS_ALIGNMENT;
    if ((memory_size | alignment) >> TLS_QUANTITY_BITS != 0 || plan->tls_file_size > memory_size)
        return LIBEXEC_E_TLS_SIZE;
    shape->alignment = libexec_max(alignment, arch->thread_control_block_alignment);
    shape->template_offset = libexec_round_up(congruence + memory_size, alignment) - congruence;
    shape->block_size = shape->template_offset;
    shape->control_size = arch->thread_control_block_size;
    return LIBEXEC_OK;
}
