// SPDX-License-Identifier: MIT
// The `#!` line: one interpreter path and at most one argument, the rest of the line kept whole (Linux's rules).
#include "script.h"

#include "bytes.h"
#include "checked.h"
#include "report.h"

#include <libexec/config.h>

bool libexec_script_is(const uint8_t *bytes, uint64_t length) {
    return length >= 2 && bytes[0] == '#' && bytes[1] == '!';
}

#if !LIBEXEC_CONFIG_STATIC_ONLY

// The line as Linux sees it: 256 bytes, NUL where the file has none.
struct script_bytes {
    const uint8_t *bytes;
    uint32_t length;
};

#define SCRIPT_LAST (LIBEXEC_SCRIPT_LINE_MAX - 1u)

static LIBEXEC_APART uint8_t script_at(const struct script_bytes *line, uint32_t index) {
    return index < line->length ? line->bytes[index] : 0;
}

static bool script_blank(uint8_t byte) {
    return byte == ' ' || byte == '\t';
}

// From a word: the first blank or NUL in [from, last], or last + 1. Else the first byte that is no blank.
static LIBEXEC_APART uint32_t script_pass(const struct script_bytes *line, uint32_t from, uint32_t last, bool word) {
    for (; from <= last; from++) {
        const uint8_t byte = script_at(line, from);
        if ((script_blank(byte) || (word && byte == 0)) == word)
            break;
    }
    return from;
}

enum libexec_status libexec_script_parse(struct libexec_script_line *line, const uint8_t *bytes, uint64_t length,
                                         struct libexec_report *report) {
    const struct script_bytes text = {bytes, (uint32_t)libexec_min(length, LIBEXEC_SCRIPT_LINE_MAX)};
    uint32_t end = 0; // of the line, exclusive: at the newline if that comes before any NUL
    while (end < text.length && bytes[end] != '\n' && bytes[end] != 0)
        end++;
    if (end == text.length || bytes[end] == 0) { // the interpreter's path may be cut off
        const uint32_t name = script_pass(&text, 2, SCRIPT_LAST, false);
        if (name <= SCRIPT_LAST && script_pass(&text, name, SCRIPT_LAST, true) > SCRIPT_LAST)
            return libexec_fail(report, LIBEXEC_E_SCRIPT_TRUNCATED, text.length, LIBEXEC_SCRIPT_LINE_MAX);
        end = SCRIPT_LAST;
    }
    while (end > 2 && script_blank(script_at(&text, end - 1)))
        end--;
    line->path = script_pass(&text, 2, end, false);
    if (line->path >= end)
        return libexec_refuse(report, LIBEXEC_E_SCRIPT_EMPTY);
    const uint32_t path_end = script_pass(&text, line->path, end - 1, true);
    line->path_length = path_end - line->path;
    line->has_argument = path_end < end && script_at(&text, path_end) != 0;
    line->argument = line->has_argument ? script_pass(&text, path_end, end - 1, false) : end;
    uint32_t argument_end = line->argument; // a NUL ends it
    while (argument_end < end && script_at(&text, argument_end) != 0)
        argument_end++;
    line->argument_length = argument_end - line->argument;
    return LIBEXEC_OK;
}

#endif
