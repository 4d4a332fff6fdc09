// SPDX-License-Identifier: MIT
// Is the image right? Compares every page, its rights, the stack, the auxiliary vector and the TLS block with what the
// file and the caller's memory say, byte by byte.
#ifndef BENCH_CHECK_H
#define BENCH_CHECK_H

#include "host.h"

// How a page that comes at its first fault is filled: gives its rights, or UINT32_MAX where there is none.
typedef uint32_t (*fault_in)(void *context, uint64_t page, uint8_t bytes[PAGE_SIZE]);

struct image_under_check {
    const struct space *space;
    const struct started *started;
    const struct arguments *arguments;
    const char *path;
    uint64_t argc; // an empty vector becomes one empty string, where the loader does as Linux does
    fault_in fault;
    void *fault_context;
    bool silent; // where a wrong image is expected
};

// False, after a line on standard error, where anything is not as it must be.
bool check_image(const struct image_under_check *check);

// For loaders whose lazy pages are plain file pages.
uint32_t fault_from_mapping(void *space, uint64_t page, uint8_t bytes[PAGE_SIZE]);

#endif
