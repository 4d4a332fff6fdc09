// SPDX-License-Identifier: MIT
// Arithmetic on quantities from files and user memory. What is formed of them elsewhere is bounded by these before it
// is used, or wraps on purpose and says so.
#ifndef LIBEXEC_CHECKED_H
#define LIBEXEC_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

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

// Whether [start, start + length) lies inside [0, limit), without forming the sum.
static inline bool libexec_inside(uint64_t start, uint64_t length, uint64_t limit) {
    return length <= limit && start <= limit - length;
}

static inline uint64_t libexec_min(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static inline uint64_t libexec_max(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

#endif
