// SPDX-License-Identifier: MIT
// What a page must hold: a search in the regions that a kernel kept, and the filling of a page. Nothing else is looked
// at, so faults of one process may be answered on several processors at once.
#include <libexec/fault.h>

#include "bytes.h"
#include "checked.h"

#define FAULT_FEW 4u // so few regions are sooner passed one by one than searched

// The last region that begins at or below `address`, or the first one.
static const struct libexec_region *fault_search(const struct libexec_region *region, uint32_t count,
                                                 uint64_t address) {
    while (count > FAULT_FEW) {
        const uint32_t half = count / 2;
        region = region[half].address <= address ? region + half : region;
        count -= half;
    }
    const struct libexec_region *const last = region + count - 1;
    while (region != last && region[1].address <= address)
        region++;
    return region;
}

bool libexec_fault(const struct libexec_region *regions, uint32_t count, uint32_t page_size, uint64_t around,
                   libexec_address address, struct libexec_fault_page *page) {
    if (count == 0)
        return false;
    const struct libexec_region *region = fault_search(regions, count, address);
    const uint64_t inside = address - region->address; // below the first region: wraps, and is too large
    if (inside >= region->length || region->kind == LIBEXEC_REGION_GUARD)
        return false;
    const uint64_t size = libexec_max(around, page_size);
    const uint64_t in_window = address & (size - 1);
    const uint64_t skipped = inside > in_window ? inside - in_window : 0;
    page->region = region;
    page->address = region->address + skipped;
    page->length = libexec_min(region->length, inside - in_window + size) - skipped; // the sum is the window's end
    page->file_offset = region->file_offset + skipped;
    page->file_length = region->file_length > skipped ? libexec_min(region->file_length - skipped, page->length) : 0;
    page->shareable = page->file_length == page->length;
    return true;
}

// A read that did not bring all that the region says: only what it surely brought stays, never old memory.
static LIBEXEC_APART enum libexec_status fault_fill_rest(const struct libexec_fault_page *page, uint8_t *bytes,
                                                         uint64_t asked, uint64_t done, int code) {
    const bool valid = code == 0 && done <= asked;
    const uint64_t kept = valid ? done : 0;
    memset(bytes + kept, 0, (size_t)(page->length - kept));
    if (valid)
        return LIBEXEC_E_FILE_SHRANK;
    return code != 0 ? LIBEXEC_E_READ : LIBEXEC_E_CONTRACT;
}

// The file is shorter than it was: what it still has.
static LIBEXEC_APART enum libexec_status fault_fill_short(const struct libexec_fault_page *page,
                                                          const struct libexec_source *source, uint8_t *bytes) {
    const uint64_t offset = page->file_offset;
    const uint64_t asked = offset < source->size ? source->size - offset : 0;
    size_t done = 0;
    int code = 0;
    if (asked != 0)
        code = source->operations->read_at(source->context, offset, bytes, (size_t)asked, &done);
    return fault_fill_rest(page, bytes, asked, done, code);
}

enum libexec_status libexec_fault_fill(const struct libexec_fault_page *page, const struct libexec_source *source,
                                       void *bytes) {
    const uint64_t length = page->file_length;
    if (!libexec_inside(page->file_offset, length, source->size))
        return fault_fill_short(page, source, bytes);
    size_t done = 0;
    int code = 0;
    if (length != 0)
        code = source->operations->read_at(source->context, page->file_offset, bytes, (size_t)length, &done);
    if (code != 0 || done != length)
        return fault_fill_rest(page, bytes, length, done, code);
    memset((uint8_t *)bytes + length, 0, (size_t)(page->length - length));
    return LIBEXEC_OK;
}
