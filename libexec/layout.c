// SPDX-License-Identifier: MIT
// All addresses of the new image, placed as Linux places them on x86-64 (fs/binfmt_elf.c, mm/mmap.c), before anything
// is mapped. Segments are checked here too, program first, each against the address that it gets: the first fault is
// the one Linux finds first.
#include "layout.h"

#include "bytes.h"
#include "checked.h"
#include "elf_format.h"
#include "report.h"

#include <libexec/tls.h>

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

// The files that may have a place.
#define LAYOUT_FILES (LIBEXEC_CONFIG_STATIC_ONLY ? 1 : 2)

// Nothing stands in the way: the answer of layout_obstacle, and an address where nothing can begin.
#define LAYOUT_FREE UINT64_MAX

// All ones, or 0 where addresses are not random: a mask for what is.
static uint64_t layout_random_mask(const struct libexec_state *state) {
    return (uint64_t)(state->policy.flags & LIBEXEC_POLICY_FIXED_ADDRESSES) - 1;
}
_Static_assert(LIBEXEC_POLICY_FIXED_ADDRESSES == 1, "the mask is made from its value");

// A random distance that leaves the place it is drawn for where the user range is small: wrapped, not cut off, so that
// the farthest place is no likelier than others.
static uint64_t layout_within(uint64_t distance, uint64_t most) {
    return distance % (most + 1);
}

// ---- free ranges ----------------------------------------------------------------------------------------------------

// Where [address, address + length) begins if it shares a byte with [start, end), else LAYOUT_FREE.
static LIBEXEC_APART_FOR_SIZE uint64_t layout_blocks(uint64_t address, uint64_t start, uint64_t end, uint64_t length) {
    if (start < address ? address < end && length != 0 : start - address < length)
        return address;
    return LAYOUT_FREE;
}

// Where what stands in the way of the pages [start, end) begins, or LAYOUT_FREE. Images occupy the pages of their
// segments; between them others may stand, as in Linux. The guard stands right below the stack.
static LIBEXEC_APART uint64_t layout_obstacle(const struct libexec_state *state, uint64_t start, uint64_t end) {
    const struct libexec_layout *layout = &state->layout;
    const struct libexec_range *spanned = &layout->program;
    uint64_t obstacle;
    for (const struct libexec_image_file *file = state->files; file != state->files + LAYOUT_FILES; file++) {
        if (layout_blocks(spanned->address, start, end, spanned->length) != LAYOUT_FREE) {
            const struct libexec_segment *segment = file->plan->segments;
            for (uint32_t left = file->plan->segment_count; left != 0; left--, segment++) {
                obstacle = layout_blocks(segment->address + file->bias, start, end, segment->memory_size);
                if (obstacle != LAYOUT_FREE)
                    return obstacle;
            }
        }
        spanned = &layout->interpreter;
    }
    const struct libexec_range *range = state->answer.reserved_ranges;
    for (uint32_t left = state->answer.reserved_range_count; left != 0; left--, range++) {
        obstacle = layout_blocks(range->address, start, end, range->length);
        if (obstacle != LAYOUT_FREE)
            return obstacle;
    }
    return layout_blocks(layout->guard.address, start, end, layout->guard.length + layout->stack.length);
}

// Linux lets a privileged program map lower pages by address, but never searches there, and raises hints.
static uint64_t layout_lowest(const struct libexec_bounds *bounds) {
    return libexec_max(bounds->user_low, LAYOUT_LEAST_HINT);
}

// The highest free page-aligned range of `length` bytes below `top`; the end of the user range where there is none.
// Each obstacle is met once.
static LIBEXEC_APART uint64_t layout_find(const struct libexec_state *state, uint64_t top, uint64_t length) {
    const struct libexec_bounds *bounds = &state->bounds;
    const uint64_t low = layout_lowest(bounds);
    while (top >= low && top - low >= length) {
        const uint64_t obstacle = layout_obstacle(state, top - length, top);
        if (obstacle == LAYOUT_FREE)
            return top - length;
        top = libexec_round_down(obstacle, bounds->page_size);
    }
    return bounds->user_high;
}

// What is looked for beside the pages of a file mapping: a large page where the mapping spans one, which Linux then
// wants to map as one (thp_get_unmapped_area). Signed: for a length beyond 2^63 there is no room anyway.
static LIBEXEC_APART_FOR_SIZE uint64_t layout_padding(uint64_t large, uint64_t offset, uint64_t length) {
    return (int64_t)length >= (int64_t)(large + ((0 - offset) & (large - 1))) ? large : 0;
}

// ---- the stack ------------------------------------------------------------------------------------------------------

// The stack pointer comes first and the initial image is written upwards from it, so nothing needs to be measured
// before it is stored. Above it there is room for the largest arguments. Below it the program has the size that the
// policy gives. The mmap area ends below: Linux's mmap_base for a top-down address space.
static void layout_place_stack(struct libexec_state *state) {
    struct libexec_layout *layout = &state->layout;
    const struct libexec_bounds *bounds = &state->bounds;
    const struct libexec_policy *policy = &state->policy;
    const uint64_t page_size = bounds->page_size;
    const uint64_t high = bounds->user_high;
    const uint64_t quarter = (high - bounds->user_low) / 4;
    const uint64_t limit = policy->stack_size != 0 ? policy->stack_size : LAYOUT_DEFAULT_STACK;
    // As Linux's stack never gets a part of a page (mm/mmap.c, acct_stack_growth); but one page, always.
    const uint64_t size = libexec_round_down(
        limit == UINT64_MAX ? LAYOUT_DEFAULT_STACK : libexec_max(libexec_min(limit, high), page_size), page_size);
    uint64_t arguments = policy->argument_limit;
    if (arguments == 0) // Linux's (fs/exec.c, bprm_stack_limits)
        arguments = libexec_max(libexec_min(LAYOUT_ARGUMENTS_MOST, limit / 4), LAYOUT_ARGUMENTS_LEAST);
    const uint64_t least_guard =
        policy->stack_guard != 0 ? libexec_min(policy->stack_guard, high) : LAYOUT_DEFAULT_GUARD;
    const uint64_t room = libexec_round_up(arguments + LIBEXEC_STACK_FIXED + LAYOUT_STACK_JITTER, page_size);
    const uint64_t guard = libexec_round_up(least_guard, page_size);
    const uint64_t length = size + (size < LAYOUT_LARGE_STACK ? room : 0);
    const uint64_t total = length + guard;
    uint64_t value = total;
    uint64_t most = quarter * 2;
    if (arguments > LAYOUT_LARGE_STACK / 4) {
        value = arguments;
        most = LAYOUT_LARGE_STACK / 4;
    }
    if (value > most) {
        libexec_fail(&state->report, LIBEXEC_E_STACK_SIZE, value, most);
        return;
    }
    const uint64_t mask = layout_random_mask(state);
    const uint64_t entropy = state->arch->stack_entropy_pages & mask;
    uint64_t top = high - libexec_min(libexec_max(size + guard + entropy * page_size, LAYOUT_LEAST_GAP), quarter * 3);
    if (limit == UINT64_MAX)
        top = libexec_max(high - high / 6 * 5, bounds->user_low + quarter / 2);
    const uint64_t drop = (state->random.words[ENTROPY_MMAP] & mask & state->arch->mmap_entropy_pages) * page_size;
    layout->mmap_top = libexec_round_up(top - layout_within(drop, (top - bounds->user_low) / 2), page_size);
    const uint64_t random = state->random.words[ENTROPY_STACK] & mask;
    most = (high - bounds->user_low - total) / 8; // a small stack stays above the places of PIEs with an interpreter
    const uint64_t end = libexec_round_down(high - layout_within((random & entropy) * page_size, most), page_size);
    layout->argument_limit = arguments;
    layout->stack_pointer = end - room + (random >> 40 & LAYOUT_STACK_JITTER);
    layout->stack.address = state->edges[PART_STACK] = end - length;
    layout->guard.address = state->edges[PART_GUARD] = end - total;
    state->edges[PART_COUNT] = end;
    layout->mmap_top = libexec_min(layout->mmap_top, layout->guard.address); // Linux's gap counts no room for arguments
    if (state->answer.reserved_range_count != 0) { // what the host wants free: nothing else has a place yet
        const uint64_t obstacle = layout_obstacle(state, end - total, end);
        state->report.address = obstacle;
        if (obstacle != LAYOUT_FREE)
            libexec_fail(&state->report, LIBEXEC_E_LAYOUT, obstacle, end - total);
    }
    layout->stack.length = length;
    layout->guard.length = guard;
}

// ---- images ---------------------------------------------------------------------------------------------------------

static bool layout_program_moves(const struct libexec_state *state) {
    return (state->files[FILE_PROGRAM].plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0;
}

// Linux's ELF_ET_DYN_BASE; the middle of a user range that does not begin near 0.
static LIBEXEC_APART_FOR_SIZE uint64_t layout_pie_base(const struct libexec_bounds *bounds) {
    return libexec_max(bounds->user_high / 3 * 2, (bounds->user_low + bounds->user_high) / 2);
}

// A PIE with an interpreter: far from the mmap area, so that brk can grow; and below the guard, if it fits there.
static uint64_t layout_pie_bias(const struct libexec_state *state, const struct libexec_plan *plan, uint64_t length) {
    const struct libexec_bounds *bounds = &state->bounds;
    uint64_t base = layout_pie_base(bounds);
    const uint64_t pages =
        state->random.words[ENTROPY_PIE] & layout_random_mask(state) & state->arch->mmap_entropy_pages;
    // What is free above the image; a quarter is used. Where nothing is, the alignment may bring it below the guard.
    const int64_t room = (int64_t)(state->layout.guard.address - base - length);
    if (room > 0)
        base += layout_within(pages * bounds->page_size, (uint64_t)room / 4);
    if (plan->alignment != 0)
        base &= ~(plan->alignment - 1);
    return libexec_round_down(base - plan->segments[0].address, bounds->page_size);
}

// Where an interpreter with a first address of its own is to stand that is started for a program without a bias: Linux
// takes the address as a hint.
static uint64_t layout_hint(const struct libexec_state *state, uint64_t first_page) {
    if (first_page == 0 || state->layout.program_bias != 0)
        return 0;
    return libexec_max(first_page, layout_lowest(&state->bounds));
}

// A first segment without file bytes: Linux asks for it at address 0, which the check refuses; an interpreter's for a
// program without a bias gets none.
static uint64_t layout_zero_bias(const struct libexec_state *state, const struct libexec_segment *first,
                                 uint64_t alignment, bool interpreter) {
    const uint64_t page_size = state->bounds.page_size;
    if (interpreter && state->layout.program_bias == 0)
        return 0;
    if (interpreter || (alignment > page_size && first->memory_size != 0))
        return 0 - libexec_round_down(first->address, page_size);
    return libexec_round_down(0 - first->address, page_size);
}

// What needs no address of its own goes where mmap would put it; where there is no room, to the end of the user range,
// for the check to refuse. Those that span a large page stand congruent to their file offset modulo the large page as
// long as there is room: looked for with a large page more, they move up in what was found.
static uint64_t layout_choose_bias(const struct libexec_state *state, const struct libexec_plan *plan, uint64_t length,
                                   bool interpreter) {
    const struct libexec_segment *first = plan->segments;
    const uint64_t alignment = interpreter ? 0 : plan->alignment;
    if (!interpreter && libexec_has_interpreter(state))
        return layout_pie_bias(state, plan, length);
    const uint64_t page_size = state->bounds.page_size;
    const uint64_t first_page = libexec_round_down(first->address, page_size);
    // Rounded where they are not congruent, which is refused below: the bias has whole pages.
    const uint64_t offset = libexec_round_down(first->file_offset - (first->address - first_page), page_size);
    if (first->file_size == 0)
        return layout_zero_bias(state, first, alignment, interpreter);
    uint64_t padding = layout_padding(state->arch->large_page_size, offset, length);
    const uint64_t hint = interpreter ? layout_hint(state, first_page) : 0;
    for (uint64_t top = state->layout.mmap_top;;) {
        if (hint != 0 && libexec_inside(hint, length + padding, state->bounds.user_high) &&
            layout_obstacle(state, hint, hint + length + padding) == LAYOUT_FREE)
            return hint - first_page;
        uint64_t found = layout_find(state, top, length + padding);
        if (padding != 0) {
            if (found == state->bounds.user_high) {
                padding = 0;
                continue;
            }
            found += padding - ((found - offset) & (padding - 1));
        }
        if (alignment <= page_size || found == state->bounds.user_high)
            return found - first_page;
        // Aligned downwards, as Linux does; where something is in the way then, the search goes on below it.
        const uint64_t bias = libexec_round_down((found & ~(alignment - 1)) - first->address, page_size);
        // What is in the way begins below what was searched, unless the bias wrapped, which is refused below.
        const uint64_t obstacle = layout_obstacle(state, first_page + bias, first_page + bias + length);
        if (obstacle >= top)
            return bias;
        top = libexec_round_down(obstacle, page_size);
    }
}

// Whether one of the first `count` segments is in the way of another part. With the first one of a PIE that has an
// interpreter Linux asks for all that the image spans, where it stands: no hole may lie over the stack, which is there.
// It asks with a file mapping: without bytes of the file there is none.
static bool layout_collides(struct libexec_state *state, const struct libexec_plan *plan,
                            const struct libexec_placing *placing, uint32_t count, enum libexec_status status) {
    const struct libexec_layout *layout = &state->layout;
    const uint64_t page_size = state->bounds.page_size;
    const struct libexec_segment *segment = plan->segments;
    for (uint32_t i = 0; i < count; i++, segment++) {
        const uint64_t address = segment->address + placing->bias;
        const uint64_t start = libexec_round_down(address, page_size);
        if (segment->memory_size == 0)
            continue;
        uint64_t obstacle = layout_obstacle(state, start, libexec_round_up(address + segment->memory_size, page_size));
        if (libexec_has_interpreter(state) && !placing->interpreter && obstacle == LAYOUT_FREE && i == 0 &&
            segment->file_size != 0)
            obstacle = layout_blocks(layout->guard.address, start, start + placing->span,
                                     layout->guard.length + layout->stack.length);
        if (obstacle == LAYOUT_FREE)
            continue;
        state->report.program_header = segment->program_header;
        state->report.address = start;
        libexec_fail(&state->report, status, start, obstacle);
        return true;
    }
    return false;
}

// The same as libexec_plan_check for all segments of a plan with LIBEXEC_PLAN_ORDERED at once. False where one might
// not pass.
static bool layout_check_ordered(const struct libexec_plan *plan, struct libexec_placing *placing) {
    const struct libexec_bounds *bounds = placing->bounds;
    const uint64_t start = plan->low + placing->bias;
    const uint64_t length = plan->high - plan->low;
    if ((plan->flags & LIBEXEC_PLAN_ORDERED) == 0 || plan->high > bounds->user_high || start < bounds->user_low ||
        plan->file_size > (uint64_t)INT64_MAX / 2 || // else no offset with a span added is beyond INT64_MAX
        !libexec_inside(start, length, bounds->user_high) || length / bounds->page_size > bounds->page_budget)
        return false;
    placing->low = start;
    placing->high = start + length;
    return true;
}

// The checks in Linux's order, in two rounds: the first segment's collision is Linux's to find, before it looks at the
// others; later ones, or of zero pages, are this library's.
static void layout_check_segments(struct libexec_state *state, const struct libexec_plan *plan,
                                  struct libexec_placing *placing) {
    for (uint32_t from = 0, to = 1;; from = 1, to = plan->segment_count) {
        if (libexec_plan_check(plan, placing, from, to, &state->report) != LIBEXEC_OK)
            return;
        if ((from | plan->segments[0].file_size) != 0 &&
            layout_collides(state, plan, placing, to, (enum libexec_status)(LIBEXEC_E_COLLISION + from)))
            return;
        if (from != 0)
            return;
    }
}
_Static_assert(LIBEXEC_E_SEGMENT_COLLISION == LIBEXEC_E_COLLISION + 1, "the status is made from the round");

// What the rest of the library and the kernel are told of an image in its place.
static void layout_note_image(struct libexec_state *state, struct libexec_image_file *file,
                              const struct libexec_placing *placing) {
    struct libexec_layout *layout = &state->layout;
    const struct libexec_plan *plan = file->plan;
    const uint64_t bias = placing->bias;
    const struct libexec_range range = {placing->low, placing->high - libexec_min(placing->low, placing->high)};
    file->bias = bias;
    layout->entry = plan->entry + bias;
    if (libexec_report_on_interpreter(&state->report)) {
        layout->interpreter_bias = bias;
        layout->interpreter = range;
        return;
    }
    layout->program_bias = bias;
    layout->program = range;
    layout->program_entry = layout->entry;
    layout->program_headers = plan->program_headers + bias;
}

static LIBEXEC_APART_FOR_SIZE void layout_place_image(struct libexec_state *state, struct libexec_image_file *file) {
    const struct libexec_plan *plan = file->plan;
    state->report.file = file->kind;
    const bool interpreter = libexec_report_on_interpreter(&state->report);
    const bool independent = (plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0;
    struct libexec_placing placing = {
        .bounds = &state->bounds, .low = UINT64_MAX, .placed = true, .interpreter = interpreter};
    if (interpreter && plan->type - ELF_TYPE_EXEC > ELF_TYPE_DYN - ELF_TYPE_EXEC) { // Linux finds this out only here
        libexec_fail(&state->report, LIBEXEC_E_TYPE, plan->type, ELF_TYPE_DYN);
        return;
    }
    if (interpreter || plan->segment_count != 0) { // a program without segments is this library's own ruling
        if (interpreter || independent) {
            placing.span = libexec_round_up(plan->end - plan->low, state->bounds.page_size); // wrapping, as in Linux
            if (placing.span == 0) {
                libexec_fail(&state->report, plan->segment_count == 0 ? LIBEXEC_E_NO_SEGMENTS : LIBEXEC_E_EMPTY_SPAN, 0,
                             1);
                return;
            }
        }
        if (independent)
            placing.bias = layout_choose_bias(state, plan, placing.span, interpreter);
        if (layout_obstacle(state, plan->low + placing.bias, plan->high + placing.bias) != LAYOUT_FREE ||
            !layout_check_ordered(plan, &placing))
            layout_check_segments(state, plan, &placing);
    }
    if (state->report.status == LIBEXEC_OK)
        layout_note_image(state, file, &placing);
}

// ---- TLS and brk ----------------------------------------------------------------------------------------------------

static bool layout_wants_tls(const struct libexec_state *state) {
    if (state->policy.tls != LIBEXEC_TLS_AUTOMATIC)
        return state->policy.tls == LIBEXEC_TLS_ALWAYS;
    return (state->files[FILE_PROGRAM].plan->flags & LIBEXEC_PLAN_TLS) != 0 && !libexec_has_interpreter(state);
}

// The whole pages of the template that may be the file's own; an empty range at the block's start where none are.
static void layout_borrow_template(struct libexec_state *state, bool congruent) {
    const struct libexec_image_file *program = &state->files[FILE_PROGRAM];
    const struct libexec_range *tls = &state->layout.tls;
    const uint64_t page_size = state->bounds.page_size;
    const uint64_t template = state->layout.tls_template;
    uint64_t start = libexec_round_up(template, page_size);
    uint64_t end = libexec_round_down(template + program->plan->tls_file_size, page_size);
    if (!congruent || (program->source.flags & (LIBEXEC_SOURCE_COPY_ON_WRITE | LIBEXEC_SOURCE_FAULT)) == 0 ||
        end <= start)
        start = end = tls->address;
    state->edges[PART_TLS_HEAD] = tls->address;
    state->edges[PART_TLS_LENT] = start;
    state->edges[PART_TLS_REST] = end;
    state->edges[PART_BETWEEN] = tls->address + tls->length;
}

// Without PT_TLS all of the plan's quantities are 0: a template of no bytes.
static void layout_place_tls(struct libexec_state *state) {
    struct libexec_layout *layout = &state->layout;
    const struct libexec_plan *plan = state->files[FILE_PROGRAM].plan;
    const uint64_t page_size = state->bounds.page_size;
    struct libexec_tls_shape shape;
    if (!layout_wants_tls(state))
        return;
    state->report.file = LIBEXEC_FILE_PROGRAM;
    enum libexec_status status = libexec_tls_shape_of(&shape, plan, state->arch);
    if (status == LIBEXEC_OK && !libexec_inside(plan->tls_offset, plan->tls_file_size, plan->file_size))
        status = LIBEXEC_E_TLS_OUTSIDE_FILE;
    if (status != LIBEXEC_OK) {
        state->report.stage = LIBEXEC_STAGE_TLS;
        state->report.program_header = plan->tls_program_header;
        libexec_refuse(&state->report, status);
        return;
    }
    // The shape's numbers are bounded by 2^48 each: no sum here overflows.
    const uint64_t length = libexec_round_up(shape.template_offset + shape.control_size, page_size) + 2 * page_size +
                            libexec_round_down(shape.alignment, page_size);
    uint64_t top = layout->mmap_top;
    if (layout_program_moves(state) && !libexec_has_interpreter(state)) // it stands there: no need to look through it
        top = libexec_min(top, layout->program.address);
    uint64_t start = layout_find(state, top, length);
    if (start == state->bounds.user_high)
        start = layout_find(state, layout->mmap_top, length);
    if (start == state->bounds.user_high) {
        libexec_fail(&state->report, LIBEXEC_E_NO_ROOM, length, start);
        return;
    }
    // The thread pointer goes as high as it can. Where the alignment allows it the template is congruent to its place
    // in the file modulo the page, so that its whole pages can be borrowed.
    uint64_t pointer = libexec_round_down(start + length - shape.control_size, shape.alignment);
    const uint64_t surplus = (pointer - shape.template_offset - plan->tls_offset) & (page_size - 1); // may wrap
    const bool congruent = (surplus & (shape.alignment - 1)) == 0;
    if (congruent)
        pointer -= surplus;
    layout->thread_pointer = pointer;
    layout->tls_template = pointer - shape.template_offset;
    layout->tls.address = libexec_round_down(layout->tls_template, page_size);
    layout->tls.length = libexec_round_up(pointer + shape.control_size, page_size) - layout->tls.address;
    const uint64_t pages = layout->tls.length / page_size;
    if (pages > state->bounds.page_budget)
        libexec_fail(&state->report, LIBEXEC_E_PAGE_BUDGET, pages, state->bounds.page_budget);
    layout_borrow_template(state, congruent);
}

// Moves the start of brk to another page where that is free. The TLS block has its place by now.
static void layout_move_brk(struct libexec_state *state, uint64_t start) {
    if (start < state->bounds.user_high && start - state->layout.tls.address >= state->layout.tls.length &&
        layout_obstacle(state, start, start + state->bounds.page_size) == LAYOUT_FREE)
        state->layout.brk_start = start;
}

// A program without interpreter stands in the mmap area, where brk could not grow: Linux moves its brk to the PIE base.
static void layout_place_brk(struct libexec_state *state) {
    const struct libexec_image_file *program = &state->files[FILE_PROGRAM];
    const uint64_t page_size = state->bounds.page_size;
    const uint64_t entropy = state->arch->brk_entropy & layout_random_mask(state);
    uint64_t step = page_size;
    state->layout.brk_start = libexec_round_up(program->bias + program->plan->end, page_size);
    if ((program->plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0 && !libexec_has_interpreter(state)) {
        layout_move_brk(state, libexec_round_up(layout_pie_base(&state->bounds), page_size));
        step = 0;
    }
    if (entropy >= page_size)
        layout_move_brk(state, state->layout.brk_start + step +
                                   libexec_round_down(state->random.words[ENTROPY_BRK] % entropy, page_size));
}

// ---- all of it ------------------------------------------------------------------------------------------------------

enum libexec_status libexec_layout_decide(struct libexec_state *state) {
    struct libexec_report *report = &state->report;
    memset(&state->layout, 0, sizeof state->layout);
    layout_place_stack(state);
    for (uint32_t i = 0; i < libexec_file_count(state) && report->status == LIBEXEC_OK; i++)
        layout_place_image(state, &state->files[i]);
    if (report->status != LIBEXEC_OK)
        return report->status;
    if (state->layout.entry >= state->bounds.user_high) { // of the last file, which starts
        report->address = state->layout.entry;
        return libexec_fail(report, LIBEXEC_E_ENTRY_RANGE, state->layout.entry, state->bounds.user_high);
    }
    if (state->own.status != LIBEXEC_OK)
        *report = state->own;
    else
        layout_place_tls(state);
    if (report->status == LIBEXEC_OK)
        layout_place_brk(state);
    return report->status;
}
