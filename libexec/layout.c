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

static bool layout_randomized(const struct libexec_state *state) {
    return (state->policy.flags & LIBEXEC_POLICY_FIXED_ADDRESSES) == 0;
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

// The stack pointer comes first and the initial image is written upwards from it, so nothing needs to be measured
// before it is stored. Above it there is room for the largest arguments. Below it the program has the size that the
// policy gives.
static enum libexec_status layout_place_stack(struct libexec_state *state) {
    struct libexec_layout *layout = &state->layout;
    const struct libexec_bounds *bounds = &state->bounds;
    const uint64_t page_size = bounds->page_size;
    const uint64_t half = (bounds->user_high - bounds->user_low) / 2;
    const uint64_t limit = layout_stack_limit(state);
    const uint64_t size = limit == UINT64_MAX ? LAYOUT_DEFAULT_STACK : limit;
    const uint64_t guard = state->policy.stack_guard != 0 ? state->policy.stack_guard : LAYOUT_DEFAULT_GUARD;
    const uint64_t random = layout_randomized(state) ? state->random.words[ENTROPY_STACK] : 0;
    layout->argument_limit = layout_argument_limit(state);
    const uint64_t room =
        libexec_round_up(layout->argument_limit + LIBEXEC_STACK_FIXED + LAYOUT_STACK_JITTER, page_size);
    const uint64_t length = libexec_round_up(size, page_size) + (size < LAYOUT_LARGE_STACK ? room : 0);
    const uint64_t total = length + libexec_round_up(guard, page_size);
    if (size > half || guard > half || layout->argument_limit > libexec_min(half / 8, LAYOUT_LARGE_STACK / 4) ||
        length <= room || total > half)
        return libexec_fail(&state->report, LIBEXEC_E_STACK_SIZE, size, half);
    const uint64_t drop = libexec_min((random & state->arch->stack_entropy_pages) * page_size, half - total / 2);
    const uint64_t end = bounds->user_high - libexec_round_down(drop, page_size);
    layout->stack.address = end - length;
    layout->stack.length = length;
    layout->guard.address = end - total;
    layout->guard.length = total - length;
    layout->stack_pointer = end - room + (random >> 40 & LAYOUT_STACK_JITTER);
    return LIBEXEC_OK;
}

// Linux's mmap_base for a top-down address space.
static void layout_place_mmap_top(struct libexec_state *state) {
    const struct libexec_bounds *bounds = &state->bounds;
    const uint64_t page_size = bounds->page_size;
    const uint64_t high = bounds->user_high;
    uint64_t gap = layout_stack_limit(state);
    uint64_t pad = state->layout.guard.length;
    uint64_t drop = 0;
    if (layout_randomized(state)) {
        pad += state->arch->stack_entropy_pages * page_size;
        drop = (state->random.words[ENTROPY_MMAP] & state->arch->mmap_entropy_pages) * page_size;
    }
    if (gap + pad > gap)
        gap += pad;
    gap = libexec_min(libexec_max(gap, libexec_min(LAYOUT_LEAST_GAP, high / 4)), high / 6 * 5);
    if (bounds->user_low > high / 6) // a user range that does not begin near 0
        gap = libexec_min(gap, (high - bounds->user_low) / 2);
    const uint64_t top = high - gap;
    drop = libexec_min(drop, (top - bounds->user_low) / 2); // or one too small for the architecture's entropy
    state->layout.mmap_top = libexec_round_up(top - libexec_round_down(drop, page_size), page_size);
}

// ---- free ranges ----------------------------------------------------------------------------------------------------

// Whether something that stands at [address, address + size) is in the way of a range; where it begins, for the search
// and for reports.
static LIBEXEC_APART bool layout_blocks(uint64_t address, uint64_t size, const struct libexec_range *wanted,
                                        uint64_t *obstacle) {
    *obstacle = address;
    return libexec_overlap(wanted->address, wanted->length, address, size);
}

// The pages of a segment in the new image.
static LIBEXEC_APART struct libexec_range layout_segment_range(const struct libexec_state *state,
                                                               const struct libexec_segment *segment, uint64_t bias) {
    const uint64_t address = segment->address + bias;
    struct libexec_range range = {libexec_round_down(address, state->bounds.page_size), 0};
    if (segment->memory_size != 0)
        range.length = libexec_round_up(address + segment->memory_size, state->bounds.page_size) - range.address;
    return range;
}

// Whether something stands in the way of a range. Images occupy the pages of their segments; between them others may
// stand, as in Linux. The guard stands right below the stack.
static LIBEXEC_APART bool layout_obstacle(struct libexec_state *state, const struct libexec_range *wanted,
                                          uint64_t *obstacle) {
    const struct libexec_layout *layout = &state->layout;
    for (const struct libexec_image_file *file = state->files; file != state->files + libexec_file_count(state);
         file++) {
        if (!layout_blocks(file->range.address, file->range.length, wanted, obstacle))
            continue;
        for (uint32_t i = 0; i < file->plan->segment_count; i++) {
            const struct libexec_range pages = layout_segment_range(state, &file->plan->segments[i], file->bias);
            if (layout_blocks(pages.address, pages.length, wanted, obstacle))
                return true;
        }
    }
    for (uint32_t i = 0; i < state->answer.reserved_range_count; i++) {
        const struct libexec_range *range = &state->answer.reserved_ranges[i];
        if (layout_blocks(range->address, range->length, wanted, obstacle))
            return true;
    }
    return layout_blocks(layout->guard.address, layout->guard.length + layout->stack.length, wanted, obstacle);
}

// The highest free page-aligned range of `length` bytes below `top`; 0 where there is none. Each obstacle is met once.
static LIBEXEC_APART uint64_t layout_find(struct libexec_state *state, uint64_t top, uint64_t length) {
    const struct libexec_bounds *bounds = &state->bounds;
    // Linux lets a privileged program map lower pages by address, but never searches there.
    const uint64_t low = libexec_max(bounds->user_low, libexec_min(LAYOUT_LEAST_HINT, bounds->user_high / 16));
    while (length != 0 && top >= low && top - low >= length) {
        const struct libexec_range wanted = {top - length, length};
        if (!layout_obstacle(state, &wanted, &top))
            return wanted.address;
        top = libexec_round_down(top, bounds->page_size);
    }
    return 0;
}

// The room that is looked for to place a file mapping: more where it spans a large page, which Linux then wants to map
// as one (thp_get_unmapped_area).
static uint64_t layout_padded(const struct libexec_state *state, uint64_t offset, uint64_t length) {
    const uint64_t large = state->arch->large_page_size;
    const uint64_t aligned = libexec_round_up(offset, large);
    uint64_t end;
    if (large == 0 || !libexec_add(offset, length, &end) || length > UINT64_MAX - large || end <= aligned ||
        end - aligned < large)
        return length;
    return length + large;
}

// As layout_find, for a file mapping: one that spans a large page is placed congruent to its file offset modulo the
// large page.
static uint64_t layout_find_image(struct libexec_state *state, uint64_t top, uint64_t offset, uint64_t length) {
    const uint64_t padded = layout_padded(state, offset, length);
    const uint64_t found = layout_find(state, top, padded);
    if (padded == length)
        return found;
    if (found == 0)
        return layout_find(state, top, length);
    const uint64_t large = padded - length;
    const uint64_t step = (offset - found) & (large - 1);
    return found + (step == 0 ? large : step);
}

// ---- images ---------------------------------------------------------------------------------------------------------

// An image that is to get its place.
struct layout_image {
    struct libexec_image_file *file;
    struct libexec_placing placing;
    uint64_t first_page; // of the first segment
    uint64_t offset;     // where in the file that page begins
    uint64_t length;     // of the whole image, where it is reserved at once
    uint64_t alignment;
};

static uint64_t layout_pie_base(const struct libexec_bounds *bounds) {
    if (bounds->user_low > bounds->user_high / 3) // a user range that does not begin near 0
        return bounds->user_low + (bounds->user_high - bounds->user_low) / 3;
    return bounds->user_high / 3 * 2; // Linux's ELF_ET_DYN_BASE
}

// A PIE with an interpreter: far from the mmap area, so that brk can grow.
static uint64_t layout_pie_bias(const struct libexec_state *state, const struct libexec_plan *plan) {
    const struct libexec_bounds *bounds = &state->bounds;
    uint64_t base = layout_pie_base(bounds);
    if (layout_randomized(state)) {
        const uint64_t drop = (state->random.words[ENTROPY_PIE] & state->arch->mmap_entropy_pages) * bounds->page_size;
        base += libexec_min(drop, bounds->user_high / 8);
    }
    if (plan->alignment != 0)
        base &= ~(plan->alignment - 1);
    return libexec_round_down(base - plan->segments[0].address, bounds->page_size);
}

// What needs no address of its own goes where mmap would put it. Returns false after a failure.
static bool layout_search_bias(struct libexec_state *state, struct layout_image *image) {
    const struct libexec_plan *plan = image->file->plan;
    const struct libexec_segment *first = &plan->segments[0];
    const uint64_t page_size = state->bounds.page_size;
    uint64_t *const bias = &image->placing.bias;
    if (first->file_size == 0) { // Linux asks for a zero-only first segment at address 0; the check refuses that
        *bias = 0 - image->first_page;
        if (!image->placing.interpreter && (image->alignment <= page_size || first->memory_size == 0))
            *bias = libexec_round_down(0 - first->address, page_size);
        return true;
    }
    for (uint64_t top = state->layout.mmap_top;;) {
        struct libexec_range wanted = {layout_find_image(state, top, image->offset, image->length), image->length};
        uint64_t obstacle;
        if (wanted.address == 0) {
            image->placing.searching = true;
            libexec_plan_check(plan, &image->placing, 0, 1, &state->report);
            return false;
        }
        *bias = wanted.address - image->first_page;
        if (image->alignment <= page_size)
            return true;
        // Aligned downwards, as Linux does; where something is in the way then, the search goes on below it.
        *bias = libexec_round_down((wanted.address & ~(image->alignment - 1)) - first->address, page_size);
        wanted.address = image->first_page + *bias;
        if (!layout_obstacle(state, &wanted, &obstacle))
            return true;
        top = libexec_min(libexec_round_down(obstacle, page_size), top - page_size);
    }
}

// An interpreter with a first address of its own, started for a program without a bias: Linux takes the address as a
// hint.
static bool layout_hint_bias(struct libexec_state *state, struct layout_image *image) {
    const uint64_t start = libexec_max(image->first_page, LAYOUT_LEAST_HINT);
    uint64_t obstacle;
    if ((state->files[FILE_PROGRAM].plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0)
        return false;
    if (image->file->plan->segments[0].file_size == 0) // zero pages are never searched for: the bias stays 0
        return true;
    const struct libexec_range wanted = {start, layout_padded(state, image->offset, image->length)};
    if (image->first_page == 0 || !libexec_inside(start, wanted.length, state->bounds.user_high) ||
        layout_obstacle(state, &wanted, &obstacle))
        return false;
    image->placing.bias = start - image->first_page;
    return true;
}

static enum libexec_status layout_check_collision(struct libexec_state *state, const struct libexec_segment *segment,
                                                  uint64_t bias, enum libexec_status status) {
    const struct libexec_range pages = layout_segment_range(state, segment, bias);
    uint64_t obstacle;
    if (!layout_obstacle(state, &pages, &obstacle))
        return LIBEXEC_OK;
    state->report.program_header = segment->program_header;
    state->report.address = pages.address;
    return libexec_fail(&state->report, status, pages.address, obstacle);
}

// The first segment's collision is Linux's to find, before it looks at the others; later ones are this library's.
static enum libexec_status layout_check_segments(struct libexec_state *state, struct layout_image *image) {
    const struct libexec_plan *plan = image->file->plan;
    const struct libexec_segment *first = &plan->segments[0];
    struct libexec_placing *placing = &image->placing;
    const struct libexec_range all = {plan->low + placing->bias, plan->high - plan->low};
    uint64_t obstacle;
    const bool alone = !layout_obstacle(state, &all, &obstacle);
    if (alone && libexec_plan_check_ordered(plan, placing))
        return LIBEXEC_OK;
    if (libexec_plan_check(plan, placing, 0, 1, &state->report) != LIBEXEC_OK ||
        (first->file_size != 0 &&
         layout_check_collision(state, first, placing->bias, LIBEXEC_E_COLLISION) != LIBEXEC_OK) ||
        libexec_plan_check(plan, placing, 1, plan->segment_count, &state->report) != LIBEXEC_OK)
        return state->report.status;
    for (uint32_t i = 0; i < plan->segment_count && !alone; i++)
        if (layout_check_collision(state, &plan->segments[i], placing->bias, LIBEXEC_E_SEGMENT_COLLISION) != LIBEXEC_OK)
            break;
    return state->report.status;
}

static enum libexec_status layout_place_image(struct libexec_state *state, struct libexec_image_file *file) {
    const struct libexec_plan *plan = file->plan;
    const struct libexec_segment *first = &plan->segments[0];
    const bool interpreter = !LIBEXEC_CONFIG_STATIC_ONLY && file != state->files;
    const bool independent = (plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0;
    struct layout_image image = {
        .file = file,
        .placing = {.bounds = &state->bounds, .placed = true, .interpreter = interpreter},
    };
    state->report.file = file->kind;
    if (interpreter && plan->type - ELF_TYPE_EXEC > ELF_TYPE_DYN - ELF_TYPE_EXEC) // Linux finds this out only here
        return libexec_fail(&state->report, LIBEXEC_E_TYPE, plan->type, ELF_TYPE_DYN);
    if (plan->segment_count == 0) // in a program this library's own ruling
        return interpreter ? libexec_fail(&state->report, LIBEXEC_E_NO_SEGMENTS, 0, 1) : LIBEXEC_OK;
    if (interpreter || independent) {
        image.placing.span = plan->end - plan->low; // wrapping, as in Linux
        image.length = libexec_round_up(image.placing.span, state->bounds.page_size);
        if (image.length == 0)
            return libexec_fail(&state->report, LIBEXEC_E_EMPTY_SPAN, 0, 1);
        image.first_page = libexec_round_down(first->address, state->bounds.page_size);
        image.offset = first->file_offset - (first->address - image.first_page);
        image.alignment = interpreter ? 0 : plan->alignment;
    }
    if (independent && !interpreter && libexec_has_interpreter(state))
        image.placing.bias = layout_pie_bias(state, plan);
    else if (independent && !(interpreter && layout_hint_bias(state, &image)) && !layout_search_bias(state, &image))
        return state->report.status;
    if (layout_check_segments(state, &image) == LIBEXEC_OK) {
        file->bias = image.placing.bias;
        file->range.address = plan->low + file->bias;
        file->range.length = plan->high - plan->low;
    }
    return state->report.status;
}

static enum libexec_status layout_place_entry(struct libexec_state *state) {
    struct libexec_layout *layout = &state->layout;
    const struct libexec_image_file *file = state->files;
    layout->program_bias = file->bias;
    layout->program = file->range;
    layout->program_entry = file->plan->entry + file->bias;
    layout->program_headers = file->plan->program_headers + file->bias;
    layout->entry = layout->program_entry;
    if (libexec_has_interpreter(state)) {
        file++;
        layout->interpreter_bias = file->bias;
        layout->interpreter = file->range;
        layout->entry = file->plan->entry + file->bias;
    }
    if (layout->entry < state->bounds.user_high)
        return LIBEXEC_OK;
    state->report.file = file->kind;
    state->report.address = layout->entry;
    return libexec_fail(&state->report, LIBEXEC_E_ENTRY_RANGE, layout->entry, state->bounds.user_high);
}

// ---- TLS and brk ----------------------------------------------------------------------------------------------------

static bool layout_wants_tls(const struct libexec_state *state) {
    if (state->policy.tls != LIBEXEC_TLS_AUTOMATIC)
        return state->policy.tls == LIBEXEC_TLS_ALWAYS;
    return (state->files[FILE_PROGRAM].plan->flags & LIBEXEC_PLAN_TLS) != 0 && !libexec_has_interpreter(state);
}

// The whole pages of the template that may be the file's own; an empty range at the block's start where none are.
static void layout_borrow_template(struct libexec_state *state) {
    const struct libexec_image_file *program = &state->files[FILE_PROGRAM];
    const struct libexec_layout *layout = &state->layout;
    const uint64_t page_size = state->bounds.page_size;
    const uint64_t start = libexec_round_up(layout->tls_template, page_size);
    const uint64_t end = libexec_round_down(layout->tls_template + program->plan->tls_file_size, page_size);
    state->tls_borrowed.address = layout->tls.address;
    if ((program->source.flags & (LIBEXEC_SOURCE_COPY_ON_WRITE | LIBEXEC_SOURCE_FAULT)) == 0 || end <= start ||
        ((layout->tls_template - program->plan->tls_offset) & (page_size - 1)) != 0)
        return;
    state->tls_borrowed.address = start;
    state->tls_borrowed.length = end - start;
}

// Without PT_TLS all of the plan's quantities are 0: a template of no bytes.
static enum libexec_status layout_place_tls(struct libexec_state *state) {
    struct libexec_layout *layout = &state->layout;
    const struct libexec_plan *plan = state->files[FILE_PROGRAM].plan;
    const uint64_t page_size = state->bounds.page_size;
    struct libexec_tls_shape shape;
    if (!layout_wants_tls(state))
        return LIBEXEC_OK;
    state->report.file = LIBEXEC_FILE_PROGRAM;
    enum libexec_status status = libexec_tls_shape_of(&shape, plan, state->arch);
    if (status == LIBEXEC_OK && !libexec_inside(plan->tls_offset, plan->tls_file_size, plan->file_size))
        status = LIBEXEC_E_TLS_OUTSIDE_FILE;
    if (status != LIBEXEC_OK) {
        state->report.stage = LIBEXEC_STAGE_TLS;
        state->report.program_header = plan->tls_program_header;
        return libexec_refuse(&state->report, status);
    }
    // The shape's numbers are bounded by 2^48 each: no sum here overflows.
    const uint64_t length = libexec_round_up(shape.template_offset + shape.control_size, page_size) + 2 * page_size +
                            (shape.alignment > page_size ? shape.alignment : 0);
    const uint64_t pages = length / page_size;
    const uint64_t start = layout_find(state, layout->mmap_top, length);
    if (pages > state->bounds.page_budget)
        return libexec_fail(&state->report, LIBEXEC_E_PAGE_BUDGET, pages, state->bounds.page_budget);
    if (start == 0)
        return libexec_fail(&state->report, LIBEXEC_E_NO_ROOM, length, layout->mmap_top);
    // The thread pointer goes as high as it can. Where the alignment allows it the template is congruent to its place
    // in the file modulo the page, so that its whole pages can be borrowed.
    const uint64_t wanted = plan->tls_offset + shape.template_offset; // modulo the page: may wrap
    uint64_t pointer = libexec_round_down(start + length - shape.control_size, shape.alignment);
    if ((wanted & (libexec_min(shape.alignment, page_size) - 1)) == 0)
        pointer -= (pointer - wanted) & (page_size - 1);
    layout->thread_pointer = pointer;
    layout->tls_template = pointer - shape.template_offset;
    layout->tls.address = libexec_round_down(layout->tls_template, page_size);
    layout->tls.length = libexec_round_up(pointer + shape.control_size, page_size) - layout->tls.address;
    layout_borrow_template(state);
    return LIBEXEC_OK;
}

static bool layout_page_is_free(struct libexec_state *state, uint64_t address) {
    const struct libexec_range page = {address, state->bounds.page_size};
    uint64_t obstacle;
    return !layout_obstacle(state, &page, &obstacle);
}

static void layout_place_brk(struct libexec_state *state) {
    const struct libexec_image_file *program = &state->files[FILE_PROGRAM];
    const uint64_t page_size = state->bounds.page_size;
    uint64_t *const brk_start = &state->layout.brk_start;
    // A program without interpreter stands in the mmap area, where brk could not grow: Linux moves its brk to the PIE
    // base.
    const bool loader =
        (program->plan->flags & LIBEXEC_PLAN_POSITION_INDEPENDENT) != 0 && !libexec_has_interpreter(state);
    *brk_start =
        libexec_round_up(loader ? layout_pie_base(&state->bounds) : program->bias + program->plan->end, page_size);
    if (loader && !layout_page_is_free(state, *brk_start)) // a small user range
        *brk_start = libexec_round_up(program->bias + program->plan->end, page_size);
    if (!layout_randomized(state) || state->arch->brk_entropy < page_size)
        return;
    uint64_t start = *brk_start + (loader ? 0 : page_size);
    start += state->random.words[ENTROPY_BRK] % (state->arch->brk_entropy / page_size) * page_size;
    if (libexec_inside(start, page_size, state->bounds.user_high) && layout_page_is_free(state, start))
        *brk_start = start;
}

// The stack was placed first: what the host wants free must not be there.
static enum libexec_status layout_check_reserved(struct libexec_state *state) {
    const struct libexec_layout *layout = &state->layout;
    const struct libexec_range all = {layout->guard.address, layout->guard.length + layout->stack.length};
    for (uint32_t i = 0; i < state->answer.reserved_range_count; i++) {
        const struct libexec_range *range = &state->answer.reserved_ranges[i];
        if (layout_blocks(range->address, range->length, &all, &state->report.address))
            return libexec_fail(&state->report, LIBEXEC_E_LAYOUT, range->address, all.address);
    }
    return LIBEXEC_OK;
}

// ---- all of it ------------------------------------------------------------------------------------------------------

enum libexec_status libexec_layout_decide(struct libexec_state *state) {
    struct libexec_report *report = &state->report;
    memset(&state->layout, 0, sizeof state->layout);
    state->tls_borrowed.length = 0;
    report->stage = LIBEXEC_STAGE_LAYOUT;
    report->file = LIBEXEC_FILE_NONE;
    state->files[FILE_PROGRAM].range.length = 0;
    state->files[FILE_INTERPRETER].range.length = 0;
    if (layout_place_stack(state) != LIBEXEC_OK)
        return report->status;
    layout_place_mmap_top(state);
    if (layout_check_reserved(state) != LIBEXEC_OK)
        return report->status;
    for (struct libexec_image_file *file = state->files; file != state->files + libexec_file_count(state); file++)
        if (layout_place_image(state, file) != LIBEXEC_OK)
            return report->status;
    if (layout_place_entry(state) != LIBEXEC_OK)
        return report->status;
    if (state->own.status != LIBEXEC_OK) {
        *report = state->own;
        return report->status;
    }
    if (layout_place_tls(state) != LIBEXEC_OK)
        return report->status;
    layout_place_brk(state);
    return LIBEXEC_OK;
}
