// SPDX-License-Identifier: MIT
// The numbers of a report: what was found, and what it was compared with. Rows for most refusals of a program's
// bytes that have numbers; the file is the small one with something changed. And where the host refused.

#include "world.h"

#include <errno.h>
#include <inttypes.h>

#define NAMES_SIZE 7u // for an interpreter's name

struct row {
    const char *name;
    void (*change)(struct libexec_kit_elf *elf);
    uint32_t policy; // LIBEXEC_POLICY_... bits
    enum libexec_status status;
    uint64_t value;
    uint64_t limit;
};

struct case_data {
    const struct row *row;
    struct libexec_kit_elf elf;
};

static void set_up(struct world *world) {
    const struct case_data *const data = world->scenario->data;
    world_file(world, PROGRAM, &data->elf);
    world_execute(world, PROGRAM);
    world->policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES | data->row->policy;
    world->policy.page_budget = 64;
    world->request.names_size = NAMES_SIZE;
}

static void magic(struct libexec_kit_elf *elf) {
    memcpy(elf->identification, "nonE", 4);
}
static void class_32(struct libexec_kit_elf *elf) {
    elf->identification[4] = 1;
}
static void big_endian(struct libexec_kit_elf *elf) {
    elf->identification[5] = 2;
}
static void version(struct libexec_kit_elf *elf) {
    elf->identification[6] = 9;
}
static void too_short(struct libexec_kit_elf *elf) {
    elf->size = 63;
}
static void hardly_anything(struct libexec_kit_elf *elf) {
    elf->size = 3;
}
static void type(struct libexec_kit_elf *elf) {
    elf->type = 4;
}
static void machine(struct libexec_kit_elf *elf) {
    elf->machine = 40;
}
static void header_size(struct libexec_kit_elf *elf) {
    elf->program_header_size = 57;
}
static void header_count(struct libexec_kit_elf *elf) {
    elf->program_header_count = 1171;
}
static void table_outside(struct libexec_kit_elf *elf) {
    elf->program_headers_offset = 0x3000 - 111;
}
static void file_over_memory(struct libexec_kit_elf *elf) {
    elf->headers[1].memory_size = elf->headers[1].file_size - 1;
}
static void file_range(struct libexec_kit_elf *elf) {
    elf->headers[1].offset = UINT64_MAX - 0xdff; // its page is the last one
}
static void file_offset(struct libexec_kit_elf *elf) {
    elf->headers[1].offset = INT64_MAX - 0xdff;
}
static void outside_file(struct libexec_kit_elf *elf) {
    elf->headers[1].offset = 0x5200;
}
static void congruence(struct libexec_kit_elf *elf) {
    elf->headers[1].offset = 0x1201;
}
static void address_range(struct libexec_kit_elf *elf) {
    elf->headers[1].file_size = elf->headers[1].memory_size = 0;
    elf->headers[1].address = UINT64_C(1) << 62;
}
static void end_beyond(struct libexec_kit_elf *elf) {
    elf->headers[1].address = UINT64_C(0x7ffffffff000) - 0xe00;
}
static void zeros_behind_code(struct libexec_kit_elf *elf) {
    elf->headers[0].memory_size = 0x2001;
}
static void empty_segments(struct libexec_kit_elf *elf) {
    elf->headers[0].file_size = elf->headers[0].memory_size = 0;
    elf->headers[1].file_size = elf->headers[1].memory_size = 0;
}
static void no_room(struct libexec_kit_elf *elf) {
    elf->headers[1].file_size = elf->headers[1].memory_size = UINT64_C(1) << 62;
}
static void low_address(struct libexec_kit_elf *elf) {
    elf->headers[0].address = 0x1000;
}
static void one_budget(struct libexec_kit_elf *elf) {
    elf->headers[1].memory_size = 0x100000;
}
static void budget_of_all(struct libexec_kit_elf *elf) {
    elf->headers[0].memory_size = 0x1000 * 40; // each segment is within it
    elf->headers[1].address += 0x100000;
    elf->headers[1].memory_size = 0x1000 * 40;
}
static void entry_range(struct libexec_kit_elf *elf) {
    elf->entry = UINT64_C(1) << 50;
}
static void write_execute(struct libexec_kit_elf *elf) {
    elf->headers[0].flags = R | W | X;
}
static void overlap(struct libexec_kit_elf *elf) {
    elf->headers[1].address = BASE + 0x1200;
}
static void nothing(struct libexec_kit_elf *elf) {
    elf->headers[0].type = elf->headers[1].type = LIBEXEC_KIT_PT_NULL;
}
static void same(struct libexec_kit_elf *elf) {
    (void)elf;
}
static void empty_span(struct libexec_kit_elf *elf) {
    elf->type = LIBEXEC_KIT_ET_DYN;
    elf->headers[0].file_size = elf->headers[0].memory_size = 0;
    elf->headers[1].type = LIBEXEC_KIT_PT_NULL;
}
static void executable_stack(struct libexec_kit_elf *elf) {
    libexec_kit_elf_add(elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_STACK, .flags = R | W | X});
}
static void segments(struct libexec_kit_elf *elf) {
    while (elf->added < LIBEXEC_CONFIG_SEGMENTS + 2)
        libexec_kit_elf_add(elf, load(R, 0, BASE + 0x10000 * elf->added, 0x100, 0x100));
}
static void entry_rights(struct libexec_kit_elf *elf) {
    elf->entry = BASE + 0x2200;
}
static void interpreter(struct libexec_kit_elf *elf, uint64_t offset, uint64_t length) {
    elf->headers[1] = (struct libexec_kit_program_header){
        .type = LIBEXEC_KIT_PT_INTERP, .offset = offset, .file_size = length, .memory_size = length};
}
static void name_too_short(struct libexec_kit_elf *elf) {
    interpreter(elf, 0x200, 1);
}
static void name_too_long(struct libexec_kit_elf *elf) {
    interpreter(elf, 0x200, 4097);
}
static void name_outside(struct libexec_kit_elf *elf) {
    interpreter(elf, 0x2fff, 2);
}
static void name_beyond_files(struct libexec_kit_elf *elf) {
    interpreter(elf, INT64_MAX, 2);
}

static void name_without_end(struct libexec_kit_elf *elf) {
    libexec_kit_elf_write(elf, 0x200, "/lib/xyz", 9);
    interpreter(elf, 0x200, NAMES_SIZE);
}
static void name(struct libexec_kit_elf *elf) {
    libexec_kit_elf_write(elf, 0x200, "/lib/xy", NAMES_SIZE + 1);
    interpreter(elf, 0x200, NAMES_SIZE + 1);
}

#define USER_HIGH UINT64_C(0x7ffffffff000)

static const struct row rows[] = {
    {"magic", magic, 0, LIBEXEC_E_MAGIC, 0x456e6f6e, 0x464c457f},
    {"magic, what there is of it", hardly_anything, 0, LIBEXEC_E_MAGIC, 0, 0x464c457f},
    {"class", class_32, 0, LIBEXEC_E_CLASS, 1, 2},
    {"data", big_endian, 0, LIBEXEC_E_DATA, 2, 1},
    {"version", version, 0, LIBEXEC_E_VERSION, 9, 1},
    {"too short", too_short, 0, LIBEXEC_E_TOO_SHORT, 63, 64},
    {"type", type, 0, LIBEXEC_E_TYPE, 4, 3},
    {"machine", machine, 0, LIBEXEC_E_MACHINE, 40, 62},
    {"size of headers", header_size, 0, LIBEXEC_E_HEADER_SIZE, 57, 56},
    {"count of headers", header_count, 0, LIBEXEC_E_HEADER_COUNT, 1171, 1170},
    {"table outside", table_outside, 0, LIBEXEC_E_TABLE_OUTSIDE, 0x3000 - 111, 0x3000},
    {"file over memory", file_over_memory, 0, LIBEXEC_E_FILE_OVER_MEMORY, 0x1600, 0x15ff},
    {"file range", file_range, 0, LIBEXEC_E_FILE_RANGE, UINT64_MAX - 0xdff, UINT64_MAX},
    {"file offset", file_offset, 0, LIBEXEC_E_FILE_OFFSET, INT64_MAX - 0xdff, INT64_MAX},
    {"outside the file", outside_file, 0, LIBEXEC_E_OUTSIDE_FILE, 0x6800, 0x3000},
    {"congruence", congruence, 0, LIBEXEC_E_CONGRUENCE, 0x1201, BASE + 0x2200},
    {"address range", address_range, 0, LIBEXEC_E_ADDRESS_RANGE, UINT64_C(1) << 62, USER_HIGH},
    {"across the end", end_beyond, 0, LIBEXEC_E_NO_ROOM, USER_HIGH + 0x1000, USER_HIGH},
    {"no room", no_room, 0, LIBEXEC_E_NO_ROOM, (UINT64_C(1) << 62) + 0x1000, USER_HIGH},
    {"low address", low_address, 0, LIBEXEC_E_LOW_ADDRESS, 0x1000, 0x10000},
    {"budget, one segment", one_budget, 0, LIBEXEC_E_PAGE_BUDGET, 0x100000 / 0x1000 + 1 - 2, 64},
    {"budget, all of them", budget_of_all, 0, LIBEXEC_E_PAGE_BUDGET, 81, 64},
    {"write and execute", write_execute, LIBEXEC_POLICY_NO_WRITE_EXECUTE, LIBEXEC_E_WRITE_EXECUTE, 7, 5},
    {"zeros behind code", zeros_behind_code, LIBEXEC_POLICY_NO_WRITE_EXECUTE, LIBEXEC_E_WRITE_EXECUTE, 7, 5},
    {"overlap", overlap, LIBEXEC_POLICY_NO_OVERLAP, LIBEXEC_E_OVERLAP, BASE + 0x1000, BASE + 0x2000},
    {"no segments", nothing, 0, LIBEXEC_E_NO_SEGMENTS, 0, 1},
    {"empty segments", empty_segments, 0, LIBEXEC_E_NO_SEGMENTS, 0, 1},
    {"empty span", empty_span, 0, LIBEXEC_E_EMPTY_SPAN, 0, 1},
    {"executable stack", executable_stack, LIBEXEC_POLICY_NO_EXECUTABLE_STACK, LIBEXEC_E_EXECUTABLE_STACK,
     LIBEXEC_RIGHT_EXECUTE, 0},
    {"capacity", segments, 0, LIBEXEC_E_SEGMENT_CAPACITY, LIBEXEC_CONFIG_SEGMENTS + 1, LIBEXEC_CONFIG_SEGMENTS},
    {"not position independent", same, LIBEXEC_POLICY_PIE_ONLY, LIBEXEC_E_NOT_PIE, 2, 3},
    {"entry rights", entry_rights, LIBEXEC_POLICY_ENTRY_EXECUTABLE, LIBEXEC_E_ENTRY_RIGHTS, BASE + 0x2200,
     BASE + 0x6000},
    {"interpreter's name too short", name_too_short, 0, LIBEXEC_E_INTERPRETER_LENGTH, 1, 4096},
    {"interpreter's name too long", name_too_long, 0, LIBEXEC_E_INTERPRETER_LENGTH, 4097, 4096},
    {"interpreter's name outside", name_outside, 0, LIBEXEC_E_INTERPRETER_OUTSIDE, 0x3001, 0x3000},
    {"interpreter's name beyond files", name_beyond_files, 0, LIBEXEC_E_INTERPRETER_OFFSET, INT64_MAX, INT64_MAX},
};

// What a plan read alone does not look at.
static const struct row exec_rows[] = {
    {"entry range", entry_range, 0, LIBEXEC_E_ENTRY_RANGE, UINT64_C(1) << 50, USER_HIGH},
    {"interpreter's name without end", name_without_end, 0, LIBEXEC_E_INTERPRETER_UNTERMINATED, 'y', 0},
    {"interpreter's name in short memory", name, 0, LIBEXEC_E_NAME_TOO_LONG, NAMES_SIZE + 1, NAMES_SIZE},
};

// A plan read alone says the same as the exec did, but for the stage.
static void check_plan_alone(const struct case_data *data, const struct libexec_policy *policy,
                             const struct libexec_report *in_exec) {
    static struct libexec_plan plan;
    struct libexec_source source;
    struct libexec_report report;
    uint8_t buffer[512];
    libexec_memory_source(&source, data->elf.bytes, data->elf.size);
    const enum libexec_status status =
        libexec_plan_read(&plan, &source, &libexec_kit_arch, policy, buffer, sizeof(buffer), &report);
    if (status != data->row->status || report.value != in_exec->value || report.limit != in_exec->limit ||
        report.known != in_exec->known || report.file_offset != in_exec->file_offset ||
        report.program_header != in_exec->program_header || report.file != LIBEXEC_FILE_PROGRAM)
        fail_msg("%s, the plan alone: %s, value 0x%" PRIx64 ", limit 0x%" PRIx64 ", known 0x%" PRIx32
                 ", program header %" PRIu32 ", offset 0x%" PRIx64,
                 data->row->name, libexec_status_name(status), report.value, report.limit, report.known,
                 report.program_header, report.file_offset);
}

static void check_row(const struct row *row, bool alone) {
    struct case_data data = {.row = row};
    const struct scenario scenario = {.name = row->name, .set_up = set_up, .data = &data};
    static const struct flavour flavour = {.name = "all", .features = LIBEXEC_KIT_OPEN};
    static struct world world;
    small_elf(&data.elf, LIBEXEC_KIT_ET_EXEC, BASE);
    row->change(&data.elf);
    libexec_kit_elf_build(&data.elf);
    world_begin(&world, &scenario, &flavour);
    const enum libexec_status status = world_prepare(&world);
    const struct libexec_report *const report = libexec_exec_report(&world.exec);
    const uint32_t both = LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT;
    if (status != row->status)
        fail_msg("%s: %s instead of %s", row->name, libexec_status_name(status), libexec_status_name(row->status));
    if ((report->known & both) != both || report->value != row->value || report->limit != row->limit)
        fail_msg("%s: value 0x%" PRIx64 ", limit 0x%" PRIx64 " instead of 0x%" PRIx64 ", 0x%" PRIx64, row->name,
                 report->value, report->limit, row->value, row->limit);
    if (alone)
        check_plan_alone(&data, &world.policy, report);
    world_end(&world);
    libexec_kit_elf_end(&data.elf);
}

static void numbers_of_refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        check_row(&rows[i], true);
    for (size_t i = 0; i < sizeof(exec_rows) / sizeof(exec_rows[0]); i++)
        if (!LIBEXEC_CONFIG_STATIC_ONLY || exec_rows[i].change == entry_range)
            check_row(&exec_rows[i], false);
}

// The library's errno values have Linux's numbers, which are this machine's.
static void numbers_of_errno(void **state) {
    (void)state;
    static const int pairs[][2] = {
        {LIBEXEC_ERRNO_EPERM, EPERM}, {LIBEXEC_ERRNO_ENOENT, ENOENT}, {LIBEXEC_ERRNO_EINTR, EINTR},
        {LIBEXEC_ERRNO_EIO, EIO}, {LIBEXEC_ERRNO_E2BIG, E2BIG}, {LIBEXEC_ERRNO_ENOEXEC, ENOEXEC},
        {LIBEXEC_ERRNO_EAGAIN, EAGAIN}, {LIBEXEC_ERRNO_ENOMEM, ENOMEM}, {LIBEXEC_ERRNO_EACCES, EACCES},
        {LIBEXEC_ERRNO_EFAULT, EFAULT}, {LIBEXEC_ERRNO_EEXIST, EEXIST}, {LIBEXEC_ERRNO_ENOTDIR, ENOTDIR},
        {LIBEXEC_ERRNO_EISDIR, EISDIR}, {LIBEXEC_ERRNO_EINVAL, EINVAL}, {LIBEXEC_ERRNO_ENFILE, ENFILE},
        {LIBEXEC_ERRNO_EMFILE, EMFILE}, {LIBEXEC_ERRNO_ETXTBSY, ETXTBSY}, {LIBEXEC_ERRNO_ENAMETOOLONG, ENAMETOOLONG},
        {LIBEXEC_ERRNO_ENOSYS, ENOSYS}, {LIBEXEC_ERRNO_ELOOP, ELOOP}, {LIBEXEC_ERRNO_EOVERFLOW, EOVERFLOW},
        {LIBEXEC_ERRNO_ELIBBAD, ELIBBAD}};
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        assert_int_equal(pairs[i][0], pairs[i][1]);
}

// ---- Where the host refused ---------------------------------------------------------------------------------------

#define LOADER "/lib/loader"
#define LEAST LIBEXEC_KIT_OPEN
#define LENT (LIBEXEC_KIT_OPEN | LIBEXEC_KIT_VIEW_END | LIBEXEC_KIT_COPY_ON_WRITE)
#define TOGETHER (LENT | LIBEXEC_KIT_MAP_MANY | LIBEXEC_KIT_LONG_VIEWS)

static struct libexec_kit_elf dynamic, loader;

// A program with an interpreter and a TLS block, whose template has a page that may be the file's own and bytes before
// and behind it, and ends pages below the thread pointer.
static void execute_dynamic(struct world *world) {
    static const char *const argv[] = {"program", NULL};
    world_file(world, PROGRAM, &dynamic);
    world_file(world, LOADER, &loader);
    world_execute(world, PROGRAM);
    world_arguments(world, argv, NULL);
    world->policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES;
    world->policy.tls = LIBEXEC_TLS_ALWAYS;
}

static void begin_dynamic(void) {
    small_elf(&dynamic, LIBEXEC_KIT_ET_DYN, 0);
    small_elf(&loader, LIBEXEC_KIT_ET_DYN, 0);
    libexec_kit_elf_write(&dynamic, 0x200, LOADER, sizeof(LOADER));
    libexec_kit_elf_add(&dynamic, (struct libexec_kit_program_header){
                                      .type = LIBEXEC_KIT_PT_INTERP, .offset = 0x200, .file_size = sizeof(LOADER)});
    libexec_kit_elf_add(&dynamic, (struct libexec_kit_program_header){
                                      .type = LIBEXEC_KIT_PT_TLS, .flags = R, .offset = 0x240, .address = 0x240,
                                      .file_size = 0x2800, .memory_size = 0x6000, .alignment = 64});
    libexec_kit_elf_build(&dynamic);
    libexec_kit_elf_build(&loader);
}

static void end_dynamic(void) {
    libexec_kit_elf_end(&dynamic);
    libexec_kit_elf_end(&loader);
}

static const struct scenario dynamic_scenario = {.name = "where", .set_up = execute_dynamic};

// The call of the journal that answered `code`.
static uint32_t refused_call(struct world *world, const struct libexec_kit_entry *entries, uint32_t count, int code) {
    uint32_t i = 0;
    while (i < count && entries[i].result != code)
        i++;
    EXPECT(world, i < count);
    return i;
}

// The address is that of the pages, the file that of the bytes for them, which stand at the offset. Of operations that
// were handed over together the first one is told.
static void check_where(struct world *world, const struct libexec_kit_image *image, int code) {
    const struct libexec_report *const report = libexec_exec_report(&world->exec);
    const struct libexec_kit_entry *entries = NULL;
    const uint32_t count = libexec_kit_journal(world->kit, &entries);
    uint32_t at = refused_call(world, entries, count, code);
    const enum libexec_kit_call call = entries[at].call;
    if (call == LIBEXEC_KIT_CALL_READ_AT) {
        EXPECT(world, (report->known & LIBEXEC_REPORT_FILE_OFFSET) != 0);
        EXPECT_EQUAL(world, report->file_offset, entries[at].address);
    }
    while (call == LIBEXEC_KIT_CALL_MAP && entries[at].many != 0)
        at--;
    if (call == LIBEXEC_KIT_CALL_MAP || call == LIBEXEC_KIT_CALL_TRANSLATE) {
        EXPECT(world, (report->known & LIBEXEC_REPORT_ADDRESS) != 0);
        EXPECT_EQUAL(world, report->address, entries[at].address);
    }
    if (call == LIBEXEC_KIT_CALL_READ_AT) // into the view opened last
        while (at > 0 && entries[at].call != LIBEXEC_KIT_CALL_TRANSLATE)
            at--;
    if (report->stage == LIBEXEC_STAGE_TLS)
        EXPECT_EQUAL(world, report->file, LIBEXEC_FILE_PROGRAM);
    if (report->stage == LIBEXEC_STAGE_LOAD && call != LIBEXEC_KIT_CALL_SPACE_CREATE)
        EXPECT_EQUAL(world, report->file, libexec_kit_image_region(image, entries[at].address)->file);
}

static void where_the_host_refused(void **state) {
    (void)state;
    static const struct flavour few[] = {{.name = "least", .features = LEAST, .poison = 0xa5},
                                         {.name = "lent", .features = LENT, .poison = 0x5a},
                                         {.name = "together", .features = TOGETHER, .poison = 0xa5}};
    static struct world world;
    uint32_t told[LIBEXEC_KIT_CALLS][LIBEXEC_STAGE_COMMIT + 1] = {{0}};
    begin_dynamic();
    for (size_t i = 0; i < sizeof(few) / sizeof(few[0]); i++) {
        world_begin(&world, &dynamic_scenario, &few[i]);
        struct libexec_kit_image *const image = world_image(&world);
        const uint32_t calls = libexec_kit_failable_calls(world.kit);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
        for (uint32_t number = 1; number <= calls; number++) {
            const int code = 1000 + (int)number;
            world_begin(&world, &dynamic_scenario, &few[i]);
            libexec_kit_fail(world.kit, number, false, code); // the police sees to it that no call follows
            EXPECT(&world, world_prepare(&world) != LIBEXEC_OK);
            check_where(&world, image, code);
            told[libexec_kit_failed_call(world.kit)][libexec_exec_report(&world.exec)->stage]++;
            world_end(&world);
        }
        libexec_kit_image_free(image);
    }
    assert_true(told[LIBEXEC_KIT_CALL_MAP][LIBEXEC_STAGE_LOAD] > 20);
    assert_true(told[LIBEXEC_KIT_CALL_TRANSLATE][LIBEXEC_STAGE_LOAD] > 10);
    assert_true(told[LIBEXEC_KIT_CALL_READ_AT][LIBEXEC_STAGE_LOAD] > 10);
    assert_true(told[LIBEXEC_KIT_CALL_TRANSLATE][LIBEXEC_STAGE_TLS] > 5);
    assert_true(told[LIBEXEC_KIT_CALL_READ_AT][LIBEXEC_STAGE_TLS] > 5);
    end_dynamic();
}

// Pages that the host has in use: the address is that of the operation that touches them.
static void where_something_else_is_mapped(void **state) {
    (void)state;
    static const struct flavour flavour = {.name = "least", .features = LEAST, .poison = 0xa5};
    static struct world world;
    begin_dynamic();
    world_begin(&world, &dynamic_scenario, &flavour);
    struct libexec_kit_image *const image = world_image(&world);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
    const struct libexec_region *regions = NULL;
    const uint32_t count = libexec_kit_image_regions(image, &regions);
    assert_true(count > 8);
    for (uint32_t i = 0; i < count; i++) {
        if (regions[i].kind == LIBEXEC_REGION_GUARD) // stays empty
            continue;
        world_begin(&world, &dynamic_scenario, &flavour);
        libexec_kit_occupy(world.kit, regions[i].address + regions[i].length - PAGE, PAGE);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_OCCUPIED);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        EXPECT(&world, (report->known & LIBEXEC_REPORT_ADDRESS) != 0);
        EXPECT_EQUAL(&world, report->address, regions[i].address);
        EXPECT_EQUAL(&world, report->file, regions[i].file);
        world_end(&world);
    }
    libexec_kit_image_free(image);
    end_dynamic();
}

// A TLS block beyond the budget: no program header of the interpreter's name is to blame, nor any PT_LOAD.
static void a_budget_that_the_tls_block_exceeds(void **state) {
    (void)state;
    static const struct flavour flavour = {.name = "least", .features = LEAST, .poison = 0xa5};
    static struct world world;
    begin_dynamic();
    dynamic.headers[3].memory_size = 0x1000 * 64;
    libexec_kit_elf_build(&dynamic);
    world_begin(&world, &dynamic_scenario, &flavour);
    world.policy.page_budget = 64;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_PAGE_BUDGET);
    const struct libexec_report *const report = libexec_exec_report(&world.exec);
    EXPECT_EQUAL(&world, report->known, LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT);
    EXPECT_EQUAL(&world, report->file, LIBEXEC_FILE_PROGRAM);
    EXPECT(&world, report->value > 64);
    EXPECT_EQUAL(&world, report->limit, 64);
    world_end(&world);
    end_dynamic();
}

static int no_view(void *context, void *space, libexec_address address, uint64_t length, struct libexec_view *view) {
    (void)context;
    (void)space;
    (void)address;
    (void)length;
    (void)view;
    return 0;
}

// A view that is none: its address, its length, and what was asked. One that was never filled in has no length.
static void where_a_view_is_none(void **state) {
    (void)state;
    static const enum libexec_kit_misdeed misdeeds[] = {LIBEXEC_KIT_EMPTY_VIEW, LIBEXEC_KIT_OVERLONG_VIEW,
                                                        LIBEXEC_KIT_UNEVEN_VIEW, LIBEXEC_KIT_NULL_VIEW};
    static const struct flavour flavour = {.name = "least", .features = LEAST, .poison = 0xa5};
    static struct world world;
    begin_dynamic();
    for (size_t i = 0; i < sizeof(misdeeds) / sizeof(misdeeds[0]); i++) {
        world_begin(&world, &dynamic_scenario, &flavour);
        libexec_kit_free(world.kit);
        world.options.misdeed = misdeeds[i];
        world.kit = libexec_kit_new(&world.options);
        execute_dynamic(&world);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_CONTRACT);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        const struct libexec_kit_entry *entries = NULL;
        uint32_t at = libexec_kit_journal(world.kit, &entries) - 1;
        while (at > 0 && entries[at].call != LIBEXEC_KIT_CALL_TRANSLATE)
            at--;
        EXPECT_EQUAL(&world, report->known, LIBEXEC_REPORT_ADDRESS | LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT);
        EXPECT_EQUAL(&world, report->address, entries[at].address);
        EXPECT_EQUAL(&world, report->limit, entries[at].length);
        if (misdeeds[i] != LIBEXEC_KIT_NULL_VIEW)
            EXPECT_EQUAL(&world, report->value,
                         misdeeds[i] == LIBEXEC_KIT_EMPTY_VIEW ? 0 : entries[at].done);
        world_end(&world);
    }
    world_begin(&world, &dynamic_scenario, &flavour);
    libexec_kit_host(world.kit)->translate = no_view;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_CONTRACT);
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->value, 0);
    world_end(&world);
    end_dynamic();
}

int main(void) {
    static const struct CMUnitTest reports[] = {
        cmocka_unit_test(numbers_of_errno),
        cmocka_unit_test(numbers_of_refusals),
        cmocka_unit_test(where_the_host_refused),
        cmocka_unit_test(where_something_else_is_mapped),
        cmocka_unit_test(a_budget_that_the_tls_block_exceeds),
        cmocka_unit_test(where_a_view_is_none),
    };
    // All but the first two start a dynamic program, which a library for static ones refuses.
    return run_group("reports", reports, LIBEXEC_CONFIG_STATIC_ONLY ? 2 : sizeof(reports) / sizeof(reports[0]));
}
