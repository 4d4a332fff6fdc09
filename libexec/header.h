// SPDX-License-Identifier: MIT
// Bytes to facts: the file header, and one program header. Pure.
#ifndef LIBEXEC_HEADER_H
#define LIBEXEC_HEADER_H

#include <libexec/arch.h>
#include <libexec/plan.h>
#include <libexec/report.h>
#include <stdint.h>

// Validates the first bytes of a file, of which `length` are there, and puts into the plan what the file header says:
// type, entry, place and size of the table, which lies inside `plan->file_size` bytes when it returns LIBEXEC_OK. What
// Linux does not look at goes to `own`.
enum libexec_status libexec_header_parse(struct libexec_plan *plan, const uint8_t *bytes, uint64_t length,
                                         const struct libexec_arch *arch, struct libexec_report *report,
                                         struct libexec_report *own);

#endif
