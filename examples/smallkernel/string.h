// SPDX-License-Identifier: MIT
// The four functions that libexec needs at link time, and one that this kernel needs.
#ifndef STRING_H
#define STRING_H

#include <stdbool.h>
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);
int memcmp(const void *one, const void *other, size_t length);

bool string_equal(const char *one, const char *other);

#endif
