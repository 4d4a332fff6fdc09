// SPDX-License-Identifier: MIT
// Bytes to facts: the file header, and one program header. Pure.
#ifndef LIBEXEC_HEADER_H
#define LIBEXEC_HEADER_H

#include <libexec/arch.h>
#include <libexec/plan.h>
#include <libexec/report.h>
#include <stdint.h>

// The file header's fields that are used, validated.
struct libexec_file_header {
    uint64_t entry;
    uint64_t table_offset;
    uint32_t table_count; // 1 ... LIBEXEC_PROGRAM_HEADERS_MAX
    uint32_t type;        // ET_EXEC or ET_DYN; in an interpreter not yet checked
};

// Validates the first bytes of a file, of which `length` are there. The table lies inside `file_size` bytes when it
// returns LIBEXEC_OK.
enum libexec_status libexec_header_parse(struct libexec_file_header *header, const uint8_t *bytes, uint64_t length,
                                         uint64_t file_size, const struct libexec_arch *arch,
                                         struct libexec_report *report, struct libexec_report *own);

// One entry of the table as it stands: nothing is checked.
struct libexec_program_header {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t address;
    uint64_t file_size;
    uint64_t memory_size;
    uint64_t alignment;
};

void libexec_program_header_load(struct libexec_program_header *header, const uint8_t *bytes);

// LIBEXEC_RIGHT_... for PF_... bits: read and execute change places.
static inline uint32_t libexec_rights_of(uint32_t flags) {
    return (flags >> 2 & LIBEXEC_RIGHT_READ) | (flags & LIBEXEC_RIGHT_WRITE) | (flags << 2 & LIBEXEC_RIGHT_EXECUTE);
}

#endif
