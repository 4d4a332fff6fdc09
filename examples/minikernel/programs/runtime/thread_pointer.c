// SPDX-License-Identifier: MIT
// Only for running the picolibc programs natively on a Linux host, where the kernel builds no TLS: makes the block of
// the main thread as a libc would. The programs in the initramfs are linked without it.

#include "runtime.h"

#include <string.h>

void make_thread_pointer(void);

struct program_header {
    uint32_t type, flags;
    uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

enum { PT_TLS = 7, ARCH_SET_FS = 0x1002, CONTROL_BLOCK_BYTES = 256 };

_Alignas(4096) static uint8_t area[64 * 1024];

__attribute__((no_stack_protector)) void make_thread_pointer(void) {
    const struct program_header *headers = (const struct program_header *)(uintptr_t)auxiliary_value(AT_PHDR, 0);
    const uint64_t count = auxiliary_value(AT_PHNUM, 0);
    for (uint64_t i = 0; i < count; i++) {
        if (headers[i].type != PT_TLS) {
            continue;
        }
        const uint64_t align = headers[i].align < 16 ? 16 : headers[i].align;
        const uint64_t first = headers[i].vaddr % align;
        uint8_t *pointer = area + sizeof area - 8192;
        const uint64_t size = ((first + headers[i].memsz + align - 1) & ~(align - 1)) - first;
        memcpy(pointer - size, (const void *)(uintptr_t)headers[i].vaddr, headers[i].filesz);
        *(uint64_t *)(void *)pointer = ADDRESS(pointer);
        system_call(SYSTEM_ARCH_PRCTL, ARCH_SET_FS, ADDRESS(pointer), 0, 0, 0, 0);
        return;
    }
}
