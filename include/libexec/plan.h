// SPDX-License-Identifier: MIT
// The plan: everything that an ELF file's bytes alone decide, as one validated value. The loader only replays it.
//
// Plans are for ELF64, ET_EXEC and ET_DYN (gABI chapters 4 and 5). Addresses in a plan are the file's own; add the load
// bias.
#ifndef LIBEXEC_PLAN_H
#define LIBEXEC_PLAN_H

#include <libexec/arch.h>
#include <libexec/config.h>
#include <libexec/policy.h>
#include <libexec/report.h>
#include <libexec/source.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Rights of pages, as the program asked for them (the hardware may give more: x86-64 cannot withhold reading).
#define LIBEXEC_RIGHT_READ    0x1u
#define LIBEXEC_RIGHT_WRITE   0x2u
#define LIBEXEC_RIGHT_EXECUTE 0x4u

// One PT_LOAD, in the order of the file's table.
struct libexec_segment {
    libexec_address address; // p_vaddr
    uint64_t memory_size;    // p_memsz
    uint64_t file_offset;    // p_offset
    uint64_t file_size;      // p_filesz
    uint32_t rights;         // LIBEXEC_RIGHT_...
    uint32_t program_header; // index in the file's table
};

#define LIBEXEC_PLAN_POSITION_INDEPENDENT 0x0001u // ET_DYN
#define LIBEXEC_PLAN_INTERPRETER          0x0002u // PT_INTERP present
#define LIBEXEC_PLAN_TLS                  0x0004u // PT_TLS present
#define LIBEXEC_PLAN_STACK_RIGHTS         0x0008u // PT_GNU_STACK present
#define LIBEXEC_PLAN_EXECUTABLE_STACK     0x0010u // ... and it asks for an executable stack
#define LIBEXEC_PLAN_HEADERS_MAPPED       0x0020u // a PT_LOAD covers the program-header table
// PT_GNU_PROPERTY; of a program with PT_INTERP only where the note stands in what was read for the table.
#define LIBEXEC_PLAN_IBT                  0x0040u // x86 indirect-branch tracking
#define LIBEXEC_PLAN_SHADOW_STACK         0x0080u // x86 shadow stack
#define LIBEXEC_PLAN_ORDERED              0x0100u // segments ascend, share no page, lie in the file

struct libexec_plan {
    uint32_t flags;                  // LIBEXEC_PLAN_...
    uint32_t program_header_count;   // e_phnum
    uint32_t type;                   // e_type
    uint32_t segment_count;          // of `segments`
    uint64_t file_size;              // of the source, when the plan was made
    libexec_address entry;           // e_entry
    libexec_address program_headers; // where e_phoff is mapped if LIBEXEC_PLAN_HEADERS_MAPPED is set, else 0
    uint64_t program_headers_offset; // e_phoff
    libexec_address low;             // first page of the image
    libexec_address high;            // first page after it
    libexec_address end;             // highest p_vaddr + p_memsz; brk starts behind it
    uint64_t alignment;              // largest p_align that is a power of two, rounded up to pages; 0 where none is
    uint64_t interpreter_offset;     // of the name in PT_INTERP
    uint64_t interpreter_length;     // with its NUL
    uint64_t tls_offset;             // PT_TLS: p_offset, p_filesz, p_memsz, p_vaddr, p_align
    uint64_t tls_file_size;
    uint64_t tls_memory_size;
    libexec_address tls_address;
    uint64_t tls_alignment;
    uint32_t tls_program_header;
    uint32_t stack_program_header; // index of PT_GNU_STACK
    struct libexec_segment segments[LIBEXEC_CONFIG_SEGMENTS];
};

// What a region of the new image is.
enum libexec_region_kind {
    LIBEXEC_REGION_PROGRAM = 1,     // pages with bytes of the program's file
    LIBEXEC_REGION_INTERPRETER = 2, // pages with bytes of the interpreter's file
    LIBEXEC_REGION_BSS = 3,         // zero pages of either; `file` says whose
    LIBEXEC_REGION_TLS = 4,         // the block built by the library
    LIBEXEC_REGION_STACK = 5,
    LIBEXEC_REGION_GUARD = 6 // below the stack; never to be mapped
};

// A run of pages of the new image, consecutive in memory and in the file, with the same rights: everything a kernel
// needs for /proc/PID/maps, a core dump, or a page fault, of the image as exec made it. Regions are as large as the
// decision allows, do not overlap, and are values: copies stay valid.
struct libexec_region {
    libexec_address address; // multiple of the page size
    uint64_t length;         // multiple of the page size, not 0
    uint64_t file_offset;    // of the byte at `address`; congruent to it modulo the page size
    // Bytes from the file; then zeros, or what the library writes there (TLS, stack). Where p_memsz is p_filesz they go
    // on to the end of the last page, or of the file, as in Linux.
    uint64_t file_length;
    enum libexec_region_kind kind;
    enum libexec_file file;  // LIBEXEC_FILE_PROGRAM, LIBEXEC_FILE_INTERPRETER, or NONE where no file is behind it
    uint32_t rights;         // LIBEXEC_RIGHT_... as the program shall have them once it runs
    uint32_t program_header; // of the PT_LOAD that owns the pages: index in the file's table; 0 where there is none
};

// Reads and validates an ELF image. `buffer` is working memory of at least 512 bytes, better
// LIBEXEC_CONFIG_HEADER_BYTES; the file header and each entry of the table are decided on from one copy, however often
// their bytes are fetched. The source is not closed. `report` is written whole, with the status that is returned; on
// failure `plan` is of no use. Makes no host memory call. `policy` may be NULL for the default. It does not look behind
// PT_INTERP: the interpreter is a plan of its own. LIBEXEC_E_REQUEST: the buffer is too small, or the page size no
// power of two; of the architecture and the policy nothing else is judged here.
enum libexec_status libexec_plan_read(struct libexec_plan *plan, const struct libexec_source *source,
                                      const struct libexec_arch *arch, const struct libexec_policy *policy,
                                      void *buffer, uint32_t buffer_size, struct libexec_report *report)
    LIBEXEC_SIZED(libexec_plan_read);

// Of the first region of the plan that ends above `from` what stands from there on, in the file's own addresses, as of
// a program; false when there is none. `from` MUST be a multiple of the page size: start with 0 and go on with
// `region->address + region->length`. Where segments overlap the later one in the table owns the page, as in Linux. A
// region either holds file bytes (its last page perhaps zero-filled) or is all zero; zero pages are readable and
// writable at least, as in Linux.
bool libexec_plan_next_region(const struct libexec_plan *plan, uint32_t page_size, libexec_address from,
                              struct libexec_region *region);

#ifdef __cplusplus
}
#endif
#endif
