// SPDX-License-Identifier: MIT
// Which entries the auxiliary vector has, in which order.
#ifndef LIBEXEC_AUXV_H
#define LIBEXEC_AUXV_H

#include "state.h"

// Where the things are that entries point at. AT_EXECFN's address is filled in later.
struct libexec_auxv_places {
    uint64_t random;
    uint64_t platform;
};

// How many entries libexec_auxv_build makes, or a failure.
enum libexec_status libexec_auxv_build(struct libexec_state *state);

// Fills in the addresses once the vector's own length is known.
void libexec_auxv_place(struct libexec_state *state, const struct libexec_auxv_places *places);

#endif
