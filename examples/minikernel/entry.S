// SPDX-License-Identifier: MIT
// Ways into the kernel (SYSCALL, traps) and back, the switch between the kernel's own stack and a process's, and the
// copy to and from user memory that may fault.

#include "layout.h"

#define MINUS_ENOSYS (-38)

// With one processor there is one kernel stack for user entries and nothing to find through GS: user mode keeps its GS
// base.

    .text

// Stores the general registers so that, with what lies above them, they form a struct frame (trap.h).
.macro PUSH_REGISTERS
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

.macro POP_REGISTERS
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
.endm

// SYSCALL: rcx holds the user's rip, r11 its rflags; rsp is still the user's.
    .globl entry_syscall
entry_syscall:
    movq %rsp, saved_user_rsp(%rip)
    movq $kernel_stack_top, %rsp
    pushq $SELECTOR_USER_DATA
    pushq saved_user_rsp(%rip)
    pushq %r11
    pushq $SELECTOR_USER_CODE
    pushq %rcx
    pushq $0
    pushq $0
    PUSH_REGISTERS
    movq %rsp, %rdi
    call syscall_handle
    POP_REGISTERS
    // rcx and r11 still hold what SYSCALL put there. SYSRET faults in the kernel when rcx is not canonical; it cannot
    // be, since the last page below the canonical boundary is never mapped and so never holds a SYSCALL instruction.
    movq 40(%rsp), %rsp
    sysretq

// SYSCALL from compatibility mode, which no segment here leads to: refused, all the same, on no stack at all.
    .globl entry_syscall_32
entry_syscall_32:
    movl $MINUS_ENOSYS, %eax
    sysretl

// One stub a vector; each leaves an error code (the processor's, or 0) and its number.
    .globl entry_trap_stubs
    .balign 16
entry_trap_stubs:
    .set vector, 0
    .rept 256
    .balign 16
    .if vector == 8 || vector == 10 || vector == 11 || vector == 12 || vector == 13 || vector == 14 || vector == 17 || \
        vector == 21 || vector == 29 || vector == 30
    .else
    pushq $0
    .endif
    pushq $vector
    jmp entry_trap
    .set vector, vector + 1
    .endr

entry_trap:
    PUSH_REGISTERS
    cld
    cmpb $0, cpu_has_smap(%rip)
    je 1f
    clac                                    // user mode may have set AC, which a trap does not clear
1:
    movq %rsp, %rdi
    call trap_handle
    POP_REGISTERS
    addq $16, %rsp
    iretq

// void user_run(void (*start)(void *), void *argument): calls start on the process's kernel stack. It returns when
// somebody calls user_stop, which drops whatever that stack holds.
    .globl user_run
user_run:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, saved_kernel_rsp(%rip)
    movq $kernel_stack_top, %rsp
    movq %rdi, %rax
    movq %rsi, %rdi
    xorl %ebp, %ebp
    call *%rax
    ud2

    .globl user_stop
user_stop:
    movq saved_kernel_rsp(%rip), %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret

// size_t user_copy_unchecked(void *to, const void *from, size_t length): copies with user memory open, and returns how
// many bytes were not copied. A fault at one of the two copying instructions continues where .exception_table says
// (trap.c reads it).
    .globl user_copy_unchecked
user_copy_unchecked:
    movq %rdx, %rcx
    cmpb $0, cpu_has_smap(%rip)
    je 1f
    stac
1:
    movl %edx, %eax
    andl $7, %eax
    shrq $3, %rcx
2:  rep movsq
    movl %eax, %ecx
3:  rep movsb
    xorl %eax, %eax
    jmp 6f
4:  leaq (%rax, %rcx, 8), %rax              // whole words left, and the tail
    jmp 6f
5:  movq %rcx, %rax
6:
    cmpb $0, cpu_has_smap(%rip)
    je 7f
    clac
7:
    ret

    .section .exception_table, "a"
    .balign 8
    .quad 2b, 4b
    .quad 3b, 5b

    .bss
    .balign 8
saved_user_rsp:
    .skip 8
saved_kernel_rsp:
    .skip 8
    .balign PAGE_SIZE
    .globl kernel_stack_guard
kernel_stack_guard:                         // paging.c takes this page away: an overflow shall not go unseen
    .skip PAGE_SIZE
    .skip KERNEL_STACK_SIZE
    .globl kernel_stack_top
kernel_stack_top:

    .section .note.GNU-stack, "", @progbits
