// SPDX-License-Identifier: MIT
// mmap, munmap, mprotect, brk.

#include "files.h"
#include "linux_abi.h"
#include "paging.h"
#include "process.h"
#include "space.h"
#include "syscall.h"

#define ALL_RIGHTS   (RIGHT_READ | RIGHT_WRITE | RIGHT_EXECUTE)
#define MMAP_MINIMUM 65536u

// Rounds a length up to pages; 0 when there is none or it exceeds user memory.
static uint64_t page_length(uint64_t length) {
    return length > USER_END ? 0 : (length + PAGE_SIZE - 1) & ~(uint64_t)(PAGE_SIZE - 1);
}

static int64_t choose_address(const struct space *space, uint64_t hint, uint64_t length, uint64_t flags) {
    if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) {
        if (hint % PAGE_SIZE != 0 || hint > USER_END - length) {
            return hint % PAGE_SIZE != 0 ? -EINVAL : -ENOMEM;
        }
        return hint < MMAP_MINIMUM ? -EPERM : (int64_t)hint;
    }
    hint &= ~(uint64_t)(PAGE_SIZE - 1);
    if (hint >= MMAP_MINIMUM && hint <= USER_END - length && space_is_free(space, hint, hint + length)) {
        return (int64_t)hint;
    }
    const uint64_t gap = space_find_gap(space, length);
    return gap != 0 ? (int64_t)gap : -ENOMEM;
}

static int64_t file_to_map(uint64_t descriptor, uint64_t offset, uint64_t length, struct node **file) {
    const struct open_file *const open = files_get_opened(&process_current()->descriptors, descriptor);
    if (open == NULL) {
        return -EBADF;
    }
    if ((open->node->mode & S_IFMT) != S_IFREG) {
        return -ENODEV;
    }
    if (offset % PAGE_SIZE != 0) {
        return -EINVAL;
    }
    if (offset > (uint64_t)INT64_MAX - length) {
        return -EOVERFLOW;
    }
    *file = open->node;
    return 0;
}

static int64_t sys_mmap(const uint64_t a[6]) {
    struct space *const space = process_current()->space;
    const uint64_t length = page_length(a[1]);
    const uint64_t flags = a[3];
    const uint64_t type = flags & MAP_TYPE;
    if (length == 0) {
        return a[1] == 0 ? -EINVAL : -ENOMEM;
    }
    // Nothing is shared with anybody here, so MAP_SHARED of anonymous memory is private memory; of a read-only file
    // too.
    if (type != MAP_PRIVATE && type != MAP_SHARED) {
        return -EINVAL;
    }
    struct region region = {.rights = (uint32_t)a[2] & ALL_RIGHTS, .kind = REGION_MMAP, .file_offset = a[5]};
    if ((flags & MAP_ANONYMOUS) == 0) {
        if (type == MAP_SHARED && (a[2] & PROT_WRITE) != 0) {
            return -EACCES;
        }
        const int64_t result = file_to_map(a[4], a[5], length, &region.file);
        if (result != 0) {
            return result;
        }
    }
    const int64_t address = choose_address(space, a[0], length, flags);
    if (address < 0) {
        return address;
    }
    region.start = (uint64_t)address;
    region.end = region.start + length;
    const bool replace = (flags & MAP_FIXED) != 0 && (flags & MAP_FIXED_NOREPLACE) == 0;
    const int result = space_map(space, &region, replace);
    return result != 0 ? result : address;
}

static int64_t sys_munmap(const uint64_t a[6]) {
    const uint64_t length = page_length(a[1]);
    if (length == 0 || a[0] > USER_END - length) {
        return -EINVAL;
    }
    return space_unmap(process_current()->space, a[0], a[0] + length);
}

// With PROT_GROWSDOWN the range begins where the stack does, which is how glibc makes a stack executable.
static int64_t sys_mprotect(const uint64_t a[6]) {
    struct space *const space = process_current()->space;
    const uint64_t length = page_length(a[1]);
    uint64_t start = a[0];
    if (start % PAGE_SIZE != 0 || (a[2] & PROT_GROWSUP) != 0) {
        return -EINVAL;
    }
    if (length == 0 || a[0] > USER_END - length) {
        return a[1] == 0 ? 0 : -ENOMEM;
    }
    if ((a[2] & PROT_GROWSDOWN) != 0) {
        const struct region *const region = space_find(space, start);
        if (region == NULL || region->kind != REGION_STACK) {
            return region == NULL ? -ENOMEM : -EINVAL;
        }
        start = region->start;
    }
    return space_protect(space, start, a[0] + length, (uint32_t)a[2] & ALL_RIGHTS);
}

static int64_t sys_brk(const uint64_t a[6]) {
    return (int64_t)space_set_heap_end(process_current()->space, a[0]);
}

const struct syscall syscalls_of_memory[] = {
    {9, sys_mmap}, {10, sys_mprotect}, {11, sys_munmap}, {12, sys_brk}, {0, 0},
};
