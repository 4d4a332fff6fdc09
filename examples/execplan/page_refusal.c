// SPDX-License-Identifier: MIT
// The page of a refused exec: the report, the field by its name, and the bytes of the file around it.

#include "page_parts.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#define ROW                 16u
#define ROWS_BEFORE         2u
#define ROWS                5u
#define FILE_HEADER_SIZE    64u
#define PROGRAM_HEADER_SIZE 56u

struct field {
    unsigned offset;
    unsigned size;
    const char *name;
};

static const struct field file_header[] = {
    {0, 4, "e_ident: magic"}, {4, 1, "e_ident[EI_CLASS]"}, {5, 1, "e_ident[EI_DATA]"}, {6, 1, "e_ident[EI_VERSION]"},
    {16, 2, "e_type"},        {18, 2, "e_machine"},        {20, 4, "e_version"},       {24, 8, "e_entry"},
    {32, 8, "e_phoff"},       {40, 8, "e_shoff"},          {48, 4, "e_flags"},         {52, 2, "e_ehsize"},
    {54, 2, "e_phentsize"},   {56, 2, "e_phnum"},
};

static const struct field program_header[] = {
    {0, 4, "p_type"},   {4, 4, "p_flags"},   {8, 8, "p_offset"}, {16, 8, "p_vaddr"},
    {24, 8, "p_paddr"}, {32, 8, "p_filesz"}, {40, 8, "p_memsz"}, {48, 8, "p_align"},
};

static uint64_t little_endian(const uint8_t *bytes, unsigned size) {
    uint64_t value = 0;

    while (size > 0)
        value = value << 8 | bytes[--size];
    return value;
}

static const struct field *find_field(const struct field *fields, size_t count, uint64_t offset) {
    for (size_t i = 0; i < count; i++) {
        if (offset >= fields[i].offset && offset < fields[i].offset + fields[i].size)
            return &fields[i];
    }
    return NULL;
}

// Program-header fields that a status is about, two at most, by their index above. A report names the program header;
// which of two fields that do not fit together is wrong, nobody can tell.
struct blame {
    enum libexec_status status;
    uint8_t first;
    uint8_t second;
};

enum { TYPE, FLAGS, OFFSET, VADDR, PADDR, FILESZ, MEMSZ, ALIGN };

static const struct blame blames[] = {
    {LIBEXEC_E_FILE_OVER_MEMORY, FILESZ, MEMSZ},
    {LIBEXEC_E_FILE_RANGE, OFFSET, FILESZ},
    {LIBEXEC_E_FILE_OFFSET, OFFSET, FILESZ},
    {LIBEXEC_E_OUTSIDE_FILE, OFFSET, FILESZ},
    {LIBEXEC_E_CONGRUENCE, OFFSET, VADDR},
    {LIBEXEC_E_ADDRESS_RANGE, VADDR, MEMSZ},
    {LIBEXEC_E_NO_ROOM, VADDR, MEMSZ},
    {LIBEXEC_E_LOW_ADDRESS, VADDR, VADDR},
    {LIBEXEC_E_COLLISION, VADDR, MEMSZ},
    {LIBEXEC_E_SEGMENT_COLLISION, VADDR, MEMSZ},
    {LIBEXEC_E_PAGE_BUDGET, MEMSZ, MEMSZ},
    {LIBEXEC_E_WRITE_EXECUTE, FLAGS, FLAGS},
    {LIBEXEC_E_EXECUTABLE_STACK, FLAGS, FLAGS},
    {LIBEXEC_E_OVERLAP, VADDR, MEMSZ},
    {LIBEXEC_E_TLS_SIZE, FILESZ, MEMSZ},
    {LIBEXEC_E_TLS_ALIGNMENT, ALIGN, ALIGN},
    {LIBEXEC_E_TLS_OUTSIDE_FILE, OFFSET, FILESZ},
    {LIBEXEC_E_INTERPRETER_LENGTH, FILESZ, FILESZ},
    {LIBEXEC_E_INTERPRETER_OUTSIDE, OFFSET, FILESZ},
    {LIBEXEC_E_INTERPRETER_UNTERMINATED, OFFSET, FILESZ},
    {LIBEXEC_E_INTERPRETER_EMPTY, OFFSET, FILESZ},
};

// A wrong place in the file: a field, or bytes without a name.
struct place {
    uint64_t start;
    uint64_t end;
    const char *name; // NULL: bytes outside the headers
};

struct places {
    struct place place[2];
    unsigned count;
};

static void add_field(struct places *places, uint64_t base, const struct field *field) {
    places->place[places->count++] =
        (struct place){base + field->offset, base + field->offset + field->size, field->name};
}

// The program header that the report is about: its offset in the file; 0 where there is none.
static uint64_t blamed_header(const struct machine_file *file, const struct libexec_report *report) {
    const bool elf = file->length >= FILE_HEADER_SIZE && memcmp(file->bytes, "\177ELF", 4) == 0;

    if ((report->known & LIBEXEC_REPORT_PROGRAM_HEADER) == 0 || !elf)
        return 0;
    return little_endian(file->bytes + 32, 8) + (uint64_t)report->program_header * PROGRAM_HEADER_SIZE;
}

static void add_blamed(struct places *places, uint64_t header, enum libexec_status status) {
    for (size_t i = 0; i < sizeof blames / sizeof blames[0]; i++) {
        if (blames[i].status != status)
            continue;
        add_field(places, header, &program_header[blames[i].first]);
        if (blames[i].second != blames[i].first)
            add_field(places, header, &program_header[blames[i].second]);
    }
}

static void find_places(struct places *places, const struct machine_file *file, const struct libexec_report *report) {
    const uint64_t header = blamed_header(file, report);
    const struct field *field = NULL;

    places->count = 0;
    if (header != 0)
        add_blamed(places, header, report->status);
    if (places->count != 0 || (report->known & LIBEXEC_REPORT_FILE_OFFSET) == 0)
        return;
    const uint64_t at = report->file_offset;
    if (header != 0 && at >= header && at - header < PROGRAM_HEADER_SIZE)
        field = find_field(program_header, sizeof program_header / sizeof program_header[0], at - header);
    const struct field *const of_file = find_field(file_header, sizeof file_header / sizeof file_header[0], at);
    if (field != NULL)
        add_field(places, header, field);
    else if (of_file != NULL)
        add_field(places, 0, of_file);
    else
        places->place[places->count++] = (struct place){at, at + 1, NULL};
}

static bool is_marked(const struct places *places, uint64_t at) {
    for (unsigned i = 0; i < places->count; i++) {
        if (at >= places->place[i].start && at < places->place[i].end)
            return true;
    }
    return false;
}

static void draw_bytes(struct canvas *canvas, const struct machine_file *file, const struct places *places,
                       uint64_t row) {
    canvas_put(canvas, CANVAS_FAINT, "  %08" PRIx64 "  ", row);
    for (uint64_t at = row; at < row + ROW; at++) {
        const bool marked = is_marked(places, at);
        if (at < file->length)
            canvas_put(canvas, marked ? CANVAS_DANGER : CANVAS_PLAIN, "%02x", file->bytes[at]);
        else
            canvas_put(canvas, marked ? CANVAS_DANGER : CANVAS_FAINT, "..");
        canvas_put(canvas, CANVAS_PLAIN, "%s", at % 8 == 7 ? "  " : " ");
    }
    for (uint64_t at = row; at < row + ROW && at < file->length; at++) {
        const char shown = isprint(file->bytes[at]) ? (char)file->bytes[at] : '.';
        canvas_put(canvas, is_marked(places, at) ? CANVAS_DANGER : CANVAS_FAINT, "%c", shown);
    }
    canvas_put(canvas, CANVAS_PLAIN, "\n");
}

// A line of carets under the bytes of `row` that are wrong, for those who see no colours.
static void draw_marks(struct canvas *canvas, const struct places *places, uint64_t row) {
    bool any = false;

    for (uint64_t at = row; at < row + ROW; at++)
        any = any || is_marked(places, at);
    if (!any)
        return;
    canvas_column(canvas, 12);
    for (uint64_t at = row; at < row + ROW; at++) {
        canvas_put(canvas, CANVAS_DANGER, "%s", is_marked(places, at) ? "^^" : "  ");
        canvas_put(canvas, CANVAS_PLAIN, "%s", at % 8 == 7 ? "  " : " ");
    }
    canvas_put(canvas, CANVAS_PLAIN, "\n");
}

static void draw_names(struct canvas *canvas, const struct machine_file *file, const struct places *places,
                       const struct libexec_report *report) {
    canvas_put(canvas, CANVAS_PLAIN, "  %s", file->name);
    for (unsigned i = 0; i < places->count; i++) {
        const struct place *const place = &places->place[i];
        canvas_put(canvas, CANVAS_PLAIN, i == 0 ? ": " : " and ");
        if (place->name != NULL)
            canvas_put(canvas, CANVAS_DANGER, "%s", place->name);
        canvas_put(canvas, CANVAS_PLAIN, " at %" PRIx64, place->start);
    }
    if (blamed_header(file, report) != 0)
        canvas_put(canvas, CANVAS_PLAIN, ", program header %" PRIu32, report->program_header);
    canvas_put(canvas, CANVAS_PLAIN, "\n");
}

static void draw_place(struct canvas *canvas, const struct machine_file *file, const struct libexec_report *report) {
    struct places places;

    find_places(&places, file, report);
    if (places.count == 0)
        return;
    page_heading(canvas, "The bytes");
    draw_names(canvas, file, &places, report);
    const uint64_t row = places.place[0].start / ROW;
    const uint64_t first = row < ROWS_BEFORE ? 0 : row - ROWS_BEFORE;
    const uint64_t last = places.place[places.count - 1].start / ROW + 1;
    for (uint64_t i = first; i <= last; i++) {
        if (i * ROW >= file->length && i > row)
            break;
        draw_bytes(canvas, file, &places, i * ROW);
        draw_marks(canvas, &places, i * ROW);
    }
}

static void write_report(void *context, const char *bytes, size_t length) {
    canvas_put(context, CANVAS_PLAIN, "%.*s", (int)length, bytes);
}

void page_refusal(struct canvas *canvas, const struct machine *machine) {
    const struct libexec_report *const report = libexec_exec_report(&machine->exec);
    const struct libexec_sink sink = {.write = write_report, .context = canvas};
    const enum libexec_file kind =
        report->file == LIBEXEC_FILE_SCRIPT_INTERPRETER ? LIBEXEC_FILE_PROGRAM : report->file;
    const struct machine_file *const file = machine_find(machine, kind);

    page_heading(canvas, "Where and why");
    canvas_put(canvas, CANVAS_PLAIN, "  ");
    libexec_dump_report(&sink, report);
    if (file != NULL && file->bytes != NULL)
        draw_place(canvas, file, report);
}
