// SPDX-License-Identifier: MIT
// The page pool and the address spaces. Frames are handed out in ascending order, so a run that is made at once has
// consecutive frames, as a buddy allocator's blocks have.

#include "space.h"

#include "host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { FRAMES = 40960, TABLES = 512, POISON = 0xa5 };

struct counters counters;

static uint8_t *frames;
static size_t frames_used;
static uint64_t tables[TABLES][FAN_OUT];
static size_t tables_used;
static struct space the_space;

void pool_make(void) {
    frames = mmap(NULL, (size_t)FRAMES * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
    if (frames == MAP_FAILED) {
        perror("bench: pool");
        exit(1);
    }
}

void pool_reset(void) {
    frames_used = 0;
    tables_used = 0;
}

static uint8_t *take_frame(void) {
    if (frames_used == FRAMES) {
        fputs("bench: the pool is empty\n", stderr);
        exit(1);
    }
    return frames + frames_used++ * PAGE_SIZE;
}

static uint64_t *take_table(void) {
    if (tables_used == TABLES) {
        fputs("bench: no page tables left\n", stderr);
        exit(1);
    }
    uint64_t *const table = tables[tables_used++];
    memset(table, 0, sizeof tables[0]);
    return table;
}

struct space *space_make(void) {
    the_space.root = take_table();
    the_space.mapping_count = 0;
    return &the_space;
}

struct space *space_current(void) {
    return &the_space;
}

static unsigned table_index(uint64_t address, unsigned level) {
    return (unsigned)(address >> (12 + 9 * level)) % FAN_OUT;
}

static uint64_t *as_table(uint64_t entry) {
    return (uint64_t *)(uintptr_t)entry;
}

uint8_t *entry_frame(uint64_t entry) {
    return (uint8_t *)(uintptr_t)(entry & ~(uint64_t)(PAGE_SIZE - 1));
}

uint64_t *space_entry(const struct space *space, uint64_t address) {
    uint64_t *table = space->root;
    for (unsigned level = LEVELS - 1; level > 0; level--) {
        table = as_table(table[table_index(address, level)]);
        if (table == NULL) {
            return NULL;
        }
    }
    return &table[table_index(address, 0)];
}

static uint64_t *make_entry(struct space *space, uint64_t address) {
    uint64_t *table = space->root;
    for (unsigned level = LEVELS - 1; level > 0; level--) {
        uint64_t *const slot = &table[table_index(address, level)];
        if (*slot == 0) {
            *slot = (uint64_t)(uintptr_t)take_table();
        }
        table = as_table(*slot);
    }
    return &table[table_index(address, 0)];
}

const struct mapping *space_mapping(const struct space *space, uint64_t address) {
    for (size_t i = 0; i < space->mapping_count; i++) {
        if (address - space->mappings[i].address < space->mappings[i].length) {
            return &space->mappings[i];
        }
    }
    return NULL;
}

static bool is_free(const struct space *space, const struct mapping *wanted) {
    for (size_t i = 0; i < space->mapping_count; i++) {
        const struct mapping *const there = &space->mappings[i];
        if (wanted->address < there->address + there->length && there->address < wanted->address + wanted->length) {
            return false;
        }
    }
    return true;
}

static void zero(uint8_t *bytes, size_t length) {
    memset(bytes, 0, length);
    counters.zeroed += length;
}

static uint64_t private_entry(uint8_t *frame, const struct mapping *mapping) {
    return (uint64_t)(uintptr_t)frame | mapping->rights | PAGE_PRIVATE;
}

static void fill_from_file(uint8_t *frame, const struct mapping *mapping, uint64_t offset) {
    const uint64_t left = offset < mapping->file_length ? mapping->file_length - offset : 0;
    const size_t from_file = left < PAGE_SIZE ? (size_t)left : PAGE_SIZE;
    if (from_file > 0) {
        memcpy(frame, file_page(mapping->file, mapping->file_offset + offset), from_file);
        counters.copied += from_file;
    }
    zero(frame + from_file, PAGE_SIZE - from_file);
}

static uint64_t make_page(const struct mapping *mapping, uint64_t offset) {
    if (mapping->backing == BACK_SHARE || mapping->backing == BACK_SHARE_COW) {
        return (uint64_t)(uintptr_t)file_page(mapping->file, mapping->file_offset + offset) | mapping->rights;
    }
    uint8_t *const frame = take_frame();
    if (mapping->backing == BACK_COPY) {
        fill_from_file(frame, mapping, offset);
    } else if (mapping->backing == BACK_DIRTY) {
        memset(frame, POISON, PAGE_SIZE);
    } else {
        zero(frame, PAGE_SIZE);
    }
    return private_entry(frame, mapping);
}

// Remembers a mapping; neighbours that are the same kind of memory become one.
static bool note(struct space *space, const struct mapping *mapping) {
    struct mapping *const last = space->mapping_count > 0 ? &space->mappings[space->mapping_count - 1] : NULL;
    if (last != NULL && last->file == NULL && mapping->file == NULL && last->rights == mapping->rights &&
        last->backing == mapping->backing && last->address + last->length == mapping->address) {
        last->length += mapping->length;
        return true;
    }
    if (space->mapping_count == MAPPINGS_MAX) {
        return false;
    }
    space->mappings[space->mapping_count++] = *mapping;
    return true;
}

static bool comes_later(const struct mapping *mapping) {
    return mapping->backing == BACK_ZERO_LATER || mapping->backing == BACK_FILE_LATER ||
           mapping->backing == BACK_NOTHING;
}

int space_map(struct space *space, const struct mapping *mapping) {
    if (mapping->address % PAGE_SIZE != 0 || mapping->length % PAGE_SIZE != 0 || mapping->length == 0 ||
        !is_free(space, mapping) || !note(space, mapping)) {
        return 1;
    }
    counters.operations++;
    if (comes_later(mapping)) {
        return 0;
    }
    for (uint64_t offset = 0; offset < mapping->length; offset += PAGE_SIZE) {
        *make_entry(space, mapping->address + offset) = make_page(mapping, offset);
    }
    return 0;
}

static bool may_be_written(const struct mapping *mapping) {
    return mapping->backing == BACK_ZERO_NOW || mapping->backing == BACK_ZERO_LATER || mapping->backing == BACK_DIRTY ||
           mapping->backing == BACK_COPY;
}

// The frame for writing at a page of `mapping`, made where it does not exist yet.
static uint8_t *writable_frame(struct space *space, const struct mapping *mapping, uint64_t page) {
    uint64_t *const entry = make_entry(space, page);
    if (*entry == 0) {
        *entry = make_page(mapping, page - mapping->address);
    }
    *entry |= PAGE_OPENED;
    return entry_frame(*entry);
}

uint8_t *space_view(struct space *space, uint64_t address, uint64_t length, uint64_t limit, uint64_t *view_length) {
    const struct mapping *const mapping = space_mapping(space, address);
    if (mapping == NULL || !may_be_written(mapping) || length == 0 ||
        length > mapping->length - (address - mapping->address)) {
        return NULL;
    }
    const uint64_t inside = address % PAGE_SIZE;
    uint8_t *const first = writable_frame(space, mapping, address - inside);
    uint64_t pages = 1;
    while (pages < limit && pages * PAGE_SIZE < inside + length) {
        if (writable_frame(space, mapping, address - inside + pages * PAGE_SIZE) != first + pages * PAGE_SIZE) {
            break;
        }
        pages++;
    }
    const uint64_t room = pages * PAGE_SIZE - inside;
    *view_length = room < length ? room : length;
    return first + inside;
}

void space_populate(struct space *space, uint64_t address, uint64_t length) {
    const struct mapping *const mapping = space_mapping(space, address);
    for (uint64_t page = address; page < address + length; page += PAGE_SIZE) {
        uint64_t *const entry = make_entry(space, page);
        if (*entry == 0) {
            *entry = make_page(mapping, page - mapping->address);
        }
    }
}

static void walk_table(const uint64_t *table, unsigned level, uint64_t base,
                       void (*each)(void *context, uint64_t address, uint64_t entry), void *context) {
    for (uint64_t i = 0; i < FAN_OUT; i++) {
        const uint64_t address = base + (i << (12 + 9 * level));
        if (table[i] == 0) {
            continue;
        }
        if (level == 0) {
            each(context, address, table[i]);
        } else {
            walk_table(as_table(table[i]), level - 1, address, each, context); // at most LEVELS deep
        }
    }
}

void space_walk(const struct space *space, void (*each)(void *context, uint64_t address, uint64_t entry),
                void *context) {
    walk_table(space->root, LEVELS - 1, 0, each, context);
}

static void count_page(void *context, uint64_t address, uint64_t entry) {
    struct space_totals *const totals = context;
    (void)address;
    totals->private_pages += (entry & PAGE_PRIVATE) != 0;
    totals->shared_pages += (entry & PAGE_PRIVATE) == 0;
    totals->opened_pages += (entry & PAGE_OPENED) != 0;
}

void space_count(const struct space *space, struct space_totals *totals) {
    *totals = (struct space_totals){.table_pages = tables_used};
    space_walk(space, count_page, totals);
    for (size_t i = 0; i < space->mapping_count; i++) {
        if (space->mappings[i].backing == BACK_FILE_LATER) {
            totals->shared_pages += space->mappings[i].length / PAGE_SIZE;
        }
    }
}
