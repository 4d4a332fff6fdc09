// SPDX-License-Identifier: MIT
// Names, texts and errno values of the statuses. One table; kept without pointers so that it is read-only data in every
// kind of build.
#include <libexec/status.h>

#include "elf_format.h"
#include "report.h"

#include <stddef.h>
#include <stdint.h>

#define STATUS_UNKNOWN 0xffu // ends the table

// What a report of a status says beside it.
#define SAYS_ADDRESS LIBEXEC_REPORT_ADDRESS
#define SAYS_VALUE   (LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT)
#define SAYS_HEADER  (LIBEXEC_REPORT_PROGRAM_HEADER | SAYS_VALUE)
#define SAYS_FIELD   (LIBEXEC_REPORT_FILE_OFFSET | SAYS_VALUE)

// status, errno, errno where an interpreter is meant (Linux tells a bad one from a bad program: fs/binfmt_elf.c answers
// ELIBBAD for its headers, ENOMEM for its addresses), what the report says, the field of the file header that is meant,
// what it means, the rule and where it stands ("" where the host is the only rule)
#define STATUS_TABLE(ROW)                                                                                              \
    ROW(LIBEXEC_OK, 0, 0, 0, 0, "no error", "")                                                                        \
    ROW(LIBEXEC_E_REQUEST, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_EINVAL, 0, 0,                                           \
        "the request lacks a required member or contradicts itself", "")                                               \
    ROW(LIBEXEC_E_STATE, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_EINVAL, 0, 0,                                             \
        "the exec object is not in the state for this call", "exec.h: commit follows a successful prepare")            \
    ROW(LIBEXEC_E_HOST_TABLE, LIBEXEC_ERRNO_ENOSYS, LIBEXEC_ERRNO_ENOSYS, 0, 0,                                        \
        "the host table lacks a required member", "")                                                                  \
    ROW(LIBEXEC_E_POLICY, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_EINVAL, 0, 0,                                            \
        "a value of the policy or the architecture makes no sense", "")                                                \
    ROW(LIBEXEC_E_THREADS, LIBEXEC_ERRNO_EAGAIN, LIBEXEC_ERRNO_EAGAIN, 0, 0,                                           \
        "the caller has other threads and the host cannot end them",                                                   \
        "host.h: seize is required where the caller has other threads")                                                \
    ROW(LIBEXEC_E_OPEN, LIBEXEC_ERRNO_ENOENT, LIBEXEC_ERRNO_ENOENT, 0, 0, "the host refused to open the file", "")     \
    ROW(LIBEXEC_E_READ, LIBEXEC_ERRNO_EIO, LIBEXEC_ERRNO_EIO, 0, 0, "reading the file failed", "")                     \
    ROW(LIBEXEC_E_SHORT_READ, LIBEXEC_ERRNO_EIO, LIBEXEC_ERRNO_EIO, SAYS_VALUE, 0,                                     \
        "a read delivered fewer bytes than asked", "")                                                                 \
    ROW(LIBEXEC_E_FILE_SHRANK, LIBEXEC_ERRNO_EIO, LIBEXEC_ERRNO_EIO, SAYS_VALUE, 0,                                    \
        "the file became shorter while it was read", "")                                                               \
    ROW(LIBEXEC_E_SPACE, LIBEXEC_ERRNO_ENOMEM, LIBEXEC_ERRNO_ENOMEM, 0, 0, "the host could not make an address space", \
        "")                                                                                                            \
    ROW(LIBEXEC_E_MAP, LIBEXEC_ERRNO_ENOMEM, LIBEXEC_ERRNO_ENOMEM, SAYS_ADDRESS, 0, "the host could not map pages",    \
        "")                                                                                                            \
    ROW(LIBEXEC_E_OCCUPIED, LIBEXEC_ERRNO_EEXIST, LIBEXEC_ERRNO_EEXIST, SAYS_ADDRESS, 0,                               \
        "the host has something else mapped at the address", "")                                                       \
    ROW(LIBEXEC_E_TRANSLATE, LIBEXEC_ERRNO_ENOMEM, LIBEXEC_ERRNO_ENOMEM, SAYS_ADDRESS, 0,                              \
        "the host could not give a view of mapped pages", "")                                                          \
    ROW(LIBEXEC_E_RANDOM, LIBEXEC_ERRNO_EAGAIN, LIBEXEC_ERRNO_EAGAIN, 0, 0, "the host had no random bytes", "")        \
    ROW(LIBEXEC_E_REFUSED, LIBEXEC_ERRNO_EACCES, LIBEXEC_ERRNO_EACCES, 0, 0, "the host refused the image", "")         \
    ROW(LIBEXEC_E_SEIZE, LIBEXEC_ERRNO_EAGAIN, LIBEXEC_ERRNO_EAGAIN, 0, 0,                                             \
        "the host could not bring the caller to one thread", "")                                                       \
    ROW(LIBEXEC_E_CONTRACT, LIBEXEC_ERRNO_EIO, LIBEXEC_ERRNO_EIO, SAYS_VALUE, 0, "a host callback broke its contract", \
        "source.h: read_at delivers no more than was asked")                                                           \
    ROW(LIBEXEC_E_NO_OPEN, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, 0, 0,                                         \
        "the program needs another file and the host cannot open files", "host.h: open")                               \
    ROW(LIBEXEC_E_TOO_SHORT, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_EIO, SAYS_FIELD, 0,                                  \
        "the file ends inside the file header", "gABI ch. 4: the file header is 64 bytes")                             \
    ROW(LIBEXEC_E_MAGIC, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ELIBBAD, SAYS_FIELD, 0,                                  \
        "the file is neither ELF nor a script", "gABI ch. 4: EI_MAG0 ... EI_MAG3 are 7f 45 4c 46")                     \
    ROW(LIBEXEC_E_CLASS, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ELIBBAD, SAYS_FIELD, ELF_EI_CLASS,                       \
        "the file is not a 64-bit ELF file", "gABI ch. 4: EI_CLASS is ELFCLASS64")                                     \
    ROW(LIBEXEC_E_DATA, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ELIBBAD, SAYS_FIELD, ELF_EI_DATA,                         \
        "the file's byte order is not this machine's", "gABI ch. 4: EI_DATA is the machine's")                         \
    ROW(LIBEXEC_E_VERSION, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ELIBBAD, SAYS_FIELD, ELF_EI_VERSION,                   \
        "the file's ELF version is unknown", "gABI ch. 4: EI_VERSION is EV_CURRENT")                                   \
    ROW(LIBEXEC_E_TYPE, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_EPERM, SAYS_FIELD, ELF_E_TYPE,                            \
        "the file is neither an executable nor a shared object", "gABI ch. 4: e_type is ET_EXEC or ET_DYN")            \
    ROW(LIBEXEC_E_MACHINE, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ELIBBAD, SAYS_FIELD, ELF_E_MACHINE,                    \
        "the file is for another machine", "gABI ch. 4: e_machine is the machine's")                                   \
    ROW(LIBEXEC_E_HEADER_SIZE, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ELIBBAD, SAYS_FIELD, ELF_E_PHENTSIZE,              \
        "the size of a program header is wrong", "gABI ch. 4: e_phentsize is 56")                                      \
    ROW(LIBEXEC_E_HEADER_COUNT, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ELIBBAD, SAYS_FIELD, ELF_E_PHNUM,                 \
        "the number of program headers is zero or too large",                                                          \
        "gABI ch. 4: e_phnum; Linux takes 65536 bytes of table at most")                                               \
    ROW(LIBEXEC_E_TABLE_OUTSIDE, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ELIBBAD, SAYS_FIELD, ELF_E_PHOFF,                \
        "the program-header table is not inside the file", "gABI ch. 4: e_phoff + e_phnum * e_phentsize <= file size") \
    ROW(LIBEXEC_E_NO_SEGMENTS, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_EINVAL, SAYS_VALUE, 0, "there is nothing to load", \
        "gABI ch. 5: a program has segments to load")                                                                  \
    ROW(LIBEXEC_E_SEGMENT_CAPACITY, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, SAYS_HEADER, 0,                      \
        "there are more loadable segments than this build accepts", "LIBEXEC_CONFIG_SEGMENTS")                         \
    ROW(LIBEXEC_E_FILE_OVER_MEMORY, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_ENOMEM, SAYS_HEADER, 0,                        \
        "a segment has more bytes in the file than in memory", "gABI ch. 5: p_filesz <= p_memsz")                      \
    ROW(LIBEXEC_E_FILE_RANGE, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_EINVAL, SAYS_HEADER, 0,                              \
        "a segment's range in the file wraps around", "gABI ch. 5: p_offset + p_filesz does not wrap")                 \
    ROW(LIBEXEC_E_FILE_OFFSET, LIBEXEC_ERRNO_EOVERFLOW, LIBEXEC_ERRNO_EOVERFLOW, SAYS_HEADER, 0,                       \
        "a segment's range lies beyond what a file can hold", "file offsets are signed 64-bit numbers")                \
    ROW(LIBEXEC_E_OUTSIDE_FILE, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, SAYS_HEADER, 0,                          \
        "a segment's bytes end past the end of the file", "gABI ch. 5: p_offset + p_filesz <= file size")              \
    ROW(LIBEXEC_E_CONGRUENCE, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_EINVAL, SAYS_HEADER, 0,                              \
        "a segment's file offset and address differ modulo the page size",                                             \
        "gABI ch. 5: p_vaddr = p_offset modulo the page size")                                                         \
    ROW(LIBEXEC_E_ADDRESS_RANGE, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_ENOMEM, SAYS_HEADER, 0,                           \
        "a segment lies outside the user address range",                                                               \
        "gABI ch. 5: p_vaddr ... p_vaddr + p_memsz are user addresses")                                                \
    ROW(LIBEXEC_E_NO_ROOM, LIBEXEC_ERRNO_ENOMEM, LIBEXEC_ERRNO_ENOMEM, SAYS_HEADER, 0,                                 \
        "there is no room for the image in the user address range", "the image fits a free range of user addresses")   \
    ROW(LIBEXEC_E_LOW_ADDRESS, LIBEXEC_ERRNO_EPERM, LIBEXEC_ERRNO_EPERM, SAYS_HEADER, 0,                               \
        "a segment lies below the lowest address allowed", "Linux: vm.mmap_min_addr")                                  \
    ROW(LIBEXEC_E_COLLISION, LIBEXEC_ERRNO_EEXIST, LIBEXEC_ERRNO_EEXIST, SAYS_HEADER | SAYS_ADDRESS, 0,                \
        "the image would lie on the stack or another part", "an image's pages are nobody else's")                      \
    ROW(LIBEXEC_E_SEGMENT_COLLISION, LIBEXEC_ERRNO_EEXIST, LIBEXEC_ERRNO_EEXIST, SAYS_HEADER | SAYS_ADDRESS, 0,        \
        "a segment would lie on something that is not its image", "an image's pages are nobody else's")                \
    ROW(LIBEXEC_E_PAGE_BUDGET, LIBEXEC_ERRNO_ENOMEM, LIBEXEC_ERRNO_ENOMEM, SAYS_HEADER, 0,                             \
        "the image needs more pages than allowed", "the policy's page_budget")                                         \
    ROW(LIBEXEC_E_ENTRY_RANGE, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_EINVAL, SAYS_FIELD | SAYS_ADDRESS, ELF_E_ENTRY,     \
        "the entry point lies outside the user address range", "gABI ch. 4: e_entry is a user address")                \
    ROW(LIBEXEC_E_ENTRY_RIGHTS, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, SAYS_FIELD, ELF_E_ENTRY,                 \
        "the entry point is not in an executable segment", "LIBEXEC_POLICY_ENTRY_EXECUTABLE")                          \
    ROW(LIBEXEC_E_WRITE_EXECUTE, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, SAYS_HEADER, 0,                         \
        "a segment is both writable and executable", "LIBEXEC_POLICY_NO_WRITE_EXECUTE")                                \
    ROW(LIBEXEC_E_OVERLAP, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, SAYS_HEADER, 0,                               \
        "two segments share a page, or do not ascend", "LIBEXEC_POLICY_NO_OVERLAP")                                    \
    ROW(LIBEXEC_E_NOT_PIE, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, SAYS_FIELD, ELF_E_TYPE,                       \
        "the program is not position independent", "LIBEXEC_POLICY_PIE_ONLY")                                          \
    ROW(LIBEXEC_E_EXECUTABLE_STACK, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, SAYS_HEADER, 0,                      \
        "the program wants an executable stack", "LIBEXEC_POLICY_NO_EXECUTABLE_STACK")                                 \
    ROW(LIBEXEC_E_EMPTY_SPAN, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_EINVAL, SAYS_VALUE, 0, "the segments span no byte",  \
        "gABI ch. 5: the PT_LOADs span bytes")                                                                         \
    ROW(LIBEXEC_E_TLS_SIZE, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_REPORT_PROGRAM_HEADER, 0,            \
        "the sizes of the TLS segment make no sense", "gABI ch. 5, PT_TLS: p_filesz <= p_memsz")                       \
    ROW(LIBEXEC_E_TLS_ALIGNMENT, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_REPORT_PROGRAM_HEADER, 0,       \
        "the alignment of the TLS segment is no power of two", "gABI ch. 5, PT_TLS: p_align is a power of two")        \
    ROW(LIBEXEC_E_TLS_OUTSIDE_FILE, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_REPORT_PROGRAM_HEADER, 0,    \
        "the TLS template ends past the end of the file", "gABI ch. 5, PT_TLS: p_offset + p_filesz <= file size")      \
    ROW(LIBEXEC_E_INTERPRETER_LENGTH, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, SAYS_HEADER, 0,                    \
        "the length of the interpreter's name is out of range", "Linux: p_filesz of PT_INTERP is 2 ... 4096")          \
    ROW(LIBEXEC_E_INTERPRETER_OUTSIDE, LIBEXEC_ERRNO_EIO, LIBEXEC_ERRNO_EIO, SAYS_HEADER, 0,                           \
        "the interpreter's name is not inside the file", "gABI ch. 5: the name is in the file")                        \
    ROW(LIBEXEC_E_INTERPRETER_UNTERMINATED, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, SAYS_VALUE, 0,               \
        "the interpreter's name does not end with a NUL", "gABI ch. 5: the name ends with a NUL")                      \
    ROW(LIBEXEC_E_INTERPRETER_EMPTY, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, 0, 0,                               \
        "the interpreter's name is empty", "gABI ch. 5: PT_INTERP is a path name")                                     \
    ROW(LIBEXEC_E_INTERPRETER_OFFSET, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_EINVAL, SAYS_HEADER, 0,                      \
        "the interpreter's name lies beyond what a file can hold", "file offsets are signed 64-bit numbers")           \
    ROW(LIBEXEC_E_SCRIPT_EMPTY, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, 0, 0, "the script names no interpreter", \
        "Linux: a path follows #!")                                                                                    \
    ROW(LIBEXEC_E_SCRIPT_TRUNCATED, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, SAYS_VALUE, 0,                       \
        "the script's interpreter path is too long", "Linux: the path ends within 256 bytes")                          \
    ROW(LIBEXEC_E_SCRIPT_DEPTH, LIBEXEC_ERRNO_ELOOP, LIBEXEC_ERRNO_ELOOP, SAYS_VALUE, 0,                               \
        "scripts are nested too deeply", "Linux: five scripts that name scripts")                                      \
    ROW(LIBEXEC_E_SCRIPT_UNREACHABLE, LIBEXEC_ERRNO_ENOENT, LIBEXEC_ERRNO_ENOENT, 0, 0,                                \
        "the script will be closed before its interpreter can open it",                                                \
        "Linux: the interpreter must be able to open it")                                                              \
    ROW(LIBEXEC_E_SCRIPT_NAME, LIBEXEC_ERRNO_EACCES, LIBEXEC_ERRNO_EACCES, 0, 0,                                       \
        "the script's interpreter path is empty", "Linux: a path follows #!")                                          \
    ROW(LIBEXEC_E_SCRIPT_POLICY, LIBEXEC_ERRNO_ENOEXEC, LIBEXEC_ERRNO_ENOEXEC, 0, 0, "scripts are not allowed",        \
        "LIBEXEC_NO_SCRIPTS")                                                                                          \
    ROW(LIBEXEC_E_PATH_FAULT, LIBEXEC_ERRNO_EFAULT, LIBEXEC_ERRNO_EFAULT, SAYS_ADDRESS, 0, "the path is not readable", \
        "")                                                                                                            \
    ROW(LIBEXEC_E_PATH_EMPTY, LIBEXEC_ERRNO_ENOENT, LIBEXEC_ERRNO_ENOENT, 0, 0, "the path is empty",                   \
        "POSIX: an empty path names no file")                                                                          \
    ROW(LIBEXEC_E_NAME_TOO_LONG, LIBEXEC_ERRNO_ENAMETOOLONG, LIBEXEC_ERRNO_ENAMETOOLONG, SAYS_VALUE, 0,                \
        "a path or interpreter name is too long",                                                                      \
        "Linux: a path with its NUL is 4096 bytes; names_size, or LIBEXEC_CONFIG_NAME_BYTES without names")            \
    ROW(LIBEXEC_E_ARGUMENT_FAULT, LIBEXEC_ERRNO_EFAULT, LIBEXEC_ERRNO_EFAULT, 0, 0,                                    \
        "an argument or environment string is not readable", "")                                                       \
    ROW(LIBEXEC_E_STRING_TOO_LONG, LIBEXEC_ERRNO_E2BIG, LIBEXEC_ERRNO_E2BIG, SAYS_VALUE | SAYS_ADDRESS, 0,             \
        "an argument or environment string is too long", "Linux: a string with its NUL is 131072 bytes")               \
    ROW(LIBEXEC_E_ARGUMENTS_TOO_LARGE, LIBEXEC_ERRNO_E2BIG, LIBEXEC_ERRNO_E2BIG, SAYS_VALUE | SAYS_ADDRESS, 0,         \
        "the arguments and the environment are too large", "Linux: strings and pointers within the limit")             \
    ROW(LIBEXEC_E_AUXV_CAPACITY, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_EINVAL, SAYS_VALUE, 0,                            \
        "there are too many auxiliary-vector entries", "LIBEXEC_AUXV_MAX")                                             \
    ROW(LIBEXEC_E_STACK_SIZE, LIBEXEC_ERRNO_ENOMEM, LIBEXEC_ERRNO_ENOMEM, SAYS_VALUE, 0,                               \
        "the stack, its guard or the limit of arguments is too large",                                                 \
        "stack and guard take half the user range at most, arguments 16 MiB")                                          \
    ROW(LIBEXEC_E_LAYOUT, LIBEXEC_ERRNO_ENOMEM, LIBEXEC_ERRNO_ENOMEM, SAYS_VALUE | SAYS_ADDRESS, 0,                    \
        "the parts of the image cannot be placed without overlap", "reserved ranges leave the stack alone")

#define NAME_MEMBER(status, number, interpreter, known, field, text, clause)   char status##_name[sizeof #status];
#define TEXT_MEMBER(status, number, interpreter, known, field, text, clause)   char status##_text[sizeof(text)];
#define CLAUSE_MEMBER(status, number, interpreter, known, field, text, clause) char status##_clause[sizeof(clause)];
#define NAME_VALUE(status, number, interpreter, known, field, text, clause)    #status,
#define TEXT_VALUE(status, number, interpreter, known, field, text, clause)    text,
#define CLAUSE_VALUE(status, number, interpreter, known, field, text, clause)  clause,
#define ROW_VALUE(status, number, interpreter, known, field, text, clause)                                             \
    {(uint8_t)(status),                                                                                                \
     (uint8_t)(number),                                                                                                \
     (uint8_t)(interpreter),                                                                                           \
     (uint8_t)(known),                                                                                                 \
     (uint16_t)(field),                                                                                                \
     (uint16_t)offsetof(struct status_names, status##_name),                                                           \
     (uint16_t)offsetof(struct status_texts, status##_text),                                                           \
     (uint16_t)offsetof(struct status_clauses, status##_clause)},

struct status_names {
    STATUS_TABLE(NAME_MEMBER)
    char unknown[sizeof "LIBEXEC_E_UNKNOWN"];
};
struct status_texts {
    STATUS_TABLE(TEXT_MEMBER)
    char unknown[sizeof "unknown status"];
};
struct status_clauses {
    STATUS_TABLE(CLAUSE_MEMBER)
    char unknown[1];
};

static const struct status_names status_names = {STATUS_TABLE(NAME_VALUE) "LIBEXEC_E_UNKNOWN"};
static const struct status_texts status_texts = {STATUS_TABLE(TEXT_VALUE) "unknown status"};
static const struct status_clauses status_clauses = {STATUS_TABLE(CLAUSE_VALUE) ""};
static const struct libexec_status_row status_rows[] = {STATUS_TABLE(ROW_VALUE){
    STATUS_UNKNOWN, LIBEXEC_ERRNO_EINVAL, LIBEXEC_ERRNO_EINVAL, 0, 0, (uint16_t)offsetof(struct status_names, unknown),
    (uint16_t)offsetof(struct status_texts, unknown), (uint16_t)offsetof(struct status_clauses, unknown)}};

const struct libexec_status_row *libexec_status_row_of(enum libexec_status status) {
    const struct libexec_status_row *row = status_rows;
    while (row->status != (unsigned)status && row->status != STATUS_UNKNOWN)
        row++;
    return row;
}

const char *libexec_status_name(enum libexec_status status) {
    return (const char *)&status_names + libexec_status_row_of(status)->name;
}

const char *libexec_status_text(enum libexec_status status) {
    return (const char *)&status_texts + libexec_status_row_of(status)->text;
}

int libexec_status_errno(enum libexec_status status) {
    return libexec_status_row_of(status)->program_errno;
}

const char *libexec_status_clause(enum libexec_status status) {
    const char *clause = (const char *)&status_clauses + libexec_status_row_of(status)->clause;
    return clause[0] != 0 ? clause : NULL;
}
