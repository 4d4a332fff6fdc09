// SPDX-License-Identifier: MIT
// The pages of an address space, and how they come there: at faults, and when the kernel wants to see them.
//
// A page is either owned (taken from the allocator, freed with the region) or borrowed (a whole page of an initramfs
// file, lent to all, never written: the first write puts an owned copy in its place). The page-table entry says which.

#include "console.h"
#include "cpu.h"
#include "linux_abi.h"
#include "pages.h"
#include "paging.h"
#include "space.h"
#include "string.h"

static size_t image_pages;

static uint64_t page_start(uint64_t address) {
    return address & ~(uint64_t)(PAGE_SIZE - 1);
}

static uint64_t entry_bits(const struct region *region, bool borrowed) {
    uint64_t bits = ENTRY_HELD | ENTRY_USER;
    if (region->rights != 0) {
        bits |= ENTRY_PRESENT;
    }
    if ((region->rights & RIGHT_WRITE) != 0 && !borrowed) {
        bits |= ENTRY_WRITABLE;
    }
    if ((region->rights & RIGHT_EXECUTE) == 0) {
        bits |= ENTRY_NO_EXECUTE;
    }
    return borrowed ? bits | ENTRY_BORROWED : bits;
}

static uint64_t *make_entry(struct space *space, uint64_t address) {
    const size_t before = pages_in_use();
    uint64_t *const entry = paging_entry(space->root, address, true);
    space->tables += pages_in_use() - before;
    return entry;
}

static bool is_held(uint64_t entry) {
    return (entry & ENTRY_HELD) != 0;
}

// ---- Letting go ---------------------------------------------------------------------------------------------------

static void release_page(struct space *space, uint64_t *entry) {
    if ((*entry & ENTRY_BORROWED) != 0) {
        space->borrowed--;
    } else {
        pages_free(*entry & ENTRY_ADDRESS, 1);
        space->owned--;
    }
    *entry = 0;
}

// The entry of the first held page in [*address, end), and its address; NULL when there is none.
static uint64_t *next_held(const struct space *space, uint64_t *address, uint64_t end) {
    for (; (*address = paging_next_table(space->root, *address, end)) < end; *address += PAGE_SIZE) {
        uint64_t *const entry = paging_entry(space->root, *address, false);
        if (is_held(*entry)) {
            return entry;
        }
    }
    return NULL;
}

void space_release_pages(struct space *space, const struct region *region) {
    uint64_t address = region->start;
    for (uint64_t *entry; (entry = next_held(space, &address, region->end)) != NULL; address += PAGE_SIZE) {
        release_page(space, entry);
        tlb_forget(address);
    }
}

void space_update_pages(struct space *space, const struct region *region) {
    uint64_t address = region->start;
    for (uint64_t *entry; (entry = next_held(space, &address, region->end)) != NULL; address += PAGE_SIZE) {
        *entry = (*entry & ENTRY_ADDRESS) | entry_bits(region, (*entry & ENTRY_BORROWED) != 0);
        tlb_forget(address);
    }
}

// ---- Bringing in --------------------------------------------------------------------------------------------------

static void hold_owned(struct space *space, const struct region *region, uint64_t *entry, uint64_t page) {
    if (is_held(*entry)) {
        release_page(space, entry);
    }
    *entry = page | entry_bits(region, false);
    space->owned++;
}

static int hold_zeros(struct space *space, const struct region *region, uint64_t *entry) {
    const uint64_t page = pages_allocate(1);
    if (page == 0) {
        return -ENOMEM;
    }
    hold_owned(space, region, entry, page);
    space->counts.cleared++;
    return 0;
}

static int hold_copy(struct space *space, const struct region *region, uint64_t *entry, const void *bytes) {
    const uint64_t page = pages_allocate(1);
    if (page == 0) {
        return -ENOMEM;
    }
    memcpy(physical_view(page), bytes, PAGE_SIZE);
    hold_owned(space, region, entry, page);
    space->counts.copied++;
    return 0;
}

static int hold_filled(struct space *space, const struct region *region, uint64_t address, uint64_t *entry) {
    const uint64_t page = pages_allocate(1);
    if (page == 0) {
        return -ENOMEM;
    }
    const int result = space->image->fill(space->image, address, physical_view(page));
    if (result != 0) {
        pages_free(page, 1);
        return result;
    }
    hold_owned(space, region, entry, page);
    space->counts.copied++;
    return 0;
}

// Borrows all pages that are lent, belong to the region and are not there yet.
static void hold_lent(struct space *space, const struct region *region, const struct lent_pages *lent) {
    for (uint64_t done = 0; done < lent->length; done += PAGE_SIZE) {
        const uint64_t address = lent->address + done;
        uint64_t *const entry = address >= region->start && address < region->end ? make_entry(space, address) : NULL;
        if (entry != NULL && !is_held(*entry)) {
            *entry = physical_of(lent->bytes + done) | entry_bits(region, true);
            space->borrowed++;
            space->counts.lent++;
        }
    }
}

static int lend_from_file(const struct region *region, uint64_t address, struct lent_pages *lent) {
    const uint64_t window = address & ~(uint64_t)(FAULT_AROUND - 1);
    const uint64_t start = window > region->start ? window : region->start;
    const uint64_t offset = region->file_offset + (start - region->start);
    const uint64_t left = offset < region->file->size ? region->file->size - offset : 0;
    const uint64_t pages_left = (left + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
    const uint64_t wanted = window + FAULT_AROUND - start;
    *lent = (struct lent_pages){start, wanted < pages_left ? wanted : pages_left, node_bytes(region->file) + offset};
    return address - start < lent->length ? 0 : -EIO;
}

// Brings in a page that is not there, and perhaps neighbours.
static int bring_page(struct space *space, const struct region *region, uint64_t address, uint64_t *entry,
                      bool for_writing) {
    struct lent_pages lent;
    if (region->file != NULL) {
        const int result = lend_from_file(region, address, &lent);
        if (result != 0) {
            return result;
        }
    } else if (!region->is_image || space->image == NULL) {
        return hold_zeros(space, region, entry);
    } else {
        image_pages++;
        if (!space->image->lend(space->image, address, &lent)) {
            return hold_filled(space, region, address, entry);
        }
    }
    if (for_writing) {
        return hold_copy(space, region, entry, lent.bytes + (address - lent.address));
    }
    hold_lent(space, region, &lent);
    return 0;
}

// Makes the entry hold a page, an owned one when it is to be written.
static int hold_page(struct space *space, const struct region *region, uint64_t address, uint64_t *entry,
                     bool for_writing) {
    if (!is_held(*entry)) {
        return bring_page(space, region, address, entry, for_writing);
    }
    if (for_writing && (*entry & ENTRY_BORROWED) != 0) {
        return hold_copy(space, region, entry, physical_view(*entry & ENTRY_ADDRESS));
    }
    return 0;
}

int space_fault(struct space *space, uint64_t address, uint32_t right) {
    const struct region *const region = space_find(space, address);
    // The hardware knows no memory that can be written or executed but not read.
    const bool allowed = region != NULL && (right == RIGHT_READ ? region->rights != 0 : (region->rights & right) != 0);
    if (!allowed) {
        return -EFAULT;
    }
    uint64_t *const entry = make_entry(space, address);
    if (entry == NULL) {
        return -ENOMEM;
    }
    const int result = hold_page(space, region, page_start(address), entry, right == RIGHT_WRITE);
    tlb_forget(address);
    space->counts.faults++;
    return result;
}

static uint8_t *view_page(struct space *space, uint64_t address) {
    const struct region *const region = space_find(space, address);
    uint64_t *const entry = region != NULL ? make_entry(space, address) : NULL;
    if (entry == NULL || hold_page(space, region, page_start(address), entry, true) != 0) {
        return NULL;
    }
    tlb_forget(address);
    return (uint8_t *)physical_view(*entry & ENTRY_ADDRESS) + address % PAGE_SIZE;
}

void *space_view(struct space *space, uint64_t address, size_t *length) {
    uint8_t *const view = view_page(space, address);
    if (view == NULL) {
        return NULL;
    }
    size_t available = PAGE_SIZE - address % PAGE_SIZE;
    while (available < *length && view_page(space, address + available) == view + available) {
        available += PAGE_SIZE;
    }
    *length = available < *length ? available : *length;
    return view;
}

size_t space_image_pages(void) {
    return image_pages;
}

void space_print_counts(const struct space *space, const char *name) {
    const struct space_counts *const counts = &space->counts;
    print_fresh_line();
    print("minikernel: %s: %zu page faults; %zu pages shared with the file, %zu copied, %zu of zeros\n", name,
          counts->faults, counts->lent, counts->copied, counts->cleared);
}
