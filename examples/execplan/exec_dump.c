// SPDX-License-Identifier: MIT
// The writer of the exec dump's lines: quoted text, names of errnos and auxiliary-vector types, runs of memory.

#include "exec_dump.h"

#include <libexec/dump.h>

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define HASH_START 0xcbf29ce484222325u // FNV-1a, 64 bits
#define HASH_PRIME 0x100000001b3u

struct errno_name {
    int number;
    const char *name;
};

static const struct errno_name errno_names[] = {
    {EPERM, "EPERM"},   {ENOENT, "ENOENT"},   {EINTR, "EINTR"},         {EIO, "EIO"},
    {E2BIG, "E2BIG"},   {ENOEXEC, "ENOEXEC"}, {EBADF, "EBADF"},         {EAGAIN, "EAGAIN"},
    {ENOMEM, "ENOMEM"}, {EACCES, "EACCES"},   {EFAULT, "EFAULT"},       {EBUSY, "EBUSY"},
    {EEXIST, "EEXIST"}, {ENODEV, "ENODEV"},   {ENOTDIR, "ENOTDIR"},     {EISDIR, "EISDIR"},
    {EINVAL, "EINVAL"}, {ENFILE, "ENFILE"},   {EMFILE, "EMFILE"},       {ETXTBSY, "ETXTBSY"},
    {EFBIG, "EFBIG"},   {ERANGE, "ERANGE"},   {ENOSYS, "ENOSYS"},       {ENAMETOOLONG, "ENAMETOOLONG"},
    {ELOOP, "ELOOP"},   {ELIBBAD, "ELIBBAD"}, {EOVERFLOW, "EOVERFLOW"},
};

void exec_dump_text(FILE *output, const char *bytes, size_t length) {
    fputc('"', output);
    for (size_t i = 0; i < length; i++) {
        const unsigned char byte = (unsigned char)bytes[i];
        if (byte >= 0x20 && byte < 0x7f)
            fputc(byte, output);
        else
            fprintf(output, "\\x%02x", byte);
    }
    fputc('"', output);
}

const char *exec_dump_errno(int number) {
    static char digits[16];

    for (size_t i = 0; i < sizeof errno_names / sizeof errno_names[0]; i++) {
        if (errno_names[i].number == number)
            return errno_names[i].name;
    }
    snprintf(digits, sizeof digits, "%d", number);
    return digits;
}

int exec_dump_errno_number(const char *name) {
    for (size_t i = 0; i < sizeof errno_names / sizeof errno_names[0]; i++) {
        if (strcmp(errno_names[i].name, name) == 0)
            return errno_names[i].number;
    }
    return isdigit((unsigned char)name[0]) ? atoi(name) : -1;
}

const char *exec_dump_auxv(uint64_t type) {
    static char digits[32];
    const char *name = libexec_auxv_name(type);

    if (name != NULL)
        return name;
    snprintf(digits, sizeof digits, "AT_%" PRIu64, type);
    return digits;
}

static char *read_whole(const char *path, size_t *length) {
    FILE *const file = fopen(path, "rb");
    char *bytes = NULL;
    size_t room = 0;

    *length = 0;
    if (file == NULL)
        return NULL;
    for (;;) {
        if (*length + 1 >= room) {
            room = room == 0 ? 65536 : 2 * room;
            char *const grown = realloc(bytes, room);
            if (grown == NULL)
                break;
            bytes = grown;
        }
        const size_t got = fread(bytes + *length, 1, room - 1 - *length, file);
        *length += got;
        if (got == 0)
            break;
    }
    fclose(file);
    if (bytes != NULL)
        bytes[*length] = '\0';
    return bytes;
}

char **exec_dump_read_arguments(const char *path, char *first) {
    size_t length;
    size_t count = 0;
    char *const bytes = read_whole(path, &length);

    if (bytes == NULL)
        return NULL;
    for (size_t i = 0; i < length; i++)
        count += bytes[i] == '\0';
    char **const vector = calloc(count + 3, sizeof *vector);
    if (vector == NULL || length == 0) // no string will keep it
        free(bytes);
    if (vector == NULL)
        return NULL;
    size_t used = 0;
    if (first != NULL)
        vector[used++] = first;
    for (size_t at = 0; at < length; at += strlen(bytes + at) + 1)
        vector[used++] = bytes + at;
    return vector;
}

void exec_dump_memory_begin(struct exec_dump_memory *memory, FILE *output) {
    memset(memory, 0, sizeof *memory);
    memory->output = output;
}

void exec_dump_memory_end(struct exec_dump_memory *memory) {
    if (memory->start == memory->end)
        return;
    fprintf(memory->output, "mem %012" PRIx64 "-%012" PRIx64 " %s- nonzero=%" PRIu64 " hash=%016" PRIx64 "\n",
            memory->start, memory->end, memory->rights, memory->nonzero, memory->hash);
    memory->start = memory->end;
}

void exec_dump_memory_range(struct exec_dump_memory *memory, uint64_t start, uint64_t end, const char *rights) {
    const int open = memory->start != memory->end;

    if (open && memory->end == start && memcmp(memory->rights, rights, 3) == 0) {
        memory->end = end;
        return;
    }
    exec_dump_memory_end(memory);
    memory->start = start;
    memory->end = end;
    memory->nonzero = 0;
    memory->hash = HASH_START;
    memcpy(memory->rights, rights, 3);
}

void exec_dump_memory_page(struct exec_dump_memory *memory, uint64_t address, const unsigned char *bytes) {
    uint64_t hash = memory->hash;
    uint64_t number = (address - memory->start) / EXEC_DUMP_PAGE;

    if (bytes[0] == 0 && memcmp(bytes, bytes + 1, EXEC_DUMP_PAGE - 1) == 0)
        return;
    for (unsigned i = 0; i < 8; i++, number >>= 8)
        hash = (hash ^ (number & 0xff)) * HASH_PRIME;
    for (size_t i = 0; i < EXEC_DUMP_PAGE; i++)
        hash = (hash ^ bytes[i]) * HASH_PRIME;
    memory->hash = hash;
    memory->nonzero++;
}
