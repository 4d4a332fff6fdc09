// SPDX-License-Identifier: MIT
// The page that execplan draws of an exec.
#ifndef PAGE_H
#define PAGE_H

#include "canvas.h"
#include "machine.h"

// The caller frees the canvas.
struct canvas *page_draw(struct machine *machine, const char *file);

#endif
