// SPDX-License-Identifier: MIT
#include "memory.h"

#include "layout.h"
#include "machine.h"

#include <libexec/port/aarch64.h>

#include "string.h"

// ---- Pages ----------------------------------------------------------------------------------------------------------

// Free pages form a list through their first words.
struct free_page {
    struct free_page *next;
};

extern uint8_t kernel_end[];
static struct free_page *first_free;
static size_t used;
static size_t allowed = SIZE_MAX;

void memory_begin(void) {
    const uint64_t start = ((uint64_t)(uintptr_t)kernel_end + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    const uint64_t end = KERNEL_OFFSET + RAM_START + RAM_BYTES;
    for (uint64_t at = end - PAGE_SIZE; at >= start; at -= PAGE_SIZE) {
        struct free_page *const page = (struct free_page *)(uintptr_t)at;
        page->next = first_free;
        first_free = page;
    }
}

size_t pages_in_use(void) {
    return used;
}

void *page_allocate(void) {
    struct free_page *const page = first_free;
    if (page == NULL || allowed == 0) {
        return NULL;
    }
    allowed -= allowed != SIZE_MAX;
    first_free = page->next;
    used++;
    return memset(page, 0, PAGE_SIZE);
}

void pages_allow(size_t count) {
    allowed = count;
}

void page_free(void *page) {
    struct free_page *const freed = page;
    freed->next = first_free;
    first_free = freed;
    used--;
}

// ---- Page tables ----------------------------------------------------------------------------------------------------

// Entries of a table (Arm ARM D8.3). An entry of the last level is a page of the space wherever it is not 0: without
// rights it keeps its page and is no valid one.
enum { LEVELS = 4, ENTRIES = 512 };
#define ENTRY_VALID       UINT64_C(3) // a table, or at the last level a page
#define ENTRY_NORMAL      (UINT64_C(1) << 2)
#define ENTRY_USER        (UINT64_C(1) << 6)
#define ENTRY_READ_ONLY   (UINT64_C(1) << 7)
#define ENTRY_SHAREABLE   (UINT64_C(3) << 8)
#define ENTRY_ACCESSED    (UINT64_C(1) << 10)
#define ENTRY_NOT_GLOBAL  (UINT64_C(1) << 11)
#define ENTRY_NO_KERNEL_X (UINT64_C(1) << 53)
#define ENTRY_NO_USER_X   (UINT64_C(1) << 54)
#define ENTRY_KEPT        (UINT64_C(1) << 55) // for software
#define ENTRY_ADDRESS     UINT64_C(0xfffffffff000)

static uint64_t physical_of(const void *page) {
    return (uint64_t)(uintptr_t)page - KERNEL_OFFSET;
}

static void *page_of(uint64_t entry) {
    return (void *)(uintptr_t)((entry & ENTRY_ADDRESS) + KERNEL_OFFSET);
}

static uint64_t entry_for(const void *page, uint32_t rights) {
    uint64_t entry = physical_of(page) | ENTRY_KEPT | ENTRY_NORMAL | ENTRY_SHAREABLE | ENTRY_ACCESSED |
                     ENTRY_NOT_GLOBAL | ENTRY_NO_KERNEL_X;
    if (rights == 0) {
        return entry;
    }
    entry |= ENTRY_VALID | ENTRY_USER; // what may be written or executed may be read, too
    if ((rights & RIGHT_WRITE) == 0) {
        entry |= ENTRY_READ_ONLY;
    }
    if ((rights & RIGHT_EXECUTE) == 0) {
        entry |= ENTRY_NO_USER_X;
    }
    return entry;
}

// The entry of the last level for `address`; NULL where a table is missing and, with `make`, cannot be made.
static uint64_t *find_entry(uint64_t *table, uint64_t address, bool make) {
    for (unsigned int shift = 39; shift > 12; shift -= 9) {
        uint64_t *const entry = &table[address >> shift & (ENTRIES - 1)];
        if (*entry == 0) {
            void *const page = make ? page_allocate() : NULL;
            if (page == NULL) {
                return NULL;
            }
            machine_complete_stores(); // its zeros
            *entry = physical_of(page) | ENTRY_VALID;
        }
        table = page_of(*entry);
    }
    return &table[address >> 12 & (ENTRIES - 1)];
}

// ---- Spaces ---------------------------------------------------------------------------------------------------------

struct space *space_create(void) {
    struct space *const space = page_allocate();
    if (space == NULL) {
        return NULL;
    }
    space->root = page_allocate();
    if (space->root == NULL) {
        page_free(space);
        return NULL;
    }
    return space;
}

static void free_table(uint64_t *table, unsigned int level) {
    for (size_t i = 0; i < ENTRIES; i++) {
        if (table[i] != 0 && level < LEVELS - 1) {
            free_table(page_of(table[i]), level + 1);
        } else if (table[i] != 0) {
            page_free(page_of(table[i]));
        }
    }
    page_free(table);
}

void space_destroy(struct space *space) {
    free_table(space->root, 0);
    page_free(space);
}

void space_use(const struct space *space) {
    machine_use_table(space != NULL ? physical_of(space->root) : 0);
}

enum space_answer space_map(struct space *space, uint64_t start, uint64_t end, uint32_t rights) {
    for (; start < end; start += PAGE_SIZE) {
        uint64_t *const entry = find_entry(space->root, start, true);
        if (entry == NULL) {
            return SPACE_NO_MEMORY;
        }
        if (*entry != 0) {
            return SPACE_OCCUPIED;
        }
        void *const page = page_allocate();
        if (page == NULL) {
            return SPACE_NO_MEMORY;
        }
        *entry = entry_for(page, rights);
    }
    machine_complete_stores();
    return SPACE_DONE;
}

// Tables that are missing are stepped over: a range may be as large as the user half.
static void unmap_in_table(uint64_t *table, unsigned int level, uint64_t start, uint64_t end) {
    const unsigned int shift = 12 + 9 * (LEVELS - 1 - level);
    while (start < end) {
        const uint64_t following = ((start >> shift) + 1) << shift;
        const uint64_t stop = following < end ? following : end;
        uint64_t *const entry = &table[start >> shift & (ENTRIES - 1)];
        if (*entry != 0 && level < LEVELS - 1) {
            unmap_in_table(page_of(*entry), level + 1, start, stop);
        } else if (*entry != 0) {
            void *const page = page_of(*entry);
            *entry = 0;
            machine_forget_translations(); // before somebody else gets the page
            page_free(page);
        }
        start = stop;
    }
}

void space_unmap(struct space *space, uint64_t start, uint64_t end) {
    unmap_in_table(space->root, 0, start, end);
}

bool space_protect(struct space *space, uint64_t start, uint64_t end, uint32_t rights) {
    bool whole = true;
    for (; start < end; start += PAGE_SIZE) {
        uint64_t *const entry = find_entry(space->root, start, false);
        if (entry == NULL || *entry == 0) {
            whole = false;
            break;
        }
        if ((rights & RIGHT_EXECUTE) != 0) {
            libexec_aarch64_publish_code(page_of(*entry), PAGE_SIZE); // it may have been written meanwhile
        }
        *entry = entry_for(page_of(*entry), rights);
    }
    machine_forget_translations(); // where a page is missing, too: those before it have changed
    return whole;
}

uint64_t space_find_room(const struct space *space, uint64_t length) {
    uint64_t end = space->mmap_top;
    uint64_t start = end;
    while (end >= length && end - length > space->heap_end) {
        if (end - start == length) {
            return start;
        }
        start -= PAGE_SIZE;
        if (space_view(space, start) != NULL) {
            end = start;
        }
    }
    return 0;
}

uint8_t *space_view(const struct space *space, uint64_t address) {
    const uint64_t *const entry = address < USER_END ? find_entry(space->root, address, false) : NULL;
    return entry != NULL && *entry != 0 ? (uint8_t *)page_of(*entry) + address % PAGE_SIZE : NULL;
}

// ---- A program's memory ---------------------------------------------------------------------------------------------

// The view of a byte that the program may read, or write; NULL where it may not.
static uint8_t *user_view(const struct space *space, uint64_t address, bool write) {
    const uint64_t *const entry = address < USER_END ? find_entry(space->root, address, false) : NULL;
    if (entry == NULL || (*entry & ENTRY_VALID) == 0 || (write && (*entry & ENTRY_READ_ONLY) != 0)) {
        return NULL;
    }
    return (uint8_t *)page_of(*entry) + address % PAGE_SIZE;
}

static uint64_t rest_of_page(uint64_t address, uint64_t length) {
    const uint64_t rest = PAGE_SIZE - address % PAGE_SIZE;
    return length < rest ? length : rest;
}

bool user_read(const struct space *space, void *to, uint64_t from, uint64_t length) {
    for (uint8_t *at = to; length != 0;) {
        const uint64_t count = rest_of_page(from, length);
        const uint8_t *const bytes = user_view(space, from, false);
        if (bytes == NULL) {
            return false;
        }
        memcpy(at, bytes, count);
        at += count;
        from += count;
        length -= count;
    }
    return true;
}

bool user_write(const struct space *space, uint64_t to, const void *from, uint64_t length) {
    for (const uint8_t *at = from; length != 0;) {
        const uint64_t count = rest_of_page(to, length);
        uint8_t *const bytes = user_view(space, to, true);
        if (bytes == NULL) {
            return false;
        }
        memcpy(bytes, at, count);
        at += count;
        to += count;
        length -= count;
    }
    return true;
}
