// SPDX-License-Identifier: MIT
// The serial console: text out, text in, and the end of everything.

#ifndef MINIKERNEL_CONSOLE_H
#define MINIKERNEL_CONSOLE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

void console_setup(void);
void console_write(const char *bytes, size_t length);

// Reads one line from the serial port with echo and backspace; returns at its end, or after length bytes.
size_t console_read_line(char *bytes, size_t length);

// Knows %s %c %d %u %x, the length modifiers l and z, a width and the flags 0 and -.
// print with its arguments in a list, for functions that take a format themselves.
void print_list(const char *format, va_list *arguments);

void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Starts a new line unless the console is at the start of one: programs do not always end theirs.
void print_fresh_line(void);

// For what cannot be: prints, and ends the machine with an exit code of its own.
_Noreturn void panic(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
