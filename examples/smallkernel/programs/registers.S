// SPDX-License-Identifier: MIT
// Two programs without a C library. `registers-left` puts something into every register that a program can write and
// executes `registers-found`, which must find 0 in each.

#define WRITE      64
#define EXIT_GROUP 94
#define EXECVE     221
#define AT_HWCAP   16
#define HWCAP_SVE  22

    .arch armv8-a

// Goes to 9 where AT_HWCAP says that there are no scalable vectors: it is behind argc, argv, envp and their NULLs.
.macro look_for_scalable
    ldr x1, [sp]
    add x1, sp, x1, lsl #3
    add x1, x1, #16
1:  ldr x2, [x1], #8
    cbnz x2, 1b
2:  ldp x2, x3, [x1], #16
    cbz x2, 9f
    cmp x2, #AT_HWCAP
    b.ne 2b
    tbz x3, #HWCAP_SVE, 9f
    .arch_extension sve
.endm

    .text
    .globl _start
_start:
#ifdef LEAVE
    ldr q0, pattern
    .irp number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    mov v\number\().16b, v0.16b
    .endr
    .irp number, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    mov v\number\().16b, v0.16b
    .endr
    look_for_scalable
    ptrue p0.b
    .irp number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    mov p\number\().b, p0.b
    .endr
    setffr
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    mov z\number\().b, #0x5a
    .endr
    .irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    mov z\number\().b, #0x5a
    .endr
9:
    ldr x0, pattern
    msr tpidr_el0, x0
    mov x1, #0x03000000 // flush to zero, default NaN
    msr fpcr, x1
    mov x1, #0x1f // all exceptions seen
    msr fpsr, x1
    .irp number, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16
    mov x\number, x0
    .endr
    .irp number, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    mov x\number, x0
    .endr
    adr x0, path
    adr x1, argv
    mov x2, #0
    mov x8, #EXECVE
    cmp x8, x8 // flags, too
    svc #0
    mov x0, #99 // it came back
    mov x8, #EXIT_GROUP
    svc #0

    .balign 16
pattern:
    .quad 0xa5a5a5a5a5a5a5a5, 0x5a5a5a5a5a5a5a5a
path:
    .asciz "/registers-found"
    .data
    .balign 8
argv:
    .quad 0
#else
    // The sum of all bits, before anything changes them: each kind of register has a bit of the exit status.
    str x1, [sp, #-16]!
    mrs x1, nzcv
    orr x0, x0, x1
    ldr x1, [sp], #16
    .irp number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    orr x0, x0, x\number
    .endr
    .irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
    orr x0, x0, x\number
    .endr
    cmp x0, #0
    cset x20, ne
    .irp number, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    orr v0.16b, v0.16b, v\number\().16b
    .endr
    .irp number, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    orr v0.16b, v0.16b, v\number\().16b
    .endr
    mov x1, v0.d[0]
    mov x2, v0.d[1]
    orr x1, x1, x2
    cmp x1, #0
    cset x1, ne
    orr x20, x20, x1, lsl #1
    mrs x1, fpcr
    mrs x2, fpsr
    orr x1, x1, x2
    cmp x1, #0
    cset x1, ne
    orr x20, x20, x1, lsl #2
    mrs x1, tpidr_el0
    cmp x1, #0
    cset x1, ne
    orr x20, x20, x1, lsl #3
    mov x1, sp
    tst x1, #15 // the stack is aligned (AAPCS64)
    cset x1, ne
    orr x20, x20, x1, lsl #4
    look_for_scalable
    // All are stored, and the bytes looked at: 32 vectors of up to 256 bytes, 17 predicates of an eighth of that.
    sub x4, sp, #0x4000
    sub x9, sp, #0x1000
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    str z\number, [x4, #\number, mul vl]
    str p\number, [x9, #\number, mul vl]
    .endr
    .irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    str z\number, [x4, #\number, mul vl]
    .endr
    rdffr p0.b
    str p0, [x9, #16, mul vl]
    rdvl x5, #1
    add x6, x4, x5, lsl #5
    bl find_bytes
    orr x20, x20, x7, lsl #5
    mov x4, x9
    addpl x6, x9, #17
    bl find_bytes
    orr x20, x20, x7, lsl #6
9:
    mov x0, #1
    adr x1, text
    mov x2, #text_end - text
    mov x8, #WRITE
    svc #0
    mov x0, x20
    mov x8, #EXIT_GROUP
    svc #0

find_bytes: // from x4 to x6: whether one is not 0, in x7
    mov x7, #0
1:  ldrb w2, [x4], #1
    orr x7, x7, x2
    cmp x4, x6
    b.lo 1b
    cmp x7, #0
    cset x7, ne
    ret

text:
    .ascii "registers-found: 1 general, 2 vectors, 4 fpcr and fpsr, 8 thread pointer, 16 alignment, "
    .ascii "32 scalable vectors, 64 predicates\n"
text_end:
#endif

    .section .note.GNU-stack, "", %progbits
