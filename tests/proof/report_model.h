// SPDX-License-Identifier: MIT
// Reports as far as a proof needs them that is about other things: the status, and nothing that goes with it.
#ifndef LIBEXEC_TESTS_PROOF_REPORT_MODEL_H
#define LIBEXEC_TESTS_PROOF_REPORT_MODEL_H

#include "report.h"

enum libexec_status libexec_fail(struct libexec_report *report, enum libexec_status status, uint64_t value,
                                 uint64_t limit) {
    (void)value;
    (void)limit;
    report->status = status;
    return status;
}

enum libexec_status libexec_fail_host(struct libexec_report *report, enum libexec_status status, int host_code) {
    (void)host_code;
    return libexec_fail(report, status, 0, 0);
}

#endif
