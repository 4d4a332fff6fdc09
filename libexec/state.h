// SPDX-License-Identifier: MIT
// The inside of the exec object: what the stages after the plan share. exec.c owns it; the stages fill their own part.
#ifndef LIBEXEC_STATE_H
#define LIBEXEC_STATE_H

#include "plan.h"

#include <libexec/exec.h>
#include <libexec/stack.h>

// Which of the two views that may be open at once; see space.c.
enum space_role { SPACE_VECTOR = 0, SPACE_STRINGS = 1 };

struct libexec_slot {
    uint64_t address;
    uint64_t length; // 0: no view is open
    uint8_t *bytes;
};

struct libexec_space {
    void *handle;
    struct libexec_slot slots[2];
    struct libexec_slot *roles[2]; // the view that each role has: both may have the same
};

// One of the two files. The program is the final one, after scripts; both are closed before the first commit hook.
struct libexec_image_file {
    struct libexec_source source;
    uint64_t bias;
    struct libexec_plan *plan;
    enum libexec_file kind;
};

enum { FILE_PROGRAM = 0, FILE_INTERPRETER = 1 };

// One `#!` line that was followed: its words in the names memory.
struct libexec_script_words {
    uint16_t path;
    uint16_t argument; // 0: none
};

// The parts of an image that follow its files, each from one edge to the next: of the TLS block, with the lent pages
// inside it, of the guard, and of the stack right above it. Edges of what is not there are 0.
enum { PART_TLS_HEAD, PART_TLS_LENT, PART_TLS_REST, PART_BETWEEN, PART_GUARD, PART_STACK, PART_COUNT };

struct libexec_state;

// Copying the arguments. The strings go up from `cursor`. Bytes of the caller's may stand there already, up to
// `fetched_end`: a user address less `to_user` (it wraps) is the place that the byte has on the new stack.
struct libexec_copy {
    struct libexec_state *state; // that this is a part of
    uint64_t limit;              // strings end here at the latest; before the first one, what may still be charged
    uint64_t cursor;             // where the next string goes
    uint64_t slot;               // where the next pointer goes, or stands whose string is next
    uint64_t to_user;
    uint64_t fetched_end;
    const uint8_t *fetched; // where the view has what was fetched for the cursor, or for the slot while pointers are
    uint64_t dirty_end;     // pointers or strings were fetched up to here, perhaps with surplus of the caller's memory
    uint64_t last[2];       // the last pointers of argv and envp: where strings follow one another, the highest
    uint64_t given;         // arguments of the caller's; where there are none an empty argv[0] is made
    const struct libexec_strings *list; // that the next string comes from; NULL: from the caller's memory
    uint32_t index;                     // of that string
    uint32_t vector;                    // 0: the strings are those of argv, 1: of envp
    struct libexec_arguments_placed placed;
    uint64_t vector_end; // behind the NULL of envp
    uint64_t tail;       // bytes that follow the vectors: auxiliary vector, random bytes, platform string
};

#define LIBEXEC_BATCH 12

// What is used most lies in the first 128 bytes, where x86-64 instructions reach it with one byte.
struct libexec_state {
    struct libexec_report report; // first: its address is the object's
    const struct libexec_host *host;
    void *context;
    const struct libexec_arch *arch;
    uint8_t stage; // one of the EXEC_... values of exec.c
    bool has_interpreter;
    uint8_t script_depth;
    uint8_t source_flags; // of all files of the image
    uint8_t stack_rights;
    bool space_made;
    uint8_t pending; // map operations collected for map_many
    bool must_fill;  // some pages were mapped for the library to write
    struct libexec_bounds bounds;
    struct libexec_policy policy;
    struct libexec_space space;
    const struct libexec_request *request; // only looked at until prepare returns
    struct libexec_report own;             // the first refusal that Linux would not have made; see plan.h

    // Names: the path as named, and the words of `#!` lines.
    const char *path;
    uint64_t path_length; // known once it was stored on the stack
    char *names;
    uint32_t names_size;
    uint32_t names_used;
    struct libexec_script_words scripts[LIBEXEC_SCRIPT_DEPTH_MAX + 1];

    struct libexec_image_file files[2]; // FILE_PROGRAM, FILE_INTERPRETER
    struct libexec_image_answer answer;
    uint64_t edges[PART_COUNT + 1];

    // Not cleared at the start; each stage sets what is its own.
    struct libexec_layout layout;
    struct libexec_plan plans[2];
    struct {
        uint8_t auxv[16];  // AT_RANDOM's bytes
        uint64_t words[4]; // mmap, PIE, stack, brk
    } random;
    struct libexec_copy copy;
    struct libexec_auxv *auxv_random; // AT_RANDOM's entry, see auxv.h
    uint32_t auxv_built;
    uint32_t reserved;

    // Each in its turn: header bytes while plans are made, map operations while the image is loaded, then the auxiliary
    // vector.
    union {
        uint8_t header[LIBEXEC_CONFIG_HEADER_BYTES];
        struct libexec_map operations[LIBEXEC_BATCH];
        struct libexec_auxv auxv[LIBEXEC_AUXV_MAX];
    } scratch;
    char own_names[LIBEXEC_CONFIG_NAME_BYTES];
};

// Never true in the configuration for static programs, so that compilers drop what only interpreters need.
static inline bool libexec_has_interpreter(const struct libexec_state *state) {
    return !LIBEXEC_CONFIG_STATIC_ONLY && state->has_interpreter;
}

// The files of the image: the first ones of state->files.
static inline uint32_t libexec_file_count(const struct libexec_state *state) {
    return libexec_has_interpreter(state) ? 2 : 1;
}

// `#!` lines followed: none in that configuration.
static inline uint32_t libexec_script_count(const struct libexec_state *state) {
    return LIBEXEC_CONFIG_STATIC_ONLY ? 0 : state->script_depth;
}

#endif
