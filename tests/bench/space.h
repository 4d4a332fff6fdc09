// SPDX-License-Identifier: MIT
// The memory of the fake kernel: a page pool, address spaces with radix page tables, and the counters.
#ifndef BENCH_SPACE_H
#define BENCH_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAGE_SIZE = 4096, MAPPINGS_MAX = 128, LEVELS = 4, FAN_OUT = 512 };

// Kinds of host callbacks. The last four are counted but stand apart in every figure: heap and random because the
// floor's figures leave them out, the notifications of commit because no other loader has them, destroying because it
// belongs to the next exec.
enum callback {
    CALL_OPEN,
    CALL_READ,
    CALL_FILE_VIEW,
    CALL_FILE_VIEW_RELEASE,
    CALL_CLOSE,
    CALL_IMAGE_KNOWN,
    CALL_SPACE,
    CALL_MAP,
    CALL_MAP_MANY,
    CALL_TRANSLATE,
    CALL_VIEW_END,
    CALL_USER,
    CALL_CONTROL_BLOCK,
    CALL_FAULT,
    CALL_COUNTED, // how many kinds count
    CALL_RANDOM = CALL_COUNTED,
    CALL_HEAP,
    CALL_HOOK,
    CALL_DESTROY,
    CALL_KINDS
};

struct counters {
    uint64_t calls[CALL_KINDS];
    uint64_t copied; // bytes, by callbacks and by the loader's own memcpy and memmove
    uint64_t zeroed; // bytes, by the pool and by the loader's own memset
    uint64_t heap;   // bytes, most at once
    uint64_t heap_now;
    uint64_t operations; // map operations, however many a call hands over
};

extern struct counters counters;

// What stands behind the pages of a mapping.
enum backing {
    BACK_ZERO_NOW,   // fresh zero pages
    BACK_ZERO_LATER, // fresh zero pages at the first fault or translate
    BACK_DIRTY,      // fresh pages with old contents (0xa5)
    BACK_COPY,       // fresh pages, which the host fills from the file and with zeros
    BACK_SHARE,      // pages of the page cache
    BACK_SHARE_COW,  // the same until the program writes
    BACK_FILE_LATER, // filled at the first fault
    BACK_NOTHING     // reserved: no page there
};

struct file; // host.h

struct mapping {
    uint64_t address;
    uint64_t length;
    uint64_t file_offset;
    uint64_t file_length;
    const struct file *file;
    uint32_t rights; // 1 read, 2 write, 4 execute, as the library's
    enum backing backing;
};

// An entry of the last level: the frame's address, and in the low bits rights and PAGE_... bits. 0: no page.
#define PAGE_RIGHTS  0x7u
#define PAGE_PRIVATE 0x8u  // a frame of the pool; the others belong to the page cache
#define PAGE_OPENED  0x10u // a translate has shown it

struct space {
    uint64_t *root;
    size_t mapping_count;
    struct mapping mappings[MAPPINGS_MAX];
};

void pool_make(void);
void pool_reset(void); // forgets all frames and spaces

struct space *space_make(void);
struct space *space_current(void);                                 // the one made last
int space_map(struct space *space, const struct mapping *mapping); // 0, or 1 where something is there already

// The entry for a page, NULL where its table does not exist.
uint64_t *space_entry(const struct space *space, uint64_t address);
const struct mapping *space_mapping(const struct space *space, uint64_t address);
uint8_t *entry_frame(uint64_t entry);

// A view of at most `length` bytes at `address`, as long as the frames are consecutive and at most `limit` pages. Makes
// pages that may come later. NULL where nothing may be written.
uint8_t *space_view(struct space *space, uint64_t address, uint64_t length, uint64_t limit, uint64_t *view_length);

// Makes the pages of a range that may come later.
void space_populate(struct space *space, uint64_t address, uint64_t length);

struct space_totals {
    uint64_t private_pages;
    uint64_t shared_pages; // in the page tables, or to be put there by a fault
    uint64_t opened_pages; // different pages that translates showed
    uint64_t table_pages;
};
void space_count(const struct space *space, struct space_totals *totals);

// Calls `each` for every page in the page tables, in ascending order.
void space_walk(const struct space *space, void (*each)(void *context, uint64_t address, uint64_t entry),
                void *context);

#endif
