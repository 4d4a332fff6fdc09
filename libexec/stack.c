// SPDX-License-Identifier: MIT
// The initial stack (x86-64 psABI 3.4.1), from the stack pointer up: argc, argv, envp, auxiliary vector, random bytes,
// platform string; then the argument strings, environment strings and AT_EXECFN's string. The start is fixed by the
// layout, so everything is written upwards and nothing needs to be measured first.
#include "stack.h"

#include "args.h"
#include "auxv.h"
#include "bytes.h"
#include "layout.h"

_Static_assert(LIBEXEC_AUXV_MAX * sizeof(struct libexec_auxv) + 16 + LIBEXEC_PLATFORM_MAX <=
                   sizeof(((struct libexec_state *)0)->scratch),
               "what follows the vectors is put together in the scratch memory");

// Puts together what follows the vectors, in the scratch memory, so that all of it is stored at once: auxiliary vector,
// random bytes, platform string. Returns where in it the random bytes are.
static uint64_t stack_make_tail(struct libexec_state *state, const char *platform) {
    const uint64_t random = state->auxv_built * sizeof state->scratch.auxv[0];
    const uint64_t length = libexec_args_length(platform, LIBEXEC_PLATFORM_MAX - 1); // a longer one is cut
    uint8_t *const bytes = (uint8_t *)&state->scratch + random;
    memcpy(bytes, state->random.auxv, sizeof state->random.auxv);
    memcpy(bytes + sizeof state->random.auxv, platform, (size_t)length);
    bytes[sizeof state->random.auxv + length] = 0;
    state->copy.tail = random + sizeof state->random.auxv + length + 1;
    return random;
}

enum libexec_status libexec_stack_write(struct libexec_state *state) {
    struct libexec_copy *const copy = &state->copy;
    const char *platform = state->arch->platform;
    memset(copy, 0, sizeof *copy);
    copy->state = state;
    state->report.stage = LIBEXEC_STAGE_STACK;
    state->report.file = LIBEXEC_FILE_NONE;
    if (libexec_auxv_build(state) != LIBEXEC_OK)
        return state->report.status;
    const uint64_t random = stack_make_tail(state, platform != NULL ? platform : "");
    state->report.stage = LIBEXEC_STAGE_ARGUMENTS;
    if (!libexec_args_copy(copy))
        return state->report.status;
    state->report.stage = LIBEXEC_STAGE_STACK;
    struct libexec_auxv *entry = state->auxv_random;
    entry[0].value = copy->vector_end + random;
    entry[2].value = copy->placed.end; // the path's string
    if (platform != NULL)
        entry[3].value = copy->vector_end + random + sizeof state->random.auxv;
    if (libexec_args_write(state, SPACE_VECTOR, copy->vector_end, &state->scratch, copy->tail, 0))
        libexec_space_close_views(state);
    return state->report.status;
}
