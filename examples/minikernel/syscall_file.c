// SPDX-License-Identifier: MIT
// Files, directories and descriptors. The file system is read-only.

#include "console.h"
#include "files.h"
#include "linux_abi.h"
#include "process.h"
#include "string.h"
#include "syscall.h"
#include "user.h"

#define CHUNK      4096 // bytes moved at once between user memory and a file
#define IOV_LIMIT  1024
#define POLL_LIMIT DESCRIPTOR_LIMIT

static struct descriptor_table *table(void) {
    return &process_current()->descriptors;
}

static bool has_type(const struct node *node, uint32_t type) {
    return (node->mode & S_IFMT) == type;
}

// Reading and writing.

static int64_t read_to_user(const struct node *node, uint64_t offset, uint64_t to, uint64_t length) {
    uint8_t chunk[CHUNK];
    uint64_t done = 0;
    while (done < length) {
        const size_t wanted = length - done < CHUNK ? length - done : CHUNK;
        const int64_t count = files_read_at(node, offset + done, chunk, wanted);
        if (count <= 0) {
            return done > 0 ? (int64_t)done : count;
        }
        if (user_write(to + done, chunk, (size_t)count) != 0) {
            return done > 0 ? (int64_t)done : -EFAULT;
        }
        done += (uint64_t)count;
        if ((size_t)count < wanted || files_is_console(node)) {
            break; // the end of the file, or of a line
        }
    }
    return (int64_t)done;
}

static int64_t write_from_user(const struct open_file *file, uint64_t from, uint64_t length) {
    uint8_t chunk[CHUNK];
    uint64_t done = 0;
    while (done < length) {
        const size_t count = length - done < CHUNK ? length - done : CHUNK;
        if (user_read(chunk, from + done, count) != 0) {
            return done > 0 ? (int64_t)done : -EFAULT;
        }
        const int64_t written = files_write(file, chunk, count);
        if (written < 0) {
            return written;
        }
        done += count;
    }
    return (int64_t)done;
}

static int64_t read_descriptor(uint64_t descriptor, uint64_t to, uint64_t length) {
    struct open_file *const file = files_get_opened(table(), descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    const int64_t count = read_to_user(file->node, file->offset, to, length);
    if (count > 0) {
        file->offset += (uint64_t)count;
    }
    return count;
}

static int64_t write_descriptor(uint64_t descriptor, uint64_t from, uint64_t length) {
    const struct open_file *const file = files_get_opened(table(), descriptor);
    return file != NULL ? write_from_user(file, from, length) : -EBADF;
}

static int64_t sys_read(const uint64_t a[6]) {
    return read_descriptor(a[0], a[1], a[2]);
}

static int64_t sys_write(const uint64_t a[6]) {
    return write_descriptor(a[0], a[1], a[2]);
}

static int64_t sys_pread64(const uint64_t a[6]) {
    const struct open_file *const file = files_get_opened(table(), a[0]);
    if (file == NULL) {
        return -EBADF;
    }
    if ((int64_t)a[3] < 0) {
        return -EINVAL;
    }
    return has_type(file->node, S_IFCHR) ? -ESPIPE : read_to_user(file->node, a[3], a[1], a[2]);
}

static int64_t for_each_vector(const uint64_t a[6], int64_t (*move)(uint64_t, uint64_t, uint64_t)) {
    int64_t total = 0;
    if (a[2] > IOV_LIMIT) {
        return -EINVAL;
    }
    for (uint64_t i = 0; i < a[2]; i++) {
        struct linux_iovec vector;
        if (user_read(&vector, a[1] + i * sizeof vector, sizeof vector) != 0) {
            return total > 0 ? total : -EFAULT;
        }
        const int64_t count = vector.length > 0 ? move(a[0], vector.base, vector.length) : 0;
        if (count < 0) {
            return total > 0 ? total : count;
        }
        total += count;
        if ((uint64_t)count < vector.length) {
            break;
        }
    }
    return total;
}

static int64_t sys_readv(const uint64_t a[6]) {
    return for_each_vector(a, read_descriptor);
}

static int64_t sys_writev(const uint64_t a[6]) {
    return for_each_vector(a, write_descriptor);
}

static int64_t sys_lseek(const uint64_t a[6]) {
    struct open_file *const file = files_get_opened(table(), a[0]);
    if (file == NULL) {
        return -EBADF;
    }
    if (has_type(file->node, S_IFCHR)) {
        return -ESPIPE;
    }
    if (a[2] > 2) {
        return -EINVAL;
    }
    const uint64_t bases[] = {0, file->offset, file->node->size};
    const uint64_t offset = bases[a[2]] + a[1];
    if ((int64_t)offset < 0) {
        return -EINVAL;
    }
    file->offset = offset;
    return (int64_t)offset;
}

// All of every file is in memory, so there is nothing to read ahead or to drop.
static int64_t sys_fadvise64(const uint64_t a[6]) {
    if (files_get_opened(table(), a[0]) == NULL) {
        return -EBADF;
    }
    return (int64_t)a[2] < 0 || (uint32_t)a[3] > POSIX_FADV_NOREUSE ? -EINVAL : 0;
}

// Names.

// The directory that a relative path starts from.
static int64_t start_directory(uint64_t descriptor, const char *path, struct node **directory) {
    *directory = process_current()->directory;
    if ((int32_t)descriptor == AT_FDCWD || path[0] == '/') {
        return 0;
    }
    const struct open_file *const file = files_get(table(), (uint32_t)descriptor);
    if (file == NULL) {
        return -EBADF;
    }
    *directory = file->node;
    return has_type(file->node, S_IFDIR) || path[0] == '\0' ? 0 : -ENOTDIR;
}

// The node that a path in user memory names; with AT_EMPTY_PATH, "" names the descriptor's own.
static int64_t find_node(uint64_t descriptor, uint64_t user_path, uint64_t flags, struct node **node) {
    char path[PATH_MAX];
    const int fault = user_read_string(path, user_path, sizeof path);
    if (fault != 0) {
        return fault;
    }
    struct node *directory;
    const int64_t result = start_directory(descriptor, path, &directory);
    if (result != 0) {
        return result;
    }
    if (path[0] == '\0' && (flags & AT_EMPTY_PATH) != 0) {
        *node = directory;
        return 0;
    }
    return files_lookup(table(), directory, path, (flags & AT_SYMLINK_NOFOLLOW) == 0, node);
}

static int64_t open_path(uint64_t descriptor, uint64_t path, uint64_t flags) {
    struct node *node;
    const int64_t result = find_node(descriptor, path, flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0, &node);
    if (result != 0) {
        return result == -ENOENT && (flags & O_CREAT) != 0 ? -EROFS : result;
    }
    if (has_type(node, S_IFLNK) && (flags & O_PATH) == 0) {
        return -ELOOP;
    }
    if ((flags & O_DIRECTORY) != 0 && !has_type(node, S_IFDIR)) {
        return -ENOTDIR;
    }
    if ((flags & O_ACCMODE) != 0 && !has_type(node, S_IFCHR)) {
        return has_type(node, S_IFDIR) ? -EISDIR : -EROFS;
    }
    return files_open(table(), node, (uint32_t)flags);
}

static int64_t sys_open(const uint64_t a[6]) {
    return open_path((uint64_t)AT_FDCWD, a[0], a[1]);
}

static int64_t sys_openat(const uint64_t a[6]) {
    return open_path(a[0], a[1], a[2]);
}

static int64_t sys_close(const uint64_t a[6]) {
    return files_close(table(), a[0]);
}

static struct linux_stat stat_of(const struct node *node) {
    return (struct linux_stat){
        .device = 1,
        .inode = node->inode,
        .links = 1,
        .mode = node->mode,
        .special_device = has_type(node, S_IFCHR) ? 0x500 + node->inode : 0,
        .size = (int64_t)node->size,
        .block_size = 4096,
        .blocks = (int64_t)((node->size + 511) / 512),
        .access_time = (int64_t)node->modified,
        .modify_time = (int64_t)node->modified,
        .change_time = (int64_t)node->modified,
    };
}

static int64_t write_stat(uint64_t to, const struct node *node) {
    const struct linux_stat stat = stat_of(node);
    return user_write(to, &stat, sizeof stat);
}

static int64_t stat_path(uint64_t descriptor, uint64_t path, uint64_t flags, uint64_t to) {
    struct node *node;
    const int64_t result = find_node(descriptor, path, flags, &node);
    return result != 0 ? result : write_stat(to, node);
}

static int64_t sys_stat(const uint64_t a[6]) {
    return stat_path((uint64_t)AT_FDCWD, a[0], 0, a[1]);
}

static int64_t sys_lstat(const uint64_t a[6]) {
    return stat_path((uint64_t)AT_FDCWD, a[0], AT_SYMLINK_NOFOLLOW, a[1]);
}

static int64_t sys_newfstatat(const uint64_t a[6]) {
    return stat_path(a[0], a[1], a[3], a[2]);
}

static int64_t sys_fstat(const uint64_t a[6]) {
    const struct open_file *const file = files_get(table(), a[0]);
    return file != NULL ? write_stat(a[1], file->node) : -EBADF;
}

static uint32_t device_major(uint64_t device) {
    return device >> 8 & 0xfff;
}

static uint32_t device_minor(uint64_t device) {
    return (device & 0xff) | (device >> 12 & 0xfff00);
}

static int64_t sys_statx(const uint64_t a[6]) {
    const uint64_t known_flags = AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | AT_EMPTY_PATH | AT_STATX_SYNC_TYPE;
    if ((a[3] & STATX_RESERVED) != 0 || (a[2] & ~known_flags & UINT32_MAX) != 0 ||
        (a[2] & AT_STATX_SYNC_TYPE) == AT_STATX_SYNC_TYPE) {
        return -EINVAL;
    }
    struct node *node;
    const int64_t result = find_node(a[0], a[1], a[2], &node);
    if (result != 0) {
        return result;
    }
    const struct linux_stat stat = stat_of(node);
    const struct linux_statx more = {
        .mask = STATX_BASIC_STATS, // all but the time of birth, whatever was asked for
        .block_size = (uint32_t)stat.block_size,
        .links = (uint32_t)stat.links,
        .mode = (uint16_t)stat.mode,
        .inode = stat.inode,
        .size = (uint64_t)stat.size,
        .blocks = (uint64_t)stat.blocks,
        .access_time = {.seconds = stat.access_time},
        .change_time = {.seconds = stat.change_time},
        .modify_time = {.seconds = stat.modify_time},
        .special_major = device_major(stat.special_device),
        .special_minor = device_minor(stat.special_device),
        .device_major = device_major(stat.device),
        .device_minor = device_minor(stat.device),
    };
    return user_write(a[4], &more, sizeof more);
}

// Of the file system, whichever node it is asked of.
static int64_t write_statfs(uint64_t to) {
    const struct linux_statfs statfs = {
        .type = RAMFS_MAGIC,
        .block_size = 4096,
        .name_length = NAME_MAX,
        .fragment_size = 4096,
        .flags = ST_VALID | ST_RDONLY,
    };
    return user_write(to, &statfs, sizeof statfs);
}

static int64_t sys_statfs(const uint64_t a[6]) {
    struct node *node;
    const int64_t result = find_node((uint64_t)AT_FDCWD, a[0], 0, &node);
    return result != 0 ? result : write_statfs(a[1]);
}

static int64_t sys_fstatfs(const uint64_t a[6]) {
    return files_get(table(), a[0]) != NULL ? write_statfs(a[1]) : -EBADF;
}

// Extended attributes: the file system has none.
static int64_t get_attribute(uint64_t user_name) {
    char name[NAME_MAX + 1];
    const int fault = user_read_string(name, user_name, sizeof name);
    if (fault != 0) {
        return fault == -EFAULT ? -EFAULT : -ERANGE;
    }
    return name[0] == '\0' ? -ERANGE : -EOPNOTSUPP;
}

static int64_t get_attribute_of_path(const uint64_t a[6], uint64_t flags) {
    struct node *node;
    const int64_t result = find_node((uint64_t)AT_FDCWD, a[0], flags, &node);
    return result != 0 ? result : get_attribute(a[1]);
}

static int64_t sys_getxattr(const uint64_t a[6]) {
    return get_attribute_of_path(a, 0);
}

static int64_t sys_lgetxattr(const uint64_t a[6]) {
    return get_attribute_of_path(a, AT_SYMLINK_NOFOLLOW);
}

static int64_t sys_fgetxattr(const uint64_t a[6]) {
    return files_get_opened(table(), a[0]) != NULL ? get_attribute(a[1]) : -EBADF;
}

// As root sees it: everything may be read, nothing written, and executed what somebody may execute.
static int64_t access_path(uint64_t descriptor, uint64_t path, uint64_t mode, uint64_t flags) {
    if ((uint32_t)mode > 7) { // R_OK, W_OK, X_OK
        return -EINVAL;
    }
    struct node *node;
    const int64_t result = find_node(descriptor, path, flags, &node);
    if (result != 0) {
        return result;
    }
    if ((mode & 2) != 0 && !has_type(node, S_IFCHR)) {
        return -EROFS;
    }
    return (mode & 1) != 0 && !has_type(node, S_IFDIR) && (node->mode & 0111) == 0 ? -EACCES : 0;
}

static int64_t sys_access(const uint64_t a[6]) {
    return access_path((uint64_t)AT_FDCWD, a[0], a[1], 0);
}

static int64_t sys_faccessat(const uint64_t a[6]) {
    return access_path(a[0], a[1], a[2], 0);
}

static int64_t sys_faccessat2(const uint64_t a[6]) {
    const uint64_t known_flags = AT_EACCESS | AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;
    return (a[3] & ~known_flags & UINT32_MAX) != 0 ? -EINVAL : access_path(a[0], a[1], a[2], a[3]);
}

static int64_t read_link(uint64_t descriptor, uint64_t path, uint64_t to, uint64_t size) {
    struct node *node;
    const int64_t result = find_node(descriptor, path, AT_SYMLINK_NOFOLLOW, &node);
    if (result != 0) {
        return result;
    }
    if (!has_type(node, S_IFLNK) || size == 0) {
        return -EINVAL;
    }
    const size_t length = node->size < size ? node->size : size;
    return user_write(to, node->data, length) != 0 ? -EFAULT : (int64_t)length;
}

static int64_t sys_readlink(const uint64_t a[6]) {
    return read_link((uint64_t)AT_FDCWD, a[0], a[1], a[2]);
}

static int64_t sys_readlinkat(const uint64_t a[6]) {
    return read_link(a[0], a[1], a[2], a[3]);
}

static int64_t sys_getcwd(const uint64_t a[6]) {
    char path[PATH_MAX];
    if (!initramfs_path(process_current()->directory, path, sizeof path)) {
        return -ENAMETOOLONG;
    }
    const size_t length = string_length(path) + 1;
    if (length > a[1]) {
        return -ERANGE;
    }
    return user_write(a[0], path, length) != 0 ? -EFAULT : (int64_t)length;
}

static int64_t change_directory(struct node *node) {
    if (!has_type(node, S_IFDIR)) {
        return -ENOTDIR;
    }
    struct process *const process = process_current();
    node_get(node);
    node_put(process->directory);
    process->directory = node;
    return 0;
}

static int64_t sys_chdir(const uint64_t a[6]) {
    struct node *node;
    const int64_t result = find_node((uint64_t)AT_FDCWD, a[0], 0, &node);
    return result != 0 ? result : change_directory(node);
}

static int64_t sys_fchdir(const uint64_t a[6]) {
    const struct open_file *const file = files_get(table(), a[0]);
    return file != NULL ? change_directory(file->node) : -EBADF;
}

// One entry of getdents64: inode, position of the next, length, type, name.
#define ENTRY_HEADER 19

static int64_t write_entry(uint64_t to, uint64_t room, const struct node *node, const char *name, uint64_t next) {
    uint8_t entry[ENTRY_HEADER + NAME_MAX + 9] = {0};
    const size_t name_size = string_length(name) + 1;
    const size_t size = (ENTRY_HEADER + name_size + 7) & ~(size_t)7;
    if (name_size > NAME_MAX + 1 || size > room) {
        return -EINVAL;
    }
    const uint64_t inode = node->inode;
    const uint16_t size_field = (uint16_t)size;
    memcpy(entry, &inode, 8);
    memcpy(entry + 8, &next, 8);
    memcpy(entry + 16, &size_field, 2);
    entry[18] = (uint8_t)((node->mode & S_IFMT) >> 12);
    memcpy(entry + ENTRY_HEADER, name, name_size);
    return user_write(to, entry, size) != 0 ? -EFAULT : (int64_t)size;
}

static const struct node *directory_entry(const struct node *directory, uint64_t index, const char **name) {
    if (index < 2) {
        *name = index == 0 ? "." : "..";
        return index == 1 && directory->parent != NULL ? directory->parent : directory;
    }
    const struct node *child = directory->first_child;
    for (uint64_t i = 2; i < index && child != NULL; i++) {
        child = child->next_sibling;
    }
    *name = child != NULL ? child->name : NULL;
    return child;
}

static int64_t sys_getdents64(const uint64_t a[6]) {
    struct open_file *const file = files_get_opened(table(), a[0]);
    if (file == NULL) {
        return -EBADF;
    }
    if (!has_type(file->node, S_IFDIR)) {
        return -ENOTDIR;
    }
    uint64_t done = 0;
    for (;;) {
        const char *name;
        const struct node *const node = directory_entry(file->node, file->offset, &name);
        if (node == NULL) {
            return (int64_t)done;
        }
        const int64_t size = write_entry(a[1] + done, a[2] - done, node, name, file->offset + 1);
        if (size < 0) {
            return done > 0 ? (int64_t)done : size;
        }
        done += (uint64_t)size;
        file->offset++;
    }
}

// Descriptors.

static int64_t sys_dup(const uint64_t a[6]) {
    struct open_file *const file = files_get(table(), a[0]);
    return file != NULL ? files_duplicate(table(), file, 0, false) : -EBADF;
}

static int64_t sys_dup2(const uint64_t a[6]) {
    struct open_file *const file = files_get(table(), a[0]);
    if (file == NULL) {
        return -EBADF;
    }
    return a[0] == a[1] ? (int64_t)a[1] : files_duplicate_to(table(), file, a[1], false);
}

static int64_t sys_dup3(const uint64_t a[6]) {
    struct open_file *const file = files_get(table(), a[0]);
    if (a[0] == a[1] || (a[2] & ~(uint64_t)O_CLOEXEC) != 0) {
        return -EINVAL;
    }
    return file != NULL ? files_duplicate_to(table(), file, a[1], (a[2] & O_CLOEXEC) != 0) : -EBADF;
}

static int64_t sys_fcntl(const uint64_t a[6]) {
    struct open_file *const file = files_get(table(), a[0]);
    if (file == NULL) {
        return -EBADF;
    }
    struct descriptor *const descriptor = &table()->entries[a[0]];
    switch (a[1]) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
        return a[2] < DESCRIPTOR_LIMIT ? files_duplicate(table(), file, a[2], a[1] == F_DUPFD_CLOEXEC) : -EINVAL;
    case F_GETFD:
        return descriptor->close_on_exec ? FD_CLOEXEC : 0;
    case F_SETFD:
        descriptor->close_on_exec = (a[2] & FD_CLOEXEC) != 0;
        return 0;
    case F_GETFL:
        return (int64_t)(file->flags & ~(uint32_t)(O_CLOEXEC | O_CREAT));
    case F_SETFL:
        return 0;
    default:
        return -EINVAL;
    }
}

static int64_t sys_ioctl(const uint64_t a[6]) {
    return files_get(table(), a[0]) != NULL ? -ENOTTY : -EBADF;
}

// Nothing here ever makes anybody wait, so everything asked for is ready.
static int64_t sys_poll(const uint64_t a[6]) {
    int64_t ready = 0;
    if (a[1] > POLL_LIMIT) {
        return -EINVAL;
    }
    for (uint64_t i = 0; i < a[1]; i++) {
        struct linux_pollfd entry;
        if (user_read(&entry, a[0] + i * sizeof entry, sizeof entry) != 0) {
            return -EFAULT;
        }
        entry.revents = 0;
        if (entry.fd >= 0) {
            const bool is_open = files_get(table(), (uint64_t)entry.fd) != NULL;
            entry.revents = is_open ? (int16_t)(entry.events & (POLLIN | POLLOUT)) : (int16_t)POLLNVAL;
        }
        ready += entry.revents != 0;
        if (user_write(a[0] + i * sizeof entry, &entry, sizeof entry) != 0) {
            return -EFAULT;
        }
    }
    return ready;
}

const struct syscall syscalls_of_files[] = {
    {0, sys_read},        {1, sys_write},        {2, sys_open},         {3, sys_close},
    {4, sys_stat},        {5, sys_fstat},        {6, sys_lstat},        {7, sys_poll},
    {8, sys_lseek},       {16, sys_ioctl},       {17, sys_pread64},     {19, sys_readv},
    {20, sys_writev},     {21, sys_access},      {32, sys_dup},         {33, sys_dup2},
    {72, sys_fcntl},      {79, sys_getcwd},      {80, sys_chdir},       {81, sys_fchdir},
    {89, sys_readlink},   {137, sys_statfs},     {138, sys_fstatfs},    {191, sys_getxattr},
    {192, sys_lgetxattr}, {193, sys_fgetxattr},  {217, sys_getdents64}, {221, sys_fadvise64},
    {257, sys_openat},    {262, sys_newfstatat}, {267, sys_readlinkat}, {269, sys_faccessat},
    {292, sys_dup3},      {332, sys_statx},      {439, sys_faccessat2}, {0, 0},
};
