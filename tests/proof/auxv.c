// SPDX-License-Identifier: MIT
// The auxiliary vector from any entries of the request's and of the answer's, of any types and values: i of the one and
// 40 - i of the other, for each i, so that each table has every number of entries up to 40. No entry behind a table is
// read, none behind the scratch memory's is written, and what was built fits.
//
// Assumed: as include/libexec/exec.h and host.h say, `auxv_count` entries stand at `auxv`, and the two tables are not
// the same.
#include "hostile.h"

#include "auxv.h"

#define MOST 40

static struct libexec_state state;
static struct libexec_request request;
static struct libexec_arch arch;
static struct libexec_auxv asked[MOST];
static struct libexec_auxv answered[MOST];

// Where the scratch memory's entries end.
enum { ENTRIES_END = offsetof(struct libexec_state, scratch) + sizeof state.scratch.auxv };

// The tables end where their memory ends.
static void build(uint32_t asked_count, uint32_t answered_count) {
    request.auxv = asked + MOST - asked_count;
    request.auxv_count = asked_count;
    state.answer.auxv = answered + MOST - answered_count;
    state.answer.auxv_count = answered_count;
    if (libexec_auxv_build(&state) != LIBEXEC_OK)
        return;
    //@ assert 1 <= state.auxv_built <= LIBEXEC_AUXV_MAX;
}

int main(void) {
    any_bytes(asked, sizeof asked);
    any_bytes(answered, sizeof answered);
    any_bytes(&state.bounds, sizeof state.bounds);
    any_bytes(&state.layout, sizeof state.layout);
    any_bytes(&state.answer, sizeof state.answer);
    state.plans[FILE_PROGRAM].program_header_count = any_word();
    state.request = &request;
    state.arch = &arch;
    arch.platform = any_code() ? "platform" : NULL;
    //@ widen_hints "all", ENTRIES_END;
    //@ loop unroll 41;
    for (uint32_t i = 0; i <= MOST; i++)
        build(i, MOST - i);
    return 0;
}
