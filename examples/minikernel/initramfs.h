// SPDX-License-Identifier: MIT
// The file system: a tree unpacked from a cpio archive (newc), read-only from then on.

#ifndef MINIKERNEL_INITRAMFS_H
#define MINIKERNEL_INITRAMFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A file, directory, symbolic link or device. The bytes of a regular file start on a page of their own and are followed
// by zeros to the end of the last page, so that pages can be lent to processes.
//
// A lookup only lends its node: with one processor nothing else runs until it is used. Whoever keeps one takes a
// reference. Nothing is freed here at the last node_put, as in a file system that can forget files; but the bytes of a
// node without references are refused, and main.c compares how many references there are before and after all programs.
struct node {
    const char *name;
    struct node *parent, *first_child, *next_sibling;
    uint32_t mode;
    uint32_t inode;
    uint64_t modified;
    uint64_t size;
    const uint8_t *data;
    size_t references;
    uint32_t archive_inode; // names the file that hard links share
};

struct node *node_get(struct node *node); // returns node
void node_put(struct node *node);

// The bytes of a node that somebody holds; of one that nobody does, a panic.
const uint8_t *node_bytes(const struct node *node);

// All references to all nodes.
size_t node_references(void);

// Unpacks the archive; a damaged one panics.
void initramfs_setup(const uint8_t *archive, size_t size);

// Adds a device or symbolic link that no archive can hold; the parents are made as needed.
struct node *initramfs_add(const char *path, uint32_t mode);

struct node *initramfs_root(void);

// Finds the node that path names, from directory when it is relative. A last symbolic link is followed if follow is
// set. -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG.
int initramfs_lookup(struct node *directory, const char *path, bool follow, struct node **found);

// Writes the absolute path of a node that somebody holds; false when it does not fit.
bool initramfs_path(const struct node *node, char *path, size_t size);

#endif
