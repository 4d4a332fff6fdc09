// SPDX-License-Identifier: MIT
// The `#!` line. Pure.
#ifndef LIBEXEC_SCRIPT_H
#define LIBEXEC_SCRIPT_H

#include <libexec/report.h>
#include <stdbool.h>

// Positions in the line's bytes. Neither word holds a NUL; both lie inside the bytes parsed.
struct libexec_script_line {
    uint32_t path;
    uint32_t path_length; // may be 0: then there is no such file
    uint32_t argument;
    uint32_t argument_length;
    bool has_argument;
};

// Whether the file is a script at all.
bool libexec_script_is(const uint8_t *bytes, uint64_t length);

// Parses the first bytes of a script, of which `length` are there, as Linux's fs/binfmt_script.c does: at most 256
// bytes count, what the file lacks of them reads as NUL.
enum libexec_status libexec_script_parse(struct libexec_script_line *line, const uint8_t *bytes, uint64_t length,
                                         struct libexec_report *report);

#endif
