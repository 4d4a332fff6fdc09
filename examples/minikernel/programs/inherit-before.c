// SPDX-License-Identifier: MIT
// Sets up everything an exec must keep or undo, then replaces itself with `inherit-after`, which looks at what is left.

#include "inherit.h"
#include "runtime/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint8_t signal_area[16 * 1024];

// The signal it would handle is never sent; that it is set is what counts.
static void handler(int number) {
    (void)number;
}

static void return_from_handler(void) {
}

static int open_descriptors(int *closed) {
    const int kept = open(INHERIT_FILE, O_RDONLY);
    check(kept > 2, INHERIT_FILE " cannot be opened");
    char bytes[INHERIT_BYTES_READ];
    check_equal((uint64_t)read(kept, bytes, sizeof bytes), sizeof bytes, "bytes read");
    *closed = open(INHERIT_FILE, O_RDONLY | O_CLOEXEC);
    check(*closed > 2 && *closed != kept, INHERIT_FILE " cannot be opened twice");
    check_equal((uint64_t)checked_call(SYSTEM_FCNTL, (uint64_t)kept, LINUX_F_GETFD, 0), 0, "flags of the first");
    check_equal((uint64_t)checked_call(SYSTEM_FCNTL, (uint64_t)*closed, LINUX_F_GETFD, 0), FD_CLOEXEC,
                "flags of the second");
    return kept;
}

static void set_signals(void) {
    const struct linux_sigaction caught = {
        .handler = ADDRESS(handler), .flags = LINUX_SA_RESTORER, .restorer = ADDRESS(return_from_handler)};
    const struct linux_sigaction ignored = {.handler = 1, .flags = LINUX_SA_RESTORER};
    struct linux_sigaction old;
    check_equal((uint64_t)signal_action(LINUX_SIGUSR1, &caught, NULL), 0, "catching a signal");
    check_equal((uint64_t)signal_action(LINUX_SIGUSR2, &ignored, NULL), 0, "ignoring a signal");
    check_equal((uint64_t)signal_action(LINUX_SIGUSR1, NULL, &old), 0, "asking for the caught signal");
    check_equal(old.handler, ADDRESS(handler), "the handler");
    const uint64_t blocked = (uint64_t)1 << (LINUX_SIGTERM - 1);
    check_equal((uint64_t)signal_mask(LINUX_SIG_BLOCK, &blocked, NULL), 0, "blocking a signal");
    const struct linux_stack alternate = {.address = ADDRESS(signal_area), .size = sizeof signal_area};
    struct linux_stack seen;
    check_equal((uint64_t)signal_stack(&alternate, NULL), 0, "setting an alternate stack");
    check_equal((uint64_t)signal_stack(NULL, &seen), 0, "asking for the alternate stack");
    check_equal(seen.address, ADDRESS(signal_area), "the alternate stack's address");
}

static void move_break(void) {
    uint8_t *area = sbrk(INHERIT_BREAK_BYTES);
    if (check(area != (uint8_t *)-1, "the break cannot be moved")) {
        memset(area, 0x77, INHERIT_BREAK_BYTES);
    }
}

int main(void) {
    check_name("inherit-before");
    int closed = -1;
    const int kept = open_descriptors(&closed);
    set_signals();
    move_break();
    const int status = check_report();
    if (status != 0) {
        return status;
    }
    char process[16], open_number[16], closed_number[16];
    snprintf(process, sizeof process, "%d", (int)getpid());
    snprintf(open_number, sizeof open_number, "%d", kept);
    snprintf(closed_number, sizeof closed_number, "%d", closed);
    const char *const argv[] = {"inherit-after", process, open_number, closed_number, NULL};
    const char *const envp[] = {NULL};
    execute(ADDRESS("/bin/inherit-after"), ADDRESS(argv), ADDRESS(envp));
    printf("FAIL inherit-before: execve failed: %s\n", strerror(errno));
    return 1;
}
