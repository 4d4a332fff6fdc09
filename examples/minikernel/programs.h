// SPDX-License-Identifier: MIT
// Which programs to run, one after another, and whether each ended as expected.

#ifndef MINIKERNEL_PROGRAMS_H
#define MINIKERNEL_PROGRAMS_H

#include <stdbool.h>

// Each line a command: words, '...' and "..." around what is to stay together; lines that start with # are comments. A
// first word expect=X names another end than exit status 0: another status, the name of the signal that is to kill it
// (SIGSEGV), or of the error that keeps it from starting (ENOENT).
void programs_run_file(const char *path);

// A list of commands from the kernel's command line: /path,argument,argument;/path ...
void programs_run_list(char *list);

// One command.
void programs_run_line(char *line);

// Prints the sum; true when something ran and everything ended as expected.
bool programs_all_well(void);

#endif
