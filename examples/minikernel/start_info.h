// SPDX-License-Identifier: MIT
// What the boot loader says (PVH, "x86/HVM direct boot ABI"), copied out of memory that is about to be used for other
// things.

#ifndef MINIKERNEL_START_INFO_H
#define MINIKERNEL_START_INFO_H

#include <stddef.h>
#include <stdint.h>

#define COMMAND_LINE_LIMIT 2048
#define MEMORY_RANGE_LIMIT 32

struct memory_range {
    uint64_t start, end;
};

struct start_info {
    char command_line[COMMAND_LINE_LIMIT];
    struct memory_range memory_ranges[MEMORY_RANGE_LIMIT]; // usable memory
    size_t memory_range_count;
    uint64_t archive, archive_size; // the first module; size 0 without one
};

void start_info_read(uint64_t physical, struct start_info *info);

#endif
