// SPDX-License-Identifier: MIT
// The driver: flavours, plain runs, reruns with failing calls, and what must hold after each.

#include "world.h"

#include <inttypes.h>
#include <stdio.h>

#define BOUNCING                                                                                                       \
    (LIBEXEC_KIT_OPEN | LIBEXEC_KIT_VIEW_END | LIBEXEC_KIT_BOUNCE | LIBEXEC_KIT_IMAGE_KNOWN | LIBEXEC_KIT_SEIZE |      \
     LIBEXEC_KIT_HOOKS)

const struct flavour flavours[] = {
    {.name = "required", .features = LIBEXEC_KIT_REQUIRED, .poison = 0xa5, .failing = true},
    {.name = "full", .features = LIBEXEC_KIT_FULL, .poison = 0x5a, .failing = true},
    {.name = "fault", .features = LIBEXEC_KIT_FAULT, .poison = 0x5a, .failing = true},
    {.name = "bounce", .features = BOUNCING, .poison = 0xa5, .failing = true},
    {.name = "bounce-complement", .features = BOUNCING | LIBEXEC_KIT_LONG_VIEWS, .poison = 0x5a},
    {.name = "bounce-share", .features = BOUNCING | LIBEXEC_KIT_SHARE, .poison = 0x5a},
    {.name = "share", .features = LIBEXEC_KIT_OPEN | LIBEXEC_KIT_SHARE | LIBEXEC_KIT_LONG_VIEWS, .poison = 0x5a},
    {.name = "copy-on-write", .features = LIBEXEC_KIT_OPEN | LIBEXEC_KIT_COPY_ON_WRITE, .poison = 0x5a},
    {.name = "zero-tail",
     .features = LIBEXEC_KIT_OPEN | LIBEXEC_KIT_SHARE | LIBEXEC_KIT_COPY_ON_WRITE | LIBEXEC_KIT_ZERO_TAIL,
     .poison = 0xa5},
    {.name = "cached", .features = LIBEXEC_KIT_OPEN | LIBEXEC_KIT_CACHED_VIEWS | LIBEXEC_KIT_VIEW_END, .poison = 0x5a},
    {.name = "stable", .features = LIBEXEC_KIT_OPEN | LIBEXEC_KIT_STABLE | LIBEXEC_KIT_SHARE, .poison = 0xa5},
    {.name = "all", .features = LIBEXEC_KIT_FULL | LIBEXEC_KIT_FILL_AT_FAULT, .poison = 0xa5},
    {.name = "bounce-zero", .features = BOUNCING | LIBEXEC_KIT_ZERO_POISON, .poison = 0},
};
const size_t flavour_count = sizeof(flavours) / sizeof(flavours[0]);
const struct flavour *const flavour_required = &flavours[0];
const struct flavour *const flavour_full = &flavours[1];
const struct flavour *const flavour_fault = &flavours[2];
const struct flavour *const flavour_bounce = &flavours[3];
const struct flavour *const flavour_beside = &flavours[12];

static struct {
    uint64_t prepared;
    uint64_t failing;
    uint64_t refused;
} counts;

// How often each name was run: rows of a table share a name, and are told apart by this number in the id.
#define NAMES 256u
static struct {
    const char *name;
    uint32_t runs;
} names[NAMES];
static uint32_t current_run;

static uint32_t count_run(const char *name) {
    uint32_t i = 0;
    while (i < NAMES && names[i].name != NULL && strcmp(names[i].name, name) != 0)
        i++;
    assert_true(i < NAMES);
    names[i].name = name;
    return ++names[i].runs;
}

// ---- Worlds -------------------------------------------------------------------------------------------------------

void world_fail(struct world *world, const char *format, ...) {
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n%s\n  case LIBEXEC_CASE='%s'\n", text, world->id);
    if (world->kit != NULL) {
        const struct libexec_report *const report = libexec_exec_report(&world->exec);
        fprintf(stderr, "  report: %s, stage %s, file %s, host code %" PRId32 ", program header %" PRIu32 ", offset 0x%"
                PRIx64 ", argument %" PRIu32 ", value 0x%" PRIx64 ", limit 0x%" PRIx64 "\n",
                libexec_status_name(report->status), libexec_stage_name(report->stage), libexec_file_name(report->file),
                report->host_code, report->program_header, report->file_offset, report->argument, report->value,
                report->limit);
        const struct libexec_kit_entry *entries = NULL;
        if (getenv("LIBEXEC_CASE") != NULL || libexec_kit_journal(world->kit, &entries) < 100)
            libexec_kit_journal_print(world->kit, stderr);
    }
    fail_msg("%s", text);
    abort(); // not reached
}

void world_set_arch(struct world *world, const struct libexec_arch *arch) {
    libexec_kit_free(world->kit);
    world->options.arch = arch;
    world->kit = libexec_kit_new(&world->options);
}

void world_begin(struct world *world, const struct scenario *scenario, const struct flavour *flavour) {
    memset(world, 0, sizeof(*world));
    world->scenario = scenario;
    world->flavour = flavour;
    snprintf(world->id, sizeof(world->id), "%s#%" PRIu32 ":%s", scenario->name, current_run, flavour->name);
    world->options = (struct libexec_kit_options){.features = flavour->features, .poison = flavour->poison,
                                                  .seed = 42};
    if (scenario->needs_open)
        world->options.features |= LIBEXEC_KIT_OPEN;
    world->kit = libexec_kit_new(&world->options);
    world->request.names = world->names;
    world->request.names_size = sizeof(world->names);
    world->request.policy = &world->policy;
    scenario->set_up(world);
}

static void expect_silence(struct world *world) {
    if (libexec_kit_violations(world->kit) != 0)
        world_fail(world, "the police says: %s", libexec_kit_violation(world->kit, 0));
}

void world_end(struct world *world) {
    expect_silence(world);
    libexec_kit_free(world->kit);
    world->kit = NULL;
}

void world_end_prepared(struct world *world, struct libexec_kit_image *image) {
    libexec_kit_image_free(image);
    libexec_kit_abandon(world->kit, &world->exec);
    world_end(world);
}

enum libexec_status world_prepare(struct world *world) {
    counts.prepared++;
    memset(world->names, world->options.poison, sizeof(world->names)); // nothing is left there of the execs before
    const enum libexec_status status = libexec_kit_prepare(world->kit, &world->exec, &world->request);
    const struct libexec_report *const report = libexec_exec_report(&world->exec);
    if ((report->known & (LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT)) != 0) // no status is about two zeros
        EXPECT(world, (report->value | report->limit) != 0);
    return status;
}

// A prepared exec, whose next step is the commit; nothing is left in the report of the steps before.
static struct libexec_kit_image *capture_prepared(struct world *world) {
    const struct libexec_report *const report = libexec_exec_report(&world->exec);
    EXPECT_EQUAL(world, report->status, LIBEXEC_OK);
    EXPECT_EQUAL(world, report->stage, LIBEXEC_STAGE_COMMIT);
    EXPECT_EQUAL(world, report->file, LIBEXEC_FILE_NONE);
    EXPECT_EQUAL(world, report->known | (uint32_t)report->host_code, 0);
    EXPECT(world, report->clause == NULL);
    struct libexec_kit_image *const image = libexec_kit_capture(world->kit, &world->exec);
    expect_silence(world);
    return image;
}

struct libexec_kit_image *world_image(struct world *world) {
    EXPECT_EQUAL(world, world_prepare(world), LIBEXEC_OK);
    return capture_prepared(world);
}

// ---- Plain runs ---------------------------------------------------------------------------------------------------

static bool journal_has(const struct libexec_kit *kit, enum libexec_kit_call call) {
    const struct libexec_kit_entry *entries = NULL;
    const uint32_t count = libexec_kit_journal(kit, &entries);
    for (uint32_t i = 0; i < count; i++)
        if (entries[i].call == call)
            return true;
    return false;
}

static void expect_refusal(struct world *world, enum libexec_status status) {
    const struct scenario *const expected = world->scenario;
    const struct libexec_report *const report = libexec_exec_report(&world->exec);
    if (status != expected->status)
        world_fail(world, "answers %s, expected %s", libexec_status_name(status),
                   libexec_status_name(expected->status));
    EXPECT_EQUAL(world, libexec_report_errno(report), expected->error);
    EXPECT_EQUAL(world, report->stage, expected->stage);
    EXPECT_EQUAL(world, report->name != NULL, status == LIBEXEC_E_OPEN);
    EXPECT_EQUAL(world, report->file, expected->file);
    EXPECT_EQUAL(world, (report->known & LIBEXEC_REPORT_PROGRAM_HEADER) != 0, expected->program_header != ANY);
    if (expected->program_header != ANY)
        EXPECT_EQUAL(world, report->program_header, expected->program_header);
    EXPECT_EQUAL(world, (report->known & LIBEXEC_REPORT_FILE_OFFSET) != 0, expected->offset != ANY64);
    if (expected->offset != ANY64)
        EXPECT_EQUAL(world, report->file_offset, expected->offset);
    if (expected->argument != ANY) {
        EXPECT(world, (report->known & LIBEXEC_REPORT_ARGUMENT) != 0);
        EXPECT_EQUAL(world, report->argument, expected->argument);
    }
    if (!expected->after_space)
        EXPECT(world, !journal_has(world->kit, LIBEXEC_KIT_CALL_SPACE_CREATE));
    counts.refused++;
}

// What must hold after every exec that failed, whatever the reason.
static void expect_nothing_left(struct world *world, uint64_t digest) {
    expect_silence(world);
    EXPECT(world, libexec_kit_ledger_empty(world->kit));
    EXPECT_EQUAL(world, libexec_kit_caller_digest(world->kit), digest);
    libexec_kit_abandon(world->kit, &world->exec); // harmless
    expect_silence(world);
}

static void expect_equal_images(struct world *world, const struct libexec_kit_image *first,
                                const struct libexec_kit_image *image) {
    char why[256];
    const bool bounced = (world->options.features & LIBEXEC_KIT_BOUNCE) != 0 && world->options.poison != 0;
    const bool equal = bounced ? libexec_kit_image_equal_but(first, image, world->options.poison, why, sizeof(why))
                               : libexec_kit_image_equal(first, image, why, sizeof(why));
    if (!equal)
        world_fail(world, "another image than on the first flavour: %s", why);
}

static void finish_good(struct world *world, bool commit) {
    if (commit) {
        EXPECT_EQUAL(world, libexec_kit_commit(world->kit, &world->exec), LIBEXEC_OK);
        EXPECT_EQUAL(world, libexec_kit_commit(world->kit, &world->exec), LIBEXEC_E_STATE);
    }
    libexec_kit_abandon(world->kit, &world->exec);
    EXPECT(world, libexec_kit_ledger_empty(world->kit));
    expect_silence(world);
}

// Runs the scenario plainly; returns the number of failable calls. `*first` is the image of the first flavour.
static uint32_t run_plain(const struct scenario *scenario, const struct flavour *flavour,
                          struct libexec_kit_image **first) {
    static struct world world;
    world_begin(&world, scenario, flavour);
    const uint64_t digest = libexec_kit_caller_digest(world.kit);
    const enum libexec_status status = world_prepare(&world);
    if (scenario->status != LIBEXEC_OK || status != LIBEXEC_OK) {
        expect_refusal(&world, status);
        expect_nothing_left(&world, digest);
    } else {
        EXPECT_EQUAL(&world, libexec_kit_caller_digest(world.kit), digest);
        struct libexec_kit_image *const image = capture_prepared(&world);
        // A bounce host loses bytes that look like its poison; the comparisons below take that into account.
        if (scenario->check != NULL && ((world.options.features & LIBEXEC_KIT_BOUNCE) == 0 || flavour->poison == 0))
            scenario->check(&world, image);
        if (*first == NULL)
            *first = image;
        else
            expect_equal_images(&world, *first, image);
        if (*first != image)
            libexec_kit_image_free(image);
        finish_good(&world, true);
    }
    const uint32_t calls = libexec_kit_failable_calls(world.kit);
    world_end(&world);
    return calls;
}

// ---- Failing calls ------------------------------------------------------------------------------------------------

static enum libexec_status status_of(enum libexec_kit_call call, enum libexec_status got) {
    switch (call) {
    case LIBEXEC_KIT_CALL_READ_AT:
        return LIBEXEC_E_READ;
    case LIBEXEC_KIT_CALL_USER_READ:
        return got == LIBEXEC_E_PATH_FAULT ? got : LIBEXEC_E_ARGUMENT_FAULT;
    case LIBEXEC_KIT_CALL_OPEN:
        return LIBEXEC_E_OPEN;
    case LIBEXEC_KIT_CALL_IMAGE_KNOWN:
        return LIBEXEC_E_REFUSED;
    case LIBEXEC_KIT_CALL_SPACE_CREATE:
        return LIBEXEC_E_SPACE;
    case LIBEXEC_KIT_CALL_MAP:
        return LIBEXEC_E_MAP;
    case LIBEXEC_KIT_CALL_TRANSLATE:
        return LIBEXEC_E_TRANSLATE;
    case LIBEXEC_KIT_CALL_RANDOM:
        return LIBEXEC_E_RANDOM;
    default:
        return LIBEXEC_OK;
    }
}

static void expect_host_failure(struct world *world, enum libexec_status status, int code) {
    const enum libexec_kit_call call = libexec_kit_failed_call(world->kit);
    const struct libexec_report *const report = libexec_exec_report(&world->exec);
    EXPECT(world, status != LIBEXEC_OK);
    if (call != LIBEXEC_KIT_CALL_VIEW) // after a refused view, read_at failed, or whatever came next
        EXPECT_EQUAL(world, status, status_of(call, status));
    EXPECT_EQUAL(world, report->host_code, code);
    const bool fault = status == LIBEXEC_E_ARGUMENT_FAULT || status == LIBEXEC_E_PATH_FAULT;
    EXPECT_EQUAL(world, libexec_report_errno(report), fault ? LIBEXEC_ERRNO_EFAULT : code);
}

static void fail_in_seize(struct world *world, uint64_t digest, bool persistent, int code) {
    EXPECT_EQUAL(world, libexec_kit_commit(world->kit, &world->exec), LIBEXEC_E_SEIZE);
    EXPECT_EQUAL(world, libexec_exec_report(&world->exec)->host_code, code);
    EXPECT_EQUAL(world, libexec_report_errno(libexec_exec_report(&world->exec)), code);
    EXPECT_EQUAL(world, libexec_kit_caller_digest(world->kit), digest);
    EXPECT_EQUAL(world, libexec_kit_read_ledger(world->kit).spaces, 1);
    if (!persistent) { // still prepared: trying again may succeed
        EXPECT_EQUAL(world, libexec_kit_commit(world->kit, &world->exec), LIBEXEC_OK);
        EXPECT(world, libexec_kit_ledger_empty(world->kit));
        return;
    }
    libexec_kit_abandon(world->kit, &world->exec);
    expect_nothing_left(world, digest);
}

// After a transient refusal of a cached view everything must be as without it.
static void succeed_after_view(struct world *world, const struct libexec_kit_image *first) {
    EXPECT_EQUAL(world, libexec_kit_failed_call(world->kit), LIBEXEC_KIT_CALL_VIEW);
    struct libexec_kit_image *const image = libexec_kit_capture(world->kit, &world->exec);
    expect_silence(world);
    expect_equal_images(world, first, image);
    libexec_kit_image_free(image);
    finish_good(world, false);
}

static void run_failing(const struct scenario *scenario, const struct flavour *flavour, uint32_t number,
                        bool persistent, const struct libexec_kit_image *first) {
    static struct world world;
    const int code = 1000 + (int)(number % 1000);
    world_begin(&world, scenario, flavour);
    snprintf(world.id, sizeof(world.id), "%s#%" PRIu32 ":%s:%" PRIu32 ":%s", scenario->name, current_run, flavour->name,
             number, persistent ? "persistent" : "transient");
    libexec_kit_fail(world.kit, number, persistent, code);
    const uint64_t digest = libexec_kit_caller_digest(world.kit);
    const enum libexec_status status = world_prepare(&world);
    counts.failing++;
    expect_silence(&world);
    const enum libexec_kit_call call = libexec_kit_failed_call(world.kit);
    if (status == LIBEXEC_OK && call == LIBEXEC_KIT_CALLS)
        fail_in_seize(&world, digest, persistent, code);
    else if (status == LIBEXEC_OK)
        succeed_after_view(&world, first);
    else {
        // A refused view falls back; the refusal is then the scenario's own.
        if (call != LIBEXEC_KIT_CALL_VIEW || status != scenario->status)
            expect_host_failure(&world, status, code);
        expect_nothing_left(&world, digest);
    }
    world_end(&world);
}

// ---- Scenarios ----------------------------------------------------------------------------------------------------

// Up to this many calls each one fails in turn; of more, as many spread over all.
#define EXHAUSTIVE 240u

static void run_all_failing(const struct scenario *scenario, const struct flavour *flavour, uint32_t calls,
                            const struct libexec_kit_image *first) {
    const uint32_t step = calls / EXHAUSTIVE + 1;
    for (uint32_t number = 1; number <= calls; number += number < 40 || calls - number < 40 ? 1 : step) {
        run_failing(scenario, flavour, number, false, first);
        run_failing(scenario, flavour, number, true, first);
    }
}

static bool case_found; // the one that LIBEXEC_CASE names

// Whether LIBEXEC_CASE names this scenario; without it everything is run.
static bool selected(const char *id) {
    const char *const wanted = getenv("LIBEXEC_CASE");
    return wanted == NULL || strncmp(wanted, id, strlen(id)) == 0;
}

static bool replay(const struct scenario *scenario, const struct flavour *flavour, uint32_t calls,
                   const struct libexec_kit_image *first) {
    const char *const wanted = getenv("LIBEXEC_CASE");
    if (wanted == NULL)
        return false;
    char id[160];
    snprintf(id, sizeof(id), "%s#%" PRIu32 ":%s", scenario->name, current_run, flavour->name);
    case_found |= strcmp(wanted, id) == 0;
    for (uint32_t number = 1; number <= calls; number++)
        for (int persistent = 0; persistent < 2; persistent++) {
            snprintf(id, sizeof(id), "%s#%" PRIu32 ":%s:%" PRIu32 ":%s", scenario->name, current_run, flavour->name,
                     number, persistent ? "persistent" : "transient");
            if (strcmp(wanted, id) != 0)
                continue;
            case_found = true;
            run_failing(scenario, flavour, number, persistent != 0, first);
        }
    return true;
}

void run_scenario(const struct scenario *scenario) {
    struct libexec_kit_image *first = NULL;
    char id[160];
    current_run = count_run(scenario->name);
    snprintf(id, sizeof(id), "%s#%" PRIu32 ":", scenario->name, current_run);
    if (!selected(id))
        return;
    uint32_t calls[sizeof(flavours) / sizeof(flavours[0])];
    for (size_t i = 0; i < flavour_count; i++)
        calls[i] = run_plain(scenario, &flavours[i], &first);
    for (size_t i = 0; i < flavour_count; i++) {
        if (!replay(scenario, &flavours[i], calls[i], first) && flavours[i].failing && !scenario->plain_only)
            run_all_failing(scenario, &flavours[i], calls[i], first);
    }
    libexec_kit_image_free(first);
}

void run_scenarios(const struct scenario *scenarios, size_t count) {
    for (size_t i = 0; i < count; i++)
        run_scenario(&scenarios[i]);
}

int run_group(const char *name, const struct CMUnitTest *tests, size_t count) {
    const int failed = _cmocka_run_group_tests(name, tests, count, NULL, NULL);
    printf("%s: %" PRIu64 " execs: %" PRIu64 " refused as expected, %" PRIu64 " with a failing call\n", name,
           counts.prepared, counts.refused, counts.failing);
    if (getenv("LIBEXEC_CASE") != NULL && !case_found) {
        fprintf(stderr, "%s: no case is called LIBEXEC_CASE='%s'\n", name, getenv("LIBEXEC_CASE"));
        return 1;
    }
    return failed;
}

// ---- Building blocks ----------------------------------------------------------------------------------------------

void world_bytes(struct world *world, const char *path, const void *bytes, uint64_t length) {
    libexec_kit_add_file(world->kit, &(struct libexec_kit_file){.path = path, .bytes = bytes, .length = length});
}

void world_file(struct world *world, const char *path, const struct libexec_kit_elf *elf) {
    world_bytes(world, path, elf->bytes, elf->size);
}

void world_execute(struct world *world, const char *path) {
    world->request.path = path;
    if ((world->options.features & LIBEXEC_KIT_OPEN) != 0)
        return;
    assert_true(libexec_kit_source(world->kit, path, &world->source));
    world->request.source = &world->source;
}

void world_arguments(struct world *world, const char *const *argv, const char *const *envp) {
    world->request.arguments = (struct libexec_arguments){.argv = argv, .envp = envp};
}

uint64_t world_page_size(const struct world *world) {
    return world->options.arch != NULL ? world->options.arch->page_size : PAGE;
}

void world_user_fill(struct world *world, libexec_address address, uint64_t length) {
    static uint8_t page[PAGE_MOST];
    const uint64_t page_size = world_page_size(world);
    memset(page, USER_FILL, sizeof(page));
    const uint64_t last = (address + length - 1) / page_size;
    for (uint64_t number = address / page_size; length != 0 && number <= last; number++) {
        const uint64_t at = number * page_size;
        uint8_t byte;
        if (!libexec_kit_user_read(world->kit, at, &byte, 1))
            libexec_kit_user_write(world->kit, at, page, page_size);
    }
}

libexec_address world_user_string(struct world *world, libexec_address address, const char *text) {
    const size_t length = strlen(text) + 1;
    world_user_fill(world, address, length);
    libexec_kit_user_write(world->kit, address, text, length);
    return address + length;
}

// Places the strings from `*at` on and their vector at `vector`; returns its length in bytes.
static uint64_t place_vector(struct world *world, const char *const *texts, libexec_address vector,
                             libexec_address *at) {
    size_t count = 0;
    while (texts != NULL && texts[count] != NULL)
        count++;
    world_user_fill(world, vector, (count + 1) * 8);
    libexec_kit_user_vector(world->kit, vector, NULL, 0);
    libexec_address *const pointers = calloc(count + 1, sizeof(*pointers));
    for (size_t i = 0; i < count; i++) {
        pointers[i] = *at;
        *at = world_user_string(world, *at, texts[i]);
    }
    libexec_kit_user_vector(world->kit, vector, pointers, count);
    free(pointers);
    return (count + 1) * 8;
}

void world_user_arguments(struct world *world, const char *const *argv, const char *const *envp) {
    libexec_address at = USER_STRINGS + 17;
    const uint64_t length = place_vector(world, argv, USER_VECTOR, &at);
    place_vector(world, envp, USER_VECTOR + length, &at);
    world->request.arguments = (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_USER,
                                                          .user_argv = argv == NULL ? 0 : USER_VECTOR,
                                                          .user_envp = envp == NULL ? 0 : USER_VECTOR + length};
}

struct libexec_kit_program_header load(uint32_t flags, uint64_t offset, uint64_t address, uint64_t file_size,
                                       uint64_t memory_size) {
    return (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_LOAD, .flags = flags, .offset = offset,
                                               .address = address, .physical_address = address,
                                               .file_size = file_size, .memory_size = memory_size, .alignment = PAGE};
}

void small_elf(struct libexec_kit_elf *elf, uint16_t type, uint64_t base) {
    libexec_kit_elf_begin(elf, type, 0x3000);
    elf->entry = base + 0x100;
    libexec_kit_elf_add(elf, load(R | X, 0, base, 0x1200, 0x1200));
    libexec_kit_elf_add(elf, load(R | W, 0x1200, base + 0x2200, 0x1600, 0x3e00));
    libexec_kit_elf_build(elf);
}

// ---- Files that are refused, and files that are not ---------------------------------------------------------------

static const char *const two_arguments[] = {"program", "one", NULL};
static const char *const one_variable[] = {"HOME=/", NULL};

void execute_elf(struct world *world) {
    world_file(world, PROGRAM, world->scenario->data);
    world_execute(world, PROGRAM);
    world_arguments(world, two_arguments, one_variable);
}

void check_loaded(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    check_image(world, image, world->scenario->data, layout->program_bias, LIBEXEC_FILE_PROGRAM);
    check_stack(world, image, &(struct expected_stack){.argc = 2, .argv = two_arguments, .envc = 1,
                                                       .envp = one_variable, .path = PROGRAM});
}

void expect_refused(const char *name, struct libexec_kit_elf *elf, struct refusal refusal) {
    libexec_kit_elf_build(elf);
    run_scenario(&(struct scenario){.name = name, .set_up = execute_elf, .data = elf, .status = refusal.status,
                                    .error = refusal.error, .stage = refusal.stage, .file = LIBEXEC_FILE_PROGRAM,
                                    .program_header = refusal.program_header, .offset = refusal.offset,
                                    .argument = ANY});
    libexec_kit_elf_end(elf);
}

void expect_loaded(const char *name, struct libexec_kit_elf *elf) {
    libexec_kit_elf_build(elf);
    run_scenario(&(struct scenario){.name = name, .set_up = execute_elf, .data = elf, .check = check_loaded});
    libexec_kit_elf_end(elf);
}
