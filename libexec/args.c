// SPDX-License-Identifier: MIT
// Arguments and environment. Each byte of the caller's memory is fetched once and used from that fetch: pointers go
// straight to their places on the new stack, both vectors first, as in Linux, and are replaced there by the strings'
// new addresses; strings go straight to their final place, a page of the caller's at a time, and are measured there.
// What a bulk read brought beyond a vector or a string is the next one if its pointer says so; else it is overwritten,
// and what remains at the end is cleared behind the path.
//
// Functions return false after a failure, which is in the report.
#include "args.h"

#include "bytes.h"
#include "checked.h"
#include "layout.h"
#include "report.h"

#define ARGS_FIRST_POINTERS 256u // bytes of a pointer vector fetched first
#define ARGS_FIRST_STRING   128u // bytes of a string fetched first where nothing tells its length
#define ARGS_LAST_STRING    192u // bytes fetched for the last of several strings
#define ARGS_NEAR           512u // how far away a pointer tells where the string before it ends
#define ARGS_GROWTH         8u
#define ARGS_LONG_STRING    (UINT64_C(12) << 10) // bytes after which a string is likely to be much longer

#define ARGS_ONES  UINT64_C(0x0101010101010101)
#define ARGS_HIGHS UINT64_C(0x8080808080808080)
#define ARGS_BLOCK 32u

// Has one of the bits of ARGS_HIGHS set if one of ARGS_BLOCK bytes is NUL or above 0x80: a quick test, that lets text
// through.
static inline uint64_t args_suspicion(const uint8_t *bytes) {
    return (libexec_load_word(bytes) - ARGS_ONES) | (libexec_load_word(bytes + 8) - ARGS_ONES) |
           (libexec_load_word(bytes + 16) - ARGS_ONES) | (libexec_load_word(bytes + 24) - ARGS_ONES);
}

// The index of the first NUL in `length` bytes, or `length`.
static LIBEXEC_APART uint64_t args_find_nul(const uint8_t *bytes, uint64_t length) {
    const uint8_t *at = bytes;
    const uint8_t *const end = bytes + length;
    while (end - at >= ARGS_BLOCK && (args_suspicion(at) & ARGS_HIGHS) == 0)
        at += ARGS_BLOCK;
    for (; end - at >= 8; at += 8) {
        const uint64_t word = libexec_load_word(at);
        // The high bit of the lowest NUL byte is the lowest bit set; those above may be wrong.
        const uint64_t bits = (word - ARGS_ONES) & ~word & ARGS_HIGHS;
        // One less sets all bits below it, and all low bits of higher bytes are clear: counts the bytes up to there,
        // without a count-zeros instruction that some machines would take from a compiler library.
        if (bits != 0)
            return (uint64_t)(at - bytes) + (((bits - 1) & ARGS_ONES) * ARGS_ONES >> 56) - 1;
    }
    while (at < end && *at != 0)
        at++;
    return (uint64_t)(at - bytes);
}

static uint64_t args_page_left(const struct libexec_state *state, uint64_t address) {
    return state->bounds.page_size - (address & (state->bounds.page_size - 1));
}

// More than `limit` was found, where the status is about a number.
static LIBEXEC_APART bool args_fail(struct libexec_state *state, enum libexec_status status, uint64_t address,
                                    uint64_t limit) {
    state->report.known |= LIBEXEC_REPORT_ADDRESS;
    state->report.address = address;
    libexec_fail(&state->report, status, limit + 1, limit);
    return false;
}

static LIBEXEC_APART_FOR_SIZE bool args_user_read(struct libexec_state *state, void *to, uint64_t from, uint64_t length,
                                                  enum libexec_status status) {
    state->report.address = from; // where it failed, if it does
    const int code = state->host->user_read(state->context, to, from, (size_t)length);
    if (code == 0)
        return true;
    state->report.host_code = code;
    return args_fail(state, status, state->report.address, 0);
}

// Of a string, or of the pointers, which come first.
static bool args_fail_too_large(const struct libexec_copy *copy) {
    return args_fail(copy->state, LIBEXEC_E_ARGUMENTS_TOO_LARGE, libexec_max(copy->cursor, copy->slot),
                     copy->state->layout.argument_limit);
}

// Bytes are charged before they are stored.
static LIBEXEC_APART_FOR_SIZE bool args_charge(struct libexec_copy *copy, uint64_t bytes) {
    if (bytes > copy->limit - copy->cursor)
        return args_fail_too_large(copy);
    copy->limit -= bytes;
    return true;
}

// How many bytes the string at the cursor, which comes from `from`, may have from its byte `done` on, its NUL included;
// 0 after a failure.
static LIBEXEC_APART_FOR_SIZE uint64_t args_room(struct libexec_copy *copy, uint64_t from, uint64_t done) {
    const uint64_t left = copy->limit - copy->cursor;
    const uint64_t most = libexec_min(left, LIBEXEC_STRING_MAX);
    if (done < most)
        return most - done;
    if (left < LIBEXEC_STRING_MAX)
        args_charge(copy, left + 1);
    else
        args_fail(copy->state, LIBEXEC_E_STRING_TOO_LONG, from, LIBEXEC_STRING_MAX);
    return 0;
}

// The string whose pointer stands in `slot` cannot be had: says which one it is. An argv[0] that was made where there
// is none is not counted.
static bool args_fail_string(const struct libexec_copy *copy, uint64_t slot) {
    struct libexec_state *state = copy->state;
    const uint64_t others = 1 + copy->vector + (copy->given == 0 && libexec_script_count(state) == 0);
    state->report.known |= LIBEXEC_REPORT_ARGUMENT;
    state->report.argument = (uint32_t)((slot - state->layout.stack_pointer) / 8 - others);
    return false;
}

// ---- the path -------------------------------------------------------------------------------------------------------

enum libexec_status libexec_args_fetch_path(struct libexec_state *state, uint64_t user_path) {
    const uint64_t room = libexec_min(state->names_size, LIBEXEC_PATH_MAX);
    uint64_t length = 0;
    state->report.stage = LIBEXEC_STAGE_ARGUMENTS;
    while (length < room) {
        const uint64_t from = user_path + length;
        if (from < user_path) { // it runs past the last address there is
            args_fail(state, LIBEXEC_E_PATH_FAULT, user_path, 0);
            return state->report.status;
        }
        const uint64_t wanted = libexec_min(libexec_min(args_page_left(state, from), room - length), ARGS_FIRST_STRING);
        uint8_t *to = (uint8_t *)state->names + length;
        if (!args_user_read(state, to, from, wanted, LIBEXEC_E_PATH_FAULT))
            return state->report.status;
        const uint64_t found = args_find_nul(to, wanted);
        length += found;
        if (found < wanted) {
            state->names_used = (uint32_t)length + 1;
            state->path = state->names;
            return LIBEXEC_OK;
        }
    }
    args_fail(state, LIBEXEC_E_NAME_TOO_LONG, user_path, room);
    return state->report.status;
}

// ---- from the kernel's memory ---------------------------------------------------------------------------------------

bool libexec_args_write(struct libexec_state *state, enum space_role role, uint64_t address, const void *bytes,
                        uint64_t length, uint64_t cleared) {
    const uint8_t *from = bytes;
    const uint64_t end = address + length + cleared;
    while (address != end) {
        uint64_t part;
        uint8_t *to = libexec_space_at(state, role, address, end, &part);
        if (to == NULL)
            return false;
        part = libexec_min(part, end - address);
        const uint64_t text = libexec_min(part, length);
        if (text != 0) { // where there is none, an iterator may have no address for it
            memcpy(to, from, (size_t)text);
            from += text;
            length -= text;
        }
        memset(to + text, 0, (size_t)(part - text));
        address += part;
    }
    return true;
}

LIBEXEC_APART_FOR_SIZE uint64_t libexec_args_length(const char *string, uint64_t most) {
    uint64_t length = 0;
    while (length < most && string[length] != 0)
        length++;
    return length;
}

// Stores a pointer in the next slot.
static LIBEXEC_APART_FOR_SIZE bool args_store_pointer(struct libexec_copy *copy, uint64_t value) {
    const uint64_t slot = copy->slot;
    copy->slot = slot + 8;
    return libexec_args_write(copy->state, SPACE_VECTOR, slot, &value, sizeof value, 0);
}

// Copies `length` bytes to the cursor. Clears what follows them: a NUL, and what is left there of the caller's memory.
static LIBEXEC_APART_FOR_SIZE bool args_put_bytes(struct libexec_copy *copy, const char *bytes, uint64_t length) {
    const uint64_t at = copy->cursor;
    const uint64_t end = at + length;
    if (args_room(copy, at, length) == 0)
        return false;
    const uint64_t dirty_end = libexec_max(copy->dirty_end, end + 1);
    copy->dirty_end = end;
    copy->cursor = end + 1;
    return libexec_args_write(copy->state, SPACE_STRINGS, at, bytes, length, dirty_end - end);
}

// A word as an argument: its pointer in the next slot, its string at the cursor.
static LIBEXEC_APART_FOR_SIZE bool args_put_word(struct libexec_copy *copy, const char *word) {
    return args_store_pointer(copy, copy->cursor) &&
           args_put_bytes(copy, word, libexec_args_length(word, LIBEXEC_STRING_MAX));
}

// What comes before the caller's arguments: the words of `#!` lines, innermost line first: interpreter, its argument;
// then what that interpreter was given; the script itself last. Or an argv[0] where there is no argument at all.
static bool args_put_words(struct libexec_copy *copy, const struct libexec_state *state) {
    for (uint32_t i = libexec_script_count(state); i-- > 0;) {
        const struct libexec_script_words *words = &state->scripts[i];
        if (!args_put_word(copy, state->names + words->path) ||
            (words->argument != 0 && !args_put_word(copy, state->names + words->argument)))
            return false;
    }
    if (libexec_script_count(state) == 0 && copy->given != 0)
        return true;
    return args_put_word(copy, libexec_script_count(state) != 0 ? state->path : "");
}

// Slots that these words take beyond the one of argv[0], whose place they begin in.
static uint64_t args_count_words(const struct libexec_state *state) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < libexec_script_count(state); i++)
        count += state->scripts[i].argument != 0 ? 2 : 1;
    return count;
}

static int args_get(void *context, uint32_t index, const char **bytes, uint64_t *length) {
    *bytes = ((const char *const *)context)[index];
    *length = libexec_args_length(*bytes, LIBEXEC_STRING_MAX);
    return 0;
}

// A vector as an iterator; it need not be counted further than would be refused.
static void args_list(const struct libexec_state *state, const char *const *vector, struct libexec_strings *list) {
    list->get = args_get;
    list->context = (void *)(uintptr_t)vector;
    list->count = 0;
    while (vector != NULL && vector[list->count] != NULL && list->count <= state->layout.argument_limit / 8)
        list->count++;
}

static void args_count_lists(struct libexec_copy *copy, struct libexec_strings lists[2]) {
    const struct libexec_arguments *arguments = &copy->state->request->arguments;
    const char *const *vector = arguments->argv;
    const struct libexec_strings *iterator = &arguments->argv_strings;
    for (uint32_t i = 0; i < 2; i++) {
        lists[i] = *iterator;
        if (arguments->from != LIBEXEC_ARGUMENTS_ITERATOR)
            args_list(copy->state, vector, &lists[i]);
        vector = arguments->envp;
        iterator = &arguments->envp_strings;
    }
    copy->list = lists;
    copy->given = lists[0].count;
    copy->placed.envc = lists[1].count;
}

// Copies the next string of a list to the cursor.
static LIBEXEC_APART_FOR_SPEED bool args_list_string(struct libexec_copy *copy, const struct libexec_strings *list) {
    const char *bytes = NULL;
    uint64_t length = 0;
    const int code = list->get(list->context, copy->index++, &bytes, &length);
    if (code != 0)
        return libexec_fail_host(&copy->state->report, LIBEXEC_E_ARGUMENT_FAULT, code) == LIBEXEC_OK;
    return args_put_bytes(copy, bytes, length);
}

// ---- from the caller's memory ---------------------------------------------------------------------------------------

// Fetches up to `length` bytes more to where those fetched end; of them, as many as one page of the caller's has. A
// view is asked for `ahead` bytes if that is more.
static LIBEXEC_APART bool args_fetch(struct libexec_copy *copy, enum space_role role, uint64_t length, uint64_t ahead) {
    struct libexec_state *state = copy->state;
    const uint64_t at = copy->fetched_end;
    const uint64_t from = at + copy->to_user;
    uint64_t available;
    if (from == 0) { // it runs past the last address there is: told is where a string begins
        const uint64_t start = copy->cursor != 0 ? copy->cursor + copy->to_user : 0;
        return args_fail(state, LIBEXEC_E_ARGUMENT_FAULT, start, 0);
    }
    length = libexec_min(length, args_page_left(state, from));
    uint8_t *to = libexec_space_at(state, role, at, at + libexec_max(length, ahead), &available);
    if (to == NULL)
        return false;
    length = libexec_min(length, available);
    copy->fetched = to;
    copy->fetched_end = at + length;
    copy->dirty_end = libexec_max(copy->dirty_end, at + length);
    return args_user_read(state, to, from, length, LIBEXEC_E_ARGUMENT_FAULT);
}

// Fetches the pointers of a vector to the slots from copy->slot on, and its NULL, which may go up to `most`. Only the
// first page is held by the view of the vectors: it is the first one needed again, as the last one is for strings.
static LIBEXEC_APART bool args_fetch_vector(struct libexec_copy *copy, uint64_t from, uint64_t most, uint64_t *last) {
    uint64_t chunk = ARGS_FIRST_POINTERS;
    uint64_t slot = copy->slot;
    if (from == 0)
        return args_store_pointer(copy, 0);
    // It may be at hand: behind the other one.
    if (from - slot != copy->to_user || copy->fetched_end < slot) {
        copy->to_user = from - slot;
        copy->fetched_end = slot;
    }
    for (;;) {
        const uint64_t length = libexec_round_down(copy->fetched_end - slot, 8);
        uint64_t found = 0;
        while (found != length && libexec_load_word(copy->fetched + found) != 0)
            found += 8;
        slot += found;
        if (found != 0)
            *last = libexec_load_word(copy->fetched + found - 8);
        if (found != length) {
            copy->fetched += found + 8;
            copy->slot = slot + 8;
            return true;
        }
        if (copy->fetched_end >= most)
            return args_charge(copy, copy->limit + 1);
        // Bytes of a pointer may be there already: a vector need not be aligned.
        const uint64_t partial = copy->fetched_end - slot;
        if (!args_fetch(copy, copy->fetched == NULL ? SPACE_VECTOR : SPACE_STRINGS,
                        libexec_min(chunk, most - copy->fetched_end), 0))
            return false;
        copy->fetched -= partial;
        chunk = copy->state->bounds.page_size;
    }
}

// A string, and what pointers tell of how strings lie: where they follow one another up to the last one, all of that
// will be used; where they are scattered, a string ends before the next one begins.
struct args_string {
    uint64_t from;
    uint64_t next; // 0: not known
    bool scattered;
};

// Brings more of a string to the cursor.
static LIBEXEC_APART_FOR_SIZE bool args_fetch_string(struct libexec_copy *copy, const struct args_string *string) {
    const uint64_t done = copy->fetched_end - copy->cursor;
    const uint64_t room = args_room(copy, string->from, done);
    const uint64_t start = string->from + done;
    // A string may be twice as long as what is known of it, a long one three times.
    uint64_t ahead = libexec_min(done < ARGS_LONG_STRING ? done : 2 * done, room);
    uint64_t length = ARGS_FIRST_STRING + done * ARGS_GROWTH;
    if (room == 0)
        return false;
    if (string->scattered) {
        if (string->next - start - 1 < ARGS_NEAR)
            length = string->next - start;
    } else {
        const uint64_t rest = copy->last[copy->vector] - start;
        if (rest - 1 < copy->limit - copy->fetched_end) {
            length = rest + ARGS_LAST_STRING;
            ahead = rest;
        }
    }
    return args_fetch(copy, SPACE_STRINGS, libexec_min(length, room), ahead);
}

// Copies a string to the cursor.
static bool args_user_string(struct libexec_copy *copy, struct args_string *string) {
    uint64_t at = copy->cursor;
    const uint64_t to_user = string->from - at;
    if (to_user != copy->to_user) {
        string->scattered |= copy->fetched_end != at; // and what was fetched is of no use
        copy->fetched_end = at;
        copy->to_user = to_user;
    }
    for (;;) {
        if (at == copy->fetched_end && !args_fetch_string(copy, string))
            return false;
        const uint64_t found = args_find_nul(copy->fetched, copy->fetched_end - at);
        at += found;
        if (at == copy->fetched_end)
            continue;
        copy->fetched += found + 1;
        copy->cursor = at + 1;
        return true;
    }
}

// 0 if none of `length` bytes is NUL, for all strings of ASCII; some others are left to the exact test. No bool, which
// would cost instructions for each string.
static inline uint64_t args_doubt(const uint8_t *bytes, uint64_t length) {
    if (length < ARGS_BLOCK)
        return args_find_nul(bytes, length) - length;
    const uint8_t *const last = bytes + length - ARGS_BLOCK; // it may overlap the block before it
    uint64_t found = args_suspicion(last);
    for (; bytes < last; bytes += ARGS_BLOCK)
        found |= args_suspicion(bytes);
    return found & ARGS_HIGHS;
}

// Strings that are fetched already, one behind the other as their pointers say: where the next one begins this one
// must end, so each is only checked, and its pointer replaced. Returns the first pointer that it does not replace; what
// is in doubt is left to args_user_string. The loop stands alone because most strings of most programs go through it.
static uint8_t *args_take_fetched(struct libexec_copy *copy, uint8_t *word, const uint8_t *last) {
    const uint8_t *bytes = copy->fetched;
    const uint64_t left = copy->fetched_end - copy->cursor;
    const uint64_t to_stack = copy->cursor - (uint64_t)(uintptr_t)bytes; // from where the view has them
    const uint64_t from_user = 0 - copy->to_user - to_stack;             // to there
    const uint64_t end = (uint64_t)(uintptr_t)bytes + left;              // a number: there may be no bytes yet
    if (libexec_load_word(word) != copy->cursor + copy->to_user)
        return word;
    for (; word != last; word += 8) {
        const uint64_t next = libexec_load_word(word + 8) + from_user; // behind the NUL, if it is as it should be
        const uint64_t text = next - (uint64_t)(uintptr_t)bytes - 1;
        if (text >= end - (uint64_t)(uintptr_t)bytes || bytes[text] != 0 || args_doubt(bytes, text) != 0)
            break;
        libexec_store_word(word, (uint64_t)(uintptr_t)bytes + to_stack);
        bytes += text + 1;
    }
    copy->cursor = (uint64_t)(uintptr_t)bytes + to_stack;
    copy->fetched = bytes;
    return word;
}

// The strings whose pointers stand in the slots from copy->slot up to `end`, or are to stand there where they come from
// lists. A NULL ends argv or envp.
static LIBEXEC_APART_FOR_SIZE bool args_copy_strings(struct libexec_copy *copy, uint64_t end, bool scattered) {
    struct args_string string = {.scattered = scattered};
    copy->fetched_end = copy->cursor;
    while (copy->slot != end) {
        uint64_t available;
        uint8_t *const words = libexec_space_at(copy->state, SPACE_VECTOR, copy->slot, end, &available);
        if (words == NULL)
            return false;
        available = libexec_min(available, end - copy->slot);
        const uint8_t *const last = words + available - 8;
        for (uint8_t *word = words; word <= last; word += 8) {
            if (copy->list == NULL)
                word = args_take_fetched(copy, word, last);
            // 0: the vector ends here.
            string.from = copy->list != NULL ? copy->list->count - copy->index : libexec_load_word(word);
            if (string.from == 0) {
                libexec_store_word(word, 0);
                if (copy->list != NULL)
                    copy->list++;
                copy->index = 0;
                if (copy->vector++ == 0)
                    copy->placed.environment = copy->cursor;
                continue;
            }
            string.next = word != last ? libexec_load_word(word + 8) : 0;
            libexec_store_word(word, copy->cursor);
            if (!(copy->list != NULL ? args_list_string(copy, copy->list) : args_user_string(copy, &string)))
                return args_fail_string(copy, copy->slot + (uint64_t)(word - words));
        }
        copy->slot += available;
    }
    return true;
}

static bool args_fetch_vectors(struct libexec_copy *copy) {
    const struct libexec_arguments *arguments = &copy->state->request->arguments;
    const uint64_t argv = copy->slot;
    const uint64_t most = argv + copy->limit + 8;
    if (!args_fetch_vector(copy, arguments->user_argv, most, &copy->last[0]))
        return false;
    copy->given = (copy->slot - argv) / 8 - 1;
    if (copy->given == 0) { // what was fetched is not where it would be used
        copy->fetched_end = 0;
        if (!args_store_pointer(copy, 0))
            return false;
    }
    const uint64_t envp = copy->slot;
    if (!args_fetch_vector(copy, arguments->user_envp, most + 8, &copy->last[1]))
        return false;
    copy->placed.envc = (copy->slot - envp) / 8 - 1;
    return true;
}

// ---- all of it ------------------------------------------------------------------------------------------------------

// The vectors are counted: charges what they take, says where the strings go, and stores argc.
static bool args_begin(struct libexec_copy *copy, uint64_t stack_pointer) {
    const uint64_t argc = libexec_max(copy->given, 1);
    if (!args_charge(copy, (argc + copy->placed.envc) * 8))
        return false;
    copy->placed.argc += argc;
    copy->vector_end = stack_pointer + (copy->placed.argc + copy->placed.envc + 3) * 8;
    copy->placed.strings = copy->vector_end + copy->tail;
    copy->cursor = copy->placed.strings;
    copy->limit += copy->placed.strings;
    copy->slot = stack_pointer;
    return args_store_pointer(copy, copy->placed.argc);
}

// Linux reads argv[0], whose slot is `argv`, before it finds that the file is a script: a bad one is refused, a good
// one leaves no trace but must have had room.
static bool args_check_dropped(struct libexec_copy *copy, uint64_t argv, uint64_t *dropped) {
    const uint64_t slot = copy->slot;
    copy->slot = argv;
    if (!args_copy_strings(copy, argv + 8, true)) { // what follows it is of no use
        copy->state->report.argument = 0;
        return false;
    }
    copy->slot = slot;
    *dropped = copy->cursor - copy->placed.strings;
    copy->cursor = copy->placed.strings;
    return true;
}

bool libexec_args_copy(struct libexec_copy *copy) {
    struct libexec_state *state = copy->state;
    struct libexec_strings lists[2];
    uint64_t dropped = 0;
    copy->limit = state->layout.argument_limit;
    copy->placed.argc = args_count_words(state);
    copy->slot = state->layout.stack_pointer + (1 + copy->placed.argc) * 8;
    const uint64_t argv = copy->slot;
    if (state->request->arguments.from != LIBEXEC_ARGUMENTS_USER)
        args_count_lists(copy, lists);
    else if (!args_fetch_vectors(copy))
        return false;
    if (!args_begin(copy, state->layout.stack_pointer))
        return false;
    if (libexec_script_count(state) != 0 && copy->given != 0 && !args_check_dropped(copy, argv, &dropped))
        return false;
    if (!args_put_words(copy, state))
        return false;
    const uint64_t words = copy->cursor - copy->placed.strings;
    // Linux charged argv[0] before it knew of the script's words, and the path after both.
    if (!args_copy_strings(copy, copy->vector_end, false) || !args_charge(copy, libexec_max(dropped, words) - words))
        return false;
    copy->placed.end = copy->cursor;
    state->path_length = libexec_args_length(state->path, LIBEXEC_STRING_MAX);
    return args_put_bytes(copy, state->path, state->path_length);
}
