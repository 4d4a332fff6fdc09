// SPDX-License-Identifier: MIT
// Calls of execve that must be refused, and leave their caller as it was.

#include "refusal.h"

#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096 };

static _Thread_local volatile uint64_t thread_word = 0x5eed;
static uint8_t kept[3 * PAGE_BYTES];
static int descriptor;
static uint64_t break_before;

static uint8_t pattern(size_t offset) {
    return (uint8_t)(offset * 5 + 3);
}

void refusal_prepare(void) {
    for (size_t i = 0; i < sizeof kept; i++) {
        kept[i] = pattern(i);
    }
    descriptor = open("/data/verse", O_RDONLY);
    check(descriptor >= 0, "/data/verse cannot be opened");
    sbrk(PAGE_BYTES - (ptrdiff_t)(ADDRESS(sbrk(0)) % PAGE_BYTES));
    break_before = ADDRESS(sbrk(0));
}

static void check_unchanged(const char *what) {
    unsigned int changed = 0;
    for (size_t i = 0; i < sizeof kept; i++) {
        changed += kept[i] != pattern(i);
    }
    check(changed == 0, "%s: the caller's memory was changed", what);
    check(thread_word == 0x5eed, "%s: the thread pointer was changed", what);
    check(ADDRESS(sbrk(0)) == break_before && system_call(SYSTEM_BRK, 0, 0, 0, 0, 0, 0) == (int64_t)break_before,
          "%s: the break was moved", what);
    char byte = 0;
    check(lseek(descriptor, 0, SEEK_SET) == 0 && read(descriptor, &byte, 1) == 1, "%s: a descriptor no longer works",
          what);
}

void refusal_expect(uint64_t path, uint64_t argv, uint64_t envp, int error, const char *what) {
    errno = 0;
    const int result = execute(path, argv, envp);
    check(result == -1, "%s: execve returned %d", what, result);
    check(errno == error, "%s: error %d (%s), not %d (%s)", what, errno, strerror(errno), error, strerror(error));
    check_unchanged(what);
}

void refusal_expect_path(const char *path, int error, const char *what) {
    static const char *const argv[] = {"name", NULL};
    static const char *const envp[] = {"A=1", NULL};
    refusal_expect(ADDRESS(path), ADDRESS(argv), ADDRESS(envp), error, what);
}
