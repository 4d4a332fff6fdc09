// SPDX-License-Identifier: MIT
// Runs the library on a stack of its own, painted before, and every host callback on the ordinary stack again: what
// is no longer paint afterwards is the library's own use. x86-64, System V calling convention; no callback has
// arguments on the stack.

    .text

// uint64_t stack_run(uint64_t (*function)(void *, const void *), void *first, const void *second, void *stack_high)
    .globl stack_run
    .type stack_run, @function
stack_run:
    push %rbp
    mov %rsp, %rbp
    sub $16, %rsp
    mov %rsp, callback_stack(%rip)
    mov %rcx, %rsp
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    call *%rax
    mov %rbp, %rsp
    pop %rbp
    ret
    .size stack_run, . - stack_run

    .macro outer name
    .globl outer_\name
    .type outer_\name, @function
outer_\name:
    mov %rsp, library_stack(%rip)
    mov callback_stack(%rip), %rsp
    call table_\name
    mov library_stack(%rip), %rsp
    ret
    .size outer_\name, . - outer_\name
    .endm

    outer space_create
    outer space_destroy
    outer map
    outer translate
    outer random
    outer user_read
    outer open
    outer image_known
    outer view_end
    outer map_many
    outer thread_control_block
    outer seize
    outer hook
    outer read_at
    outer view
    outer view_release
    outer close

    .bss
    .balign 8
callback_stack: .skip 8
library_stack: .skip 8

    .section .note.GNU-stack, "", @progbits
