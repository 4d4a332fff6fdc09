// SPDX-License-Identifier: MIT
// Reports, plans and prepared images as text, for a kernel's console or log. Pure: bytes go to the caller's function, a
// piece at a time, never NUL-terminated; dumps of two processors mix unless the caller holds its console meanwhile.
// Separate from the rest: a kernel that never calls it links none of it.
#ifndef LIBEXEC_DUMP_H
#define LIBEXEC_DUMP_H

#include <libexec/exec.h>

#ifdef __cplusplus
extern "C" {
#endif

struct libexec_sink {
    void (*write)(void *context, const char *bytes, size_t length);
    void *context;
};

// Two lines: "LIBEXEC_E_FILE_OVER_MEMORY in the program, program header 2: ...", then stage, numbers and errno. One for
// LIBEXEC_OK.
void libexec_dump_report(const struct libexec_sink *sink, const struct libexec_report *report);

// A line about the whole plan, then a line for each segment.
void libexec_dump_plan(const struct libexec_sink *sink, const struct libexec_plan *plan);

// Of a prepared exec, until commit returns; of one that failed or was abandoned the next two print nothing.

// The address space, drawn from high to low with rights and what each part is.
void libexec_dump_space(const struct libexec_sink *sink, const struct libexec_exec *exec);

// The auxiliary vector, a line each, types by name.
void libexec_dump_auxv(const struct libexec_sink *sink, const struct libexec_exec *exec);

// A gdb command that loads the program's symbols at its bias, of a prepared exec only: "add-symbol-file FILE -o
// 0x555555554000".
void libexec_dump_gdb(const struct libexec_sink *sink, const struct libexec_exec *exec, const char *file);

// "AT_PHDR" and so on; NULL for types without a name here.
const char *libexec_auxv_name(uint64_t type);

// "r-x", four bytes with its NUL.
void libexec_rights_text(char text[4], uint32_t rights);

#ifdef __cplusplus
}
#endif
#endif
