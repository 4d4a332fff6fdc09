// SPDX-License-Identifier: MIT
// Runs code on its stack, which PT_GNU_STACK allows: the program's own, and then the kernel makes the stack executable;
// or only that of a library, which makes the dynamic linker do it. The library is this file, too.

#include <stdio.h>
#include <string.h>

int stack_code_run(int number);

#ifndef STACK_CODE_ELSEWHERE
int stack_code_run(int number) {
    // lea 1(%rdi), %eax; ret
    static const unsigned char code[] = {0x8d, 0x47, 0x01, 0xc3};
    unsigned char on_stack[1 << 16]; // so that its beginning is pages below that of the stack
    int (*function)(int);
    void *const address = on_stack;
    memcpy(on_stack, code, sizeof code);
    __asm__ volatile("" : : "r"(address) : "memory"); // the bytes are used
    memcpy(&function, &address, sizeof function);
    return function(number);
}
#endif

#ifndef STACK_CODE_LIBRARY
int main(void) {
    if (stack_code_run(41) != 42) {
        puts("FAIL stack-code: what the code returns");
        return 1;
    }
    puts("PASS stack-code: 1 checks");
    return 0;
}
#endif
