// SPDX-License-Identifier: MIT
// All addresses of the new image, placed as Linux places them on x86-64 (fs/binfmt_elf.c, mm/mmap.c), before anything
// is mapped. Segments are checked here too, program first, each against the address that it gets: the first fault is
// the one Linux finds first.
#include "layout.h"

#include "bytes.h"
#include "checked.h"
#include "elf_format.h"
#include "report.h"
#include "tls_shape.h"

#define MIB                  (UINT64_C(1) << 20)
#define LAYOUT_DEFAULT_STACK (8 * MIB)
#define LAYOUT_DEFAULT_GUARD MIB
#define LAYOUT_LARGE_STACK                                                                                             \
    (64 * MIB) // the gap below the mmap area is made for it: arguments are part of it, as in Linux
#define LAYOUT_LEAST_GAP       (128 * MIB)
#define LAYOUT_ARGUMENTS_LEAST (UINT64_C(128) << 10)
#define LAYOUT_ARGUMENTS_MOST  (6 * MIB)
#define LAYOUT_LEAST_HINT      UINT64_C(0x10000) // Linux moves lower hints up to here and searches no lower
#define LAYOUT_STACK_JITTER    UINT64_C(0x7f0)   // the vectors of most programs end in the first page

enum { ENTROPY_MMAP = 0, ENTROPY_PIE = 1, ENTROPY_STACK = 2, ENTROPY_BRK = 3 };

static bool layout_randomized(const struct libexec_state *state) {
    return (state->policy.flags & LIBEXEC_POLICY_FIXED_ADDRESSES) == 0;
}

static uint64_t layout_fail(struct libexec_state *state, enum libexec_status status, uint64_t address, uint64_t value,
                            uint64_t limit) {
    struct libexec_report *report = &state->report;
    if (report->status == LIBEXEC_OK) {
        libexec_fail_value(report, status, value, limit);
        report->known |= LIBEXEC_REPORT_ADDRESS;
        report->address = address;
    }
    return 0;
}

// ---- the stack ------------------------------------------------------------------------------------------------------

static uint64_t layout_stack_limit(const struct libexec_state *state) {
    return state->policy.stack_size != 0 ? state->policy.stack_size : LAYOUT_DEFAULT_STACK;
}

// Linux's limit for arguments and environment (fs/exec.c, bprm_stack_limits).
static uint64_t layout_argument_limit(const struct libexec_state *state) {
    if (state->policy.argument_limit != 0)
        return state->policy.argument_limit;
    return libexec_max(libexec_min(LAYOUT_ARGUMENTS_MOST, layout_stack_limit(state) / 4), LAYOUT_ARGUMENTS_LEAST);
}

uint64_t libexec_layout_argument_room(const struct libexec_state *state) {
    return libexec_round_up(state->layout.argument_limit + LIBEXEC_STACK_FIXED + LAYOUT_STACK_JITTER,
                            state->arch->page_size);
}

// The stack pointer comes first and the initial image is written upwards from it, so nothing needs to be measured
// before it is stored. Above it there is room twice: for the vectors, and for the strings where the vectors are too
// many for the strings to follow them. Below it the program has the size that the policy gives.
static enum libexec_status layout_place_stack(struct libexec_state *state, const struct libexec_bounds *bounds) {
    struct libexec_layout *layout = &state->layout;
    const uint64_t page_size = bounds->page_size;
    const uint64_t range = bounds->user_high - bounds->user_low;
    const uint64_t limit = layout_stack_limit(state);
    const uint64_t size = limit == UINT64_MAX ? LAYOUT_DEFAULT_STACK : limit;
    const uint64_t guard = state->policy.stack_guard != 0 ? state->policy.stack_guard : LAYOUT_DEFAULT_GUARD;
    const uint64_t random = layout_randomized(state) ? state->random.words[ENTROPY_STACK] : 0;
    layout->argument_limit = layout_argument_limit(state);
    if (size > range / 2 || guard > range / 2 ||
        layout->argument_limit > libexec_min(range / 16, LAYOUT_LARGE_STACK / 4))
        return libexec_fail_value(&state->report, LIBEXEC_E_STACK_SIZE, size, range / 2);
    const uint64_t room = 2 * libexec_layout_argument_room(state);
    layout->stack.length = libexec_round_up(size, page_size) + (size < LAYOUT_LARGE_STACK ? room : 0);
    layout->guard.length = libexec_round_up(guard, page_size);
    const uint64_t total = layout->stack.length + layout->guard.length;
    if (layout->stack.length <= room || total > range / 2)
        return libexec_fail_value(&state->report, LIBEXEC_E_STACK_SIZE, total, range / 2);
    const uint64_t drop = libexec_min((random & state->arch->stack_entropy_pages) * page_size, (range - total) / 2);
    layout->stack.address = bounds->user_high - libexec_round_down(drop, page_size) - layout->stack.length;
    layout->guard.address = layout->stack.address - layout->guard.length;
    layout->stack_pointer = layout->stack.address + layout->stack.length - room + (random >> 40 & LAYOUT_STACK_JITTER);
    return LIBEXEC_OK;
}

// Linux's mmap_base for a top-down address space.
static void layout_place_mmap_top(struct libexec_state *state, const struct libexec_bounds *bounds) {
    const uint64_t page_size = bounds->page_size;
    const uint64_t high = bounds->user_high;
    const uint64_t most = high / 6 * 5;
    uint64_t gap = layout_stack_limit(state);
    uint64_t pad = state->layout.guard.length;
    uint64_t drop = 0;
    if (layout_randomized(state)) {
        pad += state->arch->stack_entropy_pages * page_size;
        drop = (state->random.words[ENTROPY_MMAP] & state->arch->mmap_entropy_pages) * page_size;
    }
    if (gap + pad > gap)
        gap += pad;
    gap = libexec_min(libexec_max(gap, libexec_min(LAYOUT_LEAST_GAP, high / 4)), most);
    if (bounds->user_low > high / 6) // a user range that does not begin near 0
        gap = libexec_min(gap, (high - bounds->user_low) / 2);
    drop = libexec_min(drop, (high - gap - bounds->user_low) / 2); // or one too small for the architecture's entropy
    state->layout.mmap_top = libexec_round_up(high - gap - libexec_round_down(drop, page_size), page_size);
}

// ---- free ranges ----------------------------------------------------------------------------------------------------

// What stands in the way of a range, for the search and for reports: where it begins.
static bool layout_blocks(uint64_t address, uint64_t size, uint64_t start, uint64_t length, uint64_t *obstacle) {
    *obstacle = address;
    return libexec_overlap(start, length, address, size);
}

// An image occupies the pages of its segments; between them others may stand, as in Linux.
static bool layout_image_blocks(const struct libexec_plan *plan, uint64_t bias, const struct libexec_range *span,
                                uint64_t page_size, uint64_t start, uint64_t length, uint64_t *obstacle) {
    if (!libexec_overlap(start, length, span->address, span->length))
        return false;
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct libexec_segment *segment = &plan->segments[i];
        const uint64_t first = libexec_round_down(segment->address + bias, page_size);
        const uint64_t end = libexec_round_up(segment->address + bias + segment->memory_size, page_size);
        if (segment->memory_size != 0 && layout_blocks(first, end - first, start, length, obstacle))
            return true;
    }
    return false;
}

// Whether something stands in the way of [start, start + length). The guard stands right below the stack.
static bool layout_obstacle(const struct libexec_state *state, uint64_t start, uint64_t length, uint64_t *obstacle) {
    const struct libexec_layout *layout = &state->layout;
    const uint64_t page_size = state->arch->page_size;
    if ((layout->program.length != 0 && layout_image_blocks(&state->program_plan, layout->program_bias,
                                                            &layout->program, page_size, start, length, obstacle)) ||
        (libexec_has_interpreter(state) &&
         layout_image_blocks(&state->interpreter_plan, layout->interpreter_bias, &layout->interpreter, page_size, start,
                             length, obstacle)) ||
        layout_blocks(layout->guard.address, layout->guard.length + layout->stack.length, start, length, obstacle))
        return true;
    for (uint32_t i = 0; i < state->answer.reserved_range_count; i++) {
        const struct libexec_range *range = &state->answer.reserved_ranges[i];
        if (layout_blocks(range->address, range->length, start, length, obstacle))
            return true;
    }
    return false;
}

// The highest free page-aligned range of `length` bytes below `top`; 0 where there is none. Each obstacle is met once.
static uint64_t layout_find(const struct libexec_state *state, const struct libexec_bounds *bounds, uint64_t top,
                            uint64_t length) {
    // Linux lets a privileged program map lower pages by address, but never searches there.
    const uint64_t low = libexec_max(bounds->user_low, libexec_min(LAYOUT_LEAST_HINT, bounds->user_high / 16));
    while (length != 0 && top >= low && top - low >= length) {
        const uint64_t start = top - length;
        uint64_t obstacle;
        if (!layout_obstacle(state, start, length, &obstacle))
            return start;
        top = libexec_round_down(obstacle, bounds->page_size);
    }
    return 0;
}

// Whether a file mapping spans a large page, which Linux then wants to map as one (thp_get_unmapped_area). `*padded` is
// the room that is looked for instead of `length`.
static bool layout_is_large(const struct libexec_state *state, uint64_t offset, uint64_t length, uint64_t *padded) {
    const uint64_t large = state->arch->large_page_size;
    uint64_t end;
    *padded = length;
    if (large == 0 || !libexec_add(offset, length, &end) || length > UINT64_MAX - large)
        return false;
    const uint64_t aligned = libexec_round_up(offset, large);
    if (end <= aligned || end - aligned < large)
        return false;
    *padded = length + large;
    return true;
}

// As layout_find, for a file mapping: one that spans a large page is placed congruent to its file offset modulo the
// large page.
static uint64_t layout_find_image(const struct libexec_state *state, const struct libexec_bounds *bounds, uint64_t top,
                                  uint64_t offset, uint64_t length) {
    const uint64_t large = state->arch->large_page_size;
    uint64_t padded;
    const uint64_t found =
        layout_is_large(state, offset, length, &padded) ? layout_find(state, bounds, top, padded) : 0;
    if (found == 0)
        return layout_find(state, bounds, top, length);
    const uint64_t step = (offset - found) & (large - 1);
    return found + (step == 0 ? large : step);
}

// ---- images ---------------------------------------------------------------------------------------------------------

static uint64_t layout_first_page(const struct libexec_plan *plan, uint64_t page_size) {
    return libexec_round_down(plan->segments[0].address, page_size);
}

// Where in the file the page of the first segment begins.
static uint64_t layout_first_offset(const struct libexec_plan *plan, uint64_t page_size) {
    return plan->segments[0].file_offset - (plan->segments[0].address & (page_size - 1));
}

static uint64_t layout_pie_base(const struct libexec_bounds *bounds) {
    if (bounds->user_low > bounds->user_high / 3) // a user range that does not begin near 0
        return bounds->user_low + (bounds->user_high - bounds->user_low) / 3;
    return bounds->user_high / 3 * 2; // Linux's ELF_ET_DYN_BASE
}

// A PIE with an interpreter: far from the mmap area, so that brk can grow.
static uint64_t layout_pie_bias(const struct libexec_state *state, const struct libexec_bounds *bounds) {
    const struct libexec_plan *plan = &state->program_plan;
    uint64_t base = layout_pie_base(bounds);
    if (layout_randomized(state)) {
        const uint64_t drop = (state->random.words[ENTROPY_PIE] & state->arch->mmap_entropy_pages) * bounds->page_size;
        base += libexec_min(drop, bounds->user_high / 8);
    }
    if (plan->alignment != 0)
        base &= ~(plan->alignment - 1);
    return libexec_round_down(base - plan->segments[0].address, bounds->page_size);
}

static void layout_locate_report(struct libexec_state *state, const struct libexec_plan *plan) {
    struct libexec_report *report = &state->report;
    if (report->status != LIBEXEC_OK && (report->known & LIBEXEC_REPORT_PROGRAM_HEADER) != 0)
        libexec_fail_offset(report,
                            plan->program_headers_offset + (uint64_t)report->program_header * ELF_PROGRAM_HEADER_SIZE);
}

// What needs no address of its own goes where mmap would put it. Returns false after a failure.
static bool layout_search_bias(struct libexec_state *state, const struct libexec_plan *plan,
                               struct libexec_placing *placing, uint64_t alignment) {
    const struct libexec_segment *first = &plan->segments[0];
    const uint64_t page_size = placing->bounds.page_size;
    if (first->file_size == 0) { // Linux asks for a zero-only first segment at address 0; the check refuses that
        placing->bias = 0 - layout_first_page(plan, page_size);
        if (!placing->interpreter && (alignment <= page_size || first->memory_size == 0))
            placing->bias = libexec_round_down(0 - first->address, page_size);
        return true;
    }
    const uint64_t length = libexec_round_up(placing->span, page_size);
    uint64_t top = state->layout.mmap_top;
    for (;;) {
        uint64_t obstacle;
        const uint64_t base =
            layout_find_image(state, &placing->bounds, top, layout_first_offset(plan, page_size), length);
        if (base == 0) {
            placing->searching = true;
            libexec_segment_check(first, placing, true, &state->report);
            layout_locate_report(state, plan);
            return false;
        }
        placing->bias = base - layout_first_page(plan, page_size);
        if (alignment <= page_size)
            return true;
        // Aligned downwards, as Linux does; where something is in the way then, the search goes on below it.
        placing->bias = libexec_round_down((base & ~(alignment - 1)) - first->address, page_size);
        if (!layout_obstacle(state, layout_first_page(plan, page_size) + placing->bias, length, &obstacle))
            return true;
        top = libexec_min(libexec_round_down(obstacle, page_size), top - page_size);
    }
}

// The range of the image in the new space: checked segments only, so that the sums cannot wrap.
static void layout_set_range(struct libexec_range *range, const struct libexec_plan *plan, uint64_t bias) {
    range->address = plan->low + bias;
    range->length = plan->high - plan->low;
}

static enum libexec_status layout_check_collision(struct libexec_state *state, const struct libexec_segment *segment,
                                                  uint64_t bias, enum libexec_status status) {
    const uint64_t page_size = state->arch->page_size;
    const uint64_t start = libexec_round_down(segment->address + bias, page_size);
    const uint64_t end = libexec_round_up(segment->address + bias + segment->memory_size, page_size);
    uint64_t obstacle;
    if (segment->memory_size == 0 || !layout_obstacle(state, start, end - start, &obstacle))
        return LIBEXEC_OK;
    layout_fail(state, status, start, start, obstacle);
    state->report.known |= LIBEXEC_REPORT_PROGRAM_HEADER;
    state->report.program_header = segment->program_header;
    return status;
}

// The first segment's collision is Linux's to find, before it looks at the others; later ones are this library's.
static enum libexec_status layout_check_segments(struct libexec_state *state, const struct libexec_plan *plan,
                                                 struct libexec_placing *placing) {
    const struct libexec_segment *first = &plan->segments[0];
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        if (libexec_segment_check(&plan->segments[i], placing, i == 0, &state->report) != LIBEXEC_OK)
            return state->report.status;
        if (i == 0 && first->file_size != 0 &&
            layout_check_collision(state, first, placing->bias, LIBEXEC_E_COLLISION) != LIBEXEC_OK)
            return state->report.status;
    }
    if (placing->pages > placing->bounds.page_budget)
        return libexec_fail_value(&state->report, LIBEXEC_E_PAGE_BUDGET, placing->pages, placing->bounds.page_budget);
    uint64_t obstacle;
    if (!layout_obstacle(state, plan->low + placing->bias, plan->high - plan->low, &obstacle))
        return LIBEXEC_OK;
    for (uint32_t i = 0; i < plan->segment_count; i++)
        if (layout_check_collision(state, &plan->segments[i], placing->bias, LIBEXEC_E_SEGMENT_COLLISION) != LIBEXEC_OK)
            return state->report.status;
    return LIBEXEC_OK;
}

static bool layout_span_is_empty(struct libexec_state *state, const struct libexec_plan *plan) {
    if (libexec_round_up(plan->end - plan->low, state->arch->page_size) != 0) // wrapping, as in Linux
        return false;
    libexec_fail_value(&state->report, LIBEXEC_E_EMPTY_SPAN, 0, 1);
    return true;
}

static enum libexec_status layout_place_program(struct libexec_state *state, const struct libexec_bounds *bounds) {
    const struct libexec_plan *plan = &state->program_plan;
    struct libexec_placing placing = {.bounds = *bounds, .placed = true};
    state->report.file = LIBEXEC_FILE_PROGRAM;
    if (plan->segment_count == 0)
        return LIBEXEC_OK; // refused below, as this library's own ruling
    if ((plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0) {
        if (layout_span_is_empty(state, plan))
            return state->report.status;
        placing.span = plan->end - plan->low;
        if (libexec_has_interpreter(state))
            placing.bias = layout_pie_bias(state, bounds);
        else if (!layout_search_bias(state, plan, &placing, plan->alignment))
            return state->report.status;
    }
    state->layout.program_bias = placing.bias;
    if (layout_check_segments(state, plan, &placing) == LIBEXEC_OK)
        layout_set_range(&state->layout.program, plan, placing.bias);
    layout_locate_report(state, plan);
    return state->report.status;
}

// An interpreter with a first address of its own, started for a program without a bias: Linux takes the address as a
// hint.
static bool layout_hint_bias(const struct libexec_state *state, const struct libexec_plan *plan,
                             struct libexec_placing *placing) {
    const struct libexec_bounds *bounds = &placing->bounds;
    const uint64_t start = libexec_max(layout_first_page(plan, bounds->page_size), LAYOUT_LEAST_HINT);
    const uint64_t length = libexec_round_up(placing->span, bounds->page_size);
    uint64_t obstacle;
    if ((state->program_plan.flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0)
        return false;
    if (plan->segments[0].file_size == 0) // zero pages are never searched for: the bias stays 0
        return true;
    if (layout_first_page(plan, bounds->page_size) == 0)
        return false;
    uint64_t padded;
    layout_is_large(state, layout_first_offset(plan, bounds->page_size), length, &padded);
    if (!libexec_inside(start, padded, bounds->user_high) || layout_obstacle(state, start, padded, &obstacle))
        return false;
    placing->bias = start - layout_first_page(plan, bounds->page_size);
    return true;
}

static enum libexec_status layout_place_interpreter(struct libexec_state *state, const struct libexec_bounds *bounds) {
    const struct libexec_plan *plan = &state->interpreter_plan;
    struct libexec_placing placing = {.bounds = *bounds, .placed = true, .interpreter = true};
    if (!libexec_has_interpreter(state))
        return LIBEXEC_OK;
    state->report.file = LIBEXEC_FILE_INTERPRETER;
    if (plan->type != ELF_TYPE_EXEC && plan->type != ELF_TYPE_DYN) // Linux, too, finds this out only here
        return libexec_fail_value(&state->report, LIBEXEC_E_TYPE, plan->type, ELF_TYPE_DYN);
    if (plan->segment_count == 0)
        return libexec_fail_value(&state->report, LIBEXEC_E_NO_SEGMENTS, 0, 1);
    if (layout_span_is_empty(state, plan))
        return state->report.status;
    placing.span = plan->end - plan->low;
    if ((plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0 && !layout_hint_bias(state, plan, &placing) &&
        !layout_search_bias(state, plan, &placing, 0))
        return state->report.status;
    state->layout.interpreter_bias = placing.bias;
    if (layout_check_segments(state, plan, &placing) == LIBEXEC_OK)
        layout_set_range(&state->layout.interpreter, plan, placing.bias);
    layout_locate_report(state, plan);
    return state->report.status;
}

static enum libexec_status layout_place_entry(struct libexec_state *state, const struct libexec_bounds *bounds) {
    struct libexec_layout *layout = &state->layout;
    const struct libexec_plan *plan = &state->program_plan;
    layout->program_entry = plan->entry + layout->program_bias;
    layout->program_headers = plan->program_headers + layout->program_bias;
    layout->entry = layout->program_entry;
    if (libexec_has_interpreter(state))
        layout->entry = state->interpreter_plan.entry + layout->interpreter_bias;
    if (layout->entry < bounds->user_high)
        return LIBEXEC_OK;
    state->report.file = libexec_has_interpreter(state) ? LIBEXEC_FILE_INTERPRETER : LIBEXEC_FILE_PROGRAM;
    layout_fail(state, LIBEXEC_E_ENTRY_RANGE, layout->entry, layout->entry, bounds->user_high);
    libexec_fail_offset(&state->report, ELF_E_ENTRY);
    return state->report.status;
}

// ---- TLS and brk ----------------------------------------------------------------------------------------------------

bool libexec_layout_wants_tls(const struct libexec_state *state) {
    switch (state->policy.tls) {
    case LIBEXEC_TLS_NEVER:
        return false;
    case LIBEXEC_TLS_ALWAYS:
        return true;
    default:
        return (state->program_plan.flags & LIBEXEC_PLAN_TLS) != 0 && !libexec_has_interpreter(state);
    }
}

static enum libexec_status layout_check_template(struct libexec_state *state, struct libexec_tls_shape *shape) {
    const struct libexec_plan *plan = &state->program_plan;
    enum libexec_status status = libexec_tls_shape_of(shape, plan, state->arch);
    if (status == LIBEXEC_OK && (plan->flags & LIBEXEC_PLAN_TLS) != 0 &&
        !libexec_inside(plan->tls_offset, plan->tls_file_size, plan->file_size))
        status = LIBEXEC_E_TLS_OUTSIDE_FILE;
    if (status == LIBEXEC_OK)
        return status;
    state->report.stage = LIBEXEC_STAGE_TLS;
    libexec_fail(&state->report, status);
    state->report.known |= LIBEXEC_REPORT_PROGRAM_HEADER;
    state->report.program_header = plan->tls_program_header;
    layout_locate_report(state, plan);
    return status;
}

// The thread pointer goes as high as it can in [start, end). Where the alignment allows it the template is congruent to
// its place in the file modulo the page, so that its whole pages can be borrowed.
static uint64_t layout_thread_pointer(const struct libexec_state *state, const struct libexec_tls_shape *shape,
                                      uint64_t end) {
    const uint64_t page_size = state->arch->page_size;
    const uint64_t wanted = state->program_plan.tls_offset + shape->template_offset; // modulo the page: may wrap
    const uint64_t pointer = libexec_round_down(end - shape->control_size, shape->alignment);
    if ((wanted & (libexec_min(shape->alignment, page_size) - 1)) != 0)
        return pointer;
    return pointer - ((pointer - wanted) & (page_size - 1));
}

static enum libexec_status layout_place_tls(struct libexec_state *state, const struct libexec_bounds *bounds) {
    struct libexec_layout *layout = &state->layout;
    const uint64_t page_size = bounds->page_size;
    struct libexec_tls_shape shape;
    if (!libexec_layout_wants_tls(state))
        return LIBEXEC_OK;
    state->report.file = LIBEXEC_FILE_PROGRAM;
    if (layout_check_template(state, &shape) != LIBEXEC_OK)
        return state->report.status;
    // The shape's numbers are bounded by 2^48 each: no sum here overflows.
    const uint64_t length = libexec_round_up(shape.template_offset + shape.control_size, page_size) + 2 * page_size +
                            (shape.alignment > page_size ? shape.alignment : 0);
    const uint64_t start = layout_find(state, bounds, layout->mmap_top, length);
    if (start == 0 || length / page_size > bounds->page_budget) {
        layout_fail(state, start == 0 ? LIBEXEC_E_NO_ROOM : LIBEXEC_E_PAGE_BUDGET, 0, length,
                    bounds->page_budget * page_size);
        return state->report.status;
    }
    layout->thread_pointer = layout_thread_pointer(state, &shape, start + length);
    layout->tls_template = layout->thread_pointer - shape.template_offset;
    layout->tls.address = libexec_round_down(layout->tls_template, page_size);
    layout->tls.length = libexec_round_up(layout->thread_pointer + shape.control_size, page_size) - layout->tls.address;
    return LIBEXEC_OK;
}

static void layout_place_brk(struct libexec_state *state, const struct libexec_bounds *bounds) {
    struct libexec_layout *layout = &state->layout;
    const uint64_t page_size = bounds->page_size;
    uint64_t obstacle;
    const bool loader =
        (state->program_plan.flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0 && !libexec_has_interpreter(state);
    // A program without interpreter stands in the mmap area, where brk could not grow: Linux moves its brk to the PIE
    // base.
    const uint64_t end = loader ? layout_pie_base(bounds) : layout->program_bias + state->program_plan.end;
    layout->brk_start = libexec_round_up(end, page_size);
    if (loader && layout_obstacle(state, layout->brk_start, page_size, &obstacle)) // a small user range
        layout->brk_start = libexec_round_up(layout->program_bias + state->program_plan.end, page_size);
    if (!layout_randomized(state) || state->arch->brk_entropy < page_size)
        return;
    uint64_t start = layout->brk_start + (loader ? 0 : page_size);
    start += state->random.words[ENTROPY_BRK] % (state->arch->brk_entropy / page_size) * page_size;
    if (libexec_inside(start, page_size, bounds->user_high) && !layout_obstacle(state, start, page_size, &obstacle))
        layout->brk_start = start;
}

// The stack was placed first: what the host wants free must not be there.
static enum libexec_status layout_check_reserved(struct libexec_state *state) {
    const struct libexec_layout *layout = &state->layout;
    for (uint32_t i = 0; i < state->answer.reserved_range_count; i++) {
        const struct libexec_range *range = &state->answer.reserved_ranges[i];
        if (!libexec_overlap(range->address, range->length, layout->guard.address,
                             layout->guard.length + layout->stack.length))
            continue;
        layout_fail(state, LIBEXEC_E_LAYOUT, range->address, range->address, layout->guard.address);
        return state->report.status;
    }
    return LIBEXEC_OK;
}

// ---- all of it
// --------------------------------------------------------------------------------------------------------

enum libexec_status libexec_layout_decide(struct libexec_state *state) {
    struct libexec_bounds bounds;
    libexec_bounds_of(&bounds, state->arch, &state->policy);
    memset(&state->layout, 0, sizeof state->layout);
    state->report.stage = LIBEXEC_STAGE_LAYOUT;
    state->report.file = LIBEXEC_FILE_NONE;
    if (layout_place_stack(state, &bounds) != LIBEXEC_OK)
        return state->report.status;
    layout_place_mmap_top(state, &bounds);
    if (layout_check_reserved(state) != LIBEXEC_OK)
        return state->report.status;
    if (layout_place_program(state, &bounds) != LIBEXEC_OK || layout_place_interpreter(state, &bounds) != LIBEXEC_OK ||
        layout_place_entry(state, &bounds) != LIBEXEC_OK)
        return state->report.status;
    if (state->own.status != LIBEXEC_OK) {
        state->report = state->own;
        layout_locate_report(state, libexec_report_on_interpreter(&state->own) ? &state->interpreter_plan
                                                                               : &state->program_plan);
        return state->report.status;
    }
    if (layout_place_tls(state, &bounds) != LIBEXEC_OK)
        return state->report.status;
    layout_place_brk(state, &bounds);
    return LIBEXEC_OK;
}
