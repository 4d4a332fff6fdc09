// SPDX-License-Identifier: MIT
// Calls execve with everything it must refuse, sees the right error each time and lives on unchanged; then replaces
// itself with /bin/replaced, which checks that it is the same process and that the old memory is gone.

#include "runtime/refusal.h"
#include "runtime/runtime.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    PATH_LIMIT = 4096,     // its NUL included
    STRING_LIMIT = 131072, // its NUL included
    ENOUGH_STRINGS = 60,   // of the greatest length: more than 6 MiB
    OLD_AREA_BYTES = 1 << 20,
};

#define KERNEL_ADDRESS  0xffffffff80000000u
#define NOT_CANONICAL   0x0000800000000000u
#define HOLE            0x0000000000010000u // below every program
#define WORKING_PROGRAM "/bin/replaced"

static const char *const good_argv[] = {"name", NULL};
static const char *const good_envp[] = {"A=1", NULL};

static void expect_vectors(const void *argv, const void *envp, int error, const char *what) {
    refusal_expect(ADDRESS(WORKING_PROGRAM), ADDRESS(argv), ADDRESS(envp), error, what);
}

static void refuse_files(void) {
    refusal_expect_path("/bin/missing", ENOENT, "a missing file");
    refusal_expect_path("", ENOENT, "an empty path");
    refusal_expect_path("/data/verse/below", ENOTDIR, "a path through a file");
    refusal_expect_path("/data/empty", ENOEXEC, "an empty file");
    refusal_expect_path("/data/short", ENOEXEC, "a file shorter than its header");
    refusal_expect_path("/data/cut-table", ENOEXEC, "a file cut inside its program-header table");
    refusal_expect_path("/data/bad-magic", ENOEXEC, "a bad magic");
    refusal_expect_path("/data/other-machine", ENOEXEC, "a program for another machine");
    refusal_expect_path("/data/verse", EACCES, "a text without the x bit");
    refusal_expect_path("/data/not-executable", EACCES, "a program without the x bit");
    refusal_expect_path("/data", EACCES, "a directory");
}

static void refuse_paths(void) {
    static char path[PATH_LIMIT + 1];
    for (size_t i = 0; i < PATH_LIMIT; i += 2) {
        path[i] = '/';
        path[i + 1] = '.';
    }
    path[PATH_LIMIT] = 0;
    refusal_expect_path(path, ENAMETOOLONG, "a path of 4096 characters");
    memcpy(path + PATH_LIMIT - 5, "/gone", 6);
    memmove(path, path + 1, PATH_LIMIT);
    path[0] = '/';
    check_equal(strlen(path), PATH_LIMIT - 1, "the length of the longest path");
    refusal_expect_path(path, ENOENT, "a missing file with a path of 4095 characters");
    refusal_expect(0, ADDRESS(good_argv), ADDRESS(good_envp), EFAULT, "a null path");
    refusal_expect(HOLE, ADDRESS(good_argv), ADDRESS(good_envp), EFAULT, "a path in a hole");
    refusal_expect(KERNEL_ADDRESS, ADDRESS(good_argv), ADDRESS(good_envp), EFAULT, "a path in the kernel");
    refusal_expect(NOT_CANONICAL, ADDRESS(good_argv), ADDRESS(good_envp), EFAULT, "a path that is not canonical");
}

// The last bytes before an unmapped page: the break ends there.
static uint8_t *before_hole(size_t bytes) {
    uint8_t *end = sbrk(0);
    return end - bytes;
}

static void refuse_vectors(void) {
    const uint64_t path = ADDRESS(WORKING_PROGRAM);
    refusal_expect(path, HOLE, ADDRESS(good_envp), EFAULT, "an argument vector in a hole");
    refusal_expect(path, KERNEL_ADDRESS, ADDRESS(good_envp), EFAULT, "an argument vector in the kernel");
    refusal_expect(path, ADDRESS(good_argv), HOLE, EFAULT, "an environment in a hole");
    refusal_expect(path, ADDRESS(good_argv), KERNEL_ADDRESS, EFAULT, "an environment in the kernel");

    const uint64_t in_hole[] = {ADDRESS("name"), HOLE, 0};
    expect_vectors(in_hole, good_envp, EFAULT, "an argument in a hole");
    expect_vectors(good_argv, in_hole, EFAULT, "a variable in a hole");
    const uint64_t in_kernel[] = {ADDRESS("name"), KERNEL_ADDRESS, 0};
    expect_vectors(in_kernel, good_envp, EFAULT, "an argument in the kernel");
    const uint64_t at_top[] = {ADDRESS("name"), UINT64_MAX, 0};
    expect_vectors(at_top, good_envp, EFAULT, "an argument at the last address");

    uint64_t *open_end = (uint64_t *)(void *)before_hole(2 * sizeof(uint64_t));
    open_end[0] = ADDRESS("name");
    open_end[1] = ADDRESS("second");
    expect_vectors(open_end, good_envp, EFAULT, "an argument vector that runs into a hole");
    char *text = (char *)before_hole(5);
    memset(text, 'x', 5);
    const char *const runs_out[] = {"name", text, NULL};
    expect_vectors(runs_out, good_envp, EFAULT, "an argument that runs into a hole");
}

static void refuse_sizes(void) {
    static char longest[STRING_LIMIT + 1];
    static const char *many[ENOUGH_STRINGS + 1];
    memset(longest, 'y', STRING_LIMIT);
    const char *const one_more[] = {"name", longest, NULL};
    expect_vectors(one_more, good_envp, E2BIG, "an argument one byte too long");
    expect_vectors(good_argv, one_more, E2BIG, "a variable one byte too long");
    longest[STRING_LIMIT - 1] = 0;
    for (int i = 0; i < ENOUGH_STRINGS; i++) {
        many[i] = longest;
    }
    expect_vectors(many, good_envp, E2BIG, "more than 6 MiB of arguments");
}

static int replace(void) {
    const uint64_t area = map_pages(OLD_AREA_BYTES);
    check(area != 0, "mmap failed");
    const int status = check_report();
    if (status != 0) {
        return status;
    }
    char process[24], address[24];
    snprintf(process, sizeof process, "%d", (int)getpid());
    snprintf(address, sizeof address, "%llu", (unsigned long long)(area + OLD_AREA_BYTES / 2));
    const char *const argv[] = {"replaced", process, address, NULL};
    printf("refusals: process %s replaces itself\n", process);
    fflush(stdout);
    execute(ADDRESS(WORKING_PROGRAM), ADDRESS(argv), ADDRESS(good_envp));
    printf("FAIL refusals: the last execve failed: %s\n", strerror(errno));
    return 1;
}

int main(void) {
    check_name("refusals");
    refusal_prepare();
    refuse_files();
    refuse_paths();
    refuse_vectors();
    refuse_sizes();
    return replace();
}
