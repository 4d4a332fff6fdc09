// SPDX-License-Identifier: MIT
// The `#!` line. Pure.
#ifndef LIBEXEC_SCRIPT_H
#define LIBEXEC_SCRIPT_H

#include "bytes.h"

#include <libexec/report.h>
#include <stdbool.h>

// A word without a NUL, inside the bytes parsed; `size` counts one. 0: there is no such word.
struct libexec_script_word {
    const uint8_t *bytes;
    uint32_t size;
};

struct libexec_script_line {
    struct libexec_script_word path; // may be empty: then there is no such file
    struct libexec_script_word argument;
};

// Whether the file is a script at all.
static inline bool libexec_script_is(const uint8_t *bytes, uint64_t length) {
    return length >= 2 && libexec_load16(bytes) == ('#' | '!' << 8);
}

// Parses the first bytes of a script, of which `length` are there, as Linux's fs/binfmt_script.c does: at most 256
// bytes count, what the file lacks of them reads as NUL.
enum libexec_status libexec_script_parse(struct libexec_script_line *line, const uint8_t *bytes, uint64_t length,
                                         struct libexec_report *report);

#endif
