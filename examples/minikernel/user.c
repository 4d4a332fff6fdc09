// SPDX-License-Identifier: MIT
// Copies between kernel and user memory.

#include "user.h"

#include "linux_abi.h"
#include "paging.h"
#include "trap.h"

static bool is_user_range(uint64_t address, size_t length) {
    return address <= USER_END && length <= USER_END - address;
}

static void *user_pointer(uint64_t address) {
    return (void *)(uintptr_t)address;
}

int user_read(void *to, uint64_t from, size_t length) {
    if (!is_user_range(from, length) || user_copy_unchecked(to, user_pointer(from), length) != 0) {
        return -EFAULT;
    }
    return 0;
}

int user_write(uint64_t to, const void *from, size_t length) {
    if (!is_user_range(to, length) || user_copy_unchecked(user_pointer(to), from, length) != 0) {
        return -EFAULT;
    }
    return 0;
}

int user_read_string(char *to, uint64_t from, size_t size) {
    size_t done = 0;
    while (done < size) {
        // A page at a time: what follows the string's page may not be there.
        const size_t page_rest = PAGE_SIZE - (from + done) % PAGE_SIZE;
        const size_t chunk = page_rest < size - done ? page_rest : size - done;
        if (user_read(to + done, from + done, chunk) != 0) {
            return -EFAULT;
        }
        for (const size_t end = done + chunk; done < end; done++) {
            if (to[done] == '\0') {
                return 0;
            }
        }
    }
    return -ENAMETOOLONG;
}
