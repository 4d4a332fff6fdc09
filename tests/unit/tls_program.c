// SPDX-License-Identifier: MIT
// A static program that is linked, never run: a table with the offsets from the thread pointer that the linker
// computed for its thread-local variables, and the values these begin with. test_tls.c compares them with the block
// the library builds.

#ifndef ALIGNMENT
#define ALIGNMENT 8
#endif

#define USED __attribute__((used))

#if TEMPLATE
_Thread_local USED unsigned long long tls_first = 0x1122334455667788;
_Thread_local USED unsigned char tls_odd[3] = {0xa1, 0xa2, 0xa3};
_Thread_local USED unsigned long long tls_aligned __attribute__((aligned(ALIGNMENT))) = 0x99aabbccddeeff01;
#else
_Thread_local USED unsigned long long tls_first;
_Thread_local USED unsigned char tls_odd[3];
_Thread_local USED unsigned long long tls_aligned __attribute__((aligned(ALIGNMENT)));
#endif
_Thread_local USED unsigned char tls_zero[SIZE];
_Thread_local USED unsigned long long tls_last;

// Magic, count, then (offset, first word) for each variable.
__asm__(".section .table, \"aw\", @progbits\n"
        ".balign 16\n"
        ".quad 0x6c69626578656354, 0x4c53746162c3a9a5, 5\n"
        ".quad tls_first@tpoff, tls_odd@tpoff, tls_aligned@tpoff, tls_zero@tpoff, tls_last@tpoff\n"
        ".previous\n");

void _start(void);
void _start(void) {
    for (;;) {
    }
}
