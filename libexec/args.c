// SPDX-License-Identifier: MIT
// Arguments and environment. Each byte of the caller's memory is fetched once and used from that fetch: pointers go
// straight to their places on the new stack and are replaced there by the strings' new addresses; strings go straight
// to their final place, a page of the caller's at a time, and are measured there. What a bulk read brought beyond a
// string is the next string if its pointer says so; else it is overwritten, and what remains at the end is cleared by
// stack.c.
//
// The strings follow the vectors where the pointers of both fit in the first page, so that their number is known before
// the first string is stored. Longer vectors are done a page at a time: its pointers, then their strings, which stand
// behind the room for all vectors. So no page is looked at twice.
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

// The high bit of the lowest NUL byte of a word is the lowest bit set; 0 where there is no NUL. Bits above may be
// wrong.
static uint64_t args_nul_bits(uint64_t word) {
    return (word - ARGS_ONES) & ~word & ARGS_HIGHS;
}

// The index of the byte whose high bit is the lowest set: counts the bytes up to it, without a count-zeros instruction
// that some machines would take from a compiler library.
static uint64_t args_byte_index(uint64_t bits) {
    return ((((bits & (0 - bits)) - 1) & ARGS_ONES) * ARGS_ONES >> 56) - 1;
}

// Whether none of 16 bytes is NUL or above 0x80: a quick test, that lets text through.
static inline bool args_is_plain(const uint8_t *bytes) {
    const uint64_t any = (libexec_load_word(bytes) - ARGS_ONES) | (libexec_load_word(bytes + 8) - ARGS_ONES);
    return (any & ARGS_HIGHS) == 0;
}

// The index of the first NUL in `length` bytes, or `length`. Words at a time, little endian.
static uint64_t args_find_nul(const uint8_t *bytes, uint64_t length) {
    const uint8_t *at = bytes;
    const uint8_t *const end = bytes + length;
    while (end - at >= 32 && args_is_plain(at) && args_is_plain(at + 16))
        at += 32;
    for (; end - at >= 8; at += 8) {
        const uint64_t bits = args_nul_bits(libexec_load_word(at));
        if (bits != 0)
            return (uint64_t)(at - bytes) + args_byte_index(bits);
    }
    while (at < end && *at != 0)
        at++;
    return (uint64_t)(at - bytes);
}

static uint64_t args_page_left(const struct libexec_state *state, uint64_t address) {
    return state->arch->page_size - (address & (state->arch->page_size - 1));
}

static enum libexec_status args_fail(struct libexec_state *state, enum libexec_status status, uint64_t address,
                                     uint64_t value, uint64_t limit) {
    libexec_fail_value(&state->report, status, value, limit);
    state->report.known |= LIBEXEC_REPORT_ADDRESS;
    state->report.address = address;
    return state->report.status;
}

static enum libexec_status args_too_large(struct libexec_state *state) {
    return args_fail(state, LIBEXEC_E_ARGUMENTS_TOO_LARGE, state->copy.cursor, state->layout.argument_limit + 1,
                     state->layout.argument_limit);
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

// Bytes are charged before they are stored.
static bool args_charge(struct libexec_state *state, uint64_t bytes) {
    if (bytes > state->copy.pool) {
        args_too_large(state);
        return false;
    }
    state->copy.pool -= bytes;
    return true;
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

// ---- strings --------------------------------------------------------------------------------------------------------

// Up to where a view for strings is asked: where the strings at hand should end, or a little further than what is
// needed.
static uint64_t args_view_end(const struct libexec_state *state, uint64_t needed) {
    return libexec_max(state->copy.guess_end, libexec_round_up(needed, state->arch->page_size));
}

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
        uint8_t *to = libexec_space_at(state, SPACE_STRINGS, copy->cursor, args_view_end(state, end), &available);
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

static uint64_t args_kernel_length(const char *string) {
    uint64_t length = 0;
    while (length < LIBEXEC_STRING_MAX && string[length] != 0)
        length++;
    return length;
}

enum libexec_status libexec_args_kernel_string(struct libexec_state *state, const char *string) {
    return args_kernel_bytes(state, string, args_kernel_length(string));
}

// How much to fetch of a string from its byte `done` on. Pointers tell how strings lie: where they follow one another
// up to `last`, all of that will be used; where they do not, a string ends before the next one begins.
struct args_neighbours {
    uint64_t next;
    uint64_t last;
};

static uint64_t args_fetch_length(const struct libexec_state *state, uint64_t from, uint64_t done,
                                  const struct args_neighbours *pointers) {
    if (state->copy.scattered && pointers->next > from && pointers->next - from <= LIBEXEC_STRING_MAX)
        return pointers->next - from;
    if (!state->copy.scattered && pointers->last > from && pointers->last - from <= state->layout.argument_limit)
        return pointers->last - from + ARGS_LAST_STRING;
    return ARGS_FIRST_STRING + done * ARGS_GROWTH;
}

// Brings bytes of the string at `from`, from its byte `done` on, to where they belong.
static enum libexec_status args_fetch_string(struct libexec_state *state, uint64_t from, uint64_t done,
                                             const struct args_neighbours *pointers) {
    struct libexec_copy *copy = &state->copy;
    const uint64_t most = libexec_min(copy->pool, LIBEXEC_STRING_MAX) - done;
    if (from + done < from) // the string runs past the last address there is
        return args_fail(state, LIBEXEC_E_ARGUMENT_FAULT, from, 0, 0);
    const uint64_t at = copy->cursor + done;
    uint64_t available;
    uint64_t length = libexec_min(args_page_left(state, from + done), most);
    length = libexec_min(length, args_fetch_length(state, from + done, done, pointers));
    // A string may be twice as long as what is known of it, a long one three times, but no longer than strings may be.
    const uint64_t growth = done < ARGS_LONG_STRING ? done : 2 * done;
    const uint64_t likely = libexec_max(length, libexec_min(growth, most));
    uint8_t *to = libexec_space_at(state, SPACE_STRINGS, at, args_view_end(state, at + likely), &available);
    if (to == NULL)
        return state->report.status;
    length = libexec_min(length, available);
    if (args_user_read(state, to, from + done, length, LIBEXEC_E_ARGUMENT_FAULT) != LIBEXEC_OK)
        return state->report.status;
    copy->fetched = to;
    copy->fetched_at = from + done;
    copy->fetched_left = length;
    copy->dirty_end = libexec_max(copy->dirty_end, at + length);
    return LIBEXEC_OK;
}

// A string of `length` bytes with its NUL is at the cursor: goes past it. What else was fetched stays for the next one.
static void args_take(struct libexec_copy *copy, uint64_t from, uint64_t length, uint64_t taken_now) {
    copy->cursor += length;
    copy->pool -= length;
    copy->fetched += taken_now;
    copy->fetched_left -= taken_now;
    copy->fetched_at = from + length;
}

// Copies the string at `from` to the cursor.
static enum libexec_status args_user_string(struct libexec_state *state, uint64_t from,
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
        if (done >= copy->pool)
            return args_too_large(state);
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

// ---- vectors of the kernel's ----------------------------------------------------------------------------------------

static uint64_t args_slot(const struct libexec_state *state, uint64_t index) {
    return state->layout.stack_pointer + 8 + index * 8;
}

static bool args_store_pointer(struct libexec_state *state, uint64_t slot, uint64_t value) {
    uint64_t available;
    uint8_t *to = libexec_space_at(state, SPACE_VECTOR, slot, slot + 8, &available);
    if (to == NULL)
        return false;
    libexec_store_word(to, value);
    return true;
}

// One argument of the kernel's: its pointer at `*slot`, its string at the cursor.
static enum libexec_status args_put(struct libexec_state *state, uint64_t *slot, const char *bytes, uint64_t length) {
    if (!args_store_pointer(state, *slot, state->copy.cursor))
        return state->report.status;
    *slot += 8;
    return args_kernel_bytes(state, bytes, length);
}

static enum libexec_status args_put_string(struct libexec_state *state, uint64_t *slot, const char *string) {
    if (!args_store_pointer(state, *slot, state->copy.cursor))
        return state->report.status;
    *slot += 8;
    return libexec_args_kernel_string(state, string);
}

// The words of `#!` lines that come before the arguments. Innermost line first: interpreter, its argument; then what
// that interpreter was given; the script itself last.
static enum libexec_status args_put_prefix(struct libexec_state *state, uint64_t *slot) {
    for (uint32_t i = libexec_script_count(state); i-- > 0;) {
        const struct libexec_script_words *words = &state->scripts[i];
        if (args_put_string(state, slot, state->names + words->path) != LIBEXEC_OK)
            return state->report.status;
        if (words->argument != 0 && args_put_string(state, slot, state->names + words->argument) != LIBEXEC_OK)
            return state->report.status;
    }
    return libexec_script_count(state) != 0 ? args_put_string(state, slot, state->path) : LIBEXEC_OK;
}

static uint64_t args_prefix_count(const struct libexec_state *state) {
    uint64_t count = libexec_script_count(state) != 0 ? 1 : 0; // the script itself
    for (uint32_t i = 0; i < libexec_script_count(state); i++)
        count += state->scripts[i].argument != 0 ? 2 : 1;
    return count;
}

static uint64_t args_count_kernel(const struct libexec_state *state, const char *const *vector) {
    uint64_t count = 0;
    while (vector != NULL && vector[count] != NULL && count <= state->layout.argument_limit / 8)
        count++;
    return count;
}

// One list of the kernel's, from string `skip` on; then the NULL.
static enum libexec_status args_put_list(struct libexec_state *state, const char *const *vector,
                                         const struct libexec_strings *strings, uint64_t skip, uint64_t count,
                                         uint64_t *slot) {
    for (uint64_t i = 0; i < count; i++) {
        const char *bytes = NULL;
        uint64_t length = 0;
        if (strings != NULL) {
            const int code = strings->get(strings->context, (uint32_t)i, &bytes, &length);
            if (code != 0)
                return libexec_fail_host(&state->report, LIBEXEC_E_ARGUMENT_FAULT, code);
            if (i >= skip && args_put(state, slot, bytes, length) != LIBEXEC_OK)
                return state->report.status;
        } else if (i >= skip && args_put_string(state, slot, vector[i]) != LIBEXEC_OK) {
            return state->report.status;
        }
    }
    *slot += 8;
    return args_store_pointer(state, *slot - 8, 0) ? LIBEXEC_OK : state->report.status;
}

static enum libexec_status args_copy_kernel(struct libexec_state *state) {
    const struct libexec_arguments *arguments = &state->arguments;
    struct libexec_copy *copy = &state->copy;
    const bool iterator = arguments->from == LIBEXEC_ARGUMENTS_ITERATOR;
    const uint64_t argc = iterator ? arguments->argv_strings.count : args_count_kernel(state, arguments->argv);
    const uint64_t prefix = args_prefix_count(state);
    uint64_t slot = args_slot(state, 0);
    copy->envc = iterator ? arguments->envp_strings.count : args_count_kernel(state, arguments->envp);
    if (!args_charge(state, (libexec_max(argc, 1) + copy->envc) * 8))
        return state->report.status;
    copy->argc = prefix + libexec_max(argc, 1) - (prefix != 0 ? 1 : 0);
    copy->vector_end = args_slot(state, copy->argc + copy->envc + 2);
    copy->cursor = copy->vector_end + copy->tail;
    copy->strings = copy->cursor;
    if (args_put_prefix(state, &slot) != LIBEXEC_OK)
        return state->report.status;
    if (argc == 0 && prefix == 0 && args_put_string(state, &slot, "") != LIBEXEC_OK)
        return state->report.status;
    if (args_put_list(state, arguments->argv, iterator ? &arguments->argv_strings : NULL, prefix != 0 ? 1 : 0, argc,
                      &slot) != LIBEXEC_OK)
        return state->report.status;
    copy->environment = copy->cursor;
    return args_put_list(state, arguments->envp, iterator ? &arguments->envp_strings : NULL, 0, copy->envc, &slot);
}

// ---- vectors of the caller's ----------------------------------------------------------------------------------------

// Fetching both vectors: slots before `slot` hold pointers, those from `ready` on still the caller's.
struct args_fetch {
    uint64_t from;    // user address of the next pointer
    uint64_t slot;    // where it goes
    uint64_t ready;   // first slot whose string is not yet copied
    uint64_t partial; // bytes of a pointer that are there already: a vector need not be aligned
    uint64_t chunk;   // bytes to fetch at a time
    uint64_t count;   // pointers of this vector
    uint64_t dropped; // bytes of an argv[0] that a script's words replace
    uint64_t prefix;  // words of `#!` lines
    uint64_t last[2]; // of argv, of envp: the last pointer fetched; where strings follow one another, the highest
    bool environment; // envp is being fetched, not argv
    bool empty;       // argc was 0
    bool complete;    // both vectors are fetched
};

// argv is over. Its NULL stands at `slot`, or one further where there was no argv[0]: that is made from nothing, or a
// script's last word.
static enum libexec_status args_end_argv(struct libexec_state *state, struct args_fetch *fetch) {
    fetch->empty = fetch->count == 0;
    if (fetch->empty) {
        fetch->slot += 8;
        if (!args_charge(state, 8) || !args_store_pointer(state, fetch->slot, 0))
            return state->report.status;
    }
    state->copy.argc = libexec_max(fetch->count, 1) + fetch->prefix - (fetch->prefix != 0 ? 1 : 0);
    fetch->slot += 8;
    fetch->from = state->arguments.user_envp;
    fetch->partial = 0;
    fetch->chunk = ARGS_FIRST_POINTERS;
    fetch->count = 0;
    fetch->environment = true;
    return LIBEXEC_OK;
}

static enum libexec_status args_end_vector(struct libexec_state *state, struct args_fetch *fetch) {
    if (!fetch->environment)
        return args_end_argv(state, fetch);
    if (fetch->from == 0 && !args_store_pointer(state, fetch->slot, 0)) // there was no envp to bring a NULL
        return state->report.status;
    state->copy.envc = fetch->count;
    fetch->slot += 8;
    fetch->complete = true;
    return LIBEXEC_OK;
}

static uint64_t args_count_words(const uint8_t *words, uint64_t count) {
    const uint8_t *at = words;
    const uint8_t *const end = words + count * 8;
    while (at < end && libexec_load_word(at) != 0)
        at += 8;
    return (uint64_t)(at - words) / 8;
}

// One fetch of pointers, up to `end`, the end of the page of `slot`.
static enum libexec_status args_fetch_pointers(struct libexec_state *state, struct args_fetch *fetch, uint64_t end) {
    uint64_t available;
    if (fetch->from == 0)
        return args_end_vector(state, fetch);
    uint8_t *words = libexec_space_at(state, SPACE_VECTOR, fetch->slot, end, &available);
    if (words == NULL)
        return state->report.status;
    uint64_t length = libexec_min(args_page_left(state, fetch->from), end - fetch->slot - fetch->partial);
    length = libexec_min(length, fetch->chunk);
    if (args_user_read(state, words + fetch->partial, fetch->from, length, LIBEXEC_E_ARGUMENT_FAULT) != LIBEXEC_OK)
        return state->report.status;
    const uint64_t bytes = fetch->partial + length;
    const uint64_t found = args_count_words(words, bytes / 8);
    const bool ended = found < bytes / 8;
    if (found != 0)
        fetch->last[fetch->environment] = libexec_load_word(words + found * 8 - 8);
    state->copy.vector_dirty = libexec_max(state->copy.vector_dirty, fetch->slot + bytes);
    fetch->chunk = state->arch->page_size;
    fetch->from += length;
    fetch->slot += found * 8;
    fetch->count += found;
    fetch->partial = bytes % 8;
    if (!args_charge(state, found * 8))
        return state->report.status;
    if (ended)
        return args_end_vector(state, fetch);
    if (fetch->from == 0) // the vector runs past the last address there is
        return args_fail(state, LIBEXEC_E_ARGUMENT_FAULT, fetch->from, 0, 0);
    return LIBEXEC_OK;
}

// Strings that begin at `first` and end near `last`: a view for all of them can be asked for.
static void args_guess_end(struct libexec_state *state, uint64_t first, uint64_t last) {
    struct libexec_copy *copy = &state->copy;
    copy->guess_end =
        last - first <= copy->pool ? libexec_round_up(copy->cursor + (last - first), state->arch->page_size) : 0;
}

static void args_name_argument(struct libexec_state *state, const struct args_fetch *fetch, uint64_t done) {
    const uint64_t index = (fetch->ready - args_slot(state, 0)) / 8 + done;
    state->report.known |= LIBEXEC_REPORT_ARGUMENT;
    state->report.argument = (uint32_t)(state->copy.environment != 0 ? index - 1 : index);
}

// Whether the bytes from `at` to `end` are surely without a NUL; with bytes above 0x80 among them that may stay open.
// Some of the last ones are looked at twice.
static inline bool args_is_text(const uint8_t *at, const uint8_t *end) {
    if (end - at < 16) {
        while (at < end && *at != 0)
            at++;
        return at == end;
    }
    const uint8_t *const last = end - 16;
    do {
        if (!args_is_plain(at))
            return false;
        at += 16;
    } while (at < last);
    return args_is_plain(last);
}

// Strings that are fetched already, one behind the other as their pointers say: where the next one begins this one
// must end, so each is only checked, and its pointer replaced. Returns how many; what is in doubt is left to
// args_user_string. The loop stands alone, and calls nothing, because most strings of most programs go through it.
static LIBEXEC_APART uint64_t args_take_fetched(struct libexec_copy *copy, uint8_t *words, uint64_t count) {
    const uint64_t begin = copy->fetched_at;
    const uint64_t to_stack = copy->cursor - begin;
    const uint8_t *bytes = copy->fetched;
    const uint8_t *const end = bytes + libexec_min(copy->fetched_left, copy->pool);
    uint64_t from = begin;
    uint64_t i = 0;
    while (i + 1 < count) {
        const uint64_t next = libexec_load_word(words + i * 8 + 8);
        const uint64_t text = next - from - 1;
        if (text >= (uint64_t)(end - bytes) || bytes[text] != 0 || !args_is_text(bytes, bytes + text))
            break;
        libexec_store_word(words + i * 8, from + to_stack);
        bytes += text + 1;
        from = next;
        i++;
    }
    args_take(copy, begin, from - begin, from - begin);
    return i;
}

// The strings of `count` pointers at `words`; a NULL among them ends argv or envp.
static enum libexec_status args_copy_strings(struct libexec_state *state, const struct args_fetch *fetch,
                                             uint8_t *words, uint64_t count) {
    struct libexec_copy *copy = &state->copy;
    struct args_neighbours pointers = {0, 0};
    bool first = true;
    for (uint64_t i = 0; i < count; i++) {
        uint8_t *word = words + i * 8;
        const uint64_t from = libexec_load_word(word);
        if (from == 0) {
            copy->environment = copy->environment != 0 ? copy->environment : copy->cursor;
            first = true;
            continue;
        }
        if (first) {
            pointers.last = fetch->last[copy->environment != 0];
            args_guess_end(state, from, pointers.last);
            first = false;
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
            args_name_argument(state, fetch, i);
            return state->report.status;
        }
    }
    return LIBEXEC_OK;
}

// Those of the slots from `ready` to `slot`, all in one page.
static enum libexec_status args_copy_ready(struct libexec_state *state, struct args_fetch *fetch) {
    uint64_t available;
    if (fetch->slot == fetch->ready)
        return LIBEXEC_OK;
    uint8_t *words = libexec_space_at(state, SPACE_VECTOR, fetch->ready, fetch->slot, &available);
    if (words == NULL || args_copy_strings(state, fetch, words, (fetch->slot - fetch->ready) / 8) != LIBEXEC_OK)
        return state->report.status;
    fetch->ready = fetch->slot;
    return LIBEXEC_OK;
}

// Linux reads argv[0] before it finds that the file is a script: a bad one is refused, a good one leaves no trace but
// must have had room.
static enum libexec_status args_check_dropped(struct libexec_state *state, struct args_fetch *fetch) {
    const struct args_neighbours pointers = {0, 0};
    const uint64_t slot = args_slot(state, fetch->prefix - 1);
    uint64_t available;
    const uint8_t *word = libexec_space_at(state, SPACE_VECTOR, slot, slot + 8, &available);
    if (word == NULL)
        return state->report.status;
    if (args_user_string(state, libexec_load_word(word), &pointers) != LIBEXEC_OK) {
        state->report.known |= LIBEXEC_REPORT_ARGUMENT; // number 0
        return state->report.status;
    }
    struct libexec_copy *copy = &state->copy;
    fetch->dropped = copy->cursor - copy->strings;
    copy->cursor = copy->strings;
    copy->pool += fetch->dropped;
    copy->fetched_left = 0;
    return LIBEXEC_OK;
}

// The first page is fetched: says where the strings go, and writes what comes before the caller's arguments.
static enum libexec_status args_begin_strings(struct libexec_state *state, struct args_fetch *fetch) {
    struct libexec_copy *copy = &state->copy;
    uint64_t slot = args_slot(state, 0);
    copy->cursor = fetch->complete ? fetch->slot + copy->tail
                                   : libexec_round_down(state->layout.stack_pointer, state->arch->page_size) +
                                         libexec_layout_argument_room(state);
    copy->strings = copy->cursor;
    if (libexec_script_count(state) != 0 && !fetch->empty && args_check_dropped(state, fetch) != LIBEXEC_OK)
        return state->report.status;
    const uint64_t pool = copy->pool;
    if (libexec_script_count(state) == 0 && fetch->empty && args_put_string(state, &slot, "") != LIBEXEC_OK)
        return state->report.status;
    if (args_put_prefix(state, &slot) != LIBEXEC_OK)
        return state->report.status;
    // Linux charged argv[0] with the other arguments, before the words of scripts.
    const uint64_t words = pool - copy->pool;
    fetch->dropped = fetch->dropped > words ? fetch->dropped - words : 0;
    fetch->ready = slot;
    return LIBEXEC_OK;
}

// Where the page ends, or the pages that the host shows as one, that the next pointers are fetched to.
static uint64_t args_vector_end(struct libexec_state *state, const struct args_fetch *fetch) {
    uint64_t available;
    if (libexec_space_at(state, SPACE_VECTOR, fetch->ready, fetch->ready + 1, &available) == NULL)
        return 0;
    return fetch->ready + available;
}

static LIBEXEC_APART enum libexec_status args_copy_user(struct libexec_state *state) {
    const uint64_t prefix = args_prefix_count(state);
    struct args_fetch fetch = {
        .from = state->arguments.user_argv,
        .slot = args_slot(state, prefix != 0 ? prefix - 1 : 0),
        .ready = args_slot(state, 0),
        .chunk = ARGS_FIRST_POINTERS,
        .prefix = prefix,
    };
    do {
        const uint64_t end = args_vector_end(state, &fetch);
        if (end == 0)
            return state->report.status;
        while (!fetch.complete && fetch.slot < end)
            if (args_fetch_pointers(state, &fetch, end) != LIBEXEC_OK)
                return state->report.status;
        if (state->copy.cursor == 0 && args_begin_strings(state, &fetch) != LIBEXEC_OK)
            return state->report.status;
        if (args_copy_ready(state, &fetch) != LIBEXEC_OK)
            return state->report.status;
    } while (!fetch.complete);
    state->copy.vector_end = fetch.slot;
    if (fetch.dropped != 0 && fetch.dropped + args_kernel_length(state->path) + 1 > state->copy.pool)
        return args_too_large(state);
    return LIBEXEC_OK;
}

// ---- all of it ------------------------------------------------------------------------------------------------------

enum libexec_status libexec_args_copy(struct libexec_state *state) {
    struct libexec_copy *copy = &state->copy;
    copy->pool = state->layout.argument_limit;
    if (state->arguments.from == LIBEXEC_ARGUMENTS_USER)
        args_copy_user(state);
    else
        args_copy_kernel(state);
    if (state->report.status != LIBEXEC_OK)
        return state->report.status;
    copy->strings_end = copy->cursor;
    copy->guess_end = 0;
    args_store_pointer(state, state->layout.stack_pointer, copy->argc);
    return state->report.status;
}
