// SPDX-License-Identifier: MIT
// A `#!` line of any bytes, in a view of any length from 40 to 257 bytes; script_short.c has the shorter ones. No byte
// before the view or behind it is looked at, and the path begins in the line. Of a longer view the first 256 bytes
// count.
//
// Assumed: a view that does not begin with "#!" is not parsed, as in exec.c.
#include "hostile.h"

#include "report.h"
#include "script.h"

#ifndef LEAST
#define LEAST 40
#define MOST  (LIBEXEC_SCRIPT_LINE_MAX + 1)
#endif

// The bytes stand at the end of their memory, and what is before them was never set.
static void parse(uint64_t length) {
    uint8_t buffer[MOST];
    uint8_t *const bytes = buffer + MOST - length;
    struct libexec_script_line line;
    struct libexec_report report;
    any_bytes(bytes, length);
    libexec_report_begin(&report, LIBEXEC_STAGE_SCRIPT, LIBEXEC_FILE_PROGRAM);
    if (length < 2 || !libexec_script_is(bytes, length))
        return;
    line.path.bytes = bytes + 2;
    if (libexec_script_parse(&line, bytes, length, &report) != LIBEXEC_OK)
        return;
    const uint64_t path = (uint64_t)(line.path.bytes - bytes);
    //@ assert 2 <= path <= length;
}

int main(void) {
    //@ widen_hints "all", 256, 257;
    //@ loop unroll 258;
    for (uint64_t length = LEAST; length <= MOST; length++)
        parse(length);
    return 0;
}
