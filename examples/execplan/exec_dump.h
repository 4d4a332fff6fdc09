// SPDX-License-Identifier: MIT
// The exec dump: what an exec produced, as lines of text that two implementations can be compared by. This is the
// writer of the lines that need care; execplan and the parity tests' tracer both print through it.
#ifndef EXEC_DUMP_H
#define EXEC_DUMP_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define EXEC_DUMP_PAGE 4096u

// Prints `bytes` between quotation marks; bytes that do not print as \xNN.
void exec_dump_text(FILE *output, const char *bytes, size_t length);

// "ENOEXEC" and so on; the decimal number for errnos without a name here. Valid until the next call.
const char *exec_dump_errno(int number);

// The number for such a name, or for decimal digits; -1 for anything else.
int exec_dump_errno_number(const char *name);

// "AT_PHDR" and so on; AT_<decimal> for unknown types. Valid until the next call.
const char *exec_dump_auxv(uint64_t type);

// Reads a file of NUL-terminated strings and returns a NULL-terminated vector: `first`, when it is not NULL, then those
// of the file. NULL, with errno, where it cannot be read. The memory is never freed.
char **exec_dump_read_arguments(const char *path, char *first);

// A maximal run of pages with equal rights: fed with ascending ranges, it prints a `mem` line whenever a run ends.
struct exec_dump_memory {
    FILE *output;
    uint64_t start;
    uint64_t end; // equal to start: no run is open
    uint64_t nonzero;
    uint64_t hash;
    char rights[4]; // "r-x"
};

void exec_dump_memory_begin(struct exec_dump_memory *memory, FILE *output);

// Opens or extends a run by [start, end) with `rights`; the pages hold zeros until said otherwise.
void exec_dump_memory_range(struct exec_dump_memory *memory, uint64_t start, uint64_t end, const char *rights);

// States the bytes of one page of the range given last; pages in ascending order. Zero pages count as not stated.
void exec_dump_memory_page(struct exec_dump_memory *memory, uint64_t address, const unsigned char *bytes);

void exec_dump_memory_end(struct exec_dump_memory *memory);

#endif
