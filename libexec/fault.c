// SPDX-License-Identifier: MIT
// What a page must hold: a search in the regions that a kernel kept, and the filling of a page. Nothing else is looked
// at, so faults of one process may be answered on several processors at once.
#include <libexec/fault.h>

#include "bytes.h"
#include "checked.h"

// The last region that begins at or below `address`, or the first one. No branch depends on what is compared.
static const struct libexec_region *fault_search(const struct libexec_region *region, uint32_t count,
                                                 uint64_t address) {
    uint64_t more = (uint64_t)count - 1; // regions behind this one that may still be it
    while (more != 0) {
        const uint64_t half = (more + 1) / 2;
        region = region[half].address <= address ? region + half : region;
        more -= half;
    }
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

enum libexec_status libexec_fault_fill(const struct libexec_fault_page *page, const struct libexec_source *source,
                                       void *bytes) {
    const uint64_t offset = page->file_offset;
    const uint64_t in_file = offset < source->size ? source->size - offset : 0;
    const uint64_t wanted = libexec_min(page->file_length, in_file);
    size_t done = 0;
    int code = 0;
    if (wanted != 0)
        code = source->operations->read_at(source->context, offset, bytes, (size_t)wanted, &done);
    const bool valid = code == 0 && done <= wanted;
    if (!valid)
        done = 0;
    memset((uint8_t *)bytes + done, 0, (size_t)(page->length - done));
    if (!valid)
        return code != 0 ? LIBEXEC_E_READ : LIBEXEC_E_CONTRACT;
    return done == page->file_length ? LIBEXEC_OK : LIBEXEC_E_FILE_SHRANK;
}
