// SPDX-License-Identifier: MIT
// Address spaces: page tables and the list of regions that says what should be in them. A region costs nothing until it
// is touched: its pages arrive one by one, at faults and when the kernel needs to see them.

#ifndef MINIKERNEL_SPACE_H
#define MINIKERNEL_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "initramfs.h"
#include "layout.h"

// Same values as PROT_READ, PROT_WRITE and PROT_EXEC.
#define RIGHT_READ    1u
#define RIGHT_WRITE   2u
#define RIGHT_EXECUTE 4u

enum region_kind {
    REGION_PROGRAM,
    REGION_INTERPRETER,
    REGION_ZEROS,
    REGION_STACK,
    REGION_GUARD,
    REGION_TLS,
    REGION_HEAP,
    REGION_MMAP,
    REGION_RESERVED,
};

// [start, end), whole pages. With a file, the page at start holds the file's bytes at file_offset (a multiple of the
// page size); without one, zeros, unless the space's image knows better.
struct region {
    uint64_t start, end;
    struct node *file; // a reference, in the regions of a space
    uint64_t file_offset;
    uint32_t rights;
    enum region_kind kind;
    bool is_image; // ask the image what its pages hold
};

// Bytes of a file that can be lent as they are: whole pages of the initramfs, to stand at address.
struct lent_pages {
    uint64_t address, length;
    const uint8_t *bytes;
};

// What an exec's image holds, for pages that are filled at their first fault. host_glue.c makes it, at the start of
// IMAGE_PAGES pages that go with the space.
#define IMAGE_PAGES 2

struct image {
    // Finds pages to lend around the page at address. False: the page must be filled.
    bool (*lend)(const struct image *image, uint64_t address, struct lent_pages *pages);
    // Fills a page. 0 or a negative errno value.
    int (*fill)(const struct image *image, uint64_t address, void *page);
    // The space goes.
    void (*release)(const struct image *image);
};

#define SPACE_PAGES        16
#define SPACE_REGION_LIMIT ((SPACE_PAGES * PAGE_SIZE - 104) / sizeof(struct region))

// At a fault, borrowed pages are brought in by up to so many bytes at once.
#define FAULT_AROUND (16 * PAGE_SIZE)

// What has happened since the space was made.
struct space_counts {
    size_t faults;                // resolved
    size_t lent, copied, cleared; // pages that came by lending, by copying file bytes, and full of zeros
};

struct space {
    uint64_t root;
    uint64_t heap_start, heap_end;  // as brk sees them: any byte
    uint64_t mmap_top;              // mmap without an address searches downwards from here
    size_t owned, borrowed, tables; // pages held now: its own, lent by the initramfs, page tables
    struct image *image;            // or NULL
    struct space_counts counts;
    size_t region_count;
    struct region regions[SPACE_REGION_LIMIT]; // ascending
};
_Static_assert(sizeof(struct space) <= SPACE_PAGES * PAGE_SIZE, "a space fits the pages it is given");

// NULL when memory is short.
struct space *space_create(void);
void space_destroy(struct space *space);

// Adds a region; what is there is replaced, or answered with -EEXIST. -EINVAL, -ENOMEM.
int space_map(struct space *space, const struct region *region, bool replace);
int space_unmap(struct space *space, uint64_t start, uint64_t end);
int space_protect(struct space *space, uint64_t start, uint64_t end, uint32_t rights);

// Whether nothing is mapped there; an address where length bytes are free, or 0.
bool space_is_free(const struct space *space, uint64_t start, uint64_t end);
uint64_t space_find_gap(const struct space *space, uint64_t length);

// Moves the end of the heap if possible; returns where it is.
uint64_t space_set_heap_end(struct space *space, uint64_t end);

const struct region *space_find(const struct space *space, uint64_t address);

// Makes the page at address present for an access with one of the rights. -EFAULT: not allowed (SIGSEGV). -EIO: beyond
// the end of the file (SIGBUS). -ENOMEM.
int space_fault(struct space *space, uint64_t address, uint32_t right);

// A kernel view of mapped memory, for writing, whatever the region's rights; NULL when nothing is mapped or memory is
// short. At most *length bytes; *length is lowered to what is contiguous.
void *space_view(struct space *space, uint64_t address, size_t *length);

// How many pages the images of all spaces have been asked for.
size_t space_image_pages(void);

// A line that tells what its pages have cost.
void space_print_counts(const struct space *space, const char *name);

// Between space.c and fault.c: drops the pages of a region; gives those that it has the rights of the region.
void space_release_pages(struct space *space, const struct region *region);
void space_update_pages(struct space *space, const struct region *region);

#endif
