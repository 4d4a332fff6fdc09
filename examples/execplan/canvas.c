// SPDX-License-Identifier: MIT
// The canvas is a list of lines of cells. Both writers go through the cells in runs of equal style.

#include "canvas.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct cell {
    uint32_t codepoint;
    enum canvas_style style;
};

struct line {
    struct cell *cells;
    unsigned count;
    unsigned room;
};

struct canvas {
    struct line *lines;
    unsigned count;
    unsigned room;
};

static void *grown(void *memory, size_t size) {
    void *const larger = realloc(memory, size);

    if (larger == NULL) {
        fputs("execplan: out of memory\n", stderr);
        exit(2);
    }
    return larger;
}

static void begin_line(struct canvas *canvas) {
    if (canvas->count == canvas->room) {
        canvas->room = canvas->room == 0 ? 64 : 2 * canvas->room;
        canvas->lines = grown(canvas->lines, canvas->room * sizeof *canvas->lines);
    }
    memset(&canvas->lines[canvas->count++], 0, sizeof *canvas->lines);
}

struct canvas *canvas_new(void) {
    struct canvas *const canvas = grown(NULL, sizeof *canvas);

    memset(canvas, 0, sizeof *canvas);
    begin_line(canvas);
    return canvas;
}

void canvas_free(struct canvas *canvas) {
    for (unsigned i = 0; i < canvas->count; i++)
        free(canvas->lines[i].cells);
    free(canvas->lines);
    free(canvas);
}

void canvas_repeat(struct canvas *canvas, enum canvas_style style, uint32_t codepoint, unsigned count) {
    struct line *const line = &canvas->lines[canvas->count - 1];

    for (; count > 0; count--) {
        if (line->count == line->room) {
            line->room = line->room == 0 ? 128 : 2 * line->room;
            line->cells = grown(line->cells, line->room * sizeof *line->cells);
        }
        line->cells[line->count++] = (struct cell){codepoint, style};
    }
}

void canvas_column(struct canvas *canvas, unsigned column) {
    const unsigned at = canvas->lines[canvas->count - 1].count;

    canvas_repeat(canvas, CANVAS_PLAIN, ' ', at < column ? column - at : 1);
}

// The length of the UTF-8 sequence at `text`, and the character; anything malformed is one '?'.
static unsigned decode(const char *text, uint32_t *codepoint) {
    const unsigned char first = (unsigned char)text[0];
    const unsigned length = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 0;

    *codepoint = '?';
    if (length == 0)
        return 1;
    uint32_t value = length == 1 ? first : first & (0x7fu >> length);
    for (unsigned i = 1; i < length; i++) {
        if (((unsigned char)text[i] & 0xc0) != 0x80)
            return 1;
        value = value << 6 | ((unsigned char)text[i] & 0x3f);
    }
    *codepoint = value;
    return length;
}

void canvas_put(struct canvas *canvas, enum canvas_style style, const char *format, ...) {
    char text[2048];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (const char *at = text; *at != '\0';) {
        uint32_t codepoint;
        at += decode(at, &codepoint);
        if (codepoint == '\n')
            begin_line(canvas);
        else
            canvas_repeat(canvas, style, codepoint < 0x20 || codepoint == 0x7f ? '?' : codepoint, 1);
    }
}

static void put_utf8(FILE *output, uint32_t codepoint) {
    if (codepoint < 0x80) {
        fputc((int)codepoint, output);
    } else if (codepoint < 0x800) {
        fputc((int)(0xc0 | codepoint >> 6), output);
        fputc((int)(0x80 | (codepoint & 0x3f)), output);
    } else {
        fputc((int)(0xe0 | codepoint >> 12), output);
        fputc((int)(0x80 | (codepoint >> 6 & 0x3f)), output);
        fputc((int)(0x80 | (codepoint & 0x3f)), output);
    }
}

// Where the run of equal style that begins at `from` ends.
static unsigned run_end(const struct line *line, unsigned from) {
    unsigned end = from;

    while (end < line->count && line->cells[end].style == line->cells[from].style)
        end++;
    return end;
}

// The terminal.

static const char *const escapes[CANVAS_STYLES] = {
    [CANVAS_PLAIN] = "",
    [CANVAS_TITLE] = "\033[1m",
    [CANVAS_FAINT] = "\033[2m",
    [CANVAS_READ] = "\033[34m",
    [CANVAS_WRITE] = "\033[33m",
    [CANVAS_EXECUTE] = "\033[32m",
    [CANVAS_DANGER] = "\033[1;31m",
    [CANVAS_ZERO] = "\033[36m",
    [CANVAS_STRING] = "\033[35m",
};

// The length of a line without the blanks at its end.
static unsigned trimmed(const struct line *line) {
    unsigned count = line->count;

    while (count > 0 && line->cells[count - 1].codepoint == ' ')
        count--;
    return count;
}

static void print_line(const struct line *line, FILE *output, bool coloured) {
    const unsigned count = trimmed(line);

    for (unsigned from = 0; from < count;) {
        const unsigned run = run_end(line, from);
        const unsigned end = run < count ? run : count;
        const char *const escape = escapes[line->cells[from].style];
        if (coloured)
            fputs(escape, output);
        for (; from < end; from++)
            put_utf8(output, line->cells[from].codepoint);
        if (coloured && escape[0] != '\0')
            fputs("\033[0m", output);
    }
}

void canvas_print_text(const struct canvas *canvas, FILE *output, bool coloured) {
    for (unsigned i = 0; i < canvas->count; i++) {
        if (i + 1 == canvas->count && canvas->lines[i].count == 0)
            return;
        print_line(&canvas->lines[i], output, coloured);
        fputc('\n', output);
    }
}

// The picture.

#define CELL_WIDTH  7.8
#define LINE_HEIGHT 17
#define FONT_SIZE   13
#define MARGIN      16

static const char *const colours[CANVAS_STYLES] = {
    [CANVAS_PLAIN] = "#24292f",  [CANVAS_TITLE] = "#0b0d10", [CANVAS_FAINT] = "#8b949e",
    [CANVAS_READ] = "#0969da",   [CANVAS_WRITE] = "#bc6a00", [CANVAS_EXECUTE] = "#1a7f37",
    [CANVAS_DANGER] = "#cf222e", [CANVAS_ZERO] = "#0a8a94",  [CANVAS_STRING] = "#8250df",
};

// Full and shaded blocks become rectangles: fonts leave gaps between them.
static double block_opacity(uint32_t codepoint) {
    switch (codepoint) {
    case 0x2588:
        return 0.85;
    case 0x2592:
        return 0.45;
    case 0x2591:
        return 0.25;
    default:
        return 0;
    }
}

static void print_blocks(const struct line *line, unsigned row, FILE *output) {
    for (unsigned from = 0; from < line->count;) {
        const struct cell *const cell = &line->cells[from];
        unsigned end = from;
        while (end < line->count && line->cells[end].style == cell->style &&
               line->cells[end].codepoint == cell->codepoint)
            end++;
        if (block_opacity(cell->codepoint) > 0) {
            fprintf(output,
                    "<rect x=\"%.1f\" y=\"%u\" width=\"%.1f\" height=\"%d\" fill=\"%s\" fill-opacity=\"%.2f\"/>\n",
                    MARGIN + from * CELL_WIDTH, MARGIN + row * LINE_HEIGHT + 2, (end - from) * CELL_WIDTH,
                    LINE_HEIGHT - 3, colours[cell->style], block_opacity(cell->codepoint));
        }
        from = end;
    }
}

static void put_xml(FILE *output, uint32_t codepoint) {
    if (codepoint == '<')
        fputs("&lt;", output);
    else if (codepoint == '&')
        fputs("&amp;", output);
    else
        put_utf8(output, block_opacity(codepoint) > 0 ? ' ' : codepoint);
}

static bool is_blank(const struct line *line, unsigned from, unsigned end) {
    for (; from < end; from++) {
        if (line->cells[from].codepoint != ' ' && block_opacity(line->cells[from].codepoint) <= 0)
            return false;
    }
    return true;
}

static void print_runs(const struct line *line, unsigned row, FILE *output) {
    for (unsigned from = 0; from < line->count;) {
        const unsigned end = run_end(line, from);
        const enum canvas_style style = line->cells[from].style;
        if (!is_blank(line, from, end)) {
            fprintf(output, "<text x=\"%.1f\" y=\"%u\" textLength=\"%.1f\" fill=\"%s\"%s>", MARGIN + from * CELL_WIDTH,
                    MARGIN + row * LINE_HEIGHT + FONT_SIZE, (end - from) * CELL_WIDTH, colours[style],
                    style == CANVAS_TITLE ? " font-weight=\"bold\"" : "");
            for (unsigned at = from; at < end; at++)
                put_xml(output, line->cells[at].codepoint);
            fputs("</text>\n", output);
        }
        from = end;
    }
}

void canvas_print_svg(const struct canvas *canvas, FILE *output) {
    unsigned columns = 0;

    for (unsigned i = 0; i < canvas->count; i++)
        columns = canvas->lines[i].count > columns ? canvas->lines[i].count : columns;
    const unsigned width = (unsigned)(columns * CELL_WIDTH) + 2 * MARGIN;
    const unsigned height = canvas->count * LINE_HEIGHT + 2 * MARGIN;
    fprintf(output,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" "
            "font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"%d\" xml:space=\"preserve\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
            width, height, width, height, FONT_SIZE);
    for (unsigned i = 0; i < canvas->count; i++) {
        print_blocks(&canvas->lines[i], i, output);
        print_runs(&canvas->lines[i], i, output);
    }
    fputs("</svg>\n", output);
}
