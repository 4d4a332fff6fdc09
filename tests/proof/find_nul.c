// SPDX-License-Identifier: MIT
// The search for the NUL of a string, in any bytes of any length from 0 to 128, which is what the first fetch of a
// string or a path brings at most: no byte before them or behind them is looked at.
#include "hostile.h"

#include "args.c"

#define MOST ARGS_FIRST_STRING

// The bytes stand at the end of their memory, and what is before them was never set.
static void find(uint64_t length) {
    uint8_t buffer[MOST];
    uint8_t *const bytes = buffer + MOST - length;
    any_bytes(bytes, length);
    args_find_nul(bytes, length);
}

int main(void) {
    //@ loop unroll 129;
    for (uint64_t length = 0; length <= MOST; length++)
        find(length);
    return 0;
}
