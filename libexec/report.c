// SPDX-License-Identifier: MIT
// Reports: the first fault wins; and the errno that a report comes to.
#include "report.h"

#include "bytes.h"

void libexec_report_begin(struct libexec_report *report, enum libexec_stage stage, enum libexec_file file) {
    *report = (struct libexec_report){.stage = stage, .file = file, .program_header = LIBEXEC_NO_PROGRAM_HEADER};
}

LIBEXEC_APART enum libexec_status libexec_fail(struct libexec_report *report, enum libexec_status status,
                                               uint64_t value, uint64_t limit) {
    if (report->status != LIBEXEC_OK)
        return report->status;
    report->status = status;
    report->value = value;
    report->limit = limit;
    report->clause = libexec_status_clause(status);
    const struct libexec_status_row *row = libexec_status_row_of(report->status);
    uint32_t known = report->known | row->known;
    if (report->program_header == LIBEXEC_NO_PROGRAM_HEADER)
        known &= ~LIBEXEC_REPORT_PROGRAM_HEADER;
    report->known = known;
    report->file_offset = row->field; // 0 where it is about no field
    return report->status;
}

LIBEXEC_APART enum libexec_status libexec_refuse(struct libexec_report *report, enum libexec_status status) {
    return libexec_fail(report, status, 0, 0);
}

LIBEXEC_APART enum libexec_status libexec_fail_host(struct libexec_report *report, enum libexec_status status,
                                                    int host_code) {
    if (report->status == LIBEXEC_OK)
        report->host_code = host_code;
    return libexec_refuse(report, status);
}

LIBEXEC_APART void libexec_fail_offset(struct libexec_report *report, uint64_t file_offset) {
    if ((report->known & LIBEXEC_REPORT_FILE_OFFSET) != 0)
        return;
    report->known |= LIBEXEC_REPORT_FILE_OFFSET;
    report->file_offset = file_offset;
}

#define ERRNO_MAX 4095 // Linux's: a larger number is none, but perhaps a count of bytes

int libexec_report_errno(const struct libexec_report *report) {
    const struct libexec_status_row *row = libexec_status_row_of(report->status);
    // What the caller's memory refuses is EFAULT, whatever `user_read` returned.
    if (report->host_code > 0 && report->host_code <= ERRNO_MAX && row->program_errno != LIBEXEC_ERRNO_EFAULT)
        return report->host_code;
    return libexec_report_on_interpreter(report) ? row->interpreter_errno : row->program_errno;
}

const char *libexec_stage_name(enum libexec_stage stage) {
    switch (stage) {
    case LIBEXEC_STAGE_REQUEST:
        return "request";
    case LIBEXEC_STAGE_SOURCE:
        return "source";
    case LIBEXEC_STAGE_SCRIPT:
        return "script";
    case LIBEXEC_STAGE_HEADER:
        return "header";
    case LIBEXEC_STAGE_PLAN:
        return "plan";
    case LIBEXEC_STAGE_LAYOUT:
        return "layout";
    case LIBEXEC_STAGE_LOAD:
        return "load";
    case LIBEXEC_STAGE_ARGUMENTS:
        return "arguments";
    case LIBEXEC_STAGE_STACK:
        return "stack";
    case LIBEXEC_STAGE_TLS:
        return "tls";
    case LIBEXEC_STAGE_COMMIT:
        return "commit";
    }
    return "unknown stage";
}

const char *libexec_file_name(enum libexec_file file) {
    switch (file) {
    case LIBEXEC_FILE_NONE:
        return "no file";
    case LIBEXEC_FILE_PROGRAM:
        return "program";
    case LIBEXEC_FILE_INTERPRETER:
        return "interpreter";
    case LIBEXEC_FILE_SCRIPT_INTERPRETER:
        return "script interpreter";
    }
    return "unknown file";
}
