// SPDX-License-Identifier: MIT
// The initial stack: every small argc and envc from each kind of caller, the limits to the byte, the auxiliary vector.

#include "world.h"

#include <stdio.h>

#define TOO_BIG LIBEXEC_ERRNO_E2BIG

static struct libexec_kit_elf program;

// ---- Every argc and envc ------------------------------------------------------------------------------------------

#define MOST 9u
static const char *const words[MOST + 1] = {
    "", "a", "-x", "four", "\x01\xff", "a somewhat longer argument, with blanks", "=", "",
    "0123456789abcdef0123456789abcdef0123456789abcdef", "z"};

struct vectors {
    enum libexec_arguments_from from;
    uint32_t argc;
    uint32_t envc;
    const char *argv[MOST + 1];
    const char *envp[MOST + 1];
};

static int get_word(void *context, uint32_t index, const char **bytes, uint64_t *length) {
    *bytes = ((const char *const *)context)[index];
    *length = strlen(*bytes);
    return 0;
}

static struct libexec_strings iterate(const char *const *texts, uint32_t count) {
    return (struct libexec_strings){.count = count, .get = get_word, .context = (void *)(uintptr_t)texts};
}

static void execute_vectors(struct world *world) {
    const struct vectors *const vectors = world->scenario->data;
    world_file(world, PROGRAM, &program);
    world_execute(world, PROGRAM);
    switch (vectors->from) {
    case LIBEXEC_ARGUMENTS_KERNEL:
        world_arguments(world, vectors->argv, vectors->envp);
        break;
    case LIBEXEC_ARGUMENTS_USER:
        world_user_arguments(world, vectors->argv, vectors->envp);
        break;
    case LIBEXEC_ARGUMENTS_ITERATOR:
        world->request.arguments = (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_ITERATOR,
                                                              .argv_strings = iterate(vectors->argv, vectors->argc),
                                                              .envp_strings = iterate(vectors->envp, vectors->envc)};
        break;
    }
}

static void check_vectors(struct world *world, const struct libexec_kit_image *image) {
    const struct vectors *const vectors = world->scenario->data;
    static const char *const empty[] = {"", NULL};
    check_stack(world, image, &(struct expected_stack){.argc = vectors->argc == 0 ? 1 : vectors->argc,
                                                       .argv = vectors->argc == 0 ? empty : vectors->argv,
                                                       .envc = vectors->envc, .envp = vectors->envp, .path = PROGRAM});
}

static void every_argc_and_envc(void **state) {
    (void)state;
    static const char *const names[] = {"kernel", "user", "iterator"};
    for (uint32_t argc = 0; argc <= MOST; argc++)
        for (uint32_t envc = 0; envc <= MOST; envc++)
            for (int from = 0; from < 3; from++) {
                struct vectors vectors = {.from = (enum libexec_arguments_from)from, .argc = argc, .envc = envc};
                for (uint32_t i = 0; i < argc; i++)
                    vectors.argv[i] = words[(i + envc) % (MOST + 1)];
                for (uint32_t i = 0; i < envc; i++)
                    vectors.envp[i] = words[(3 * i + argc) % (MOST + 1)];
                run_scenario(&(struct scenario){.name = names[from], .set_up = execute_vectors, .data = &vectors,
                                                .check = check_vectors, .plain_only = (argc + envc) % 9 != 0});
            }
}

// Each kind of caller fills in its own members; whatever is in the others is not looked at, but where `from` is 0.
static void only_the_callers_own_members_are_read(void **state) {
    (void)state;
    static struct world world;
    static const char *const other[] = {"other", "arguments", "than", "these", NULL};
    static const libexec_address nowhere = 0x1000;
    for (int from = 1; from < 3; from++)
        for (uint32_t argc = 0; argc < 3; argc++)
            for (size_t host = 0; host < 2; host++) {
                const struct vectors vectors = {.from = (enum libexec_arguments_from)from, .argc = argc, .envc = 1,
                                                .argv = {argc > 0 ? "one" : NULL, argc > 1 ? "two" : NULL},
                                                .envp = {"A=1"}};
                const struct scenario scenario = {.name = "members", .set_up = execute_vectors, .data = &vectors};
                world_begin(&world, &scenario, &flavours[host]);
                struct libexec_arguments *const arguments = &world.request.arguments;
                arguments->argv = arguments->envp = other;
                if (from != LIBEXEC_ARGUMENTS_USER)
                    arguments->user_argv = arguments->user_envp = nowhere;
                if (from != LIBEXEC_ARGUMENTS_ITERATOR)
                    arguments->argv_strings = arguments->envp_strings = iterate(other, 4);
                struct libexec_kit_image *const image = world_image(&world);
                check_vectors(&world, image);
                world_end_prepared(&world, image);
            }
}

// The three kinds of caller make the same stack.
static void the_callers_memory_makes_no_difference(void **state) {
    (void)state;
    struct libexec_kit_image *images[3];
    static struct world world;
    for (int from = 0; from < 3; from++) {
        const struct vectors vectors = {.from = (enum libexec_arguments_from)from, .argc = 3, .envc = 2,
                                        .argv = {"one", "two", ""}, .envp = {"A=1", "B="}};
        const struct scenario scenario = {.name = "same", .set_up = execute_vectors, .data = &vectors};
        world_begin(&world, &scenario, flavour_required);
        images[from] = world_image(&world);
        char why[200];
        if (!libexec_kit_image_equal(images[0], images[from], why, sizeof(why)))
            world_fail(&world, "%s", why);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    for (int from = 0; from < 3; from++)
        libexec_kit_image_free(images[from]);
}

static void bug_D7_argc_0(void **state) {
    (void)state;
    static struct world world;
    static const char *const nothing[] = {NULL};
    static const char *const variables[] = {"A=1", NULL};
    // argv NULL or empty, envp NULL, empty or not; from the kernel and from the caller's memory.
    for (int form = 0; form < 12; form++) {
        const struct vectors vectors = {.from = LIBEXEC_ARGUMENTS_KERNEL};
        const struct scenario scenario = {.name = "D7", .set_up = execute_vectors, .data = &vectors};
        const char *const *const argv = form % 2 == 0 ? NULL : nothing;
        const char *const *const envp = form / 2 % 3 == 0 ? NULL : form / 2 % 3 == 1 ? nothing : variables;
        static const char *const empty[] = {"", NULL};
        world_begin(&world, &scenario, flavour_full);
        if (form >= 6)
            world_user_arguments(&world, argv, envp);
        else
            world_arguments(&world, argv, envp);
        struct libexec_kit_image *const image = world_image(&world);
        check_stack(&world, image, &(struct expected_stack){.argc = 1, .argv = empty, .envc = envp == variables ? 1 : 0,
                                                            .envp = variables, .path = PROGRAM});
        libexec_kit_image_free(image);
        EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_OK);
        world_end(&world);
    }
}

// An iterator that fails at one of its strings.
static uint32_t failing_string;

static int get_until(void *context, uint32_t index, const char **bytes, uint64_t *length) {
    *bytes = "text";
    *length = 4;
    const uint32_t *const first = context;
    return *first + index == failing_string ? 321 : 0;
}

static void an_iterator_that_fails(void **state) {
    (void)state;
    static struct world world;
    static uint32_t first[2] = {0, 4};
    const struct vectors vectors = {.from = LIBEXEC_ARGUMENTS_KERNEL};
    const struct scenario scenario = {.name = "iterator", .set_up = execute_vectors, .data = &vectors};
    for (failing_string = 0; failing_string < 8; failing_string++)
        for (size_t i = 0; i < 4; i++) {
            world_begin(&world, &scenario, &flavours[i]);
            world.request.arguments = (struct libexec_arguments){
                .from = LIBEXEC_ARGUMENTS_ITERATOR,
                .argv_strings = {.count = 4, .get = get_until, .context = &first[0]},
                .envp_strings = {.count = 3, .get = get_until, .context = &first[1]}};
            const uint64_t digest = libexec_kit_caller_digest(world.kit);
            const enum libexec_status status = world_prepare(&world);
            EXPECT_EQUAL(&world, status, failing_string == 7 ? LIBEXEC_OK : LIBEXEC_E_ARGUMENT_FAULT);
            if (status != LIBEXEC_OK) {
                EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->host_code, 321);
                EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->stage, LIBEXEC_STAGE_ARGUMENTS);
            }
            libexec_kit_abandon(world.kit, &world.exec);
            EXPECT(&world, libexec_kit_ledger_empty(world.kit));
            EXPECT_EQUAL(&world, libexec_kit_caller_digest(world.kit), digest);
            world_end(&world);
        }
}

// An iterator that makes each string at the same place, and keeps count of what it was asked for.
struct asked {
    uint32_t count;
    uint32_t of[2 * MOST];
    char text[256];
};

static uint64_t make_text(char *text, uint32_t index) {
    memset(text, 'a' + (int)index, 20 * index);
    return 20 * index;
}

static int get_once(void *context, uint32_t index, const char **bytes, uint64_t *length) {
    struct asked *const asked = context;
    assert_true(asked->count < sizeof(asked->of) / sizeof(asked->of[0]));
    asked->of[asked->count++] = index;
    memset(asked->text, '#', sizeof(asked->text)); // the string before is no more
    *length = make_text(asked->text, index);
    *bytes = asked->text;
    return 0;
}

// Whatever the counts, in both vectors, and also where a script's words take the place of argv[0].
static void an_iterator_is_asked_once_for_each(void **state) {
    (void)state;
    static struct world world;
    static const char line[] = "#!" PROGRAM "\n";
    static char texts[MOST][256];
    const struct vectors vectors = {.from = LIBEXEC_ARGUMENTS_KERNEL};
    const struct scenario scenario = {.name = "asked once", .set_up = execute_vectors, .data = &vectors};
    for (uint32_t count = 0; count <= MOST; count++)
        for (uint32_t form = 0; form < (LIBEXEC_CONFIG_STATIC_ONLY ? 4 : 5); form++) {
            struct asked asked[2] = {{0}};
            const uint32_t counts[2] = {count, MOST - count};
            const char *expected[2][MOST + 1] = {{""}};
            world_begin(&world, &scenario, form == 4 ? flavour_full : &flavours[form]);
            world_bytes(&world, "/script", line, sizeof(line) - 1);
            world.request.path = form == 4 ? "/script" : PROGRAM;
            world.request.arguments = (struct libexec_arguments){
                .from = LIBEXEC_ARGUMENTS_ITERATOR,
                .argv_strings = {.count = counts[0], .get = get_once, .context = &asked[0]},
                .envp_strings = {.count = counts[1], .get = get_once, .context = &asked[1]}};
            struct libexec_kit_image *const image = world_image(&world);
            for (uint32_t i = 0; i < 2; i++) {
                EXPECT_EQUAL(&world, asked[i].count, counts[i]);
                for (uint32_t k = 0; k < counts[i]; k++) {
                    EXPECT_EQUAL(&world, asked[i].of[k], k);
                    make_text(texts[k], k);
                    expected[i][k] = texts[k];
                }
            }
            if (form < 3) // the next host loses bytes that look like its poison
                check_stack(&world, image, &(struct expected_stack){.argc = count == 0 ? 1 : count,
                                                                    .argv = expected[0], .envc = counts[1],
                                                                    .envp = expected[1], .path = PROGRAM});
            world_end_prepared(&world, image);
        }
}

// The argv[0] that is made where there is none is charged like any other: a pointer and a NUL.
static void an_empty_argv_is_charged(void **state) {
    (void)state;
    static struct world world;
    static const char *const nothing[] = {NULL};
    const uint64_t exact = 8 + 1 + sizeof(PROGRAM);
    const struct vectors vectors = {.from = LIBEXEC_ARGUMENTS_KERNEL};
    const struct scenario scenario = {.name = "empty argv", .set_up = execute_vectors, .data = &vectors};
    for (int from = 0; from < 4; from++)
        for (uint64_t limit = 1; limit <= exact; limit++) {
            world_begin(&world, &scenario, flavour_full);
            if (from == LIBEXEC_ARGUMENTS_USER)
                world_user_arguments(&world, nothing, nothing);
            else if (from == 3) // no vectors at all
                world_user_arguments(&world, NULL, NULL);
            else
                world.request.arguments = (struct libexec_arguments){.from = (enum libexec_arguments_from)from};
            world.policy.argument_limit = limit;
            EXPECT_EQUAL(&world, world_prepare(&world),
                         limit == exact ? LIBEXEC_OK : LIBEXEC_E_ARGUMENTS_TOO_LARGE);
            libexec_kit_abandon(world.kit, &world.exec);
            world_end(&world);
        }
}

// Where a page's end is in the auxiliary vector, the last view may be for its rest alone: if it is refused, that is the
// stack's matter, no argument's.
static void a_view_refused_at_the_end(void **state) {
    (void)state;
    static struct world world;
    static const char *texts[701];
    uint32_t told = 0;
    for (uint32_t argc = 300; argc <= 700; argc += 5)
        for (size_t host = 0; host < 2; host++) {
            struct vectors vectors = {.from = LIBEXEC_ARGUMENTS_KERNEL};
            const struct scenario scenario = {.name = "last view", .set_up = execute_vectors, .data = &vectors};
            const struct libexec_kit_entry *entries = NULL;
            for (uint32_t i = 0; i < argc; i++)
                texts[i] = "a string of some bytes";
            texts[argc] = NULL;
            world_begin(&world, &scenario, &flavours[host]);
            world_arguments(&world, texts, NULL);
            struct libexec_kit_image *const image = world_image(&world);
            const libexec_address name = auxv_value(&world, image, LIBEXEC_AT_EXECFN);
            check_stack(&world, image, &(struct expected_stack){.argc = argc, .argv = texts, .path = PROGRAM});
            const libexec_address pointers_end = libexec_kit_image_start(image)->stack_pointer + 8 * (argc + 3);
            const uint32_t calls = libexec_kit_failable_calls(world.kit);
            uint32_t last = libexec_kit_journal(world.kit, &entries);
            while (last > 0 && entries[last - 1].call != LIBEXEC_KIT_CALL_TRANSLATE)
                last--;
            EXPECT(&world, last > 0);
            const libexec_address viewed = entries[last - 1].address;
            world_end_prepared(&world, image);
            if (viewed < pointers_end || viewed / PAGE >= name / PAGE)
                continue;
            world_begin(&world, &scenario, &flavours[host]);
            world_arguments(&world, texts, NULL);
            libexec_kit_fail(world.kit, calls, false, 77);
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_TRANSLATE);
            EXPECT_EQUAL(&world, libexec_kit_failed_call(world.kit), LIBEXEC_KIT_CALL_TRANSLATE);
            const struct libexec_report *const report = libexec_exec_report(&world.exec);
            EXPECT_EQUAL(&world, report->stage, LIBEXEC_STAGE_STACK);
            EXPECT_EQUAL(&world, report->address, viewed);
            EXPECT_EQUAL(&world, report->host_code, 77);
            world_end(&world);
            told++;
        }
    assert_true(told > 5);
}

// ---- Limits -------------------------------------------------------------------------------------------------------

// `count` strings of `length` bytes without NUL, the last one of `last`.
struct many {
    uint32_t argc;
    uint32_t envc;
    uint64_t length;
    uint64_t last;
    uint64_t stack_size;
    uint64_t argument_limit;
    bool fixed;
    bool user;
};

static char filler[LIBEXEC_STRING_MAX + 8];

static int get_many(void *context, uint32_t index, const char **bytes, uint64_t *length) {
    const struct many *const many = context;
    *bytes = filler;
    *length = index + 1 == (many->envc != 0 ? many->envc : many->argc) ? many->last : many->length;
    return 0;
}

static int get_ordinary(void *context, uint32_t index, const char **bytes, uint64_t *length) {
    const struct many *const many = context;
    (void)index;
    *bytes = filler;
    *length = many->length;
    return 0;
}

static void execute_many(struct world *world) {
    const struct many *const many = world->scenario->data;
    world_file(world, PROGRAM, &program);
    world_execute(world, PROGRAM);
    world->policy.stack_size = many->stack_size;
    world->policy.argument_limit = many->argument_limit;
    if (many->fixed)
        world->policy.flags |= LIBEXEC_POLICY_FIXED_ADDRESSES;
    void *const context = (void *)(uintptr_t)many;
    const struct libexec_strings argv = {.count = many->argc, .get = many->envc != 0 ? get_ordinary : get_many,
                                         .context = context};
    const struct libexec_strings envp = {.count = many->envc, .get = get_many, .context = context};
    world->request.arguments =
        (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_ITERATOR, .argv_strings = argv, .envp_strings = envp};
}

static enum libexec_status prepare_many(const struct many *many, const struct flavour *flavour) {
    static struct world world;
    const struct scenario scenario = {.name = "many", .set_up = execute_many, .data = many};
    world_begin(&world, &scenario, flavour);
    const enum libexec_status status = world_prepare(&world);
    if (status == LIBEXEC_OK) {
        struct libexec_kit_image *const image = libexec_kit_capture(world.kit, &world.exec);
        check_stack(&world, image, &(struct expected_stack){.argc = many->argc, .envc = many->envc, .path = PROGRAM});
        libexec_kit_image_free(image);
        libexec_kit_abandon(world.kit, &world.exec);
    } else {
        EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), TOO_BIG);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->stage, LIBEXEC_STAGE_ARGUMENTS);
    }
    EXPECT(&world, libexec_kit_ledger_empty(world.kit));
    world_end(&world);
    return status;
}

// Linux: all strings and the path together with 8 bytes for each pointer may be `limit`, exactly.
static void expect_limit(struct many many, uint64_t limit) {
    const uint64_t strings = limit - 8 * (uint64_t)(many.argc + many.envc) - sizeof(PROGRAM);
    const uint64_t others = (uint64_t)(many.argc + many.envc - 1) * (many.length + 1);
    assert_true(strings > others && strings - others < LIBEXEC_STRING_MAX);
    many.last = strings - others - 1;
    assert_int_equal(prepare_many(&many, flavour_required), LIBEXEC_OK);
    assert_int_equal(prepare_many(&many, flavour_full), LIBEXEC_OK);
    many.last++;
    assert_int_equal(prepare_many(&many, flavour_required), LIBEXEC_E_ARGUMENTS_TOO_LARGE);
    assert_int_equal(prepare_many(&many, flavour_full), LIBEXEC_E_ARGUMENTS_TOO_LARGE);
}

static void the_whole_limit_to_the_byte(void **state) {
    (void)state;
    const uint64_t mib = 1u << 20;
    expect_limit((struct many){.argc = 20, .length = 105000}, 2 * mib); // the default: 8 MiB of stack
    expect_limit((struct many){.argc = 19, .envc = 2, .length = 100000, .fixed = true}, 2 * mib);
    expect_limit((struct many){.argc = 1, .envc = 1, .length = 100000, .stack_size = 512 << 10}, 128 << 10);
    expect_limit((struct many){.argc = 10, .length = 104000, .stack_size = 4 * mib}, mib);
    expect_limit((struct many){.argc = 50, .envc = 10, .length = 104500, .stack_size = 32 * mib}, 6 * mib);
    expect_limit((struct many){.argc = 50, .envc = 10, .length = 104500, .stack_size = UINT64_MAX}, 6 * mib);
    expect_limit((struct many){.argc = 3, .envc = 3, .length = 10, .argument_limit = 4096}, 4096);
    expect_limit((struct many){.argc = 1, .length = 10, .argument_limit = 100}, 100);
}

static void one_string_to_the_byte(void **state) {
    (void)state;
    struct many many = {.argc = 1, .last = LIBEXEC_STRING_MAX - 1};
    assert_int_equal(prepare_many(&many, flavour_required), LIBEXEC_OK);
    many.last++;
    assert_int_equal(prepare_many(&many, flavour_required), LIBEXEC_E_STRING_TOO_LONG);
    assert_int_equal(prepare_many(&many, flavour_full), LIBEXEC_E_STRING_TOO_LONG);
    many.last = UINT64_MAX; // and what would wrap
    assert_int_equal(prepare_many(&many, flavour_full), LIBEXEC_E_STRING_TOO_LONG);
    many = (struct many){.argc = 2, .envc = 1, .length = 5, .last = LIBEXEC_STRING_MAX};
    assert_int_equal(prepare_many(&many, flavour_full), LIBEXEC_E_STRING_TOO_LONG);
}

static void bug_D1_counts_that_wrap(void **state) {
    (void)state;
    static const uint32_t counts[] = {UINT32_MAX, 1u << 31, (1u << 31) - 1, 1u << 29, 1u << 18};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        assert_int_equal(prepare_many(&(struct many){.argc = counts[i]}, flavour_full),
                         LIBEXEC_E_ARGUMENTS_TOO_LARGE);
        assert_int_equal(prepare_many(&(struct many){.argc = 1, .envc = counts[i]}, flavour_full),
                         LIBEXEC_E_ARGUMENTS_TOO_LARGE);
        assert_int_equal(prepare_many(&(struct many){.argc = counts[i], .envc = counts[i]}, flavour_full),
                         LIBEXEC_E_ARGUMENTS_TOO_LARGE);
    }
}

static void bug_D2_pointers_not_counted(void **state) {
    (void)state;
    // Empty strings: nine bytes each, with the pointer. 100 of them and the path:
    const uint64_t exact = 100 * 9 + sizeof(PROGRAM);
    struct many many = {.argc = 60, .envc = 40, .argument_limit = exact};
    assert_int_equal(prepare_many(&many, flavour_required), LIBEXEC_OK);
    many.argument_limit--;
    assert_int_equal(prepare_many(&many, flavour_required), LIBEXEC_E_ARGUMENTS_TOO_LARGE);
    // As many as a default stack takes, and one more.
    many = (struct many){.argc = ((2u << 20) - sizeof(PROGRAM)) / 9};
    assert_int_equal(prepare_many(&many, flavour_full), LIBEXEC_OK);
    many.argc++;
    assert_int_equal(prepare_many(&many, flavour_full), LIBEXEC_E_ARGUMENTS_TOO_LARGE);
}

static void bug_D3_stack_grows_into_the_image(void **state) {
    (void)state;
    static struct world world;
    const struct many many = {.argc = 20, .length = 100000, .last = 90000};
    const struct scenario scenario = {.name = "D3", .set_up = execute_many, .data = &many};
    world_begin(&world, &scenario, flavour_full);
    struct libexec_kit_image *const image = world_image(&world);
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const struct libexec_start *const start = libexec_kit_image_start(image);
    EXPECT(&world, start->stack_pointer > layout->stack.address + 0x8000);
    const struct libexec_region *const guard = libexec_kit_image_region(image, layout->stack.address - 1);
    EXPECT(&world, guard != NULL && guard->kind == LIBEXEC_REGION_GUARD);
    EXPECT_EQUAL(&world, guard->length, 0x100000);
    world_end_prepared(&world, image);
}

static void bug_D4_fixed_array_of_arguments(void **state) {
    (void)state;
    static const uint32_t counts[] = {255, 256, 257, 511, 512, 513, 1000, 5000, 20000};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        assert_int_equal(prepare_many(&(struct many){.argc = counts[i], .length = 12, .last = 3}, flavour_required),
                         LIBEXEC_OK);
        assert_int_equal(prepare_many(&(struct many){.argc = 1, .envc = counts[i], .length = 12, .last = 3},
                                      flavour_fault), LIBEXEC_OK);
    }
}

static void bug_D9_limits_after_the_point_of_no_return(void **state) {
    (void)state;
    // A stack of 128 KiB holds no 14,512 arguments: E2BIG, before anything is lost (prepare_many asserts the rest).
    const struct many many = {.argc = 14512, .length = 1, .last = 1, .stack_size = 128 << 10};
    assert_int_equal(prepare_many(&many, flavour_full), LIBEXEC_E_ARGUMENTS_TOO_LARGE);
    const struct many few = {.argc = 1000, .length = 10, .last = 1, .stack_size = 128 << 10};
    assert_int_equal(prepare_many(&few, flavour_full), LIBEXEC_OK);
}

// The whole pages that the policy gives a program are there below its stack pointer, one at least, whatever else is on
// the stack; from 64 MiB on the arguments are in them. A stack that does not fit the user range is refused.
static void stacks_of_all_sizes(void **state) {
    (void)state;
    static struct world world;
    uint32_t refused = 0, prepared = 0;
    for (uint64_t size = 1; size != 0; size = size < 0x10000 ? size + 0x7ff : size * 2) {
        const struct many many = {.argc = 1, .length = 3, .last = 3, .stack_size = size, .fixed = size % 3 == 0};
        const struct scenario scenario = {.name = "stacks", .set_up = execute_many, .data = &many};
        world_begin(&world, &scenario, flavour_full);
        const enum libexec_status status = world_prepare(&world);
        if (status != LIBEXEC_OK) {
            EXPECT_EQUAL(&world, status, LIBEXEC_E_STACK_SIZE);
            EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_ENOMEM);
            EXPECT(&world, size > 1ull << 44);
            refused++;
        } else {
            const struct libexec_layout *const layout = libexec_exec_layout(&world.exec);
            const uint64_t room = layout->stack_pointer - layout->stack.address;
            const uint64_t whole = size < PAGE ? PAGE : size / PAGE * PAGE;
            EXPECT(&world, layout->stack.length >= whole && layout->stack.length % PAGE == 0);
            EXPECT(&world, room >= (whole < 64u << 20 ? whole : whole - (32u << 20)));
            prepared++;
        }
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    assert_true(refused > 10 && prepared > 40);
}

// Stacks that are full to the byte: as many strings and pointers as the limit lets through, every entry of the
// auxiliary vector, all words that scripts add; where the place of the stack pointer takes most of the room, and least.
// What is charged is Linux's: the path, 8 bytes for each pointer of the caller's, and of a script's words and the
// argv[0] that they replace whichever is longer. Small limits around those at which the stack's room ends with a page.
struct brimful {
    enum libexec_arguments_from from;
    uint32_t depth;   // scripts, one naming the next
    uint32_t first;   // length of argv[0]
    uint32_t empties; // arguments that are empty
    uint64_t limit;
    uint64_t missing; // bytes that the limit is too low by
    int random;
};

#define EMPTIES 300u
#define ROOM (LIBEXEC_AUXV_MAX - 19u) // what the library's own entries and AT_NULL leave

static char brim_first[301], brim_last[3 * PAGE];
static const char *brim_argv[2 + EMPTIES + 2 * LIBEXEC_SCRIPT_DEPTH_MAX], *brim_envp[2];
static const char *brim_expected[2 + EMPTIES + 2 * LIBEXEC_SCRIPT_DEPTH_MAX];
static const char *const brim_scripts[] = {"/bin/s0", "/bin/s1", "/bin/s2", "/bin/s3", "/bin/s4", PROGRAM};
static const char *const brim_lines[] = {"#!/bin/s1 a0\n", "#!/bin/s2 a1\n", "#!/bin/s3 a2\n", "#!/bin/s4 a3\n",
                                         "#!" PROGRAM " a4\n"};
static const char *const brim_words[] = {"a0", "a1", "a2", "a3", "a4"};

static int constant_random_byte;
static int constant_random(void *context, void *bytes, size_t length) {
    (void)context;
    memset(bytes, constant_random_byte, length);
    return 0;
}

// Returns argc.
static uint32_t fill_brim(const struct brimful *brimful) {
    const uint32_t scripts = LIBEXEC_SCRIPT_DEPTH_MAX - brimful->depth;
    uint32_t given = 0, placed = 0;
    uint64_t replacing = 0;
    memset(brim_first, 'f', brimful->first);
    brim_first[brimful->first] = 0;
    brim_argv[given++] = brim_first;
    for (uint32_t i = LIBEXEC_SCRIPT_DEPTH_MAX; i > scripts; i--) {
        brim_expected[placed++] = brim_scripts[i];
        brim_expected[placed++] = brim_words[i - 1];
        replacing += strlen(brim_scripts[i]) + strlen(brim_words[i - 1]) + 2;
    }
    brim_expected[placed++] = brimful->depth == 0 ? brim_first : brim_scripts[scripts];
    replacing += brimful->depth == 0 ? 0 : strlen(brim_scripts[scripts]) + 1;
    for (uint32_t i = 0; i < brimful->empties; i++)
        brim_argv[given++] = brim_expected[placed++] = "";
    brim_argv[given] = brim_expected[placed] = NULL;
    const uint64_t others = 8 * (given + 1) + strlen(brim_scripts[scripts]) + 1 + brimful->empties +
                            (replacing > brimful->first + 1 ? replacing : brimful->first + 1);
    assert_true(others < brimful->limit && brimful->limit - others < sizeof(brim_last));
    for (size_t i = 0; i < sizeof(brim_last); i++) // no page like another one
        brim_last[i] = (char)('a' + i % 23);
    brim_last[brimful->limit - others - 1] = 0;
    brim_envp[0] = brim_last;
    return placed;
}

static void execute_brimful(struct world *world) {
    static struct libexec_auxv entries[ROOM];
    const struct brimful *const brimful = world->scenario->data;
    const uint32_t scripts = LIBEXEC_SCRIPT_DEPTH_MAX - brimful->depth;
    for (uint32_t i = scripts; i < LIBEXEC_SCRIPT_DEPTH_MAX; i++)
        world_bytes(world, brim_scripts[i], brim_lines[i], strlen(brim_lines[i]));
    world_file(world, PROGRAM, &program);
    world_execute(world, brim_scripts[scripts]);
    for (uint32_t i = 0; i < ROOM; i++)
        entries[i] = (struct libexec_auxv){3000 + i, UINT64_MAX};
    world->request.auxv = entries;
    world->request.auxv_count = ROOM;
    world->policy.argument_limit = brimful->limit - brimful->missing;
    constant_random_byte = brimful->random;
    libexec_kit_host(world->kit)->random = constant_random;
    if (brimful->from == LIBEXEC_ARGUMENTS_USER)
        world_user_arguments(world, brim_argv, brim_envp);
    else if (brimful->from == LIBEXEC_ARGUMENTS_KERNEL)
        world_arguments(world, brim_argv, brim_envp);
    else
        world->request.arguments =
            (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_ITERATOR,
                                       .argv_strings = iterate(brim_argv, 1 + brimful->empties),
                                       .envp_strings = iterate(brim_envp, 1)};
}

static void expect_brimful(struct brimful brimful, const struct flavour *flavour) {
    static struct world world;
    const struct scenario scenario = {.name = "brimful", .set_up = execute_brimful, .data = &brimful};
    const uint32_t argc = fill_brim(&brimful);
    world_begin(&world, &scenario, flavour);
    struct libexec_kit_image *const image = world_image(&world);
    const char *const path = brim_scripts[LIBEXEC_SCRIPT_DEPTH_MAX - brimful.depth];
    check_stack(&world, image, &(struct expected_stack){.argc = argc, .argv = brim_expected, .envc = 1,
                                                        .envp = brim_envp, .path = path});
    world_end_prepared(&world, image);
    brimful.missing = 1;
    world_begin(&world, &scenario, flavour);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ARGUMENTS_TOO_LARGE);
    const struct libexec_report *const report = libexec_exec_report(&world.exec);
    const uint32_t numbers = LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT;
    EXPECT_EQUAL(&world, report->known & numbers, numbers);
    EXPECT_EQUAL(&world, report->limit, brimful.limit - 1);
    EXPECT_EQUAL(&world, report->value, brimful.limit); // as many as there are, one too many
    EXPECT_EQUAL(&world, report->stage, LIBEXEC_STAGE_ARGUMENTS);
    EXPECT(&world, libexec_kit_ledger_empty(world.kit));
    world_end(&world);
}

static void stacks_that_are_full_to_the_byte(void **state) {
    (void)state;
    static const uint32_t depths[] = {0, 1, LIBEXEC_SCRIPT_DEPTH_MAX};
    const size_t kinds = LIBEXEC_CONFIG_STATIC_ONLY ? 1 : 3; // it runs no scripts
    for (uint64_t limit = 2 * PAGE - 3072; limit <= 2 * PAGE - 3032; limit += 8) // 3,056 bytes of the last page are
        for (int from = 0; from < 3; from++)                                     // for what is not charged
            for (size_t depth = 0; depth < kinds; depth++)
                for (int random = 0; random < 2; random++)
                    for (uint32_t empties = 0; empties <= EMPTIES; empties += EMPTIES)
                        expect_brimful((struct brimful){.from = (enum libexec_arguments_from)from,
                                                        .depth = depths[depth], .first = 1, .empties = empties,
                                                        .limit = limit, .random = random * 0xff}, flavour_full);
    // An argv[0] that goes, shorter and longer than what comes in its place, which for one script is 24 bytes.
    for (size_t depth = 1; depth < kinds; depth++)
        for (uint32_t first = 0; first <= 300; first += first < 40 ? 1 : 20)
            expect_brimful((struct brimful){.from = LIBEXEC_ARGUMENTS_USER, .depth = depths[depth], .first = first,
                                            .empties = 3, .limit = 5000}, first % 2 == 0 ? flavour_full : &flavours[6]);
}

// ---- Which string cannot be had -----------------------------------------------------------------------------------

#define GIVEN 4u // strings in each vector

struct culprit {
    enum libexec_arguments_from from; // KERNEL or ITERATOR
    uint32_t index;                   // of all strings, argv first
    bool script;                      // named by a script, whose two words come first
    bool refused;                     // by the iterator; else the string is too long
};

static const char *culprit_texts[2 * GIVEN + 2];

static int get_but_one(void *context, uint32_t index, const char **bytes, uint64_t *length) {
    const char *const *const texts = context;
    *bytes = texts[index];
    *length = *bytes == NULL ? 0 : *bytes == filler ? LIBEXEC_STRING_MAX : strlen(*bytes);
    return *bytes == NULL ? 77 : 0;
}

static void execute_culprit(struct world *world) {
    static const char line[] = "#!" PROGRAM "\n";
    const struct culprit *const culprit = world->scenario->data;
    world_file(world, PROGRAM, &program);
    world_bytes(world, "/script", line, sizeof(line) - 1);
    world_execute(world, culprit->script ? "/script" : PROGRAM);
    for (uint32_t i = 0; i < 2 * GIVEN + 2; i++) // each vector with its NULL
        culprit_texts[i] = i % (GIVEN + 1) == GIVEN ? NULL : "text";
    const uint32_t place = culprit->index + culprit->index / GIVEN;
    culprit_texts[place] = culprit->refused ? NULL : filler;
    const struct libexec_strings lists[2] = {
        {.count = GIVEN, .get = get_but_one, .context = culprit_texts},
        {.count = GIVEN, .get = get_but_one, .context = culprit_texts + GIVEN + 1}};
    struct libexec_arguments *const arguments = &world->request.arguments;
    arguments->from = culprit->from;
    arguments->argv = culprit_texts;
    arguments->envp = culprit_texts + GIVEN + 1;
    if (culprit->from == LIBEXEC_ARGUMENTS_ITERATOR) {
        arguments->argv_strings = lists[0];
        arguments->envp_strings = lists[1];
    }
}

static void the_string_is_told(void **state) {
    (void)state;
    static struct world world;
    for (uint32_t form = 0; form < 2 * GIVEN * 8; form++) {
        const struct culprit culprit = {.from = (form & 1) != 0 ? LIBEXEC_ARGUMENTS_ITERATOR : LIBEXEC_ARGUMENTS_KERNEL,
                                        .refused = (form & 2) != 0, .script = (form & 4) != 0, .index = form / 8};
        const struct scenario scenario = {.name = "culprit", .set_up = execute_culprit, .data = &culprit};
        if ((culprit.refused && culprit.from == LIBEXEC_ARGUMENTS_KERNEL) || // a NULL there is the vector's end
            (culprit.script && LIBEXEC_CONFIG_STATIC_ONLY))
            continue;
        world_begin(&world, &scenario, flavour_full);
        const enum libexec_status status = world_prepare(&world);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        EXPECT_EQUAL(&world, status, culprit.refused ? LIBEXEC_E_ARGUMENT_FAULT : LIBEXEC_E_STRING_TOO_LONG);
        EXPECT_EQUAL(&world, report->known & LIBEXEC_REPORT_ARGUMENT, LIBEXEC_REPORT_ARGUMENT);
        EXPECT_EQUAL(&world, report->argument, culprit.index + (culprit.script && culprit.index != 0 ? 1 : 0));
        EXPECT_EQUAL(&world, report->host_code, culprit.refused ? 77 : 0);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
}

// A script's words take the place of argv[0], which has been charged: the least limit that suffices is the same for all
// kinds of callers.
static libexec_address script_limit;
static void execute_limited(struct world *world) {
    static const char line[] = "#!" PROGRAM "\n";
    execute_vectors(world);
    world_bytes(world, "/script", line, sizeof(line) - 1);
    world->request.source = NULL;
    world->request.path = "/script";
    world->policy.argument_limit = script_limit;
}

static void argv_0_of_a_script_is_charged(void **state) {
    (void)state;
    static struct world world;
    uint64_t least[3] = {0};
    if (LIBEXEC_CONFIG_STATIC_ONLY)
        skip();
    for (int from = 0; from < 3; from++) {
        static char first[3001];
        memset(first, 'f', sizeof(first) - 1);
        const struct vectors vectors = {.from = (enum libexec_arguments_from)from, .argc = 2, .envc = 1,
                                        .argv = {first, "two"}, .envp = {"A=1"}};
        const struct scenario scenario = {.name = "limited", .set_up = execute_limited, .data = &vectors};
        for (script_limit = 3000; least[from] == 0; script_limit++) {
            world_begin(&world, &scenario, flavour_full);
            if (world_prepare(&world) == LIBEXEC_OK)
                least[from] = script_limit;
            libexec_kit_abandon(world.kit, &world.exec);
            world_end(&world);
        }
        assert_int_equal(least[from], least[0]);
    }
    // argv[0], "two", "A=1", the pointers of three strings, and the path of the script.
    assert_int_equal(least[0], 3001 + 4 + 4 + 3 * 8 + sizeof("/script"));
}

// One that is refused: for the same reason, and told as the same string.
static void argv_0_of_a_script_is_refused(void **state) {
    (void)state;
    static const uint64_t limits[] = {1000, 131000, LIBEXEC_STRING_MAX + 7, LIBEXEC_STRING_MAX + 8, 200000};
    static char first[LIBEXEC_STRING_MAX + 8];
    static struct world world;
    if (LIBEXEC_CONFIG_STATIC_ONLY)
        skip();
    memset(first, 'f', sizeof(first) - 1);
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        for (int from = 0; from < 3; from++) {
            const struct vectors vectors = {.from = (enum libexec_arguments_from)from, .argc = 1, .argv = {first}};
            const struct scenario scenario = {.name = "refused", .set_up = execute_limited, .data = &vectors};
            script_limit = limits[i];
            world_begin(&world, &scenario, flavour_full);
            EXPECT_EQUAL(&world, world_prepare(&world), limits[i] - 8 < LIBEXEC_STRING_MAX
                                                            ? LIBEXEC_E_ARGUMENTS_TOO_LARGE
                                                            : LIBEXEC_E_STRING_TOO_LONG);
            EXPECT(&world, (libexec_exec_report(&world.exec)->known & LIBEXEC_REPORT_ARGUMENT) != 0);
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->argument, 0);
            world_end(&world);
        }
}

// ---- The auxiliary vector -----------------------------------------------------------------------------------------

struct extra {
    const struct libexec_auxv *request;
    uint32_t request_count;
    struct libexec_image_answer answer;
};

static void execute_extra(struct world *world) {
    static const char *const argv[] = {"x", NULL};
    const struct extra *const extra = world->scenario->data;
    world_file(world, PROGRAM, &program);
    world_execute(world, PROGRAM);
    world_arguments(world, argv, NULL);
    world->request.auxv = extra->request;
    world->request.auxv_count = extra->request_count;
    *libexec_kit_answer(world->kit) = extra->answer;
}

static struct libexec_kit_image *image_with(struct world *world, const struct extra *extra) {
    static struct scenario scenario;
    scenario = (struct scenario){.name = "auxv", .set_up = execute_extra, .data = extra};
    world_begin(world, &scenario, flavour_full);
    struct libexec_kit_image *const image = world_image(world);
    static const char *const argv[] = {"x", NULL};
    check_stack(world, image, &(struct expected_stack){.argc = 1, .argv = argv, .path = PROGRAM});
    return image;
}

static void end_with(struct world *world, struct libexec_kit_image *image) {
    world_end_prepared(world, image);
}

static void the_vector_without_the_hosts_help(void **state) {
    (void)state;
    static const uint64_t expected[] = {16, 6, 17, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 23, 25, 26, 31, 15, 0};
    static struct world world;
    const struct extra extra = {0};
    struct libexec_kit_image *const image = image_with(&world, &extra);
    const struct libexec_auxv *auxv = NULL;
    EXPECT_EQUAL(&world, libexec_kit_image_auxv(image, &auxv), sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        EXPECT_EQUAL(&world, auxv[i].type, expected[i]);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_CLKTCK), 100);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_HWCAP), 0);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_HWCAP2), 0);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_BASE), 0);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_SECURE), 0);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_PHDR), BASE + 64);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_PHNUM), 2);
    end_with(&world, image);
}

static void the_hosts_entries_stand_in_linuxs_order(void **state) {
    (void)state;
    static const struct libexec_auxv request[] = {
        {27, 0x1b}, {33, 0x33}, {16, 0x1616}, {26, 0x2626}, {28, 0x1c}, {51, 0x51}, {17, 250}, {1000, 1}, {999, 2},
        {1, 7}, {0, 0}, {2, 5}, {1000, 3}};
    static const struct libexec_auxv answer[] = {{16, 0xaaaa}, {999, 9}, {2000, 4}};
    static const uint64_t expected[] = {33, 51, 16, 6,  17, 3,  4,  5,  7,  8, 9, 11,
                                        12, 13, 14, 23, 25, 26, 31, 15, 2, 27, 28};
    static struct world world;
    const struct extra extra = {.request = request, .request_count = sizeof(request) / sizeof(request[0]),
                                .answer = {.auxv = answer, .auxv_count = 3}};
    struct libexec_kit_image *const image = image_with(&world, &extra);
    const struct libexec_auxv *auxv = NULL;
    const uint32_t count = libexec_kit_image_auxv(image, &auxv);
    EXPECT_EQUAL(&world, count, sizeof(expected) / sizeof(expected[0]) + 4); // 1000, 999, 2000 and AT_NULL
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
        EXPECT_EQUAL(&world, auxv[i].type, expected[i]);
    static const struct libexec_auxv values[] = {{16, 0xaaaa}, {26, 0x2626}, {33, 0x33}, {51, 0x51}, {17, 250},
                                                 {27, 0x1b},   {28, 0x1c},   {2, 5},     {999, 9},   {2000, 4}};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
        EXPECT_EQUAL(&world, auxv_value(&world, image, values[i].type), values[i].value);
    end_with(&world, image);
}

static void the_librarys_entries_are_its_own(void **state) {
    (void)state;
    static const uint64_t own[] = {3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 23, 25, 31};
    struct libexec_auxv forged[sizeof(own) / sizeof(own[0])];
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        forged[i] = (struct libexec_auxv){own[i], 0xdead};
    static struct world world;
    const struct extra extra = {.request = forged, .request_count = sizeof(own) / sizeof(own[0]),
                                .answer = {.auxv = forged, .auxv_count = sizeof(own) / sizeof(own[0])}};
    struct libexec_kit_image *const image = image_with(&world, &extra);
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        EXPECT(&world, auxv_value(&world, image, own[i]) != 0xdead);
    const struct libexec_auxv *auxv = NULL;
    EXPECT_EQUAL(&world, libexec_kit_image_auxv(image, &auxv), 19);
    end_with(&world, image);
}

// More pointers than the limit has room for: told is where the first of them would have been.
static void execute_empty_strings(struct world *world) {
    static const char *argv[600];
    for (size_t i = 0; i < 599; i++)
        argv[i] = "";
    world_file(world, PROGRAM, &program);
    world_execute(world, PROGRAM);
    world_arguments(world, argv, NULL);
}

static void pointers_alone_that_are_too_many(void **state) {
    (void)state;
    static struct world world;
    const struct scenario scenario = {.name = "many", .set_up = execute_empty_strings};
    for (uint64_t limit = 4000; limit < 599 * 8; limit += 96) {
        world_begin(&world, &scenario, flavour_full);
        world.policy.argument_limit = limit;
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ARGUMENTS_TOO_LARGE);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->address,
                     libexec_exec_layout(&world.exec)->stack_pointer + 8);
        world_end(&world);
    }
}

// Of several with the same type the first one counts, and the answer's before the request's.
static void the_first_of_several_entries(void **state) {
    (void)state;
    static const struct libexec_auxv request[] = {{LIBEXEC_AT_HWCAP, 1}, {LIBEXEC_AT_HWCAP, 2}, {LIBEXEC_AT_HWCAP2, 3},
                                                  {LIBEXEC_AT_HWCAP2, 4}, {5000, 5}, {5000, 6}};
    static const struct libexec_auxv answer[] = {{LIBEXEC_AT_HWCAP2, 7}, {LIBEXEC_AT_HWCAP2, 8}, {6000, 9}, {6000, 10}};
    static struct world world;
    const struct extra extra = {.request = request, .request_count = 6, .answer = {.auxv = answer, .auxv_count = 4}};
    struct libexec_kit_image *const image = image_with(&world, &extra);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_HWCAP), 1);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_HWCAP2), 7);
    EXPECT_EQUAL(&world, auxv_value(&world, image, 5000), 5);
    EXPECT_EQUAL(&world, auxv_value(&world, image, 6000), 9);
    end_with(&world, image);
}

static const uint64_t types_alone[] = {16, 6, 17, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 23, 25, 26, 31, 15};
#define ALONE (sizeof(types_alone) / sizeof(types_alone[0]))

// The value of an entry of the same type; `without` where there is none.
static uint64_t value_in(const struct libexec_auxv *entries, size_t count, uint64_t type, uint64_t without) {
    for (size_t i = 0; i < count; i++)
        if (entries[i].type == type)
            return entries[i].value;
    return without;
}

static bool points_to_the_stack(uint64_t type) { // to what an entry more or less moves
    return type == LIBEXEC_AT_RANDOM || type == LIBEXEC_AT_EXECFN || type == LIBEXEC_AT_PLATFORM;
}

// One entry of the host's, in the request, in the answer, or one in each: its type decides where it stands, whether it
// gives one of the library's entries its value, or whether it is left out; and every other entry is as without it.
static void expect_type(uint64_t type, int from, const struct libexec_auxv *without) {
    static struct world world;
    static const uint64_t given_by_the_host[] = {16, 17, 26};
    const struct libexec_auxv request = {type, 0x7700}, answer = {type, 0x8800};
    const struct extra extra = {.request = &request, .request_count = from != 1,
                                .answer = {.auxv = &answer, .auxv_count = from != 0}};
    uint64_t expected[ALONE + 2];
    size_t count = 0, own = ALONE;
    while (own > 0 && types_alone[own - 1] != type)
        own--;
    if (type == LIBEXEC_AT_SYSINFO_EHDR || type == LIBEXEC_AT_MINSIGSTKSZ)
        expected[count++] = type;
    for (size_t i = 0; i < ALONE; i++)
        expected[count++] = types_alone[i];
    if (count == ALONE && own == 0 && type != LIBEXEC_AT_NULL && type != LIBEXEC_AT_IGNORE)
        expected[count++] = type;
    expected[count++] = LIBEXEC_AT_NULL;
    bool taken = own == 0;
    for (size_t i = 0; i < 3; i++)
        taken |= given_by_the_host[i] == type;
    struct libexec_kit_image *const image = image_with(&world, &extra);
    const struct libexec_auxv *auxv = NULL;
    EXPECT_EQUAL(&world, libexec_kit_image_auxv(image, &auxv), count);
    for (size_t i = 0; i < count; i++) {
        EXPECT_EQUAL(&world, auxv[i].type, expected[i]);
        if (taken && type != LIBEXEC_AT_NULL && auxv[i].type == type)
            EXPECT_EQUAL(&world, auxv[i].value, from == 0 ? request.value : answer.value);
        else if (!points_to_the_stack(auxv[i].type))
            EXPECT_EQUAL(&world, auxv[i].value, value_in(without, ALONE, auxv[i].type, 0));
    }
    end_with(&world, image);
}

static void every_type_of_entry(void **state) {
    (void)state;
    static struct world world;
    static const uint64_t large[] = {255, 256 + 16, 1000, (UINT64_C(1) << 32) + 16, UINT64_MAX - 63, UINT64_MAX};
    const struct extra nothing = {0};
    struct libexec_kit_image *const image = image_with(&world, &nothing);
    const struct libexec_auxv *auxv = NULL;
    struct libexec_auxv without[ALONE];
    EXPECT_EQUAL(&world, libexec_kit_image_auxv(image, &auxv), ALONE + 1);
    memcpy(without, auxv, sizeof(without));
    end_with(&world, image);
    for (int from = 0; from < 3; from++) {
        for (uint64_t type = 0; type <= 130; type++)
            expect_type(type, from, without);
        for (size_t i = 0; i < sizeof(large) / sizeof(large[0]); i++)
            expect_type(large[i], from, without);
    }
}

static void ids_and_secure_come_from_the_answer(void **state) {
    (void)state;
    static struct world world;
    const struct extra extra = {.answer = {.uid = 1000, .euid = 0xffffffff, .gid = 7, .egid = 8, .secure = 5}};
    struct libexec_kit_image *const image = image_with(&world, &extra);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_UID), 1000);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_EUID), 0xffffffff);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_GID), 7);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_EGID), 8);
    EXPECT_EQUAL(&world, auxv_value(&world, image, LIBEXEC_AT_SECURE), 1);
    const struct libexec_start *const start = libexec_kit_image_start(image);
    EXPECT(&world, start->uid == 1000 && start->euid == 0xffffffff && start->gid == 7 && start->egid == 8);
    EXPECT(&world, (start->flags & LIBEXEC_START_SECURE) != 0 && (start->flags & LIBEXEC_START_NOT_DUMPABLE) != 0);
    end_with(&world, image);
}

static void the_capacity_of_the_vector(void **state) {
    (void)state;
    struct libexec_auxv many[40];
    for (uint64_t i = 0; i < 40; i++)
        many[i] = (struct libexec_auxv){5000 + i, i};
    static struct world world;
    const uint32_t room = LIBEXEC_AUXV_MAX - 19;
    const struct extra fits = {.request = many, .request_count = room};
    struct libexec_kit_image *const image = image_with(&world, &fits);
    const struct libexec_auxv *auxv = NULL;
    EXPECT_EQUAL(&world, libexec_kit_image_auxv(image, &auxv), LIBEXEC_AUXV_MAX);
    end_with(&world, image);
    const struct extra more = {.request = many, .request_count = room + 1};
    const struct scenario scenario = {.name = "auxv capacity", .set_up = execute_extra, .data = &more};
    world_begin(&world, &scenario, flavour_full);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_AUXV_CAPACITY);
    EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_EINVAL);
    EXPECT(&world, libexec_kit_ledger_empty(world.kit));
    world_end(&world);
}

// Entries of both tables, of Linux's types and others, and types that are in both, which count once.
static void the_capacity_whoever_gives_the_entries(void **state) {
    (void)state;
    static const struct {
        uint32_t request; // vendor entries
        uint32_t answer;
        uint32_t shared; // so many of the answer's are the request's last ones
        uint32_t linux;  // and so many that have a place of their own
        bool fits;
    } rows[] = {
        {ROOM, 0, 0, 0, true},       {ROOM + 1, 0, 0, 0, false},  {0, ROOM, 0, 0, true},
        {0, ROOM + 1, 0, 0, false},  {14, ROOM - 14, 0, 0, true}, {14, ROOM - 13, 0, 0, false},
        {ROOM, 1, 0, 0, false},      {ROOM, 1, 1, 0, true},       {ROOM, ROOM, ROOM, 0, true},
        {ROOM, 10, 9, 0, false},     {ROOM - 5, 0, 0, 5, true},   {ROOM - 4, 0, 0, 5, false},
        {10, ROOM - 15, 0, 5, true}, {10, ROOM - 14, 0, 5, false}, {ROOM + 20, 0, 0, 0, false},
        {0, 500, 0, 5, false},       {500, 500, 0, 5, false},     {ROOM + 2, 0, 0, 0, false}};
    static const uint64_t linux_types[] = {33, 51, 2, 27, 28};
    static struct libexec_auxv request[512], answer[512];
    static struct world world;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        const uint32_t first = rows[row].request - rows[row].shared;
        for (uint32_t i = 0; i < rows[row].request; i++)
            request[i] = (struct libexec_auxv){5000 + i, i};
        for (uint32_t i = 0; i < rows[row].linux; i++)
            request[rows[row].request + i] = (struct libexec_auxv){linux_types[i], i};
        for (uint32_t i = 0; i < rows[row].answer; i++)
            answer[i] = (struct libexec_auxv){5000 + first + i, 0x10000 + first + i};
        const struct extra extra = {.request = request, .request_count = rows[row].request + rows[row].linux,
                                    .answer = {.auxv = answer, .auxv_count = rows[row].answer}};
        if (!rows[row].fits) {
            const struct scenario scenario = {.name = "entries", .set_up = execute_extra, .data = &extra};
            world_begin(&world, &scenario, flavour_full);
            world.policy.tls = row % 2 == 0 ? LIBEXEC_TLS_NEVER : LIBEXEC_TLS_ALWAYS; // a stage before it about a file
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_AUXV_CAPACITY);
            const struct libexec_report *const report = libexec_exec_report(&world.exec);
            const uint32_t numbers = LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT;
            EXPECT_EQUAL(&world, report->known & numbers, numbers);
            EXPECT_EQUAL(&world, report->value, LIBEXEC_AUXV_MAX + 1);
            EXPECT_EQUAL(&world, report->limit, LIBEXEC_AUXV_MAX);
            EXPECT_EQUAL(&world, report->stage, LIBEXEC_STAGE_STACK);
            EXPECT_EQUAL(&world, report->file, LIBEXEC_FILE_NONE);
            EXPECT(&world, libexec_kit_ledger_empty(world.kit));
            world_end(&world);
            continue;
        }
        struct libexec_kit_image *const image = image_with(&world, &extra);
        const struct libexec_auxv *auxv = NULL;
        const uint32_t count = libexec_kit_image_auxv(image, &auxv);
        EXPECT_EQUAL(&world, count, LIBEXEC_AUXV_MAX);
        uint32_t seen[2] = {0, 0}; // those of the answer's, and of the request's that the answer has not: in order
        for (uint32_t i = 0; i < count; i++) {
            if (auxv[i].type < 5000)
                continue;
            const bool answered = auxv[i].value >= 0x10000;
            EXPECT_EQUAL(&world, auxv[i].type, 5000 + (answered ? first : 0) + seen[answered]++);
            EXPECT_EQUAL(&world, auxv[i].value, (answered ? 0x10000 : 0) + auxv[i].type - 5000);
        }
        EXPECT(&world, seen[0] == first && seen[1] == rows[row].answer);
        for (uint32_t i = 0; i < rows[row].linux; i++)
            EXPECT_EQUAL(&world, auxv_value(&world, image, linux_types[i]), i);
        end_with(&world, image);
    }
}

// AT_PLATFORM: the architecture's string, of which 63 characters are used; no entry where there is none.
static void the_machines_name(void **state) {
    (void)state;
    static struct world world;
    static char name[200];
    static const uint32_t lengths[] = {0, 1, 6, 15, 62, 63, 64, 65, 199};
    static const uint64_t others[] = {16, 6, 17, 3, 4, 5, 7, 8, 9, 11, 12, 13, 14, 23, 25, 26, 31};
    static struct libexec_auxv many[ROOM + 1];
    for (uint32_t i = 0; i <= ROOM; i++)
        many[i] = (struct libexec_auxv){6000 + i, i};
    // With no entry of the host's, and with as many as fit.
    for (uint32_t extra_count = 0; extra_count <= ROOM; extra_count += ROOM)
        for (size_t i = 0; i <= sizeof(lengths) / sizeof(lengths[0]); i++) {
            const bool named = i < sizeof(lengths) / sizeof(lengths[0]);
            const uint32_t count = named || extra_count == 0 ? extra_count : extra_count + 1;
            const struct extra extra = {.request = many, .request_count = count};
            const struct scenario scenario = {.name = "platform", .set_up = execute_extra, .data = &extra};
            struct libexec_arch arch = libexec_kit_arch;
            memset(name, 'p', sizeof(name));
            name[named ? lengths[i] : 0] = 0;
            arch.platform = named ? name : NULL;
            world_begin(&world, &scenario, flavour_full);
            world.request.arch = &arch;
            struct libexec_kit_image *const image = world_image(&world);
            const struct libexec_auxv *auxv = NULL;
            const size_t placed = sizeof(others) / sizeof(others[0]);
            EXPECT_EQUAL(&world, libexec_kit_image_auxv(image, &auxv), placed + named + count + 1);
            for (size_t k = 0; k < placed; k++)
                EXPECT_EQUAL(&world, auxv[k].type, others[k]);
            for (uint32_t k = 0; k <= count; k++) // where there is no name, its address goes nowhere
                EXPECT_EQUAL(&world, auxv[placed + named + k].value, k < count ? k : 0);
            EXPECT_EQUAL(&world, auxv_has(image, LIBEXEC_AT_PLATFORM), named);
            size_t length = 0;
            if (named) {
                char *const text = libexec_kit_image_string(image, auxv_value(&world, image, LIBEXEC_AT_PLATFORM),
                                                            &length);
                EXPECT_EQUAL(&world, length, lengths[i] < 63 ? lengths[i] : 63);
                EXPECT_EQUAL(&world, strspn(text, "p"), length);
                free(text);
            }
            char *const path = libexec_kit_image_string(image, auxv_value(&world, image, LIBEXEC_AT_EXECFN), NULL);
            EXPECT(&world, strcmp(path, PROGRAM) == 0);
            free(path);
            const struct libexec_arguments_placed *const arguments = libexec_kit_image_arguments(image);
            char *const first = libexec_kit_image_string(image, arguments->strings, &length);
            EXPECT(&world, strcmp(first, "x") == 0);
            free(first);
            end_with(&world, image);
        }
}

// Delivers 1, 2, 3, ... over all calls.
static uint8_t next_random;
static int counting_random(void *context, void *bytes, size_t length) {
    (void)context;
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = ++next_random;
    return 0;
}

static void the_random_bytes_are_the_hosts(void **state) {
    (void)state;
    for (int fixed = 0; fixed < 2; fixed++) {
        static struct world world;
        const struct many many = {.argc = 1, .length = 3, .last = 3, .fixed = fixed != 0};
        const struct scenario scenario = {.name = "random", .set_up = execute_many, .data = &many};
        world_begin(&world, &scenario, flavour_required);
        libexec_kit_host(world.kit)->random = counting_random;
        next_random = 0;
        struct libexec_kit_image *const image = world_image(&world);
        uint8_t bytes[16];
        EXPECT(&world, libexec_kit_image_read(image, auxv_value(&world, image, LIBEXEC_AT_RANDOM), bytes, 16));
        for (int i = 1; i < 16; i++)
            EXPECT_EQUAL(&world, bytes[i], (uint8_t)(bytes[0] + i));
        EXPECT(&world, bytes[0] >= 1 && bytes[15] <= next_random);
        end_with(&world, image);
    }
}

int main(void) {
    memset(filler, 'f', sizeof(filler));
    small_elf(&program, LIBEXEC_KIT_ET_EXEC, BASE);
    const struct CMUnitTest stack[] = {
        cmocka_unit_test(every_argc_and_envc),
        cmocka_unit_test(only_the_callers_own_members_are_read),
        cmocka_unit_test(the_callers_memory_makes_no_difference),
        cmocka_unit_test(bug_D7_argc_0),
        cmocka_unit_test(an_iterator_that_fails),
        cmocka_unit_test(an_iterator_is_asked_once_for_each),
        cmocka_unit_test(an_empty_argv_is_charged),
        cmocka_unit_test(a_view_refused_at_the_end),
        cmocka_unit_test(the_whole_limit_to_the_byte),
        cmocka_unit_test(one_string_to_the_byte),
        cmocka_unit_test(bug_D1_counts_that_wrap),
        cmocka_unit_test(bug_D2_pointers_not_counted),
        cmocka_unit_test(bug_D3_stack_grows_into_the_image),
        cmocka_unit_test(bug_D4_fixed_array_of_arguments),
        cmocka_unit_test(bug_D9_limits_after_the_point_of_no_return),
        cmocka_unit_test(stacks_of_all_sizes),
        cmocka_unit_test(stacks_that_are_full_to_the_byte),
        cmocka_unit_test(the_string_is_told),
        cmocka_unit_test(argv_0_of_a_script_is_charged),
        cmocka_unit_test(argv_0_of_a_script_is_refused),
        cmocka_unit_test(the_vector_without_the_hosts_help),
        cmocka_unit_test(the_hosts_entries_stand_in_linuxs_order),
        cmocka_unit_test(the_librarys_entries_are_its_own),
        cmocka_unit_test(the_first_of_several_entries),
        cmocka_unit_test(pointers_alone_that_are_too_many),
        cmocka_unit_test(every_type_of_entry),
        cmocka_unit_test(ids_and_secure_come_from_the_answer),
        cmocka_unit_test(the_capacity_of_the_vector),
        cmocka_unit_test(the_capacity_whoever_gives_the_entries),
        cmocka_unit_test(the_machines_name),
        cmocka_unit_test(the_random_bytes_are_the_hosts),
    };
    const int failed = RUN(stack);
    libexec_kit_elf_end(&program);
    return failed;
}
