// SPDX-License-Identifier: MIT
// The `#!` line: one interpreter path and at most one argument, the rest of the line kept whole (Linux's rules).
#include "script.h"

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

static uint8_t script_at(const struct script_bytes *line, uint32_t index) {
    return index < line->length ? line->bytes[index] : 0;
}

static bool script_blank(uint8_t byte) {
    return byte == ' ' || byte == '\t';
}

// The first byte that is no blank in [from, last], or last + 1.
static uint32_t script_skip_blanks(const struct script_bytes *line, uint32_t from, uint32_t last) {
    while (from <= last && script_blank(script_at(line, from)))
        from++;
    return from;
}

// The first blank or NUL in [from, last], or last + 1.
static uint32_t script_word_end(const struct script_bytes *line, uint32_t from, uint32_t last) {
    while (from <= last && !script_blank(script_at(line, from)) && script_at(line, from) != 0)
        from++;
    return from;
}

// The index of the newline if it comes before any NUL, else LIBEXEC_SCRIPT_LINE_MAX.
static uint32_t script_newline(const struct script_bytes *line) {
    for (uint32_t i = 0; i < LIBEXEC_SCRIPT_LINE_MAX && script_at(line, i) != 0; i++)
        if (line->bytes[i] == '\n')
            return i;
    return LIBEXEC_SCRIPT_LINE_MAX;
}

// Where the line ends, exclusive; fails where the interpreter's path may be cut off.
static enum libexec_status script_line_end(const struct script_bytes *line, uint32_t *end,
                                           struct libexec_report *report) {
    *end = script_newline(line);
    if (*end < LIBEXEC_SCRIPT_LINE_MAX)
        return LIBEXEC_OK;
    const uint32_t name = script_skip_blanks(line, 2, SCRIPT_LAST);
    if (name > SCRIPT_LAST)
        return libexec_fail(report, LIBEXEC_E_SCRIPT_EMPTY);
    if (script_word_end(line, name, SCRIPT_LAST) > SCRIPT_LAST)
        return libexec_fail_value(report, LIBEXEC_E_SCRIPT_TRUNCATED, line->length, LIBEXEC_SCRIPT_LINE_MAX);
    *end = SCRIPT_LAST;
    return LIBEXEC_OK;
}

static uint32_t script_string_length(const struct script_bytes *line, uint32_t from, uint32_t end) {
    uint32_t length = 0;
    while (from + length < end && script_at(line, from + length) != 0)
        length++;
    return length;
}

enum libexec_status libexec_script_parse(struct libexec_script_line *line, const uint8_t *bytes, uint64_t length,
                                         struct libexec_report *report) {
    const struct script_bytes text = {bytes, (uint32_t)libexec_min(length, LIBEXEC_SCRIPT_LINE_MAX)};
    uint32_t end;
    if (script_line_end(&text, &end, report) != LIBEXEC_OK)
        return report->status;
    while (end > 2 && script_blank(script_at(&text, end - 1)))
        end--;
    line->path = script_skip_blanks(&text, 2, end);
    if (line->path >= end)
        return libexec_fail(report, LIBEXEC_E_SCRIPT_EMPTY);
    const uint32_t path_end = script_word_end(&text, line->path, end - 1);
    line->path_length = path_end - line->path;
    line->has_argument = path_end < end && script_at(&text, path_end) != 0;
    line->argument = line->has_argument ? script_skip_blanks(&text, path_end, end - 1) : end;
    line->argument_length = script_string_length(&text, line->argument, end);
    return LIBEXEC_OK;
}

#endif
