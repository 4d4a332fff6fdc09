// SPDX-License-Identifier: MIT
// A prepared exec, or its refusal, in the exec dump's form.
#ifndef IMAGE_DUMP_H
#define IMAGE_DUMP_H

#include "machine.h"

// "verdict ok", or "verdict error ENOEXEC LIBEXEC_E_MAGIC".
void image_dump_verdict(FILE *output, const struct machine *machine);

// All of it. False where the kit found the library at fault, with a message on standard error.
bool image_dump(FILE *output, struct machine *machine);

#endif
