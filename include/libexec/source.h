// SPDX-License-Identifier: MIT
// An image source: a file, or bytes in memory, that the library reads through callbacks.
//
// The library reads a source only inside [0, size). It never reads more than the headers need, and the bytes that go
// into private pages: cost does not depend on the size of the file.
#ifndef LIBEXEC_SOURCE_H
#define LIBEXEC_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What the pages of a source can be used for besides being read. A host sets the bits for each file it opens; without
// any of them every page of the image is a fresh one that the library fills through `read_at`. Of the first three FAULT
// comes first, for all pages with bytes of the file; then SHARE, for those that are not writable; then COPY_ON_WRITE.
#define LIBEXEC_SOURCE_SHARE         0x01u // `map` accepts LIBEXEC_BACKING_SHARE for this source
#define LIBEXEC_SOURCE_COPY_ON_WRITE 0x02u // `map` accepts LIBEXEC_BACKING_COPY_ON_WRITE
#define LIBEXEC_SOURCE_FAULT         0x04u // `map` accepts LIBEXEC_BACKING_FAULT: pages are filled at their first fault
// The bytes cannot change while the source is open, so a view of them may be parsed in place; without it the library
// parses only copies.
#define LIBEXEC_SOURCE_STABLE 0x08u
// The caller may execute but not read the file: the process must not be dumpable.
#define LIBEXEC_SOURCE_UNREADABLE 0x10u
// In a shared or copy-on-write page that holds the end of the file, what follows the end reads as zero (a page cache
// does so, bytes inside an archive do not). Not asked for with FAULT, where the host fills the page.
#define LIBEXEC_SOURCE_ZERO_TAIL 0x20u

struct libexec_source_operations {
    // Required. Copies `length` bytes at `offset` to `buffer` and stores the number copied in `*done`. Fewer than
    // `length` means that the file ended, which is an error: the library never asks past the size stated at open. None
    // is LIBEXEC_E_FILE_SHRANK, some are LIBEXEC_E_SHORT_READ. `length` is never 0. Returns 0 or a positive host code.
    // May block. Entered by several processors at once where execs or page faults share the context; the file may
    // change meanwhile, but for STABLE.
    int (*read_at)(void *context, uint64_t offset, void *buffer, size_t length, size_t *done);

    // Optional, both or neither. Lends `length` cached bytes at `offset` without copying: stores their address in
    // `*bytes` and returns 0; or returns a host code, and the library falls back to `read_at`. Each successful view is
    // released once, before any other call on the source.
    int (*view)(void *context, uint64_t offset, size_t length, const uint8_t **bytes);
    void (*view_release)(void *context, uint64_t offset, size_t length);

    // Optional. The library calls it exactly once for each source that it was given or that `open` delivered: before
    // the first commit hook, or when the exec fails or is abandoned. Mappings made from the source hold their own
    // reference.
    void (*close)(void *context);
};

struct libexec_source {
    const struct libexec_source_operations *operations;
    void *context;  // handed to the operations
    uint64_t size;  // of the file, in bytes, at open
    uint32_t flags; // LIBEXEC_SOURCE_...
    uint32_t reserved;
};

// A source over bytes that stay where they are, unchanged, until it is closed: a module that the boot loader left in
// memory, an initramfs file. The bytes are borrowed and parsed in place. The flags are LIBEXEC_SOURCE_STABLE; a host
// that can map the pages adds its own. `bytes` may be NULL when `size` is 0.
void libexec_memory_source(struct libexec_source *source, const void *bytes, uint64_t size);

#ifdef __cplusplus
}
#endif
#endif
