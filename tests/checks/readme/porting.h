// SPDX-License-Identifier: MIT
// What the pieces of code in docs/porting-a-kernel.md take from the kernel around them.
#ifndef PORTING_H
#define PORTING_H

#include <libexec/libexec.h>
#include <libexec/port/x86_64.h>

#define USER_CODE 0x2b
#define USER_DATA 0x23

extern const struct libexec_host host;
extern const struct libexec_sink console;
extern const uint8_t module_bytes[];
extern const uint64_t module_size;
extern struct libexec_exec exec;
extern void *this_exec;
extern const uint64_t path, argv, envp;
extern char names[LIBEXEC_NAMES_MAX];
extern const struct libexec_auxv auxv[];
extern const uint32_t auxv_count;

_Noreturn void panic(const char *why);
void insert_sorted(void *space, const struct libexec_region *region);

#endif
