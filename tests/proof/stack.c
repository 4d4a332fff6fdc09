// SPDX-License-Identifier: MIT
// What follows the vectors on the new stack: auxiliary vector, random bytes, platform string. Whatever number of
// entries the first has, however long the last is, and wherever a view ends: all of it is put together inside the
// scratch memory, and written from the end of the vectors on to the place that was kept free for it, each byte through
// a view and none behind the end of one; after a view was refused nothing is written, and no view is ended.
//
// Assumed: the auxiliary vector has at least the library's own entries and at most those that the proof of auxv.c
// shows. The copying of the arguments is a model's, and so are the views: the first one has any number of words, the
// next one is a page's. Words and platform strings go through all lengths beside the longest auxiliary vector; the
// other way round, the platform string is the longest one or none, and three views are looked at.
#include "hostile.h"
#include "report_model.h"

// Frama-C allows no memset of 0 bytes right behind an object.
static void *memset_if_any(void *to, int value, size_t length) {
    return length != 0 ? memset(to, value, length) : to;
}

#define memset            memset_if_any
#define libexec_args_copy args_copy_itself
#include "args.c"
#undef libexec_args_copy
#undef memset

#include "auxv.h"
#include "stack.h"

enum { PAGE = 4096, ENTRIES_LEAST = 18, TAIL_MOST = LIBEXEC_AUXV_MAX * 16 + 16 + LIBEXEC_PLATFORM_MAX };
#define VECTOR_END UINT64_C(0x7ffffff00008)

static struct libexec_state state;
static uint8_t page[PAGE];
static uint64_t entries;
static uint64_t first;   // bytes of the first view
static uint64_t written; // bytes that the views before hold
static bool refused;

enum libexec_status libexec_auxv_build(struct libexec_state *of) {
    any_bytes(of->scratch.auxv, sizeof of->scratch.auxv);
    of->auxv_random = of->scratch.auxv + any_between(14, 16);
    of->auxv_built = (uint32_t)entries;
    return LIBEXEC_OK;
}

bool libexec_args_copy(struct libexec_copy *copy) {
    copy->vector_end = VECTOR_END;
    copy->placed.end = any_number();
    return true;
}

uint8_t *libexec_space_at(struct libexec_state *of, enum space_role role, uint64_t address, uint64_t end,
                          uint64_t *available) {
    const uint64_t length = written == 0 ? first : PAGE;
    //@ assert role == SPACE_VECTOR && address == VECTOR_END + written && end == VECTOR_END + of->copy.tail;
    //@ assert address < end && of->copy.tail <= TAIL_MOST;
    if (refused) {
        of->report.status = LIBEXEC_E_TRANSLATE;
        return NULL;
    }
    written += length;
    *available = length;
    return page + PAGE - length;
}

void libexec_space_close_views(struct libexec_state *of) {
    //@ assert written >= of->copy.tail && of->report.status == LIBEXEC_OK;
    first = 0;
}

static struct libexec_arch arch;

static void write(uint64_t view) {
    first = view;
    written = 0;
    state.report.status = LIBEXEC_OK;
    const enum libexec_status status = libexec_stack_write(&state);
    //@ assert (status == LIBEXEC_OK) == (first == 0);
}

static void write_any(const char *platform) {
    arch.platform = platform;
    write(8);
    write(entries * 16 + 8);
    write(PAGE);
}

int main(void) {
    static const char longest[] = "a platform's name that is longer than fits";
    static char name[LIBEXEC_PLATFORM_MAX];
    state.arch = &arch;
    any_bytes(&state.random, sizeof state.random);
    //@ loop unroll LIBEXEC_AUXV_MAX;
    for (entries = ENTRIES_LEAST; entries <= LIBEXEC_AUXV_MAX; entries++) {
        write_any(NULL);
        write_any(longest);
    }
    entries = LIBEXEC_AUXV_MAX;
    //@ loop unroll LIBEXEC_PLATFORM_MAX;
    for (uint32_t i = 0; i < LIBEXEC_PLATFORM_MAX; i++) {
        name[i] = 0;
        write_any(name);
        name[i] = 'a';
    }
    arch.platform = longest;
    //@ loop unroll TAIL_MOST;
    for (uint64_t view = 8; view <= TAIL_MOST; view += 8)
        write(view);
    refused = true;
    write(8);
    return 0;
}
