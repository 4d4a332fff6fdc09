// SPDX-License-Identifier: MIT
// What the core must know about x86-64. Plain data: runs in host tests too.

#include <libexec/port/x86_64.h>

const struct libexec_arch libexec_arch_x86_64 = {
    .machine = 62,            // EM_X86_64
    .data = 1,                // ELFDATA2LSB
    .thread_pointer_word = 1, // Drepper, 3.4.6: %fs:0 holds the thread pointer
    .page_size = 4096,
    .user_low = 0x10000,         // as Linux's default vm.mmap_min_addr
    .user_high = 0x7ffffffff000, // 47 bits less one page: a syscall in the very last bytes must not return outside
    .large_page_size = 2 * 1024 * 1024,
    .mmap_entropy_pages = 0xfffffff, // 28 bits
    .stack_entropy_pages = 0x3fffff, // 22 bits: 16 GiB
    .brk_entropy = 1024 * 1024 * 1024,
    .thread_control_block_size = 256, // the compilers' own words end at 0x30; the rest is the host's to fill
    .thread_control_block_alignment = 64,
    .platform = "x86_64",
};
