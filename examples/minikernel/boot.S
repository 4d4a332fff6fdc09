// SPDX-License-Identifier: MIT
// From the boot loader to C: PVH enters in 32-bit protected mode without paging; this turns on long mode and jumps to
// the kernel's own addresses.

#include "layout.h"

#define PHYSICAL(symbol) ((symbol) - KERNEL_BASE)

#define MSR_EFER 0xc0000080
#define EFER_SYSCALL (1 << 0)
#define EFER_LONG_MODE (1 << 8)
#define EFER_NO_EXECUTE (1 << 11)
#define CR0_PROTECTED (1 << 0)
#define CR0_MONITOR_FPU (1 << 1)
#define CR0_FPU_ERRORS (1 << 5)
#define CR0_WRITE_PROTECT (1 << 16)
#define CR0_PAGING (1 << 31)
#define CR4_PAE (1 << 5)
#define CR4_FXSR (1 << 9)
#define CR4_SIMD_EXCEPTIONS (1 << 10)

#define ENTRY_TABLE 0x03                    // present, writable
#define ENTRY_LARGE 0x83                    // present, writable, 2 MiB
#define ENTRY_NO_EXECUTE 0x8000000000000000

// XEN_ELFNOTE_PHYS32_ENTRY: "enter here, in 32-bit mode, with the start info in ebx".
    .section .note.Xen, "a", @note
    .balign 4
    .long 4, 8, 18
    .asciz "Xen"
    .quad PHYSICAL(boot_start)

    .section .boot, "ax"
    .code32
    .globl boot_start
boot_start:
    cli
    cld
    movl %ebx, %ebp                         // cpuid overwrites ebx

    movl $0x80000001, %eax
    cpuid
    movl $(1 << 29 | 1 << 20), %eax         // long mode and no-execute, or there is nothing to be done here
    andl %eax, %edx
    cmpl %eax, %edx
    jne boot_hopeless

    movl $(CR4_PAE | CR4_FXSR | CR4_SIMD_EXCEPTIONS), %eax
    movl %eax, %cr4
    movl $PHYSICAL(boot_pml4), %eax
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $(EFER_SYSCALL | EFER_LONG_MODE | EFER_NO_EXECUTE), %eax
    wrmsr
    movl $(CR0_PAGING | CR0_WRITE_PROTECT | CR0_FPU_ERRORS | CR0_MONITOR_FPU | CR0_PROTECTED), %eax
    movl %eax, %cr0
    lgdt PHYSICAL(boot_gdt_pointer)
    ljmp $SELECTOR_KERNEL_CODE, $PHYSICAL(boot_long_mode)

boot_hopeless:
    hlt
    jmp boot_hopeless

    .code64
boot_long_mode:
    movabsq $boot_high, %rax
    jmp *%rax
boot_high:
    movl $SELECTOR_KERNEL_DATA, %eax
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movq $boot_stack_top, %rsp
    movl %ebp, %edi                         // the physical address of the start info
    xorl %ebp, %ebp
    call kernel_main
boot_returned:
    hlt
    jmp boot_returned

    .section .rodata
    .balign 8
boot_gdt:
    .quad 0, 0
    .quad 0x00af9b000000ffff                // kernel code, 64 bits
    .quad 0x00cf93000000ffff                // kernel data
boot_gdt_end:
boot_gdt_pointer:
    .word boot_gdt_end - boot_gdt - 1
    .long PHYSICAL(boot_gdt)

// The first page tables are constants: 4 GiB in 2 MiB pages, seen at 0 (until paging.c drops it), in the direct map
// (without the right to execute), and, for the first GiB, where the kernel is linked.
    .data
    .balign PAGE_SIZE
    .globl boot_pml4
boot_pml4:
    .quad PHYSICAL(boot_pdpt) + ENTRY_TABLE
    .fill 255, 8, 0
    .quad PHYSICAL(boot_pdpt) + ENTRY_TABLE + ENTRY_NO_EXECUTE
    .fill 254, 8, 0
    .quad PHYSICAL(boot_pdpt_kernel) + ENTRY_TABLE
boot_pdpt:
    .quad PHYSICAL(boot_pd) + ENTRY_TABLE
    .quad PHYSICAL(boot_pd) + 1 * PAGE_SIZE + ENTRY_TABLE
    .quad PHYSICAL(boot_pd) + 2 * PAGE_SIZE + ENTRY_TABLE
    .quad PHYSICAL(boot_pd) + 3 * PAGE_SIZE + ENTRY_TABLE
    .fill 508, 8, 0
boot_pdpt_kernel:
    .fill 510, 8, 0
    .quad PHYSICAL(boot_pd) + ENTRY_TABLE
    .quad 0
boot_pd:
    .set physical, 0
    .rept 2048
    .quad physical + ENTRY_LARGE
    .set physical, physical + 0x200000
    .endr

    .bss
    .balign 16
    .skip KERNEL_STACK_SIZE
    .globl boot_stack_top
boot_stack_top:

    .section .note.GNU-stack, "", @progbits
