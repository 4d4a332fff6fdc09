// SPDX-License-Identifier: MIT
// An ordinary hosted program, built against glibc and musl in several ways: argument vector, environment, auxiliary
// vector, TLS and stdio, as its C library hands them on. Uses nothing but the library.

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#ifndef PROGRAM_NAME
#define PROGRAM_NAME "libc-check"
#endif

static unsigned int checks, failures;

static void check(int holds, const char *what) {
    checks++;
    if (!holds) {
        failures++;
        printf("FAIL " PROGRAM_NAME ": %s\n", what);
    }
}

static _Thread_local _Alignas(64) volatile uint64_t initialised = 0x0123456789abcdef;
static _Thread_local volatile uint8_t zeros[1000];
static volatile uint8_t plain_zeros[10000];
static volatile uint64_t plain_data = 42;

static void check_tls(void) {
    unsigned int others = 0;
    check(initialised == 0x0123456789abcdef, "initialised _Thread_local data");
    check((uintptr_t)&initialised % 64 == 0, "alignment of _Thread_local data");
    for (size_t i = 0; i < sizeof zeros; i++) {
        others += zeros[i] != 0;
    }
    check(others == 0, "zero _Thread_local data");
    errno = 0;
    check(close(1000) == -1 && errno == EBADF, "errno");
}

static void check_memory(void) {
    unsigned int others = 0;
    for (size_t i = 0; i < sizeof plain_zeros; i++) {
        others += plain_zeros[i] != 0;
    }
    check(others == 0, "zero data");
    check(plain_data == 42, "initialised data");
    char *small = malloc(100), *large = malloc(1 << 20);
    check(small != NULL && large != NULL, "malloc");
    if (small != NULL && large != NULL) {
        memset(small, 1, 100);
        memset(large, 2, 1 << 20);
        check(small[99] == 1 && large[(1 << 20) - 1] == 2, "contents of malloc's memory");
    }
    free(small);
    free(large);
}

int main(int argc, char **argv) {
    check(argc == 3, "argc");
    check(argc > 0 && strcmp(argv[0], "/bin/" PROGRAM_NAME) == 0, "argv[0]");
    check(argc > 2 && strcmp(argv[1], "first") == 0 && strcmp(argv[2], "second word") == 0, "argv");
    const char *home = getenv("HOME");
    check(home != NULL && strcmp(home, "/") == 0, "the variable HOME");
    check(getauxval(AT_PAGESZ) == 4096, "AT_PAGESZ");
    check(getauxval(AT_PHDR) != 0 && getauxval(AT_PHNUM) > 0 && getauxval(AT_ENTRY) != 0,
          "AT_PHDR, AT_PHNUM, AT_ENTRY");
    check(getauxval(AT_RANDOM) != 0 && getauxval(AT_SECURE) == 0, "AT_RANDOM, AT_SECURE");
    const char *file = (const char *)getauxval(AT_EXECFN);
    check(file != NULL && strcmp(file, "/bin/" PROGRAM_NAME) == 0, "AT_EXECFN");
    check_tls();
    check_memory();
    char text[32];
    snprintf(text, sizeof text, "%.3f", (double)plain_data / 5);
    check(strcmp(text, "8.400") == 0, "printf of floating point");
    if (failures == 0) {
        printf("PASS " PROGRAM_NAME ": %u checks\n", checks);
    }
    return failures == 0 ? 0 : 1;
}
