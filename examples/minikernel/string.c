// SPDX-License-Identifier: MIT
// The four functions that a freestanding compiler, and libexec, expect of every kernel; and a few for names.

#include "string.h"

void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    void *const result = to;
    size_t words = length / 8;
    size_t rest = length % 8;
    __asm__ volatile("rep movsq\n\tmovq %3, %2\n\trep movsb"
                     : "+D"(to), "+S"(from), "+c"(words)
                     : "r"(rest)
                     : "memory");
    return result;
}

void *memmove(void *to, const void *from, size_t length) {
    if ((uintptr_t)to - (uintptr_t)from >= length) {
        return memcpy(to, from, length);
    }
    uint8_t *last_to = (uint8_t *)to + length - 1;
    const uint8_t *last_from = (const uint8_t *)from + length - 1;
    __asm__ volatile("std\n\trep movsb\n\tcld" : "+D"(last_to), "+S"(last_from), "+c"(length) : : "memory", "cc");
    return to;
}

void *memset(void *to, int value, size_t length) {
    void *const result = to;
    const uint64_t pattern = (uint64_t)(uint8_t)value * 0x0101010101010101;
    size_t words = length / 8;
    size_t rest = length % 8;
    __asm__ volatile("rep stosq\n\tmovq %2, %1\n\trep stosb"
                     : "+D"(to), "+c"(words)
                     : "r"(rest), "a"(pattern)
                     : "memory");
    return result;
}

int memcmp(const void *left, const void *right, size_t length) {
    const uint8_t *const a = left;
    const uint8_t *const b = right;
    for (size_t i = 0; i < length; i++) {
        if (a[i] != b[i]) {
            return a[i] < b[i] ? -1 : 1;
        }
    }
    return 0;
}

size_t string_length(const char *text) {
    size_t length = 0;
    while (text[length] != '\0') {
        length++;
    }
    return length;
}

bool string_equal(const char *left, const char *right) {
    size_t i = 0;
    while (left[i] != '\0' && left[i] == right[i]) {
        i++;
    }
    return left[i] == right[i];
}

bool string_starts_with(const char *text, const char *start) {
    size_t i = 0;
    while (start[i] != '\0' && text[i] == start[i]) {
        i++;
    }
    return start[i] == '\0';
}

bool string_copy(char *to, size_t size, const char *from) {
    const size_t length = string_length(from);
    if (length >= size) {
        return false;
    }
    memcpy(to, from, length + 1);
    return true;
}
