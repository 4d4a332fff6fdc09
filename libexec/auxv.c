// SPDX-License-Identifier: MIT
// The auxiliary vector: the library's entries and the host's, in Linux's order (fs/binfmt_elf.c, create_elf_tables).
#include "auxv.h"

#include "bytes.h"
#include "elf_format.h"
#include "report.h"

// Entries that are there only where the host has them: before those that are always there, and behind them.
static const uint8_t auxv_before[] = {LIBEXEC_AT_SYSINFO_EHDR, LIBEXEC_AT_MINSIGSTKSZ};
static const uint8_t auxv_behind[] = {LIBEXEC_AT_EXECFD, LIBEXEC_AT_RSEQ_FEATURE_SIZE, LIBEXEC_AT_RSEQ_ALIGN};

// Every type that has a place of its own; a host's others follow these.
static const uint8_t auxv_ordered[] = {
    LIBEXEC_AT_NULL,
    LIBEXEC_AT_IGNORE,
    LIBEXEC_AT_SYSINFO_EHDR,
    LIBEXEC_AT_MINSIGSTKSZ,
    LIBEXEC_AT_HWCAP,
    LIBEXEC_AT_PAGESZ,
    LIBEXEC_AT_CLKTCK,
    LIBEXEC_AT_PHDR,
    LIBEXEC_AT_PHENT,
    LIBEXEC_AT_PHNUM,
    LIBEXEC_AT_BASE,
    LIBEXEC_AT_FLAGS,
    LIBEXEC_AT_ENTRY,
    LIBEXEC_AT_UID,
    LIBEXEC_AT_EUID,
    LIBEXEC_AT_GID,
    LIBEXEC_AT_EGID,
    LIBEXEC_AT_SECURE,
    LIBEXEC_AT_RANDOM,
    LIBEXEC_AT_HWCAP2,
    LIBEXEC_AT_EXECFN,
    LIBEXEC_AT_EXECFD,
    LIBEXEC_AT_RSEQ_FEATURE_SIZE,
    LIBEXEC_AT_RSEQ_ALIGN,
    LIBEXEC_AT_PLATFORM,
};
_Static_assert(sizeof auxv_ordered <= LIBEXEC_AUXV_MAX, "the entries with a place of their own always fit");

// The entries that Linux always has, from HWCAP to EXECFN, and what they hold unless something better is known.
#define AUXV_FIXED 17u
static const struct libexec_auxv auxv_fixed[AUXV_FIXED] = {
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
};
// Places among them.
enum {
    AUXV_HWCAP = 0,
    AUXV_PAGESZ = 1,
    AUXV_CLKTCK = 2,
    AUXV_PHDR = 3,
    AUXV_PHNUM = 5,
    AUXV_BASE = 6,
    AUXV_ENTRY = 8,
    AUXV_UID = 9,
    AUXV_EUID = 10,
    AUXV_GID = 11,
    AUXV_EGID = 12,
    AUXV_SECURE = 13,
    AUXV_RANDOM = 14,
    AUXV_HWCAP2 = 15,
    AUXV_EXECFN = 16
};

static LIBEXEC_APART const struct libexec_auxv *auxv_search(const struct libexec_auxv *entries, uint32_t count,
                                                            uint64_t type) {
    for (uint32_t i = 0; i < count; i++)
        if (entries[i].type == type)
            return &entries[i];
    return NULL;
}

// What the host says of a type: the answer to `image_known` wins over the request.
static LIBEXEC_APART const struct libexec_auxv *auxv_supplied(const struct libexec_state *state, uint64_t type) {
    const struct libexec_auxv *entry = auxv_search(state->answer.auxv, state->answer.auxv_count, type);
    return entry != NULL ? entry : auxv_search(state->request->auxv, state->request->auxv_count, type);
}

static bool auxv_put(struct libexec_state *state, uint64_t type, uint64_t value) {
    if (state->auxv_built == LIBEXEC_AUXV_MAX)
        return false;
    struct libexec_auxv *entry = &state->scratch.auxv[state->auxv_built++];
    entry->type = type;
    entry->value = value;
    return true;
}

// Entries that are there only where the host has them.
static void auxv_put_supplied(struct libexec_state *state, const uint8_t *types, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        const struct libexec_auxv *supplied = auxv_supplied(state, types[i]);
        if (supplied != NULL)
            auxv_put(state, supplied->type, supplied->value);
    }
}

static void auxv_override(const struct libexec_state *state, struct libexec_auxv *entry) {
    const struct libexec_auxv *supplied = auxv_supplied(state, entry->type);
    if (supplied != NULL)
        entry->value = supplied->value;
}

static void auxv_put_fixed(struct libexec_state *state) {
    const struct libexec_layout *layout = &state->layout;
    const struct libexec_image_answer *answer = &state->answer;
    struct libexec_auxv *entry = &state->scratch.auxv[state->auxv_built];
    state->auxv_fixed = entry;
    state->auxv_built += AUXV_FIXED;
    memcpy(entry, auxv_fixed, sizeof auxv_fixed);
    entry[AUXV_PAGESZ].value = state->bounds.page_size;
    entry[AUXV_PHDR].value = layout->program_headers;
    entry[AUXV_PHNUM].value = state->files[FILE_PROGRAM].plan->program_header_count;
    entry[AUXV_BASE].value = layout->interpreter_bias;
    entry[AUXV_ENTRY].value = layout->program_entry;
    entry[AUXV_UID].value = answer->uid;
    entry[AUXV_EUID].value = answer->euid;
    entry[AUXV_GID].value = answer->gid;
    entry[AUXV_EGID].value = answer->egid;
    entry[AUXV_SECURE].value = answer->secure != 0;
    auxv_override(state, &entry[AUXV_HWCAP]);
    auxv_override(state, &entry[AUXV_CLKTCK]);
    auxv_override(state, &entry[AUXV_HWCAP2]);
}

// Entries of types that Linux does not have, each type once. One place is kept for AT_NULL.
static enum libexec_status auxv_put_others(struct libexec_state *state, const struct libexec_auxv *entries,
                                           uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        bool ordered = auxv_supplied(state, entries[i].type) != &entries[i];
        for (uint32_t j = 0; j < sizeof auxv_ordered; j++)
            ordered |= auxv_ordered[j] == entries[i].type;
        if (!ordered && !auxv_put(state, entries[i].type, entries[i].value))
            break;
    }
    return LIBEXEC_OK;
}

enum libexec_status libexec_auxv_build(struct libexec_state *state) {
    const struct libexec_request *request = state->request;
    state->auxv_built = 0;
    auxv_put_supplied(state, auxv_before, sizeof auxv_before);
    auxv_put_fixed(state);
    if (state->arch->platform != NULL)
        auxv_put(state, LIBEXEC_AT_PLATFORM, 0);
    auxv_put_supplied(state, auxv_behind, sizeof auxv_behind);
    auxv_put_others(state, request->auxv, request->auxv_count);
    auxv_put_others(state, state->answer.auxv, state->answer.auxv_count);
    if (!auxv_put(state, LIBEXEC_AT_NULL, 0))
        return libexec_fail(&state->report, LIBEXEC_E_AUXV_CAPACITY, LIBEXEC_AUXV_MAX + 1, LIBEXEC_AUXV_MAX);
    return LIBEXEC_OK;
}

void libexec_auxv_place(struct libexec_state *state, const struct libexec_auxv_places *places) {
    struct libexec_auxv *entry = state->auxv_fixed;
    entry[AUXV_RANDOM].value = places->random;
    entry[AUXV_EXECFN].value = places->file_name;
    if (state->arch->platform != NULL)
        entry[AUXV_EXECFN + 1].value = places->platform;
}
