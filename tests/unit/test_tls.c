// SPDX-License-Identifier: MIT
// The TLS block: a matrix of alignments, sizes and congruences against the formula of Drepper's "ELF Handling For
// Thread-Local Storage" (section 3, Variant II), policies, senseless headers, and what a real linker computed.

#include "world.h"

#include <stdio.h>

#define TEMPLATE_AT 0x4008u

struct block {
    uint64_t alignment;
    uint64_t memory_size;
    uint64_t file_size;
    uint64_t address;
    uint64_t offset;
    enum libexec_tls_policy policy;
};

// A static program with room for a template of 0x3000 bytes behind its segments.
static struct libexec_kit_elf make_program(const struct block *block) {
    struct libexec_kit_elf elf;
    libexec_kit_elf_begin(&elf, LIBEXEC_KIT_ET_EXEC, 0x8000);
    elf.entry = BASE + 0x100;
    libexec_kit_elf_add(&elf, load(R | X, 0, BASE, 0x1200, 0x1200));
    if (block != NULL)
        libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){
                                      .type = LIBEXEC_KIT_PT_TLS, .flags = R, .offset = block->offset,
                                      .address = block->address, .file_size = block->file_size,
                                      .memory_size = block->memory_size, .alignment = block->alignment});
    libexec_kit_elf_build(&elf);
    return elf;
}

struct fixture {
    struct libexec_kit_elf elf;
    struct block block;
};

static void execute(struct world *world) {
    const struct fixture *const fixture = world->scenario->data;
    static const char *const argv[] = {"x", NULL};
    world_file(world, PROGRAM, &fixture->elf);
    world_execute(world, PROGRAM);
    world_arguments(world, argv, NULL);
    world->policy.tls = fixture->block.policy;
}

static uint64_t round_up(uint64_t value, uint64_t alignment) {
    return (value + alignment - 1) / alignment * alignment;
}

static uint8_t byte_at(struct world *world, const struct libexec_kit_image *image, libexec_address address) {
    uint8_t byte = 0;
    EXPECT(world, libexec_kit_image_read(image, address, &byte, 1));
    return byte;
}

// Everything in the TLS pages: the template where the formula puts it, the word at the thread pointer, zeros.
static void check_block(struct world *world, const struct libexec_kit_image *image) {
    const struct fixture *const fixture = world->scenario->data;
    const struct block *const block = &fixture->block;
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const libexec_address pointer = libexec_kit_image_start(image)->thread_pointer;
    const uint64_t alignment = block->alignment == 0 ? 1 : block->alignment;
    const uint64_t c = block->address % alignment;
    const libexec_address template = pointer - (round_up(c + block->memory_size, alignment) - c);
    EXPECT(world, pointer != 0);
    EXPECT_EQUAL(world, pointer % alignment, 0);
    EXPECT_EQUAL(world, pointer % 64, 0); // the architecture's least
    EXPECT_EQUAL(world, layout->tls_template, template);
    EXPECT_EQUAL(world, image_word(world, image, pointer), pointer);

    const struct libexec_range pages = layout->tls;
    EXPECT(world, pages.address <= template && pages.address + pages.length >= pointer + 4096);
    EXPECT(world, pages.length <= round_up(block->memory_size, PAGE) + alignment + 4 * PAGE);
    for (libexec_address page = pages.address; page < pages.address + pages.length; page += PAGE) {
        const struct libexec_region *const region = libexec_kit_image_region(image, page);
        EXPECT(world, region != NULL && region->kind == LIBEXEC_REGION_TLS && region->rights == 3);
        const uint8_t *const bytes = libexec_kit_image_page(image, page);
        for (uint64_t i = 0; i < PAGE; i++) {
            const uint64_t in_template = page + i - template, in_word = page + i - pointer;
            uint8_t expected = 0;
            if (in_template < block->file_size)
                expected = fixture->elf.bytes[block->offset + in_template];
            if (in_word < 8)
                expected = (uint8_t)(pointer >> (8 * in_word));
            const uint8_t found = bytes == NULL ? 0 : bytes[i];
            if (found != expected)
                world_fail(world, "TLS byte 0x%llx (thread pointer 0x%llx) is 0x%02x, expected 0x%02x",
                           (unsigned long long)(page + i), (unsigned long long)pointer, found, expected);
        }
    }
}

static void run_block(struct block block, const struct flavour *flavour) {
    static struct world world;
    struct fixture fixture = {.elf = make_program(&block), .block = block};
    char name[120];
    snprintf(name, sizeof(name), "align 0x%llx memsz 0x%llx filesz 0x%llx vaddr 0x%llx offset 0x%llx",
             (unsigned long long)block.alignment, (unsigned long long)block.memory_size,
             (unsigned long long)block.file_size, (unsigned long long)block.address, (unsigned long long)block.offset);
    const struct scenario scenario = {.name = name, .set_up = execute, .data = &fixture};
    world_begin(&world, &scenario, flavour);
    struct libexec_kit_image *const image = world_image(&world);
    check_block(&world, image);
    world_end_prepared(&world, image);
    libexec_kit_elf_end(&fixture.elf);
}

static void the_matrix(void **state) {
    (void)state;
    static const uint64_t sizes[] = {0, 1, 7, 0xdc, 0x1000, 0x1801};
    uint32_t blocks = 0;
    for (uint64_t alignment = 1; alignment <= 8192; alignment *= 2)
        for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++)
            for (int f = 0; f < 3; f++) {
                const uint64_t size = sizes[s];
                const uint64_t file_size = f == 0 ? 0 : f == 1 ? size / 2 : size;
                const uint64_t addresses[] = {0x500000, 0x500008, 0x500000 + alignment / 2, 0x500000 + alignment - 1};
                for (size_t a = 0; a < 4; a++) {
                    const struct block block = {alignment, size, file_size, addresses[a], TEMPLATE_AT, 0};
                    run_block(block, &flavours[blocks++ % 3]);
                }
            }
    for (uint64_t offset = 0x3ff0; offset < 0x4010; offset += 5) // large templates, pages of which can be borrowed
        for (uint64_t alignment = 1; alignment <= 0x4000; alignment *= 4)
            for (size_t i = 0; i < 3; i++, blocks++)
                run_block((struct block){alignment, 0x2fed, 0x2eee, 0x500000 + offset, offset, 0}, &flavours[i]);
    printf("%u TLS blocks\n", blocks);
    run_block((struct block){0, 0x30, 0x10, 0x500000, TEMPLATE_AT, 0}, flavour_full); // p_align 0: none
    run_block((struct block){1u << 22, 0x30, 0x10, 0x500000, TEMPLATE_AT, 0}, flavour_required);
}

static void on_every_host(void **state) {
    (void)state;
    static const struct block blocks[] = {{0x40, 0xdc, 0x20, 0x500008, TEMPLATE_AT, 0},
                                          {0x1000, 0x3001, 0x2fff, 0x500008, TEMPLATE_AT, 0},
                                          {8, 0x2800, 0x2800, 0x504000, 0x4000, 0},
                                          {16, 0, 0, 0x500000, TEMPLATE_AT, 0},
                                          {0x2000, 0x10, 0, 0x500000, TEMPLATE_AT, 0}};
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        struct fixture fixture = {.elf = make_program(&blocks[i]), .block = blocks[i]};
        run_scenario(&(struct scenario){.name = "block", .set_up = execute, .data = &fixture, .check = check_block});
        libexec_kit_elf_end(&fixture.elf);
    }
}

// ---- Policies -----------------------------------------------------------------------------------------------------

static void check_no_block(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const struct libexec_region *regions = NULL;
    const uint32_t count = libexec_kit_image_regions(image, &regions);
    EXPECT_EQUAL(world, libexec_kit_image_start(image)->thread_pointer, 0);
    EXPECT_EQUAL(world, layout->tls.length, 0);
    for (uint32_t i = 0; i < count; i++)
        EXPECT(world, regions[i].kind != LIBEXEC_REGION_TLS);
}

static void check_control_block_alone(struct world *world, const struct libexec_kit_image *image) {
    const libexec_address pointer = libexec_kit_image_start(image)->thread_pointer;
    EXPECT(world, pointer != 0 && pointer % 64 == 0);
    EXPECT_EQUAL(world, image_word(world, image, pointer), pointer);
    EXPECT_EQUAL(world, byte_at(world, image, pointer + 4095), 0);
    EXPECT_EQUAL(world, image_word(world, image, pointer + 0x28), 0);
}

static void policies(void **state) {
    (void)state;
    static const struct {
        bool header;
        enum libexec_tls_policy policy;
        void (*check)(struct world *, const struct libexec_kit_image *);
    } rows[] = {
        {true, LIBEXEC_TLS_AUTOMATIC, check_block},     {true, LIBEXEC_TLS_ALWAYS, check_block},
        {true, LIBEXEC_TLS_NEVER, check_no_block},      {false, LIBEXEC_TLS_AUTOMATIC, check_no_block},
        {false, LIBEXEC_TLS_NEVER, check_no_block},     {false, LIBEXEC_TLS_ALWAYS, check_control_block_alone},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct block block = {16, 0x50, 0x30, 0x500000, TEMPLATE_AT, rows[i].policy};
        struct fixture fixture = {.elf = make_program(rows[i].header ? &block : NULL), .block = block};
        run_scenario(&(struct scenario){.name = "policy", .set_up = execute, .data = &fixture,
                                        .check = rows[i].check});
        libexec_kit_elf_end(&fixture.elf);
    }
}

static void execute_dynamic(struct world *world) {
    execute(world);
    static struct libexec_kit_elf loader;
    libexec_kit_elf_end(&loader);
    small_elf(&loader, LIBEXEC_KIT_ET_DYN, 0);
    world_file(world, "/lib/loader", &loader);
}

static void a_program_with_an_interpreter(void **state) {
    (void)state;
    for (int always = 0; always < 2; always++) {
        struct fixture fixture = {.block = {16, 0x50, 0x30, 0x500000, TEMPLATE_AT,
                                            always ? LIBEXEC_TLS_ALWAYS : LIBEXEC_TLS_AUTOMATIC}};
        fixture.elf = make_program(&fixture.block);
        libexec_kit_elf_write(&fixture.elf, 0x800, "/lib/loader", 12);
        libexec_kit_elf_add(&fixture.elf, (struct libexec_kit_program_header){
                                              .type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800, .file_size = 12});
        libexec_kit_elf_build(&fixture.elf);
        run_scenario(&(struct scenario){.name = "dynamic", .set_up = execute_dynamic, .data = &fixture,
                                        .check = always ? check_block : check_no_block, .needs_open = true});
        libexec_kit_elf_end(&fixture.elf);
    }
}

// ---- Senseless headers --------------------------------------------------------------------------------------------

static void bug_E11_ranges_and_other_nonsense(void **state) {
    (void)state;
    static const struct {
        struct block block;
        enum libexec_status status;
    } rows[] = {
        {{16, 0x2f, 0x30, 0x500000, TEMPLATE_AT, 0}, LIBEXEC_E_TLS_SIZE},
        {{16, 0, 1, 0x500000, TEMPLATE_AT, 0}, LIBEXEC_E_TLS_SIZE},
        {{16, UINT64_MAX, 0x30, 0x500000, TEMPLATE_AT, 0}, LIBEXEC_E_TLS_SIZE},
        {{16, 1ull << 63, 0x30, 0x500000, TEMPLATE_AT, 0}, LIBEXEC_E_TLS_SIZE},
        {{1ull << 63, 0x50, 0x30, 0x500000, TEMPLATE_AT, 0}, LIBEXEC_E_TLS_SIZE},
        {{3, 0x50, 0x30, 0x500000, TEMPLATE_AT, 0}, LIBEXEC_E_TLS_ALIGNMENT},
        {{0x1001, 0x50, 0x30, 0x500000, TEMPLATE_AT, 0}, LIBEXEC_E_TLS_ALIGNMENT},
        {{UINT64_MAX, 0x50, 0x30, 0x500000, TEMPLATE_AT, 0}, LIBEXEC_E_TLS_ALIGNMENT},
        {{16, 0x50, 0x30, 0x500000, 0x7fd1, 0}, LIBEXEC_E_TLS_OUTSIDE_FILE},
        {{16, 0x50, 0x30, 0x500000, 0x8000, 0}, LIBEXEC_E_TLS_OUTSIDE_FILE},
        {{16, 0x50, 0x30, 0x500000, UINT64_MAX - 8, 0}, LIBEXEC_E_TLS_OUTSIDE_FILE},
        {{16, 0x9000, 0x8001, 0x500000, 0, 0}, LIBEXEC_E_TLS_OUTSIDE_FILE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct fixture fixture = {.elf = make_program(&rows[i].block), .block = rows[i].block};
        run_scenario(&(struct scenario){.name = "E11", .set_up = execute, .data = &fixture, .status = rows[i].status,
                                        .error = LIBEXEC_ERRNO_ENOEXEC, .stage = LIBEXEC_STAGE_TLS,
                                        .file = LIBEXEC_FILE_PROGRAM, .program_header = 1, .offset = HEADER_AT(1),
                                        .argument = ANY});
        // Where no block is to be built, nobody looks.
        fixture.block.policy = LIBEXEC_TLS_NEVER;
        run_scenario(&(struct scenario){.name = "E11 never", .set_up = execute, .data = &fixture,
                                        .check = check_no_block, .plain_only = true});
        libexec_kit_elf_end(&fixture.elf);
    }
    // The template may end with the file.
    const struct block last = {16, 0x50, 0x30, 0x500000, 0x7fd0, 0};
    run_block(last, flavour_full);
}

// The header is the program's, although the interpreter was looked at last.
static void a_senseless_header_beside_an_interpreter(void **state) {
    (void)state;
    struct fixture fixture = {.block = {16, 0x2f, 0x30, 0x500000, TEMPLATE_AT, LIBEXEC_TLS_ALWAYS}};
    fixture.elf = make_program(&fixture.block);
    libexec_kit_elf_write(&fixture.elf, 0x800, "/lib/loader", 12);
    libexec_kit_elf_add(&fixture.elf, (struct libexec_kit_program_header){
                                          .type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800, .file_size = 12});
    libexec_kit_elf_build(&fixture.elf);
    run_scenario(&(struct scenario){.name = "E11 dynamic", .set_up = execute_dynamic, .data = &fixture,
                                    .status = LIBEXEC_E_TLS_SIZE, .error = LIBEXEC_ERRNO_ENOEXEC,
                                    .stage = LIBEXEC_STAGE_TLS, .file = LIBEXEC_FILE_PROGRAM, .program_header = 1,
                                    .offset = HEADER_AT(1), .argument = ANY, .needs_open = true});
    libexec_kit_elf_end(&fixture.elf);
}

// Of two headers the first one counts.
static void two_headers(void **state) {
    (void)state;
    struct fixture fixture = {.block = {64, 0x50, 0x30, 0x500008, TEMPLATE_AT, 0}};
    fixture.elf = make_program(&fixture.block);
    libexec_kit_elf_add(&fixture.elf, (struct libexec_kit_program_header){
                                          .type = LIBEXEC_KIT_PT_TLS, .offset = UINT64_MAX, .file_size = 3,
                                          .alignment = 3});
    libexec_kit_elf_build(&fixture.elf);
    run_scenario(&(struct scenario){.name = "two headers", .set_up = execute, .data = &fixture, .check = check_block,
                                    .plain_only = true});
    libexec_kit_elf_end(&fixture.elf);
}

// A block as large as the user range has no room; a budget counts its pages.
static void blocks_that_do_not_fit(void **state) {
    (void)state;
    static struct world world;
    struct fixture fixture = {.block = {16, 0x7fff00000000, 0x30, 0x500000, TEMPLATE_AT, 0}};
    fixture.elf = make_program(&fixture.block);
    const struct scenario scenario = {.name = "no room", .set_up = execute, .data = &fixture};
    world_begin(&world, &scenario, flavour_full);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_NO_ROOM);
    EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_ENOMEM);
    world_end(&world);
    fixture.elf.headers[1].memory_size = 100 * PAGE;
    libexec_kit_elf_build(&fixture.elf);
    world_begin(&world, &scenario, flavour_full);
    world.policy.page_budget = 50;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_PAGE_BUDGET);
    world_end(&world);
    libexec_kit_elf_end(&fixture.elf);
}

// Where the alignment allows it the whole pages of a template are the file's own.
static void whole_pages_are_lent(void **state) {
    (void)state;
    static struct world world;
    static const struct {
        uint64_t alignment, offset, lent;
    } rows[] = {{1, 0x4000, 0x3000},  {64, 0x4000, 0x3000},  {0x1000, 0x4000, 0x3000}, {0x4000, 0x4000, 0x3000},
                {1, 0x4180, 0x2000},  {64, 0x4180, 0x2000},  {0x1000, 0x4180, 0x2000},
                {1, 0x41a8, 0}}; // the thread pointer is a multiple of 64
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const uint64_t offset = rows[i].offset;
        struct fixture fixture = {.block = {rows[i].alignment, 0x3100, 0x3000, 0x500000 + offset, offset, 0}};
        struct libexec_region region;
        uint64_t lent = 0;
        fixture.elf = make_program(&fixture.block);
        const struct scenario scenario = {.name = "lent", .set_up = execute, .data = &fixture};
        world_begin(&world, &scenario, flavour_full);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        for (uint32_t part = 0; libexec_exec_region(&world.exec, part, &region); part++)
            if (region.kind == LIBEXEC_REGION_TLS && region.file == LIBEXEC_FILE_PROGRAM)
                lent += region.length;
        EXPECT_EQUAL(&world, lent, rows[i].lent);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
        libexec_kit_elf_end(&fixture.elf);
    }
}

// The thread pointer is a multiple of 64: pages can be lent where the template's place in the file is one as well, seen
// from its end. Elsewhere all bytes are copied, and are the same.
static void only_congruent_pages_are_lent(void **state) {
    (void)state;
    static struct world world;
    for (uint64_t offset = 0x4180; offset <= 0x41c0; offset++) {
        const struct block block = {1, 0x3101, 0x3000, 0x500000, offset, 0};
        struct fixture fixture = {.block = block};
        struct libexec_region region;
        bool lent = false;
        run_block(block, flavour_full);
        fixture.elf = make_program(&block);
        const struct scenario scenario = {.name = "congruent", .set_up = execute, .data = &fixture};
        world_begin(&world, &scenario, flavour_full);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        for (uint32_t part = 0; libexec_exec_region(&world.exec, part, &region); part++)
            lent = lent || (region.kind == LIBEXEC_REGION_TLS && region.file == LIBEXEC_FILE_PROGRAM);
        EXPECT_EQUAL(&world, lent, (offset + block.memory_size) % 64 == 0);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
        libexec_kit_elf_end(&fixture.elf);
    }
}

// Only a host that lends pages to be written to is asked for them; for any other no page of the block is a file's.
static void who_lends_pages_of_a_template(void **state) {
    (void)state;
    static struct world world;
    for (size_t i = 0; i < flavour_count; i++) {
        struct fixture fixture = {.block = {64, 0x3100, 0x3000, 0x504000, 0x4000, 0}};
        struct libexec_region region;
        bool lent = false;
        fixture.elf = make_program(&fixture.block);
        const struct scenario scenario = {.name = "who lends", .set_up = execute, .data = &fixture};
        world_begin(&world, &scenario, &flavours[i]);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        for (uint32_t part = 0; libexec_exec_region(&world.exec, part, &region); part++)
            lent = lent || (region.kind == LIBEXEC_REGION_TLS && region.file != LIBEXEC_FILE_NONE);
        EXPECT_EQUAL(&world, lent,
                     (flavours[i].features & (LIBEXEC_KIT_COPY_ON_WRITE | LIBEXEC_KIT_FILL_AT_FAULT)) != 0);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
        libexec_kit_elf_end(&fixture.elf);
    }
}

// The block may have as many pages as the budget says, and not one more.
static void a_budget_to_the_page(void **state) {
    (void)state;
    static struct world world;
    for (uint64_t size = 0x2000; size <= 0x200000; size *= 16)
        for (uint64_t alignment = 16; alignment <= 0x200000; alignment *= 0x4000) {
            struct fixture fixture = {.block = {alignment, size, 0x30, 0x600000, TEMPLATE_AT, 0}};
            fixture.elf = make_program(&fixture.block);
            const struct scenario scenario = {.name = "budget", .set_up = execute, .data = &fixture};
            uint64_t pages = 0;
            for (uint64_t less = 0; less < 3; less++) { // any number, exactly so many, one less
                world_begin(&world, &scenario, flavour_full);
                world.policy.page_budget = less == 0 ? 0 : pages - less + 1;
                EXPECT_EQUAL(&world, world_prepare(&world), less < 2 ? LIBEXEC_OK : LIBEXEC_E_PAGE_BUDGET);
                const struct libexec_report *const report = libexec_exec_report(&world.exec);
                if (less == 2) {
                    EXPECT_EQUAL(&world, report->value, pages);
                    EXPECT_EQUAL(&world, report->limit, pages - 1);
                } else {
                    pages = libexec_exec_layout(&world.exec)->tls.length / PAGE;
                    EXPECT(&world, pages > 2); // else the program's budget would be less than it has
                }
                libexec_kit_abandon(world.kit, &world.exec);
                world_end(&world);
            }
            libexec_kit_elf_end(&fixture.elf);
        }
}

// A static PIE whose bias is 0 leaves no room below itself: its block goes elsewhere.
static void a_static_pie_at_the_bottom(void **state) {
    (void)state;
    static struct world world;
    struct fixture fixture = {.block = {16, 0x100, 0x30, 0x9c4000, TEMPLATE_AT, 0}};
    fixture.elf = make_program(&fixture.block);
    fixture.elf.type = LIBEXEC_KIT_ET_DYN;
    libexec_kit_elf_add(&fixture.elf, fixture.elf.headers[0]);
    fixture.elf.headers[2].address = 0x9c4000;
    fixture.elf.headers[0] = (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_LOAD, .flags = R,
                                                                .alignment = PAGE};
    fixture.elf.entry = 0x9c4000;
    libexec_kit_elf_build(&fixture.elf);
    const struct scenario scenario = {.name = "at the bottom", .set_up = execute, .data = &fixture};
    world_begin(&world, &scenario, flavour_full);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    EXPECT_EQUAL(&world, libexec_exec_layout(&world.exec)->program_bias, 0);
    EXPECT(&world, libexec_exec_layout(&world.exec)->thread_pointer > 0x9c4000);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
    libexec_kit_elf_end(&fixture.elf);
}

// Zeros between a small template and the control block are address space, not pages to be touched.
static void bug_B14_tls_memory_size_huge(void **state) {
    (void)state;
    static const uint64_t sizes[] = {1u << 24, 1ull << 40};
    static struct world world;
    for (size_t s = 0; s < 2; s++)
        for (uint64_t file_size = 0; file_size <= 0x2000; file_size += 0x1000)
            for (size_t i = 0; i < 4; i++) {
                struct fixture fixture = {.block = {64, sizes[s], file_size, 0x500008, TEMPLATE_AT, 0}};
                fixture.elf = make_program(&fixture.block);
                const struct scenario scenario = {.name = "huge block", .set_up = execute, .data = &fixture};
                world_begin(&world, &scenario, &flavours[i]);
                EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
                EXPECT(&world, libexec_kit_read_ledger(world.kit).pages_made < 32);
                libexec_kit_abandon(world.kit, &world.exec);
                world_end(&world);
                libexec_kit_elf_end(&fixture.elf);
            }
}

// ---- The host's part ----------------------------------------------------------------------------------------------

static void the_host_fills_the_control_block(void **state) {
    (void)state;
    static struct world world;
    struct fixture fixture = {.block = {64, 0x50, 0x30, 0x500000, TEMPLATE_AT, 0}};
    fixture.elf = make_program(&fixture.block);
    const struct scenario scenario = {.name = "control block", .set_up = execute, .data = &fixture};
    world_begin(&world, &scenario, flavour_full);
    libexec_kit_free(world.kit);
    world.options.control_block_fill = 0xc7;
    world.kit = libexec_kit_new(&world.options);
    execute(&world);
    struct libexec_kit_image *const image = world_image(&world);
    const libexec_address pointer = libexec_kit_image_start(image)->thread_pointer;
    EXPECT_EQUAL(&world, image_word(&world, image, pointer), pointer); // written afterwards
    EXPECT_EQUAL(&world, image_word(&world, image, pointer + 0x28), 0xc7c7c7c7c7c7c7c7);
    EXPECT_EQUAL(&world, byte_at(&world, image, pointer - 1), 0); // the block's last byte is not its business
    const struct libexec_kit_entry *entries = NULL;
    libexec_address first = 0;
    for (uint32_t i = libexec_kit_journal(world.kit, &entries); i-- > 0;)
        if (entries[i].call == LIBEXEC_KIT_CALL_CONTROL_BLOCK)
            first = entries[i].address;
    EXPECT_EQUAL(&world, first, pointer); // and the police sees to it that the whole block was shown
    EXPECT_EQUAL(&world, image_word(&world, image, pointer + 4088), 0xc7c7c7c7c7c7c7c7);
    world_end_prepared(&world, image);
    libexec_kit_elf_end(&fixture.elf);
}

// On an architecture whose thread pointer does not point to itself its word is the host's, or zero as all of the block.
static void the_word_at_the_thread_pointer(void **state) {
    (void)state;
    static struct world world;
    struct fixture fixture = {.block = {64, 0x50, 0x30, 0x500000, TEMPLATE_AT, 0}};
    fixture.elf = make_program(&fixture.block);
    const struct scenario scenario = {.name = "word", .set_up = execute, .data = &fixture};
    for (uint32_t form = 0; form < 6; form++) {
        struct libexec_arch arch = libexec_kit_arch;
        arch.thread_pointer_word = (uint8_t)(form / 2 * 127); // 0, 127, 254
        world_begin(&world, &scenario, form % 2 == 0 ? flavour_required : flavour_full);
        world.options.control_block_fill = 0xc7;
        world_set_arch(&world, &arch);
        execute(&world);
        struct libexec_kit_image *const image = world_image(&world);
        const libexec_address pointer = libexec_kit_image_start(image)->thread_pointer;
        const uint64_t filled = form % 2 == 0 ? 0 : 0xc7c7c7c7c7c7c7c7;
        EXPECT_EQUAL(&world, image_word(&world, image, pointer), form < 2 ? filled : pointer);
        EXPECT_EQUAL(&world, image_word(&world, image, pointer + 8), filled);
        world_end_prepared(&world, image);
    }
    libexec_kit_elf_end(&fixture.elf);
}

// libexec_tls_shape_of agrees with what prepare did.
static void the_shape_alone(void **state) {
    (void)state;
    struct libexec_plan plan = {.flags = LIBEXEC_PLAN_TLS};
    struct libexec_tls_shape shape;
    for (uint64_t alignment = 1; alignment <= 8192; alignment *= 2)
        for (uint64_t c = 0; c < alignment && c < 100; c += 7)
            for (uint64_t size = 0; size < 300; size += 11) {
                plan.tls_alignment = alignment;
                plan.tls_address = 0x10000 + c;
                plan.tls_memory_size = size;
                assert_int_equal(libexec_tls_shape_of(&shape, &plan, &libexec_kit_arch), LIBEXEC_OK);
                assert_int_equal(shape.template_offset, round_up(c + size, alignment) - c);
                assert_int_equal(shape.alignment, alignment < 64 ? 64 : alignment);
                assert_int_equal(shape.block_size, shape.template_offset);
                assert_int_equal(shape.control_size, 4096);
            }
    plan.tls_alignment = UINT64_C(1) << 47; // as large as may be, beside a size that is not 0
    assert_int_equal(libexec_tls_shape_of(&shape, &plan, &libexec_kit_arch), LIBEXEC_OK);
    plan.tls_alignment *= 2;
    assert_int_equal(libexec_tls_shape_of(&shape, &plan, &libexec_kit_arch), LIBEXEC_E_TLS_SIZE);
    plan.tls_alignment = 1;
    plan.tls_memory_size = (UINT64_C(1) << 48) - 1; // the same
    assert_int_equal(libexec_tls_shape_of(&shape, &plan, &libexec_kit_arch), LIBEXEC_OK);
    plan.tls_memory_size++;
    assert_int_equal(libexec_tls_shape_of(&shape, &plan, &libexec_kit_arch), LIBEXEC_E_TLS_SIZE);
    plan.tls_memory_size = 100;
    plan.tls_file_size = plan.tls_memory_size + 1;
    assert_int_equal(libexec_tls_shape_of(&shape, &plan, &libexec_kit_arch), LIBEXEC_E_TLS_SIZE);
    plan.tls_alignment = 12;
    plan.tls_file_size = 0;
    assert_int_equal(libexec_tls_shape_of(&shape, &plan, &libexec_kit_arch), LIBEXEC_E_TLS_ALIGNMENT);
}

// ---- What a linker computed ---------------------------------------------------------------------------------------

#define VARIABLES 5

static void execute_linked(struct world *world) {
    const struct scenario *const scenario = world->scenario;
    static uint8_t bytes[1 << 20];
    FILE *const file = fopen(scenario->name, "rb");
    assert_non_null(file);
    const size_t length = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    assert_true(length > 64 && length < sizeof(bytes));
    world_bytes(world, PROGRAM, bytes, length);
    world_execute(world, PROGRAM);
}

static libexec_address find_table(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_range program = libexec_kit_image_layout(image)->program;
    for (libexec_address at = program.address; at < program.address + program.length - 64; at += 16)
        if (libexec_kit_image_region(image, at) != NULL && libexec_kit_image_region(image, at + 63) != NULL &&
            image_word(world, image, at) == 0x6c69626578656354 &&
            image_word(world, image, at + 8) == 0x4c53746162c3a9a5)
            return at;
    world_fail(world, "the program has no table");
}

static void check_linked(struct world *world, const struct libexec_kit_image *image) {
    const libexec_address table = find_table(world, image);
    const libexec_address pointer = libexec_kit_image_start(image)->thread_pointer;
    const bool template = strstr(world->scenario->name, "template") != NULL;
    const uint64_t first[VARIABLES] = {template ? 0x1122334455667788 : 0, template ? 0xa3a2a1 : 0,
                                       template ? 0x99aabbccddeeff01 : 0, 0, 0};
    EXPECT(world, pointer != 0);
    EXPECT_EQUAL(world, image_word(world, image, table + 16), VARIABLES);
    for (uint64_t i = 0; i < VARIABLES; i++) {
        const uint64_t offset = image_word(world, image, table + 24 + 8 * i);
        EXPECT(world, (int64_t)offset < 0 && (int64_t)offset > -0x10000);
        const uint64_t mask = i == 1 ? 0xffffff : i == 3 ? 0xff : UINT64_MAX;
        EXPECT_EQUAL(world, image_word(world, image, pointer + offset) & mask, first[i]);
    }
    EXPECT_EQUAL(world, image_word(world, image, pointer), pointer);
}

static void what_the_linker_computed(void **state) {
    (void)state;
    static const char *const files[] = {TLS_PROGRAMS};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        run_scenario(&(struct scenario){.name = files[i], .set_up = execute_linked, .check = check_linked,
                                        .plain_only = i != 0});
    printf("%zu linked programs\n", sizeof(files) / sizeof(files[0]));
}

int main(void) {
    const struct CMUnitTest tls[] = {
        cmocka_unit_test(the_matrix),
        cmocka_unit_test(on_every_host),
        cmocka_unit_test(policies),
        cmocka_unit_test(a_program_with_an_interpreter),
        cmocka_unit_test(bug_E11_ranges_and_other_nonsense),
        cmocka_unit_test(a_senseless_header_beside_an_interpreter),
        cmocka_unit_test(two_headers),
        cmocka_unit_test(blocks_that_do_not_fit),
        cmocka_unit_test(whole_pages_are_lent),
        cmocka_unit_test(only_congruent_pages_are_lent),
        cmocka_unit_test(who_lends_pages_of_a_template),
        cmocka_unit_test(a_budget_to_the_page),
        cmocka_unit_test(a_static_pie_at_the_bottom),
        cmocka_unit_test(bug_B14_tls_memory_size_huge),
        cmocka_unit_test(the_host_fills_the_control_block),
        cmocka_unit_test(the_word_at_the_thread_pointer),
        cmocka_unit_test(the_shape_alone),
        cmocka_unit_test(what_the_linker_computed),
    };
    return RUN(tls);
}
