// SPDX-License-Identifier: MIT
// What the parts of the test kit share: sparse memory, files, spaces, and the police.
#ifndef LIBEXEC_KIT_INTERNAL_H
#define LIBEXEC_KIT_INTERNAL_H

#include <libexec/kit.h>

// Under the memory sanitizer memory that the library may not read yet is told as what it is: not initialised.
#if defined(__has_feature)
#if __has_feature(memory_sanitizer)
#include <sanitizer/msan_interface.h>
#define KIT_UNWRITTEN(bytes, length) __msan_allocated_memory(bytes, length)
#define KIT_UNCHECKED __attribute__((no_sanitize("memory"))) // the police may look at everything
#endif
#endif
#ifndef KIT_UNWRITTEN
#define KIT_UNWRITTEN(bytes, length) ((void)(bytes), (void)(length))
#define KIT_UNCHECKED
#endif

// Under the address sanitizer, memory beside a view must not be looked at either.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KIT_FORBIDS
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(KIT_FORBIDS)
#include <sanitizer/asan_interface.h>
#define KIT_FORBIDDEN(bytes, length) __asan_poison_memory_region(bytes, length)
#define KIT_ALLOWED(bytes, length) __asan_unpoison_memory_region(bytes, length)
#else
#define KIT_FORBIDDEN(bytes, length) ((void)(bytes), (void)(length))
#define KIT_ALLOWED(bytes, length) ((void)(bytes), (void)(length))
#endif

// malloc, calloc and realloc that abort where memory runs out.
void *kit_memory(size_t size);
void *kit_zeroed(size_t size);
void *kit_grown(void *memory, size_t size);

// ---- Sparse memory: pages by address, in chunks of 16 consecutive ones with red zones around each chunk ----------

#define KIT_CHUNK_PAGES 16u
#define KIT_RED_ZONE 64u

struct kit_chunk {
    uint64_t number;   // address / chunk size
    uint8_t *memory;   // red zone, pages, red zone; NULL marks an empty slot
    uint32_t present;  // a bit for each page
};

struct kit_sparse {
    uint32_t page_size;
    uint32_t used;
    uint32_t slots; // a power of two, or 0
    uint64_t pages; // present ones
    struct kit_chunk *chunks;
};

void kit_sparse_begin(struct kit_sparse *sparse, uint32_t page_size);
void kit_sparse_end(struct kit_sparse *sparse);
// The byte at `address`, or NULL where its page is not present. The rest of the page follows it.
uint8_t *kit_sparse_find(const struct kit_sparse *sparse, uint64_t address);
// The same; an absent page is made, full of `fill`. `*made` tells.
uint8_t *kit_sparse_make(struct kit_sparse *sparse, uint64_t address, uint8_t fill, bool *made);
void kit_sparse_drop(struct kit_sparse *sparse, uint64_t address);
bool kit_sparse_intact(const struct kit_sparse *sparse); // the red zones
// Page `index` in no particular order, for walks: false at the end; `*cursor` starts at 0.
bool kit_sparse_walk(const struct kit_sparse *sparse, uint64_t *cursor, uint64_t *address, uint8_t **bytes);
uint64_t kit_digest(uint64_t digest, const void *bytes, size_t length); // FNV-1a
#define KIT_DIGEST_START 0xcbf29ce484222325u

// ---- Files --------------------------------------------------------------------------------------------------------

struct kit_file {
    struct libexec_kit_file stated;
    char *path;
    uint32_t reads;
    bool replaced; // by another of the same path; kept for those who have it open
    struct kit_file *next;
};

// What the context of a source points at; lives until the kit is freed, so that a late call can be told.
struct kit_opened {
    struct libexec_kit *kit;
    struct kit_file *file;
    uint32_t number;
    bool closed;
    bool by_library; // the library must close it
    uint8_t *view;   // the cached view lent, or NULL
    uint64_t view_offset;
    size_t view_length;
    struct kit_opened *next;
};

int kit_file_open(struct libexec_kit *kit, const char *path, bool by_library, struct libexec_source *source);
struct kit_opened *kit_opened_of(const struct libexec_kit *kit, const struct libexec_source *source); // NULL: not ours
// Bytes of the file as it is now, for pages that a mapping shows; false past its end.
void kit_file_page(const struct kit_file *file, uint64_t offset, uint8_t *bytes, size_t length);
uint64_t kit_file_size(const struct kit_file *file);
void kit_files_end(struct libexec_kit *kit);

// ---- Spaces -------------------------------------------------------------------------------------------------------

struct kit_operation {
    struct libexec_map map;
    struct kit_file *file;
    uint64_t viewed; // bytes that views covered
};

struct kit_view {
    bool open;
    bool broken; // what was answered breaks the contract: no view, and not to be ended
    uint64_t address;
    uint64_t length;
    uint8_t *bytes;
    uint8_t *buffer;  // LIBEXEC_KIT_BOUNCE: red zone, bytes, red zone, and the bytes as they were handed out
    uint32_t before_length, after_length;
    uint8_t before[KIT_RED_ZONE]; // otherwise: what stood around it in its pages
    uint8_t after[KIT_RED_ZONE];
};

#define KIT_VIEWS 2u

struct kit_space {
    struct libexec_kit *kit;
    uint32_t number;
    bool destroyed;
    bool installed;
    struct kit_sparse pages;
    struct kit_sparse shadow; // LIBEXEC_KIT_BOUNCE: 1 for each byte written
    struct kit_operation *operations;
    uint32_t operation_count;
    uint32_t operation_room;
    struct kit_view views[KIT_VIEWS];
    struct kit_space *next;
};

struct kit_operation *kit_operation_at(const struct kit_space *space, uint64_t address);

// ---- The kit ------------------------------------------------------------------------------------------------------

#define KIT_MESSAGES 16u

struct libexec_kit {
    struct libexec_kit_options options;
    const struct libexec_arch *arch;
    struct libexec_host host;
    struct libexec_image_answer answer;
    int image_code;
    int seize_code;
    enum libexec_kit_phase phase;
    uint64_t user_low, user_high; // of the request's policy, or the architecture's
    uint64_t random_state;

    struct kit_file *files;
    struct kit_opened *opened;
    uint32_t opened_count;
    struct kit_space *spaces;
    uint32_t space_count;
    struct kit_sparse user;
    struct libexec_range *occupied;
    uint32_t occupied_count;

    uint32_t fail_number;
    bool fail_persistent;
    int fail_code;
    uint32_t failable_calls;
    enum libexec_kit_call failed_call;
    bool failing; // a callback has failed in this exec: only undoing is allowed

    uint64_t control_told; // bytes of the thread control block that the host was shown in this exec
    uint64_t control_end;
    bool image_asked;
    bool seized;
    uint32_t hooks_run; // bits, of the running commit
    struct libexec_kit_process process;

    struct libexec_kit_ledger ledger;
    struct libexec_kit_entry *journal;
    uint32_t journal_count;
    uint32_t journal_room;
    uint32_t violations;
    char messages[KIT_MESSAGES][320];
};

__attribute__((format(printf, 2, 3))) void kit_violation(struct libexec_kit *kit, const char *format, ...);

// Calls the option `before`, then begins a line of the journal; it may be completed until the next call.
struct libexec_kit_entry *kit_enter(struct libexec_kit *kit, struct libexec_kit_entry entry);
// Whether this failable call shall fail: the code, or 0.
int kit_injected(struct libexec_kit *kit, enum libexec_kit_call call);
// Notes a failure of the host's, by injection or not; returns the code.
int kit_failed(struct libexec_kit *kit, int code);
// A call of prepare's: in the right phase, and not after a failure.
void kit_expect_preparing(struct libexec_kit *kit, const char *call);

void kit_host_fill(struct libexec_kit *kit);
void kit_commit_fill(struct libexec_kit *kit);
void kit_view_close(struct libexec_kit *kit, struct kit_space *space, struct kit_view *view);
void kit_space_close_views(struct libexec_kit *kit, struct kit_space *space);
void kit_spaces_end(struct libexec_kit *kit);

#endif
