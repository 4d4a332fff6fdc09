// SPDX-License-Identifier: MIT
// What a page must hold, for kernels that fill pages at their first fault.
//
// A kernel keeps the regions of a prepared exec (`libexec_exec_region`), sorted by address, with the new space; the
// array never changes as far as the library is concerned, so faults need no lock of the library's. The regions are the
// image as exec made it: whether an address is still mapped, and with which rights, only the kernel's own list knows,
// which `munmap`, `mmap` and `mprotect` change (RELRO is part of a region that can be written). They are for contents.
//
// Any number of processors may be in these functions at once, for the same page too: array and source are only read,
// and MUST not change; `read_at` is entered by all of them. Each fills a page of its own, which no program sees yet;
// the kernel then maps one, under its own lock, behind a store barrier where the processor wants one.
#ifndef LIBEXEC_FAULT_H
#define LIBEXEC_FAULT_H

#include <libexec/host.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

struct libexec_fault_page {
    const struct libexec_region *region;
    libexec_address address; // of the first page
    uint64_t length;         // bytes, a multiple of the page size: more than a page with fault-around
    uint64_t file_offset;    // of the first byte
    uint64_t file_length;    // bytes from the file; the rest is zero
    bool shareable;          // the file's own pages will do until the program writes to them: all are whole in the file
};

// Looks up `address` in `count` regions sorted by address. `around` is how many bytes may be answered at once: a power
// of two times the page size. The answer holds the page of the address and what follows and precedes it inside the
// naturally aligned window of that size and inside the region: where that page is whole in the file, as many pages as
// are; else as many as are not. Of an answer of several pages only those MUST be used that the kernel's own list still
// has as this image's, mapped like the page of the address, and that are not present: the program or, on the stack, the
// library has written to those that are. False: no region there, or it is a guard. Rights are the caller's to compare
// with the access: page->region->rights, until the program changes them.
bool libexec_fault(const struct libexec_region *regions, uint32_t count, uint32_t page_size, uint64_t around,
                   libexec_address address, struct libexec_fault_page *page);

// Fills `bytes` (page->length of them) from `source` and with zeros. `source` is the file that page->region->file
// names, which the kernel keeps open for this, as the library closes its own before the first hook.
// LIBEXEC_FILE_PROGRAM is what runs in the end: where a script was executed its interpreter, not the script. It is
// `program` of `image_known` and `operation->source` of `map`. May be NULL where page->file_length is 0. A file that
// has become shorter than the region says gives LIBEXEC_E_FILE_SHRANK; `bytes` then hold zeros where the file has none,
// never old memory. LIBEXEC_E_READ, LIBEXEC_E_CONTRACT: `read_at` failed, or broke its contract; `bytes` are all zero.
enum libexec_status libexec_fault_fill(const struct libexec_fault_page *page, const struct libexec_source *source,
                                       void *bytes);

#ifdef __cplusplus
}
#endif
#endif
