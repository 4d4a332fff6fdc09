// SPDX-License-Identifier: MIT
// A page of styled characters: drawn once, printed to a terminal or written as an SVG picture.
#ifndef CANVAS_H
#define CANVAS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum canvas_style {
    CANVAS_PLAIN,
    CANVAS_TITLE,
    CANVAS_FAINT,
    CANVAS_READ,    // r--
    CANVAS_WRITE,   // rw-
    CANVAS_EXECUTE, // r-x
    CANVAS_DANGER,  // writable and executable; what is wrong
    CANVAS_ZERO,    // zero pages
    CANVAS_STRING,
    CANVAS_STYLES
};

struct canvas;

struct canvas *canvas_new(void);
void canvas_free(struct canvas *canvas);

// Appends text at the end of the last line; UTF-8, without control characters; '\n' begins a new line.
__attribute__((format(printf, 3, 4))) void canvas_put(struct canvas *canvas, enum canvas_style style,
                                                      const char *format, ...);

// Appends `count` times the character `codepoint`.
void canvas_repeat(struct canvas *canvas, enum canvas_style style, uint32_t codepoint, unsigned count);

// Blanks up to `column` of the last line; at least one where the line is already that long.
void canvas_column(struct canvas *canvas, unsigned column);

void canvas_print_text(const struct canvas *canvas, FILE *output, bool coloured);
void canvas_print_svg(const struct canvas *canvas, FILE *output);

#endif
