// SPDX-License-Identifier: MIT
// Memory of the running process, as the kernel may touch it: through these functions only. A fault on the way brings
// the page in, or makes the function fail; it never harms the kernel.

#ifndef MINIKERNEL_USER_H
#define MINIKERNEL_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// 0 or -EFAULT.
int user_read(void *to, uint64_t from, size_t length);
int user_write(uint64_t to, const void *from, size_t length);

// Copies a string with its NUL. -EFAULT, or -ENAMETOOLONG when it does not end within size bytes.
int user_read_string(char *to, uint64_t from, size_t size);

#endif
