// SPDX-License-Identifier: MIT
// An ordinary C program, built statically, as a static PIE and dynamically. Says what it was started with, and looks
// whether all is as a C library promises. With "refusals" it executes what cannot be; with "null" it reads there.
#include <elf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

extern char **environ;
extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

static _Thread_local struct {
    _Alignas(64) uint64_t first;
    char zeros[5000];
} own = {.first = 0x1234567890abcdef};

static const char *volatile nowhere = (const char *)16;
static int failures;

static void check(int holds, const char *what) {
    if (!holds) {
        failures++;
        printf("FAIL: %s\n", what);
    }
}

static void check_auxiliary_vector(void) {
    check(getauxval(AT_PAGESZ) == 4096, "AT_PAGESZ");
    check(getauxval(AT_PHDR) == (uintptr_t)&__ehdr_start + __ehdr_start.e_phoff, "AT_PHDR");
    check(getauxval(AT_PHNUM) == __ehdr_start.e_phnum, "AT_PHNUM");
    check(getauxval(AT_PHENT) == sizeof(Elf64_Phdr), "AT_PHENT");
    check(getauxval(AT_CLKTCK) == 100, "AT_CLKTCK");
    check((getauxval(AT_HWCAP) & 3) == 3, "AT_HWCAP"); // floating point, vectors
    check(strcmp((const char *)getauxval(AT_PLATFORM), "aarch64") == 0, "AT_PLATFORM");
    const unsigned char *const bytes = (const unsigned char *)getauxval(AT_RANDOM);
    unsigned int sum = 0;
    for (int i = 0; i < 16; i++) {
        sum += bytes[i];
    }
    check(sum != 0, "AT_RANDOM");
}

static void check_memory(void) {
    char *const small = malloc(1000);
    char *const large = malloc((size_t)3 << 20);
    check(small != NULL && large != NULL, "malloc");
    if (small != NULL && large != NULL) {
        memset(small, 1, 1000);
        memset(large, 2, (size_t)3 << 20);
    }
    check(own.first == 0x1234567890abcdef && (uintptr_t)&own % 64 == 0, "thread-local data");
    for (size_t i = 0; i < sizeof own.zeros; i++) {
        check(own.zeros[i] == 0, "thread-local zeros");
    }
    free(small);
    free(large);
}

static void expect(const char *path, int error) {
    char *const argv[] = {(char *)path, NULL};
    check(execv(path, argv) == -1 && errno == error, path);
    printf("%s: %s\n", path, strerror(errno));
    fflush(stdout);
}

static int refusals(void) {
    expect("/missing", ENOENT);
    expect("/text", ENOEXEC);
    expect("/notes", EACCES);
    expect("/x86-64", ENOEXEC);
    expect("/script-of-none", ENOENT);
    check(execv(nowhere, (char *const[]){NULL}) == -1 && errno == EFAULT, "a path that is not there");
    check(own.first == 0x1234567890abcdef, "the caller's own data");
    puts(failures == 0 ? "refusals: all as expected" : "refusals: FAIL");
    return failures;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "refusals") == 0) {
        return refusals();
    }
    if (argc == 2 && strcmp(argv[1], "null") == 0) {
        return *nowhere;
    }
    printf("%s:", (const char *)getauxval(AT_EXECFN));
    for (int i = 0; i < argc; i++) {
        printf(" [%s]", argv[i]);
    }
    for (char **entry = environ; *entry != NULL; entry++) {
        printf(" %s", *entry);
    }
    printf("; a third is %.3f\n", argc / (3.0 * argc));
    check_auxiliary_vector();
    check_memory();
    puts(failures == 0 ? "PASS" : "FAIL");
    return failures;
}
