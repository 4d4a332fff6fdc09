// SPDX-License-Identifier: MIT
// Page tables.

#include "paging.h"

#include "console.h"
#include "cpu.h"
#include "pages.h"

#define TABLE_ENTRIES 512
#define KERNEL_HALF   256
#define LARGE_PAGE    (UINT64_C(1) << 21)

extern uint64_t boot_pml4[TABLE_ENTRIES];
extern const uint8_t kernel_start[], kernel_constants[], kernel_data[], kernel_end[];
extern const uint8_t kernel_stack_guard[];

static uint64_t kernel_root;

static uint64_t *table_view(uint64_t entry) {
    return physical_view(entry & ENTRY_ADDRESS);
}

static unsigned slot_index(uint64_t address, unsigned level) {
    return (unsigned)(address >> (12 + 9 * level)) & (TABLE_ENTRIES - 1);
}

// Level 3 is the root, level 0 holds the pages. The rights are in the lowest entry; those above allow everything.
static uint64_t *find_entry(uint64_t root, uint64_t address, bool create, uint64_t table_bits) {
    uint64_t *table = table_view(root);
    for (unsigned level = 3; level > 0; level--) {
        uint64_t *const entry = &table[slot_index(address, level)];
        if ((*entry & ENTRY_PRESENT) == 0) {
            const uint64_t page = create ? pages_allocate(1) : 0;
            if (page == 0) {
                return NULL;
            }
            *entry = page | ENTRY_PRESENT | ENTRY_WRITABLE | table_bits;
        }
        table = table_view(*entry);
    }
    return &table[slot_index(address, 0)];
}

uint64_t *paging_entry(uint64_t root, uint64_t address, bool create) {
    return find_entry(root, address, create, ENTRY_USER);
}

uint64_t paging_next_table(uint64_t root, uint64_t address, uint64_t end) {
    while (address < end) {
        const uint64_t *table = table_view(root);
        unsigned level = 3;
        while (level > 0 && (table[slot_index(address, level)] & ENTRY_PRESENT) != 0) {
            table = table_view(table[slot_index(address, level)]);
            level--;
        }
        if (level == 0) {
            return address;
        }
        const uint64_t span = UINT64_C(1) << (12 + 9 * level);
        address = (address | (span - 1)) + 1;
    }
    return end;
}

uint64_t paging_create_root(void) {
    const uint64_t root = pages_allocate(1);
    if (root == 0) {
        return 0;
    }
    for (unsigned i = KERNEL_HALF; i < TABLE_ENTRIES; i++) {
        table_view(root)[i] = table_view(kernel_root)[i];
    }
    return root;
}

static void free_lowest_tables(uint64_t directory) {
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        const uint64_t entry = table_view(directory)[i];
        if (entry & ENTRY_PRESENT) {
            pages_free(entry & ENTRY_ADDRESS, 1);
        }
    }
    pages_free(directory & ENTRY_ADDRESS, 1);
}

static void free_directories(uint64_t upper) {
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        const uint64_t entry = table_view(upper)[i];
        if (entry & ENTRY_PRESENT) {
            free_lowest_tables(entry);
        }
    }
    pages_free(upper & ENTRY_ADDRESS, 1);
}

void paging_destroy_root(uint64_t root) {
    for (unsigned i = 0; i < KERNEL_HALF; i++) {
        const uint64_t entry = table_view(root)[i];
        if (entry & ENTRY_PRESENT) {
            free_directories(entry);
        }
    }
    pages_free(root, 1);
}

void paging_switch(uint64_t root) {
    cr3_write(root);
}

void paging_switch_to_kernel(void) {
    cr3_write(kernel_root);
}

static void map_kernel(const uint8_t *from, const uint8_t *to, uint64_t bits) {
    for (uint64_t address = (uint64_t)(uintptr_t)from; address < (uint64_t)(uintptr_t)to; address += PAGE_SIZE) {
        uint64_t *const entry = find_entry(kernel_root, address, true, 0);
        if (entry == NULL) {
            panic("no memory for the kernel's page tables");
        }
        *entry = (address - KERNEL_BASE) | ENTRY_PRESENT | bits;
    }
}

static uint64_t kernel_physical(const uint8_t *symbol) {
    return (uint64_t)(uintptr_t)symbol - KERNEL_BASE;
}

// In the direct map, boot.S's large pages over text and constants become small ones that keep these from being written.
static void protect_direct_map(void) {
    const uint64_t start = kernel_physical(kernel_start), end = kernel_physical(kernel_data);
    for (uint64_t large = start & ~(LARGE_PAGE - 1); large < end; large += LARGE_PAGE) {
        const uint64_t address = DIRECT_MAP_BASE + large;
        const uint64_t *const upper = table_view(table_view(kernel_root)[slot_index(address, 3)]);
        uint64_t *const directory = table_view(upper[slot_index(address, 2)]);
        const uint64_t table = pages_allocate(1);
        if (table == 0) {
            panic("no memory for the kernel's page tables");
        }
        for (uint64_t i = 0; i < TABLE_ENTRIES; i++) {
            const uint64_t page = large + i * PAGE_SIZE;
            const uint64_t right = page >= start && page < end ? 0 : ENTRY_WRITABLE;
            table_view(table)[i] = page | ENTRY_PRESENT | ENTRY_NO_EXECUTE | right;
        }
        directory[slot_index(address, 1)] = table | ENTRY_PRESENT | ENTRY_WRITABLE;
    }
}

// Goes through all that a table maps. A right counts where every table above has it too.
static void check_rights(const uint64_t *table, unsigned level, bool writable, bool executable) {
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        const uint64_t entry = table[i];
        if ((entry & ENTRY_PRESENT) == 0) {
            continue;
        }
        const bool can_write = writable && (entry & ENTRY_WRITABLE) != 0;
        const bool can_execute = executable && (entry & ENTRY_NO_EXECUTE) == 0;
        if (level > 0 && (entry & ENTRY_LARGE) == 0) {
            check_rights(table_view(entry), level - 1, can_write, can_execute);
            continue;
        }
        const uint64_t start = entry & ENTRY_ADDRESS, end = start + (UINT64_C(1) << (12 + 9 * level));
        const bool is_constant = start < kernel_physical(kernel_data) && end > kernel_physical(kernel_start);
        if (can_write && (can_execute || is_constant)) {
            panic("the page at %lx, %s, can be written", start, can_execute ? "executable" : "the kernel's constants");
        }
    }
}

void paging_setup(void) {
    kernel_root = pages_allocate(1);
    if (kernel_root == 0) {
        panic("no memory for the kernel's page tables");
    }
    // The direct map is boot.S's: writable, never executable.
    const unsigned direct_map = slot_index(DIRECT_MAP_BASE, 3);
    table_view(kernel_root)[direct_map] = boot_pml4[direct_map];
    map_kernel(kernel_start, kernel_constants, 0);
    map_kernel(kernel_constants, kernel_data, ENTRY_NO_EXECUTE);
    map_kernel(kernel_data, kernel_end, ENTRY_NO_EXECUTE | ENTRY_WRITABLE);
    *find_entry(kernel_root, (uint64_t)(uintptr_t)kernel_stack_guard, false, 0) = 0;
    paging_switch_to_kernel();
    protect_direct_map(); // only now: boot.S maps the kernel's text by the same large pages, to be executed
    paging_switch_to_kernel();
    check_rights(table_view(kernel_root), 3, true, true);
}
