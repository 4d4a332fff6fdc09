// SPDX-License-Identifier: MIT
// Asks for what no program may have: memory of the kernel, more than there is, ranges as large as the user half. Each
// call must be refused, at once. At last it writes where it may not and must be killed.
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KERNEL      UINT64_C(0xffff000000000000)
#define HALF_EMPTY  UINT64_C(0x100000000) // from here on nothing is mapped, to the middle of the user half
#define HALF_BYTES  UINT64_C(0x7fff00000000)
#define OWN         UINT64_C(0x200000000000)
#define PAGE_BYTES  UINT64_C(4096)
#define BLOCK_BYTES (UINT64_C(1) << 20)

static int failures;

static void check(int holds, const char *what) {
    if (!holds) {
        failures++;
        printf("FAIL: %s\n", what);
    }
}

static int fails(long result, int error) {
    return result == -1 && errno == error;
}

static long map(uint64_t address, uint64_t length, int flags) {
    return syscall(SYS_mmap, address, length, PROT_READ | PROT_WRITE, flags | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

// The lower 48 bits of what is asked for are an address of its own.
static void check_kernel_addresses(void) {
    static char text[] = "FAIL: the kernel's memory\n";
    const uint64_t there = KERNEL | (uint64_t)(uintptr_t)text;
    check(fails(syscall(SYS_write, 1, there, sizeof text - 1), EFAULT), "write from the kernel half");
    check(fails(syscall(SYS_clock_gettime, 0, there), EFAULT), "clock_gettime to the kernel half");
    check(fails(syscall(SYS_execve, there, NULL, NULL), EFAULT), "execve of a path in the kernel half");
    check(fails(syscall(SYS_execve, "/static", there, NULL), EFAULT), "execve with a vector in the kernel half");
    check(fails(map(KERNEL, PAGE_BYTES, MAP_FIXED), ENOMEM), "mmap in the kernel half");
    check(fails(syscall(SYS_munmap, KERNEL, PAGE_BYTES), EINVAL), "munmap in the kernel half");
    check(text[0] == 'F', "what has the same lower bits");
}

static void check_large_ranges(void) {
    char *const own = (char *)map(OWN, PAGE_BYTES, MAP_FIXED);
    check((uintptr_t)own == OWN, "a page at an address of its own");
    *own = 1;
    check(fails(map(0, HALF_BYTES, 0), ENOMEM), "mmap of half the user half");
    check(fails(map(HALF_EMPTY, HALF_BYTES, MAP_FIXED), ENOMEM), "mmap of it, fixed");
    check(*own == 1, "what was mapped before a mmap that failed");
    check(fails(syscall(SYS_mprotect, own, UINT64_MAX, PROT_READ), ENOMEM), "mprotect beyond the last address");
    check(syscall(SYS_munmap, HALF_EMPTY, HALF_BYTES) == 0, "munmap of half the user half");
    check(fails(syscall(SYS_write, 1, own, 1), EFAULT), "what was unmapped");
}

static uint64_t take_all(uint64_t address, uint64_t step) {
    while (map(address, step, MAP_FIXED) != -1) {
        address += step;
    }
    check(errno == ENOMEM, "mmap without memory");
    return address;
}

// All memory taken, then a few pages: nothing may remain of what could be done in part.
static void check_exhaustion(void) {
    const uint64_t taken = take_all(take_all(OWN, BLOCK_BYTES), PAGE_BYTES);
    const uint64_t end = (uint64_t)syscall(SYS_brk, 0);
    check(fails(syscall(SYS_execve, "/static", NULL, NULL), ENOMEM), "execve without memory");
    check(syscall(SYS_munmap, taken - 8 * PAGE_BYTES, 8 * PAGE_BYTES) == 0, "munmap of a few pages");
    check((uint64_t)syscall(SYS_brk, end + BLOCK_BYTES) == end, "brk without enough memory");
    check(syscall(SYS_munmap, OWN, taken - OWN) == 0, "munmap of all that was taken");
    check((uint64_t)syscall(SYS_brk, end + BLOCK_BYTES) == end + BLOCK_BYTES, "brk where one failed before");
}

int main(void) {
    check_kernel_addresses();
    check_large_ranges();
    check_exhaustion();
    // A mprotect that fails for the second page takes the right to write away from the first.
    volatile char *const own = (volatile char *)map(OWN, PAGE_BYTES, MAP_FIXED);
    *own = 1;
    check(fails(syscall(SYS_mprotect, own, 2 * PAGE_BYTES, PROT_READ), ENOMEM), "mprotect over a hole");
    puts(failures == 0 ? "hostile: all as expected" : "hostile: FAIL");
    fflush(stdout);
    *own = 2;
    puts("FAIL: written after mprotect");
    return 1;
}
