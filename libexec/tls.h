// SPDX-License-Identifier: MIT
// The contents of the TLS block.
#ifndef LIBEXEC_INTERNAL_TLS_H
#define LIBEXEC_INTERNAL_TLS_H

#include "state.h"

// Fills the mapped block: template, thread control block, self pointer.
enum libexec_status libexec_tls_write(struct libexec_state *state);

#endif
