// SPDX-License-Identifier: MIT
// Compiled with -fno-tree-loop-distribute-patterns: else compilers make calls of these functions of the loops in them.
#include "string.h"

#include <stdint.h>

// A word anywhere, of whatever.
typedef uint64_t __attribute__((may_alias, aligned(1))) any_word;

void *memcpy(void *to, const void *from, size_t length) {
    uint8_t *const target = to;
    const uint8_t *const source = from;
    size_t done = 0;
    for (; length - done >= sizeof(any_word); done += sizeof(any_word)) {
        *(any_word *)(target + done) = *(const any_word *)(source + done);
    }
    for (; done < length; done++) {
        target[done] = source[done];
    }
    return to;
}

void *memmove(void *to, const void *from, size_t length) {
    uint8_t *const target = to;
    const uint8_t *const source = from;
    if ((uintptr_t)to - (uintptr_t)from >= length) {
        return memcpy(to, from, length); // forwards, each word read before a byte of it is overwritten
    }
    for (size_t i = length; i > 0; i--) {
        target[i - 1] = source[i - 1];
    }
    return to;
}

void *memset(void *to, int byte, size_t length) {
    uint8_t *const target = to;
    const uint64_t word = (uint8_t)byte * UINT64_C(0x0101010101010101);
    size_t done = 0;
    for (; length - done >= sizeof word; done += sizeof word) {
        *(any_word *)(target + done) = word;
    }
    for (; done < length; done++) {
        target[done] = (uint8_t)byte;
    }
    return to;
}

int memcmp(const void *one, const void *other, size_t length) {
    const uint8_t *const left = one;
    const uint8_t *const right = other;
    for (size_t i = 0; i < length; i++) {
        if (left[i] != right[i]) {
            return left[i] < right[i] ? -1 : 1;
        }
    }
    return 0;
}

bool string_equal(const char *one, const char *other) {
    while (*one != '\0' && *one == *other) {
        one++;
        other++;
    }
    return *one == *other;
}
