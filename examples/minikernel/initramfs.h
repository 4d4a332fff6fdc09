// SPDX-License-Identifier: MIT
// The file system: a tree unpacked from a cpio archive (newc), read-only from then on.

#ifndef MINIKERNEL_INITRAMFS_H
#define MINIKERNEL_INITRAMFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// A file, directory, symbolic link or device. The bytes of a regular file start on a page of their own and are followed
// by zeros to the end of the last page, so that pages can be lent to processes.
struct node {
    const char *name;
    struct node *parent, *first_child, *next_sibling;
    uint32_t mode;
    uint32_t inode;
    uint64_t modified;
    uint64_t size;
    const uint8_t *data;
    uint32_t archive_inode; // names the file that hard links share
};

// Unpacks the archive; a damaged one panics.
void initramfs_setup(const uint8_t *archive, size_t size);

// Adds a device or symbolic link that no archive can hold; the parents are made as needed.
struct node *initramfs_add(const char *path, uint32_t mode);

struct node *initramfs_root(void);

// Finds the node that path names, from directory when it is relative. A last symbolic link is followed if follow is
// set. -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG.
int initramfs_lookup(struct node *directory, const char *path, bool follow, struct node **found);

// Writes the absolute path of a node; false when it does not fit.
bool initramfs_path(const struct node *node, char *path, size_t size);

#endif
