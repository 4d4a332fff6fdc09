// SPDX-License-Identifier: MIT
// The program of the pictures: something of every kind of segment.

#include <stdio.h>

static _Thread_local int own = 7;
static char zeros[100000];

int main(int argc, char **argv) {
    zeros[argc] = 1;
    printf("%s: %d arguments, %d\n", argv[0], argc, own + zeros[1]);
    return 0;
}
