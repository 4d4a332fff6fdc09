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

// A mistake of the embedding kernel's, told as the rule that it broke; NULL where there is none.
static const char *exec_find_mistake(const struct libexec_request *request, enum libexec_status *status) {
    const struct libexec_host *host = request->host;
    const struct libexec_arguments *arguments = &request->arguments;
    *status = LIBEXEC_E_REQUEST;
    if (host == NULL || request->arch == NULL)
        return "host and arch are required";
    if (request->source != NULL &&
        (request->path == NULL || request->source->operations == NULL || request->source->operations->read_at == NULL))
        return "a source comes with read_at and a display name";
    if (request->auxv == NULL && request->auxv_count != 0)
        return "auxv is required where auxv_count is not 0";
    if (arguments->from == LIBEXEC_ARGUMENTS_ITERATOR &&
        ((arguments->argv_strings.count != 0 && arguments->argv_strings.get == NULL) ||
         (arguments->envp_strings.count != 0 && arguments->envp_strings.get == NULL)))
        return "get is required where count is not 0";
    *status = LIBEXEC_E_HOST_TABLE;
    if (host->space_create == NULL || host->space_destroy == NULL || host->map == NULL || host->translate == NULL ||
        host->random == NULL)
        return "space_create, space_destroy, map, translate and random are required";
    if (request->source == NULL && host->open == NULL)
        return "open is required where the program is named by a path";
    if ((arguments->from == LIBEXEC_ARGUMENTS_USER || request->path == NULL) && host->user_read == NULL)
        return "user_read is required where arguments come from user memory";
    *status = LIBEXEC_E_THREADS;
    if (request->caller_threads != 0 && host->seize == NULL)
        return "seize is required where the caller has other threads";
    return NULL;
}

static const char *exec_find_policy_mistake(struct libexec_bounds *bounds, const struct libexec_arch *arch,
                                            const struct libexec_policy *policy) {
    if (!libexec_power_of_two(arch->page_size) || arch->page_size < 4096 || arch->data != 1)
        return "page_size is a power of two from 4096 on; data is little endian";
    libexec_bounds_of(bounds, arch, policy);
    if (bounds->user_low >= bounds->user_high || bounds->user_high > UINT64_C(1) << 60 ||
        ((bounds->user_low | bounds->user_high) & (bounds->page_size - 1)) != 0)
        return "user_low < user_high <= 2^60, multiples of the page size";
    if (!libexec_power_of_two(arch->thread_control_block_alignment) || arch->thread_control_block_size < 8 ||
        arch->thread_control_block_alignment < 8 || (arch->large_page_size & (arch->large_page_size - 1)) != 0)
        return "alignments are powers of two; the control block holds a word";
    return NULL;
}

// Takes over the request.
static enum libexec_status exec_begin(struct libexec_state *state, const struct libexec_request *request) {
    enum libexec_status status;
    memset(state, 0, offsetof(struct libexec_state, layout));
    state->stage = EXEC_FAILED;
    state->report.program_header = LIBEXEC_NO_PROGRAM_HEADER;
    const char *mistake = exec_find_mistake(request, &status);
    if (mistake == NULL) {
        state->host = request->host;
        state->context = request->context;
        state->arch = request->arch;
        state->request = request;
        state->path = request->path;
        state->close_on_exec = request->close_on_exec != 0;
        state->names = request->names != NULL ? request->names : state->own_names;
        state->names_size = request->names != NULL ? request->names_size : LIBEXEC_CONFIG_NAME_BYTES;
        if (request->policy != NULL)
            state->policy = *request->policy;
        for (uint32_t i = 0; i < 2; i++) {
            state->files[i].plan = &state->plans[i];
            state->files[i].kind = (enum libexec_file)(LIBEXEC_FILE_PROGRAM + i);
        }
        status = LIBEXEC_E_POLICY;
        mistake = exec_find_policy_mistake(&state->bounds, state->arch, &state->policy);
    }
    if (mistake == NULL)
        return LIBEXEC_OK;
    libexec_refuse(&state->report, status);
    state->report.clause = mistake;
    return status;
}

// ---- files ----------------------------------------------------------------------------------------------------------

static enum libexec_status exec_open(struct libexec_state *state, struct libexec_image_file *file,
                                     enum libexec_file kind, const char *name) {
    struct libexec_report *report = &state->report;
    report->stage = LIBEXEC_STAGE_SOURCE;
    report->file = kind;
    if (state->host->open == NULL)
        return libexec_refuse(report, LIBEXEC_E_NO_OPEN);
    memset(&file->source, 0, sizeof file->source);
    const int code = state->host->open(state->context, kind, name, &file->source);
    if (code != 0)
        return libexec_fail_host(report, LIBEXEC_E_OPEN, code);
    file->open = true;
    if (file->source.operations == NULL || file->source.operations->read_at == NULL)
        return libexec_fail(report, LIBEXEC_E_CONTRACT, 0, 0);
    state->not_readable |= (file->source.flags & LIBEXEC_SOURCE_UNREADABLE) != 0;
    return LIBEXEC_OK;
}

static LIBEXEC_APART void exec_close(struct libexec_image_file *file) {
    const struct libexec_source_operations *operations = file->source.operations;
    if (file->open && operations != NULL && operations->close != NULL)
        operations->close(file->source.context);
    file->open = false;
}

static enum libexec_status exec_open_program(struct libexec_state *state) {
    struct libexec_image_file *program = &state->files[FILE_PROGRAM];
    const struct libexec_request *request = state->request;
    if (request->source != NULL) {
        program->source = *request->source;
        program->open = true;
        state->not_readable = (program->source.flags & LIBEXEC_SOURCE_UNREADABLE) != 0;
        return LIBEXEC_OK;
    }
    if (request->path == NULL && libexec_args_fetch_path(state, request->user_path) != LIBEXEC_OK)
        return state->report.status;
    if (state->path[0] == 0)
        return libexec_refuse(&state->report, LIBEXEC_E_PATH_EMPTY);
    return exec_open(state, program, LIBEXEC_FILE_PROGRAM, state->path);
}

#if !LIBEXEC_CONFIG_STATIC_ONLY

// Where the next name goes, and how much room is left for it.
static char *exec_names(const struct libexec_state *state, uint64_t *room) {
    const uint32_t used = state->names_used < state->names_size ? state->names_used : state->names_size;
    *room = state->names_size - used;
    return state->names + used;
}

// Keeps a word of a `#!` line, with a NUL, and tells where.
static uint16_t exec_keep_word(struct libexec_state *state, const uint8_t *bytes, uint64_t length) {
    uint64_t room;
    if (state->names_used == 0)
        state->names_used = 1; // offset 0 means "no word"
    char *name = exec_names(state, &room);
    const uint32_t offset = state->names_used;
    if (length >= room || offset > UINT16_MAX) {
        libexec_fail(&state->report, LIBEXEC_E_NAME_TOO_LONG, length + 1, state->names_size);
        return 0;
    }
    memcpy(name, bytes, (size_t)length);
    name[length] = 0;
    state->names_used += (uint32_t)length + 1;
    return (uint16_t)offset;
}

// Follows one `#!` line: what it names takes the place of the program.
static enum libexec_status exec_follow_script(struct libexec_state *state, struct libexec_window *window) {
    struct libexec_script_words *words = &state->scripts[state->script_depth];
    struct libexec_image_file *program = &state->files[FILE_PROGRAM];
    struct libexec_report *report = &state->report;
    struct libexec_script_line line;
    const uint32_t wanted = state->policy.script_depth;
    report->stage = LIBEXEC_STAGE_SCRIPT;
    if (wanted == LIBEXEC_NO_SCRIPTS)
        return libexec_refuse(report, LIBEXEC_E_SCRIPT_POLICY);
    if (libexec_script_parse(&line, window->bytes, window->length, report) != LIBEXEC_OK)
        return report->status;
    if (state->close_on_exec)
        return libexec_refuse(report, LIBEXEC_E_SCRIPT_UNREACHABLE);
    words->path = exec_keep_word(state, window->bytes + line.path, line.path_length);
    if (line.has_argument)
        words->argument =
            exec_keep_word(state, window->bytes + libexec_min(line.argument, window->length), line.argument_length);
    if (report->status != LIBEXEC_OK)
        return report->status;
    libexec_window_close(window);
    exec_close(program);
    const char *name = state->names + words->path;
    if (name[0] == 0) // Linux opens "", the working directory, and then refuses it
        return libexec_refuse(report, LIBEXEC_E_SCRIPT_NAME);
    if (exec_open(state, program, LIBEXEC_FILE_SCRIPT_INTERPRETER, name) != LIBEXEC_OK)
        return report->status;
    state->close_on_exec = false;
    const uint32_t most = wanted - 1 < LIBEXEC_SCRIPT_DEPTH_MAX ? wanted : (uint32_t)LIBEXEC_SCRIPT_DEPTH_MAX;
    if (++state->script_depth <= most)
        return LIBEXEC_OK;
    report->stage = LIBEXEC_STAGE_SCRIPT; // found only now, as in Linux: a missing interpreter comes first
    return libexec_fail(report, LIBEXEC_E_SCRIPT_DEPTH, state->script_depth, most);
}

// `window` still holds the program's headers, and in the usual file the interpreter's name.
static enum libexec_status exec_open_interpreter(struct libexec_state *state, struct libexec_window *window) {
    uint64_t room;
    char *name = exec_names(state, &room);
    if (libexec_plan_interpreter_name(state->files[FILE_PROGRAM].plan, window, name, room, &state->report) !=
        LIBEXEC_OK)
        return state->report.status;
    state->has_interpreter = true;
    return exec_open(state, &state->files[FILE_INTERPRETER], LIBEXEC_FILE_INTERPRETER, name);
}

#else

static enum libexec_status exec_follow_script(struct libexec_state *state, struct libexec_window *window) {
    (void)window;
    return libexec_refuse(&state->report, LIBEXEC_E_NO_OPEN);
}

static enum libexec_status exec_open_interpreter(struct libexec_state *state, struct libexec_window *window) {
    return exec_follow_script(state, window);
}

#endif

// From an open file to its plan; `*again`: it is a script, another file has taken its place.
static enum libexec_status exec_plan_window(struct libexec_state *state, struct libexec_image_file *file,
                                            struct libexec_window *window, bool *again) {
    struct libexec_report *report = &state->report;
    struct libexec_report own;
    libexec_window_get(window, 0, 1, sizeof state->scratch.header, report);
    if (report->status != LIBEXEC_OK)
        return report->status;
    *again = file == state->files && libexec_script_is(window->bytes, window->length);
    if (*again)
        return exec_follow_script(state, window);
    report->stage = LIBEXEC_STAGE_HEADER;
    report->file = file->kind;
    libexec_report_begin(&own, LIBEXEC_STAGE_PLAN, file->kind);
    if (libexec_plan_collect(file->plan, window, state->arch, &state->policy, report, &own) != LIBEXEC_OK)
        return report->status;
    if (state->own.status == LIBEXEC_OK)
        state->own = own;
    return (file->plan->flags & LIBEXEC_PLAN_INTERPRETER) != 0 ? exec_open_interpreter(state, window) : LIBEXEC_OK;
}

// From the file named to the file that runs, through `#!` lines, and its plan; then the interpreter's.
static LIBEXEC_APART enum libexec_status exec_plan_files(struct libexec_state *state) {
    struct libexec_image_file *file = state->files;
    while (file != state->files + libexec_file_count(state)) {
        struct libexec_window window = {
            .source = &file->source, .buffer = state->scratch.header, .buffer_size = sizeof state->scratch.header};
        bool again = false;
        state->report.stage = LIBEXEC_STAGE_SOURCE;
        if (state->report.file == LIBEXEC_FILE_NONE)
            state->report.file = LIBEXEC_FILE_PROGRAM; // it came opened
        exec_plan_window(state, file, &window, &again);
        libexec_window_close(&window);
        if (state->report.status != LIBEXEC_OK)
            break;
        if (!again)
            file++;
    }
    return state->report.status;
}

// ---- layout and the host's say --------------------------------------------------------------------------------------

static enum libexec_status exec_draw_random(struct libexec_state *state) {
    const bool fixed = (state->policy.flags & LIBEXEC_POLICY_FIXED_ADDRESSES) != 0;
    state->report.stage = LIBEXEC_STAGE_LAYOUT;
    state->report.file = LIBEXEC_FILE_NONE;
    const int code =
        state->host->random(state->context, &state->random, fixed ? sizeof state->random.auxv : sizeof state->random);
    return code == 0 ? LIBEXEC_OK : libexec_fail_host(&state->report, LIBEXEC_E_RANDOM, code);
}

// The image is known and can be placed; the host may still refuse it, and says what it alone knows.
static LIBEXEC_APART enum libexec_status exec_ask_host(struct libexec_state *state) {
    const struct libexec_image_file *program = &state->files[FILE_PROGRAM];
    struct libexec_image image = {.path = state->path,
                                  .program = &program->source,
                                  .program_plan = program->plan,
                                  .script_depth = libexec_script_count(state)};
    if (state->host->image_known == NULL)
        return LIBEXEC_OK;
    if (libexec_has_interpreter(state)) {
        image.interpreter = &state->files[FILE_INTERPRETER].source;
        image.interpreter_plan = state->files[FILE_INTERPRETER].plan;
    }
    state->report.file = LIBEXEC_FILE_NONE;
    const int code = state->host->image_known(state->context, &image, &state->answer);
    if (code != 0)
        return libexec_fail_host(&state->report, LIBEXEC_E_REFUSED, code);
    return state->answer.reserved_range_count != 0 ? libexec_layout_decide(state) : LIBEXEC_OK;
}

static enum libexec_status exec_build(struct libexec_state *state) {
    state->stack_rights = LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE;
    if ((state->files[FILE_PROGRAM].plan->flags & LIBEXEC_PLAN_EXECUTABLE_STACK) != 0 &&
        (state->policy.flags & LIBEXEC_POLICY_PLAIN_STACK) == 0)
        state->stack_rights |= LIBEXEC_RIGHT_EXECUTE;
    state->report.stage = LIBEXEC_STAGE_LOAD;
    state->report.file = LIBEXEC_FILE_NONE;
    const int code = state->host->space_create(state->context, &state->space.handle);
    if (code != 0)
        return libexec_fail_host(&state->report, LIBEXEC_E_SPACE, code);
    state->space.made = true;
    if (libexec_load_map(state) != LIBEXEC_OK || libexec_load_fill(state) != LIBEXEC_OK)
        return state->report.status;
    return libexec_stack_write(state);
}

// ---- the public calls -----------------------------------------------------------------------------------------------

static void exec_close_files(struct libexec_state *state) {
    exec_close(&state->files[FILE_INTERPRETER]);
    exec_close(&state->files[FILE_PROGRAM]);
}

// The one owner of undo: views, then the space with all its pages, then the sources, in the reverse order of their
// making.
static LIBEXEC_APART void exec_undo(struct libexec_state *state) {
    if (state->space.made) {
        libexec_space_close_views(state);
        state->host->space_destroy(state->context, state->space.handle);
        state->space.made = false;
    }
    exec_close_files(state);
    state->stage = EXEC_FAILED;
}

enum libexec_status libexec_prepare(struct libexec_exec *exec, const struct libexec_request *request) {
    struct libexec_state *state = exec_state(exec);
    struct libexec_report *report = &state->report;
    if (exec_begin(state, request) != LIBEXEC_OK)
        return report->status;
    if (exec_open_program(state) != LIBEXEC_OK || exec_plan_files(state) != LIBEXEC_OK ||
        exec_draw_random(state) != LIBEXEC_OK || libexec_layout_decide(state) != LIBEXEC_OK ||
        exec_ask_host(state) != LIBEXEC_OK || exec_build(state) != LIBEXEC_OK) {
        const struct libexec_image_file *file = &state->files[libexec_report_on_interpreter(report)];
        libexec_plan_locate(file->plan, report);
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
    const struct libexec_plan *starts = state->files[libexec_has_interpreter(state)].plan;
    uint32_t flags =
        (starts->flags & (LIBEXEC_PLAN_IBT | LIBEXEC_PLAN_SHADOW_STACK)) / LIBEXEC_PLAN_IBT * LIBEXEC_START_IBT;
    if ((state->stack_rights & LIBEXEC_RIGHT_EXECUTE) != 0)
        flags |= LIBEXEC_START_EXECUTABLE_STACK;
    if (state->answer.secure != 0)
        flags |= LIBEXEC_START_SECURE | LIBEXEC_START_NOT_DUMPABLE;
    if (state->not_readable)
        flags |= LIBEXEC_START_NOT_DUMPABLE;
    if ((state->policy.flags & LIBEXEC_POLICY_FIXED_ADDRESSES) == 0)
        flags |= LIBEXEC_START_RANDOMIZED;
    return flags;
}
_Static_assert(LIBEXEC_START_SHADOW_STACK == 2 * LIBEXEC_START_IBT && LIBEXEC_PLAN_SHADOW_STACK == 2 * LIBEXEC_PLAN_IBT,
               "both pairs of bits stand in the same order");

void libexec_exec_start(const struct libexec_exec *exec, struct libexec_start *start) {
    const struct libexec_state *state = exec_state_const(exec);
    start->entry = state->layout.entry;
    start->stack_pointer = state->layout.stack_pointer;
    start->thread_pointer = state->layout.thread_pointer;
    start->flags = exec_start_flags(state);
    start->uid = state->answer.uid;
    start->euid = state->answer.euid;
    start->gid = state->answer.gid;
    start->egid = state->answer.egid;
    start->reserved = 0;
    start->space = state->space.handle;
    start->layout = &state->layout;
    start->path = state->path;
    start->name = exec_base_name(state);
}

// The hooks stand in the table in the order of the contract, one behind the other.
typedef void (*exec_hook)(void *context, const struct libexec_start *start);
#define EXEC_FIRST_HOOK offsetof(struct libexec_host, close_on_exec)
#define EXEC_HOOKS_END  (offsetof(struct libexec_host, release_old_space) + sizeof(exec_hook))
_Static_assert(EXEC_HOOKS_END - EXEC_FIRST_HOOK == 13 * sizeof(exec_hook), "thirteen hooks and nothing between them");

// Nothing here can fail, and none of the hooks may allocate.
static void exec_call_hooks(const struct libexec_host *host, void *context, const struct libexec_start *start) {
    for (size_t offset = EXEC_FIRST_HOOK; offset != EXEC_HOOKS_END; offset += sizeof(exec_hook)) {
        exec_hook hook;
        __builtin_memcpy(&hook, (const char *)host + offset, sizeof hook);
        // set_credentials: only where image_known settled the ids
        if (hook != NULL && (offset != offsetof(struct libexec_host, set_credentials) || host->image_known != NULL))
            hook(context, start);
    }
}

enum libexec_status libexec_commit(struct libexec_exec *exec) {
    struct libexec_state *state = exec_state(exec);
    struct libexec_start start;
    if (state->stage == EXEC_FAILED) // its report is still of use
        return LIBEXEC_E_STATE;
    libexec_report_begin(&state->report, LIBEXEC_STAGE_COMMIT, LIBEXEC_FILE_NONE);
    if (state->stage != EXEC_PREPARED)
        return libexec_refuse(&state->report, LIBEXEC_E_STATE);
    libexec_exec_start(exec, &start);
    const int code = state->host->seize != NULL ? state->host->seize(state->context, &start) : 0;
    if (code != 0)
        return libexec_fail_host(&state->report, LIBEXEC_E_SEIZE, code);
    exec_close_files(state);
    state->space.made = false; // the hooks own it: one of them may not return
    state->stage = EXEC_COMMITTED;
    exec_call_hooks(state->host, state->context, &start);
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
        return state->files[FILE_PROGRAM].plan;
    return libexec_has_interpreter(state) ? state->files[FILE_INTERPRETER].plan : NULL;
}

const struct libexec_auxv *libexec_exec_auxv(const struct libexec_exec *exec, uint32_t *count) {
    const struct libexec_state *state = exec_state_const(exec);
    *count = state->auxv_built;
    return state->scratch.auxv;
}

bool libexec_exec_region(const struct libexec_exec *exec, uint32_t index, struct libexec_region *region) {
    const struct libexec_state *state = exec_state_const(exec);
    struct libexec_region_cursor cursor = {0, {0, 0}};
    if (state->stage != EXEC_PREPARED && state->stage != EXEC_COMMITTED)
        return false;
    while (libexec_load_region(state, &cursor, region))
        if (index-- == 0)
            return true;
    return false;
}

void libexec_exec_arguments(const struct libexec_exec *exec, struct libexec_arguments_placed *placed) {
    const struct libexec_copy *copy = &exec_state_const(exec)->copy;
    placed->argc = copy->argc;
    placed->envc = copy->envc;
    placed->strings = copy->strings;
    placed->environment = copy->environment;
    placed->end = copy->strings_end;
}
