// SPDX-License-Identifier: MIT
// The order of the stages, and the one owner of undo: whatever stage fails, `exec_undo` here drops what was made and
// closes what was opened; no other function cleans up. Commit comes last and cannot fail after `seize`.
#include <libexec/exec.h>

#include "args.h"
#include "bytes.h"
#include "checked.h"
#include "layout.h"
#include "load.h"
#include "report.h"
#include "script.h"
#include "space.h"
#include "stack.h"

#include <libexec/version.h>

_Static_assert(LIBEXEC_FILE_INTERPRETER == LIBEXEC_FILE_PROGRAM + 1, "as the files of the image follow one another");
_Static_assert(sizeof(struct libexec_state) <= sizeof(struct libexec_exec), "LIBEXEC_EXEC_SIZE is too small");
_Static_assert(LIBEXEC_CONFIG_HEADER_BYTES >= 512, "the first read holds a script's line and some program headers");

enum exec_stage { EXEC_FAILED = 1, EXEC_PREPARED = 2, EXEC_COMMITTED = 3 };

const char *libexec_version(void) {
    return LIBEXEC_VERSION_STRING;
}

static struct libexec_state *exec_state(struct libexec_exec *exec) {
    return (struct libexec_state *)(void *)exec->storage;
}

static const struct libexec_state *exec_state_const(const struct libexec_exec *exec) {
    return (const struct libexec_state *)(const void *)exec->storage;
}

// ---- the request ----------------------------------------------------------------------------------------------------

// The rules that an embedding kernel may break, in the order in which they are looked at.
enum exec_rule {
    EXEC_RULE_NONE,
    EXEC_RULE_POINTERS,
    EXEC_RULE_SOURCE,
    EXEC_RULE_AUXV,
    EXEC_RULE_FROM,
    EXEC_RULE_OTHERS,
    EXEC_RULE_GET,
    EXEC_RULE_HOST,
    EXEC_RULE_OPEN,
    EXEC_RULE_USER_READ,
    EXEC_RULE_SEIZE,
    EXEC_RULE_FLAGS,
    EXEC_RULE_PAGE_SIZE,
    EXEC_RULE_USER_RANGE,
    EXEC_RULE_ALIGNMENT,
    EXEC_RULE_ENTROPY
};

static const struct {
    uint8_t status;
    char text[71];
} exec_rules[] = {
    [EXEC_RULE_POINTERS] = {LIBEXEC_E_REQUEST, "host and arch are required"},
    [EXEC_RULE_SOURCE] = {LIBEXEC_E_REQUEST, "a source comes with read_at and a display name"},
    [EXEC_RULE_AUXV] = {LIBEXEC_E_REQUEST, "auxv is required where auxv_count is not 0"},
    [EXEC_RULE_FROM] = {LIBEXEC_E_REQUEST, "arguments.from is one of three"},
    [EXEC_RULE_OTHERS] = {LIBEXEC_E_REQUEST, "arguments are set that arguments.from does not name"},
    [EXEC_RULE_GET] = {LIBEXEC_E_REQUEST, "get is required where count is not 0"},
    [EXEC_RULE_HOST] = {LIBEXEC_E_HOST_TABLE, "space_create, space_destroy, map, translate and random are required"},
    [EXEC_RULE_OPEN] = {LIBEXEC_E_HOST_TABLE, "open is required where the program is named by a path"},
    [EXEC_RULE_USER_READ] = {LIBEXEC_E_HOST_TABLE, "user_read is required where path or arguments are the caller's"},
    [EXEC_RULE_SEIZE] = {LIBEXEC_E_THREADS, "seize is required where the caller has other threads"},
    [EXEC_RULE_FLAGS] = {LIBEXEC_E_POLICY, "flags and tls have no values but those of policy.h"},
    [EXEC_RULE_PAGE_SIZE] = {LIBEXEC_E_POLICY, "page_size is a power of two from 4096 on; data is little endian"},
    [EXEC_RULE_USER_RANGE] = {LIBEXEC_E_POLICY, "user_low < user_high <= 2^60, multiples of the page size"},
    [EXEC_RULE_ALIGNMENT] = {LIBEXEC_E_POLICY, "alignments are powers of two; control block: 8 bytes, or TLS_NEVER"},
    [EXEC_RULE_ENTROPY] = {LIBEXEC_E_POLICY, "entropy_pages are masks: 0, or all ones from bit 0 on"},
};

static bool exec_lacks_get(const struct libexec_strings *strings) {
    return strings->count != 0 && strings->get == NULL;
}

// `from` is 0 where it was forgotten, and then no argument would be found.
static bool exec_names_others(const struct libexec_arguments *arguments) {
    return (arguments->user_argv | arguments->user_envp | arguments->argv_strings.count |
            arguments->envp_strings.count) != 0;
}

static bool exec_lacks_read_at(const struct libexec_source *source) {
    return source->operations == NULL || source->operations->read_at == NULL;
}

static LIBEXEC_APART_FOR_SIZE uint8_t exec_find_mistake(const struct libexec_request *request) {
    const struct libexec_host *host = request->host;
    const struct libexec_source *source = request->source;
    const enum libexec_arguments_from from = request->arguments.from;
    if (host == NULL || request->arch == NULL)
        return EXEC_RULE_POINTERS;
    if (source != NULL && (request->path == NULL || exec_lacks_read_at(source)))
        return EXEC_RULE_SOURCE;
    if (request->auxv == NULL && request->auxv_count != 0)
        return EXEC_RULE_AUXV;
    if (from > LIBEXEC_ARGUMENTS_ITERATOR)
        return EXEC_RULE_FROM;
    if (from == LIBEXEC_ARGUMENTS_KERNEL && exec_names_others(&request->arguments))
        return EXEC_RULE_OTHERS;
    if (from == LIBEXEC_ARGUMENTS_ITERATOR &&
        (exec_lacks_get(&request->arguments.argv_strings) || exec_lacks_get(&request->arguments.envp_strings)))
        return EXEC_RULE_GET;
    if (host->space_create == NULL || host->space_destroy == NULL || host->map == NULL || host->translate == NULL ||
        host->random == NULL)
        return EXEC_RULE_HOST;
    if (source == NULL && host->open == NULL)
        return EXEC_RULE_OPEN;
    if ((from == LIBEXEC_ARGUMENTS_USER || request->path == NULL) && host->user_read == NULL)
        return EXEC_RULE_USER_READ;
    if (request->caller_threads != 0 && host->seize == NULL)
        return EXEC_RULE_SEIZE;
    return EXEC_RULE_NONE;
}

static LIBEXEC_APART_FOR_SIZE uint8_t exec_find_policy_mistake(struct libexec_bounds *bounds,
                                                               const struct libexec_arch *arch,
                                                               const struct libexec_policy *policy) {
    const uint64_t in_page = (uint64_t)arch->page_size - 1;
    const uint64_t alignment = arch->thread_control_block_alignment;
    if ((policy->flags & ~LIBEXEC_POLICY_KNOWN) != 0 || policy->tls > LIBEXEC_TLS_ALWAYS)
        return EXEC_RULE_FLAGS; // a refusal that is asked for must not be passed over
    if (arch->page_size < 4096 || (arch->page_size & in_page) != 0 || arch->data != 1)
        return EXEC_RULE_PAGE_SIZE;
    libexec_bounds_of(bounds, arch, policy);
    if (bounds->user_low >= bounds->user_high || (bounds->user_high - 1) >> 60 != 0 ||
        ((bounds->user_low | bounds->user_high) & in_page) != 0)
        return EXEC_RULE_USER_RANGE;
    if (((alignment < 8 || arch->thread_control_block_size < 8) && policy->tls != LIBEXEC_TLS_NEVER) ||
        ((alignment & (alignment - 1)) | (arch->large_page_size & (arch->large_page_size - 1))) != 0)
        return EXEC_RULE_ALIGNMENT;
    if (((arch->mmap_entropy_pages & (arch->mmap_entropy_pages + 1)) |
         (arch->stack_entropy_pages & (arch->stack_entropy_pages + 1))) != 0)
        return EXEC_RULE_ENTROPY;
    return EXEC_RULE_NONE;
}

// What the library keeps of the request.
static void exec_take_over(struct libexec_state *state, const struct libexec_request *request) {
    state->host = request->host;
    state->context = request->context;
    state->arch = request->arch;
    state->request = request;
    state->path = request->path;
    char *names = request->names;
    uint32_t names_size = request->names_size;
    if (names == NULL) {
        names = state->own_names;
        names_size = LIBEXEC_CONFIG_NAME_BYTES;
    }
    state->names = names;
    state->names_size = names_size;
    if (request->policy != NULL)
        state->policy = *request->policy;
}

static enum libexec_status exec_begin(struct libexec_state *state, const struct libexec_request *request) {
    memset(state, 0, offsetof(struct libexec_state, layout));
    state->report.program_header = LIBEXEC_NO_PROGRAM_HEADER;
    if (request->source != NULL) // from here on it is the library's to close
        state->files[FILE_PROGRAM].source = *request->source;
    uint8_t rule = exec_find_mistake(request);
    if (rule == EXEC_RULE_NONE) {
        exec_take_over(state, request);
        rule = exec_find_policy_mistake(&state->bounds, state->arch, &state->policy);
    }
    if (rule == EXEC_RULE_NONE)
        return LIBEXEC_OK;
    const enum libexec_status status = libexec_refuse(&state->report, (enum libexec_status)exec_rules[rule].status);
    state->report.clause = exec_rules[rule].text;
    return status;
}

// ---- files ----------------------------------------------------------------------------------------------------------

// What became of a callback.
static LIBEXEC_APART_FOR_SIZE enum libexec_status exec_answered(struct libexec_state *state, enum libexec_status status,
                                                                int code) {
    return code == 0 ? LIBEXEC_OK : libexec_fail_host(&state->report, status, code);
}

static enum libexec_status exec_break(struct libexec_report *report, const char *clause) {
    const enum libexec_status status = libexec_refuse(report, LIBEXEC_E_CONTRACT);
    report->known = 0; // there is no number to it
    report->clause = clause;
    return status;
}

// The name may lie in memory of the caller's that goes before the report does.
static void exec_tell_name(struct libexec_state *state, const char *name) {
    char *kept = (char *)&state->scratch; // of no more use: what failed comes before the stages that fill it
    const uint64_t length = libexec_args_length(name, sizeof state->scratch - 1);
    memcpy(kept, name, (size_t)length);
    kept[length] = 0;
    state->report.name = kept;
}

// A file is open while its source has operations.
static enum libexec_status exec_open(struct libexec_state *state, struct libexec_image_file *file,
                                     enum libexec_file kind, const char *name) {
    struct libexec_report *report = &state->report;
    if (name[0] == 0) // of an interpreter, Linux opens "", the working directory, and then refuses it
        return libexec_refuse(report, kind == LIBEXEC_FILE_PROGRAM ? LIBEXEC_E_PATH_EMPTY : LIBEXEC_E_SCRIPT_NAME);
    report->stage = LIBEXEC_STAGE_SOURCE;
    report->file = kind;
    if (state->host->open == NULL)
        return libexec_refuse(report, LIBEXEC_E_NO_OPEN);
    const int code = state->host->open(state->context, kind, name, &file->source);
    if (code != 0) {
        file->source.operations = NULL;
        exec_tell_name(state, name);
        return libexec_fail_host(report, LIBEXEC_E_OPEN, code);
    }
    return exec_lacks_read_at(&file->source) ? exec_break(report, "host.h: open fills operations, with read_at")
                                             : LIBEXEC_OK;
}

static LIBEXEC_APART_FOR_SIZE void exec_close(struct libexec_image_file *file) {
    const struct libexec_source_operations *operations = file->source.operations;
    file->source.operations = NULL;
    if (operations != NULL && operations->close != NULL)
        operations->close(file->source.context);
}

static enum libexec_status exec_open_program(struct libexec_state *state, const struct libexec_request *request) {
    if (request->source != NULL) {
        state->report.stage = LIBEXEC_STAGE_SOURCE;
        state->report.file = LIBEXEC_FILE_PROGRAM;
        return LIBEXEC_OK;
    }
    if (request->path == NULL && libexec_args_fetch_path(state, request->user_path) != LIBEXEC_OK)
        return state->report.status;
    return exec_open(state, &state->files[FILE_PROGRAM], LIBEXEC_FILE_PROGRAM, state->path);
}

#if !LIBEXEC_CONFIG_STATIC_ONLY

// Keeps a word of a `#!` line, with a NUL, and tells where. 0: there is none, or it does not fit.
static LIBEXEC_APART uint16_t exec_keep_word(struct libexec_state *state, const struct libexec_script_word *word) {
    const uint64_t offset = (uint64_t)state->names_used + (state->names_used == 0);
    const uint8_t *bytes = word->bytes;
    const uint32_t size = word->size;
    if (size == 0)
        return 0;
    if (offset + size > state->names_size) {
        libexec_fail(&state->report, LIBEXEC_E_NAME_TOO_LONG, offset + size, state->names_size);
        return 0;
    }
    char *name = state->names + offset;
    state->names_used = (uint32_t)offset + size;
    name[size - 1] = 0;
    memcpy(name, bytes, size - 1);
    return (uint16_t)offset;
}
_Static_assert(LIBEXEC_PATH_MAX + (LIBEXEC_SCRIPT_DEPTH_MAX + 1) * (LIBEXEC_SCRIPT_LINE_MAX + 1) <= UINT16_MAX,
               "the offset of a word fits");

// Follows one `#!` line: what it names takes the place of the program.
static enum libexec_status exec_follow_script(struct libexec_state *state, struct libexec_image_file *program,
                                              struct libexec_window *window) {
    struct libexec_script_words *words = &state->scripts[state->script_depth];
    struct libexec_report *report = &state->report;
    struct libexec_script_line line;
    const uint32_t wanted = state->policy.script_depth;
    report->stage = LIBEXEC_STAGE_SCRIPT;
    if (wanted == LIBEXEC_NO_SCRIPTS)
        return libexec_refuse(report, LIBEXEC_E_SCRIPT_POLICY);
    if (libexec_script_parse(&line, window->bytes, window->length, report) != LIBEXEC_OK)
        return report->status;
    if (state->script_depth == 0 && state->request->close_on_exec != 0)
        return libexec_refuse(report, LIBEXEC_E_SCRIPT_UNREACHABLE);
    words->path = exec_keep_word(state, &line.path);
    words->argument = exec_keep_word(state, &line.argument);
    if (report->status != LIBEXEC_OK)
        return report->status;
    libexec_window_close(window);
    exec_close(program);
    program->source = (struct libexec_source){0};
    if (exec_open(state, program, LIBEXEC_FILE_SCRIPT_INTERPRETER, state->names + words->path) != LIBEXEC_OK)
        return report->status;
    const uint32_t most = wanted - 1 < LIBEXEC_SCRIPT_DEPTH_MAX ? wanted : (uint32_t)LIBEXEC_SCRIPT_DEPTH_MAX;
    if (++state->script_depth <= most)
        return LIBEXEC_OK;
    report->stage = LIBEXEC_STAGE_SCRIPT; // found only now, as in Linux: a missing interpreter comes first
    return libexec_fail(report, LIBEXEC_E_SCRIPT_DEPTH, state->script_depth, most);
}

// `window` still holds the program's headers, and in the usual file the interpreter's name.
static enum libexec_status exec_open_interpreter(struct libexec_state *state, struct libexec_image_file *file,
                                                 struct libexec_window *window) {
    char *name = state->names + state->names_used;
    if (libexec_plan_interpreter_name(file[-1].plan, window, name, state->names_size - state->names_used,
                                      &state->report) != LIBEXEC_OK)
        return state->report.status;
    state->has_interpreter = true;
    return exec_open(state, file, LIBEXEC_FILE_INTERPRETER, name);
}

#else

static enum libexec_status exec_follow_script(struct libexec_state *state, struct libexec_image_file *program,
                                              struct libexec_window *window) {
    (void)program;
    (void)window;
    return libexec_refuse(&state->report, LIBEXEC_E_NO_OPEN);
}

static enum libexec_status exec_open_interpreter(struct libexec_state *state, struct libexec_image_file *file,
                                                 struct libexec_window *window) {
    return exec_follow_script(state, file, window);
}

#endif

// From an open file that is no script to its plan.
static enum libexec_status exec_plan_file(struct libexec_state *state, struct libexec_plan *plan,
                                          enum libexec_file kind, struct libexec_window *window) {
    struct libexec_report other; // where the program has a fault already, the interpreter's comes too late
    struct libexec_report *own = state->own.status == LIBEXEC_OK ? &state->own : &other;
    state->source_flags |= (uint8_t)window->source->flags;
    state->report.file = kind;
    state->report.stage = LIBEXEC_STAGE_HEADER;
    libexec_report_begin(own, LIBEXEC_STAGE_PLAN, kind);
    return libexec_plan_collect(plan, window, state->arch, &state->policy, &state->report, own);
}

// From the file named to the file that runs, through `#!` lines, and its plan; then the interpreter's.
static LIBEXEC_APART_FOR_SIZE enum libexec_status exec_plan_files(struct libexec_state *state) {
    struct libexec_window window = {.buffer = state->scratch.header, .buffer_size = sizeof state->scratch.header};
    struct libexec_image_file *file = state->files;
    struct libexec_plan *plan = state->plans;
    uint32_t kind = LIBEXEC_FILE_PROGRAM;
    for (;;) {
        file->plan = plan;
        file->kind = (enum libexec_file)kind;
        window.source = &file->source;
        libexec_window_get(&window, 0, 1, sizeof state->scratch.header, &state->report);
        if (state->report.status != LIBEXEC_OK)
            break;
        if (kind == LIBEXEC_FILE_PROGRAM && libexec_script_is(window.bytes, window.length)) {
            if (exec_follow_script(state, file, &window) != LIBEXEC_OK)
                break;
            continue;
        }
        if (exec_plan_file(state, plan, (enum libexec_file)kind, &window) != LIBEXEC_OK ||
            (plan->flags & LIBEXEC_PLAN_INTERPRETER) == 0)
            break;
        file++;
        plan++;
        kind++;
        if (exec_open_interpreter(state, file, &window) != LIBEXEC_OK)
            break;
    }
    libexec_window_close(&window);
    return state->report.status;
}

// ---- layout and the host's say --------------------------------------------------------------------------------------

static enum libexec_status exec_draw_random(struct libexec_state *state) {
    const bool fixed = (state->policy.flags & LIBEXEC_POLICY_FIXED_ADDRESSES) != 0;
    state->report.stage = LIBEXEC_STAGE_LAYOUT;
    state->report.file = LIBEXEC_FILE_NONE;
    return exec_answered(
        state, LIBEXEC_E_RANDOM,
        state->host->random(state->context, &state->random, fixed ? sizeof state->random.auxv : sizeof state->random));
}

// The image is known and can be placed; the host may still refuse it, and says what it alone knows.
static enum libexec_status exec_ask_host(struct libexec_state *state) {
    if (state->host->image_known == NULL)
        return LIBEXEC_OK;
    const bool two = libexec_has_interpreter(state);
    const struct libexec_image image = {.path = state->path,
                                        .program = &state->files[FILE_PROGRAM].source,
                                        .program_plan = &state->plans[FILE_PROGRAM],
                                        .interpreter = two ? &state->files[FILE_INTERPRETER].source : NULL,
                                        .interpreter_plan = two ? &state->plans[FILE_INTERPRETER] : NULL,
                                        .script_depth = libexec_script_count(state)};
    state->report.file = LIBEXEC_FILE_NONE;
    const struct libexec_image_answer *answer = &state->answer;
    const enum libexec_status status =
        exec_answered(state, LIBEXEC_E_REFUSED, state->host->image_known(state->context, &image, &state->answer));
    if (status != LIBEXEC_OK)
        return status;
    if ((answer->auxv == NULL && answer->auxv_count != 0) ||
        (answer->reserved_ranges == NULL && answer->reserved_range_count != 0))
        return exec_break(&state->report, "host.h: counts in the answer to image_known go with tables");
    return answer->reserved_range_count == 0 ? LIBEXEC_OK : libexec_layout_decide(state);
}

static enum libexec_status exec_make_space(struct libexec_state *state) {
    state->stack_rights = LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE;
    if ((state->plans[FILE_PROGRAM].flags & LIBEXEC_PLAN_EXECUTABLE_STACK) != 0 &&
        (state->policy.flags & LIBEXEC_POLICY_PLAIN_STACK) == 0)
        state->stack_rights |= LIBEXEC_RIGHT_EXECUTE;
    state->report.stage = LIBEXEC_STAGE_LOAD;
    state->report.file = LIBEXEC_FILE_NONE;
    const enum libexec_status status =
        exec_answered(state, LIBEXEC_E_SPACE, state->host->space_create(state->context, &state->space.handle));
    state->space_made = status == LIBEXEC_OK;
    return status;
}

// ---- the public calls -----------------------------------------------------------------------------------------------

static LIBEXEC_APART_FOR_SIZE void exec_close_files(struct libexec_state *state) {
    if (!LIBEXEC_CONFIG_STATIC_ONLY)
        exec_close(&state->files[FILE_INTERPRETER]);
    exec_close(&state->files[FILE_PROGRAM]);
}

// The one owner of undo: views, then the space with all its pages, then the sources, in the reverse order of their
// making. Called once after a prepare that failed, or that made the stage EXEC_PREPARED.
static LIBEXEC_APART void exec_undo(struct libexec_state *state) {
    if (state->space_made) {
        libexec_space_close_views(state);
        state->host->space_destroy(state->context, state->space.handle);
    }
    exec_close_files(state);
    state->stage = EXEC_FAILED;
}

enum libexec_status libexec_prepare(struct libexec_exec *exec, const struct libexec_request *request) {
    struct libexec_state *state = exec_state(exec);
    struct libexec_report *report = &state->report;
    if (exec_begin(state, request) != LIBEXEC_OK || exec_open_program(state, request) != LIBEXEC_OK ||
        exec_plan_files(state) != LIBEXEC_OK || exec_draw_random(state) != LIBEXEC_OK ||
        libexec_layout_decide(state) != LIBEXEC_OK || exec_ask_host(state) != LIBEXEC_OK ||
        exec_make_space(state) != LIBEXEC_OK || libexec_load_map(state) != LIBEXEC_OK ||
        libexec_load_fill(state) != LIBEXEC_OK || libexec_stack_write(state) != LIBEXEC_OK) {
        libexec_plan_locate(&state->plans[libexec_report_on_interpreter(report)], report);
        exec_undo(state);
        return report->status;
    }
    libexec_report_begin(report, LIBEXEC_STAGE_COMMIT, LIBEXEC_FILE_NONE);
    state->stage = EXEC_PREPARED;
    return LIBEXEC_OK;
}

void libexec_abandon(struct libexec_exec *exec) {
    struct libexec_state *state = exec_state(exec);
    if (state->stage == EXEC_PREPARED)
        exec_undo(state);
}

// The last component of the path, found from its end.
static const char *exec_base_name(const struct libexec_state *state) {
    const char *name = state->path + state->path_length;
    while (name != state->path && name[-1] != '/')
        name--;
    return name;
}

static uint32_t exec_start_flags(const struct libexec_state *state) {
    const struct libexec_plan *starts = &state->plans[libexec_has_interpreter(state)];
    uint32_t flags =
        (starts->flags & (LIBEXEC_PLAN_IBT | LIBEXEC_PLAN_SHADOW_STACK)) / LIBEXEC_PLAN_IBT * LIBEXEC_START_IBT;
    if ((state->stack_rights & LIBEXEC_RIGHT_EXECUTE) != 0)
        flags |= LIBEXEC_START_EXECUTABLE_STACK;
    if (state->answer.secure != 0)
        flags |= LIBEXEC_START_SECURE | LIBEXEC_START_NOT_DUMPABLE;
    if ((state->source_flags & LIBEXEC_SOURCE_UNREADABLE) != 0)
        flags |= LIBEXEC_START_NOT_DUMPABLE;
    if ((state->policy.flags & LIBEXEC_POLICY_FIXED_ADDRESSES) == 0)
        flags |= LIBEXEC_START_RANDOMIZED;
    return flags;
}
_Static_assert(LIBEXEC_START_SHADOW_STACK == 2 * LIBEXEC_START_IBT && LIBEXEC_PLAN_SHADOW_STACK == 2 * LIBEXEC_PLAN_IBT,
               "both pairs of bits stand in the same order");

#define EXEC_IDS (offsetof(struct libexec_image_answer, egid) + sizeof(uint32_t))
_Static_assert(offsetof(struct libexec_image_answer, uid) == 0 && EXEC_IDS == 16 &&
                   offsetof(struct libexec_start, egid) + sizeof(uint32_t) == offsetof(struct libexec_start, uid) + 16,
               "the ids stand in the same order");

void libexec_exec_start(const struct libexec_exec *exec, struct libexec_start *start) {
    const struct libexec_state *state = exec_state_const(exec);
    start->entry = state->layout.entry;
    start->stack_pointer = state->layout.stack_pointer;
    start->thread_pointer = state->layout.thread_pointer;
    start->flags = exec_start_flags(state);
    __builtin_memcpy((char *)start + offsetof(struct libexec_start, uid), &state->answer, EXEC_IDS);
    start->reserved = 0;
    start->space = state->space.handle;
    start->layout = &state->layout;
    start->path = state->path;
    start->name = exec_base_name(state);
}

// The hooks stand in the table in the order of the contract, one behind the other.
typedef void (*exec_hook)(void *context, const struct libexec_start *start);
#define EXEC_FIRST_HOOK  offsetof(struct libexec_host, close_on_exec)
#define EXEC_CREDENTIALS offsetof(struct libexec_host, set_credentials)
#define EXEC_HOOKS_END   (offsetof(struct libexec_host, release_old_space) + sizeof(exec_hook))
_Static_assert(EXEC_HOOKS_END - EXEC_FIRST_HOOK == 13 * sizeof(exec_hook), "thirteen hooks and nothing between them");

// Nothing here can fail, and none of the hooks may allocate.
static void exec_call_hooks(const struct libexec_host *host, void *context, const struct libexec_start *start) {
    const size_t skipped = host->image_known == NULL ? EXEC_CREDENTIALS : 0; // it settles the ids
    for (size_t offset = EXEC_FIRST_HOOK; offset != EXEC_HOOKS_END; offset += sizeof(exec_hook)) {
        exec_hook hook;
        __builtin_memcpy(&hook, (const char *)host + offset, sizeof hook);
        if (hook != NULL && offset != skipped)
            hook(context, start);
    }
}

enum libexec_status libexec_commit(struct libexec_exec *exec) {
    struct libexec_state *state = exec_state(exec);
    const struct libexec_host *host = state->host;
    struct libexec_start start;
    if (state->stage == EXEC_FAILED && state->report.status != LIBEXEC_OK) // it is still of use
        return LIBEXEC_E_STATE;
    libexec_report_begin(&state->report, LIBEXEC_STAGE_COMMIT, LIBEXEC_FILE_NONE);
    if (state->stage != EXEC_PREPARED)
        return libexec_refuse(&state->report, LIBEXEC_E_STATE);
    libexec_exec_start(exec, &start);
    if (host->seize != NULL) {
        const enum libexec_status status = exec_answered(state, LIBEXEC_E_SEIZE, host->seize(state->context, &start));
        if (status != LIBEXEC_OK)
            return status;
    }
    exec_close_files(state);
    state->stage = EXEC_COMMITTED; // the hooks own all that was made: one of them may not return
    exec_call_hooks(host, state->context, &start);
    return LIBEXEC_OK;
}

const struct libexec_report *libexec_exec_report(const struct libexec_exec *exec) {
    return &exec_state_const(exec)->report;
}

const struct libexec_layout *libexec_exec_layout(const struct libexec_exec *exec) {
    return &exec_state_const(exec)->layout;
}

const struct libexec_plan *libexec_exec_plan(const struct libexec_exec *exec, enum libexec_file file) {
    const struct libexec_state *state = exec_state_const(exec);
    if (file != LIBEXEC_FILE_INTERPRETER)
        return &state->plans[FILE_PROGRAM];
    return libexec_has_interpreter(state) ? &state->plans[FILE_INTERPRETER] : NULL;
}

const struct libexec_auxv *libexec_exec_auxv(const struct libexec_exec *exec, uint32_t *count) {
    const struct libexec_state *state = exec_state_const(exec);
    *count = state->stage >= EXEC_PREPARED ? state->auxv_built : 0;
    return state->scratch.auxv;
}

bool libexec_exec_region(const struct libexec_exec *exec, uint32_t index, struct libexec_region *region) {
    const struct libexec_state *state = exec_state_const(exec);
    struct libexec_region_cursor cursor;
    if (state->stage < EXEC_PREPARED)
        return false;
    libexec_load_begin(state, &cursor);
    do {
        if (!libexec_load_region(state, &cursor, region))
            return false;
    } while (index-- != 0);
    return true;
}

void libexec_exec_arguments(const struct libexec_exec *exec, struct libexec_arguments_placed *placed) {
    *placed = exec_state_const(exec)->copy.placed;
}
