// SPDX-License-Identifier: MIT
// The `#!` line: one interpreter path and at most one argument, the rest of the line kept whole (Linux's rules).
#include "script.h"

#include "checked.h"
#include "report.h"

#include <libexec/config.h>

#if !LIBEXEC_CONFIG_STATIC_ONLY

static bool script_blank(uint8_t byte) {
    return byte == ' ' || byte == '\t';
}

// Passes blanks, or what is none, up to `end`.
static LIBEXEC_APART_FOR_SPEED const uint8_t *script_pass(const uint8_t *at, const uint8_t *end, bool blanks) {
    while (at < end && script_blank(*at) == blanks)
        at++;
    return at;
}

enum libexec_status libexec_script_parse(struct libexec_script_line *line, const uint8_t *bytes, uint64_t length,
                                         struct libexec_report *report) {
    const uint8_t *const limit = bytes + libexec_min(length, LIBEXEC_SCRIPT_LINE_MAX);
    const uint8_t *end = bytes + 2;
    uint8_t stop = 0;
    while (end < limit && (stop = *end) != 0 && stop != '\n')
        end++;
    const uint8_t *const path = script_pass(bytes + 2, end, true);
    const uint8_t *const path_end = script_pass(path, end, false);
    if (path_end - bytes == LIBEXEC_SCRIPT_LINE_MAX && path != path_end) // it may be cut off
        return libexec_fail(report, LIBEXEC_E_SCRIPT_TRUNCATED, LIBEXEC_SCRIPT_LINE_MAX, LIBEXEC_SCRIPT_LINE_MAX);
    // Blanks at the end of the line go, unless a NUL ends it; Linux sees no NUL in the last byte that it looks at.
    if (stop == '\n' || end - bytes >= LIBEXEC_SCRIPT_LINE_MAX - 1) {
        if (end - bytes == LIBEXEC_SCRIPT_LINE_MAX)
            end--;
        while (end > path && script_blank(end[-1]))
            end--;
        if (end <= path)
            return libexec_refuse(report, LIBEXEC_E_SCRIPT_EMPTY);
    }
    line->path.bytes = path;
    line->path.size = (uint32_t)(path_end - path) + 1;
    line->argument.bytes = script_pass(path_end, end, true);
    line->argument.size = path_end < end ? (uint32_t)(end - line->argument.bytes) + 1 : 0;
    return LIBEXEC_OK;
}

#endif
