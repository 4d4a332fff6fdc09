// SPDX-License-Identifier: MIT
// From the initial stack to main: what a libc's own start-up would do, without making a thread pointer. errno and stdio
// work because the library under the kernel has built the TLS block.

#include "runtime.h"

#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp);
void start_program(uint64_t *stack);

#ifdef THREAD_POINTER_BY_PROGRAM
void make_thread_pointer(void);
#endif

int start_argc;
char **start_argv;
char **start_envp;
const struct auxiliary_entry *start_auxv;

// Written by the linker: constructors and destructors of the program and of picolibc.
extern void (*__preinit_array_start[])(void);
extern void (*__preinit_array_end[])(void);
extern void (*__init_array_start[])(void);
extern void (*__init_array_end[])(void);

static void run_constructors(void) {
    for (void (**entry)(void) = __preinit_array_start; entry < __preinit_array_end; entry++) {
        (*entry)();
    }
    for (void (**entry)(void) = __init_array_start; entry < __init_array_end; entry++) {
        (*entry)();
    }
}

// The programs use a stack protector: its canary lies in the TLS block, so no frame may open with one before the block
// is known to be there and none may close over a change of it.
__attribute__((noreturn, no_stack_protector)) void start_program(uint64_t *stack) {
    start_argc = (int)stack[0];
    start_argv = (char **)(stack + 1);
    start_envp = start_argv + start_argc + 1;
    char **end = start_envp;
    while (*end != NULL) {
        end++;
    }
    start_auxv = (const struct auxiliary_entry *)(const void *)(end + 1);
    environ = start_envp;
#ifdef THREAD_POINTER_BY_PROGRAM
    make_thread_pointer();
#endif
    run_constructors();
    exit(main(start_argc, start_argv, start_envp));
}

uint64_t auxiliary_value(uint64_t type, uint64_t missing) {
    for (const struct auxiliary_entry *entry = start_auxv; entry->type != AT_NULL; entry++) {
        if (entry->type == type) {
            return entry->value;
        }
    }
    return missing;
}
