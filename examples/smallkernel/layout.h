// SPDX-License-Identifier: MIT
// Where things are on QEMU's `virt` machine, and where the kernel sees them. For C and for assembly.
#ifndef LAYOUT_H
#define LAYOUT_H

// All that is physical appears here, too, from TTBR1's first address on.
#define KERNEL_OFFSET 0xffff000000000000

#define CONSOLE_PHYSICAL 0x09000000 // a PL011
#define RAM_START        0x40000000
#define RAM_BYTES        0x08000000 // what the machine has without -m
#define KERNEL_PHYSICAL  0x40080000

#define PAGE_SIZE 4096

// struct frame, as boot.S saves it: x0 to x30, sp, pc, pstate.
#define FRAME_BYTES 272
#define FRAME_PC    256

#endif
