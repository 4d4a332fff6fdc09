// SPDX-License-Identifier: MIT
// Prints the exec dump of a process that stands before its first instruction.
#ifndef TRACEE_H
#define TRACEE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

// False with a message on standard error where the process could not be read.
bool tracee_print(FILE *output, pid_t process);

#endif
