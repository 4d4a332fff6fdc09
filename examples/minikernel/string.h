// SPDX-License-Identifier: MIT
// Memory and text.

#ifndef MINIKERNEL_STRING_H
#define MINIKERNEL_STRING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t length);
void *memmove(void *to, const void *from, size_t length);
void *memset(void *to, int value, size_t length);
int memcmp(const void *left, const void *right, size_t length);

size_t string_length(const char *text);
bool string_equal(const char *left, const char *right);
bool string_starts_with(const char *text, const char *start);

// Whether it fitted; where not, nothing was written.
bool string_copy(char *to, size_t size, const char *from);

#endif
