// SPDX-License-Identifier: MIT
// The initial stack: types of the auxiliary vector (values as in the x86-64 psABI, 3.4.3, and Linux's
// <linux/auxvec.h>).
//
// From the stack pointer up: argc, argv pointers, NULL, envp pointers, NULL, auxv up to AT_NULL, 16 random bytes,
// AT_PLATFORM's string; then the argument strings, the environment strings right behind them, the AT_EXECFN string.
// What room is left stays zero.
#ifndef LIBEXEC_STACK_H
#define LIBEXEC_STACK_H

// Entries that a host may add to the library's own. Types 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 23, 25 and 31 are
// the library's, and a host's are skipped, as AT_NULL and AT_IGNORE are. Those that Linux has stand at Linux's place,
// others behind them in the order given.
#define LIBEXEC_AUXV_MAX 48 // entries in all, AT_NULL included

#define LIBEXEC_AT_NULL              0
#define LIBEXEC_AT_IGNORE            1
#define LIBEXEC_AT_EXECFD            2
#define LIBEXEC_AT_PHDR              3
#define LIBEXEC_AT_PHENT             4
#define LIBEXEC_AT_PHNUM             5
#define LIBEXEC_AT_PAGESZ            6
#define LIBEXEC_AT_BASE              7
#define LIBEXEC_AT_FLAGS             8
#define LIBEXEC_AT_ENTRY             9
#define LIBEXEC_AT_UID               11
#define LIBEXEC_AT_EUID              12
#define LIBEXEC_AT_GID               13
#define LIBEXEC_AT_EGID              14
#define LIBEXEC_AT_PLATFORM          15
#define LIBEXEC_AT_HWCAP             16 // 0 unless the host gives it
#define LIBEXEC_AT_CLKTCK            17 // 100 unless the host gives it
#define LIBEXEC_AT_SECURE            23
#define LIBEXEC_AT_RANDOM            25
#define LIBEXEC_AT_HWCAP2            26 // 0 unless the host gives it
#define LIBEXEC_AT_RSEQ_FEATURE_SIZE 27 // only where the host gives it, as the next ones
#define LIBEXEC_AT_RSEQ_ALIGN        28
#define LIBEXEC_AT_EXECFN            31
#define LIBEXEC_AT_SYSINFO_EHDR      33
#define LIBEXEC_AT_MINSIGSTKSZ       51

#endif
