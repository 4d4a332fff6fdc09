// SPDX-License-Identifier: MIT
// The smallest kernel that can enter ring 3 and come back: PVH entry, one GiB less its first page mapped as it is for
// everybody, segments, the way into and out of a test case, and the code that runs in ring 3.

#define KERNEL_CODE 0x08
#define KERNEL_DATA 0x10

    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 4, 18                  // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .long boot_start

    .section .boot, "ax"
    .code32
    .globl boot_start
boot_start:
    cli
    cld
    movl $0x620, %eax               // PAE, OSFXSR, OSXMMEXCPT
    movl %eax, %cr4
    movl $page_map, %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx          // EFER
    rdmsr
    orl $0x100, %eax                // long mode
    wrmsr
    movl $0x80000023, %eax          // paging, FPU errors, FPU there, protected mode
    movl %eax, %cr0
    lgdt segment_pointer
    ljmp $KERNEL_CODE, $boot_long

    .code64
    .text
boot_long:
    movl $KERNEL_DATA, %eax
    movl %eax, %ss
    movl %eax, %ds
    movl %eax, %es
    movq $kernel_stack_end, %rsp
    xorl %ebp, %ebp
    call ring0_main
1:  hlt
    jmp 1b

// void enter_and_return(const struct libexec_x86_64_start *start): leaves something in every register, enters ring 3,
// and returns when the code there executes int 0x80.
    .globl enter_and_return
enter_and_return:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, saved_stack
    movabs $0xb0b0b0b0b0b0b0b0, %rbx
    mov %rbx, %rbp
    mov %rbx, %r8
    mov %rbx, %r9
    mov %rbx, %r10
    mov %rbx, %r11
    mov %rbx, %r12
    mov %rbx, %r13
    mov %rbx, %r14
    mov %rbx, %r15
    mov %rbx, %rax
    mov %rbx, %rcx
    mov %rbx, %rdx
    mov %rbx, %rsi
    pushfq
    push %rbx
    mov step_flags, %rbx
    or %rbx, 8(%rsp)
    pop %rbx
    popfq
    stc
    call libexec_x86_64_enter_user

// void reset_and_return(uint64_t thread_pointer, enum libexec_x86_64_gs_rule gs_rule)
    .globl reset_and_return
reset_and_return:
    pushfq
    pushfq
    mov step_flags, %rax
    or %rax, (%rsp)
    popfq
    call libexec_x86_64_reset_segments
    popfq
    ret

// The debug exception that follows each instruction while RFLAGS.TF is set.
    .globl step_entry
step_entry:
    push %rax
    push %rcx
    push %rdx
    push %rsi
    push %rdi
    push %r8
    push %r9
    push %r10
    push %r11
    lea 72(%rsp), %rdi              // rip, cs, rflags
    call step_taken
    pop %r11
    pop %r10
    pop %r9
    pop %r8
    pop %rdi
    pop %rsi
    pop %rdx
    pop %rcx
    pop %rax
    iretq

    .globl system_call_entry
system_call_entry:                  // int 0x80: interrupts are off, the frame is on the trap stack
    mov saved_stack, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret

// Any exception ends the test.
    .globl exception_entries
    .balign 32
exception_entries:
    .set vector, 0
    .rept 32
    .balign 32
    mov $vector, %edi
    mov (%rsp), %rsi
    mov 8(%rsp), %rdx
    jmp exception_taken
    .set vector, vector + 1
    .endr

// void dirty_vectors(bool avx)
    .globl dirty_vectors
dirty_vectors:
    test %edi, %edi
    jz 1f
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovdqu pattern, %ymm\number
    .endr
    ret
1:
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    movdqu pattern, %xmm\number
    .endr
    ret

// void dirty_x87(void): values on its stack, another control word, a flag in its status word; MXCSR too.
    .globl dirty_x87
dirty_x87:
    fninit
    fldpi
    fldpi
    fld1
    fldz
    fdivrp %st, %st(1)
    fldcw other_control
    ldmxcsr other_mxcsr
    ret

// What runs in ring 3: keeps everything it finds.
    .globl user_code
user_code:
    mov %rax, user_registers+0x00
    mov %rbx, user_registers+0x08
    mov %rcx, user_registers+0x10
    mov %rdx, user_registers+0x18
    mov %rsi, user_registers+0x20
    mov %rdi, user_registers+0x28
    mov %rbp, user_registers+0x30
    mov %r8,  user_registers+0x38
    mov %r9,  user_registers+0x40
    mov %r10, user_registers+0x48
    mov %r11, user_registers+0x50
    mov %r12, user_registers+0x58
    mov %r13, user_registers+0x60
    mov %r14, user_registers+0x68
    mov %r15, user_registers+0x70
    mov %rsp, user_registers+0x78
    pushfq
    popq user_registers+0x80
    mov %ds, %eax
    mov %rax, user_registers+0x88
    mov %es, %eax
    mov %rax, user_registers+0x90
    mov %fs, %eax
    mov %rax, user_registers+0x98
    mov %gs, %eax
    mov %rax, user_registers+0xa0
    mov %cs, %eax
    mov %rax, user_registers+0xa8
    mov %ss, %eax
    mov %rax, user_registers+0xb0
    fxsave64 user_fpu
    cmpb $0, has_avx
    je 1f
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmovdqu %ymm\number, user_vectors+32*\number
    .endr
1:
    int $0x80

    .section .rodata
    .balign 32
pattern:
    .quad 0xa5a5a5a5a5a5a5a5, 0x5a5a5a5a5a5a5a5a, 0xa5a5a5a5a5a5a5a5, 0x5a5a5a5a5a5a5a5a
other_mxcsr:
    .long 0x7fbf
other_control:
    .short 0x0c7f

    .data
    .balign 16
    .globl segments
segments:
    .quad 0
    .quad 0x00af9b000000ffff        // 0x08 kernel code
    .quad 0x00cf93000000ffff        // 0x10 kernel data
    .quad 0x00cff3000000ffff        // 0x18 user data
    .quad 0x00affb000000ffff        // 0x20 user code
    .quad 0, 0                      // 0x28 task state, filled in C
segments_end:
segment_pointer:
    .short segments_end - segments - 1
    .quad segments

    .balign 4096
page_map:
    .quad page_directories + 7      // present, writable, user
    .fill 511, 8, 0
page_directories:
    .quad pages + 7
    .fill 511, 8, 0
pages:
    .quad first_pages + 7
    .set address, 0x200000
    .rept 511
    .quad address + 0x87            // 2 MiB, present, writable, user
    .set address, address + 0x200000
    .endr
first_pages:
    .quad 0                         // nothing at 0, where a GS base of 0 leads
    .set address, 0x1000
    .rept 511
    .quad address + 7
    .set address, address + 0x1000
    .endr

    .bss
    .balign 64
    .globl user_registers, user_fpu, user_vectors, trap_stack_end, user_stack_end, saved_stack
user_fpu:
    .skip 512
user_vectors:
    .skip 512
user_registers:
    .skip 0xc0
saved_stack:
    .skip 8
    .balign 16
    .skip 16384
kernel_stack_end:
    .skip 16384
trap_stack_end:
    .skip 16384
user_stack_end:

    .section .note.GNU-stack, "", @progbits
