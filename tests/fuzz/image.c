// SPDX-License-Identifier: MIT
// What a file's image must be, read from its program headers byte by byte, as simply as can be: the last segment that
// covers a page owns it.
#include "fuzz.h"

#include <string.h>

#define HEADERS_MOST 64u
#define FIRST_PAGES 6u // of each stretch, and the last one: no file of the fuzzer's has bytes for more

struct file {
    const uint8_t *bytes;
    uint64_t size;
    uint64_t page_size;
    struct libexec_kit_program_header loads[HEADERS_MOST];
    uint32_t count;
};

static uint64_t down(const struct file *file, uint64_t value) {
    return value - value % file->page_size;
}

static uint64_t up(const struct file *file, uint64_t value) {
    return down(file, value + file->page_size - 1);
}

static void read_loads(struct file *file) {
    uint64_t table = 0;
    uint16_t count = 0;
    memcpy(&table, file->bytes + 32, sizeof(table));
    memcpy(&count, file->bytes + 56, sizeof(count));
    for (uint16_t i = 0; i < count; i++) {
        const uint8_t *const entry = file->bytes + table + 56u * i;
        struct libexec_kit_program_header header = {0};
        memcpy(&header.type, entry, 4);
        memcpy(&header.flags, entry + 4, 4);
        memcpy(&header.offset, entry + 8, 8);
        memcpy(&header.address, entry + 16, 8);
        memcpy(&header.file_size, entry + 32, 8);
        memcpy(&header.memory_size, entry + 40, 8);
        if (header.type == LIBEXEC_KIT_PT_LOAD && file->count < HEADERS_MOST)
            file->loads[file->count++] = header;
    }
}

static bool covers(const struct file *file, const struct libexec_kit_program_header *load, uint64_t page) {
    return load->memory_size != 0 && page >= down(file, load->address) &&
           page < up(file, load->address + load->memory_size);
}

static bool has_file_bytes(const struct file *file, const struct libexec_kit_program_header *load, uint64_t page) {
    return load->file_size != 0 && page < up(file, load->address + load->file_size);
}

static const struct libexec_kit_program_header *owner(const struct file *file, uint64_t page) {
    for (uint32_t i = file->count; i-- > 0;)
        if (covers(file, &file->loads[i], page))
            return &file->loads[i];
    return NULL;
}

static uint8_t byte_at(const struct file *file, uint64_t address) {
    for (uint32_t i = file->count; i-- > 0;) {
        const struct libexec_kit_program_header *const load = &file->loads[i];
        if (!covers(file, load, down(file, address)))
            continue;
        if (load->file_size == 0 && address < load->address)
            continue; // zeros that begin inside a page: what lies below them stays
        if (!has_file_bytes(file, load, down(file, address)))
            return 0;
        if (load->memory_size > load->file_size && address >= load->address + load->file_size)
            return 0;
        const uint64_t offset = load->offset + (address - load->address);
        return offset < file->size ? file->bytes[offset] : 0;
    }
    return 0;
}

static uint32_t rights_of(const struct file *file, const struct libexec_kit_program_header *load, uint64_t page) {
    static const uint8_t rights[8] = {0, 4, 2, 6, 1, 5, 3, 7}; // execute, write, read; read, write, execute
    return rights[load->flags % 8] | (has_file_bytes(file, load, page) ? 0 : 3u);
}

static const char *check_page(const struct file *file, const struct libexec_kit_image *image, uint64_t page,
                              uint64_t bias, enum libexec_file kind) {
    static uint8_t bytes[FUZZ_PAGE_MOST];
    const struct libexec_region *const region = libexec_kit_image_region(image, page + bias);
    if (region == NULL || region->file != kind || region->kind == LIBEXEC_REGION_TLS)
        return "a page of a segment is not mapped";
    if (region->rights != rights_of(file, owner(file, page), page))
        return "a page has other rights than its segment";
    if (!libexec_kit_image_read(image, page + bias, bytes, file->page_size))
        return "a page cannot be read";
    for (uint64_t i = 0; i < file->page_size; i++)
        if (bytes[i] != byte_at(file, page + i))
            return "a byte of a segment is another one";
    return NULL;
}

// The pages from `start`, on which some segment begins or ends, up to the next such page. `*next` becomes that.
static const char *check_stretch(const struct file *file, const struct libexec_kit_image *image, uint64_t start,
                                 uint64_t bias, enum libexec_file kind, uint64_t *next) {
    *next = UINT64_MAX;
    for (uint32_t i = 0; i < file->count; i++) {
        const struct libexec_kit_program_header *const load = &file->loads[i];
        const uint64_t edges[] = {down(file, load->address), up(file, load->address + load->file_size),
                                  up(file, load->address + load->memory_size)};
        for (uint32_t k = 0; k < 3; k++)
            if (load->memory_size != 0 && edges[k] > start && edges[k] < *next)
                *next = edges[k];
    }
    if (*next == UINT64_MAX || owner(file, start) == NULL)
        return NULL;
    const char *wrong = check_page(file, image, *next - file->page_size, bias, kind);
    for (uint64_t i = 0; i < FIRST_PAGES && wrong == NULL && start + i * file->page_size < *next; i++)
        wrong = check_page(file, image, start + i * file->page_size, bias, kind);
    return wrong;
}

const char *fuzz_image_check(const struct libexec_kit_image *image, const uint8_t *bytes, uint64_t size,
                             uint64_t page_size, uint64_t bias, enum libexec_file kind) {
    struct file file = {.bytes = bytes, .size = size, .page_size = page_size};
    const struct libexec_region *regions = NULL;
    const uint32_t count = libexec_kit_image_regions(image, &regions);
    uint64_t mapped = 0, expected = 0, first = UINT64_MAX;
    read_loads(&file);
    for (uint32_t i = 0; i < count; i++)
        if (regions[i].file == kind && regions[i].kind != LIBEXEC_REGION_TLS)
            mapped += regions[i].length;
    for (uint32_t i = 0; i < file.count; i++)
        if (file.loads[i].memory_size != 0 && down(&file, file.loads[i].address) < first)
            first = down(&file, file.loads[i].address);
    for (uint64_t start = first, next; start != UINT64_MAX; start = next) {
        const char *const wrong = check_stretch(&file, image, start, bias, kind, &next);
        if (wrong != NULL)
            return wrong;
        if (next != UINT64_MAX && owner(&file, start) != NULL)
            expected += next - start;
    }
    return mapped == expected ? NULL : "pages are mapped that belong to no segment, or some are not";
}
