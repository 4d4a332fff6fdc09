// SPDX-License-Identifier: MIT
// Physical pages, and the address spaces that programs run in: page tables and nothing beside them. Every page that is
// mapped is there.
#ifndef MEMORY_H
#define MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RIGHT_READ = 1, RIGHT_WRITE = 2, RIGHT_EXECUTE = 4 };

#define USER_END UINT64_C(0x1000000000000)

struct space {
    uint64_t *root;
    uint64_t heap_start; // brk
    uint64_t heap_end;
    uint64_t mmap_top; // mmap looks for room below it
};

// Gives the page allocator what lies between kernel and end of RAM.
void memory_begin(void);
size_t pages_in_use(void);
void *page_allocate(void);      // zeroed; NULL: none is left
void pages_allow(size_t count); // so many calls succeed from here on, at most
void page_free(void *page);

struct space *space_create(void); // NULL: no memory
void space_destroy(struct space *space);
void space_use(const struct space *space); // NULL: none

enum space_answer { SPACE_DONE, SPACE_OCCUPIED, SPACE_NO_MEMORY };

// Maps fresh zeroed pages. Whole pages of the user half. Where it fails, pages before stay mapped.
enum space_answer space_map(struct space *space, uint64_t start, uint64_t end, uint32_t rights);
void space_unmap(struct space *space, uint64_t start, uint64_t end);
// false: a page is missing, and those before it are changed.
bool space_protect(struct space *space, uint64_t start, uint64_t end, uint32_t rights);
uint64_t space_find_room(const struct space *space, uint64_t length); // 0: there is none

// The kernel's view of the byte at `address`, valid to the end of its page; NULL where none is mapped. Whatever the
// rights: for what prepares a space.
uint8_t *space_view(const struct space *space, uint64_t address);

// Copies between the kernel and a program's memory, as far as the program itself may: false where it may not.
bool user_read(const struct space *space, void *to, uint64_t from, uint64_t length);
bool user_write(const struct space *space, uint64_t to, const void *from, uint64_t length);

#endif
