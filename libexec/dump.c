// SPDX-License-Identifier: MIT
// Reports, plans and prepared images as text. Lines are put together piece by piece straight into the caller's sink:
// nothing is stored, so nothing can be too long.

#include <libexec/dump.h>
#include <libexec/stack.h>

#define RULE "----------------------------------------"

struct auxv_name {
    uint64_t type;
    char name[24];
};

static const struct auxv_name auxv_names[] = {
    {LIBEXEC_AT_NULL, "AT_NULL"},
    {LIBEXEC_AT_IGNORE, "AT_IGNORE"},
    {LIBEXEC_AT_EXECFD, "AT_EXECFD"},
    {LIBEXEC_AT_PHDR, "AT_PHDR"},
    {LIBEXEC_AT_PHENT, "AT_PHENT"},
    {LIBEXEC_AT_PHNUM, "AT_PHNUM"},
    {LIBEXEC_AT_PAGESZ, "AT_PAGESZ"},
    {LIBEXEC_AT_BASE, "AT_BASE"},
    {LIBEXEC_AT_FLAGS, "AT_FLAGS"},
    {LIBEXEC_AT_ENTRY, "AT_ENTRY"},
    {LIBEXEC_AT_UID, "AT_UID"},
    {LIBEXEC_AT_EUID, "AT_EUID"},
    {LIBEXEC_AT_GID, "AT_GID"},
    {LIBEXEC_AT_EGID, "AT_EGID"},
    {LIBEXEC_AT_PLATFORM, "AT_PLATFORM"},
    {LIBEXEC_AT_HWCAP, "AT_HWCAP"},
    {LIBEXEC_AT_CLKTCK, "AT_CLKTCK"},
    {LIBEXEC_AT_SECURE, "AT_SECURE"},
    {LIBEXEC_AT_RANDOM, "AT_RANDOM"},
    {LIBEXEC_AT_HWCAP2, "AT_HWCAP2"},
    {LIBEXEC_AT_RSEQ_FEATURE_SIZE, "AT_RSEQ_FEATURE_SIZE"},
    {LIBEXEC_AT_RSEQ_ALIGN, "AT_RSEQ_ALIGN"},
    {LIBEXEC_AT_EXECFN, "AT_EXECFN"},
    {LIBEXEC_AT_SYSINFO_EHDR, "AT_SYSINFO_EHDR"},
    {LIBEXEC_AT_MINSIGSTKSZ, "AT_MINSIGSTKSZ"},
};

const char *libexec_auxv_name(uint64_t type) {
    for (size_t i = 0; i < sizeof auxv_names / sizeof auxv_names[0]; i++) {
        if (auxv_names[i].type == type)
            return auxv_names[i].name;
    }
    return NULL;
}

void libexec_rights_text(char text[4], uint32_t rights) {
    text[0] = (rights & LIBEXEC_RIGHT_READ) != 0 ? 'r' : '-';
    text[1] = (rights & LIBEXEC_RIGHT_WRITE) != 0 ? 'w' : '-';
    text[2] = (rights & LIBEXEC_RIGHT_EXECUTE) != 0 ? 'x' : '-';
    text[3] = '\0';
}

// Pieces of a line.

static void put_text(const struct libexec_sink *sink, const char *text) {
    size_t length = 0;

    while (text[length] != '\0')
        length++;
    sink->write(sink->context, text, length);
}

static void put_number(const struct libexec_sink *sink, uint64_t number, unsigned base, size_t least_digits) {
    char digits[24];
    size_t at = sizeof digits;

    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0 || sizeof digits - at < least_digits);
    sink->write(sink->context, digits + at, sizeof digits - at);
}

static void put_decimal(const struct libexec_sink *sink, uint64_t number) {
    put_number(sink, number, 10, 1);
}

static void put_hex(const struct libexec_sink *sink, uint64_t number) {
    put_text(sink, "0x");
    put_number(sink, number, 16, 1);
}

// Addresses of equal width, so that lines stand under one another.
static void put_address(const struct libexec_sink *sink, uint64_t address) {
    put_text(sink, "0x");
    put_number(sink, address, 16, 12);
}

static void put_rights(const struct libexec_sink *sink, uint32_t rights) {
    char text[4];

    libexec_rights_text(text, rights);
    put_text(sink, text);
}

// Rounded down to a number of at most four digits: drawings show sizes, lines beside them the exact addresses.
static void put_size(const struct libexec_sink *sink, uint64_t size) {
    static const char units[][8] = {" bytes", " KiB", " MiB", " GiB", " TiB", " PiB"};
    unsigned unit = 0;

    while (unit < 5 && (size >= 10000 || (size >= 1024 && size % 1024 == 0))) {
        size /= 1024;
        unit++;
    }
    put_decimal(sink, size);
    put_text(sink, units[unit]);
}

static void put_member(const struct libexec_sink *sink, const char *name, uint64_t value) {
    put_text(sink, name);
    put_hex(sink, value);
}

// The report.

// A name is the program's: nothing of it must reach a terminal but text.
static void put_name(const struct libexec_sink *sink, const char *name) {
    for (; *name != '\0'; name++) {
        if (*name >= ' ' && *name <= '~' && *name != '\\') {
            sink->write(sink->context, name, 1);
        } else {
            put_text(sink, "\\x");
            put_number(sink, (uint8_t)*name, 16, 2);
        }
    }
}

static void put_known(const struct libexec_sink *sink, const struct libexec_report *report) {
    put_text(sink, "  stage ");
    put_text(sink, libexec_stage_name(report->stage));
    if ((report->known & LIBEXEC_REPORT_FILE_OFFSET) != 0)
        put_member(sink, ", file offset ", report->file_offset);
    if ((report->known & LIBEXEC_REPORT_ADDRESS) != 0)
        put_member(sink, ", address ", report->address);
    if ((report->known & LIBEXEC_REPORT_VALUE) != 0)
        put_member(sink, ", value ", report->value);
    if ((report->known & LIBEXEC_REPORT_LIMIT) != 0)
        put_member(sink, ", limit ", report->limit);
    if (report->host_code != 0) {
        put_text(sink, report->host_code < 0 ? ", host code -" : ", host code ");
        put_decimal(sink,
                    report->host_code < 0 ? (uint64_t) - (int64_t)report->host_code : (uint64_t)report->host_code);
    }
    put_text(sink, ", errno ");
    put_decimal(sink, (uint64_t)libexec_report_errno(report));
    put_text(sink, "\n");
}

void libexec_dump_report(const struct libexec_sink *sink, const struct libexec_report *report) {
    put_text(sink, libexec_status_name(report->status));
    if (report->status == LIBEXEC_OK) {
        put_text(sink, "\n");
        return;
    }
    if (report->file != LIBEXEC_FILE_NONE) {
        put_text(sink, " in the ");
        put_text(sink, libexec_file_name(report->file));
    }
    if (report->name != NULL) {
        put_text(sink, " ");
        put_name(sink, report->name);
    }
    if ((report->known & LIBEXEC_REPORT_PROGRAM_HEADER) != 0) {
        put_text(sink, ", program header ");
        put_decimal(sink, report->program_header);
    }
    if ((report->known & LIBEXEC_REPORT_ARGUMENT) != 0) {
        put_text(sink, ", string ");
        put_decimal(sink, report->argument);
    }
    put_text(sink, ": ");
    put_text(sink, libexec_status_text(report->status));
    if (report->clause != NULL) {
        put_text(sink, " (");
        put_text(sink, report->clause);
        put_text(sink, ")");
    }
    put_text(sink, "\n");
    put_known(sink, report);
}

// The plan.

static void put_segment(const struct libexec_sink *sink, const struct libexec_segment *segment) {
    put_text(sink, "  ");
    put_address(sink, segment->address);
    put_text(sink, " ");
    put_rights(sink, segment->rights);
    put_member(sink, "  memory ", segment->memory_size);
    put_member(sink, ", file ", segment->file_offset);
    put_member(sink, " + ", segment->file_size);
    put_text(sink, ", program header ");
    put_decimal(sink, segment->program_header);
    put_text(sink, "\n");
}

void libexec_dump_plan(const struct libexec_sink *sink, const struct libexec_plan *plan) {
    put_text(sink, (plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0 ? "ET_DYN" : "ET_EXEC");
    put_member(sink, ", entry ", plan->entry);
    put_text(sink, ", program headers ");
    put_decimal(sink, plan->program_header_count);
    if ((plan->flags & LIBEXEC_PLAN_INTERPRETER) != 0)
        put_text(sink, ", interpreter");
    if ((plan->flags & LIBEXEC_PLAN_TLS) != 0)
        put_member(sink, ", TLS ", plan->tls_memory_size);
    if ((plan->flags & LIBEXEC_PLAN_EXECUTABLE_STACK) != 0)
        put_text(sink, ", executable stack");
    put_text(sink, "\n");
    for (uint32_t i = 0; i < plan->segment_count; i++)
        put_segment(sink, &plan->segments[i]);
}

// The address space.

// The highest region that ends at or below `limit`; false when there is none. Regions do not overlap.
static bool highest_below(const struct libexec_exec *exec, uint64_t limit, struct libexec_region *found) {
    struct libexec_region region;
    bool any = false;

    for (uint32_t i = 0; libexec_exec_region(exec, i, &region); i++) {
        if (region.address + region.length > limit || (any && region.address < found->address))
            continue;
        *found = region;
        any = true;
    }
    return any;
}

static void put_kind(const struct libexec_sink *sink, const struct libexec_region *region) {
    switch (region->kind) {
    case LIBEXEC_REGION_PROGRAM:
        put_text(sink, "program");
        break;
    case LIBEXEC_REGION_INTERPRETER:
        put_text(sink, "interpreter");
        break;
    case LIBEXEC_REGION_BSS:
        put_text(sink, region->file == LIBEXEC_FILE_INTERPRETER ? "interpreter's zeros" : "program's zeros");
        break;
    case LIBEXEC_REGION_TLS:
        put_text(sink, "TLS block");
        break;
    case LIBEXEC_REGION_STACK:
        put_text(sink, "stack");
        break;
    case LIBEXEC_REGION_GUARD:
        put_text(sink, "guard");
        break;
    }
}

static void put_edge(const struct libexec_sink *sink, uint64_t address) {
    put_address(sink, address);
    put_text(sink, " +" RULE "\n");
}

static void put_region(const struct libexec_sink *sink, const struct libexec_region *region) {
    put_text(sink, "               | ");
    put_rights(sink, region->rights);
    put_text(sink, "  ");
    put_kind(sink, region);
    put_text(sink, ", ");
    put_size(sink, region->length);
    if (region->file_length != 0) {
        put_member(sink, ", file ", region->file_offset);
        put_member(sink, " + ", region->file_length);
    }
    put_text(sink, "\n");
}

void libexec_dump_space(const struct libexec_sink *sink, const struct libexec_exec *exec) {
    struct libexec_region region = {0}; // compilers cannot tell that it is set before it is used
    uint64_t limit = UINT64_MAX;

    while (highest_below(exec, limit, &region)) {
        const uint64_t end = region.address + region.length;
        if (limit != UINT64_MAX && end < limit) {
            put_text(sink, "                 free, ");
            put_size(sink, limit - end);
            put_text(sink, "\n");
        }
        if (end < limit)
            put_edge(sink, end);
        put_region(sink, &region);
        put_edge(sink, region.address);
        limit = region.address;
    }
}

void libexec_dump_auxv(const struct libexec_sink *sink, const struct libexec_exec *exec) {
    uint32_t count;
    const struct libexec_auxv *const auxv = libexec_exec_auxv(exec, &count);

    for (uint32_t i = 0; i < count; i++) {
        const char *const name = libexec_auxv_name(auxv[i].type);
        if (name != NULL) {
            put_text(sink, name);
        } else {
            put_text(sink, "AT_");
            put_decimal(sink, auxv[i].type);
        }
        put_member(sink, " ", auxv[i].value);
        put_text(sink, "\n");
    }
}

void libexec_dump_gdb(const struct libexec_sink *sink, const struct libexec_exec *exec, const char *file) {
    put_text(sink, "add-symbol-file ");
    put_text(sink, file);
    put_member(sink, " -o ", libexec_exec_layout(exec)->program_bias);
    put_text(sink, "\n");
}
