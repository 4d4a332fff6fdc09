// SPDX-License-Identifier: MIT
// Why an exec was refused, and where: filled once, by the first fault that is found, and never overwritten by a later
// one.
#ifndef LIBEXEC_REPORT_H
#define LIBEXEC_REPORT_H

#include <libexec/status.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The stage that found the fault. The numbers are names, not the order of the work.
enum libexec_stage {
    LIBEXEC_STAGE_REQUEST = 0,
    LIBEXEC_STAGE_SOURCE = 1, // opening and reading files
    LIBEXEC_STAGE_SCRIPT = 2,
    LIBEXEC_STAGE_HEADER = 3,
    LIBEXEC_STAGE_PLAN = 4,
    LIBEXEC_STAGE_LAYOUT = 5,
    LIBEXEC_STAGE_LOAD = 6,
    LIBEXEC_STAGE_ARGUMENTS = 7,
    LIBEXEC_STAGE_STACK = 8,
    LIBEXEC_STAGE_TLS = 9,
    LIBEXEC_STAGE_COMMIT = 10
};

// Which file is meant. The value is also the `kind` of the host's `open`.
enum libexec_file {
    LIBEXEC_FILE_NONE = 0,
    LIBEXEC_FILE_PROGRAM = 1,           // what the caller asked to execute
    LIBEXEC_FILE_INTERPRETER = 2,       // the program interpreter named by PT_INTERP
    LIBEXEC_FILE_SCRIPT_INTERPRETER = 3 // what a `#!` line names; once opened it is the program
};

// Which of the report's numbers mean something.
#define LIBEXEC_REPORT_PROGRAM_HEADER 0x01u
#define LIBEXEC_REPORT_FILE_OFFSET    0x02u
#define LIBEXEC_REPORT_ADDRESS        0x04u
#define LIBEXEC_REPORT_VALUE          0x08u
#define LIBEXEC_REPORT_LIMIT          0x10u
#define LIBEXEC_REPORT_ARGUMENT       0x20u

struct libexec_report {
    enum libexec_status status;
    enum libexec_stage stage;
    enum libexec_file file;
    uint32_t known;          // LIBEXEC_REPORT_... bits
    int32_t host_code;       // what the failing callback returned; 0 where no callback failed
    uint32_t program_header; // index in the file's table
    uint32_t argument;       // which of the caller's strings: argv counted first (words of #! lines too), then envp
    uint32_t reserved;
    uint64_t file_offset; // of the offending field or name, of the program-header entry that holds it, or of a read
    uint64_t address;     // in the new image; in the caller's memory for what there cannot be read or is too long
    uint64_t value;       // what was found
    uint64_t limit;       // what it was compared with
    const char *name;     // of the file that `open` refused: its first 959 bytes at least, in the exec object; or NULL
    const char *clause;   // the rule and where it stands: "gABI ch. 5: p_filesz <= p_memsz"; constant, or NULL
};

// The errno for the caller: Linux's for the status, in the file that is meant (a malformed interpreter is ELIBBAD where
// a malformed program is ENOEXEC). Where a host callback refused, its own code if that is 1 to 4095, unless the status
// has an errno of its own (LIBEXEC_E_ARGUMENT_FAULT is EFAULT whatever `user_read` returned). Positive; 0 for
// LIBEXEC_OK. The numbers are Linux's as long as the callbacks answer with LIBEXEC_ERRNO_...: a kernel with numbers of
// its own does that, and translates the result once.
int libexec_report_errno(const struct libexec_report *report);

const char *libexec_stage_name(enum libexec_stage stage); // "plan", "layout", ...; never NULL
const char *libexec_file_name(enum libexec_file file);    // "program", "interpreter", ...; never NULL

#ifdef __cplusplus
}
#endif
#endif
