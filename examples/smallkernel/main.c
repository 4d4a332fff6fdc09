// SPDX-License-Identifier: MIT
// From the first line of C to the last: one program after another, then the end.
#include <stddef.h>

#include "console.h"
#include "layout.h"
#include "machine.h"
#include "process.h"

struct command {
    const char *path;
    const char *argv[5];
};

static const struct command commands[] = {
    {"/registers-left", {"registers-left", NULL}},
    {"/static", {"static", "one", "two words", NULL}},
    {"/static-pie", {"static-pie", "one", "two words", NULL}},
    {"/dynamic", {"dynamic", "one", "two words", NULL}},
    {"/script", {"script", "of its own", NULL}},
    {"/static", {"static", "refusals", NULL}},
    {"/static", {"static", "null", NULL}},
    {"/hostile", {"hostile", NULL}},
};

// The statuses that QEMU ends with.
enum { ALL_WELL = 33, LOST = 35 };

static const char *const environment[] = {"HOME=/", "LANG=C", NULL};

struct process process;
static size_t next_command;
static size_t pages_at_first;

_Static_assert(sizeof(struct frame) == FRAME_BYTES && offsetof(struct frame, pc) == FRAME_PC, "as boot.S saves it");

extern const uint8_t kernel_stack_end[];

_Noreturn void kernel_main(void);
void trap_from_user(struct frame *frame);
_Noreturn void trap_from_kernel(void);

static _Noreturn void run_next(void) {
    while (next_command < sizeof commands / sizeof commands[0]) {
        const struct command *const command = &commands[next_command++];
        const size_t pages = process_rehearse(command->path, command->argv, environment);
        console_print("== exec:");
        for (const char *const *word = command->argv; *word != NULL; word++) {
            console_print(" ");
            console_print(*word);
        }
        console_print("\nsmallkernel: rehearsed with 0 to ");
        console_print_number(pages);
        console_print(" pages, none lost\n");
        const int error = process_execute(command->path, command->argv, environment);
        console_print("== refused ");
        console_print_number((uint64_t)error);
        console_print("\n");
    }
    console_print("smallkernel: pages in use: ");
    console_print_number(pages_at_first);
    console_print(" at first, ");
    console_print_number(pages_in_use());
    console_print(" at last\n");
    machine_end(pages_in_use() == pages_at_first ? ALL_WELL : LOST);
}

_Noreturn void process_ended(const char *how, uint64_t number) {
    struct space *const space = process.space;
    process = (struct process){.space = NULL};
    space_use(NULL);
    space_destroy(space);
    console_print("== ");
    console_print(how);
    console_print(" ");
    console_print_number(number);
    console_print("\n");
    run_next();
}

void trap_from_user(struct frame *frame) {
    enum { SYSTEM_CALL = 0x15, INSTRUCTION_ABORT = 0x20, UNALIGNED_PC = 0x22, DATA_ABORT = 0x24 };
    if ((const uint8_t *)(frame + 1) != kernel_stack_end) {
        panic("the stack pointer was not at the stack's end but at", (uint64_t)(uintptr_t)(frame + 1));
    }
    const uint64_t class = machine_syndrome() >> 26 & 0x3f;
    if (class == SYSTEM_CALL) {
        system_call(frame);
        return;
    }
    console_print("smallkernel: exception at ");
    console_print_hexadecimal(frame->pc);
    if (class == INSTRUCTION_ABORT || class == UNALIGNED_PC || class == DATA_ABORT) { // else FAR_EL1 is another's
        console_print(", address ");
        console_print_hexadecimal(machine_fault_address());
    }
    console_print("\n");
    process_ended("killed by exception", class);
}

_Noreturn void trap_from_kernel(void) {
    panic("exception in the kernel, syndrome", machine_syndrome());
}

_Noreturn void kernel_main(void) {
    memory_begin();
    pages_at_first = pages_in_use();
    console_print("smallkernel: libexec on AArch64, scalable vectors of ");
    console_print_number(machine_scalable_vector_bytes());
    console_print(" bytes\n");
    run_next();
}
