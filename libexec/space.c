// SPDX-License-Identifier: MIT
// Calls of the host's memory callbacks: map operations one by one or together, and the two views that may be open at a
// time.
#include "space.h"

#include "bytes.h"
#include "checked.h"
#include "report.h"

// Hands over the operations collected: to `map_many`, or the only one to `map`.
enum libexec_status libexec_space_flush(struct libexec_state *state) {
    const struct libexec_host *host = state->host;
    const struct libexec_map *operations = state->scratch.operations;
    const uint32_t count = state->pending;
    int code = 0;
    state->pending = 0;
    if (count == 0)
        return LIBEXEC_OK;
    if (host->map_many != NULL)
        code = host->map_many(state->context, state->space.handle, operations, count);
    else
        code = host->map(state->context, state->space.handle, operations);
    if (code == 0)
        return LIBEXEC_OK;
    state->report.file = operations->region.file;
    state->report.address = operations->region.address;
    return libexec_fail_host(&state->report, code == LIBEXEC_HOST_OCCUPIED ? LIBEXEC_E_OCCUPIED : LIBEXEC_E_MAP, code);
}

struct libexec_map *libexec_space_map(struct libexec_state *state) {
    state->pending++;
    if ((state->host->map_many == NULL || state->pending == LIBEXEC_BATCH) && libexec_space_flush(state) != LIBEXEC_OK)
        return NULL;
    return &state->scratch.operations[state->pending];
}

static LIBEXEC_APART_FOR_SIZE void space_close_slot(struct libexec_state *state, struct libexec_slot *slot) {
    if (slot->length != 0 && state->host->view_end != NULL)
        state->host->view_end(state->context, state->space.handle, slot->address, slot->length);
    slot->length = 0;
}

void libexec_space_close_views(struct libexec_state *state) {
    space_close_slot(state, &state->space.slots[0]);
    space_close_slot(state, &state->space.slots[1]);
}

// Opens a view in `slot` that begins with the page of `address`. The page is in no open view: whole pages are asked
// for, so that two views never share one.
static bool space_open(struct libexec_state *state, struct libexec_slot *slot, const struct libexec_slot *neighbour,
                       uint64_t address, uint64_t end) {
    const uint64_t page_size = state->bounds.page_size;
    const uint64_t page = libexec_round_down(address, page_size);
    struct libexec_view view = {NULL, 0};
    space_close_slot(state, slot);
    uint64_t length = libexec_round_up(end, page_size) - page;
    if (neighbour->length != 0 && neighbour->address > page)
        length = libexec_min(length, neighbour->address - page);
    state->report.address = page;
    const int code = state->host->translate(state->context, state->space.handle, page, length, &view);
    if (code != 0)
        return libexec_fail_host(&state->report, LIBEXEC_E_TRANSLATE, code) == LIBEXEC_OK;
    // Views of whole pages were asked for. One that ends inside a page could not hold a pointer that begins before its
    // end; `address` is in its first page.
    if (view.bytes != NULL && view.length - 1 < length && (view.length & (page_size - 1)) == 0) {
        slot->address = page;
        slot->length = view.length;
        slot->bytes = view.bytes;
        return true;
    }
    state->report.known |= LIBEXEC_REPORT_ADDRESS;
    libexec_fail(&state->report, LIBEXEC_E_CONTRACT, view.length, length);
    state->report.clause = "host.h: translate gives bytes, whole pages where asked for some, no more than asked";
    return false;
}

// The view of `role` does not hold `address`: that of the other role may, else a new one is opened.
static LIBEXEC_APART_FOR_SPEED struct libexec_slot *space_switch(struct libexec_state *state, enum space_role role,
                                                                 uint64_t address, uint64_t end) {
    struct libexec_space *space = &state->space;
    struct libexec_slot *slot = space->roles[1 - role] == space->slots ? &space->slots[1] : space->slots;
    struct libexec_slot *neighbour = space->roles[1 - role];
    if (space->roles[role] != neighbour && address - neighbour->address < neighbour->length)
        slot = neighbour;
    else if (address - slot->address >= slot->length && !space_open(state, slot, neighbour, address, end))
        return NULL;
    space->roles[role] = slot;
    return slot;
}

uint8_t *libexec_space_at(struct libexec_state *state, enum space_role role, uint64_t address, uint64_t end,
                          uint64_t *available) {
    const struct libexec_slot *slot = state->space.roles[role];
    if (address - slot->address >= slot->length) {
        slot = space_switch(state, role, address, end);
        if (slot == NULL)
            return NULL;
    }
    *available = slot->length - (address - slot->address);
    return slot->bytes + (address - slot->address);
}
