// SPDX-License-Identifier: MIT
// Runs every case of the benchmark and prints one line for each: tab-separated, "key=value" after the first word.
// tools/bench.sh runs it twice: plainly, where every image is checked and the stack is measured, and under callgrind,
// which makes one dump a case.

#include "check.h"
#include "host_table.h"
#include "loaders.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

enum { STACK_BYTES = 64 << 10, PAINT = 0x5c, REGIONS_MAX = 64, FAULTS_MAX = 8192 };

struct program {
    const char *name; // in the tables
    const char *path; // inside the fake kernel
    bool generated;
    bool interpreted;
};

static const struct program PROGRAMS[] = {
    {"one", "/bin/one", true, false},
    {"small", "/bin/small", true, false},
    {"text", "/bin/text", true, false},
    {"text-pie", "/bin/text-pie", true, false},
    {"debug", "/bin/debug", true, false},
    {"bss", "/bin/bss", true, false},
    {"tls", "/bin/tls", true, false},
    {"busybox", "/bin/busybox", false, false},
    {"bash-static", "/bin/bash-static", false, false},
    {"ldconfig", "/sbin/ldconfig", false, false},
    {"gdb", "/usr/bin/gdb", false, true},
};
enum { PROGRAM_COUNT = sizeof PROGRAMS / sizeof *PROGRAMS };

enum loader { EVERY, COW, REQUIRED, FLOOR_1, FLOOR_2, FLOOR_3, NAIVE, LOADERS };
static const char *const LOADER_NAMES[LOADERS] = {"every",     "cow",        "required", "floor-eager",
                                                  "floor-cow", "floor-lazy", "naive"};
static const bool COUNT_INSTRUCTIONS[LOADERS] = {true, true, true, false, true, true, true};

static const char INTERPRETER[] = "/lib64/ld-linux-x86-64.so.2";

static bool under_callgrind;
static bool all_right = true;
static struct libexec_exec exec_object;
static _Alignas(16) uint8_t library_stack[STACK_BYTES];

// ---- the measured calls ---------------------------------------------------------------------------------------------

static void start_counting(void) {
    memset(&counters, 0, sizeof counters);
    pool_reset();
    host_random_reset();
    CALLGRIND_ZERO_STATS;
}

static void dump_instructions(const char *label) {
    if (under_callgrind) {
        CALLGRIND_DUMP_STATS_AT(label);
    }
}

// Thin, so that stack_run has functions of one type.
static uint64_t call_prepare(void *exec, const void *request) {
    return (uint64_t)libexec_prepare(exec, request);
}

static uint64_t call_commit(void *exec, const void *nothing) {
    (void)nothing;
    return (uint64_t)libexec_commit(exec);
}

static uint64_t painted_run(uint64_t (*function)(void *, const void *), const void *second, uint64_t *high_water) {
    memset(library_stack, PAINT, sizeof library_stack);
    const uint64_t result = stack_run(function, &exec_object, second, library_stack + sizeof library_stack);
    size_t untouched = 0;
    while (untouched < sizeof library_stack && library_stack[untouched] == PAINT) {
        untouched++;
    }
    const uint64_t used = sizeof library_stack - untouched;
    *high_water = used > *high_water ? used : *high_water;
    return result;
}

static void make_request(struct libexec_request *request, enum host_flavour flavour, const struct program *program,
                         const struct arguments *arguments, bool stack_apart) {
    static const struct libexec_policy roomy = {.stack_size =
                                                    16 << 20}; // 20,000 strings are more than 8 MiB of stack allow
    static const struct libexec_arch arch = {.machine = 62,
                                             .data = 1,
                                             .thread_pointer_word = 1,
                                             .page_size = PAGE_SIZE,
                                             .user_low = 65536,
                                             .user_high = 0x7ffffffff000,
                                             .large_page_size = 2 << 20,
                                             .mmap_entropy_pages = 0xfffffff,
                                             .stack_entropy_pages = 0x3fffff,
                                             .brk_entropy = 1 << 30,
                                             .thread_control_block_size = 64,
                                             .thread_control_block_alignment = 64,
                                             .platform = "x86_64"};
    static struct libexec_source source;
    memset(request, 0, sizeof *request);
    request->host = host_table(flavour, flavour != HOST_REQUIRED || program->interpreted, stack_apart);
    request->arch = &arch;
    request->policy = arguments->string_bytes > 2000000 ? &roomy : NULL;
    request->path = program->path;
    if (flavour == HOST_REQUIRED) {
        host_source(&source, file_open(program->path), flavour, stack_apart);
        request->source = &source;
    }
    request->arguments.from = LIBEXEC_ARGUMENTS_USER;
    request->arguments.user_argv = arguments->argv;
    request->arguments.user_envp = arguments->envp;
}

static void describe_start(struct started *started, const struct program *program) {
    const struct libexec_layout *const layout = libexec_exec_layout(&exec_object);
    struct libexec_start start;
    libexec_exec_start(&exec_object, &start);
    const uint64_t tls_high = layout->tls.address + layout->tls.length;
    *started = (struct started){.program = file_open(program->path),
                                .interpreter = program->interpreted ? file_open(INTERPRETER) : NULL,
                                .program_bias = layout->program_bias,
                                .interpreter_bias = layout->interpreter_bias,
                                .entry = start.entry,
                                .stack_pointer = start.stack_pointer,
                                .stack_low = layout->stack.address,
                                .stack_high = layout->stack.address + layout->stack.length,
                                .thread_pointer = start.thread_pointer,
                                .tls_low = layout->tls.address,
                                .tls_high = tls_high};
}

// ---- regions and faults ---------------------------------------------------------------------------------------------

struct regions {
    struct libexec_region all[REGIONS_MAX];
    uint32_t count;
    enum host_flavour flavour;
    struct libexec_source sources[3]; // by libexec_file
};

static int compare_regions(const void *one, const void *other) {
    const struct libexec_region *const a = one;
    const struct libexec_region *const b = other;
    return a->address < b->address ? -1 : a->address > b->address;
}

static void take_regions(struct regions *regions, enum host_flavour flavour, const struct started *started) {
    regions->count = 0;
    while (regions->count < REGIONS_MAX &&
           libexec_exec_region(&exec_object, regions->count, &regions->all[regions->count])) {
        regions->count++;
    }
    qsort(regions->all, regions->count, sizeof regions->all[0], compare_regions);
    host_source(&regions->sources[LIBEXEC_FILE_PROGRAM], started->program, flavour, false);
    if (started->interpreter != NULL) {
        host_source(&regions->sources[LIBEXEC_FILE_INTERPRETER], started->interpreter, flavour, false);
    }
}

static uint32_t fault_from_regions(void *context, uint64_t page, uint8_t bytes[PAGE_SIZE]) {
    const struct regions *const regions = context;
    struct libexec_fault_page answer;
    if (!libexec_fault(regions->all, regions->count, PAGE_SIZE, PAGE_SIZE, page, &answer)) {
        return UINT32_MAX;
    }
    if (answer.address != page || answer.length != PAGE_SIZE ||
        libexec_fault_fill(&answer, &regions->sources[answer.region->file], bytes) != LIBEXEC_OK) {
        return UINT32_MAX;
    }
    return answer.region->rights;
}

// The pages of one kind, each the first of its window of `around` bytes.
struct fault_list {
    uint64_t pages[FAULTS_MAX];
    uint32_t count;
    uint64_t covered; // pages that the answers cover
};

static bool may_fault(const struct libexec_region *region) {
    return region->kind == LIBEXEC_REGION_PROGRAM || region->kind == LIBEXEC_REGION_INTERPRETER ||
           region->kind == LIBEXEC_REGION_BSS;
}

static void answer(const struct regions *regions, uint64_t around, uint64_t page, struct libexec_fault_page *found) {
    if (!libexec_fault(regions->all, regions->count, PAGE_SIZE, around, page, found)) {
        fputs("bench: no answer to a fault inside a region\n", stderr);
        exit(1);
    }
}

static void list_faults(const struct regions *regions, bool shareable, uint64_t around, struct fault_list *list) {
    list->count = 0;
    list->covered = 0;
    for (uint32_t i = 0; i < regions->count; i++) {
        const struct libexec_region *const region = &regions->all[i];
        struct libexec_fault_page found;
        for (uint64_t page = region->address; may_fault(region) && page < region->address + region->length;
             page = found.address + found.length) {
            answer(regions, around, page, &found);
            if (found.shareable == shareable && list->count < FAULTS_MAX) {
                list->pages[list->count++] = page;
                list->covered += found.length / PAGE_SIZE;
            }
        }
    }
}

// What the kernel does with a page that may be borrowed is its own; the others are filled by the library.
static void answer_faults(const struct regions *regions, uint64_t around, const struct fault_list *list) {
    static uint8_t bytes[16 * PAGE_SIZE];
    for (uint32_t i = 0; i < list->count; i++) {
        struct libexec_fault_page found;
        answer(regions, around, list->pages[i], &found);
        if (!found.shareable &&
            libexec_fault_fill(&found, &regions->sources[found.region->file], bytes) != LIBEXEC_OK) {
            fputs("bench: a page cannot be filled\n", stderr);
            exit(1);
        }
    }
}

static uint64_t source_calls(void) {
    return counters.calls[CALL_READ] + counters.calls[CALL_FILE_VIEW] + counters.calls[CALL_FILE_VIEW_RELEASE];
}

static void measure_faults(const struct regions *regions, const struct program *program) {
    static const struct {
        const char *name;
        bool shareable;
        uint64_t around;
    } kinds[] = {{"borrowed", true, PAGE_SIZE}, {"filled", false, PAGE_SIZE}, {"borrowed-16", true, 16 * PAGE_SIZE}};
    static struct fault_list list;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char label[128];
        snprintf(label, sizeof label, "fault %s %s", program->name, kinds[i].name);
        list_faults(regions, kinds[i].shareable, kinds[i].around, &list);
        memset(&counters, 0, sizeof counters);
        CALLGRIND_ZERO_STATS;
        answer_faults(regions, kinds[i].around, &list);
        const uint64_t calls = source_calls();
        dump_instructions(label);
        printf("fault\tprogram=%s\tkind=%s\tpages=%llu\tfaults=%u\tcalls=%llu\tregions=%u\n", program->name,
               kinds[i].name, (unsigned long long)list.covered, list.count, (unsigned long long)calls, regions->count);
    }
}

static void measure_floor_faults(const struct space *space, const struct program *program) {
    static const uint64_t arounds[] = {PAGE_SIZE, 16 * PAGE_SIZE};
    for (size_t i = 0; i < 2; i++) {
        char label[128];
        snprintf(label, sizeof label, "floor-fault %s %u", program->name, (unsigned)(arounds[i] / PAGE_SIZE));
        memset(&counters, 0, sizeof counters);
        CALLGRIND_ZERO_STATS;
        for (size_t j = 0; j < space->mapping_count; j++) {
            const struct mapping *const mapping = &space->mappings[j];
            for (uint64_t page = mapping->address;
                 mapping->file != NULL && page < mapping->address + mapping->length;) {
                floor_fault(space->mappings, space->mapping_count, page, arounds[i]);
                page = (page / arounds[i] + 1) * arounds[i];
            }
        }
        dump_instructions(label);
        printf("floor-fault\tprogram=%s\taround=%u\tfaults=%llu\n", program->name, (unsigned)(arounds[i] / PAGE_SIZE),
               (unsigned long long)counters.calls[CALL_FAULT]);
    }
}

// How many whole 2 MiB pages of the file's read-only segments could be mapped as such, and how many there are.
static void measure_large_pages(const struct regions *regions, const struct program *program, uint64_t alignment) {
    const uint64_t large = 2 << 20;
    uint64_t possible = 0;
    uint64_t mappable = 0;
    for (uint32_t i = 0; i < regions->count; i++) {
        const struct libexec_region *const region = &regions->all[i];
        const uint64_t first = (region->address + large - 1) / large * large;
        const bool congruent = region->address % large == region->file_offset % large;
        if (region->file_length == 0 || (region->rights & LIBEXEC_RIGHT_WRITE) != 0) {
            continue;
        }
        const uint64_t first_in_file = (region->file_offset + large - 1) / large * large;
        const uint64_t file_end = region->file_offset + region->file_length;
        possible += first_in_file < file_end ? (file_end - first_in_file) / large : 0;
        const uint64_t end = region->address + region->length;
        mappable += congruent && first < end ? (end - first) / large : 0;
    }
    printf("large-pages\tprogram=%s\talignment=%llu\tpossible=%llu\tmappable=%llu\n", program->name,
           (unsigned long long)alignment, (unsigned long long)possible, (unsigned long long)mappable);
}

// ---- a case ---------------------------------------------------------------------------------------------------------

struct outcome {
    struct counters counters;
    struct space_totals totals;
    uint64_t stack;
};

static void print_outcome(enum loader loader, const struct program *program, const struct arguments *arguments,
                          const struct outcome *outcome) {
    static const char *const names[CALL_KINDS] = {
        "open",          "read",  "file_view", "file_view_release", "close",    "image_known",
        "space",         "map",   "map_many",  "translate",         "view_end", "user",
        "control_block", "fault", "random",    "heap_calls",        "hooks",    "destroy"};
    printf("case\tloader=%s\tprogram=%s\targuments=%s", LOADER_NAMES[loader], program->name, arguments->name);
    uint64_t sum = 0;
    for (unsigned i = 0; i < CALL_KINDS; i++) {
        printf("\t%s=%llu", names[i], (unsigned long long)outcome->counters.calls[i]);
        sum += i < CALL_COUNTED ? outcome->counters.calls[i] : 0;
    }
    printf(
        "\tcallbacks=%llu\toperations=%llu\tcopied=%llu\tzeroed=%llu\theap=%llu\tprivate=%llu\tshared=%llu\topened=%llu"
        "\ttables=%llu\tstack=%llu\tstrings=%llu\tvectors=%llu\n",
        (unsigned long long)sum, (unsigned long long)outcome->counters.operations,
        (unsigned long long)outcome->counters.copied, (unsigned long long)outcome->counters.zeroed,
        (unsigned long long)outcome->counters.heap, (unsigned long long)outcome->totals.private_pages,
        (unsigned long long)outcome->totals.shared_pages, (unsigned long long)outcome->totals.opened_pages,
        (unsigned long long)outcome->totals.table_pages, (unsigned long long)outcome->stack,
        (unsigned long long)arguments->string_bytes,
        (unsigned long long)(arguments->argc + arguments->envc + 2) * sizeof(uint64_t));
}

static void label_case(char label[256], enum loader loader, const struct program *program,
                       const struct arguments *arguments) {
    snprintf(label, 256, "case %s %s %s", LOADER_NAMES[loader], program->name, arguments->name);
}

static void complain(const struct program *program, const char *call) {
    const struct libexec_report *const report = libexec_exec_report(&exec_object);
    fprintf(stderr, "bench: %s of %s: %s (%s)\n", call, program->name, libexec_status_name(report->status),
            report->clause != NULL ? report->clause : libexec_status_text(report->status));
    all_right = false;
}

static struct space *space_of_exec(void) {
    struct libexec_start start;
    libexec_exec_start(&exec_object, &start);
    return start.space;
}

static void check_and_count(const struct image_under_check *check, struct outcome *outcome) {
    outcome->counters = counters;
    space_count(check->space, &outcome->totals);
    if (!under_callgrind && !check_image(check)) {
        all_right = false;
    }
}

static void run_library(enum loader loader, const struct program *program, const struct arguments *arguments) {
    const enum host_flavour flavour = loader == EVERY ? HOST_EVERY : loader == COW ? HOST_COW : HOST_REQUIRED;
    static struct regions regions;
    struct libexec_request request;
    struct outcome outcome = {0};
    struct started started;
    char label[256];
    label_case(label, loader, program, arguments);
    make_request(&request, flavour, program, arguments, !under_callgrind);
    start_counting();
    const uint64_t status =
        under_callgrind ? call_prepare(&exec_object, &request) : painted_run(call_prepare, &request, &outcome.stack);
    if (status != LIBEXEC_OK) {
        complain(program, "prepare");
        return;
    }
    const struct counters after_prepare = counters;
    if (!under_callgrind) {
        describe_start(&started, program);
        take_regions(&regions, flavour, &started);
        const struct image_under_check check = {.space = space_of_exec(),
                                                .started = &started,
                                                .arguments = arguments,
                                                .path = program->path,
                                                .argc = arguments->argc > 0 ? arguments->argc : 1,
                                                .fault = fault_from_regions,
                                                .fault_context = &regions};
        check_and_count(&check, &outcome);
        counters = after_prepare;
    }
    const uint64_t committed =
        under_callgrind ? call_commit(&exec_object, NULL) : painted_run(call_commit, NULL, &outcome.stack);
    dump_instructions(label);
    outcome.counters = counters;
    if (committed != LIBEXEC_OK || views_open != 0) {
        complain(program, "commit");
    }
    print_outcome(loader, program, arguments, &outcome);
}

static void run_other(enum loader loader, const struct program *program, const struct arguments *arguments) {
    static const enum floor_kind kinds[] = {FLOOR_EAGER, FLOOR_COW, FLOOR_LAZY};
    struct outcome outcome = {0};
    struct started started;
    char label[256];
    label_case(label, loader, program, arguments);
    view_limit = loader == NAIVE ? 1 : 16;
    start_counting();
    if (loader == NAIVE) {
        naive_exec(program->path, arguments, &started);
    } else {
        floor_exec(kinds[loader - FLOOR_1], program->path, arguments, &started);
    }
    dump_instructions(label);
    struct space *const space = space_current();
    const struct image_under_check check = {.space = space,
                                            .started = &started,
                                            .arguments = arguments,
                                            .path = program->path,
                                            .argc = arguments->argc,
                                            .fault = fault_from_mapping,
                                            .fault_context = space};
    check_and_count(&check, &outcome);
    print_outcome(loader, program, arguments, &outcome);
    if (loader == FLOOR_3 && !program->generated && strcmp(arguments->name, "small") == 0) {
        measure_floor_faults(space, program);
    }
}

static void run_case(enum loader loader, const struct program *program, enum argument_set set) {
    if (under_callgrind && !COUNT_INSTRUCTIONS[loader]) {
        return;
    }
    const struct arguments *const arguments = arguments_make(set);
    if (loader <= REQUIRED) {
        run_library(loader, program, arguments);
    } else {
        run_other(loader, program, arguments);
    }
}

static void run_faults(const struct program *program) {
    static struct regions regions;
    struct libexec_request request;
    struct started started;
    make_request(&request, HOST_EVERY, program, arguments_make(ARGUMENTS_SMALL), false);
    start_counting();
    if (call_prepare(&exec_object, &request) != LIBEXEC_OK) {
        complain(program, "prepare");
        return;
    }
    describe_start(&started, program);
    take_regions(&regions, HOST_EVERY, &started);
    const uint64_t alignment = libexec_exec_plan(&exec_object, LIBEXEC_FILE_PROGRAM)->alignment;
    libexec_abandon(&exec_object);
    if (!program->generated) {
        measure_faults(&regions, program);
    }
    measure_large_pages(&regions, program, alignment);
}

// ---- the check itself -----------------------------------------------------------------------------------------------

static void expect_refusal(struct image_under_check *check, uint8_t *byte, const char *what) {
    *byte ^= 1;
    if (check_image(check)) {
        fprintf(stderr, "bench: the check does not see %s\n", what);
        all_right = false;
    }
    *byte ^= 1;
}

// A check that cannot fail proves nothing: one flipped bit in each part of a good image must be seen.
static void check_the_check(void) {
    struct started started;
    const struct program *const program = &PROGRAMS[6]; // with a TLS block
    start_counting();
    view_limit = 16;
    floor_exec(FLOOR_EAGER, program->path, arguments_make(ARGUMENTS_SMALL), &started);
    struct space *const space = space_current();
    struct image_under_check check = {.space = space,
                                      .started = &started,
                                      .arguments = arguments_make(ARGUMENTS_SMALL),
                                      .path = program->path,
                                      .argc = 3,
                                      .fault = fault_from_mapping,
                                      .fault_context = space,
                                      .silent = true};
    uint64_t *const data = space_entry(space, 0x408000); // the first page of the writable segment
    uint8_t *const stack = entry_frame(*space_entry(space, started.stack_pointer & ~(uint64_t)(PAGE_SIZE - 1)));
    uint8_t *const argument_count = stack + started.stack_pointer % PAGE_SIZE;
    const uint8_t *const first_string_address = argument_count + sizeof(uint64_t);
    uint64_t string;
    memcpy(&string, first_string_address, sizeof string);
    uint8_t *const strings = entry_frame(*space_entry(space, string & ~(uint64_t)(PAGE_SIZE - 1)));
    uint8_t *const tls = entry_frame(*space_entry(space, started.tls_low));
    expect_refusal(&check, entry_frame(*data) + 100, "a wrong byte of .data");
    expect_refusal(&check, (uint8_t *)data, "wrong rights of a page");
    expect_refusal(&check, argument_count, "a wrong argc");
    expect_refusal(&check, argument_count + sizeof(uint64_t), "a wrong pointer in argv");
    expect_refusal(&check, strings + string % PAGE_SIZE, "a wrong byte of an argument");
    expect_refusal(&check, tls + 1000, "a wrong byte of the TLS block");
    expect_refusal(&check, (uint8_t *)&started.entry, "a wrong entry point");
    expect_refusal(&check, (uint8_t *)&started.program_bias + 2, "a wrong bias");
    check.silent = false;
    all_right = check_image(&check) && all_right;
}

// ---- malformed programs ---------------------------------------------------------------------------------------------

struct mutation {
    const char *name;
    unsigned offset; // in the file
    unsigned width;
    uint64_t value;
};

// One field each, of the program with three segments (table at 64, entries of 56 bytes).
static const struct mutation MUTATIONS[] = {
    {"magic", 0, 1, 0},
    {"class", 4, 1, 1},
    {"byte order", 5, 1, 2},
    {"e_type", 16, 2, 1},
    {"e_machine", 18, 2, 3},
    {"e_entry outside", 24, 8, 0x8000000000000000},
    {"e_phoff outside", 32, 8, 0x7fffffffffff},
    {"e_phentsize", 54, 2, 32},
    {"e_phnum 0", 56, 2, 0},
    {"e_phnum PN_XNUM", 56, 2, 0xffff},
    {"e_phnum 1171", 56, 2, 1171},
    {"e_phnum past the end", 56, 2, 1100},
    {"first p_vaddr not congruent", 64 + 16, 8, 0x400001},
    {"first p_vaddr too low", 64 + 16, 8, 0x1000},
    {"first p_vaddr too high", 64 + 16, 8, 0x7ffffffff000},
    {"first p_memsz too large", 64 + 40, 8, 0x7fffffffffffffff},
    {"second p_offset wraps", 120 + 8, 8, 0xfffffffffffff000},
    {"second p_filesz over p_memsz", 120 + 32, 8, 0x4001},
    {"third p_offset past the end", 176 + 8, 8, 0x100000},
    {"third p_filesz past the end", 176 + 32, 8, 0x4000},
    {"third p_memsz wraps", 176 + 40, 8, 0xfffffffffffff000},
};

static void put_little_endian(uint8_t *bytes, unsigned width, uint64_t value) {
    for (unsigned i = 0; i < width; i++) {
        bytes[i] = (uint8_t)(value >> (8 * i));
    }
}

static void run_mutation(const struct mutation *mutation, const struct program *program, enum host_flavour flavour) {
    const struct file *const file = file_open(program->path);
    static _Alignas(PAGE_SIZE) uint8_t bytes[1 << 20];
    static struct file mutant;
    if (file->size > sizeof bytes) {
        return;
    }
    memcpy(bytes, file->bytes, file->size);
    put_little_endian(bytes + mutation->offset, mutation->width, mutation->value);
    mutant.bytes = bytes;
    mutant.size = file->size;
    struct libexec_request request;
    struct libexec_source source;
    make_request(&request, flavour, program, arguments_make(ARGUMENTS_SMALL), false);
    host_source(&source, &mutant, flavour, false);
    request.source = &source;
    start_counting();
    const enum libexec_status status = libexec_prepare(&exec_object, &request);
    if (status == LIBEXEC_OK) {
        fprintf(stderr, "bench: a malformed program is accepted: %s\n", mutation->name);
        libexec_abandon(&exec_object);
        all_right = false;
    }
    printf("malformed\tname=%s\thost=%s\tstatus=%s\tmaps=%llu\treads=%llu\n", mutation->name,
           LOADER_NAMES[flavour == HOST_EVERY ? EVERY : REQUIRED], libexec_status_name(status),
           (unsigned long long)(counters.calls[CALL_MAP] + counters.calls[CALL_MAP_MANY] + counters.calls[CALL_SPACE]),
           (unsigned long long)(counters.calls[CALL_READ] + counters.calls[CALL_FILE_VIEW]));
}

// ---- all of it ------------------------------------------------------------------------------------------------------

// The bytes of a file that its image shows: whole pages, but nothing of the file where .bss begins.
static uint64_t loadable_bytes(const struct file *file, bool with_tls) {
    const Elf64_Ehdr *const header = (const void *)file->bytes;
    const Elf64_Phdr *const table = (const void *)(file->bytes + header->e_phoff);
    uint64_t sum = 0;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        const uint64_t end = table[i].p_offset + table[i].p_filesz;
        if (table[i].p_type == PT_LOAD) {
            const uint64_t page_end = (end + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;
            const uint64_t shown = table[i].p_memsz > table[i].p_filesz ? end
                                   : page_end < file->size              ? page_end
                                                                        : file->size;
            sum += shown - table[i].p_offset / PAGE_SIZE * PAGE_SIZE;
        } else if (table[i].p_type == PT_TLS && with_tls) {
            sum += table[i].p_filesz;
        }
    }
    return sum;
}

static void print_program(const struct program *program) {
    const struct file *const file = file_open(program->path);
    uint64_t loadable = loadable_bytes(file, !program->interpreted);
    if (program->interpreted) {
        loadable += loadable_bytes(file_open(INTERPRETER), false);
    }
    printf("program\tprogram=%s\tsize=%llu\tloadable=%llu\n", program->name, (unsigned long long)file->size,
           (unsigned long long)loadable);
}

static bool find_program(const struct program *program, const char *folder) {
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s/%s", folder, program->name);
    if (length < 0 || (size_t)length >= sizeof path) {
        return false;
    }
    return file_add(program->generated ? path : program->path, program->path) != NULL;
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("usage: bench FOLDER   (of the generated programs)\n", stderr);
        return 2;
    }
    under_callgrind = RUNNING_ON_VALGRIND != 0;
    pool_make();
    for (unsigned i = 0; i < PROGRAM_COUNT; i++) {
        const struct program *const program = &PROGRAMS[i];
        if (!find_program(program, argv[1])) {
            printf("missing\tprogram=%s\tpath=%s\n", program->name, program->path);
            continue;
        }
        print_program(program);
        for (unsigned loader = 0; loader < LOADERS; loader++) {
            run_case((enum loader)loader, program, ARGUMENTS_SMALL);
        }
        run_faults(program);
    }
    for (unsigned set = 0; set < ARGUMENT_SETS; set++) {
        for (unsigned loader = 0; loader < LOADERS && set != ARGUMENTS_SMALL; loader++) {
            run_case((enum loader)loader, &PROGRAMS[0], (enum argument_set)set);
        }
    }
    check_the_check();
    for (size_t i = 0; i < sizeof MUTATIONS / sizeof *MUTATIONS && !under_callgrind; i++) {
        run_mutation(&MUTATIONS[i], &PROGRAMS[1], HOST_EVERY);
        run_mutation(&MUTATIONS[i], &PROGRAMS[1], HOST_REQUIRED);
    }
    return all_right ? 0 : 1;
}
