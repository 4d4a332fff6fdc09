// SPDX-License-Identifier: MIT
// Bugs that ELF loaders have had, in headers (A), segments (B) and interpreters (C): a test for each, named after it,
// with the exact refusal; or the exact image where Linux and this library accept the file.

#include "world.h"

#define NOEXEC LIBEXEC_ERRNO_ENOEXEC
#define INVALID LIBEXEC_ERRNO_EINVAL
#define NOMEM LIBEXEC_ERRNO_ENOMEM

#define AT_HEADER(status, offset) ((struct refusal){status, NOEXEC, LIBEXEC_STAGE_HEADER, ANY, offset})
// A segment's fault that Linux finds, too: while the image is laid out.
#define AT_SEGMENT(status, error, index)                                                                               \
    ((struct refusal){status, error, LIBEXEC_STAGE_LAYOUT, index, HEADER_AT(index)})
// One that only this library or its policy finds: in the plan.
#define IN_PLAN(status, index) ((struct refusal){status, NOEXEC, LIBEXEC_STAGE_PLAN, index, HEADER_AT(index)})

static struct libexec_kit_elf small(uint16_t type) {
    struct libexec_kit_elf elf;
    small_elf(&elf, type, type == LIBEXEC_KIT_ET_EXEC ? BASE : 0);
    return elf;
}

static struct libexec_kit_elf fixed(void) {
    return small(LIBEXEC_KIT_ET_EXEC);
}

// Small ET_EXEC file whose second segment is `header`.
static struct libexec_kit_elf with_second(struct libexec_kit_program_header header) {
    struct libexec_kit_elf elf = fixed();
    elf.headers[1] = header;
    return elf;
}

// ---- A: the file header and the table -----------------------------------------------------------------------------

static void bug_A1_table_arithmetic_wraps(void **state) {
    (void)state;
    static const uint64_t offsets[] = {UINT64_MAX, UINT64_MAX - 55, UINT64_MAX - 111, 1ull << 63, 1ull << 32,
                                       0xffffffffu, 0x3000, 0x2fff, 0x3000 - 111};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        struct libexec_kit_elf elf = fixed();
        elf.program_headers_offset = offsets[i];
        expect_refused("A1", &elf, AT_HEADER(LIBEXEC_E_TABLE_OUTSIDE, 32));
    }
    struct libexec_kit_elf last = fixed(); // the last place where it fits
    last.program_headers_offset = 0x3000 - 112;
    expect_loaded("A1 fits", &last);
}

static void bug_A2_entry_size_trusted(void **state) {
    (void)state;
    static const uint16_t sizes[] = {0, 1, 32, 55, 57, 64, 112, 0xffff};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct libexec_kit_elf elf = fixed();
        elf.program_header_size = sizes[i];
        expect_refused("A2", &elf, AT_HEADER(LIBEXEC_E_HEADER_SIZE, 54));
    }
}

static void bug_A3_other_sizes_as_read_length(void **state) {
    (void)state;
    struct libexec_kit_elf elf = fixed();
    elf.section_header_size = 4096;
    elf.section_header_count = 0xffff;
    elf.section_headers_offset = UINT64_MAX;
    elf.section_names_index = 0xffff;
    elf.header_size = 0xffff; // not looked at, as in Linux
    elf.version = 77;
    elf.identification[7] = 0xff; // EI_OSABI
    expect_loaded("A3", &elf);
}

// A file with `count` program headers, PT_LOADs as in the small one and PT_NULLs behind them.
static struct libexec_kit_elf with_count(uint32_t count) {
    struct libexec_kit_elf elf;
    libexec_kit_elf_begin(&elf, LIBEXEC_KIT_ET_EXEC, 0x13000);
    elf.entry = BASE;
    libexec_kit_elf_add(&elf, load(R | X, 0, BASE, 0x13000, 0x13000));
    while (elf.added < count)
        libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_NULL});
    return elf;
}

static void bug_A4_count_unbounded(void **state) {
    (void)state;
    static const uint16_t counts[] = {0, 1171, 0xfffe, 0xffff};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        struct libexec_kit_elf elf = with_count(1171);
        elf.program_header_count = counts[i];
        expect_refused("A4", &elf, AT_HEADER(LIBEXEC_E_HEADER_COUNT, 56));
    }
    struct libexec_kit_elf most = with_count(1170);
    expect_loaded("A4 1170", &most);
    struct libexec_kit_elf one = with_count(1);
    expect_loaded("A4 1", &one);
}

static struct libexec_kit_elf with_segments(uint32_t count) {
    struct libexec_kit_elf elf;
    libexec_kit_elf_begin(&elf, LIBEXEC_KIT_ET_EXEC, 0x1000u * (count + 1));
    elf.entry = BASE;
    for (uint32_t i = 0; i < count; i++)
        libexec_kit_elf_add(&elf, load(R | (i % 2 == 0 ? X : W), 0x1000ull * i, BASE + 0x10000ull * i, 0xf00, 0x1100));
    return elf;
}

static void bug_A4_segment_capacity(void **state) {
    (void)state;
    struct libexec_kit_elf most = with_segments(LIBEXEC_CONFIG_SEGMENTS);
    expect_loaded("A4 capacity reached", &most);
    struct libexec_kit_elf more = with_segments(LIBEXEC_CONFIG_SEGMENTS + 1);
    expect_refused("A4 capacity exceeded", &more, IN_PLAN(LIBEXEC_E_SEGMENT_CAPACITY, LIBEXEC_CONFIG_SEGMENTS));
}

static void bug_A5_table_past_the_end(void **state) {
    (void)state;
    static const uint64_t sizes[] = {64, 65, 119, 120, 175};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct libexec_kit_elf elf = fixed();
        elf.size = sizes[i];
        expect_refused("A5", &elf, AT_HEADER(LIBEXEC_E_TABLE_OUTSIDE, 32));
    }
}

static void shrinking_file(struct world *world) {
    const struct libexec_kit_elf *const elf = world->scenario->data;
    libexec_kit_add_file(world->kit, &(struct libexec_kit_file){.path = PROGRAM, .bytes = elf->bytes,
                                                                .length = elf->size, .shrinks = true});
    world_execute(world, PROGRAM);
}

// A read brings less than was asked for: because the file became shorter, or though it did not.
struct short_read {
    uint64_t brought;
    bool shrinks;
    enum libexec_status status;
    const struct libexec_kit_elf *elf;
};

static void short_file(struct world *world) {
    const struct short_read *const read = world->scenario->data;
    libexec_kit_add_file(world->kit, &(struct libexec_kit_file){
        .path = PROGRAM, .bytes = read->elf->bytes, .length = read->elf->size, .shrinks = read->shrinks,
        .shrunk_size = read->brought, .short_reads = read->shrinks ? 0 : read->brought});
    world_execute(world, PROGRAM);
}

static void bug_A5_short_read_accepted(void **state) {
    (void)state;
    struct libexec_kit_elf elf = fixed();
    struct scenario scenario = {.name = "A5 shrunk", .set_up = shrinking_file, .data = &elf,
                                .status = LIBEXEC_E_FILE_SHRANK, .error = LIBEXEC_ERRNO_EIO,
                                .stage = LIBEXEC_STAGE_SOURCE, .file = LIBEXEC_FILE_PROGRAM, .program_header = ANY,
                                .offset = 0, .argument = ANY};
    run_scenario(&scenario);
    libexec_kit_elf_end(&elf);
    // The report says what was brought and what was asked for. Views hide it where they are offered.
    elf = fixed();
    static struct world world;
    const struct short_read reads[] = {{0, true, LIBEXEC_E_FILE_SHRANK, &elf},
                                       {1, true, LIBEXEC_E_SHORT_READ, &elf},
                                       {100, true, LIBEXEC_E_SHORT_READ, &elf},
                                       {100, false, LIBEXEC_E_SHORT_READ, &elf},
                                       {LIBEXEC_CONFIG_HEADER_BYTES - 1, false, LIBEXEC_E_SHORT_READ, &elf}};
    scenario.name = "A5 short";
    scenario.set_up = short_file;
    for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        scenario.data = &reads[i];
        world_begin(&world, &scenario, flavour_required);
        EXPECT_EQUAL(&world, world_prepare(&world), reads[i].status);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        EXPECT_EQUAL(&world, report->known,
                     LIBEXEC_REPORT_FILE_OFFSET | LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT);
        EXPECT_EQUAL(&world, report->value, reads[i].brought);
        EXPECT_EQUAL(&world, report->limit, LIBEXEC_CONFIG_HEADER_BYTES);
        EXPECT_EQUAL(&world, libexec_report_errno(report), LIBEXEC_ERRNO_EIO);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
    libexec_kit_elf_end(&elf);
}

static void bug_A6_unaligned_headers(void **state) {
    (void)state;
    for (uint64_t offset = 1; offset < 16; offset++) {
        struct libexec_kit_elf elf = fixed();
        elf.program_headers_offset = 64 + offset;
        expect_loaded("A6", &elf);
    }
    struct libexec_kit_elf far = fixed(); // and beyond the first read
    far.program_headers_offset = 0x2001;
    expect_loaded("A6 far", &far);
}

static void bug_A7_wrong_size_in_the_check(void **state) {
    (void)state;
    struct libexec_kit_elf exact;
    libexec_kit_elf_begin(&exact, LIBEXEC_KIT_ET_EXEC, 64 + 56);
    exact.entry = BASE;
    libexec_kit_elf_add(&exact, load(R | X, 0, BASE, 120, 120));
    expect_loaded("A7 exact", &exact);
    struct libexec_kit_elf less;
    libexec_kit_elf_begin(&less, LIBEXEC_KIT_ET_EXEC, 64 + 55);
    libexec_kit_elf_add(&less, load(R | X, 0, BASE, 119, 119));
    expect_refused("A7 one less", &less, AT_HEADER(LIBEXEC_E_TABLE_OUTSIDE, 32));
}

static void identification_is_checked(void **state) {
    (void)state;
    static const struct {
        uint32_t byte;
        uint8_t value;
        enum libexec_status status;
        uint64_t offset;
    } forged[] = {
        {0, 0x7e, LIBEXEC_E_MAGIC, 0}, {1, 'e', LIBEXEC_E_MAGIC, 0},     {3, 'G', LIBEXEC_E_MAGIC, 0},
        {4, 1, LIBEXEC_E_CLASS, 4},    {4, 0, LIBEXEC_E_CLASS, 4},       {5, 2, LIBEXEC_E_DATA, 5},
        {5, 0, LIBEXEC_E_DATA, 5},     {6, 0, LIBEXEC_E_VERSION, 6},     {6, 2, LIBEXEC_E_VERSION, 6},
        {16, 0, LIBEXEC_E_TYPE, 16},   {16, 1, LIBEXEC_E_TYPE, 16},      {16, 4, LIBEXEC_E_TYPE, 16},
        {17, 1, LIBEXEC_E_TYPE, 16},   {18, 3, LIBEXEC_E_MACHINE, 18},   {18, 40, LIBEXEC_E_MACHINE, 18},
        {19, 1, LIBEXEC_E_MACHINE, 18},
    };
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        struct libexec_kit_elf elf = fixed();
        libexec_kit_elf_build(&elf);
        elf.bytes[forged[i].byte] = forged[i].value;
        run_scenario(&(struct scenario){.name = "identification", .set_up = execute_elf, .data = &elf,
                                        .status = forged[i].status, .error = NOEXEC, .stage = LIBEXEC_STAGE_HEADER,
                                        .file = LIBEXEC_FILE_PROGRAM, .program_header = ANY,
                                        .offset = forged[i].offset, .argument = ANY});
        libexec_kit_elf_end(&elf);
    }
}

// Linux does not look at class, byte order and version. Where it refuses the file for another field of the header they
// are the better reason, with the same errno; where it refuses a segment its reason and errno stand.
static void identification_beside_another_fault(void **state) {
    (void)state;
    static const enum libexec_status statuses[] = {LIBEXEC_E_CLASS, LIBEXEC_E_DATA, LIBEXEC_E_VERSION};
    for (uint32_t i = 0; i < 3; i++) {
        struct libexec_kit_elf machine = fixed();
        machine.identification[4 + i] = 9;
        machine.machine = 3;
        expect_refused("identification and machine", &machine, AT_HEADER(statuses[i], 4 + i));
        struct libexec_kit_elf segment = fixed();
        segment.identification[4 + i] = 9;
        segment.headers[1].memory_size = segment.headers[1].file_size - 1;
        expect_refused("identification and segment", &segment, AT_SEGMENT(LIBEXEC_E_FILE_OVER_MEMORY, INVALID, 1));
    }
}

static void a_file_shorter_than_its_header(void **state) {
    (void)state;
    for (uint64_t size = 0; size < 64; size += size < 6 ? 1 : 19) {
        struct libexec_kit_elf elf = fixed();
        elf.size = size;
        expect_refused("short", &elf, AT_HEADER(size != 0 && size < 4 ? LIBEXEC_E_MAGIC : LIBEXEC_E_TOO_SHORT, 0));
    }
}

// ---- B: segments --------------------------------------------------------------------------------------------------

static void bug_B1_file_over_memory(void **state) {
    (void)state;
    for (int position_independent = 0; position_independent < 2; position_independent++) {
        struct libexec_kit_elf elf = small(position_independent ? LIBEXEC_KIT_ET_DYN : LIBEXEC_KIT_ET_EXEC);
        elf.headers[1].memory_size = elf.headers[1].file_size - 1;
        expect_refused("B1", &elf, AT_SEGMENT(LIBEXEC_E_FILE_OVER_MEMORY, INVALID, 1));
    }
    struct libexec_kit_elf wraps = fixed(); // p_filesz and its place in the page wrap to no page at all
    wraps.headers[1].file_size = UINT64_MAX - 0x1ff;
    expect_refused("B1 wraps", &wraps, AT_SEGMENT(LIBEXEC_E_FILE_OVER_MEMORY, INVALID, 1));
    struct libexec_kit_elf nothing = fixed();
    nothing.headers[1].memory_size = 0;
    expect_refused("B1 no memory", &nothing, AT_SEGMENT(LIBEXEC_E_FILE_OVER_MEMORY, INVALID, 1));
}

static void bug_B2_file_range_past_the_end(void **state) {
    (void)state;
    static const struct {
        uint64_t offset, file_size;
    } past[] = {{0x1200, 0x1e01}, {0x2200, 0x1000}, {0x3200, 1}, {0x200, 0x2e01}, {1ull << 40 | 0x200, 0x10}};
    for (size_t i = 0; i < sizeof(past) / sizeof(past[0]); i++) {
        struct libexec_kit_elf elf = with_second(load(R | W, past[i].offset, BASE + 0x2200, past[i].file_size, 0x4000));
        expect_refused("B2", &elf, IN_PLAN(LIBEXEC_E_OUTSIDE_FILE, 1));
    }
    struct libexec_kit_elf exact = with_second(load(R | W, 0x1200, BASE + 0x2200, 0x1e00, 0x4000));
    expect_loaded("B2 exact", &exact);
    struct libexec_kit_elf empty = with_second(load(R | W, 1ull << 40 | 0x200, BASE + 0x2200, 0, 0x4000));
    expect_loaded("B2 no bytes", &empty);
}

static void bug_B2_offsets_that_wrap(void **state) {
    (void)state;
    // With p_offset near 2^64 the sum wraps; from 2^63 on no file can hold it.
    struct libexec_kit_elf wrap = with_second(load(R | W, UINT64_MAX - 0xdff, BASE + 0x2200, 0x1600, 0x4000));
    expect_refused("B2 wrap", &wrap, AT_SEGMENT(LIBEXEC_E_FILE_RANGE, INVALID, 1));
    struct libexec_kit_elf huge = with_second(load(R | W, 1ull << 63 | 0x200, BASE + 0x2200, 0x1600, 0x4000));
    expect_refused("B2 huge", &huge, AT_SEGMENT(LIBEXEC_E_FILE_OFFSET, LIBEXEC_ERRNO_EOVERFLOW, 1));
}

static void bug_B3_addresses_that_wrap(void **state) {
    (void)state;
    static const struct {
        uint64_t address, memory_size;
        enum libexec_status status;
        int error;
    } forged[] = {
        {UINT64_MAX - 0xdff, 0x1600, LIBEXEC_E_NO_ROOM, NOMEM},
        {UINT64_MAX - 0xdff, 0x100, LIBEXEC_E_NO_ROOM, NOMEM},
        {BASE + 0x2200, UINT64_MAX - 0x3fffff, LIBEXEC_E_NO_ROOM, NOMEM},
        {BASE + 0x2200, UINT64_MAX, LIBEXEC_E_ADDRESS_RANGE, INVALID},
        {BASE + 0x2200, 0x7fffffffdd01 - BASE, LIBEXEC_E_NO_ROOM, NOMEM}, // one byte beyond the user range
        {0x7ffffffff200, 0x100, LIBEXEC_E_NO_ROOM, NOMEM},
        {0x800000000200, 0x100, LIBEXEC_E_NO_ROOM, NOMEM},
    };
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        struct libexec_kit_elf elf = with_second(load(R | W, 0x1200, forged[i].address, 0x100, forged[i].memory_size));
        if (forged[i].memory_size < 0x100)
            elf.headers[1].memory_size = 0x100;
        expect_refused("B3", &elf, AT_SEGMENT(forged[i].status, forged[i].error, 1));
    }
}

static void bug_B3_position_independent_span_too_large(void **state) {
    (void)state;
    struct libexec_kit_elf elf = small(LIBEXEC_KIT_ET_DYN);
    elf.headers[1].address = 0x7ffffffff200;
    libexec_kit_elf_build(&elf);
    run_scenario(&(struct scenario){.name = "B3 span", .set_up = execute_elf, .data = &elf,
                                    .status = LIBEXEC_E_NO_ROOM, .error = NOMEM, .stage = LIBEXEC_STAGE_LAYOUT,
                                    .file = LIBEXEC_FILE_PROGRAM, .program_header = 0, .offset = HEADER_AT(0),
                                    .argument = ANY});
    libexec_kit_elf_end(&elf);
}

static void bug_B4_misaligned_vaddr(void **state) {
    (void)state;
    static const uint64_t addresses[] = {BASE + 0x2201, BASE + 0x2000, BASE + 0x2fff, BASE + 0x2a00};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
        struct libexec_kit_elf elf = with_second(load(R | W, 0x1200, addresses[i], 0x1600, 0x3e00));
        expect_refused("B4", &elf, AT_SEGMENT(LIBEXEC_E_CONGRUENCE, INVALID, 1));
    }
    // Without bytes from the file there is nothing to be congruent.
    struct libexec_kit_elf bss = with_second(load(R | W, 0x1201, BASE + 0x2777, 0, 0x3e00));
    expect_loaded("B4 bss", &bss);
}

static void bug_B5_page_rounding(void **state) {
    (void)state;
    static const struct {
        uint64_t in_page, file_size, memory_size;
    } edges[] = {{0xff0, 0x10, 0x20}, {0xff0, 0x10, 0x10}, {0xff0, 0x10, 0x11}, {0, 1, 1}, {0, 1, 2}, {0xfff, 1, 1},
                 {0xfff, 1, 2},       {0xff0, 0x20, 0x20}, {0, 0x1000, 0x1000}, {0, 0x1000, 0x1001}, {0xfff, 0, 1},
                 {0xfff, 0, 2},       {0, 0, 1},           {0, 0, 0x1000},      {0, 0, 0x1001},      {1, 0xfff, 0x1fff},
                 {1, 0xfff, 0x2000},  {0, 0, 0}};
    for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        const uint64_t in_page = edges[i].in_page;
        struct libexec_kit_elf elf = with_second(load(R | W, 0x1000 + in_page, BASE + 0x4000 + in_page,
                                                      edges[i].file_size, edges[i].memory_size));
        expect_loaded("B5", &elf);
    }
}

static void bug_B6_alignment_that_is_none(void **state) {
    (void)state;
    static const uint64_t alignments[] = {0, 1, 2, 3, 0x1000, 0x1001, 0x10000, 0x200000, 1ull << 63, UINT64_MAX};
    for (size_t i = 0; i < sizeof(alignments) / sizeof(alignments[0]); i++) {
        struct libexec_kit_elf elf = fixed();
        elf.headers[0].alignment = elf.headers[1].alignment = alignments[i];
        expect_loaded("B6 fixed", &elf);
    }
}

static void check_aligned(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_kit_elf *const elf = world->scenario->data;
    check_loaded(world, image);
    EXPECT_EQUAL(world, libexec_kit_image_layout(image)->program_bias % elf->headers[0].alignment, 0);
}

static void bug_B6_alignment_of_position_independent(void **state) {
    (void)state;
    static const uint64_t alignments[] = {1, 0x1000, 0x10000, 0x200000, 0x40000000};
    for (size_t i = 0; i < sizeof(alignments) / sizeof(alignments[0]); i++) {
        struct libexec_kit_elf elf = small(LIBEXEC_KIT_ET_DYN);
        elf.headers[0].alignment = alignments[i];
        libexec_kit_elf_build(&elf);
        run_scenario(&(struct scenario){.name = "B6 aligned", .set_up = execute_elf, .data = &elf,
                                        .check = check_aligned});
        libexec_kit_elf_end(&elf);
    }
    struct libexec_kit_elf odd = small(LIBEXEC_KIT_ET_DYN);
    odd.headers[0].alignment = 0x3000;
    expect_loaded("B6 odd", &odd);
}

static void bug_B7_unordered_segments(void **state) {
    (void)state;
    for (int position_independent = 0; position_independent < 2; position_independent++) {
        struct libexec_kit_elf elf = small(position_independent ? LIBEXEC_KIT_ET_DYN : LIBEXEC_KIT_ET_EXEC);
        const struct libexec_kit_program_header first = elf.headers[0];
        elf.headers[0] = elf.headers[1];
        elf.headers[1] = first;
        expect_loaded("B7 two", &elf);
    }
    struct libexec_kit_elf three;
    libexec_kit_elf_begin(&three, LIBEXEC_KIT_ET_DYN, 0x4000);
    libexec_kit_elf_add(&three, load(R, 0x1000, 0x41000, 0x1000, 0x1000));
    libexec_kit_elf_add(&three, load(R | W, 0x2000, 0x22000, 0x800, 0x1800));
    libexec_kit_elf_add(&three, load(R | X, 0, 0x60000, 0x1000, 0x1000));
    expect_loaded("B7 three", &three);
}

static bool ranges_overlap(struct libexec_range one, struct libexec_range other) {
    return one.length != 0 && other.length != 0 && one.address < other.address + other.length &&
           other.address < one.address + one.length;
}

static void check_apart(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const struct libexec_range ranges[] = {layout->program, layout->interpreter, layout->tls, layout->guard,
                                           layout->stack};
    check_loaded(world, image);
    for (size_t i = 0; i < 5; i++)
        for (size_t k = 0; k < i; k++)
            EXPECT(world, !ranges_overlap(ranges[i], ranges[k]));
    EXPECT_EQUAL(world, layout->guard.address + layout->guard.length, layout->stack.address);
    EXPECT(world, layout->guard.length >= 0x100000);
}

static void bug_B8_only_the_first_segment_reserved(void **state) {
    (void)state;
    for (int independent = 0; independent < 2; independent++) {
        struct libexec_kit_elf elf = small(independent ? LIBEXEC_KIT_ET_DYN : LIBEXEC_KIT_ET_EXEC);
        elf.headers[1].address += 0x100000000000; // far above, but inside the extent
        libexec_kit_elf_build(&elf);
        run_scenario(&(struct scenario){.name = "B8", .set_up = execute_elf, .data = &elf, .check = check_apart});
        libexec_kit_elf_end(&elf);
    }
    // An extent as large as what is left below the stack cannot reach into it.
    struct libexec_kit_elf large = small(LIBEXEC_KIT_ET_DYN);
    large.headers[1].address += 0x7ffff0000000;
    expect_refused("B8 too large", &large, AT_SEGMENT(LIBEXEC_E_NO_ROOM, NOMEM, 0));
}

static struct libexec_policy fixed_addresses(void) {
    return (struct libexec_policy){.flags = LIBEXEC_POLICY_FIXED_ADDRESSES};
}

static void execute_fixed(struct world *world) {
    execute_elf(world);
    world->policy = fixed_addresses();
}

// Where the stack and its guard lie without randomisation.
static struct libexec_layout usual_layout(void) {
    static struct world world;
    struct libexec_kit_elf elf = fixed();
    libexec_kit_elf_build(&elf);
    const struct scenario scenario = {.name = "usual layout", .set_up = execute_fixed, .data = &elf};
    world_begin(&world, &scenario, flavour_full);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    const struct libexec_layout layout = *libexec_exec_layout(&world.exec);
    EXPECT_EQUAL(&world, layout.stack.address + layout.stack.length, 0x7ffffffff000);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
    libexec_kit_elf_end(&elf);
    return layout;
}

static void bug_B9_on_the_stack(void **state) {
    (void)state;
    const struct libexec_layout layout = usual_layout();
    const uint64_t addresses[] = {0x7fffffffe000, layout.stack_pointer / PAGE * PAGE, layout.stack.address,
                                  layout.stack.address - PAGE, layout.guard.address, layout.guard.address - PAGE};
    for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
        for (uint32_t which = 0; which < 2; which++) {
            struct libexec_kit_elf elf = fixed();
            elf.headers[which] = load(R | W, 0, addresses[i], 0x800, 0x1000);
            if (i == 5) // right below the guard, and one byte into it
                elf.headers[which].memory_size = 0x1001;
            libexec_kit_elf_build(&elf);
            run_scenario(&(struct scenario){
                .name = "B9", .set_up = execute_fixed, .data = &elf,
                .status = which == 0 ? LIBEXEC_E_COLLISION : LIBEXEC_E_SEGMENT_COLLISION,
                .error = LIBEXEC_ERRNO_EEXIST, .stage = LIBEXEC_STAGE_LAYOUT, .file = LIBEXEC_FILE_PROGRAM,
                .program_header = which, .offset = HEADER_AT(which), .argument = ANY});
            libexec_kit_elf_end(&elf);
        }
    struct libexec_kit_elf below = fixed();
    below.headers[1] = load(R | W, 0, layout.guard.address - PAGE, 0x800, 0x1000);
    libexec_kit_elf_build(&below);
    run_scenario(&(struct scenario){.name = "B9 below", .set_up = execute_fixed, .data = &below,
                                    .check = check_apart});
    libexec_kit_elf_end(&below);
}

static void bug_B10_overlap(void **state) {
    (void)state;
    // Disjoint bytes in one page, either order: the later owns the page, with its neighbour's bytes as they are in the
    // file.
    for (int high_first = 0; high_first < 2; high_first++) {
        struct libexec_kit_elf elf = fixed();
        elf.headers[high_first] = load(R | X, 0, BASE, 0x1100, 0x1100);
        elf.headers[1 - high_first] = load(R | W, 0x1200, BASE + 0x1200, 0x1000, 0x3000);
        expect_loaded("B10 shared page", &elf);
    }
    // The same range twice, r-x and rw-: the rights of the later one, not both.
    struct libexec_kit_elf twice = fixed();
    twice.headers[0] = load(R | X, 0, BASE, 0x2000, 0x2000);
    twice.headers[1] = load(R | W, 0, BASE, 0x2000, 0x2000);
    expect_loaded("B10 twice", &twice);
    // A later one in the middle of an earlier one, and bss over bytes.
    struct libexec_kit_elf inside = fixed();
    inside.headers[0] = load(R, 0, BASE, 0x3000, 0x5000);
    inside.headers[1] = load(R | W, 0x1080, BASE + 0x1080, 0x100, 0x1200);
    expect_loaded("B10 inside", &inside);
    struct libexec_kit_elf bss = fixed();
    bss.headers[0] = load(R, 0, BASE, 0x3000, 0x3000);
    bss.headers[1] = load(R | W, 0, BASE + 0x1000, 0, 0x1000);
    expect_loaded("B10 bss", &bss);
}

static void bug_B10_bss_that_begins_inside_a_page(void **state) {
    (void)state;
    static const struct libexec_kit_program_header firsts[] = {
        {.type = 1, .flags = R | X, .offset = 0, .address = BASE, .file_size = 0x1100, .memory_size = 0x1100},
        {.type = 1, .flags = R | X, .offset = 0, .address = BASE, .file_size = 0x1f00, .memory_size = 0x1f00},
        {.type = 1, .flags = R | X, .offset = 0, .address = BASE, .file_size = 0x1100, .memory_size = 0x1200},
        {.type = 1, .flags = R | X, .offset = 0, .address = BASE, .file_size = 0x1000, .memory_size = 0x1000},
        {.type = 1, .flags = R | X, .offset = 0, .address = BASE, .file_size = 0, .memory_size = 0x1100},
    };
    for (size_t i = 0; i < sizeof(firsts) / sizeof(firsts[0]); i++)
        for (uint64_t size = 0x10; size < 0x4000; size += 0x1ff0) {
            struct libexec_kit_elf elf = fixed();
            elf.headers[0] = firsts[i];
            elf.headers[1] = load(R | W, 0, BASE + 0x1800, 0, size);
            expect_loaded("B10 bss inside", &elf);
        }
    // Two of them over one page of bytes, and one below its neighbour.
    struct libexec_kit_elf two = fixed();
    libexec_kit_elf_add(&two, load(R | W, 0, BASE + 0x1c00, 0, 0x100));
    two.headers[0] = load(R | X, 0, BASE, 0x2000, 0x2000);
    two.headers[1] = load(R | W, 0, BASE + 0x1800, 0, 0x200);
    expect_loaded("B10 two bss", &two);
    struct libexec_kit_elf reverse = fixed();
    reverse.headers[0] = load(R | W, 0, BASE + 0x1800, 0, 0x1000);
    reverse.headers[1] = load(R | X, 0, BASE, 0x1100, 0x1100);
    expect_loaded("B10 bss first", &reverse);
}

static void bug_B11_bss_not_zeroed(void **state) {
    (void)state;
    static const struct {
        uint64_t file_size, memory_size;
    } forms[] = {{0x123, 0x124}, {0x123, 0xe00}, {0x123, 0xe01}, {0x123, 0x5000}, {0, 0x5000}, {0xe00, 0xe01},
                 {0xdff, 0x1e00}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct libexec_kit_elf elf = with_second(load(R | W, 0x1200, BASE + 0x2200, forms[i].file_size,
                                                      forms[i].memory_size));
        libexec_kit_elf_add(&elf, load(R, 0, BASE + 0x10000, 0x100, 0x100)); // bss on a segment that is not the last
        expect_loaded("B11", &elf);
    }
}

static void bug_B12_tail_zeroed_without_bss(void **state) {
    (void)state;
    struct libexec_kit_elf elf = with_second(load(R | W, 0x1200, BASE + 0x2200, 0x700, 0x700));
    expect_loaded("B12", &elf);
    struct libexec_kit_elf at_end = with_second(load(R | W, 0x2200, BASE + 0x3200, 0xd00, 0xd00)); // 0x100 from the end
    expect_loaded("B12 end", &at_end);
    struct libexec_kit_elf short_file = with_second(load(R | W, 0x2200, BASE + 0x3200, 0xd00, 0xd00));
    short_file.size = 0x2f80; // the file ends inside the page
    expect_loaded("B12 end of file", &short_file);
}

static void bug_B13_bss_in_read_only_segment(void **state) {
    (void)state;
    static const uint32_t flags[] = {R, R | X, X, 0, W, R | W | X};
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        struct libexec_kit_elf elf = with_second(load(flags[i], 0x1200, BASE + 0x2200, 0x700, 0x2000));
        expect_loaded("B13", &elf);
    }
}

static void execute_budget(struct world *world) {
    execute_elf(world);
    world->policy.page_budget = 100;
}

static void check_lean(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_region *const bss = libexec_kit_image_region(image, BASE + 0x3000);
    EXPECT(world, bss != NULL && bss->kind == LIBEXEC_REGION_BSS);
    EXPECT_EQUAL(world, bss->length, 1ull << 40);
    EXPECT(world, libexec_kit_read_ledger(world->kit).pages < 64);
}

static void bug_B14_memory_size_huge(void **state) {
    (void)state;
    struct libexec_kit_elf elf = with_second(load(R | W, 0x1200, BASE + 0x2200, 0x100, 1ull << 40));
    libexec_kit_elf_build(&elf);
    run_scenario(&(struct scenario){.name = "B14 budget", .set_up = execute_budget, .data = &elf,
                                    .status = LIBEXEC_E_PAGE_BUDGET, .error = NOMEM, .stage = LIBEXEC_STAGE_LAYOUT,
                                    .file = LIBEXEC_FILE_PROGRAM, .program_header = 1, .offset = HEADER_AT(1),
                                    .argument = ANY});
    // Without a budget it is address space only; the host pays for what is touched.
    run_scenario(&(struct scenario){.name = "B14 lean", .set_up = execute_elf, .data = &elf, .check = check_lean,
                                    .plain_only = true});
    libexec_kit_elf_end(&elf);
    struct libexec_kit_elf exact = with_second(load(R | W, 0x1200, BASE + 0x2200, 0x100, 98 * PAGE - 0x200));
    libexec_kit_elf_build(&exact);
    run_scenario(&(struct scenario){.name = "B14 exact", .set_up = execute_budget, .data = &exact,
                                    .check = check_loaded, .plain_only = true});
    exact.headers[1].memory_size++;
    libexec_kit_elf_build(&exact);
    run_scenario(&(struct scenario){.name = "B14 one more", .set_up = execute_budget, .data = &exact,
                                    .status = LIBEXEC_E_PAGE_BUDGET, .error = NOMEM, .stage = LIBEXEC_STAGE_LAYOUT,
                                    .file = LIBEXEC_FILE_PROGRAM, .program_header = ANY, .offset = ANY64,
                                    .argument = ANY});
    libexec_kit_elf_end(&exact);
}

// Every budget up to what the image needs is refused, whatever its pages hold; and the first that suffices is enough.
static void execute_tight(struct world *world) {
    execute_elf(world);
    const struct libexec_kit_elf *const elf = world->scenario->data;
    world->policy.page_budget = elf->section_headers_offset; // a field that nobody looks at carries it
}

static void bug_B14_budgets_to_the_page(void **state) {
    (void)state;
    static struct world world;
    for (int form = 0; form < 4; form++)
        for (uint64_t budget = 1; budget < 9; budget++) {
            struct libexec_kit_elf elf = small(form % 2 ? LIBEXEC_KIT_ET_DYN : LIBEXEC_KIT_ET_EXEC); // six pages
            elf.section_headers_offset = budget;
            if (form >= 2)
                elf.headers[0].flags = R | W;
            libexec_kit_elf_build(&elf);
            const struct scenario scenario = {.name = "B14 tight", .set_up = execute_tight, .data = &elf};
            for (size_t i = 0; i < 3; i++) {
                world_begin(&world, &scenario, &flavours[i]);
                EXPECT_EQUAL(&world, world_prepare(&world), budget < 6 ? LIBEXEC_E_PAGE_BUDGET : LIBEXEC_OK);
                libexec_kit_abandon(world.kit, &world.exec);
                EXPECT(&world, libexec_kit_ledger_empty(world.kit));
                world_end(&world);
            }
            libexec_kit_elf_end(&elf);
        }
}

static void bug_B15_nothing_to_load(void **state) {
    (void)state;
    for (int independent = 0; independent < 2; independent++)
        for (int form = 0; form < 3; form++) {
            struct libexec_kit_elf elf = small(independent ? LIBEXEC_KIT_ET_DYN : LIBEXEC_KIT_ET_EXEC);
            for (uint32_t i = 0; i < 2; i++) {
                elf.headers[i].type = form == 0 ? LIBEXEC_KIT_PT_NULL : form == 1 ? LIBEXEC_KIT_PT_NOTE
                                                                                  : LIBEXEC_KIT_PT_LOAD;
                elf.headers[i].file_size = elf.headers[i].memory_size = 0;
                elf.headers[i].address = BASE;
            }
            const bool empty_span = independent != 0 && form == 2;
            const struct refusal refusal = {empty_span ? LIBEXEC_E_EMPTY_SPAN : LIBEXEC_E_NO_SEGMENTS,
                                            empty_span ? INVALID : NOEXEC,
                                            empty_span ? LIBEXEC_STAGE_LAYOUT : LIBEXEC_STAGE_PLAN, ANY, ANY64};
            expect_refused("B15", &elf, refusal);
        }
}

static void bug_B16_base_unset_for_odd_headers(void **state) {
    (void)state;
    // Everything that the bytes decide is decided before the space is made: the driver asserts it for each refusal.
    // Here: a good first segment, and every later field forged in turn.
    static const uint64_t values[] = {0, 1, 0xfff, 0x1000, 0x7fffffffffff, 1ull << 63, UINT64_MAX};
    static const size_t fields[] = {offsetof(struct libexec_kit_program_header, offset),
                                    offsetof(struct libexec_kit_program_header, address),
                                    offsetof(struct libexec_kit_program_header, file_size),
                                    offsetof(struct libexec_kit_program_header, memory_size),
                                    offsetof(struct libexec_kit_program_header, alignment)};
    static struct world world;
    uint32_t refused = 0, loaded = 0;
    for (size_t f = 0; f < sizeof(fields) / sizeof(fields[0]); f++)
        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++)
            for (uint16_t type = LIBEXEC_KIT_ET_EXEC; type <= LIBEXEC_KIT_ET_DYN; type++) {
                struct libexec_kit_elf elf = small(type);
                memcpy((uint8_t *)&elf.headers[1] + fields[f], &values[v], sizeof(values[v]));
                libexec_kit_elf_build(&elf);
                const struct scenario scenario = {.name = "B16", .set_up = execute_elf, .data = &elf};
                world_begin(&world, &scenario, flavour_full);
                const enum libexec_status status = world_prepare(&world);
                const uint32_t spaces = libexec_kit_read_ledger(world.kit).spaces;
                EXPECT_EQUAL(&world, spaces, status == LIBEXEC_OK ? 1 : 0);
                const struct libexec_kit_entry *entries = NULL;
                const uint32_t count = libexec_kit_journal(world.kit, &entries);
                for (uint32_t i = 0; i < count && status != LIBEXEC_OK; i++)
                    EXPECT(&world, entries[i].call != LIBEXEC_KIT_CALL_SPACE_CREATE);
                refused += status != LIBEXEC_OK;
                loaded += status == LIBEXEC_OK;
                libexec_kit_abandon(world.kit, &world.exec);
                world_end(&world);
                libexec_kit_elf_end(&elf);
            }
    assert_true(refused > 20 && loaded > 10);
}

static void check_brk(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    check_loaded(world, image);
    EXPECT_EQUAL(world, layout->brk_start % PAGE, 0);
    EXPECT(world, layout->brk_start >= 0x10000 && layout->brk_start < 0x7ffffffff000);
    EXPECT(world, libexec_kit_image_region(image, layout->brk_start) == NULL);
}

static void bug_B17_brk_inside_a_mapping(void **state) {
    (void)state;
    for (int independent = 0; independent < 2; independent++)
        for (int fixed_places = 0; fixed_places < 2; fixed_places++) {
            struct libexec_kit_elf elf = small(independent ? LIBEXEC_KIT_ET_DYN : LIBEXEC_KIT_ET_EXEC);
            libexec_kit_elf_build(&elf);
            run_scenario(&(struct scenario){.name = "B17", .set_up = fixed_places ? execute_fixed : execute_elf,
                                            .data = &elf, .check = check_brk});
            libexec_kit_elf_end(&elf);
        }
}

static void bug_B18_other_segments_loaded(void **state) {
    (void)state;
    static const uint32_t types[] = {LIBEXEC_KIT_PT_NULL, LIBEXEC_KIT_PT_DYNAMIC, LIBEXEC_KIT_PT_NOTE, 5,
                                     LIBEXEC_KIT_PT_PHDR, LIBEXEC_KIT_PT_GNU_STACK, 0x6474e550, 0x6474e552, 0x70000001,
                                     0xffffffff};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        struct libexec_kit_elf elf = fixed();
        libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){
                                      .type = types[i], .flags = R | W, .offset = UINT64_MAX - 5,
                                      .address = i % 2 == 0 ? 0 : UINT64_MAX - 7, .file_size = UINT64_MAX,
                                      .memory_size = 12, .alignment = 3});
        expect_loaded("B18", &elf);
    }
}

static void check_stack_rights(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_kit_elf *const elf = world->scenario->data;
    const struct libexec_start *const start = libexec_kit_image_start(image);
    const struct libexec_region *const stack = libexec_kit_image_region(image, start->stack_pointer);
    bool executable = false;
    for (uint32_t i = 0; i < elf->added; i++) // the last one wins
        if (elf->headers[i].type == LIBEXEC_KIT_PT_GNU_STACK)
            executable = (elf->headers[i].flags & X) != 0;
    check_loaded(world, image);
    EXPECT_EQUAL(world, stack->rights,
                 LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE | (executable ? LIBEXEC_RIGHT_EXECUTE : 0));
    EXPECT_EQUAL(world, (start->flags & LIBEXEC_START_EXECUTABLE_STACK) != 0, executable);
    static uint64_t usual; // the file has no say in it
    const uint64_t length = libexec_kit_image_layout(image)->stack.length;
    usual = usual == 0 ? length : usual;
    EXPECT(world, length == usual && length >= 0x800000);
}

static void bug_B19_optional_headers(void **state) {
    (void)state;
    static const uint64_t sizes[] = {0, 1, 0x10000, UINT64_MAX};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
        for (uint32_t flags = 0; flags < 8; flags++) {
            struct libexec_kit_elf elf = fixed();
            libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_STACK,
                                                                          .flags = R | W | X});
            libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){
                                          .type = LIBEXEC_KIT_PT_GNU_STACK, .flags = flags, .memory_size = sizes[i]});
            if (flags == 7) // absent: not executable
                elf.program_header_count = (uint16_t)(elf.added = 2);
            libexec_kit_elf_build(&elf);
            run_scenario(&(struct scenario){.name = "B19", .set_up = execute_elf, .data = &elf,
                                            .check = check_stack_rights, .plain_only = flags > 1});
            libexec_kit_elf_end(&elf);
        }
}

static void execute_strict_entry(struct world *world) {
    execute_elf(world);
    world->policy.flags |= LIBEXEC_POLICY_ENTRY_EXECUTABLE;
}

static void bug_B20_entry_nowhere(void **state) {
    (void)state;
    static const uint64_t entries[] = {0, BASE - 1, BASE + 0x1200, BASE + 0x2200, 0x7fffffffefff};
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        struct libexec_kit_elf elf = fixed();
        elf.entry = entries[i];
        libexec_kit_elf_build(&elf);
        run_scenario(&(struct scenario){.name = "B20 taken", .set_up = execute_elf, .data = &elf,
                                        .check = check_loaded, .plain_only = true});
        run_scenario(&(struct scenario){.name = "B20 policy", .set_up = execute_strict_entry, .data = &elf,
                                        .status = LIBEXEC_E_ENTRY_RIGHTS, .error = NOEXEC,
                                        .stage = LIBEXEC_STAGE_PLAN, .file = LIBEXEC_FILE_PROGRAM,
                                        .program_header = ANY, .offset = 24, .argument = ANY});
        libexec_kit_elf_end(&elf);
    }
    struct libexec_kit_elf inside = fixed();
    inside.entry = BASE + 0x11ff;
    libexec_kit_elf_build(&inside);
    run_scenario(&(struct scenario){.name = "B20 inside", .set_up = execute_strict_entry, .data = &inside,
                                    .check = check_loaded});
    libexec_kit_elf_end(&inside);
    static const uint64_t outside[] = {0x7ffffffff000, UINT64_MAX, 1ull << 63};
    for (size_t i = 0; i < 3; i++) {
        struct libexec_kit_elf elf = fixed();
        elf.entry = outside[i];
        expect_refused("B20 outside", &elf,
                       (struct refusal){LIBEXEC_E_ENTRY_RANGE, INVALID, LIBEXEC_STAGE_LAYOUT, ANY, 24});
    }
}

static void check_table_address(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_kit_elf *const elf = world->scenario->data;
    const uint64_t bias = libexec_kit_image_layout(image)->program_bias;
    uint64_t expected = bias; // where no segment covers the table, as Linux
    for (uint32_t i = 0; i < elf->added; i++) {
        const struct libexec_kit_program_header *const header = &elf->headers[i];
        if (header->type == LIBEXEC_KIT_PT_LOAD && elf->program_headers_offset >= header->offset &&
            elf->program_headers_offset < header->offset + header->file_size)
            expected = bias + elf->program_headers_offset - header->offset + header->address;
    }
    check_loaded(world, image);
    EXPECT_EQUAL(world, auxv_value(world, image, LIBEXEC_AT_PHDR), expected);
    EXPECT_EQUAL(world, auxv_value(world, image, LIBEXEC_AT_PHNUM), elf->program_header_count);
}

static void bug_B20_table_nowhere(void **state) {
    (void)state;
    for (int independent = 0; independent < 2; independent++)
        for (int form = 0; form < 7; form++) {
            struct libexec_kit_elf elf = small(independent ? LIBEXEC_KIT_ET_DYN : LIBEXEC_KIT_ET_EXEC);
            libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_NOTE}); // counts, too
            if (form == 1)
                elf.program_headers_offset = 0x2900; // behind all segments
            if (form == 2)
                elf.program_headers_offset = 0x1300; // in the second one
            if (form == 4) // with its first byte, its last, and right behind it
                elf.program_headers_offset = 0x1200;
            if (form == 5)
                elf.program_headers_offset = 0x27ff;
            if (form == 6)
                elf.program_headers_offset = 0x2800;
            if (form == 3) // in both: the later one wins
                libexec_kit_elf_add(&elf, load(R, 0, elf.headers[0].address + 0x10000, 0x400, 0x400));
            libexec_kit_elf_build(&elf);
            run_scenario(&(struct scenario){.name = "B20 table", .set_up = execute_elf, .data = &elf,
                                            .check = check_table_address, .plain_only = true});
            libexec_kit_elf_end(&elf);
        }
}

// A static PIE that begins with zeros: Linux looks for no place, and finds none.
static void a_static_pie_that_begins_with_zeros(void **state) {
    (void)state;
    static const struct {
        uint64_t address, alignment;
        enum libexec_status status;
        int error;
    } rows[] = {{0, PAGE, LIBEXEC_E_LOW_ADDRESS, LIBEXEC_ERRNO_EPERM},
                {0x18, PAGE, LIBEXEC_E_NO_ROOM, NOMEM},
                {0x18, 0x10000, LIBEXEC_E_LOW_ADDRESS, LIBEXEC_ERRNO_EPERM},
                {0x3000, 0x10000, LIBEXEC_E_LOW_ADDRESS, LIBEXEC_ERRNO_EPERM}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct libexec_kit_elf elf = small(LIBEXEC_KIT_ET_DYN);
        elf.headers[0] = load(R | W, 0, rows[i].address, 0, 0x100);
        elf.headers[0].alignment = rows[i].alignment;
        expect_refused("zeros first", &elf, AT_SEGMENT(rows[i].status, rows[i].error, 0));
    }
}

// What check_large_place expects: the length of the image, and whether it spans a large page of its file.
static uint64_t large_length;
static bool large_spans;

static void check_large_place(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const uint64_t found = layout->program.address - 0x1000; // where byte 0 of the file would be
    check_loaded(world, image);
    if (large_spans)
        EXPECT_EQUAL(world, found % libexec_kit_arch.large_page_size, 0);
    else
        EXPECT_EQUAL(world, layout->program.address, layout->mmap_top - large_length);
}

static void execute_large(struct world *world) {
    execute_elf(world);
    world->policy = (struct libexec_policy){.flags = LIBEXEC_POLICY_FIXED_ADDRESSES};
    world->request.policy = &world->policy;
}

// Linux places a mapping that holds a whole large page of its file congruent to it, and any other at the top.
static void places_for_large_pages(void **state) {
    (void)state;
    static const struct {
        uint64_t length;
        bool spans;
    } rows[] = {{0x1000, false}, {0x201000, false}, {0x3fe000, false}, {0x3ff000, true}, {0x5ff000, true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct libexec_kit_elf elf = small(LIBEXEC_KIT_ET_DYN);
        elf.headers[0] = load(R | W | X, 0x1000, 0x1000, 0x800, rows[i].length);
        elf.headers[1].type = LIBEXEC_KIT_PT_NULL;
        elf.entry = 0x1100;
        libexec_kit_elf_build(&elf);
        large_length = rows[i].length;
        large_spans = rows[i].spans;
        run_scenario(&(struct scenario){.name = "large", .set_up = execute_large, .data = &elf,
                                        .check = check_large_place, .plain_only = true});
        libexec_kit_elf_end(&elf);
    }
}

// First or last in the table, with bytes of the file or without.
static void below_the_lowest_address(void **state) {
    (void)state;
    for (uint32_t at = 0; at < 2; at++)
        for (uint64_t bytes = 0; bytes < 0x1000; bytes += 0x800) {
            struct libexec_kit_elf elf = fixed();
            elf.headers[at] = load(R | W, 0, 0xf000, bytes, 0x1000);
            elf.headers[1 - at] = load(R | X, 0, BASE, 0x1200, 0x1200);
            expect_refused("low", &elf, AT_SEGMENT(LIBEXEC_E_LOW_ADDRESS, LIBEXEC_ERRNO_EPERM, at));
            struct libexec_kit_elf lowest = fixed();
            lowest.headers[at] = load(R | W, 0, 0x10000, bytes, 0x1000);
            lowest.headers[1 - at] = load(R | X, 0, BASE, 0x1200, 0x1200);
            expect_loaded("lowest", &lowest);
        }
}

// The layout tells where an image with addresses of its own stands once the bias is added to them.
static void check_moved(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_kit_elf *const elf = world->scenario->data;
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const uint64_t bias = layout->program_bias;
    check_loaded(world, image);
    EXPECT_EQUAL(world, layout->program.address, elf->headers[0].address + bias);
    EXPECT_EQUAL(world, layout->program.length, 0x6000);
    EXPECT_EQUAL(world, layout->program_entry, elf->entry + bias);
    EXPECT_EQUAL(world, layout->program_headers, elf->headers[0].address + 64 + bias);
    EXPECT(world, libexec_kit_image_region(image, layout->program.address) != NULL);
    EXPECT(world, libexec_kit_image_region(image, layout->program.address + layout->program.length - 1) != NULL);
}

static void a_position_independent_program_with_addresses_of_its_own(void **state) {
    (void)state;
    static const uint64_t bases[] = {0x1000, BASE, 0x555555554000, 0x700000000000, 0x7fffffff0000};
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
        for (int fixed_places = 0; fixed_places < 2; fixed_places++) {
            struct libexec_kit_elf elf;
            small_elf(&elf, LIBEXEC_KIT_ET_DYN, bases[i]);
            run_scenario(&(struct scenario){.name = "moved", .set_up = fixed_places ? execute_fixed : execute_elf,
                                            .data = &elf, .check = check_moved, .plain_only = true});
            libexec_kit_elf_end(&elf);
        }
}

// ---- C: interpreters ----------------------------------------------------------------------------------------------

#define LOADER "/lib/loader"

struct pair {
    struct libexec_kit_elf program;
    struct libexec_kit_elf loader;
};

static void execute_pair(struct world *world) {
    const struct pair *const pair = world->scenario->data;
    static const char *const argv[] = {"program", NULL};
    world_file(world, PROGRAM, &pair->program);
    world_file(world, LOADER, &pair->loader);
    world_execute(world, PROGRAM);
    world_arguments(world, argv, NULL);
}

static void check_pair(struct world *world, const struct libexec_kit_image *image) {
    const struct pair *const pair = world->scenario->data;
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    check_image(world, image, &pair->program, layout->program_bias, LIBEXEC_FILE_PROGRAM);
    check_image(world, image, &pair->loader, layout->interpreter_bias, LIBEXEC_FILE_INTERPRETER);
    EXPECT_EQUAL(world, layout->entry, pair->loader.entry + layout->interpreter_bias);
    EXPECT_EQUAL(world, auxv_value(world, image, LIBEXEC_AT_BASE), layout->interpreter_bias);
    EXPECT_EQUAL(world, auxv_value(world, image, LIBEXEC_AT_ENTRY), pair->program.entry + layout->program_bias);
}

// A dynamic program and its loader. The name stands at `offset` of the program.
static struct pair make_pair_at(uint16_t type, uint16_t loader_type, uint64_t offset, const char *name, size_t length) {
    struct pair pair;
    small_elf(&pair.program, type, type == LIBEXEC_KIT_ET_EXEC ? BASE : 0);
    small_elf(&pair.loader, loader_type, loader_type == LIBEXEC_KIT_ET_EXEC ? 0x2000000 : 0);
    libexec_kit_elf_write(&pair.program, offset, name, length);
    libexec_kit_elf_add(&pair.program, (struct libexec_kit_program_header){
                                           .type = LIBEXEC_KIT_PT_INTERP, .flags = R, .offset = offset,
                                           .file_size = length, .memory_size = length, .alignment = 1});
    return pair;
}

static struct pair make_pair(void) {
    return make_pair_at(LIBEXEC_KIT_ET_DYN, LIBEXEC_KIT_ET_DYN, 0x800, LOADER, sizeof(LOADER));
}

static void end_pair(struct pair *pair) {
    libexec_kit_elf_end(&pair->program);
    libexec_kit_elf_end(&pair->loader);
}

static void expect_pair_loaded(const char *name, struct pair *pair) {
    libexec_kit_elf_build(&pair->program);
    libexec_kit_elf_build(&pair->loader);
    run_scenario(&(struct scenario){.name = name, .set_up = execute_pair, .data = pair, .check = check_pair,
                                    .needs_open = true});
    end_pair(pair);
}

static void expect_pair_refused(const char *name, struct pair *pair, enum libexec_file file, struct refusal refusal) {
    libexec_kit_elf_build(&pair->program);
    libexec_kit_elf_build(&pair->loader);
    run_scenario(&(struct scenario){.name = name, .set_up = execute_pair, .data = pair, .status = refusal.status,
                                    .error = refusal.error, .stage = refusal.stage, .file = file,
                                    .program_header = refusal.program_header, .offset = refusal.offset,
                                    .argument = ANY, .needs_open = true});
    end_pair(pair);
}

static void interpreters_are_loaded(void **state) {
    (void)state;
    for (uint16_t type = LIBEXEC_KIT_ET_EXEC; type <= LIBEXEC_KIT_ET_DYN; type++)
        for (uint16_t loader = LIBEXEC_KIT_ET_EXEC; loader <= LIBEXEC_KIT_ET_DYN; loader++) {
            struct pair pair = make_pair_at(type, loader, 0x800, LOADER, sizeof(LOADER));
            expect_pair_loaded("C pair", &pair);
        }
}

static void bug_C1_name_not_terminated(void **state) {
    (void)state;
    struct pair pair = make_pair_at(LIBEXEC_KIT_ET_DYN, LIBEXEC_KIT_ET_DYN, 0x800, LOADER, sizeof(LOADER) - 1);
    expect_pair_refused("C1", &pair, LIBEXEC_FILE_PROGRAM,
                        (struct refusal){LIBEXEC_E_INTERPRETER_UNTERMINATED, NOEXEC, LIBEXEC_STAGE_PLAN, ANY, 0x800});
    static const uint64_t lengths[] = {0, 1, 4097, 1ull << 32, UINT64_MAX};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        pair = make_pair();
        pair.program.headers[2].file_size = lengths[i];
        expect_pair_refused("C1 length", &pair, LIBEXEC_FILE_PROGRAM,
                            (struct refusal){LIBEXEC_E_INTERPRETER_LENGTH, NOEXEC, LIBEXEC_STAGE_PLAN, 2,
                                             HEADER_AT(2)});
    }
    char longest[4096];
    memset(longest, '/', sizeof(longest));
    memcpy(longest + sizeof(longest) - sizeof(LOADER), LOADER, sizeof(LOADER));
    pair = make_pair_at(LIBEXEC_KIT_ET_DYN, LIBEXEC_KIT_ET_DYN, 0x1000, longest, sizeof(longest));
    expect_pair_refused("C1 longest", &pair, LIBEXEC_FILE_INTERPRETER, // as long as may be: the file is not there
                        (struct refusal){LIBEXEC_E_OPEN, LIBEXEC_ERRNO_ENOENT, LIBEXEC_STAGE_SOURCE, ANY, ANY64});
}

static void bug_C2_empty_name(void **state) {
    (void)state;
    struct pair pair = make_pair_at(LIBEXEC_KIT_ET_DYN, LIBEXEC_KIT_ET_DYN, 0x800, "\0", 2);
    expect_pair_refused("C2", &pair, LIBEXEC_FILE_PROGRAM,
                        (struct refusal){LIBEXEC_E_INTERPRETER_EMPTY, NOEXEC, LIBEXEC_STAGE_PLAN, ANY, 0x800});
    pair = make_pair_at(LIBEXEC_KIT_ET_DYN, LIBEXEC_KIT_ET_DYN, 0x800, "\0x", 3);
    expect_pair_refused("C2 behind a NUL", &pair, LIBEXEC_FILE_PROGRAM,
                        (struct refusal){LIBEXEC_E_INTERPRETER_EMPTY, NOEXEC, LIBEXEC_STAGE_PLAN, ANY, 0x800});
    pair = make_pair_at(LIBEXEC_KIT_ET_DYN, LIBEXEC_KIT_ET_DYN, 0x800, "x", 2); // the shortest name: it is not there
    expect_pair_refused("C2 shortest", &pair, LIBEXEC_FILE_INTERPRETER,
                        (struct refusal){LIBEXEC_E_OPEN, LIBEXEC_ERRNO_ENOENT, LIBEXEC_STAGE_SOURCE, ANY, ANY64});
}

static void bug_C3_unreadable_name_taken_as_static(void **state) {
    (void)state;
    struct pair beyond = make_pair();
    beyond.program.headers[2].offset = UINT64_MAX - 3;
    expect_pair_refused("C3 beyond", &beyond, LIBEXEC_FILE_PROGRAM,
                        (struct refusal){LIBEXEC_E_INTERPRETER_OFFSET, INVALID, LIBEXEC_STAGE_PLAN, 2, HEADER_AT(2)});
    static const uint64_t offsets[] = {0x2ff8, 0x3000, 1ull << 40};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        struct pair pair = make_pair();
        pair.program.headers[2].offset = offsets[i];
        expect_pair_refused("C3", &pair, LIBEXEC_FILE_PROGRAM,
                            (struct refusal){LIBEXEC_E_INTERPRETER_OUTSIDE, LIBEXEC_ERRNO_EIO, LIBEXEC_STAGE_PLAN, 2,
                                             HEADER_AT(2)});
    }
}

static void bug_C4_two_names(void **state) {
    (void)state;
    struct pair pair = make_pair();
    libexec_kit_elf_write(&pair.program, 0x900, "/no", 4);
    libexec_kit_elf_add(&pair.program, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP,
                                                                           .offset = 0x900, .file_size = 4});
    expect_pair_loaded("C4", &pair);
    pair = make_pair(); // a bad second one is not even looked at
    libexec_kit_elf_add(&pair.program, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP,
                                                                           .offset = UINT64_MAX, .file_size = 0});
    expect_pair_loaded("C4 bad second", &pair);
}

static void bug_C5_interpreter_that_is_none(void **state) {
    (void)state;
    struct pair pair = make_pair(); // one that names an interpreter itself: not followed
    libexec_kit_elf_add(&pair.loader, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP,
                                                                          .offset = UINT64_MAX, .file_size = 0});
    expect_pair_loaded("C5 nested", &pair);
    static const struct {
        uint32_t byte;
        uint8_t value;
        enum libexec_status status;
        uint64_t offset;
    } forged[] = {{0, 0, LIBEXEC_E_MAGIC, 0},        {4, 1, LIBEXEC_E_CLASS, 4},        {5, 2, LIBEXEC_E_DATA, 5},
                  {6, 0, LIBEXEC_E_VERSION, 6},      {18, 3, LIBEXEC_E_MACHINE, 18},
                  {54, 1, LIBEXEC_E_HEADER_SIZE, 54},
                  {57, 0xff, LIBEXEC_E_HEADER_COUNT, 56}, {39, 1, LIBEXEC_E_TABLE_OUTSIDE, 32}};
    for (size_t i = 0; i < sizeof(forged) / sizeof(forged[0]); i++) {
        pair = make_pair();
        libexec_kit_elf_build(&pair.program);
        libexec_kit_elf_build(&pair.loader);
        pair.loader.bytes[forged[i].byte] = forged[i].value;
        run_scenario(&(struct scenario){.name = "C5 forged", .set_up = execute_pair, .data = &pair,
                                        .status = forged[i].status, .error = LIBEXEC_ERRNO_ELIBBAD,
                                        .stage = LIBEXEC_STAGE_HEADER, .file = LIBEXEC_FILE_INTERPRETER,
                                        .program_header = ANY, .offset = forged[i].offset, .argument = ANY,
                                        .needs_open = true});
        end_pair(&pair);
    }
    pair = make_pair();
    pair.loader.type = 1; // Linux looks at it late, and answers EPERM
    expect_pair_refused("C5 type", &pair, LIBEXEC_FILE_INTERPRETER,
                        (struct refusal){LIBEXEC_E_TYPE, LIBEXEC_ERRNO_EPERM, LIBEXEC_STAGE_LAYOUT, ANY, 16});
    pair = make_pair();
    memcpy(pair.loader.identification, "#!/x", 5); // no script takes an interpreter's place
    expect_pair_refused("C5 script", &pair, LIBEXEC_FILE_INTERPRETER,
                        (struct refusal){LIBEXEC_E_MAGIC, LIBEXEC_ERRNO_ELIBBAD, LIBEXEC_STAGE_HEADER, ANY, 0});
    // Too short comes before anything else.
    for (uint64_t size = 0; size <= 64; size += size == 6 ? 57 : 1) {
        for (uint8_t magic = 0; magic < 2; magic++) {
            pair = make_pair();
            pair.loader.size = size;
            pair.loader.identification[0] = magic != 0 ? 0x7f : 0;
            struct refusal refusal = {LIBEXEC_E_TOO_SHORT, LIBEXEC_ERRNO_EIO, LIBEXEC_STAGE_HEADER, ANY, 0};
            if (size == 64 && magic == 0)
                refusal = (struct refusal){LIBEXEC_E_MAGIC, LIBEXEC_ERRNO_ELIBBAD, LIBEXEC_STAGE_HEADER, ANY, 0};
            if (size == 64 && magic != 0)
                refusal.status = LIBEXEC_E_TABLE_OUTSIDE, refusal.error = LIBEXEC_ERRNO_ELIBBAD, refusal.offset = 32;
            expect_pair_refused("C5 short", &pair, LIBEXEC_FILE_INTERPRETER, refusal);
        }
    }
    pair = make_pair();
    pair.loader.headers[0].type = pair.loader.headers[1].type = LIBEXEC_KIT_PT_NULL;
    expect_pair_refused("C5 empty", &pair, LIBEXEC_FILE_INTERPRETER,
                        (struct refusal){LIBEXEC_E_NO_SEGMENTS, INVALID, LIBEXEC_STAGE_LAYOUT, ANY, ANY64});
    pair = make_pair();
    pair.loader.headers[1].memory_size = 1;
    expect_pair_refused("C5 sizes", &pair, LIBEXEC_FILE_INTERPRETER,
                        AT_SEGMENT(LIBEXEC_E_FILE_OVER_MEMORY, NOMEM, 1));
}

static void execute_with_code(struct world *world) {
    execute_pair(world);
    libexec_kit_add_file(world->kit, &(struct libexec_kit_file){.path = LOADER, .open_code = LIBEXEC_ERRNO_EACCES});
}

static void bug_C5_interpreter_that_the_host_refuses(void **state) {
    (void)state;
    struct pair pair = make_pair();
    libexec_kit_elf_build(&pair.program);
    libexec_kit_elf_build(&pair.loader);
    run_scenario(&(struct scenario){.name = "C5 access", .set_up = execute_with_code, .data = &pair,
                                    .status = LIBEXEC_E_OPEN, .error = LIBEXEC_ERRNO_EACCES,
                                    .stage = LIBEXEC_STAGE_SOURCE, .file = LIBEXEC_FILE_INTERPRETER,
                                    .program_header = ANY, .offset = ANY64, .argument = ANY, .needs_open = true});
    // A host without `open` says so.
    static struct world world;
    const struct scenario scenario = {.name = "C5 no open", .set_up = execute_pair, .data = &pair};
    world_begin(&world, &scenario, flavour_required);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_NO_OPEN);
    EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_ENOEXEC);
    EXPECT(&world, libexec_kit_ledger_empty(world.kit));
    world_end(&world);
    end_pair(&pair);
}

static void bug_C5_interpreter_on_the_program(void **state) {
    (void)state;
    struct pair pair = make_pair_at(LIBEXEC_KIT_ET_EXEC, LIBEXEC_KIT_ET_EXEC, 0x800, LOADER, sizeof(LOADER));
    libexec_kit_elf_end(&pair.loader);
    small_elf(&pair.loader, LIBEXEC_KIT_ET_EXEC, BASE + 0x5000);
    expect_pair_refused("C5 collision", &pair, LIBEXEC_FILE_INTERPRETER,
                        AT_SEGMENT(LIBEXEC_E_COLLISION, LIBEXEC_ERRNO_EEXIST, 0));
}

static void check_hinted(struct world *world, const struct libexec_kit_image *image) {
    check_pair(world, image);
    EXPECT_EQUAL(world, libexec_kit_image_layout(image)->interpreter_bias, 0);
}

static void check_elsewhere(struct world *world, const struct libexec_kit_image *image) {
    check_pair(world, image);
    EXPECT(world, libexec_kit_image_layout(image)->interpreter_bias != 0);
}

static void execute_fixed_pair(struct world *world) {
    execute_pair(world);
    world->policy = fixed_addresses();
}

// An ET_DYN interpreter with addresses of its own: Linux takes them as a wish where the program is ET_EXEC.
static void an_interpreter_with_a_wish(void **state) {
    (void)state;
    static const struct {
        uint16_t type;
        uint64_t wish;
        bool granted;
    } rows[] = {{LIBEXEC_KIT_ET_EXEC, 0x3000000, true},       {LIBEXEC_KIT_ET_DYN, 0x3000000, false},
                {LIBEXEC_KIT_ET_EXEC, BASE + 0x3000, false},  {LIBEXEC_KIT_ET_EXEC, BASE + 0x6000, true},
                {LIBEXEC_KIT_ET_EXEC, BASE - 0x5000, false},  {LIBEXEC_KIT_ET_EXEC, BASE - 0x6000, true},
                {LIBEXEC_KIT_ET_EXEC, 0, false},              {LIBEXEC_KIT_ET_EXEC, 0x7fffffff9000, false},
                {LIBEXEC_KIT_ET_EXEC, 0x7fffffffd000, false}, {LIBEXEC_KIT_ET_EXEC, 0x7ffff0000000, true}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pair pair = make_pair_at(rows[i].type, LIBEXEC_KIT_ET_DYN, 0x800, LOADER, sizeof(LOADER));
        libexec_kit_elf_end(&pair.loader);
        small_elf(&pair.loader, LIBEXEC_KIT_ET_DYN, rows[i].wish);
        libexec_kit_elf_build(&pair.program);
        run_scenario(&(struct scenario){.name = "wish", .set_up = execute_fixed_pair, .data = &pair,
                                        .check = rows[i].granted ? check_hinted : check_elsewhere,
                                        .needs_open = true, .plain_only = i > 1});
        end_pair(&pair);
    }
}

static void check_close_to_the_end(struct world *world, const struct libexec_kit_image *image) {
    const struct pair *const pair = world->scenario->data;
    check_image(world, image, &pair->loader, libexec_kit_image_layout(image)->interpreter_bias,
                LIBEXEC_FILE_INTERPRETER);
}

// Linux adds the bias first and looks at the sum. Here an interpreter's own addresses end below the last page there is:
// whoever looks at its plan, in image_known, must see every page that it will have.
static void an_interpreter_whose_addresses_wrap(void **state) {
    (void)state;
    static const struct {
        uint64_t first, address, memory_size;
        bool refused;
    } rows[] = {{0, 0 - UINT64_C(0xe00), 0x3e00, true}, // up to 0x3000: the pages of the first segment, too
                {0 - UINT64_C(0x10000), 0 - UINT64_C(0xe00), 0x600, true},
                {0 - UINT64_C(0x10000), 0 - UINT64_C(0x1e00), 0xe01, true},
                {0 - UINT64_C(0x10000), 0 - UINT64_C(0x1e00), 0xe00, false}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct pair pair = make_pair();
        pair.loader.headers[1].address = rows[i].address;
        pair.loader.headers[1].file_size = 0x600;
        pair.loader.headers[1].memory_size = rows[i].memory_size;
        pair.loader.headers[0].address = rows[i].first;
        pair.loader.entry = pair.loader.headers[0].address + 0x100;
        struct refusal refusal = {LIBEXEC_E_ADDRESS_RANGE, NOMEM, LIBEXEC_STAGE_PLAN, 1, HEADER_AT(1)};
        if (rows[i].refused) {
            expect_pair_refused("wrapping", &pair, LIBEXEC_FILE_INTERPRETER, refusal);
            continue;
        }
        libexec_kit_elf_build(&pair.program);
        libexec_kit_elf_build(&pair.loader);
        run_scenario(&(struct scenario){.name = "close to the end", .set_up = execute_pair, .data = &pair,
                                        .check = check_close_to_the_end, .needs_open = true});
        end_pair(&pair);
    }
}

// The report of that says where addresses must end: below the last page.
static void what_an_interpreter_that_wraps_is_told(void **state) {
    (void)state;
    static struct world world;
    struct pair pair = make_pair();
    pair.loader.headers[1].address = 0 - UINT64_C(0xe00);
    libexec_kit_elf_build(&pair.program);
    libexec_kit_elf_build(&pair.loader);
    const struct scenario scenario = {.name = "wrapping", .set_up = execute_pair, .data = &pair, .needs_open = true};
    world_begin(&world, &scenario, &flavours[0]);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ADDRESS_RANGE);
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->value, 0 - UINT64_C(0xe00));
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->limit, 0 - (uint64_t)PAGE);
    world_end(&world);
    end_pair(&pair);
}

static void bug_C5_program_too_large_for_its_place(void **state) {
    (void)state;
    struct pair pair = make_pair(); // a PIE with an interpreter stands at two thirds of the user range
    pair.program.headers[1].address += 0x500000000000;
    expect_pair_refused("C5 too large", &pair, LIBEXEC_FILE_PROGRAM, AT_SEGMENT(LIBEXEC_E_NO_ROOM, NOMEM, 0));
}

// The names memory holds the interpreter's name, exactly, or the exec is refused.
static void bug_C1_name_longer_than_its_memory(void **state) {
    (void)state;
    static struct world world;
    struct pair pair = make_pair();
    libexec_kit_elf_build(&pair.program);
    libexec_kit_elf_build(&pair.loader);
    const struct scenario scenario = {.name = "C1 names", .set_up = execute_pair, .data = &pair, .needs_open = true};
    for (uint32_t size = 1; size < sizeof(LOADER) + 3; size++)
        for (size_t i = 0; i < 2; i++) {
            world_begin(&world, &scenario, &flavours[i]);
            char *const names = malloc(size); // the address sanitizer watches its end
            world.request.names = names;
            world.request.names_size = size;
            const enum libexec_status status = world_prepare(&world);
            EXPECT_EQUAL(&world, status, size < sizeof(LOADER) ? LIBEXEC_E_NAME_TOO_LONG : LIBEXEC_OK);
            if (status != LIBEXEC_OK)
                EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)),
                             LIBEXEC_ERRNO_ENAMETOOLONG);
            libexec_kit_abandon(world.kit, &world.exec);
            EXPECT(&world, libexec_kit_ledger_empty(world.kit));
            world_end(&world);
            free(names);
        }
    end_pair(&pair);
}

// A path from the caller's memory stays where it is while the interpreter's name is kept behind it.
static void a_path_and_an_interpreter_in_one_memory(void **state) {
    (void)state;
    static struct world world;
    static const char both[] = PROGRAM "\0" LOADER;
    struct pair pair = make_pair();
    libexec_kit_elf_build(&pair.program);
    libexec_kit_elf_build(&pair.loader);
    const struct scenario scenario = {.name = "C1 behind", .set_up = execute_pair, .data = &pair, .needs_open = true};
    for (size_t i = 0; i < 2; i++) {
        world_begin(&world, &scenario, &flavours[i]);
        char *const names = malloc(sizeof(both));
        world_user_string(&world, USER_PATH, PROGRAM);
        world.request.path = NULL;
        world.request.source = NULL;
        world.request.user_path = USER_PATH;
        world.request.names = names;
        world.request.names_size = sizeof(both);
        const enum libexec_status status = world_prepare(&world);
        EXPECT_EQUAL(&world, status, LIBEXEC_OK);
        EXPECT(&world, memcmp(names, both, sizeof(both)) == 0);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
        free(names);
    }
    end_pair(&pair);
}

// ---- The last page of 2^64: sums that end there round up to 0 -----------------------------------------------------

#define LAST_PAGE (0 - (uint64_t)PAGE)

static struct libexec_kit_program_header last_page(uint32_t flags) {
    return load(flags, 0, LAST_PAGE, 0x200, 0xfff);
}

static void execute_strict(struct world *world) {
    execute_elf(world);
    world->policy.flags |= LIBEXEC_POLICY_NO_OVERLAP | LIBEXEC_POLICY_NO_WRITE_EXECUTE;
}

// A segment without memory shares no page with another one as long as the table ascends.
static void strict_about_a_segment_without_memory(void **state) {
    (void)state;
    struct libexec_kit_elf elf = fixed();
    libexec_kit_elf_add(&elf, load(R, 0, 0, 0, 0));
    for (uint64_t address = BASE + 0x6000; address < BASE + 0x9000; address += 0x1800) { // the others end there
        elf.headers[2].address = address;
        libexec_kit_elf_build(&elf);
        run_scenario(&(struct scenario){.name = "strict, empty", .set_up = execute_strict, .data = &elf,
                                        .check = check_loaded, .plain_only = true});
    }
    elf.headers[2].address = BASE + 0x5000; // below the end of the others
    libexec_kit_elf_build(&elf);
    run_scenario(&(struct scenario){.name = "strict, empty below", .set_up = execute_strict, .data = &elf,
                                    .status = LIBEXEC_E_OVERLAP, .error = NOEXEC, .stage = LIBEXEC_STAGE_PLAN,
                                    .file = LIBEXEC_FILE_PROGRAM, .program_header = 2, .offset = HEADER_AT(2),
                                    .argument = ANY});
    libexec_kit_elf_end(&elf);
}

// What has another fault is refused for that one, not for an overlap that there is none of.
static void strict_about_a_segment_outside_the_file(void **state) {
    (void)state;
    struct libexec_kit_elf elf = fixed();
    libexec_kit_elf_add(&elf, load(R, 0x3000, BASE + 0x6000, 0x100, 0x100));
    for (uint64_t address = BASE + 0x6000; address < BASE + 0x9000; address += 0x1000) {
        elf.headers[2].address = address;
        libexec_kit_elf_build(&elf);
        run_scenario(&(struct scenario){.name = "strict, outside", .set_up = execute_strict, .data = &elf,
                                        .status = LIBEXEC_E_OUTSIDE_FILE, .error = NOEXEC,
                                        .stage = LIBEXEC_STAGE_PLAN, .file = LIBEXEC_FILE_PROGRAM,
                                        .program_header = 2, .offset = HEADER_AT(2), .argument = ANY});
    }
    libexec_kit_elf_end(&elf);
}

// Zeros in the last page of code are the code's; pages of nothing but zeros are writable, and refused.
static void strict_about_zeros_behind_code(void **state) {
    (void)state;
    for (uint64_t more = 0; more < 2; more++) {
        struct libexec_kit_elf elf = fixed();
        elf.headers[0].memory_size = 0x2000 + more;
        elf.headers[1].address += 0x10000;
        libexec_kit_elf_build(&elf);
        struct scenario scenario = {.name = "strict, zeros", .set_up = execute_strict, .data = &elf,
                                    .check = check_loaded, .plain_only = true};
        if (more != 0)
            scenario = (struct scenario){.name = "strict, page of zeros", .set_up = execute_strict, .data = &elf,
                                         .status = LIBEXEC_E_WRITE_EXECUTE, .error = NOEXEC,
                                         .stage = LIBEXEC_STAGE_PLAN, .file = LIBEXEC_FILE_PROGRAM,
                                         .program_header = 0, .offset = HEADER_AT(0), .argument = ANY};
        run_scenario(&scenario);
        libexec_kit_elf_end(&elf);
    }
}

static void bug_B3_segments_in_the_last_page(void **state) {
    (void)state;
    static struct world world;
    struct libexec_arch arch = libexec_kit_arch;
    struct libexec_kit_elf one = small(LIBEXEC_KIT_ET_DYN);
    one.headers[0] = last_page(R | X);
    one.headers[1].type = LIBEXEC_KIT_PT_NULL;
    expect_refused("last page", &one, AT_SEGMENT(LIBEXEC_E_ADDRESS_RANGE, INVALID, 0));
    // With addresses from 0 on, a third segment at an address of the kernel's must not slip through behind them.
    struct libexec_kit_elf three = small(LIBEXEC_KIT_ET_EXEC);
    three.headers[0] = last_page(R);
    three.headers[1] = load(R | X, 0, 0, PAGE, PAGE);
    libexec_kit_elf_add(&three, load(R | W | X, 0, 0xffffffff80000000, PAGE, PAGE));
    libexec_kit_elf_build(&three);
    arch.user_low = 0;
    for (int strict = 0; strict < 2; strict++) {
        const struct scenario scenario = {
            .name = "last page", .set_up = strict ? execute_strict : execute_elf, .data = &three};
        world_begin(&world, &scenario, flavour_full);
        world.request.arch = &arch;
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_NO_ROOM);
        world_end(&world);
    }
    libexec_kit_elf_end(&three);
}

// Neither may an interpreter, one page alone or several times the same.
static void an_interpreter_in_the_last_page(void **state) {
    (void)state;
    for (uint32_t count = 1; count <= 2; count++) {
        struct pair pair = make_pair();
        pair.loader.headers[0] = last_page(R | X);
        pair.loader.headers[1] = last_page(R | W);
        pair.loader.headers[1].type = count == 1 ? LIBEXEC_KIT_PT_NULL : LIBEXEC_KIT_PT_LOAD;
        pair.loader.entry = LAST_PAGE + 0x100;
        expect_pair_refused("last page alone", &pair, LIBEXEC_FILE_INTERPRETER,
                            (struct refusal){LIBEXEC_E_ADDRESS_RANGE, NOMEM, LIBEXEC_STAGE_PLAN, 0, HEADER_AT(0)});
    }
}

static void execute_one_page(struct world *world) {
    execute_elf(world);
    world->policy.page_budget = 1;
}

// The budget is the policy's: what Linux finds comes first.
static void a_budget_comes_last(void **state) {
    (void)state;
    static struct world world;
    static const struct {
        struct libexec_kit_program_header second;
        enum libexec_status status;
    } rows[] = {{{.type = 1, .flags = R, .offset = 0x1201, .address = BASE + 0x5200, .file_size = 0x100,
                  .memory_size = 0x100, .alignment = PAGE}, LIBEXEC_E_CONGRUENCE},
                {{.type = 1, .flags = R | W, .offset = 1ull << 63, .address = BASE + 0x5000, .file_size = 0x2000,
                  .memory_size = 0x2000, .alignment = PAGE}, LIBEXEC_E_FILE_OFFSET},
                {{.type = 1, .flags = R, .offset = 0x1200, .address = BASE + 0x5200, .file_size = 0x100,
                  .memory_size = 0x100, .alignment = PAGE}, LIBEXEC_E_PAGE_BUDGET}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct libexec_kit_elf elf = fixed();
        elf.headers[0] = load(R | X, 0, BASE, 0x1200, 0x1200); // two pages, the file's own
        elf.headers[1] = rows[i].second;
        libexec_kit_elf_build(&elf);
        const struct scenario scenario = {.name = "budget last", .set_up = execute_one_page, .data = &elf};
        world_begin(&world, &scenario, flavour_full);
        EXPECT_EQUAL(&world, world_prepare(&world), rows[i].status);
        world_end(&world);
        libexec_kit_elf_end(&elf);
    }
}

static uint32_t strict_flags;
static void execute_strict_pair(struct world *world) {
    execute_pair(world);
    world->policy.flags |= strict_flags;
}

// Policies about segments hold for an interpreter as well, those about the program's kind do not.
static void policies_and_interpreters(void **state) {
    (void)state;
    struct pair pair = make_pair_at(LIBEXEC_KIT_ET_DYN, LIBEXEC_KIT_ET_EXEC, 0x800, LOADER, sizeof(LOADER));
    libexec_kit_elf_add(&pair.loader, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_STACK,
                                                                          .flags = R | W | X});
    libexec_kit_elf_build(&pair.program);
    libexec_kit_elf_build(&pair.loader);
    strict_flags = LIBEXEC_POLICY_STRICT;
    run_scenario(&(struct scenario){.name = "strict pair", .set_up = execute_strict_pair, .data = &pair,
                                    .check = check_pair, .needs_open = true, .plain_only = true});
    pair.loader.headers[1].flags = R | W | X;
    libexec_kit_elf_build(&pair.loader);
    run_scenario(&(struct scenario){.name = "strict loader", .set_up = execute_strict_pair, .data = &pair,
                                    .status = LIBEXEC_E_WRITE_EXECUTE, .error = NOEXEC, .stage = LIBEXEC_STAGE_PLAN,
                                    .file = LIBEXEC_FILE_INTERPRETER, .program_header = 1, .offset = HEADER_AT(1),
                                    .argument = ANY, .needs_open = true});
    end_pair(&pair);
}

static void forge_writable_code(struct libexec_kit_elf *elf) {
    elf->headers[1].flags = R | W | X;
}

static void forge_executable_stack(struct libexec_kit_elf *elf) {
    libexec_kit_elf_add(elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_STACK,
                                                                 .flags = R | W | X});
}

static void forge_no_pie(struct libexec_kit_elf *elf) {
    elf->type = LIBEXEC_KIT_ET_EXEC;
    elf->entry += BASE;
    elf->headers[0].address += BASE;
    elf->headers[1].address += BASE;
}

static void forge_entry_in_data(struct libexec_kit_elf *elf) {
    elf->entry = 0x2300;
}

static void forge_shared_page(struct libexec_kit_elf *elf) {
    elf->headers[1] = load(R | W, 0x1300, 0x1300, 0x100, 0x100);
}

static void forge_past_the_end(struct libexec_kit_elf *elf) {
    elf->headers[1] = load(R | W, 0x3200, 0x2200, 1, 0x4000);
}

static void forge_segments(struct libexec_kit_elf *elf) {
    for (uint64_t count = 2; count <= LIBEXEC_CONFIG_SEGMENTS; count++)
        libexec_kit_elf_add(elf, load(R, 0x1000, 0x10000 * count, 0x100, 0x100));
}

// What a policy or this library refuses of a program stays refused where it names an interpreter that nothing is wrong
// with; and where something is, the program's fault came first.
static void a_programs_refusal_outlives_its_interpreter(void **state) {
    (void)state;
    static const struct {
        uint32_t flags;
        void (*forge)(struct libexec_kit_elf *elf);
        enum libexec_status status;
        uint32_t program_header;
        uint64_t offset;
    } rows[] = {
        {LIBEXEC_POLICY_NO_WRITE_EXECUTE, forge_writable_code, LIBEXEC_E_WRITE_EXECUTE, 1, HEADER_AT(1)},
        {LIBEXEC_POLICY_NO_EXECUTABLE_STACK, forge_executable_stack, LIBEXEC_E_EXECUTABLE_STACK, 3, HEADER_AT(3)},
        {LIBEXEC_POLICY_PIE_ONLY, forge_no_pie, LIBEXEC_E_NOT_PIE, ANY, 16},
        {LIBEXEC_POLICY_ENTRY_EXECUTABLE, forge_entry_in_data, LIBEXEC_E_ENTRY_RIGHTS, ANY, 24},
        {LIBEXEC_POLICY_NO_OVERLAP, forge_shared_page, LIBEXEC_E_OVERLAP, 1, HEADER_AT(1)},
        {0, forge_past_the_end, LIBEXEC_E_OUTSIDE_FILE, 1, HEADER_AT(1)},
        {0, forge_segments, LIBEXEC_E_SEGMENT_CAPACITY, LIBEXEC_CONFIG_SEGMENTS + 1,
         HEADER_AT(LIBEXEC_CONFIG_SEGMENTS + 1)},
    };
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const bool both = i % 2 != 0;
        struct pair pair = make_pair_at(LIBEXEC_KIT_ET_DYN, LIBEXEC_KIT_ET_DYN, 0x1000, LOADER, sizeof(LOADER));
        rows[i / 2].forge(&pair.program);
        if (both) // it has a fault of its own, too
            pair.loader.headers[1].flags = R | W | X;
        libexec_kit_elf_build(&pair.program);
        libexec_kit_elf_build(&pair.loader);
        strict_flags = rows[i / 2].flags | (both ? LIBEXEC_POLICY_NO_WRITE_EXECUTE : 0);
        run_scenario(&(struct scenario){.name = "lost refusal", .set_up = execute_strict_pair, .data = &pair,
                                        .status = rows[i / 2].status, .error = NOEXEC, .stage = LIBEXEC_STAGE_PLAN,
                                        .file = LIBEXEC_FILE_PROGRAM, .program_header = rows[i / 2].program_header,
                                        .offset = rows[i / 2].offset, .argument = ANY, .needs_open = true,
                                        .plain_only = both});
        end_pair(&pair);
    }
}

// Tables of program headers stand in different places of the two files: a report tells the place in the file it names.
static void the_table_of_the_file_that_is_refused(void **state) {
    (void)state;
    enum { AT = 0x1400 };
    for (uint32_t form = 0; form < 8; form++) {
        const bool of_loader = (form & 1) != 0, far = (form & 2) != 0, by_policy = (form & 4) != 0;
        struct pair pair = make_pair();
        struct libexec_kit_elf *const refused = of_loader ? &pair.loader : &pair.program;
        struct libexec_kit_elf *const other = of_loader ? &pair.program : &pair.loader;
        (far ? refused : other)->program_headers_offset = AT;
        if (by_policy)
            refused->headers[1].flags = R | W | X;
        else
            refused->headers[1].memory_size = 1;
        libexec_kit_elf_build(&pair.program);
        libexec_kit_elf_build(&pair.loader);
        strict_flags = LIBEXEC_POLICY_NO_WRITE_EXECUTE;
        run_scenario(&(struct scenario){
            .name = "table", .set_up = execute_strict_pair, .data = &pair,
            .status = by_policy ? LIBEXEC_E_WRITE_EXECUTE : LIBEXEC_E_FILE_OVER_MEMORY,
            .error = by_policy ? NOEXEC : of_loader ? NOMEM : INVALID,
            .stage = by_policy ? LIBEXEC_STAGE_PLAN : LIBEXEC_STAGE_LAYOUT,
            .file = of_loader ? LIBEXEC_FILE_INTERPRETER : LIBEXEC_FILE_PROGRAM, .program_header = 1,
            .offset = far ? AT + 56 : HEADER_AT(1), .argument = ANY, .needs_open = true, .plain_only = true});
        end_pair(&pair);
    }
}

// Wherever the name stands: in the first read, as in nearly every file, at its end, across it, and beyond.
static void bug_C6_name_far_into_the_file(void **state) {
    (void)state;
    static const uint64_t offsets[] = {0x200,  0x318, LIBEXEC_CONFIG_HEADER_BYTES - sizeof(LOADER),
                                       0x379,  0x380, LIBEXEC_CONFIG_HEADER_BYTES - sizeof(LOADER) + 1,
                                       0xff8,  0x1ffc, 0x3000 - sizeof(LOADER)};
    for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
        struct pair pair = make_pair_at(LIBEXEC_KIT_ET_DYN, LIBEXEC_KIT_ET_DYN, offsets[i], LOADER, sizeof(LOADER));
        expect_pair_loaded("C6", &pair);
    }
}

static void execute_short_name(struct world *world) {
    const struct pair *const pair = world->scenario->data;
    execute_pair(world);
    world_file(world, "/ld", &pair->loader);
}

// A name that stood in the first read, of which nothing is left: the table was too long for it.
static void bug_C6_name_before_a_long_table(void **state) {
    (void)state;
    for (uint32_t count = 10; count < 60; count++) {
        struct pair pair = make_pair_at(LIBEXEC_KIT_ET_DYN, LIBEXEC_KIT_ET_DYN, 8, "/ld", 4);
        memcpy(pair.program.identification + 8, "/ld", 4); // in the padding of the file header
        while (pair.program.added < count)
            libexec_kit_elf_add(&pair.program, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_NULL});
        libexec_kit_elf_build(&pair.program);
        run_scenario(&(struct scenario){.name = "C6 padding", .set_up = execute_short_name, .data = &pair,
                                        .check = check_pair, .needs_open = true, .plain_only = true});
        end_pair(&pair);
    }
}

static void execute_unreadable(struct world *world) {
    const struct pair *const pair = world->scenario->data;
    execute_pair(world);
    libexec_kit_add_file(world->kit, &(struct libexec_kit_file){.path = LOADER, .bytes = pair->loader.bytes,
                                                                .length = pair->loader.size,
                                                                .flags = LIBEXEC_KIT_FILE_UNREADABLE});
}

static void check_not_dumpable(struct world *world, const struct libexec_kit_image *image) {
    EXPECT(world, (libexec_kit_image_start(image)->flags & LIBEXEC_START_NOT_DUMPABLE) != 0);
    check_pair(world, image);
}

static void check_dumpable(struct world *world, const struct libexec_kit_image *image) {
    EXPECT(world, (libexec_kit_image_start(image)->flags & LIBEXEC_START_NOT_DUMPABLE) == 0);
}

static void bug_C7_unreadable_file_in_a_core_dump(void **state) {
    (void)state;
    struct pair pair = make_pair();
    libexec_kit_elf_build(&pair.program);
    libexec_kit_elf_build(&pair.loader);
    run_scenario(&(struct scenario){.name = "C7", .set_up = execute_unreadable, .data = &pair,
                                    .check = check_not_dumpable, .needs_open = true, .plain_only = true});
    run_scenario(&(struct scenario){.name = "C7 readable", .set_up = execute_pair, .data = &pair,
                                    .check = check_dumpable, .needs_open = true, .plain_only = true});
    end_pair(&pair);
}

int main(void) {
    const struct CMUnitTest bugs_file[] = {
        cmocka_unit_test(bug_A1_table_arithmetic_wraps),
        cmocka_unit_test(bug_A2_entry_size_trusted),
        cmocka_unit_test(bug_A3_other_sizes_as_read_length),
        cmocka_unit_test(bug_A4_count_unbounded),
        cmocka_unit_test(bug_A4_segment_capacity),
        cmocka_unit_test(bug_A5_table_past_the_end),
        cmocka_unit_test(bug_A5_short_read_accepted),
        cmocka_unit_test(bug_A6_unaligned_headers),
        cmocka_unit_test(bug_A7_wrong_size_in_the_check),
        cmocka_unit_test(identification_is_checked),
        cmocka_unit_test(identification_beside_another_fault),
        cmocka_unit_test(a_file_shorter_than_its_header),
        cmocka_unit_test(bug_B1_file_over_memory),
        cmocka_unit_test(bug_B2_file_range_past_the_end),
        cmocka_unit_test(bug_B2_offsets_that_wrap),
        cmocka_unit_test(bug_B3_addresses_that_wrap),
        cmocka_unit_test(bug_B3_position_independent_span_too_large),
        cmocka_unit_test(bug_B4_misaligned_vaddr),
        cmocka_unit_test(bug_B5_page_rounding),
        cmocka_unit_test(bug_B6_alignment_that_is_none),
        cmocka_unit_test(bug_B6_alignment_of_position_independent),
        cmocka_unit_test(bug_B7_unordered_segments),
        cmocka_unit_test(bug_B8_only_the_first_segment_reserved),
        cmocka_unit_test(bug_B9_on_the_stack),
        cmocka_unit_test(bug_B10_overlap),
        cmocka_unit_test(bug_B10_bss_that_begins_inside_a_page),
        cmocka_unit_test(bug_B11_bss_not_zeroed),
        cmocka_unit_test(bug_B12_tail_zeroed_without_bss),
        cmocka_unit_test(bug_B13_bss_in_read_only_segment),
        cmocka_unit_test(bug_B14_memory_size_huge),
        cmocka_unit_test(bug_B14_budgets_to_the_page),
        cmocka_unit_test(bug_B15_nothing_to_load),
        cmocka_unit_test(bug_B16_base_unset_for_odd_headers),
        cmocka_unit_test(bug_B17_brk_inside_a_mapping),
        cmocka_unit_test(bug_B18_other_segments_loaded),
        cmocka_unit_test(bug_B19_optional_headers),
        cmocka_unit_test(bug_B20_entry_nowhere),
        cmocka_unit_test(bug_B20_table_nowhere),
        cmocka_unit_test(a_static_pie_that_begins_with_zeros),
        cmocka_unit_test(places_for_large_pages),
        cmocka_unit_test(strict_about_a_segment_without_memory),
        cmocka_unit_test(strict_about_a_segment_outside_the_file),
        cmocka_unit_test(strict_about_zeros_behind_code),
        cmocka_unit_test(bug_B3_segments_in_the_last_page),
        cmocka_unit_test(an_interpreter_in_the_last_page),
        cmocka_unit_test(a_budget_comes_last),
        cmocka_unit_test(below_the_lowest_address),
        cmocka_unit_test(a_position_independent_program_with_addresses_of_its_own),
        cmocka_unit_test(interpreters_are_loaded),
        cmocka_unit_test(bug_C1_name_not_terminated),
        cmocka_unit_test(bug_C2_empty_name),
        cmocka_unit_test(bug_C3_unreadable_name_taken_as_static),
        cmocka_unit_test(bug_C4_two_names),
        cmocka_unit_test(bug_C5_interpreter_that_is_none),
        cmocka_unit_test(bug_C5_interpreter_that_the_host_refuses),
        cmocka_unit_test(bug_C5_interpreter_on_the_program),
        cmocka_unit_test(an_interpreter_with_a_wish),
        cmocka_unit_test(an_interpreter_whose_addresses_wrap),
        cmocka_unit_test(what_an_interpreter_that_wraps_is_told),
        cmocka_unit_test(bug_C5_program_too_large_for_its_place),
        cmocka_unit_test(bug_C1_name_longer_than_its_memory),
        cmocka_unit_test(a_path_and_an_interpreter_in_one_memory),
        cmocka_unit_test(policies_and_interpreters),
        cmocka_unit_test(a_programs_refusal_outlives_its_interpreter),
        cmocka_unit_test(the_table_of_the_file_that_is_refused),
        cmocka_unit_test(bug_C6_name_far_into_the_file),
        cmocka_unit_test(bug_C6_name_before_a_long_table),
        cmocka_unit_test(bug_C7_unreadable_file_in_a_core_dump),
    };
    return RUN(bugs_file);
}
