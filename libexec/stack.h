// SPDX-License-Identifier: MIT
// The psABI image of the initial stack.
#ifndef LIBEXEC_INTERNAL_STACK_H
#define LIBEXEC_INTERNAL_STACK_H

#include "state.h"

#include <libexec/stack.h>

// Writes the whole initial stack into the mapped stack region.
enum libexec_status libexec_stack_write(struct libexec_state *state);

#endif
