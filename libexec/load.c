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

// The parts of an image that follow its files.
enum { PART_TLS_HEAD, PART_TLS_LENT, PART_TLS_REST, PART_BETWEEN, PART_GUARD, PART_STACK, PART_COUNT };

static void load_image_region(const struct libexec_image_file *file, const struct libexec_run *run,
                              struct libexec_region *region) {
    region->address = run->address + file->bias;
    region->length = run->length;
    region->file_offset = run->file_offset;
    region->file_length = run->file_length;
    region->kind = (enum libexec_region_kind)(run->file_length != 0 ? (uint32_t)file->kind : LIBEXEC_REGION_BSS);
    region->file = file->kind;
    region->rights = run->rights;
    region->reserved = 0;
}
_Static_assert((int)LIBEXEC_REGION_PROGRAM == (int)LIBEXEC_FILE_PROGRAM &&
                   (int)LIBEXEC_REGION_INTERPRETER == (int)LIBEXEC_FILE_INTERPRETER,
               "a region with bytes of a file is called as the file is");

static bool load_other_region(const struct libexec_state *state, uint32_t part, struct libexec_region *region) {
    const struct libexec_layout *layout = &state->layout;
    const struct libexec_range *lent = &state->tls_borrowed;
    const uint64_t edges[PART_COUNT + 1] = {layout->tls.address,
                                            lent->address,
                                            lent->address + lent->length,
                                            layout->tls.address + layout->tls.length,
                                            layout->guard.address,
                                            layout->stack.address,
                                            layout->stack.address + layout->stack.length};
    memset(region, 0, sizeof *region);
    region->address = edges[part];
    region->length = edges[part + 1] - edges[part];
    region->kind = LIBEXEC_REGION_TLS;
    region->rights = LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE;
    if (part == PART_TLS_LENT) {
        region->file = LIBEXEC_FILE_PROGRAM;
        region->file_offset = state->files[FILE_PROGRAM].plan->tls_offset + (region->address - layout->tls_template);
        region->file_length = region->length;
    } else if (part == PART_GUARD) {
        region->kind = LIBEXEC_REGION_GUARD;
        region->rights = 0;
    } else if (part == PART_STACK) {
        region->kind = LIBEXEC_REGION_STACK;
        region->rights = state->stack_rights;
    }
    return region->length != 0 && part != PART_BETWEEN;
}

bool libexec_load_region(const struct libexec_state *state, struct libexec_region_cursor *cursor,
                         struct libexec_region *region) {
    const uint32_t files = libexec_file_count(state);
    for (; cursor->part < files; cursor->part++) {
        const struct libexec_image_file *file = &state->files[cursor->part];
        struct libexec_run run;
        if (libexec_plan_run(file->plan, state->bounds.page_size, &cursor->run, &run)) {
            load_image_region(file, &run, region);
            return true;
        }
        cursor->run.from = 0;
        cursor->run.index = 0;
    }
    while (cursor->part - files < PART_COUNT)
        if (load_other_region(state, cursor->part++ - files, region))
            return true;
    return false;
}

// ---- map ------------------------------------------------------------------------------------------------------------

// Where the pages of an operation's region come from. Returns how many of its first bytes that holds for; the others
// are written by the library.
static uint64_t load_back(const struct libexec_state *state, struct libexec_map *operation) {
    const struct libexec_region *region = &operation->region;
    operation->source = NULL;
    if (region->kind == LIBEXEC_REGION_GUARD)
        operation->backing = LIBEXEC_BACKING_NONE;
    else if (region->kind == LIBEXEC_REGION_STACK)
        operation->backing = LIBEXEC_BACKING_RESERVE;
    else
        operation->backing = LIBEXEC_BACKING_ZERO;
    if (region->file == LIBEXEC_FILE_NONE)
        return region->length;
    operation->source = &state->files[region->file - LIBEXEC_FILE_PROGRAM].source;
    if (region->file_length == 0)
        return region->length;
    const uint32_t flags = operation->source->flags;
    operation->backing = LIBEXEC_BACKING_FAULT;
    if ((flags & LIBEXEC_SOURCE_FAULT) != 0)
        return region->length;
    operation->backing = LIBEXEC_BACKING_WRITTEN;
    if ((region->rights & LIBEXEC_RIGHT_WRITE) == 0 && (flags & LIBEXEC_SOURCE_SHARE) != 0)
        operation->backing = LIBEXEC_BACKING_SHARE;
    else if ((flags & LIBEXEC_SOURCE_COPY_ON_WRITE) != 0)
        operation->backing = LIBEXEC_BACKING_COPY_ON_WRITE;
    else
        return 0;
    // A page with the end of the file in it holds the zeros that the image needs, if the host says so.
    const bool zero_tail =
        (flags & LIBEXEC_SOURCE_ZERO_TAIL) != 0 && region->file_offset + region->file_length == operation->source->size;
    const uint64_t page_size = state->bounds.page_size;
    return libexec_round_down(region->file_length + (zero_tail ? page_size - 1 : 0), page_size);
}

// Cuts the first `length` bytes off a region.
static void load_advance(struct libexec_region *region, uint64_t length) {
    region->address += length;
    region->length -= length;
    region->file_offset += length;
    region->file_length -= libexec_min(region->file_length, length);
}

enum libexec_status libexec_load_map(struct libexec_state *state) {
    struct libexec_region_cursor cursor = {0, {0, 0}};
    struct libexec_map *operation = libexec_space_operation(state);
    state->report.stage = LIBEXEC_STAGE_LOAD;
    while (libexec_load_region(state, &cursor, &operation->region)) {
        const uint64_t lent = load_back(state, operation);
        const struct libexec_region whole = operation->region;
        state->report.file = whole.file;
        operation->reserved = 0;
        operation->present.address = 0;
        operation->present.length = 0;
        if (whole.kind == LIBEXEC_REGION_STACK) {
            operation->present.address = libexec_round_down(state->layout.stack_pointer, state->bounds.page_size);
            operation->present.length = state->bounds.page_size;
        }
        if (lent != 0 && lent != whole.length) {
            operation->region.length = lent;
            operation->region.file_length = libexec_min(whole.file_length, lent);
            const struct libexec_source *source = operation->source;
            if (libexec_space_map(state) != LIBEXEC_OK)
                return state->report.status;
            operation = libexec_space_operation(state);
            memset(operation, 0, sizeof *operation);
            operation->source = source;
            operation->region = whole;
            load_advance(&operation->region, lent);
        }
        if (lent != whole.length) {
            operation->backing = LIBEXEC_BACKING_WRITTEN;
            state->must_fill = true;
        }
        if (libexec_space_map(state) != LIBEXEC_OK)
            return state->report.status;
        operation = libexec_space_operation(state);
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

// Pages of the block are zero when they are mapped; this writes what is not.
static enum libexec_status load_fill_tls(struct libexec_state *state) {
    const struct libexec_layout *layout = &state->layout;
    const struct libexec_plan *plan = state->files[FILE_PROGRAM].plan;
    const struct libexec_range *lent = &state->tls_borrowed;
    const uint64_t template_end = layout->tls_template + plan->tls_file_size;
    const uint64_t end = layout->thread_pointer +
                         (state->host->thread_control_block != NULL ? state->arch->thread_control_block_size : 8);
    struct libexec_region region = {
        .address = layout->tls_template, .kind = LIBEXEC_REGION_TLS, .file = LIBEXEC_FILE_PROGRAM};
    state->report.stage = LIBEXEC_STAGE_TLS;
    state->report.file = LIBEXEC_FILE_PROGRAM;
    // Up to the lent pages; then the rest of the template and the control block in one piece, unless whole pages of
    // zeros lie between them.
    const bool apart = layout->thread_pointer - template_end >= state->bounds.page_size;
    const uint64_t starts[3] = {layout->tls_template,
                                lent->length != 0 ? lent->address + lent->length : layout->tls_template,
                                layout->thread_pointer};
    const uint64_t ends[3] = {lent->length != 0 ? lent->address : layout->tls_template, apart ? template_end : end,
                              end};
    for (uint32_t i = 0; i < (apart ? 3u : 2u); i++) {
        region.address = starts[i];
        region.length = ends[i] - starts[i];
        region.file_offset = plan->tls_offset + (starts[i] - layout->tls_template);
        region.file_length = template_end > starts[i] ? libexec_min(template_end - starts[i], region.length) : 0;
        if (load_fill_region(state, &region) != LIBEXEC_OK)
            return state->report.status;
    }
    return LIBEXEC_OK;
}

enum libexec_status libexec_load_fill(struct libexec_state *state) {
    struct libexec_region_cursor cursor = {0, {0, 0}};
    struct libexec_map operation;
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
