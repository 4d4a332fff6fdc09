// SPDX-License-Identifier: MIT
// What a descriptor made with O_PATH is not good for, and the refusals of execveat; then replaces itself with
// /bin/no-tls, by execveat.

#include "runtime/runtime.h"

// Linux's numbers; picolibc's ELOOP is another.
enum { ENOENT = 2, ENOEXEC = 8, EBADF = 9, EACCES = 13, ENOTDIR = 20, EINVAL = 22, EFAULT = 14, ELOOP = 40 };
enum { AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000, UNKNOWN_FLAG = 0x4000, CLOSED = 60, PAGE_BYTES = 4096 };

#define HERE ((uint64_t)-100) // AT_FDCWD
#define LINK "/data/link"     // to a script

static const char *const arguments[] = {"name", NULL};

static uint64_t open_path(const char *path, uint64_t flags) {
    const int64_t descriptor = system_call(SYSTEM_OPEN, ADDRESS(path), LINUX_O_PATH | flags, 0, 0, 0, 0);
    check(descriptor > 2, "%s cannot be opened with O_PATH", path);
    return (uint64_t)descriptor;
}

static void expect(int64_t result, int error, const char *what) {
    check(result == -error, "%s: %d, not %d", what, (int)result, -error);
}

static void refuse_use(void) {
    static char bytes[PAGE_BYTES];
    const uint64_t file = open_path("/data/verse", 0), directory = open_path("/data", LINUX_O_DIRECTORY);
    const uint64_t read_only = 1, private_mapping = 2;
    const struct { uint64_t base, length; } vector = {ADDRESS(bytes), sizeof bytes};
    expect(system_call(SYSTEM_READ, file, ADDRESS(bytes), 1, 0, 0, 0), EBADF, "read");
    expect(system_call(SYSTEM_PREAD64, file, ADDRESS(bytes), 1, 0, 0, 0), EBADF, "pread64");
    expect(system_call(SYSTEM_READV, file, ADDRESS(&vector), 1, 0, 0, 0), EBADF, "readv");
    expect(system_call(SYSTEM_WRITE, file, ADDRESS(bytes), 1, 0, 0, 0), EBADF, "write");
    expect(system_call(SYSTEM_LSEEK, file, 0, 0, 0, 0, 0), EBADF, "lseek");
    expect(system_call(SYSTEM_MMAP, 0, PAGE_BYTES, read_only, private_mapping, file, 0), EBADF, "mmap");
    expect(system_call(SYSTEM_GETDENTS64, directory, ADDRESS(bytes), sizeof bytes, 0, 0, 0), EBADF, "getdents64");
    check(bytes[0] == 0, "something was read, all the same");
    expect(system_call(SYSTEM_FSTAT, file, ADDRESS(bytes), 0, 0, 0, 0), 0, "fstat");
    expect(system_call(SYSTEM_CLOSE, file, 0, 0, 0, 0, 0), 0, "close");
    expect(system_call(SYSTEM_CLOSE, directory, 0, 0, 0, 0, 0), 0, "close of the directory");
}

static void refuse(uint64_t directory, const char *path, uint64_t flags, int error, const char *what) {
    expect(system_call(SYSTEM_EXECVEAT, directory, ADDRESS(path), ADDRESS(arguments), 0, flags, 0), error, what);
}

static void refuse_executions(void) {
    const uint64_t data = open_path("/data", LINUX_O_DIRECTORY), verse = open_path("/data/verse", 0);
    const uint64_t link = open_path(LINK, LINUX_O_NOFOLLOW);
    refuse(HERE, LINK, AT_SYMLINK_NOFOLLOW, ELOOP, "a link that is not to be followed");
    refuse(HERE, "data/link", AT_SYMLINK_NOFOLLOW, ELOOP, "such a link by a relative path");
    refuse(data, "link", AT_SYMLINK_NOFOLLOW, ELOOP, "such a link from a directory");
    refuse(data, LINK, AT_SYMLINK_NOFOLLOW, ELOOP, "such a link by an absolute path");
    refuse(link, "", AT_EMPTY_PATH, ELOOP, "a descriptor of a link");
    refuse(HERE, "/data/missing", AT_SYMLINK_NOFOLLOW, ENOENT, "a missing file");
    refuse(HERE, "/data/empty", AT_SYMLINK_NOFOLLOW, ENOEXEC, "an empty file");
    refuse(CLOSED, "/data/empty", 0, ENOEXEC, "an absolute path with a descriptor that is closed");
    refuse(CLOSED, "empty", 0, EBADF, "a relative path with such a descriptor");
    refuse(CLOSED, "", AT_EMPTY_PATH, EBADF, "a descriptor that is closed");
    refuse(data, "empty", 0, ENOEXEC, "an empty file from a directory");
    refuse(data, "missing", 0, ENOENT, "a missing file from a directory");
    refuse(data, "", 0, ENOENT, "an empty path");
    refuse(data, "", AT_EMPTY_PATH, EACCES, "a directory's own descriptor");
    refuse(verse, "", AT_EMPTY_PATH, EACCES, "the descriptor of a text without the x bit");
    refuse(verse, "below", 0, ENOTDIR, "a path from a text");
    refuse(HERE, "/data/empty", UNKNOWN_FLAG, EINVAL, "a flag that does not exist");
    refuse(HERE, NULL, AT_SYMLINK_NOFOLLOW, EFAULT, "no path");
}

// Where relative paths start from, once by a path and once by a descriptor.
static void change_directory(void) {
    const uint64_t bin = open_path("/bin", LINUX_O_DIRECTORY);
    expect(system_call(SYSTEM_CHDIR, ADDRESS("/data"), 0, 0, 0, 0, 0), 0, "chdir");
    refuse(HERE, "empty", 0, ENOEXEC, "an empty file from the new directory");
    expect(system_call(SYSTEM_FCHDIR, bin, 0, 0, 0, 0, 0), 0, "fchdir");
    refuse(HERE, "../data/empty", 0, ENOEXEC, "an empty file beside the next one");
}

int main(void) {
    check_name("descriptors");
    refuse_use();
    refuse_executions();
    change_directory();
    const int status = check_report();
    if (status != 0) {
        return status;
    }
    const uint64_t bin = open_path("/bin", LINUX_O_DIRECTORY);
    refuse(bin, "no-tls", AT_SYMLINK_NOFOLLOW, 0, "the last execveat");
    return 1;
}
