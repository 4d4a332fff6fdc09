// SPDX-License-Identifier: MIT
// The page: what was asked, what comes of it, part by part.

#include "page.h"

#include "exec_dump.h"
#include "page_parts.h"

#include <inttypes.h>
#include <string.h>

#define TYPES_SHOWN 64u

void page_heading(struct canvas *canvas, const char *text) {
    canvas_put(canvas, CANVAS_PLAIN, "\n");
    canvas_put(canvas, CANVAS_TITLE, "%s\n", text);
}

enum canvas_style page_style(uint32_t rights) {
    const uint32_t both = LIBEXEC_RIGHT_WRITE | LIBEXEC_RIGHT_EXECUTE;

    if ((rights & both) == both)
        return CANVAS_DANGER;
    if ((rights & LIBEXEC_RIGHT_EXECUTE) != 0)
        return CANVAS_EXECUTE;
    return (rights & LIBEXEC_RIGHT_WRITE) != 0 ? CANVAS_WRITE : CANVAS_READ;
}

const char *page_size_text(char text[32], uint64_t size) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    unsigned unit = 0;
    uint64_t rest = 0;

    while (size >= 1024 && unit < 4) {
        rest = size % 1024;
        size /= 1024;
        unit++;
    }
    if (rest != 0 && size < 100)
        snprintf(text, 32, "%" PRIu64 ".%" PRIu64 " %s", size, rest * 10 / 1024, units[unit]);
    else
        snprintf(text, 32, "%" PRIu64 " %s", size, units[unit]);
    return text;
}

void page_quote(struct canvas *canvas, const char *bytes, size_t length, size_t limit) {
    const size_t shown = length < limit ? length : limit;

    canvas_put(canvas, CANVAS_STRING, "\"");
    for (size_t i = 0; i < shown; i++)
        canvas_put(canvas, CANVAS_STRING, "%c", bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i] : '.');
    canvas_put(canvas, CANVAS_STRING, shown < length ? "...\"" : "\"");
}

// The headers in a line.

static const char *type_name(uint32_t type) {
    static const char *const names[] = {"NULL", "LOAD", "DYNAMIC", "INTERP", "NOTE", "SHLIB", "PHDR", "TLS"};

    if (type < 8)
        return names[type];
    switch (type) {
    case 0x6474e550:
        return "EH_FRAME";
    case 0x6474e551:
        return "STACK";
    case 0x6474e552:
        return "RELRO";
    case 0x6474e553:
        return "PROPERTY";
    default:
        return "OTHER";
    }
}

static uint64_t read_bytes(const struct machine_file *file, uint64_t offset, unsigned size) {
    uint64_t value = 0;

    if (offset > file->length || file->length - offset < size)
        return 0;
    while (size > 0)
        value = value << 8 | file->bytes[offset + --size];
    return value;
}

static void draw_types(struct canvas *canvas, const struct machine_file *file, const struct libexec_plan *plan) {
    const uint32_t count = plan->program_header_count < TYPES_SHOWN ? plan->program_header_count : TYPES_SHOWN;

    canvas_put(canvas, CANVAS_PLAIN, "  %" PRIu32 " program headers at %" PRIx64 ":", plan->program_header_count,
               plan->program_headers_offset);
    for (uint32_t i = 0; i < count;) {
        const uint32_t type = (uint32_t)read_bytes(file, plan->program_headers_offset + (uint64_t)i * 56, 4);
        uint32_t same = 1;
        while (i + same < count &&
               read_bytes(file, plan->program_headers_offset + (uint64_t)(i + same) * 56, 4) == type)
            same++;
        canvas_put(canvas, CANVAS_PLAIN, same > 1 ? " %s x%" PRIu32 : " %s", type_name(type), same);
        i += same;
    }
    canvas_put(canvas, CANVAS_PLAIN, "\n");
}

static void draw_header(struct canvas *canvas, const struct machine *machine, const struct libexec_layout *layout) {
    const struct libexec_plan *const plan = libexec_exec_plan(&machine->exec, LIBEXEC_FILE_PROGRAM);
    const struct machine_file *const program = machine_find(machine, LIBEXEC_FILE_PROGRAM);
    const struct machine_file *const interpreter = machine_find(machine, LIBEXEC_FILE_INTERPRETER);
    const bool moves = (plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0;

    canvas_put(canvas, CANVAS_PLAIN, "  %s, ELF64 x86-64, %s, entry %" PRIx64 "%s%s%s\n", program->name,
               moves ? "ET_DYN" : "ET_EXEC", layout->program_entry,
               (plan->flags & LIBEXEC_PLAN_EXECUTABLE_STACK) != 0 ? ", executable stack" : "",
               (plan->flags & LIBEXEC_PLAN_IBT) != 0 ? ", IBT" : "",
               (plan->flags & LIBEXEC_PLAN_SHADOW_STACK) != 0 ? ", shadow stack" : "");
    draw_types(canvas, program, plan);
    if (interpreter != NULL)
        canvas_put(canvas, CANVAS_PLAIN, "  interpreter %s, at %" PRIx64 "\n", interpreter->name,
                   layout->interpreter_bias);
    for (uint32_t i = 0; i + 1 < machine->file_count; i++) {
        if (machine->files[i + 1].kind == LIBEXEC_FILE_SCRIPT_INTERPRETER)
            canvas_put(canvas, CANVAS_PLAIN, "  script %s, run by %s\n", machine->files[i].name,
                       machine->files[i + 1].name);
    }
    canvas_put(canvas, CANVAS_PLAIN, "  starts at %" PRIx64 " with rsp %" PRIx64 ", load bias %" PRIx64 "\n",
               layout->entry, layout->stack_pointer, layout->program_bias);
}

// The cost, and the debugger's line.

static void draw_cost(struct canvas *canvas, const struct machine *machine, const struct libexec_kit_ledger *ledger) {
    struct libexec_arguments_placed placed;

    libexec_exec_arguments(&machine->exec, &placed);
    const uint64_t strings = placed.end - placed.strings;
    page_heading(canvas, "Cost, on a host that shares file pages and copies them on write");
    canvas_put(canvas, CANVAS_PLAIN,
               "  %" PRIu64 " callbacks; %" PRIu64 " bytes copied: %" PRIu64
               " from files, headers included, and %" PRIu64 " of strings; pages: %" PRIu64 " private, %" PRIu64
               " shared with the file\n",
               ledger->calls, ledger->bytes_read + strings, ledger->bytes_read, strings, ledger->pages_made,
               ledger->pages_shared);
}

static void write_plain(void *context, const char *bytes, size_t length) {
    canvas_put(context, CANVAS_PLAIN, "%.*s", (int)length, bytes);
}

static void draw_debugger(struct canvas *canvas, const struct machine *machine, const struct libexec_layout *layout) {
    const struct machine_file *const interpreter = machine_find(machine, LIBEXEC_FILE_INTERPRETER);
    const struct libexec_sink sink = {.write = write_plain, .context = canvas};

    page_heading(canvas, "For gdb");
    canvas_put(canvas, CANVAS_PLAIN, "  ");
    libexec_dump_gdb(&sink, &machine->exec, machine_find(machine, LIBEXEC_FILE_PROGRAM)->name);
    if (interpreter != NULL)
        canvas_put(canvas, CANVAS_PLAIN, "  add-symbol-file %s -o 0x%" PRIx64 "\n", interpreter->name,
                   layout->interpreter_bias);
}

static void draw_image(struct canvas *canvas, struct machine *machine) {
    const struct libexec_kit_ledger ledger = libexec_kit_read_ledger(machine->kit);
    const struct libexec_layout *const layout = libexec_exec_layout(&machine->exec);
    const struct libexec_plan *const program = libexec_exec_plan(&machine->exec, LIBEXEC_FILE_PROGRAM);
    const struct libexec_plan *const interpreter = libexec_exec_plan(&machine->exec, LIBEXEC_FILE_INTERPRETER);
    struct libexec_kit_image *const image = libexec_kit_capture(machine->kit, &machine->exec);

    draw_header(canvas, machine, layout);
    page_segments(canvas, "Segments of the program", program, layout->program_bias, program->file_size);
    if (interpreter != NULL)
        page_segments(canvas, "Segments of the interpreter", interpreter, layout->interpreter_bias,
                      interpreter->file_size);
    if (image != NULL) {
        page_space(canvas, image);
        page_tls(canvas, program, layout);
        page_stack(canvas, image);
        libexec_kit_image_free(image);
    }
    draw_cost(canvas, machine, &ledger);
    draw_debugger(canvas, machine, layout);
}

struct canvas *page_draw(struct machine *machine, const char *file) {
    struct canvas *const canvas = canvas_new();

    canvas_put(canvas, CANVAS_TITLE, "exec of %s", file);
    if (machine->status == LIBEXEC_OK) {
        canvas_put(canvas, CANVAS_EXECUTE, " would start\n");
        draw_image(canvas, machine);
        return canvas;
    }
    canvas_put(canvas, CANVAS_DANGER, " would be refused: %s\n",
               exec_dump_errno(libexec_report_errno(libexec_exec_report(&machine->exec))));
    page_refusal(canvas, machine);
    return canvas;
}
