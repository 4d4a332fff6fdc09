// SPDX-License-Identifier: MIT
// Several threads at once. Execs beside each other, on one table of callbacks and the same files; faults of a process,
// answered from one array of regions and one plan; arguments and files that another thread edits while they are read.
//
// `unit.threads_raced` is this test with core and kit under the thread sanitizer. What is edited is read with relaxed
// atomics, which order nothing: the races that it reports are not the test's own. CMocka's asserts are the main
// thread's alone; the others leave a sentence on the first fault that they find.

#define _POSIX_C_SOURCE 200809L // barriers

#include "world.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

#define WORKERS 4u

struct finding {
    char text[256];
};

__attribute__((format(printf, 2, 3))) static void find(struct finding *finding, const char *format, ...) {
    va_list arguments;
    if (finding->text[0] != 0)
        return;
    va_start(arguments, format);
    vsnprintf(finding->text, sizeof(finding->text), format, arguments);
    va_end(arguments);
}

static void find_violations(struct finding *finding, const struct libexec_kit *kit) {
    if (libexec_kit_violations(kit) != 0)
        find(finding, "%s", libexec_kit_violation(kit, 0));
}

static void run_workers(void *(*work)(void *context), void *contexts, size_t size) {
    pthread_t threads[WORKERS];
    for (uint32_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, work, (char *)contexts + i * size), 0);
    for (uint32_t i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

// ---- What all threads share, and none writes -----------------------------------------------------------------------

#define FIXED "/bin/fixed" // ET_EXEC, with thread-local storage
#define LOADER "/lib/loader"
#define SCRIPT "/bin/script"
#define BROKEN "/bin/broken"

static struct libexec_kit_elf fixed, dynamic, loader, broken, large;
static const char script[] = "#!" PROGRAM " -x\nexit\n";
static struct libexec_source opened; // of `fixed`, in memory: one source for all who execute it
static const char *const argv[] = {"program", "one", "two", NULL};
static const char *const envp[] = {"HOME=/", "A=1", NULL};
static const struct libexec_auxv auxv[] = {{LIBEXEC_AT_HWCAP, 0x1234}, {LIBEXEC_AT_MINSIGSTKSZ, 1776}};
static const struct libexec_policy policy = {.argument_limit = 0x10000};

#define FLAVOURS 4u
static const uint32_t features[FLAVOURS] = {
    LIBEXEC_KIT_FULL, LIBEXEC_KIT_FAULT, LIBEXEC_KIT_REQUIRED | LIBEXEC_KIT_OPEN,
    LIBEXEC_KIT_OPEN | LIBEXEC_KIT_BOUNCE | LIBEXEC_KIT_ZERO_POISON | LIBEXEC_KIT_HOOKS};
static struct libexec_host tables[FLAVOURS]; // of callbacks: one for all hosts of the flavour

static void add_tls(struct libexec_kit_elf *elf, uint64_t base) {
    libexec_kit_elf_add(elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_TLS, .flags = R,
                                                                 .offset = 0x1300, .address = base + 0x2300,
                                                                 .file_size = 0x20, .memory_size = 0x140,
                                                                 .alignment = 64});
}

static void add_interpreter(struct libexec_kit_elf *elf) {
    libexec_kit_elf_add(elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP, .flags = R,
                                                                 .offset = 0x2900, .file_size = sizeof(LOADER)});
    libexec_kit_elf_write(elf, 0x2900, LOADER, sizeof(LOADER));
}

static void share(void) {
    small_elf(&fixed, LIBEXEC_KIT_ET_EXEC, BASE);
    add_tls(&fixed, BASE);
    small_elf(&dynamic, LIBEXEC_KIT_ET_DYN, 0);
    add_interpreter(&dynamic);
    small_elf(&loader, LIBEXEC_KIT_ET_DYN, 0);
    small_elf(&broken, LIBEXEC_KIT_ET_DYN, 0);
    broken.program_header_size = 32;
    libexec_kit_elf_begin(&large, LIBEXEC_KIT_ET_DYN, 0x20000); // more regions than are passed one by one
    for (uint32_t i = 0; i < 6; i++)
        libexec_kit_elf_add(&large, load(i % 2 == 0 ? R | X : R | W, 0x4000 * i, 0x14000 * i, 0x3210, 0xb000));
    add_interpreter(&large);
    struct libexec_kit_elf *const elves[] = {&fixed, &dynamic, &loader, &broken, &large};
    for (uint32_t i = 0; i < sizeof(elves) / sizeof(elves[0]); i++)
        libexec_kit_elf_build(elves[i]);
    libexec_memory_source(&opened, fixed.bytes, fixed.size);
    for (uint32_t i = 0; i < FLAVOURS; i++) {
        struct libexec_kit *const kit = libexec_kit_new(&(struct libexec_kit_options){.features = features[i]});
        tables[i] = *libexec_kit_host(kit);
        libexec_kit_free(kit);
    }
}

static void add_elf(struct libexec_kit *kit, const char *path, const struct libexec_kit_elf *elf) {
    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = path, .bytes = elf->bytes, .length = elf->size});
}

// ---- Execs beside each other ---------------------------------------------------------------------------------------

struct task {
    const char *path;
    const struct libexec_source *source;
    bool user; // the arguments are the caller's
    enum libexec_status status;
};

static const struct task tasks[] = {
    {.path = FIXED},
    {.path = PROGRAM, .user = true},
    {.path = SCRIPT, .user = true},
    {.path = BROKEN, .status = LIBEXEC_E_HEADER_SIZE},
    {.path = "/dev/fd/3", .source = &opened, .user = true},
};
#define TASKS ((uint32_t)(sizeof(tasks) / sizeof(tasks[0])))

struct run {
    uint32_t task, flavour;
    struct libexec_kit *kit;
    enum libexec_status status;
    struct libexec_kit_image *image; // NULL: refused
    struct libexec_exec exec;
};

static void write_arguments(struct libexec_kit *kit, const char *const *strings, libexec_address vector,
                            libexec_address at) {
    for (; *strings != NULL; strings++, vector += 8) {
        libexec_kit_user_write(kit, vector, &at, 8);
        libexec_kit_user_write(kit, at, *strings, strlen(*strings) + 1);
        at += strlen(*strings) + 1;
    }
}

static void prepare(struct run *run) {
    const struct task *const task = &tasks[run->task];
    struct libexec_kit *const kit = libexec_kit_new(
        &(struct libexec_kit_options){.features = features[run->flavour], .seed = run->task});
    struct libexec_request request = {.host = &tables[run->flavour], .context = kit, .arch = &libexec_kit_arch,
                                      .policy = &policy, .path = task->path, .source = task->source, .auxv = auxv,
                                      .auxv_count = sizeof(auxv) / sizeof(auxv[0])};
    run->kit = kit;
    add_elf(kit, FIXED, &fixed);
    add_elf(kit, PROGRAM, &dynamic);
    add_elf(kit, LOADER, &loader);
    add_elf(kit, BROKEN, &broken);
    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = SCRIPT, .bytes = script, .length = sizeof(script)});
    if (task->user) {
        write_arguments(kit, argv, USER_VECTOR, USER_STRINGS);
        write_arguments(kit, envp, USER_VECTOR + 0x400, USER_STRINGS + 0x400);
        request.arguments.from = LIBEXEC_ARGUMENTS_USER;
        request.arguments.user_argv = USER_VECTOR;
        request.arguments.user_envp = USER_VECTOR + 0x400;
    } else {
        request.arguments.argv = argv;
        request.arguments.envp = envp;
    }
    libexec_kit_enter(kit, LIBEXEC_KIT_PREPARING);
    run->status = libexec_prepare(&run->exec, &request);
    libexec_kit_enter(kit, run->status == LIBEXEC_OK ? LIBEXEC_KIT_PREPARED : LIBEXEC_KIT_IDLE);
    if (run->status == LIBEXEC_OK)
        run->image = libexec_kit_capture(kit, &run->exec);
}

static void finish(struct finding *finding, struct run *run, bool commit) {
    if (!commit)
        libexec_kit_abandon(run->kit, &run->exec);
    else if (libexec_kit_commit(run->kit, &run->exec) != (run->image != NULL ? LIBEXEC_OK : LIBEXEC_E_STATE))
        find(finding, "commit: %s", libexec_status_name(libexec_exec_report(&run->exec)->status));
    find_violations(finding, run->kit);
    if (!libexec_kit_ledger_empty(run->kit))
        find(finding, "something is left of %s", tasks[run->task].path);
    libexec_kit_free(run->kit);
    libexec_kit_image_free(run->image);
}

static struct run alone[TASKS][FLAVOURS], beside[WORKERS];
// With one for both, who wakes late would seem, to the sanitizer, to have waited for what others did after the first.
static pthread_barrier_t all_prepared, all_finished;

static bool same_report(const struct libexec_report *one, const struct libexec_report *other) {
    return one->status == other->status && one->stage == other->stage && one->file == other->file &&
           one->known == other->known && one->host_code == other->host_code && one->value == other->value &&
           one->limit == other->limit && one->address == other->address && one->file_offset == other->file_offset &&
           one->program_header == other->program_header && one->argument == other->argument;
}

static void compare(struct finding *finding, const struct run *run) {
    const struct run *const model = &alone[run->task][run->flavour];
    char why[200] = "";
    if (run->status != model->status || (run->image == NULL) != (model->image == NULL) ||
        !same_report(libexec_exec_report(&run->exec), libexec_exec_report(&model->exec)))
        find(finding, "%s: %s", tasks[run->task].path, libexec_status_name(run->status));
    else if (run->image != NULL && !libexec_kit_image_equal(model->image, run->image, why, sizeof(why)))
        find(finding, "%s: %s", tasks[run->task].path, why);
}

#define ROUNDS 40u

struct worker {
    uint32_t index;
    struct finding finding;
};

// Each prepares an exec of its own, and ends the one that its neighbour has prepared: an exec may go from one processor
// to another.
static void *exec_beside(void *context) {
    struct worker *const worker = context;
    struct run *const own = &beside[worker->index];
    for (uint32_t round = 0; round < ROUNDS; round++) {
        own->task = (worker->index + round) % TASKS;
        own->flavour = (worker->index / 2 + round) % FLAVOURS;
        own->image = NULL;
        prepare(own);
        compare(&worker->finding, own);
        pthread_barrier_wait(&all_prepared);
        finish(&worker->finding, &beside[(worker->index + 1) % WORKERS], round % 2 == 0);
        pthread_barrier_wait(&all_finished);
    }
    return NULL;
}

static void execs_beside_each_other(void **state) {
    (void)state;
    struct worker workers[WORKERS] = {{0}};
    struct finding finding = {""};
    for (uint32_t i = 0; i < TASKS * FLAVOURS; i++) {
        struct run *const run = &alone[i / FLAVOURS][i % FLAVOURS];
        run->task = i / FLAVOURS;
        run->flavour = i % FLAVOURS;
        prepare(run);
        assert_int_equal(run->status, tasks[run->task].status);
    }
    for (uint32_t i = 0; i < WORKERS; i++)
        workers[i].index = i;
    assert_int_equal(pthread_barrier_init(&all_prepared, NULL, WORKERS), 0);
    assert_int_equal(pthread_barrier_init(&all_finished, NULL, WORKERS), 0);
    run_workers(exec_beside, workers, sizeof(workers[0]));
    for (uint32_t i = 0; i < WORKERS; i++)
        assert_string_equal(workers[i].finding.text, "");
    for (uint32_t i = 0; i < TASKS * FLAVOURS; i++)
        finish(&finding, &alone[i / FLAVOURS][i % FLAVOURS], true);
    assert_string_equal(finding.text, "");
    pthread_barrier_destroy(&all_prepared);
    pthread_barrier_destroy(&all_finished);
    printf("%u execs on %u threads\n", WORKERS * ROUNDS, WORKERS);
}

// ---- Faults of one process -----------------------------------------------------------------------------------------

#define AROUND_MOST 16u // pages
#define PASSES 6u

// What a kernel keeps with a process; nothing of it changes once it runs.
static struct process {
    struct libexec_region *regions;
    uint32_t count;
    struct libexec_plan plan;
    uint32_t plan_regions;
    struct libexec_source files[2];
    libexec_address *pages; // all that faults may bring in
    uint32_t page_count;
    const struct libexec_kit_image *image; // of the same exec on a host that fills all pages at once
} process;

static bool of_files(const struct libexec_region *region) {
    return region->kind == LIBEXEC_REGION_PROGRAM || region->kind == LIBEXEC_REGION_INTERPRETER ||
           region->kind == LIBEXEC_REGION_BSS;
}

static void keep_process(const struct libexec_kit_image *faulted, const struct libexec_exec *exec) {
    const struct libexec_region *regions = NULL;
    struct libexec_region region = {0};
    process.count = libexec_kit_image_regions(faulted, &regions);
    process.regions = malloc(process.count * sizeof(*regions));
    memcpy(process.regions, regions, process.count * sizeof(*regions));
    process.plan = *libexec_exec_plan(exec, LIBEXEC_FILE_PROGRAM);
    while (libexec_plan_next_region(&process.plan, PAGE, region.address + region.length, &region))
        process.plan_regions++;
    libexec_memory_source(&process.files[0], large.bytes, large.size);
    libexec_memory_source(&process.files[1], loader.bytes, loader.size);
    for (uint32_t i = 0; i < process.count; i++)
        for (uint64_t at = 0; of_files(&regions[i]) && at < regions[i].length; at += PAGE) {
            process.pages = realloc(process.pages, (process.page_count + 1) * sizeof(libexec_address));
            process.pages[process.page_count++] = regions[i].address + at;
        }
}

static void fault_in(struct finding *finding, libexec_address address, uint64_t around) {
    static _Thread_local uint8_t bytes[AROUND_MOST * PAGE];
    static const uint8_t zeros[PAGE];
    struct libexec_fault_page page;
    const unsigned long long at = address;
    if (!libexec_fault(process.regions, process.count, PAGE, around, address + 0x123, &page)) {
        find(finding, "0x%llx: no region", at);
        return;
    }
    if (page.address > address || page.address + page.length <= address || page.length > around ||
        page.length % PAGE != 0 || address - page.region->address >= page.region->length) {
        find(finding, "0x%llx: another page", at);
        return;
    }
    memset(bytes, 0xa5, sizeof(bytes));
    const bool second = page.region->file == LIBEXEC_FILE_INTERPRETER;
    const enum libexec_status status = libexec_fault_fill(&page, &process.files[second], bytes);
    if (status != LIBEXEC_OK)
        find(finding, "0x%llx: %s", at, libexec_status_name(status));
    for (uint64_t i = 0; i < page.length; i += PAGE) {
        const uint8_t *const wanted = libexec_kit_image_page(process.image, page.address + i);
        if (memcmp(bytes + i, wanted != NULL ? wanted : zeros, PAGE) != 0)
            find(finding, "0x%llx: other bytes in the page at +0x%llx", at, (unsigned long long)i);
    }
}

// All pages in an order of the thread's own, with windows of different sizes; and the plan.
static void *fault_beside(void *context) {
    struct worker *const worker = context;
    for (uint32_t pass = 0; pass < PASSES; pass++) {
        const uint32_t first = process.page_count * worker->index / WORKERS;
        for (uint32_t i = 0; i < process.page_count; i++) {
            const uint32_t at = (worker->index % 2 == 0 ? first + i : first + process.page_count - i);
            fault_in(&worker->finding, process.pages[at % process.page_count], PAGE << (worker->index + pass) % 5);
        }
        struct libexec_region region = {0};
        uint32_t count = 0;
        while (libexec_plan_next_region(&process.plan, PAGE, region.address + region.length, &region))
            count++;
        if (count != process.plan_regions)
            find(&worker->finding, "the plan has %u regions", count);
    }
    return NULL;
}

// The object of the exec is used for other ones meanwhile: what was kept of it does not point there.
static void *exec_again(void *context) {
    struct finding finding = {""};
    for (uint32_t i = 0; i < 8; i++) {
        struct run *const run = context;
        run->task = i % TASKS;
        run->image = NULL;
        prepare(run);
        finish(&finding, run, false);
    }
    return NULL;
}

static void faults_of_one_process(void **state) {
    (void)state;
    static struct run again;
    struct worker workers[WORKERS] = {{0}};
    struct libexec_kit_image *images[2];
    const uint32_t hosts[2] = {LIBEXEC_KIT_OPEN, LIBEXEC_KIT_FAULT};
    const struct libexec_request request = {.path = PROGRAM, .arguments = {.argv = argv}};
    pthread_t other;
    for (uint32_t i = 0; i < 2; i++) {
        struct libexec_kit *const kit = libexec_kit_new(&(struct libexec_kit_options){.features = hosts[i]});
        add_elf(kit, PROGRAM, &large);
        add_elf(kit, LOADER, &loader);
        assert_int_equal(libexec_kit_prepare(kit, &again.exec, &request), LIBEXEC_OK);
        images[i] = libexec_kit_capture(kit, &again.exec);
        if (i == 1)
            keep_process(images[i], &again.exec);
        libexec_kit_abandon(kit, &again.exec);
        assert_int_equal(libexec_kit_violations(kit), 0);
        libexec_kit_free(kit);
    }
    process.image = images[0];
    assert_true(process.count > 12 && process.plan_regions == 12);
    for (uint32_t i = 0; i < WORKERS; i++)
        workers[i].index = i;
    assert_int_equal(pthread_create(&other, NULL, exec_again, &again), 0);
    run_workers(fault_beside, workers, sizeof(workers[0]));
    assert_int_equal(pthread_join(other, NULL), 0);
    for (uint32_t i = 0; i < WORKERS; i++)
        assert_string_equal(workers[i].finding.text, "");
    printf("%u faults on %u threads\n", WORKERS * PASSES * process.page_count, WORKERS);
    libexec_kit_image_free(images[0]);
    libexec_kit_image_free(images[1]);
    free(process.regions);
    free(process.pages);
}

// ---- A thread that edits -------------------------------------------------------------------------------------------

#define EDITED_SIZE 0x6000u

static _Atomic uint8_t edited[EDITED_SIZE]; // of the caller's memory, or of a file
static uint8_t pristine[EDITED_SIZE];
static atomic_uint edits;
static atomic_bool enough;

static uint32_t draw(uint64_t *state, uint32_t bound) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % bound;
}

static void put(uint32_t offset, const void *bytes, uint32_t length) {
    for (uint32_t i = 0; i < length; i++)
        atomic_store_explicit(&edited[offset + i], ((const uint8_t *)bytes)[i], memory_order_relaxed);
}

static void heal(uint32_t offset, uint32_t length) {
    put(offset, pristine + offset, length);
}

static struct editor {
    void (*edit)(uint64_t *state);
    pthread_t thread;
    bool running;
} editor;

static void *edit_on(void *context) {
    const struct editor *const self = context;
    uint64_t state = 1;
    while (!atomic_load_explicit(&enough, memory_order_relaxed)) {
        for (uint32_t i = 0; i < 8; i++)
            self->edit(&state);
        atomic_fetch_add_explicit(&edits, 8, memory_order_relaxed);
        sched_yield();
    }
    return NULL;
}

// Copies what stands there at this moment, after some edits more.
static void fetch(void *to, uint32_t offset, size_t length) {
    const unsigned before = atomic_load_explicit(&edits, memory_order_relaxed);
    while (atomic_load_explicit(&edits, memory_order_relaxed) - before < 16)
        sched_yield();
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)to)[i] = atomic_load_explicit(&edited[offset + i], memory_order_relaxed);
}

static void begin_edits(void (*edit)(uint64_t *state)) {
    heal(0, EDITED_SIZE);
    atomic_store(&enough, false);
    editor.edit = edit;
    editor.running = pthread_create(&editor.thread, NULL, edit_on, &editor) == 0;
    assert_true(editor.running);
}

// A teardown: also where the test has failed.
static int end_edits(void **state) {
    (void)state;
    atomic_store(&enough, true);
    if (editor.running)
        pthread_join(editor.thread, NULL);
    editor.running = false;
    return 0;
}

// What the library was given in an exec: how often each byte, and as what at last.
static struct fetched {
    uint32_t times[EDITED_SIZE];
    uint8_t last[EDITED_SIZE];
    uint64_t values[EDITED_SIZE][4]; // a bit for each value that a byte was given as
    char names[4][64];               // that it opened
    uint32_t name_count;
} fetched;

static void note(const uint8_t *bytes, uint32_t offset, size_t length) {
    for (size_t i = 0; i < length; i++) {
        fetched.times[offset + i]++;
        fetched.last[offset + i] = bytes[i];
        fetched.values[offset + i][bytes[i] / 64] |= UINT64_C(1) << bytes[i] % 64;
    }
}

static int (*kit_open)(void *context, enum libexec_file kind, const char *name, struct libexec_source *source);

static int open_noted(void *context, enum libexec_file kind, const char *name, struct libexec_source *source) {
    if (fetched.name_count < 4)
        snprintf(fetched.names[fetched.name_count++], sizeof(fetched.names[0]), "%s", name);
    return kit_open(context, kind, name, source);
}

static bool fetched_between(uint32_t least, uint32_t most, uint64_t offset, uint64_t length) {
    for (uint64_t i = 0; i < length; i++)
        if (fetched.times[offset + i] < least || fetched.times[offset + i] > most)
            return false;
    return true;
}

static bool fetched_once(uint64_t offset, uint64_t length) {
    return fetched_between(1, 1, offset, length);
}

// ---- Arguments that change -----------------------------------------------------------------------------------------

#define USER 0x20000000u // strings, the path, the vectors; a pointer half of which is new points to none of the latter
#define TEXTS 0x1fa0u
#define TEXT_SPAN 0xa0u
#define PATH 0x3ff5u
#define ARGV 0x5000u
#define ENVP 0x5800u
#define CALLERS 160u
#define ARGC 7u
#define ENVC 5u
#define ELSEWHERE 0x28001000u // not mapped
#define OF_KERNEL 0xffff800000001000u

static const struct libexec_policy short_of_room = {.argument_limit = 0x180};

static void write_caller(void) {
    char text[16];
    memset(pristine, 0, sizeof(pristine));
    for (uint32_t i = 0; i < ARGC + ENVC; i++) {
        const uint64_t pointer = USER + TEXTS + 12 * i;
        snprintf(text, sizeof(text), "string-%04u", i);
        memcpy(pristine + TEXTS + 12 * i, text, 12);
        memcpy(pristine + (i < ARGC ? ARGV + 8 * i : ENVP + 8 * (i - ARGC)), &pointer, 8);
    }
    memcpy(pristine + PATH, PROGRAM, sizeof(PROGRAM));
}

// Strings grow and shrink, pointers move, the path is another one for a moment.
static void edit_caller(uint64_t *state) {
    const uint32_t kind = draw(state, 8);
    if (kind < 4) {
        const uint8_t byte = draw(state, 4) == 0 ? 0 : (uint8_t)('A' + draw(state, 26));
        const uint32_t at = TEXTS + draw(state, TEXT_SPAN);
        if (draw(state, 2) == 0)
            heal(at, 1);
        else
            put(at, &byte, 1);
    } else if (kind < 7) {
        const uint32_t slot = draw(state, ARGC + ENVC + 2);
        const uint32_t at = slot <= ARGC ? ARGV + 8 * slot : ENVP + 8 * (slot - ARGC - 1);
        const uint64_t pointers[4] = {0, ELSEWHERE, OF_KERNEL, USER + TEXTS + draw(state, TEXT_SPAN)};
        const uint32_t which = draw(state, 40);
        if (draw(state, 3) != 0)
            heal(at, 8);
        else
            put(at, &pointers[which < 3 ? which : 3], 8);
    } else if (draw(state, 8) != 0) {
        heal(PATH, sizeof(PROGRAM));
    } else {
        put(PATH + draw(state, sizeof(PROGRAM)), draw(state, 2) == 0 ? "x" : "", 1);
    }
}

static int (*kit_user_read)(void *context, void *to, libexec_address from, size_t length);

// The kit refuses what is not there.
static int read_edited_user(void *context, void *to, libexec_address from, size_t length) {
    const int code = kit_user_read(context, to, from, length);
    if (code != 0)
        return code;
    fetch(to, (uint32_t)(from - USER), length);
    note(to, (uint32_t)(from - USER), length);
    return 0;
}

// The text is what was given at the address, each byte in some fetch.
static bool text_was_there(uint64_t pointer, const char *text) {
    const size_t length = strlen(text) + 1;
    if (pointer < USER || pointer - USER > EDITED_SIZE || length > EDITED_SIZE - (pointer - USER))
        return false;
    for (size_t i = 0; i < length; i++) {
        const uint8_t byte = (uint8_t)text[i];
        if ((fetched.values[pointer - USER + i][byte / 64] >> byte % 64 & 1) == 0)
            return false;
    }
    return true;
}

// One vector: the pointers were fetched once, with the NULL, and each string is one that stood there.
static char **check_vector(const struct libexec_kit_image *image, const libexec_address *strings, uint64_t count,
                           uint32_t vector) {
    char **const texts = calloc(count + 1, sizeof(*texts));
    for (uint64_t i = 0; i < count; i++) {
        uint64_t pointer;
        texts[i] = libexec_kit_image_string(image, strings[i], NULL);
        assert_non_null(texts[i]);
        memcpy(&pointer, fetched.last + vector + 8 * i, 8);
        if (pointer == 0 && vector == ARGV && count == 1) // there was none: an argv[0] was made
            assert_string_equal(texts[0], "");
        else
            assert_true(text_was_there(pointer, texts[i]));
        assert_true(fetched_once(vector + 8 * i, 8));
    }
    return texts;
}

static void free_texts(char **texts) {
    for (uint32_t i = 0; texts[i] != NULL; i++)
        free(texts[i]);
    free(texts);
}

// Another caller, whose memory nobody edits, asks for what the stack holds: the images are the same, bit for bit.
static void check_honest(const struct libexec_kit_image *image, const struct libexec_kit_options *options) {
    static struct libexec_exec exec;
    struct libexec_kit_stack stack;
    char why[200] = "";
    assert_true(libexec_kit_stack_read(image, &stack));
    char **const arguments = check_vector(image, stack.argv, stack.argc, ARGV);
    char **const environment = check_vector(image, stack.envp, stack.envc, ENVP);
    struct libexec_kit *const kit = libexec_kit_new(options);
    const struct libexec_request request = {.path = PROGRAM, .policy = &short_of_room,
                                            .arguments = {.argv = (const char *const *)arguments,
                                                          .envp = (const char *const *)environment}};
    add_elf(kit, PROGRAM, &fixed);
    assert_int_equal(libexec_kit_prepare(kit, &exec, &request), LIBEXEC_OK);
    struct libexec_kit_image *const honest = libexec_kit_capture(kit, &exec);
    if (!libexec_kit_image_equal(honest, image, why, sizeof(why)))
        fail_msg("%s", why);
    libexec_kit_image_free(honest);
    libexec_kit_free(kit);
    libexec_kit_stack_free(&stack);
    free_texts(arguments);
    free_texts(environment);
}

static void check_edited_caller(struct libexec_kit *kit, const struct libexec_exec *exec, enum libexec_status status,
                                const struct libexec_kit_options *options) {
    const char *const path = (const char *)fetched.last + PATH;
    if (status == LIBEXEC_E_PATH_EMPTY) {
        assert_int_equal(path[0], 0);
        return;
    }
    assert_true(fetched_once(PATH, strlen(path) + 1));
    assert_string_equal(fetched.names[0], path);
    if (status != LIBEXEC_OK) {
        assert_true(status == LIBEXEC_E_ARGUMENT_FAULT || status == LIBEXEC_E_ARGUMENTS_TOO_LARGE ||
                    (status == LIBEXEC_E_OPEN && strcmp(path, PROGRAM) != 0));
        return;
    }
    struct libexec_kit_image *const image = libexec_kit_capture(kit, exec);
    assert_string_equal(libexec_kit_image_start(image)->path, PROGRAM);
    check_honest(image, options);
    libexec_kit_image_free(image);
}

static const uint32_t edited_hosts[] = {
    LIBEXEC_KIT_OPEN, LIBEXEC_KIT_OPEN | LIBEXEC_KIT_LONG_VIEWS | LIBEXEC_KIT_VIEW_END | LIBEXEC_KIT_MAP_MANY,
    LIBEXEC_KIT_OPEN | LIBEXEC_KIT_BOUNCE | LIBEXEC_KIT_ZERO_POISON};

static void arguments_that_change(void **state) {
    (void)state;
    static struct libexec_exec exec;
    uint32_t prepared = 0, refused = 0;
    write_caller();
    begin_edits(edit_caller);
    for (uint32_t round = 0; round < CALLERS; round++) {
        const struct libexec_kit_options options = {.features = edited_hosts[round % 3], .seed = round};
        const struct libexec_request request = {
            .user_path = USER + PATH, .policy = &short_of_room,
            .arguments = {.from = LIBEXEC_ARGUMENTS_USER, .user_argv = USER + ARGV, .user_envp = USER + ENVP}};
        struct libexec_kit *const kit = libexec_kit_new(&options);
        memset(&fetched, 0, sizeof(fetched));
        add_elf(kit, PROGRAM, &fixed);
        libexec_kit_user_map(kit, USER, EDITED_SIZE);
        kit_open = libexec_kit_host(kit)->open;
        kit_user_read = libexec_kit_host(kit)->user_read;
        libexec_kit_host(kit)->open = open_noted;
        libexec_kit_host(kit)->user_read = read_edited_user;
        const enum libexec_status status = libexec_kit_prepare(kit, &exec, &request);
        check_edited_caller(kit, &exec, status, &options);
        *(status == LIBEXEC_OK ? &prepared : &refused) += 1;
        libexec_kit_abandon(kit, &exec);
        assert_int_equal(libexec_kit_violations(kit), 0);
        assert_true(libexec_kit_ledger_empty(kit));
        libexec_kit_free(kit);
    }
    printf("%u execs prepared for a caller that edits, %u refused\n", prepared, refused);
    assert_true(prepared > CALLERS / 5 && refused > CALLERS / 30);
}

// ---- Files that change ---------------------------------------------------------------------------------------------

#define HEADERS 5u
#define TABLE 64u
#define OTHER_TABLE 0x1000u // where e_phoff points for moments
#define NAME 0x2900u
#define FIRST_READ 0x200u // it brings so much at least
#define FILE_SIZE 0x3000u

static bool filling; // the plans are made: what is read is for pages
static uint32_t lent;
static const struct libexec_source_operations *kit_operations;

static int read_edited_file(void *context, uint64_t offset, void *buffer, size_t length, size_t *done) {
    const int code = kit_operations->read_at(context, offset, buffer, length, done);
    if (code != 0)
        return code;
    fetch(buffer, (uint32_t)offset, length);
    if (!filling)
        note(buffer, (uint32_t)offset, length);
    return 0;
}

// The host has the bytes at hand, but cannot say that they are stable: nobody may ask for them.
static int lend_edited_file(void *context, uint64_t offset, size_t length, const uint8_t **bytes) {
    (void)context;
    (void)length;
    lent++;
    *bytes = (const uint8_t *)(const void *)edited + offset;
    return 0;
}

static void take_back(void *context, uint64_t offset, size_t length) {
    (void)context;
    (void)offset;
    (void)length;
}

static void close_edited_file(void *context) {
    kit_operations->close(context);
}

static const struct libexec_source_operations edited_operations = {
    .read_at = read_edited_file, .view = lend_edited_file, .view_release = take_back, .close = close_edited_file};

static int open_edited(void *context, enum libexec_file kind, const char *name, struct libexec_source *source) {
    const int code = open_noted(context, kind, name, source);
    if (code == 0 && kind == LIBEXEC_FILE_PROGRAM) {
        kit_operations = source->operations;
        source->operations = &edited_operations;
    }
    return code;
}

static int (*kit_space_create)(void *context, void **space);

static int space_create_noted(void *context, void **space) {
    filling = true;
    return kit_space_create(context, space);
}

static void write_program(void) {
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    add_interpreter(&elf);
    add_tls(&elf, 0);
    libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_GNU_STACK, .flags = R | W});
    for (uint32_t i = 0; i < HEADERS; i++)
        elf.headers[i].address += 0x100000;
    libexec_kit_elf_build(&elf);
    libexec_kit_elf_write(&elf, OTHER_TABLE, elf.bytes + TABLE, 56 * HEADERS);
    for (uint32_t i = 0; i < HEADERS; i++)
        elf.headers[i].address -= 0x100000;
    memset(pristine, 0, sizeof(pristine));
    memcpy(pristine, libexec_kit_elf_build(&elf), FILE_SIZE);
    libexec_kit_elf_end(&elf);
}

// Where fields stand: of the file header, of a program header.
static const struct field {
    uint8_t offset, size;
} header_fields[] = {{0, 4}, {4, 1}, {16, 2}, {18, 2}, {24, 8}, {32, 8}, {54, 2}, {56, 2}},
  entry_fields[] = {{0, 4}, {4, 4}, {8, 8}, {16, 8}, {32, 8}, {40, 8}, {48, 8}};

static void edit_program(uint64_t *state) {
    const uint32_t kind = draw(state, 16);
    uint32_t at, size = 1;
    uint64_t value = 0;
    if (kind < 4) {
        heal(0, TABLE + 56 * HEADERS);
        heal(OTHER_TABLE, 56 * HEADERS);
        heal(NAME, sizeof(LOADER));
        return;
    }
    if (kind < 7) { // of the whole header the other table is the only other good one
        const uint64_t tables_at[2] = {TABLE, OTHER_TABLE};
        put(32, &tables_at[draw(state, 2)], 8);
        return;
    }
    if (kind < 8) {
        at = NAME + draw(state, sizeof(LOADER));
    } else if (kind < 9) {
        const struct field field = header_fields[draw(state, sizeof(header_fields) / sizeof(header_fields[0]))];
        at = field.offset;
        size = field.size;
    } else {
        const struct field field = entry_fields[draw(state, sizeof(entry_fields) / sizeof(entry_fields[0]))];
        at = (draw(state, 2) == 0 ? TABLE : OTHER_TABLE) + 56 * draw(state, HEADERS) + field.offset;
        size = field.size;
    }
    memcpy(&value, pristine + at, size);
    const uint64_t others[4] = {value ^ UINT64_C(1) << draw(state, 8 * size), 0, value + 0x1000, UINT64_MAX};
    put(at, &others[draw(state, 4)], size);
}

static void write_script(void) {
    static const char text[] = "#!" LOADER "  -one two\nexit\n";
    memset(pristine, '.', sizeof(pristine));
    memcpy(pristine, text, sizeof(text) - 1);
}

static void edit_script(uint64_t *state) {
    static const char characters[] = " \t\n/a#!-"; // and NUL
    if (draw(state, 4) == 0)
        heal(0, 48);
    else
        put(draw(state, 40), characters + draw(state, sizeof(characters)), 1);
}

// Bytes that were read already are fetched again, and count then, where the table goes on behind the first read, and
// where another header has become PT_INTERP and names them as its interpreter.
static bool may_fetch_again(const uint8_t *file) {
    uint64_t table;
    uint16_t count;
    memcpy(&table, file + 32, 8);
    memcpy(&count, file + 56, 2);
    if ((table != TABLE && table != OTHER_TABLE) || count > 8)
        return true;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t type;
        uint64_t offset;
        memcpy(&type, file + table + 56 * i, 4);
        memcpy(&offset, file + table + 56 * i + 8, 8);
        if (type == LIBEXEC_KIT_PT_INTERP && offset != NAME)
            return true;
    }
    return false;
}

// All but the bytes that pages were filled with.
static void check_same_image(const struct libexec_kit_image *one, const struct libexec_kit_image *other) {
    const struct libexec_region *regions[2];
    const struct libexec_auxv *vectors[2];
    const struct libexec_start *const starts[2] = {libexec_kit_image_start(one), libexec_kit_image_start(other)};
    const struct libexec_range stack = starts[0]->layout->stack;
    const uint32_t count = libexec_kit_image_regions(one, &regions[0]);
    assert_int_equal(count, libexec_kit_image_regions(other, &regions[1]));
    assert_memory_equal(regions[0], regions[1], count * sizeof(*regions[0]));
    const uint32_t entries = libexec_kit_image_auxv(one, &vectors[0]);
    assert_int_equal(entries, libexec_kit_image_auxv(other, &vectors[1]));
    assert_memory_equal(vectors[0], vectors[1], entries * sizeof(*vectors[0]));
    assert_memory_equal(starts[0]->layout, starts[1]->layout, sizeof(*starts[0]->layout));
    assert_int_equal(starts[0]->flags, starts[1]->flags);
    for (uint64_t at = starts[0]->stack_pointer; at < stack.address + stack.length; at += PAGE) {
        const uint8_t *const pages[2] = {libexec_kit_image_page(one, at), libexec_kit_image_page(other, at)};
        assert_int_equal(pages[0] == NULL, pages[1] == NULL);
        if (pages[0] != NULL)
            assert_memory_equal(pages[0], pages[1], PAGE);
    }
}

struct verdict {
    enum libexec_status status;
    struct libexec_report report;
    struct libexec_kit_image *image;
    char names[4][64];
    uint32_t name_count;
};

static void exec_file(struct verdict *verdict, const struct libexec_kit_options *options, const uint8_t *bytes,
                      int (*open)(void *, enum libexec_file, const char *, struct libexec_source *)) {
    static struct libexec_exec exec;
    const struct libexec_request request = {.path = PROGRAM, .arguments = {.argv = argv, .envp = envp}};
    struct libexec_kit *const kit = libexec_kit_new(options);
    struct libexec_host *const host = libexec_kit_host(kit);
    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = PROGRAM, .bytes = bytes, .length = FILE_SIZE});
    add_elf(kit, LOADER, &loader);
    fetched.name_count = 0;
    filling = false;
    kit_open = host->open;
    kit_space_create = host->space_create;
    host->open = open;
    host->space_create = space_create_noted;
    verdict->status = libexec_kit_prepare(kit, &exec, &request);
    verdict->report = *libexec_exec_report(&exec);
    verdict->image = verdict->status == LIBEXEC_OK ? libexec_kit_capture(kit, &exec) : NULL;
    verdict->name_count = fetched.name_count;
    memcpy(verdict->names, fetched.names, sizeof(verdict->names));
    libexec_kit_abandon(kit, &exec);
    assert_int_equal(libexec_kit_violations(kit), 0);
    assert_true(libexec_kit_ledger_empty(kit));
    libexec_kit_free(kit);
}

// What was made of a file that changes is what is made of one that stands still and holds what was fetched.
static void execute_edited_file(uint32_t rounds, void (*edit)(uint64_t *state), bool is_script) {
    static uint8_t still[FILE_SIZE];
    uint32_t prepared = 0, refused = 0, moved = 0;
    lent = 0;
    begin_edits(edit);
    for (uint32_t round = 0; round < rounds; round++) {
        const struct libexec_kit_options options = {.features = edited_hosts[round % 3], .seed = round};
        struct verdict verdicts[2];
        memset(&fetched, 0, sizeof(fetched));
        exec_file(&verdicts[0], &options, pristine, open_edited);
        memcpy(still, pristine, sizeof(still));
        for (uint32_t i = 0; i < FILE_SIZE; i++)
            if (fetched.times[i] != 0)
                still[i] = fetched.last[i];
        exec_file(&verdicts[1], &options, still, open_noted);
        const bool again = !is_script && may_fetch_again(still);
        if (!again) {
            assert_true(fetched_once(0, FIRST_READ));
            assert_true(fetched_between(0, 1, FIRST_READ, FILE_SIZE - FIRST_READ));
            assert_int_equal(verdicts[0].status, verdicts[1].status);
            assert_true(same_report(&verdicts[0].report, &verdicts[1].report));
            assert_int_equal(verdicts[0].name_count, verdicts[1].name_count);
            for (uint32_t i = 0; i < verdicts[0].name_count; i++)
                assert_string_equal(verdicts[0].names[i], verdicts[1].names[i]);
            if (verdicts[0].image != NULL)
                check_same_image(verdicts[0].image, verdicts[1].image);
            moved += fetched.times[OTHER_TABLE] != 0;
            *(verdicts[0].status == LIBEXEC_OK ? &prepared : &refused) += 1;
        }
        libexec_kit_image_free(verdicts[0].image);
        libexec_kit_image_free(verdicts[1].image);
    }
    assert_int_equal(lent, 0);
    printf("%u execs prepared of a %s that changes, %u refused\n", prepared, is_script ? "script" : "program", refused);
    assert_true(prepared > rounds / 20 && refused > rounds / 20 && (is_script || moved > rounds / 20));
}

static void programs_that_change(void **state) {
    (void)state;
    write_program();
    execute_edited_file(200, edit_program, false);
}

static void scripts_that_change(void **state) {
    (void)state;
    write_script();
    execute_edited_file(120, edit_script, true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(execs_beside_each_other),
        cmocka_unit_test(faults_of_one_process),
        cmocka_unit_test_teardown(arguments_that_change, end_edits),
        cmocka_unit_test_teardown(programs_that_change, end_edits),
        cmocka_unit_test_teardown(scripts_that_change, end_edits),
    };
    share();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
