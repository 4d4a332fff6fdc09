// SPDX-License-Identifier: MIT
// Page tables: four levels, 4 KiB pages for user memory. What lies in the pages is space.c's business.

#ifndef MINIKERNEL_PAGING_H
#define MINIKERNEL_PAGING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

// The hardware's bits.
#define ENTRY_PRESENT    (UINT64_C(1) << 0)
#define ENTRY_WRITABLE   (UINT64_C(1) << 1)
#define ENTRY_USER       (UINT64_C(1) << 2)
#define ENTRY_LARGE      (UINT64_C(1) << 7)
#define ENTRY_NO_EXECUTE (UINT64_C(1) << 63)
#define ENTRY_ADDRESS    UINT64_C(0x000ffffffffff000)

// Bits that the hardware leaves to the kernel. Every user entry that holds a page says so and says whose the page is:
// - ENTRY_HELD: the address is that of a page, even where no access is allowed and ENTRY_PRESENT is off;
// - ENTRY_BORROWED: the page is the initramfs's: never written, never freed; a write copies it first.
#define ENTRY_HELD     (UINT64_C(1) << 9)
#define ENTRY_BORROWED (UINT64_C(1) << 10)

// User addresses stop one page short of the canonical boundary, as Linux has it.
#define USER_END UINT64_C(0x00007ffffffff000)

// Gives text, constants and data of the kernel their own rights, in the direct map too, and drops the mapping at 0.
// Panics where, after all, a page could be both written and executed, or text or constants written.
void paging_setup(void);

// A root table whose upper half is the kernel; 0 when memory is short.
uint64_t paging_create_root(void);

// Frees the tables of the lower half and the root, not the pages.
void paging_destroy_root(uint64_t root);

// The entry for a user address; NULL where its table is missing and create is false or memory is short.
uint64_t *paging_entry(uint64_t root, uint64_t address, bool create);

// The next address at or after address whose lowest table exists, or end: lets a walk skip what was never touched.
uint64_t paging_next_table(uint64_t root, uint64_t address, uint64_t end);

void paging_switch(uint64_t root);
void paging_switch_to_kernel(void);

#endif
