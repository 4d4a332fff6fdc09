// SPDX-License-Identifier: MIT
// Finds the handler of a system call.

#include "syscall.h"

#include <stddef.h>

#include "console.h"
#include "linux_abi.h"
#include "trap.h"

#define NUMBER_LIMIT 512

static syscall_handler *handlers[NUMBER_LIMIT];

static void add_table(const struct syscall *table) {
    for (; table->handler != NULL; table++) {
        handlers[table->number] = table->handler;
    }
}

void syscall_setup(void) {
    add_table(syscalls_of_files);
    add_table(syscalls_of_memory);
    add_table(syscalls_of_processes);
    add_table(syscalls_of_time);
}

int64_t syscall_not_implemented(uint64_t number) {
    static uint64_t logged[NUMBER_LIMIT / 64];
    const char *const name = syscall_name(number);
    if (name == NULL || number >= NUMBER_LIMIT) {
        return -ENOSYS;
    }
    const uint64_t bit = UINT64_C(1) << number % 64;
    if ((logged[number / 64] & bit) == 0) {
        logged[number / 64] |= bit;
        print_fresh_line();
        print("minikernel: %s: not implemented (ENOSYS)\n", name);
    }
    return -ENOSYS;
}

void syscall_handle(struct frame *frame) {
    const uint64_t number = frame->rax;
    // The seventh register of the convention, rcx, is taken by SYSCALL; r10 stands in for it.
    const uint64_t arguments[6] = {frame->rdi, frame->rsi, frame->rdx, frame->r10, frame->r8, frame->r9};
    syscall_handler *const handler = number < NUMBER_LIMIT ? handlers[number] : NULL;
    frame->rax = (uint64_t)(handler != NULL ? handler(arguments) : syscall_not_implemented(number));
}
