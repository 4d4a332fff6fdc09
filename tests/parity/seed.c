// SPDX-License-Identifier: MIT
// The program whose headers are forged: something of every kind of segment, and small.

static const char constant[] = "constant";
static volatile char written[5000] = "written";
static volatile char zeros[9000];
static _Thread_local int own = 1;

void _start(void);

void _start(void) {
    zeros[0] = constant[0];
    written[1] = zeros[1];
    own++;
    for (;;)
        __asm__ volatile("syscall" : : "a"(60), "D"(0) : "rcx", "r11", "memory"); // exit
}
