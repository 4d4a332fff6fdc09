// SPDX-License-Identifier: MIT
// The initial stack (x86-64 psABI 3.4.1), from the stack pointer up: argc, argv, envp, auxiliary vector, random bytes,
// platform string; then the argument strings, environment strings and AT_EXECFN's string. The start is fixed by the
// layout, so everything is written upwards and nothing needs to be measured first.
#include "stack.h"

#include "args.h"
#include "auxv.h"
#include "bytes.h"
#include "checked.h"
#include "layout.h"
#include "space.h"

_Static_assert(LIBEXEC_AUXV_MAX * sizeof(struct libexec_auxv) + 16 + LIBEXEC_PLATFORM_MAX <=
                   sizeof(((struct libexec_state *)0)->scratch),
               "what follows the vectors is put together in the scratch memory");

static uint64_t stack_string_length(const char *string, uint64_t most) {
    uint64_t length = 0;
    while (length < most && string[length] != 0)
        length++;
    return length;
}

// Writes bytes, or zeros where there are none, that may cross the end of a view.
static enum libexec_status stack_write(struct libexec_state *state, uint64_t address, const uint8_t *bytes,
                                       uint64_t length) {
    while (length != 0) {
        uint64_t available;
        uint8_t *to = libexec_space_at(state, SPACE_VECTOR, address, address + length, &available);
        if (to == NULL)
            return state->report.status;
        available = libexec_min(available, length);
        if (bytes != NULL) {
            memcpy(to, bytes, (size_t)available);
            bytes += available;
        } else {
            memset(to, 0, (size_t)available);
        }
        address += available;
        length -= available;
    }
    return LIBEXEC_OK;
}

// What follows the vectors: auxiliary vector, random bytes, platform string. Put together behind the vector in its
// scratch memory, so that all of it is stored at once.
static enum libexec_status stack_write_tail(struct libexec_state *state, uint64_t file_name, const char *platform) {
    const uint64_t size = (uint64_t)state->auxv_built * sizeof state->scratch.auxv[0];
    const uint64_t platform_at = size + sizeof state->random.auxv;
    const struct libexec_auxv_places places = {
        .random = state->copy.vector_end + size,
        .platform = state->copy.vector_end + platform_at,
        .file_name = file_name,
    };
    uint8_t *const tail = (uint8_t *)&state->scratch;
    libexec_auxv_place(state, &places);
    memcpy(tail + size, state->random.auxv, sizeof state->random.auxv);
    memcpy(tail + platform_at, platform, (size_t)(state->copy.tail - 1 - platform_at));
    tail[state->copy.tail - 1] = 0; // a longer string is cut
    return stack_write(state, state->copy.vector_end, tail, state->copy.tail);
}

enum libexec_status libexec_stack_write(struct libexec_state *state) {
    struct libexec_copy *copy = &state->copy;
    const char *platform = state->arch->platform != NULL ? state->arch->platform : "";
    memset(copy, 0, sizeof *copy);
    state->report.stage = LIBEXEC_STAGE_STACK;
    state->report.file = LIBEXEC_FILE_NONE;
    if (libexec_auxv_build(state) != LIBEXEC_OK)
        return state->report.status;
    copy->tail = (uint64_t)state->auxv_built * sizeof state->scratch.auxv[0] + sizeof state->random.auxv +
                 stack_string_length(platform, LIBEXEC_PLATFORM_MAX - 1) + 1;

    state->report.stage = LIBEXEC_STAGE_ARGUMENTS;
    if (libexec_args_copy(state) != LIBEXEC_OK)
        return state->report.status;
    const uint64_t file_name = copy->cursor;
    if (libexec_args_kernel_string(state, state->path) != LIBEXEC_OK)
        return state->report.status;
    state->path_length = copy->cursor - file_name - 1;
    state->report.stage = LIBEXEC_STAGE_STACK;
    if (stack_write_tail(state, file_name, platform) != LIBEXEC_OK)
        return state->report.status;
    // What bulk reads left of the caller's memory behind what was written.
    if (copy->dirty_end > copy->cursor &&
        stack_write(state, copy->cursor, NULL, copy->dirty_end - copy->cursor) != LIBEXEC_OK)
        return state->report.status;
    libexec_space_close_views(state);
    return LIBEXEC_OK;
}
