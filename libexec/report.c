// SPDX-License-Identifier: MIT
// Reports: the first fault wins; and the errno that a report comes to.
#include "report.h"

#include "bytes.h"

void libexec_report_begin(struct libexec_report *report, enum libexec_stage stage, enum libexec_file file) {
    memset(report, 0, sizeof *report);
    report->stage = stage;
    report->file = file;
}

enum libexec_status libexec_fail(struct libexec_report *report, enum libexec_status status) {
    if (report->status == LIBEXEC_OK) {
        report->status = status;
        report->clause = libexec_status_clause(status);
    }
    return report->status;
}

enum libexec_status libexec_fail_host(struct libexec_report *report, enum libexec_status status, int host_code) {
    if (report->status == LIBEXEC_OK)
        report->host_code = host_code;
    return libexec_fail(report, status);
}

enum libexec_status libexec_fail_value(struct libexec_report *report, enum libexec_status status, uint64_t value,
                                       uint64_t limit) {
    if (report->status == LIBEXEC_OK) {
        report->value = value;
        report->limit = limit;
        report->known |= LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT;
    }
    return libexec_fail(report, status);
}

void libexec_fail_offset(struct libexec_report *report, uint64_t file_offset) {
    if ((report->known & LIBEXEC_REPORT_FILE_OFFSET) != 0)
        return;
    report->known |= LIBEXEC_REPORT_FILE_OFFSET;
    report->file_offset = file_offset;
}

// Linux tells a bad interpreter from a bad program: fs/binfmt_elf.c answers ELIBBAD for its headers, ENOMEM for its
// addresses.
static int report_interpreter_errno(enum libexec_status status) {
    switch (status) {
    case LIBEXEC_E_TOO_SHORT:
        return LIBEXEC_ERRNO_EIO;
    case LIBEXEC_E_MAGIC:
    case LIBEXEC_E_CLASS:
    case LIBEXEC_E_DATA:
    case LIBEXEC_E_VERSION:
    case LIBEXEC_E_MACHINE:
    case LIBEXEC_E_HEADER_SIZE:
    case LIBEXEC_E_HEADER_COUNT:
    case LIBEXEC_E_TABLE_OUTSIDE:
        return LIBEXEC_ERRNO_ELIBBAD;
    case LIBEXEC_E_FILE_OVER_MEMORY:
    case LIBEXEC_E_ADDRESS_RANGE:
        return LIBEXEC_ERRNO_ENOMEM;
    case LIBEXEC_E_NO_SEGMENTS:
        return LIBEXEC_ERRNO_EINVAL;
    case LIBEXEC_E_TYPE:
        return LIBEXEC_ERRNO_EPERM;
    default:
        return libexec_status_errno(status);
    }
}

int libexec_report_errno(const struct libexec_report *report) {
    switch (report->status) {
    case LIBEXEC_E_PATH_FAULT:
    case LIBEXEC_E_ARGUMENT_FAULT:
        return LIBEXEC_ERRNO_EFAULT;
    default:
        break;
    }
    if (report->host_code > 0)
        return report->host_code;
    if (libexec_report_on_interpreter(report))
        return report_interpreter_errno(report->status);
    return libexec_status_errno(report->status);
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
