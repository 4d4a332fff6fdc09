// SPDX-License-Identifier: MIT
// The serial port.
#ifndef CONSOLE_H
#define CONSOLE_H

#include <stddef.h>
#include <stdint.h>

void console_write(const char *bytes, size_t length);
void console_print(const char *text);
void console_print_number(uint64_t number);      // decimal
void console_print_hexadecimal(uint64_t number); // with 0x

// Says why and ends the machine.
_Noreturn void panic(const char *why, uint64_t number);

#endif
