// SPDX-License-Identifier: MIT
// Address spaces. A page is either owned (taken from the allocator, freed with the region) or borrowed (a whole page of
// an initramfs file, shared by all, never written: the first write puts an owned copy in its place).

#include "space.h"

#include "cpu.h"
#include "linux_abi.h"
#include "pages.h"
#include "paging.h"
#include "string.h"

#define MMAP_MINIMUM 65536u

static uint64_t page_start(uint64_t address) {
    return address & ~(uint64_t)(PAGE_SIZE - 1);
}

static uint64_t page_end(uint64_t address) {
    return page_start(address + PAGE_SIZE - 1);
}

struct space *space_create(void) {
    const uint64_t pages = pages_allocate(SPACE_PAGES);
    const uint64_t root = pages != 0 ? paging_create_root() : 0;
    if (root == 0) {
        if (pages != 0) {
            pages_free(pages, SPACE_PAGES);
        }
        return NULL;
    }
    struct space *const space = physical_view(pages);
    space->root = root;
    return space;
}

void space_destroy(struct space *space) {
    space_unmap(space, 0, USER_END);
    paging_destroy_root(space->root);
    if (space->image != NULL) {
        space->image->release(space->image);
        pages_free(physical_of(space->image), IMAGE_PAGES);
    }
    pages_free(physical_of(space), SPACE_PAGES);
}

// Index of the first region that ends after address.
static size_t first_after(const struct space *space, uint64_t address) {
    size_t low = 0;
    size_t high = space->region_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (space->regions[middle].end > address) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

bool space_is_free(const struct space *space, uint64_t start, uint64_t end) {
    const size_t i = first_after(space, start);
    return i == space->region_count || space->regions[i].start >= end;
}

const struct region *space_find(const struct space *space, uint64_t address) {
    const size_t i = first_after(space, address);
    return i < space->region_count && space->regions[i].start <= address ? &space->regions[i] : NULL;
}

static bool range_is_valid(uint64_t start, uint64_t end) {
    return start < end && end <= USER_END && start % PAGE_SIZE == 0 && end % PAGE_SIZE == 0;
}

// Regions.

static void insert_region(struct space *space, size_t at, const struct region *region) {
    memmove(&space->regions[at + 1], &space->regions[at], (space->region_count - at) * sizeof *region);
    space->regions[at] = *region;
    space->region_count++;
    if (region->file != NULL) {
        node_get(region->file);
    }
}

static void remove_regions(struct space *space, size_t at, size_t count) {
    for (size_t i = at; i < at + count; i++) {
        if (space->regions[i].file != NULL) {
            node_put(space->regions[i].file);
        }
    }
    space->region_count -= count;
    memmove(&space->regions[at], &space->regions[at + count], (space->region_count - at) * sizeof space->regions[0]);
}

static bool is_inside_region(const struct space *space, uint64_t address) {
    const struct region *const region = space_find(space, address);
    return region != NULL && region->start < address;
}

// Cuts the region around address in two; the caller has made sure of a free slot.
static void split_at(struct space *space, uint64_t address) {
    const size_t i = first_after(space, address);
    if (i == space->region_count || space->regions[i].start >= address) {
        return;
    }
    struct region upper = space->regions[i];
    upper.file_offset += address - upper.start;
    upper.start = address;
    space->regions[i].end = address;
    insert_region(space, i + 1, &upper);
}

static bool can_join(const struct region *lower, const struct region *upper) {
    return lower->end == upper->start && lower->rights == upper->rights && lower->kind == upper->kind &&
           lower->is_image == upper->is_image && lower->file == NULL && upper->file == NULL;
}

static void join_at(struct space *space, size_t i) {
    if (i + 1 < space->region_count && can_join(&space->regions[i], &space->regions[i + 1])) {
        space->regions[i].end = space->regions[i + 1].end;
        remove_regions(space, i + 1, 1);
    }
}

int space_unmap(struct space *space, uint64_t start, uint64_t end) {
    if (!range_is_valid(start, end)) {
        return -EINVAL;
    }
    if (space->region_count + 2 > SPACE_REGION_LIMIT &&
        (is_inside_region(space, start) || is_inside_region(space, end))) {
        return -ENOMEM; // cutting regions makes more of them
    }
    split_at(space, start);
    split_at(space, end);
    const size_t first = first_after(space, start);
    size_t count = 0;
    while (first + count < space->region_count && space->regions[first + count].start < end) {
        space_release_pages(space, &space->regions[first + count]);
        count++;
    }
    remove_regions(space, first, count);
    return 0;
}

int space_map(struct space *space, const struct region *region, bool replace) {
    if (!range_is_valid(region->start, region->end)) {
        return -EINVAL;
    }
    if (!space_is_free(space, region->start, region->end)) {
        const int result = replace ? space_unmap(space, region->start, region->end) : -EEXIST;
        if (result != 0) {
            return result;
        }
    }
    if (space->region_count + 2 > SPACE_REGION_LIMIT) {
        return -ENOMEM;
    }
    const size_t at = first_after(space, region->start);
    insert_region(space, at, region);
    join_at(space, at);
    if (at > 0) {
        join_at(space, at - 1);
    }
    return 0;
}

static bool is_covered(const struct space *space, uint64_t start, uint64_t end) {
    for (size_t i = first_after(space, start); i < space->region_count && space->regions[i].start <= start; i++) {
        start = space->regions[i].end;
        if (start >= end) {
            return true;
        }
    }
    return false;
}

int space_protect(struct space *space, uint64_t start, uint64_t end, uint32_t rights) {
    if (!range_is_valid(start, end)) {
        return -EINVAL;
    }
    if (!is_covered(space, start, end) || space->region_count + 2 > SPACE_REGION_LIMIT) {
        return -ENOMEM;
    }
    split_at(space, start);
    split_at(space, end);
    for (size_t i = first_after(space, start); i < space->region_count && space->regions[i].start < end; i++) {
        space->regions[i].rights = rights;
        space_update_pages(space, &space->regions[i]);
    }
    return 0;
}

uint64_t space_find_gap(const struct space *space, uint64_t length) {
    uint64_t end = space->mmap_top;
    for (size_t i = space->region_count; i > 0 && end >= length; i--) {
        const struct region *const region = &space->regions[i - 1];
        if (region->end <= end - length) {
            break;
        }
        if (region->start < end) {
            end = region->start;
        }
    }
    return end >= length && end - length >= MMAP_MINIMUM ? end - length : 0;
}

uint64_t space_set_heap_end(struct space *space, uint64_t end) {
    const uint64_t old = page_end(space->heap_end);
    if (end < space->heap_start || end > USER_END) {
        return space->heap_end;
    }
    const uint64_t wanted = page_end(end);
    const struct region growth = {.start = old, .end = wanted, .rights = RIGHT_READ | RIGHT_WRITE, .kind = REGION_HEAP};
    if (wanted > old && space_map(space, &growth, false) != 0) {
        return space->heap_end;
    }
    if (wanted < old && space_unmap(space, wanted, old) != 0) {
        return space->heap_end;
    }
    space->heap_end = end;
    return end;
}
