// SPDX-License-Identifier: MIT
// `#!` lines in all their forms, as Linux reads them (fs/binfmt_script.c), nesting, and exec by descriptor.

#include "world.h"

#include <stdio.h>

#define SCRIPT "/bin/script"
#define SHELL "/bin/sh"
#define NOEXEC LIBEXEC_ERRNO_ENOEXEC

static struct libexec_kit_elf program;

static const char *const argv[] = {"script", "one", "two", NULL};
static const char *const envp[] = {"A=1", NULL};

// A file that begins with `line`, repeated bytes where `fill` is not 0, and what argv the program then sees.
struct form {
    const char *line;
    uint32_t line_length; // 0: strlen
    char fill;            // up to `length` bytes of it behind the line
    uint32_t length;      // of the file
    const char *tail;     // behind the fill
    const char *expected[5]; // the words that take argv[0]'s place
    enum libexec_status status;
    int error;
};

struct script {
    const struct form *form;
    uint8_t bytes[8192];
    uint64_t length;
};

static void build(struct script *script, const struct form *form) {
    const uint32_t line = form->line_length != 0 ? form->line_length : (uint32_t)strlen(form->line);
    script->form = form;
    memcpy(script->bytes, form->line, line);
    script->length = line;
    while (script->length < form->length)
        script->bytes[script->length++] = (uint8_t)form->fill;
    if (form->tail != NULL) {
        memcpy(script->bytes + script->length, form->tail, strlen(form->tail));
        script->length += strlen(form->tail);
    }
}

static void execute_script(struct world *world) {
    const struct script *const script = world->scenario->data;
    world_bytes(world, SCRIPT, script->bytes, script->length);
    world_file(world, SHELL, &program);
    world_execute(world, SCRIPT);
    world_arguments(world, argv, envp);
}

static void execute_script_user(struct world *world) {
    execute_script(world);
    world_user_arguments(world, argv, envp);
}

static void check_script(struct world *world, const struct libexec_kit_image *image) {
    const struct script *const script = world->scenario->data;
    const char *expected[9];
    uint32_t count = 0;
    for (uint32_t i = 0; script->form->expected[i] != NULL; i++)
        expected[count++] = script->form->expected[i];
    expected[count++] = SCRIPT;
    expected[count++] = "one";
    expected[count++] = "two";
    expected[count] = NULL;
    check_stack(world, image, &(struct expected_stack){.argc = count, .argv = expected, .envc = 1, .envp = envp,
                                                       .path = SCRIPT});
    check_image(world, image, &program, libexec_kit_image_layout(image)->program_bias, LIBEXEC_FILE_PROGRAM);
    EXPECT(world, strcmp(libexec_kit_image_start(image)->name, "script") == 0);
}

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X240 X64 X64 X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static const struct form good[] = {
    {.line = "#!/bin/sh\n", .expected = {SHELL}},
    {.line = "#!/bin/sh", .expected = {SHELL}}, // no newline: the file ends it
    {.line = "#! /bin/sh\n", .expected = {SHELL}},
    {.line = "#!\t \t/bin/sh \t \n", .expected = {SHELL}},
    {.line = "#!/bin/sh -e\n", .expected = {SHELL, "-e"}},
    {.line = "#!/bin/sh -e", .expected = {SHELL, "-e"}},
    {.line = "#!/bin/sh\t-e\n", .expected = {SHELL, "-e"}},
    {.line = "#!/bin/sh   -e  \t \n", .expected = {SHELL, "-e"}},
    {.line = "#!/bin/sh -e -x  y\tz \n", .expected = {SHELL, "-e -x  y\tz"}}, // kept whole
    {.line = "#!/bin/sh\nrest\n", .expected = {SHELL}},
    {.line = "#!/bin/sh -a\nrest that is not looked at", .expected = {SHELL, "-a"}},
    {.line = "#!/bin/sh\0junk\n", .line_length = 15, .expected = {SHELL}},
    {.line = "#!/bin/sh -e\0junk\n", .line_length = 18, .expected = {SHELL, "-e"}},
    {.line = "#!/bin/sh -e \0junk\n", .line_length = 19, .expected = {SHELL, "-e "}}, // a NUL keeps the blank
    {.line = "#!/bin/sh -e \n\0junk\n", .line_length = 20, .expected = {SHELL, "-e"}},
    {.line = "#!/bin/sh -e ", .expected = {SHELL, "-e "}}, // so does the end of the file
    {.line = "#!/bin/sh \r\n", .expected = {SHELL, "\r"}},
    {.line = "#!/bin/sh\n", .fill = 'y', .length = 6000, .expected = {SHELL}},
    // The line ends exactly with the 256 bytes, or is cut in its argument: 255 bytes of it count.
    {.line = "#!/bin/sh ", .fill = 'x', .length = 255, .tail = "\nmore", .expected = {SHELL, X240 "xxxxx"}},
    {.line = "#!/bin/sh ", .fill = 'x', .length = 254, .tail = "\nmore", .expected = {SHELL, X240 "xxxx"}},
    {.line = "#!/bin/sh ", .fill = 'x', .length = 256, .tail = "\nmore", .expected = {SHELL, X240 "xxxxx"}},
    {.line = "#!/bin/sh ", .fill = 'x', .length = 5000, .tail = "\n", .expected = {SHELL, X240 "xxxxx"}},
    {.line = "#!/bin/sh ", .fill = ' ', .length = 5000, .tail = "x\n", .expected = {SHELL}},
    {.line = "#!", .fill = ' ', .length = 246, .tail = "/bin/sh\nmore", .expected = {SHELL}},
    {.line = "#!", .fill = ' ', .length = 248, .tail = "/bin/sh\nmore", .expected = {SHELL}}, // newline is byte 255
    {.line = "#!", .fill = ' ', .length = 248, .tail = "/bin/sh more", .expected = {SHELL}},  // a blank is
};

static void good_lines(void **state) {
    (void)state;
    static struct script script;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        build(&script, &good[i]);
        run_scenario(&(struct scenario){.name = "line", .set_up = execute_script, .data = &script,
                                        .check = check_script, .needs_open = true, .plain_only = i > 4});
        run_scenario(&(struct scenario){.name = "line, user memory", .set_up = execute_script_user, .data = &script,
                                        .check = check_script, .needs_open = true, .plain_only = i > 4});
    }
}

// Only a newline and a NUL end a line, whatever else is in it.
static void every_byte_in_an_argument(void **state) {
    (void)state;
    static struct script script;
    for (uint32_t first = 0; first < 256; first += 64) {
        char line[96] = "#!/bin/sh a";
        size_t length = strlen(line);
        for (uint32_t byte = first; byte < first + 64; byte++)
            if (byte != 0 && byte != '\n')
                line[length++] = (char)byte;
        line[length++] = 'z';
        line[length] = 0;
        char argument[96];
        memcpy(argument, line + 10, length - 9);
        line[length++] = '\n';
        const struct form form = {.line = line, .line_length = (uint32_t)length, .expected = {SHELL, argument}};
        build(&script, &form);
        run_scenario(&(struct scenario){.name = "every byte", .set_up = execute_script, .data = &script,
                                        .check = check_script, .needs_open = true, .plain_only = true});
    }
}

// Linux cuts blanks off the end of the first 255 bytes, and a line's newline counts among them. It sees no NUL behind
// them: a NUL that is the 256th byte does not keep blanks, one before it does. The end of the file reads as a NUL.
static void blanks_at_the_end_of_the_first_255_bytes(void **state) {
    (void)state;
    static struct script script;
    static char kept[256];
    for (uint32_t length = 250; length < 260; length++)
        for (int ends = 0; ends < 3; ends++) { // with the file, a NUL, a newline
            const bool keeps = length < 255 && ends != 2;
            memset(kept, ' ', sizeof(kept));
            kept[0] = 'x';
            kept[keeps ? length - 10 : 1] = 0;
            const struct form argument = {
                .line = "#!/bin/sh x", .fill = ' ', .length = length, .expected = {SHELL, kept}};
            const struct form nothing = {.line = "#!", .fill = ' ', .length = length};
            build(&script, &argument);
            script.bytes[script.length] = ends == 1 ? 0 : '\n';
            script.length += ends != 0;
            run_scenario(&(struct scenario){.name = "blanks", .set_up = execute_script, .data = &script,
                                            .check = check_script, .needs_open = true, .plain_only = true});
            build(&script, &nothing);
            script.bytes[script.length] = ends == 1 ? 0 : '\n';
            script.length += ends != 0;
            run_scenario(&(struct scenario){.name = "only blanks", .set_up = execute_script, .data = &script,
                                            .status = keeps ? LIBEXEC_E_SCRIPT_NAME : LIBEXEC_E_SCRIPT_EMPTY,
                                            .error = keeps ? LIBEXEC_ERRNO_EACCES : NOEXEC,
                                            .stage = LIBEXEC_STAGE_SCRIPT, .file = LIBEXEC_FILE_PROGRAM,
                                            .program_header = ANY, .offset = ANY64, .argument = ANY,
                                            .needs_open = true});
        }
}

static const struct form bad[] = {
    {.line = "#!\n", .status = LIBEXEC_E_SCRIPT_EMPTY},
    {.line = "#!   \t \n", .status = LIBEXEC_E_SCRIPT_EMPTY},
    {.line = "#!  \t\n/bin/sh\n", .status = LIBEXEC_E_SCRIPT_EMPTY},
    {.line = "#!", .fill = ' ', .length = 256, .tail = "/bin/sh\n", .status = LIBEXEC_E_SCRIPT_EMPTY},
    {.line = "#!", .fill = 'x', .length = 256, .status = LIBEXEC_E_SCRIPT_TRUNCATED},
    {.line = "#!", .fill = 'x', .length = 4096, .status = LIBEXEC_E_SCRIPT_TRUNCATED},
    {.line = "#!", .fill = ' ', .length = 249, .tail = "/bin/sh\n", .status = LIBEXEC_E_SCRIPT_TRUNCATED},
    {.line = "#!", .fill = 'x', .length = 256, .tail = "\n", .status = LIBEXEC_E_SCRIPT_TRUNCATED},
    {.line = "#!", .fill = ' ', .length = 255, .tail = "xy\n", .status = LIBEXEC_E_SCRIPT_TRUNCATED},
    {.line = "#!", .fill = ' ', .length = 256, .tail = "xy\n", .status = LIBEXEC_E_SCRIPT_EMPTY},
};

static void bug_D8_bad_lines(void **state) {
    (void)state;
    static struct script script;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        build(&script, &bad[i]);
        run_scenario(&(struct scenario){.name = "D8 bad line", .set_up = execute_script, .data = &script,
                                        .status = bad[i].status, .error = NOEXEC, .stage = LIBEXEC_STAGE_SCRIPT,
                                        .file = LIBEXEC_FILE_PROGRAM, .program_header = ANY, .offset = ANY64,
                                        .argument = ANY, .needs_open = true});
    }
    // A path of 253 bytes that ends with the buffer's last byte is whole; it is only not there.
    static const struct form whole = {.line = "#!", .fill = 'x', .length = 255, .tail = "\n"};
    build(&script, &whole);
    run_scenario(&(struct scenario){.name = "D8 whole", .set_up = execute_script, .data = &script,
                                    .status = LIBEXEC_E_OPEN, .error = LIBEXEC_ERRNO_ENOENT,
                                    .stage = LIBEXEC_STAGE_SOURCE, .file = LIBEXEC_FILE_SCRIPT_INTERPRETER,
                                    .program_header = ANY, .offset = ANY64, .argument = ANY, .needs_open = true});
}

// No name at all: a NUL, or the end of the file, where it should begin. Linux opens "" and is refused its directory.
static void scripts_without_a_name(void **state) {
    (void)state;
    static const struct form rows[] = {{.line = "#!"}, {.line = "#!  \t"}, {.line = "#!\0/bin/sh\n", .line_length = 11},
                                       {.line = "#! \0\n", .line_length = 5}};
    static struct script script;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        build(&script, &rows[i]);
        run_scenario(&(struct scenario){.name = "no name", .set_up = execute_script, .data = &script,
                                        .status = LIBEXEC_E_SCRIPT_NAME, .error = LIBEXEC_ERRNO_EACCES,
                                        .stage = LIBEXEC_STAGE_SCRIPT, .file = LIBEXEC_FILE_PROGRAM,
                                        .program_header = ANY, .offset = ANY64, .argument = ANY, .needs_open = true});
    }
}

// A line that is refused makes the library open nothing.
static void bad_lines_open_nothing(void **state) {
    (void)state;
    static struct world world;
    static struct script script;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct scenario scenario = {.name = "opens nothing", .set_up = execute_script, .data = &script};
        const struct libexec_kit_entry *entries = NULL;
        uint32_t opened = 0;
        build(&script, &bad[i]);
        world_begin(&world, &scenario, flavour_full);
        EXPECT_EQUAL(&world, world_prepare(&world), bad[i].status);
        for (uint32_t k = libexec_kit_journal(world.kit, &entries); k-- > 0;)
            opened += entries[k].call == LIBEXEC_KIT_CALL_OPEN;
        EXPECT_EQUAL(&world, opened, 1);
        world_end(&world);
    }
}

// Every length of file from "#" on: never a byte beyond it.
static void bug_D8_lines_cut_by_the_file(void **state) {
    (void)state;
    static struct world world;
    static struct script script;
    static const struct form form = {.line = "#! /bin/sh -e\n", .expected = {SHELL, "-e"}};
    for (uint64_t length = 1; length <= 14; length++)
        for (size_t i = 0; i < 4; i++) {
            const struct scenario scenario = {.name = "D8 cut", .set_up = execute_script, .data = &script,
                                              .needs_open = true};
            build(&script, &form);
            script.length = length;
            world_begin(&world, &scenario, &flavours[i]);
            const enum libexec_status status = world_prepare(&world);
            EXPECT_EQUAL(&world, status == LIBEXEC_OK, length >= 10);
            libexec_kit_abandon(world.kit, &world.exec);
            EXPECT(&world, libexec_kit_ledger_empty(world.kit));
            world_end(&world);
        }
}

// ---- Nesting ------------------------------------------------------------------------------------------------------

struct chain {
    uint32_t depth;
    char lines[8][40];
    const char *const *argv;
    enum libexec_arguments_from from;
};

static int get_text(void *context, uint32_t index, const char **bytes, uint64_t *length) {
    *bytes = ((const char *const *)context)[index];
    *length = strlen(*bytes);
    return 0;
}

static struct libexec_strings iterate(const char *const *texts) {
    struct libexec_strings strings = {.get = get_text, .context = (void *)(uintptr_t)texts};
    while (texts != NULL && texts[strings.count] != NULL)
        strings.count++;
    return strings;
}

static void execute_chain(struct world *world) {
    struct chain *const chain = (struct chain *)(uintptr_t)world->scenario->data;
    char name[16];
    for (uint32_t i = 0; i < chain->depth; i++) {
        snprintf(name, sizeof(name), "/s%u", i);
        if (i + 1 < chain->depth)
            snprintf(chain->lines[i], sizeof(chain->lines[i]), "#!/s%u -%u\n", i + 1, i);
        else
            snprintf(chain->lines[i], sizeof(chain->lines[i]), "#!%s -%u\n", SHELL, i);
        world_bytes(world, name, chain->lines[i], strlen(chain->lines[i]));
    }
    world_file(world, SHELL, &program);
    world_execute(world, "/s0");
    if (chain->from == LIBEXEC_ARGUMENTS_USER)
        world_user_arguments(world, chain->argv, envp);
    else if (chain->from == LIBEXEC_ARGUMENTS_KERNEL)
        world_arguments(world, chain->argv, envp);
    else
        world->request.arguments = (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_ITERATOR,
                                                              .argv_strings = iterate(chain->argv),
                                                              .envp_strings = iterate(envp)};
}

static void execute_chain_without_shell(struct world *world) {
    execute_chain(world);
    libexec_kit_add_file(world->kit, &(struct libexec_kit_file){.path = SHELL, .open_code = LIBEXEC_ERRNO_ENOENT});
}

// argv is: shell, the innermost argument, ..., the script; then what followed argv[0].
static void check_chain(struct world *world, const struct libexec_kit_image *image) {
    const struct chain *const chain = world->scenario->data;
    static char texts[16][16];
    const char *expected[24];
    uint32_t count = 0;
    expected[count++] = SHELL;
    for (uint32_t i = chain->depth; i-- > 0;) {
        snprintf(texts[2 * i], sizeof(texts[0]), "-%u", i);
        snprintf(texts[2 * i + 1], sizeof(texts[0]), "/s%u", i);
        expected[count++] = texts[2 * i];
        expected[count++] = texts[2 * i + 1];
    }
    for (uint32_t i = 1; chain->argv != NULL && chain->argv[0] != NULL && chain->argv[i] != NULL; i++)
        expected[count++] = chain->argv[i];
    check_stack(world, image, &(struct expected_stack){.argc = count, .argv = expected, .envc = 1, .envp = envp,
                                                       .path = "/s0"});
}

static void scripts_that_name_scripts(void **state) {
    (void)state;
    static const char *const nothing[] = {NULL};
    static const char *const only_name[] = {"s", NULL};
    static const char *const many[] = {"s", "a", "b", "c", "d", "e", "f", "g", "h", NULL};
    const char *const *const vectors[] = {argv, nothing, only_name, many, NULL};
    static struct chain chain;
    for (uint32_t depth = 1; depth <= LIBEXEC_SCRIPT_DEPTH_MAX; depth++)
        for (size_t i = 0; i < 5; i++)
            for (int from = 0; from < 3; from++) {
                chain = (struct chain){.depth = depth, .argv = vectors[i], .from = (enum libexec_arguments_from)from};
                run_scenario(&(struct scenario){.name = "chain", .set_up = execute_chain, .data = &chain,
                                                .check = check_chain, .needs_open = true,
                                                .plain_only = depth != 2 || i != 0});
            }
    chain = (struct chain){.depth = LIBEXEC_SCRIPT_DEPTH_MAX + 1, .argv = argv};
    run_scenario(&(struct scenario){.name = "chain too long", .set_up = execute_chain, .data = &chain,
                                    .status = LIBEXEC_E_SCRIPT_DEPTH, .error = LIBEXEC_ERRNO_ELOOP,
                                    .stage = LIBEXEC_STAGE_SCRIPT, .file = LIBEXEC_FILE_SCRIPT_INTERPRETER,
                                    .program_header = ANY, .offset = ANY64, .argument = ANY, .needs_open = true});
    // One too many that names a file that is not there: that is found first.
    run_scenario(&(struct scenario){.name = "the last is missing", .set_up = execute_chain_without_shell,
                                    .data = &chain, .status = LIBEXEC_E_OPEN, .error = LIBEXEC_ERRNO_ENOENT,
                                    .stage = LIBEXEC_STAGE_SOURCE, .file = LIBEXEC_FILE_SCRIPT_INTERPRETER,
                                    .program_header = ANY, .offset = ANY64, .argument = ANY, .needs_open = true});
}

static void execute_itself(struct world *world) {
    static const char line[] = "#!/self\n";
    world_bytes(world, "/self", line, sizeof(line) - 1);
    world_execute(world, "/self");
    world_arguments(world, argv, envp);
}

static void bug_D8_a_script_that_names_itself(void **state) {
    (void)state;
    run_scenario(&(struct scenario){.name = "D8 itself", .set_up = execute_itself,
                                    .status = LIBEXEC_E_SCRIPT_DEPTH, .error = LIBEXEC_ERRNO_ELOOP,
                                    .stage = LIBEXEC_STAGE_SCRIPT, .file = LIBEXEC_FILE_SCRIPT_INTERPRETER,
                                    .program_header = ANY, .offset = ANY64, .argument = ANY, .needs_open = true});
}

static void execute_shallow(struct world *world) {
    execute_chain(world);
    world->policy.script_depth = 2;
}

static void execute_no_scripts(struct world *world) {
    execute_chain(world);
    world->policy.script_depth = LIBEXEC_NO_SCRIPTS;
}

static void the_policy_limits_nesting(void **state) {
    (void)state;
    static struct chain chain;
    chain = (struct chain){.depth = 2, .argv = argv};
    run_scenario(&(struct scenario){.name = "depth 2", .set_up = execute_shallow, .data = &chain,
                                    .check = check_chain, .needs_open = true, .plain_only = true});
    chain.depth = 3;
    struct scenario refused = {.name = "depth 3", .set_up = execute_shallow, .data = &chain,
                               .status = LIBEXEC_E_SCRIPT_DEPTH, .error = LIBEXEC_ERRNO_ELOOP,
                               .stage = LIBEXEC_STAGE_SCRIPT, .file = LIBEXEC_FILE_SCRIPT_INTERPRETER,
                               .program_header = ANY, .offset = ANY64, .argument = ANY, .needs_open = true};
    run_scenario(&refused);
    chain.depth = 1;
    refused.name = "no scripts";
    refused.set_up = execute_no_scripts;
    refused.status = LIBEXEC_E_SCRIPT_POLICY;
    refused.error = LIBEXEC_ERRNO_ENOEXEC;
    refused.file = LIBEXEC_FILE_PROGRAM;
    run_scenario(&refused);
}

// ---- What else can be wrong ---------------------------------------------------------------------------------------

static void execute_bad_shell(struct world *world) {
    execute_script(world);
    static const char text[] = "neither ELF nor script, but long enough for a header of sixty-four bytes .........";
    world_bytes(world, SHELL, text, sizeof(text));
}

static void execute_refused_shell(struct world *world) {
    execute_script(world);
    libexec_kit_add_file(world->kit, &(struct libexec_kit_file){.path = SHELL, .open_code = LIBEXEC_ERRNO_EACCES});
}

static void an_interpreter_that_is_none(void **state) {
    (void)state;
    static struct script script;
    build(&script, &good[0]);
    struct scenario refused = {.name = "bad shell", .set_up = execute_bad_shell, .data = &script,
                               .status = LIBEXEC_E_MAGIC, .error = NOEXEC, .stage = LIBEXEC_STAGE_HEADER,
                               .file = LIBEXEC_FILE_PROGRAM, .program_header = ANY, .offset = 0, .argument = ANY,
                               .needs_open = true};
    run_scenario(&refused);
    refused = (struct scenario){.name = "refused shell", .set_up = execute_refused_shell, .data = &script,
                                .status = LIBEXEC_E_OPEN, .error = LIBEXEC_ERRNO_EACCES,
                                .stage = LIBEXEC_STAGE_SOURCE, .file = LIBEXEC_FILE_SCRIPT_INTERPRETER,
                                .program_header = ANY, .offset = ANY64, .argument = ANY, .needs_open = true};
    run_scenario(&refused);
    // A host without `open` says so; nothing else happens.
    static struct world world;
    const struct scenario no_open = {.name = "no open", .set_up = execute_script, .data = &script};
    world_begin(&world, &no_open, flavour_required);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_NO_OPEN);
    EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_ENOEXEC);
    EXPECT(&world, libexec_kit_ledger_empty(world.kit));
    world_end(&world);
}

static void execute_small_names(struct world *world) {
    execute_script(world);
    world->request.names_size = 8; // "/bin/sh" needs 8 and a byte that is never used
}

static void names_that_do_not_fit(void **state) {
    (void)state;
    static struct script script;
    build(&script, &good[0]);
    run_scenario(&(struct scenario){.name = "small names", .set_up = execute_small_names, .data = &script,
                                    .status = LIBEXEC_E_NAME_TOO_LONG, .error = LIBEXEC_ERRNO_ENAMETOOLONG,
                                    .stage = LIBEXEC_STAGE_SCRIPT, .file = LIBEXEC_FILE_PROGRAM,
                                    .program_header = ANY, .offset = ANY64, .argument = ANY, .needs_open = true});
    // Whatever the names memory: prepared, or refused with that status; never written beyond.
    static struct world world;
    static char *names;
    uint32_t prepared = 0, refused = 0;
    build(&script, &good[8]);
    for (uint32_t size = 1; size < 40; size++) {
        const struct scenario scenario = {.name = "names", .set_up = execute_script, .data = &script,
                                          .needs_open = true};
        world_begin(&world, &scenario, flavour_full);
        names = malloc(size); // exactly: the address sanitizer watches its end
        world.request.names = names;
        world.request.names_size = size;
        const enum libexec_status status = world_prepare(&world);
        EXPECT(&world, status == LIBEXEC_OK || status == LIBEXEC_E_NAME_TOO_LONG);
        prepared += status == LIBEXEC_OK;
        refused += status != LIBEXEC_OK;
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
        free(names);
    }
    assert_true(prepared > 5 && refused > 5);
}

// LIBEXEC_NAMES_MAX bytes hold all that Linux accepts: the longest path, five of the longest lines, the longest name in
// PT_INTERP. Each script names the next one, the last one the program, which is its own interpreter.
static void the_most_names(void **state) {
    (void)state;
    static struct world world;
    static struct script script;
    static char path[LIBEXEC_PATH_MAX], loader[LIBEXEC_PATH_MAX];
    static char lines[LIBEXEC_SCRIPT_DEPTH_MAX][LIBEXEC_SCRIPT_LINE_MAX];
    const struct scenario scenario = {.name = "most names", .set_up = execute_script, .data = &script};
    const char *name = path;
    struct libexec_kit_elf dynamic;
    char next[8];
    memset(path, 'p', sizeof(path) - 1);
    memset(loader, 'l', sizeof(loader) - 1);
    path[0] = loader[0] = '/';
    build(&script, &good[0]);
    small_elf(&dynamic, LIBEXEC_KIT_ET_DYN, 0);
    libexec_kit_elf_write(&dynamic, 0x800, loader, sizeof(loader));
    libexec_kit_elf_add(&dynamic, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800,
                                                                      .file_size = sizeof(loader)});
    libexec_kit_elf_build(&dynamic);
    world_begin(&world, &scenario, flavour_full);
    for (uint32_t i = 0; i < LIBEXEC_SCRIPT_DEPTH_MAX; i++) {
        memset(lines[i], 'x', sizeof(lines[i]) - 1);
        lines[i][snprintf(lines[i], sizeof(lines[i]), "#!/%u ", i)] = 'x';
        lines[i][sizeof(lines[i]) - 1] = '\n';
        world_bytes(&world, name, lines[i], sizeof(lines[i]));
        snprintf(next, sizeof(next), "/%u", i);
        name = next;
    }
    world_file(&world, next, &dynamic);
    world_file(&world, loader, &dynamic);
    libexec_kit_user_write(world.kit, USER_PATH, path, sizeof(path));
    world.request.path = NULL;
    world.request.user_path = USER_PATH;
    EXPECT_EQUAL(&world, world.request.names_size, LIBEXEC_NAMES_MAX);
    struct libexec_kit_image *const image = world_image(&world);
    EXPECT(&world, strcmp(libexec_kit_image_start(image)->path, path) == 0);
    world_end_prepared(&world, image);
    libexec_kit_elf_end(&dynamic);
}

// Linux reads argv[0] before it knows that it will be dropped: a bad pointer is EFAULT all the same.
static void execute_bad_name(struct world *world) {
    execute_script(world);
    const libexec_address pointers[] = {8, USER_STRINGS};
    world_user_string(world, USER_STRINGS, "one");
    libexec_kit_user_vector(world->kit, USER_VECTOR, pointers, 2);
    world->request.arguments = (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_USER, .user_argv = USER_VECTOR};
}

static void a_dropped_name_is_read_all_the_same(void **state) {
    (void)state;
    static struct script script;
    build(&script, &good[0]);
    run_scenario(&(struct scenario){.name = "dropped name", .set_up = execute_bad_name, .data = &script,
                                    .status = LIBEXEC_E_ARGUMENT_FAULT, .error = LIBEXEC_ERRNO_EFAULT,
                                    .stage = LIBEXEC_STAGE_ARGUMENTS, .program_header = ANY, .offset = ANY64,
                                    .argument = 0, .needs_open = true, .after_space = true});
}

// ---- Exec by descriptor -------------------------------------------------------------------------------------------

#define DISPLAY "/dev/fd/5"

static void execute_descriptor(struct world *world) {
    const struct script *const script = world->scenario->data;
    if (script == NULL)
        world_file(world, SCRIPT, &program);
    else
        world_bytes(world, SCRIPT, script->bytes, script->length);
    world_file(world, SHELL, &program);
    world_arguments(world, argv, envp);
    EXPECT(world, libexec_kit_source(world->kit, SCRIPT, &world->source));
    world->request.source = &world->source;
    world->request.path = DISPLAY;
}

static void execute_closing_descriptor(struct world *world) {
    execute_descriptor(world);
    world->request.close_on_exec = 1;
}

static void execute_closing_path(struct world *world) {
    execute_script(world);
    world->request.close_on_exec = 1;
}

static void check_descriptor(struct world *world, const struct libexec_kit_image *image) {
    static const char *const script_argv[] = {SHELL, DISPLAY, "one", "two", NULL};
    const bool script = world->scenario->data != NULL;
    check_stack(world, image, &(struct expected_stack){.argc = script ? 4 : 3, .argv = script ? script_argv : argv,
                                                       .envc = 1, .envp = envp, .path = DISPLAY});
    EXPECT(world, strcmp(libexec_kit_image_start(image)->path, DISPLAY) == 0);
    EXPECT(world, strcmp(libexec_kit_image_start(image)->name, "5") == 0);
}

static void exec_by_descriptor(void **state) {
    (void)state;
    static struct script script;
    build(&script, &good[0]);
    run_scenario(&(struct scenario){.name = "descriptor", .set_up = execute_descriptor, .check = check_descriptor});
    run_scenario(&(struct scenario){.name = "closing descriptor", .set_up = execute_closing_descriptor,
                                    .check = check_descriptor});
    run_scenario(&(struct scenario){.name = "script by descriptor", .set_up = execute_descriptor, .data = &script,
                                    .check = check_descriptor, .needs_open = true});
    struct scenario refused = {.name = "script by closing descriptor", .set_up = execute_closing_descriptor,
                               .data = &script, .status = LIBEXEC_E_SCRIPT_UNREACHABLE, .error = LIBEXEC_ERRNO_ENOENT,
                               .stage = LIBEXEC_STAGE_SCRIPT, .file = LIBEXEC_FILE_PROGRAM, .program_header = ANY,
                               .offset = ANY64, .argument = ANY, .needs_open = true};
    run_scenario(&refused);
    refused.name = "script by a path that closes"; // the kernel's word counts, a source or none
    refused.set_up = execute_closing_path;
    run_scenario(&refused);
}

int main(void) {
    small_elf(&program, LIBEXEC_KIT_ET_EXEC, BASE);
    const struct CMUnitTest scripts[] = {
        cmocka_unit_test(good_lines),
        cmocka_unit_test(every_byte_in_an_argument),
        cmocka_unit_test(blanks_at_the_end_of_the_first_255_bytes),
        cmocka_unit_test(bug_D8_bad_lines),
        cmocka_unit_test(scripts_without_a_name),
        cmocka_unit_test(bad_lines_open_nothing),
        cmocka_unit_test(bug_D8_lines_cut_by_the_file),
        cmocka_unit_test(scripts_that_name_scripts),
        cmocka_unit_test(bug_D8_a_script_that_names_itself),
        cmocka_unit_test(the_policy_limits_nesting),
        cmocka_unit_test(an_interpreter_that_is_none),
        cmocka_unit_test(names_that_do_not_fit),
        cmocka_unit_test(the_most_names),
        cmocka_unit_test(a_dropped_name_is_read_all_the_same),
        cmocka_unit_test(exec_by_descriptor),
    };
    const int failed = RUN(scripts);
    libexec_kit_elf_end(&program);
    return failed;
}
