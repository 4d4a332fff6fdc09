// SPDX-License-Identifier: MIT
// From QEMU's first instruction to C, and from EL0 to C and back.
#include "layout.h"

#define BLOCK_NORMAL 0x0040000000000705 // block, normal memory, inner shareable, accessed, not for EL0 to execute
#define BLOCK_DEVICE 0x0060000000000401 // block, device, accessed, not to be executed
#define TABLE        3

// 48 bits of addresses in both halves, 4 KiB pages, tables in cached inner shareable memory, 40 bits physical.
#define TCR   0x00000002b5103510
#define MAIR  0x000000000000ff00 // 0: device, 1: normal, written back
// MMU, caches, aligned stack pointers; EL0 may use dc zva, ctr_el0, cache maintenance, wfi and wfe. Off is what later
// processors add; data are little endian.
#define SCTLR 0x0000000034d5d83d

    .section .boot, "ax"
    .globl boot_start
boot_start: // at EL1, the MMU off, at the physical address
    msr daifset, #0xf
    ldr x0, =MAIR
    msr mair_el1, x0
    ldr x0, =TCR
    msr tcr_el1, x0
    adrp x0, first_table
    msr ttbr0_el1, x0 // for these few instructions
    msr ttbr1_el1, x0
    mov x0, #(3 << 20) // floating point for EL0, and scalable vectors where there are
    mrs x1, id_aa64pfr0_el1
    tst x1, #(0xf << 32)
    b.eq 1f
    orr x0, x0, #(3 << 16)
1:  msr cpacr_el1, x0
    isb
    b.eq 2f
    mov x0, #0xf // as long as the processor has them
    msr s3_0_c1_c2_0, x0 // zcr_el1
2:  tlbi vmalle1
    dsb nsh
    ldr x0, =SCTLR
    msr sctlr_el1, x0
    isb
    ldr x0, =boot_high
    br x0

boot_high:
    adrp x0, empty_table
    bic x0, x0, #KERNEL_OFFSET
    msr ttbr0_el1, x0
    isb
    tlbi vmalle1
    dsb nsh
    isb
    ldr x0, =vectors
    msr vbar_el1, x0
    ldr x0, =kernel_stack_end
    mov sp, x0
    ldr x0, =bss_start
    ldr x1, =bss_end
3:  str xzr, [x0], #8
    cmp x0, x1
    b.lo 3b
    mov x29, #0
    bl kernel_main

    .text

// What comes from EL0 is saved below the kernel stack's end, where the stack pointer is whenever a program runs.
user_entry:
    sub sp, sp, #FRAME_BYTES
    stp x0, x1, [sp, #0]
    stp x2, x3, [sp, #16]
    stp x4, x5, [sp, #32]
    stp x6, x7, [sp, #48]
    stp x8, x9, [sp, #64]
    stp x10, x11, [sp, #80]
    stp x12, x13, [sp, #96]
    stp x14, x15, [sp, #112]
    stp x16, x17, [sp, #128]
    stp x18, x19, [sp, #144]
    stp x20, x21, [sp, #160]
    stp x22, x23, [sp, #176]
    stp x24, x25, [sp, #192]
    stp x26, x27, [sp, #208]
    stp x28, x29, [sp, #224]
    mrs x0, sp_el0
    stp x30, x0, [sp, #240]
    mrs x0, elr_el1
    mrs x1, spsr_el1
    stp x0, x1, [sp, #FRAME_PC]
    mov x0, sp
    mov x29, #0
    bl trap_from_user
    ldp x0, x1, [sp, #FRAME_PC]
    msr elr_el1, x0
    msr spsr_el1, x1
    ldp x30, x0, [sp, #240]
    msr sp_el0, x0
    ldp x0, x1, [sp, #0]
    ldp x2, x3, [sp, #16]
    ldp x4, x5, [sp, #32]
    ldp x6, x7, [sp, #48]
    ldp x8, x9, [sp, #64]
    ldp x10, x11, [sp, #80]
    ldp x12, x13, [sp, #96]
    ldp x14, x15, [sp, #112]
    ldp x16, x17, [sp, #128]
    ldp x18, x19, [sp, #144]
    ldp x20, x21, [sp, #160]
    ldp x22, x23, [sp, #176]
    ldp x24, x25, [sp, #192]
    ldp x26, x27, [sp, #208]
    ldp x28, x29, [sp, #224]
    add sp, sp, #FRAME_BYTES
    eret
    dsb nsh // nothing is speculated past the return
    isb

kernel_entry:
    bl trap_from_kernel

    .balign 2048
vectors:
    .irp origin, kernel_entry, kernel_entry, kernel_entry, kernel_entry, \
                 kernel_entry, kernel_entry, kernel_entry, kernel_entry, \
                 user_entry, kernel_entry, kernel_entry, kernel_entry, \
                 kernel_entry, kernel_entry, kernel_entry, kernel_entry
    .balign 128
    b \origin
    .endr

    .data
    .balign PAGE_SIZE
first_table: // the same for both halves
    .quad second_table - KERNEL_OFFSET + TABLE
    .fill 511, 8, 0
second_table: // a GiB each: devices, RAM
    .quad BLOCK_DEVICE
    .quad RAM_START + BLOCK_NORMAL
    .fill 510, 8, 0

    .globl empty_table
empty_table: // while no program runs
    .fill 512, 8, 0

    .bss
    .balign 16
    .skip 32768
    .globl kernel_stack_end
kernel_stack_end:

    .section .note.GNU-stack, "", %progbits
