// SPDX-License-Identifier: MIT
// Compiled together with the core, as one unit: the exec object's bytes are set here and read there, under another
// type. exec.h promises what zeroed storage answers.
#include <libexec/libexec.h>
#include <stdio.h>

// Not there at all would look like zeros: the stack is full of others.
static __attribute__((noinline)) void fill_stack(void) {
    volatile unsigned char bytes[2 * LIBEXEC_EXEC_SIZE];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = 2;
}

static __attribute__((noinline)) int commit_zeroed(void) {
    struct libexec_exec exec;
    for (size_t i = 0; i < sizeof exec.storage / sizeof *exec.storage; i++)
        exec.storage[i] = 0;
    return (int)libexec_commit(&exec);
}

static __attribute__((noinline)) int abandon_zeroed(void) {
    struct libexec_exec exec;
    for (size_t i = 0; i < sizeof exec.storage / sizeof *exec.storage; i++)
        exec.storage[i] = 0;
    libexec_abandon(&exec);
    return (int)libexec_exec_report(&exec)->status;
}

int main(void) {
    fill_stack();
    const int committed = commit_zeroed();
    fill_stack();
    const int abandoned = abandon_zeroed();
    printf("commit %d, abandon %d\n", committed - (int)LIBEXEC_E_STATE, abandoned);
    return committed != (int)LIBEXEC_E_STATE || abandoned != 0;
}
