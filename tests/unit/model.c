// SPDX-License-Identifier: MIT
// Models of the image and of the initial stack, written from the rules and not from the library: byte by byte, as
// simply as can be.

#include "segments.h"
#include "world.h"

#include <stdio.h>

// ---- The image ----------------------------------------------------------------------------------------------------

static void check_page(struct world *world, const struct libexec_kit_image *image, const struct segments *segments,
                       uint64_t page, uint64_t bias, enum libexec_file file) {
    const struct libexec_region *const region = libexec_kit_image_region(image, page + bias);
    const struct libexec_kit_program_header *const owner = segments_owner(segments, page);
    const uint32_t rights = segments_rights(segments, owner, page);
    if (region == NULL || region->file != file)
        world_fail(world, "page 0x%llx of a segment is not mapped", (unsigned long long)page);
    if (region->rights != rights)
        world_fail(world, "page 0x%llx has the rights %u, expected %u", (unsigned long long)page, region->rights,
                   rights);
    EXPECT_EQUAL(world, region->program_header, owner - segments->headers);
    static uint8_t bytes[PAGE_MOST];
    EXPECT(world, libexec_kit_image_read(image, page + bias, bytes, segments->page_size));
    for (uint64_t i = 0; i < segments->page_size; i++) {
        const uint8_t expected = segments_byte(segments, page + i);
        if (bytes[i] != expected)
            world_fail(world, "byte 0x%llx is 0x%02x, expected 0x%02x", (unsigned long long)(page + i), bytes[i],
                       expected);
    }
}

void check_image(struct world *world, const struct libexec_kit_image *image, const struct libexec_kit_elf *elf,
                 uint64_t bias, enum libexec_file file) {
    const struct segments segments = {.bytes = elf->bytes, .size = elf->size, .page_size = world_page_size(world),
                                      .headers = elf->headers, .count = elf->added};
    uint64_t mapped = 0, expected = 0;
    for (uint32_t i = 0; i < elf->added; i++) {
        const struct libexec_kit_program_header *const header = &elf->headers[i];
        if (header->type != LIBEXEC_KIT_PT_LOAD || header->memory_size == 0)
            continue;
        const uint64_t end = segments_up(&segments, header->address + header->memory_size);
        for (uint64_t page = segments_down(&segments, header->address); page < end; page += segments.page_size) {
            if (segments_owner(&segments, page) != header)
                continue; // each page once, by its owner
            expected += segments.page_size;
            check_page(world, image, &segments, page, bias, file);
        }
    }
    const struct libexec_region *regions = NULL;
    const uint32_t count = libexec_kit_image_regions(image, &regions);
    for (uint32_t i = 0; i < count; i++)
        if (regions[i].file == file && regions[i].kind != LIBEXEC_REGION_TLS)
            mapped += regions[i].length;
    EXPECT_EQUAL(world, mapped, expected);
    EXPECT(world, expected > 0);
}

// ---- The stack ----------------------------------------------------------------------------------------------------

uint64_t image_word(struct world *world, const struct libexec_kit_image *image, libexec_address address) {
    uint8_t bytes[8];
    EXPECT(world, libexec_kit_image_read(image, address, bytes, sizeof(bytes)));
    uint64_t word = 0;
    for (int i = 7; i >= 0; i--)
        word = word << 8 | bytes[i];
    return word;
}

bool auxv_has(const struct libexec_kit_image *image, uint64_t type) {
    const struct libexec_auxv *auxv = NULL;
    const uint32_t count = libexec_kit_image_auxv(image, &auxv);
    for (uint32_t i = 0; i < count; i++)
        if (auxv[i].type == type)
            return true;
    return false;
}

uint64_t auxv_value(struct world *world, const struct libexec_kit_image *image, uint64_t type) {
    const struct libexec_auxv *auxv = NULL;
    const uint32_t count = libexec_kit_image_auxv(image, &auxv);
    for (uint32_t i = 0; i < count; i++)
        if (auxv[i].type == type)
            return auxv[i].value;
    world_fail(world, "auxv has no entry of type %llu", (unsigned long long)type);
}

// The order of Linux's entries; AT_NULL ends it, entries that Linux does not have stand before that.
static const uint64_t order[] = {
    LIBEXEC_AT_SYSINFO_EHDR, LIBEXEC_AT_MINSIGSTKSZ, LIBEXEC_AT_HWCAP, LIBEXEC_AT_PAGESZ, LIBEXEC_AT_CLKTCK,
    LIBEXEC_AT_PHDR, LIBEXEC_AT_PHENT, LIBEXEC_AT_PHNUM, LIBEXEC_AT_BASE, LIBEXEC_AT_FLAGS, LIBEXEC_AT_ENTRY,
    LIBEXEC_AT_UID, LIBEXEC_AT_EUID, LIBEXEC_AT_GID, LIBEXEC_AT_EGID, LIBEXEC_AT_SECURE, LIBEXEC_AT_RANDOM,
    LIBEXEC_AT_HWCAP2, LIBEXEC_AT_EXECFN, LIBEXEC_AT_PLATFORM, LIBEXEC_AT_EXECFD, LIBEXEC_AT_RSEQ_FEATURE_SIZE,
    LIBEXEC_AT_RSEQ_ALIGN,
};
#define ORDERED (sizeof(order) / sizeof(order[0]))

static size_t place_of(uint64_t type) {
    for (size_t i = 0; i < ORDERED; i++)
        if (order[i] == type)
            return i;
    return type == LIBEXEC_AT_NULL ? ORDERED + 1 : ORDERED;
}

static bool always_there(uint64_t type) {
    return type != LIBEXEC_AT_SYSINFO_EHDR && type != LIBEXEC_AT_MINSIGSTKSZ && type != LIBEXEC_AT_EXECFD &&
           type != LIBEXEC_AT_RSEQ_FEATURE_SIZE && type != LIBEXEC_AT_RSEQ_ALIGN;
}

static void check_auxv(struct world *world, const struct libexec_kit_image *image,
                       const struct libexec_kit_stack *stack, const struct expected_stack *expected) {
    const struct libexec_auxv *reported = NULL;
    EXPECT_EQUAL(world, libexec_kit_image_auxv(image, &reported), stack->auxv_count);
    for (uint64_t i = 0; i < stack->auxv_count; i++) {
        EXPECT_EQUAL(world, reported[i].type, stack->auxv[i].type);
        EXPECT_EQUAL(world, reported[i].value, stack->auxv[i].value);
        if (i > 0 && place_of(stack->auxv[i].type) < ORDERED)
            EXPECT(world, place_of(stack->auxv[i - 1].type) < place_of(stack->auxv[i].type));
    }
    EXPECT_EQUAL(world, stack->auxv[stack->auxv_count - 1].type, LIBEXEC_AT_NULL);
    EXPECT_EQUAL(world, stack->auxv[stack->auxv_count - 1].value, 0);
    for (size_t i = 0; i < ORDERED; i++)
        if (always_there(order[i]))
            EXPECT(world, auxv_has(image, order[i]));
    for (uint32_t i = 0; i < expected->auxv_count; i++)
        EXPECT_EQUAL(world, auxv_value(world, image, expected->auxv[i].type), expected->auxv[i].value);
    EXPECT_EQUAL(world, auxv_value(world, image, LIBEXEC_AT_PAGESZ), world_page_size(world));
    EXPECT_EQUAL(world, auxv_value(world, image, LIBEXEC_AT_PHENT), 56);
    EXPECT_EQUAL(world, auxv_value(world, image, LIBEXEC_AT_FLAGS), 0);
    EXPECT_EQUAL(world, auxv_value(world, image, LIBEXEC_AT_ENTRY), libexec_kit_image_layout(image)->program_entry);
}

// Compares the string at `address`; `text` may be NULL. Returns the address behind its NUL.
static libexec_address check_string(struct world *world, const struct libexec_kit_image *image, libexec_address address,
                                    const char *text) {
    size_t length = 0;
    char *const found = libexec_kit_image_string(image, address, &length);
    EXPECT(world, found != NULL);
    if (text != NULL && strcmp(found, text) != 0)
        world_fail(world, "the string at 0x%llx is \"%.60s\", expected \"%.60s\"", (unsigned long long)address, found,
                   text);
    free(found);
    return address + length + 1;
}

static libexec_address check_strings(struct world *world, const struct libexec_kit_image *image,
                                     const libexec_address *pointers, uint64_t count, const char *const *texts,
                                     libexec_address at) {
    for (uint64_t i = 0; i < count; i++) {
        EXPECT_EQUAL(world, pointers[i], at); // contiguous and ascending
        at = check_string(world, image, pointers[i], texts == NULL ? NULL : texts[i]);
    }
    return at;
}

struct part {
    libexec_address start;
    libexec_address end;
};

static void check_rest_zero(struct world *world, const struct libexec_kit_image *image, const struct part *parts,
                            size_t count) {
    const struct libexec_range stack = libexec_kit_image_layout(image)->stack;
    const uint64_t page_size = world_page_size(world);
    for (libexec_address page = stack.address; page < stack.address + stack.length; page += page_size) {
        const uint8_t *const bytes = libexec_kit_image_page(image, page);
        for (uint64_t i = 0; bytes != NULL && i < page_size; i++) {
            bool known = bytes[i] == 0;
            for (size_t k = 0; k < count && !known; k++)
                known = page + i >= parts[k].start && page + i < parts[k].end;
            if (!known)
                world_fail(world, "byte 0x%llx of the stack is 0x%02x, and belongs to nothing",
                           (unsigned long long)(page + i), bytes[i]);
        }
    }
}

void check_stack(struct world *world, const struct libexec_kit_image *image, const struct expected_stack *expected) {
    struct libexec_kit_stack stack;
    const struct libexec_arguments_placed *const placed = libexec_kit_image_arguments(image);
    const libexec_address pointer = libexec_kit_image_start(image)->stack_pointer;
    EXPECT(world, libexec_kit_stack_read(image, &stack));
    EXPECT_EQUAL(world, pointer % 16, 0);
    EXPECT_EQUAL(world, stack.argc, expected->argc);
    EXPECT_EQUAL(world, stack.envc, expected->envc);
    EXPECT_EQUAL(world, placed->argc, expected->argc);
    EXPECT_EQUAL(world, placed->envc, expected->envc);
    check_auxv(world, image, &stack, expected);

    libexec_address at = check_strings(world, image, stack.argv, stack.argc, expected->argv, placed->strings);
    EXPECT_EQUAL(world, at, placed->environment);
    at = check_strings(world, image, stack.envp, stack.envc, expected->envp, placed->environment);
    EXPECT_EQUAL(world, at, placed->end);
    const libexec_address name = auxv_value(world, image, LIBEXEC_AT_EXECFN);
    EXPECT(world, name >= placed->end);
    const libexec_address name_end = check_string(world, image, name, expected->path);
    const libexec_address platform = auxv_value(world, image, LIBEXEC_AT_PLATFORM);
    const libexec_address platform_end = check_string(world, image, platform, "x86_64");
    const libexec_address random = auxv_value(world, image, LIBEXEC_AT_RANDOM);
    EXPECT(world, stack.end <= random && random + 16 <= platform && platform_end <= placed->strings);

    const struct libexec_range range = libexec_kit_image_layout(image)->stack;
    EXPECT(world, pointer > range.address && name_end + 8 <= range.address + range.length);
    const struct part parts[] = {{pointer, stack.end}, {platform, platform_end}, {random, random + 16},
                                 {placed->strings, placed->end}, {name, name_end}};
    check_rest_zero(world, image, parts, sizeof(parts) / sizeof(parts[0]));
    libexec_kit_stack_free(&stack);
}
