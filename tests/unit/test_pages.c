// SPDX-License-Identifier: MIT
// Whole execs on machines whose pages are not 4 KiB: the same models and failing calls, with files and arguments made
// for the page at hand.

#include "world.h"

#include <stdio.h>

static const char *const argv[] = {"program", "one", "", NULL};
static const char *const envp[] = {"HOME=/", "A=b", NULL};

#define LOADER "/lib/loader"

struct fixture {
    struct libexec_arch arch;
    struct libexec_kit_elf program;
    struct libexec_kit_elf loader; // without headers: there is none
    uint64_t argument;             // bytes of one more argument, 0: none
};

static struct fixture make(uint32_t page_size) {
    struct fixture fixture = {.arch = libexec_kit_arch};
    fixture.arch.page_size = page_size;
    fixture.arch.user_low = page_size < 0x10000 ? 0x10000 : page_size;
    fixture.arch.user_high = libexec_kit_arch.user_high / PAGE_MOST * PAGE_MOST;
    return fixture;
}

static void end(struct fixture *fixture) {
    libexec_kit_elf_end(&fixture->program);
    libexec_kit_elf_end(&fixture->loader);
}

// A page and a bit of code; data that begins and ends inside pages, and zeros beyond.
static void segments(struct libexec_kit_elf *elf, uint16_t type, uint64_t base, uint64_t page) {
    libexec_kit_elf_begin(elf, type, 4 * page);
    elf->entry = base + 0x200;
    libexec_kit_elf_add(elf, load(R | X, 0, base, page + 0x200, page + 0x200));
    libexec_kit_elf_add(elf, load(R | W, page + 0x200, base + 2 * page + 0x200, page + 0x400, 4 * page));
}

// ---- what is run ----------------------------------------------------------------------------------------------------

static void set_up(struct world *world) {
    const struct fixture *const fixture = world->scenario->data;
    world_set_arch(world, &fixture->arch);
    world_file(world, PROGRAM, &fixture->program);
    if (fixture->loader.added != 0)
        world_file(world, LOADER, &fixture->loader);
    world_execute(world, PROGRAM);
    world_arguments(world, argv, envp);
}

static void check(struct world *world, const struct libexec_kit_image *image) {
    const struct fixture *const fixture = world->scenario->data;
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const uint64_t in_page = fixture->arch.page_size - 1;
    check_image(world, image, &fixture->program, layout->program_bias, LIBEXEC_FILE_PROGRAM);
    if (fixture->loader.added != 0)
        check_image(world, image, &fixture->loader, layout->interpreter_bias, LIBEXEC_FILE_INTERPRETER);
    check_stack(world, image, &(struct expected_stack){.argc = 3, .argv = argv, .envc = 2, .envp = envp,
                                                       .path = PROGRAM});
    EXPECT_EQUAL(world, (layout->program_bias | layout->interpreter_bias | layout->stack.address |
                         layout->stack.length | layout->guard.address | layout->guard.length | layout->brk_start |
                         layout->mmap_top | layout->tls.address | layout->tls.length) & in_page, 0);
    EXPECT(world, layout->guard.length != 0 && layout->guard.address + layout->guard.length == layout->stack.address);
}

static void run(const char *name, struct fixture *fixture) {
    libexec_kit_elf_build(&fixture->program);
    if (fixture->loader.added != 0)
        libexec_kit_elf_build(&fixture->loader);
    run_scenario(&(struct scenario){.name = name, .set_up = set_up, .check = check, .data = fixture,
                                    .needs_open = fixture->loader.added != 0});
    end(fixture);
}

static const uint32_t page_sizes[] = {0x2000, 0x4000, 0x10000};
#define PAGE_SIZES (sizeof(page_sizes) / sizeof(page_sizes[0]))

// ---- images ---------------------------------------------------------------------------------------------------------

static void a_fixed_program(void **state) {
    (void)state;
    for (size_t i = 0; i < PAGE_SIZES; i++) {
        struct fixture fixture = make(page_sizes[i]);
        segments(&fixture.program, LIBEXEC_KIT_ET_EXEC, BASE, page_sizes[i]);
        run("fixed", &fixture);
    }
}

static void a_position_independent_one(void **state) {
    (void)state;
    for (size_t i = 0; i < PAGE_SIZES; i++) {
        struct fixture fixture = make(page_sizes[i]);
        segments(&fixture.program, LIBEXEC_KIT_ET_DYN, 0, page_sizes[i]);
        fixture.program.headers[0].alignment = 0x200000;
        run("independent", &fixture);
    }
}

static void a_program_with_its_loader(void **state) {
    (void)state;
    for (size_t i = 0; i < PAGE_SIZES; i++) {
        struct fixture fixture = make(page_sizes[i]);
        segments(&fixture.program, LIBEXEC_KIT_ET_DYN, 0, page_sizes[i]);
        segments(&fixture.loader, LIBEXEC_KIT_ET_DYN, 0, page_sizes[i]);
        libexec_kit_elf_write(&fixture.program, 0x800, LOADER, sizeof(LOADER));
        libexec_kit_elf_add(&fixture.program, (struct libexec_kit_program_header){
                                                  .type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800,
                                                  .file_size = sizeof(LOADER)});
        run("with loader", &fixture);
    }
}

// A page of two segments is the later one's; one without bytes of the file that begins inside a page leaves what is
// below it.
static void segments_that_share_a_page(void **state) {
    (void)state;
    for (size_t i = 0; i < PAGE_SIZES; i++) {
        const uint64_t page = page_sizes[i];
        struct fixture fixture = make(page_sizes[i]);
        libexec_kit_elf_begin(&fixture.program, LIBEXEC_KIT_ET_EXEC, 4 * page);
        fixture.program.entry = BASE + 0x200;
        libexec_kit_elf_add(&fixture.program, load(R | X, 0, BASE, page + 0x200, page + 0x200));
        libexec_kit_elf_add(&fixture.program, load(R | W, page + 0x1200, BASE + page + 0x1200, page, page));
        libexec_kit_elf_add(&fixture.program, load(R | W, 0, BASE + 2 * page + 0x1300, 0, page));
        run("shared pages", &fixture);
    }
}

// Linked for 4 KiB: what lies in the file where no larger page can hold it is refused, as Linux's mmap refuses it.
static void a_program_linked_for_smaller_pages(void **state) {
    (void)state;
    for (size_t i = 0; i < PAGE_SIZES; i++) {
        struct fixture fixture = make(page_sizes[i]);
        small_elf(&fixture.program, LIBEXEC_KIT_ET_EXEC, BASE); // 0x1200 in the file is 0x2200 in memory
        run_scenario(&(struct scenario){.name = "smaller pages", .set_up = set_up, .data = &fixture,
                                        .status = LIBEXEC_E_CONGRUENCE, .error = LIBEXEC_ERRNO_EINVAL,
                                        .stage = LIBEXEC_STAGE_LAYOUT, .file = LIBEXEC_FILE_PROGRAM,
                                        .program_header = 1, .offset = HEADER_AT(1), .argument = ANY});
        end(&fixture);
    }
}

// ---- TLS ------------------------------------------------------------------------------------------------------------

static void check_tls(struct world *world, const struct libexec_kit_image *image) {
    const struct fixture *const fixture = world->scenario->data;
    const struct libexec_kit_program_header *const header = &fixture->program.headers[2];
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const libexec_address pointer = libexec_kit_image_start(image)->thread_pointer;
    check(world, image);
    EXPECT(world, pointer != 0);
    EXPECT_EQUAL(world, layout->tls_template % header->alignment, header->address % header->alignment);
    EXPECT(world, pointer - layout->tls_template >= header->memory_size);
    for (libexec_address at = layout->tls.address; at < layout->tls.address + layout->tls.length; at++) {
        uint8_t expected = 0, found = 0xff;
        if (at - layout->tls_template < header->file_size)
            expected = fixture->program.bytes[header->offset + (at - layout->tls_template)];
        else if (at - pointer < 8)
            expected = (uint8_t)(pointer >> (8 * (at - pointer)));
        EXPECT(world, libexec_kit_image_read(image, at, &found, 1));
        EXPECT_EQUAL(world, found, expected);
    }
}

static void a_block_of_more_than_a_page(void **state) {
    (void)state;
    for (size_t i = 0; i < PAGE_SIZES; i++) {
        const uint64_t page = page_sizes[i];
        struct fixture fixture = make(page_sizes[i]);
        segments(&fixture.program, LIBEXEC_KIT_ET_EXEC, BASE, page);
        libexec_kit_elf_add(&fixture.program, (struct libexec_kit_program_header){
                                                  .type = LIBEXEC_KIT_PT_TLS, .flags = R, .offset = page + 0x208,
                                                  .address = BASE + 2 * page + 0x208, .file_size = page + 0x300,
                                                  .memory_size = page + 0x333, .alignment = 64});
        libexec_kit_elf_build(&fixture.program);
        run_scenario(&(struct scenario){.name = "tls", .set_up = set_up, .check = check_tls, .data = &fixture});
        end(&fixture);
    }
}

// ---- the caller's memory --------------------------------------------------------------------------------------------

// Vectors and strings, the path among them, that lie across the ends of pages.
static void set_up_user(struct world *world) {
    const struct fixture *const fixture = world->scenario->data;
    const uint64_t page = fixture->arch.page_size;
    libexec_address pointers[40], at = USER_STRINGS + page - 11;
    char text[64];
    set_up(world);
    world_user_fill(world, USER_VECTOR, 2 * page);
    for (uint32_t i = 0; i < 40; i++) {
        pointers[i] = at;
        snprintf(text, sizeof(text), "%u: %.*s", i, (int)(i % 7 * 5), "what stands in the argument");
        at = world_user_string(world, at, text);
    }
    if (fixture->argument != 0) {
        char *const text_of_it = calloc(fixture->argument + 1, 1);
        memset(text_of_it, 'x', fixture->argument);
        pointers[39] = at;
        world_user_string(world, at, text_of_it);
        free(text_of_it);
    }
    world->request.arguments = (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_USER,
                                                          .user_argv = USER_VECTOR + page - 8 * 9 - 3,
                                                          .user_envp = USER_VECTOR + 0x100};
    libexec_kit_user_vector(world->kit, world->request.arguments.user_argv, pointers, 40);
    libexec_kit_user_vector(world->kit, world->request.arguments.user_envp, pointers, 3);
    if ((world->options.features & LIBEXEC_KIT_OPEN) != 0) {
        world->request.path = NULL;
        world->request.user_path = USER_PATH + page - 5;
        world_user_string(world, world->request.user_path, PROGRAM);
    }
}

static void expect_text(struct world *world, const struct libexec_kit_image *image, libexec_address address,
                          const char *expected) {
    char *const found = libexec_kit_image_string(image, address, NULL);
    EXPECT(world, found != NULL && strcmp(found, expected) == 0);
    free(found);
}

static void check_user(struct world *world, const struct libexec_kit_image *image) {
    const struct fixture *const fixture = world->scenario->data;
    struct libexec_kit_stack stack;
    check_stack(world, image, &(struct expected_stack){.argc = 40, .envc = 3, .path = PROGRAM});
    EXPECT(world, libexec_kit_stack_read(image, &stack));
    expect_text(world, image, stack.argv[0], "0: ");
    expect_text(world, image, stack.argv[6], "6: what stands in the argument");
    expect_text(world, image, stack.envp[2], "2: what stand");
    size_t length = 0;
    char *const last = libexec_kit_image_string(image, stack.argv[39], &length);
    EXPECT_EQUAL(world, length, fixture->argument != 0 ? fixture->argument : strlen("39: what stands in the a"));
    EXPECT_EQUAL(world, strspn(last, "x"), fixture->argument);
    free(last);
    libexec_kit_stack_free(&stack);
}

static void run_user(const char *name, uint32_t page_size, uint64_t argument) {
    struct fixture fixture = make(page_size);
    fixture.argument = argument;
    segments(&fixture.program, LIBEXEC_KIT_ET_EXEC, BASE, page_size);
    libexec_kit_elf_build(&fixture.program);
    run_scenario(&(struct scenario){.name = name, .set_up = set_up_user, .check = check_user, .data = &fixture});
    end(&fixture);
}

static void arguments_across_pages(void **state) {
    (void)state;
    for (size_t i = 0; i < PAGE_SIZES; i++) {
        run_user("across pages", page_sizes[i], 0);
        run_user("a long one", page_sizes[i], 100000);
    }
}

// A page below the string's last byte is gone: which argument, and where.
static void set_up_fault(struct world *world) {
    const struct fixture *const fixture = world->scenario->data;
    const libexec_address string = USER_STRINGS + fixture->arch.page_size - 4;
    const libexec_address pointers[] = {USER_PATH, string};
    set_up(world);
    world_user_string(world, USER_PATH, "program");
    libexec_kit_user_write(world->kit, string, "text", 4); // its NUL is in no page
    libexec_kit_user_vector(world->kit, USER_VECTOR, pointers, 2);
    world->request.arguments = (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_USER, .user_argv = USER_VECTOR};
}

static void a_string_that_runs_out_of_its_page(void **state) {
    (void)state;
    for (size_t i = 0; i < PAGE_SIZES; i++) {
        struct fixture fixture = make(page_sizes[i]);
        segments(&fixture.program, LIBEXEC_KIT_ET_EXEC, BASE, page_sizes[i]);
        libexec_kit_elf_build(&fixture.program);
        run_scenario(&(struct scenario){.name = "runs out", .set_up = set_up_fault, .data = &fixture,
                                        .status = LIBEXEC_E_ARGUMENT_FAULT, .error = LIBEXEC_ERRNO_EFAULT,
                                        .stage = LIBEXEC_STAGE_ARGUMENTS, .file = LIBEXEC_FILE_NONE,
                                        .program_header = ANY, .offset = ANY64, .argument = 1, .after_space = true});
        end(&fixture);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fixed_program),
        cmocka_unit_test(a_position_independent_one),
        cmocka_unit_test(a_program_with_its_loader),
        cmocka_unit_test(segments_that_share_a_page),
        cmocka_unit_test(a_program_linked_for_smaller_pages),
        cmocka_unit_test(a_block_of_more_than_a_page),
        cmocka_unit_test(arguments_across_pages),
        cmocka_unit_test(a_string_that_runs_out_of_its_page),
    };
    return RUN(tests);
}
