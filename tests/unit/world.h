// SPDX-License-Identifier: MIT
// The driver of the unit tests: a scenario is set up once for each host flavour, run plainly on all of them (the
// images must be equal), and rerun with each failable call failing in turn. A failing case prints its id;
// `LIBEXEC_CASE=id` in the environment replays it alone and prints the journal.
#ifndef LIBEXEC_UNIT_WORLD_H
#define LIBEXEC_UNIT_WORLD_H

#include <libexec/kit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct world;
struct expected_stack;

// What a refusal must say. Members that are ANY are not looked at.
#define ANY UINT32_MAX
#define ANY64 UINT64_MAX

struct scenario {
    const char *name;
    void (*set_up)(struct world *world); // files, the caller's memory, the request; called for every run
    const void *data;                    // of set_up's own
    enum libexec_status status;          // LIBEXEC_OK: prepare and commit succeed
    int error;                           // libexec_report_errno
    enum libexec_stage stage;
    enum libexec_file file;
    uint32_t program_header; // ANY: the report names none
    uint64_t offset;         // ANY64: it names none
    uint32_t argument;       // ANY: not looked at
    bool after_space;        // the refusal may come after a space was made
    bool needs_open;         // the flavour of required members gets `open` as well
    bool plain_only;         // do not rerun with failing calls
    // For good ones: looks at the image on every flavour.
    void (*check)(struct world *world, const struct libexec_kit_image *image);
};

struct flavour {
    const char *name;
    uint32_t features;
    uint8_t poison;
    bool failing; // part of the reruns with failing calls
};

struct world {
    const struct scenario *scenario;
    const struct flavour *flavour;
    struct libexec_kit_options options; // of the kit; world_set_arch makes it anew
    struct libexec_kit *kit;
    struct libexec_request request;
    struct libexec_policy policy;
    struct libexec_source source;
    struct libexec_exec exec;
    char names[LIBEXEC_NAMES_MAX];
    char id[160];
};

// Runs it on all flavours, then with failing calls.
void run_scenario(const struct scenario *scenario);
// The same for many.
void run_scenarios(const struct scenario *scenarios, size_t count);

// For tests with a course of their own: a world on one flavour, after set_up; free it with world_end, which also
// asserts that the police is silent.
void world_begin(struct world *world, const struct scenario *scenario, const struct flavour *flavour);
void world_end(struct world *world);
// The same after world_image: frees the image and abandons the exec before.
void world_end_prepared(struct world *world, struct libexec_kit_image *image);
extern const struct flavour flavours[];
extern const size_t flavour_count;
extern const struct flavour *const flavour_required;
extern const struct flavour *const flavour_full;
extern const struct flavour *const flavour_fault;
extern const struct flavour *const flavour_bounce;
extern const struct flavour *const flavour_beside; // the address sanitizer sees what is read beside a view

// Fails the test, with the case's id and the journal.
__attribute__((format(printf, 2, 3), noreturn)) void world_fail(struct world *world, const char *format, ...);
#define EXPECT(world, condition)                                                                                       \
    ((condition) ? (void)0 : world_fail(world, "%s:%d: %s", __FILE__, __LINE__, #condition))
#define EXPECT_EQUAL(world, one, other)                                                                                \
    ((uint64_t)(one) == (uint64_t)(other)                                                                              \
         ? (void)0                                                                                                     \
         : world_fail(world, "%s:%d: %s is 0x%llx, %s is 0x%llx", __FILE__, __LINE__, #one, (unsigned long long)(one), \
                      #other, (unsigned long long)(other)))

enum libexec_status world_prepare(struct world *world);
// Prepares, asserts success, and captures.
struct libexec_kit_image *world_image(struct world *world);

// ---- Building blocks of set_up ------------------------------------------------------------------------------------

// Another architecture than the kit's own; before anything else is added.
void world_set_arch(struct world *world, const struct libexec_arch *arch);
// The architecture's.
uint64_t world_page_size(const struct world *world);
#define PAGE_MOST 0x10000u // the largest that the tests use

// Adds an ELF file built by libexec_kit_elf_build.
void world_file(struct world *world, const char *path, const struct libexec_kit_elf *elf);
void world_bytes(struct world *world, const char *path, const void *bytes, uint64_t length);
// The request executes `path`: by name, or as an opened source where the flavour has no `open`.
void world_execute(struct world *world, const char *path);
// Arguments from kernel memory; NULL-terminated vectors.
void world_arguments(struct world *world, const char *const *argv, const char *const *envp);

// The same from the caller's memory: strings one after the other from USER_STRINGS on, vectors at USER_VECTOR; what
// else is in those pages is full of 0xEE.
#define USER_VECTOR 0x20000000u
#define USER_STRINGS 0x21000000u
#define USER_PATH 0x22000000u
#define USER_FILL 0xee
void world_user_arguments(struct world *world, const char *const *argv, const char *const *envp);
// Writes one string surrounded by USER_FILL in its pages; returns the address behind its NUL.
libexec_address world_user_string(struct world *world, libexec_address address, const char *text);
void world_user_fill(struct world *world, libexec_address address, uint64_t length);

// ---- ELF files of everyday use ------------------------------------------------------------------------------------

#define PAGE 0x1000u
#define R LIBEXEC_KIT_PF_R
#define W LIBEXEC_KIT_PF_W
#define X LIBEXEC_KIT_PF_X

// PT_LOAD with p_align 0x1000.
struct libexec_kit_program_header load(uint32_t flags, uint64_t offset, uint64_t address, uint64_t file_size,
                                       uint64_t memory_size);
// A file of 0x3000 bytes with two segments: [0, 0x1200) r-x at `base`, [0x1200, 0x2800) rw- at base + 0x2200 with bss
// up to base + 0x6000. Its entry is base + 0x100.
void small_elf(struct libexec_kit_elf *elf, uint16_t type, uint64_t base);

// ---- Files that are refused, and files that are not ---------------------------------------------------------------

#define BASE 0x400000u
#define PROGRAM "/bin/program"

// A set_up whose `data` is the ELF file: PROGRAM with two arguments and one environment string.
void execute_elf(struct world *world);
// Where program header `index` stands in a file with the table at 64.
#define HEADER_AT(index) (64u + 56u * (index))

// Builds the file and runs it: refused with the status, errno and stage, at the program header and file offset (ANY,
// ANY64: the report names none). No space may have been made.
struct refusal {
    enum libexec_status status;
    int error;
    enum libexec_stage stage;
    uint32_t program_header;
    uint64_t offset;
};
void expect_refused(const char *name, struct libexec_kit_elf *elf, struct refusal refusal);
// Builds the file and runs it: the image must be as check_image says, and the stack as check_stack does.
void expect_loaded(const char *name, struct libexec_kit_elf *elf);
// As `check` of a scenario whose set_up is execute_elf.
void check_loaded(struct world *world, const struct libexec_kit_image *image);

// ---- Models -------------------------------------------------------------------------------------------------------

// Compares every page of the file's image, and its rights, with what the program headers say (segments.h).
void check_image(struct world *world, const struct libexec_kit_image *image, const struct libexec_kit_elf *elf,
                 uint64_t bias, enum libexec_file file);

struct expected_stack {
    uint64_t argc;
    const char *const *argv; // may be NULL: lengths and contents are not compared
    uint64_t envc;
    const char *const *envp;
    const char *path;                // AT_EXECFN
    const struct libexec_auxv *auxv; // entries whose value is to be compared, by type
    uint32_t auxv_count;
};

// Checks order, alignment, strings and auxv, and that every other byte of the stack is zero.
void check_stack(struct world *world, const struct libexec_kit_image *image, const struct expected_stack *expected);
uint64_t auxv_value(struct world *world, const struct libexec_kit_image *image, uint64_t type);
bool auxv_has(const struct libexec_kit_image *image, uint64_t type);

uint64_t image_word(struct world *world, const struct libexec_kit_image *image, libexec_address address);

// Runs a group of CMocka tests and prints how many execs were prepared for it.
#define RUN(tests) run_group(#tests, tests, sizeof(tests) / sizeof((tests)[0]))
int run_group(const char *name, const struct CMUnitTest *tests, size_t count);

#endif
