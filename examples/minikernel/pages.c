// SPDX-License-Identifier: MIT
// The page allocator: one bit a page, searched from where the last search ended. Its counters are how the kernel shows
// that an exec that failed has cost nothing.

#include "pages.h"

#include "console.h"
#include "string.h"

#define PAGE_LIMIT (DIRECT_MAP_SIZE / PAGE_SIZE)

// A set bit: available.
static uint64_t available_bits[PAGE_LIMIT / 64];
static size_t available_count;
static size_t in_use_count;
static size_t next_search;
static size_t allocations_until_failure;
static bool failure_has_come;

static bool is_available(size_t page) {
    return (available_bits[page / 64] >> page % 64 & 1) != 0;
}

static void set_available(size_t page, bool available) {
    if (is_available(page) == available) {
        return;
    }
    available_bits[page / 64] ^= UINT64_C(1) << page % 64;
    available_count = available ? available_count + 1 : available_count - 1;
}

void pages_add(uint64_t start, uint64_t end) {
    const uint64_t last = end < DIRECT_MAP_SIZE ? end / PAGE_SIZE : PAGE_LIMIT;
    for (uint64_t page = (start + PAGE_SIZE - 1) / PAGE_SIZE; page < last; page++) {
        set_available(page, true);
    }
}

void pages_reserve(uint64_t start, uint64_t end) {
    const uint64_t last = end < DIRECT_MAP_SIZE ? (end + PAGE_SIZE - 1) / PAGE_SIZE : PAGE_LIMIT;
    for (uint64_t page = start / PAGE_SIZE; page < last; page++) {
        set_available(page, false);
    }
}

// Length of the run of available pages at page, at most count.
static size_t run_length(size_t page, size_t count) {
    size_t length = 0;
    while (length < count && page + length < PAGE_LIMIT && is_available(page + length)) {
        length++;
    }
    return length;
}

static size_t find_run(size_t from, size_t to, size_t count) {
    size_t page = from;
    while (page < to) {
        if (page % 64 == 0 && available_bits[page / 64] == 0) {
            page += 64;
            continue;
        }
        const size_t length = run_length(page, count);
        if (length == count) {
            return page;
        }
        page += length + 1;
    }
    return PAGE_LIMIT;
}

static bool must_fail(void) {
    if (allocations_until_failure == 0 || --allocations_until_failure > 0) {
        return false;
    }
    failure_has_come = true;
    return true;
}

bool pages_fail_at(size_t n) {
    const bool had_come = failure_has_come;
    allocations_until_failure = n;
    failure_has_come = false;
    return had_come;
}

uint64_t pages_allocate(size_t count) {
    if (must_fail()) {
        return 0;
    }
    size_t first = find_run(next_search, PAGE_LIMIT, count);
    if (first == PAGE_LIMIT) {
        first = find_run(0, next_search, count);
    }
    if (first == PAGE_LIMIT || count == 0) {
        return 0;
    }
    for (size_t i = 0; i < count; i++) {
        set_available(first + i, false);
    }
    next_search = first + count;
    in_use_count += count;
    memset(physical_view(first * PAGE_SIZE), 0, count * PAGE_SIZE);
    return first * PAGE_SIZE;
}

void pages_free(uint64_t physical, size_t count) {
    const size_t first = physical / PAGE_SIZE;
    if (physical % PAGE_SIZE != 0 || first == 0 || first + count > PAGE_LIMIT || count > in_use_count) {
        panic("pages_free(%lx, %zu): not an allocation", physical, count);
    }
    for (size_t i = 0; i < count; i++) {
        if (is_available(first + i)) {
            panic("pages_free(%lx, %zu): freed twice", physical, count);
        }
        set_available(first + i, true);
    }
    in_use_count -= count;
}

void pages_release_reserved(uint64_t start, uint64_t end) {
    pages_add(start, end);
}

size_t pages_in_use(void) {
    return in_use_count;
}

size_t pages_available(void) {
    return available_count;
}
