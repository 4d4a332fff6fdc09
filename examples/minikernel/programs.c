// SPDX-License-Identifier: MIT
// Runs programs. The lines that start with "==" are for tests to read.

#include "programs.h"

#include "console.h"
#include "initramfs.h"
#include "linux_abi.h"
#include "process.h"
#include "string.h"

#define WORD_LIMIT     64
#define LINE_LIMIT     1024
#define EXPECTED_LIMIT 16

static const char *const environment[] = {"PATH=/bin", "HOME=/", "TERM=dumb", NULL};

static unsigned program_count, unexpected_count;

// Copies one word, quotes removed, to *to, which never overtakes the text that is read.
static char *take_word(char *line, char **to) {
    char quote = '\0';
    for (; *line != '\0' && (quote != '\0' || (*line != ' ' && *line != '\t')); line++) {
        if (quote == '\0' && (*line == '\'' || *line == '"')) {
            quote = *line;
        } else if (*line == quote) {
            quote = '\0';
        } else {
            *(*to)++ = *line;
        }
    }
    const bool at_end = *line == '\0';
    *(*to)++ = '\0';
    return at_end ? NULL : line + 1;
}

// Splits a line in place; returns the number of words.
static size_t split_words(char *line, const char *words[WORD_LIMIT]) {
    size_t count = 0;
    char *to = line;
    while (line != NULL && count < WORD_LIMIT - 1) {
        while (*line == ' ' || *line == '\t') {
            line++;
        }
        if (*line == '\0') {
            break;
        }
        words[count++] = to;
        line = take_word(line, &to);
    }
    words[count] = NULL;
    return count;
}

static void write_decimal(char text[4], int value) {
    size_t start = 0;
    if (value >= 100) {
        text[start++] = (char)('0' + value / 100);
    }
    if (value >= 10) {
        text[start++] = (char)('0' + value / 10 % 10);
    }
    text[start++] = (char)('0' + value % 10);
    text[start] = '\0';
}

static void report_end(struct process_result result, const char *expected) {
    static const char *const ends[] = {
        [PROCESS_EXITED] = "exit",
        [PROCESS_KILLED] = "killed",
        [PROCESS_REFUSED] = "refused",
    };
    char number[4];
    write_decimal(number, result.code);
    const char *value = number;
    if (result.end != PROCESS_EXITED) {
        value = result.end == PROCESS_KILLED ? signal_name(result.code) : error_name(result.code);
    }
    print_fresh_line();
    print("== %s %s\n", ends[result.end], value);
    if (!string_equal(value, expected)) {
        print("== unexpected: %s was to be the end\n", expected);
        unexpected_count++;
    } else if (result.end != PROCESS_EXITED) {
        print("   as expected\n");
    }
}

static void run_words(const char *const *words, const char *expected) {
    program_count++;
    report_end(process_run(words[0], words, environment), expected);
}

void programs_run_line(char *line) {
    static const char option[] = "expect=";
    const char *words[WORD_LIMIT];
    char expected[EXPECTED_LIMIT] = "0";
    if (string_starts_with(line, option)) {
        size_t length = 0;
        for (line += sizeof option - 1; *line != ' ' && *line != '\0' && length < sizeof expected - 1; line++) {
            expected[length++] = *line;
        }
        expected[length] = '\0';
        line += *line == ' ';
    }
    if (line[0] == '#' || line[0] == '\0') {
        return;
    }
    print_fresh_line();
    print("== exec: %s\n", line);
    if (split_words(line, words) > 0) {
        run_words(words, expected);
    }
}

void programs_run_file(const char *path) {
    struct node *node;
    const int result = initramfs_lookup(initramfs_root(), path, true, &node);
    if (result != 0) {
        panic("%s: %s", path, error_name(-result));
    }
    uint64_t position = 0;
    while (position < node->size) {
        char line[LINE_LIMIT];
        size_t length = 0;
        for (; position < node->size && node->data[position] != '\n'; position++) {
            if (length == sizeof line - 1) {
                panic("%s: a line is longer than %d bytes", path, LINE_LIMIT - 1);
            }
            line[length++] = (char)node->data[position];
        }
        line[length] = '\0';
        position++;
        programs_run_line(line);
    }
}

void programs_run_list(char *list) {
    while (*list != '\0') {
        const char *words[WORD_LIMIT];
        size_t count = 0;
        char separator = ',';
        while (separator == ',' && count < WORD_LIMIT - 1) {
            words[count++] = list;
            while (*list != '\0' && *list != ',' && *list != ';') {
                list++;
            }
            separator = *list;
            if (separator != '\0') {
                *list++ = '\0';
            }
        }
        words[count] = NULL;
        print("== exec:");
        for (size_t i = 0; i < count; i++) {
            print(" %s", words[i]);
        }
        print("\n");
        run_words(words, "0");
    }
}

bool programs_all_well(void) {
    print("== %u programs, %u ended otherwise than expected\n", program_count, unexpected_count);
    return program_count > 0 && unexpected_count == 0;
}
