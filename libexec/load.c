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

// What the parts that follow the files are; the stack's rights are the program's to say.
static const struct {
    uint8_t kind; // 0: no part of the image
    uint8_t file;
    uint8_t rights;
} load_parts[PART_COUNT] = {
    [PART_TLS_HEAD] = {LIBEXEC_REGION_TLS, LIBEXEC_FILE_NONE, LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE},
    [PART_TLS_LENT] = {LIBEXEC_REGION_TLS, LIBEXEC_FILE_PROGRAM, LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE},
    [PART_TLS_REST] = {LIBEXEC_REGION_TLS, LIBEXEC_FILE_NONE, LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE},
    [PART_GUARD] = {LIBEXEC_REGION_GUARD, LIBEXEC_FILE_NONE, 0},
    [PART_STACK] = {LIBEXEC_REGION_STACK, LIBEXEC_FILE_NONE, 0},
};

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
    cursor->part = state->layout.tls.length == 0 ? PART_GUARD : PART_TLS_HEAD;
    load_begin_file(state, cursor, state->files);
}

// The next part that is there.
static LIBEXEC_APART_FOR_SPEED bool load_part(const struct libexec_state *state, struct libexec_region_cursor *cursor,
                                              struct libexec_region *region) {
    uint32_t part = cursor->part;
    while (part < PART_COUNT && (load_parts[part].kind == 0 || state->edges[part] == state->edges[part + 1]))
        part++;
    cursor->part = part + 1;
    if (part >= PART_COUNT)
        return false;
    *region = (struct libexec_region){
        .address = state->edges[part],
        .length = state->edges[part + 1] - state->edges[part],
        .kind = (enum libexec_region_kind)load_parts[part].kind,
        .file = (enum libexec_file)load_parts[part].file,
        .rights = load_parts[part].rights,
    };
    if (part == PART_TLS_LENT) {
        region->file_offset = state->plans[FILE_PROGRAM].tls_offset + (region->address - state->layout.tls_template);
        region->file_length = region->length;
    }
    if (part == PART_STACK)
        region->rights = state->stack_rights;
    return true;
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
    return load_part(state, cursor, region);
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

// Maps the region of an operation, in two pieces where the host lends only the first of its pages. Returns the place of
// the next one, or NULL after a failure.
static struct libexec_map *load_map_region(struct libexec_state *state, struct libexec_map *operation) {
    const uint64_t lent = load_back(state, operation);
    if (lent == operation->region.length)
        return libexec_space_map(state);
    state->must_fill = true;
    if (lent != 0) {
        struct libexec_map rest = *operation;
        load_advance(&rest.region, lent);
        operation->region.length = lent;
        operation->region.file_length -= rest.region.file_length;
        operation = libexec_space_map(state);
        if (operation == NULL)
            return NULL;
        *operation = rest;
    }
    operation->backing = LIBEXEC_BACKING_WRITTEN;
    return libexec_space_map(state);
}

enum libexec_status libexec_load_map(struct libexec_state *state) {
    struct libexec_region_cursor cursor;
    struct libexec_map *operation = state->scratch.operations;
    state->space.roles[SPACE_VECTOR] = state->space.roles[SPACE_STRINGS] = state->space.slots;
    libexec_load_begin(state, &cursor);
    while (libexec_load_region(state, &cursor, &operation->region)) {
        operation = load_map_region(state, operation);
        if (operation == NULL)
            return state->report.status;
    }
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
    const uint64_t template_end = layout->tls_template + state->plans[FILE_PROGRAM].tls_file_size;
    const uint64_t pointer = layout->thread_pointer;
    const uint64_t end =
        pointer + (state->host->thread_control_block != NULL ? state->arch->thread_control_block_size : 8);
    uint64_t start = layout->tls_template;
    state->report.stage = LIBEXEC_STAGE_TLS;
    state->report.file = LIBEXEC_FILE_PROGRAM;
    if (state->edges[PART_TLS_LENT] != state->edges[PART_TLS_REST]) {
        load_fill_tls_part(state, start, state->edges[PART_TLS_LENT]);
        start = state->edges[PART_TLS_REST];
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
