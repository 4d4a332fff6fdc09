// SPDX-License-Identifier: MIT
// Thread-local storage, Variant II (Drepper, "ELF Handling For Thread-Local Storage", section 3, 3.4.6 on x86-64).
//
// For programs whose start-up does not build its own block. With c = p_vaddr mod p_align, the byte at offset o of the
// template stands at tp - (roundup(c + p_memsz, p_align) - c) + o; tp is a multiple of p_align and the word at tp holds
// tp.
#ifndef LIBEXEC_TLS_H
#define LIBEXEC_TLS_H

#include <libexec/arch.h>
#include <libexec/plan.h>
#include <libexec/status.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The shape of a block, before it has a place. Also useful to a kernel or libc that makes the blocks of further
// threads.
struct libexec_tls_shape {
    uint64_t alignment;       // of the thread pointer, a power of two
    uint64_t template_offset; // the template starts this many bytes below the thread pointer
    uint64_t block_size;      // bytes below the thread pointer that belong to the block: template_offset
    uint64_t control_size;    // bytes from the thread pointer on
};

// Computes the shape for a plan, with or without PT_TLS. LIBEXEC_E_TLS_ALIGNMENT or LIBEXEC_E_TLS_SIZE for a senseless
// PT_TLS.
enum libexec_status libexec_tls_shape_of(struct libexec_tls_shape *shape, const struct libexec_plan *plan,
                                         const struct libexec_arch *arch);

#ifdef __cplusplus
}
#endif
#endif
