// SPDX-License-Identifier: MIT
// A page fault at any address, of a process with up to REGIONS regions, whatever they hold and however they lie; and
// the filling of one page of LENGTH bytes from a hostile source, which may say that it brought any number of bytes.
// Nothing is written outside the page's bytes.
//
// Assumed: `read_at` writes nowhere but where it was told to; of the page, that its file_length is not more than its
// length. More regions, and longer pages, are not looked at.
#include "hostile.h"

enum { REGIONS = 40, LENGTH = 256 };

static struct libexec_region regions[REGIONS];
static uint8_t bytes[LENGTH];
static uint8_t one_more[LENGTH + 1]; // Frama-C allows no memset of 0 bytes right behind an object

static uint64_t brought;

// Writes where it was told to, and says that it wrote so many bytes.
static int read_at(void *context, uint64_t offset, void *to, size_t length, size_t *done) {
    (void)context;
    (void)offset;
    any_bytes(to, length);
    *done = brought;
    return any_code();
}

static const struct libexec_source_operations operations = {.read_at = read_at};

static void find(void) {
    struct libexec_fault_page page;
    any_bytes(regions, sizeof regions);
    for (uint32_t count = 0; count <= REGIONS; count++)
        if (libexec_fault(regions + (REGIONS - count), count, any_word(), any_number(), any_number(), &page)) {
            //@ assert \valid_read(page.region);
        }
}

static void fill(uint8_t *to) {
    const struct libexec_source source = {.operations = &operations, .size = any_number()};
    const struct libexec_fault_page page = {
        .length = LENGTH, .file_length = any_between(0, LENGTH), .file_offset = any_number()};
    libexec_fault_fill(&page, &source, to);
}

static void fill_after_any_read(void) {
    //@ loop unroll 257;
    for (brought = 0; brought <= LENGTH; brought++) // one at a time: Eva relates no two numbers that are not known
        fill(brought == LENGTH ? one_more : bytes);
    brought = any_between(LENGTH + 1, UINT64_MAX);
    fill(bytes);
}

int main(void) {
    find();
    fill_after_any_read();
    return 0;
}
