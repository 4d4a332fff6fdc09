// SPDX-License-Identifier: MIT
// The shape of the TLS block and its pages, as decided by plan and layout.
#ifndef LIBEXEC_TLS_SHAPE_H
#define LIBEXEC_TLS_SHAPE_H

#include "state.h"

#include <libexec/tls.h>

// Map operation `index` of the block; false when there are no more. At most three: the middle one borrows the
// template's pages.
bool libexec_tls_operation(const struct libexec_state *state, uint32_t index, struct libexec_map *operation);

// The whole pages of the template that may be the file's own; empty where none are.
struct libexec_range libexec_tls_borrowed(const struct libexec_state *state);

#endif
