// SPDX-License-Identifier: MIT
// The parts of execplan's page; page.c puts them in order.
#ifndef PAGE_PARTS_H
#define PAGE_PARTS_H

#include "canvas.h"
#include "machine.h"

#include <stddef.h>

// A heading with an empty line before it.
void page_heading(struct canvas *canvas, const char *text);

// The colour of pages with these rights.
enum canvas_style page_style(uint32_t rights);

// "4 KiB", "17 MiB", "5 bytes".
const char *page_size_text(char text[32], uint64_t size);

// Text of any bytes between quotation marks, what does not print as dots; cut to `limit` bytes.
void page_quote(struct canvas *canvas, const char *bytes, size_t length, size_t limit);

// The segments of a plan to scale, in memory and in the file.
void page_segments(struct canvas *canvas, const char *title, const struct libexec_plan *plan, uint64_t bias,
                   uint64_t file_size);

// The address space from high to low.
void page_space(struct canvas *canvas, const struct libexec_kit_image *image);

// The initial stack, word by word.
void page_stack(struct canvas *canvas, const struct libexec_kit_image *image);

// The thread-local storage: as built, or as the program's own start-up has to.
void page_tls(struct canvas *canvas, const struct libexec_plan *plan, const struct libexec_layout *layout);

// Where and why the exec was refused, with the bytes that are wrong.
void page_refusal(struct canvas *canvas, const struct machine *machine);

#endif
