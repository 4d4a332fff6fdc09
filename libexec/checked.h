// SPDX-License-Identifier: MIT
// Checked arithmetic on quantities from files and user memory, and half-open ranges. Every sum, product and rounding of
// such a quantity goes through here, or wraps on purpose and says so.
#ifndef LIBEXEC_CHECKED_H
#define LIBEXEC_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

// False when the sum does not fit; `*sum` is then not to be used.
static inline bool libexec_add(uint64_t a, uint64_t b, uint64_t *sum) {
    *sum = a + b;
    return *sum >= a;
}

// The end of a range for a report: the largest number there is where the sum does not fit.
static inline uint64_t libexec_end_of(uint64_t start, uint64_t length) {
    return length > UINT64_MAX - start ? UINT64_MAX : start + length;
}

static inline bool libexec_power_of_two(uint64_t value) {
    return value != 0 && (value & (value - 1)) == 0;
}

// `alignment` is a power of two.
static inline uint64_t libexec_round_down(uint64_t value, uint64_t alignment) {
    return value & ~(alignment - 1);
}

// Rounds up; wraps to 0 for values in the last page of 2^64. For values known to be smaller, or where Linux wraps too.
static inline uint64_t libexec_round_up(uint64_t value, uint64_t alignment) {
    return (value + (alignment - 1)) & ~(alignment - 1);
}

static inline bool libexec_round_up_checked(uint64_t value, uint64_t alignment, uint64_t *rounded) {
    *rounded = libexec_round_up(value, alignment);
    return *rounded >= value;
}

// Whether [start, start + length) lies inside [0, limit), without forming the sum.
static inline bool libexec_inside(uint64_t start, uint64_t length, uint64_t limit) {
    return length <= limit && start <= limit - length;
}

// Whether two non-wrapping ranges share a byte. Empty ranges share none.
static inline bool libexec_overlap(uint64_t a, uint64_t a_length, uint64_t b, uint64_t b_length) {
    if (a_length == 0 || b_length == 0)
        return false;
    return a < b ? b - a < a_length : a - b < b_length;
}

static inline uint64_t libexec_min(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static inline uint64_t libexec_max(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

#endif
