// SPDX-License-Identifier: MIT
// The ELF file header, gABI ch. 4: bytes to validated facts. Checks stand in the order in which Linux makes those that
// it makes.
#include "header.h"

#include "bytes.h"
#include "checked.h"
#include "elf_format.h"
#include "report.h"

#include <libexec/config.h>
#include <libexec/plan.h>

static enum libexec_status header_fail(struct libexec_report *report, enum libexec_status status, uint64_t offset,
                                       uint64_t value, uint64_t limit) {
    libexec_fail_value(report, status, value, limit);
    libexec_fail_offset(report, offset);
    return report->status;
}

static enum libexec_status header_identify(const uint8_t *bytes, uint64_t length, struct libexec_report *report) {
    static const uint8_t magic[4] = {0x7f, 'E', 'L', 'F'};
    // A program may be anything, so its magic comes first; an interpreter that is too short is an I/O error in Linux.
    if (libexec_report_on_interpreter(report) && length < ELF_FILE_HEADER_SIZE)
        return header_fail(report, LIBEXEC_E_TOO_SHORT, 0, length, ELF_FILE_HEADER_SIZE);
    if (length < sizeof magic || memcmp(bytes, magic, sizeof magic) != 0)
        return header_fail(report, LIBEXEC_E_MAGIC, 0, length < sizeof magic ? 0 : libexec_load32(bytes),
                           libexec_load32(magic));
    if (length < ELF_FILE_HEADER_SIZE)
        return header_fail(report, LIBEXEC_E_TOO_SHORT, 0, length, ELF_FILE_HEADER_SIZE);
    return LIBEXEC_OK;
}

// What Linux does not look at: refused only where Linux would start the file.
static void header_check_identification(const uint8_t *bytes, const struct libexec_arch *arch,
                                        struct libexec_report *own) {
    if (bytes[ELF_EI_CLASS] != ELF_CLASS64)
        header_fail(own, LIBEXEC_E_CLASS, ELF_EI_CLASS, bytes[ELF_EI_CLASS], ELF_CLASS64);
    else if (bytes[ELF_EI_DATA] != arch->data)
        header_fail(own, LIBEXEC_E_DATA, ELF_EI_DATA, bytes[ELF_EI_DATA], arch->data);
    else if (bytes[ELF_EI_VERSION] != ELF_VERSION_CURRENT)
        header_fail(own, LIBEXEC_E_VERSION, ELF_EI_VERSION, bytes[ELF_EI_VERSION], ELF_VERSION_CURRENT);
    if (own->status != LIBEXEC_OK)
        own->stage = LIBEXEC_STAGE_HEADER;
}

static enum libexec_status header_check_machine(const uint8_t *bytes, const struct libexec_arch *arch,
                                                struct libexec_report *report) {
    const uint16_t type = libexec_load16(bytes + ELF_E_TYPE);
    if (type != ELF_TYPE_EXEC && type != ELF_TYPE_DYN && !libexec_report_on_interpreter(report))
        return header_fail(report, LIBEXEC_E_TYPE, ELF_E_TYPE, type, ELF_TYPE_DYN);
    if (libexec_load16(bytes + ELF_E_MACHINE) != arch->machine)
        return header_fail(report, LIBEXEC_E_MACHINE, ELF_E_MACHINE, libexec_load16(bytes + ELF_E_MACHINE),
                           arch->machine);
    return LIBEXEC_OK;
}

static enum libexec_status header_check_table(const struct libexec_file_header *header, uint16_t entry_size,
                                              uint64_t file_size, struct libexec_report *report) {
    if (entry_size != ELF_PROGRAM_HEADER_SIZE)
        return header_fail(report, LIBEXEC_E_HEADER_SIZE, ELF_E_PHENTSIZE, entry_size, ELF_PROGRAM_HEADER_SIZE);
    if (header->table_count == 0 || header->table_count > LIBEXEC_PROGRAM_HEADERS_MAX)
        return header_fail(report, LIBEXEC_E_HEADER_COUNT, ELF_E_PHNUM, header->table_count,
                           LIBEXEC_PROGRAM_HEADERS_MAX);
    const uint64_t size = (uint64_t)header->table_count * ELF_PROGRAM_HEADER_SIZE; // at most 1170 * 56
    if (!libexec_inside(header->table_offset, size, file_size))
        return header_fail(report, LIBEXEC_E_TABLE_OUTSIDE, ELF_E_PHOFF, libexec_end_of(header->table_offset, size),
                           file_size);
    return LIBEXEC_OK;
}

enum libexec_status libexec_header_parse(struct libexec_file_header *header, const uint8_t *bytes, uint64_t length,
                                         uint64_t file_size, const struct libexec_arch *arch,
                                         struct libexec_report *report, struct libexec_report *own) {
    if (header_identify(bytes, length, report) != LIBEXEC_OK)
        return report->status;
    header->entry = libexec_load64(bytes + ELF_E_ENTRY);
    header->table_offset = libexec_load64(bytes + ELF_E_PHOFF);
    header->table_count = libexec_load16(bytes + ELF_E_PHNUM);
    header->type = libexec_load16(bytes + ELF_E_TYPE);
    header_check_identification(bytes, arch, own);
    if (header_check_machine(bytes, arch, report) == LIBEXEC_OK)
        header_check_table(header, libexec_load16(bytes + ELF_E_PHENTSIZE), file_size, report);
    if (report->status != LIBEXEC_OK && own->status != LIBEXEC_OK)
        *report = *own; // the same errno, and the better reason: a 32-bit file's other fields stand elsewhere
    return report->status;
}

void libexec_program_header_load(struct libexec_program_header *header, const uint8_t *bytes) {
    header->type = libexec_load32(bytes + ELF_P_TYPE);
    header->flags = libexec_load32(bytes + ELF_P_FLAGS);
    header->offset = libexec_load64(bytes + ELF_P_OFFSET);
    header->address = libexec_load64(bytes + ELF_P_VADDR);
    header->file_size = libexec_load64(bytes + ELF_P_FILESZ);
    header->memory_size = libexec_load64(bytes + ELF_P_MEMSZ);
    header->alignment = libexec_load64(bytes + ELF_P_ALIGN);
}
