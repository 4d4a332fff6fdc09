// SPDX-License-Identifier: MIT
// The fake kernel around the memory: files in a warm page cache, the caller's memory, and the counted callbacks that
// the naive and the floor loader use. The library's host table is in host_table.c and comes down to the same functions.
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include "space.h"

enum { PATH_BYTES = 4096 };

struct file {
    char path[PATH_BYTES];
    const uint8_t *bytes; // the page cache: the last page is zero behind the end of the file
    uint64_t size;
};

// A file of the machine, read once and kept. NULL where there is none.
const struct file *file_open(const char *path);

// A file whose name inside the fake kernel is short and always the same.
const struct file *file_add(const char *path, const char *name);

// The page of the cache at `offset`, a multiple of the page size.
uint8_t *file_page(const struct file *file, uint64_t offset);

// The memory of the process that calls execve.
struct arguments {
    const char *name;
    uint32_t argc, envc;
    uint64_t argv, envp;   // user addresses of the vectors
    uint64_t string_bytes; // NULs included
};

enum argument_set {
    ARGUMENTS_NONE,
    ARGUMENTS_SMALL,
    ARGUMENTS_1000,
    ARGUMENTS_LONG,
    ARGUMENTS_2_MIB,
    ARGUMENTS_20000,
    ARGUMENT_SETS
};
const struct arguments *arguments_make(enum argument_set set); // writes the caller's memory
const uint8_t *caller_bytes(uint64_t address);                 // for the check: not counted
uint64_t caller_word(uint64_t address);

// What a loader has made of a program: enough to start it, and for the check to know what must lie where.
struct started {
    const struct file *program;
    const struct file *interpreter;
    uint64_t program_bias, interpreter_bias;
    uint64_t entry;
    uint64_t stack_pointer;
    uint64_t stack_low, stack_high; // pages in between may exist
    uint64_t thread_pointer;        // 0: no TLS block
    uint64_t tls_low, tls_high;
};

// ---- counted callbacks: for the naive and the floor loader
// -------------------------------------------------------------

const struct file *host_open(const char *name);
size_t host_read(const struct file *file, uint64_t offset, void *buffer, size_t length);
const uint8_t *host_file_view(const struct file *file, uint64_t offset);
struct space *host_space(void);
void host_map(struct space *space, const struct mapping *mappings, size_t count, bool at_once);
uint8_t *host_translate(struct space *space, uint64_t address, uint64_t length, uint64_t *view_length);
const uint8_t *host_caller_page(uint64_t address);
uint8_t host_caller_byte(uint64_t address);
uint64_t host_caller_word(uint64_t address);
void host_fault(const struct file *file, uint64_t offset, uint64_t address, uint64_t length, uint64_t from_file,
                uint32_t rights);
void host_random(void *bytes, size_t length);
void host_random_reset(void);                                    // every exec sees the same bytes
void *host_grow(void *memory, size_t old_size, size_t new_size); // copies what was there
void host_release(void *memory, size_t size);

// For memcpy and memset in the loaders: what they move is counted as bytes, not as instructions.
void *bench_memcpy(void *restrict to, const void *restrict from, size_t length);
void *bench_memmove(void *to, const void *from, size_t length);
void *bench_memset(void *to, int value, size_t length);
int bench_memcmp(const void *one, const void *other, size_t length);
void *bench_memccpy(void *restrict to, const void *restrict from, int end, size_t length);

// Views of at most this many pages: 16, the pool's largest block, or 1 for the simplest host.
extern uint64_t view_limit;

#endif
