// SPDX-License-Identifier: MIT
// What the library must know about a processor architecture. Each of the ports, `port/x86_64` and `port/aarch64`, has a
// constant of this type.
#ifndef LIBEXEC_ARCH_H
#define LIBEXEC_ARCH_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// A user address. Never a pointer: the library does not dereference it.
typedef uint64_t libexec_address;

struct libexec_arch {
    uint16_t machine;             // e_machine (EM_X86_64 is 62)
    uint8_t data;                 // EI_DATA: 1, little endian; nothing else is supported yet
    uint8_t thread_pointer_word;  // not 0: the word at the thread pointer holds the thread pointer (x86-64: tls.h)
    uint32_t page_size;           // a power of two, 4096 or more
    libexec_address user_low;     // lowest address a program may map (Linux: vm.mmap_min_addr, 65536); page aligned
    libexec_address user_high;    // first address above the user range: a multiple of the page size, at most 2^60
    uint64_t large_page_size;     // images that span it are placed aligned to it where Linux does; 0: never. Power of 2
    uint64_t mmap_entropy_pages;  // mask, low bits all ones, of random pages for mmap area and PIE (28 bits: 0xfffffff)
    uint64_t stack_entropy_pages; // such a mask of random pages below the stack's top (22 bits: 0x3fffff)
    uint64_t brk_entropy;         // brk may start up to this many bytes above its place (1 GiB); no mask
    // Of Variant II, the only one that the library builds. Elsewhere both are 0, and any policy but one with
    // LIBEXEC_TLS_NEVER is LIBEXEC_E_POLICY.
    uint32_t thread_control_block_size; // bytes mapped from the thread pointer on; more than 0x30 for stack protectors
    uint32_t thread_control_block_alignment; // least alignment of the thread pointer, a power of two; both at least 8
    const char *platform;                    // AT_PLATFORM, up to 63 characters; NULL leaves the entry out
};

#ifdef __cplusplus
}
#endif
#endif
