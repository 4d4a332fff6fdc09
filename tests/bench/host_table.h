// SPDX-License-Identifier: MIT
// The library's view of the fake kernel.
#ifndef BENCH_HOST_TABLE_H
#define BENCH_HOST_TABLE_H

#include "host.h"

#include <libexec/libexec.h>

enum host_flavour {
    HOST_REQUIRED, // only the required members; a view is a page; every mapping is made in full
    HOST_COW,      // every optional member; files can be shared and mapped copy-on-write, but not filled at a fault
    HOST_EVERY     // every optional member and every bit of a source
};

// `stack_apart`: callbacks run on the stack of stack_run's caller.
const struct libexec_host *host_table(enum host_flavour flavour, bool with_open, bool stack_apart);
void host_source(struct libexec_source *source, const struct file *file, enum host_flavour flavour, bool stack_apart);

// Runs function(first, second) on the stack that ends at `stack_high`.
uint64_t stack_run(uint64_t (*function)(void *, const void *), void *first, const void *second, void *stack_high);

// Views that are open now: must be 0 between calls of the library.
extern unsigned views_open;

#endif
