// SPDX-License-Identifier: MIT
// Unpacks a cpio archive and finds files in it.

#include "initramfs.h"

#include "console.h"
#include "linux_abi.h"
#include "pages.h"
#include "string.h"

// The newc header: a magic and thirteen numbers of eight hexadecimal digits.
#define MAGIC       "070701"
#define MAGIC_SIZE  6
#define HEADER_SIZE (MAGIC_SIZE + 13 * 8)
enum field {
    FIELD_INODE = 0,
    FIELD_MODE = 1,
    FIELD_LINKS = 4,
    FIELD_MODIFIED = 5,
    FIELD_SIZE = 6,
    FIELD_NAME_SIZE = 11
};

#define LINK_LIMIT 40 // symbolic links followed in one lookup, as Linux

static struct node root = {.name = "", .mode = S_IFDIR | 0755, .inode = 1};
static uint32_t last_inode = 1;
static size_t reference_count;

struct node *node_get(struct node *node) {
    node->references++;
    reference_count++;
    return node;
}

static void require_reference(const struct node *node) {
    if (node->references == 0) {
        panic("\"%s\" is used, and nobody holds a reference to it", node->name);
    }
}

void node_put(struct node *node) {
    require_reference(node);
    node->references--;
    reference_count--;
}

const uint8_t *node_bytes(const struct node *node) {
    require_reference(node);
    return node->data;
}

size_t node_references(void) {
    return reference_count;
}

// Nodes and names live as long as the kernel: taken off the end of the current page.
static void *allocate_forever(size_t size) {
    static uint8_t *next;
    static size_t left;
    size = (size + 15) & ~(size_t)15;
    if (size > left) {
        const size_t pages = (size + PAGE_SIZE - 1) / PAGE_SIZE;
        const uint64_t physical = pages_allocate(pages);
        if (physical == 0) {
            panic("initramfs: no memory for its names");
        }
        next = physical_view(physical);
        left = pages * PAGE_SIZE;
    }
    uint8_t *const result = next;
    next += size;
    left -= size;
    return result;
}

static struct node *find_child(struct node *directory, const char *name, size_t length) {
    for (struct node *child = directory->first_child; child != NULL; child = child->next_sibling) {
        if (string_length(child->name) == length && memcmp(child->name, name, length) == 0) {
            return child;
        }
    }
    return NULL;
}

static struct node *add_child(struct node *directory, const char *name, size_t length, uint32_t mode) {
    char *const copy = allocate_forever(length + 1);
    memcpy(copy, name, length);
    copy[length] = '\0';
    struct node *const node = allocate_forever(sizeof *node);
    *node = (struct node){.name = copy, .mode = mode, .inode = ++last_inode, .parent = directory};
    struct node **link = &directory->first_child;
    while (*link != NULL) {
        link = &(*link)->next_sibling;
    }
    *link = node;
    return node;
}

static size_t component_length(const char *path) {
    size_t length = 0;
    while (path[length] != '\0' && path[length] != '/') {
        length++;
    }
    return length;
}

struct node *initramfs_add(const char *path, uint32_t mode) {
    struct node *node = &root;
    for (;;) {
        while (*path == '/') {
            path++;
        }
        const size_t length = component_length(path);
        if (length == 0) {
            break;
        }
        if (!(length == 1 && path[0] == '.')) {
            struct node *const child = find_child(node, path, length);
            node = child != NULL ? child : add_child(node, path, length, S_IFDIR | 0755);
        }
        path += length;
    }
    node->mode = mode;
    return node;
}

struct node *initramfs_root(void) {
    return &root;
}

static uint32_t read_field(const uint8_t *header, enum field field) {
    uint32_t value = 0;
    for (size_t i = 0; i < 8; i++) {
        const uint8_t digit = header[MAGIC_SIZE + (size_t)field * 8 + i];
        const uint8_t lower = digit | 0x20;
        if (digit >= '0' && digit <= '9') {
            value = value << 4 | (uint32_t)(digit - '0');
        } else if (lower >= 'a' && lower <= 'f') {
            value = value << 4 | (uint32_t)(lower - 'a' + 10);
        } else {
            panic("initramfs: a header holds something else than digits");
        }
    }
    return value;
}

static void unpack_data(struct node *node, const uint8_t *data, size_t size) {
    if (size == 0) {
        return;
    }
    const uint64_t physical = pages_allocate((size + PAGE_SIZE - 1) / PAGE_SIZE);
    if (physical == 0) {
        panic("initramfs: no memory for /%s (%zu bytes)", node->name, size);
    }
    memcpy(physical_view(physical), data, size);
    node->data = physical_view(physical);
    node->size = size;
}

// Of the names of one file with hard links, only the last carries the bytes; the others get them here.
static void share_data(struct node *directory, const struct node *source) {
    for (struct node *child = directory->first_child; child != NULL; child = child->next_sibling) {
        if (child->archive_inode == source->archive_inode && child->data == NULL && (child->mode & S_IFMT) == S_IFREG) {
            child->data = source->data;
            child->size = source->size;
            child->inode = source->inode;
        }
    }
}

static void share_data_everywhere(const struct node *source) {
    // Depth first without recursion: down, else right, else up until there is a right.
    struct node *node = &root;
    while (node != NULL) {
        share_data(node, source);
        if (node->first_child != NULL) {
            node = node->first_child;
            continue;
        }
        while (node != NULL && node->next_sibling == NULL) {
            node = node->parent;
        }
        node = node != NULL ? node->next_sibling : NULL;
    }
}

static size_t round_up_4(size_t value) {
    return (value + 3) & ~(size_t)3;
}

void initramfs_setup(const uint8_t *archive, size_t size) {
    size_t position = 0;
    for (;;) {
        if (size - position < HEADER_SIZE || memcmp(archive + position, MAGIC, MAGIC_SIZE) != 0) {
            panic("initramfs: no cpio newc header at byte %zu", position);
        }
        const uint8_t *const header = archive + position;
        const size_t name_size = read_field(header, FIELD_NAME_SIZE);
        const size_t data_size = read_field(header, FIELD_SIZE);
        const size_t data_start = round_up_4(position + HEADER_SIZE + name_size);
        if (name_size == 0 || data_start > size || data_size > size - data_start ||
            header[HEADER_SIZE + name_size - 1] != '\0') {
            panic("initramfs: the entry at byte %zu does not fit the archive", position);
        }
        const char *const name = (const char *)header + HEADER_SIZE;
        if (string_equal(name, "TRAILER!!!")) {
            return;
        }
        struct node *const node = initramfs_add(name, read_field(header, FIELD_MODE));
        node->modified = read_field(header, FIELD_MODIFIED);
        node->archive_inode = read_field(header, FIELD_INODE);
        unpack_data(node, archive + data_start, data_size);
        if (data_size > 0 && read_field(header, FIELD_LINKS) > 1) {
            share_data_everywhere(node);
        }
        position = round_up_4(data_start + data_size);
        if (position > size) {
            panic("initramfs: the archive ends without a trailer");
        }
    }
}

// What a lookup still has to walk. Symbolic links put their target before the rest, in the other buffer.
struct walk {
    struct node *node;
    const char *rest;
    unsigned links;
    unsigned buffer;
    bool follow;
};

// One lookup at a time: there is one processor, and a lookup never waits.
static char walk_buffers[2][PATH_MAX];

static int follow_link(struct walk *walk, const struct node *link) {
    if (++walk->links > LINK_LIMIT) {
        return -ELOOP;
    }
    const size_t rest_length = string_length(walk->rest);
    if (link->size == 0) {
        return -ENOENT;
    }
    if (link->size + rest_length >= PATH_MAX) {
        return -ENAMETOOLONG;
    }
    walk->buffer ^= 1;
    char *const buffer = walk_buffers[walk->buffer];
    memcpy(buffer, link->data, link->size);
    memcpy(buffer + link->size, walk->rest, rest_length + 1);
    walk->rest = buffer;
    if (buffer[0] == '/') {
        walk->node = &root;
    }
    return 0;
}

static int walk_component(struct walk *walk, size_t length) {
    const char *const name = walk->rest;
    if ((walk->node->mode & S_IFMT) != S_IFDIR) {
        return -ENOTDIR;
    }
    if (length > NAME_MAX) {
        return -ENAMETOOLONG;
    }
    walk->rest += length;
    if (length == 1 && name[0] == '.') {
        return 0;
    }
    if (length == 2 && name[0] == '.' && name[1] == '.') {
        walk->node = walk->node->parent != NULL ? walk->node->parent : &root;
        return 0;
    }
    struct node *const child = find_child(walk->node, name, length);
    if (child == NULL) {
        return -ENOENT;
    }
    if ((child->mode & S_IFMT) == S_IFLNK && (walk->follow || *walk->rest == '/')) {
        return follow_link(walk, child);
    }
    walk->node = child;
    return 0;
}

int initramfs_lookup(struct node *directory, const char *path, bool follow, struct node **found) {
    if (path[0] == '\0') {
        return -ENOENT;
    }
    if (string_length(path) >= PATH_MAX) {
        return -ENAMETOOLONG;
    }
    struct walk walk = {.node = path[0] == '/' ? &root : directory, .rest = path, .follow = follow};
    for (;;) {
        bool slash = false;
        for (; *walk.rest == '/'; walk.rest++) {
            slash = true;
        }
        const size_t length = component_length(walk.rest);
        if (length == 0) {
            // "name/" asks for a directory.
            if (slash && (walk.node->mode & S_IFMT) != S_IFDIR) {
                return -ENOTDIR;
            }
            *found = walk.node;
            return 0;
        }
        const int result = walk_component(&walk, length);
        if (result != 0) {
            return result;
        }
    }
}

bool initramfs_path(const struct node *node, char *path, size_t size) {
    size_t start = size;
    require_reference(node);
    if (size < 2) {
        return false;
    }
    path[--start] = '\0';
    do {
        const size_t length = string_length(node->name);
        if (length + 1 > start) {
            return false;
        }
        start -= length;
        memcpy(path + start, node->name, length);
        if (length > 0 || path[start] != '/') {
            path[--start] = '/';
        }
        node = node->parent;
    } while (node != NULL && node->parent != NULL);
    memmove(path, path + start, size - start);
    return true;
}
