// SPDX-License-Identifier: MIT
// Physical pages: who has which, counted, so that a leak shows.

#ifndef MINIKERNEL_PAGES_H
#define MINIKERNEL_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

// Makes [start, end) available (inwards to whole pages), or takes it away (outwards). Only before the first allocation.
void pages_add(uint64_t start, uint64_t end);
void pages_reserve(uint64_t start, uint64_t end);

// Count pages in a row, filled with zeros; the physical address, or 0 when there are none.
uint64_t pages_allocate(size_t count);
void pages_free(uint64_t physical, size_t count);

// Hands reserved memory, the initramfs archive once unpacked, to the allocator.
void pages_release_reserved(uint64_t start, uint64_t end);

// Makes the n-th allocation from now fail, for tests; 0: none. Returns whether the one set before has failed.
bool pages_fail_at(size_t n);

// Allocated and not freed; free.
size_t pages_in_use(void);
size_t pages_available(void);

// The kernel's view of physical memory.
static inline void *physical_view(uint64_t physical) {
    return (void *)(uintptr_t)(DIRECT_MAP_BASE + physical);
}

// The physical address of an object seen through physical_view.
static inline uint64_t physical_of(const void *view) {
    return (uint64_t)(uintptr_t)view - DIRECT_MAP_BASE;
}

#endif
