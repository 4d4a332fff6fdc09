// SPDX-License-Identifier: MIT
// What the integration in README.md takes from the kernel it is written for: a few functions that every kernel has in
// some form. kernel.c implements them on an ordinary machine, so that the text of the README is compiled and run.
#ifndef KERNEL_H
#define KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct space; // an address space

struct file {
    const char *path;
    const void *bytes; // an initramfs file: in memory for good
    uint64_t size;
    bool executable;
};

// Kernel memory, a page at a time.
void *page_alloc(void);
void page_free(void *page);

// Address spaces. `rights` are 1 read, 2 write, 4 execute. space_map gives zeroed pages; false where memory ran out.
struct space *space_new(void);
void space_free(struct space *space);
bool space_map(struct space *space, uint64_t address, uint64_t length, unsigned rights);
uint8_t *space_page(struct space *space, uint64_t address); // the kernel's view of the page at `address`
void space_switch(struct space *space); // the process uses `space` from now on; the old one is freed

bool copy_from_user(void *to, uint64_t from, size_t length);
void random_fill(void *bytes, size_t length);
const struct file *file_find(const char *path);
void console_write(void *context, const char *bytes, size_t length);

// What the system call returns to.
void user_registers(uint64_t entry, uint64_t stack_pointer, uint64_t thread_pointer);

// The integration offers this: execve's errno, 0 where it succeeded.
int sys_execve(uint64_t path, uint64_t argv, uint64_t envp);

#endif
