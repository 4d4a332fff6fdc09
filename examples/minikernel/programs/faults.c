// SPDX-License-Identifier: MIT
// Does what the rights of its pages forbid; the kernel must end it. Living on is the failure.

#include "runtime/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETURN_INSTRUCTION = 0xc3, FAR_BELOW = 1 << 30 };

static uint8_t data[16] = {RETURN_INSTRUCTION};
static const uint8_t constant[16] = {1};

static void write_byte(uint64_t address) {
    *(volatile uint8_t *)(uintptr_t)address = RETURN_INSTRUCTION;
}

static void run(uint64_t address) {
    __asm__ volatile("call *%0" : : "r"(address) : "memory");
}

static void run_stack(void) {
    volatile uint8_t local[16] = {RETURN_INSTRUCTION};
    run(ADDRESS(local));
}

static void run_heap(void) {
    uint8_t *block = malloc(16);
    if (block != NULL) {
        block[0] = RETURN_INSTRUCTION;
        run(ADDRESS(block));
    }
}

int main(int argc, char **argv) {
    const char *what = argc == 2 ? argv[1] : "";
    printf("faults: %s\n", what);
    fflush(stdout);
    if (strcmp(what, "write-code") == 0) {
        write_byte(ADDRESS(&main));
    } else if (strcmp(what, "write-constant") == 0) {
        write_byte(ADDRESS(constant));
    } else if (strcmp(what, "run-data") == 0) {
        run(ADDRESS(data));
    } else if (strcmp(what, "run-stack") == 0) {
        run_stack();
    } else if (strcmp(what, "run-heap") == 0) {
        run_heap();
    } else if (strcmp(what, "null") == 0) {
        write_byte(0);
    } else if (strcmp(what, "stack-end") == 0) {
        write_byte(start_registers.rsp - FAR_BELOW);
    }
    printf("FAIL faults: nothing stopped %s\n", what);
    return 1;
}
