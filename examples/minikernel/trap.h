// SPDX-License-Identifier: MIT
// Traps: what entry.S leaves on the stack, and what becomes of a fault.

#ifndef MINIKERNEL_TRAP_H
#define MINIKERNEL_TRAP_H

#include <stddef.h>
#include <stdint.h>

// The registers of the interrupted code, in the order in which entry.S pushes them.
struct frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error;
    uint64_t rip, cs, rflags, rsp, ss;
};

// Fills the interrupt table, silences the interrupt controllers. Nothing here interrupts: the kernel waits for nobody.
void trap_setup(void);

// entry.S
void entry_syscall(void);
void entry_syscall_32(void);
extern const uint8_t entry_trap_stubs[];
void user_run(void (*start)(void *), void *argument);
_Noreturn void user_stop(void);
size_t user_copy_unchecked(void *to, const void *from, size_t length);

// Called by entry.S.
void trap_handle(struct frame *frame);

// cpu.c
void cpu_load_interrupt_table(const void *table, size_t size);

#endif
