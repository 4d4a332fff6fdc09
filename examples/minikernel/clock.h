// SPDX-License-Identifier: MIT
// What time it is.

#ifndef MINIKERNEL_CLOCK_H
#define MINIKERNEL_CLOCK_H

#include <stdint.h>

void clock_setup(void);
uint64_t clock_nanoseconds_since_boot(void);
uint64_t clock_nanoseconds_since_1970(void);

#endif
