// SPDX-License-Identifier: MIT
// Filling a report. The first fault wins: once a status is set, later calls change nothing.
#ifndef LIBEXEC_INTERNAL_REPORT_H
#define LIBEXEC_INTERNAL_REPORT_H

#include <libexec/config.h>
#include <libexec/report.h>
#include <stdbool.h>

// Whether a report is about an interpreter; never in the configuration for static programs.
static inline bool libexec_report_on_interpreter(const struct libexec_report *report) {
    return !LIBEXEC_CONFIG_STATIC_ONLY && report->file == LIBEXEC_FILE_INTERPRETER;
}

// Clears a report and notes which file and stage what follows is about.
void libexec_report_begin(struct libexec_report *report, enum libexec_stage stage, enum libexec_file file);

// Records a fault in the stage and file last begun, and returns the status that stands (the first one).
enum libexec_status libexec_fail(struct libexec_report *report, enum libexec_status status);

// The same for a failed callback, with its code.
enum libexec_status libexec_fail_host(struct libexec_report *report, enum libexec_status status, int host_code);

// The same with what was found and what it was compared with.
enum libexec_status libexec_fail_value(struct libexec_report *report, enum libexec_status status, uint64_t value,
                                       uint64_t limit);

// Adds where in the file the offending field stands; call it right after the failure was recorded.
void libexec_fail_offset(struct libexec_report *report, uint64_t file_offset);

#endif
