// SPDX-License-Identifier: MIT
// The auxiliary vector: the library's entries and the host's, in Linux's order (fs/binfmt_elf.c, create_elf_tables).
#include "auxv.h"

#include "bytes.h"
#include "elf_format.h"
#include "report.h"

// The library's own entries, and what they hold unless something better is known. The last one is there only where the
// machine has a name.
static const struct libexec_auxv auxv_own[] = {
    {LIBEXEC_AT_HWCAP, 0},
    {LIBEXEC_AT_PAGESZ, 0},
    {LIBEXEC_AT_CLKTCK, 100},
    {LIBEXEC_AT_PHDR, 0},
    {LIBEXEC_AT_PHENT, ELF_PROGRAM_HEADER_SIZE},
    {LIBEXEC_AT_PHNUM, 0},
    {LIBEXEC_AT_BASE, 0},
    {LIBEXEC_AT_FLAGS, 0},
    {LIBEXEC_AT_ENTRY, 0},
    {LIBEXEC_AT_UID, 0},
    {LIBEXEC_AT_EUID, 0},
    {LIBEXEC_AT_GID, 0},
    {LIBEXEC_AT_EGID, 0},
    {LIBEXEC_AT_SECURE, 0},
    {LIBEXEC_AT_RANDOM, 0},
    {LIBEXEC_AT_HWCAP2, 0},
    {LIBEXEC_AT_EXECFN, 0},
    {LIBEXEC_AT_PLATFORM, 0},
};
#define AUXV_OWN (sizeof auxv_own / sizeof auxv_own[0])
// Places among them.
enum {
    AUXV_HWCAP = 0,
    AUXV_PAGESZ = 1,
    AUXV_CLKTCK = 2,
    AUXV_PHDR = 3,
    AUXV_PHNUM = 5,
    AUXV_BASE = 6,
    AUXV_ENTRY = 8,
    AUXV_IDS = 9, // AT_UID to AT_SECURE, in the order of the host's answer
    AUXV_RANDOM = 14,
    AUXV_HWCAP2 = 15
};
#define AUXV_ID_COUNT 5u
_Static_assert(offsetof(struct libexec_image_answer, uid) == 0 &&
                   offsetof(struct libexec_image_answer, secure) == (AUXV_ID_COUNT - 1) * sizeof(uint32_t),
               "the ids stand one behind the other");

// What the host is asked for, in the order of the vector.
#define AUXV_APPEND UINT8_MAX
#define AUXV_BEFORE 2u // so many of them stand before the library's own entries
static const struct {
    uint8_t type;
    uint8_t place; // among the library's own, or AUXV_APPEND: there is none unless the host has one
} auxv_asked[] = {
    {LIBEXEC_AT_SYSINFO_EHDR, AUXV_APPEND},
    {LIBEXEC_AT_MINSIGSTKSZ, AUXV_APPEND},
    {LIBEXEC_AT_HWCAP, AUXV_HWCAP},
    {LIBEXEC_AT_CLKTCK, AUXV_CLKTCK},
    {LIBEXEC_AT_HWCAP2, AUXV_HWCAP2},
    {LIBEXEC_AT_EXECFD, AUXV_APPEND},
    {LIBEXEC_AT_RSEQ_FEATURE_SIZE, AUXV_APPEND},
    {LIBEXEC_AT_RSEQ_ALIGN, AUXV_APPEND},
};
#define AUXV_ASKED (sizeof auxv_asked / sizeof auxv_asked[0])
_Static_assert(AUXV_OWN + AUXV_ASKED < LIBEXEC_AUXV_MAX, "the entries with a place of their own always fit");

// The types that have a place of their own, or none at all; a host's others follow these.
#define AUXV_BIT(type) (UINT64_C(1) << (type))
static const uint64_t auxv_known =
    AUXV_BIT(LIBEXEC_AT_NULL) | AUXV_BIT(LIBEXEC_AT_IGNORE) | AUXV_BIT(LIBEXEC_AT_SYSINFO_EHDR) |
    AUXV_BIT(LIBEXEC_AT_MINSIGSTKSZ) | AUXV_BIT(LIBEXEC_AT_HWCAP) | AUXV_BIT(LIBEXEC_AT_PAGESZ) |
    AUXV_BIT(LIBEXEC_AT_CLKTCK) | AUXV_BIT(LIBEXEC_AT_PHDR) | AUXV_BIT(LIBEXEC_AT_PHENT) | AUXV_BIT(LIBEXEC_AT_PHNUM) |
    AUXV_BIT(LIBEXEC_AT_BASE) | AUXV_BIT(LIBEXEC_AT_FLAGS) | AUXV_BIT(LIBEXEC_AT_ENTRY) | AUXV_BIT(LIBEXEC_AT_UID) |
    AUXV_BIT(LIBEXEC_AT_EUID) | AUXV_BIT(LIBEXEC_AT_GID) | AUXV_BIT(LIBEXEC_AT_EGID) | AUXV_BIT(LIBEXEC_AT_SECURE) |
    AUXV_BIT(LIBEXEC_AT_RANDOM) | AUXV_BIT(LIBEXEC_AT_HWCAP2) | AUXV_BIT(LIBEXEC_AT_EXECFN) |
    AUXV_BIT(LIBEXEC_AT_EXECFD) | AUXV_BIT(LIBEXEC_AT_RSEQ_FEATURE_SIZE) | AUXV_BIT(LIBEXEC_AT_RSEQ_ALIGN) |
    AUXV_BIT(LIBEXEC_AT_PLATFORM);

static LIBEXEC_APART_FOR_SIZE const struct libexec_auxv *auxv_search(const struct libexec_auxv *entries, uint32_t count,
                                                                     uint64_t type) {
    for (; count != 0; count--, entries++)
        if (entries->type == type)
            return entries;
    return NULL;
}

// What the host says of a type: the answer to `image_known` wins over the request.
static LIBEXEC_APART_FOR_SIZE const struct libexec_auxv *auxv_supplied(const struct libexec_state *state,
                                                                       uint64_t type) {
    const struct libexec_auxv *entry = auxv_search(state->answer.auxv, state->answer.auxv_count, type);
    return entry != NULL ? entry : auxv_search(state->request->auxv, state->request->auxv_count, type);
}

static struct libexec_auxv *auxv_put_own(struct libexec_state *state, struct libexec_auxv *to) {
    const uint8_t *ids = (const uint8_t *)&state->answer;
    memcpy(to, auxv_own, sizeof auxv_own);
    to[AUXV_PAGESZ].value = state->bounds.page_size;
    to[AUXV_PHDR].value = state->layout.program_headers;
    to[AUXV_PHNUM].value = state->plans[FILE_PROGRAM].program_header_count;
    to[AUXV_BASE].value = state->layout.interpreter_bias;
    to[AUXV_ENTRY].value = state->layout.program_entry;
    state->answer.secure = state->answer.secure != 0;
    for (uint32_t i = AUXV_IDS; i < AUXV_IDS + AUXV_ID_COUNT; i++, ids += sizeof(uint32_t)) {
        uint32_t id;
        __builtin_memcpy(&id, ids, sizeof id);
        to[i].value = id;
    }
    state->auxv_random = to + AUXV_RANDOM;
    return to + AUXV_OWN - (state->arch->platform == NULL);
}

// The entries with a place of their own.
static struct libexec_auxv *auxv_put_known(struct libexec_state *state) {
    struct libexec_auxv *entry = state->scratch.auxv;
    struct libexec_auxv *own = entry;
    const bool any = (state->answer.auxv_count | state->request->auxv_count) != 0;
    for (uint32_t i = 0; i < AUXV_ASKED; i++) {
        if (i == AUXV_BEFORE) {
            own = entry;
            entry = auxv_put_own(state, own);
        }
        const struct libexec_auxv *supplied = any ? auxv_supplied(state, auxv_asked[i].type) : NULL;
        if (supplied == NULL)
            continue;
        struct libexec_auxv *to = auxv_asked[i].place == AUXV_APPEND ? entry++ : own + auxv_asked[i].place;
        *to = *supplied;
    }
    return entry;
}

// Entries of types that Linux does not have, each type once: the request's, then the answer's. As many as fit.
static struct libexec_auxv *auxv_put_others(struct libexec_state *state, struct libexec_auxv *to) {
    const struct libexec_auxv *from = state->request->auxv;
    uint32_t count = state->request->auxv_count;
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (; count != 0 && to != state->scratch.auxv + LIBEXEC_AUXV_MAX; count--, from++) {
            const uint64_t type = from->type;
            const bool known = type < 64 && (auxv_known >> type & 1) != 0;
            if (!known && auxv_supplied(state, type) == from)
                *to++ = *from;
        }
        from = state->answer.auxv;
        count = state->answer.auxv_count;
    }
    return to;
}

enum libexec_status libexec_auxv_build(struct libexec_state *state) {
    struct libexec_auxv *entry = auxv_put_others(state, auxv_put_known(state));
    if (entry == state->scratch.auxv + LIBEXEC_AUXV_MAX)
        return libexec_fail(&state->report, LIBEXEC_E_AUXV_CAPACITY, LIBEXEC_AUXV_MAX + 1, LIBEXEC_AUXV_MAX);
    entry->type = LIBEXEC_AT_NULL;
    entry->value = 0;
    state->auxv_built = (uint32_t)(entry + 1 - state->scratch.auxv);
    return LIBEXEC_OK;
}
