// SPDX-License-Identifier: MIT
// What the dynamic linker, not the kernel, makes of a program: thread-local storage of more than a MiB, most of it a
// library's, with an alignment above all that the kernel gives; and a function that is chosen at the start, which takes
// a relocation of the kind IRELATIVE.

#include "big-tls.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static unsigned int checks, failures;

static void check(int holds, const char *what) {
    checks++;
    if (!holds) {
        failures++;
        printf("FAIL big-tls: %s\n", what);
    }
}

static _Thread_local _Alignas(64) volatile uint64_t own = 42;

static int twice_by_adding(int number) {
    return number + number;
}

// Called by the dynamic linker, before anything else of this program.
static int (*choose_twice(void))(int) {
    return twice_by_adding;
}

static int twice(int number) __attribute__((ifunc("choose_twice")));

static size_t others_than_zero(const unsigned char *bytes, size_t size) {
    size_t count = 0;
    for (size_t i = 0; i < size; i++) {
        count += bytes[i] != 0;
    }
    return count;
}

int main(void) {
    static const char text[] = "thread-local";
    unsigned char *const data = big_tls_data();
    unsigned char *const zeros = big_tls_zeros();
    check((uintptr_t)data % BIG_TLS_ALIGNMENT == 0, "alignment of the library's data");
    check(memcmp(data, text, sizeof text) == 0, "the library's data");
    check(others_than_zero(data + sizeof text, BIG_TLS_DATA - sizeof text) == 0, "the rest of the library's data");
    check(others_than_zero(zeros, BIG_TLS_ZEROS) == 0, "the library's zeros");
    memset(zeros, 0xff, BIG_TLS_ZEROS);
    check((uintptr_t)&own % 64 == 0 && own == 42, "the program's own data");
    check(memcmp(data, text, sizeof text) == 0, "the library's data after its zeros were written");
    check(twice(21) == 42, "the function chosen at the start");
    if (failures == 0) {
        printf("PASS big-tls: %u checks\n", checks);
    }
    return failures != 0;
}
