// SPDX-License-Identifier: MIT
// Arguments and environment. Each byte of the caller's memory is fetched once and used from that fetch: pointers go
// straight to their places on the new stack and are replaced there by the strings' new addresses; strings go straight
// to their final place, a page of the caller's at a time, and are measured there. What a bulk read brought beyond a
// string is the next string if its pointer says so; else it is overwritten, and what remains at the end is cleared by
// stack.c.
#include "args.h"

#include "bytes.h"
#include "checked.h"
#include "report.h"
#include "space.h"

#define ARGS_FIRST_POINTERS 256u // bytes of a pointer vector fetched first
#define ARGS_FIRST_STRING   128u // bytes of a string fetched first where nothing tells its length
#define ARGS_GROWTH         4u

#define ARGS_ONES  UINT64_C(0x0101010101010101)
#define ARGS_HIGHS UINT64_C(0x8080808080808080)

// The index of the first NUL in `length` bytes, or `length`. A word at a time: the carry trick can mark bytes above the
// first NUL wrongly, never below it.
static uint64_t args_find_nul(const uint8_t *bytes, uint64_t length) {
    uint64_t i = 0;
    for (; length - i >= 16; i += 16) {
        const uint64_t a = libexec_load_word(bytes + i);
        const uint64_t b = libexec_load_word(bytes + i + 8);
        if ((((a - ARGS_ONES) & ~a) | ((b - ARGS_ONES) & ~b)) & ARGS_HIGHS)
            break;
    }
    while (i < length && bytes[i] != 0)
        i++;
    return i;
}

static uint64_t args_page_left(const struct libexec_state *state, uint64_t address) {
    return state->arch->page_size - (address & (state->arch->page_size - 1));
}

static uint64_t args_stack_end(const struct libexec_state *state) {
    return state->layout.stack.address + state->layout.stack.length;
}

static enum libexec_status args_fail(struct libexec_state *state, enum libexec_status status, const char *clause,
                                     uint64_t address, uint64_t value, uint64_t limit) {
    libexec_fail_value(&state->report, status, clause, value, limit);
    state->report.known |= LIBEXEC_REPORT_ADDRESS;
    state->report.address = address;
    return state->report.status;
}

static enum libexec_status args_user_read(struct libexec_state *state, void *to, uint64_t from, uint64_t length,
                                          enum libexec_status status) {
    const int code = state->host->user_read(state->context, to, from, (size_t)length);
    if (code == 0)
        return LIBEXEC_OK;
    libexec_fail_host(&state->report, status, code);
    state->report.known |= LIBEXEC_REPORT_ADDRESS;
    state->report.address = from;
    return state->report.status;
}

static void args_dirty(struct libexec_state *state, uint64_t end) {
    state->copy.dirty_end = libexec_max(state->copy.dirty_end, end);
}

// ---- the path -------------------------------------------------------------------------------------------------------

enum libexec_status libexec_args_fetch_path(struct libexec_state *state, uint64_t user_path) {
    const uint64_t room = libexec_min(state->names_size, LIBEXEC_PATH_MAX);
    uint64_t length = 0;
    state->report.stage = LIBEXEC_STAGE_ARGUMENTS;
    while (length < room) {
        const uint64_t from = user_path + length;
        const uint64_t wanted = libexec_min(libexec_min(args_page_left(state, from), room - length), ARGS_FIRST_STRING);
        uint8_t *to = (uint8_t *)state->names + length;
        if (args_user_read(state, to, from, wanted, LIBEXEC_E_PATH_FAULT) != LIBEXEC_OK)
            return state->report.status;
        const uint64_t found = args_find_nul(to, wanted);
        length += found;
        if (found < wanted) {
            state->names_used = (uint32_t)length + 1;
            state->path = state->names;
            return LIBEXEC_OK;
        }
    }
    return args_fail(state, LIBEXEC_E_NAME_TOO_LONG, "a path with its NUL is 4096 bytes and fits the names memory",
                     user_path, length + 1, room);
}

// ---- first pass: pointers -------------------------------------------------------------------------------------------

static enum libexec_status args_charge_pointers(struct libexec_state *state, uint64_t count) {
    const uint64_t limit = state->layout.argument_limit;
    if (count < limit / 8) // Linux: the pointers alone must stay below the limit
        return LIBEXEC_OK;
    return args_fail(state, LIBEXEC_E_ARGUMENTS_TOO_LARGE, "Linux: strings and pointers within the limit", 0, count * 8,
                     limit);
}

// One fetch of a part of a vector to `to`. `partial` bytes of a word are there already: a vector need not be aligned.
struct args_fetch {
    uint64_t from;
    uint64_t to;
    uint64_t partial;
    uint64_t chunk;
};

// The bytes fetched end up as whole words from `*words` on; `fetch` moves past them.
static enum libexec_status args_fetch_words(struct libexec_state *state, struct args_fetch *fetch,
                                            const uint8_t **words, uint64_t *count) {
    uint64_t available;
    uint8_t *bytes = libexec_space_at(state, SPACE_VECTOR, fetch->to, args_stack_end(state), &available);
    if (bytes == NULL)
        return state->report.status;
    const uint64_t length =
        libexec_min(libexec_min(args_page_left(state, fetch->from), available - fetch->partial), fetch->chunk);
    if (args_user_read(state, bytes + fetch->partial, fetch->from, length, LIBEXEC_E_ARGUMENT_FAULT) != LIBEXEC_OK)
        return state->report.status;
    *words = bytes;
    *count = (fetch->partial + length) / 8;
    fetch->partial = (fetch->partial + length) % 8;
    fetch->from += length;
    fetch->to += *count * 8;
    fetch->chunk = libexec_min(fetch->chunk * ARGS_GROWTH, state->arch->page_size);
    args_dirty(state, fetch->to + fetch->partial);
    return LIBEXEC_OK;
}

static uint64_t args_count_words(const uint8_t *words, uint64_t count) {
    uint64_t i = 0;
    while (i < count && libexec_load_word(words + i * 8) != 0)
        i++;
    return i;
}

// Fetches a vector to `to` and counts it. `before` pointers are charged already.
static enum libexec_status args_fetch_vector(struct libexec_state *state, uint64_t user_vector, uint64_t to,
                                             uint64_t before, uint64_t *count) {
    struct args_fetch fetch = {.from = user_vector, .to = to, .chunk = ARGS_FIRST_POINTERS};
    *count = 0;
    while (user_vector != 0) {
        const uint8_t *words = NULL;
        uint64_t fetched = 0;
        // What is charged, one NULL, and what a word may lack: nothing is stored that there is no room for.
        const uint64_t room = state->layout.argument_limit - (before + *count) * 8 + 8;
        fetch.chunk = libexec_min(fetch.chunk, room);
        if (args_fetch_words(state, &fetch, &words, &fetched) != LIBEXEC_OK)
            return state->report.status;
        const uint64_t found = args_count_words(words, fetched);
        *count += found;
        if (args_charge_pointers(state, before + *count) != LIBEXEC_OK || found < fetched)
            return state->report.status;
    }
    return LIBEXEC_OK;
}

static enum libexec_status args_count_kernel(struct libexec_state *state, const char *const *vector, uint64_t before,
                                             uint64_t *count) {
    *count = 0;
    while (vector != NULL && vector[*count] != NULL) {
        *count += 1;
        if (args_charge_pointers(state, before + *count) != LIBEXEC_OK)
            return state->report.status;
    }
    return LIBEXEC_OK;
}

static uint64_t args_slot(const struct libexec_state *state, uint64_t index) {
    return state->layout.stack_pointer + 8 + index * 8;
}

// argv[0] of a script gives way to the words of the `#!` lines; the others follow them. Its pointer goes where the last
// word's will.
static uint64_t args_first_slot(const struct libexec_state *state) {
    return args_slot(state, state->copy.prefix != 0 ? state->copy.prefix - 1 : 0);
}

static enum libexec_status args_count_lists(struct libexec_state *state, uint64_t *argc) {
    const struct libexec_arguments *arguments = &state->arguments;
    struct libexec_copy *copy = &state->copy;
    switch (arguments->from) {
    case LIBEXEC_ARGUMENTS_USER:
        if (args_fetch_vector(state, arguments->user_argv, args_first_slot(state), 0, argc) != LIBEXEC_OK)
            return state->report.status;
        copy->argc = copy->prefix != 0 ? copy->prefix + (*argc > 1 ? *argc - 1 : 0) : libexec_max(*argc, 1);
        return args_fetch_vector(state, arguments->user_envp, args_slot(state, copy->argc + 1), *argc, &copy->envc);
    case LIBEXEC_ARGUMENTS_ITERATOR:
        *argc = arguments->argv_strings.count;
        copy->envc = arguments->envp_strings.count;
        break;
    default:
        if (args_count_kernel(state, arguments->argv, 0, argc) != LIBEXEC_OK ||
            args_count_kernel(state, arguments->envp, *argc, &copy->envc) != LIBEXEC_OK)
            return state->report.status;
        break;
    }
    copy->argc = copy->prefix != 0 ? copy->prefix + (*argc > 1 ? *argc - 1 : 0) : libexec_max(*argc, 1);
    return LIBEXEC_OK;
}

static uint64_t args_prefix_count(const struct libexec_state *state) {
    uint64_t count = state->script_depth != 0 ? 1 : 0; // the script itself
    for (uint32_t i = 0; i < state->script_depth; i++)
        count += state->scripts[i].argument != 0 ? 2 : 1;
    return count;
}

enum libexec_status libexec_args_count(struct libexec_state *state) {
    struct libexec_copy *copy = &state->copy;
    uint64_t argc = 0;
    state->report.stage = LIBEXEC_STAGE_ARGUMENTS;
    state->report.file = LIBEXEC_FILE_NONE;
    copy->prefix = args_prefix_count(state);
    if (args_count_lists(state, &argc) != LIBEXEC_OK)
        return state->report.status;
    // Counted as Linux counts: before scripts change argv.
    const uint64_t pointers = libexec_max(argc, 1) + copy->envc;
    if (args_charge_pointers(state, pointers) != LIBEXEC_OK)
        return state->report.status;
    copy->budget = state->layout.argument_limit - pointers * 8;
    copy->empty_argv = argc == 0;
    return LIBEXEC_OK;
}

// ---- second pass: strings -------------------------------------------------------------------------------------------

static enum libexec_status args_too_large(struct libexec_state *state, uint64_t index) {
    args_fail(state, LIBEXEC_E_ARGUMENTS_TOO_LARGE, "Linux: strings and pointers within the limit", 0,
              state->layout.argument_limit + 1, state->layout.argument_limit);
    state->report.known |= LIBEXEC_REPORT_ARGUMENT;
    state->report.argument = (uint32_t)index;
    return state->report.status;
}

// How much to fetch at `from`, a string's byte `done`. The next string's pointer tells: where strings follow one
// another the rest of the page will be used; where they do not, a string ends before the next begins.
static uint64_t args_fetch_length(const struct libexec_state *state, uint64_t from, uint64_t done, uint64_t next) {
    if (next > from && next - from <= LIBEXEC_STRING_MAX)
        return state->copy.scattered ? next - from : state->arch->page_size;
    return ARGS_FIRST_STRING + done * ARGS_GROWTH;
}

// Brings bytes of the string at `from` to the cursor's `done`th byte.
static enum libexec_status args_fetch_string(struct libexec_state *state, uint64_t from, uint64_t done, uint64_t next) {
    struct libexec_copy *copy = &state->copy;
    uint64_t available;
    uint8_t *to = libexec_space_at(state, SPACE_STRINGS, copy->cursor + done, args_stack_end(state), &available);
    if (to == NULL)
        return state->report.status;
    uint64_t length = libexec_min(args_page_left(state, from), available);
    length = libexec_min(length, libexec_min(copy->budget - done, LIBEXEC_STRING_MAX - done));
    length = libexec_min(length, args_fetch_length(state, from, done, next));
    if (args_user_read(state, to, from, length, LIBEXEC_E_ARGUMENT_FAULT) != LIBEXEC_OK)
        return state->report.status;
    copy->fetched_left = length;
    args_dirty(state, copy->cursor + done + length);
    return LIBEXEC_OK;
}

// Copies the string at `from` to the cursor. `next` is the pointer after it, or 0: only a guess at how strings lie.
static enum libexec_status args_user_string(struct libexec_state *state, uint64_t from, uint64_t next, uint64_t index) {
    struct libexec_copy *copy = &state->copy;
    uint64_t done = 0;
    if (copy->fetched_left != 0 && copy->fetched_at != from) {
        copy->fetched_left = 0;
        copy->scattered = true;
    }
    for (;;) {
        if (done == LIBEXEC_STRING_MAX) {
            args_fail(state, LIBEXEC_E_STRING_TOO_LONG, "Linux: a string with its NUL is 131072 bytes", from, done + 1,
                      LIBEXEC_STRING_MAX);
            break;
        }
        if (done >= copy->budget)
            return args_too_large(state, index);
        if (copy->fetched_left == 0 && args_fetch_string(state, from + done, done, next) != LIBEXEC_OK)
            break;
        uint64_t available;
        const uint8_t *bytes =
            libexec_space_at(state, SPACE_STRINGS, copy->cursor + done, args_stack_end(state), &available);
        if (bytes == NULL)
            break;
        const uint64_t length = libexec_min(copy->fetched_left, copy->budget - done);
        const uint64_t found = args_find_nul(bytes, length);
        done += found;
        if (found < length) {
            copy->fetched_left -= found + 1;
            copy->fetched_at = from + done + 1;
            copy->cursor += done + 1;
            copy->budget -= done + 1;
            return LIBEXEC_OK;
        }
        copy->fetched_left = 0;
    }
    state->report.known |= LIBEXEC_REPORT_ARGUMENT;
    state->report.argument = (uint32_t)index;
    return state->report.status;
}

enum libexec_status libexec_args_kernel_string(struct libexec_state *state, const char *bytes, uint64_t length) {
    struct libexec_copy *copy = &state->copy;
    if (length >= LIBEXEC_STRING_MAX)
        return args_fail(state, LIBEXEC_E_STRING_TOO_LONG, "Linux: a string with its NUL is 131072 bytes", 0,
                         length + 1, LIBEXEC_STRING_MAX);
    if (length >= copy->budget)
        return args_too_large(state, 0);
    copy->fetched_left = 0;
    for (uint64_t done = 0; done <= length;) {
        uint64_t available;
        uint8_t *to = libexec_space_at(state, SPACE_STRINGS, copy->cursor + done, args_stack_end(state), &available);
        if (to == NULL)
            return state->report.status;
        const uint64_t part = libexec_min(available, length - done);
        memcpy(to, bytes + done, (size_t)part);
        done += part;
        if (part < available) {
            to[part] = 0;
            done++;
        }
    }
    args_dirty(state, copy->cursor + length + 1);
    copy->cursor += length + 1;
    copy->budget -= length + 1;
    return LIBEXEC_OK;
}

// The length up to the NUL, looking no further than a string may be long.
static uint64_t args_kernel_length(const char *string) {
    uint64_t length = 0;
    while (length < LIBEXEC_STRING_MAX && string[length] != 0)
        length++;
    return length;
}

static bool args_store_pointer(struct libexec_state *state, uint64_t slot, uint64_t value) {
    uint64_t available;
    uint8_t *to = libexec_space_at(state, SPACE_VECTOR, slot, args_stack_end(state), &available);
    if (to == NULL)
        return false;
    libexec_store_word(to, value);
    args_dirty(state, slot + 8);
    return true;
}

// The strings of one vector whose raw pointers stand at `slot` and on; each is replaced by its string's new address.
static enum libexec_status args_copy_user(struct libexec_state *state, uint64_t slot, uint64_t count, uint64_t index) {
    for (uint64_t i = 0; i < count; i++, slot += 8) {
        uint64_t available;
        uint8_t *word = libexec_space_at(state, SPACE_VECTOR, slot, args_stack_end(state), &available);
        if (word == NULL)
            return state->report.status;
        const uint64_t from = libexec_load_word(word);
        uint64_t next = i + 1 < count && available >= 16 ? libexec_load_word(word + 8) : 0;
        if (i + 1 == count && available >= 24 && state->copy.envc != 0 && index == 0)
            next = libexec_load_word(word + 16); // the first environment string may follow the last argument
        libexec_store_word(word, state->copy.cursor);
        if (args_user_string(state, from, next, index + i) != LIBEXEC_OK)
            return state->report.status;
    }
    return LIBEXEC_OK;
}

static enum libexec_status args_copy_kernel(struct libexec_state *state, const char *const *vector, uint64_t skip,
                                            uint64_t slot, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        const char *string = vector[skip + i];
        if (!args_store_pointer(state, slot + i * 8, state->copy.cursor) ||
            libexec_args_kernel_string(state, string, args_kernel_length(string)) != LIBEXEC_OK)
            return state->report.status;
    }
    return LIBEXEC_OK;
}

static enum libexec_status args_copy_iterator(struct libexec_state *state, const struct libexec_strings *strings,
                                              uint64_t skip, uint64_t slot, uint64_t count) {
    for (uint64_t i = 0; i < skip + count; i++) {
        const char *bytes = NULL;
        uint64_t length = 0;
        const int code = strings->get(strings->context, (uint32_t)i, &bytes, &length);
        if (code != 0)
            return libexec_fail_host(&state->report, LIBEXEC_E_ARGUMENT_FAULT, code);
        if (i < skip)
            continue;
        if (!args_store_pointer(state, slot + (i - skip) * 8, state->copy.cursor) ||
            libexec_args_kernel_string(state, bytes, length) != LIBEXEC_OK)
            return state->report.status;
    }
    return LIBEXEC_OK;
}

static enum libexec_status args_copy_prefix_word(struct libexec_state *state, const char *word, uint64_t *slot) {
    if (!args_store_pointer(state, *slot, state->copy.cursor))
        return state->report.status;
    *slot += 8;
    return libexec_args_kernel_string(state, word, args_kernel_length(word));
}

// Innermost line first: interpreter, its argument; then what that interpreter was given; the script itself last.
static enum libexec_status args_copy_prefix(struct libexec_state *state) {
    uint64_t slot = args_slot(state, 0);
    for (uint32_t i = state->script_depth; i-- > 0;) {
        const struct libexec_script_words *words = &state->scripts[i];
        if (args_copy_prefix_word(state, state->names + words->path, &slot) != LIBEXEC_OK)
            return state->report.status;
        if (words->argument != 0 && args_copy_prefix_word(state, state->names + words->argument, &slot) != LIBEXEC_OK)
            return state->report.status;
    }
    return state->script_depth != 0 ? args_copy_prefix_word(state, state->path, &slot) : LIBEXEC_OK;
}

// Linux reads argv[0] before it finds that the file is a script: a bad one is refused, a good one leaves no trace.
static enum libexec_status args_check_dropped(struct libexec_state *state) {
    const struct libexec_copy before = state->copy;
    uint64_t available;
    const uint8_t *word =
        libexec_space_at(state, SPACE_VECTOR, args_first_slot(state), args_stack_end(state), &available);
    if (word == NULL)
        return state->report.status;
    const uint64_t from = libexec_load_word(word);
    if (from == 0 || args_user_string(state, from, 0, 0) != LIBEXEC_OK)
        return state->report.status;
    const uint64_t dirty_end = state->copy.dirty_end;
    state->copy = before;
    state->copy.dirty_end = dirty_end;
    return LIBEXEC_OK;
}

static enum libexec_status args_copy_argv(struct libexec_state *state) {
    const struct libexec_arguments *arguments = &state->arguments;
    const uint64_t prefix = state->copy.prefix;
    const uint64_t own = state->copy.argc - prefix;
    const uint64_t skip = prefix != 0 ? 1 : 0;
    const uint64_t slot = args_slot(state, prefix);
    if (prefix != 0 && arguments->from == LIBEXEC_ARGUMENTS_USER && arguments->user_argv != 0 &&
        args_check_dropped(state) != LIBEXEC_OK)
        return state->report.status;
    if (args_copy_prefix(state) != LIBEXEC_OK || own == 0)
        return state->report.status;
    switch (arguments->from) {
    case LIBEXEC_ARGUMENTS_USER:
        if (state->copy.empty_argv)
            break;
        return args_copy_user(state, slot, own, 0);
    case LIBEXEC_ARGUMENTS_ITERATOR:
        if (arguments->argv_strings.count == 0)
            break;
        return args_copy_iterator(state, &arguments->argv_strings, skip, slot, own);
    default:
        if (arguments->argv == NULL || arguments->argv[0] == NULL)
            break;
        return args_copy_kernel(state, arguments->argv, skip, slot, own);
    }
    return args_copy_prefix_word(state, "", &(uint64_t){slot}); // argc 0 becomes argv[0] = ""
}

static enum libexec_status args_copy_envp(struct libexec_state *state) {
    const struct libexec_arguments *arguments = &state->arguments;
    const uint64_t slot = args_slot(state, state->copy.argc + 1);
    const uint64_t count = state->copy.envc;
    if (count == 0)
        return LIBEXEC_OK;
    switch (arguments->from) {
    case LIBEXEC_ARGUMENTS_USER:
        return args_copy_user(state, slot, count, state->copy.argc);
    case LIBEXEC_ARGUMENTS_ITERATOR:
        return args_copy_iterator(state, &arguments->envp_strings, 0, slot, count);
    default:
        return args_copy_kernel(state, arguments->envp, 0, slot, count);
    }
}

enum libexec_status libexec_args_copy(struct libexec_state *state) {
    struct libexec_copy *copy = &state->copy;
    copy->strings = copy->cursor;
    if (!args_store_pointer(state, state->layout.stack_pointer, copy->argc))
        return state->report.status;
    if (args_copy_argv(state) != LIBEXEC_OK)
        return state->report.status;
    copy->environment = copy->cursor;
    if (!args_store_pointer(state, args_slot(state, copy->argc), 0))
        return state->report.status;
    if (args_copy_envp(state) != LIBEXEC_OK)
        return state->report.status;
    copy->strings_end = copy->cursor;
    if (!args_store_pointer(state, args_slot(state, copy->argc + 1 + copy->envc), 0))
        return state->report.status;
    return LIBEXEC_OK;
}
