// SPDX-License-Identifier: MIT
// What a call came to: one status for every reason to refuse, grouped by where it arises, and Linux's errno for each.
//
// Statuses are stable numbers; new ones are added in the gaps. In brackets stands what `libexec_status_errno` gives,
// the errno that Linux's execve answers for the same fault in a program; ENOEXEC where nothing is said. Where a
// callback failed it is the fallback for codes that are no errno.
#ifndef LIBEXEC_STATUS_H
#define LIBEXEC_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

enum libexec_status {
    LIBEXEC_OK = 0,

    // The call itself. Nothing was opened or made.
    LIBEXEC_E_REQUEST = 1,    // a required pointer is NULL, or a member's value means nothing (EINVAL)
    LIBEXEC_E_STATE = 2,      // the exec object is not in the state that this call needs (EINVAL)
    LIBEXEC_E_HOST_TABLE = 3, // the host table lacks a required member (ENOSYS)
    LIBEXEC_E_POLICY = 4,     // a policy or architecture value makes no sense (EINVAL)
    LIBEXEC_E_THREADS = 5,    // the caller has other threads and the host has no `seize` hook (EAGAIN)

    // The host said no, or broke its contract. `host_code` of the report is what the callback returned.
    LIBEXEC_E_OPEN = 10,        // `open` refused the program, the interpreter or a script's interpreter (ENOENT)
    LIBEXEC_E_READ = 11,        // `read_at` failed (EIO)
    LIBEXEC_E_SHORT_READ = 12,  // `read_at` delivered some of the bytes asked, inside the size stated at open (EIO)
    LIBEXEC_E_FILE_SHRANK = 13, // `read_at` delivered none of them: the file ends before that size (EIO)
    LIBEXEC_E_SPACE = 14,       // `space_create` failed (ENOMEM)
    LIBEXEC_E_MAP = 15,         // `map` or `map_many` failed (ENOMEM)
    LIBEXEC_E_OCCUPIED = 16,    // `map` found pages of somebody else at the address (EEXIST)
    LIBEXEC_E_TRANSLATE = 17,   // `translate` failed (ENOMEM)
    LIBEXEC_E_RANDOM = 18,      // `random` failed (EAGAIN)
    LIBEXEC_E_REFUSED = 19,     // `image_known` refused the image: signature, measurement, security module (EACCES)
    LIBEXEC_E_SEIZE = 20,       // `seize` could not bring the caller to one thread; still prepared (EAGAIN)
    LIBEXEC_E_CONTRACT = 21,    // a callback answered what its contract rules out: an empty view, too many bytes (EIO)
    LIBEXEC_E_NO_OPEN = 22,     // a PT_INTERP or a `#!` line names a file and the host (or configuration) has no `open`

    // The file header. gABI ch. 4, ELF Header.
    LIBEXEC_E_TOO_SHORT = 30,     // the file ends inside the file header
    LIBEXEC_E_MAGIC = 31,         // neither "\177ELF" nor "#!"
    LIBEXEC_E_CLASS = 32,         // EI_CLASS is not ELFCLASS64
    LIBEXEC_E_DATA = 33,          // EI_DATA is not the architecture's byte order
    LIBEXEC_E_VERSION = 34,       // EI_VERSION is not EV_CURRENT
    LIBEXEC_E_TYPE = 35,          // e_type is neither ET_EXEC nor ET_DYN
    LIBEXEC_E_MACHINE = 36,       // e_machine is not the architecture's
    LIBEXEC_E_HEADER_SIZE = 37,   // e_phentsize is not 56
    LIBEXEC_E_HEADER_COUNT = 38,  // e_phnum is 0, PN_XNUM, or above LIBEXEC_PROGRAM_HEADERS_MAX
    LIBEXEC_E_TABLE_OUTSIDE = 39, // the program-header table does not lie inside the file

    // Segments. gABI ch. 5, Program Header.
    LIBEXEC_E_NO_SEGMENTS = 50,       // no PT_LOAD, or none that occupies a byte
    LIBEXEC_E_SEGMENT_CAPACITY = 51,  // more PT_LOADs than LIBEXEC_CONFIG_SEGMENTS
    LIBEXEC_E_FILE_OVER_MEMORY = 52,  // p_filesz > p_memsz (EINVAL)
    LIBEXEC_E_FILE_RANGE = 53,        // p_offset + p_filesz wraps (EINVAL)
    LIBEXEC_E_FILE_OFFSET = 54,       // the range lies beyond what a file can hold (Linux: EOVERFLOW)
    LIBEXEC_E_OUTSIDE_FILE = 55,      // the range ends past the end of the file
    LIBEXEC_E_CONGRUENCE = 56,        // p_offset and p_vaddr differ modulo the page size (EINVAL)
    LIBEXEC_E_ADDRESS_RANGE = 57,     // p_vaddr or p_vaddr + p_memsz lies outside the user range (EINVAL)
    LIBEXEC_E_NO_ROOM = 58,           // no free range for the image, or it leaves the user range once placed (ENOMEM)
    LIBEXEC_E_LOW_ADDRESS = 59,       // a segment lies below the lowest address that programs may map (EPERM)
    LIBEXEC_E_COLLISION = 60,         // the first segment would lie on the stack or another part (EEXIST)
    LIBEXEC_E_SEGMENT_COLLISION = 61, // a later segment would lie on something that is not this image (EEXIST)
    LIBEXEC_E_PAGE_BUDGET = 62,       // the image needs more pages than the policy allows (ENOMEM)
    LIBEXEC_E_ENTRY_RANGE = 63,       // the entry point lies outside the user range (EINVAL)
    LIBEXEC_E_ENTRY_RIGHTS = 64,      // policy: the entry point is not inside an executable segment
    LIBEXEC_E_WRITE_EXECUTE = 65,     // policy: a segment is writable and executable
    LIBEXEC_E_OVERLAP = 66,           // policy: two segments share a page, or do not ascend
    LIBEXEC_E_NOT_PIE = 67,           // policy: ET_EXEC where only position-independent programs may run
    LIBEXEC_E_EXECUTABLE_STACK = 68,  // policy: the program wants an executable stack
    LIBEXEC_E_EMPTY_SPAN = 69,        // ET_DYN whose PT_LOADs together span no byte (EINVAL)

    // Thread-local storage; only where a block is to be built.
    LIBEXEC_E_TLS_SIZE = 75,         // PT_TLS: p_filesz > p_memsz, or a size that fits no address space
    LIBEXEC_E_TLS_ALIGNMENT = 76,    // PT_TLS: p_align is no power of two
    LIBEXEC_E_TLS_OUTSIDE_FILE = 77, // PT_TLS: the template ends past the end of the file

    // The program interpreter. gABI ch. 5, Program Interpreter.
    LIBEXEC_E_INTERPRETER_LENGTH = 85,       // PT_INTERP: p_filesz is not in 2 ... LIBEXEC_PATH_MAX
    LIBEXEC_E_INTERPRETER_OUTSIDE = 86,      // PT_INTERP: the name ends past the end of the file (EIO)
    LIBEXEC_E_INTERPRETER_UNTERMINATED = 87, // PT_INTERP: the last byte is not NUL
    LIBEXEC_E_INTERPRETER_EMPTY = 88,        // PT_INTERP: the name is empty
    LIBEXEC_E_INTERPRETER_OFFSET = 89,       // PT_INTERP: p_offset is no file offset (EINVAL)

    // `#!` scripts.
    LIBEXEC_E_SCRIPT_EMPTY = 95,       // nothing after "#!"
    LIBEXEC_E_SCRIPT_TRUNCATED = 96,   // the interpreter's path does not end within LIBEXEC_SCRIPT_LINE_MAX bytes
    LIBEXEC_E_SCRIPT_DEPTH = 97,       // scripts nested deeper than the limit (ELOOP)
    LIBEXEC_E_SCRIPT_UNREACHABLE = 98, // by a close-on-exec descriptor, which the interpreter could not open (ENOENT)
    LIBEXEC_E_SCRIPT_NAME = 99, // the interpreter path is empty: a NUL stands where it should begin (EACCES, as Linux)
    LIBEXEC_E_SCRIPT_POLICY = 100, // policy: LIBEXEC_NO_SCRIPTS

    // Path and arguments.
    LIBEXEC_E_PATH_FAULT = 110,      // the path is not readable user memory (EFAULT)
    LIBEXEC_E_PATH_EMPTY = 111,      // the path is "" (ENOENT)
    LIBEXEC_E_NAME_TOO_LONG = 112,   // a path or interpreter name exceeds its limit or the names buffer (ENAMETOOLONG)
    LIBEXEC_E_ARGUMENT_FAULT = 113,  // argv, envp or one of their strings is not readable user memory (EFAULT)
    LIBEXEC_E_STRING_TOO_LONG = 114, // one string exceeds LIBEXEC_STRING_MAX (E2BIG)
    LIBEXEC_E_ARGUMENTS_TOO_LARGE = 115, // strings and pointers together exceed the limit (E2BIG)
    LIBEXEC_E_AUXV_CAPACITY = 116,       // more auxiliary-vector entries than LIBEXEC_AUXV_MAX (EINVAL)

    // Placement.
    LIBEXEC_E_STACK_SIZE = 125, // policy: stack, guard or argument limit too large: see policy.h (ENOMEM)
    LIBEXEC_E_LAYOUT = 126      // the parts cannot be placed without overlap, reserved ranges included (ENOMEM)
};

// The name of a status as it is written here, "LIBEXEC_E_MAGIC" and so on; never NULL ("LIBEXEC_E_UNKNOWN" for others).
const char *libexec_status_name(enum libexec_status status);

// One sentence for people, without a full stop; never NULL.
const char *libexec_status_text(enum libexec_status status);

// The rule that was broken and the specification it stands in, "gABI ch. 5: p_filesz <= p_memsz"; NULL where the host
// alone decided.
const char *libexec_status_clause(enum libexec_status status);

// Linux's errno for `status` in a program, positive; 0 for LIBEXEC_OK. Statuses that carry a host code have a fallback
// here (EIO, ENOMEM, EACCES, ...); `libexec_report_errno` knows the code itself and which file was meant.
int libexec_status_errno(enum libexec_status status);

// The errno values used, and those that Linux's execve has from files and their folders, for `open`; with Linux's
// numbers. The library includes no <errno.h>.
#define LIBEXEC_ERRNO_EPERM        1
#define LIBEXEC_ERRNO_ENOENT       2
#define LIBEXEC_ERRNO_EINTR        4
#define LIBEXEC_ERRNO_EIO          5
#define LIBEXEC_ERRNO_E2BIG        7
#define LIBEXEC_ERRNO_ENOEXEC      8
#define LIBEXEC_ERRNO_EAGAIN       11
#define LIBEXEC_ERRNO_ENOMEM       12
#define LIBEXEC_ERRNO_EACCES       13
#define LIBEXEC_ERRNO_EFAULT       14
#define LIBEXEC_ERRNO_EEXIST       17
#define LIBEXEC_ERRNO_ENOTDIR      20
#define LIBEXEC_ERRNO_EISDIR       21
#define LIBEXEC_ERRNO_EINVAL       22
#define LIBEXEC_ERRNO_ENFILE       23
#define LIBEXEC_ERRNO_EMFILE       24
#define LIBEXEC_ERRNO_ETXTBSY      26
#define LIBEXEC_ERRNO_ENAMETOOLONG 36
#define LIBEXEC_ERRNO_ENOSYS       38
#define LIBEXEC_ERRNO_ELOOP        40
#define LIBEXEC_ERRNO_EOVERFLOW    75
#define LIBEXEC_ERRNO_ELIBBAD      80

#ifdef __cplusplus
}
#endif
#endif
