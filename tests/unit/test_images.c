// SPDX-License-Identifier: MIT
// Images of random program headers against the model, page by page; plans read alone; map operations; and pages filled
// at a fault.

#include "world.h"

#include <stdio.h>

#define PAGES 16u

static uint64_t random_state;

static uint64_t draw(uint64_t bound) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (random_state >> 24) % bound;
}

// Segments anywhere in sixteen pages, in any order, over one another, with and without bytes of the file.
static struct libexec_kit_elf random_elf(uint64_t seed) {
    struct libexec_kit_elf elf;
    random_state = seed * 7919 + 13;
    const uint64_t size = 0x6000 + draw(0x1000);
    const bool independent = draw(2) == 0;
    libexec_kit_elf_begin(&elf, independent ? LIBEXEC_KIT_ET_DYN : LIBEXEC_KIT_ET_EXEC, size);
    const uint64_t base = independent ? 0 : BASE;
    elf.entry = base;
    const uint64_t count = 1 + draw(6);
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t in_page = draw(3) == 0 ? 0 : draw(PAGE);
        const uint64_t page = draw(PAGES), file_page = draw(5);
        uint64_t file_size = draw(4) == 0 ? 0 : draw(0x2800);
        const uint64_t offset = file_page * PAGE + in_page;
        if (file_size > size - offset)
            file_size = size - offset;
        const uint64_t more = draw(3) == 0 ? 0 : draw(0x4000);
        uint64_t memory_size = file_size + more;
        if (i == 0 && file_size == 0)
            file_size = memory_size = 1; // Linux would look for its place at 0
        libexec_kit_elf_add(&elf, load((uint32_t)draw(8), offset, base + page * PAGE + in_page, file_size,
                                       memory_size));
    }
    libexec_kit_elf_build(&elf);
    return elf;
}

static void random_images(void **state) {
    (void)state;
    static struct world world;
    uint32_t loaded = 0;
    for (uint64_t seed = 0; seed < 800; seed++) {
        struct libexec_kit_elf elf = random_elf(seed);
        char name[40];
        snprintf(name, sizeof(name), "random image %llu", (unsigned long long)seed);
        const struct scenario scenario = {.name = name, .set_up = execute_elf, .data = &elf};
        struct libexec_kit_image *first = NULL;
        for (size_t i = 0; i < 4; i++) {
            world_begin(&world, &scenario, &flavours[i == 3 ? 6 + seed % 4 : i]);
            struct libexec_kit_image *const image = world_image(&world);
            const uint64_t bias = libexec_kit_image_layout(image)->program_bias;
            char why[200];
            if (i == 0)
                check_image(&world, image, &elf, bias, LIBEXEC_FILE_PROGRAM);
            else if ((world.options.features & LIBEXEC_KIT_BOUNCE) == 0 &&
                     !libexec_kit_image_equal(first, image, why, sizeof(why)))
                world_fail(&world, "not as on the first flavour: %s", why);
            if (i == 0)
                first = image;
            else
                libexec_kit_image_free(image);
            libexec_kit_abandon(world.kit, &world.exec);
            world_end(&world);
            loaded++;
        }
        libexec_kit_image_free(first);
        libexec_kit_elf_end(&elf);
    }
    printf("%u random images as the model says\n", loaded);
}

// ---- Plans alone --------------------------------------------------------------------------------------------------

static enum libexec_status read_plan(const struct libexec_kit_elf *elf, uint32_t buffer_size, struct libexec_plan *plan,
                                     struct libexec_report *report) {
    struct libexec_source source;
    uint8_t *const buffer = malloc(buffer_size + 1u);
    libexec_memory_source(&source, elf->bytes, elf->size);
    source.flags = 0; // so that the buffer is used
    const enum libexec_status status =
        libexec_plan_read(plan, &source, &libexec_kit_arch, NULL, buffer, buffer_size, report);
    free(buffer);
    return status;
}

static void a_plan_says_what_the_file_says(void **state) {
    (void)state;
    static struct libexec_plan plan, other;
    struct libexec_report report;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    assert_int_equal(read_plan(&elf, 512, &plan, &report), LIBEXEC_OK);
    assert_int_equal(report.status, LIBEXEC_OK);
    assert_int_equal(plan.flags, LIBEXEC_PLAN_HEADERS_MAPPED | LIBEXEC_PLAN_ORDERED);
    assert_int_equal(plan.program_header_count, 2);
    assert_int_equal(plan.file_size, 0x3000);
    assert_int_equal(plan.entry, BASE + 0x100);
    assert_int_equal(plan.program_headers, BASE + 64);
    assert_int_equal(plan.program_headers_offset, 64);
    assert_int_equal(plan.low, BASE);
    assert_int_equal(plan.high, BASE + 0x6000);
    assert_int_equal(plan.end, BASE + 0x6000);
    assert_int_equal(plan.alignment, PAGE);
    assert_int_equal(plan.segment_count, 2);
    assert_int_equal(plan.segments[1].address, BASE + 0x2200);
    assert_int_equal(plan.segments[1].memory_size, 0x3e00);
    assert_int_equal(plan.segments[1].file_offset, 0x1200);
    assert_int_equal(plan.segments[1].file_size, 0x1600);
    assert_int_equal(plan.segments[1].rights, LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE);
    assert_int_equal(plan.segments[1].program_header, 1);
    assert_int_equal(read_plan(&elf, 4096, &other, &report), LIBEXEC_OK);
    assert_memory_equal(&plan, &other, offsetof(struct libexec_plan, segments));
    assert_int_equal(read_plan(&elf, 511, &plan, &report), LIBEXEC_E_REQUEST);
    libexec_kit_elf_end(&elf);
}

// Of an interpreter's name and of a TLS template the first header counts, whose fields the plan repeats; of the stack's
// the last one.
static void a_plan_says_what_else_there_is(void **state) {
    (void)state;
    static struct libexec_plan plan;
    struct libexec_report report;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    for (uint32_t i = 0; i < 2; i++) {
        libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){
                                      .type = LIBEXEC_KIT_PT_INTERP, .offset = 0x200 + i, .file_size = 9 + i});
        libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){
                                      .type = LIBEXEC_KIT_PT_TLS, .offset = 0x240 + i, .address = 0x340 + i,
                                      .file_size = 0x28 + i, .memory_size = 0x60 + i, .alignment = 32u << i});
        libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_STACK});
    }
    libexec_kit_elf_build(&elf);
    assert_int_equal(read_plan(&elf, 896, &plan, &report), LIBEXEC_OK);
    assert_int_equal(plan.flags, LIBEXEC_PLAN_POSITION_INDEPENDENT | LIBEXEC_PLAN_INTERPRETER | LIBEXEC_PLAN_TLS |
                                     LIBEXEC_PLAN_STACK_RIGHTS | LIBEXEC_PLAN_HEADERS_MAPPED | LIBEXEC_PLAN_ORDERED);
    assert_int_equal(plan.interpreter_offset, 0x200);
    assert_int_equal(plan.interpreter_length, 9);
    assert_int_equal(plan.tls_offset, 0x240);
    assert_int_equal(plan.tls_address, 0x340);
    assert_int_equal(plan.tls_file_size, 0x28);
    assert_int_equal(plan.tls_memory_size, 0x60);
    assert_int_equal(plan.tls_alignment, 32);
    assert_int_equal(plan.tls_program_header, 3);
    assert_int_equal(plan.stack_program_header, 7);
    libexec_kit_elf_end(&elf);
}

// A plan read alone is refused for what prepare refuses the file for, but for what needs a place.
static void a_plan_alone_is_refused_as_in_an_exec(void **state) {
    (void)state;
    static const uint64_t values[] = {0, 1, 0xfff, 0x1000, 0x2200, 0x7fffffffffff, 1ull << 63, UINT64_MAX};
    static const size_t fields[] = {offsetof(struct libexec_kit_program_header, offset),
                                    offsetof(struct libexec_kit_program_header, address),
                                    offsetof(struct libexec_kit_program_header, file_size),
                                    offsetof(struct libexec_kit_program_header, memory_size)};
    static struct world world;
    static struct libexec_plan plan;
    struct libexec_report report;
    uint32_t refused = 0, read = 0;
    for (size_t n = 0; n < 2 * 4 * 8 * 8; n++) {
        struct libexec_kit_elf elf;
        small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
        struct libexec_kit_program_header *const header = &elf.headers[n % 2];
        memcpy((uint8_t *)header + fields[n / 2 % 4], &values[n / 8 % 8], 8);
        memcpy((uint8_t *)header + fields[(n / 2 + 1) % 4], &values[n / 64 % 8], 8);
        libexec_kit_elf_build(&elf);
        const struct scenario scenario = {.name = "plan alone", .set_up = execute_elf, .data = &elf};
        world_begin(&world, &scenario, flavour_required);
        const enum libexec_status in_exec = world_prepare(&world);
        const enum libexec_status alone = read_plan(&elf, 896, &plan, &report);
        EXPECT_EQUAL(&world, report.status, alone);
        if (in_exec != LIBEXEC_E_COLLISION && in_exec != LIBEXEC_E_SEGMENT_COLLISION) {
            EXPECT_EQUAL(&world, alone, in_exec);
            EXPECT_EQUAL(&world, libexec_report_errno(&report), libexec_report_errno(libexec_exec_report(&world.exec)));
        }
        refused += alone != LIBEXEC_OK;
        read += alone == LIBEXEC_OK;
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
        libexec_kit_elf_end(&elf);
    }
    assert_true(refused > 100 && read > 20);
    printf("%u plans refused, %u read\n", refused, read);
}

static void a_plan_alone_heeds_its_policy(void **state) {
    (void)state;
    static struct libexec_plan plan;
    struct libexec_report report;
    struct libexec_source source;
    struct libexec_kit_elf elf;
    uint8_t buffer[896];
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    libexec_memory_source(&source, elf.bytes, elf.size);
    for (uint64_t budget = 1; budget < 9; budget++) {
        const struct libexec_policy policy = {.page_budget = budget};
        assert_int_equal(libexec_plan_read(&plan, &source, &libexec_kit_arch, &policy, buffer, sizeof(buffer), &report),
                         budget < 6 ? LIBEXEC_E_PAGE_BUDGET : LIBEXEC_OK);
    }
    struct libexec_arch arch = libexec_kit_arch;
    const struct libexec_policy independent = {.flags = LIBEXEC_POLICY_PIE_ONLY};
    assert_int_equal(libexec_plan_read(&plan, &source, &arch, &independent, buffer, sizeof(buffer), &report),
                     LIBEXEC_E_NOT_PIE);
    arch.page_size = 5000;
    assert_int_equal(libexec_plan_read(&plan, &source, &arch, NULL, buffer, sizeof(buffer), &report),
                     LIBEXEC_E_REQUEST);
    libexec_kit_elf_end(&elf);
    // One segment of three pages: private or the file's own, with bytes or without.
    static const struct libexec_kit_program_header forms[] = {
        {.type = 1, .flags = R | W, .address = BASE, .file_size = 0x3000, .memory_size = 0x3000},
        {.type = 1, .flags = R | X, .address = BASE, .file_size = 0x3000, .memory_size = 0x3000},
        {.type = 1, .flags = R | W, .address = BASE, .file_size = 0x1001, .memory_size = 0x2001},
        {.type = 1, .flags = R | W, .address = BASE, .file_size = 0, .memory_size = 0x3000},
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
        for (uint64_t budget = 1; budget < 6; budget++) {
            const struct libexec_policy policy = {.page_budget = budget};
            small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
            elf.headers[0] = forms[i];
            elf.headers[1].type = LIBEXEC_KIT_PT_NULL;
            libexec_kit_elf_build(&elf);
            libexec_memory_source(&source, elf.bytes, elf.size);
            assert_int_equal(
                libexec_plan_read(&plan, &source, &libexec_kit_arch, &policy, buffer, sizeof(buffer), &report),
                budget < 3 ? LIBEXEC_E_PAGE_BUDGET : LIBEXEC_OK);
            libexec_kit_elf_end(&elf);
        }
}

// The last PT_GNU_STACK counts; whether there is one is told as well.
static void the_stack_rights_of_a_plan(void **state) {
    (void)state;
    static const uint32_t both = LIBEXEC_PLAN_STACK_RIGHTS | LIBEXEC_PLAN_EXECUTABLE_STACK;
    static const struct {
        uint32_t count, flags[2], expected;
    } rows[] = {{0, {0, 0}, 0},
                {1, {R | W, 0}, LIBEXEC_PLAN_STACK_RIGHTS},
                {1, {R | W | X, 0}, LIBEXEC_PLAN_STACK_RIGHTS | LIBEXEC_PLAN_EXECUTABLE_STACK},
                {2, {R | W | X, R | W}, LIBEXEC_PLAN_STACK_RIGHTS},
                {2, {R | W, X}, LIBEXEC_PLAN_STACK_RIGHTS | LIBEXEC_PLAN_EXECUTABLE_STACK}};
    static struct libexec_plan plan;
    struct libexec_report report;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct libexec_kit_elf elf;
        small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
        for (uint32_t k = 0; k < rows[i].count; k++)
            libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_STACK,
                                                                          .flags = rows[i].flags[k]});
        libexec_kit_elf_build(&elf);
        assert_int_equal(read_plan(&elf, 896, &plan, &report), LIBEXEC_OK);
        assert_int_equal(plan.flags & both, rows[i].expected);
        if (rows[i].count != 0)
            assert_int_equal(plan.stack_program_header, 1 + rows[i].count);
        libexec_kit_elf_end(&elf);
    }
}

// The largest alignment that is one, in whole pages.
static void the_alignment_of_a_plan(void **state) {
    (void)state;
    static const uint64_t rows[][3] = { // of two segments; of the plan
        {0, 0, 0},        {3, 0, 0},           {1, 0, PAGE},     {1, 2, PAGE},          {0x800, 3, PAGE},
        {PAGE, 1, PAGE},  {PAGE, 0x2000, 0x2000}, {0x200000, PAGE, 0x200000}, {0x200000, UINT64_MAX, 0x200000},
        {0x3000, 0x10, PAGE}};
    static struct libexec_plan plan;
    struct libexec_report report;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct libexec_kit_elf elf;
        small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
        elf.headers[0].alignment = rows[i][0];
        elf.headers[1].alignment = rows[i][1];
        libexec_kit_elf_build(&elf);
        assert_int_equal(read_plan(&elf, 896, &plan, &report), LIBEXEC_OK);
        assert_int_equal(plan.alignment, rows[i][2]);
        libexec_kit_elf_end(&elf);
    }
}

// Segments that span no byte have no place to be looked for; a file without segments, or with fixed places for nothing,
// has nothing to load. Where the first page and the end differ there is a place, and nothing to load all the same.
static void a_plan_of_nothing(void **state) {
    (void)state;
    static struct libexec_plan plan;
    struct libexec_report report;
    for (uint16_t type = LIBEXEC_KIT_ET_EXEC; type <= LIBEXEC_KIT_ET_DYN; type++)
        for (uint32_t count = 0; count < 4; count++)
            for (uint64_t address = BASE; address < BASE + 0x1000; address += 0x321) {
                struct libexec_kit_elf elf;
                small_elf(&elf, type, BASE);
                elf.headers[0].type = elf.headers[1].type = LIBEXEC_KIT_PT_NULL;
                for (uint32_t i = 0; i < count; i++)
                    libexec_kit_elf_add(&elf, load(R, address % PAGE, address, 0, 0));
                libexec_kit_elf_build(&elf);
                const bool empty_span = type == LIBEXEC_KIT_ET_DYN && count != 0 && address == BASE;
                assert_int_equal(read_plan(&elf, 512, &plan, &report),
                                 empty_span ? LIBEXEC_E_EMPTY_SPAN : LIBEXEC_E_NO_SEGMENTS);
                libexec_kit_elf_end(&elf);
            }
}

// A plan of a position-independent file has no place yet; its addresses are user addresses all the same (Linux looks at
// p_vaddr without the bias), up to the last one.
static void a_plan_without_a_place_ends_where_user_addresses_do(void **state) {
    (void)state;
    static const uint64_t high = 0x7ffffffff000;
    static const struct {
        uint64_t address, file_size, memory_size;
        enum libexec_status status;
        uint64_t value;
    } rows[] = {
        {high - 0xf000, 0, 0xf000, LIBEXEC_OK, 0},
        {high - 0xf000, 0, 0xf001, LIBEXEC_E_ADDRESS_RANGE, 0xf001},
        {high - 0xf000, 0x1000, 0xf000, LIBEXEC_OK, 0},
        {high - 0xf000, 0x1000, 0xf001, LIBEXEC_E_ADDRESS_RANGE, 0xf001},
        {high - 0x1000, 0x1000, 0x1000, LIBEXEC_OK, 0},
        {high - 1, 0, 1, LIBEXEC_OK, 0},
        {high - 1, 0, 2, LIBEXEC_E_ADDRESS_RANGE, 2},
        {high - 1, 0, 0, LIBEXEC_OK, 0},
        {high, 0, 0, LIBEXEC_E_ADDRESS_RANGE, high},
        {high, 0, 1, LIBEXEC_E_ADDRESS_RANGE, high},
        {high, 0x1000, 0x1000, LIBEXEC_E_ADDRESS_RANGE, high},
        {high + 1, 0, 0, LIBEXEC_E_ADDRESS_RANGE, high + 1},
        {0x10000, 0, high - 0x10000, LIBEXEC_OK, 0},
        {0x10000, 0, high - 0xffff, LIBEXEC_E_ADDRESS_RANGE, high - 0xffff},
    };
    static struct libexec_plan plan;
    struct libexec_report report;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct libexec_kit_elf elf;
        small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
        elf.headers[1] = load(R | W, rows[i].address % PAGE, rows[i].address, rows[i].file_size, rows[i].memory_size);
        libexec_kit_elf_build(&elf);
        assert_int_equal(read_plan(&elf, 896, &plan, &report), rows[i].status);
        if (rows[i].status != LIBEXEC_OK) {
            assert_int_equal(report.value, rows[i].value);
            assert_int_equal(report.limit, rows[i].address < high ? high - rows[i].address : high);
            assert_int_equal(report.program_header, 1);
            assert_int_equal(report.file_offset, HEADER_AT(1));
        }
        libexec_kit_elf_end(&elf);
    }
}

// The bytes are parsed where they are, wherever the table, the note and the name stand, and none is copied to the
// buffer; the plan is the same as that from copies, and so is the image of an exec from such a source.
static void a_source_in_memory_is_parsed_in_place(void **state) {
    (void)state;
    static const uint32_t note[] = {4, 16, 5, 0x554e47, 0xc0000002, 4, 3, 0};
    static const uint64_t tables[] = {64, 0x1c1, 0x340, 0x2801, 0x3000 - 168};
    static struct libexec_plan plan, copied;
    static struct world world;
    struct libexec_report report;
    struct libexec_source source;
    uint8_t buffer[512], untouched[512];
    memset(untouched, 0xa5, sizeof(untouched));
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct libexec_kit_elf elf;
        small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
        libexec_kit_elf_write(&elf, 0x1800, note, sizeof(note));
        libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_PROPERTY,
                                                                      .offset = 0x1800, .file_size = sizeof(note)});
        elf.program_headers_offset = tables[i];
        libexec_kit_elf_build(&elf);
        memset(&source, 0xa5, sizeof(source));
        libexec_memory_source(&source, elf.bytes, elf.size);
        assert_int_equal(source.size, elf.size);
        assert_int_equal(source.flags, LIBEXEC_SOURCE_STABLE);
        assert_int_equal(source.reserved, 0);
        memset(buffer, 0xa5, sizeof(buffer));
        assert_int_equal(
            libexec_plan_read(&plan, &source, &libexec_kit_arch, NULL, buffer, sizeof(buffer), &report), LIBEXEC_OK);
        assert_memory_equal(buffer, untouched, sizeof(buffer));
        assert_int_equal(plan.flags & (LIBEXEC_PLAN_IBT | LIBEXEC_PLAN_SHADOW_STACK),
                         LIBEXEC_PLAN_IBT | LIBEXEC_PLAN_SHADOW_STACK);
        assert_int_equal(read_plan(&elf, sizeof(buffer), &copied, &report), LIBEXEC_OK);
        assert_memory_equal(&plan, &copied, offsetof(struct libexec_plan, segments));
        assert_memory_equal(plan.segments, copied.segments, plan.segment_count * sizeof(plan.segments[0]));
        const struct scenario scenario = {.name = "in place", .set_up = execute_elf, .data = &elf};
        world_begin(&world, &scenario, flavour_required);
        libexec_kit_source_close(&world.source);
        world.request.source = &source;
        struct libexec_kit_image *const image = world_image(&world);
        check_loaded(&world, image);
        world_end_prepared(&world, image);
        libexec_kit_elf_end(&elf);
    }
    libexec_memory_source(&source, NULL, 0);
    assert_int_equal(libexec_plan_read(&plan, &source, &libexec_kit_arch, NULL, buffer, sizeof(buffer), &report),
                     LIBEXEC_E_TOO_SHORT);
}

// Lends views inside the file, one at a time, and wants each one back as it was lent.
struct lender {
    const struct libexec_kit_elf *elf;
    uint64_t offset, length;
    uint32_t lent, returned;
};

static int lend(void *context, uint64_t offset, size_t length, const uint8_t **bytes) {
    struct lender *const lender = context;
    assert_int_equal(lender->lent, lender->returned);
    assert_true(length != 0 && offset <= lender->elf->size && length <= lender->elf->size - offset);
    *bytes = lender->elf->bytes + offset;
    lender->offset = offset;
    lender->length = length;
    lender->lent++;
    return 0;
}

static void take_back(void *context, uint64_t offset, size_t length) {
    struct lender *const lender = context;
    assert_int_equal(offset, lender->offset);
    assert_int_equal(length, lender->length);
    lender->returned++;
}

static int read_nothing(void *context, uint64_t offset, void *buffer, size_t length, size_t *done) {
    (void)context;
    (void)offset;
    (void)buffer;
    (void)length;
    *done = 0;
    return 5;
}

// Every view is given back by the time a plan is read, or refused.
static void a_plan_returns_every_view(void **state) {
    (void)state;
    static const struct libexec_source_operations operations = {
        .read_at = read_nothing, .view = lend, .view_release = take_back};
    static const uint64_t tables[] = {64, 0x1c1, 0x2801, 0x3000 - 168, 0x3000 - 167};
    static struct libexec_plan plan;
    struct libexec_report report;
    uint8_t buffer[512];
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct libexec_kit_elf elf;
        small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
        libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_PROPERTY,
                                                                      .offset = 0x2fe0, .file_size = 0x20});
        elf.program_headers_offset = tables[i];
        libexec_kit_elf_build(&elf);
        struct lender lender = {.elf = &elf};
        const struct libexec_source source = {
            .operations = &operations, .context = &lender, .size = elf.size, .flags = LIBEXEC_SOURCE_STABLE};
        assert_int_equal(libexec_plan_read(&plan, &source, &libexec_kit_arch, NULL, buffer, sizeof(buffer), &report),
                         tables[i] + 168 > elf.size ? LIBEXEC_E_TABLE_OUTSIDE : LIBEXEC_OK);
        assert_true(lender.lent > 0);
        assert_int_equal(lender.lent, lender.returned);
        libexec_kit_elf_end(&elf);
    }
}

// Runs are as large as they can be: a segment without memory does not cut one, nor do two segments with pages between
// them.
static void runs_are_not_split(void **state) {
    (void)state;
    static struct libexec_plan plan;
    struct libexec_report report;
    struct libexec_region run;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    elf.headers[0] = load(R | X, 0, BASE, 0x3000, 0x3000);
    elf.headers[1] = load(R | W, 0, BASE + 0x10000, 0x800, 0x3000);
    libexec_kit_elf_add(&elf, load(R, 0, BASE + 0x1000, 0, 0));
    libexec_kit_elf_add(&elf, load(R, 0, BASE + 0x11000, 0, 0));
    libexec_kit_elf_build(&elf);
    assert_int_equal(read_plan(&elf, 896, &plan, &report), LIBEXEC_OK);
    static const uint64_t expected[][2] = {{BASE, 0x3000}, {BASE + 0x10000, 0x1000}, {BASE + 0x11000, 0x2000}};
    uint64_t from = 0;
    for (size_t i = 0; i < 3; i++) {
        assert_true(libexec_plan_next_region(&plan, PAGE, from, &run));
        assert_int_equal(run.address, expected[i][0]);
        assert_int_equal(run.length, expected[i][1]);
        from = run.address + run.length;
    }
    assert_false(libexec_plan_next_region(&plan, PAGE, from, &run));
    libexec_kit_elf_end(&elf);
}

// The page with the file's end in it is lent where the source says that zeros follow, and only if nothing but zeros has
// to follow.
static void the_page_with_the_end_of_the_file(void **state) {
    (void)state;
    static const struct {
        uint64_t size;
        uint64_t file_size;
        uint64_t memory_size;
        uint32_t flags;
        uint64_t lent; // pages, of three, where the source says so
    } rows[] = {
        {0x2345, 0x2345, 0x2345, R | X, 3}, {0x2345, 0x2345, 0x2400, R | W, 3}, {0x2400, 0x2345, 0x2345, R | X, 3},
        {0x2400, 0x2345, 0x2400, R | W, 2}, {0x2345, 0x2345, 0x2345, R | W, 3}, {0x2001, 0x2001, 0x2002, R | W, 3},
        {0x2fff, 0x2fff, 0x2fff, R | X, 3}, {0x2fff, 0x2fff, 0x3000, R | W, 3}, {0x3000, 0x3000, 0x3000, R | X, 3},
        {0x3000, 0x3000, 0x3000, R | W, 3},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (uint32_t zeros = 0; zeros < 2; zeros++) {
            static struct world world;
            struct libexec_kit_elf elf;
            small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
            elf.size = rows[i].size;
            elf.headers[0] = load(rows[i].flags, 0, BASE, rows[i].file_size, rows[i].memory_size);
            elf.headers[1].type = LIBEXEC_KIT_PT_NULL;
            libexec_kit_elf_build(&elf);
            const struct scenario scenario = {
                .name = "the end of the file", .set_up = execute_elf, .data = &elf, .program_header = ANY};
            const uint32_t features = LIBEXEC_KIT_OPEN | LIBEXEC_KIT_SHARE | LIBEXEC_KIT_COPY_ON_WRITE |
                                      (zeros != 0 ? LIBEXEC_KIT_ZERO_TAIL : 0);
            const struct flavour flavour = {.name = "one", .features = features, .poison = 0xa5};
            world_begin(&world, &scenario, &flavour);
            struct libexec_kit_image *const image = world_image(&world);
            check_loaded(&world, image);
            EXPECT_EQUAL(&world, libexec_kit_read_ledger(world.kit).pages_shared,
                         zeros != 0 ? rows[i].lent : rows[i].size / PAGE);
            libexec_kit_image_free(image);
            world_end(&world);
            libexec_kit_elf_end(&elf);
        }
    }
}

// A bss that begins inside the last page of another segment's bytes: that page is a run of its own, with the bytes
// below the bss; all zero pages behind it are another. One that begins with a page leaves nothing of it.
static void a_bss_in_the_page_of_other_bytes_is_cut_behind_it(void **state) {
    (void)state;
    static const struct {
        uint64_t address, memory_size; // of the bss
        uint64_t runs[4][3];           // address, length, file_length
    } rows[] = {
        {BASE + 0x1800, 0x3000,
         {{BASE, 0x1000, 0x1000}, {BASE + 0x1000, 0x1000, 0x800}, {BASE + 0x2000, 0x3000, 0}}},
        {BASE + 0x1001, 0x1fff, {{BASE, 0x1000, 0x1000}, {BASE + 0x1000, 0x1000, 1}, {BASE + 0x2000, 0x1000, 0}}},
        {BASE + 0x1fff, 2, {{BASE, 0x1000, 0x1000}, {BASE + 0x1000, 0x1000, 0xfff}, {BASE + 0x2000, 0x1000, 0}}},
        {BASE + 0x1800, 0x800, {{BASE, 0x1000, 0x1000}, {BASE + 0x1000, 0x1000, 0x800}}},
        {BASE + 0x1000, 0x3000, {{BASE, 0x1000, 0x1000}, {BASE + 0x1000, 0x3000, 0}}},
        {BASE + 0x800, 0x4000, {{BASE, 0x1000, 0x800}, {BASE + 0x1000, 0x4000, 0}}},
        {BASE, 0x3000, {{BASE, 0x3000, 0}}},
    };
    static struct libexec_plan plan;
    struct libexec_report report;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct libexec_kit_elf elf;
        struct libexec_region run;
        uint64_t from = 0;
        small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
        elf.headers[0] = load(R | X, 0, BASE, 0x2000, 0x2000);
        elf.headers[1] = load(R | W, 0, rows[i].address, 0, rows[i].memory_size);
        libexec_kit_elf_build(&elf);
        assert_int_equal(read_plan(&elf, 896, &plan, &report), LIBEXEC_OK);
        for (size_t k = 0; k < 4 && rows[i].runs[k][1] != 0; k++) {
            const uint64_t bytes = rows[i].runs[k][2];
            assert_true(libexec_plan_next_region(&plan, PAGE, from, &run));
            assert_int_equal(run.address, rows[i].runs[k][0]);
            assert_int_equal(run.length, rows[i].runs[k][1]);
            assert_int_equal(run.file_length, bytes);
            assert_int_equal(run.file_offset, bytes != 0 ? run.address - BASE : 0);
            from = run.address + run.length;
        }
        assert_false(libexec_plan_next_region(&plan, PAGE, from, &run));
        libexec_kit_elf_end(&elf);
    }
}

static void a_plans_runs_ascend_and_touch_nothing_twice(void **state) {
    (void)state;
    static struct libexec_plan plan;
    struct libexec_report report;
    uint32_t runs = 0;
    for (uint64_t seed = 0; seed < 2000; seed++) {
        struct libexec_kit_elf elf = random_elf(seed);
        struct libexec_region run;
        assert_int_equal(read_plan(&elf, 896, &plan, &report), LIBEXEC_OK);
        uint64_t from = 0, last_rights = 8;
        while (libexec_plan_next_region(&plan, PAGE, from, &run)) {
            assert_true(run.address >= from && run.length > 0);
            assert_int_equal((run.address | run.length) % PAGE, 0);
            assert_true(run.address >= plan.low && run.address + run.length <= plan.high);
            // Bytes of the file, all pages but perhaps a part of the last one; or nothing of the file at all.
            assert_true(run.file_length == 0 || run.length - run.file_length < PAGE);
            assert_int_equal(run.kind, run.file_length != 0 ? LIBEXEC_REGION_PROGRAM : LIBEXEC_REGION_BSS);
            assert_int_equal((run.address - run.file_offset) % PAGE, 0);
            assert_true(run.file_length != 0 || run.file_offset == 0);
            assert_true(run.file_offset + run.file_length <= plan.file_size);
            from = run.address + run.length;
            last_rights = run.rights;
            runs++;
        }
        assert_true(from > plan.low); // a segment without memory may count for `high`, and has no run
        assert_true(last_rights < 8);
        libexec_kit_elf_end(&elf);
    }
    printf("%u runs\n", runs);
}

// PT_GNU_PROPERTY's bits are told; a note that makes no sense has none, and is never a reason to refuse.
static void the_property_note(void **state) {
    (void)state;
    static const struct {
        uint32_t words[12]; // name size, descriptor size, type, "GNU", property type, its size, its bits, padding, ...
        uint64_t length;
        uint32_t flags;
    } rows[] = {
        {{4, 16, 5, 0x554e47, 0xc0000002, 4, 3, 0}, 32, LIBEXEC_PLAN_IBT | LIBEXEC_PLAN_SHADOW_STACK},
        {{4, 16, 5, 0x554e47, 0xc0000002, 4, 1, 0}, 32, LIBEXEC_PLAN_IBT},
        {{4, 16, 5, 0x554e47, 0xc0000002, 4, 2, 0}, 32, LIBEXEC_PLAN_SHADOW_STACK},
        {{4, 16, 5, 0x554e47, 0xc0000002, 4, 0xfffffffc, 0}, 32, 0},
        {{4, 32, 5, 0x554e47, 0xc0000001, 4, 7, 0, 0xc0000002, 4, 1, 0}, 48, LIBEXEC_PLAN_IBT}, // behind another one
        {{4, 32, 5, 0x554e47, 0xc0000001, 4, 7, 0, 0xc0000002, 4, 1, 0}, 44, LIBEXEC_PLAN_IBT},
        {{4, 32, 5, 0x554e47, 0xc0000001, 4, 7, 0, 0xc0000002, 4, 1, 0}, 40, 0}, // that is not all there
        {{4, 24, 5, 0x554e47, 0xc0000001, 4, 7, 0, 0xc0000002, 4, 1, 0}, 48, 0},
        {{4, 16, 5, 0x554e47, 0xc0000001, 4, 3, 0}, 32, 0},          // another property
        {{4, 16, 5, 0x554e47, 0xc0000002, 8, 3, 0}, 32, 0},          // of another size
        {{4, 16, 5, 0x554e47, 0xc0000002, 0xffffffff, 3, 0}, 32, 0}, // that wraps
        {{4, 16, 5, 0x554e48, 0xc0000002, 4, 3, 0}, 32, 0},          // another owner
        {{5, 16, 5, 0x554e47, 0xc0000002, 4, 3, 0}, 32, 0},
        {{4, 16, 4, 0x554e47, 0xc0000002, 4, 3, 0}, 32, 0},          // another note
        {{4, 0xffffffff, 5, 0x554e47, 0xc0000002, 4, 3, 0}, 24, 0},  // longer than the header says
        {{4, 16, 5, 0x554e47, 0xc0000002, 4, 3, 0}, 15, 0},
        {{4, 16, 5, 0x554e47, 0xc0000002, 4, 3, 0}, 0, 0},
    };
    static struct libexec_plan plan;
    struct libexec_report report;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (uint64_t offset = 0x300; offset < 0x2000; offset += 0x1801) { // in the first read, and beyond
            struct libexec_kit_elf elf;
            small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
            libexec_kit_elf_write(&elf, offset, rows[i].words, sizeof(rows[i].words));
            libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_PROPERTY,
                                                                          .offset = offset,
                                                                          .file_size = rows[i].length});
            libexec_kit_elf_build(&elf);
            assert_int_equal(read_plan(&elf, 896, &plan, &report), LIBEXEC_OK);
            assert_int_equal(plan.flags & (LIBEXEC_PLAN_IBT | LIBEXEC_PLAN_SHADOW_STACK), rows[i].flags);
            elf.headers[2].offset = i % 2 == 0 ? UINT64_MAX - 4 : elf.size - 3; // nowhere
            libexec_kit_elf_build(&elf);
            assert_int_equal(read_plan(&elf, 896, &plan, &report), LIBEXEC_OK);
            assert_int_equal(plan.flags & (LIBEXEC_PLAN_IBT | LIBEXEC_PLAN_SHADOW_STACK), 0);
            libexec_kit_elf_end(&elf);
        }
}

// Of a program with an interpreter the first read is kept for its name: a note that goes on behind it counts as far as
// it was read.
static void the_property_note_at_the_end_of_the_first_read(void **state) {
    (void)state;
    static const uint32_t words[] = {4, 16, 5, 0x554e47, 0xc0000002, 4, 3, 0};
    static struct libexec_plan plan;
    struct libexec_report report;
    for (uint64_t offset = 896 - 40; offset < 896 + 8; offset++) {
        struct libexec_kit_elf elf;
        small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
        libexec_kit_elf_write(&elf, offset, words, sizeof words);
        libexec_kit_elf_write(&elf, 0x200, "/ld", 4);
        libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){
                                      .type = LIBEXEC_KIT_PT_GNU_PROPERTY,
                                      .offset = offset,
                                      .file_size = sizeof words});
        libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){
                                      .type = LIBEXEC_KIT_PT_INTERP, .offset = 0x200, .file_size = 4});
        libexec_kit_elf_build(&elf);
        assert_int_equal(read_plan(&elf, 896, &plan, &report), LIBEXEC_OK);
        assert_true((plan.flags & LIBEXEC_PLAN_INTERPRETER) != 0);
        assert_int_equal((plan.flags & (LIBEXEC_PLAN_IBT | LIBEXEC_PLAN_SHADOW_STACK)) != 0, offset + 28 <= 896);
        libexec_kit_elf_end(&elf);
    }
}

// A plan by another hand than the library's: a segment with more bytes in the file than in memory, said to be ordered.
static void regions_of_a_plan_that_is_wrong(void **state) {
    (void)state;
    static struct libexec_plan plan = {
        .flags = LIBEXEC_PLAN_ORDERED,
        .segment_count = 1,
        .segments = {{.address = 0x1000, .memory_size = 0x1000, .file_size = 0x3000}}};
    struct libexec_region region;
    assert_true(libexec_plan_next_region(&plan, 4096, 0, &region));
    assert_false(libexec_plan_next_region(&plan, 4096, 0x2000, &region));
}

// ---- Map operations -----------------------------------------------------------------------------------------------

// Sixteen segments, each with pages of bytes and of zeros.
static void execute_many(struct world *world) {
    execute_elf(world);
    world_user_string(world, USER_PATH, PROGRAM);
    world->request.path = NULL;
    world->request.source = NULL;
    world->request.user_path = USER_PATH;
    world->request.names = NULL; // the path is kept in the exec object
}

static void at_most_twelve_operations_at_once(void **state) {
    (void)state;
    static struct world world;
    uint32_t most = 0;
    for (uint32_t count = 1; count <= LIBEXEC_CONFIG_SEGMENTS; count++) {
        struct libexec_kit_elf elf;
        libexec_kit_elf_begin(&elf, LIBEXEC_KIT_ET_EXEC, 0x1000u * (count + 1));
        elf.entry = BASE;
        for (uint64_t i = 0; i < count; i++)
            libexec_kit_elf_add(&elf, load(R | W, 0x1000 * i, BASE + 0x10000 * i, 0xf00, 0x1100));
        libexec_kit_elf_build(&elf);
        const struct scenario scenario = {.name = "many", .set_up = execute_many, .data = &elf};
        const struct flavour flavour = {
            .name = "many", .features = LIBEXEC_KIT_OPEN | LIBEXEC_KIT_MAP_MANY, .poison = 0xa5};
        world_begin(&world, &scenario, &flavour);
        struct libexec_kit_image *const image = world_image(&world);
        check_loaded(&world, image);
        const struct libexec_kit_entry *entries = NULL;
        const uint32_t calls = libexec_kit_journal(world.kit, &entries);
        for (uint32_t i = 0, together = 0; i < calls; i++) {
            if (entries[i].call != LIBEXEC_KIT_CALL_MAP)
                continue;
            together = entries[i].many != 0 ? together + 1 : 1;
            most = together > most ? together : most;
        }
        EXPECT(&world, most <= 12);
        world_end_prepared(&world, image);
        libexec_kit_elf_end(&elf);
    }
    assert_int_equal(most, 12); // there were enough
}

// Of what a source offers, filling at a fault comes first, then sharing what cannot be written; pages that the host
// lends in no way are written.
static void pages_are_backed_as_the_source_offers(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    const struct scenario scenario = {.name = "backing", .set_up = execute_elf, .data = &elf};
    for (uint32_t offer = 0; offer < 8; offer++) {
        const uint32_t features = LIBEXEC_KIT_OPEN | (offer & 1 ? LIBEXEC_KIT_SHARE : 0) |
                                  (offer & 2 ? LIBEXEC_KIT_COPY_ON_WRITE : 0) |
                                  (offer & 4 ? LIBEXEC_KIT_FILL_AT_FAULT : 0);
        const struct flavour flavour = {.name = "offer", .features = features, .poison = 0xa5};
        const enum libexec_backing writable = offer & 4   ? LIBEXEC_BACKING_FAULT
                                              : offer & 2 ? LIBEXEC_BACKING_COPY_ON_WRITE
                                                          : LIBEXEC_BACKING_WRITTEN;
        const enum libexec_backing read_only = (offer & 5) == 1 ? LIBEXEC_BACKING_SHARE : writable;
        const struct libexec_kit_entry *entries = NULL;
        uint32_t seen = 0;
        world_begin(&world, &scenario, &flavour);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        for (uint32_t i = libexec_kit_journal(world.kit, &entries); i-- > 0;) {
            if (entries[i].call != LIBEXEC_KIT_CALL_MAP ||
                (entries[i].address != BASE && entries[i].address != BASE + 0x2000))
                continue;
            EXPECT_EQUAL(&world, entries[i].detail, entries[i].address == BASE ? read_only : writable);
            seen++;
        }
        EXPECT_EQUAL(&world, seen, 2);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    libexec_kit_elf_end(&elf);
}

// Where the user range begins with 0 an image may, too.
static void an_image_at_address_0(void **state) {
    (void)state;
    static struct world world;
    struct libexec_arch arch = libexec_kit_arch;
    struct libexec_kit_elf elf;
    arch.user_low = 0;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, 0);
    const struct scenario scenario = {.name = "address 0", .set_up = execute_elf, .data = &elf};
    world_begin(&world, &scenario, flavour_full);
    world_set_arch(&world, &arch);
    execute_elf(&world);
    struct libexec_kit_image *const image = world_image(&world);
    check_loaded(&world, image);
    const struct libexec_region *const region = libexec_kit_image_region(image, 0);
    EXPECT(&world, region != NULL);
    EXPECT_EQUAL(&world, region->address, 0);
    world_end_prepared(&world, image);
    libexec_kit_elf_end(&elf);
}

// Whatever names another file is refused where the host opens none; by a library for static programs on every host. The
// scenario's data is the program, or NULL for a script that names one.
static void execute_naming(struct world *world) {
    static const char line[] = "#!" PROGRAM "\n";
    if (world->scenario->data != NULL)
        world_file(world, "/first", world->scenario->data);
    else
        world_bytes(world, "/first", line, sizeof(line) - 1);
    world_execute(world, "/first");
}

static void what_names_another_file(void **state) {
    (void)state;
    static struct world world;
    static const char name[] = PROGRAM;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    libexec_kit_elf_write(&elf, 0x200, name, sizeof(name));
    libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){
                                  .type = LIBEXEC_KIT_PT_INTERP, .offset = 0x200, .file_size = sizeof(name)});
    libexec_kit_elf_build(&elf);
    const struct scenario scenarios[] = {{.name = "a dynamic program", .set_up = execute_naming, .data = &elf},
                                         {.name = "a script", .set_up = execute_naming}};
    for (size_t i = 0; i < 2; i++)
        for (size_t f = 0; f < flavour_count; f++) {
            world_begin(&world, &scenarios[i], &flavours[f]);
            const bool opens = libexec_kit_host(world.kit)->open != NULL;
            const enum libexec_status status = world_prepare(&world);
            if (opens && !LIBEXEC_CONFIG_STATIC_ONLY) { // which is not there
                EXPECT_EQUAL(&world, status, LIBEXEC_E_OPEN);
            } else {
                EXPECT_EQUAL(&world, status, LIBEXEC_E_NO_OPEN);
                EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_ENOEXEC);
            }
            EXPECT_EQUAL(&world, libexec_kit_read_ledger(world.kit).pages_made, 0);
            EXPECT(&world, libexec_kit_ledger_empty(world.kit));
            world_end(&world);
        }
    libexec_kit_elf_end(&elf);
}

static int (*kit_map)(void *context, void *space, const struct libexec_map *operation);
static struct libexec_range present;

static int map_and_note(void *context, void *space, const struct libexec_map *operation) {
    if (operation->backing == LIBEXEC_BACKING_RESERVE)
        present = operation->present;
    return kit_map(context, space, operation);
}

// Of the stack the host is told the page that prepare is sure to write: where the stack pointer points.
static void the_page_of_the_stack_pointer_is_present(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_elf elf;
    struct libexec_start start;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    const struct scenario scenario = {.name = "present", .set_up = execute_elf, .data = &elf};
    world_begin(&world, &scenario, flavour_required);
    kit_map = libexec_kit_host(world.kit)->map;
    libexec_kit_host(world.kit)->map = map_and_note;
    present = (struct libexec_range){0, 0};
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    libexec_exec_start(&world.exec, &start);
    EXPECT_EQUAL(&world, present.address, start.stack_pointer / PAGE * PAGE);
    EXPECT_EQUAL(&world, present.length, PAGE);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
    libexec_kit_elf_end(&elf);
}

// ---- Pages filled at a fault --------------------------------------------------------------------------------------

static const uint8_t file_bytes[0x5123] = {[0] = 1, [0x1fff] = 2, [0x2000] = 3, [0x4fff] = 4, [0x5122] = 5};

static const struct libexec_region regions[] = {
    {.address = 0x10000, .length = 0x3000, .file_offset = 0x1000, .file_length = 0x3000,
     .kind = LIBEXEC_REGION_PROGRAM, .file = LIBEXEC_FILE_PROGRAM, .rights = 5},
    {.address = 0x13000, .length = 0x2000, .file_offset = 0x4000, .file_length = 0x1123,
     .kind = LIBEXEC_REGION_PROGRAM, .file = LIBEXEC_FILE_PROGRAM, .rights = 3},
    {.address = 0x15000, .length = 0x20000, .kind = LIBEXEC_REGION_BSS, .file = LIBEXEC_FILE_PROGRAM, .rights = 3},
    {.address = 0x100000, .length = 0x10000, .kind = LIBEXEC_REGION_GUARD},
    {.address = 0x110000, .length = 0x10000, .kind = LIBEXEC_REGION_STACK, .rights = 3},
    {.address = 0x7fffffffe000, .length = 0x1000, .kind = LIBEXEC_REGION_BSS, .rights = 3},
};
#define REGIONS (sizeof(regions) / sizeof(regions[0]))

static const struct libexec_region *expected_region(libexec_address address) {
    for (size_t i = 0; i < REGIONS; i++)
        if (address >= regions[i].address && address - regions[i].address < regions[i].length &&
            regions[i].kind != LIBEXEC_REGION_GUARD)
            return &regions[i];
    return NULL;
}

static void check_fault(libexec_address address, uint64_t around) {
    struct libexec_fault_page page;
    const struct libexec_region *const expected = expected_region(address);
    assert_int_equal(libexec_fault(regions, REGIONS, PAGE, around, address, &page), expected != NULL);
    if (expected == NULL)
        return;
    const uint64_t window = address - address % around;
    assert_ptr_equal(page.region, expected);
    assert_true(page.address <= address && address - page.address < page.length);
    assert_int_equal((page.address | page.length) % PAGE, 0);
    assert_true(page.address >= expected->address && page.address >= window);
    assert_true(page.address + page.length <= expected->address + expected->length);
    assert_true(page.length <= around && page.address + page.length - window <= around);
    // As much as fits in the window, of the whole pages of the file or of the others.
    const libexec_address border = expected->address + expected->file_length / PAGE * PAGE;
    const libexec_address start = address < border ? expected->address : border;
    const libexec_address end = address < border ? border : expected->address + expected->length;
    assert_int_equal(page.address, window > start ? window : start);
    assert_int_equal(page.address + page.length, window + around < end ? window + around : end);
    assert_int_equal(page.shareable, address < border);
    const uint64_t before = page.address - expected->address;
    const uint64_t rest = expected->file_length > before ? expected->file_length - before : 0;
    assert_int_equal(page.file_length, rest < page.length ? rest : page.length);
    if (page.file_length != 0)
        assert_int_equal(page.file_offset, expected->file_offset + before);
}

static void a_fault_finds_its_page(void **state) {
    (void)state;
    uint32_t faults = 0;
    for (uint64_t around = PAGE; around <= 0x40000; around *= 2) {
        for (libexec_address address = 0; address < 0x130000; address += 0x7ff, faults++)
            check_fault(address, around);
        for (size_t i = 0; i < REGIONS; i++)
            for (int k = -1; k <= 1; k++, faults += 2) {
                check_fault(regions[i].address + (uint64_t)(int64_t)k, around);
                check_fault(regions[i].address + regions[i].length + (uint64_t)(int64_t)k, around);
            }
        check_fault(UINT64_MAX, around);
        check_fault(0, around);
    }
    struct libexec_fault_page page;
    assert_false(libexec_fault(regions, 0, PAGE, PAGE, 0x10000, &page)); // no regions at all
    printf("%u faults\n", faults);
}

// However many regions there are: the first and the last byte of each is found, and nothing between them.
static void a_fault_among_many_regions(void **state) {
    (void)state;
    struct libexec_region many[100];
    struct libexec_fault_page page;
    for (uint32_t i = 0; i < 100; i++)
        many[i] = (struct libexec_region){.address = 0x10000 + i * UINT64_C(0x5000), .length = 0x3000,
                                          .kind = LIBEXEC_REGION_BSS, .file = LIBEXEC_FILE_PROGRAM, .rights = 3};
    for (uint32_t count = 1; count <= 100; count++) {
        assert_false(libexec_fault(many, count, PAGE, PAGE, many[0].address - 1, &page));
        for (uint32_t i = 0; i < count; i++) {
            const uint64_t end = many[i].address + many[i].length;
            assert_true(libexec_fault(many, count, PAGE, PAGE, many[i].address, &page));
            assert_ptr_equal(page.region, &many[i]);
            assert_int_equal(page.address, many[i].address);
            assert_true(libexec_fault(many, count, PAGE, PAGE, end - 1, &page));
            assert_ptr_equal(page.region, &many[i]);
            assert_int_equal(page.address, end - PAGE);
            assert_false(libexec_fault(many, count, PAGE, PAGE, end, &page));
            assert_false(libexec_fault(many, count, PAGE, PAGE, end + 0x1fff, &page));
        }
    }
}

static void a_fault_is_filled(void **state) {
    (void)state;
    static uint8_t bytes[0x10000];
    struct libexec_source source;
    libexec_memory_source(&source, file_bytes, sizeof(file_bytes));
    for (uint64_t around = PAGE; around <= 0x10000; around *= 4)
        for (libexec_address address = 0x10000; address < 0x17000; address += PAGE) {
            struct libexec_fault_page page;
            memset(bytes, 0xa5, sizeof(bytes));
            assert_true(libexec_fault(regions, REGIONS, PAGE, around, address, &page));
            assert_int_equal(libexec_fault_fill(&page, &source, bytes), LIBEXEC_OK);
            for (uint64_t i = 0; i < page.length; i++)
                assert_int_equal(bytes[i], i < page.file_length ? file_bytes[page.file_offset + i] : 0);
            for (uint64_t i = page.length; i < sizeof(bytes); i++)
                assert_int_equal(bytes[i], 0xa5); // and nothing beyond
        }
}

static int failing_read(void *context, uint64_t offset, void *buffer, size_t length, size_t *done) {
    (void)offset;
    const int *const form = context;
    memset(buffer, 0x77, length);
    *done = *form == 1 ? length + 1 : *form == 2 ? length / 2 : 0;
    return *form == 0 ? 5 : 0;
}

static void a_fault_that_cannot_be_filled(void **state) {
    (void)state;
    static uint8_t bytes[PAGE];
    struct libexec_source source;
    struct libexec_fault_page page;
    assert_true(libexec_fault(regions, REGIONS, PAGE, PAGE, 0x11000, &page)); // file bytes 0x2000 ... 0x3000
    static const uint64_t sizes[] = {0, 0x1fff, 0x2000, 0x2001, 0x2800, 0x2fff};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) { // the file has shrunk
        libexec_memory_source(&source, file_bytes, sizes[i]);
        memset(bytes, 0xa5, sizeof(bytes));
        assert_int_equal(libexec_fault_fill(&page, &source, bytes), LIBEXEC_E_FILE_SHRANK);
        for (uint64_t k = 0; k < PAGE; k++)
            assert_int_equal(bytes[k], 0x2000 + k < sizes[i] ? file_bytes[0x2000 + k] : 0);
    }
    static const enum libexec_status statuses[] = {LIBEXEC_E_READ, LIBEXEC_E_CONTRACT, LIBEXEC_E_FILE_SHRANK};
    for (int form = 0; form < 3; form++) {
        const struct libexec_source_operations operations = {.read_at = failing_read};
        source = (struct libexec_source){.operations = &operations, .context = &form, .size = 0x5123};
        memset(bytes, 0xa5, sizeof(bytes));
        assert_int_equal(libexec_fault_fill(&page, &source, bytes), statuses[form]);
        for (uint64_t k = form == 2 ? PAGE / 2 : 0; k < PAGE; k++)
            assert_int_equal(bytes[k], 0);
        source.size = 0x2000; // where nothing is left, nothing is asked for
        assert_int_equal(libexec_fault_fill(&page, &source, bytes), LIBEXEC_E_FILE_SHRANK);
    }
}

// A file that shrank after the exec: what is left is seen, the rest is zero, and nothing else breaks.
static void execute_shrinking(struct world *world) {
    execute_elf(world);
    const struct libexec_kit_elf *const elf = world->scenario->data;
    libexec_kit_add_file(world->kit, &(struct libexec_kit_file){.path = PROGRAM, .bytes = elf->bytes,
                                                                .length = elf->size, .shrinks = true,
                                                                .shrinks_before = 1, .shrunk_size = 0x1800});
}

static void a_file_that_shrinks_after_the_exec(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    const struct scenario scenario = {.name = "shrinking", .set_up = execute_shrinking, .data = &elf};
    world_begin(&world, &scenario, flavour_fault);
    struct libexec_kit_image *const image = world_image(&world);
    uint8_t bytes[0x10];
    EXPECT(&world, libexec_kit_image_read(image, BASE + 0x1100, bytes, sizeof(bytes)));
    EXPECT(&world, memcmp(bytes, elf.bytes + 0x1100, sizeof(bytes)) == 0);
    EXPECT(&world, libexec_kit_image_read(image, BASE + 0x27f8, bytes, sizeof(bytes)));
    EXPECT(&world, memcmp(bytes, elf.bytes + 0x17f8, 8) == 0 && bytes[8] == 0 && bytes[15] == 0);
    world_end_prepared(&world, image);
    libexec_kit_elf_end(&elf);
}

int main(void) {
    const struct CMUnitTest images[] = {
        cmocka_unit_test(random_images),
        cmocka_unit_test(a_plan_says_what_the_file_says),
        cmocka_unit_test(a_plan_says_what_else_there_is),
        cmocka_unit_test(a_plan_alone_is_refused_as_in_an_exec),
        cmocka_unit_test(a_plan_alone_heeds_its_policy),
        cmocka_unit_test(the_stack_rights_of_a_plan),
        cmocka_unit_test(the_alignment_of_a_plan),
        cmocka_unit_test(a_plan_of_nothing),
        cmocka_unit_test(a_plan_without_a_place_ends_where_user_addresses_do),
        cmocka_unit_test(a_source_in_memory_is_parsed_in_place),
        cmocka_unit_test(a_plan_returns_every_view),
        cmocka_unit_test(runs_are_not_split),
        cmocka_unit_test(a_bss_in_the_page_of_other_bytes_is_cut_behind_it),
        cmocka_unit_test(the_page_with_the_end_of_the_file),
        cmocka_unit_test(a_plans_runs_ascend_and_touch_nothing_twice),
        cmocka_unit_test(the_property_note),
        cmocka_unit_test(the_property_note_at_the_end_of_the_first_read),
        cmocka_unit_test(regions_of_a_plan_that_is_wrong),
        cmocka_unit_test(at_most_twelve_operations_at_once),
        cmocka_unit_test(pages_are_backed_as_the_source_offers),
        cmocka_unit_test(an_image_at_address_0),
        cmocka_unit_test(what_names_another_file),
        cmocka_unit_test(the_page_of_the_stack_pointer_is_present),
        cmocka_unit_test(a_fault_finds_its_page),
        cmocka_unit_test(a_fault_among_many_regions),
        cmocka_unit_test(a_fault_is_filled),
        cmocka_unit_test(a_fault_that_cannot_be_filled),
        cmocka_unit_test(a_file_that_shrinks_after_the_exec),
    };
    return RUN(images);
}
