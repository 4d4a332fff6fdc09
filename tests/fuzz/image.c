// SPDX-License-Identifier: MIT
// Compares a file's image with what its program headers say (../unit/segments.h).
#include "fuzz.h"

#include "../unit/segments.h"

#include <string.h>

#define HEADERS_MOST 64u
#define FIRST_PAGES 6u // of each stretch, and the last one: no file of the fuzzer's has bytes for more

// The table as it stands in the file; LIBEXEC_KIT_PT_LOAD entries only. Returns how many.
static uint32_t read_loads(const uint8_t *bytes, struct libexec_kit_program_header loads[HEADERS_MOST]) {
    uint64_t table = 0;
    uint16_t headers = 0;
    uint32_t count = 0;
    memcpy(&table, bytes + 32, sizeof(table));
    memcpy(&headers, bytes + 56, sizeof(headers));
    for (uint16_t i = 0; i < headers; i++) {
        const uint8_t *const entry = bytes + table + 56u * i;
        struct libexec_kit_program_header header = {0};
        memcpy(&header.type, entry, 4);
        memcpy(&header.flags, entry + 4, 4);
        memcpy(&header.offset, entry + 8, 8);
        memcpy(&header.address, entry + 16, 8);
        memcpy(&header.file_size, entry + 32, 8);
        memcpy(&header.memory_size, entry + 40, 8);
        if (header.type == LIBEXEC_KIT_PT_LOAD && count < HEADERS_MOST)
            loads[count++] = header;
    }
    return count;
}

static const char *check_page(const struct segments *file, const struct libexec_kit_image *image, uint64_t page,
                              uint64_t bias, enum libexec_file kind) {
    static uint8_t bytes[FUZZ_PAGE_MOST];
    const struct libexec_region *const region = libexec_kit_image_region(image, page + bias);
    if (region == NULL || region->file != kind || region->kind == LIBEXEC_REGION_TLS)
        return "a page of a segment is not mapped";
    if (region->rights != segments_rights(file, segments_owner(file, page), page))
        return "a page has other rights than its segment";
    if (!libexec_kit_image_read(image, page + bias, bytes, file->page_size))
        return "a page cannot be read";
    for (uint64_t i = 0; i < file->page_size; i++)
        if (bytes[i] != segments_byte(file, page + i))
            return "a byte of a segment is another one";
    return NULL;
}

// The pages from `start`, on which some segment begins or ends, up to the next such page. `*next` becomes that.
static const char *check_stretch(const struct segments *file, const struct libexec_kit_image *image, uint64_t start,
                                 uint64_t bias, enum libexec_file kind, uint64_t *next) {
    *next = UINT64_MAX;
    for (uint32_t i = 0; i < file->count; i++) {
        const struct libexec_kit_program_header *const load = &file->headers[i];
        const uint64_t edges[] = {segments_down(file, load->address),
                                  segments_up(file, load->address + load->file_size),
                                  segments_up(file, load->address + load->memory_size)};
        for (uint32_t k = 0; k < 3; k++)
            if (load->memory_size != 0 && edges[k] > start && edges[k] < *next)
                *next = edges[k];
    }
    if (*next == UINT64_MAX || segments_owner(file, start) == NULL)
        return NULL;
    const char *wrong = check_page(file, image, *next - file->page_size, bias, kind);
    for (uint64_t i = 0; i < FIRST_PAGES && wrong == NULL && start + i * file->page_size < *next; i++)
        wrong = check_page(file, image, start + i * file->page_size, bias, kind);
    return wrong;
}

const char *fuzz_image_check(const struct libexec_kit_image *image, const uint8_t *bytes, uint64_t size,
                             uint64_t page_size, uint64_t bias, enum libexec_file kind) {
    struct libexec_kit_program_header loads[HEADERS_MOST];
    const struct segments file = {.bytes = bytes, .size = size, .page_size = page_size, .headers = loads,
                                  .count = read_loads(bytes, loads)};
    const struct libexec_region *regions = NULL;
    const uint32_t count = libexec_kit_image_regions(image, &regions);
    uint64_t mapped = 0, expected = 0, first = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++)
        if (regions[i].file == kind && regions[i].kind != LIBEXEC_REGION_TLS)
            mapped += regions[i].length;
    for (uint32_t i = 0; i < file.count; i++)
        if (loads[i].memory_size != 0 && segments_down(&file, loads[i].address) < first)
            first = segments_down(&file, loads[i].address);
    for (uint64_t start = first, next; start != UINT64_MAX; start = next) {
        const char *const wrong = check_stretch(&file, image, start, bias, kind, &next);
        if (wrong != NULL)
            return wrong;
        if (next != UINT64_MAX && segments_owner(&file, start) != NULL)
            expected += next - start;
    }
    return mapped == expected ? NULL : "pages are mapped that belong to no segment, or some are not";
}
