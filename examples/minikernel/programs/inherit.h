// SPDX-License-Identifier: MIT
// What `inherit-before` sets up and `inherit-after` looks for.
#ifndef INHERIT_H
#define INHERIT_H

#define INHERIT_FILE "/data/verse"

enum {
    INHERIT_BYTES_READ = 5,       // from the descriptor that stays open
    INHERIT_BREAK_BYTES = 1 << 20 // by which the break was moved
};

// Order of the arguments of `inherit-after`.
enum {
    INHERIT_PROCESS = 1,
    INHERIT_OPEN,   // the descriptor that stays open
    INHERIT_CLOSED, // the close-on-exec one
    INHERIT_ARGUMENTS
};

#endif
