// SPDX-License-Identifier: MIT
// Open files and descriptors.

#include "files.h"

#include "console.h"
#include "linux_abi.h"
#include "string.h"

#define OPEN_FILE_LIMIT 128

static struct open_file open_files[OPEN_FILE_LIMIT];
static const struct node *null_device, *console_device, *terminal_device;
static struct node *executable_link;
static bool console_has_input;

void files_setup(bool input) {
    null_device = initramfs_add("/dev/null", S_IFCHR | 0666);
    console_device = initramfs_add("/dev/console", S_IFCHR | 0600);
    terminal_device = initramfs_add("/dev/tty", S_IFCHR | 0666);
    executable_link = initramfs_add("/proc/self/exe", S_IFLNK | 0777);
    console_has_input = input;
}

void files_set_executable(const char *path) {
    static char target[PATH_MAX];
    string_copy(target, sizeof target, path);
    executable_link->data = (const uint8_t *)target;
    executable_link->size = string_length(target);
}

// Reads a number that a name consists of; what follows the name, or NULL.
static const char *parse_number(const char *text, uint64_t *number) {
    const char *const start = text;
    *number = 0;
    for (; *text >= '0' && *text <= '9' && *number < DESCRIPTOR_LIMIT; text++) {
        *number = *number * 10 + (uint64_t)(*text - '0');
    }
    return text != start && (*text == '\0' || *text == '/') ? text : NULL;
}

// What "/dev/fd/N" is followed by, from the node that N has open.
static int lookup_below(struct node *node, const char *rest, bool follow, struct node **found) {
    if (*rest == '/' && (node->mode & S_IFMT) != S_IFDIR) {
        return -ENOTDIR;
    }
    while (*rest == '/') {
        rest++;
    }
    if (*rest != '\0') {
        return initramfs_lookup(node, rest, follow, found);
    }
    *found = node;
    return 0;
}

int files_lookup(const struct descriptor_table *table, struct node *directory, const char *path, bool follow,
                 struct node **found) {
    static const char prefix[] = "/dev/fd/";
    uint64_t number;
    const char *const rest = string_starts_with(path, prefix) ? parse_number(path + sizeof prefix - 1, &number) : NULL;
    if (rest == NULL) {
        return initramfs_lookup(directory, path, follow, found);
    }
    const struct open_file *const file = files_get(table, number);
    return file != NULL ? lookup_below(file->node, rest, follow, found) : -ENOENT;
}

struct open_file *files_get(const struct descriptor_table *table, uint64_t number) {
    return number < DESCRIPTOR_LIMIT ? table->entries[number].file : NULL;
}

struct open_file *files_get_opened(const struct descriptor_table *table, uint64_t number) {
    struct open_file *const file = files_get(table, number);
    return file != NULL && (file->flags & O_PATH) == 0 ? file : NULL;
}

static struct open_file *new_open_file(struct node *node, uint32_t flags) {
    for (size_t i = 0; i < OPEN_FILE_LIMIT; i++) {
        if (open_files[i].references == 0) {
            open_files[i] = (struct open_file){.node = node, .flags = flags};
            return &open_files[i];
        }
    }
    return NULL;
}

int files_duplicate(struct descriptor_table *table, struct open_file *file, size_t lowest, bool close_on_exec) {
    for (size_t number = lowest; number < DESCRIPTOR_LIMIT; number++) {
        if (table->entries[number].file == NULL) {
            table->entries[number] = (struct descriptor){.file = file, .close_on_exec = close_on_exec};
            file->references++;
            return (int)number;
        }
    }
    return -EMFILE;
}

int files_duplicate_to(struct descriptor_table *table, struct open_file *file, size_t number, bool close_on_exec) {
    if (number >= DESCRIPTOR_LIMIT) {
        return -EBADF;
    }
    file->references++; // first: the descriptor closed below may be the last of the same file
    files_close(table, number);
    table->entries[number] = (struct descriptor){.file = file, .close_on_exec = close_on_exec};
    return (int)number;
}

int files_open(struct descriptor_table *table, struct node *node, uint32_t flags) {
    struct open_file *const file = new_open_file(node, flags);
    const int number = file != NULL ? files_duplicate(table, file, 0, (flags & O_CLOEXEC) != 0) : -EMFILE;
    if (number >= 0) {
        node_get(node);
    }
    return number;
}

int files_close(struct descriptor_table *table, uint64_t number) {
    struct open_file *const file = files_get(table, number);
    if (file == NULL) {
        return -EBADF;
    }
    if (--file->references == 0) {
        node_put(file->node);
    }
    table->entries[number] = (struct descriptor){0};
    return 0;
}

void files_close_all(struct descriptor_table *table, bool only_close_on_exec) {
    for (size_t number = 0; number < DESCRIPTOR_LIMIT; number++) {
        if (!only_close_on_exec || table->entries[number].close_on_exec) {
            files_close(table, number);
        }
    }
}

bool files_is_console(const struct node *node) {
    return node == console_device || node == terminal_device;
}

int64_t files_read_at(const struct node *node, uint64_t offset, void *bytes, size_t length) {
    if ((node->mode & S_IFMT) == S_IFDIR) {
        return -EISDIR;
    }
    if (files_is_console(node)) {
        return console_has_input ? (int64_t)console_read_line(bytes, length) : 0;
    }
    if (offset >= node->size) {
        return 0;
    }
    const size_t available = node->size - offset;
    const size_t count = length < available ? length : available;
    memcpy(bytes, node_bytes(node) + offset, count);
    return (int64_t)count;
}

int64_t files_write(const struct open_file *file, const void *bytes, size_t length) {
    if ((file->flags & O_ACCMODE) == 0) {
        return -EBADF;
    }
    if (files_is_console(file->node)) {
        console_write(bytes, length);
    }
    return (int64_t)length;
}
