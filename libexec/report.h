// SPDX-License-Identifier: MIT
// Filling a report. The first fault wins: once a status is set, later calls change nothing.
#ifndef LIBEXEC_INTERNAL_REPORT_H
#define LIBEXEC_INTERNAL_REPORT_H

#include <libexec/config.h>
#include <libexec/report.h>
#include <stdbool.h>

// `report->program_header` while what is looked at is no program header.
#define LIBEXEC_NO_PROGRAM_HEADER UINT32_MAX

// What is fixed for a status: its row in the table of status.c.
struct libexec_status_row {
    uint8_t status;
    uint8_t program_errno;
    uint8_t interpreter_errno;
    uint8_t known;  // LIBEXEC_REPORT_... bits: what a report of it says
    uint16_t field; // where LIBEXEC_REPORT_FILE_OFFSET is among them: the offset in the file header
    uint16_t name;  // these are offsets in status.c's strings
    uint16_t text;
    uint16_t clause;
};

const struct libexec_status_row *libexec_status_row_of(enum libexec_status status);

// Whether a report is about an interpreter; never in the configuration for static programs.
static inline bool libexec_report_on_interpreter(const struct libexec_report *report) {
    return !LIBEXEC_CONFIG_STATIC_ONLY && report->file == LIBEXEC_FILE_INTERPRETER;
}

// Clears a report and notes which file and stage what follows is about.
void libexec_report_begin(struct libexec_report *report, enum libexec_stage stage, enum libexec_file file);

// Records a fault in the stage and file last noted: what was found, and what it was compared with. The status decides
// which numbers a report of it has. `address` and `program_header` are what the caller put there before; a program
// header is not among them while it is LIBEXEC_NO_PROGRAM_HEADER. Returns the status that stands (the first one).
enum libexec_status libexec_fail(struct libexec_report *report, enum libexec_status status, uint64_t value,
                                 uint64_t limit);

// The same for a status that has no numbers.
enum libexec_status libexec_refuse(struct libexec_report *report, enum libexec_status status);

// The same for a failed callback, with its code.
enum libexec_status libexec_fail_host(struct libexec_report *report, enum libexec_status status, int host_code);

// Adds where the fault lies to a report that has none of it; call it right after the failure was recorded.
void libexec_fail_offset(struct libexec_report *report, uint64_t file_offset);

#endif
