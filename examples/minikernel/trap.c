// SPDX-License-Identifier: MIT
// Traps. A fault on user memory first asks the address space for the page. What cannot be resolved ends the process (in
// user mode), fails the copy that touched the memory (in user_copy_unchecked), or is a bug of the kernel's.

#include "trap.h"

#include "console.h"
#include "cpu.h"
#include "layout.h"
#include "linux_abi.h"
#include "paging.h"
#include "process.h"
#include "space.h"

enum vector {
    VECTOR_DIVIDE = 0,
    VECTOR_DEBUG = 1,
    VECTOR_NMI = 2,
    VECTOR_BREAKPOINT = 3,
    VECTOR_INVALID_OPCODE = 6,
    VECTOR_DOUBLE_FAULT = 8,
    VECTOR_PROTECTION = 13,
    VECTOR_PAGE_FAULT = 14,
    VECTOR_FPU = 16,
    VECTOR_ALIGNMENT = 17,
    VECTOR_MACHINE_CHECK = 18,
    VECTOR_SIMD = 19,
    VECTOR_FIRST_INTERRUPT = 32,
};

#define FAULT_WRITE (1u << 1)
#define FAULT_FETCH (1u << 4)

#define VECTORS                  256
#define STUB_SIZE                16
#define GATE_INTERRUPT           0x8e
#define GATE_INTERRUPT_FROM_USER 0xee
#define EMERGENCY_STACK          1

struct gate {
    uint16_t offset_low, selector;
    uint8_t stack, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};
_Static_assert(sizeof(struct gate) == 16, "the size is the processor's");

struct exception_table_entry {
    uint64_t fault, resume;
};
extern const struct exception_table_entry exception_table_start[], exception_table_end[];

static struct gate gates[VECTORS];

void trap_setup(void) {
    for (unsigned i = 0; i < VECTORS; i++) {
        const uint64_t stub = (uint64_t)(uintptr_t)(entry_trap_stubs + (size_t)i * STUB_SIZE);
        gates[i] = (struct gate){
            .offset_low = (uint16_t)stub,
            .selector = SELECTOR_KERNEL_CODE,
            .type = i == VECTOR_BREAKPOINT ? GATE_INTERRUPT_FROM_USER : GATE_INTERRUPT,
            .offset_middle = (uint16_t)(stub >> 16),
            .offset_high = (uint32_t)(stub >> 32),
        };
    }
    gates[VECTOR_NMI].stack = EMERGENCY_STACK;
    gates[VECTOR_DOUBLE_FAULT].stack = EMERGENCY_STACK;
    gates[VECTOR_MACHINE_CHECK].stack = EMERGENCY_STACK;
    cpu_load_interrupt_table(gates, sizeof gates);
    // User mode runs with interrupts enabled, as programs expect, but none shall come: both controllers are masked.
    port_write(0x21, 0xff);
    port_write(0xa1, 0xff);
}

static const char *exception_name(uint64_t vector) {
    // clang-format off
    static const char *const names[] = {
        "divide error", "debug exception", "non-maskable interrupt", "breakpoint", "overflow", "bound exceeded",
        "invalid instruction", "no FPU", "double fault", "coprocessor", "invalid task state", "segment not present",
        "stack segment fault", "protection fault", "page fault", "reserved", "x87 error", "alignment check",
        "machine check", "SIMD error",
    };
    // clang-format on
    return vector < sizeof names / sizeof names[0] ? names[vector] : "unexpected exception";
}

static int exception_signal(uint64_t vector) {
    switch (vector) {
    case VECTOR_DIVIDE:
    case VECTOR_FPU:
    case VECTOR_SIMD:
        return SIGFPE;
    case VECTOR_DEBUG:
    case VECTOR_BREAKPOINT:
        return SIGTRAP;
    case VECTOR_INVALID_OPCODE:
        return SIGILL;
    case VECTOR_ALIGNMENT:
        return SIGBUS;
    default:
        return SIGSEGV;
    }
}

static _Noreturn void die_in_kernel(const struct frame *frame) {
    print_fresh_line();
    print("rax %016lx  rbx %016lx  rcx %016lx  rdx %016lx\n", frame->rax, frame->rbx, frame->rcx, frame->rdx);
    print("rsi %016lx  rdi %016lx  rbp %016lx  rsp %016lx\n", frame->rsi, frame->rdi, frame->rbp, frame->rsp);
    print("cr2 %016lx  error %lx\n", cr2_read(), frame->error);
    panic("%s in the kernel at %016lx", exception_name(frame->vector), frame->rip);
}

static uint32_t right_needed(uint64_t error) {
    if (error & FAULT_FETCH) {
        return RIGHT_EXECUTE;
    }
    return error & FAULT_WRITE ? RIGHT_WRITE : RIGHT_READ;
}

// Ends the process for an access that space_fault refused.
static _Noreturn void kill_for_memory(const struct frame *frame, uint64_t address, int error) {
    const uint32_t right = right_needed(frame->error);
    const char *const access = right == RIGHT_EXECUTE ? "execution" : right == RIGHT_WRITE ? "write" : "read";
    const struct space *const space = process_current()->space;
    int signal = SIGSEGV;
    const char *why = space_find(space, address) != NULL ? "not allowed there" : "nothing is mapped there";
    if (error == -EIO) {
        signal = SIGBUS;
        why = "beyond the end of the mapped file";
    } else if (error == -ENOMEM) {
        signal = SIGKILL;
        why = "no memory left";
    }
    process_kill(signal, "%s of %lx at rip %lx, rsp %lx: %s", access, address, frame->rip, frame->rsp, why);
}

static uint64_t find_resume_address(uint64_t rip) {
    for (const struct exception_table_entry *entry = exception_table_start; entry < exception_table_end; entry++) {
        if (entry->fault == rip) {
            return entry->resume;
        }
    }
    return 0;
}

static void handle_page_fault(struct frame *frame) {
    const uint64_t address = cr2_read();
    const bool from_user = (frame->cs & 3) != 0;
    const uint64_t resume = from_user ? 0 : find_resume_address(frame->rip);
    struct space *const space = process_current()->space;
    if (!from_user && (resume == 0 || address >= USER_END)) {
        die_in_kernel(frame);
    }
    const int result = space != NULL ? space_fault(space, address, right_needed(frame->error)) : -EFAULT;
    if (result == 0) {
        return;
    }
    if (from_user) {
        kill_for_memory(frame, address, result);
    }
    frame->rip = resume;
}

void trap_handle(struct frame *frame) {
    if (frame->vector == VECTOR_PAGE_FAULT) {
        handle_page_fault(frame);
        return;
    }
    if (frame->vector >= VECTOR_FIRST_INTERRUPT) {
        return; // a spurious interrupt; nothing here asks for any
    }
    const bool is_machine_fault =
        frame->vector == VECTOR_NMI || frame->vector == VECTOR_DOUBLE_FAULT || frame->vector == VECTOR_MACHINE_CHECK;
    if ((frame->cs & 3) == 0 || is_machine_fault) {
        die_in_kernel(frame);
    }
    process_kill(exception_signal(frame->vector), "%s at rip %lx, rsp %lx", exception_name(frame->vector), frame->rip,
                 frame->rsp);
}
