// SPDX-License-Identifier: MIT
// What the fuzz target and its standalone driver share.
#ifndef LIBEXEC_FUZZ_H
#define LIBEXEC_FUZZ_H

#include <libexec/kit.h>
#include <stddef.h>
#include <stdint.h>

// An input begins with this many bytes of settings: features (2), failing call, persistence and TLS policy, policy
// flags, arguments, form, stack and page size.
#define FUZZ_HEADER 8u

#define FUZZ_PAGE_MOST 0x10000u // the largest of the page sizes

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Puts `program`'s name, or what the input makes of it, and vectors and strings from the input into the caller's
// memory.
void fuzz_arguments_set(struct libexec_kit *kit, struct libexec_request *request, uint64_t page_size,
                        const char *program, const uint8_t *bytes, size_t length);
// After the exec: what is wrong, or NULL. `image` may be NULL where it is not looked at.
const char *fuzz_arguments_check(struct libexec_kit *kit, const struct libexec_request *request,
                                 const struct libexec_report *report, const struct libexec_kit_image *image);

// Compares the image of a file with its program headers; what is wrong, or NULL.
const char *fuzz_image_check(const struct libexec_kit_image *image, const uint8_t *bytes, uint64_t size,
                             uint64_t page_size, uint64_t bias, enum libexec_file kind);

#endif
