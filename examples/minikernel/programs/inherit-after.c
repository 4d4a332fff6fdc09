// SPDX-License-Identifier: MIT
// Started by `inherit-before`: checks what POSIX (execve) says is left of each thing that one set up.

#include "inherit.h"
#include "runtime/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char _end[]; // written by the linker: the end of the last segment

static void check_open_descriptor(int descriptor) {
    check_equal((uint64_t)checked_call(SYSTEM_FCNTL, (uint64_t)descriptor, LINUX_F_GETFD, 0), 0,
                "flags of the descriptor that stays open");
    check_equal((uint64_t)lseek(descriptor, 0, SEEK_CUR), INHERIT_BYTES_READ, "its offset");
    char byte = 0, again = 0;
    check_equal((uint64_t)read(descriptor, &byte, 1), 1, "reading on from it");
    const int fresh = open(INHERIT_FILE, O_RDONLY);
    lseek(fresh, INHERIT_BYTES_READ, SEEK_SET);
    check_equal((uint64_t)read(fresh, &again, 1), 1, "reading the same file again");
    check_equal((uint64_t)byte, (uint64_t)again, "the byte read on from it");
    close(fresh);
}

static void check_closed_descriptor(int descriptor) {
    char byte;
    errno = 0;
    check(read(descriptor, &byte, 1) == -1 && errno == EBADF, "the close-on-exec descriptor is still open");
}

static void check_signals(void) {
    struct linux_sigaction action;
    memset(&action, 0x55, sizeof action);
    check_equal((uint64_t)signal_action(LINUX_SIGUSR1, NULL, &action), 0, "asking for the caught signal");
    check_equal(action.handler, 0, "handler of the signal that was caught");
    memset(&action, 0x55, sizeof action);
    check_equal((uint64_t)signal_action(LINUX_SIGUSR2, NULL, &action), 0, "asking for the ignored signal");
    check_equal(action.handler, 1, "handler of the signal that was ignored");
    uint64_t mask = 0;
    check_equal((uint64_t)signal_mask(LINUX_SIG_BLOCK, NULL, &mask), 0, "asking for the signal mask");
    check_equal(mask, (uint64_t)1 << (LINUX_SIGTERM - 1), "the signal mask");
    struct linux_stack stack;
    memset(&stack, 0x55, sizeof stack);
    check_equal((uint64_t)signal_stack(NULL, &stack), 0, "asking for the alternate stack");
    check_equal((uint64_t)stack.flags, LINUX_SS_DISABLE, "flags of the alternate stack");
    check_equal((uint64_t)kill(getpid(), LINUX_SIGUSR2), 0, "sending the ignored signal");
}

static void check_break(void) {
    const uint64_t start = ADDRESS(sbrk(0));
    check(start >= ADDRESS(_end), "the break lies inside the program");
    check_equal(start % 4096, 0, "the break's start modulo the page");
    uint8_t *area = sbrk(INHERIT_BREAK_BYTES);
    if (!check(area != (uint8_t *)-1, "the break cannot be moved")) {
        return;
    }
    unsigned int others = 0;
    for (size_t i = 0; i < INHERIT_BREAK_BYTES; i++) {
        others += area[i] != 0;
    }
    check_equal(others, 0, "bytes above the break that are not zero");
}

int main(int argc, char **argv, char **envp) {
    check_name("inherit-after");
    check_equal((uint64_t)argc, INHERIT_ARGUMENTS, "argc");
    check(envp[0] == NULL, "the environment is not empty");
    if (check_failed()) {
        return check_report();
    }
    check_equal((uint64_t)getpid(), strtoull(argv[INHERIT_PROCESS], NULL, 10), "the process number");
    check_open_descriptor(atoi(argv[INHERIT_OPEN]));
    check_closed_descriptor(atoi(argv[INHERIT_CLOSED]));
    check_signals();
    check_break();
    return check_report();
}
