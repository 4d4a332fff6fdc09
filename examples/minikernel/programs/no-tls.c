// SPDX-License-Identifier: MIT
// A program without PT_TLS and without any library: it must run with no TLS block, and with an FS base of 0.

#include <stdint.h>

void _start(void);

enum { SYSTEM_WRITE = 1, SYSTEM_ARCH_PRCTL = 158, SYSTEM_EXIT_GROUP = 231, ARCH_GET_FS = 0x1003 };

static int64_t system_call(uint64_t number, uint64_t first, uint64_t second, uint64_t third) {
    int64_t result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(first), "S"(second), "d"(third)
                     : "rcx", "r11", "memory");
    return result;
}

#define SAY(text) system_call(SYSTEM_WRITE, 1, (uint64_t)(uintptr_t)(text), sizeof(text) - 1)

void _start(void) {
    uint64_t base = 1;
    const int64_t result = system_call(SYSTEM_ARCH_PRCTL, ARCH_GET_FS, (uint64_t)(uintptr_t)&base, 0);
    const uint64_t failed = result != 0 || base != 0;
    if (failed != 0) {
        SAY("FAIL no-tls: the FS base is not 0, or cannot be asked for\n");
    } else {
        SAY("PASS no-tls: 1 checks\n");
    }
    for (;;) {
        system_call(SYSTEM_EXIT_GROUP, failed, 0, 0);
    }
}
