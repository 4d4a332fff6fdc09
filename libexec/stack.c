// SPDX-License-Identifier: MIT
// The initial stack (x86-64 psABI 3.4.1), from the stack pointer up: argc, argv, envp, auxiliary vector, random bytes,
// platform string, argument strings, environment strings, AT_EXECFN's string. The start is fixed by the layout, so
// everything is written upwards and nothing needs to be measured first.
#include "stack.h"

#include "args.h"
#include "auxv.h"
#include "bytes.h"
#include "checked.h"
#include "layout.h"
#include "report.h"
#include "space.h"

static uint64_t stack_end(const struct libexec_state *state) {
    return state->layout.stack.address + state->layout.stack.length;
}

static uint64_t stack_string_length(const char *string, uint64_t most) {
    uint64_t length = 0;
    while (length < most && string[length] != 0)
        length++;
    return length;
}

// Writes bytes that may cross the end of a view.
static enum libexec_status stack_write_bytes(struct libexec_state *state, enum space_role role, uint64_t address,
                                             const void *bytes, uint64_t length) {
    for (uint64_t done = 0; done < length;) {
        uint64_t available;
        uint8_t *to = libexec_space_at(state, role, address + done, stack_end(state), &available);
        if (to == NULL)
            return state->report.status;
        const uint64_t part = libexec_min(available, length - done);
        memcpy(to, (const uint8_t *)bytes + done, (size_t)part);
        done += part;
    }
    return LIBEXEC_OK;
}

// Clears what bulk reads left of the caller's memory behind the last string.
static enum libexec_status stack_clear_surplus(struct libexec_state *state) {
    uint64_t at = state->copy.cursor;
    while (at < state->copy.dirty_end) {
        uint64_t available;
        uint8_t *to = libexec_space_at(state, SPACE_STRINGS, at, stack_end(state), &available);
        if (to == NULL)
            return state->report.status;
        const uint64_t part = libexec_min(available, state->copy.dirty_end - at);
        memset(to, 0, (size_t)part);
        at += part;
    }
    return LIBEXEC_OK;
}

static enum libexec_status stack_write_file_name(struct libexec_state *state) {
    state->scratch.auxv[state->auxv_execfn].value = state->copy.cursor;
    return libexec_args_kernel_string(state, state->path, stack_string_length(state->path, LIBEXEC_STRING_MAX));
}

enum libexec_status libexec_stack_write(struct libexec_state *state) {
    struct libexec_copy *copy = &state->copy;
    memset(copy, 0, sizeof *copy);
    if (libexec_args_count(state) != LIBEXEC_OK)
        return state->report.status;
    state->report.stage = LIBEXEC_STAGE_STACK;
    if (libexec_auxv_build(state) != LIBEXEC_OK)
        return state->report.status;
    const uint64_t vector = state->layout.stack_pointer + (copy->argc + copy->envc + 3) * 8;
    const uint64_t vector_size = (uint64_t)state->auxv_built * sizeof state->scratch.auxv[0];
    const struct libexec_auxv_places places = {vector + vector_size, vector + vector_size + sizeof state->random.auxv};
    const char *platform = state->arch->platform != NULL ? state->arch->platform : "";
    const uint64_t platform_size = stack_string_length(platform, LIBEXEC_PLATFORM_MAX - 1) + 1;
    libexec_auxv_place(state, &places);
    copy->cursor = places.platform + platform_size;

    state->report.stage = LIBEXEC_STAGE_ARGUMENTS;
    if (libexec_args_copy(state) != LIBEXEC_OK || stack_write_file_name(state) != LIBEXEC_OK)
        return state->report.status;
    state->report.stage = LIBEXEC_STAGE_STACK;
    if (stack_write_bytes(state, SPACE_VECTOR, vector, state->scratch.auxv, vector_size) != LIBEXEC_OK ||
        stack_write_bytes(state, SPACE_VECTOR, places.random, state->random.auxv, sizeof state->random.auxv) !=
            LIBEXEC_OK ||
        stack_write_bytes(state, SPACE_VECTOR, places.platform, platform, platform_size) != LIBEXEC_OK ||
        stack_clear_surplus(state) != LIBEXEC_OK)
        return state->report.status;
    libexec_space_close_views(state);
    return LIBEXEC_OK;
}
