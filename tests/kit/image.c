// SPDX-License-Identifier: MIT
// Images: a copy of all that a prepared exec came to, comparable with another one, and the initial stack as a program
// reads it.

#include "internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct libexec_kit_image {
    struct libexec_start start;
    struct libexec_layout layout;
    struct libexec_arguments_placed arguments;
    struct libexec_region *regions;
    uint32_t region_count;
    struct libexec_auxv *auxv;
    uint32_t auxv_count;
    struct kit_sparse pages; // those with a byte other than zero
    char *path;
};

// ---- Capture ------------------------------------------------------------------------------------------------------

static int by_address(const void *one, const void *other) {
    const struct libexec_region *const a = one;
    const struct libexec_region *const b = other;
    return a->address < b->address ? -1 : a->address > b->address;
}

static void collect_regions(struct libexec_kit_image *image, const struct libexec_exec *exec) {
    struct libexec_region region;
    while (libexec_exec_region(exec, image->region_count, &region)) {
        image->regions = kit_grown(image->regions, sizeof(region) * (image->region_count + 1));
        image->regions[image->region_count++] = region;
    }
    if (image->region_count > 0)
        qsort(image->regions, image->region_count, sizeof(region), by_address);
}

static void police_regions(struct libexec_kit *kit, const struct libexec_kit_image *image) {
    for (uint32_t i = 0; i < image->region_count; i++) {
        const struct libexec_region *const region = &image->regions[i];
        if (region->length == 0 || (region->address | region->length) % kit->arch->page_size != 0 ||
            region->length > kit->user_high || region->address > kit->user_high - region->length)
            kit_violation(kit, "region [0x%" PRIx64 ", +0x%" PRIx64 ") is not whole pages of the user range",
                          region->address, region->length);
        if (i > 0 && image->regions[i - 1].address + image->regions[i - 1].length > region->address)
            kit_violation(kit, "regions overlap at 0x%" PRIx64, region->address);
    }
}

const struct libexec_region *libexec_kit_image_region(const struct libexec_kit_image *image, libexec_address address) {
    for (uint32_t i = 0; i < image->region_count; i++)
        if (address >= image->regions[i].address && address - image->regions[i].address < image->regions[i].length)
            return &image->regions[i];
    return NULL;
}

// The map operation is a piece of the region that libexec_exec_region tells.
static bool agrees(const struct libexec_region *whole, const struct libexec_region *piece) {
    if (whole == NULL || whole->kind != piece->kind || whole->file != piece->file || whole->rights != piece->rights)
        return false;
    const uint64_t distance = piece->address - whole->address;
    if (piece->length > whole->length - distance)
        return false;
    const uint64_t rest = whole->file_length > distance ? whole->file_length - distance : 0;
    const uint64_t expected = rest < piece->length ? rest : piece->length;
    return piece->file_length == expected && (expected == 0 || piece->file_offset == whole->file_offset + distance);
}

static bool police_operations(struct libexec_kit *kit, const struct libexec_kit_image *image,
                              const struct kit_space *space) {
    const uint32_t before = kit->violations;
    uint64_t mapped = 0, told = 0;
    for (uint32_t i = 0; i < space->operation_count; i++) {
        const struct libexec_region *const piece = &space->operations[i].map.region;
        mapped += piece->length;
        if (!agrees(libexec_kit_image_region(image, piece->address), piece))
            kit_violation(kit, "the map operation at 0x%" PRIx64 " (+0x%" PRIx64 ", kind %d, file 0x%" PRIx64
                          " +0x%" PRIx64 ") and libexec_exec_region differ",
                          piece->address, piece->length, (int)piece->kind, piece->file_offset, piece->file_length);
    }
    for (uint32_t i = 0; i < image->region_count; i++)
        told += image->regions[i].length;
    if (mapped != told)
        kit_violation(kit, "0x%" PRIx64 " bytes are mapped, the regions have 0x%" PRIx64, mapped, told);
    return kit->violations == before;
}

static bool all_zero(const uint8_t *bytes, size_t length) {
    return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

static void keep_page(struct libexec_kit_image *image, uint64_t address, const uint8_t *bytes) {
    const uint32_t page_size = image->pages.page_size;
    if (all_zero(bytes, page_size))
        return;
    bool made = false;
    memcpy(kit_sparse_make(&image->pages, address, 0, &made), bytes, page_size);
}

static void keep_written(struct libexec_kit_image *image, const struct kit_space *space) {
    uint64_t cursor = 0, address = 0;
    uint8_t *bytes = NULL;
    while (kit_sparse_walk(&space->pages, &cursor, &address, &bytes))
        keep_page(image, address, bytes);
}

static void keep_borrowed(struct libexec_kit_image *image, const struct kit_operation *operation) {
    const struct libexec_region *const region = &operation->map.region;
    const uint32_t page_size = image->pages.page_size;
    uint8_t *const page = kit_memory(page_size);
    for (uint64_t offset = 0; offset < region->length; offset += page_size) {
        kit_file_page(operation->file, region->file_offset + offset, page, page_size);
        keep_page(image, region->address + offset, page);
    }
    free(page);
}

// The source that a mapping keeps: reads the file without the police.
static int kept_read_at(void *context, uint64_t offset, void *buffer, size_t length, size_t *done) {
    const struct kit_file *const file = context;
    const uint64_t size = kit_file_size(file);
    *done = offset >= size ? 0 : size - offset < length ? (size_t)(size - offset) : length;
    kit_file_page(file, offset, buffer, *done);
    return 0;
}

static const struct libexec_source_operations kept_operations = {.read_at = kept_read_at};

// Faults the pages of an operation in, as a kernel would that has only the sorted regions.
static void keep_faulted(struct libexec_kit *kit, struct libexec_kit_image *image,
                         const struct kit_operation *operation) {
    const struct libexec_region *const region = &operation->map.region;
    const uint32_t page_size = kit->arch->page_size;
    const uint64_t around = (uint64_t)page_size * 16;
    const struct libexec_source source = {.operations = &kept_operations, .context = operation->file,
                                          .size = operation->file->stated.size};
    uint8_t *const bytes = kit_memory(around);
    for (uint64_t at = region->address; at < region->address + region->length;) {
        struct libexec_fault_page page;
        if (!libexec_fault(image->regions, image->region_count, page_size, around, at, &page) || page.address > at ||
            page.length == 0 || page.length > around || page.address + page.length <= at) {
            kit_violation(kit, "libexec_fault does not answer for 0x%" PRIx64, at);
            break;
        }
        memset(bytes, kit->options.poison, around);
        const enum libexec_status status = libexec_fault_fill(&page, &source, bytes);
        if (status != LIBEXEC_OK && status != LIBEXEC_E_FILE_SHRANK)
            kit_violation(kit, "libexec_fault_fill at 0x%" PRIx64 ": %s", at, libexec_status_name(status));
        for (uint64_t offset = 0; offset < page.length; offset += page_size)
            if (page.address + offset >= at)
                keep_page(image, page.address + offset, bytes + offset);
        at = page.address + page.length;
    }
    free(bytes);
}

static void keep_operation(struct libexec_kit *kit, struct libexec_kit_image *image,
                           const struct kit_operation *operation) {
    if (operation->file == NULL)
        return;
    if (operation->map.backing == LIBEXEC_BACKING_SHARE || operation->map.backing == LIBEXEC_BACKING_COPY_ON_WRITE)
        keep_borrowed(image, operation);
    if (operation->map.backing == LIBEXEC_BACKING_FAULT)
        keep_faulted(kit, image, operation);
}

static void keep_values(struct libexec_kit_image *image, const struct libexec_exec *exec) {
    libexec_exec_start(exec, &image->start);
    image->layout = *libexec_exec_layout(exec);
    libexec_exec_arguments(exec, &image->arguments);
    const struct libexec_auxv *const auxv = libexec_exec_auxv(exec, &image->auxv_count);
    image->auxv = kit_memory(sizeof(*auxv) * image->auxv_count);
    memcpy(image->auxv, auxv, sizeof(*auxv) * image->auxv_count);
    const char *const path = image->start.path == NULL ? "" : image->start.path;
    const size_t length = strlen(path) + 1;
    image->path = memcpy(kit_memory(length), path, length);
    const char *const slash = strrchr(image->path, '/');
    image->start.path = image->path;
    image->start.name = slash == NULL ? image->path : slash + 1;
    image->start.layout = &image->layout;
    image->start.space = NULL;
}

struct libexec_kit_image *libexec_kit_capture(struct libexec_kit *kit, const struct libexec_exec *exec) {
    const struct kit_space *space = kit->spaces;
    while (space != NULL && (space->destroyed || space->installed))
        space = space->next;
    if (space == NULL) {
        kit_violation(kit, "capture without a prepared exec");
        return NULL;
    }
    struct libexec_kit_image *const image = kit_zeroed(sizeof(*image));
    kit_sparse_begin(&image->pages, kit->arch->page_size);
    collect_regions(image, exec);
    police_regions(kit, image);
    keep_values(image, exec);
    if (!police_operations(kit, image, space)) {
        libexec_kit_image_free(image);
        return NULL;
    }
    keep_written(image, space);
    for (uint32_t i = 0; i < space->operation_count; i++)
        keep_operation(kit, image, &space->operations[i]);
    return image;
}

void libexec_kit_image_free(struct libexec_kit_image *image) {
    if (image == NULL)
        return;
    kit_sparse_end(&image->pages);
    free(image->regions);
    free(image->auxv);
    free(image->path);
    free(image);
}

// ---- Reading ------------------------------------------------------------------------------------------------------

const struct libexec_start *libexec_kit_image_start(const struct libexec_kit_image *image) {
    return &image->start;
}

const struct libexec_layout *libexec_kit_image_layout(const struct libexec_kit_image *image) {
    return &image->layout;
}

const struct libexec_arguments_placed *libexec_kit_image_arguments(const struct libexec_kit_image *image) {
    return &image->arguments;
}

uint32_t libexec_kit_image_regions(const struct libexec_kit_image *image, const struct libexec_region **regions) {
    *regions = image->regions;
    return image->region_count;
}

uint32_t libexec_kit_image_auxv(const struct libexec_kit_image *image, const struct libexec_auxv **auxv) {
    *auxv = image->auxv;
    return image->auxv_count;
}

const uint8_t *libexec_kit_image_page(const struct libexec_kit_image *image, libexec_address address) {
    return kit_sparse_find(&image->pages, address - address % image->pages.page_size);
}

bool libexec_kit_image_read(const struct libexec_kit_image *image, libexec_address address, void *bytes,
                            size_t length) {
    uint8_t *to = bytes;
    const uint32_t page_size = image->pages.page_size;
    while (length > 0) {
        const struct libexec_region *const region = libexec_kit_image_region(image, address);
        if (region == NULL || region->kind == LIBEXEC_REGION_GUARD)
            return false;
        const size_t rest = page_size - address % page_size;
        const size_t count = length < rest ? length : rest;
        const uint8_t *const from = kit_sparse_find(&image->pages, address);
        if (from == NULL)
            memset(to, 0, count);
        else
            memcpy(to, from, count);
        address += count;
        to += count;
        length -= count;
    }
    return true;
}

char *libexec_kit_image_string(const struct libexec_kit_image *image, libexec_address address, size_t *length) {
    size_t count = 0, room = 64;
    char *text = kit_memory(room);
    while (libexec_kit_image_read(image, address + count, &text[count], 1)) {
        if (text[count] == 0) {
            if (length != NULL)
                *length = count;
            return text;
        }
        if (++count == room)
            text = kit_grown(text, room *= 2);
    }
    free(text);
    return NULL;
}

// ---- Comparing ----------------------------------------------------------------------------------------------------

__attribute__((format(printf, 3, 4))) static bool differ(char *why, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (why != NULL)
        vsnprintf(why, size, format, arguments);
    va_end(arguments);
    return false;
}

// The region at `*index`, which moves behind it. Pages of the TLS block count as one: how much of the template a host
// lends its pages for, a program cannot see.
static struct libexec_region next_region(const struct libexec_kit_image *image, uint32_t *index) {
    struct libexec_region region = image->regions[(*index)++];
    if (region.kind != LIBEXEC_REGION_TLS)
        return region;
    for (; *index < image->region_count; (*index)++) {
        const struct libexec_region *const next = &image->regions[*index];
        if (next->kind != LIBEXEC_REGION_TLS || next->address != region.address + region.length)
            break;
        region.length += next->length;
    }
    region.file = LIBEXEC_FILE_NONE;
    region.file_offset = region.file_length = 0;
    return region;
}

static bool same_region(const struct libexec_region *one, const struct libexec_region *other) {
    return one->address == other->address && one->length == other->length && one->file_length == other->file_length &&
           one->kind == other->kind && one->file == other->file && one->rights == other->rights &&
           one->file_offset == other->file_offset;
}

static bool same_start(const struct libexec_start *one, const struct libexec_start *other) {
    return one->entry == other->entry && one->stack_pointer == other->stack_pointer &&
           one->thread_pointer == other->thread_pointer && one->flags == other->flags && one->uid == other->uid &&
           one->euid == other->euid && one->gid == other->gid && one->egid == other->egid &&
           strcmp(one->path, other->path) == 0;
}

static bool same_values(const struct libexec_kit_image *one, const struct libexec_kit_image *other, char *why,
                        size_t size) {
    if (memcmp(&one->layout, &other->layout, sizeof(one->layout)) != 0)
        return differ(why, size, "the layouts differ (program at 0x%" PRIx64 " and 0x%" PRIx64 ", rsp 0x%" PRIx64
                      " and 0x%" PRIx64 ")", one->layout.program.address, other->layout.program.address,
                      one->layout.stack_pointer, other->layout.stack_pointer);
    if (!same_start(&one->start, &other->start))
        return differ(why, size, "the starts differ (entry 0x%" PRIx64 " and 0x%" PRIx64 ", flags 0x%x and 0x%x)",
                      one->start.entry, other->start.entry, one->start.flags, other->start.flags);
    if (memcmp(&one->arguments, &other->arguments, sizeof(one->arguments)) != 0)
        return differ(why, size, "the arguments lie elsewhere");
    if (one->auxv_count != other->auxv_count ||
        memcmp(one->auxv, other->auxv, sizeof(*one->auxv) * one->auxv_count) != 0)
        return differ(why, size, "the auxiliary vectors differ");
    uint32_t i = 0, k = 0;
    while (i < one->region_count && k < other->region_count) {
        const struct libexec_region a = next_region(one, &i), b = next_region(other, &k);
        if (!same_region(&a, &b))
            return differ(why, size, "regions differ: [0x%" PRIx64 ", +0x%" PRIx64 ") and [0x%" PRIx64 ", +0x%" PRIx64
                          ")", a.address, a.length, b.address, b.length);
    }
    if (i < one->region_count || k < other->region_count)
        return differ(why, size, "%u and %u regions", one->region_count, other->region_count);
    return true;
}

// Pages of `one` against those of `other`; `excused` (or -1) is a value of one's that may be zero in the other.
static bool same_pages(const struct libexec_kit_image *one, const struct libexec_kit_image *other, int excused,
                       char *why, size_t size) {
    uint64_t cursor = 0, address = 0;
    uint8_t *bytes = NULL;
    while (kit_sparse_walk(&one->pages, &cursor, &address, &bytes)) {
        const uint8_t *const page = kit_sparse_find(&other->pages, address);
        if (page != NULL && memcmp(bytes, page, one->pages.page_size) == 0)
            continue;
        for (uint32_t i = 0; i < one->pages.page_size; i++) {
            const uint8_t there = page == NULL ? 0 : page[i];
            if (bytes[i] == there || (bytes[i] == excused && there == 0))
                continue;
            return differ(why, size, "byte 0x%" PRIx64 " is 0x%02x and 0x%02x", address + i, bytes[i], there);
        }
    }
    return true;
}

static bool equal(const struct libexec_kit_image *one, const struct libexec_kit_image *other, int excused, char *why,
                  size_t size) {
    if (!same_values(one, other, why, size) || !same_pages(one, other, excused, why, size))
        return false;
    // The other way round, only pages that `one` has not: in those it has, every byte was compared.
    uint64_t cursor = 0, address = 0;
    uint8_t *bytes = NULL;
    while (kit_sparse_walk(&other->pages, &cursor, &address, &bytes))
        if (kit_sparse_find(&one->pages, address) == NULL)
            return differ(why, size, "page 0x%" PRIx64 " is zero in the first image only", address);
    return true;
}

bool libexec_kit_image_equal(const struct libexec_kit_image *one, const struct libexec_kit_image *other, char *why,
                             size_t size) {
    return equal(one, other, -1, why, size);
}

bool libexec_kit_image_equal_but(const struct libexec_kit_image *one, const struct libexec_kit_image *bounced,
                                 uint8_t poison, char *why, size_t size) {
    return equal(one, bounced, poison, why, size);
}

// ---- The stack ----------------------------------------------------------------------------------------------------

struct reader {
    const struct libexec_kit_image *image;
    libexec_address at;
    bool good;
};

static uint64_t next_word(struct reader *reader) {
    uint8_t bytes[8] = {0};
    if (!libexec_kit_image_read(reader->image, reader->at, bytes, sizeof(bytes)))
        reader->good = false;
    reader->at += sizeof(bytes);
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--)
        word = word << 8 | bytes[i];
    return word;
}

static libexec_address *next_pointers(struct reader *reader, uint64_t *count) {
    uint64_t room = 16;
    libexec_address *pointers = kit_memory(sizeof(*pointers) * room);
    for (*count = 0;; (*count)++) {
        const uint64_t pointer = next_word(reader);
        if (pointer == 0 || !reader->good)
            return pointers;
        if (*count == room)
            pointers = kit_grown(pointers, sizeof(*pointers) * (room *= 2));
        pointers[*count] = pointer;
    }
}

static void next_auxv(struct reader *reader, struct libexec_kit_stack *stack) {
    do {
        stack->auxv = kit_grown(stack->auxv, sizeof(*stack->auxv) * (stack->auxv_count + 1));
        struct libexec_auxv *const entry = &stack->auxv[stack->auxv_count++];
        entry->type = next_word(reader);
        entry->value = next_word(reader);
    } while (reader->good && stack->auxv[stack->auxv_count - 1].type != LIBEXEC_AT_NULL);
}

bool libexec_kit_stack_read(const struct libexec_kit_image *image, struct libexec_kit_stack *stack) {
    *stack = (struct libexec_kit_stack){0};
    struct reader reader = {.image = image, .at = image->start.stack_pointer, .good = true};
    stack->argc = next_word(&reader);
    uint64_t count = 0;
    stack->argv = next_pointers(&reader, &count);
    stack->envp = next_pointers(&reader, &stack->envc);
    next_auxv(&reader, stack);
    stack->end = reader.at;
    if (reader.good && count == stack->argc)
        return true;
    libexec_kit_stack_free(stack);
    return false;
}

void libexec_kit_stack_free(struct libexec_kit_stack *stack) {
    free(stack->argv);
    free(stack->envp);
    free(stack->auxv);
    *stack = (struct libexec_kit_stack){0};
}
