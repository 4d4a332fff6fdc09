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
#include "tls.h"
#include "tls_shape.h"

#include <libexec/version.h>

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

// A mistake of the embedding kernel's, told as the rule that it broke.
static enum libexec_status exec_refuse(struct libexec_report *report, enum libexec_status status, const char *clause) {
    libexec_fail(report, status);
    report->clause = clause;
    return status;
}

static enum libexec_status exec_check_host(struct libexec_report *report, const struct libexec_request *request) {
    const struct libexec_host *host = request->host;
    if (host->space_create == NULL || host->space_destroy == NULL || host->map == NULL || host->translate == NULL ||
        host->random == NULL)
        return exec_refuse(report, LIBEXEC_E_HOST_TABLE,
                           "space_create, space_destroy, map, translate and random are required");
    if (request->source == NULL && host->open == NULL)
        return exec_refuse(report, LIBEXEC_E_HOST_TABLE, "open is required where the program is named by a path");
    const bool user_memory = request->arguments.from == LIBEXEC_ARGUMENTS_USER || request->path == NULL;
    if (user_memory && host->user_read == NULL)
        return exec_refuse(report, LIBEXEC_E_HOST_TABLE, "user_read is required where arguments come from user memory");
    if (request->caller_threads != 0 && host->seize == NULL)
        return exec_refuse(report, LIBEXEC_E_THREADS, "seize is required where the caller has other threads");
    return LIBEXEC_OK;
}

static enum libexec_status exec_check_request(struct libexec_report *report, const struct libexec_request *request) {
    const struct libexec_arguments *arguments = &request->arguments;
    if (request->host == NULL || request->arch == NULL)
        return exec_refuse(report, LIBEXEC_E_REQUEST, "host and arch are required");
    if (request->source != NULL &&
        (request->path == NULL || request->source->operations == NULL || request->source->operations->read_at == NULL))
        return exec_refuse(report, LIBEXEC_E_REQUEST, "a source comes with read_at and a display name");
    if (request->auxv == NULL && request->auxv_count != 0)
        return exec_refuse(report, LIBEXEC_E_REQUEST, "auxv is required where auxv_count is not 0");
    if (arguments->from == LIBEXEC_ARGUMENTS_ITERATOR &&
        ((arguments->argv_strings.count != 0 && arguments->argv_strings.get == NULL) ||
         (arguments->envp_strings.count != 0 && arguments->envp_strings.get == NULL)))
        return exec_refuse(report, LIBEXEC_E_REQUEST, "get is required where count is not 0");
    return exec_check_host(report, request);
}

static enum libexec_status exec_check_policy(const struct libexec_state *state, struct libexec_report *report) {
    const struct libexec_arch *arch = state->arch;
    struct libexec_bounds bounds;
    if (!libexec_power_of_two(arch->page_size) || arch->page_size < 4096 || arch->data != 1)
        return exec_refuse(report, LIBEXEC_E_POLICY, "page_size is a power of two from 4096 on; data is little endian");
    libexec_bounds_of(&bounds, arch, &state->policy);
    if (bounds.user_low >= bounds.user_high || bounds.user_high > UINT64_C(1) << 60 ||
        ((bounds.user_low | bounds.user_high) & (arch->page_size - 1)) != 0)
        return exec_refuse(report, LIBEXEC_E_POLICY, "user_low < user_high <= 2^60, multiples of the page size");
    if (!libexec_power_of_two(arch->thread_control_block_alignment) || arch->thread_control_block_size < 8 ||
        arch->thread_control_block_alignment < 8 || (arch->large_page_size & (arch->large_page_size - 1)) != 0)
        return exec_refuse(report, LIBEXEC_E_POLICY, "alignments are powers of two; the control block holds a word");
    return LIBEXEC_OK;
}

// Takes over the request. Everything after the plans in the object is set when its stage comes.
static enum libexec_status exec_begin(struct libexec_state *state, const struct libexec_request *request) {
    memset(state, 0, offsetof(struct libexec_state, program_plan));
    memset(&state->answer, 0, sizeof state->answer);
    state->stage = EXEC_FAILED;
    state->interpreter_plan.flags = 0;
    libexec_report_begin(&state->report, LIBEXEC_STAGE_REQUEST, LIBEXEC_FILE_NONE);
    if (exec_check_request(&state->report, request) != LIBEXEC_OK)
        return state->report.status;
    state->host = request->host;
    state->context = request->context;
    state->arch = request->arch;
    state->arguments = request->arguments;
    state->auxv = request->auxv;
    state->auxv_count = request->auxv_count;
    state->close_on_exec = request->close_on_exec != 0;
    state->path = request->path;
    state->names = request->names != NULL ? request->names : state->own_names;
    state->names_size = request->names != NULL ? request->names_size : LIBEXEC_CONFIG_NAME_BYTES;
    if (request->policy != NULL)
        state->policy = *request->policy;
    return exec_check_policy(state, &state->report);
}

// ---- files ----------------------------------------------------------------------------------------------------------

static enum libexec_status exec_open(struct libexec_state *state, enum libexec_file kind, const char *name,
                                     struct libexec_source *source, bool *is_open) {
    state->report.stage = LIBEXEC_STAGE_SOURCE;
    state->report.file = kind;
    if (state->host->open == NULL)
        return libexec_fail(&state->report, LIBEXEC_E_NO_OPEN);
    memset(source, 0, sizeof *source);
    const int code = state->host->open(state->context, kind, name, source);
    if (code != 0)
        return libexec_fail_host(&state->report, LIBEXEC_E_OPEN, code);
    *is_open = true;
    if (source->operations == NULL || source->operations->read_at == NULL)
        return libexec_fail(&state->report, LIBEXEC_E_CONTRACT);
    if ((source->flags & LIBEXEC_SOURCE_UNREADABLE) != 0)
        state->not_readable = true;
    return LIBEXEC_OK;
}

static void exec_close(struct libexec_source *source, bool *is_open) {
    if (*is_open && source->operations != NULL && source->operations->close != NULL)
        source->operations->close(source->context);
    *is_open = false;
}

static enum libexec_status exec_open_program(struct libexec_state *state, const struct libexec_request *request) {
    if (request->source != NULL) {
        state->program = *request->source;
        state->program_open = true;
        state->not_readable = (state->program.flags & LIBEXEC_SOURCE_UNREADABLE) != 0;
        return LIBEXEC_OK;
    }
    if (request->path == NULL && libexec_args_fetch_path(state, request->user_path) != LIBEXEC_OK)
        return state->report.status;
    if (state->path[0] == 0)
        return libexec_fail(&state->report, LIBEXEC_E_PATH_EMPTY);
    return exec_open(state, LIBEXEC_FILE_PROGRAM, state->path, &state->program, &state->program_open);
}

#if !LIBEXEC_CONFIG_STATIC_ONLY

// Keeps a word of a `#!` line, with a NUL, and tells where.
static bool exec_keep_word(struct libexec_state *state, const uint8_t *bytes, uint32_t length, uint16_t *offset) {
    if (state->names_used == 0)
        state->names_used = 1; // offset 0 means "no word"
    if (length >= state->names_size - libexec_min(state->names_used, state->names_size) ||
        state->names_used > UINT16_MAX) {
        libexec_fail_value(&state->report, LIBEXEC_E_NAME_TOO_LONG, length + 1, state->names_size);
        return false;
    }
    *offset = (uint16_t)state->names_used;
    memcpy(state->names + state->names_used, bytes, length);
    state->names[state->names_used + length] = 0;
    state->names_used += length + 1;
    return true;
}

static enum libexec_status exec_keep_line(struct libexec_state *state, const struct libexec_window *window) {
    struct libexec_script_words *words = &state->scripts[state->script_depth];
    struct libexec_script_line line;
    if (libexec_script_parse(&line, window->bytes, window->length, &state->report) != LIBEXEC_OK)
        return state->report.status;
    if (state->close_on_exec)
        return libexec_fail(&state->report, LIBEXEC_E_SCRIPT_UNREACHABLE);
    if (!exec_keep_word(state, window->bytes + line.path, line.path_length, &words->path))
        return state->report.status;
    words->argument = 0;
    if (line.has_argument)
        exec_keep_word(state, window->bytes + libexec_min(line.argument, window->length), line.argument_length,
                       &words->argument);
    return state->report.status;
}

// Follows one `#!` line: what it names takes the place of the program.
static enum libexec_status exec_follow_script(struct libexec_state *state, struct libexec_window *window) {
    const uint32_t wanted = state->policy.script_depth;
    const uint32_t most =
        wanted != 0 && wanted < LIBEXEC_SCRIPT_DEPTH_MAX ? wanted : (uint32_t)LIBEXEC_SCRIPT_DEPTH_MAX;
    state->report.stage = LIBEXEC_STAGE_SCRIPT;
    if (wanted == LIBEXEC_NO_SCRIPTS) {
        libexec_window_close(window);
        return libexec_fail(&state->report, LIBEXEC_E_SCRIPT_POLICY);
    }
    const enum libexec_status status = exec_keep_line(state, window);
    libexec_window_close(window);
    if (status != LIBEXEC_OK)
        return status;
    exec_close(&state->program, &state->program_open);
    const char *name = state->names + state->scripts[state->script_depth].path;
    if (name[0] == 0) // Linux opens "", the working directory, and then refuses it
        return libexec_fail(&state->report, LIBEXEC_E_SCRIPT_NAME);
    if (exec_open(state, LIBEXEC_FILE_SCRIPT_INTERPRETER, name, &state->program, &state->program_open) != LIBEXEC_OK)
        return state->report.status;
    state->script_depth++;
    state->close_on_exec = false;
    if (state->script_depth > most) { // found only now, as in Linux: a missing interpreter comes first
        state->report.stage = LIBEXEC_STAGE_SCRIPT;
        return libexec_fail_value(&state->report, LIBEXEC_E_SCRIPT_DEPTH, state->script_depth, most);
    }
    return LIBEXEC_OK;
}

static enum libexec_status exec_plan_interpreter(struct libexec_state *state) {
    struct libexec_window window;
    struct libexec_report own;
    state->has_interpreter = true;
    libexec_report_begin(&own, LIBEXEC_STAGE_PLAN, LIBEXEC_FILE_INTERPRETER);
    state->report.stage = LIBEXEC_STAGE_HEADER;
    libexec_window_open(&window, &state->interpreter, state->scratch.header, sizeof state->scratch.header);
    if (libexec_window_fetch(&window, 0, sizeof state->scratch.header, &state->report) == LIBEXEC_OK)
        libexec_plan_collect(&state->interpreter_plan, &window, state->arch, &state->policy, &state->report, &own);
    libexec_window_close(&window);
    if (state->own.status == LIBEXEC_OK)
        state->own = own;
    return state->report.status;
}

// `window` still holds the program's headers, and in the usual file the interpreter's name.
static enum libexec_status exec_open_interpreter(struct libexec_state *state, struct libexec_window *window) {
    char *name = state->names + libexec_min(state->names_used, state->names_size);
    const uint64_t room = state->names_size - libexec_min(state->names_used, state->names_size);
    const enum libexec_status status =
        libexec_plan_interpreter_name(&state->program_plan, window, name, room, &state->report);
    libexec_window_close(window);
    if (status != LIBEXEC_OK)
        return status;
    return exec_open(state, LIBEXEC_FILE_INTERPRETER, name, &state->interpreter, &state->interpreter_open);
}

#else

static enum libexec_status exec_follow_script(struct libexec_state *state, struct libexec_window *window) {
    libexec_window_close(window);
    return libexec_fail(&state->report, LIBEXEC_E_NO_OPEN);
}

static enum libexec_status exec_plan_interpreter(struct libexec_state *state) {
    return state->report.status;
}

static enum libexec_status exec_open_interpreter(struct libexec_state *state, struct libexec_window *window) {
    return exec_follow_script(state, window);
}

#endif

// Plans the program in `window`, and opens the interpreter that it names.
static enum libexec_status exec_plan_program(struct libexec_state *state, struct libexec_window *window) {
    state->report.stage = LIBEXEC_STAGE_HEADER;
    state->report.file = LIBEXEC_FILE_PROGRAM;
    libexec_report_begin(&state->own, LIBEXEC_STAGE_PLAN, LIBEXEC_FILE_PROGRAM);
    libexec_plan_collect(&state->program_plan, window, state->arch, &state->policy, &state->report, &state->own);
    if (state->report.status != LIBEXEC_OK || (state->program_plan.flags & LIBEXEC_PLAN_INTERPRETER) == 0) {
        libexec_window_close(window);
        return state->report.status;
    }
    return exec_open_interpreter(state, window);
}

// From the file named to the file that runs, through `#!` lines, and its plan.
LIBEXEC_APART static enum libexec_status exec_plan_files(struct libexec_state *state) {
    for (;;) {
        struct libexec_window window;
        state->report.stage = LIBEXEC_STAGE_SOURCE;
        if (state->report.file == LIBEXEC_FILE_NONE)
            state->report.file = LIBEXEC_FILE_PROGRAM; // it came opened
        libexec_window_open(&window, &state->program, state->scratch.header, sizeof state->scratch.header);
        if (libexec_window_fetch(&window, 0, sizeof state->scratch.header, &state->report) != LIBEXEC_OK)
            return state->report.status;
        if (!libexec_script_is(window.bytes, window.length)) {
            if (exec_plan_program(state, &window) != LIBEXEC_OK || !state->interpreter_open)
                return state->report.status;
            return exec_plan_interpreter(state);
        }
        if (exec_follow_script(state, &window) != LIBEXEC_OK)
            return state->report.status;
    }
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

static void exec_decide_stack_rights(struct libexec_state *state) {
    state->stack_rights = LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE;
    if ((state->program_plan.flags & LIBEXEC_PLAN_EXECUTABLE_STACK) != 0 &&
        (state->policy.flags & LIBEXEC_POLICY_PLAIN_STACK) == 0)
        state->stack_rights |= LIBEXEC_RIGHT_EXECUTE;
}

// The image is known and can be placed; the host may still refuse it, and says what it alone knows.
LIBEXEC_APART static enum libexec_status exec_ask_host(struct libexec_state *state) {
    const struct libexec_image image = {
        .path = state->path,
        .program = &state->program,
        .program_plan = &state->program_plan,
        .interpreter = libexec_has_interpreter(state) ? &state->interpreter : NULL,
        .interpreter_plan = libexec_has_interpreter(state) ? &state->interpreter_plan : NULL,
        .script_depth = state->script_depth,
    };
    if (state->host->image_known == NULL)
        return LIBEXEC_OK;
    state->report.file = LIBEXEC_FILE_NONE;
    const int code = state->host->image_known(state->context, &image, &state->answer);
    if (code != 0)
        return libexec_fail_host(&state->report, LIBEXEC_E_REFUSED, code);
    return state->answer.reserved_range_count != 0 ? libexec_layout_decide(state) : LIBEXEC_OK;
}

static enum libexec_status exec_build(struct libexec_state *state) {
    state->report.stage = LIBEXEC_STAGE_LOAD;
    state->report.file = LIBEXEC_FILE_NONE;
    const int code = state->host->space_create(state->context, &state->space.handle);
    if (code != 0)
        return libexec_fail_host(&state->report, LIBEXEC_E_SPACE, code);
    state->space.made = true;
    if (libexec_load_map(state) != LIBEXEC_OK || libexec_load_fill(state) != LIBEXEC_OK ||
        libexec_tls_write(state) != LIBEXEC_OK)
        return state->report.status;
    return libexec_stack_write(state);
}

static enum libexec_status exec_prepare(struct libexec_state *state, const struct libexec_request *request) {
    if (exec_open_program(state, request) != LIBEXEC_OK || exec_plan_files(state) != LIBEXEC_OK ||
        exec_draw_random(state) != LIBEXEC_OK || libexec_layout_decide(state) != LIBEXEC_OK ||
        exec_ask_host(state) != LIBEXEC_OK)
        return state->report.status;
    exec_decide_stack_rights(state);
    return exec_build(state);
}

// ---- the public calls -----------------------------------------------------------------------------------------------

// The one owner of undo: views, then the space with all its pages, then the sources, in the reverse order of their
// making.
static void exec_undo(struct libexec_state *state) {
    if (state->space.made) {
        libexec_space_close_views(state);
        state->host->space_destroy(state->context, state->space.handle);
        state->space.made = false;
    }
    exec_close(&state->interpreter, &state->interpreter_open);
    exec_close(&state->program, &state->program_open);
    state->stage = EXEC_FAILED;
}

enum libexec_status libexec_prepare(struct libexec_exec *exec, const struct libexec_request *request) {
    struct libexec_state *state = exec_state(exec);
    if (exec_begin(state, request) != LIBEXEC_OK)
        return state->report.status;
    if (exec_prepare(state, request) != LIBEXEC_OK) {
        exec_undo(state);
        return state->report.status;
    }
    libexec_report_begin(&state->report, LIBEXEC_STAGE_COMMIT, LIBEXEC_FILE_NONE);
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
    const struct libexec_plan *starts =
        libexec_has_interpreter(state) ? &state->interpreter_plan : &state->program_plan;
    uint32_t flags = 0;
    if ((state->stack_rights & LIBEXEC_RIGHT_EXECUTE) != 0)
        flags |= LIBEXEC_START_EXECUTABLE_STACK;
    if (state->not_readable || state->answer.secure != 0)
        flags |= LIBEXEC_START_NOT_DUMPABLE;
    if (state->answer.secure != 0)
        flags |= LIBEXEC_START_SECURE;
    if ((starts->flags & LIBEXEC_PLAN_IBT) != 0)
        flags |= LIBEXEC_START_IBT;
    if ((starts->flags & LIBEXEC_PLAN_SHADOW_STACK) != 0)
        flags |= LIBEXEC_START_SHADOW_STACK;
    if ((state->policy.flags & LIBEXEC_POLICY_FIXED_ADDRESSES) == 0)
        flags |= LIBEXEC_START_RANDOMIZED;
    return flags;
}

static void exec_fill_start(const struct libexec_state *state, struct libexec_start *start) {
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

// In the order of the contract: nothing here can fail, and none of the hooks may allocate.
static void exec_call_hooks(const struct libexec_host *host, void *context, const struct libexec_start *start) {
    if (host->close_on_exec != NULL)
        host->close_on_exec(context, start);
    if (host->reset_signals != NULL)
        host->reset_signals(context, start);
    if (host->reset_alternate_stack != NULL)
        host->reset_alternate_stack(context, start);
    if (host->reset_thread != NULL)
        host->reset_thread(context, start);
    if (host->reset_timers != NULL)
        host->reset_timers(context, start);
    if (host->set_name != NULL)
        host->set_name(context, start);
    if (host->set_credentials != NULL && host->image_known != NULL) // which settled the ids
        host->set_credentials(context, start);
    if (host->set_memory != NULL)
        host->set_memory(context, start);
    if (host->install_space != NULL)
        host->install_space(context, start);
    if (host->set_thread_pointer != NULL)
        host->set_thread_pointer(context, start);
    if (host->set_registers != NULL)
        host->set_registers(context, start);
    if (host->wake_parent != NULL)
        host->wake_parent(context, start);
    if (host->release_old_space != NULL)
        host->release_old_space(context, start);
}

enum libexec_status libexec_commit(struct libexec_exec *exec) {
    struct libexec_state *state = exec_state(exec);
    struct libexec_start start;
    if (state->stage == EXEC_FAILED) // its report is still of use
        return LIBEXEC_E_STATE;
    libexec_report_begin(&state->report, LIBEXEC_STAGE_COMMIT, LIBEXEC_FILE_NONE);
    if (state->stage != EXEC_PREPARED)
        return libexec_fail(&state->report, LIBEXEC_E_STATE);
    exec_fill_start(state, &start);
    const int code = state->host->seize != NULL ? state->host->seize(state->context, &start) : 0;
    if (code != 0)
        return libexec_fail_host(&state->report, LIBEXEC_E_SEIZE, code);
    exec_close(&state->interpreter, &state->interpreter_open);
    exec_close(&state->program, &state->program_open);
    state->space.made = false; // the hooks own it: one of them may not return
    state->stage = EXEC_COMMITTED;
    exec_call_hooks(state->host, state->context, &start);
    return LIBEXEC_OK;
}

const struct libexec_report *libexec_exec_report(const struct libexec_exec *exec) {
    return &exec_state_const(exec)->report;
}

void libexec_exec_start(const struct libexec_exec *exec, struct libexec_start *start) {
    exec_fill_start(exec_state_const(exec), start);
}

const struct libexec_layout *libexec_exec_layout(const struct libexec_exec *exec) {
    return &exec_state_const(exec)->layout;
}

const struct libexec_plan *libexec_exec_plan(const struct libexec_exec *exec, enum libexec_file file) {
    const struct libexec_state *state = exec_state_const(exec);
    if (file == LIBEXEC_FILE_INTERPRETER)
        return libexec_has_interpreter(state) ? &state->interpreter_plan : NULL;
    return &state->program_plan;
}

const struct libexec_auxv *libexec_exec_auxv(const struct libexec_exec *exec, uint32_t *count) {
    const struct libexec_state *state = exec_state_const(exec);
    *count = state->auxv_built;
    return state->scratch.auxv;
}

// Region `*index` of one image; counts `*index` down by the regions passed.
static bool exec_image_region(const struct libexec_state *state, enum libexec_file file, uint32_t *index,
                              struct libexec_region *region) {
    const bool program = file == LIBEXEC_FILE_PROGRAM;
    const struct libexec_plan *plan = program ? &state->program_plan : &state->interpreter_plan;
    const uint64_t bias = program ? state->layout.program_bias : state->layout.interpreter_bias;
    struct libexec_run_cursor cursor = {0, 0};
    struct libexec_run run;
    while (libexec_plan_run(plan, state->arch->page_size, &cursor, &run)) {
        if (*index == 0) {
            libexec_load_region(&run, file, bias, region);
            return true;
        }
        *index -= 1;
    }
    return false;
}

bool libexec_exec_region(const struct libexec_exec *exec, uint32_t index, struct libexec_region *region) {
    const struct libexec_state *state = exec_state_const(exec);
    struct libexec_map operation;
    if (state->stage != EXEC_PREPARED && state->stage != EXEC_COMMITTED)
        return false;
    if (exec_image_region(state, LIBEXEC_FILE_PROGRAM, &index, region) ||
        (libexec_has_interpreter(state) && exec_image_region(state, LIBEXEC_FILE_INTERPRETER, &index, region)))
        return true;
    for (uint32_t i = 0; libexec_tls_operation(state, i, &operation); i++) {
        if (index == 0) {
            *region = operation.region;
            return true;
        }
        index--;
    }
    if (index > 1)
        return false;
    libexec_load_stack_operation(state, index, &operation);
    *region = operation.region;
    return true;
}

void libexec_exec_arguments(const struct libexec_exec *exec, struct libexec_arguments_placed *placed) {
    const struct libexec_copy *copy = &exec_state_const(exec)->copy;
    placed->argc = copy->argc;
    placed->envc = copy->envc;
    placed->strings = copy->strings;
    placed->environment = copy->environment;
    placed->end = copy->strings_end;
}
