// SPDX-License-Identifier: MIT
#include "files.h"

#include "string.h"

extern const struct file files[], files_end[]; // made by the build, see CMakeLists.txt

const struct file *file_find(const char *name) {
    for (const struct file *file = files; file != files_end; file++) {
        if (string_equal(file->name, name)) {
            return file;
        }
    }
    return NULL;
}

uint64_t file_number(const struct file *file) {
    return (uint64_t)(file - files) + 1;
}
