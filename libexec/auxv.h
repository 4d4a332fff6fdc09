// SPDX-License-Identifier: MIT
// Which entries the auxiliary vector has, in which order.
#ifndef LIBEXEC_AUXV_H
#define LIBEXEC_AUXV_H

#include "state.h"

// Makes the entries. Those that point somewhere are filled in by the next call.
enum libexec_status libexec_auxv_build(struct libexec_state *state);

// Where the strings and bytes stand that entries point at.
struct libexec_auxv_places {
    uint64_t random;
    uint64_t platform;
    uint64_t file_name;
};

void libexec_auxv_place(struct libexec_state *state, const struct libexec_auxv_places *places);

#endif
