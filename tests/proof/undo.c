// SPDX-License-Identifier: MIT
// One owner of undo: whatever the files say, whichever callback or stage fails and in whatever order, once the exec is
// over every file that was opened is closed once, and every space that was made is destroyed or was handed over by
// commit; nothing is closed or destroyed twice, no file is closed while bytes of it are lent. exec.c stands here as it
// is; the stages that it calls are replaced by ones that may refuse at any time, may say anything of a file, and touch
// nothing else of what exec.c owns.
// One request: a path in user memory, memory for all names, the default policy. One host: it has `open`, `image_known`
// and `seize`, its sources have `close`, and of the hooks it has `install_space`.
#include "hostile.h"

#include "args.h"
#include "layout.h"
#include "load.h"
#include "report.h"
#include "script.h"
#include "source.h"
#include "stack.h"

static struct libexec_exec exec;
static int files_open;
static int lent;
static int spaces;
static bool handed_over;

// ---- the kernel -----------------------------------------------------------------------------------------------------

static int read_at(void *context, uint64_t offset, void *to, size_t length, size_t *done) {
    (void)context;
    (void)offset;
    (void)to;
    (void)length;
    (void)done;
    return any_code();
}

static void close_file(void *context) {
    (void)context;
    //@ assert files_open > 0 && lent == 0;
    files_open--;
}

static const struct libexec_source_operations operations = {.read_at = read_at, .close = close_file};

static int open_file(void *context, enum libexec_file kind, const char *name, struct libexec_source *source) {
    (void)context;
    (void)kind;
    (void)name;
    source->operations = &operations; // of no meaning where it fails
    if (any_code() != 0)
        return 2;
    files_open++;
    source->size = any_number();
    source->flags = any_word();
    return 0;
}

static int space_create(void *context, void **space) {
    *space = context;
    if (any_code() != 0)
        return 12;
    spaces++;
    return 0;
}

static void space_destroy(void *context, void *space) {
    (void)context;
    (void)space;
    //@ assert spaces == 1;
    spaces--;
}

static int map(void *context, void *space, const struct libexec_map *operation) {
    (void)context;
    (void)space;
    (void)operation;
    return any_code();
}

static int translate(void *context, void *space, libexec_address address, uint64_t length, struct libexec_view *view) {
    (void)context;
    (void)space;
    (void)address;
    (void)length;
    (void)view;
    return 1;
}

static int random_bytes(void *context, void *bytes, size_t length) {
    (void)context;
    any_bytes(bytes, length);
    return any_code();
}

static int user_read(void *context, void *to, libexec_address from, size_t length) {
    (void)context;
    (void)from;
    any_bytes(to, length);
    return any_code();
}

static int image_known(void *context, const struct libexec_image *image, struct libexec_image_answer *answer) {
    (void)context;
    (void)image;
    answer->reserved_range_count = any_word();
    return any_code();
}

static int seize(void *context, const struct libexec_start *start) {
    (void)context;
    (void)start;
    return any_code();
}

static void install_space(void *context, const struct libexec_start *start) {
    (void)context;
    (void)start;
    //@ assert files_open == 0 && spaces == 1 && !handed_over;
    handed_over = true;
}

static const struct libexec_host host = {.open = open_file,
                                         .space_create = space_create,
                                         .space_destroy = space_destroy,
                                         .map = map,
                                         .translate = translate,
                                         .random = random_bytes,
                                         .user_read = user_read,
                                         .image_known = image_known,
                                         .seize = seize,
                                         .install_space = install_space};

// ---- the stages -----------------------------------------------------------------------------------------------------

uint64_t libexec_args_length(const char *string, uint64_t most) {
    (void)string;
    (void)most;
    return 0; // of the name that a report has; what is copied is no matter here
}

enum libexec_status libexec_refuse(struct libexec_report *report, enum libexec_status status) {
    if (report->status == LIBEXEC_OK)
        report->status = status;
    return report->status;
}

enum libexec_status libexec_fail(struct libexec_report *report, enum libexec_status status, uint64_t value,
                                 uint64_t limit) {
    (void)value;
    (void)limit;
    return libexec_refuse(report, status);
}

enum libexec_status libexec_fail_host(struct libexec_report *report, enum libexec_status status, int host_code) {
    (void)host_code;
    return libexec_refuse(report, status);
}

void libexec_report_begin(struct libexec_report *report, enum libexec_stage stage, enum libexec_file file) {
    *report = (struct libexec_report){.stage = stage, .file = file, .program_header = LIBEXEC_NO_PROGRAM_HEADER};
}

static enum libexec_status any_outcome(struct libexec_report *report) {
    if (any_code() != 0)
        libexec_refuse(report, LIBEXEC_E_MAP);
    return report->status;
}

const uint8_t *libexec_window_get(struct libexec_window *window, uint64_t offset, uint64_t least, uint64_t most,
                                  struct libexec_report *report) {
    (void)offset;
    (void)least;
    (void)most;
    //@ assert files_open > 0;
    libexec_window_close(window);
    if (any_outcome(report) != LIBEXEC_OK)
        return NULL;
    any_bytes(window->buffer, 2);
    window->bytes = window->buffer;
    window->length = any_between(0, LIBEXEC_CONFIG_HEADER_BYTES);
    if (any_code() != 0) {
        window->viewed = true;
        lent++;
    }
    return any_code() != 0 ? window->bytes : NULL; // a file may be shorter than it must
}

void libexec_window_close(struct libexec_window *window) {
    if (window->viewed)
        lent--;
    window->viewed = false;
    window->length = 0;
}

enum libexec_status libexec_script_parse(struct libexec_script_line *line, const uint8_t *bytes, uint64_t length,
                                         struct libexec_report *report) {
    (void)length;
    line->path.bytes = bytes;
    line->path.size = Frama_C_unsigned_int_interval(0, LIBEXEC_SCRIPT_LINE_MAX);
    line->argument.bytes = bytes;
    line->argument.size = Frama_C_unsigned_int_interval(0, LIBEXEC_SCRIPT_LINE_MAX);
    return any_outcome(report);
}

enum libexec_status libexec_args_fetch_path(struct libexec_state *state, uint64_t user_path) {
    (void)user_path;
    state->path = "p";
    return any_outcome(&state->report);
}

enum libexec_status libexec_plan_collect(struct libexec_plan *plan, struct libexec_window *window,
                                         const struct libexec_arch *arch, const struct libexec_policy *policy,
                                         struct libexec_report *report, struct libexec_report *own) {
    (void)window;
    (void)arch;
    (void)policy;
    (void)own;
    plan->flags = 0;
    if (report->file == LIBEXEC_FILE_PROGRAM && any_code() != 0)
        plan->flags = LIBEXEC_PLAN_INTERPRETER;
    return any_outcome(report);
}

enum libexec_status libexec_plan_interpreter_name(const struct libexec_plan *plan, struct libexec_window *window,
                                                  char *name, uint64_t size, struct libexec_report *report) {
    (void)plan;
    (void)size;
    libexec_window_close(window);
    name[0] = (char)any_code();
    return any_outcome(report);
}

void libexec_plan_locate(const struct libexec_plan *plan, struct libexec_report *report) {
    (void)plan;
    (void)report;
}

void libexec_bounds_of(struct libexec_bounds *bounds, const struct libexec_arch *arch,
                       const struct libexec_policy *policy) {
    (void)arch;
    (void)policy;
    bounds->user_low = 0x10000;
    bounds->user_high = UINT64_C(1) << 47;
}

enum libexec_status libexec_layout_decide(struct libexec_state *state) {
    return any_outcome(&state->report);
}

enum libexec_status libexec_load_map(struct libexec_state *state) {
    return any_outcome(&state->report);
}

enum libexec_status libexec_load_fill(struct libexec_state *state) {
    return any_outcome(&state->report);
}

enum libexec_status libexec_stack_write(struct libexec_state *state) {
    return any_outcome(&state->report);
}

void libexec_space_close_views(struct libexec_state *state) {
    (void)state;
    //@ assert spaces == 1;
}

void libexec_load_begin(const struct libexec_state *state, struct libexec_region_cursor *cursor) {
    (void)state;
    (void)cursor;
}

bool libexec_load_region(const struct libexec_state *state, struct libexec_region_cursor *cursor,
                         struct libexec_region *region) {
    (void)state;
    (void)cursor;
    (void)region;
    return false;
}

// ---- any exec -------------------------------------------------------------------------------------------------------

int main(void) {
    static const struct libexec_arch arch = {.machine = 62,
                                             .data = 1,
                                             .page_size = 4096,
                                             .thread_control_block_size = 64,
                                             .thread_control_block_alignment = 64};
    static char names[LIBEXEC_NAMES_MAX];
    const struct libexec_request request = {.host = &host,
                                            .arch = &arch,
                                            .user_path = 1,
                                            .names = names,
                                            .names_size = sizeof names,
                                            .arguments = {.from = LIBEXEC_ARGUMENTS_USER}};
    const enum libexec_status prepared = libexec_prepare(&exec, &request);
    if (prepared != LIBEXEC_OK) {
        //@ assert files_open == 0 && spaces == 0;
        libexec_abandon(&exec); // changes nothing
        //@ assert files_open == 0 && spaces == 0;
        libexec_commit(&exec);
        //@ assert files_open == 0 && spaces == 0 && !handed_over;
        return 0;
    }
    //@ assert files_open > 0 && spaces == 1;
    const enum libexec_status committed = any_code() == 0 ? libexec_commit(&exec) : LIBEXEC_E_SEIZE;
    libexec_abandon(&exec);
    if (committed == LIBEXEC_OK) {
        //@ assert files_open == 0 && spaces == 1 && handed_over;
        libexec_commit(&exec);
        //@ assert spaces == 1;
    } else {
        //@ assert files_open == 0 && spaces == 0 && !handed_over;
    }
    return 0;
}
