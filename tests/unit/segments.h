// SPDX-License-Identifier: MIT
// What each page and byte of a file's image must be, from its program headers (Linux's rules but for rows 4 and 8 of
// docs/linux-differences.md): the last segment that covers a page owns it. Shared by unit tests and fuzzer.
#ifndef LIBEXEC_UNIT_SEGMENTS_H
#define LIBEXEC_UNIT_SEGMENTS_H

#include <libexec/kit.h>

struct segments {
    const uint8_t *bytes; // of the file
    uint64_t size;
    uint64_t page_size;
    const struct libexec_kit_program_header *headers; // of any types
    uint32_t count;
};

uint64_t segments_down(const struct segments *segments, uint64_t address);
uint64_t segments_up(const struct segments *segments, uint64_t address);
// The header whose page it is; NULL: nobody's.
const struct libexec_kit_program_header *segments_owner(const struct segments *segments, uint64_t page);
// LIBEXEC_RIGHT_... of a page of `owner`.
uint32_t segments_rights(const struct segments *segments, const struct libexec_kit_program_header *owner,
                         uint64_t page);
uint8_t segments_byte(const struct segments *segments, uint64_t address);

#endif
