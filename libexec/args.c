// SPDX-License-Identifier: MIT
// Arguments and environment. Each byte of the caller's memory is fetched once and used from that fetch: pointers go
// straight to their places on the new stack, both vectors first, as in Linux, and are replaced there by the strings'
// new addresses; strings go straight to their final place, a page of the caller's at a time, and are measured there.
// What a bulk read brought beyond a string is the next string if its pointer says so; else it is overwritten, and what
// remains at the end is cleared by stack.c.
#include "args.h"

#include "bytes.h"
#include "checked.h"
#include "layout.h"
#include "report.h"
#include "space.h"

#define ARGS_FIRST_POINTERS 256u // bytes of a pointer vector fetched first
#define ARGS_FIRST_STRING   128u // bytes of a string fetched first where nothing tells its length
#define ARGS_LAST_STRING    192u // bytes fetched for the last of several strings
#define ARGS_GROWTH         8u
#define ARGS_LONG_STRING    (UINT64_C(12) << 10) // bytes after which a string is likely to be much longer

#define ARGS_ONES  UINT64_C(0x0101010101010101)
#define ARGS_HIGHS UINT64_C(0x8080808080808080)

// Whether none of 16 bytes is NUL or above 0x80: a quick test, that lets text through.
static inline bool args_is_plain(const uint8_t *bytes) {
    const uint64_t any = (libexec_load_word(bytes) - ARGS_ONES) | (libexec_load_word(bytes + 8) - ARGS_ONES);
    return (any & ARGS_HIGHS) == 0;
}

// The index of the first NUL in `length` bytes, or `length`. Words at a time, little endian.
static LIBEXEC_APART uint64_t args_find_nul(const uint8_t *bytes, uint64_t length) {
    const uint8_t *at = bytes;
    const uint8_t *const end = bytes + length;
    while (end - at >= 16 && args_is_plain(at))
        at += 16;
    for (; end - at >= 8; at += 8) {
        const uint64_t word = libexec_load_word(at);
        // The high bit of the lowest NUL byte is the lowest bit set; those above may be wrong.
        const uint64_t bits = (word - ARGS_ONES) & ~word & ARGS_HIGHS;
        // Counts the bytes up to that bit, without a count-zeros instruction that some machines would take from a
        // compiler library.
        if (bits != 0)
            return (uint64_t)(at - bytes) + ((((bits & (0 - bits)) - 1) & ARGS_ONES) * ARGS_ONES >> 56) - 1;
    }
    while (at < end && *at != 0)
        at++;
    return (uint64_t)(at - bytes);
}

static uint64_t args_page_left(const struct libexec_state *state, uint64_t address) {
    return state->bounds.page_size - (address & (state->bounds.page_size - 1));
}

static LIBEXEC_APART enum libexec_status args_fail(struct libexec_state *state, enum libexec_status status,
                                                   uint64_t address, uint64_t value, uint64_t limit) {
    state->report.known |= LIBEXEC_REPORT_ADDRESS;
    state->report.address = address;
    return libexec_fail(&state->report, status, value, limit);
}

// Bytes are charged before they are stored.
static LIBEXEC_APART bool args_charge(struct libexec_state *state, uint64_t bytes) {
    struct libexec_copy *copy = &state->copy;
    const uint64_t limit = state->layout.argument_limit;
    if (bytes > copy->pool)
        return args_fail(state, LIBEXEC_E_ARGUMENTS_TOO_LARGE, copy->cursor, limit + 1, limit) == LIBEXEC_OK;
    copy->pool -= bytes;
    return true;
}

static LIBEXEC_APART enum libexec_status args_user_read(struct libexec_state *state, void *to, uint64_t from,
                                                        uint64_t length, enum libexec_status status) {
    const int code = state->host->user_read(state->context, to, from, (size_t)length);
    if (code == 0)
        return LIBEXEC_OK;
    state->report.known |= LIBEXEC_REPORT_ADDRESS;
    state->report.address = from;
    return libexec_fail_host(&state->report, status, code);
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
    return args_fail(state, LIBEXEC_E_NAME_TOO_LONG, user_path, length + 1, room);
}

// ---- strings of the kernel's ----------------------------------------------------------------------------------------

// A view of the strings' place at `at`, asked for up to where the strings at hand should end, or a little further than
// what is needed.
static uint8_t *args_view(struct libexec_state *state, uint64_t at, uint64_t needed, uint64_t *available) {
    return libexec_space_at(state, SPACE_STRINGS, at, libexec_max(state->copy.guess_end, needed), available);
}

// Copies `length` bytes and a NUL to the cursor.
static enum libexec_status args_kernel_bytes(struct libexec_state *state, const char *bytes, uint64_t length) {
    struct libexec_copy *copy = &state->copy;
    if (length >= LIBEXEC_STRING_MAX)
        return args_fail(state, LIBEXEC_E_STRING_TOO_LONG, copy->cursor, length + 1, LIBEXEC_STRING_MAX);
    if (!args_charge(state, length + 1))
        return state->report.status;
    const uint64_t end = copy->cursor + length + 1;
    copy->fetched_left = 0;
    while (copy->cursor < end) {
        uint64_t available;
        uint8_t *to = args_view(state, copy->cursor, end, &available);
        if (to == NULL)
            return state->report.status;
        const uint64_t part = libexec_min(available, end - copy->cursor);
        const uint64_t text = libexec_min(part, length);
        if (text != 0) // where there is none, an iterator may have no address for it
            memcpy(to, bytes, (size_t)text);
        if (text < part)
            to[text] = 0;
        bytes += text;
        length -= text;
        copy->cursor += part;
    }
    return LIBEXEC_OK;
}

static LIBEXEC_APART uint64_t args_kernel_length(const char *string) {
    uint64_t length = 0;
    while (length < LIBEXEC_STRING_MAX && string[length] != 0)
        length++;
    return length;
}

enum libexec_status libexec_args_kernel_string(struct libexec_state *state, const char *string) {
    return args_kernel_bytes(state, string, args_kernel_length(string));
}

// The place of a pointer on the new stack; NULL after a failure.
static uint8_t *args_slot(struct libexec_state *state, uint64_t address) {
    uint64_t available;
    return libexec_space_at(state, SPACE_VECTOR, address, address + 8, &available);
}

// Stores a pointer in the next slot.
static LIBEXEC_APART bool args_store_pointer(struct libexec_state *state, uint64_t value) {
    uint8_t *to = args_slot(state, state->copy.slot);
    if (to == NULL)
        return false;
    libexec_store_word(to, value);
    state->copy.slot += 8;
    return true;
}

// One argument of the kernel's: its pointer in the next slot, its string at the cursor.
static LIBEXEC_APART bool args_put(struct libexec_state *state, const char *bytes, uint64_t length) {
    return args_store_pointer(state, state->copy.cursor) && args_kernel_bytes(state, bytes, length) == LIBEXEC_OK;
}

static LIBEXEC_APART bool args_put_string(struct libexec_state *state, const char *string) {
    return args_put(state, string, args_kernel_length(string));
}

// What comes before the caller's arguments: the words of `#!` lines, innermost line first: interpreter, its argument;
// then what that interpreter was given; the script itself last. Or an argv[0] where there is no argument at all.
static enum libexec_status args_put_words(struct libexec_state *state, uint64_t argc) {
    for (uint32_t i = libexec_script_count(state); i-- > 0;) {
        const struct libexec_script_words *words = &state->scripts[i];
        if (!args_put_string(state, state->names + words->path) ||
            (words->argument != 0 && !args_put_string(state, state->names + words->argument)))
            return state->report.status;
    }
    if (libexec_script_count(state) != 0)
        args_put_string(state, state->path);
    else if (argc == 0)
        args_put_string(state, "");
    return state->report.status;
}

// Slots that these words take beyond the one of argv[0], whose place they begin in.
static uint64_t args_count_words(const struct libexec_state *state) {
    uint64_t count = 0;
    for (uint32_t i = 0; i < libexec_script_count(state); i++)
        count += state->scripts[i].argument != 0 ? 2 : 1;
    return count;
}

// ---- vectors of the kernel's ----------------------------------------------------------------------------------------

static int args_get(void *context, uint32_t index, const char **bytes, uint64_t *length) {
    *bytes = ((const char *const *)context)[index];
    *length = args_kernel_length(*bytes);
    return 0;
}

// A vector as an iterator; it need not be counted further than would be refused.
static struct libexec_strings args_list(const struct libexec_state *state, const char *const *vector) {
    struct libexec_strings list = {.get = args_get, .context = (void *)(uintptr_t)vector};
    while (vector != NULL && vector[list.count] != NULL && list.count <= state->layout.argument_limit / 8)
        list.count++;
    return list;
}

static enum libexec_status args_copy_kernel(struct libexec_state *state) {
    const struct libexec_arguments *arguments = &state->request->arguments;
    struct libexec_copy *copy = &state->copy;
    struct libexec_strings lists[2] = {arguments->argv_strings, arguments->envp_strings};
    if (arguments->from == LIBEXEC_ARGUMENTS_KERNEL) {
        lists[0] = args_list(state, arguments->argv);
        lists[1] = args_list(state, arguments->envp);
    }
    const uint64_t argc = libexec_max(lists[0].count, 1);
    copy->envc = lists[1].count;
    if (!args_charge(state, (argc + copy->envc) * 8))
        return state->report.status;
    copy->argc = args_count_words(state) + argc;
    copy->vector_end = copy->slot + (copy->argc + copy->envc + 2) * 8;
    copy->cursor = copy->vector_end + copy->tail;
    copy->strings = copy->cursor;
    if (args_put_words(state, lists[0].count) != LIBEXEC_OK)
        return state->report.status;
    uint32_t skip = libexec_script_count(state) != 0 ? 1 : 0; // argv[0], whose place the script's words took
    for (const struct libexec_strings *list = lists; list != lists + 2; list++) {
        for (uint32_t i = 0; i < list->count; i++) {
            const char *bytes = NULL;
            uint64_t length = 0;
            const int code = list->get(list->context, i, &bytes, &length);
            if (code != 0)
                return libexec_fail_host(&state->report, LIBEXEC_E_ARGUMENT_FAULT, code);
            if (i >= skip && !args_put(state, bytes, length))
                return state->report.status;
        }
        skip = 0;
        if (list == lists)
            copy->environment = copy->cursor;
        if (!args_store_pointer(state, 0))
            return state->report.status;
    }
    return LIBEXEC_OK;
}

// ---- vectors of the caller's ----------------------------------------------------------------------------------------

static uint64_t args_count_pointers(const uint8_t *words, uint64_t count) {
    const uint8_t *at = words;
    const uint8_t *const end = words + count * 8;
    while (at < end && libexec_load_word(at) != 0)
        at += 8;
    return (uint64_t)(at - words) / 8;
}

// Fetches the pointers of a vector to the slots from copy->slot on, and its NULL. Says how many there are, and the last
// one: where strings follow one another, the highest.
static LIBEXEC_APART uint64_t args_fetch_vector(struct libexec_state *state, uint64_t from, uint64_t *last) {
    struct libexec_copy *copy = &state->copy;
    const uint64_t first = copy->slot;
    uint64_t partial = 0; // bytes of a pointer that are there already: a vector need not be aligned
    uint64_t chunk = ARGS_FIRST_POINTERS;
    if (from == 0) {
        args_store_pointer(state, 0);
        return 0;
    }
    for (;;) {
        uint64_t available;
        uint8_t *words = libexec_space_at(state, SPACE_VECTOR, copy->slot, copy->slot + 8, &available);
        if (words == NULL)
            return 0;
        uint64_t length = libexec_min(args_page_left(state, from), available - partial);
        length = libexec_min(length, chunk);
        if (args_user_read(state, words + partial, from, length, LIBEXEC_E_ARGUMENT_FAULT) != LIBEXEC_OK)
            return 0;
        const uint64_t bytes = partial + length;
        const uint64_t found = args_count_pointers(words, bytes / 8);
        if (found != 0)
            *last = libexec_load_word(words + found * 8 - 8);
        copy->dirty_end = libexec_max(copy->dirty_end, copy->slot + bytes);
        copy->slot += found * 8;
        if (!args_charge(state, found * 8))
            return 0;
        if (found < bytes / 8)
            break;
        from += length;
        if (from == 0) { // the vector runs past the last address there is
            args_fail(state, LIBEXEC_E_ARGUMENT_FAULT, from, 0, 0);
            return 0;
        }
        partial = bytes % 8;
        chunk = state->bounds.page_size;
    }
    copy->slot += 8;
    return (copy->slot - first) / 8 - 1;
}

// ---- strings of the caller's ----------------------------------------------------------------------------------------

// What pointers tell of how strings lie: where they follow one another up to `last`, all of that will be used; where
// they do not, a string ends before the next one begins.
struct args_neighbours {
    uint64_t next;
    uint64_t last;
};

// How much to fetch of a string from its byte `done` on.
static uint64_t args_fetch_length(const struct libexec_state *state, uint64_t from, uint64_t done,
                                  const struct args_neighbours *pointers) {
    if (state->copy.scattered) {
        if (pointers->next - from - 1 < LIBEXEC_STRING_MAX)
            return pointers->next - from;
    } else if (pointers->last - from - 1 < state->layout.argument_limit) {
        return pointers->last - from + ARGS_LAST_STRING;
    }
    return ARGS_FIRST_STRING + done * ARGS_GROWTH;
}

// Brings bytes of the string at `from`, from its byte `done` on, to where they belong.
static LIBEXEC_APART enum libexec_status args_fetch_string(struct libexec_state *state, uint64_t from, uint64_t done,
                                                           const struct args_neighbours *pointers) {
    struct libexec_copy *copy = &state->copy;
    const uint64_t most = libexec_min(copy->pool, LIBEXEC_STRING_MAX) - done;
    const uint64_t start = from + done;
    const uint64_t at = copy->cursor + done;
    uint64_t available;
    if (start < from) // the string runs past the last address there is
        return args_fail(state, LIBEXEC_E_ARGUMENT_FAULT, from, 0, 0);
    uint64_t length = libexec_min(args_page_left(state, start), most);
    length = libexec_min(length, args_fetch_length(state, start, done, pointers));
    // A string may be twice as long as what is known of it, a long one three times, but no longer than strings may be.
    const uint64_t growth = done < ARGS_LONG_STRING ? done : 2 * done;
    uint8_t *to = args_view(state, at, at + libexec_max(length, libexec_min(growth, most)), &available);
    if (to == NULL)
        return state->report.status;
    length = libexec_min(length, available);
    copy->fetched = to;
    copy->fetched_at = start;
    copy->fetched_left = length;
    copy->dirty_end = libexec_max(copy->dirty_end, at + length);
    return args_user_read(state, to, start, length, LIBEXEC_E_ARGUMENT_FAULT);
}

// Strings are at the cursor, `length` bytes in all, the last `now` of them just fetched: goes past them. What else was
// fetched stays for the next one.
static void args_take(struct libexec_copy *copy, uint64_t from, uint64_t length, uint64_t now) {
    copy->cursor += length;
    copy->pool -= length;
    copy->fetched += now;
    copy->fetched_left -= now;
    copy->fetched_at = from + length;
}

// Copies the string at `from` to the cursor.
static LIBEXEC_APART enum libexec_status args_user_string(struct libexec_state *state, uint64_t from,
                                                          const struct args_neighbours *pointers) {
    struct libexec_copy *copy = &state->copy;
    uint64_t done = 0;
    if (copy->fetched_left != 0 && copy->fetched_at != from) {
        copy->fetched_left = 0;
        copy->scattered = true;
    }
    for (;;) {
        if (done >= LIBEXEC_STRING_MAX)
            return args_fail(state, LIBEXEC_E_STRING_TOO_LONG, from, done + 1, LIBEXEC_STRING_MAX);
        if (done >= copy->pool) {
            args_charge(state, copy->pool + 1);
            return state->report.status;
        }
        if (copy->fetched_left == 0 && args_fetch_string(state, from, done, pointers) != LIBEXEC_OK)
            return state->report.status;
        const uint64_t found = args_find_nul(copy->fetched, copy->fetched_left);
        done += found;
        if (found < copy->fetched_left && done < copy->pool) {
            args_take(copy, from, done + 1, found + 1);
            return LIBEXEC_OK;
        }
        copy->fetched_left = 0;
    }
}

// Strings that are fetched already, one behind the other as their pointers say: where the next one begins this one
// must end, so each is only checked, and its pointer replaced. Returns how many; what is in doubt is left to
// args_user_string. The loop stands alone because most strings of most programs go through it.
static uint64_t args_take_fetched(struct libexec_copy *copy, uint8_t *words, uint64_t count) {
    const uint64_t begin = copy->fetched_at;
    const uint64_t to_stack = copy->cursor - begin;
    const uint8_t *bytes = copy->fetched;
    const uint8_t *const end = bytes + libexec_min(copy->fetched_left, copy->pool);
    uint64_t from = begin;
    uint64_t i = 0;
    for (; i + 1 < count; i++) {
        const uint64_t next = libexec_load_word(words + i * 8 + 8);
        const uint64_t text = next - from - 1;
        if (text >= (uint64_t)(end - bytes) || args_find_nul(bytes, text + 1) != text)
            break;
        libexec_store_word(words + i * 8, from + to_stack);
        bytes += text + 1;
        from = next;
    }
    args_take(copy, begin, from - begin, from - begin);
    return i;
}

// The strings of the pointers from copy->slot to copy->vector_end; a NULL among them ends argv or envp.
static enum libexec_status args_copy_strings(struct libexec_state *state, const uint64_t last[2]) {
    struct libexec_copy *copy = &state->copy;
    struct args_neighbours pointers = {0, 0};
    while (copy->slot < copy->vector_end) {
        uint64_t available;
        uint8_t *words = libexec_space_at(state, SPACE_VECTOR, copy->slot, copy->vector_end, &available);
        if (words == NULL)
            return state->report.status;
        const uint64_t count = libexec_min(available, copy->vector_end - copy->slot) / 8;
        for (uint64_t i = 0; i < count; i++) {
            uint8_t *word = words + i * 8;
            const uint64_t from = libexec_load_word(word);
            if (from == 0) {
                copy->environment = copy->environment != 0 ? copy->environment : copy->cursor;
                pointers.last = 0;
                continue;
            }
            if (pointers.last == 0) { // a view for all strings between here and the last can be asked for
                pointers.last = last[copy->environment != 0];
                copy->guess_end = pointers.last - from <= copy->pool ? copy->cursor + (pointers.last - from) : 0;
            }
            pointers.next = i + 1 < count ? libexec_load_word(word + 8) : 0;
            if (copy->fetched_left == 0 && copy->pool != 0)
                args_fetch_string(state, from, 0, &pointers);
            if (copy->fetched_at == from && pointers.next - from <= copy->fetched_left) {
                const uint64_t taken = args_take_fetched(copy, word, count - i);
                if (taken != 0) {
                    i += taken - 1;
                    continue;
                }
            }
            libexec_store_word(word, copy->cursor);
            if (state->report.status != LIBEXEC_OK || args_user_string(state, from, &pointers) != LIBEXEC_OK) {
                const uint64_t index = (copy->slot - state->layout.stack_pointer) / 8 - 1 + i;
                state->report.known |= LIBEXEC_REPORT_ARGUMENT;
                state->report.argument = (uint32_t)(copy->environment != 0 ? index - 1 : index);
                return state->report.status;
            }
        }
        copy->slot += count * 8;
    }
    return LIBEXEC_OK;
}

// Linux reads argv[0] before it finds that the file is a script: a bad one is refused, a good one leaves no trace but
// must have had room. How much room that was, beyond what the words of scripts take.
static uint64_t args_check_dropped(struct libexec_state *state, uint64_t slot) {
    const struct args_neighbours pointers = {0, 0};
    struct libexec_copy *copy = &state->copy;
    const uint8_t *word = args_slot(state, slot);
    if (word == NULL)
        return 0;
    if (args_user_string(state, libexec_load_word(word), &pointers) != LIBEXEC_OK) {
        state->report.known |= LIBEXEC_REPORT_ARGUMENT; // number 0
        return 0;
    }
    const uint64_t dropped = copy->cursor - copy->strings;
    copy->cursor = copy->strings;
    copy->pool += dropped;
    copy->fetched_left = 0;
    return dropped;
}

static enum libexec_status args_copy_user(struct libexec_state *state) {
    const struct libexec_arguments *arguments = &state->request->arguments;
    struct libexec_copy *copy = &state->copy;
    const uint64_t first = copy->slot;
    const uint64_t argv = first + args_count_words(state) * 8;
    uint64_t last[2] = {0, 0};
    uint64_t dropped = 0;
    copy->slot = argv;
    const uint64_t argc = args_fetch_vector(state, arguments->user_argv, &last[0]);
    if (state->report.status == LIBEXEC_OK && argc == 0 && args_charge(state, 8)) // an argv[0] is made
        args_store_pointer(state, 0);
    if (state->report.status == LIBEXEC_OK)
        copy->envc = args_fetch_vector(state, arguments->user_envp, &last[1]);
    if (state->report.status != LIBEXEC_OK)
        return state->report.status;
    copy->argc = (argv - first) / 8 + libexec_max(argc, 1);
    copy->vector_end = copy->slot;
    copy->cursor = copy->vector_end + copy->tail;
    copy->strings = copy->cursor;
    copy->slot = first;
    if (libexec_script_count(state) != 0 && argc != 0) {
        dropped = args_check_dropped(state, argv);
        if (state->report.status != LIBEXEC_OK)
            return state->report.status;
    }
    const uint64_t pool = copy->pool;
    if (args_put_words(state, argc) != LIBEXEC_OK)
        return state->report.status;
    const uint64_t words = pool - copy->pool;
    if (args_copy_strings(state, last) == LIBEXEC_OK && dropped > words &&
        dropped - words + args_kernel_length(state->path) + 1 > copy->pool)
        args_charge(state, copy->pool + 1); // Linux charged argv[0] before it knew of the script's words and the path
    return state->report.status;
}

// ---- all of it ------------------------------------------------------------------------------------------------------

enum libexec_status libexec_args_copy(struct libexec_state *state) {
    struct libexec_copy *copy = &state->copy;
    copy->pool = state->layout.argument_limit;
    copy->slot = state->layout.stack_pointer + 8;
    if (state->request->arguments.from == LIBEXEC_ARGUMENTS_USER)
        args_copy_user(state);
    else
        args_copy_kernel(state);
    if (state->report.status != LIBEXEC_OK)
        return state->report.status;
    copy->strings_end = copy->cursor;
    copy->guess_end = 0;
    copy->slot = state->layout.stack_pointer;
    args_store_pointer(state, copy->argc);
    return state->report.status;
}
