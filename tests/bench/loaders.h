// SPDX-License-Identifier: MIT
// The loaders that the library is compared with.
#ifndef BENCH_LOADERS_H
#define BENCH_LOADERS_H

#include "host.h"

// The least any loader can do: it validates nothing and must only be given good programs.
// EAGER: read-only pages borrowed, writable ones copied, bss zeroed. COW: writable pages borrowed copy-on-write, bss
// zero on demand. LAZY: ranges only, handed over in one batched call; pages arrive at the first fault.
enum floor_kind { FLOOR_EAGER, FLOOR_COW, FLOOR_LAZY };
void floor_exec(enum floor_kind kind, const char *path, const struct arguments *arguments, struct started *started);

// What the floor answers at a page fault: one callback that hands over the page, or `around` pages.
void floor_fault(const struct mapping *mappings, size_t count, uint64_t address, uint64_t around);

// What many first kernels do: the whole file read in 4 KiB pieces into a growing buffer, copies page by page, one
// translate per page and per stack word, one fetch per argument byte, TLS through a bounce buffer of 256 bytes.
void naive_exec(const char *path, const struct arguments *arguments, struct started *started);

#endif
