// SPDX-License-Identifier: MIT
// The loader proper. Every decision stands in the plan and the layout; here they become host calls. A run of file pages
// splits in two where the host lends file pages but the last one must be written: what the library writes is never
// shared.
#include "load.h"

#include "bytes.h"
#include "checked.h"
#include "report.h"
#include "space.h"
#include "tls_shape.h"

// One of the two files, with what is needed to load it.
struct load_image {
    const struct libexec_plan *plan;
    const struct libexec_source *source;
    enum libexec_file file;
    uint64_t bias;
};

static struct load_image load_program(const struct libexec_state *state) {
    const struct load_image image = {&state->program_plan, &state->program, LIBEXEC_FILE_PROGRAM,
                                     state->layout.program_bias};
    return image;
}

static struct load_image load_interpreter(const struct libexec_state *state) {
    const struct load_image image = {&state->interpreter_plan, &state->interpreter, LIBEXEC_FILE_INTERPRETER,
                                     state->layout.interpreter_bias};
    return image;
}

// How the pages of a run come about: the first `borrowed` bytes from `backing`, the rest written by the library.
struct load_split {
    uint64_t borrowed;
    enum libexec_backing backing;
};

static struct load_split load_split_run(const struct libexec_run *run, const struct libexec_source *source,
                                        uint64_t page_size) {
    const uint32_t flags = source->flags;
    struct load_split split = {run->length, LIBEXEC_BACKING_ZERO};
    if (run->file_length == 0)
        return split;
    split.backing = LIBEXEC_BACKING_FAULT;
    if ((flags & LIBEXEC_SOURCE_FAULT) != 0)
        return split;
    // A page with the end of the file in it holds the zeros that the image needs, if the host says so.
    const bool zero_tail =
        (flags & LIBEXEC_SOURCE_ZERO_TAIL) != 0 && run->file_offset + run->file_length == source->size;
    split.borrowed =
        zero_tail ? libexec_round_up(run->file_length, page_size) : libexec_round_down(run->file_length, page_size);
    if ((run->rights & LIBEXEC_RIGHT_WRITE) == 0 && (flags & LIBEXEC_SOURCE_SHARE) != 0)
        split.backing = LIBEXEC_BACKING_SHARE;
    else if ((flags & LIBEXEC_SOURCE_COPY_ON_WRITE) != 0)
        split.backing = LIBEXEC_BACKING_COPY_ON_WRITE;
    else
        split.borrowed = 0;
    return split;
}

void libexec_load_region(const struct libexec_run *run, enum libexec_file file, uint64_t bias,
                         struct libexec_region *region) {
    region->address = run->address + bias;
    region->length = run->length;
    region->file_offset = run->file_offset;
    region->file_length = run->file_length;
    region->file = file;
    region->rights = run->rights;
    region->reserved = 0;
    if (run->file_length == 0)
        region->kind = LIBEXEC_REGION_BSS;
    else
        region->kind = file == LIBEXEC_FILE_PROGRAM ? LIBEXEC_REGION_PROGRAM : LIBEXEC_REGION_INTERPRETER;
}

// ---- map ------------------------------------------------------------------------------------------------------------

// The pages of a run from its byte `start` on.
static enum libexec_status load_map_part(struct libexec_state *state, const struct load_image *image,
                                         const struct libexec_run *run, uint64_t start, uint64_t length,
                                         enum libexec_backing backing) {
    struct libexec_map *operation = libexec_space_operation(state);
    libexec_load_region(run, image->file, image->bias, &operation->region);
    operation->region.address += start;
    operation->region.length = length;
    operation->region.file_offset += start;
    operation->region.file_length = run->file_length > start ? libexec_min(run->file_length - start, length) : 0;
    operation->backing = backing;
    operation->reserved = 0;
    operation->source = image->source;
    operation->present.address = 0;
    operation->present.length = 0;
    return libexec_space_map(state);
}

static enum libexec_status load_map_run(struct libexec_state *state, const struct load_image *image,
                                        const struct libexec_run *run) {
    const struct load_split split = load_split_run(run, image->source, state->arch->page_size);
    if (split.borrowed != 0 && load_map_part(state, image, run, 0, split.borrowed, split.backing) != LIBEXEC_OK)
        return state->report.status;
    if (split.borrowed == run->length)
        return LIBEXEC_OK;
    state->must_fill = true;
    return load_map_part(state, image, run, split.borrowed, run->length - split.borrowed, LIBEXEC_BACKING_WRITTEN);
}

static enum libexec_status load_map_image(struct libexec_state *state, const struct load_image *image) {
    const uint32_t page_size = state->arch->page_size;
    struct libexec_run_cursor cursor = {0, 0};
    struct libexec_run run;
    state->report.file = image->file;
    while (libexec_plan_run(image->plan, page_size, &cursor, &run))
        if (load_map_run(state, image, &run) != LIBEXEC_OK)
            return state->report.status;
    return LIBEXEC_OK;
}

void libexec_load_stack_operation(const struct libexec_state *state, uint32_t index, struct libexec_map *operation) {
    const struct libexec_layout *layout = &state->layout;
    const struct libexec_range *range = index == 0 ? &layout->guard : &layout->stack;
    const uint64_t page_size = state->arch->page_size;
    memset(operation, 0, sizeof *operation);
    operation->region.address = range->address;
    operation->region.length = range->length;
    operation->region.kind = index == 0 ? LIBEXEC_REGION_GUARD : LIBEXEC_REGION_STACK;
    operation->backing = index == 0 ? LIBEXEC_BACKING_NONE : LIBEXEC_BACKING_RESERVE;
    if (index == 0)
        return;
    operation->region.rights = state->stack_rights;
    operation->present.address = libexec_round_down(layout->stack_pointer, page_size);
    operation->present.length = page_size;
}

static enum libexec_status load_map_rest(struct libexec_state *state) {
    state->report.file = LIBEXEC_FILE_NONE;
    for (uint32_t i = 0; libexec_tls_operation(state, i, libexec_space_operation(state)); i++)
        if (libexec_space_map(state) != LIBEXEC_OK)
            return state->report.status;
    for (uint32_t i = 0; i < 2; i++) {
        libexec_load_stack_operation(state, i, libexec_space_operation(state));
        if (libexec_space_map(state) != LIBEXEC_OK)
            return state->report.status;
    }
    return libexec_space_flush(state);
}

enum libexec_status libexec_load_map(struct libexec_state *state) {
    const struct load_image program = load_program(state);
    const struct load_image interpreter = load_interpreter(state);
    state->report.stage = LIBEXEC_STAGE_LOAD;
    if (load_map_image(state, &program) != LIBEXEC_OK)
        return state->report.status;
    if (libexec_has_interpreter(state) && load_map_image(state, &interpreter) != LIBEXEC_OK)
        return state->report.status;
    return load_map_rest(state);
}

// ---- fill -----------------------------------------------------------------------------------------------------------

static enum libexec_status load_copy_view(struct libexec_state *state, const struct libexec_copy_job *job,
                                          uint64_t done, const struct libexec_view *view) {
    const uint64_t left = job->file_length > done ? job->file_length - done : 0;
    const uint64_t bytes = libexec_min(left, view->length);
    if (libexec_source_read(job->source, job->file_offset + done, view->bytes, bytes, &state->report) != LIBEXEC_OK)
        return state->report.status;
    if (bytes < view->length)
        memset((uint8_t *)view->bytes + bytes, 0, (size_t)(view->length - bytes));
    return LIBEXEC_OK;
}

enum libexec_status libexec_load_copy(struct libexec_state *state, const struct libexec_copy_job *job) {
    for (uint64_t done = 0; done < job->length;) {
        struct libexec_view view;
        if (libexec_space_view(state, job->address + done, job->length - done, &view) != LIBEXEC_OK)
            return state->report.status;
        load_copy_view(state, job, done, &view);
        libexec_space_view_end(state, job->address + done, &view);
        if (state->report.status != LIBEXEC_OK)
            return state->report.status;
        done += view.length;
    }
    return LIBEXEC_OK;
}

static enum libexec_status load_fill_image(struct libexec_state *state, const struct load_image *image) {
    const uint32_t page_size = state->arch->page_size;
    struct libexec_run_cursor cursor = {0, 0};
    struct libexec_run run;
    state->report.file = image->file;
    while (libexec_plan_run(image->plan, page_size, &cursor, &run)) {
        const uint64_t borrowed = load_split_run(&run, image->source, page_size).borrowed;
        if (borrowed == run.length)
            continue;
        const uint64_t offset = run.file_offset + borrowed;
        const struct libexec_copy_job job = {
            .address = run.address + image->bias + borrowed,
            .length = run.length - borrowed,
            .source = image->source,
            .file_offset = offset,
            .file_length = run.file_length - libexec_min(run.file_length, borrowed),
        };
        if (libexec_load_copy(state, &job) != LIBEXEC_OK)
            return state->report.status;
    }
    return LIBEXEC_OK;
}

enum libexec_status libexec_load_fill(struct libexec_state *state) {
    if (!state->must_fill)
        return LIBEXEC_OK;
    const struct load_image program = load_program(state);
    const struct load_image interpreter = load_interpreter(state);
    if (load_fill_image(state, &program) != LIBEXEC_OK)
        return state->report.status;
    return libexec_has_interpreter(state) ? load_fill_image(state, &interpreter) : LIBEXEC_OK;
}
