// SPDX-License-Identifier: MIT
// The lines the programs print about their checks. Each line leaves the program at once, so that none is lost or
// printed twice when the program replaces itself.

#include "runtime.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *program = "?";
static unsigned int checks;
static unsigned int failures;

void check_name(const char *name) {
    program = name;
    checks = 0;
    failures = 0;
}

bool check(bool holds, const char *what, ...) {
    checks++;
    if (holds) {
        return true;
    }
    failures++;
    va_list arguments;
    va_start(arguments, what);
    printf("FAIL %s: ", program);
    vprintf(what, arguments);
    printf("\n");
    fflush(stdout);
    va_end(arguments);
    return false;
}

bool check_equal(uint64_t seen, uint64_t expected, const char *what) {
    return check(seen == expected, "%s: 0x%" PRIx64 " seen, 0x%" PRIx64 " expected", what, seen, expected);
}

bool check_text(const char *seen, const char *expected, const char *what) {
    if (seen == NULL || expected == NULL) {
        return check(seen == expected, "%s: %s", what, seen == NULL ? "missing" : "should not be there");
    }
    return check(strcmp(seen, expected) == 0, "%s: \"%.60s\" seen, \"%.60s\" expected", what, seen, expected);
}

bool check_failed(void) {
    return failures != 0;
}

int check_report(void) {
    if (failures == 0) {
        printf("PASS %s: %u checks\n", program, checks);
    } else {
        printf("FAIL %s: %u of %u checks failed\n", program, failures, checks);
    }
    fflush(stdout);
    return failures == 0 ? 0 : 1;
}
