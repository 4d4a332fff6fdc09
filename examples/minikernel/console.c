// SPDX-License-Identifier: MIT
// The first serial port (a 16550), polled, and a small print on top.

#include "console.h"

#include <stdarg.h>
#include <stdbool.h>

#include "cpu.h"
#include "string.h"

#define COM1                0x3f8
#define REGISTER_DATA       (COM1 + 0)
#define REGISTER_INTERRUPTS (COM1 + 1)
#define REGISTER_FIFO       (COM1 + 2)
#define REGISTER_LINE       (COM1 + 3)
#define REGISTER_MODEM      (COM1 + 4)
#define REGISTER_STATUS     (COM1 + 5)
#define STATUS_RECEIVED     0x01
#define STATUS_CAN_SEND     0x20

static bool at_line_start = true;

void console_setup(void) {
    port_write(REGISTER_INTERRUPTS, 0);
    port_write(REGISTER_LINE, 0x80); // the next two set the divisor: 115200 baud
    port_write(REGISTER_DATA, 1);
    port_write(REGISTER_INTERRUPTS, 0);
    port_write(REGISTER_LINE, 0x03); // 8 bits, no parity, 1 stop bit
    port_write(REGISTER_FIFO, 0x07);
    port_write(REGISTER_MODEM, 0x03);
}

static void send(char byte) {
    // A port that is absent or stuck must not hang the kernel.
    for (int i = 0; i < 1000000 && (port_read(REGISTER_STATUS) & STATUS_CAN_SEND) == 0; i++) {
        __asm__ volatile("pause");
    }
    port_write(REGISTER_DATA, (uint8_t)byte);
}

void console_write(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            send('\r');
        }
        send(bytes[i]);
    }
    if (length > 0) {
        at_line_start = bytes[length - 1] == '\n';
    }
}

static char receive(void) {
    while ((port_read(REGISTER_STATUS) & STATUS_RECEIVED) == 0) {
        __asm__ volatile("pause");
    }
    const char byte = (char)port_read(REGISTER_DATA);
    return byte == '\r' ? '\n' : byte;
}

size_t console_read_line(char *bytes, size_t length) {
    size_t used = 0;
    while (used < length) {
        const char byte = receive();
        if (byte == 0x04) { // control-D
            break;
        }
        if (byte == 0x7f || byte == '\b') {
            if (used > 0) {
                console_write("\b \b", 3);
                used--;
            }
            continue;
        }
        console_write(&byte, 1);
        bytes[used++] = byte;
        if (byte == '\n') {
            break;
        }
    }
    return used;
}

void print_fresh_line(void) {
    if (!at_line_start) {
        console_write("\n", 1);
    }
}

static void print_padding(char fill, size_t used, size_t width) {
    for (size_t i = used; i < width; i++) {
        console_write(&fill, 1);
    }
}

struct conversion {
    bool left, zero;
    size_t width;
};

// Names and paths are a program's: what is not printable could make a line, or the terminal, say something else.
static void write_printable(const char *text, size_t length) {
    for (size_t i = 0; i < length; i++) {
        console_write(text[i] >= ' ' && text[i] <= '~' ? &text[i] : "?", 1);
    }
}

static void print_text(const char *text, size_t length, struct conversion conversion) {
    if (!conversion.left) {
        print_padding(' ', length, conversion.width);
    }
    write_printable(text, length);
    if (conversion.left) {
        print_padding(' ', length, conversion.width);
    }
}

static void print_number(uint64_t value, unsigned base, bool negative, struct conversion conversion) {
    char digits[24];
    size_t start = sizeof digits;
    do {
        digits[--start] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (conversion.zero && !conversion.left) {
        while (sizeof digits - start < conversion.width && start > 1) {
            digits[--start] = '0';
        }
    }
    if (negative) {
        digits[--start] = '-';
    }
    print_text(digits + start, sizeof digits - start, conversion);
}

static const char *parse_conversion(const char *format, struct conversion *conversion, bool *is_long) {
    *conversion = (struct conversion){0};
    for (; *format == '-' || *format == '0'; format++) {
        conversion->left |= *format == '-';
        conversion->zero |= *format == '0';
    }
    for (; *format >= '0' && *format <= '9'; format++) {
        conversion->width = conversion->width * 10 + (size_t)(*format - '0');
    }
    *is_long = false;
    for (; *format == 'l' || *format == 'z'; format++) {
        *is_long = true;
    }
    return format;
}

static void print_signed(int64_t value, struct conversion conversion) {
    const uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    print_number(magnitude, 10, value < 0, conversion);
}

void print_list(const char *format, va_list *arguments) {
    for (;;) {
        const char *const start = format;
        while (*format != '\0' && *format != '%') {
            format++;
        }
        console_write(start, (size_t)(format - start));
        if (*format == '\0') {
            return;
        }
        struct conversion conversion;
        bool is_long;
        format = parse_conversion(format + 1, &conversion, &is_long);
        const char kind = *format++;
        switch (kind) {
        case 's': {
            const char *const text = va_arg(*arguments, const char *);
            print_text(text, string_length(text), conversion);
            break;
        }
        case 'c': {
            const char byte = (char)va_arg(*arguments, int);
            print_text(&byte, 1, conversion);
            break;
        }
        case 'd':
            print_signed(is_long ? va_arg(*arguments, int64_t) : va_arg(*arguments, int), conversion);
            break;
        case 'u':
        case 'x':
            print_number(is_long ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned), kind == 'u' ? 10 : 16,
                         false, conversion);
            break;
        case '%':
            console_write("%", 1);
            break;
        default:
            return;
        }
    }
}

void print(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_list(format, &arguments);
    va_end(arguments);
}

_Noreturn void panic(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    print_fresh_line();
    print("minikernel: panic: ");
    print_list(format, &arguments);
    print("\n");
    va_end(arguments);
    cpu_exit(EXIT_CODE_PANIC);
}
