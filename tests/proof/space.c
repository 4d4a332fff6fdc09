// SPDX-License-Identifier: MIT
// The views of the new space, and the map operations that are collected, on a host that answers as it likes: any code,
// NULL, any length; it may lack `view_end`, or `map_many`. One call from each state that calls can leave, back into
// such a state: so what holds of it holds of any sequence of calls. At most two views are open, they share no page, no
// page of one is asked for again, each is ended once with the address and the length that it was opened with. The byte
// that is answered is in a view that holds its address, and as many as are answered follow it there. Each operation is
// handed over once, in order, at most LIBEXEC_BATCH together, and the place for the next one is one that there is.
//
// Assumed: what is asked for lies in PAGES pages of PAGE bytes, here the last ones of a user range (in two of them if
// there is no `view_end`), and `end` lies behind `address`; a view has the bytes that it is said to have. That the byte
// is the one of its address is looked at with a view of BYTES bytes, for each of them. The report is a model's.
#include "hostile.h"
#include "report_model.h"

#include "space.h"

enum { PAGE = 4096, PAGES = 3, WINDOW = PAGES * PAGE, BYTES = 256 };
#define LOW ((UINT64_C(1) << 47) - WINDOW)

static struct libexec_state state;
static int space;

// ---- views ----------------------------------------------------------------------------------------------------------

// Views end where their memory ends.
static uint8_t memory_0[WINDOW];
static uint8_t memory_1[WINDOW];
static uint8_t *const memory_ends[2] = {memory_0 + WINDOW, memory_1 + WINDOW};

// Those that are open as the host knows it, each in its memory; a length of 0: none.
static struct libexec_range views[2];

// Any values, whose sets are the same at each use: that spares Eva time.
static struct {
    uint64_t byte;     // of a page
    uint64_t end;      // behind one of its bytes
    uint64_t rest;     // less than a page, and no whole one
    uint64_t too_many; // more than WINDOW
    uint64_t number;
    int code;   // above 0
    int answer; // below 0
} any;

// What the host is going to answer.
static struct {
    uint64_t length;
    int code;
    bool null;
} answer;

// A host without `view_end` is not told; at the start of a call, slot i has view i.
static void forget_closed_views(void) {
    //@ loop unroll 2;
    for (int i = 0; i < 2; i++)
        if (state.space.slots[i].length == 0)
            views[i].length = 0;
}

static int translate(void *context, void *handle, libexec_address address, uint64_t length, struct libexec_view *view) {
    (void)context;
    if (state.host->view_end == NULL)
        forget_closed_views();
    const int place = views[0].length == 0 ? 0 : 1;
    const struct libexec_range *const other = &views[1 - place];
    //@ assert handle == &space && views[place].length == 0;
    //@ assert LOW <= address && address % PAGE == 0 && 0 < length <= WINDOW && length % PAGE == 0;
    //@ assert address + length <= LOW + WINDOW;
    //@ assert other->length == 0 || address + length <= other->address || other->address + other->length <= address;
    view->length = answer.length;
    view->bytes = answer.null ? NULL : memory_ends[place] - (answer.length <= WINDOW ? answer.length : 0);
    if (answer.code != 0)
        return answer.code;
    if (!answer.null && answer.length != 0 && answer.length <= length && answer.length % PAGE == 0)
        views[place] = (struct libexec_range){address, answer.length};
    return 0;
}

static void view_end(void *context, void *handle, libexec_address address, uint64_t length) {
    const int place = views[0].length != 0 && views[0].address == address ? 0 : 1;
    (void)context;
    //@ assert handle == &space && length != 0;
    //@ assert views[place].address == address && views[place].length == length;
    views[place].length = 0;
}

#define IS_VIEW(slot, i)                                                                                               \
    (slot.address == views[i].address && slot.length == views[i].length && slot.bytes + slot.length == memory_ends[i])

// The state has the views that are open, each with its memory, and no others.
static void check_views(void) {
    const struct libexec_slot *const slots = state.space.slots;
    const int open = (slots[0].length != 0) + (slots[1].length != 0);
    const int known = (views[0].length != 0) + (views[1].length != 0);
    //@ assert open == known && (open != 2 || slots[0].address != slots[1].address);
    //@ assert slots[0].length == 0 || IS_VIEW(slots[0], 0) || IS_VIEW(slots[0], 1);
    //@ assert slots[1].length == 0 || IS_VIEW(slots[1], 0) || IS_VIEW(slots[1], 1);
    //@ assert state.space.roles[0] == slots || state.space.roles[0] == slots + 1;
    //@ assert state.space.roles[1] == slots || state.space.roles[1] == slots + 1;
    //@ assert state.space.handle == &space;
}

// A state to start from, and what the host knows then.
static struct libexec_space before;
static struct libexec_range views_before[2];
static uint64_t reach; // pages that are asked for

// Slot i has so many pages from this one on; none: it is not open.
static void set_up_slot(int i, uint64_t first, uint64_t pages) {
    before.slots[i].address = pages != 0 ? LOW + first * PAGE : any_number();
    before.slots[i].length = pages * PAGE;
    before.slots[i].bytes = memory_ends[i] - pages * PAGE;
    views_before[i].address = before.slots[i].address;
    views_before[i].length = pages * PAGE;
}

static void set_up(void) {
    state.space = before;
    views[0] = views_before[0];
    views[1] = views_before[1];
    state.report.status = LIBEXEC_OK;
}

// Asks for any byte of a page.
static void ask(enum space_role role, uint64_t page, uint64_t end) {
    const uint64_t address = LOW + page * PAGE + any.byte;
    uint64_t available;
    set_up();
    uint8_t *const to = libexec_space_at(&state, role, address, end, &available);
    check_views();
    if (to == NULL) {
        //@ assert state.report.status != LIBEXEC_OK;
        return;
    }
    const struct libexec_slot *const slot = state.space.roles[role];
    //@ assert address - slot->address < slot->length && \valid(to) && 1 <= available <= slot->length;
}

// The same with every answer: whole pages, up to any byte of each page; other lengths, NULL and codes, up to any byte.
static void ask_any(enum space_role role, uint64_t page) {
    const uint64_t any_end = any_between(LOW + page * PAGE + 1, LOW + reach * PAGE);
    answer.code = 0;
    answer.null = false;
    //@ loop unroll PAGES + 1;
    for (uint64_t pages = 0; pages <= PAGES; pages++) {
        answer.length = pages * PAGE;
        //@ loop unroll PAGES;
        for (uint64_t end_page = page; end_page < reach; end_page++)
            ask(role, page, LOW + end_page * PAGE + any.end);
        answer.length = pages < PAGES ? pages * PAGE + any.rest : any.too_many;
        ask(role, page, any_end);
    }
    answer.length = any.number;
    answer.null = true;
    ask(role, page, any_end);
    answer.code = any.code;
    ask(role, page, any_end);
    answer.code = any.answer;
    ask(role, page, any_end);
}

static bool in_slot(int i, uint64_t address) {
    return address - before.slots[i].address < before.slots[i].length;
}

static void ask_role(enum space_role role) {
    //@ loop unroll PAGES;
    for (uint64_t page = 0; page < reach; page++) {
        if (in_slot(0, LOW + page * PAGE) || in_slot(1, LOW + page * PAGE)) // the host is not asked
            ask(role, page, LOW + reach * PAGE);
        else
            ask_any(role, page);
    }
}

// The roles have these slots, or one of them.
static void ask_roles(void) {
    //@ loop unroll 4;
    for (int roles = 0; roles < 4; roles++) {
        before.roles[0] = &state.space.slots[roles & 1];
        before.roles[1] = &state.space.slots[roles >> 1];
        ask_role(SPACE_VECTOR);
        ask_role(SPACE_STRINGS);
    }
}

static void ask_all(uint64_t first_0, uint64_t pages_0, uint64_t first_1, uint64_t pages_1) {
    set_up_slot(0, first_0, pages_0);
    set_up_slot(1, first_1, pages_1);
    ask_roles();
    set_up();
    libexec_space_close_views(&state);
    if (state.host->view_end == NULL)
        forget_closed_views();
    check_views();
    //@ assert state.space.slots[0].length == 0 && state.space.slots[1].length == 0;
}

static void ask_of_each_state(uint64_t pages_asked) {
    reach = pages_asked;
    ask_all(0, 0, 0, 0);
    //@ loop unroll PAGES;
    for (uint64_t first = 0; first < reach; first++) {
        //@ loop unroll PAGES;
        for (uint64_t pages = 1; first + pages <= reach; pages++) {
            ask_all(first, pages, 0, 0);
            ask_all(0, 0, first, pages);
            //@ loop unroll PAGES;
            for (uint64_t other = first + pages; other < reach; other++) {
                //@ loop unroll PAGES;
                for (uint64_t more = 1; other + more <= reach; more++) {
                    ask_all(first, pages, other, more);
                    ask_all(other, more, first, pages);
                }
            }
        }
    }
}

// Each byte of a view of BYTES bytes: what follows it may be written, and no more is answered.
static void ask_byte(uint64_t byte) {
    uint64_t available;
    set_up();
    uint8_t *const to = libexec_space_at(&state, SPACE_VECTOR, LOW + byte, LOW + BYTES, &available);
    //@ assert to + available == memory_ends[0] && available == BYTES - byte;
}

static void ask_bytes(void) {
    set_up_slot(1, 0, 0);
    before.slots[0].address = LOW;
    before.slots[0].length = BYTES;
    before.slots[0].bytes = memory_0 + WINDOW - BYTES;
    before.roles[SPACE_VECTOR] = before.roles[SPACE_STRINGS] = state.space.slots;
    //@ loop unroll BYTES;
    for (uint64_t byte = 0; byte < BYTES; byte++)
        ask_byte(byte);
}

// ---- operations -----------------------------------------------------------------------------------------------------

// So many operations were made; the first of them, so many, were handed over. An operation's address is its number.
static uint64_t made;
static uint64_t handed;

static int map_many(void *context, void *handle, const struct libexec_map *operations, size_t count) {
    (void)context;
    //@ assert handle == &space && 1 <= count <= LIBEXEC_BATCH;
    //@ loop unroll LIBEXEC_BATCH;
    for (size_t i = 0; i < count; i++) {
        //@ assert operations[i].region.address == handed;
        handed++;
    }
    return answer.code;
}

static int map(void *context, void *handle, const struct libexec_map *operation) {
    (void)context;
    //@ assert handle == &space && operation->region.address == handed;
    handed++;
    return answer.code;
}

// So many were collected, and one more is in the place for it.
static void collect(uint64_t pending) {
    set_up();
    handed = 0;
    made = pending + 1;
    state.pending = (uint8_t)pending;
    //@ loop unroll LIBEXEC_BATCH;
    for (uint64_t i = 0; i < LIBEXEC_BATCH; i++)
        state.scratch.operations[i].region.address = i <= pending ? i : any.number;
    struct libexec_map *const next = libexec_space_map(&state);
    //@ assert handed + state.pending == made && state.pending < LIBEXEC_BATCH;
    //@ assert state.host->map_many != \null || state.pending == 0;
    if (next == NULL) {
        //@ assert state.report.status != LIBEXEC_OK && state.pending == 0;
    } else {
        //@ assert state.report.status == LIBEXEC_OK && next == &state.scratch.operations[state.pending];
    }
    libexec_space_flush(&state);
    //@ assert handed == made && state.pending == 0;
}

static void collect_any(uint64_t pending) {
    answer.code = 0;
    collect(pending);
    answer.code = any.code;
    collect(pending);
    answer.code = any.answer;
    collect(pending);
}

int main(void) {
    static struct libexec_host host = {.map = map, .translate = translate, .view_end = view_end};
    any.byte = any_between(0, PAGE - 1);
    any.end = any_between(1, PAGE);
    any.rest = any_between(1, PAGE - 1);
    any.too_many = any_between(WINDOW + 1, UINT64_MAX);
    any.number = any_number();
    any.code = Frama_C_interval(1, INT32_MAX);
    any.answer = Frama_C_interval(INT32_MIN, -1);
    state.host = &host;
    before.handle = &space;
    state.bounds.page_size = PAGE;
    ask_bytes();
    ask_of_each_state(PAGES);
    host.view_end = NULL;
    ask_of_each_state(2);
    collect_any(0);
    host.map_many = map_many;
    //@ loop unroll LIBEXEC_BATCH;
    for (uint64_t pending = 0; pending < LIBEXEC_BATCH; pending++)
        collect_any(pending);
    return 0;
}
