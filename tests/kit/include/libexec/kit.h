// SPDX-License-Identifier: MIT
// The test kit: a fake kernel, to test the library with, or a kernel's own way of using it, on an ordinary machine.
//
// A kit is one fake host for one exec at a time: files in memory, a caller's address space with holes, new address
// spaces of sparse pages, and a process that the commit hooks change. It serves the library's callbacks and polices
// the contract of <libexec/host.h> while doing so: whatever the contract rules out is a violation, with a message.
//
//     struct libexec_kit *kit = libexec_kit_new(&(struct libexec_kit_options){.features = LIBEXEC_KIT_FULL});
//     libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = "/bin/true", .bytes = elf, .length = size});
//     struct libexec_request request = {.path = "/bin/true"};
//     static struct libexec_exec exec;
//     status = libexec_kit_prepare(kit, &exec, &request);       // libexec_prepare, watched
//     struct libexec_kit_image *image = libexec_kit_capture(kit, &exec);
//     ... look at the image, the journal, the ledger ...
//     status = libexec_kit_commit(kit, &exec);                  // libexec_commit, watched
//     assert(libexec_kit_violations(kit) == 0 && libexec_kit_ledger_empty(kit));
//     libexec_kit_image_free(image);
//     libexec_kit_free(kit);
//
// Rules: a kit is used by one thread at a time; kits share nothing, so any number of threads may use one each. The kit
// needs a hosted C library; where memory runs out it aborts. Everything it does is deterministic: the same seed gives
// the same bytes.
//
// How the police finds a view that is read before it was written, or not written at all: fresh pages of WRITTEN
// operations, and the buffers of LIBEXEC_KIT_BOUNCE, arrive full of the poison byte. Run the same exec twice with
// poisons that are each other's complement (0xA5 and 0x5A): a byte that depends on either differs between the two
// images. (A bounce buffer keeps what the page holds where its bytes still equal the poison at the end of the view, as
// a view may be longer than what is written to it; one of the two runs tells the truth for each byte.
// `libexec_kit_image_equal_but` compares with that in mind.) Built with clang's memory sanitizer, the kit hands out
// fresh WRITTEN pages and the exec object as not initialised, so that the sanitizer finds the place of such a read.
#ifndef LIBEXEC_KIT_H
#define LIBEXEC_KIT_H

#include <libexec/libexec.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct libexec_kit;
struct libexec_kit_image;

// ---- The host -----------------------------------------------------------------------------------------------------

// What the fake host offers beyond the required members.
#define LIBEXEC_KIT_OPEN          0x0001u // `open`: without it programs arrive by libexec_kit_source
#define LIBEXEC_KIT_IMAGE_KNOWN   0x0002u // `image_known`
#define LIBEXEC_KIT_VIEW_END      0x0004u // `view_end`
#define LIBEXEC_KIT_MAP_MANY      0x0008u // `map_many`
#define LIBEXEC_KIT_SHARE         0x0010u // sources with LIBEXEC_SOURCE_SHARE
#define LIBEXEC_KIT_COPY_ON_WRITE 0x0020u // ... LIBEXEC_SOURCE_COPY_ON_WRITE
#define LIBEXEC_KIT_FILL_AT_FAULT 0x0040u // ... LIBEXEC_SOURCE_FAULT
#define LIBEXEC_KIT_CACHED_VIEWS  0x0080u // sources with `view` and `view_release`
#define LIBEXEC_KIT_STABLE        0x0100u // ... LIBEXEC_SOURCE_STABLE
#define LIBEXEC_KIT_CONTROL_BLOCK 0x0200u // `thread_control_block`
#define LIBEXEC_KIT_SEIZE         0x0400u // `seize`
#define LIBEXEC_KIT_HOOKS         0x0800u // all commit hooks
#define LIBEXEC_KIT_LONG_VIEWS    0x1000u // views of up to 16 pages; otherwise none crosses a page
#define LIBEXEC_KIT_BOUNCE        0x2000u // views are buffers with red zones, written out by `view_end` (implies it)
#define LIBEXEC_KIT_ZERO_TAIL     0x4000u // sources with LIBEXEC_SOURCE_ZERO_TAIL
#define LIBEXEC_KIT_ZERO_POISON   0x8000u // the poison byte is 0: LIBEXEC_KIT_BOUNCE loses nothing, finds less

// Host flavours. An exec must come to the same image on all of them.
#define LIBEXEC_KIT_REQUIRED 0u
#define LIBEXEC_KIT_FULL                                                                                               \
    (LIBEXEC_KIT_OPEN | LIBEXEC_KIT_IMAGE_KNOWN | LIBEXEC_KIT_VIEW_END | LIBEXEC_KIT_MAP_MANY | LIBEXEC_KIT_SHARE |    \
     LIBEXEC_KIT_COPY_ON_WRITE | LIBEXEC_KIT_CACHED_VIEWS | LIBEXEC_KIT_STABLE | LIBEXEC_KIT_CONTROL_BLOCK |           \
     LIBEXEC_KIT_SEIZE | LIBEXEC_KIT_HOOKS | LIBEXEC_KIT_LONG_VIEWS)
#define LIBEXEC_KIT_FAULT                                                                                              \
    (LIBEXEC_KIT_OPEN | LIBEXEC_KIT_VIEW_END | LIBEXEC_KIT_MAP_MANY | LIBEXEC_KIT_FILL_AT_FAULT | LIBEXEC_KIT_SEIZE |  \
     LIBEXEC_KIT_HOOKS)

// One entry for each callback. The first ten can be made to fail.
enum libexec_kit_call {
    LIBEXEC_KIT_CALL_READ_AT,
    LIBEXEC_KIT_CALL_VIEW,
    LIBEXEC_KIT_CALL_USER_READ,
    LIBEXEC_KIT_CALL_OPEN,
    LIBEXEC_KIT_CALL_IMAGE_KNOWN,
    LIBEXEC_KIT_CALL_SPACE_CREATE,
    LIBEXEC_KIT_CALL_MAP,
    LIBEXEC_KIT_CALL_TRANSLATE,
    LIBEXEC_KIT_CALL_RANDOM,
    LIBEXEC_KIT_CALL_SEIZE,
    LIBEXEC_KIT_CALL_VIEW_RELEASE,
    LIBEXEC_KIT_CALL_CLOSE,
    LIBEXEC_KIT_CALL_VIEW_END,
    LIBEXEC_KIT_CALL_SPACE_DESTROY,
    LIBEXEC_KIT_CALL_CONTROL_BLOCK,
    LIBEXEC_KIT_CALL_CLOSE_ON_EXEC, // from here on the commit hooks, in their order
    LIBEXEC_KIT_CALL_RESET_SIGNALS,
    LIBEXEC_KIT_CALL_RESET_ALTERNATE_STACK,
    LIBEXEC_KIT_CALL_RESET_THREAD,
    LIBEXEC_KIT_CALL_RESET_TIMERS,
    LIBEXEC_KIT_CALL_SET_NAME,
    LIBEXEC_KIT_CALL_SET_CREDENTIALS,
    LIBEXEC_KIT_CALL_SET_MEMORY,
    LIBEXEC_KIT_CALL_INSTALL_SPACE,
    LIBEXEC_KIT_CALL_SET_THREAD_POINTER,
    LIBEXEC_KIT_CALL_SET_REGISTERS,
    LIBEXEC_KIT_CALL_WAKE_PARENT,
    LIBEXEC_KIT_CALL_RELEASE_OLD_SPACE,
    LIBEXEC_KIT_CALLS // how many there are
};
const char *libexec_kit_call_name(enum libexec_kit_call call);

// A line of the journal. `map_many` writes a MAP line for each operation, with `many` set in all but its first.
// Numbers only, no host pointers: entries of two runs can be compared.
struct libexec_kit_entry {
    enum libexec_kit_call call;
    int32_t result;  // what the callback answered
    uint32_t object; // number of the source or space, from 1
    uint32_t detail; // MAP: the backing; OPEN: the kind
    uint32_t many;
    uint32_t rights;  // MAP
    uint64_t address; // of memory, or the offset in a file
    uint64_t length;  // what was asked
    uint64_t done;    // what was given (TRANSLATE, READ_AT)
};

// What a contract allows at a time. The watched calls below set it; a test that calls the host's table itself says so.
enum libexec_kit_phase {
    LIBEXEC_KIT_IDLE = 0,
    LIBEXEC_KIT_PREPARING,
    LIBEXEC_KIT_PREPARED,
    LIBEXEC_KIT_COMMITTING,
    LIBEXEC_KIT_COMMITTED,
    LIBEXEC_KIT_ABANDONING
};

// How the host may break the contract on its own side, for tests of what the library then does.
enum libexec_kit_misdeed {
    LIBEXEC_KIT_WELL_BEHAVED = 0,
    LIBEXEC_KIT_EMPTY_VIEW,    // translate answers a length of 0
    LIBEXEC_KIT_OVERLONG_VIEW, // ... a page more than was asked
    LIBEXEC_KIT_UNEVEN_VIEW,   // ... a byte more
    LIBEXEC_KIT_NULL_VIEW,     // ... no bytes
    LIBEXEC_KIT_OVERLONG_READ, // read_at claims to have delivered more than was asked
    LIBEXEC_KIT_BARE_VIEW,     // a source's view answers 0 and lends nothing
    LIBEXEC_KIT_HOLLOW_SOURCE, // open answers a source without operations
    LIBEXEC_KIT_NEGATIVE_CODE  // failing calls answer a negative code
};

// Zero = default. Copied by libexec_kit_new.
struct libexec_kit_options {
    uint32_t features;
    uint8_t poison;             // 0: 0xA5, or 0 with LIBEXEC_KIT_ZERO_POISON
    uint8_t control_block_fill; // what `thread_control_block` writes; 0 leaves the block as an absent hook would
    uint16_t reserved;
    uint64_t seed;       // of `random`
    uint64_t view_limit; // bytes that a view has at most, inside pages too (against the contract); 0: no such limit
    const struct libexec_arch *arch;                       // NULL: libexec_kit_arch
    void (*violation)(void *context, const char *message); // called for each; NULL: only recorded
    // Called before each callback does its work; may edit files and the caller's memory. NULL: nothing.
    void (*before)(void *context, struct libexec_kit *kit, const struct libexec_kit_entry *entry);
    void *context; // of both
    enum libexec_kit_misdeed misdeed;
};

// x86-64 as Linux has it: what the port says, but for a thread control block of a page. For those who test without it.
extern const struct libexec_arch libexec_kit_arch;

struct libexec_kit *libexec_kit_new(const struct libexec_kit_options *options);
// `kit` may be NULL. Images captured from it live on.
void libexec_kit_free(struct libexec_kit *kit);

// The table the library is given. May be changed (members replaced, or set to NULL) until the exec starts. The context
// that every callback gets is the kit. A callback in the place of one of the kit's calls that one, too.
struct libexec_host *libexec_kit_host(struct libexec_kit *kit);

// What `image_known` answers; fill it before the exec starts. `code` other than 0 refuses the image.
struct libexec_image_answer *libexec_kit_answer(struct libexec_kit *kit);
void libexec_kit_refuse_image(struct libexec_kit *kit, int code);
void libexec_kit_refuse_seize(struct libexec_kit *kit, int code); // until called with 0

// `map` answers LIBEXEC_HOST_OCCUPIED where an operation touches the range.
void libexec_kit_occupy(struct libexec_kit *kit, libexec_address address, uint64_t length);

// ---- Files --------------------------------------------------------------------------------------------------------

#define LIBEXEC_KIT_FILE_UNREADABLE 0x1u // may be executed, not read

struct libexec_kit_file {
    const char *path;  // copied
    const void *bytes; // borrowed until the kit is freed; may be edited meanwhile
    uint64_t length;   // of `bytes`
    uint64_t size;     // of the file: zeros behind `bytes`; 0: `length`
    uint32_t flags;    // LIBEXEC_KIT_FILE_...
    int open_code;     // what `open` answers: EACCES for a directory or a missing x bit, ...; 0: it opens
    bool shrinks;      // the file is `shrunk_size` bytes long once it was read `shrinks_before` times
    uint32_t shrinks_before;
    uint64_t shrunk_size;
    int read_code; // reads that touch the byte at `read_code_at` answer this code
    uint64_t read_code_at;
    uint64_t short_reads; // read_at delivers at most this many bytes at once, against the contract; 0: as asked
};

// Adds a file, or replaces the one with the same path. `open` of any other path answers ENOENT.
void libexec_kit_add_file(struct libexec_kit *kit, const struct libexec_kit_file *file);

// Opens a file as the kernel would for exec by descriptor: a source for libexec_request. False where it is not there.
bool libexec_kit_source(struct libexec_kit *kit, const char *path, struct libexec_source *source);

// Closes such a source as its owner, where it is not given to prepare after all.
void libexec_kit_source_close(const struct libexec_source *source);

// ---- The caller's memory ------------------------------------------------------------------------------------------

// Maps the whole pages around the range, zeroed.
void libexec_kit_user_map(struct libexec_kit *kit, libexec_address address, uint64_t length);
void libexec_kit_user_unmap(struct libexec_kit *kit, libexec_address address, uint64_t length);
// Writes, and maps what is not mapped.
void libexec_kit_user_write(struct libexec_kit *kit, libexec_address address, const void *bytes, size_t length);
bool libexec_kit_user_read(struct libexec_kit *kit, libexec_address address, void *bytes, size_t length);
// A NULL-terminated vector of addresses at `address`.
void libexec_kit_user_vector(struct libexec_kit *kit, libexec_address address, const libexec_address *strings,
                             size_t count);

// A digest of the caller's memory and of all that the hooks change: equal before and after a failed exec.
uint64_t libexec_kit_caller_digest(const struct libexec_kit *kit);

// ---- The exec, watched --------------------------------------------------------------------------------------------

// As the library's functions of the same name. prepare fills in host, context and, where it is NULL, the architecture,
// and poisons the exec object before.
enum libexec_status libexec_kit_prepare(struct libexec_kit *kit, struct libexec_exec *exec,
                                        const struct libexec_request *request) LIBEXEC_SIZED(libexec_kit_prepare);
enum libexec_status libexec_kit_commit(struct libexec_kit *kit, struct libexec_exec *exec);
void libexec_kit_abandon(struct libexec_kit *kit, struct libexec_exec *exec);

// For tests that call the table themselves: says what is going on.
void libexec_kit_enter(struct libexec_kit *kit, enum libexec_kit_phase phase);

// Memory for hooks and callbacks of the test's own: a ledger item, and a violation inside a commit hook.
void *libexec_kit_allocate(struct libexec_kit *kit, size_t size);
void libexec_kit_release(struct libexec_kit *kit, void *memory);

// ---- Failing calls ------------------------------------------------------------------------------------------------

// Lets failable call number `number` (from 1, counted over all kinds) answer `code`; with `persistent` all later ones
// too. Number 0: none fails.
void libexec_kit_fail(struct libexec_kit *kit, uint32_t number, bool persistent, int code);
uint32_t libexec_kit_failable_calls(const struct libexec_kit *kit); // so far
// The kind of the first call that was made to fail; LIBEXEC_KIT_CALLS where none was yet.
enum libexec_kit_call libexec_kit_failed_call(const struct libexec_kit *kit);

// ---- What happened ------------------------------------------------------------------------------------------------

// How many breaches of the contract there were, and the sentence on one, valid until the kit is freed: the first 16 are
// kept, NULL beyond.
uint32_t libexec_kit_violations(const struct libexec_kit *kit);
const char *libexec_kit_violation(const struct libexec_kit *kit, uint32_t index);

// The lines so far, and how many; valid until the next callback.
uint32_t libexec_kit_journal(const struct libexec_kit *kit, const struct libexec_kit_entry **entries);
int libexec_kit_entry_text(const struct libexec_kit_entry *entry, char *text, size_t size); // as snprintf
void libexec_kit_journal_print(const struct libexec_kit *kit, FILE *file);
// The first entry that differs, UINT32_MAX where none does.
uint32_t libexec_kit_journal_difference(const struct libexec_kit *one, const struct libexec_kit *other);

// What is held now, and what it cost so far.
struct libexec_kit_ledger {
    uint32_t spaces;       // made and not destroyed, that of a committed exec not counted
    uint32_t sources;      // open
    uint32_t views;        // open (known only with `view_end`)
    uint32_t cached_views; // of files, open
    uint32_t allocations;  // of libexec_kit_allocate
    uint32_t reserved;
    uint64_t pages; // private pages of those spaces that exist
    // Since the kit was made:
    uint64_t calls;         // of all callbacks, commit hooks included
    uint64_t bytes_read;    // by read_at
    uint64_t bytes_viewed;  // by cached views
    uint64_t bytes_fetched; // by user_read
    uint64_t pages_made;    // private pages, ever
    uint64_t pages_shared;  // in SHARE, COPY_ON_WRITE and FAULT operations
};
struct libexec_kit_ledger libexec_kit_read_ledger(const struct libexec_kit *kit);
bool libexec_kit_ledger_empty(const struct libexec_kit *kit); // the first six are 0

// The process as commit left it.
struct libexec_kit_process {
    bool old_space_released;
    uint32_t hooks;             // how many ran
    struct libexec_start start; // as the hooks saw it; pointers in it are not kept
    char name[256];
    char path[256];
};
const struct libexec_kit_process *libexec_kit_read_process(const struct libexec_kit *kit);

// ---- Images -------------------------------------------------------------------------------------------------------

// Copies the image of a prepared exec: regions, pages (those filled at a fault through libexec_fault), rights, start,
// auxv. NULL, and a violation, where the map operations and libexec_exec_region do not tell the same.
struct libexec_kit_image *libexec_kit_capture(struct libexec_kit *kit, const struct libexec_exec *exec);
void libexec_kit_image_free(struct libexec_kit_image *image); // which may be NULL

// What these give is valid until the image is freed; `layout` and the names of the start point to copies.
const struct libexec_start *libexec_kit_image_start(const struct libexec_kit_image *image);
const struct libexec_layout *libexec_kit_image_layout(const struct libexec_kit_image *image);
const struct libexec_arguments_placed *libexec_kit_image_arguments(const struct libexec_kit_image *image);
// In ascending order of addresses.
uint32_t libexec_kit_image_regions(const struct libexec_kit_image *image, const struct libexec_region **regions);
uint32_t libexec_kit_image_auxv(const struct libexec_kit_image *image, const struct libexec_auxv **auxv);

// The region at `address`; NULL where there is none.
const struct libexec_region *libexec_kit_image_region(const struct libexec_kit_image *image, libexec_address address);

// Copies bytes of the image; false where some are not mapped.
bool libexec_kit_image_read(const struct libexec_kit_image *image, libexec_address address, void *bytes, size_t length);

// The page at `address` (rounded down): its bytes, or NULL for a page that holds zeros only (or is not mapped).
const uint8_t *libexec_kit_image_page(const struct libexec_kit_image *image, libexec_address address);

// Whether two images are the same bit for bit, in all that a program and a kernel can see. `why`, where not NULL, gets
// a sentence on the first difference.
bool libexec_kit_image_equal(const struct libexec_kit_image *one, const struct libexec_kit_image *other, char *why,
                             size_t size);
// The same, where `bounced` comes from a LIBEXEC_KIT_BOUNCE host with `poison`: where `one` holds the poison value,
// `bounced` may hold zero instead.
bool libexec_kit_image_equal_but(const struct libexec_kit_image *one, const struct libexec_kit_image *bounced,
                                 uint8_t poison, char *why, size_t size);

// The initial stack as a program reads it.
struct libexec_kit_stack {
    uint64_t argc;
    uint64_t envc;
    libexec_address *argv; // pointers, argc of them; then envp: envc
    libexec_address *envp;
    struct libexec_auxv *auxv; // AT_NULL included
    uint64_t auxv_count;
    libexec_address end; // first address behind AT_NULL
};
// False where it cannot be read: a pointer array or auxv runs off the stack, or argc does not fit.
bool libexec_kit_stack_read(const struct libexec_kit_image *image, struct libexec_kit_stack *stack);
void libexec_kit_stack_free(struct libexec_kit_stack *stack);

// The NUL-terminated string at `address`, copied to new memory that the caller gives to free(); NULL where it does not
// end in the image. `length`, where not NULL, gets its length without the NUL.
char *libexec_kit_image_string(const struct libexec_kit_image *image, libexec_address address, size_t *length);

// ---- ELF files ----------------------------------------------------------------------------------------------------

// A program header; all fields as in the file.
struct libexec_kit_program_header {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t address;
    uint64_t physical_address;
    uint64_t file_size;
    uint64_t memory_size;
    uint64_t alignment;
};

#define LIBEXEC_KIT_PT_NULL         0u
#define LIBEXEC_KIT_PT_LOAD         1u
#define LIBEXEC_KIT_PT_DYNAMIC      2u
#define LIBEXEC_KIT_PT_INTERP       3u
#define LIBEXEC_KIT_PT_NOTE         4u
#define LIBEXEC_KIT_PT_PHDR         6u
#define LIBEXEC_KIT_PT_TLS          7u
#define LIBEXEC_KIT_PT_GNU_STACK    0x6474e551u
#define LIBEXEC_KIT_PT_GNU_PROPERTY 0x6474e553u
#define LIBEXEC_KIT_PF_X            1u
#define LIBEXEC_KIT_PF_W            2u
#define LIBEXEC_KIT_PF_R            4u
#define LIBEXEC_KIT_ET_EXEC         2u
#define LIBEXEC_KIT_ET_DYN          3u

// An ELF file in the making. Any field may be forged: nothing is checked, and build writes what stands here.
struct libexec_kit_elf {
    uint8_t identification[16];
    uint16_t type;
    uint16_t machine;
    uint32_t version;
    uint64_t entry;
    uint64_t program_headers_offset; // e_phoff
    uint64_t section_headers_offset;
    uint32_t flags;
    uint16_t header_size;
    uint16_t program_header_size;  // e_phentsize; the table itself always has entries of 56 bytes
    uint16_t program_header_count; // e_phnum; set by every add
    uint16_t section_header_size;
    uint16_t section_header_count;
    uint16_t section_names_index;
    struct libexec_kit_program_header *headers; // `added` of them
    uint32_t added;
    uint64_t size;  // of the file
    uint8_t *bytes; // what lies between the headers
};

// A sensible x86-64 file header for ET_EXEC or ET_DYN; no program headers; `size` bytes, every one a value other than
// zero that depends on its offset, so that each byte of the file can be told from its neighbours.
void libexec_kit_elf_begin(struct libexec_kit_elf *elf, uint16_t type, uint64_t size);
// Adds a program header; returns its index. Pointers into `headers` are of no use any more.
uint32_t libexec_kit_elf_add(struct libexec_kit_elf *elf, struct libexec_kit_program_header header);
// Puts bytes into the file, those that lie inside its size; build may write over them.
void libexec_kit_elf_write(struct libexec_kit_elf *elf, uint64_t offset, const void *bytes, size_t length);
// Writes header and table over `bytes` (as far as they fit in `size`) and returns these; valid until end.
const uint8_t *libexec_kit_elf_build(struct libexec_kit_elf *elf);
void libexec_kit_elf_end(struct libexec_kit_elf *elf);

#ifdef __cplusplus
}
#endif
#endif
