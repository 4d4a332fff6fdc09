// SPDX-License-Identifier: MIT
// Deciding every address of the new image.
#ifndef LIBEXEC_INTERNAL_LAYOUT_H
#define LIBEXEC_INTERNAL_LAYOUT_H

#include "state.h"

// Room on the stack beside the strings and pointers that are charged: argc, two NULLs, the auxiliary vector,
// AT_PLATFORM's string, the random bytes, the words that scripts add, the closing zero word.
#define LIBEXEC_STACK_FIXED  1024u
#define LIBEXEC_PLATFORM_MAX 64u

// Fills state->layout from the plans, the policy, the entropy drawn and the host's reserved ranges, and proves that
// nothing overlaps. Draws nothing itself: a second call with other reserved ranges moves only what must move. The
// report is at LIBEXEC_STAGE_LAYOUT already, and about no file.
enum libexec_status libexec_layout_decide(struct libexec_state *state);

#endif
