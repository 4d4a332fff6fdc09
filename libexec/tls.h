// SPDX-License-Identifier: MIT
// The TLS block's pages and contents.
#ifndef LIBEXEC_INTERNAL_TLS_H
#define LIBEXEC_INTERNAL_TLS_H

#include "state.h"

#include <libexec/tls.h>

// Map operation `index` of the block; false when there are no more. At most three: the middle one borrows the
// template's pages.
bool libexec_tls_operation(const struct libexec_state *state, uint32_t index, struct libexec_map *operation);

// Fills the mapped block: template, thread control block, self pointer.
enum libexec_status libexec_tls_write(struct libexec_state *state);

#endif
