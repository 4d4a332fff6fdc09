// SPDX-License-Identifier: MIT
// What `refusals` replaces itself with. Arguments: the process number, and an address that was mapped before.

#include "runtime/runtime.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Thread_local uint64_t thread_word = 0xf4e54;
static uint8_t zeros[8192];

int main(int argc, char **argv, char **envp) {
    check_name("replaced");
    check_equal((uint64_t)argc, 3, "argc");
    if (check_failed()) {
        return check_report();
    }
    check_equal((uint64_t)getpid(), strtoull(argv[1], NULL, 10), "the process number");
    check_text(envp[0], "A=1", "the environment");
    check_equal(thread_word, 0xf4e54, "the new image's own TLS");
    static const uint8_t expected[sizeof zeros];
    check(memcmp(zeros, expected, sizeof zeros) == 0, "the new image's zero data is not zero");
    // The kernel says whether the old memory is still there; touching it here would end the program.
    const uint64_t old = strtoull(argv[2], NULL, 10);
    errno = 0;
    const int64_t written = checked_call(SYSTEM_WRITE, 1, old, 1);
    check(written == -1 && errno == EFAULT, "memory of the old image is still mapped");
    return check_report();
}
