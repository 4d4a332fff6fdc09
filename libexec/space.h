// SPDX-License-Identifier: MIT
// The new address space as the stages see it: map operations that may be collected, and two views.
#ifndef LIBEXEC_SPACE_H
#define LIBEXEC_SPACE_H

#include "state.h"

// Hands the operation that was put behind those collected to the host, or collects it for one call of `map_many`.
// Returns the place of the next one, which is to be filled wholly, or NULL after a failure. The first place is that of
// state->scratch.operations.
struct libexec_map *libexec_space_map(struct libexec_state *state);

// Hands over what was collected.
enum libexec_status libexec_space_flush(struct libexec_state *state);

// The byte for `address` of mapped pages, and how many bytes from it on may be written through the same view. A view
// that must be opened is asked for up to the end of the page of `end`, as far as one is likely to be used: hosts may
// make what is asked for. Each role has one view at a time; those of both are one where they lie in the same pages.
// NULL after a failure.
uint8_t *libexec_space_at(struct libexec_state *state, enum space_role role, uint64_t address, uint64_t end,
                          uint64_t *available);

// Ends the views of both roles. For undo too.
void libexec_space_close_views(struct libexec_state *state);

#endif
