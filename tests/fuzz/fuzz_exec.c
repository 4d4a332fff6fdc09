// SPDX-License-Identifier: MIT
// Fuzzing of a whole exec. An input describes a file (raw bytes, or a valid one with fields forged) or the caller's
// memory with path and arguments in it, a host, a policy, and a call that fails. Asserted is more than that nothing
// crashes:
// - the verdict and the image on a host of required members and on the host of the input are the same;
// - the police of the test kit is silent, before and after commit;
// - each page of a file's image has the bytes and the rights that its program headers say (image.c);
// - regions are disjoint and inside the user range (the kit's capture sees to that), rsp is aligned, the entry is a
// user address;
// - a refused or failed exec leaves nothing behind and the caller as it was, and its errno is a positive number;
// - strings are those of the caller's memory, and what is refused there cannot be read (arguments.c);
// - a failing call makes the exec fail, with its code in the report.
//
// The input, byte by byte: see `struct input`. Without libFuzzer, main.c replays files and makes inputs of its own.
#include "fuzz.h"

#include <libexec/kit.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "/bin/program"
#define LOADER "/lib/loader"
#define SCRIPT "/bin/script"
#define BASE 0x400000u
#define VECTOR 0x20000000u
#define STRINGS 0x21000000u

struct input {
    uint32_t features;
    uint32_t failing; // number of the failing call; 0: none
    bool persistent;
    uint32_t policy_flags;
    uint32_t tls;
    uint32_t arguments; // bits 0-1: from where, 2-4: argc, 5-7: envc
    uint32_t form;      // what the rest of the bytes is
    uint32_t stack; // bits 0-2: its size, 7: a budget of pages
    uint32_t page_size;
    const uint8_t *rest;
    size_t rest_length;
};

// What `form` selects.
enum form { FORM_RAW, FORM_STATIC, FORM_PIE, FORM_DYNAMIC, FORM_LOADER, FORM_SCRIPT, FORM_TLS, FORMS, FORM_ARGUMENTS };
#define FORM_ARGUMENTS_FROM 0xf0u // bytes from here on select it

static const char *const features_names[] = {"host of required members", "host of the input", "failing host"};

static void die(struct libexec_kit *kit, const struct libexec_exec *exec, const char *where, const char *what) {
    fprintf(stderr, "\n%s: %s (status %s)\n", where, what, libexec_status_name(libexec_exec_report(exec)->status));
    libexec_kit_journal_print(kit, stderr);
    abort();
}

// ---- Input --------------------------------------------------------------------------------------------------------

static bool parse(struct input *input, const uint8_t *data, size_t size) {
    static const uint32_t page_sizes[] = {0x1000, 0x1000, 0x4000, FUZZ_PAGE_MOST};
    if (size < FUZZ_HEADER)
        return false;
    *input = (struct input){
        .features = (uint32_t)(data[0] | data[1] << 8) & LIBEXEC_KIT_FULL,
        .failing = data[2],
        .persistent = data[3] % 2 != 0,
        .policy_flags = data[4] & 0x7f,
        .tls = data[3] / 2 % 3,
        .arguments = data[5],
        .form = data[6] >= FORM_ARGUMENTS_FROM ? (uint32_t)FORM_ARGUMENTS : data[6] % FORMS,
        .stack = data[7],
        .page_size = page_sizes[data[7] >> 3 & 3],
        .rest = data + FUZZ_HEADER,
        .rest_length = size - FUZZ_HEADER,
    };
    if ((data[1] & 0x20) != 0)
        input->features |= LIBEXEC_KIT_BOUNCE;
    if ((data[1] & 0x40) != 0)
        input->features |= LIBEXEC_KIT_FILL_AT_FAULT;
    input->features |= LIBEXEC_KIT_OPEN;
    return true;
}

static uint64_t take(const uint8_t *bytes, size_t count) {
    uint64_t value = 0;
    for (size_t i = 0; i < count; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

// ---- Files --------------------------------------------------------------------------------------------------------

struct files {
    struct libexec_kit_elf program;
    struct libexec_kit_elf loader;
    const uint8_t *raw;
    size_t raw_length;
    const char *execute;
};

static struct libexec_kit_program_header load(uint32_t flags, uint64_t offset, uint64_t address, uint64_t file_size,
                                              uint64_t memory_size) {
    return (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_LOAD, .flags = flags, .offset = offset,
                                               .address = address, .file_size = file_size, .memory_size = memory_size,
                                               .alignment = 0x1000};
}

static void begin_elf(struct libexec_kit_elf *elf, uint16_t type, uint64_t base, uint64_t page) {
    const uint64_t data = base + 0x1200 + page; // as far from the code as pages are large
    libexec_kit_elf_begin(elf, type, 0x3000);
    elf->entry = base + 0x200;
    libexec_kit_elf_add(elf, load(5, 0, base, 0x1200, 0x1200));
    libexec_kit_elf_add(elf, load(6, 0x1200, data, 0x1600, 0x3e00));
    libexec_kit_elf_add(elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_STACK, .flags = 6});
}

// One mutation: 4 bytes of where, 8 of what.
#define MUTATION 12u

static void mutate_header(struct libexec_kit_elf *elf, uint32_t field, uint64_t value) {
    switch (field % 10) {
    case 0:
        elf->type = (uint16_t)value;
        break;
    case 1:
        elf->machine = (uint16_t)value;
        break;
    case 2:
        elf->entry = value;
        break;
    case 3:
        elf->program_headers_offset = value;
        break;
    case 4:
        elf->program_header_size = (uint16_t)value;
        break;
    case 5:
        elf->program_header_count = (uint16_t)value;
        break;
    case 6:
        elf->identification[value % 16] = (uint8_t)(value >> 8);
        break;
    case 7:
        if (value < elf->size)
            elf->size = value; // cut short
        break;
    default:
        if (elf->added < 40)
            libexec_kit_elf_add(elf, load((uint32_t)(value >> 48) % 8, value & 0x3fff, BASE + (value >> 8 & 0xffff),
                                          value >> 24 & 0x2fff, value >> 32 & 0xffff));
        break;
    }
}

static void mutate_program_header(struct libexec_kit_elf *elf, uint32_t index, uint32_t field, uint64_t value) {
    struct libexec_kit_program_header *const header = &elf->headers[index % elf->added];
    switch (field % 8) {
    case 0:
        header->type = (uint32_t)value;
        break;
    case 1:
        header->flags = (uint32_t)value;
        break;
    case 2:
        header->offset = value;
        break;
    case 3:
        header->address = value;
        break;
    case 4:
        header->file_size = value;
        break;
    case 5:
        header->memory_size = value;
        break;
    case 6:
        header->alignment = value;
        break;
    default:
        header->address = header->offset = value; // stays congruent
        break;
    }
}

// A value as it stands, or near one that matters.
static uint64_t value_of(uint32_t kind, uint64_t bytes) {
    static const uint64_t near[] = {0, 0x1000, 0x3000, BASE, 0x10000, 0x7ffffffff000, 1ull << 63, 0x7ffff7fff000};
    const int64_t distance = (int8_t)(bytes >> 8);
    switch (kind % 4) {
    case 0:
        return bytes;
    case 1:
        return near[bytes % 8] + (uint64_t)distance;
    case 2:
        return near[bytes % 8] + (uint64_t)(distance * 0x1000);
    default:
        return 1ull << (bytes % 64);
    }
}

static void mutate(struct libexec_kit_elf *elf, const uint8_t *bytes, size_t length) {
    for (size_t at = 0; at + MUTATION <= length && at < 24 * MUTATION; at += MUTATION) {
        const uint64_t value = value_of(bytes[at + 3], take(bytes + at + 4, 8));
        if (bytes[at] % 3 == 0)
            mutate_header(elf, bytes[at + 1], value);
        else if (bytes[at] % 16 == 15 && value < elf->size)
            elf->bytes[value] = bytes[at + 2];
        else
            mutate_program_header(elf, bytes[at + 2], bytes[at + 1], value);
    }
    libexec_kit_elf_build(elf);
}

static void make_files(struct files *files, const struct input *input) {
    const bool independent = input->form == FORM_PIE || input->form == FORM_DYNAMIC || input->form == FORM_LOADER;
    *files = (struct files){.execute = PROGRAM};
    begin_elf(&files->program, independent ? LIBEXEC_KIT_ET_DYN : LIBEXEC_KIT_ET_EXEC, independent ? 0 : BASE,
              input->page_size);
    begin_elf(&files->loader, LIBEXEC_KIT_ET_DYN, 0, input->page_size);
    if (input->form == FORM_DYNAMIC || input->form == FORM_LOADER) {
        libexec_kit_elf_write(&files->program, 0x800, LOADER, sizeof(LOADER));
        libexec_kit_elf_add(&files->program,
                            (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800,
                                                                .file_size = sizeof(LOADER)});
    }
    if (input->form == FORM_TLS)
        libexec_kit_elf_add(&files->program,
                            (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_TLS, .flags = 4,
                                                                .offset = 0x1208,
                                                                .address = BASE + 0x1208 + input->page_size,
                                                                .file_size = 0x1100, .memory_size = 0x1234,
                                                                .alignment = 64});
    libexec_kit_elf_build(&files->program);
    libexec_kit_elf_build(&files->loader);
    switch ((enum form)input->form) {
    case FORM_RAW:
    case FORM_SCRIPT:
        files->raw = input->rest;
        files->raw_length = input->rest_length;
        files->execute = SCRIPT;
        break;
    case FORM_ARGUMENTS: // the rest is the caller's memory
        break;
    case FORM_LOADER:
        mutate(&files->loader, input->rest, input->rest_length);
        break;
    default:
        mutate(&files->program, input->rest, input->rest_length);
        break;
    }
}

// ---- Runs ---------------------------------------------------------------------------------------------------------

static void add_file(struct libexec_kit *kit, const char *path, const void *bytes, uint64_t length) {
    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = path, .bytes = bytes, .length = length});
}

static const char *const words[] = {"program", "one", "", "three and more", "4", "-5", "six", "7", NULL};
static const char *const variables[] = {"HOME=/", "A", "", "TERM=dumb", "B=2", "C=3", "LANG=C", "D=", NULL};

static int get_word(void *context, uint32_t index, const char **bytes, uint64_t *length) {
    const char *const *const texts = context;
    *bytes = texts[index];
    *length = strlen(texts[index]);
    return 0;
}

static void place(struct libexec_kit *kit, libexec_address vector, const char *const *texts, uint32_t count,
                  libexec_address *at) {
    libexec_address pointers[8];
    for (uint32_t i = 0; i < count; i++) {
        pointers[i] = *at;
        libexec_kit_user_write(kit, *at, texts[i], strlen(texts[i]) + 1);
        *at += strlen(texts[i]) + 1;
    }
    libexec_kit_user_vector(kit, vector, pointers, count);
}

static void set_arguments(struct libexec_kit *kit, struct libexec_request *request, uint32_t bits) {
    const uint32_t argc = bits >> 2 & 7, envc = bits >> 5 & 7;
    struct libexec_arguments *const arguments = &request->arguments;
    if (bits % 4 == 0) { // counts are not used: whole vectors
        arguments->argv = argc == 0 ? NULL : words;
        arguments->envp = envc == 0 ? NULL : variables;
    } else if (bits % 4 == 1) {
        arguments->from = LIBEXEC_ARGUMENTS_ITERATOR;
        arguments->argv_strings = (struct libexec_strings){.count = argc, .get = get_word,
                                                           .context = (void *)(uintptr_t)words};
        arguments->envp_strings = (struct libexec_strings){.count = envc, .get = get_word,
                                                           .context = (void *)(uintptr_t)variables};
    } else {
        libexec_address at = STRINGS + (bits % 4 == 2 ? 0 : 0xff0);
        const libexec_address vector = VECTOR + (bits % 4 == 2 ? 0 : 0xff3);
        arguments->from = LIBEXEC_ARGUMENTS_USER;
        arguments->user_argv = vector;
        arguments->user_envp = vector + 0x1000;
        place(kit, vector, words, argc, &at);
        place(kit, vector + 0x1000, variables, envc, &at);
    }
}

struct run {
    struct libexec_arch arch;
    struct libexec_kit *kit;
    struct libexec_exec exec;
    struct libexec_request request;
    struct libexec_policy policy;
    char names[LIBEXEC_NAMES_MAX];
    const char *where;
};

static void begin_run(struct run *run, const struct input *input, const struct files *files, uint32_t features,
                      uint8_t poison) {
    static const uint64_t stacks[] = {0, 0, 0, 128 << 10, 1 << 20, 64 << 20, UINT64_MAX, 20000};
    run->arch = libexec_kit_arch;
    run->arch.page_size = input->page_size;
    run->arch.user_low = 0x10000;
    run->arch.user_high -= run->arch.user_high % input->page_size;
    run->kit = libexec_kit_new(&(struct libexec_kit_options){.features = features, .poison = poison, .seed = 99,
                                                             .arch = &run->arch});
    add_file(run->kit, PROGRAM, files->program.bytes, files->program.size);
    add_file(run->kit, LOADER, files->loader.bytes, files->loader.size);
    add_file(run->kit, "/bin/sh", files->program.bytes, files->program.size);
    if (files->raw != NULL)
        add_file(run->kit, SCRIPT, files->raw, files->raw_length);
    run->policy = (struct libexec_policy){.flags = input->policy_flags, .tls = (enum libexec_tls_policy)input->tls,
                                          .stack_size = stacks[input->stack % 8],
                                          .page_budget = input->stack >= 128 ? 64 : 0};
    run->request = (struct libexec_request){.path = files->execute, .policy = &run->policy, .names = run->names,
                                            .names_size = sizeof(run->names)};
    if (input->form == FORM_ARGUMENTS)
        fuzz_arguments_set(run->kit, &run->request, input->page_size, files->execute, input->rest,
                           input->rest_length);
    else
        set_arguments(run->kit, &run->request, input->arguments);
}

static void expect_silence(struct run *run) {
    if (libexec_kit_violations(run->kit) != 0)
        die(run->kit, &run->exec, run->where, libexec_kit_violation(run->kit, 0));
}

static void expect(struct run *run, bool condition, const char *what) {
    if (!condition)
        die(run->kit, &run->exec, run->where, what);
}

static void expect_nothing_left(struct run *run, uint64_t digest) {
    expect_silence(run);
    expect(run, libexec_kit_ledger_empty(run->kit), "something is left");
    expect(run, libexec_kit_caller_digest(run->kit) == digest, "the caller was touched");
    expect(run, libexec_report_errno(libexec_exec_report(&run->exec)) > 0, "no errno");
    libexec_kit_abandon(run->kit, &run->exec);
    expect_silence(run);
}

static void check_files(struct run *run, const struct files *files, const struct libexec_kit_image *image) {
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const bool raw = files->raw != NULL && files->raw[0] != '#'; // no description, and no script that runs one
    const char *wrong = fuzz_image_check(image, raw ? files->raw : files->program.bytes,
                                         raw ? files->raw_length : files->program.size, run->arch.page_size,
                                         layout->program_bias, LIBEXEC_FILE_PROGRAM);
    if (wrong == NULL && layout->interpreter.length != 0 && files->raw == NULL)
        wrong = fuzz_image_check(image, files->loader.bytes, files->loader.size, run->arch.page_size,
                                 layout->interpreter_bias, LIBEXEC_FILE_INTERPRETER);
    expect(run, wrong == NULL, wrong);
}

static void check_image(struct run *run, const struct libexec_kit_image *image) {
    const struct libexec_start *const start = libexec_kit_image_start(image);
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    struct libexec_kit_stack stack;
    expect(run, start->stack_pointer % 16 == 0, "rsp is not aligned");
    expect(run, start->stack_pointer > layout->stack.address &&
                    start->stack_pointer < layout->stack.address + layout->stack.length, "rsp is not in the stack");
    expect(run, start->entry < run->arch.user_high, "the entry is no user address");
    expect(run, layout->brk_start % run->arch.page_size == 0, "brk is not aligned");
    expect(run, libexec_kit_stack_read(image, &stack), "the stack cannot be read");
    libexec_kit_stack_free(&stack);
}

static void check_arguments(struct run *run, const struct input *input, const struct libexec_kit_image *image) {
    if (input->form != FORM_ARGUMENTS)
        return;
    const char *const wrong =
        fuzz_arguments_check(run->kit, &run->request, libexec_exec_report(&run->exec), image);
    expect(run, wrong == NULL, wrong);
}

// Prepares, compares with `*first` (or sets it), commits. Returns the verdict.
static enum libexec_status run_plain(const struct input *input, const struct files *files, uint32_t features,
                                     uint8_t poison, const char *where, struct libexec_kit_image **first,
                                     uint32_t *calls) {
    static struct run run;
    run.where = where;
    begin_run(&run, input, files, features, poison);
    const uint64_t digest = libexec_kit_caller_digest(run.kit);
    const enum libexec_status status = libexec_kit_prepare(run.kit, &run.exec, &run.request);
    expect_silence(&run);
    if (status != LIBEXEC_OK) {
        check_arguments(&run, input, NULL);
        expect_nothing_left(&run, digest);
    } else {
        char why[200];
        struct libexec_kit_image *const image = libexec_kit_capture(run.kit, &run.exec);
        expect_silence(&run);
        const bool bounced = (features & LIBEXEC_KIT_BOUNCE) != 0;
        if (!bounced) {
            check_image(&run, image);
            check_files(&run, files, image);
        }
        check_arguments(&run, input, bounced ? NULL : image);
        if (*first != NULL && !(bounced ? libexec_kit_image_equal_but(*first, image, poison, why, sizeof(why))
                                        : libexec_kit_image_equal(*first, image, why, sizeof(why))))
            die(run.kit, &run.exec, where, why);
        if (*first == NULL)
            *first = image;
        else
            libexec_kit_image_free(image);
        expect(&run, libexec_kit_commit(run.kit, &run.exec) == LIBEXEC_OK, "commit failed");
        expect_silence(&run);
        expect(&run, libexec_kit_ledger_empty(run.kit), "something is left after commit");
    }
    *calls = libexec_kit_failable_calls(run.kit);
    libexec_kit_free(run.kit);
    return status;
}

static void run_failing(const struct input *input, const struct files *files, uint32_t number) {
    static struct run run;
    const int code = 4242;
    run.where = features_names[2];
    begin_run(&run, input, files, input->features, 0x5a);
    libexec_kit_fail(run.kit, number, input->persistent, code);
    const uint64_t digest = libexec_kit_caller_digest(run.kit);
    const enum libexec_status status = libexec_kit_prepare(run.kit, &run.exec, &run.request);
    const enum libexec_kit_call call = libexec_kit_failed_call(run.kit);
    expect_silence(&run);
    if (status != LIBEXEC_OK) {
        if (call != LIBEXEC_KIT_CALL_VIEW && call != LIBEXEC_KIT_CALLS)
            expect(&run, libexec_exec_report(&run.exec)->host_code == code, "the host's code is lost");
        expect_nothing_left(&run, digest);
    } else {
        expect(&run, call == LIBEXEC_KIT_CALL_VIEW || call == LIBEXEC_KIT_CALLS, "a failing call was not seen");
        const enum libexec_status committed = libexec_kit_commit(run.kit, &run.exec);
        expect(&run, committed == LIBEXEC_OK || committed == LIBEXEC_E_SEIZE, "commit failed");
        libexec_kit_abandon(run.kit, &run.exec);
        expect_silence(&run);
        expect(&run, libexec_kit_ledger_empty(run.kit), "something is left");
    }
    libexec_kit_free(run.kit);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct input input;
    struct files files;
    struct libexec_kit_image *image = NULL;
    uint32_t calls = 0;
    if (!parse(&input, data, size))
        return 0;
    make_files(&files, &input);
    const enum libexec_status required =
        run_plain(&input, &files, LIBEXEC_KIT_OPEN, 0xa5, features_names[0], &image, &calls);
    const enum libexec_status chosen =
        run_plain(&input, &files, input.features, 0x5a, features_names[1], &image, &calls);
    if (required != chosen) {
        fprintf(stderr, "%s on the %s, %s on the %s\n", libexec_status_name(required), features_names[0],
                libexec_status_name(chosen), features_names[1]);
        abort();
    }
    if (input.failing != 0 && calls != 0)
        run_failing(&input, &files, 1 + (input.failing - 1) % calls);
    libexec_kit_image_free(image);
    libexec_kit_elf_end(&files.program);
    libexec_kit_elf_end(&files.loader);
    return 0;
}
