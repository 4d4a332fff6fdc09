// SPDX-License-Identifier: MIT
// The auxiliary vector: the library's entries and the host's, in Linux's order (fs/binfmt_elf.c, create_elf_tables).
#include "auxv.h"

#include "report.h"

// Linux's order on x86-64. A host's further entries follow the last.
static const uint8_t auxv_order[] = {
    LIBEXEC_AT_SYSINFO_EHDR, LIBEXEC_AT_MINSIGSTKSZ,
    LIBEXEC_AT_HWCAP,        LIBEXEC_AT_PAGESZ,
    LIBEXEC_AT_CLKTCK,       LIBEXEC_AT_PHDR,
    LIBEXEC_AT_PHENT,        LIBEXEC_AT_PHNUM,
    LIBEXEC_AT_BASE,         LIBEXEC_AT_FLAGS,
    LIBEXEC_AT_ENTRY,        LIBEXEC_AT_UID,
    LIBEXEC_AT_EUID,         LIBEXEC_AT_GID,
    LIBEXEC_AT_EGID,         LIBEXEC_AT_SECURE,
    LIBEXEC_AT_RANDOM,       LIBEXEC_AT_HWCAP2,
    LIBEXEC_AT_EXECFN,       LIBEXEC_AT_PLATFORM,
    LIBEXEC_AT_EXECFD,       LIBEXEC_AT_RSEQ_FEATURE_SIZE,
    LIBEXEC_AT_RSEQ_ALIGN,
};

static const struct libexec_auxv *auxv_search(const struct libexec_auxv *entries, uint32_t count, uint64_t type) {
    for (uint32_t i = 0; i < count; i++)
        if (entries[i].type == type)
            return &entries[i];
    return NULL;
}

// What the host says of a type: the answer to `image_known` wins over the request.
static const struct libexec_auxv *auxv_supplied(const struct libexec_state *state, uint64_t type) {
    const struct libexec_auxv *entry = auxv_search(state->answer.auxv, state->answer.auxv_count, type);
    return entry != NULL ? entry : auxv_search(state->auxv, state->auxv_count, type);
}

static enum libexec_status auxv_append(struct libexec_state *state, uint64_t type, uint64_t value) {
    if (state->auxv_built == LIBEXEC_AUXV_MAX)
        return libexec_fail_value(&state->report, LIBEXEC_E_AUXV_CAPACITY, "LIBEXEC_AUXV_MAX", LIBEXEC_AUXV_MAX + 1,
                                  LIBEXEC_AUXV_MAX);
    state->scratch.auxv[state->auxv_built].type = type;
    state->scratch.auxv[state->auxv_built].value = value;
    state->auxv_built++;
    return LIBEXEC_OK;
}

// The library's own value for a type; false where the type is the host's to supply.
static bool auxv_own_value(const struct libexec_state *state, uint64_t type, uint64_t *value) {
    const struct libexec_layout *layout = &state->layout;
    const struct libexec_image_answer *answer = &state->answer;
    switch (type) {
    case LIBEXEC_AT_PAGESZ:
        *value = state->arch->page_size;
        return true;
    case LIBEXEC_AT_PHDR:
        *value = layout->program_headers;
        return true;
    case LIBEXEC_AT_PHENT:
        *value = 56;
        return true;
    case LIBEXEC_AT_PHNUM:
        *value = state->program_plan.program_header_count;
        return true;
    case LIBEXEC_AT_BASE:
        *value = layout->interpreter_bias;
        return true;
    case LIBEXEC_AT_ENTRY:
        *value = layout->program_entry;
        return true;
    case LIBEXEC_AT_UID:
        *value = answer->uid;
        return true;
    case LIBEXEC_AT_EUID:
        *value = answer->euid;
        return true;
    case LIBEXEC_AT_GID:
        *value = answer->gid;
        return true;
    case LIBEXEC_AT_EGID:
        *value = answer->egid;
        return true;
    case LIBEXEC_AT_SECURE:
        *value = answer->secure != 0;
        return true;
    case LIBEXEC_AT_FLAGS:
    case LIBEXEC_AT_RANDOM:
    case LIBEXEC_AT_EXECFN:
    case LIBEXEC_AT_PLATFORM:
        *value = 0; // FLAGS stays 0; the others are placed later
        return true;
    default:
        return false;
    }
}

static enum libexec_status auxv_append_ordered(struct libexec_state *state, uint64_t type) {
    uint64_t value;
    if (type == LIBEXEC_AT_PLATFORM && state->arch->platform == NULL)
        return LIBEXEC_OK;
    if (type == LIBEXEC_AT_EXECFN)
        state->auxv_execfn = state->auxv_built;
    if (auxv_own_value(state, type, &value))
        return auxv_append(state, type, value);
    const struct libexec_auxv *supplied = auxv_supplied(state, type);
    if (supplied != NULL)
        return auxv_append(state, type, supplied->value);
    if (type == LIBEXEC_AT_HWCAP || type == LIBEXEC_AT_HWCAP2)
        return auxv_append(state, type, 0);
    if (type == LIBEXEC_AT_CLKTCK)
        return auxv_append(state, type, 100);
    return LIBEXEC_OK; // Linux leaves these out too where it has nothing to say
}

static bool auxv_is_ordered(uint64_t type) {
    for (uint32_t i = 0; i < sizeof auxv_order / sizeof auxv_order[0]; i++)
        if (auxv_order[i] == type)
            return true;
    return type == LIBEXEC_AT_NULL || type == LIBEXEC_AT_IGNORE;
}

// Entries of types that Linux does not have, each type once.
static enum libexec_status auxv_append_others(struct libexec_state *state, const struct libexec_auxv *entries,
                                              uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        if (auxv_is_ordered(entries[i].type) || auxv_supplied(state, entries[i].type) != &entries[i])
            continue;
        if (auxv_append(state, entries[i].type, entries[i].value) != LIBEXEC_OK)
            return state->report.status;
    }
    return LIBEXEC_OK;
}

enum libexec_status libexec_auxv_build(struct libexec_state *state) {
    state->auxv_built = 0;
    for (uint32_t i = 0; i < sizeof auxv_order / sizeof auxv_order[0]; i++)
        if (auxv_append_ordered(state, auxv_order[i]) != LIBEXEC_OK)
            return state->report.status;
    if (auxv_append_others(state, state->auxv, state->auxv_count) != LIBEXEC_OK ||
        auxv_append_others(state, state->answer.auxv, state->answer.auxv_count) != LIBEXEC_OK)
        return state->report.status;
    return auxv_append(state, LIBEXEC_AT_NULL, 0);
}

void libexec_auxv_place(struct libexec_state *state, const struct libexec_auxv_places *places) {
    for (uint32_t i = 0; i < state->auxv_built; i++) {
        struct libexec_auxv *entry = &state->scratch.auxv[i];
        if (entry->type == LIBEXEC_AT_RANDOM)
            entry->value = places->random;
        else if (entry->type == LIBEXEC_AT_PLATFORM)
            entry->value = places->platform;
    }
}
