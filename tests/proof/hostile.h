// SPDX-License-Identifier: MIT
// Values that may be anything, for the proofs: Frama-C's Eva follows all of them at once.
#ifndef LIBEXEC_TESTS_PROOF_HOSTILE_H
#define LIBEXEC_TESTS_PROOF_HOSTILE_H

#include "__fc_builtin.h"

#include <libexec/libexec.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h> // for what memcpy and the others must be given

static inline uint64_t any_between(uint64_t least, uint64_t most) {
    return Frama_C_unsigned_long_long_interval(least, most);
}

static inline uint64_t any_number(void) {
    return Frama_C_unsigned_long_long_interval(0, UINT64_MAX);
}

static inline uint32_t any_word(void) {
    return Frama_C_unsigned_int_interval(0, UINT32_MAX);
}

static inline int any_code(void) {
    return Frama_C_interval(INT32_MIN, INT32_MAX);
}

static inline void any_bytes(void *bytes, size_t length) {
    Frama_C_make_unknown(bytes, length);
}

#endif
