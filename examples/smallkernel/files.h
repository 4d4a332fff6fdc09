// SPDX-License-Identifier: MIT
// The files, which are part of the kernel's own image.
#ifndef FILES_H
#define FILES_H

#include <stdint.h>

struct file {
    const char *name; // absolute
    const uint8_t *bytes;
    uint64_t size;
    uint64_t executable; // 0 or 1
};

// NULL: there is none of that name.
const struct file *file_find(const char *name);

// Different for each, from 1 on.
uint64_t file_number(const struct file *file);

#endif
