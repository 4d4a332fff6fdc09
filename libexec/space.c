// SPDX-License-Identifier: MIT
// Calls of the host's memory callbacks: map operations one by one or together, and the two views that may be open at a
// time.
#include "space.h"

#include "bytes.h"
#include "checked.h"
#include "report.h"

static enum libexec_status space_map_result(struct libexec_state *state, int code,
                                            const struct libexec_map *operation) {
    if (code == 0)
        return LIBEXEC_OK;
    const enum libexec_status status = code == LIBEXEC_HOST_OCCUPIED ? LIBEXEC_E_OCCUPIED : LIBEXEC_E_MAP;
    libexec_fail_host(&state->report, status, code);
    state->report.known |= LIBEXEC_REPORT_ADDRESS;
    state->report.address = operation->region.address;
    return state->report.status;
}

enum libexec_status libexec_space_flush(struct libexec_state *state) {
    const uint32_t count = state->space.pending;
    state->space.pending = 0;
    if (count == 0)
        return LIBEXEC_OK;
    const int code = state->host->map_many(state->context, state->space.handle, state->scratch.operations, count);
    return space_map_result(state, code, &state->scratch.operations[0]);
}

enum libexec_status libexec_space_map(struct libexec_state *state) {
    if (state->host->map_many == NULL) {
        const struct libexec_map *operation = &state->scratch.operations[0];
        return space_map_result(state, state->host->map(state->context, state->space.handle, operation), operation);
    }
    return ++state->space.pending < LIBEXEC_BATCH ? LIBEXEC_OK : libexec_space_flush(state);
}

enum libexec_status libexec_space_view(struct libexec_state *state, uint64_t address, uint64_t length,
                                       struct libexec_view *view) {
    view->bytes = NULL;
    view->length = 0;
    const int code = state->host->translate(state->context, state->space.handle, address, length, view);
    if (code != 0)
        libexec_fail_host(&state->report, LIBEXEC_E_TRANSLATE, code);
    else if (view->bytes == NULL || view->length == 0 || view->length > length)
        libexec_fail_value(&state->report, LIBEXEC_E_CONTRACT, view->length, length);
    if (state->report.status == LIBEXEC_OK)
        return LIBEXEC_OK;
    state->report.known |= LIBEXEC_REPORT_ADDRESS;
    state->report.address = address;
    return state->report.status;
}

void libexec_space_view_end(struct libexec_state *state, uint64_t address, const struct libexec_view *view) {
    if (state->host->view_end != NULL)
        state->host->view_end(state->context, state->space.handle, address, view->length);
}

static void space_close_slot(struct libexec_state *state, struct libexec_slot *slot) {
    if (slot->length != 0 && state->host->view_end != NULL)
        state->host->view_end(state->context, state->space.handle, slot->address, slot->length);
    slot->length = 0;
}

void libexec_space_close_views(struct libexec_state *state) {
    space_close_slot(state, &state->space.slots[0]);
    space_close_slot(state, &state->space.slots[1]);
}

// Gives `role` a view that begins with the page of `address`. The page is in no open view: whole pages are asked for,
// so that two views never share one.
static bool space_move(struct libexec_state *state, enum space_role role, uint64_t address, uint64_t end) {
    struct libexec_space *space = &state->space;
    const uint64_t page = libexec_round_down(address, state->arch->page_size);
    const uint8_t other = space->role_slot[1 - role];
    if (space->role_slot[role] == other)
        space->role_slot[role] = 1 - other;
    struct libexec_slot *slot = &space->slots[space->role_slot[role]];
    const struct libexec_slot *neighbour = &space->slots[1 - space->role_slot[role]];
    space_close_slot(state, slot);
    end = libexec_round_up(end, state->arch->page_size);
    if (neighbour->length != 0 && neighbour->address > page)
        end = libexec_min(end, neighbour->address);
    struct libexec_view view;
    if (libexec_space_view(state, page, end - page, &view) != LIBEXEC_OK)
        return false;
    slot->address = page;
    slot->length = view.length;
    slot->bytes = view.bytes;
    // Views of whole pages were asked for. One that ends inside a page could not hold a pointer that begins before its
    // end; `address` is in its first page.
    if ((view.length & (state->arch->page_size - 1)) == 0)
        return true;
    libexec_fail_value(&state->report, LIBEXEC_E_CONTRACT, view.length, state->arch->page_size);
    return false;
}

// The view of `role` does not hold `address`: that of the other role may, else a new one is opened.
static LIBEXEC_APART uint8_t *space_switch(struct libexec_state *state, enum space_role role, uint64_t address,
                                           uint64_t end, uint64_t *available) {
    struct libexec_space *space = &state->space;
    const uint8_t other = 1 - space->role_slot[role];
    if (address - space->slots[other].address < space->slots[other].length)
        space->role_slot[role] = other;
    else if (!space_move(state, role, address, end))
        return NULL;
    const struct libexec_slot *slot = &space->slots[space->role_slot[role]];
    *available = slot->length - (address - slot->address);
    return slot->bytes + (address - slot->address);
}

uint8_t *libexec_space_at(struct libexec_state *state, enum space_role role, uint64_t address, uint64_t end,
                          uint64_t *available) {
    const struct libexec_slot *slot = &state->space.slots[state->space.role_slot[role]];
    const uint64_t inside = address - slot->address;
    if (inside >= slot->length)
        return space_switch(state, role, address, end, available);
    *available = slot->length - inside;
    return slot->bytes + inside;
}
