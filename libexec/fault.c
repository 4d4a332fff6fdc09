// SPDX-License-Identifier: MIT
// What a page must hold: a search in the regions that a kernel kept, and the filling of a page. Nothing else is looked
// at, so faults of one process may be answered on several processors at once.
#include <libexec/fault.h>

#include "bytes.h"
#include "checked.h"

// The last region that begins at or below `address`, or `count`.
static uint32_t fault_search(const struct libexec_region *regions, uint32_t count, uint64_t address) {
    uint32_t low = 0;
    uint32_t high = count;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (regions[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low != 0 ? low - 1 : count;
}

bool libexec_fault(const struct libexec_region *regions, uint32_t count, uint32_t page_size, uint64_t around,
                   libexec_address address, struct libexec_fault_page *page) {
    const uint32_t index = fault_search(regions, count, address);
    if (index == count)
        return false;
    const struct libexec_region *region = &regions[index];
    if (address - region->address >= region->length || region->kind == LIBEXEC_REGION_GUARD)
        return false;
    const uint64_t window = libexec_round_down(address, libexec_max(around, page_size));
    const uint64_t skipped = window > region->address ? window - region->address : 0;
    const uint64_t end = libexec_min(region->length, window - region->address + libexec_max(around, page_size));
    page->region = region;
    page->address = region->address + skipped;
    page->length = end - skipped;
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
    enum libexec_status status = LIBEXEC_OK;
    if (wanted != 0) {
        if (source->operations->read_at(source->context, offset, bytes, (size_t)wanted, &done) != 0) {
            done = 0;
            status = LIBEXEC_E_READ;
        } else if (done > wanted) {
            done = 0;
            status = LIBEXEC_E_CONTRACT;
        } else if (done < wanted) {
            status = LIBEXEC_E_FILE_SHRANK;
        }
    }
    if (status == LIBEXEC_OK && wanted < page->file_length)
        status = LIBEXEC_E_FILE_SHRANK;
    memset((uint8_t *)bytes + done, 0, (size_t)(page->length - done));
    return status;
}
