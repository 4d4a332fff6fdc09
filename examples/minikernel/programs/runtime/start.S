# SPDX-License-Identifier: MIT
# The first instructions of a program: keeps every register as the kernel left it, for the program's own checks, then
# calls start_program. Nothing before that call may need a thread pointer or a stack of any alignment.

    .globl _start
    .type _start, @function
    .text
_start:
    mov %rax, start_registers+0x00(%rip)
    mov %rbx, start_registers+0x08(%rip)
    mov %rcx, start_registers+0x10(%rip)
    mov %rdx, start_registers+0x18(%rip)
    mov %rsi, start_registers+0x20(%rip)
    mov %rdi, start_registers+0x28(%rip)
    mov %rbp, start_registers+0x30(%rip)
    mov %r8,  start_registers+0x38(%rip)
    mov %r9,  start_registers+0x40(%rip)
    mov %r10, start_registers+0x48(%rip)
    mov %r11, start_registers+0x50(%rip)
    mov %r12, start_registers+0x58(%rip)
    mov %r13, start_registers+0x60(%rip)
    mov %r14, start_registers+0x68(%rip)
    mov %r15, start_registers+0x70(%rip)
    mov %rsp, start_registers+0x78(%rip)
    pushfq
    popq start_registers+0x80(%rip)
    mov %ds, %eax
    mov %rax, start_registers+0x88(%rip)
    mov %es, %eax
    mov %rax, start_registers+0x90(%rip)
    mov %fs, %eax
    mov %rax, start_registers+0x98(%rip)
    mov %gs, %eax
    mov %rax, start_registers+0xa0(%rip)
    fxsave64 start_fpu(%rip)

    # The whole vector registers, where AVX is there and the kernel has turned it on.
    mov $1, %eax
    xor %ecx, %ecx
    cpuid
    and $0x18000000, %ecx
    cmp $0x18000000, %ecx
    jne 1f
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovdqu %ymm\number, start_vectors+32*\number(%rip)
    .endr
1:
    mov start_registers+0x78(%rip), %rdi
    xor %ebp, %ebp
    and $-16, %rsp
    call start_program
    ud2
    .size _start, . - _start

    .bss
    .globl start_registers
    .balign 16
start_registers:
    .zero 0xa8
    .size start_registers, 0xa8

    .globl start_fpu
    .balign 16
start_fpu:
    .zero 512
    .size start_fpu, 512

    .globl start_vectors
    .balign 32
start_vectors:
    .zero 16 * 32
    .size start_vectors, 16 * 32

    .section .note.GNU-stack, "", @progbits
