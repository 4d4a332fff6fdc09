// SPDX-License-Identifier: MIT
// The ELF builder: writes what it is told, field by field (gABI chapters 4 and 5), and checks nothing.

#include "internal.h"

#include <stdlib.h>
#include <string.h>

#define FILE_HEADER_SIZE 64u
#define PROGRAM_HEADER_SIZE 56u

void libexec_kit_elf_begin(struct libexec_kit_elf *elf, uint16_t type, uint64_t size) {
    *elf = (struct libexec_kit_elf){
        .identification = {0x7f, 'E', 'L', 'F', 2, 1, 1},
        .type = type,
        .machine = 62,
        .version = 1,
        .program_headers_offset = FILE_HEADER_SIZE,
        .header_size = FILE_HEADER_SIZE,
        .program_header_size = PROGRAM_HEADER_SIZE,
        .section_header_size = 64,
        .size = size,
    };
    elf->bytes = kit_memory(size);
    for (uint64_t i = 0; i < size; i++)
        elf->bytes[i] = (uint8_t)(1 + (i * 0x9e3779b97f4a7c15u >> 32) % 255);
}

uint32_t libexec_kit_elf_add(struct libexec_kit_elf *elf, struct libexec_kit_program_header header) {
    elf->headers = kit_grown(elf->headers, sizeof(header) * (elf->added + 1u));
    elf->headers[elf->added++] = header;
    elf->program_header_count = (uint16_t)elf->added;
    return elf->added - 1;
}

void libexec_kit_elf_write(struct libexec_kit_elf *elf, uint64_t offset, const void *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (offset + i < elf->size)
            elf->bytes[offset + i] = ((const uint8_t *)bytes)[i];
}

struct writer {
    struct libexec_kit_elf *elf;
    uint64_t at;
};

static void put(struct writer *writer, uint64_t value, uint32_t width) {
    uint8_t bytes[8];
    for (uint32_t i = 0; i < width; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    libexec_kit_elf_write(writer->elf, writer->at, bytes, width);
    writer->at += width;
}

static void put_file_header(struct libexec_kit_elf *elf) {
    libexec_kit_elf_write(elf, 0, elf->identification, sizeof(elf->identification));
    struct writer writer = {.elf = elf, .at = sizeof(elf->identification)};
    put(&writer, elf->type, 2);
    put(&writer, elf->machine, 2);
    put(&writer, elf->version, 4);
    put(&writer, elf->entry, 8);
    put(&writer, elf->program_headers_offset, 8);
    put(&writer, elf->section_headers_offset, 8);
    put(&writer, elf->flags, 4);
    put(&writer, elf->header_size, 2);
    put(&writer, elf->program_header_size, 2);
    put(&writer, elf->program_header_count, 2);
    put(&writer, elf->section_header_size, 2);
    put(&writer, elf->section_header_count, 2);
    put(&writer, elf->section_names_index, 2);
}

static void put_program_header(struct writer *writer, const struct libexec_kit_program_header *header) {
    put(writer, header->type, 4);
    put(writer, header->flags, 4);
    put(writer, header->offset, 8);
    put(writer, header->address, 8);
    put(writer, header->physical_address, 8);
    put(writer, header->file_size, 8);
    put(writer, header->memory_size, 8);
    put(writer, header->alignment, 8);
}

const uint8_t *libexec_kit_elf_build(struct libexec_kit_elf *elf) {
    put_file_header(elf);
    struct writer writer = {.elf = elf, .at = elf->program_headers_offset};
    for (uint32_t i = 0; i < elf->added && elf->program_headers_offset < elf->size; i++)
        put_program_header(&writer, &elf->headers[i]);
    return elf->bytes;
}

void libexec_kit_elf_end(struct libexec_kit_elf *elf) {
    free(elf->headers);
    free(elf->bytes);
    *elf = (struct libexec_kit_elf){0};
}
