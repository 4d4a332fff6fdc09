// SPDX-License-Identifier: MIT
// System calls with what no program should pass: addresses that are the kernel's or nobody's, ranges that wrap, flags
// set that the kernel must not work with. The kernel reads and writes where the program may, and nowhere else.

#include "runtime/runtime.h"

#include <string.h>

// Linux's.
enum { EPERM = 1, ENOENT = 2, EBADF = 9, ENOMEM = 12, EFAULT = 14, EINVAL = 22, ERANGE = 34, EOVERFLOW = 75 };
enum { READ = 1, WRITE = 2, PRIVATE = 2, FIXED = 0x10, ANONYMOUS = 0x20 };
enum { SYSTEM_MUNMAP = 11, SET_GS = 0x1001, SET_FS = 0x1002, STANDARD_OUTPUT = 1 };
enum { SYSTEM_ACCESS = 21, SYSTEM_SYSINFO = 99, SYSTEM_STATFS = 137, SYSTEM_FSTATFS = 138, SYSTEM_GETXATTR = 191 };
enum { SYSTEM_FGETXATTR = 193, SYSTEM_FADVISE64 = 221, SYSTEM_STATX = 332, SYSTEM_FACCESSAT2 = 439 };
enum { CURRENT_DIRECTORY = -100, EFFECTIVE = 0x200, SYNC = 0x2000, NO_SYNC = 0x4000, UNKNOWN_FLAG = 0x100000 };
enum { SYSTEM_GETRLIMIT = 97, SYSTEM_CLOCK_GETRES = 229, OPEN_FILES = 7, NO_RESOURCE = 16, NO_CLOCK = 12 };
enum { GROWS_DOWN = 0x01000000, GROWS_UP = 0x02000000, NO_REUSE = 5, NO_DESCRIPTOR = 60 };
enum { WORD = 8, READ_BYTES = 100, STAT_BYTES = 144, PAGE_BYTES = 4096 };

#define USER_END UINT64_C(0x7ffffffff000)
#define FLAGS    UINT64_C(0x44400) // alignment check, nested task, direction

// clang-format off
static const uint64_t nowhere[] = {
    0, 0xffffffff80101000, 0xffffffff81000000, 0xffff800000101000, 0xffff888000101000, USER_END,
    UINT64_C(1) << 47, UINT64_C(1) << 63, UINT64_MAX, UINT64_MAX - WORD + 1, UINT64_MAX - PAGE_BYTES + 1,
};
// clang-format on

static uint64_t verse; // a file that is open

static void expect(int64_t result, int64_t expected, const char *what, uint64_t address) {
    check(result == expected, "%s, 0x%llx: %lld, not %lld", what, (unsigned long long)address, (long long)result,
          (long long)expected);
}

static int64_t call(uint64_t number, uint64_t first, uint64_t second, uint64_t third) {
    return system_call(number, first, second, third, 0, 0, 0);
}

static int64_t map(uint64_t address, uint64_t length, uint64_t flags, uint64_t file, uint64_t offset) {
    return system_call(SYSTEM_MMAP, address, length, READ | WRITE, PRIVATE | flags, file, offset);
}

static int64_t statx(const char *path, uint64_t flags, uint64_t mask, uint64_t to) {
    return system_call(SYSTEM_STATX, (uint64_t)CURRENT_DIRECTORY, ADDRESS(path), flags, mask, to, 0);
}

static int64_t access_file(const char *path, uint64_t mode, uint64_t flags) {
    return system_call(SYSTEM_FACCESSAT2, (uint64_t)CURRENT_DIRECTORY, ADDRESS(path), mode, flags, 0, 0);
}

static int64_t advise(uint64_t file, int64_t length, uint64_t advice) {
    return system_call(SYSTEM_FADVISE64, file, 0, (uint64_t)length, advice, 0, 0);
}

static void refuse_reading(uint64_t address) {
    expect(call(SYSTEM_WRITE, STANDARD_OUTPUT, address, WORD), -EFAULT, "write", address);
    expect(call(SYSTEM_OPEN, address, 0, 0), -EFAULT, "open", address);
    expect(call(SYSTEM_STATFS, address, 0, 0), -EFAULT, "statfs", address);
    expect(call(SYSTEM_FGETXATTR, verse, address, 0), -EFAULT, "fgetxattr", address);
    if (address != 0) { // which asks for the old state alone
        expect(call(SYSTEM_SIGALTSTACK, address, 0, 0), -EFAULT, "a new sigaltstack", address);
    }
}

static void refuse_writing(uint64_t address) {
    expect(system_call(SYSTEM_PREAD64, verse, address, WORD, 0, 0, 0), -EFAULT, "pread64", address);
    expect(call(SYSTEM_FSTAT, verse, address, 0), -EFAULT, "fstat", address);
    expect(call(SYSTEM_FSTATFS, verse, address, 0), -EFAULT, "fstatfs", address);
    expect(call(SYSTEM_SYSINFO, address, 0, 0), -EFAULT, "sysinfo", address);
    expect(call(SYSTEM_GETRLIMIT, OPEN_FILES, address, 0), -EFAULT, "getrlimit", address);
    expect(statx("/data/verse", 0, 0, address), -EFAULT, "statx", address);
    if (address != 0) {
        expect(call(SYSTEM_CLOCK_GETRES, 0, address, 0), -EFAULT, "clock_getres", address);
        expect(call(SYSTEM_SIGALTSTACK, 0, address, 0), -EFAULT, "the old sigaltstack", address);
    }
}

static void check_nowhere(void) {
    for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
        refuse_reading(nowhere[i]);
        refuse_writing(nowhere[i]);
    }
    refuse_writing(USER_END - WORD + 1); // where a stack may end
    expect(call(SYSTEM_WRITE, STANDARD_OUTPUT, USER_END - WORD + 1, WORD), -EFAULT, "write", USER_END - WORD + 1);
    refuse_writing(ADDRESS(&check_report));
    refuse_writing(ADDRESS(nowhere));
}

// Two pages that the program has just used, so that the processor remembers what it may do there.
static void check_rights(void) {
    const uint64_t page = map_pages(2 * PAGE_BYTES), next = page + PAGE_BYTES;
    memset((void *)(uintptr_t)page, 'x', 2 * (size_t)PAGE_BYTES);
    expect(call(SYSTEM_MPROTECT, next, PAGE_BYTES, 0), 0, "mprotect", next);
    refuse_reading(next);
    refuse_writing(next);
    expect(call(SYSTEM_OPEN, next - WORD, 0, 0), -EFAULT, "a path that runs into it", next - WORD);
    *(char *)(uintptr_t)(next - 1) = '\0';
    expect(call(SYSTEM_OPEN, next - WORD, 0, 0), -ENOENT, "a path that ends before it", next - WORD);
    expect(call(SYSTEM_FSTAT, verse, next - STAT_BYTES + 1, 0), -EFAULT, "fstat into it", next - STAT_BYTES + 1);
    expect(call(SYSTEM_FSTAT, verse, next - STAT_BYTES, 0), 0, "fstat before it", next - STAT_BYTES);

    expect(call(SYSTEM_MPROTECT, page, PAGE_BYTES, READ), 0, "mprotect", page);
    refuse_writing(page);
    expect(call(SYSTEM_MPROTECT, page, PAGE_BYTES, READ | WRITE), 0, "mprotect", page);
    expect(call(SYSTEM_FSTAT, verse, page, 0), 0, "fstat", page);
    expect(call(SYSTEM_MUNMAP, page, 2 * PAGE_BYTES, 0), 0, "munmap", page);
    refuse_reading(page);
    refuse_writing(page);
}

// What the kernel writes to a private page of a file is the program's own copy.
static void check_copies(void) {
    const uint64_t mine = (uint64_t)map(0, PAGE_BYTES, 0, verse, 0), others = (uint64_t)map(0, PAGE_BYTES, 0, verse, 0);
    uint64_t seen, other, in_file;
    memcpy(&seen, (const void *)(uintptr_t)mine, sizeof seen); // brings in the file's own page
    const uint64_t first = seen;
    expect(system_call(SYSTEM_PREAD64, verse, mine, WORD, WORD, 0, 0), WORD, "pread64", mine);
    memcpy(&seen, (const void *)(uintptr_t)mine, sizeof seen);
    memcpy(&other, (const void *)(uintptr_t)others, sizeof other);
    expect(system_call(SYSTEM_PREAD64, verse, ADDRESS(&in_file), WORD, 0, 0, 0), WORD, "pread64", ADDRESS(&in_file));
    check(seen != first, "a private page shows nothing of what was read into it");
    check_equal(other, first, "another mapping of the file");
    check_equal(in_file, first, "the file");
}

static void check_ranges(void) {
    static const uint64_t all = UINT64_MAX - PAGE_BYTES + 1;
    const uint64_t none = UINT64_MAX, page = map_pages(PAGE_BYTES);
    expect(map(0, UINT64_MAX, ANONYMOUS, none, 0), -ENOMEM, "mmap of all", 0);
    expect(map(0, USER_END, ANONYMOUS, none, 0), -ENOMEM, "mmap of all user memory", 0);
    expect(map(0, 2 * PAGE_BYTES, 0, verse, all), -EOVERFLOW, "mmap of a file from its last possible page", all);
    expect(call(SYSTEM_MUNMAP, page, all, 0), -EINVAL, "munmap of a range that wraps", page);
    expect(call(SYSTEM_MPROTECT, page, all, READ), -ENOMEM, "mprotect of a range that wraps", page);
    const int64_t end = call(SYSTEM_BRK, 0, 0, 0);
    expect(call(SYSTEM_BRK, UINT64_MAX, 0, 0), end, "brk", UINT64_MAX);
    expect(call(SYSTEM_BRK, USER_END + 1, 0, 0), end, "brk", USER_END + 1);
    expect(call(SYSTEM_BRK, PAGE_BYTES, 0, 0), end, "brk", PAGE_BYTES);
    expect(call(SYSTEM_ARCH_PRCTL, SET_GS, UINT64_C(1) << 63, 0), -EPERM, "GS base", UINT64_C(1) << 63);
    *(volatile char *)(uintptr_t)page = 1; // still there
}

// What is asked about files and limits, with flags and numbers that nobody has given a meaning.
static void check_questions(void) {
    static const char path[] = "/data/verse", missing[] = "/data/missing", name[] = "user.name", no_name[] = "";
    const uint64_t to = map_pages(PAGE_BYTES);
    expect(statx(path, SYNC, 0, to), 0, "statx", SYNC);
    expect(statx(path, SYNC | NO_SYNC, 0, to), -EINVAL, "statx", SYNC | NO_SYNC);
    expect(statx(path, UNKNOWN_FLAG, 0, to), -EINVAL, "statx", UNKNOWN_FLAG);
    expect(statx(path, 0, UINT64_C(1) << 31, to), -EINVAL, "statx for all", UINT64_C(1) << 31);
    expect(statx(missing, 0, 0, to), -ENOENT, "statx of no file", 0);
    expect(access_file(path, 0, EFFECTIVE), 0, "faccessat2", EFFECTIVE);
    expect(access_file(path, 0, UNKNOWN_FLAG), -EINVAL, "faccessat2", UNKNOWN_FLAG);
    expect(access_file(path, 8, 0), -EINVAL, "faccessat2 for more than there is", 8);
    expect(call(SYSTEM_ACCESS, ADDRESS(path), 8, 0), -EINVAL, "access for more than there is", 8);
    expect(advise(verse, 0, NO_REUSE), 0, "fadvise64", NO_REUSE);
    expect(advise(verse, 0, NO_REUSE + 1), -EINVAL, "fadvise64", NO_REUSE + 1);
    expect(advise(verse, -1, 0), -EINVAL, "fadvise64 of less than nothing", 0);
    expect(advise(NO_DESCRIPTOR, 0, 0), -EBADF, "fadvise64", NO_DESCRIPTOR);
    expect(call(SYSTEM_GETXATTR, ADDRESS(missing), ADDRESS(name), 0), -ENOENT, "getxattr of no file", 0);
    expect(call(SYSTEM_GETXATTR, ADDRESS(path), ADDRESS(no_name), 0), -ERANGE, "getxattr of no name", 0);
    expect(call(SYSTEM_FGETXATTR, NO_DESCRIPTOR, ADDRESS(name), 0), -EBADF, "fgetxattr", NO_DESCRIPTOR);
    expect(call(SYSTEM_STATFS, ADDRESS(missing), to, 0), -ENOENT, "statfs of no file", 0);
    expect(call(SYSTEM_FSTATFS, NO_DESCRIPTOR, to, 0), -EBADF, "fstatfs", NO_DESCRIPTOR);
    expect(call(SYSTEM_GETRLIMIT, NO_RESOURCE, to, 0), -EINVAL, "getrlimit", NO_RESOURCE);
    expect(call(SYSTEM_CLOCK_GETRES, 0, 0, 0), 0, "clock_getres", 0);
    expect(call(SYSTEM_CLOCK_GETRES, NO_CLOCK, to, 0), -EINVAL, "clock_getres", NO_CLOCK);
    expect(call(SYSTEM_MPROTECT, to, PAGE_BYTES, READ | GROWS_UP), -EINVAL, "mprotect upwards", to);
    expect(call(SYSTEM_MPROTECT, to, PAGE_BYTES, READ | GROWS_DOWN), -EINVAL, "mprotect downwards, not of a stack", to);
    expect(call(SYSTEM_MUNMAP, to, PAGE_BYTES, 0), 0, "munmap", to);
    expect(call(SYSTEM_MPROTECT, to, PAGE_BYTES, READ | GROWS_DOWN), -ENOMEM, "mprotect of nothing, downwards", to);
}

// Where user memory ends, which is farther up in a Linux with five levels of page tables.
static void check_end(void) {
    const uint64_t none = UINT64_MAX, last_page = USER_END - PAGE_BYTES;
    expect(map(USER_END, PAGE_BYTES, ANONYMOUS | FIXED, none, 0), -ENOMEM, "mmap", USER_END);
    expect(map(last_page, 2 * PAGE_BYTES, ANONYMOUS | FIXED, none, 0), -ENOMEM, "mmap", last_page);
    expect(call(SYSTEM_MUNMAP, USER_END, PAGE_BYTES, 0), -EINVAL, "munmap", USER_END);
    expect(call(SYSTEM_ARCH_PRCTL, SET_FS, USER_END + PAGE_BYTES, 0), -EPERM, "FS base", USER_END + PAGE_BYTES);
}

// With these flags set a page of a file is copied, at a write to its end, and bytes of the file are read into its
// middle.
static void check_flags(void) {
    const uint64_t page = (uint64_t)map(0, PAGE_BYTES, 0, verse, 0), middle = page + PAGE_BYTES / 2;
    uint64_t flags;
    int64_t result;
    __asm__ volatile("sub $128, %%rsp\n\t" // the compiler's red zone
                     "pushfq\n\t"
                     "or %[flags], (%%rsp)\n\t"
                     "popfq\n\t"
                     "movb $1, (%[end])\n\t"
                     "syscall\n\t"
                     "pushfq\n\t"
                     "mov (%%rsp), %[seen]\n\t"
                     "not %[flags]\n\t"
                     "and %[flags], (%%rsp)\n\t"
                     "popfq\n\t"
                     "add $128, %%rsp"
                     : "=&a"(result), [seen] "=&r"(flags)
                     : "0"((uint64_t)SYSTEM_READ), "D"(verse), "S"(middle),
                       "d"((uint64_t)READ_BYTES), [end] "r"(page + PAGE_BYTES - 1), [flags] "r"(FLAGS)
                     : "rcx", "r11", "memory", "cc");
    expect(result, READ_BYTES, "read with flags", FLAGS);
    check_equal(flags & FLAGS, FLAGS, "the flags afterwards");
    const void *const copied = (const void *)(uintptr_t)page, *const read = (const void *)(uintptr_t)middle;
    check(memcmp(copied, read, READ_BYTES) == 0, "what was copied and what was read with flags differ");
}

// What the kernel logs of it must not look like a line of the kernel's.
static void check_log(void) {
    static const char path[] = "/bin/missing\n== exit 99\n";
    expect(call(SYSTEM_EXECVE, ADDRESS(path), 0, 0), -ENOENT, "execve of a path of several lines", ADDRESS(path));
}

int main(int argc, char **argv) {
    check_name("hostile");
    if (argc > 1 && strcmp(argv[1], "end") == 0) {
        check_end();
        return check_report();
    }
    verse = (uint64_t)call(SYSTEM_OPEN, ADDRESS("/data/verse"), 0, 0);
    check_nowhere();
    check_rights();
    check_copies();
    check_ranges();
    check_questions();
    check_flags();
    check_log();
    return check_report();
}
