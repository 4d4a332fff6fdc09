// SPDX-License-Identifier: MIT
// malloc over brk: where the break starts, that its fresh pages are zero, growing, shrinking, and blocks that keep
// their contents. Then memory in as many pieces as a program with two hundred libraries has.

#include "runtime/runtime.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCKS = 300, PAGE_BYTES = 4096, LARGE_BYTES = 3 * 1024 * 1024, PIECES = 1000, READ = 1 };

extern char _end[]; // written by the linker: the end of the last segment

static void check_break(void) {
    const uint64_t start = ADDRESS(sbrk(0));
    check(start >= ADDRESS(_end), "the break starts inside the program");
    check_equal(start % PAGE_BYTES, 0, "the break's start modulo the page");
    uint8_t *area = sbrk(2 * PAGE_BYTES + 100);
    check_equal(ADDRESS(area), start, "the first area");
    unsigned int others = 0;
    for (int i = 0; i < 2 * PAGE_BYTES + 100; i++) {
        others += area[i] != 0;
        area[i] = (uint8_t)i;
    }
    check_equal(others, 0, "bytes of the fresh area that are not zero");
    sbrk(-(2 * PAGE_BYTES + 100));
    check_equal(ADDRESS(sbrk(0)), start, "the break after giving back");
    area = sbrk(PAGE_BYTES);
    check_equal(area[10], 0, "a page given back and taken again");
    sbrk(-PAGE_BYTES);
}

static uint8_t pattern(int block, size_t offset) {
    return (uint8_t)((size_t)block * 31 + offset * 7 + 1);
}

static size_t block_size(int block) {
    return (size_t)(block * 37 % 2000 + 1);
}

static void check_blocks(void) {
    static uint8_t *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(block_size(i));
        if (!check(blocks[i] != NULL, "malloc of block %d failed", i)) {
            return;
        }
        check_equal(ADDRESS(blocks[i]) % _Alignof(max_align_t), 0, "a block modulo its alignment");
        for (size_t offset = 0; offset < block_size(i); offset++) {
            blocks[i][offset] = pattern(i, offset);
        }
    }
    for (int i = 0; i < BLOCKS; i += 2) {
        free(blocks[i]);
    }
    unsigned int changed = 0;
    for (int i = 1; i < BLOCKS; i += 2) {
        for (size_t offset = 0; offset < block_size(i); offset++) {
            changed += blocks[i][offset] != pattern(i, offset);
        }
        free(blocks[i]);
    }
    check_equal(changed, 0, "bytes of kept blocks that were changed");
}

static void check_large(void) {
    uint8_t *large = calloc(LARGE_BYTES, 1);
    if (!check(large != NULL, "calloc of 3 MiB failed")) {
        return;
    }
    unsigned int others = 0;
    for (size_t i = 0; i < LARGE_BYTES; i += 64) {
        others += large[i] != 0;
        large[i] = 1;
    }
    check_equal(others, 0, "bytes of the large block that are not zero");
    large = realloc(large, 2 * LARGE_BYTES);
    check(large != NULL && large[LARGE_BYTES - 64] == 1, "realloc lost the contents");
    free(large);
}

static void check_pieces(void) {
    const uint64_t start = map_pages((uint64_t)PIECES * PAGE_BYTES);
    unsigned int refused = 0;
    for (uint64_t i = 0; i < PIECES; i += 2) {
        refused += system_call(SYSTEM_MPROTECT, start + i * PAGE_BYTES, PAGE_BYTES, READ, 0, 0, 0) != 0;
    }
    check_equal(refused, 0, "pieces of memory that could not have rights of their own");
}

int main(void) {
    check_name("heap");
    check_break();
    check_blocks();
    check_large();
    check_pieces();
    return check_report();
}
