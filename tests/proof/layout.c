// SPDX-License-Identifier: MIT
// All addresses of an image: any plans of a program and an interpreter, any policy, architecture, bounds and random
// words, and in a second round up to two reserved ranges of the host's, wherever they lie.
//
// Assumed: user_low < user_high <= 2^60; a page of 4096 bytes or more; a thread control block and its alignment of 8 or
// more; an interpreter's plan where there is an interpreter. exec.c refuses anything else, and also what is let through
// here: sizes that are no powers of two, a user range that is not whole pages. Plans have at most
// LIBEXEC_CONFIG_SEGMENTS segments, which the proof of plan.c shows.
#include "hostile.h"

#include "layout.h"

static struct libexec_state state;
static struct libexec_plan program; // not the state's own: nothing may be reached from one that is not in it
static struct libexec_plan interpreter;
static struct libexec_arch arch;
static struct libexec_range reserved[2];

int main(void) {
    any_bytes(&arch, sizeof arch);
    arch.page_size = any_between(4096, UINT32_C(1) << 31);
    arch.thread_control_block_size = any_between(8, UINT32_MAX);
    arch.thread_control_block_alignment = any_between(8, UINT32_C(1) << 31);
    any_bytes(reserved, sizeof reserved);
    any_bytes(&state.policy, sizeof state.policy);
    any_bytes(&program, sizeof program);
    any_bytes(&interpreter, sizeof interpreter);
    program.segment_count = any_between(0, LIBEXEC_CONFIG_SEGMENTS);
    interpreter.segment_count = any_between(0, LIBEXEC_CONFIG_SEGMENTS);
    any_bytes(&state.random, sizeof state.random);
    any_bytes(&state.layout, sizeof state.layout);
    state.arch = &arch;
    state.bounds.user_high = any_between(1, UINT64_C(1) << 60);
    state.bounds.user_low = any_between(0, state.bounds.user_high - 1);
    state.bounds.page_size = arch.page_size;
    state.bounds.page_budget = any_number();
    state.has_interpreter = any_between(0, 1);
    state.own.status = Frama_C_nondet(LIBEXEC_OK, LIBEXEC_E_NOT_PIE);
    state.own.program_header = any_word();
    for (uint32_t i = 0; i < 2; i++) {
        state.files[i].kind = LIBEXEC_FILE_PROGRAM + i;
        state.files[i].source.flags = any_word();
        state.files[i].source.size = any_number();
    }
    state.files[0].plan = &program;
    state.files[1].plan = state.has_interpreter ? &interpreter : NULL;
    if (libexec_layout_decide(&state) != LIBEXEC_OK)
        return 0;
    state.answer.reserved_ranges = reserved;
    state.answer.reserved_range_count = any_between(0, 2);
    libexec_layout_decide(&state);
    return 0;
}
