// SPDX-License-Identifier: MIT
// Checks the TLS block the library built: the template's bytes, the zeros after it, the alignment of every object, the
// self pointer, and the control block beyond it. Built several times, with other alignments, without initialised data,
// without zeros, and with a linker script of its own.

#include "runtime/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#ifndef TLS_ALIGNMENT
#define TLS_ALIGNMENT 64
#endif

#ifndef TLS_DATA_ALIGNMENT
#define TLS_DATA_ALIGNMENT TLS_ALIGNMENT
#endif

#ifndef TLS_NAME
#define TLS_NAME "tls"
#endif

enum { ODD_BYTES = 37, LARGE_BYTES = 5000, CANARY_OFFSET = 0x28 };

#ifndef TLS_WITHOUT_DATA
static _Thread_local _Alignas(TLS_DATA_ALIGNMENT) volatile uint64_t aligned_data = 0x1122334455667788;
static _Thread_local volatile uint8_t odd_data[ODD_BYTES] = {1, 2, 3, [ODD_BYTES - 1] = 0xee};
static _Thread_local const volatile char *volatile pointer_data = "kept";
#endif
#ifndef TLS_WITHOUT_ZEROS
static _Thread_local _Alignas(TLS_ALIGNMENT) volatile uint64_t aligned_zero;
static _Thread_local volatile uint8_t large_zero[LARGE_BYTES];
#endif

// The thread pointer, by the word that must hold its own address.
static uint64_t thread_pointer(void) {
    uint64_t value;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(value));
    return value;
}

static uint64_t word_at_thread_pointer(uint64_t offset) {
    uint64_t value;
    __asm__ volatile("mov %%fs:(%1), %0" : "=r"(value) : "r"(offset));
    return value;
}

#ifndef TLS_WITHOUT_DATA
static void check_data(void) {
    check_equal(ADDRESS(&aligned_data) % TLS_DATA_ALIGNMENT, 0, "address of initialised data modulo its alignment");
    check_equal(aligned_data, 0x1122334455667788, "initialised word");
    for (int i = 0; i < ODD_BYTES; i++) {
        const uint8_t expected = i < 3 ? (uint8_t)(i + 1) : i == ODD_BYTES - 1 ? 0xee : 0;
        check(odd_data[i] == expected, "initialised byte %d is 0x%02x", i, odd_data[i]);
    }
    check_text((const char *)(uintptr_t)ADDRESS(pointer_data), "kept", "initialised pointer");
    check(ADDRESS(&aligned_data) < thread_pointer(), "the data does not lie below the thread pointer");
    aligned_data = 1;
    check_equal(aligned_data, 1, "the data after writing");
}
#endif

#ifndef TLS_WITHOUT_ZEROS
static void check_zeros(void) {
    check_equal(ADDRESS(&aligned_zero) % TLS_ALIGNMENT, 0, "address of zero data modulo its alignment");
    check_equal(aligned_zero, 0, "zero word");
    unsigned int others = 0;
    for (int i = 0; i < LARGE_BYTES; i++) {
        others += large_zero[i] != 0;
        large_zero[i] = 0xa5;
    }
    check_equal(others, 0, "bytes of the zero part that are not zero");
    check(ADDRESS(large_zero) + LARGE_BYTES <= thread_pointer(), "the zeros reach over the thread pointer");
}
#endif

static void check_control_block(void) {
    const uint64_t pointer = thread_pointer();
    check(pointer != 0, "the self pointer is 0");
    check_equal(*(const volatile uint64_t *)(uintptr_t)pointer, pointer, "the word at the thread pointer");
    check_equal(pointer % TLS_ALIGNMENT, 0, "the thread pointer modulo the alignment");
    check_equal(word_at_thread_pointer(CANARY_OFFSET), *(const volatile uint64_t *)(uintptr_t)(pointer + CANARY_OFFSET),
                "the canary word through fs and by its address");
}

// A frame with a canary: the compiler reads it at fs:0x28, before and after.
static __attribute__((noinline)) unsigned int protected_frame(const char *text) {
    volatile char copy[64];
    unsigned int sum = 0;
    for (unsigned int i = 0; i < sizeof copy; i++) {
        copy[i] = text[i % 7];
        sum += (unsigned int)copy[i];
    }
    return sum;
}

static void check_errno(void) {
    errno = 0;
    check(open("/no/such/file", O_RDONLY) == -1, "a missing file could be opened");
    check_equal((uint64_t)errno, ENOENT, "errno");
    check(ADDRESS(&errno) < thread_pointer(), "errno does not lie in the TLS block");
}

int main(void) {
    check_name(TLS_NAME);
    check_control_block();
#ifndef TLS_WITHOUT_DATA
    check_data();
#endif
#ifndef TLS_WITHOUT_ZEROS
    check_zeros();
#endif
    check(protected_frame("abcdefg") > 0, "the protected frame");
    check_errno();
    check_control_block();
    return check_report();
}
