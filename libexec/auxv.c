// SPDX-License-Identifier: MIT
// The auxiliary vector: the library's entries and the host's, in Linux's order (fs/binfmt_elf.c, create_elf_tables).
#include "auxv.h"

#include "bytes.h"
#include "elf_format.h"
#include "report.h"

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

static LIBEXEC_APART const struct libexec_auxv *auxv_search(const struct libexec_auxv *entries, uint32_t count,
                                                            uint64_t type) {
    for (uint32_t i = 0; i < count; i++)
        if (entries[i].type == type)
            return &entries[i];
    return NULL;
}

// What the host says of a type: the answer to `image_known` wins over the request.
static inline const struct libexec_auxv *auxv_supplied(const struct libexec_state *state, uint64_t type) {
    if ((state->answer.auxv_count | state->auxv_count) == 0)
        return NULL;
    const struct libexec_auxv *entry = auxv_search(state->answer.auxv, state->answer.auxv_count, type);
    return entry != NULL ? entry : auxv_search(state->auxv, state->auxv_count, type);
}

static void auxv_put(struct libexec_state *state, uint64_t type, uint64_t value) {
    struct libexec_auxv *entry = &state->scratch.auxv[state->auxv_built++];
    entry->type = type;
    entry->value = value;
}

// An entry that Linux always has: the host's value, or a default.
static void auxv_put_default(struct libexec_state *state, uint64_t type, uint64_t value) {
    const struct libexec_auxv *supplied = auxv_supplied(state, type);
    auxv_put(state, type, supplied != NULL ? supplied->value : value);
}

// An entry that is there only where the host has it.
static void auxv_put_supplied(struct libexec_state *state, uint64_t type) {
    const struct libexec_auxv *supplied = auxv_supplied(state, type);
    if (supplied != NULL)
        auxv_put(state, type, supplied->value);
}

static void auxv_put_image(struct libexec_state *state) {
    const struct libexec_layout *layout = &state->layout;
    auxv_put(state, LIBEXEC_AT_PHDR, layout->program_headers);
    auxv_put(state, LIBEXEC_AT_PHENT, ELF_PROGRAM_HEADER_SIZE);
    auxv_put(state, LIBEXEC_AT_PHNUM, state->program_plan.program_header_count);
    auxv_put(state, LIBEXEC_AT_BASE, layout->interpreter_bias);
    auxv_put(state, LIBEXEC_AT_FLAGS, 0);
    auxv_put(state, LIBEXEC_AT_ENTRY, layout->program_entry);
}

static void auxv_put_credentials(struct libexec_state *state) {
    const struct libexec_image_answer *answer = &state->answer;
    auxv_put(state, LIBEXEC_AT_UID, answer->uid);
    auxv_put(state, LIBEXEC_AT_EUID, answer->euid);
    auxv_put(state, LIBEXEC_AT_GID, answer->gid);
    auxv_put(state, LIBEXEC_AT_EGID, answer->egid);
    auxv_put(state, LIBEXEC_AT_SECURE, answer->secure != 0);
}

static bool auxv_is_ordered(uint64_t type) {
    for (uint32_t i = 0; i < sizeof auxv_ordered; i++)
        if (auxv_ordered[i] == type)
            return true;
    return false;
}

// Entries of types that Linux does not have, each type once. One place is kept for AT_NULL.
static enum libexec_status auxv_put_others(struct libexec_state *state, const struct libexec_auxv *entries,
                                           uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (auxv_is_ordered(entries[i].type) || auxv_supplied(state, entries[i].type) != &entries[i])
            continue;
        if (state->auxv_built == LIBEXEC_AUXV_MAX - 1)
            return libexec_fail_value(&state->report, LIBEXEC_E_AUXV_CAPACITY, LIBEXEC_AUXV_MAX + 1, LIBEXEC_AUXV_MAX);
        auxv_put(state, entries[i].type, entries[i].value);
    }
    return LIBEXEC_OK;
}

enum libexec_status libexec_auxv_build(struct libexec_state *state) {
    state->auxv_built = 0;
    auxv_put_supplied(state, LIBEXEC_AT_SYSINFO_EHDR);
    auxv_put_supplied(state, LIBEXEC_AT_MINSIGSTKSZ);
    auxv_put_default(state, LIBEXEC_AT_HWCAP, 0);
    auxv_put(state, LIBEXEC_AT_PAGESZ, state->arch->page_size);
    auxv_put_default(state, LIBEXEC_AT_CLKTCK, 100);
    auxv_put_image(state);
    auxv_put_credentials(state);
    state->auxv_random = state->auxv_built;
    auxv_put(state, LIBEXEC_AT_RANDOM, 0);
    auxv_put_default(state, LIBEXEC_AT_HWCAP2, 0);
    auxv_put(state, LIBEXEC_AT_EXECFN, 0);
    if (state->arch->platform != NULL)
        auxv_put(state, LIBEXEC_AT_PLATFORM, 0);
    auxv_put_supplied(state, LIBEXEC_AT_EXECFD);
    auxv_put_supplied(state, LIBEXEC_AT_RSEQ_FEATURE_SIZE);
    auxv_put_supplied(state, LIBEXEC_AT_RSEQ_ALIGN);
    if (auxv_put_others(state, state->auxv, state->auxv_count) != LIBEXEC_OK ||
        auxv_put_others(state, state->answer.auxv, state->answer.auxv_count) != LIBEXEC_OK)
        return state->report.status;
    auxv_put(state, LIBEXEC_AT_NULL, 0);
    return LIBEXEC_OK;
}

void libexec_auxv_place(struct libexec_state *state, const struct libexec_auxv_places *places) {
    struct libexec_auxv *random = &state->scratch.auxv[state->auxv_random]; // then HWCAP2, EXECFN, PLATFORM
    random[0].value = places->random;
    random[2].value = places->file_name;
    if (state->arch->platform != NULL)
        random[3].value = places->platform;
}
