// SPDX-License-Identifier: MIT
// Prepare, commit and abandon: states, the order of hooks and of undo, what the host may answer, policies, hosts that
// break the contract, and two execs at once. Bugs of class E are here.

#define _DEFAULT_SOURCE // barriers, MAP_ANONYMOUS

#include "world.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>

static struct libexec_kit_elf program;

static const char *const argv[] = {"program", "one", NULL};
static const char *const envp[] = {"A=1", NULL};

static void execute(struct world *world) {
    world_file(world, PROGRAM, &program);
    world_execute(world, PROGRAM);
    world_arguments(world, argv, envp);
}

static const struct scenario plainly = {.name = "exec", .set_up = execute};

static uint32_t count_calls(const struct world *world, enum libexec_kit_call call) {
    const struct libexec_kit_entry *entries = NULL;
    const uint32_t count = libexec_kit_journal(world->kit, &entries);
    uint32_t found = 0;
    for (uint32_t i = 0; i < count; i++)
        found += entries[i].call == call;
    return found;
}

// The place of the first such call in the journal; UINT32_MAX where there is none.
static uint32_t place_of(const struct world *world, enum libexec_kit_call call) {
    const struct libexec_kit_entry *entries = NULL;
    const uint32_t count = libexec_kit_journal(world->kit, &entries);
    for (uint32_t i = 0; i < count; i++)
        if (entries[i].call == call)
            return i;
    return UINT32_MAX;
}

// ---- States -------------------------------------------------------------------------------------------------------

static void commit_needs_a_prepared_exec(void **state) {
    (void)state;
    static struct world world;
    world_begin(&world, &plainly, flavour_full);
    libexec_kit_fail(world.kit, 1, false, 5);
    EXPECT(&world, world_prepare(&world) != LIBEXEC_OK);
    EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_E_STATE);
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->status, LIBEXEC_E_OPEN); // why prepare failed stays
    struct libexec_region region;
    EXPECT(&world, !libexec_exec_region(&world.exec, 0, &region));
    libexec_kit_fail(world.kit, 0, false, 0);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    uint32_t entries = 0;
    EXPECT(&world, libexec_exec_auxv(&world.exec, &entries) != NULL && entries != 0);
    EXPECT(&world, libexec_exec_region(&world.exec, 0, &region));
    libexec_kit_abandon(world.kit, &world.exec);
    libexec_exec_auxv(&world.exec, &entries);
    EXPECT_EQUAL(&world, entries, 0);
    EXPECT(&world, !libexec_exec_region(&world.exec, 0, &region));
    EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_E_STATE);
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->status, LIBEXEC_E_STATE); // there was no other failure
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->known, 0);
    EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_EINVAL);
    libexec_kit_abandon(world.kit, &world.exec); // twice is harmless
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_OK);
    EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_E_STATE);
    libexec_kit_abandon(world.kit, &world.exec);
    EXPECT(&world, libexec_kit_ledger_empty(world.kit));
    world.request.source = &world.source;
    world.request.path = NULL; // a mistake, found before anything is done
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_REQUEST);
    EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_E_STATE);
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->status, LIBEXEC_E_REQUEST);
    memset(&world.exec, 0, sizeof(world.exec));
    libexec_kit_abandon(world.kit, &world.exec);
    EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_E_STATE);
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->status, LIBEXEC_E_STATE);
    world_end(&world);
}

// A report outlives what may be called after it: commit, and abandon, with something to abandon and without.
static void a_report_outlives_abandon(void **state) {
    (void)state;
    static struct world world;
    for (int prepared = 0; prepared < 2; prepared++) {
        world_begin(&world, &plainly, flavour_full);
        libexec_kit_fail(world.kit, prepared != 0 ? 0 : 1, false, 5);
        libexec_kit_refuse_seize(world.kit, 5);
        EXPECT_EQUAL(&world, world_prepare(&world), prepared != 0 ? LIBEXEC_OK : LIBEXEC_E_OPEN);
        EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec),
                     prepared != 0 ? LIBEXEC_E_SEIZE : LIBEXEC_E_STATE);
        const struct libexec_report before = *libexec_exec_report(&world.exec);
        EXPECT_EQUAL(&world, before.status, prepared != 0 ? LIBEXEC_E_SEIZE : LIBEXEC_E_OPEN);
        EXPECT_EQUAL(&world, before.host_code, 5);
        EXPECT(&world, prepared != 0 || strcmp(before.name, PROGRAM) == 0);
        for (int times = 0; times < 2; times++) {
            libexec_kit_abandon(world.kit, &world.exec);
            EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_E_STATE);
            EXPECT(&world, memcmp(libexec_exec_report(&world.exec), &before, sizeof(before)) == 0);
            EXPECT(&world, prepared != 0 || strcmp(before.name, PROGRAM) == 0);
        }
        world_end(&world);
    }
}

// What may be gone when prepare returns. Here its memory goes, so that whoever looks at it is killed.
struct transient {
    struct libexec_request request;
    struct libexec_policy policy;
    struct libexec_source source;
    const char *argv[3];
    char strings[2][16];
};

static struct transient *request_that_goes(struct world *world) {
    struct transient *const transient =
        mmap(NULL, sizeof(*transient), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    EXPECT(world, transient != MAP_FAILED);
    EXPECT(world, libexec_kit_source(world->kit, PROGRAM, &transient->source));
    strcpy(transient->strings[0], argv[0]);
    strcpy(transient->strings[1], argv[1]);
    transient->argv[0] = transient->strings[0];
    transient->argv[1] = transient->strings[1];
    transient->request = world->request;
    transient->request.host = libexec_kit_host(world->kit);
    transient->request.context = world->kit;
    transient->request.arch = &libexec_kit_arch;
    transient->request.policy = &transient->policy;
    transient->request.source = &transient->source;
    transient->request.arguments.argv = transient->argv;
    return transient;
}

static void the_request_goes_when_prepare_returns(void **state) {
    (void)state;
    static struct world world;
    for (int committed = 0; committed < 2; committed++) {
        world_begin(&world, &plainly, flavour_full);
        struct libexec_kit_image *const usual = world_image(&world);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
        world_begin(&world, &plainly, flavour_full);
        struct transient *const transient = request_that_goes(&world);
        libexec_kit_enter(world.kit, LIBEXEC_KIT_PREPARING);
        EXPECT_EQUAL(&world, libexec_prepare(&world.exec, &transient->request), LIBEXEC_OK);
        libexec_kit_enter(world.kit, LIBEXEC_KIT_PREPARED);
        EXPECT_EQUAL(&world, munmap(transient, sizeof(*transient)), 0);
        struct libexec_kit_image *const image = libexec_kit_capture(world.kit, &world.exec);
        EXPECT(&world, libexec_kit_image_equal(usual, image, NULL, 0));
        if (committed != 0)
            EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_OK);
        libexec_kit_abandon(world.kit, &world.exec);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        libexec_kit_image_free(image);
        libexec_kit_image_free(usual);
        world_end(&world);
    }
}

// ---- Commit -------------------------------------------------------------------------------------------------------

static void hooks_run_in_their_order(void **state) {
    (void)state;
    static struct world world;
    world_begin(&world, &plainly, flavour_full);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_CLOSE_ON_EXEC), 0);
    const struct libexec_kit_entry *entries = NULL;
    const uint32_t prepared = libexec_kit_journal(world.kit, &entries);
    struct libexec_start start;
    libexec_exec_start(&world.exec, &start);
    EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_OK);
    const uint32_t count = libexec_kit_journal(world.kit, &entries);
    uint32_t at = prepared;
    EXPECT_EQUAL(&world, entries[at++].call, LIBEXEC_KIT_CALL_SEIZE);
    EXPECT_EQUAL(&world, entries[at++].call, LIBEXEC_KIT_CALL_CLOSE);
    for (uint32_t call = LIBEXEC_KIT_CALL_CLOSE_ON_EXEC; call < LIBEXEC_KIT_CALLS; call++)
        EXPECT_EQUAL(&world, entries[at++].call, call);
    EXPECT_EQUAL(&world, at, count);
    const struct libexec_kit_process *const process = libexec_kit_read_process(world.kit);
    EXPECT(&world, process->old_space_released);
    EXPECT_EQUAL(&world, process->hooks, LIBEXEC_KIT_CALLS - LIBEXEC_KIT_CALL_CLOSE_ON_EXEC);
    EXPECT_EQUAL(&world, process->start.entry, start.entry);
    EXPECT_EQUAL(&world, process->start.entry, program.entry);
    EXPECT_EQUAL(&world, process->start.stack_pointer, start.stack_pointer);
    EXPECT(&world, strcmp(process->name, "program") == 0 && strcmp(process->path, PROGRAM) == 0);
    world_end(&world);
}

#define HOOKS 13u
typedef void (*commit_hook)(void *context, const struct libexec_start *start);
static void list_hooks(struct libexec_host *host, commit_hook *hooks[HOOKS]) {
    commit_hook *const all[HOOKS] = {
        &host->close_on_exec, &host->reset_signals, &host->reset_alternate_stack, &host->reset_thread,
        &host->reset_timers, &host->set_name, &host->set_credentials, &host->set_memory, &host->install_space,
        &host->set_thread_pointer, &host->set_registers, &host->wake_parent, &host->release_old_space};
    memcpy(hooks, all, sizeof(all));
}

// Each hook alone, and all but each: none is required.
static void each_hook_is_optional(void **state) {
    (void)state;
    static struct world world;
    for (uint32_t hook = 0; hook < HOOKS; hook++)
        for (int alone = 0; alone < 2; alone++) {
            world_begin(&world, &plainly, flavour_full);
            commit_hook *hooks[HOOKS];
            list_hooks(libexec_kit_host(world.kit), hooks);
            for (uint32_t i = 0; i < HOOKS; i++)
                if ((i == hook) != (alone != 0))
                    *hooks[i] = NULL;
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
            EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_OK);
            EXPECT_EQUAL(&world, libexec_kit_read_process(world.kit)->hooks, alone != 0 ? 1 : HOOKS - 1);
            world_end(&world);
        }
}

// A hook of the test's in the place of one of the kit's, which it calls.
static commit_hook kits_hook;
static jmp_buf out_of_commit;
static struct libexec_exec *hooked_exec;

static void leave_commit(void *context, const struct libexec_start *start) {
    kits_hook(context, start);
    longjmp(out_of_commit, 1);
}

static void abandon_within(void *context, const struct libexec_start *start) {
    libexec_abandon(hooked_exec);
    kits_hook(context, start);
    libexec_abandon(hooked_exec);
}

// A prepared exec, whose commit calls `instead` in the place of hook `number`.
static void begin_hooked(struct world *world, uint32_t number, commit_hook instead) {
    commit_hook *hooks[HOOKS];
    world_begin(world, &plainly, flavour_full);
    list_hooks(libexec_kit_host(world->kit), hooks);
    kits_hook = *hooks[number];
    *hooks[number] = instead;
    hooked_exec = &world->exec;
    EXPECT_EQUAL(world, world_prepare(world), LIBEXEC_OK);
}

// From the first hook on the exec object owns nothing: whoever does not come back from one may abandon it or commit it
// again, and nothing comes of it.
static void a_hook_need_not_return(void **state) {
    (void)state;
    static struct world world;
    static uint32_t number;
    for (number = 0; number < HOOKS; number++) {
        begin_hooked(&world, number, leave_commit);
        if (setjmp(out_of_commit) == 0) {
            libexec_kit_commit(world.kit, &world.exec);
            world_fail(&world, "commit came back from hook %u", number);
        }
        libexec_kit_enter(world.kit, LIBEXEC_KIT_COMMITTED);
        EXPECT_EQUAL(&world, libexec_kit_read_process(world.kit)->hooks, number + 1);
        EXPECT_EQUAL(&world, libexec_kit_read_ledger(world.kit).sources, 0);
        const uint64_t calls = libexec_kit_read_ledger(world.kit).calls;
        libexec_kit_abandon(world.kit, &world.exec);
        EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_E_STATE);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->status, LIBEXEC_E_STATE);
        libexec_kit_abandon(world.kit, &world.exec);
        EXPECT_EQUAL(&world, libexec_kit_read_ledger(world.kit).calls, calls);
        world_end(&world);
    }
}

static void a_hook_may_abandon(void **state) {
    (void)state;
    static struct world world;
    for (uint32_t number = 0; number < HOOKS; number++) {
        begin_hooked(&world, number, abandon_within);
        EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_OK);
        EXPECT_EQUAL(&world, libexec_kit_read_process(world.kit)->hooks, HOOKS);
        EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_SPACE_DESTROY), 0);
        EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_CLOSE), 1);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->status, LIBEXEC_OK);
        world_end(&world);
    }
}

// All that can be read of a prepared exec.
struct readable {
    struct libexec_start start;
    struct libexec_layout layout;
    struct libexec_arguments_placed placed;
    struct libexec_region regions[8];
    uint32_t region_count;
    uint32_t auxv_count;
    uint32_t segments;
    struct libexec_auxv auxv[LIBEXEC_AUXV_MAX];
};

static void read_exec(const struct libexec_exec *exec, struct readable *readable) {
    memset(readable, 0, sizeof(*readable));
    libexec_exec_start(exec, &readable->start);
    readable->layout = *libexec_exec_layout(exec);
    libexec_exec_arguments(exec, &readable->placed);
    while (readable->region_count < 8 &&
           libexec_exec_region(exec, readable->region_count, &readable->regions[readable->region_count]))
        readable->region_count++;
    const struct libexec_auxv *const auxv = libexec_exec_auxv(exec, &readable->auxv_count);
    memcpy(readable->auxv, auxv, readable->auxv_count * sizeof(*auxv));
    readable->segments = libexec_exec_plan(exec, LIBEXEC_FILE_PROGRAM)->segment_count;
}

static struct readable read_before, read_within;
static void read_in_hook(void *context, const struct libexec_start *start) {
    read_exec(hooked_exec, &read_within);
    kits_hook(context, start);
}

// Until commit returns: a kernel may take regions and addresses over in any of its hooks.
static void a_hook_may_read_the_exec(void **state) {
    (void)state;
    static struct world world;
    for (uint32_t number = 0; number < HOOKS; number++) {
        begin_hooked(&world, number, read_in_hook);
        read_exec(&world.exec, &read_before);
        EXPECT(&world, read_before.region_count > 3 && read_before.auxv_count > 10 && read_before.segments == 2);
        EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_OK);
        EXPECT(&world, memcmp(&read_before, &read_within, sizeof(read_before)) == 0);
        world_end(&world);
    }
}

static void seize_may_refuse(void **state) {
    (void)state;
    static struct world world;
    world_begin(&world, &plainly, flavour_full);
    world.request.caller_threads = 3;
    const uint64_t digest = libexec_kit_caller_digest(world.kit);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    for (int code = 77; code < 80; code++) {
        libexec_kit_refuse_seize(world.kit, code);
        EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_E_SEIZE);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        EXPECT_EQUAL(&world, report->host_code, code);
        EXPECT_EQUAL(&world, report->known, 0);
        EXPECT_EQUAL(&world, report->stage, LIBEXEC_STAGE_COMMIT);
        EXPECT_EQUAL(&world, libexec_report_errno(report), code);
        EXPECT_EQUAL(&world, libexec_kit_caller_digest(world.kit), digest);
        EXPECT_EQUAL(&world, libexec_kit_read_ledger(world.kit).spaces, 1);
    }
    libexec_kit_refuse_seize(world.kit, 0);
    EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_OK);
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->status, LIBEXEC_OK);
    EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_SEIZE), 4);
    world_end(&world);
}

static void threads_without_seize(void **state) {
    (void)state;
    static struct world world;
    world_begin(&world, &plainly, flavour_required);
    world.request.caller_threads = 1;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_THREADS);
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->stage, LIBEXEC_STAGE_REQUEST);
    EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_EAGAIN);
    EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_READ_AT), 0);
    EXPECT(&world, libexec_kit_ledger_empty(world.kit)); // the opened source is closed
    world_end(&world);
}

// ---- Requests and tables ------------------------------------------------------------------------------------------

static void lack_member(struct world *world, uint32_t which) {
    struct libexec_host *const host = libexec_kit_host(world->kit);
    switch (which) {
    case 0:
        host->space_create = NULL;
        break;
    case 1:
        host->space_destroy = NULL;
        break;
    case 2:
        host->map = NULL;
        break;
    case 3:
        host->translate = NULL;
        break;
    case 4:
        host->random = NULL;
        break;
    case 5:
        host->user_read = NULL;
        world_user_arguments(world, argv, envp);
        break;
    default:
        host->open = NULL;
        world->request.source = NULL;
        libexec_kit_source_close(&world->source);
        break;
    }
}

static void a_table_that_lacks_a_member(void **state) {
    (void)state;
    static struct world world;
    for (uint32_t which = 0; which < 7; which++) {
        world_begin(&world, &plainly, flavour_required);
        lack_member(&world, which);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_HOST_TABLE);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->stage, LIBEXEC_STAGE_REQUEST);
        EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_ENOSYS);
        EXPECT(&world, libexec_exec_report(&world.exec)->clause != NULL);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
    // user_read is not needed where nothing comes from there.
    world_begin(&world, &plainly, flavour_required);
    libexec_kit_host(world.kit)->user_read = NULL;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
}

static void requests_that_contradict_themselves(void **state) {
    (void)state;
    static struct world world;
    for (int form = 0; form < 9; form++) {
        world_begin(&world, &plainly, flavour_required);
        struct libexec_request *const request = &world.request;
        if (form == 0)
            request->path = NULL; // a source without its display name
        if (form == 1)
            request->auxv_count = 1; // but no entries
        if (form >= 2)
            request->arguments = (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_ITERATOR};
        if (form >= 5)
            request->arguments.from = LIBEXEC_ARGUMENTS_KERNEL; // forgotten: the others' members are set
        if (form == 5)
            request->arguments.user_argv = USER_VECTOR;
        if (form == 6)
            request->arguments.user_envp = USER_VECTOR;
        if (form == 7)
            request->arguments.argv_strings.count = 1;
        if (form == 8)
            request->arguments.envp_strings.count = 1;
        if (form == 4)
            request->arguments.from = (enum libexec_arguments_from)3; // there is no such kind
        if (form == 2)
            request->arguments.argv_strings.count = 1; // but no function
        if (form == 3)
            request->arguments.envp_strings.count = 1;
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_REQUEST);
        EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_EINVAL);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
}

// What a policy asks for by a bit or a number that this library does not know it would not get.
static void policies_that_are_not_known(void **state) {
    (void)state;
    static struct world world;
    for (uint32_t bit = 0; bit < 32 + 4; bit++) {
        world_begin(&world, &plainly, flavour_full);
        if (bit < 32)
            world.policy.flags = 1u << bit;
        else
            world.policy.tls = (enum libexec_tls_policy)(bit - 32);
        const bool known = bit < 32 ? (world.policy.flags & LIBEXEC_POLICY_KNOWN) != 0 : bit - 32 < 3;
        const enum libexec_status status = world_prepare(&world);
        EXPECT_EQUAL(&world, status == LIBEXEC_E_POLICY, !known);
        EXPECT_EQUAL(&world, libexec_kit_read_ledger(world.kit).calls == 0, !known);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
}

// A source that lends nothing although it says so is read, each time: here for headers and for a table far behind them.
static void a_view_without_bytes(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    elf.program_headers_offset = 0x2000;
    libexec_kit_elf_build(&elf);
    world_begin(&world, &plainly, flavour_full);
    libexec_kit_free(world.kit);
    world.options.misdeed = LIBEXEC_KIT_BARE_VIEW;
    world.kit = libexec_kit_new(&world.options);
    world_file(&world, PROGRAM, &elf);
    world_execute(&world, PROGRAM);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_VIEW), 2);
    EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_VIEW_RELEASE), 0);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
    libexec_kit_elf_end(&elf);
}

// Stable bytes are parsed in place where the source has both operations for that, and read where one is missing.
static void half_of_a_view(void **state) {
    (void)state;
    static struct world world;
    for (uint32_t half = 0; half < 3; half++) {
        world_begin(&world, &plainly, flavour_full);
        EXPECT(&world, libexec_kit_source(world.kit, PROGRAM, &world.source));
        struct libexec_source_operations operations = *world.source.operations;
        if (half != 0)
            operations.view = NULL;
        if (half != 1)
            operations.view_release = NULL;
        world.source.operations = &operations;
        world.source.flags = LIBEXEC_SOURCE_STABLE;
        world.request.source = &world.source;
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_VIEW), 0);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
}

// The name is what follows the path's last slash; where there is none, the path, and nothing that stands before it.
static void the_name_of_a_path_without_a_slash(void **state) {
    (void)state;
    static struct world world;
    static const char text[] = "/before-name";
    world_begin(&world, &plainly, flavour_full);
    world_file(&world, text + 8, &program);
    world_execute(&world, text + 8);
    world.request.path = text + 8;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    struct libexec_start start;
    libexec_exec_start(&world.exec, &start);
    EXPECT(&world, strcmp(start.name, "name") == 0);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
}

static void requests_without_a_host(void **state) {
    (void)state;
    struct libexec_request request = {.path = PROGRAM, .arch = &libexec_kit_arch};
    static struct libexec_exec exec;
    assert_int_equal(libexec_prepare(&exec, &request), LIBEXEC_E_REQUEST);
    assert_int_equal(libexec_exec_report(&exec)->status, LIBEXEC_E_REQUEST);
    libexec_abandon(&exec);
    struct libexec_kit *const kit = libexec_kit_new(&(struct libexec_kit_options){.features = LIBEXEC_KIT_FULL});
    request = (struct libexec_request){.path = PROGRAM, .host = libexec_kit_host(kit), .context = kit};
    assert_int_equal(libexec_prepare(&exec, &request), LIBEXEC_E_REQUEST);
    assert_int_equal(libexec_kit_read_ledger(kit).calls, 0);
    const struct libexec_source_operations none = {0};
    const struct libexec_source hollow[] = {{.size = 1}, {.operations = &none, .size = 1}};
    for (int i = 0; i < 2; i++) {
        request.arch = &libexec_kit_arch;
        request.source = &hollow[i];
        assert_int_equal(libexec_prepare(&exec, &request), LIBEXEC_E_REQUEST);
    }
    assert_int_equal(libexec_kit_read_ledger(kit).calls, 0);
    libexec_kit_free(kit);
}

static void values_that_make_no_sense(void **state) {
    (void)state;
    static struct world world;
    for (int form = 0; form < 17; form++) {
        struct libexec_arch arch = libexec_kit_arch;
        world_begin(&world, &plainly, flavour_required);
        world.request.arch = &arch;
        switch (form) {
        case 0:
            arch.page_size = 0;
            break;
        case 1:
            arch.page_size = 12288;
            break;
        case 2:
            arch.page_size = 2048;
            break;
        case 3:
            arch.user_high = arch.user_low;
            break;
        case 4:
            arch.user_high += 1;
            break;
        case 5:
            arch.thread_control_block_alignment = 24;
            break;
        case 6:
            arch.large_page_size = 3 << 20;
            break;
        case 7:
            world.policy.user_low = 0x10001;
            break;
        case 8:
            world.policy.user_high = UINT64_MAX;
            break;
        case 9:
            world.policy.user_high = 1ull << 61;
            break;
        case 10:
            arch.page_size = 0x9000; // in keeping with the range, but no power of two
            world.policy.user_high = 0x700000000000;
            break;
        case 11:
            arch.data = 2;
            break;
        case 12:
            arch.thread_control_block_size = 7;
            break;
        case 13:
            arch.thread_control_block_alignment = 4;
            break;
        case 14:
            arch.mmap_entropy_pages = 1 << 28; // a count, not a mask
            break;
        case 15:
            arch.stack_entropy_pages = 22; // bits
            break;
        default:
            world.policy.user_low = 1ull << 47;
            break;
        }
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_POLICY);
        EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_EINVAL);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
}

// The least and the most that each may be.
static void values_that_just_make_sense(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    for (int form = 0; form < 5; form++) {
        struct libexec_arch arch = libexec_kit_arch;
        world_begin(&world, &plainly, flavour_fault);
        world_file(&world, PROGRAM, &elf);
        world.request.arch = &arch;
        world.policy.tls = LIBEXEC_TLS_ALWAYS;
        if (form == 0)
            arch.thread_control_block_alignment = 8;
        if (form == 1)
            arch.thread_control_block_size = 8;
        if (form == 2)
            arch.large_page_size = 1;
        if (form == 3)
            world.policy.user_high = 1ull << 60;
        if (form == 4) { // no Variant II
            arch.thread_control_block_size = arch.thread_control_block_alignment = 0;
            world.policy.tls = LIBEXEC_TLS_NEVER;
        }
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        const uint64_t pointer = libexec_exec_layout(&world.exec)->thread_pointer;
        EXPECT(&world, form == 4 ? pointer == 0 : pointer != 0 && pointer % arch.thread_control_block_alignment == 0);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    libexec_kit_elf_end(&elf);
}

// ---- image_known --------------------------------------------------------------------------------------------------

static void the_host_may_refuse_the_image(void **state) {
    (void)state;
    static struct world world;
    world_begin(&world, &plainly, flavour_full);
    libexec_kit_refuse_image(world.kit, 129);
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_REFUSED);
    EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), 129);
    EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_SPACE_CREATE), 0);
    EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_MAP), 0);
    EXPECT(&world, libexec_kit_ledger_empty(world.kit));
    world_end(&world);
}

// Again and again a range is reserved in the middle of where the image just went.
static void chase(struct libexec_kit_elf *elf, uint32_t policy_flags) {
    static struct world world;
    struct libexec_range ranges[12];
    for (uint32_t count = 0; count <= 12; count++) {
        world_begin(&world, &plainly, flavour_full);
        world_file(&world, PROGRAM, elf);
        world.policy.flags = policy_flags;
        struct libexec_image_answer *const answer = libexec_kit_answer(world.kit);
        answer->reserved_ranges = ranges;
        answer->reserved_range_count = count;
        struct libexec_kit_image *const image = world_image(&world); // the police looks at each map operation
        const struct libexec_range at = libexec_kit_image_layout(image)->program;
        for (uint32_t i = 0; i < count; i++)
            EXPECT(&world, at.address + at.length <= ranges[i].address ||
                               ranges[i].address + ranges[i].length <= at.address);
        if (count < 12) // unaligned on purpose every other time
            ranges[count] = (struct libexec_range){at.address + 0x1000 + count % 2 * 5, 0x1000};
        world_end_prepared(&world, image);
    }
}

static void reserved_ranges_stay_free(void **state) {
    (void)state;
    for (uint64_t alignment = PAGE; alignment <= 0x40000000; alignment *= 8) {
        struct libexec_kit_elf elf;
        small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
        elf.headers[0].alignment = alignment;
        libexec_kit_elf_build(&elf);
        chase(&elf, LIBEXEC_POLICY_FIXED_ADDRESSES);
        chase(&elf, 0);
        libexec_kit_elf_end(&elf);
    }
}

// What `random` gave decides all of the layout, also after the host has reserved ranges: one where nothing goes changes
// nothing, and no more is drawn for one in the way.
static void entropy_is_drawn_once(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_image *images[3];
    struct libexec_kit_elf elf;
    struct libexec_range range = {0x200000, 0x1000};
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    for (uint32_t i = 0; i < 3; i++) {
        world_begin(&world, &plainly, flavour_full);
        world_file(&world, PROGRAM, &elf);
        libexec_kit_answer(world.kit)->reserved_ranges = &range;
        libexec_kit_answer(world.kit)->reserved_range_count = i != 0;
        images[i] = world_image(&world);
        if (i == 1)
            range = libexec_kit_image_layout(images[i])->program;
        EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_RANDOM), 1);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    char why[200];
    if (!libexec_kit_image_equal(images[0], images[1], why, sizeof(why)))
        fail_msg("%s", why);
    const struct libexec_layout *const usual = libexec_kit_image_layout(images[0]);
    const struct libexec_layout *const moved = libexec_kit_image_layout(images[2]);
    assert_true(moved->program_bias != usual->program_bias);
    assert_int_equal(moved->stack_pointer, usual->stack_pointer);
    for (uint32_t i = 0; i < 3; i++)
        libexec_kit_image_free(images[i]);
    libexec_kit_elf_end(&elf);
}

static void reserved_ranges_that_cannot_stay_free(void **state) {
    (void)state;
    static struct world world;
    static const struct libexec_range on_stack = {0x7fffffff0000, 0x1000}, on_program = {BASE + 0x2000, 1};
    const struct libexec_range *const ranges[] = {&on_stack, &on_program};
    static const enum libexec_status statuses[] = {LIBEXEC_E_LAYOUT, LIBEXEC_E_COLLISION};
    for (size_t i = 0; i < 2; i++) {
        world_begin(&world, &plainly, flavour_full);
        world.policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES;
        libexec_kit_answer(world.kit)->reserved_ranges = ranges[i];
        libexec_kit_answer(world.kit)->reserved_range_count = 1;
        const enum libexec_status status = world_prepare(&world);
        EXPECT(&world, status == statuses[i] || (i == 1 && status == LIBEXEC_E_SEGMENT_COLLISION));
        EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)),
                     i == 0 ? LIBEXEC_ERRNO_ENOMEM : LIBEXEC_ERRNO_EEXIST);
        EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_SPACE_CREATE), 0);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
}

// What image_known and prepare tell about the image.
static uint32_t seen_depth;
static enum libexec_status seen_plan;
static int look_at_image(void *context, const struct libexec_image *image, struct libexec_image_answer *answer) {
    (void)context;
    (void)answer;
    seen_depth = image->script_depth;
    const bool good = strcmp(image->path, PROGRAM) == 0 && image->program_plan->segment_count == 2 &&
                      image->program_plan->entry == program.entry && image->program->size == program.size &&
                      image->interpreter == NULL;
    seen_plan = good ? LIBEXEC_OK : LIBEXEC_E_CONTRACT;
    return 0;
}

static void the_host_sees_the_plan(void **state) {
    (void)state;
    static struct world world;
    world_begin(&world, &plainly, flavour_full);
    libexec_kit_host(world.kit)->image_known = NULL;
    libexec_kit_host(world.kit)->image_known = look_at_image;
    seen_plan = LIBEXEC_E_STATE;
    seen_depth = 9;
    const enum libexec_status status = libexec_kit_prepare(world.kit, &world.exec, &world.request);
    EXPECT_EQUAL(&world, status, LIBEXEC_OK);
    EXPECT_EQUAL(&world, seen_plan, LIBEXEC_OK);
    EXPECT_EQUAL(&world, seen_depth, 0);
    EXPECT(&world, libexec_exec_plan(&world.exec, LIBEXEC_FILE_PROGRAM)->segment_count == 2);
    EXPECT(&world, libexec_exec_plan(&world.exec, LIBEXEC_FILE_INTERPRETER) == NULL);
    libexec_kit_abandon(world.kit, &world.exec);
    libexec_kit_free(world.kit); // the police missed its own image_known: its word is not asked for
}

// ---- Policies -----------------------------------------------------------------------------------------------------

struct policed {
    uint32_t flags;
    enum libexec_status status;
    uint64_t offset;
    uint32_t program_header;
    void (*forge)(struct libexec_kit_elf *elf);
};

static void forge_nothing(struct libexec_kit_elf *elf) {
    (void)elf;
}

static void forge_write_execute(struct libexec_kit_elf *elf) {
    elf->headers[1].flags = R | W | X;
}

static void forge_overlap(struct libexec_kit_elf *elf) {
    elf->headers[1] = load(R | W, 0x1300, BASE + 0x1300, 0x100, 0x100);
}

static void forge_stack(struct libexec_kit_elf *elf) {
    libexec_kit_elf_add(elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_STACK,
                                                                 .flags = R | W | X});
}

static void forge_entry(struct libexec_kit_elf *elf) {
    elf->entry = BASE + 0x2300;
}

struct policed_file {
    struct libexec_kit_elf elf;
    uint32_t flags;
};

static void execute_policed(struct world *world) {
    const struct policed_file *const file = world->scenario->data;
    world_file(world, PROGRAM, &file->elf);
    world_execute(world, PROGRAM);
    world_arguments(world, argv, envp);
    world->policy.flags = file->flags;
}

static void policy_bits(void **state) {
    (void)state;
    static const struct policed rows[] = {
        {LIBEXEC_POLICY_NO_WRITE_EXECUTE, LIBEXEC_E_WRITE_EXECUTE, HEADER_AT(1), 1, forge_write_execute},
        {LIBEXEC_POLICY_NO_OVERLAP, LIBEXEC_E_OVERLAP, HEADER_AT(1), 1, forge_overlap},
        {LIBEXEC_POLICY_ENTRY_EXECUTABLE, LIBEXEC_E_ENTRY_RIGHTS, 24, ANY, forge_entry},
        {LIBEXEC_POLICY_PIE_ONLY, LIBEXEC_E_NOT_PIE, 16, ANY, forge_nothing},
        {LIBEXEC_POLICY_NO_EXECUTABLE_STACK, LIBEXEC_E_EXECUTABLE_STACK, HEADER_AT(2), 2, forge_stack},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct policed_file file = {.flags = rows[i].flags};
        small_elf(&file.elf, LIBEXEC_KIT_ET_EXEC, BASE);
        rows[i].forge(&file.elf);
        libexec_kit_elf_build(&file.elf);
        struct scenario scenario = {.name = "policy", .set_up = execute_policed, .data = &file,
                                    .status = rows[i].status, .error = LIBEXEC_ERRNO_ENOEXEC,
                                    .stage = LIBEXEC_STAGE_PLAN, .file = LIBEXEC_FILE_PROGRAM,
                                    .program_header = rows[i].program_header, .offset = rows[i].offset,
                                    .argument = ANY};
        run_scenario(&scenario);
        file.flags = LIBEXEC_POLICY_STRICT & ~rows[i].flags; // all others do not mind, but for PIE_ONLY
        file.flags &= ~LIBEXEC_POLICY_PIE_ONLY;
        run_scenario(&(struct scenario){.name = "other policies", .set_up = execute_policed, .data = &file,
                                        .plain_only = true});
        libexec_kit_elf_end(&file.elf);
    }
    // A well-made PIE passes all of them.
    struct policed_file good = {.flags = LIBEXEC_POLICY_STRICT};
    small_elf(&good.elf, LIBEXEC_KIT_ET_DYN, 0);
    run_scenario(&(struct scenario){.name = "strict", .set_up = execute_policed, .data = &good, .plain_only = true});
    libexec_kit_elf_end(&good.elf);
}

static void check_plain_stack(struct world *world, const struct libexec_kit_image *image) {
    const struct libexec_start *const start = libexec_kit_image_start(image);
    EXPECT_EQUAL(world, libexec_kit_image_region(image, start->stack_pointer)->rights, 3);
    EXPECT_EQUAL(world, start->flags & LIBEXEC_START_EXECUTABLE_STACK, 0);
}

static void a_plain_stack_by_policy(void **state) {
    (void)state;
    struct policed_file file = {.flags = LIBEXEC_POLICY_PLAIN_STACK};
    small_elf(&file.elf, LIBEXEC_KIT_ET_EXEC, BASE);
    forge_stack(&file.elf);
    libexec_kit_elf_build(&file.elf);
    run_scenario(&(struct scenario){.name = "plain stack", .set_up = execute_policed, .data = &file,
                                    .check = check_plain_stack, .plain_only = true});
    file.flags |= LIBEXEC_POLICY_NO_EXECUTABLE_STACK; // who asks for both has it refused
    run_scenario(&(struct scenario){.name = "both", .set_up = execute_policed, .data = &file,
                                    .status = LIBEXEC_E_EXECUTABLE_STACK, .error = LIBEXEC_ERRNO_ENOEXEC,
                                    .stage = LIBEXEC_STAGE_PLAN, .file = LIBEXEC_FILE_PROGRAM, .program_header = 2,
                                    .offset = HEADER_AT(2), .argument = ANY});
    libexec_kit_elf_end(&file.elf);
}

// A policy may ask for fewer nested scripts than there is room for, not for more.
static void nested_scripts_by_policy(void **state) {
    (void)state;
    static struct world world;
    static const char line[] = "#!/self\n";
    static const uint32_t most = LIBEXEC_SCRIPT_DEPTH_MAX;
    const uint32_t depths[][2] = {{0, most}, {1, 1}, {most - 1, most - 1}, {most, most}, {most + 1, most},
                                  {UINT32_MAX - 1, most}};
    for (size_t i = 0; i < sizeof(depths) / sizeof(depths[0]); i++) {
        world_begin(&world, &plainly, flavour_full);
        world_bytes(&world, "/self", line, sizeof(line) - 1);
        world_execute(&world, "/self");
        world.policy.script_depth = depths[i][0];
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_SCRIPT_DEPTH);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->value, depths[i][1] + 1);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->limit, depths[i][1]);
        world_end(&world);
    }
}

// The words of a script's line are kept with their NULs, behind a byte that is never used.
static void a_script_that_just_fits_the_names(void **state) {
    (void)state;
    static struct world world;
    static const char line[] = "#!" PROGRAM "\n";
    for (uint32_t less = 0; less < 2; less++) {
        world_begin(&world, &plainly, flavour_full);
        world_bytes(&world, "/script", line, sizeof(line) - 1);
        world_execute(&world, "/script");
        world.request.names_size = (uint32_t)(1 + sizeof(PROGRAM) - less);
        EXPECT_EQUAL(&world, world_prepare(&world), less == 0 ? LIBEXEC_OK : LIBEXEC_E_NAME_TOO_LONG);
        if (less != 0) { // all that it would take, and all that there is
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->value, 1 + sizeof(PROGRAM));
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->limit, sizeof(PROGRAM));
        }
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
}

// A program and the interpreter that it names.
static void dynamic_elf(struct libexec_kit_elf *dynamic, struct libexec_kit_elf *loader, const char *name,
                        uint32_t size) {
    small_elf(dynamic, LIBEXEC_KIT_ET_DYN, 0);
    small_elf(loader, LIBEXEC_KIT_ET_DYN, 0);
    libexec_kit_elf_write(dynamic, 0x800, name, size);
    libexec_kit_elf_add(dynamic, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800,
                                                                     .file_size = size});
    libexec_kit_elf_build(dynamic);
}

// What the host is told of a script whose interpreter is a dynamic program: that program and its loader, each by its
// source and its plan, and the script's name.
static struct {
    uint32_t depth;
    char path[16];
    uint64_t sizes[2];
    uint64_t planned[2];
    libexec_address entries[2];
} image_told;

static int note_image(void *context, const struct libexec_image *image, struct libexec_image_answer *answer) {
    const struct libexec_source *const sources[] = {image->program, image->interpreter};
    const struct libexec_plan *const plans[] = {image->program_plan, image->interpreter_plan};
    (void)context;
    (void)answer;
    image_told.depth = image->script_depth;
    snprintf(image_told.path, sizeof(image_told.path), "%s", image->path);
    for (uint32_t i = 0; i < 2 && sources[i] != NULL && plans[i] != NULL; i++) {
        image_told.sizes[i] = sources[i]->size;
        image_told.planned[i] = plans[i]->file_size;
        image_told.entries[i] = plans[i]->entry;
    }
    return LIBEXEC_ERRNO_EACCES; // which ends it: the police misses its own image_known
}

static void the_host_sees_both_files(void **state) {
    (void)state;
    static struct world world;
    static const char name[] = "/lib/loader", line[] = "#!" PROGRAM "\n";
    struct libexec_kit_elf dynamic, loader;
    dynamic_elf(&dynamic, &loader, name, sizeof(name));
    loader.entry = 0x180;
    loader.size = 0x2900;
    libexec_kit_elf_build(&loader);
    world_begin(&world, &plainly, flavour_full);
    world_bytes(&world, "/script", line, sizeof(line) - 1);
    world_file(&world, PROGRAM, &dynamic);
    world_file(&world, name, &loader);
    world_execute(&world, "/script");
    libexec_kit_host(world.kit)->image_known = note_image;
    memset(&image_told, 0, sizeof(image_told));
    EXPECT_EQUAL(&world, libexec_kit_prepare(world.kit, &world.exec, &world.request), LIBEXEC_E_REFUSED);
    EXPECT_EQUAL(&world, image_told.depth, 1);
    EXPECT(&world, strcmp(image_told.path, "/script") == 0);
    const struct libexec_kit_elf *const files[] = {&dynamic, &loader};
    for (uint32_t i = 0; i < 2; i++) {
        EXPECT_EQUAL(&world, image_told.sizes[i], files[i]->size);
        EXPECT_EQUAL(&world, image_told.planned[i], files[i]->size);
        EXPECT_EQUAL(&world, image_told.entries[i], files[i]->entry);
    }
    EXPECT(&world, dynamic.size != loader.size && dynamic.entry != loader.entry);
    EXPECT(&world, libexec_kit_ledger_empty(world.kit));
    libexec_kit_free(world.kit);
    libexec_kit_elf_end(&dynamic);
    libexec_kit_elf_end(&loader);
}

// The interpreter's name stands behind the path that was fetched, in what is left of the memory.
static void an_interpreter_that_just_fits_the_names(void **state) {
    (void)state;
    static struct world world;
    static const char name[] = "/lib/loader";
    struct libexec_kit_elf dynamic, loader;
    dynamic_elf(&dynamic, &loader, name, sizeof(name));
    for (uint32_t less = 0; less < sizeof(name); less++) {
        world_begin(&world, &plainly, flavour_full);
        world_file(&world, PROGRAM, &dynamic);
        world_file(&world, name, &loader);
        world_user_string(&world, USER_PATH, PROGRAM);
        world.request.path = NULL;
        world.request.user_path = USER_PATH;
        world.request.names_size = (uint32_t)(sizeof(PROGRAM) + sizeof(name) - less);
        EXPECT_EQUAL(&world, world_prepare(&world), less == 0 ? LIBEXEC_OK : LIBEXEC_E_NAME_TOO_LONG);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    libexec_kit_elf_end(&dynamic);
    libexec_kit_elf_end(&loader);
}

// As many segments as there may be, in an order that makes the most regions of them: each after the first cuts it, with
// a page of the file and one of zeros.
static void nested_segments(struct libexec_kit_elf *elf) {
    const uint64_t pages = 3 * LIBEXEC_CONFIG_SEGMENTS - 2;
    libexec_kit_elf_begin(elf, LIBEXEC_KIT_ET_DYN, pages * PAGE);
    libexec_kit_elf_add(elf, load(R | X, 0, 0, pages * PAGE, (pages + 1) * PAGE));
    for (uint64_t page = 1; page < pages; page += 3)
        libexec_kit_elf_add(elf, load(R | W, 0, page * PAGE, PAGE, 2 * PAGE));
}

static void the_most_regions(void **state) {
    (void)state;
    static struct world world;
    static const char name[] = "/lib/loader";
    struct libexec_kit_elf dynamic, loader;
    nested_segments(&loader);
    libexec_kit_elf_build(&loader);
    nested_segments(&dynamic);
    libexec_kit_elf_write(&dynamic, 0xf00, name, sizeof(name));
    libexec_kit_elf_add(&dynamic, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP, .offset = 0xf00,
                                                                      .file_size = sizeof(name)});
    libexec_kit_elf_add(&dynamic, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_TLS, .offset = 0x180,
                                                                      .address = 0x180, .file_size = 2 * PAGE,
                                                                      .memory_size = 2 * PAGE, .alignment = 1});
    libexec_kit_elf_build(&dynamic);
    world_begin(&world, &plainly, flavour_full);
    world_file(&world, PROGRAM, &dynamic);
    world_file(&world, name, &loader);
    world_execute(&world, PROGRAM);
    world.policy.tls = LIBEXEC_TLS_ALWAYS;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    struct libexec_region region;
    uint32_t count = 0;
    while (libexec_exec_region(&world.exec, count, &region))
        count++;
    EXPECT_EQUAL(&world, count, 6 * LIBEXEC_CONFIG_SEGMENTS + 3);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
    libexec_kit_elf_end(&dynamic);
    libexec_kit_elf_end(&loader);
}

// Each flag of the start by itself and beside the others. Whether a script may be read makes no difference, as on
// Linux.
static void flags_of_the_start(void **state) {
    (void)state;
    static struct world world;
    static const char line[] = "#!" PROGRAM "\n";
    static const uint32_t both[] = {4, 16, 5, 0x554e47, 0xc0000002, 4, 3, 0}; // GNU_PROPERTY_X86_FEATURE_1_AND
    for (uint32_t form = 0; form < 64; form++) {
        struct libexec_kit_elf elf;
        const bool marked = (form & 32) != 0;
        const bool executable = (form & 1) != 0, secure = (form & 2) != 0, fixed = (form & 4) != 0;
        const uint32_t unreadable[] = {form & 8, form & 16}; // the script, what it names
        world_begin(&world, &plainly, flavour_full);
        small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
        if (executable)
            forge_stack(&elf);
        libexec_kit_elf_write(&elf, 0x300, both, sizeof(both));
        if (marked)
            libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){
                .type = LIBEXEC_KIT_PT_GNU_PROPERTY, .offset = 0x300, .file_size = sizeof(both)});
        libexec_kit_elf_build(&elf);
        libexec_kit_add_file(world.kit, &(struct libexec_kit_file){
            .path = PROGRAM, .bytes = elf.bytes, .length = elf.size,
            .flags = unreadable[1] != 0 ? LIBEXEC_KIT_FILE_UNREADABLE : 0});
        libexec_kit_add_file(world.kit, &(struct libexec_kit_file){
            .path = "/script", .bytes = (const uint8_t *)line, .length = sizeof(line) - 1,
            .flags = unreadable[0] != 0 ? LIBEXEC_KIT_FILE_UNREADABLE : 0});
        world_execute(&world, "/script");
        world.policy.flags = fixed ? LIBEXEC_POLICY_FIXED_ADDRESSES : 0;
        libexec_kit_answer(world.kit)->secure = secure;
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        struct libexec_start start;
        memset(&start, 0xa5, sizeof(start));
        libexec_exec_start(&world.exec, &start);
        EXPECT_EQUAL(&world, start.reserved, 0);
        uint32_t expected = marked ? LIBEXEC_START_IBT | LIBEXEC_START_SHADOW_STACK : 0;
        expected |= executable ? LIBEXEC_START_EXECUTABLE_STACK : 0;
        expected |= secure ? LIBEXEC_START_SECURE | LIBEXEC_START_NOT_DUMPABLE : 0;
        expected |= unreadable[1] != 0 ? LIBEXEC_START_NOT_DUMPABLE : 0;
        expected |= fixed ? 0 : LIBEXEC_START_RANDOMIZED;
        EXPECT_EQUAL(&world, start.flags, expected);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
        libexec_kit_elf_end(&elf);
    }
}

// It is not dumpable if one of its files, program or interpreter, may not be read.
static void an_unreadable_interpreter(void **state) {
    (void)state;
    static struct world world;
    static const char name[] = "/lib/loader";
    struct libexec_kit_elf dynamic, loader;
    dynamic_elf(&dynamic, &loader, name, sizeof(name));
    for (uint32_t form = 0; form < 4; form++) {
        const struct libexec_kit_elf *const files[] = {&dynamic, &loader};
        world_begin(&world, &plainly, flavour_full);
        for (uint32_t i = 0; i < 2; i++)
            libexec_kit_add_file(world.kit, &(struct libexec_kit_file){
                .path = i == 0 ? PROGRAM : name, .bytes = files[i]->bytes, .length = files[i]->size,
                .flags = (form >> i & 1) != 0 ? LIBEXEC_KIT_FILE_UNREADABLE : 0});
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        struct libexec_start start;
        libexec_exec_start(&world.exec, &start);
        EXPECT_EQUAL(&world, (start.flags & LIBEXEC_START_NOT_DUMPABLE) != 0, form != 0);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    libexec_kit_elf_end(&dynamic);
    libexec_kit_elf_end(&loader);
}

// The same of a program that was opened before.
static void an_unreadable_source(void **state) {
    (void)state;
    static struct world world;
    for (uint32_t form = 0; form < 2; form++) {
        world_begin(&world, &plainly, flavour_required);
        libexec_kit_source_close(&world.source);
        libexec_kit_add_file(world.kit, &(struct libexec_kit_file){
            .path = PROGRAM, .bytes = program.bytes, .length = program.size,
            .flags = form != 0 ? LIBEXEC_KIT_FILE_UNREADABLE : 0});
        world_execute(&world, PROGRAM);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        struct libexec_start start;
        libexec_exec_start(&world.exec, &start);
        EXPECT_EQUAL(&world, (start.flags & LIBEXEC_START_NOT_DUMPABLE) != 0, form != 0);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
}

// A note of GNU_PROPERTY_X86_FEATURE_1_AND with these features: 1 is IBT, 2 the shadow stack.
static void mark(struct libexec_kit_elf *elf, uint32_t features) {
    const uint32_t note[] = {4, 16, 5, 0x554e47, 0xc0000002, 4, features, 0};
    libexec_kit_elf_write(elf, 0x1c0, note, sizeof(note));
    libexec_kit_elf_add(elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_PROPERTY, .offset = 0x1c0,
                                                                 .file_size = sizeof(note)});
    libexec_kit_elf_build(elf);
}

// What the interpreter is marked for counts, which starts: whatever the program is marked for.
static void marks_of_the_file_that_starts(void **state) {
    (void)state;
    static struct world world;
    static const char name[] = "/lib/loader";
    for (uint32_t form = 0; form < 16; form++) {
        const uint32_t of_program = form % 4, of_loader = form / 4;
        struct libexec_kit_elf dynamic, loader;
        dynamic_elf(&dynamic, &loader, name, sizeof(name));
        mark(&dynamic, of_program);
        mark(&loader, of_loader);
        world_begin(&world, &plainly, flavour_full);
        world_file(&world, PROGRAM, &dynamic);
        world_file(&world, name, &loader);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        EXPECT_EQUAL(&world, libexec_exec_plan(&world.exec, LIBEXEC_FILE_PROGRAM)->flags / LIBEXEC_PLAN_IBT % 4,
                     of_program);
        struct libexec_start start;
        libexec_exec_start(&world.exec, &start);
        EXPECT_EQUAL(&world, (start.flags & LIBEXEC_START_IBT) != 0, (of_loader & 1) != 0);
        EXPECT_EQUAL(&world, (start.flags & LIBEXEC_START_SHADOW_STACK) != 0, (of_loader & 2) != 0);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
        libexec_kit_elf_end(&dynamic);
        libexec_kit_elf_end(&loader);
    }
}

static void addresses_are_random_or_linuxs(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    libexec_address programs[8], stacks[8], brks[8];
    for (uint64_t i = 0; i < 8; i++) {
        world_begin(&world, &plainly, flavour_full);
        libexec_kit_free(world.kit);
        world.options.seed = 100 + i;
        world.kit = libexec_kit_new(&world.options);
        world_file(&world, PROGRAM, &elf);
        world.policy.flags = i >= 6 ? LIBEXEC_POLICY_FIXED_ADDRESSES : 0;
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        const struct libexec_layout *const layout = libexec_exec_layout(&world.exec);
        struct libexec_start start;
        libexec_exec_start(&world.exec, &start);
        EXPECT_EQUAL(&world, (start.flags & LIBEXEC_START_RANDOMIZED) != 0, i < 6);
        programs[i] = layout->program_bias;
        stacks[i] = start.stack_pointer;
        brks[i] = layout->brk_start;
        for (uint64_t k = 0; k < i && i < 6; k++)
            EXPECT(&world, programs[i] != programs[k] && stacks[i] != stacks[k] && brks[i] != brks[k]);
        if (i == 7) {
            EXPECT(&world, programs[7] == programs[6] && stacks[7] == stacks[6] && brks[7] == brks[6]);
            EXPECT_EQUAL(&world, layout->stack.address + layout->stack.length, 0x7ffffffff000);
            EXPECT_EQUAL(&world, layout->program.address + layout->program.length, 0x7ffff7fff000);
            EXPECT_EQUAL(&world, layout->brk_start, 0x555555555000);
            EXPECT_EQUAL(&world, layout->mmap_top, 0x7ffff7fff000);
        }
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    libexec_kit_elf_end(&elf);
}

// Without randomisation the mmap area ends where Linux's does: below the stack's limit and its gap, 128 MiB at least.
static void the_mmap_area_for_a_stack(void **state) {
    (void)state;
    const uint64_t mib = 1u << 20, top = 0x7ffffffff000;
    const struct {
        uint64_t stack_size, guard, expected;
    } rows[] = {{0, 0, top - 128 * mib},
                {PAGE, 0, top - 128 * mib},
                {126 * mib, 0, top - 128 * mib},
                {127 * mib, 0, top - 128 * mib},
                {128 * mib, 0, top - 129 * mib},
                {1024 * mib, 0, top - 1025 * mib},
                {1024 * mib + 5, 0, top - 1025 * mib}, // the last page's bytes are the guard's
                {1024 * mib, 64 * mib, top - 1088 * mib},
                {63 * mib, 80 * mib, top - 149 * mib - PAGE}}; // the room for arguments stands there, too
    static struct world world;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        world_begin(&world, &plainly, flavour_full);
        world_file(&world, PROGRAM, &elf);
        world.policy = (struct libexec_policy){.flags = LIBEXEC_POLICY_FIXED_ADDRESSES,
                                               .stack_size = rows[i].stack_size, .stack_guard = rows[i].guard};
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        const struct libexec_layout *const layout = libexec_exec_layout(&world.exec);
        EXPECT_EQUAL(&world, layout->mmap_top, rows[i].expected);
        EXPECT(&world, layout->mmap_top <= layout->guard.address);
        EXPECT_EQUAL(&world, layout->program.address + layout->program.length, rows[i].expected);
        EXPECT_EQUAL(&world, layout->guard.length, rows[i].guard == 0 ? mib : rows[i].guard);
        EXPECT_EQUAL(&world, layout->guard.address + layout->guard.length, layout->stack.address);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    libexec_kit_elf_end(&elf);
}

// Linux lets the mmap area end at a sixth of the user range where the stack is unlimited.
static void the_mmap_area_for_an_unlimited_stack(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    world_begin(&world, &plainly, flavour_full);
    world_file(&world, PROGRAM, &elf);
    world.policy = (struct libexec_policy){.flags = LIBEXEC_POLICY_FIXED_ADDRESSES, .stack_size = UINT64_MAX};
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    const struct libexec_range *const placed = &libexec_exec_layout(&world.exec)->program;
    EXPECT_EQUAL(&world, placed->address + placed->length, 0x155555556000);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
    libexec_kit_elf_end(&elf);
}

// Stacks, guards and argument limits that the user range has no room for.
static void stacks_that_do_not_fit(void **state) {
    (void)state;
    static const struct libexec_policy rows[] = {{.stack_size = 1ull << 46}, {.stack_size = UINT64_MAX - 1},
                                                 {.stack_guard = 1ull << 46}, {.stack_guard = UINT64_MAX},
                                                 {.argument_limit = 1ull << 30}, {.argument_limit = UINT64_MAX},
                                                 {.user_low = 0x10000, .user_high = 0x800000}};
    static struct world world;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (uint32_t fixed = 0; fixed < 2; fixed++) {
            world_begin(&world, &plainly, flavour_full);
            world.policy = rows[i];
            world.policy.flags = fixed != 0 ? LIBEXEC_POLICY_FIXED_ADDRESSES : 0;
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_STACK_SIZE);
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->stage, LIBEXEC_STAGE_LAYOUT);
            EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_ENOMEM);
            EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_SPACE_CREATE), 0);
            EXPECT(&world, libexec_kit_ledger_empty(world.kit));
            world_end(&world);
        }
}

// A user range that begins far up: everything lies in it, or the exec is refused for want of room.
static void a_user_range_far_up(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    uint32_t prepared = 0;
    for (uint64_t size = 0x1000000; size < 1ull << 45; size *= 8)
        for (uint32_t fixed = 0; fixed < 2; fixed++) {
            world_begin(&world, &plainly, flavour_full);
            world_file(&world, PROGRAM, &elf);
            world.policy = (struct libexec_policy){.user_low = 0x7ffffffff000 - size, .user_high = 0x7ffffffff000,
                                                   .stack_size = size / 16, .stack_guard = 0x10000,
                                                   .tls = LIBEXEC_TLS_ALWAYS,
                                                   .flags = fixed != 0 ? LIBEXEC_POLICY_FIXED_ADDRESSES : 0};
            const enum libexec_status status = world_prepare(&world); // the police knows the range
            EXPECT(&world, status == LIBEXEC_OK || status == LIBEXEC_E_STACK_SIZE || status == LIBEXEC_E_NO_ROOM);
            EXPECT(&world, status == LIBEXEC_OK || size < 1u << 28);
            prepared += status == LIBEXEC_OK;
            libexec_kit_abandon(world.kit, &world.exec);
            world_end(&world);
        }
    assert_true(prepared > 10);
    libexec_kit_elf_end(&elf);
}

static void a_small_user_range(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    for (uint64_t high = 0x40000000; high >= 0x400000; high /= 4) {
        world_begin(&world, &plainly, flavour_full);
        world_file(&world, PROGRAM, &elf);
        world.policy.user_low = 0x1000;
        world.policy.user_high = high;
        world.policy.stack_size = high / 16;
        const enum libexec_status status = world_prepare(&world); // the police knows the range
        EXPECT_EQUAL(&world, status, LIBEXEC_OK);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    libexec_kit_elf_end(&elf);
}

// ---- Hosts that break the contract --------------------------------------------------------------------------------

static void a_host_that_breaks_the_contract(void **state) {
    (void)state;
    static const struct {
        enum libexec_kit_misdeed misdeed;
        enum libexec_stage stage;
        const char *clause; // which callback
    } rows[] = {{LIBEXEC_KIT_EMPTY_VIEW, LIBEXEC_STAGE_LOAD, "translate"},
                {LIBEXEC_KIT_OVERLONG_VIEW, LIBEXEC_STAGE_LOAD, "translate"},
                {LIBEXEC_KIT_UNEVEN_VIEW, LIBEXEC_STAGE_LOAD, "translate"},
                {LIBEXEC_KIT_NULL_VIEW, LIBEXEC_STAGE_LOAD, "translate"},
                {LIBEXEC_KIT_OVERLONG_READ, LIBEXEC_STAGE_SOURCE, "read_at"},
                {LIBEXEC_KIT_HOLLOW_SOURCE, LIBEXEC_STAGE_SOURCE, "open"}};
    static struct world world;
    static const uint32_t hosts[] = {LIBEXEC_KIT_OPEN, LIBEXEC_KIT_OPEN | LIBEXEC_KIT_LONG_VIEWS,
                                     LIBEXEC_KIT_OPEN | LIBEXEC_KIT_VIEW_END, // a view that is none is not ended
                                     LIBEXEC_KIT_OPEN | LIBEXEC_KIT_VIEW_END | LIBEXEC_KIT_LONG_VIEWS,
                                     LIBEXEC_KIT_OPEN | LIBEXEC_KIT_BOUNCE};
    const size_t row_count = sizeof(rows) / sizeof(rows[0]);
    for (size_t run = 0; run < row_count * sizeof(hosts) / sizeof(hosts[0]); run++) {
        const size_t i = run % row_count;
        world_begin(&world, &plainly, flavour_required);
        libexec_kit_free(world.kit);
        world.options.features = hosts[run / row_count];
        world.options.misdeed = rows[i].misdeed;
        world.kit = libexec_kit_new(&world.options);
        world.request.source = NULL;
        execute(&world);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_CONTRACT);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->stage, rows[i].stage);
        EXPECT(&world, strstr(libexec_exec_report(&world.exec)->clause, rows[i].clause) != NULL);
        if (rows[i].misdeed == LIBEXEC_KIT_HOLLOW_SOURCE) // there is no number to it
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->known, 0);
        EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_EIO);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
}

// Counts in the answer to `image_known` go with tables.
static void an_answer_without_its_table(void **state) {
    (void)state;
    static struct world world;
    for (uint32_t i = 0; i < 2; i++) {
        world_begin(&world, &plainly, flavour_full);
        struct libexec_image_answer *const answer = libexec_kit_answer(world.kit);
        answer->auxv_count = i == 0;
        answer->reserved_range_count = i == 1;
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_CONTRACT);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->stage, LIBEXEC_STAGE_LAYOUT);
        EXPECT(&world, strstr(libexec_exec_report(&world.exec)->clause, "image_known") != NULL);
        EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_EIO);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
}

// Views that end inside a page are against the contract, too. The library may cope, or say so; it writes nothing
// beyond them.
static void views_that_are_too_short(void **state) {
    (void)state;
    static struct world world;
    uint32_t told = 0;
    world_begin(&world, &plainly, flavour_required);
    struct libexec_kit_image *const usual = world_image(&world);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
    for (uint64_t limit = 1; limit < 5000; limit = limit * 3 + 1) {
        world_begin(&world, &plainly, flavour_required);
        libexec_kit_free(world.kit);
        world.options.view_limit = limit;
        world.kit = libexec_kit_new(&world.options);
        execute(&world);
        const enum libexec_status status = world_prepare(&world);
        EXPECT(&world, status == LIBEXEC_E_CONTRACT || status == LIBEXEC_OK);
        if (status == LIBEXEC_OK) {
            struct libexec_kit_image *const image = libexec_kit_capture(world.kit, &world.exec);
            EXPECT(&world, libexec_kit_image_equal(usual, image, NULL, 0));
            libexec_kit_image_free(image);
        }
        told += status != LIBEXEC_OK;
        libexec_kit_abandon(world.kit, &world.exec);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
    assert_true(told > 3);
    libexec_kit_image_free(usual);
}

// The same on hosts with `view_end`, which end every view but such a one: it was none.
static void views_that_are_too_short_are_not_ended(void **state) {
    (void)state;
    static const uint64_t limits[] = {1, 100, PAGE - 1, PAGE + 100};
    static struct world world;
    for (size_t run = 0; run < 2 * sizeof(limits) / sizeof(limits[0]); run++) {
        world_begin(&world, &plainly, flavour_required);
        libexec_kit_free(world.kit);
        world.options.features = run % 2 != 0 ? LIBEXEC_KIT_BOUNCE | LIBEXEC_KIT_LONG_VIEWS
                                              : LIBEXEC_KIT_VIEW_END | LIBEXEC_KIT_LONG_VIEWS;
        world.options.view_limit = limits[run / 2];
        world.kit = libexec_kit_new(&world.options);
        execute(&world);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_CONTRACT);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->value, limits[run / 2]);
        EXPECT_EQUAL(&world, count_calls(&world, LIBEXEC_KIT_CALL_VIEW_END) + 1,
                     count_calls(&world, LIBEXEC_KIT_CALL_TRANSLATE));
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
}

// Codes are positive by contract. Where they are not, the errno is that of the status, as status.h has it in brackets.
static int errno_without_code(enum libexec_status status) {
    switch (status) {
    case LIBEXEC_E_OPEN:
        return LIBEXEC_ERRNO_ENOENT;
    case LIBEXEC_E_READ:
        return LIBEXEC_ERRNO_EIO;
    case LIBEXEC_E_RANDOM:
    case LIBEXEC_E_SEIZE:
        return LIBEXEC_ERRNO_EAGAIN;
    case LIBEXEC_E_REFUSED:
        return LIBEXEC_ERRNO_EACCES;
    case LIBEXEC_E_ARGUMENT_FAULT:
        return LIBEXEC_ERRNO_EFAULT;
    case LIBEXEC_E_SPACE:
    case LIBEXEC_E_MAP:
    case LIBEXEC_E_TRANSLATE:
        return LIBEXEC_ERRNO_ENOMEM;
    default:
        return 0;
    }
}

static void bug_E5_the_sign_of_a_code(void **state) {
    (void)state;
    static struct world world;
    uint32_t told[LIBEXEC_KIT_CALLS] = {0};
    for (uint32_t number = 1; number < 60; number++) {
        world_begin(&world, &plainly, flavour_required);
        libexec_kit_free(world.kit);
        world.options.features = LIBEXEC_KIT_OPEN | LIBEXEC_KIT_IMAGE_KNOWN | LIBEXEC_KIT_SEIZE;
        world.options.misdeed = LIBEXEC_KIT_NEGATIVE_CODE;
        world.kit = libexec_kit_new(&world.options);
        world.request.source = NULL;
        execute(&world);
        world_user_arguments(&world, argv, envp);
        libexec_kit_fail(world.kit, number, false, 5);
        enum libexec_status status = world_prepare(&world);
        if (status == LIBEXEC_OK)
            status = libexec_kit_commit(world.kit, &world.exec);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        const enum libexec_kit_call call = libexec_kit_failed_call(world.kit);
        EXPECT_EQUAL(&world, status == LIBEXEC_OK, call == LIBEXEC_KIT_CALLS);
        if (status != LIBEXEC_OK) {
            told[call]++;
            EXPECT_EQUAL(&world, report->host_code, -5);
            EXPECT_EQUAL(&world, libexec_report_errno(report), errno_without_code(status));
            EXPECT_EQUAL(&world, libexec_status_errno(status), errno_without_code(status));
        }
        libexec_kit_abandon(world.kit, &world.exec);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
    for (uint32_t call = LIBEXEC_KIT_CALL_READ_AT; call <= LIBEXEC_KIT_CALL_SEIZE; call++)
        assert_true(told[call] != 0 || call == LIBEXEC_KIT_CALL_VIEW); // in whose place the file is read
}

static void pages_that_are_occupied(void **state) {
    (void)state;
    static const uint64_t places[] = {BASE, BASE + 0x2000, BASE + 0x5000, 0x7ffffffe0000};
    static struct world world;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        for (size_t f = 0; f < 4; f++) {
            world_begin(&world, &plainly, &flavours[f]);
            world.policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES;
            libexec_kit_occupy(world.kit, places[i], 0x1000);
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_OCCUPIED);
            EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_EEXIST);
            EXPECT(&world, libexec_kit_ledger_empty(world.kit));
            world_end(&world);
        }
}

// Whatever callback fails: its code comes back as the errno, but for the caller's memory, where it is EFAULT; and the
// report says which one it was.
static void a_failing_callback_is_named(void **state) {
    (void)state;
    static const struct {
        enum libexec_status status;
        enum libexec_stage stage;
        enum libexec_file file;
    } expected[] = {
        [LIBEXEC_KIT_CALL_USER_READ] = {LIBEXEC_E_ARGUMENT_FAULT, LIBEXEC_STAGE_ARGUMENTS, LIBEXEC_FILE_NONE},
        [LIBEXEC_KIT_CALL_OPEN] = {LIBEXEC_E_OPEN, LIBEXEC_STAGE_SOURCE, LIBEXEC_FILE_PROGRAM},
        [LIBEXEC_KIT_CALL_IMAGE_KNOWN] = {LIBEXEC_E_REFUSED, LIBEXEC_STAGE_LAYOUT, LIBEXEC_FILE_NONE},
        [LIBEXEC_KIT_CALL_SPACE_CREATE] = {LIBEXEC_E_SPACE, LIBEXEC_STAGE_LOAD, LIBEXEC_FILE_NONE},
        [LIBEXEC_KIT_CALL_RANDOM] = {LIBEXEC_E_RANDOM, LIBEXEC_STAGE_LAYOUT, LIBEXEC_FILE_NONE},
    };
    static struct world world;
    uint32_t named = 0;
    for (uint32_t number = 1; number < 60; number++) {
        world_begin(&world, &plainly, number % 2 == 0 ? flavour_full : flavour_fault); // with and without image_known
        world_user_arguments(&world, argv, envp);
        libexec_kit_fail(world.kit, number / 2, false, 1);
        const enum libexec_status status = world_prepare(&world);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        const enum libexec_kit_call call = libexec_kit_failed_call(world.kit);
        if (status == LIBEXEC_OK)
            libexec_kit_abandon(world.kit, &world.exec);
        else
            EXPECT_EQUAL(&world, libexec_report_errno(report),
                         call == LIBEXEC_KIT_CALL_USER_READ ? LIBEXEC_ERRNO_EFAULT : 1);
        if (call < sizeof(expected) / sizeof(expected[0]) && expected[call].status != LIBEXEC_OK) {
            EXPECT_EQUAL(&world, status, expected[call].status);
            EXPECT_EQUAL(&world, report->stage, expected[call].stage);
            EXPECT_EQUAL(&world, report->file, expected[call].file);
            named |= 1u << call;
        }
        world_end(&world);
    }
    assert_int_equal(named, 1u << LIBEXEC_KIT_CALL_USER_READ | 1u << LIBEXEC_KIT_CALL_OPEN |
                                1u << LIBEXEC_KIT_CALL_IMAGE_KNOWN | 1u << LIBEXEC_KIT_CALL_SPACE_CREATE |
                                1u << LIBEXEC_KIT_CALL_RANDOM);
}

// An `open` that fails may leave what it likes in the source: nothing was opened, and nothing is closed.
static uint32_t closed_in_vain;
static void close_in_vain(void *context) {
    (void)context;
    closed_in_vain++;
}

static int read_in_vain(void *context, uint64_t offset, void *to, size_t length, size_t *done) {
    (void)context;
    (void)offset;
    (void)to;
    *done = length;
    return LIBEXEC_ERRNO_EIO;
}

static int open_in_vain(void *context, enum libexec_file kind, const char *name, struct libexec_source *source) {
    static const struct libexec_source_operations operations = {.read_at = read_in_vain, .close = close_in_vain};
    (void)context;
    (void)kind;
    (void)name;
    source->operations = &operations;
    source->size = 100;
    return LIBEXEC_ERRNO_EACCES;
}

static void an_open_that_fails_leaves_nothing_open(void **state) {
    (void)state;
    static struct world world;
    world_begin(&world, &plainly, flavour_full);
    libexec_kit_host(world.kit)->open = open_in_vain;
    closed_in_vain = 0;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_OPEN);
    EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), LIBEXEC_ERRNO_EACCES);
    EXPECT_EQUAL(&world, closed_in_vain, 0);
    world_end(&world);
}

// Which file it is that `open` refused.
static void the_name_of_what_is_refused(void **state) {
    (void)state;
    static const char script[] = "#!/bin/missing -e\n";
    static const char *const names[] = {"/bin/nothing", "/bin/missing", "/lib/loader"};
    static struct world world;
    struct libexec_kit_elf dynamic, loader;
    dynamic_elf(&dynamic, &loader, names[2], sizeof("/lib/loader"));
    for (size_t i = 0; i < (LIBEXEC_CONFIG_STATIC_ONLY ? 1 : 3); i++) {
        world_begin(&world, &plainly, flavour_full);
        world_bytes(&world, "/bin/script", script, sizeof(script) - 1);
        world_file(&world, PROGRAM, &dynamic);
        world.request.path = i == 0 ? names[0] : i == 1 ? "/bin/script" : PROGRAM;
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_OPEN);
        const char *const name = libexec_exec_report(&world.exec)->name;
        EXPECT(&world, name != NULL && strcmp(name, names[i]) == 0);
        // It goes with the report, and not with the memory of path and names.
        const char *const object = (const char *)&world.exec;
        EXPECT(&world, name > object && name + strlen(name) < object + sizeof(world.exec));
        world_end(&world);
    }
    libexec_kit_elf_end(&dynamic);
    libexec_kit_elf_end(&loader);
}

// As much of it as the exec object holds.
static void a_name_too_long_for_the_report(void **state) {
    (void)state;
    static struct world world;
    static char path[LIBEXEC_PATH_MAX];
    memset(path, 'n', sizeof(path) - 1);
    world_begin(&world, &plainly, flavour_full);
    world.request.path = path;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_OPEN);
    EXPECT_EQUAL(&world, strlen(libexec_exec_report(&world.exec)->name), LIBEXEC_EXEC_SCRATCH - 1);
    EXPECT(&world, memcmp(libexec_exec_report(&world.exec)->name, path, 959) == 0);
    world_end(&world);
}

// What `open` does not set is zero, and stays nothing of the file opened before, a script for instance.
static int (*kits_open)(void *context, enum libexec_file kind, const char *name, struct libexec_source *source);
static int open_without_flags(void *context, enum libexec_file kind, const char *name, struct libexec_source *source) {
    struct libexec_source opened = {0};
    const struct libexec_source nothing = {0};
    assert_memory_equal(source, &nothing, sizeof(nothing));
    const int code = kits_open(context, kind, name, &opened);
    if (kind == LIBEXEC_FILE_PROGRAM) {
        *source = opened;
        return code;
    }
    source->operations = opened.operations;
    source->context = opened.context;
    source->size = opened.size;
    return code;
}

static void a_source_is_zero_before_open(void **state) {
    (void)state;
    static struct world world;
    static const char line[] = "#!" PROGRAM "\n";
    world_begin(&world, &plainly, flavour_full);
    world_bytes(&world, "/script", line, sizeof(line) - 1);
    world_execute(&world, "/script");
    kits_open = libexec_kit_host(world.kit)->open;
    libexec_kit_host(world.kit)->open = open_without_flags;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
    EXPECT_EQUAL(&world, libexec_kit_read_ledger(world.kit).pages_shared, 0);
    libexec_kit_abandon(world.kit, &world.exec);
    world_end(&world);
}

// ---- E: failure and undo ------------------------------------------------------------------------------------------

// Last made, first undone: views, then the space, then the interpreter's source, then the program's.
static void bug_E4_the_order_of_undo(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_elf dynamic, loader;
    small_elf(&dynamic, LIBEXEC_KIT_ET_DYN, 0);
    small_elf(&loader, LIBEXEC_KIT_ET_DYN, 0);
    libexec_kit_elf_write(&dynamic, 0x800, "/lib/loader", 12);
    libexec_kit_elf_add(&dynamic, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800,
                                                                      .file_size = 12});
    libexec_kit_elf_build(&dynamic);
    uint32_t with_space = 0;
    for (uint32_t number = 1; number < 60; number++) {
        world_begin(&world, &plainly, flavour_bounce);
        world_file(&world, PROGRAM, &dynamic);
        world_file(&world, "/lib/loader", &loader);
        libexec_kit_fail(world.kit, number, false, 5);
        const enum libexec_status status = world_prepare(&world);
        libexec_kit_abandon(world.kit, &world.exec);
        const struct libexec_kit_entry *entries = NULL;
        const uint32_t count = libexec_kit_journal(world.kit, &entries);
        uint32_t opened = 0, closed = 0;
        for (uint32_t i = 0; i < count; i++) {
            opened += entries[i].call == LIBEXEC_KIT_CALL_OPEN && entries[i].result == 0;
            if (entries[i].call == LIBEXEC_KIT_CALL_CLOSE)
                EXPECT_EQUAL(&world, entries[i].object, opened - closed++); // 2, then 1
        }
        EXPECT_EQUAL(&world, opened, closed);
        const uint32_t destroyed = place_of(&world, LIBEXEC_KIT_CALL_SPACE_DESTROY);
        if (destroyed != UINT32_MAX) {
            with_space++;
            EXPECT_EQUAL(&world, opened, 2);
            EXPECT(&world, destroyed < place_of(&world, LIBEXEC_KIT_CALL_CLOSE));
            EXPECT_EQUAL(&world, count, destroyed + 3);
        }
        EXPECT(&world, status != LIBEXEC_OK || number > 10);
        world_end(&world);
    }
    assert_true(with_space > 10);
    libexec_kit_elf_end(&dynamic);
    libexec_kit_elf_end(&loader);
}

// Settings are looked at once: what changes under way changes nothing.
static struct libexec_policy *changing_policy;
static void change_settings(void *context, struct libexec_kit *kit, const struct libexec_kit_entry *entry) {
    (void)context;
    (void)kit;
    (void)entry;
    changing_policy->flags ^= LIBEXEC_POLICY_FIXED_ADDRESSES | LIBEXEC_POLICY_PIE_ONLY;
    changing_policy->stack_size ^= 0x3000;
    changing_policy->user_high ^= 0x1000;
    changing_policy->page_budget ^= 1;
    changing_policy->tls ^= LIBEXEC_TLS_ALWAYS;
    changing_policy->argument_limit ^= 5;
}

static void bug_E6_settings_read_twice(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_image *images[2];
    for (int i = 0; i < 2; i++) {
        world_begin(&world, &plainly, flavour_full);
        libexec_kit_free(world.kit);
        changing_policy = &world.policy;
        world.options.before = i == 0 ? NULL : change_settings;
        world.kit = libexec_kit_new(&world.options);
        execute(&world);
        images[i] = world_image(&world);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    char why[200];
    if (!libexec_kit_image_equal(images[0], images[1], why, sizeof(why)))
        fail_msg("%s", why);
    libexec_kit_image_free(images[0]);
    libexec_kit_image_free(images[1]);
}

// A file that is edited between reads: every byte of a header counts as it was in one fetch. Whatever comes of it, the
// police is silent and nothing is left; the edits themselves are harmless values that would be refused, or would move
// things.
static uint64_t edit_state;
static void edit_file(void *context, struct libexec_kit *kit, const struct libexec_kit_entry *entry) {
    uint8_t *const bytes = context;
    (void)kit;
    if (entry->call != LIBEXEC_KIT_CALL_READ_AT && entry->call != LIBEXEC_KIT_CALL_VIEW)
        return;
    edit_state = edit_state * 6364136223846793005u + 1442695040888963407u;
    bytes[(edit_state >> 33) % 0x3000] = (uint8_t)(edit_state >> 50);
    bytes[4 + (edit_state >> 40) % 300] ^= (uint8_t)(1u << (edit_state >> 61));
}

static void a_file_edited_meanwhile(void **state) {
    (void)state;
    static struct world world;
    static uint8_t bytes[0x3000];
    uint32_t prepared = 0, refused = 0;
    for (uint32_t i = 0; i < 1500; i++) {
        edit_state = i * 977 + 5;
        memcpy(bytes, program.bytes, sizeof(bytes));
        world_begin(&world, &plainly, &flavours[i % 2 * 2]); // no host that promises stable bytes
        libexec_kit_free(world.kit);
        world.options.before = edit_file;
        world.options.context = bytes;
        world.kit = libexec_kit_new(&world.options);
        execute(&world);
        world_bytes(&world, PROGRAM, bytes, sizeof(bytes));
        if (world.request.source != NULL) {
            libexec_kit_source_close(&world.source);
            EXPECT(&world, libexec_kit_source(world.kit, PROGRAM, &world.source));
        }
        if (world_prepare(&world) == LIBEXEC_OK)
            prepared++;
        else
            refused++;
        libexec_kit_abandon(world.kit, &world.exec);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
    assert_true(prepared > 100 && refused > 100);
    printf("%u execs of an edited file prepared, %u refused\n", prepared, refused);
}

// Views of cached bytes are parsed in place only where the source says that they cannot change.
static void only_stable_bytes_are_parsed_in_place(void **state) {
    (void)state;
    static struct world world;
    static const uint32_t features = LIBEXEC_KIT_OPEN | LIBEXEC_KIT_CACHED_VIEWS;
    for (int stable = 0; stable < 2; stable++) {
        world_begin(&world, &plainly, flavour_full);
        libexec_kit_free(world.kit);
        world.options.features = features | (stable != 0 ? LIBEXEC_KIT_STABLE : 0);
        world.kit = libexec_kit_new(&world.options);
        execute(&world);
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_OK);
        const uint32_t first = place_of(&world, LIBEXEC_KIT_CALL_VIEW);
        const uint32_t space = place_of(&world, LIBEXEC_KIT_CALL_SPACE_CREATE);
        EXPECT_EQUAL(&world, first < space, stable != 0);
        EXPECT_EQUAL(&world, place_of(&world, LIBEXEC_KIT_CALL_READ_AT) < space, stable == 0);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
}

// E1, E2, E3, E7 and E8 are the driver's: each scenario of these tests asserts that a failed exec leaves the caller as
// it was and nothing behind, that a committed one leaves nothing either, that every failing call is seen, and poisons
// the exec object before each prepare with values that differ between flavours.
static void bug_E7_members_not_initialised(void **state) {
    (void)state;
    static struct world world;
    struct libexec_kit_image *images[2];
    for (int i = 0; i < 2; i++) {
        world_begin(&world, &plainly, flavour_required);
        libexec_kit_free(world.kit);
        world.options.poison = i == 0 ? 0x01 : 0xff;
        world.kit = libexec_kit_new(&world.options);
        execute(&world);
        images[i] = world_image(&world);
        libexec_kit_abandon(world.kit, &world.exec);
        world_end(&world);
    }
    assert_true(libexec_kit_image_equal(images[0], images[1], NULL, 0));
    libexec_kit_image_free(images[0]);
    libexec_kit_image_free(images[1]);
}

// ---- Memory sources -----------------------------------------------------------------------------------------------

static void a_program_in_memory(void **state) {
    (void)state;
    static struct world world;
    struct libexec_source source;
    world_begin(&world, &plainly, flavour_full);
    libexec_memory_source(&source, program.bytes, program.size);
    world.request.source = &source;
    struct libexec_kit_image *const image = world_image(&world);
    check_image(&world, image, &program, 0, LIBEXEC_FILE_PROGRAM);
    EXPECT_EQUAL(&world, libexec_kit_commit(world.kit, &world.exec), LIBEXEC_OK);
    libexec_kit_image_free(image);
    world_end(&world);
    for (uint64_t size = 0; size < 200; size += 13) { // cut short
        world_begin(&world, &plainly, flavour_full);
        libexec_memory_source(&source, size == 0 ? NULL : program.bytes, size);
        world.request.source = &source;
        EXPECT(&world, world_prepare(&world) != LIBEXEC_OK);
        world_end(&world);
    }
}

// ---- Two at once --------------------------------------------------------------------------------------------------

#define ROUNDS 60

struct pair_thread {
    uint64_t seed;
    bool meet;
    struct libexec_kit_image *image;
    uint32_t violations;
    enum libexec_status status;
};

static pthread_barrier_t barrier;

// Lets the threads take turns, call by call.
static void take_turns(void *context, struct libexec_kit *kit, const struct libexec_kit_entry *entry) {
    const struct pair_thread *const thread = context;
    const struct libexec_kit_entry *entries = NULL;
    (void)entry;
    if (thread->meet && libexec_kit_journal(kit, &entries) < 12)
        pthread_barrier_wait(&barrier);
}

static void *run_thread(void *context) {
    struct pair_thread *const thread = context;
    const bool second = thread->seed % 2 != 0;
    static const char *const other_argv[] = {"the other", "with", "more", NULL};
    struct libexec_exec *const exec = malloc(sizeof(*exec));
    struct libexec_kit *const kit = libexec_kit_new(&(struct libexec_kit_options){
        .features = second ? LIBEXEC_KIT_FAULT : LIBEXEC_KIT_FULL, .seed = thread->seed, .before = take_turns,
        .context = thread});
    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = PROGRAM, .bytes = program.bytes,
                                                         .length = program.size});
    const struct libexec_request request = {.path = PROGRAM, .arguments = {.argv = second ? other_argv : argv,
                                                                           .envp = second ? NULL : envp}};
    thread->status = libexec_kit_prepare(kit, exec, &request);
    if (thread->status == LIBEXEC_OK) {
        thread->image = libexec_kit_capture(kit, exec);
        thread->status = libexec_kit_commit(kit, exec);
    }
    thread->violations = libexec_kit_violations(kit) + !libexec_kit_ledger_empty(kit);
    libexec_kit_free(kit);
    free(exec);
    return NULL;
}

static void two_execs_on_two_threads(void **state) {
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct pair_thread alone[2], together[2];
        pthread_t threads[2];
        assert_int_equal(pthread_barrier_init(&barrier, NULL, 2), 0);
        for (uint64_t i = 0; i < 2; i++) {
            alone[i] = (struct pair_thread){.seed = 2 * round + i};
            together[i] = (struct pair_thread){.seed = 2 * round + i, .meet = true};
            run_thread(&alone[i]);
        }
        for (int i = 0; i < 2; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, run_thread, &together[i]), 0);
        for (int i = 0; i < 2; i++) {
            assert_int_equal(pthread_join(threads[i], NULL), 0);
            assert_int_equal(together[i].status, LIBEXEC_OK);
            assert_int_equal(together[i].violations, 0);
            assert_int_equal(alone[i].violations, 0);
            assert_true(libexec_kit_image_equal(alone[i].image, together[i].image, NULL, 0));
        }
        assert_false(libexec_kit_image_equal(together[0].image, together[1].image, NULL, 0));
        for (int i = 0; i < 2; i++) {
            libexec_kit_image_free(alone[i].image);
            libexec_kit_image_free(together[i].image);
        }
        pthread_barrier_destroy(&barrier);
    }
    printf("%d pairs of execs interleaved on two threads\n", ROUNDS);
}

int main(void) {
    small_elf(&program, LIBEXEC_KIT_ET_EXEC, BASE);
    const struct CMUnitTest exec[] = {
        cmocka_unit_test(commit_needs_a_prepared_exec),
        cmocka_unit_test(a_report_outlives_abandon),
        cmocka_unit_test(the_request_goes_when_prepare_returns),
        cmocka_unit_test(hooks_run_in_their_order),
        cmocka_unit_test(each_hook_is_optional),
        cmocka_unit_test(a_hook_need_not_return),
        cmocka_unit_test(a_hook_may_abandon),
        cmocka_unit_test(a_hook_may_read_the_exec),
        cmocka_unit_test(seize_may_refuse),
        cmocka_unit_test(threads_without_seize),
        cmocka_unit_test(a_table_that_lacks_a_member),
        cmocka_unit_test(requests_that_contradict_themselves),
        cmocka_unit_test(policies_that_are_not_known),
        cmocka_unit_test(a_view_without_bytes),
        cmocka_unit_test(half_of_a_view),
        cmocka_unit_test(the_name_of_a_path_without_a_slash),
        cmocka_unit_test(requests_without_a_host),
        cmocka_unit_test(values_that_make_no_sense),
        cmocka_unit_test(values_that_just_make_sense),
        cmocka_unit_test(the_host_may_refuse_the_image),
        cmocka_unit_test(reserved_ranges_stay_free),
        cmocka_unit_test(entropy_is_drawn_once),
        cmocka_unit_test(reserved_ranges_that_cannot_stay_free),
        cmocka_unit_test(the_host_sees_the_plan),
        cmocka_unit_test(policy_bits),
        cmocka_unit_test(a_plain_stack_by_policy),
        cmocka_unit_test(nested_scripts_by_policy),
        cmocka_unit_test(a_script_that_just_fits_the_names),
        cmocka_unit_test(the_host_sees_both_files),
        cmocka_unit_test(an_interpreter_that_just_fits_the_names),
        cmocka_unit_test(the_most_regions),
        cmocka_unit_test(flags_of_the_start),
        cmocka_unit_test(an_unreadable_interpreter),
        cmocka_unit_test(an_unreadable_source),
        cmocka_unit_test(marks_of_the_file_that_starts),
        cmocka_unit_test(addresses_are_random_or_linuxs),
        cmocka_unit_test(the_mmap_area_for_a_stack),
        cmocka_unit_test(the_mmap_area_for_an_unlimited_stack),
        cmocka_unit_test(stacks_that_do_not_fit),
        cmocka_unit_test(a_user_range_far_up),
        cmocka_unit_test(a_small_user_range),
        cmocka_unit_test(a_host_that_breaks_the_contract),
        cmocka_unit_test(an_answer_without_its_table),
        cmocka_unit_test(views_that_are_too_short),
        cmocka_unit_test(views_that_are_too_short_are_not_ended),
        cmocka_unit_test(bug_E5_the_sign_of_a_code),
        cmocka_unit_test(pages_that_are_occupied),
        cmocka_unit_test(a_failing_callback_is_named),
        cmocka_unit_test(an_open_that_fails_leaves_nothing_open),
        cmocka_unit_test(the_name_of_what_is_refused),
        cmocka_unit_test(a_name_too_long_for_the_report),
        cmocka_unit_test(a_source_is_zero_before_open),
        cmocka_unit_test(bug_E4_the_order_of_undo),
        cmocka_unit_test(bug_E6_settings_read_twice),
        cmocka_unit_test(bug_E7_members_not_initialised),
        cmocka_unit_test(a_file_edited_meanwhile),
        cmocka_unit_test(only_stable_bytes_are_parsed_in_place),
        cmocka_unit_test(a_program_in_memory),
        cmocka_unit_test(two_execs_on_two_threads),
    };
    const int failed = RUN(exec);
    libexec_kit_elf_end(&program);
    return failed;
}
