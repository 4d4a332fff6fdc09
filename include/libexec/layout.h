// SPDX-License-Identifier: MIT
// Where everything of a new image goes. Decided before the first page is mapped; read it after prepare.
#ifndef LIBEXEC_LAYOUT_H
#define LIBEXEC_LAYOUT_H

#include <libexec/arch.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Half-open: [address, address + length). A range of length 0 does not exist.
struct libexec_range {
    libexec_address address;
    uint64_t length;
};

struct libexec_layout {
    uint64_t program_bias;           // added to the program's own addresses (modulo 2^64)
    uint64_t interpreter_bias;       // AT_BASE; 0 without an interpreter
    libexec_address program_entry;   // AT_ENTRY
    libexec_address program_headers; // AT_PHDR
    libexec_address entry;           // where execution starts: the interpreter's entry, or the program's
    struct libexec_range program;    // pages spanned, holes included
    struct libexec_range interpreter;
    struct libexec_range stack;     // reserved for the stack; grows down from its end
    struct libexec_range guard;     // kept free below the stack
    struct libexec_range tls;       // pages of the TLS block and thread control block
    libexec_address tls_template;   // address of the first byte of the program's TLS image
    libexec_address thread_pointer; // 0 where no block is built
    libexec_address stack_pointer;  // at argc; a multiple of 16
    libexec_address brk_start; // page aligned; how far brk can grow from there is for the kernel to see, as in Linux
    libexec_address mmap_top;  // where a top-down search for free ranges should start: parts of the image stand below
    uint64_t argument_limit;   // bytes of strings and pointers that the stack has room for
};

#ifdef __cplusplus
}
#endif
#endif
