// SPDX-License-Identifier: MIT
// What the fuzz target and its standalone driver share.
#ifndef LIBEXEC_FUZZ_H
#define LIBEXEC_FUZZ_H

#include <stddef.h>
#include <stdint.h>

// An input begins with this many bytes of settings: features (2), failing call, persistence and TLS policy, policy
// flags, arguments, form, stack.
#define FUZZ_HEADER 8u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
