// SPDX-License-Identifier: MIT
// Open files and descriptors. Everything that can be opened is a node of the initramfs; two of them are devices.

#ifndef MINIKERNEL_FILES_H
#define MINIKERNEL_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "initramfs.h"

#define DESCRIPTOR_LIMIT 64

// Shared by the descriptors that dup made from one another.
struct open_file {
    struct node *node; // a reference
    uint64_t offset;
    uint32_t flags; // as given to open
    uint32_t references;
};

struct descriptor {
    struct open_file *file; // NULL: free
    bool close_on_exec;
};

struct descriptor_table {
    struct descriptor entries[DESCRIPTOR_LIMIT];
};

// Adds /dev/null, /dev/console, /dev/tty and /proc/self/exe. With input, the console reads from the serial port;
// otherwise it is at its end at once, so that no test waits for a keyboard.
void files_setup(bool input);

// What /proc/self/exe leads to.
void files_set_executable(const char *path);

// A lookup as open, stat and execve do it: also knows /dev/fd/N, and below it the directory that N has open.
int files_lookup(const struct descriptor_table *table, struct node *directory, const char *path, bool follow,
                 struct node **found);

// Descriptor numbers or negative errno values.
int files_open(struct descriptor_table *table, struct node *node, uint32_t flags);
int files_duplicate(struct descriptor_table *table, struct open_file *file, size_t lowest, bool close_on_exec);
int files_duplicate_to(struct descriptor_table *table, struct open_file *file, size_t number, bool close_on_exec);
int files_close(struct descriptor_table *table, uint64_t number);
void files_close_all(struct descriptor_table *table, bool only_close_on_exec);
struct open_file *files_get(const struct descriptor_table *table, uint64_t number);

// The same, but NULL for one that O_PATH opened, which names a file and can neither read nor map it.
struct open_file *files_get_opened(const struct descriptor_table *table, uint64_t number);

// Whether the node has a first line of input to wait for, or swallows and shows what is written.
bool files_is_console(const struct node *node);

// Bytes moved between a file and kernel memory, or a negative errno value.
int64_t files_read_at(const struct node *node, uint64_t offset, void *bytes, size_t length);
int64_t files_write(const struct open_file *file, const void *bytes, size_t length);

#endif
