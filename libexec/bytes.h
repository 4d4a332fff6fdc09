// SPDX-License-Identifier: MIT
// Loads and stores of little-endian integers in byte buffers, whatever their alignment; and the four functions that the
// library takes from its surroundings.
#ifndef LIBEXEC_BYTES_H
#define LIBEXEC_BYTES_H

#include <stddef.h>
#include <stdint.h>

// For what is rarely run, and for what is called from many places: kept out of its callers.
#define LIBEXEC_APART __attribute__((noinline))

// For what only compilers told to save space should keep out of its callers, and for what only the others should.
#ifdef __OPTIMIZE_SIZE__
#define LIBEXEC_APART_FOR_SIZE LIBEXEC_APART
#define LIBEXEC_APART_FOR_SPEED
#else
#define LIBEXEC_APART_FOR_SIZE
#define LIBEXEC_APART_FOR_SPEED LIBEXEC_APART
#endif

// The C library's, or the kernel's own; declared here because a kernel has no <string.h>.
void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *a, const void *b, size_t length);

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

static inline uint16_t libexec_load16(const uint8_t *bytes) {
    uint16_t value;
    __builtin_memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint32_t libexec_load32(const uint8_t *bytes) {
    uint32_t value;
    __builtin_memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint64_t libexec_load64(const uint8_t *bytes) {
    uint64_t value;
    __builtin_memcpy(&value, bytes, sizeof value);
    return value;
}

#else // gcc 12 for size does not see that byte by byte is one load

static inline uint16_t libexec_load16(const uint8_t *bytes) {
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static inline uint32_t libexec_load32(const uint8_t *bytes) {
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline uint64_t libexec_load64(const uint8_t *bytes) {
    return libexec_load32(bytes) | (uint64_t)libexec_load32(bytes + 4) << 32;
}

#endif

// A word in the machine's own order, as the new program will read it.
static inline uint64_t libexec_load_word(const void *from) {
    uint64_t word;
    __builtin_memcpy(&word, from, sizeof word);
    return word;
}

static inline void libexec_store_word(void *to, uint64_t word) {
    __builtin_memcpy(to, &word, sizeof word);
}

#endif
