// SPDX-License-Identifier: MIT
// The loader proper. Every decision stands in the plan and the layout; here they become regions, and regions become
// host calls. A region of file pages splits in two where the host lends file pages but the last one must be written:
// what the library writes is never shared.
#include "load.h"

#include "bytes.h"
#include "checked.h"
#include "report.h"
#include "space.h"

// ---- regions --------------------------------------------------------------------------------------------------------

// The parts of an image that follow its files lie between edges: of the TLS block, of the lent pages inside it, of the
// guard, and of the stack right above it.
enum { PART_TLS_HEAD, PART_TLS_LENT, PART_TLS_REST, PART_BETWEEN, PART_GUARD, PART_STACK, PART_COUNT };
_Static_assert(sizeof(((struct libexec_state *)0)->edges) == (PART_COUNT + 1) * sizeof(uint64_t),
               "one more than parts");

static void load_set_edges(struct libexec_state *state) {
    const struct libexec_layout *layout = &state->layout;
    const struct libexec_range *lent = &state->tls_borrowed;
    uint64_t *edges = state->edges;
    edges[PART_TLS_HEAD] = layout->tls.address;
    edges[PART_TLS_LENT] = lent->address;
    edges[PART_TLS_REST] = lent->address + lent->length;
    edges[PART_BETWEEN] = layout->tls.address + layout->tls.length;
    edges[PART_GUARD] = layout->guard.address;
    edges[PART_STACK] = layout->stack.address;
    edges[PART_COUNT] = layout->stack.address + layout->stack.length;
}

static void load_other_region(const struct libexec_state *state, uint32_t part, struct libexec_region *region) {
    memset(region, 0, sizeof *region);
    region->address = state->edges[part];
    region->length = state->edges[part + 1] - state->edges[part];
    region->kind = LIBEXEC_REGION_TLS;
    region->rights = LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE;
    if (part == PART_TLS_LENT) {
        region->file = LIBEXEC_FILE_PROGRAM;
        region->file_offset = state->plans[FILE_PROGRAM].tls_offset + (region->address - state->layout.tls_template);
        region->file_length = region->length;
    } else if (part == PART_GUARD) {
        region->kind = LIBEXEC_REGION_GUARD;
        region->rights = 0;
    } else if (part == PART_STACK) {
        region->kind = LIBEXEC_REGION_STACK;
        region->rights = state->stack_rights;
    }
}

static LIBEXEC_APART void load_begin_file(const struct libexec_state *state, struct libexec_region_cursor *cursor,
                                          const struct libexec_image_file *file) {
    cursor->file = file;
    cursor->of_file.plan = file->plan;
    cursor->of_file.page_size = state->bounds.page_size;
    cursor->of_file.bias = file->bias;
    cursor->of_file.from = 0;
    cursor->of_file.index = 0;
    cursor->of_file.file = file->kind;
}

void libexec_load_begin(const struct libexec_state *state, struct libexec_region_cursor *cursor) {
    cursor->part = state->layout.tls.length != 0 ? PART_TLS_HEAD : PART_GUARD;
    load_begin_file(state, cursor, state->files);
}

bool libexec_load_region(const struct libexec_state *state, struct libexec_region_cursor *cursor,
                         struct libexec_region *region) {
    while (cursor->file != NULL) {
        if (libexec_plan_region(&cursor->of_file, region))
            return true;
        if (libexec_has_interpreter(state) && cursor->file == state->files)
            load_begin_file(state, cursor, cursor->file + 1);
        else
            cursor->file = NULL;
    }
    for (uint32_t part = cursor->part; part < PART_COUNT; part++) {
        if (part == PART_BETWEEN || state->edges[part] == state->edges[part + 1])
            continue;
        load_other_region(state, part, region);
        cursor->part = part + 1;
        return true;
    }
    return false;
}

// ---- map ------------------------------------------------------------------------------------------------------------

// All of an operation but its region: where the region's pages come from. Returns how many of its first bytes that
// holds for; the others are written by the library.
static uint64_t load_back(const struct libexec_state *state, struct libexec_map *operation) {
    const struct libexec_region *region = &operation->region;
    const uint64_t page_size = state->bounds.page_size;
    operation->backing = LIBEXEC_BACKING_ZERO;
    operation->reserved = 0;
    operation->source = NULL;
    operation->present.address = 0;
    operation->present.length = 0;
    if (region->file == LIBEXEC_FILE_NONE) {
        if (region->kind == LIBEXEC_REGION_GUARD)
            operation->backing = LIBEXEC_BACKING_NONE;
        if (region->kind == LIBEXEC_REGION_STACK) {
            operation->backing = LIBEXEC_BACKING_RESERVE;
            operation->present.address = libexec_round_down(state->layout.stack_pointer, page_size);
            operation->present.length = page_size;
        }
        return region->length;
    }
    operation->source = &state->files[region->file - LIBEXEC_FILE_PROGRAM].source;
    if (region->file_length == 0)
        return region->length;
    const uint32_t flags = operation->source->flags;
    operation->backing = LIBEXEC_BACKING_FAULT;
    if ((flags & LIBEXEC_SOURCE_FAULT) != 0)
        return region->length;
    if ((region->rights & LIBEXEC_RIGHT_WRITE) == 0 && (flags & LIBEXEC_SOURCE_SHARE) != 0)
        operation->backing = LIBEXEC_BACKING_SHARE;
    else if ((flags & LIBEXEC_SOURCE_COPY_ON_WRITE) != 0)
        operation->backing = LIBEXEC_BACKING_COPY_ON_WRITE;
    else
        return 0;
    // A page with the end of the file in it holds the zeros that the image needs, if the host says so.
    const bool zero_tail =
        (flags & LIBEXEC_SOURCE_ZERO_TAIL) != 0 && region->file_offset + region->file_length == operation->source->size;
    return libexec_round_down(region->file_length + (zero_tail ? page_size - 1 : 0), page_size);
}

// Cuts the first `length` bytes off a region.
static void load_advance(struct libexec_region *region, uint64_t length) {
    region->address += length;
    region->length -= length;
    region->file_offset += length;
    region->file_length -= libexec_min(region->file_length, length);
}

// Maps the region of the next operation, in two pieces where the host lends only the first of its pages.
static enum libexec_status load_map_region(struct libexec_state *state) {
    struct libexec_map *operation = libexec_space_operation(state);
    const uint64_t lent = load_back(state, operation);
    const uint64_t length = operation->region.length;
    if (lent == length)
        return libexec_space_map(state);
    state->must_fill = true;
    if (lent != 0) {
        struct libexec_map rest = *operation;
        load_advance(&rest.region, lent);
        operation->region.length = lent;
        operation->region.file_length -= rest.region.file_length;
        if (libexec_space_map(state) != LIBEXEC_OK)
            return state->report.status;
        operation = libexec_space_operation(state);
        *operation = rest;
    }
    operation->backing = LIBEXEC_BACKING_WRITTEN;
    return libexec_space_map(state);
}

enum libexec_status libexec_load_map(struct libexec_state *state) {
    struct libexec_region_cursor cursor;
    state->space.roles[SPACE_VECTOR] = state->space.roles[SPACE_STRINGS] = state->space.slots;
    load_set_edges(state);
    libexec_load_begin(state, &cursor);
    while (libexec_load_region(state, &cursor, &libexec_space_operation(state)->region))
        if (load_map_region(state) != LIBEXEC_OK)
            return state->report.status;
    return libexec_space_flush(state);
}

// ---- fill -----------------------------------------------------------------------------------------------------------

// What of [at, at + length) is the thread control block.
static void load_control_block(struct libexec_state *state, uint64_t at, uint8_t *bytes, uint64_t length) {
    const uint64_t pointer = state->layout.thread_pointer;
    const uint64_t skip = at < pointer ? pointer - at : 0;
    if (skip >= length)
        return;
    bytes += skip;
    if (state->host->thread_control_block != NULL)
        state->host->thread_control_block(state->context, bytes, length - skip, at + skip);
    if (at + skip == pointer && state->arch->thread_pointer_word != 0)
        libexec_store_word(bytes, pointer);
}

// Fills [region->address, region->address + region->length): bytes of the file, then zeros; and the thread control
// block where it lies there.
static enum libexec_status load_fill_region(struct libexec_state *state, struct libexec_region *region) {
    while (region->length != 0) {
        uint64_t available;
        uint8_t *to =
            libexec_space_at(state, SPACE_STRINGS, region->address, region->address + region->length, &available);
        if (to == NULL)
            return state->report.status;
        const uint64_t length = libexec_min(available, region->length);
        const uint64_t bytes = libexec_min(region->file_length, length);
        if (libexec_source_read(&state->files[region->file - LIBEXEC_FILE_PROGRAM].source, region->file_offset, to,
                                bytes, &state->report) != LIBEXEC_OK)
            return state->report.status;
        memset(to + bytes, 0, (size_t)(length - bytes));
        if (region->kind == LIBEXEC_REGION_TLS)
            load_control_block(state, region->address, to, length);
        load_advance(region, length);
    }
    return LIBEXEC_OK;
}

// What of [start, end) is the template's or the control block's; between them are zeros.
static LIBEXEC_APART_FOR_SIZE enum libexec_status load_fill_tls_part(struct libexec_state *state, uint64_t start,
                                                                     uint64_t end) {
    const struct libexec_plan *plan = &state->plans[FILE_PROGRAM];
    const uint64_t done = start - state->layout.tls_template;
    struct libexec_region region = {
        .address = start,
        .length = end - start,
        .file_offset = plan->tls_offset + done,
        .file_length = plan->tls_file_size - libexec_min(plan->tls_file_size, done),
        .kind = LIBEXEC_REGION_TLS,
        .file = LIBEXEC_FILE_PROGRAM,
    };
    return load_fill_region(state, &region);
}

// Pages of the block are zero when they are mapped; this writes what is not, but for the lent pages: what lies before
// them; then the rest of the template and the control block in one piece, unless whole pages of zeros lie between.
static enum libexec_status load_fill_tls(struct libexec_state *state) {
    const struct libexec_layout *layout = &state->layout;
    const struct libexec_range *lent = &state->tls_borrowed;
    const uint64_t template_end = layout->tls_template + state->plans[FILE_PROGRAM].tls_file_size;
    const uint64_t pointer = layout->thread_pointer;
    const uint64_t end =
        pointer + (state->host->thread_control_block != NULL ? state->arch->thread_control_block_size : 8);
    uint64_t start = layout->tls_template;
    state->report.stage = LIBEXEC_STAGE_TLS;
    state->report.file = LIBEXEC_FILE_PROGRAM;
    if (lent->length != 0) {
        load_fill_tls_part(state, start, lent->address);
        start = lent->address + lent->length;
    }
    if (state->report.status == LIBEXEC_OK && pointer - template_end >= state->bounds.page_size) {
        load_fill_tls_part(state, start, template_end);
        start = pointer;
    }
    return state->report.status == LIBEXEC_OK ? load_fill_tls_part(state, start, end) : state->report.status;
}

enum libexec_status libexec_load_fill(struct libexec_state *state) {
    struct libexec_region_cursor cursor;
    struct libexec_map operation;
    libexec_load_begin(state, &cursor);
    while (state->must_fill && libexec_load_region(state, &cursor, &operation.region)) {
        load_advance(&operation.region, load_back(state, &operation));
        state->report.file = operation.region.file;
        if (load_fill_region(state, &operation.region) != LIBEXEC_OK)
            return state->report.status;
    }
    if (state->layout.tls.length != 0 && load_fill_tls(state) != LIBEXEC_OK)
        return state->report.status;
    libexec_space_close_views(state);
    return LIBEXEC_OK;
}
