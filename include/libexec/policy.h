// SPDX-License-Identifier: MIT
// What one exec is allowed and how it is laid out. All zero is the default: as Linux does, with randomised addresses.
#ifndef LIBEXEC_POLICY_H
#define LIBEXEC_POLICY_H

#include <libexec/arch.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LIBEXEC_POLICY_FIXED_ADDRESSES     0x0001u // no randomisation: Linux's addresses under ADDR_NO_RANDOMIZE
#define LIBEXEC_POLICY_NO_WRITE_EXECUTE    0x0002u // refuse a segment that is writable and executable
#define LIBEXEC_POLICY_NO_OVERLAP          0x0004u // refuse segments that share a page or do not ascend (gABI ch. 5)
#define LIBEXEC_POLICY_ENTRY_EXECUTABLE    0x0008u // refuse an entry point outside every executable segment
#define LIBEXEC_POLICY_PIE_ONLY            0x0010u // refuse ET_EXEC programs
#define LIBEXEC_POLICY_NO_EXECUTABLE_STACK 0x0020u // refuse a program that wants an executable stack
#define LIBEXEC_POLICY_PLAIN_STACK         0x0040u // else start it with a stack that is not executable
#define LIBEXEC_POLICY_STRICT              0x003eu // all the refusals together
#define LIBEXEC_POLICY_KNOWN               0x007fu // others are refused, LIBEXEC_E_POLICY

// The block is of Variant II (x86-64): programs of an architecture with another one need LIBEXEC_TLS_NEVER.
enum libexec_tls_policy {
    LIBEXEC_TLS_AUTOMATIC = 0, // a block for programs with PT_TLS and no PT_INTERP
    LIBEXEC_TLS_NEVER = 1,     // as Linux: the program's own start-up makes its block
    LIBEXEC_TLS_ALWAYS = 2     // for all programs; without PT_TLS a thread control block alone
};

// The library copies the policy at entry; the caller's copy may change or go away afterwards.
struct libexec_policy {
    uint32_t flags; // LIBEXEC_POLICY_...
    enum libexec_tls_policy tls;
    // Bytes that the stack may grow to below the initial image, rounded down to pages, one at least; 0: 8 MiB.
    // UINT64_MAX: Linux's "unlimited" for placement, 8 MiB reserved. A reservation below 64 MiB is larger by the room
    // for arguments; from there on the arguments are in it. With its guard it may take half the user range (else
    // LIBEXEC_E_STACK_SIZE).
    uint64_t stack_size;
    uint64_t stack_guard;    // bytes kept free below it; 0: 1 MiB, as Linux's stack_guard_gap
    uint64_t argument_limit; // bytes of strings and pointers together, at most 16 MiB; 0: Linux's, from the stack size
    // Pages of the program, of its interpreter, and of the TLS block, each for itself, the stack aside; 0: as many as
    // the user range has.
    uint64_t page_budget;
    // 0: the architecture's. Multiples of the page size. In a small range addresses are drawn from fewer places.
    libexec_address user_low;
    libexec_address user_high;
    uint32_t script_depth; // 0, or more than LIBEXEC_SCRIPT_DEPTH_MAX: that. LIBEXEC_NO_SCRIPTS: no scripts
    uint32_t reserved;
};
#define LIBEXEC_NO_SCRIPTS UINT32_MAX

#ifdef __cplusplus
}
#endif
#endif
