// SPDX-License-Identifier: MIT
// From program headers to a plan (gABI ch. 5), in three steps: collect (what the table says, once), check (each
// segment, in Linux's order), run (which pages hold what, where segments share pages the later one wins). Nothing here
// calls the host but to read.
#include "plan.h"

#include "bytes.h"
#include "checked.h"
#include "elf_format.h"
#include "header.h"
#include "report.h"

// Where one segment's pages begin and end. `file_end` ends the pages with file bytes; zero pages follow up to `end`.
struct segment_pages {
    uint64_t start;
    uint64_t file_end;
    uint64_t end;
};

void libexec_bounds_of(struct libexec_bounds *bounds, const struct libexec_arch *arch,
                       const struct libexec_policy *policy) {
    bounds->user_low = policy->user_low != 0 ? policy->user_low : arch->user_low;
    bounds->user_high = policy->user_high != 0 ? policy->user_high : arch->user_high;
    bounds->page_size = arch->page_size;
    bounds->page_budget = policy->page_budget != 0 ? policy->page_budget : bounds->user_high / arch->page_size;
}

static enum libexec_status plan_fail(struct libexec_report *report, enum libexec_status status, uint32_t program_header,
                                     uint64_t value, uint64_t limit) {
    if (report->status != LIBEXEC_OK)
        return report->status;
    libexec_fail_value(report, status, value, limit);
    report->known |= LIBEXEC_REPORT_PROGRAM_HEADER;
    report->program_header = program_header;
    return status;
}

// ---- collect ------------------------------------------------------------------------------------------------------

// Only for segments whose sums are known not to wrap.
static struct segment_pages segment_pages_of(const struct libexec_segment *segment, uint64_t page_size) {
    struct segment_pages pages;
    pages.start = libexec_round_down(segment->address, page_size);
    pages.end =
        segment->memory_size != 0 ? libexec_round_up(segment->address + segment->memory_size, page_size) : pages.start;
    pages.file_end =
        segment->file_size != 0 ? libexec_round_up(segment->address + segment->file_size, page_size) : pages.start;
    return pages;
}

// Extents are formed as Linux forms them, with wrapping sums; a sum that wraps is refused by the check of its segment.
static void plan_extend(struct libexec_plan *plan, const struct libexec_segment *segment, uint64_t page_size) {
    const uint64_t start = libexec_round_down(segment->address, page_size);
    const uint64_t end = segment->address + segment->memory_size;
    const bool ordered = plan->segment_count == 0 || start >= plan->high;
    if (!ordered)
        plan->flags &= ~LIBEXEC_PLAN_ORDERED;
    plan->low = plan->segment_count == 0 ? start : libexec_min(plan->low, start);
    plan->end = libexec_max(plan->end, end);
    plan->high = libexec_round_up(plan->end, page_size);
}

static void plan_add_segment(struct libexec_plan *plan, const struct libexec_program_header *header, uint32_t index,
                             uint64_t page_size, struct libexec_report *own) {
    if (plan->segment_count == LIBEXEC_CONFIG_SEGMENTS) {
        plan_fail(own, LIBEXEC_E_SEGMENT_CAPACITY, index, LIBEXEC_CONFIG_SEGMENTS + 1, LIBEXEC_CONFIG_SEGMENTS);
        return;
    }
    struct libexec_segment *segment = &plan->segments[plan->segment_count];
    segment->address = header->address;
    segment->memory_size = header->memory_size;
    segment->file_offset = header->offset;
    segment->file_size = header->file_size;
    segment->rights = libexec_rights_of(header->flags);
    segment->program_header = index;
    plan_extend(plan, segment, page_size);
    plan->segment_count++;
    if (libexec_power_of_two(header->alignment))
        plan->alignment = libexec_max(plan->alignment, header->alignment);
    // Linux's rule, wrapping sum included; the last such segment wins.
    if (header->offset <= plan->program_headers_offset &&
        plan->program_headers_offset < header->offset + header->file_size) {
        plan->flags |= LIBEXEC_PLAN_HEADERS_MAPPED;
        plan->program_headers = plan->program_headers_offset - header->offset + header->address;
    }
}

static void plan_note_interpreter(struct libexec_plan *plan, const struct libexec_program_header *header,
                                  uint32_t index, struct libexec_report *report) {
    if ((plan->flags & LIBEXEC_PLAN_INTERPRETER) != 0 || libexec_report_on_interpreter(report))
        return; // the first one counts; an interpreter's own is ignored, as Linux does
    plan->flags |= LIBEXEC_PLAN_INTERPRETER;
    plan->interpreter_offset = header->offset;
    plan->interpreter_length = header->file_size;
    if (header->file_size < 2 || header->file_size > LIBEXEC_PATH_MAX)
        plan_fail(report, LIBEXEC_E_INTERPRETER_LENGTH, index, header->file_size, LIBEXEC_PATH_MAX);
    else if (!libexec_inside(header->offset, header->file_size, (uint64_t)INT64_MAX))
        plan_fail(report, LIBEXEC_E_INTERPRETER_OFFSET, index, header->offset, INT64_MAX);
    else if (!libexec_inside(header->offset, header->file_size, plan->file_size))
        plan_fail(report, LIBEXEC_E_INTERPRETER_OUTSIDE, index, libexec_end_of(header->offset, header->file_size),
                  plan->file_size);
}

static void plan_note_tls(struct libexec_plan *plan, const struct libexec_program_header *header, uint32_t index) {
    if ((plan->flags & LIBEXEC_PLAN_TLS) != 0)
        return;
    plan->flags |= LIBEXEC_PLAN_TLS;
    plan->tls_offset = header->offset;
    plan->tls_file_size = header->file_size;
    plan->tls_memory_size = header->memory_size;
    plan->tls_address = header->address;
    plan->tls_alignment = header->alignment;
    plan->tls_program_header = index;
}

static void plan_note_stack(struct libexec_plan *plan, uint32_t flags, uint32_t index) {
    plan->flags |= LIBEXEC_PLAN_STACK_RIGHTS;
    plan->stack_program_header = index;
    if ((flags & ELF_PF_X) != 0)
        plan->flags |= LIBEXEC_PLAN_EXECUTABLE_STACK;
    else
        plan->flags &= ~LIBEXEC_PLAN_EXECUTABLE_STACK; // the last header wins
}

struct property_place {
    uint64_t offset;
    uint64_t length;
};

// What a walk over the table needs beside the plan.
struct plan_walk {
    struct libexec_window *window;
    uint64_t page_size;
    struct property_place property;
    struct libexec_report *report;
    struct libexec_report *own;
};

// One entry, decoded only where its type matters.
static void plan_add_header(struct libexec_plan *plan, struct plan_walk *walk, const uint8_t *bytes, uint32_t index) {
    struct libexec_program_header header;
    switch (libexec_load32(bytes + ELF_P_TYPE)) {
    case ELF_PT_LOAD:
        libexec_program_header_load(&header, bytes);
        plan_add_segment(plan, &header, index, walk->page_size, walk->own);
        break;
    case ELF_PT_INTERP:
        libexec_program_header_load(&header, bytes);
        plan_note_interpreter(plan, &header, index, walk->report);
        break;
    case ELF_PT_TLS:
        libexec_program_header_load(&header, bytes);
        plan_note_tls(plan, &header, index);
        break;
    case ELF_PT_GNU_STACK:
        plan_note_stack(plan, libexec_load32(bytes + ELF_P_FLAGS), index);
        break;
    case ELF_PT_GNU_PROPERTY:
        walk->property.offset = libexec_load64(bytes + ELF_P_OFFSET);
        walk->property.length = libexec_load64(bytes + ELF_P_FILESZ);
        break;
    default:
        break;
    }
}

// Entries from `index` on that the window holds, one after the other.
static enum libexec_status plan_walk_window(struct libexec_plan *plan, struct plan_walk *walk, uint32_t *index) {
    uint64_t offset = plan->program_headers_offset + (uint64_t)*index * ELF_PROGRAM_HEADER_SIZE;
    const uint8_t *bytes;
    while (*index < plan->program_header_count &&
           (bytes = libexec_window_at(walk->window, offset, ELF_PROGRAM_HEADER_SIZE)) != NULL) {
        plan_add_header(plan, walk, bytes, *index);
        if (walk->report->status != LIBEXEC_OK) {
            libexec_fail_offset(walk->report, offset);
            return walk->report->status;
        }
        *index += 1;
        offset += ELF_PROGRAM_HEADER_SIZE;
    }
    return LIBEXEC_OK;
}

static enum libexec_status plan_walk_table(struct libexec_plan *plan, struct plan_walk *walk) {
    const uint64_t end = plan->program_headers_offset + (uint64_t)plan->program_header_count * ELF_PROGRAM_HEADER_SIZE;
    uint32_t index = 0;
    while (plan_walk_window(plan, walk, &index) == LIBEXEC_OK && index < plan->program_header_count) {
        const uint64_t offset = plan->program_headers_offset + (uint64_t)index * ELF_PROGRAM_HEADER_SIZE;
        if (libexec_window_fetch(walk->window, offset, end - offset, walk->report) != LIBEXEC_OK)
            break;
        if (walk->window->length < ELF_PROGRAM_HEADER_SIZE) // the file is long enough and so is the buffer: cannot be
            return libexec_fail(walk->report, LIBEXEC_E_CONTRACT);
    }
    return walk->report->status;
}

// The bits of GNU_PROPERTY_X86_FEATURE_1_AND. A malformed note has no bits; it is never a reason to refuse.
static uint32_t property_features(const uint8_t *bytes, uint64_t length) {
    static const uint8_t name[4] = {'G', 'N', 'U', 0};
    if (length < 16 || libexec_load32(bytes) != 4 || libexec_load32(bytes + 8) != ELF_NT_GNU_PROPERTY_TYPE_0 ||
        memcmp(bytes + 12, name, sizeof name) != 0)
        return 0;
    const uint64_t end = 16 + libexec_min(libexec_load32(bytes + 4), length - 16);
    for (uint64_t at = 16; end - at >= 12;) {
        const uint32_t type = libexec_load32(bytes + at);
        const uint64_t size = libexec_load32(bytes + at + 4);
        if (type == ELF_GNU_PROPERTY_X86_FEATURE_1_AND && size == 4)
            return libexec_load32(bytes + at + 8);
        const uint64_t step = 8 + libexec_round_up(size, 8);
        if (step > end - at)
            return 0;
        at += step;
    }
    return 0;
}

static enum libexec_status plan_read_property(struct libexec_plan *plan, struct libexec_window *window,
                                              const struct property_place *property, struct libexec_report *report) {
    const uint64_t length = libexec_min(property->length, window->buffer_size);
    if (length == 0 || !libexec_inside(property->offset, property->length, plan->file_size))
        return LIBEXEC_OK;
    const uint8_t *bytes = libexec_window_at(window, property->offset, length);
    if (bytes == NULL) {
        if ((plan->flags & LIBEXEC_PLAN_INTERPRETER) != 0) // the window is kept for the interpreter's name
            return LIBEXEC_OK;
        if (libexec_window_fetch(window, property->offset, length, report) != LIBEXEC_OK)
            return report->status;
        bytes = libexec_window_at(window, property->offset, length);
    }
    const uint32_t features = bytes != NULL ? property_features(bytes, length) : 0;
    if ((features & ELF_X86_FEATURE_1_IBT) != 0)
        plan->flags |= LIBEXEC_PLAN_IBT;
    if ((features & ELF_X86_FEATURE_1_SHSTK) != 0)
        plan->flags |= LIBEXEC_PLAN_SHADOW_STACK;
    return LIBEXEC_OK;
}

// ---- what only this library or its policies refuse ------------------------------------------------------------------

static void plan_refuse_segment(const struct libexec_plan *plan, const struct libexec_segment *segment,
                                const struct libexec_policy *policy, uint64_t page_size, struct libexec_report *own) {
    if (segment->file_size != 0 && !libexec_inside(segment->file_offset, segment->file_size, plan->file_size))
        plan_fail(own, LIBEXEC_E_OUTSIDE_FILE, segment->program_header,
                  libexec_end_of(segment->file_offset, segment->file_size), plan->file_size);
    const uint32_t both = LIBEXEC_RIGHT_WRITE | LIBEXEC_RIGHT_EXECUTE;
    if ((policy->flags & LIBEXEC_POLICY_NO_WRITE_EXECUTE) == 0)
        return;
    const struct segment_pages pages = segment_pages_of(segment, page_size);
    const uint32_t zero_rights = pages.end != pages.file_end ? LIBEXEC_RIGHT_WRITE : 0; // zero pages are writable
    if (((segment->rights | zero_rights) & both) == both)
        plan_fail(own, LIBEXEC_E_WRITE_EXECUTE, segment->program_header, segment->rights | zero_rights,
                  LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_EXECUTE);
}

static void plan_refuse_overlap(const struct libexec_plan *plan, uint64_t page_size, struct libexec_report *own) {
    for (uint32_t i = 1; i < plan->segment_count; i++) {
        const struct segment_pages a = segment_pages_of(&plan->segments[i], page_size);
        for (uint32_t j = 0; j < i; j++) {
            const struct segment_pages b = segment_pages_of(&plan->segments[j], page_size);
            if (libexec_overlap(a.start, a.end - a.start, b.start, b.end - b.start))
                plan_fail(own, LIBEXEC_E_OVERLAP, plan->segments[i].program_header, a.start, b.end);
        }
    }
}

static bool plan_entry_executable(const struct libexec_plan *plan) {
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct libexec_segment *segment = &plan->segments[i];
        if ((segment->rights & LIBEXEC_RIGHT_EXECUTE) != 0 && plan->entry - segment->address < segment->memory_size)
            return true;
    }
    return false;
}

static bool plan_occupies_bytes(const struct libexec_plan *plan) {
    for (uint32_t i = 0; i < plan->segment_count; i++)
        if (plan->segments[i].memory_size != 0)
            return true;
    return false;
}

static void plan_refuse(const struct libexec_plan *plan, const struct libexec_policy *policy, uint64_t page_size,
                        struct libexec_report *own) {
    if (!plan_occupies_bytes(plan))
        libexec_fail_value(own, LIBEXEC_E_NO_SEGMENTS, plan->segment_count, 1);
    for (uint32_t i = 0; i < plan->segment_count; i++)
        plan_refuse_segment(plan, &plan->segments[i], policy, page_size, own);
    if ((policy->flags & LIBEXEC_POLICY_NO_OVERLAP) != 0 && (plan->flags & LIBEXEC_PLAN_ORDERED) == 0)
        plan_refuse_overlap(plan, page_size, own);
    if ((policy->flags & LIBEXEC_POLICY_ENTRY_EXECUTABLE) != 0 && !plan_entry_executable(plan)) {
        libexec_fail_value(own, LIBEXEC_E_ENTRY_RIGHTS, plan->entry, plan->end);
        libexec_fail_offset(own, ELF_E_ENTRY);
    }
    if (libexec_report_on_interpreter(own))
        return;
    if ((policy->flags & LIBEXEC_POLICY_PIE_ONLY) != 0 && (plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) == 0) {
        libexec_fail_value(own, LIBEXEC_E_NOT_PIE, ELF_TYPE_EXEC, ELF_TYPE_DYN);
        libexec_fail_offset(own, ELF_E_TYPE);
    }
    if ((policy->flags & LIBEXEC_POLICY_NO_EXECUTABLE_STACK) != 0 && (plan->flags & LIBEXEC_PLAN_EXECUTABLE_STACK) != 0)
        plan_fail(own, LIBEXEC_E_EXECUTABLE_STACK, plan->stack_program_header, LIBEXEC_RIGHT_EXECUTE, 0);
}

enum libexec_status libexec_plan_collect(struct libexec_plan *plan, struct libexec_window *window,
                                         const struct libexec_arch *arch, const struct libexec_policy *policy,
                                         struct libexec_report *report, struct libexec_report *own) {
    struct libexec_file_header header;
    struct plan_walk walk = {window, arch->page_size, {0, 0}, report, own};
    memset(plan, 0, offsetof(struct libexec_plan, segments));
    plan->file_size = window->source->size;
    if (libexec_header_parse(&header, window->bytes, window->length, plan->file_size, arch, report, own) != LIBEXEC_OK)
        return report->status;
    plan->flags = LIBEXEC_PLAN_ORDERED | (header.type == ELF_TYPE_DYN ? LIBEXEC_PLAN_POSITION_INDEPENDENT : 0);
    plan->entry = header.entry;
    plan->type = header.type;
    plan->program_headers_offset = header.table_offset;
    plan->program_header_count = header.table_count;
    report->stage = LIBEXEC_STAGE_PLAN;
    if (plan_walk_table(plan, &walk) != LIBEXEC_OK)
        return report->status;
    plan->alignment = libexec_round_up(plan->alignment, arch->page_size);
    plan_refuse(plan, policy, arch->page_size, own);
    return plan_read_property(plan, window, &walk.property, report);
}

#if !LIBEXEC_CONFIG_STATIC_ONLY

enum libexec_status libexec_plan_interpreter_name(const struct libexec_plan *plan, struct libexec_window *window,
                                                  char *name, uint64_t size, struct libexec_report *report) {
    const uint64_t length = plan->interpreter_length;
    if (length > size)
        return libexec_fail_value(report, LIBEXEC_E_NAME_TOO_LONG, length, size);
    const uint8_t *bytes = libexec_window_at(window, plan->interpreter_offset, length);
    if (bytes != NULL)
        memcpy(name, bytes, (size_t)length);
    libexec_window_close(window); // before another call on the source
    if (bytes == NULL &&
        libexec_source_read(window->source, plan->interpreter_offset, name, length, report) != LIBEXEC_OK)
        return report->status;
    if (name[length - 1] != 0)
        libexec_fail_value(report, LIBEXEC_E_INTERPRETER_UNTERMINATED, (uint8_t)name[length - 1], 0);
    else if (name[0] == 0)
        libexec_fail(report, LIBEXEC_E_INTERPRETER_EMPTY);
    if (report->status != LIBEXEC_OK)
        libexec_fail_offset(report, plan->interpreter_offset);
    return report->status;
}

#endif

// ---- check ----------------------------------------------------------------------------------------------------------

struct segment_range {
    uint64_t start; // biased, page aligned
    uint64_t length;
};

// Whether the pages may be there at all: Linux's get_unmapped_area, then mmap_min_addr.
static enum libexec_status segment_check_range(const struct segment_range *range, const struct libexec_placing *placing,
                                               uint32_t program_header, struct libexec_report *report) {
    const struct libexec_bounds *bounds = &placing->bounds;
    if (range->length == 0 || range->length > bounds->user_high)
        return plan_fail(report, LIBEXEC_E_NO_ROOM, program_header, range->length, bounds->user_high);
    if (!placing->placed)
        return LIBEXEC_OK;
    if (range->start > bounds->user_high - range->length)
        return plan_fail(report, LIBEXEC_E_NO_ROOM, program_header, range->start, bounds->user_high);
    if (range->start < bounds->user_low)
        return plan_fail(report, LIBEXEC_E_LOW_ADDRESS, program_header, range->start, bounds->user_low);
    return LIBEXEC_OK;
}

// Like Linux, looks at one run of private pages at a time; layout.c looks at their sum.
static enum libexec_status segment_charge(const struct libexec_placing *placing, uint64_t length, bool private_pages,
                                          uint32_t program_header, struct libexec_report *report) {
    const uint64_t pages = length / placing->bounds.page_size;
    if (private_pages && pages > placing->bounds.page_budget)
        return plan_fail(report, LIBEXEC_E_PAGE_BUDGET, program_header, pages, placing->bounds.page_budget);
    return LIBEXEC_OK;
}

// The pages with file bytes: Linux's elf_map. Sums wrap here as they do there; each is tested before it is used.
static enum libexec_status segment_check_file(const struct libexec_segment *segment, struct libexec_placing *placing,
                                              bool first, struct libexec_report *report) {
    const uint64_t page_size = placing->bounds.page_size;
    const uint64_t in_page = segment->address & (page_size - 1);
    const uint64_t offset = segment->file_offset - in_page;
    const uint64_t size = libexec_round_up(segment->file_size + in_page, page_size);
    const uint32_t index = segment->program_header;
    struct segment_range range = {libexec_round_down(placing->bias + segment->address, page_size), size};
    uint64_t end;
    if (size == 0) // wrapped: p_filesz is refused below, with p_memsz
        return LIBEXEC_OK;
    if (first && placing->span != 0)
        range.length = libexec_round_up(placing->span, page_size);
    if (!libexec_add(offset, range.length, &end))
        return plan_fail(report, LIBEXEC_E_FILE_RANGE, index, segment->file_offset, UINT64_MAX);
    if ((offset & (page_size - 1)) != 0)
        return plan_fail(report, LIBEXEC_E_CONGRUENCE, index, segment->file_offset & (page_size - 1), in_page);
    if (placing->searching)
        return plan_fail(report, LIBEXEC_E_NO_ROOM, index, range.length, placing->bounds.user_high);
    if (segment_check_range(&range, placing, index, report) != LIBEXEC_OK)
        return report->status;
    if (end > (uint64_t)INT64_MAX)
        return plan_fail(report, LIBEXEC_E_FILE_OFFSET, index, segment->file_offset, INT64_MAX);
    return segment_charge(placing, range.length, (segment->rights & LIBEXEC_RIGHT_WRITE) != 0, index, report);
}

// The zero pages: Linux's vm_brk_flags.
static enum libexec_status segment_check_zero(const struct libexec_segment *segment, struct libexec_placing *placing,
                                              struct libexec_report *report) {
    const uint64_t page_size = placing->bounds.page_size;
    const uint64_t address = placing->bias + segment->address;
    const uint64_t zero_start =
        segment->file_size != 0 ? address + segment->file_size : libexec_round_down(address, page_size);
    struct segment_range range = {libexec_round_up(zero_start, page_size), 0};
    range.length = libexec_round_up(address + segment->memory_size, page_size) - range.start;
    if (segment->memory_size <= segment->file_size || range.length == 0)
        return LIBEXEC_OK;
    if (segment_check_range(&range, placing, segment->program_header, report) != LIBEXEC_OK)
        return report->status;
    return segment_charge(placing, range.length, true, segment->program_header, report);
}

static enum libexec_status segment_check_addresses(const struct libexec_segment *segment,
                                                   const struct libexec_placing *placing,
                                                   struct libexec_report *report) {
    const uint64_t high = placing->bounds.user_high;
    const uint64_t address =
        segment->address + (!LIBEXEC_CONFIG_STATIC_ONLY && placing->interpreter ? placing->bias : 0);
    const uint32_t index = segment->program_header;
    if (placing->placed && libexec_round_down(placing->bias + segment->address, placing->bounds.page_size) >= high)
        return plan_fail(report, LIBEXEC_E_ADDRESS_RANGE, index, segment->address, high);
    if (address >= high)
        return plan_fail(report, LIBEXEC_E_ADDRESS_RANGE, index, segment->address, high);
    if (segment->file_size > segment->memory_size)
        return plan_fail(report, LIBEXEC_E_FILE_OVER_MEMORY, index, segment->file_size, segment->memory_size);
    if (!libexec_inside(address, segment->memory_size, high))
        return plan_fail(report, LIBEXEC_E_ADDRESS_RANGE, index, segment->memory_size, high);
    return LIBEXEC_OK;
}

enum libexec_status libexec_segment_check(const struct libexec_segment *segment, struct libexec_placing *placing,
                                          bool first, struct libexec_report *report) {
    if (segment->file_size != 0 && segment_check_file(segment, placing, first, report) != LIBEXEC_OK)
        return report->status;
    if (segment_check_zero(segment, placing, report) != LIBEXEC_OK ||
        segment_check_addresses(segment, placing, report) != LIBEXEC_OK)
        return report->status;
    const struct segment_pages pages = segment_pages_of(segment, placing->bounds.page_size);
    placing->pages += (pages.end - pages.start) / placing->bounds.page_size;
    return LIBEXEC_OK;
}

// ---- public ---------------------------------------------------------------------------------------------------------

static enum libexec_status plan_check_alone(const struct libexec_plan *plan, const struct libexec_arch *arch,
                                            const struct libexec_policy *policy, struct libexec_report *report) {
    const bool fixed = (plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) == 0;
    struct libexec_placing placing = {.placed = fixed};
    libexec_bounds_of(&placing.bounds, arch, policy);
    if (!fixed && plan->segment_count != 0 && plan->end == plan->low)
        return libexec_fail_value(report, LIBEXEC_E_EMPTY_SPAN, 0, 1);
    for (uint32_t i = 0; i < plan->segment_count; i++)
        if (libexec_segment_check(&plan->segments[i], &placing, false, report) != LIBEXEC_OK)
            return report->status;
    if (placing.pages > placing.bounds.page_budget)
        libexec_fail_value(report, LIBEXEC_E_PAGE_BUDGET, placing.pages, placing.bounds.page_budget);
    return report->status;
}

enum libexec_status libexec_plan_read(struct libexec_plan *plan, const struct libexec_source *source,
                                      const struct libexec_arch *arch, const struct libexec_policy *policy,
                                      void *buffer, uint32_t buffer_size, struct libexec_report *report) {
    static const struct libexec_policy default_policy = {0};
    struct libexec_report own;
    struct libexec_window window;
    libexec_report_begin(report, LIBEXEC_STAGE_HEADER, LIBEXEC_FILE_PROGRAM);
    libexec_report_begin(&own, LIBEXEC_STAGE_PLAN, LIBEXEC_FILE_PROGRAM);
    if (buffer_size < 512 || !libexec_power_of_two(arch->page_size))
        return libexec_fail(report, LIBEXEC_E_REQUEST);
    if (policy == NULL)
        policy = &default_policy;
    libexec_window_open(&window, source, buffer, buffer_size);
    if (libexec_window_fetch(&window, 0, buffer_size, report) == LIBEXEC_OK)
        libexec_plan_collect(plan, &window, arch, policy, report, &own);
    libexec_window_close(&window);
    if (report->status == LIBEXEC_OK)
        plan_check_alone(plan, arch, policy, report);
    if (report->status == LIBEXEC_OK && own.status != LIBEXEC_OK)
        *report = own;
    if ((report->known & LIBEXEC_REPORT_PROGRAM_HEADER) != 0)
        libexec_fail_offset(report,
                            plan->program_headers_offset + (uint64_t)report->program_header * ELF_PROGRAM_HEADER_SIZE);
    return report->status;
}

// ---- run ------------------------------------------------------------------------------------------------------------

// The segment that owns page `page`: the last in the table that covers it.
static const struct libexec_segment *run_owner(const struct libexec_plan *plan, uint32_t count, uint64_t page_size,
                                               uint64_t page, struct segment_pages *pages) {
    for (uint32_t i = count; i-- > 0;) {
        *pages = segment_pages_of(&plan->segments[i], page_size);
        if (pages->start <= page && page < pages->end)
            return &plan->segments[i];
    }
    return NULL;
}

// File bytes of the owner from `page` on: all of its pages where p_memsz == p_filesz (the bytes around the segment are
// as in the file), else up to p_filesz.
static inline void run_file_bytes(const struct libexec_plan *plan, const struct libexec_segment *owner,
                                  const struct segment_pages *pages, uint64_t page, struct libexec_run *run) {
    const uint64_t bytes = owner->memory_size > owner->file_size ? owner->address + owner->file_size - pages->start
                                                                 : pages->file_end - pages->start;
    run->file_offset = owner->file_offset - owner->address + page; // modulo 2^64; the sum is in the file
    run->file_length = libexec_min(bytes - (page - pages->start), run->length);
    // The last page may reach past the end of the file: what the file lacks is zero, as in a page cache.
    run->file_length =
        run->file_offset < plan->file_size ? libexec_min(run->file_length, plan->file_size - run->file_offset) : 0;
}

// The owner's pages from `page` to `end` at most: those with file bytes, or those without.
static inline void run_of_segment(const struct libexec_plan *plan, const struct libexec_segment *owner,
                                  const struct segment_pages *pages, uint64_t page, uint64_t end,
                                  struct libexec_run *run) {
    const bool has_bytes = page < pages->file_end;
    run->address = page;
    run->length = libexec_min(end, has_bytes ? pages->file_end : pages->end) - page;
    run->file_offset = 0;
    run->file_length = 0;
    run->rights = owner->rights;
    run->program_header = owner->program_header;
    if (has_bytes)
        run_file_bytes(plan, owner, pages, page, run);
    else
        run->rights |= LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE;
}

// Segments that ascend and share no page: each is its own owner.
static bool run_ordered(const struct libexec_plan *plan, uint64_t page_size, struct libexec_run_cursor *cursor,
                        struct libexec_run *run) {
    for (; cursor->index < plan->segment_count; cursor->index++) {
        const struct libexec_segment *segment = &plan->segments[cursor->index];
        if (segment->address + segment->memory_size <= cursor->from)
            continue;
        const struct segment_pages pages = segment_pages_of(segment, page_size);
        const uint64_t page = libexec_max(pages.start, cursor->from);
        if (page >= pages.end)
            continue;
        run_of_segment(plan, segment, &pages, page, pages.end, run);
        return true;
    }
    return false;
}

// The first page at or above `from` that any segment covers.
static bool run_first_page(const struct libexec_plan *plan, uint64_t page_size, uint64_t from, uint64_t *page) {
    bool found = false;
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct segment_pages pages = segment_pages_of(&plan->segments[i], page_size);
        const uint64_t start = libexec_max(pages.start, from);
        if (start < pages.end && (!found || start < *page)) {
            *page = start;
            found = true;
        }
    }
    return found;
}

// How far the owner's pages reach before a later segment takes over.
static uint64_t run_cut(const struct libexec_plan *plan, const struct libexec_segment *owner, uint64_t page_size,
                        uint64_t page, uint64_t end) {
    for (const struct libexec_segment *later = owner + 1; later < plan->segments + plan->segment_count; later++) {
        const struct segment_pages pages = segment_pages_of(later, page_size);
        if (pages.end != pages.start && pages.start > page && pages.start < end)
            end = pages.start;
    }
    return end;
}

// A bss-only segment may begin inside a page. What earlier segments put below its first byte stays: finds the file
// bytes of that page, cut at the lowest such beginning.
static void run_neighbour(const struct libexec_plan *plan, const struct libexec_segment *owner, uint64_t page_size,
                          struct libexec_run *run) {
    uint64_t limit = owner->address & (page_size - 1);
    struct segment_pages pages;
    const struct libexec_segment *below = owner;
    while (limit != 0) {
        below = run_owner(plan, (uint32_t)(below - plan->segments), page_size, run->address, &pages);
        if (below == NULL)
            return;
        if (below->file_size != 0)
            break;
        limit = below->address > run->address ? libexec_min(limit, below->address & (page_size - 1)) : 0;
    }
    if (limit == 0 || run->address >= pages.file_end)
        return;
    run_file_bytes(plan, below, &pages, run->address, run);
    run->file_length = libexec_min(run->file_length, limit);
}

static LIBEXEC_APART bool run_shared(const struct libexec_plan *plan, uint64_t page_size, uint64_t from,
                                     struct libexec_run *run) {
    struct segment_pages pages;
    uint64_t page = 0;
    if (!run_first_page(plan, page_size, from, &page))
        return false;
    const struct libexec_segment *owner = run_owner(plan, plan->segment_count, page_size, page, &pages);
    if (owner == NULL) // cannot be: some segment covers the page
        return false;
    run_of_segment(plan, owner, &pages, page, run_cut(plan, owner, page_size, page, pages.end), run);
    if (owner->file_size != 0 || owner->address <= page)
        return true;
    const uint64_t whole = run->length;
    run->length = page_size;
    run_neighbour(plan, owner, page_size, run);
    if (run->file_length == 0)
        run->length = whole;
    return true;
}

bool libexec_plan_run(const struct libexec_plan *plan, uint64_t page_size, struct libexec_run_cursor *cursor,
                      struct libexec_run *run) {
    const bool found = (plan->flags & LIBEXEC_PLAN_ORDERED) != 0 ? run_ordered(plan, page_size, cursor, run)
                                                                 : run_shared(plan, page_size, cursor->from, run);
    if (found)
        cursor->from = run->address + run->length;
    return found;
}

bool libexec_plan_next_run(const struct libexec_plan *plan, uint32_t page_size, libexec_address from,
                           struct libexec_run *run) {
    struct libexec_run_cursor cursor = {from, 0};
    return libexec_plan_run(plan, page_size, &cursor, run);
}
