// SPDX-License-Identifier: MIT
// The numbers that C and assembly share: where memory appears in the kernel's address space, and the segment selectors.

#ifndef MINIKERNEL_LAYOUT_H
#define MINIKERNEL_LAYOUT_H

// The kernel is linked here; physical address 0 appears here too, as far as the kernel's image reaches.
#define KERNEL_BASE 0xffffffff80000000
// Physical memory below 4 GiB appears here in full. Memory beyond is not used.
#define DIRECT_MAP_BASE 0xffff800000000000
#define DIRECT_MAP_SIZE 0x100000000

#define PAGE_SIZE         4096
#define KERNEL_STACK_SIZE 32768

// Linux's selectors, because programs can read them. SYSCALL and SYSRET fix the order of the entries. Behind
// SELECTOR_USER_CODE_32 is no segment: SYSRET only counts from it.
#define SELECTOR_KERNEL_CODE  0x10
#define SELECTOR_KERNEL_DATA  0x18
#define SELECTOR_USER_CODE_32 0x23
#define SELECTOR_USER_DATA    0x2b
#define SELECTOR_USER_CODE    0x33
#define SELECTOR_TASK_STATE   0x40

#endif
