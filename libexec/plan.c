// SPDX-License-Identifier: MIT
// From program headers to a plan (gABI ch. 5), in three steps: collect (what the table says, once), check (each
// segment, in Linux's order), regions (which pages hold what, where segments share pages the later one wins). Nothing
// here calls the host but to read.
#include "plan.h"

#include "bytes.h"
#include "checked.h"
#include "elf_format.h"
#include "header.h"
#include "report.h"

void libexec_bounds_of(struct libexec_bounds *bounds, const struct libexec_arch *arch,
                       const struct libexec_policy *policy) {
    bounds->user_low = policy->user_low != 0 ? policy->user_low : arch->user_low;
    bounds->user_high = policy->user_high != 0 ? policy->user_high : arch->user_high;
    bounds->page_size = arch->page_size;
    bounds->page_budget = policy->page_budget != 0 ? policy->page_budget : bounds->user_high / arch->page_size;
}

// Where one segment's pages begin and end, the bias added. `file_end` ends the pages with file bytes; zero pages follow
// up to `end`.
struct segment_pages {
    uint64_t address; // of the segment's first byte
    uint64_t start;
    uint64_t file_end;
    uint64_t end;
};

// Sums wrap unless the segment was checked with this bias.
static inline void segment_pages_of(struct segment_pages *pages, const struct libexec_segment *segment, uint64_t bias,
                                    uint64_t page_size) {
    const uint64_t address = segment->address + bias;
    pages->address = address;
    pages->start = libexec_round_down(address, page_size);
    pages->end = pages->file_end = pages->start;
    if (segment->memory_size != 0)
        pages->end = libexec_round_up(address + segment->memory_size, page_size);
    if (segment->file_size != 0)
        pages->file_end = libexec_round_up(address + segment->file_size, page_size);
}

// ---- collect ------------------------------------------------------------------------------------------------------

// What a walk over the table needs beside the plan.
struct plan_walk {
    struct libexec_window *window;
    struct libexec_report *report;
    struct libexec_report *own;
    uint64_t page_size;
    uint64_t occupied; // not 0: some segment occupies a byte
    uint64_t property_offset;
    uint64_t property_length;
    uint32_t policy; // LIBEXEC_POLICY_... bits
    uint32_t index;  // of the entry at hand
    bool entry_executable;
};

// What this library or its policies refuse is about the entry at hand.
static enum libexec_status plan_refuse(const struct plan_walk *walk, enum libexec_status status, uint64_t value,
                                       uint64_t limit) {
    if (walk->own->status == LIBEXEC_OK)
        walk->own->program_header = walk->index;
    return libexec_fail(walk->own, status, value, limit);
}

// Extents are formed as Linux forms them, with wrapping sums; a sum that wraps is refused by the check of its segment.
// The plan is in order while segments ascend, share no page, lie in the file and fit it.
static void plan_extend(struct libexec_plan *plan, const struct plan_walk *walk,
                        const struct libexec_segment *segment) {
    const uint64_t page_size = walk->page_size;
    const uint64_t start = libexec_round_down(segment->address, page_size);
    const uint64_t end = segment->address + segment->memory_size;
    bool ordered = segment->file_size <= segment->memory_size &&
                   ((segment->file_offset ^ segment->address) & (page_size - 1)) == 0;
    if (end <= segment->address || end > (uint64_t)INT64_MAX) { // while segments end below, `high` does not wrap
        ordered = false;
        // An interpreter's own addresses may do so in Linux; whoever looks at its plan would not see these pages.
        if (!libexec_inside(segment->address, segment->memory_size, 0 - page_size))
            plan_refuse(walk, LIBEXEC_E_ADDRESS_RANGE, segment->address, 0 - page_size);
    }
    if (start < plan->high) { // which is 0 at first, and says then what segments have in common
        ordered = false;
        if ((walk->policy & LIBEXEC_POLICY_NO_OVERLAP) != 0)
            plan_refuse(walk, LIBEXEC_E_OVERLAP, start, plan->high);
    }
    if (!libexec_inside(segment->file_offset, segment->file_size, plan->file_size)) {
        ordered = false;
        if (segment->file_size != 0)
            plan_refuse(walk, LIBEXEC_E_OUTSIDE_FILE, segment->file_offset + segment->file_size, plan->file_size);
    }
    if (!ordered)
        plan->flags &= ~LIBEXEC_PLAN_ORDERED;
    if (plan->segment_count++ == 0)
        plan->low = start;
    plan->low = libexec_min(plan->low, start);
    plan->end = libexec_max(plan->end, end);
    plan->high = libexec_round_up(plan->end, page_size);
}

// LIBEXEC_RIGHT_... for PF_... bits: read and execute change places.
static const uint8_t plan_rights[8] = {0, 4, 2, 6, 1, 5, 3, 7};
_Static_assert(ELF_PF_X == 1 && ELF_PF_W == 2 && ELF_PF_R == 4 && LIBEXEC_RIGHT_READ == 1 && LIBEXEC_RIGHT_WRITE == 2 &&
                   LIBEXEC_RIGHT_EXECUTE == 4,
               "as the table says");

// What only policies refuse.
static void plan_look_at_code(const struct libexec_plan *plan, struct plan_walk *walk,
                              const struct libexec_segment *segment) {
    const uint32_t rights = segment->rights;
    if (plan->entry - segment->address < segment->memory_size)
        walk->entry_executable = true;
    if ((walk->policy & LIBEXEC_POLICY_NO_WRITE_EXECUTE) == 0)
        return;
    struct segment_pages pages;
    segment_pages_of(&pages, segment, 0, walk->page_size);
    if ((rights & LIBEXEC_RIGHT_WRITE) != 0 || pages.end != pages.file_end) // zero pages are writable
        plan_refuse(walk, LIBEXEC_E_WRITE_EXECUTE, rights | LIBEXEC_RIGHT_WRITE,
                    LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_EXECUTE);
}

// What a PT_LOAD says is put into `segment`, the next one of the plan if there is room.
static LIBEXEC_APART_FOR_SIZE void plan_add_segment(struct libexec_plan *plan, struct plan_walk *walk,
                                                    const uint8_t *bytes, struct libexec_segment *segment) {
    const uint64_t alignment = libexec_load64(bytes + ELF_P_ALIGN);
    if (plan->segment_count >= LIBEXEC_CONFIG_SEGMENTS) {
        plan_refuse(walk, LIBEXEC_E_SEGMENT_CAPACITY, LIBEXEC_CONFIG_SEGMENTS + 1, LIBEXEC_CONFIG_SEGMENTS);
        return;
    }
    segment->address = libexec_load64(bytes + ELF_P_VADDR);
    segment->memory_size = libexec_load64(bytes + ELF_P_MEMSZ);
    segment->file_offset = libexec_load64(bytes + ELF_P_OFFSET);
    segment->file_size = libexec_load64(bytes + ELF_P_FILESZ);
    segment->rights = plan_rights[bytes[ELF_P_FLAGS] & (ELF_PF_R | ELF_PF_W | ELF_PF_X)];
    segment->program_header = walk->index;
    walk->occupied |= segment->memory_size;
    if (libexec_power_of_two(alignment))
        plan->alignment = libexec_max(plan->alignment, alignment);
    // Linux's rule, wrapping sum included; the last such segment wins.
    if (segment->file_offset <= plan->program_headers_offset &&
        plan->program_headers_offset < segment->file_offset + segment->file_size) {
        plan->flags |= LIBEXEC_PLAN_HEADERS_MAPPED;
        plan->program_headers = plan->program_headers_offset - segment->file_offset + segment->address;
    }
    plan_extend(plan, walk, segment);
    if ((segment->rights & LIBEXEC_RIGHT_EXECUTE) != 0)
        plan_look_at_code(plan, walk, segment);
}

static LIBEXEC_APART_FOR_SIZE void plan_note_interpreter(struct libexec_plan *plan, const struct plan_walk *walk,
                                                         const uint8_t *bytes) {
    struct libexec_report *report = walk->report;
    const uint64_t offset = libexec_load64(bytes + ELF_P_OFFSET);
    const uint64_t length = libexec_load64(bytes + ELF_P_FILESZ);
    if ((plan->flags & LIBEXEC_PLAN_INTERPRETER) != 0 || libexec_report_on_interpreter(report))
        return; // the first one counts; an interpreter's own is ignored, as Linux does
    report->program_header = walk->index;
    plan->flags |= LIBEXEC_PLAN_INTERPRETER;
    plan->interpreter_offset = offset;
    plan->interpreter_length = length;
    if (length - 2 > LIBEXEC_PATH_MAX - 2)
        libexec_fail(report, LIBEXEC_E_INTERPRETER_LENGTH, length, LIBEXEC_PATH_MAX);
    else if (!libexec_inside(offset, length, (uint64_t)INT64_MAX))
        libexec_fail(report, LIBEXEC_E_INTERPRETER_OFFSET, offset, INT64_MAX);
    else if (!libexec_inside(offset, length, plan->file_size))
        libexec_fail(report, LIBEXEC_E_INTERPRETER_OUTSIDE, offset + length, plan->file_size);
}

static void plan_note_tls(struct libexec_plan *plan, const struct plan_walk *walk, const uint8_t *bytes) {
    if ((plan->flags & LIBEXEC_PLAN_TLS) != 0)
        return;
    plan->flags |= LIBEXEC_PLAN_TLS;
    plan->tls_offset = libexec_load64(bytes + ELF_P_OFFSET);
    plan->tls_file_size = libexec_load64(bytes + ELF_P_FILESZ);
    plan->tls_memory_size = libexec_load64(bytes + ELF_P_MEMSZ);
    plan->tls_address = libexec_load64(bytes + ELF_P_VADDR);
    plan->tls_alignment = libexec_load64(bytes + ELF_P_ALIGN);
    plan->tls_program_header = walk->index;
}

// The last header wins.
static void plan_note_stack(struct libexec_plan *plan, const struct plan_walk *walk, const uint8_t *bytes) {
    plan->flags &= ~LIBEXEC_PLAN_EXECUTABLE_STACK;
    plan->flags |= LIBEXEC_PLAN_STACK_RIGHTS;
    if ((bytes[ELF_P_FLAGS] & ELF_PF_X) != 0)
        plan->flags |= LIBEXEC_PLAN_EXECUTABLE_STACK;
    plan->stack_program_header = walk->index;
}

// One entry, decoded only where its type matters.
static LIBEXEC_APART_FOR_SIZE void plan_add_header(struct libexec_plan *plan, struct plan_walk *walk,
                                                   const uint8_t *bytes) {
    switch (libexec_load32(bytes + ELF_P_TYPE)) {
    case ELF_PT_LOAD:
        plan_add_segment(plan, walk, bytes, &plan->segments[plan->segment_count]);
        break;
    case ELF_PT_INTERP:
        plan_note_interpreter(plan, walk, bytes);
        break;
    case ELF_PT_TLS:
        plan_note_tls(plan, walk, bytes);
        break;
    case ELF_PT_GNU_STACK:
        plan_note_stack(plan, walk, bytes);
        break;
    case ELF_PT_GNU_PROPERTY:
        walk->property_offset = libexec_load64(bytes + ELF_P_OFFSET);
        walk->property_length = libexec_load64(bytes + ELF_P_FILESZ);
        break;
    default:
        break;
    }
}

static enum libexec_status plan_walk_table(struct libexec_plan *plan, struct plan_walk *walk,
                                           struct libexec_report *report) {
    struct libexec_window *window = walk->window;
    uint64_t offset = plan->program_headers_offset;
    const uint64_t end = offset + (uint64_t)plan->program_header_count * ELF_PROGRAM_HEADER_SIZE;
    while (offset != end) {
        const uint8_t *bytes = libexec_window_get(window, offset, ELF_PROGRAM_HEADER_SIZE, end - offset, report);
        if (bytes == NULL) // the file is long enough and so is the buffer: else a read failed
            return libexec_fail(report, LIBEXEC_E_CONTRACT, offset, end);
        const uint8_t *const last = window->bytes + window->length - ELF_PROGRAM_HEADER_SIZE;
        for (; bytes <= last && offset != end; bytes += ELF_PROGRAM_HEADER_SIZE) {
            plan_add_header(plan, walk, bytes);
            if (report->status != LIBEXEC_OK)
                return report->status;
            walk->index++;
            offset += ELF_PROGRAM_HEADER_SIZE;
        }
    }
    report->program_header = LIBEXEC_NO_PROGRAM_HEADER;
    return LIBEXEC_OK;
}

// The bits of GNU_PROPERTY_X86_FEATURE_1_AND in the note at `at`. A malformed note has no bits; it is never a reason to
// refuse.
static uint32_t property_features(const uint8_t *bytes, uint64_t at, uint64_t end) {
    if (!libexec_inside(at, 16, end) || libexec_load64(bytes + at + 8) != ELF_NOTE_GNU_PROPERTY ||
        libexec_load32(bytes + at) != 4)
        return 0;
    const uint64_t length = libexec_load32(bytes + at + 4);
    at += 16;
    end = libexec_min(at + length, end);
    while (at + 12 <= end) {
        if (libexec_load64(bytes + at) == ELF_PROPERTY_X86_FEATURE_1_AND)
            return libexec_load32(bytes + at + 8);
        at += 8 + libexec_round_up(libexec_load32(bytes + at + 4), 8); // far from 2^64
    }
    return 0;
}

static enum libexec_status plan_read_property(struct libexec_plan *plan, const struct plan_walk *walk) {
    struct libexec_window *window = walk->window;
    const uint64_t length = libexec_min(walk->property_length, window->buffer_size);
    if (length == 0 || !libexec_inside(walk->property_offset, walk->property_length, plan->file_size))
        return LIBEXEC_OK;
    // Where the window is kept for the interpreter's name it is not moved for this: what it holds of the note counts.
    if ((plan->flags & LIBEXEC_PLAN_INTERPRETER) == 0 &&
        libexec_window_get(window, walk->property_offset, length, length, walk->report) == NULL)
        return walk->report->status;
    const uint64_t start = walk->property_offset - window->offset;
    const uint32_t features = property_features(window->bytes, start, libexec_min(start + length, window->length));
    plan->flags |= (features & (ELF_X86_FEATURE_1_IBT | ELF_X86_FEATURE_1_SHSTK)) * LIBEXEC_PLAN_IBT;
    return LIBEXEC_OK;
}
_Static_assert(ELF_X86_FEATURE_1_IBT == 1 && ELF_X86_FEATURE_1_SHSTK == 2 &&
                   LIBEXEC_PLAN_SHADOW_STACK == 2 * LIBEXEC_PLAN_IBT,
               "the note's bits have the order of the plan's");

// What is refused of the whole.
static void plan_judge(const struct libexec_plan *plan, struct plan_walk *walk) {
    const uint32_t policy = walk->policy;
    if (walk->occupied == 0)
        plan_refuse(walk, LIBEXEC_E_NO_SEGMENTS, 0, 1);
    if ((policy & LIBEXEC_POLICY_ENTRY_EXECUTABLE) != 0 && !walk->entry_executable)
        plan_refuse(walk, LIBEXEC_E_ENTRY_RIGHTS, plan->entry, plan->end);
    if (libexec_report_on_interpreter(walk->report))
        return;
    if ((policy & LIBEXEC_POLICY_PIE_ONLY) != 0 && (plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) == 0)
        plan_refuse(walk, LIBEXEC_E_NOT_PIE, ELF_TYPE_EXEC, ELF_TYPE_DYN);
    walk->index = plan->stack_program_header;
    if ((policy & LIBEXEC_POLICY_NO_EXECUTABLE_STACK) != 0 && (plan->flags & LIBEXEC_PLAN_EXECUTABLE_STACK) != 0)
        plan_refuse(walk, LIBEXEC_E_EXECUTABLE_STACK, LIBEXEC_RIGHT_EXECUTE, 0);
}

enum libexec_status libexec_plan_collect(struct libexec_plan *plan, struct libexec_window *window,
                                         const struct libexec_arch *arch, const struct libexec_policy *policy,
                                         struct libexec_report *report, struct libexec_report *own) {
    struct plan_walk walk = {
        .window = window, .report = report, .own = own, .page_size = arch->page_size, .policy = policy->flags};
    memset(plan, 0, offsetof(struct libexec_plan, segments));
    plan->file_size = window->source->size;
    if (libexec_header_parse(plan, window->bytes, window->length, arch, report, own) != LIBEXEC_OK)
        return report->status;
    plan->flags = LIBEXEC_PLAN_ORDERED | (plan->type == ELF_TYPE_DYN ? LIBEXEC_PLAN_POSITION_INDEPENDENT : 0);
    report->stage = LIBEXEC_STAGE_PLAN;
    if (plan_walk_table(plan, &walk, report) != LIBEXEC_OK)
        return report->status;
    plan->alignment = libexec_round_up(plan->alignment, arch->page_size);
    plan_judge(plan, &walk);
    return plan_read_property(plan, &walk);
}

void libexec_plan_locate(const struct libexec_plan *plan, struct libexec_report *report) {
    if ((report->known & LIBEXEC_REPORT_PROGRAM_HEADER) != 0)
        libexec_fail_offset(report,
                            plan->program_headers_offset + (uint64_t)report->program_header * ELF_PROGRAM_HEADER_SIZE);
}

#if !LIBEXEC_CONFIG_STATIC_ONLY

enum libexec_status libexec_plan_interpreter_name(const struct libexec_plan *plan, struct libexec_window *window,
                                                  char *name, uint64_t size, struct libexec_report *report) {
    const uint64_t length = plan->interpreter_length;
    const uint64_t start = plan->interpreter_offset - window->offset;
    const bool held = libexec_inside(start, length, window->length);
    if (length > size)
        return libexec_fail(report, LIBEXEC_E_NAME_TOO_LONG, length, size);
    if (held)
        memcpy(name, window->bytes + start, (size_t)length);
    libexec_window_close(window); // before another call on the source
    if (!held && libexec_source_read(window->source, plan->interpreter_offset, name, length, report) != LIBEXEC_OK)
        return report->status;
    if (name[length - 1] != 0)
        libexec_fail(report, LIBEXEC_E_INTERPRETER_UNTERMINATED, (uint8_t)name[length - 1], 0);
    else if (name[0] == 0)
        libexec_refuse(report, LIBEXEC_E_INTERPRETER_EMPTY);
    if (report->status != LIBEXEC_OK)
        libexec_fail_offset(report, plan->interpreter_offset);
    return report->status;
}

#endif

// ---- check ----------------------------------------------------------------------------------------------------------

// Whether pages may be there at all: Linux's get_unmapped_area, then mmap_min_addr. Like Linux, looks at one run of
// private pages at a time; libexec_plan_check looks at their sum.
static LIBEXEC_APART enum libexec_status segment_check_range(const struct libexec_placing *placing, uint64_t start,
                                                             uint64_t length, bool private_pages,
                                                             struct libexec_report *report) {
    const struct libexec_bounds *bounds = placing->bounds;
    const uint64_t high = bounds->user_high;
    const uint64_t pages = length / bounds->page_size;
    if (length - 1 >= high)
        return libexec_fail(report, LIBEXEC_E_NO_ROOM, length, high);
    if (placing->placed && start > high - length) // told is where it would end, unless that wraps
        return libexec_fail(report, LIBEXEC_E_NO_ROOM, libexec_max(start, start + length), high);
    if (placing->placed && start < bounds->user_low)
        return libexec_fail(report, LIBEXEC_E_LOW_ADDRESS, start, bounds->user_low);
    if (private_pages && pages > bounds->page_budget)
        return libexec_fail(report, LIBEXEC_E_PAGE_BUDGET, pages, bounds->page_budget);
    return LIBEXEC_OK;
}

// The pages with file bytes, Linux's elf_map: `length` bytes from `start`, biased, on.
static enum libexec_status segment_check_file(const struct libexec_segment *segment,
                                              const struct libexec_placing *placing, uint64_t start, uint64_t length,
                                              struct libexec_report *report) {
    const uint64_t page_size = placing->bounds->page_size;
    const uint64_t offset = segment->file_offset - (segment->address & (page_size - 1));
    if ((offset & (page_size - 1)) != 0)
        return libexec_fail(report, LIBEXEC_E_CONGRUENCE, segment->file_offset, segment->address);
    if (offset + length < offset)
        return libexec_fail(report, LIBEXEC_E_FILE_RANGE, segment->file_offset, UINT64_MAX);
    const bool in_files = offset + length <= (uint64_t)INT64_MAX; // Linux looks at memory after this
    if (segment_check_range(placing, start, length, in_files && (segment->rights & LIBEXEC_RIGHT_WRITE) != 0, report) !=
        LIBEXEC_OK)
        return report->status;
    if (!in_files)
        return libexec_fail(report, LIBEXEC_E_FILE_OFFSET, segment->file_offset, INT64_MAX);
    return LIBEXEC_OK;
}

// Linux's last look at a segment.
static enum libexec_status segment_check_addresses(const struct libexec_segment *segment,
                                                   const struct libexec_placing *placing, uint64_t start,
                                                   struct libexec_report *report) {
    const uint64_t high = placing->bounds->user_high;
    const uint64_t address =
        segment->address + (!LIBEXEC_CONFIG_STATIC_ONLY && placing->interpreter ? placing->bias : 0);
    const uint64_t begins = placing->placed ? libexec_max(start, address) : address;
    if (begins >= high)
        return libexec_fail(report, LIBEXEC_E_ADDRESS_RANGE, begins, high);
    if (segment->file_size > segment->memory_size)
        return libexec_fail(report, LIBEXEC_E_FILE_OVER_MEMORY, segment->file_size, segment->memory_size);
    if (segment->memory_size > high - address)
        return libexec_fail(report, LIBEXEC_E_ADDRESS_RANGE, segment->memory_size, high - address);
    return LIBEXEC_OK;
}

// First the pages with file bytes, then the zero pages, Linux's vm_brk_flags. Sums wrap here as they do there; each is
// tested before it is used.
static enum libexec_status segment_check(const struct libexec_segment *segment, struct libexec_placing *placing,
                                         bool first, struct libexec_report *report) {
    const uint64_t page_size = placing->bounds->page_size;
    struct segment_pages pages;
    segment_pages_of(&pages, segment, placing->bias, page_size);
    const uint64_t zeros = pages.end - pages.file_end;
    uint64_t length = pages.file_end - pages.start;
    if (length != 0) { // 0 also where p_filesz wraps: that is refused below, with p_memsz
        if (first && placing->span != 0)
            length = placing->span;
        if (segment_check_file(segment, placing, pages.start, length, report) != LIBEXEC_OK)
            return report->status;
    }
    if (segment->memory_size > segment->file_size && zeros != 0 &&
        segment_check_range(placing, pages.file_end, zeros, true, report) != LIBEXEC_OK)
        return report->status;
    placing->pages += (pages.end - pages.start) / page_size;
    placing->low = libexec_min(placing->low, pages.start);
    placing->high = libexec_max(placing->high, pages.end);
    return segment_check_addresses(segment, placing, pages.start, report);
}

enum libexec_status libexec_plan_check(const struct libexec_plan *plan, struct libexec_placing *placing, uint32_t from,
                                       uint32_t to, struct libexec_report *report) {
    for (; from < to; from++) {
        report->program_header = plan->segments[from].program_header;
        if (segment_check(&plan->segments[from], placing, from == 0, report) != LIBEXEC_OK)
            return report->status;
    }
    report->program_header = LIBEXEC_NO_PROGRAM_HEADER;
    if (to == plan->segment_count && placing->pages > placing->bounds->page_budget)
        return libexec_fail(report, LIBEXEC_E_PAGE_BUDGET, placing->pages, placing->bounds->page_budget);
    return LIBEXEC_OK;
}

// ---- public ---------------------------------------------------------------------------------------------------------

enum libexec_status libexec_plan_read(struct libexec_plan *plan, const struct libexec_source *source,
                                      const struct libexec_arch *arch, const struct libexec_policy *policy,
                                      void *buffer, uint32_t buffer_size, struct libexec_report *report) {
    static const struct libexec_policy default_policy = {0};
    struct libexec_report own;
    struct libexec_bounds bounds;
    struct libexec_window window = {.source = source, .buffer = buffer, .buffer_size = buffer_size};
    libexec_report_begin(report, LIBEXEC_STAGE_HEADER, LIBEXEC_FILE_PROGRAM);
    libexec_report_begin(&own, LIBEXEC_STAGE_PLAN, LIBEXEC_FILE_PROGRAM);
    if (buffer_size < 512 || !libexec_power_of_two(arch->page_size))
        return libexec_refuse(report, LIBEXEC_E_REQUEST);
    if (policy == NULL)
        policy = &default_policy;
    libexec_bounds_of(&bounds, arch, policy);
    libexec_window_get(&window, 0, 1, buffer_size, report);
    if (report->status == LIBEXEC_OK)
        libexec_plan_collect(plan, &window, arch, policy, report, &own);
    libexec_window_close(&window);
    if (report->status == LIBEXEC_OK) {
        const bool fixed = (plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) == 0;
        struct libexec_placing placing = {.bounds = &bounds, .placed = fixed};
        if (!fixed && plan->segment_count != 0 && plan->end == plan->low)
            libexec_fail(report, LIBEXEC_E_EMPTY_SPAN, 0, 1);
        else
            libexec_plan_check(plan, &placing, 0, plan->segment_count, report);
    }
    if (report->status == LIBEXEC_OK && own.status != LIBEXEC_OK)
        *report = own;
    libexec_plan_locate(plan, report);
    return report->status;
}

// ---- regions --------------------------------------------------------------------------------------------------------

// File bytes of a segment from the region's first page on: all of its pages where p_memsz == p_filesz (the bytes around
// the segment are as in the file), else up to p_filesz; `most` at most.
static inline void region_file_bytes(const struct libexec_plan *plan, const struct libexec_segment *segment,
                                     const struct segment_pages *pages, uint64_t most, struct libexec_region *region) {
    const uint64_t end =
        segment->memory_size > segment->file_size ? pages->address + segment->file_size : pages->file_end;
    const uint64_t length = libexec_min(end - region->address, most);
    // Modulo 2^64; the sum is in the file. The last page may reach past the end of the file: what the file lacks is
    // zero, as in a page cache.
    region->file_offset = segment->file_offset - pages->address + region->address;
    if (region->file_offset < plan->file_size)
        region->file_length = libexec_min(length, plan->file_size - region->file_offset);
}

// The pages of `owner` from `page` to `end` at most: those with file bytes, which are not told yet, or those without.
// Returns which.
static inline bool region_of_segment(const struct libexec_segment *owner, const struct segment_pages *pages,
                                     uint64_t page, uint64_t end, struct libexec_region *region) {
    const bool has_bytes = page < pages->file_end;
    region->address = page;
    region->length = libexec_min(end, has_bytes ? pages->file_end : pages->end) - page;
    region->file_offset = 0;
    region->file_length = 0;
    region->rights = owner->rights;
    region->program_header = owner->program_header;
    if (!has_bytes)
        region->rights |= LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE;
    return has_bytes;
}

// The last segment before `segment` that covers `page`; NULL where there is none. `*cut` becomes the lowest beginning
// of another one above the page that is passed on the way.
static const struct libexec_segment *region_owner(const struct libexec_plan *plan,
                                                  const struct libexec_plan_cursor *cursor,
                                                  const struct libexec_segment *segment, uint64_t page,
                                                  struct segment_pages *pages, uint64_t *cut) {
    while (segment != plan->segments) {
        segment--;
        segment_pages_of(pages, segment, cursor->bias, cursor->page_size);
        if (page < pages->end && pages->start <= page)
            return segment;
        if (pages->end != pages->start && pages->start > page)
            *cut = libexec_min(*cut, pages->start);
    }
    return NULL;
}

// The region that begins with `page`, the first one that some segment covers; false where none covers it.
static bool region_shared(const struct libexec_plan *plan, const struct libexec_plan_cursor *cursor, uint64_t page,
                          struct libexec_region *region) {
    struct segment_pages pages;
    uint64_t cut = UINT64_MAX; // where a later segment takes over
    const struct libexec_segment *segment =
        region_owner(plan, cursor, plan->segments + plan->segment_count, page, &pages, &cut);
    if (segment == NULL)
        return false;
    bool has_bytes = region_of_segment(segment, &pages, page, cut, region);
    uint64_t most = region->length;
    // A bss-only segment may begin inside a page. What earlier segments put below its first byte stays: the file bytes
    // of that page, cut at the lowest such beginning.
    uint64_t limit = cursor->page_size;
    while (segment != NULL && segment->file_size == 0 && pages.address > page) {
        limit = libexec_min(limit, pages.address - page);
        segment = region_owner(plan, cursor, segment, page, &pages, &cut);
    }
    if (limit != cursor->page_size) {
        has_bytes = page < pages.file_end;
        most = limit;
    }
    if (has_bytes && segment != NULL)
        region_file_bytes(plan, segment, &pages, most, region);
    if (limit != cursor->page_size && region->file_length != 0)
        region->length = cursor->page_size;
    return true;
}

// Any segments, in any order: looks for the first page that one covers.
static LIBEXEC_APART_FOR_SPEED bool
region_any(const struct libexec_plan *plan, const struct libexec_plan_cursor *cursor, struct libexec_region *region) {
    uint64_t first = UINT64_MAX;
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        struct segment_pages pages;
        segment_pages_of(&pages, &plan->segments[i], cursor->bias, cursor->page_size);
        const uint64_t page = libexec_max(pages.start, cursor->from);
        if (page < pages.end)
            first = libexec_min(first, page);
    }
    return region_shared(plan, cursor, first, region); // where there is no such page it is one that none covers
}

// Segments ascend and share no page: each is its own owner.
static bool region_ordered(const struct libexec_plan *plan, struct libexec_plan_cursor *cursor,
                           struct libexec_region *region) {
    while (cursor->index < plan->segment_count) {
        const struct libexec_segment *segment = &plan->segments[cursor->index];
        struct segment_pages pages;
        segment_pages_of(&pages, segment, cursor->bias, cursor->page_size);
        const uint64_t page = libexec_max(pages.start, cursor->from);
        if (page >= pages.file_end || page >= pages.end) // its last region, or none
            cursor->index++;
        if (page >= pages.end)
            continue;
        if (region_of_segment(segment, &pages, page, pages.end, region))
            region_file_bytes(plan, segment, &pages, region->length, region);
        return true;
    }
    return false;
}

bool libexec_plan_region(struct libexec_plan_cursor *cursor, struct libexec_region *region) {
    const struct libexec_plan *plan = cursor->plan;
    const bool ordered = (plan->flags & LIBEXEC_PLAN_ORDERED) != 0;
    if (!(ordered ? region_ordered(plan, cursor, region) : region_any(plan, cursor, region)))
        return false;
    cursor->from = region->address + region->length;
    region->file = cursor->file;
    region->kind = region->file_length != 0 ? (enum libexec_region_kind)cursor->file : LIBEXEC_REGION_BSS;
    return true;
}
_Static_assert((int)LIBEXEC_REGION_PROGRAM == (int)LIBEXEC_FILE_PROGRAM &&
                   (int)LIBEXEC_REGION_INTERPRETER == (int)LIBEXEC_FILE_INTERPRETER,
               "a region with bytes of a file is called as the file is");

bool libexec_plan_next_region(const struct libexec_plan *plan, uint32_t page_size, libexec_address from,
                              struct libexec_region *region) {
    struct libexec_plan_cursor cursor = {
        .plan = plan, .page_size = page_size, .from = from, .file = LIBEXEC_FILE_PROGRAM};
    return libexec_plan_region(&cursor, region);
}
