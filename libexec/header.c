// SPDX-License-Identifier: MIT
// The ELF file header, gABI ch. 4: bytes to validated facts. Checks stand in the order in which Linux makes those that
// it makes.
#include "header.h"

#include "bytes.h"
#include "checked.h"
#include "elf_format.h"
#include "report.h"

#include <libexec/config.h>

#define HEADER_MAGIC 0x464c457fu // 7f 45 4c 46 as a little-endian word

// What Linux does not look at: refused only where Linux would start the file.
static void header_check_identification(const uint8_t *bytes, const struct libexec_arch *arch,
                                        struct libexec_report *own) {
    uint32_t wanted = ELF_CLASS64 | (uint32_t)arch->data << 8 | ELF_VERSION_CURRENT << 16;
    uint32_t found = libexec_load32(bytes + ELF_EI_CLASS) & 0xffffff;
    uint32_t status = LIBEXEC_E_CLASS;
    if (found == wanted)
        return;
    for (; (uint8_t)found == (uint8_t)wanted; status++) {
        found >>= 8;
        wanted >>= 8;
    }
    own->stage = LIBEXEC_STAGE_HEADER;
    libexec_fail(own, (enum libexec_status)status, (uint8_t)found, (uint8_t)wanted);
}
_Static_assert(ELF_EI_DATA == ELF_EI_CLASS + 1 && ELF_EI_VERSION == ELF_EI_CLASS + 2, "they follow one another");
_Static_assert(LIBEXEC_E_DATA == LIBEXEC_E_CLASS + 1 && LIBEXEC_E_VERSION == LIBEXEC_E_CLASS + 2, "so do these");

static enum libexec_status header_check(const struct libexec_plan *plan, const uint8_t *bytes,
                                        const struct libexec_arch *arch, struct libexec_report *report) {
    const uint32_t machine = libexec_load16(bytes + ELF_E_MACHINE);
    const uint32_t entry_size = libexec_load16(bytes + ELF_E_PHENTSIZE);
    const uint32_t count = plan->program_header_count; // at most 65535
    // An interpreter's type is looked at when it gets its place.
    if (plan->type - ELF_TYPE_EXEC > ELF_TYPE_DYN - ELF_TYPE_EXEC && !libexec_report_on_interpreter(report))
        return libexec_fail(report, LIBEXEC_E_TYPE, plan->type, ELF_TYPE_DYN);
    if (machine != arch->machine)
        return libexec_fail(report, LIBEXEC_E_MACHINE, machine, arch->machine);
    if (entry_size != ELF_PROGRAM_HEADER_SIZE)
        return libexec_fail(report, LIBEXEC_E_HEADER_SIZE, entry_size, ELF_PROGRAM_HEADER_SIZE);
    if (count - 1 >= LIBEXEC_PROGRAM_HEADERS_MAX)
        return libexec_fail(report, LIBEXEC_E_HEADER_COUNT, count, LIBEXEC_PROGRAM_HEADERS_MAX);
    if (!libexec_inside(plan->program_headers_offset, count * ELF_PROGRAM_HEADER_SIZE, plan->file_size))
        return libexec_fail(report, LIBEXEC_E_TABLE_OUTSIDE, plan->program_headers_offset, plan->file_size);
    return LIBEXEC_OK;
}

enum libexec_status libexec_header_parse(struct libexec_plan *plan, const uint8_t *bytes, uint64_t length,
                                         const struct libexec_arch *arch, struct libexec_report *report,
                                         struct libexec_report *own) {
    const uint32_t magic = length < sizeof magic ? 0 : libexec_load32(bytes);
    // A program may be anything, so its magic comes first; an interpreter that is too short is an I/O error in Linux.
    if (magic != HEADER_MAGIC && length != 0 &&
        (length >= ELF_FILE_HEADER_SIZE || !libexec_report_on_interpreter(report)))
        return libexec_fail(report, LIBEXEC_E_MAGIC, magic, HEADER_MAGIC);
    if (length < ELF_FILE_HEADER_SIZE)
        return libexec_fail(report, LIBEXEC_E_TOO_SHORT, length, ELF_FILE_HEADER_SIZE);
    plan->type = libexec_load16(bytes + ELF_E_TYPE);
    plan->entry = libexec_load64(bytes + ELF_E_ENTRY);
    plan->program_headers_offset = libexec_load64(bytes + ELF_E_PHOFF);
    plan->program_header_count = libexec_load16(bytes + ELF_E_PHNUM);
    header_check_identification(bytes, arch, own);
    if (header_check(plan, bytes, arch, report) != LIBEXEC_OK && own->status != LIBEXEC_OK)
        *report = *own; // the same errno, and the better reason: a 32-bit file's other fields stand elsewhere
    return report->status;
}
