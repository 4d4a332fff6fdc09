// SPDX-License-Identifier: MIT
// The contract with the kernel: a constant table of callbacks.
//
// For all callbacks: `context` is the pointer from the request. They may block, allocate and sleep; the library holds
// no lock and keeps no state outside the exec object. Those that return int return 0, or a positive code of the host's
// own kind (its errno, usually) that the library keeps beside its own status; a few may return one of the negative
// answers below; any other negative code is a failure, too, but its errno is lost. After a callback has failed, the
// library makes no further call but those that undo (a source's `view` is no such failure: `read_at` follows). A NULL
// member is an absent one; required members are marked.
//
// Execs of several processors are in the same callbacks at once. A thread that is to end while it is in prepare, killed
// or by the `seize` of another exec, ends after it: its callback returns a code, and prepare undoes what was made.
#ifndef LIBEXEC_HOST_H
#define LIBEXEC_HOST_H

#include <libexec/arch.h>
#include <libexec/layout.h>
#include <libexec/plan.h>
#include <libexec/report.h>
#include <libexec/source.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Answers of `map` and `map_many` with a meaning of their own.
#define LIBEXEC_HOST_OCCUPIED (-1) // something is mapped there already: the exec fails with LIBEXEC_E_OCCUPIED

// Where the pages of a map operation come from. Except for SHARE, COPY_ON_WRITE and FAULT (asked for only where the
// source has the bit) every host must do all of them; a simple host treats WRITTEN as ZERO and maps RESERVE in full.
enum libexec_backing {
    LIBEXEC_BACKING_ZERO = 1,    // fresh pages full of zeros, now or at their first fault
    LIBEXEC_BACKING_WRITTEN = 2, // fresh pages; the library writes every byte through views, so they need not be zeroed
    LIBEXEC_BACKING_SHARE = 3,   // the file's own pages; copied before a write, should mprotect ever allow one
    LIBEXEC_BACKING_COPY_ON_WRITE = 4, // the file's own pages until the program writes to one
    LIBEXEC_BACKING_FAULT = 5,   // filled at the first fault as `libexec_fault` says; the library does not write them
    LIBEXEC_BACKING_RESERVE = 6, // the stack: address space, with zero pages in the part that `present` names;
                                 // elsewhere zero pages at the first fault or at a `translate`
    LIBEXEC_BACKING_NONE = 7     // the guard: address space that stays empty
};

// One map operation. `region` is the truth about the pages; a region may be handed over as two operations where its
// last file page must be written (with a zero tail) while the others are shared.
struct libexec_map {
    struct libexec_region region;
    enum libexec_backing backing;
    uint32_t reserved;
    const struct libexec_source *source; // where region.file is not NONE, else NULL; valid during the call only
    struct libexec_range present;        // RESERVE: pages that prepare is sure to write; inside the region
};

// A window through which the library writes pages of the new space. `bytes` points at the byte for the address asked.
struct libexec_view {
    void *bytes;
    uint64_t length; // how many bytes may be written there; see `translate`
};

// What the host is told before anything is mapped.
struct libexec_image {
    const char *path;                     // what the caller named (a descriptor's display name, for exec by descriptor)
    const struct libexec_source *program; // the final one: for a script, what runs it
    const struct libexec_plan *program_plan;
    const struct libexec_source *interpreter; // NULL without PT_INTERP
    const struct libexec_plan *interpreter_plan;
    uint32_t script_depth; // `#!` lines followed
    uint32_t reserved;
};

// An entry of the auxiliary vector (gABI, psABI 3.4.3): a type AT_... and its value.
struct libexec_auxv {
    uint64_t type;
    uint64_t value;
};

// What the host answers; all zero at first, so a host sets what it knows. A host that has users MUST set the four ids
// in every answer: 0 is root. Tables must stay valid, and unchanged, until prepare returns; a count goes with a table
// (else LIBEXEC_E_CONTRACT).
struct libexec_image_answer {
    uint32_t uid, euid, gid, egid; // AT_UID ... AT_EGID of the process as it will be
    uint32_t secure;               // AT_SECURE: 1 where the exec raises privileges (set-ID, capabilities)
    uint32_t auxv_count;
    const struct libexec_auxv *auxv; // further entries, in a table other than the request's; these win
    // Left free by what the library looks a place for: a vDSO, trampolines. What has its place is refused there:
    // segments of ET_EXEC files and of PIEs with an interpreter (LIBEXEC_E_COLLISION the first, others
    // LIBEXEC_E_SEGMENT_COLLISION), the stack and its guard (LIBEXEC_E_LAYOUT).
    const struct libexec_range *reserved_ranges;
    uint32_t reserved_range_count;
    uint32_t reserved;
};

// What a start needs. Given to each commit hook, and readable after prepare.
#define LIBEXEC_START_EXECUTABLE_STACK 0x01u
#define LIBEXEC_START_NOT_DUMPABLE     0x02u // program or interpreter not readable by the caller, or the exec is secure
#define LIBEXEC_START_SECURE           0x04u
#define LIBEXEC_START_IBT              0x08u // the file that starts (interpreter or static program) is marked for it
#define LIBEXEC_START_SHADOW_STACK     0x10u
#define LIBEXEC_START_RANDOMIZED       0x20u
struct libexec_start {
    libexec_address entry;
    libexec_address stack_pointer;
    libexec_address thread_pointer; // 0 where the library built no TLS
    uint32_t flags;                 // LIBEXEC_START_...
    uint32_t uid, euid, gid, egid;
    uint32_t reserved;
    void *space;                         // what space_create made
    const struct libexec_layout *layout; // brk, mmap top, stack range and the rest
    const char *path;                    // AT_EXECFN
    const char *name; // the last component of it: the process's command name. Where a descriptor was executed that is
                      // its number; Linux from 6.14 on takes the file's own name there, which only the host knows
};

struct libexec_host {
    // ---- required -------------------------------------------------------------------------------------------------

    // Makes an empty address space and stores the host's handle in `*space`. `space_destroy` frees it with all that was
    // mapped.
    int (*space_create)(void *context, void **space);
    void (*space_destroy)(void *context, void *space);

    // Maps pages at a fixed address. Operations never overlap one another. Worked example with 4 KiB pages: a segment
    // with p_vaddr 0x401234, p_offset 0x1234, p_filesz 0x100, p_memsz 0x3000, rw-, becomes the operations
    //
    //   [0x401000, 0x402000) file_offset 0x1000, file_length 0x334, WRITTEN: 0x334 bytes of the file, then zeros
    //
    //   [0x402000, 0x405000) file_length 0, ZERO
    //
    // Returns 0, a host code, or LIBEXEC_HOST_OCCUPIED.
    int (*map)(void *context, void *space, const struct libexec_map *operation);

    // Opens a view for writing at `address`, for at most `length` bytes; both lie inside one mapped operation that the
    // library may write (ZERO, WRITTEN, RESERVE), whatever its rights. The view has at least all that was asked for or
    // the rest of the page of `address`, whichever is less, and as many further whole pages of what was asked as lie
    // behind one another in the kernel's memory. A view that breaks these rules fails the exec (LIBEXEC_E_CONTRACT) and
    // is not ended. Worked example: asked for 0x3000 bytes at 0x401800, a host whose frames are scattered answers 0x800
    // bytes, one whose frames are consecutive 0x3000. At most two views are open at a time and they share no page. A
    // view shows what the page holds; the library reads back only what it wrote, or `user_read` and `read_at` wrote for
    // it, in this exec; nobody else may write to these pages before commit. It may go over what it wrote in a view
    // again: what counts is what the view holds when it ends. May allocate the pages.
    int (*translate)(void *context, void *space, libexec_address address, uint64_t length, struct libexec_view *view);

    // Fills `bytes` with `length` unpredictable bytes: AT_RANDOM, and the entropy of the layout.
    int (*random)(void *context, void *bytes, size_t length);

    // Copies from the caller's memory. `from` is whatever the program passed, addresses of the kernel and non-canonical
    // ones included: the host MUST refuse what is not the caller's memory. One call never crosses a page of the
    // caller's, and never wraps. Other threads may write there meanwhile: a byte counts as one call copied it. Required
    // where the path or the arguments come from user memory. `to` may be a view of the new space. The errno is EFAULT
    // whatever the code.
    int (*user_read)(void *context, void *to, libexec_address from, size_t length);

    // ---- optional: files ------------------------------------------------------------------------------------------

    // Opens `name` for execution and fills `*source`, which is all zero before: resolves it against the caller's root
    // and directory, checks that it is a regular file, the x bit and noexec, and denies writers until close. Its code
    // passes through as the errno. `name` is valid during the call only. Without it the program must arrive opened, and
    // neither scripts nor PT_INTERP are run.
    int (*open)(void *context, enum libexec_file kind, const char *name, struct libexec_source *source);

    // Before any memory call, when it is known what would run and that it can be placed: the host may refuse the image,
    // settles set-ID, and says what it knows.
    int (*image_known)(void *context, const struct libexec_image *image, struct libexec_image_answer *answer);

    // ---- optional: memory -----------------------------------------------------------------------------------------

    // Ends a view: exactly once for each that `translate` opened, with the address and the view's length, on error
    // paths too.
    void (*view_end)(void *context, void *space, libexec_address address, uint64_t length);

    // As `map`, which stays required, for one to twelve operations at once: all of them, or an error (what was mapped
    // goes with the space). The report then tells the first operation's address and file.
    int (*map_many)(void *context, void *space, const struct libexec_map *operations, size_t count);

    // Lets the host fill the thread control block: `bytes` stands for the `length` bytes of it at `address`. The block
    // begins at the thread pointer; called once, or once for each view where it spans several. The self pointer is
    // written afterwards.
    void (*thread_control_block)(void *context, void *bytes, uint64_t length, libexec_address address);

    // ---- commit ---------------------------------------------------------------------------------------------------

    // Brings the calling process to one thread. The last step that may fail; where it fails it has ended no thread.
    // Called at each commit; required where the caller has other threads.
    int (*seize)(void *context, const struct libexec_start *start);

    // Each optional, called in this order, none can fail, none may allocate.
    void (*close_on_exec)(void *context, const struct libexec_start *start); // close descriptors with FD_CLOEXEC
    void (*reset_signals)(void *context,
                          const struct libexec_start *start); // caught to default; ignored, mask, pending stay
    void (*reset_alternate_stack)(void *context, const struct libexec_start *start);
    void (*reset_thread)(void *context, const struct libexec_start *start); // clear_child_tid, robust list, rseq
    void (*reset_timers)(void *context, const struct libexec_start *start); // POSIX timers go; alarm and itimers stay
    void (*set_name)(void *context, const struct libexec_start *start);     // command name, /proc/PID/exe
    // Ids and dumpability. Called only where the host has `image_known`, which settled the ids; a host without it looks
    // for LIBEXEC_START_NOT_DUMPABLE in another hook.
    void (*set_credentials)(void *context, const struct libexec_start *start);
    void (*set_memory)(void *context, const struct libexec_start *start);    // brk and mmap hint of the new image
    void (*install_space)(void *context, const struct libexec_start *start); // the process owns the space from here on
    void (*set_thread_pointer)(void *context, const struct libexec_start *start); // also to 0
    void (*set_registers)(void *context,
                          const struct libexec_start *start); // entry, stack pointer, everything else cleared
    void (*wake_parent)(void *context, const struct libexec_start *start); // a parent waiting in vfork
    void (*release_old_space)(void *context, const struct libexec_start *start);
};

#ifdef __cplusplus
}
#endif
#endif
