// SPDX-License-Identifier: MIT
#include "console.h"

#include "layout.h"
#include "machine.h"

enum { PL011_DATA = 0x00, PL011_FLAGS = 0x18, PL011_TRANSMIT_FULL = 1 << 5 };

static volatile uint32_t *console_register(uint64_t offset) {
    return (volatile uint32_t *)(uintptr_t)(KERNEL_OFFSET + CONSOLE_PHYSICAL + offset);
}

void console_write(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        while ((*console_register(PL011_FLAGS) & PL011_TRANSMIT_FULL) != 0) {
        }
        *console_register(PL011_DATA) = (uint8_t)bytes[i];
    }
}

void console_print(const char *text) {
    for (; *text != '\0'; text++) {
        console_write(text, 1);
    }
}

static void print_in_base(uint64_t number, uint64_t base) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number != 0);
    console_write(digits + at, sizeof digits - at);
}

void console_print_number(uint64_t number) {
    print_in_base(number, 10);
}

void console_print_hexadecimal(uint64_t number) {
    console_print("0x");
    print_in_base(number, 16);
}

_Noreturn void panic(const char *why, uint64_t number) {
    console_print("\nsmallkernel: panic: ");
    console_print(why);
    console_print(" ");
    console_print_hexadecimal(number);
    console_print("\n");
    machine_off();
}
