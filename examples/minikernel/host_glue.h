// SPDX-License-Identifier: MIT
// execve for this kernel, by libexec.

#ifndef MINIKERNEL_HOST_GLUE_H
#define MINIKERNEL_HOST_GLUE_H

#include <stdbool.h>
#include <stdint.h>

// What the command line says about execs.
struct exec_options {
    bool draw;            // show each new address space
    bool fixed_addresses; // no randomisation: every run places everything alike
    bool copy_all;        // fill all pages at once, as a kernel without demand paging has to
    bool no_faults;       // share file pages, but leave nothing to the first fault
};
void exec_configure(struct exec_options options);

// Starts a program for the kernel. Returns a negative errno value, or not at all: then the program runs.
int exec_from_kernel(const char *path, const char *const *argv, const char *const *envp);

// Prepares the same exec and drops it, as if it had failed at its very end. 0 or a negative errno value.
int exec_rehearse(const char *path, const char *const *argv, const char *const *envp);
int exec_rehearse_descriptor(uint32_t descriptor, const char *const *argv, const char *const *envp);

// execveat, and with AT_FDCWD and no flags execve: path and vectors are addresses in the caller's memory.
int exec_from_user(int directory, uint64_t path, uint64_t argv, uint64_t envp, uint32_t flags);

// Tells what the program's pages have cost, if execs are drawn.
struct process;
void exec_program_ended(const struct process *process);

// Whether an exec that failed has ever left pages or references to files behind.
bool exec_has_leaked(void);

#endif
