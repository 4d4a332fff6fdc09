// SPDX-License-Identifier: MIT
// Which entries the auxiliary vector has, in which order.
#ifndef LIBEXEC_AUXV_H
#define LIBEXEC_AUXV_H

#include "state.h"

// Makes the entries in the scratch memory. Those that point behind the vector are left to the caller:
// state->auxv_random is AT_RANDOM's, the next one AT_HWCAP2's, then AT_EXECFN's, then AT_PLATFORM's where the machine
// has one.
enum libexec_status libexec_auxv_build(struct libexec_state *state);

#endif
