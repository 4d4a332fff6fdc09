// SPDX-License-Identifier: MIT
// What a page must hold: a search in the regions that a kernel kept, and the filling of a page. Nothing else is looked
// at, so faults of one process may be answered on several processors at once.
#include <libexec/fault.h>

#include "bytes.h"
#include "checked.h"

#define FAULT_FEW 12u // so few regions are sooner passed one by one than searched

// The last region that begins at or below `address`, or the first one.
static const struct libexec_region *fault_search(const struct libexec_region *region, uint32_t count,
                                                 uint64_t address) {
    while (count > FAULT_FEW) {
        const uint32_t half = count / 2;
        region = region[half].address <= address ? region + half : region;
        count -= half;
    }
    while (--count != 0 && region[1].address <= address)
        region++;
    return region;
}

bool libexec_fault(const struct libexec_region *regions, uint32_t count, uint32_t page_size, uint64_t around,
                   libexec_address address, struct libexec_fault_page *page) {
    if (count == 0)
        return false;
    const struct libexec_region *region = fault_search(regions, count, address);
    if (address - region->address >= region->length || region->kind == LIBEXEC_REGION_GUARD) // below the first: wraps
        return false;
    const uint64_t size = libexec_max(around, page_size);
    uint64_t start = address & (0 - size); // the window
    uint64_t end = start + size;
    // Whole pages of the file can be mapped as they are: an answer is of such pages or of others.
    const uint64_t whole = libexec_round_down(region->file_length, page_size);
    const uint64_t border = region->address + whole;
    page->region = region;
    page->shareable = address < border;
    if (address < border) {
        start = libexec_max(start, region->address);
        end = libexec_min(end, border);
        page->file_length = end - start;
    } else { // with the file's last page, if it begins with that
        start = libexec_max(start, border);
        end = libexec_min(end, region->address + region->length);
        page->file_length = start == border ? region->file_length - whole : 0;
    }
    page->address = start;
    page->length = end - start;
    page->file_offset = region->file_offset + (start - region->address);
    return true;
}

// The bytes of the file, and zeros where it has none.
static LIBEXEC_APART_FOR_SPEED enum libexec_status fault_read(const struct libexec_fault_page *page,
                                                              const struct libexec_source *source, uint8_t *bytes) {
    const uint64_t offset = page->file_offset;
    const uint64_t asked = offset < source->size ? libexec_min(page->file_length, source->size - offset) : 0;
    size_t done = 0;
    int code = 0;
    if (asked != 0)
        code = source->operations->read_at(source->context, offset, bytes, (size_t)asked, &done);
    const size_t kept = code == 0 && done <= asked ? done : 0; // only what it surely brought stays, never old memory
    memset(bytes + kept, 0, (size_t)(page->length - kept));
    if (code != 0)
        return LIBEXEC_E_READ;
    if (kept != done)
        return LIBEXEC_E_CONTRACT;
    return kept == page->file_length ? LIBEXEC_OK : LIBEXEC_E_FILE_SHRANK;
}

enum libexec_status libexec_fault_fill(const struct libexec_fault_page *page, const struct libexec_source *source,
                                       void *bytes) {
    if (page->file_length != 0)
        return fault_read(page, source, bytes);
    memset(bytes, 0, (size_t)page->length);
    return LIBEXEC_OK;
}
