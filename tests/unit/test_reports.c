// SPDX-License-Identifier: MIT
// The numbers of a report: what was found, and what it was compared with. Rows for most refusals of a program's
// bytes that have numbers; the file is the small one with something changed.

#include "world.h"

#include <inttypes.h>

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

#define USER_HIGH UINT64_C(0x7ffffffff000)

static const struct row rows[] = {
    {"magic", magic, 0, LIBEXEC_E_MAGIC, 0x456e6f6e, 0x464c457f},
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
    {"no room", no_room, 0, LIBEXEC_E_NO_ROOM, (UINT64_C(1) << 62) + 0x1000, USER_HIGH},
    {"low address", low_address, 0, LIBEXEC_E_LOW_ADDRESS, 0x1000, 0x10000},
    {"budget, one segment", one_budget, 0, LIBEXEC_E_PAGE_BUDGET, 0x100000 / 0x1000 + 1 - 2, 64},
    {"budget, all of them", budget_of_all, 0, LIBEXEC_E_PAGE_BUDGET, 81, 64},
    {"entry range", entry_range, 0, LIBEXEC_E_ENTRY_RANGE, UINT64_C(1) << 50, USER_HIGH},
    {"write and execute", write_execute, LIBEXEC_POLICY_NO_WRITE_EXECUTE, LIBEXEC_E_WRITE_EXECUTE, 7, 5},
    {"overlap", overlap, LIBEXEC_POLICY_NO_OVERLAP, LIBEXEC_E_OVERLAP, BASE + 0x1000, BASE + 0x2000},
    {"no segments", nothing, 0, LIBEXEC_E_NO_SEGMENTS, 0, 1},
    {"not position independent", same, LIBEXEC_POLICY_PIE_ONLY, LIBEXEC_E_NOT_PIE, 2, 3},
    {"entry rights", entry_rights, LIBEXEC_POLICY_ENTRY_EXECUTABLE, LIBEXEC_E_ENTRY_RIGHTS, BASE + 0x2200,
     BASE + 0x6000},
    {"interpreter's name too short", name_too_short, 0, LIBEXEC_E_INTERPRETER_LENGTH, 1, 4096},
    {"interpreter's name too long", name_too_long, 0, LIBEXEC_E_INTERPRETER_LENGTH, 4097, 4096},
    {"interpreter's name outside", name_outside, 0, LIBEXEC_E_INTERPRETER_OUTSIDE, 0x3001, 0x3000},
    {"interpreter's name beyond files", name_beyond_files, 0, LIBEXEC_E_INTERPRETER_OFFSET, INT64_MAX, INT64_MAX},
};

static void numbers_of_refusals(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct case_data data = {.row = &rows[i]};
        const struct scenario scenario = {.name = rows[i].name, .set_up = set_up, .data = &data};
        static const struct flavour flavour = {.name = "all", .features = LIBEXEC_KIT_OPEN};
        static struct world world;
        small_elf(&data.elf, LIBEXEC_KIT_ET_EXEC, BASE);
        rows[i].change(&data.elf);
        libexec_kit_elf_build(&data.elf);
        world_begin(&world, &scenario, &flavour);
        const enum libexec_status status = world_prepare(&world);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        const uint32_t both = LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT;
        if (status != rows[i].status)
            fail_msg("%s: %s instead of %s", rows[i].name, libexec_status_name(status),
                     libexec_status_name(rows[i].status));
        if ((report->known & both) != both || report->value != rows[i].value || report->limit != rows[i].limit)
            fail_msg("%s: value 0x%" PRIx64 ", limit 0x%" PRIx64 " instead of 0x%" PRIx64 ", 0x%" PRIx64, rows[i].name,
                     report->value, report->limit, rows[i].value, rows[i].limit);
        world_end(&world);
        libexec_kit_elf_end(&data.elf);
    }
}

int main(void) {
    static const struct CMUnitTest reports[] = {
        cmocka_unit_test(numbers_of_refusals),
    };
    return RUN(reports);
}
