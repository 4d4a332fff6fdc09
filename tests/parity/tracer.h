// SPDX-License-Identifier: MIT
// Starts files on the host's kernel under ptrace and stops them before their first instruction.
//
// One traced process serves many files: as long as the kernel refuses, it simply tries the next one. It is an ordinary
// user with no_new_privs, without address randomisation unless it is asked for, and dies with the tracer.
#ifndef TRACER_H
#define TRACER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define TRACER_ORDINARY_USER 65534u

enum tracer_result {
    TRACER_STARTED, // stopped at the exit of execve, before the first instruction
    TRACER_REFUSED, // `error` says why; `fatal` whether the kernel killed the process for it
    TRACER_LATE,    // the kernel did not answer in time
    TRACER_DENIED,  // no such process can be made and traced here
    TRACER_BROKEN   // the process ended without an answer
};

enum tracer_how {
    TRACER_BY_PATH,
    TRACER_BY_DESCRIPTOR, // execveat with an open descriptor and an empty path
    TRACER_BY_CLOSE_ON_EXEC_DESCRIPTOR
};

struct tracer {
    char *const *argv; // read when the traced process is made
    char *const *envp;
    uint64_t stack_limit; // bytes; UINT64_MAX: unlimited
    bool random;          // addresses are
    enum tracer_how how;
    pid_t process; // 0: none
    char *path;    // shared with the traced process
    int error;
    bool fatal;
};

#define TRACER_PATH_SIZE 8192u

// False where no shared memory could be made.
bool tracer_open(struct tracer *tracer);

// Starts `path`. After TRACER_STARTED the process can be looked at until tracer_drop.
enum tracer_result tracer_start(struct tracer *tracer, const char *path);

// Ends the traced process, if there is one, and waits for it.
void tracer_drop(struct tracer *tracer);

#endif
