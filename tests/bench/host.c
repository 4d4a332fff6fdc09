// SPDX-License-Identifier: MIT
// Files, the caller's memory, and the counted callbacks of the naive and the floor loader.

#include "host.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 32 };

uint64_t view_limit = 16;

// ---- files ----------------------------------------------------------------------------------------------------------

static struct file files[FILES_MAX];
static size_t file_count;

static const struct file *find_file(const char *path) {
    for (size_t i = 0; i < file_count; i++) {
        if (strcmp(files[i].path, path) == 0) {
            return &files[i];
        }
    }
    return NULL;
}

const struct file *file_add(const char *path, const char *name) {
    const struct file *const known = find_file(name);
    if (known != NULL) {
        return known;
    }
    const int descriptor = open(path, O_RDONLY);
    struct stat facts;
    if (descriptor < 0 || fstat(descriptor, &facts) != 0 || facts.st_size == 0 || file_count == FILES_MAX ||
        strlen(name) >= PATH_BYTES) {
        return NULL;
    }
    void *const bytes = mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    close(descriptor);
    if (bytes == MAP_FAILED) {
        return NULL;
    }
    struct file *const file = &files[file_count++];
    strcpy(file->path, name);
    file->bytes = bytes;
    file->size = (uint64_t)facts.st_size;
    return file;
}

const struct file *file_open(const char *path) {
    return file_add(path, path);
}

uint8_t *file_page(const struct file *file, uint64_t offset) {
    if (offset % PAGE_SIZE != 0 || offset >= file->size) {
        fprintf(stderr, "bench: %s has no page at %#llx\n", file->path, (unsigned long long)offset);
        exit(1);
    }
    return (uint8_t *)(uintptr_t)(file->bytes + offset); // the page tables keep addresses; nobody writes to these pages
}

// ---- the caller's memory --------------------------------------------------------------------------------------------

// Vectors first, then the strings one behind the other from a page border on, as a shell would have them.
static const uint64_t CALLER_BASE = 0x10000000;
enum { CALLER_BYTES = 4 << 20, ENVIRONMENT_STRINGS = 24, ENVIRONMENT_BYTES = 1482 };

static _Alignas(PAGE_SIZE) uint8_t caller[CALLER_BYTES];
static uint64_t vector_end, string_end;

const uint8_t *caller_bytes(uint64_t address) {
    if (address - CALLER_BASE >= CALLER_BYTES) {
        fputs("bench: read outside the caller's memory\n", stderr);
        exit(1);
    }
    return caller + (address - CALLER_BASE);
}

uint64_t caller_word(uint64_t address) {
    uint64_t word;
    memcpy(&word, caller_bytes(address), sizeof word);
    return word;
}

static void put_vector_word(uint64_t word) {
    memcpy(caller + (vector_end - CALLER_BASE), &word, sizeof word);
    vector_end += sizeof word;
}

// A string of `length` bytes that starts with `prefix`, and its place in the vector.
static void put_string(const char *prefix, unsigned number, uint64_t length) {
    char start[32];
    const int written = snprintf(start, sizeof start, prefix, number);
    uint8_t *const bytes = caller + (string_end - CALLER_BASE);
    for (uint64_t i = 0; i < length; i++) {
        bytes[i] = i < (uint64_t)written ? (uint8_t)start[i] : (uint8_t)('a' + (i + number) % 26);
    }
    bytes[length] = 0;
    put_vector_word(string_end);
    string_end += length + 1;
}

static void put_many(uint32_t count, uint64_t length, uint64_t odd_length) {
    for (uint32_t i = 0; i < count; i++) {
        put_string("%u:", i, i % 2 == 0 ? length : odd_length);
    }
}

static uint32_t put_arguments(enum argument_set set) {
    switch (set) {
    case ARGUMENTS_SMALL:
        put_string("x", 0, 1);
        put_string("-l", 1, 2);
        put_string("ab", 2, 2);
        return 3;
    case ARGUMENTS_1000:
        put_many(1000, 100, 100);
        return 1000;
    case ARGUMENTS_LONG:
        put_many(1, 131071, 131071);
        return 1;
    case ARGUMENTS_2_MIB:
        put_many(256, 8127, 8127);
        return 256;
    case ARGUMENTS_20000:
        put_many(20000, 99, 100);
        return 20000;
    case ARGUMENTS_NONE:
    default:
        return 0;
    }
}

static const uint32_t ARGUMENT_COUNTS[ARGUMENT_SETS] = {0, 3, 1000, 1, 256, 20000};
static const char *const ARGUMENT_NAMES[ARGUMENT_SETS] = {"none", "small", "1000x100", "131071", "2MiB/256", "20000"};

const struct arguments *arguments_make(enum argument_set set) {
    static struct arguments made;
    const uint32_t envc = set == ARGUMENTS_NONE ? 0 : ENVIRONMENT_STRINGS;
    const uint64_t vector_bytes = (ARGUMENT_COUNTS[set] + envc + 2) * sizeof(uint64_t);
    vector_end = CALLER_BASE;
    const uint64_t strings = CALLER_BASE + (vector_bytes + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
    string_end = strings;
    made = (struct arguments){.name = ARGUMENT_NAMES[set], .argv = vector_end};
    made.argc = put_arguments(set);
    put_vector_word(0);
    made.envp = vector_end;
    made.envc = envc;
    for (uint32_t i = 0; i < envc; i++) {
        // 1,482 bytes in all, NULs included
        put_string("VARIABLE_%u=", i,
                   ENVIRONMENT_BYTES / ENVIRONMENT_STRINGS - (i < ENVIRONMENT_BYTES % ENVIRONMENT_STRINGS ? 0 : 1));
    }
    put_vector_word(0);
    made.string_bytes = string_end - strings;
    return &made;
}

// ---- counted callbacks ----------------------------------------------------------------------------------------------

const struct file *host_open(const char *name) {
    counters.calls[CALL_OPEN]++;
    return file_open(name);
}

size_t host_read(const struct file *file, uint64_t offset, void *buffer, size_t length) {
    counters.calls[CALL_READ]++;
    const uint64_t left = offset < file->size ? file->size - offset : 0;
    const size_t done = left < length ? (size_t)left : length;
    memcpy(buffer, file->bytes + offset, done);
    counters.copied += done;
    return done;
}

const uint8_t *host_file_view(const struct file *file, uint64_t offset) {
    counters.calls[CALL_FILE_VIEW]++;
    return file->bytes + offset;
}

struct space *host_space(void) {
    counters.calls[CALL_SPACE]++;
    return space_make();
}

void host_map(struct space *space, const struct mapping *mappings, size_t count, bool at_once) {
    counters.calls[CALL_MAP_MANY] += at_once;
    for (size_t i = 0; i < count; i++) {
        counters.calls[CALL_MAP] += !at_once;
        if (space_map(space, &mappings[i]) != 0) {
            fputs("bench: a loader maps what it must not\n", stderr);
            exit(1);
        }
    }
}

uint8_t *host_translate(struct space *space, uint64_t address, uint64_t length, uint64_t *view_length) {
    counters.calls[CALL_TRANSLATE]++;
    uint8_t *const view = space_view(space, address, length, view_limit, view_length);
    if (view == NULL) {
        fputs("bench: a loader writes where it must not\n", stderr);
        exit(1);
    }
    return view;
}

const uint8_t *host_caller_page(uint64_t address) {
    counters.calls[CALL_USER]++;
    return caller_bytes(address / PAGE_SIZE * PAGE_SIZE);
}

uint8_t host_caller_byte(uint64_t address) {
    counters.calls[CALL_USER]++;
    counters.copied++;
    return *caller_bytes(address);
}

uint64_t host_caller_word(uint64_t address) {
    counters.calls[CALL_USER]++;
    counters.copied += sizeof(uint64_t);
    return caller_word(address);
}

// The kernel's answer to a fault: it would put the page of the cache, or a copy of it, into the page table.
void host_fault(const struct file *file, uint64_t offset, uint64_t address, uint64_t length, uint64_t from_file,
                uint32_t rights) {
    (void)file, (void)offset, (void)address, (void)length, (void)from_file, (void)rights;
    counters.calls[CALL_FAULT]++;
}

static const uint64_t RANDOM_SEED = 0x2545f4914f6cdd1d;
static uint64_t random_state;

void host_random_reset(void) {
    random_state = RANDOM_SEED;
}

void host_random(void *bytes, size_t length) {
    counters.calls[CALL_RANDOM]++;
    for (size_t i = 0; i < length; i++) {
        random_state ^= random_state << 13;
        random_state ^= random_state >> 7;
        random_state ^= random_state << 17;
        ((uint8_t *)bytes)[i] = (uint8_t)(random_state >> 32);
    }
}

static void count_heap(uint64_t taken, uint64_t given) {
    counters.heap_now += taken - given;
    counters.heap = counters.heap_now > counters.heap ? counters.heap_now : counters.heap;
}

void *host_grow(void *memory, size_t old_size, size_t new_size) {
    counters.calls[CALL_HEAP]++;
    void *const grown = malloc(new_size);
    if (grown == NULL) {
        perror("bench");
        exit(1);
    }
    count_heap(new_size, 0);
    if (old_size > 0) {
        memcpy(grown, memory, old_size);
        counters.copied += old_size;
    }
    count_heap(0, old_size);
    free(memory);
    return grown;
}

void host_release(void *memory, size_t size) {
    counters.calls[CALL_HEAP]++;
    count_heap(0, size);
    free(memory);
}

void *bench_memcpy(void *restrict to, const void *restrict from, size_t length) {
    counters.copied += length;
    return memcpy(to, from, length);
}

void *bench_memmove(void *to, const void *from, size_t length) {
    counters.copied += length;
    return memmove(to, from, length);
}

void *bench_memset(void *to, int value, size_t length) {
    counters.zeroed += length;
    return memset(to, value, length);
}

int bench_memcmp(const void *one, const void *other, size_t length) {
    return memcmp(one, other, length);
}

void *bench_memccpy(void *restrict to, const void *restrict from, int end, size_t length) {
    uint8_t *const behind = memccpy(to, from, end, length);
    counters.copied += behind != NULL ? (uint64_t)(behind - (uint8_t *)to) : length;
    return behind;
}
