// SPDX-License-Identifier: MIT
// Tries to get into 32-bit code, and from there, by SYSCALL, into the kernel: SYSCALL sets no stack, and where it leads
// from there another register says than for 64-bit code. A kernel without 32-bit programs must end it at the far jump;
// one that has the segment but no such system calls answers ENOSYS. Other ways of 32-bit times: SYSENTER, which has a
// third register, and a segment of a local table.

#include "runtime/runtime.h"

#include <stdio.h>
#include <string.h>

#define PAGE          0x20000000u // code and stack that 32 bits reach
#define PAGE_BYTES    4096u
#define CODE_SEGMENT  0x23                // Linux's for 32-bit programs
#define LOCAL_SEGMENT 0x7                 // the first of a local descriptor table
#define KERNEL_TEXT   0xffff800000101000u // where the sample kernel shows its own text among all memory

struct far_pointer {
    uint32_t offset;
    uint16_t selector;
} __attribute__((packed));

static bool map_page(const uint8_t *code, size_t size) {
    const uint64_t all_rights = 1 | 2 | 4;
    const uint64_t private_anonymous_and_fixed = 0x02 | 0x20 | 0x10;
    const int64_t address =
        system_call(SYSTEM_MMAP, PAGE, PAGE_BYTES, all_rights, private_anonymous_and_fixed, UINT64_MAX, 0);
    if (address != PAGE) {
        return false;
    }
    memcpy((void *)(uintptr_t)PAGE, code, size);
    return true;
}

static void jump(uint64_t stack) {
    static const struct far_pointer target = {PAGE, CODE_SEGMENT};
    __asm__ volatile("mov %1, %%rsp\n\tljmp *(%0)" : : "r"(&target), "r"(stack) : "memory");
}

int main(int argc, char **argv) {
    static const uint8_t breakpoint[] = {0xcc}; // SIGTRAP, where it is reached
    // syscall; dec %eax, which is a prefix in 64-bit code; cmp $-ENOSYS - 1, %eax; je 1f; ud2; 1: int3
    static const uint8_t system_call_32[] = {0x0f, 0x05, 0x48, 0x83, 0xf8, 0xd9, 0x74, 0x02, 0x0f, 0x0b, 0xcc};
    const char *what = argc == 2 ? argv[1] : "";
    printf("compatibility: %s\n", what);
    fflush(stdout);
    if (strcmp(what, "sysenter") == 0) {
        __asm__ volatile("sysenter");
    } else if (strcmp(what, "local-segment") == 0) {
        __asm__ volatile("mov %0, %%ds" : : "r"(LOCAL_SEGMENT));
    }
    const bool calls = strncmp(what, "system-call", strlen("system-call")) == 0;
    if (map_page(calls ? system_call_32 : breakpoint, calls ? sizeof system_call_32 : sizeof breakpoint)) {
        if (strcmp(what, "jump") == 0 || strcmp(what, "system-call") == 0) {
            jump(PAGE + PAGE_BYTES);
        } else if (strcmp(what, "system-call-on-kernel-text") == 0) {
            jump(KERNEL_TEXT);
        }
    }
    printf("FAIL compatibility: nothing stopped %s\n", what);
    return 1;
}
