# SPDX-License-Identifier: MIT
# execute_dirty(path, argv, envp): execve with as much left in the registers as a program can leave there, so that the
# next image's checks of a clean start mean something. Returns the kernel's answer, when execve fails.

    .globl execute_dirty
    .type execute_dirty, @function
    .text
execute_dirty:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    push %rdi
    push %rsi
    push %rdx

    # GS base through the system call; a kernel that does not offer it leaves it 0.
    mov $158, %eax
    mov $0x1001, %edi
    mov $0x123456000, %rsi
    syscall
    # Segment registers, fs aside: its base is the thread pointer, needed again when execve fails.
    mov %ss, %eax
    mov %eax, %ds
    mov %eax, %es

    # x87: values on its stack, another precision, a pending flag in its status word.
    fninit
    fldpi
    fldpi
    fld1
    fldz
    fdivrp %st, %st(1)
    fldcw other_control(%rip)
    ldmxcsr other_mxcsr(%rip)

    # Vector registers: the lower halves always, the upper ones where AVX is on.
    mov $1, %eax
    xor %ecx, %ecx
    cpuid
    and $0x18000000, %ecx
    cmp $0x18000000, %ecx
    jne 1f
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovdqu pattern(%rip), %ymm\number
    .endr
    jmp 2f
1:
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movdqu pattern(%rip), %xmm\number
    .endr
2:
    pop %rdx
    pop %rsi
    pop %rdi
    mov $0xb0b0b0b0b0b0b0b0, %rbx
    mov %rbx, %rbp
    mov %rbx, %r8
    mov %rbx, %r9
    mov %rbx, %r10
    mov %rbx, %r12
    mov %rbx, %r13
    mov %rbx, %r14
    mov %rbx, %r15
    # Last come flags: carry, direction, nested task, alignment check.
    mov $59, %eax
    pushfq
    orl $0x44401, (%rsp)
    popfq
    syscall
    pushfq
    andl $~0x44401, (%rsp)
    popfq
    fninit
    ldmxcsr usual_mxcsr(%rip)
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
    .size execute_dirty, . - execute_dirty

    .section .rodata
    .balign 32
pattern:
    .quad 0xa5a5a5a5a5a5a5a5, 0x5a5a5a5a5a5a5a5a, 0xa5a5a5a5a5a5a5a5, 0x5a5a5a5a5a5a5a5a
other_mxcsr:
    .long 0x7fbf # round towards zero, all flags set
usual_mxcsr:
    .long 0x1f80
other_control:
    .short 0x0c7f # round towards zero, single precision

    .section .note.GNU-stack, "", @progbits
