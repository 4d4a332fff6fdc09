// SPDX-License-Identifier: MIT
// The exec itself: prepare builds the new image beside the old one, commit replaces the old one, abandon drops the new
// one.
//
//     struct libexec_exec exec;                  // 4 KiB: on a kernel's heap or a page of its own, rarely on its stack
//     status = libexec_prepare(&exec, &request); // may fail; the caller is exactly as it was
//     if (status == LIBEXEC_OK)
//         status = libexec_commit(&exec);        // fails only in `seize`; then abandon
//
// An exec object is used by one thread at a time, not always the same one: who hands it on orders memory, as a lock or
// a run queue does. Any number of them may be under way at once, and share what they only read: host table,
// architecture, policy, auxiliary entries. Whether calls may be made with interrupts off is for the callbacks to say.
#ifndef LIBEXEC_EXEC_H
#define LIBEXEC_EXEC_H

#include <libexec/host.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

// Size of the exec object in bytes: 4096 with the default configuration.
#define LIBEXEC_EXEC_SIZE                                                                                              \
    ((1344 + LIBEXEC_EXEC_SCRATCH + LIBEXEC_CONFIG_NAME_BYTES + 2 * 40 * LIBEXEC_CONFIG_SEGMENTS + 7) / 8 * 8)
#define LIBEXEC_EXEC_SCRATCH (LIBEXEC_CONFIG_HEADER_BYTES > 960 ? LIBEXEC_CONFIG_HEADER_BYTES : 960)

// Storage for one exec, made by the caller. All of the library's state is in it, and stays: AT_RANDOM's bytes and all
// addresses are still there when the exec has ended, so clear it before somebody else may read it. It needs no
// initialisation, but then MUST be given to libexec_prepare before any other call; zeroed storage may be committed
// (LIBEXEC_E_STATE) or abandoned. It points into itself: from prepare on it MUST stay where it is, and a copy is of no
// use.
struct libexec_exec {
    union {
        // Characters, as the library's state in them is of another type: to compilers they alone may alias anything.
        unsigned char storage[LIBEXEC_EXEC_SIZE];
        uint64_t alignment;
    };
};

// Argument or environment strings that the kernel holds.
struct libexec_strings {
    uint32_t count;
    uint32_t reserved;
    // Stores the address and length of string `index` < count, without its NUL; inside it there MUST be none. The bytes
    // stay valid, and as they are, until the next call: a message in shared memory is to be copied before. Called once
    // for each index, in order. Returns 0 or a host code: then the exec is refused with LIBEXEC_E_ARGUMENT_FAULT, which
    // is EFAULT whatever the code.
    int (*get)(void *context, uint32_t index, const char **bytes, uint64_t *length);
    void *context;
};

enum libexec_arguments_from {
    LIBEXEC_ARGUMENTS_KERNEL = 0,  // NULL-terminated vectors of strings in kernel memory
    LIBEXEC_ARGUMENTS_USER = 1,    // user addresses of such vectors, in the caller's memory; 0 is an empty one
    LIBEXEC_ARGUMENTS_ITERATOR = 2 // struct libexec_strings
};

// Members are read by `from`; all zero is no argument and no environment, which becomes argc 1 with argv[0] = "". Those
// of the other two with LIBEXEC_ARGUMENTS_KERNEL are LIBEXEC_E_REQUEST: `from` was forgotten.
// Strings and vectors must stay valid until prepare returns, those in kernel memory unchanged. User memory may change
// meanwhile, harmlessly.
struct libexec_arguments {
    enum libexec_arguments_from from;
    uint32_t reserved;
    const char *const *argv; // LIBEXEC_ARGUMENTS_KERNEL; NULL is an empty vector
    const char *const *envp;
    libexec_address user_argv; // LIBEXEC_ARGUMENTS_USER
    libexec_address user_envp;
    struct libexec_strings argv_strings; // LIBEXEC_ARGUMENTS_ITERATOR
    struct libexec_strings envp_strings;
};

// What to execute. Zero the whole struct first. The struct itself is looked at until prepare returns; what it points to
// must stay valid until the exec is committed or abandoned, unless said otherwise.
struct libexec_request {
    const struct libexec_host *host;
    void *context; // handed to every host callback
    const struct libexec_arch *arch;
    const struct libexec_policy *policy; // NULL: the default; copied

    // The program: a path in kernel memory, or the user address of one, or an opened source.
    // Kernel memory. Required with `source`: the display name, AT_EXECFN (Linux: "/dev/fd/N").
    const char *path;
    libexec_address user_path; // used where `path` is NULL and `source` is NULL
    // An opened source; copied. The library closes it once, whatever prepare answers: the caller never does.
    const struct libexec_source *source;
    uint32_t close_on_exec;  // 1 if a script's interpreter could not open `path`: of a descriptor that exec closes
    uint32_t caller_threads; // other threads of the caller: more than 0 needs the host's `seize`

    struct libexec_arguments arguments;

    // Further entries: HWCAP, HWCAP2, CLKTCK, MINSIGSTKSZ, SYSINFO_EHDR, vendor entries. Of several with the same type
    // the first one counts.
    const struct libexec_auxv *auxv;
    uint32_t auxv_count;
    uint32_t names_size; // of `names`
    // Memory for names in place of the exec object's own, which is not used then; NULL: that. LIBEXEC_NAMES_MAX bytes
    // hold all that Linux accepts. It is written: `path` and the strings of the arguments MUST be elsewhere.
    char *names;
};

// Opens, validates, lays out and loads; writes the stack and the TLS block. On any status but LIBEXEC_OK everything is
// undone, the caller's image was not touched, and the exec object holds the report only.
enum libexec_status libexec_prepare(struct libexec_exec *exec, const struct libexec_request *request)
    LIBEXEC_SIZED(libexec_prepare);

// Replaces the caller's image. Sources are closed before the first hook. LIBEXEC_E_SEIZE: the exec is still prepared,
// abandon it or try again. LIBEXEC_E_STATE: nothing is prepared; the report of what failed before stays. LIBEXEC_OK:
// the exec object owns nothing any more, so a hook need not return; the object's memory and `names` are still the
// caller's to free, and what `libexec_start` points at lies in them.
enum libexec_status libexec_commit(struct libexec_exec *exec);

// Drops a prepared exec: closes its sources, destroys its space. Harmless on one that failed or was committed. A
// prepared exec MUST be committed or abandoned before the object is prepared again.
void libexec_abandon(struct libexec_exec *exec);

// Why the last call failed; status LIBEXEC_OK where it did not. Valid until the next prepare, also after abandon.
const struct libexec_report *libexec_exec_report(const struct libexec_exec *exec);

// After a successful prepare, until commit or abandon returns. At other times what these give means nothing.

// What a start needs.
void libexec_exec_start(const struct libexec_exec *exec, struct libexec_start *start);

// The layout and the plans: the interpreter's for LIBEXEC_FILE_INTERPRETER, NULL without one; else the program's.
const struct libexec_layout *libexec_exec_layout(const struct libexec_exec *exec);
const struct libexec_plan *libexec_exec_plan(const struct libexec_exec *exec, enum libexec_file file);

// The auxiliary vector as it stands on the stack, AT_NULL included.
const struct libexec_auxv *libexec_exec_auxv(const struct libexec_exec *exec, uint32_t *count);

// Region `index` of the image: those of the program in ascending order, then of the interpreter, the TLS block, the
// guard, the stack; so all together are NOT sorted by address. False when there are no more: there are at most
// 6 * LIBEXEC_CONFIG_SEGMENTS + 3. A TLS block has up to three: where whole pages of the template are the file's, they
// are the middle one.
bool libexec_exec_region(const struct libexec_exec *exec, uint32_t index, struct libexec_region *region);

// What argc and envc came to, and where the strings stand: [strings, environment) are the arguments, [environment, end)
// the environment (for /proc/PID/cmdline and environ).
struct libexec_arguments_placed {
    uint64_t argc;
    uint64_t envc;
    libexec_address strings;
    libexec_address environment;
    libexec_address end;
};
void libexec_exec_arguments(const struct libexec_exec *exec, struct libexec_arguments_placed *placed);

#ifdef __cplusplus
}
#endif
#endif
