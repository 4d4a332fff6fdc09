// SPDX-License-Identifier: MIT
// The callbacks of the fake host up to commit: spaces, map operations, views, entropy, the caller's memory; each
// polices its part of the contract before it serves the call.

#include "internal.h"

#include <stdlib.h>
#include <string.h>

typedef unsigned long long ull;

static bool aligned(const struct libexec_kit *kit, uint64_t value) {
    return value % kit->arch->page_size == 0;
}

static uint64_t page_of(const struct libexec_kit *kit, uint64_t address) {
    return address - address % kit->arch->page_size;
}

// ---- Spaces -------------------------------------------------------------------------------------------------------

static struct kit_space *space_of(struct libexec_kit *kit, const void *handle, const char *call) {
    for (struct kit_space *space = kit->spaces; space != NULL; space = space->next) {
        if (space != handle)
            continue;
        if (space->destroyed)
            kit_violation(kit, "%s on space %u, which is destroyed", call, space->number);
        else if (space->installed)
            kit_violation(kit, "%s on space %u, which the process owns", call, space->number);
        return space->destroyed || space->installed ? NULL : space;
    }
    kit_violation(kit, "%s on a space that was never made", call);
    return NULL;
}

static int space_create(void *context, void **handle) {
    struct libexec_kit *const kit = context;
    struct libexec_kit_entry *const entry =
        kit_enter(kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_SPACE_CREATE});
    kit_expect_preparing(kit, "space_create");
    if (kit->host.image_known != NULL && !kit->image_asked)
        kit_violation(kit, "space_create before image_known");
    if (kit->ledger.spaces != 0)
        kit_violation(kit, "space_create while a space exists");
    entry->result = kit_injected(kit, LIBEXEC_KIT_CALL_SPACE_CREATE);
    if (entry->result != 0)
        return entry->result;
    struct kit_space *const space = kit_zeroed(sizeof(*space));
    space->kit = kit;
    space->number = ++kit->space_count;
    kit_sparse_begin(&space->pages, kit->arch->page_size);
    kit_sparse_begin(&space->shadow, kit->arch->page_size);
    space->next = kit->spaces;
    kit->spaces = space;
    kit->ledger.spaces++;
    entry->object = space->number;
    *handle = space;
    return 0;
}

static void free_pages(struct kit_space *space) {
    kit_sparse_end(&space->pages);
    kit_sparse_end(&space->shadow);
}

static void space_destroy(void *context, void *handle) {
    struct libexec_kit *const kit = context;
    struct libexec_kit_entry *const entry =
        kit_enter(kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_SPACE_DESTROY});
    struct kit_space *const space = space_of(kit, handle, "space_destroy");
    if (space == NULL)
        return;
    entry->object = space->number;
    const bool undoing = kit->phase == LIBEXEC_KIT_ABANDONING || kit->phase == LIBEXEC_KIT_PREPARING;
    if (!undoing || kit->hooks_run != 0)
        kit_violation(kit, "space_destroy outside prepare and abandon");
    for (uint32_t i = 0; i < KIT_VIEWS; i++)
        if (space->views[i].open && !space->views[i].broken && kit->host.view_end != NULL)
            kit_violation(kit, "space_destroy with the view at 0x%llx still open", (ull)space->views[i].address);
    kit_space_close_views(kit, space);
    if (!kit_sparse_intact(&space->pages))
        kit_violation(kit, "bytes beyond a view were written in space %u", space->number);
    space->destroyed = true;
    kit->ledger.spaces--;
    free_pages(space);
}

static void free_buffer(struct kit_view *view) {
    if (view->buffer != NULL) // all of it, for whoever gets the memory next
        KIT_ALLOWED(view->buffer, 2 * view->length + 2 * KIT_RED_ZONE);
    free(view->buffer);
    view->buffer = NULL;
}

void kit_spaces_end(struct libexec_kit *kit) {
    while (kit->spaces != NULL) {
        struct kit_space *const space = kit->spaces;
        kit->spaces = space->next;
        for (uint32_t i = 0; i < KIT_VIEWS; i++)
            free_buffer(&space->views[i]);
        free_pages(space);
        free(space->operations);
        free(space);
    }
}

// ---- Map operations -----------------------------------------------------------------------------------------------

struct kit_operation *kit_operation_at(const struct kit_space *space, uint64_t address) {
    for (uint32_t i = 0; i < space->operation_count; i++) {
        const struct libexec_region *const region = &space->operations[i].map.region;
        if (address >= region->address && address - region->address < region->length)
            return &space->operations[i];
    }
    return NULL;
}

static bool overlap(uint64_t one, uint64_t one_length, uint64_t other, uint64_t other_length) {
    return one < other ? other - one < one_length : one - other < other_length;
}

static void police_place(const struct kit_space *space, const struct libexec_region *region) {
    struct libexec_kit *const kit = space->kit;
    if (region->length == 0 || !aligned(kit, region->address) || !aligned(kit, region->length))
        kit_violation(kit, "map of [0x%llx, +0x%llx): not whole pages", (ull)region->address, (ull)region->length);
    if (region->address < kit->user_low || region->address > kit->user_high ||
        region->length > kit->user_high - region->address)
        kit_violation(kit, "map of [0x%llx, +0x%llx) outside the user range", (ull)region->address,
                      (ull)region->length);
    for (uint32_t i = 0; i < space->operation_count; i++) {
        const struct libexec_region *const other = &space->operations[i].map.region;
        if (overlap(region->address, region->length, other->address, other->length))
            kit_violation(kit, "map of [0x%llx, +0x%llx) overlaps [0x%llx, +0x%llx)", (ull)region->address,
                          (ull)region->length, (ull)other->address, (ull)other->length);
    }
    for (uint32_t i = 0; i < kit->answer.reserved_range_count; i++) {
        const struct libexec_range *const range = &kit->answer.reserved_ranges[i];
        if (range->length != 0 && overlap(region->address, region->length, range->address, range->length))
            kit_violation(kit, "map of [0x%llx, +0x%llx) in a reserved range", (ull)region->address,
                          (ull)region->length);
    }
}

static void police_kind(struct libexec_kit *kit, const struct libexec_region *region, enum libexec_backing backing) {
    const ull at = region->address;
    if (region->kind < LIBEXEC_REGION_PROGRAM || region->kind > LIBEXEC_REGION_GUARD)
        kit_violation(kit, "map at 0x%llx of the unknown kind %d", at, (int)region->kind);
    if ((region->kind == LIBEXEC_REGION_STACK) != (backing == LIBEXEC_BACKING_RESERVE))
        kit_violation(kit, "map at 0x%llx: the stack, and it alone, is RESERVE", at);
    if ((region->kind == LIBEXEC_REGION_GUARD) != (backing == LIBEXEC_BACKING_NONE))
        kit_violation(kit, "map at 0x%llx: the guard, and it alone, is NONE", at);
    const bool of_file = region->kind == LIBEXEC_REGION_PROGRAM || region->kind == LIBEXEC_REGION_INTERPRETER;
    if (of_file && region->file_length == 0)
        kit_violation(kit, "map at 0x%llx: pages of a file without bytes of it", at);
    if (region->kind == LIBEXEC_REGION_BSS && (region->file_length != 0 || region->file == LIBEXEC_FILE_NONE))
        kit_violation(kit, "map at 0x%llx: bss with bytes of a file, or of no file", at);
    if (region->kind >= LIBEXEC_REGION_STACK && (region->file_length != 0 || region->file != LIBEXEC_FILE_NONE))
        kit_violation(kit, "map at 0x%llx: stack or guard with a file behind it", at);
    if (region->rights > 7)
        kit_violation(kit, "map at 0x%llx: unknown rights 0x%x", at, region->rights);
    if (region->kind >= LIBEXEC_REGION_TLS && region->program_header != 0)
        kit_violation(kit, "map at 0x%llx: a PT_LOAD named where there is none", at);
}

static uint32_t needed_flag(enum libexec_backing backing) {
    switch (backing) {
    case LIBEXEC_BACKING_SHARE:
        return LIBEXEC_SOURCE_SHARE;
    case LIBEXEC_BACKING_COPY_ON_WRITE:
        return LIBEXEC_SOURCE_COPY_ON_WRITE;
    case LIBEXEC_BACKING_FAULT:
        return LIBEXEC_SOURCE_FAULT;
    default:
        return 0;
    }
}

// Pages that a host takes from the file must be as the region says without anybody writing to them.
static void police_borrowed(struct libexec_kit *kit, const struct libexec_map *map) {
    const struct libexec_region *const region = &map->region;
    const bool to_the_end = (map->source->flags & LIBEXEC_SOURCE_ZERO_TAIL) != 0 &&
                            region->file_offset + region->file_length == map->source->size &&
                            region->length - region->file_length < kit->arch->page_size;
    if (region->file_length != region->length && !to_the_end)
        kit_violation(kit, "map at 0x%llx: file pages with zeros of their own", (ull)region->address);
    if (map->backing == LIBEXEC_BACKING_SHARE && (region->rights & LIBEXEC_RIGHT_WRITE) != 0)
        kit_violation(kit, "map at 0x%llx: the program may write to shared file pages", (ull)region->address);
}

static void police_source(struct libexec_kit *kit, const struct libexec_map *map) {
    const struct libexec_region *const region = &map->region;
    const ull at = region->address;
    if ((map->source != NULL) != (region->file != LIBEXEC_FILE_NONE))
        kit_violation(kit, "map at 0x%llx: a source where there is no file, or the other way round", at);
    const uint32_t flag = needed_flag(map->backing);
    if (flag != 0 && (map->source == NULL || (map->source->flags & flag) == 0))
        kit_violation(kit, "map at 0x%llx: backing %d, which the source does not offer", at, (int)map->backing);
    if (map->source == NULL)
        return;
    const struct kit_opened *const opened = kit_opened_of(kit, map->source);
    if (opened != NULL && opened->closed)
        kit_violation(kit, "map at 0x%llx of source %u, which is closed", at, opened->number);
    if (opened == NULL && flag != 0)
        kit_violation(kit, "map at 0x%llx borrows pages of a source that is not the kit's", at);
    if (region->file_length > region->length)
        kit_violation(kit, "map at 0x%llx: more bytes from the file than there are", at);
    if (region->file_length == 0)
        return;
    if (region->file_offset > map->source->size || region->file_length > map->source->size - region->file_offset)
        kit_violation(kit, "map at 0x%llx: [0x%llx, +0x%llx) reaches outside the file", at, (ull)region->file_offset,
                      (ull)region->file_length);
    if (!aligned(kit, region->address - region->file_offset))
        kit_violation(kit, "map at 0x%llx: file offset 0x%llx is not congruent", at, (ull)region->file_offset);
    if (flag == LIBEXEC_SOURCE_SHARE || flag == LIBEXEC_SOURCE_COPY_ON_WRITE)
        police_borrowed(kit, map);
}

static void police_backing(struct libexec_kit *kit, const struct libexec_map *map) {
    const struct libexec_region *const region = &map->region;
    const ull at = region->address;
    if (map->backing < LIBEXEC_BACKING_ZERO || map->backing > LIBEXEC_BACKING_NONE)
        kit_violation(kit, "map at 0x%llx: unknown backing %d", at, (int)map->backing);
    if (map->reserved != 0)
        kit_violation(kit, "map at 0x%llx: a reserved member is not zero", at);
    if (map->backing == LIBEXEC_BACKING_ZERO && region->file_length != 0 && region->kind != LIBEXEC_REGION_TLS)
        kit_violation(kit, "map at 0x%llx: ZERO with bytes from a file", at);
    const struct libexec_range *const present = &map->present;
    if (map->backing != LIBEXEC_BACKING_RESERVE && (present->address | present->length) != 0)
        kit_violation(kit, "map at 0x%llx: `present` without RESERVE", at);
    if (present->length == 0)
        return;
    if (!aligned(kit, present->address) || !aligned(kit, present->length) || present->address < region->address ||
        present->length > region->length || present->address - region->address > region->length - present->length)
        kit_violation(kit, "map at 0x%llx: `present` [0x%llx, +0x%llx) is not whole pages inside the region", at,
                      (ull)present->address, (ull)present->length);
}

static bool occupied(const struct libexec_kit *kit, const struct libexec_region *region) {
    for (uint32_t i = 0; i < kit->occupied_count; i++)
        if (overlap(region->address, region->length, kit->occupied[i].address, kit->occupied[i].length))
            return true;
    return false;
}

static int map_one(struct libexec_kit *kit, struct kit_space *space, const struct libexec_map *map) {
    const struct libexec_region *const region = &map->region;
    police_place(space, region);
    police_kind(kit, region, map->backing);
    police_source(kit, map);
    police_backing(kit, map);
    if (map->backing != LIBEXEC_BACKING_NONE && occupied(kit, region))
        return kit_failed(kit, LIBEXEC_HOST_OCCUPIED);
    if (space->operation_count == space->operation_room) {
        space->operation_room = space->operation_room == 0 ? 16 : space->operation_room * 2;
        space->operations = kit_grown(space->operations, sizeof(*space->operations) * space->operation_room);
    }
    const struct kit_opened *const opened = map->source == NULL ? NULL : kit_opened_of(kit, map->source);
    space->operations[space->operation_count++] =
        (struct kit_operation){.map = *map, .file = opened == NULL ? NULL : opened->file};
    if (needed_flag(map->backing) != 0)
        kit->ledger.pages_shared += region->length / kit->arch->page_size;
    return 0;
}

static struct libexec_kit_entry map_entry(const struct kit_space *space, const struct libexec_map *map, bool many) {
    return (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_MAP, .object = space->number,
                                      .detail = (uint32_t)map->backing, .many = many, .rights = map->region.rights,
                                      .address = map->region.address, .length = map->region.length,
                                      .done = map->region.file_length};
}

static int map(void *context, void *handle, const struct libexec_map *operation) {
    struct libexec_kit *const kit = context;
    struct kit_space *const space = space_of(kit, handle, "map");
    if (space == NULL)
        return kit_failed(kit, LIBEXEC_ERRNO_EINVAL);
    struct libexec_kit_entry *const entry = kit_enter(kit, map_entry(space, operation, false));
    kit_expect_preparing(kit, "map");
    entry->result = kit_injected(kit, LIBEXEC_KIT_CALL_MAP);
    if (entry->result == 0)
        entry->result = map_one(kit, space, operation);
    return entry->result;
}

static int map_many(void *context, void *handle, const struct libexec_map *operations, size_t count) {
    struct libexec_kit *const kit = context;
    struct kit_space *const space = space_of(kit, handle, "map_many");
    if (space == NULL)
        return kit_failed(kit, LIBEXEC_ERRNO_EINVAL);
    if (count == 0) {
        kit_violation(kit, "map_many of nothing");
        return 0;
    }
    kit_expect_preparing(kit, "map_many");
    const int injected = kit_injected(kit, LIBEXEC_KIT_CALL_MAP);
    if (injected != 0)
        return kit_enter(kit, map_entry(space, &operations[0], false))->result = injected;
    for (size_t i = 0; i < count; i++) {
        struct libexec_kit_entry *const entry = kit_enter(kit, map_entry(space, &operations[i], i > 0));
        kit->ledger.calls -= i > 0 ? 1 : 0; // one callback, however many operations
        entry->result = map_one(kit, space, &operations[i]);
        if (entry->result != 0)
            return entry->result;
    }
    return 0;
}

// ---- Views --------------------------------------------------------------------------------------------------------

static bool writable(const struct kit_operation *operation) {
    const enum libexec_backing backing = operation->map.backing;
    return backing == LIBEXEC_BACKING_ZERO || backing == LIBEXEC_BACKING_WRITTEN || backing == LIBEXEC_BACKING_RESERVE;
}

static uint8_t *make_page(struct kit_space *space, const struct kit_operation *operation, uint64_t address) {
    struct libexec_kit *const kit = space->kit;
    const bool zeroed = operation->map.backing != LIBEXEC_BACKING_WRITTEN;
    bool made = false;
    uint8_t *const byte = kit_sparse_make(&space->pages, address, zeroed ? 0 : kit->options.poison, &made);
    if (made)
        kit->ledger.pages_made++;
    if (made && !zeroed && (kit->options.features & LIBEXEC_KIT_BOUNCE) == 0)
        KIT_UNWRITTEN(byte - address % kit->arch->page_size, kit->arch->page_size);
    return byte;
}

// Makes the pages of the view; all of them lie in one chunk.
static void make_pages(struct kit_space *space, const struct kit_operation *operation, struct kit_view *view) {
    const uint64_t page_size = space->kit->arch->page_size;
    view->bytes = make_page(space, operation, view->address);
    for (uint64_t page = page_of(space->kit, view->address) + page_size; page < view->address + view->length;
         page += page_size)
        make_page(space, operation, page);
}

// Remembers what surrounds the view in its own pages, to see whether it stays.
static void watch_surroundings(const struct libexec_kit *kit, struct kit_view *view) {
    const uint64_t page_size = kit->arch->page_size;
    const uint64_t before = view->address % page_size;
    const uint64_t after = (page_size - (view->address + view->length) % page_size) % page_size;
    view->before_length = (uint32_t)(before < KIT_RED_ZONE ? before : KIT_RED_ZONE);
    view->after_length = (uint32_t)(after < KIT_RED_ZONE ? after : KIT_RED_ZONE);
    memcpy(view->before, view->bytes - view->before_length, view->before_length);
    memcpy(view->after, view->bytes + view->length, view->after_length);
}

#define RED_BYTE 0xcbu

// The part of a view that lies in one page: its length from byte `at` on.
static uint64_t page_part(const struct libexec_kit *kit, const struct kit_view *view, uint64_t at) {
    const uint64_t left = kit->arch->page_size - (view->address + at) % kit->arch->page_size;
    return left < view->length - at ? left : view->length - at;
}

// The buffer holds: red zone, the bytes, red zone, the bytes as handed out. What the library wrote before is there; the
// rest is poison.
static void make_buffer(struct kit_space *space, struct kit_view *view) {
    const uint64_t length = view->length;
    view->buffer = kit_memory(2 * length + 2 * KIT_RED_ZONE);
    uint8_t *const bytes = view->buffer + KIT_RED_ZONE;
    memset(view->buffer, RED_BYTE, KIT_RED_ZONE);
    memset(bytes, space->kit->options.poison, length);
    memset(bytes + length, RED_BYTE, KIT_RED_ZONE);
    for (uint64_t at = 0; at < length; at += page_part(space->kit, view, at)) {
        const uint8_t *const written = kit_sparse_find(&space->shadow, view->address + at);
        const uint64_t part = written == NULL ? 0 : page_part(space->kit, view, at);
        for (uint64_t i = 0; i < part; i++)
            if (written[i] != 0)
                bytes[at + i] = view->bytes[at + i];
    }
    memcpy(bytes + length + KIT_RED_ZONE, bytes, length);
    KIT_FORBIDDEN(view->buffer, KIT_RED_ZONE);
    KIT_FORBIDDEN(bytes + length, KIT_RED_ZONE);
}

static bool red_zone_intact(const uint8_t *bytes) {
    return bytes[0] == RED_BYTE && memcmp(bytes, bytes + 1, KIT_RED_ZONE - 1) == 0;
}

static void write_page_out(struct kit_space *space, struct kit_view *view, uint64_t at, uint64_t length) {
    const uint8_t *const bytes = view->buffer + KIT_RED_ZONE + at;
    const uint8_t *const handed = bytes + view->length + KIT_RED_ZONE;
    bool made = false;
    if (memcmp(bytes, handed, length) == 0)
        return;
    uint8_t *const written = kit_sparse_make(&space->shadow, view->address + at, 0, &made);
    for (uint64_t i = 0; i < length; i++)
        if (bytes[i] != handed[i]) {
            view->bytes[at + i] = bytes[i];
            written[i] = 1;
        }
}

static void write_buffer_out(struct libexec_kit *kit, struct kit_space *space, struct kit_view *view) {
    KIT_ALLOWED(view->buffer, view->length + 2 * KIT_RED_ZONE);
    if (!red_zone_intact(view->buffer) || !red_zone_intact(view->buffer + KIT_RED_ZONE + view->length))
        kit_violation(kit, "bytes beyond the view [0x%llx, +0x%llx) were written", (ull)view->address,
                      (ull)view->length);
    for (uint64_t at = 0; at < view->length; at += page_part(kit, view, at))
        write_page_out(space, view, at, page_part(kit, view, at));
    memset(view->buffer, 0xdd, view->length + 2 * KIT_RED_ZONE);
    free_buffer(view);
}

KIT_UNCHECKED static bool same_bytes(const uint8_t *one, const uint8_t *other, uint32_t length) {
    for (uint32_t i = 0; i < length; i++)
        if (one[i] != other[i])
            return false;
    return true;
}

void kit_view_close(struct libexec_kit *kit, struct kit_space *space, struct kit_view *view) {
    view->open = false;
    if (view->buffer != NULL) {
        write_buffer_out(kit, space, view);
        return;
    }
    if (!same_bytes(view->before, view->bytes - view->before_length, view->before_length) ||
        !same_bytes(view->after, view->bytes + view->length, view->after_length))
        kit_violation(kit, "bytes beyond the view [0x%llx, +0x%llx) were written", (ull)view->address,
                      (ull)view->length);
}

void kit_space_close_views(struct libexec_kit *kit, struct kit_space *space) {
    for (uint32_t i = 0; i < KIT_VIEWS; i++)
        if (space->views[i].open)
            kit_view_close(kit, space, &space->views[i]);
    kit->ledger.views = 0;
}

static bool share_page(const struct libexec_kit *kit, const struct kit_view *view, uint64_t address, uint64_t length) {
    const uint64_t start = page_of(kit, view->address);
    const uint64_t end = page_of(kit, view->address + view->length - 1) + kit->arch->page_size;
    return overlap(start, end - start, page_of(kit, address), length + address % kit->arch->page_size);
}

// A host with view_end knows which views are open. One without sees only that a page is asked for again, or a third
// one.
static struct kit_view *free_view(struct libexec_kit *kit, struct kit_space *space, uint64_t address, uint64_t length) {
    const bool ends = kit->host.view_end != NULL;
    struct kit_view *chosen = NULL;
    for (uint32_t i = 0; i < KIT_VIEWS; i++) {
        struct kit_view *const view = &space->views[i];
        if (view->open && share_page(kit, view, address, length)) {
            if (ends)
                kit_violation(kit, "two views share a page: 0x%llx and 0x%llx", (ull)view->address, (ull)address);
            else
                kit_view_close(kit, space, view);
        }
        if (!view->open)
            chosen = view;
    }
    if (chosen != NULL)
        return chosen;
    if (ends) {
        kit_violation(kit, "a third view at 0x%llx while two are open", (ull)address);
        return NULL;
    }
    kit_view_close(kit, space, &space->views[0]);
    space->views[0] = space->views[1];
    return &space->views[1];
}

static uint64_t view_length(const struct libexec_kit *kit, uint64_t address, uint64_t length) {
    const bool far = (kit->options.features & LIBEXEC_KIT_LONG_VIEWS) != 0;
    const uint64_t unit = (uint64_t)kit->arch->page_size * (far ? KIT_CHUNK_PAGES : 1);
    const uint64_t rest = unit - address % unit;
    uint64_t given = length < rest ? length : rest;
    if (kit->options.view_limit != 0 && given > kit->options.view_limit)
        given = kit->options.view_limit;
    return given;
}

static void misbehave(const struct libexec_kit *kit, uint64_t asked, struct libexec_view *view) {
    if (kit->options.misdeed == LIBEXEC_KIT_EMPTY_VIEW)
        view->length = 0;
    if (kit->options.misdeed == LIBEXEC_KIT_OVERLONG_VIEW)
        view->length = asked + kit->arch->page_size;
    if (kit->options.misdeed == LIBEXEC_KIT_UNEVEN_VIEW)
        view->length = asked + 1;
    if (kit->options.misdeed == LIBEXEC_KIT_NULL_VIEW)
        view->bytes = NULL;
}

// All that was asked for, or whole pages of it from that of the address on.
static bool keeps_contract(const struct libexec_kit *kit, uint64_t address, uint64_t asked,
                           const struct libexec_view *view) {
    return view->bytes != NULL && view->length != 0 && view->length <= asked &&
           (view->length == asked || aligned(kit, address + view->length));
}

static int translate_answer(struct libexec_kit *kit, struct kit_space *space, uint64_t address, uint64_t length,
                            struct libexec_view *answer) {
    const int injected = kit_injected(kit, LIBEXEC_KIT_CALL_TRANSLATE);
    if (injected != 0)
        return injected;
    struct kit_operation *const operation = kit_operation_at(space, address);
    if (length == 0 || operation == NULL || !writable(operation) ||
        length > operation->map.region.length - (address - operation->map.region.address)) {
        kit_violation(kit, "translate of [0x%llx, +0x%llx): not inside one operation that may be written",
                      (ull)address, (ull)length);
        return kit_failed(kit, LIBEXEC_ERRNO_EFAULT);
    }
    const uint64_t given = view_length(kit, address, length);
    struct kit_view *const view = free_view(kit, space, address, given);
    if (view == NULL)
        return kit_failed(kit, LIBEXEC_ERRNO_EAGAIN);
    *view = (struct kit_view){.open = true, .address = address, .length = given};
    make_pages(space, operation, view);
    operation->viewed += given;
    if ((kit->options.features & LIBEXEC_KIT_BOUNCE) != 0)
        make_buffer(space, view);
    else
        watch_surroundings(kit, view);
    *answer = (struct libexec_view){.bytes = view->buffer != NULL ? view->buffer + KIT_RED_ZONE : view->bytes,
                                    .length = given};
    misbehave(kit, length, answer);
    view->broken = !keeps_contract(kit, address, length, answer);
    if (kit->host.view_end != NULL && !view->broken)
        kit->ledger.views++;
    return 0;
}

static int translate(void *context, void *handle, libexec_address address, uint64_t length, struct libexec_view *view) {
    struct libexec_kit *const kit = context;
    struct libexec_kit_entry *const entry = kit_enter(
        kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_TRANSLATE, .address = address, .length = length});
    kit_expect_preparing(kit, "translate");
    struct kit_space *const space = space_of(kit, handle, "translate");
    if (space == NULL)
        return kit_failed(kit, LIBEXEC_ERRNO_EINVAL);
    entry->object = space->number;
    entry->result = translate_answer(kit, space, address, length, view);
    entry->done = entry->result == 0 ? view->length : 0;
    return entry->result;
}

static void view_end(void *context, void *handle, libexec_address address, uint64_t length) {
    struct libexec_kit *const kit = context;
    kit_enter(kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_VIEW_END, .address = address, .length = length});
    struct kit_space *const space = space_of(kit, handle, "view_end");
    if (space == NULL)
        return;
    for (uint32_t i = 0; i < KIT_VIEWS; i++) {
        struct kit_view *const view = &space->views[i];
        if (!view->open || view->address != address)
            continue;
        if (view->broken) {
            kit_violation(kit, "view_end at 0x%llx of a view that broke the contract", (ull)address);
            return;
        }
        if (view->length != length)
            kit_violation(kit, "view_end at 0x%llx of 0x%llx bytes, where the view has 0x%llx", (ull)address,
                          (ull)length, (ull)view->length);
        kit_view_close(kit, space, view);
        kit->ledger.views--;
        return;
    }
    kit_violation(kit, "view_end at 0x%llx, where no view is open", (ull)address);
}

// ---- Entropy, the caller's memory, files --------------------------------------------------------------------------

static int random_bytes(void *context, void *bytes, size_t length) {
    struct libexec_kit *const kit = context;
    struct libexec_kit_entry *const entry =
        kit_enter(kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_RANDOM, .length = length});
    kit_expect_preparing(kit, "random");
    if (bytes == NULL || length == 0)
        kit_violation(kit, "random of nothing");
    entry->result = kit_injected(kit, LIBEXEC_KIT_CALL_RANDOM);
    for (size_t i = 0; i < length && entry->result == 0; i++) {
        // splitmix64, a byte at a time
        uint64_t value = kit->random_state += 0x9e3779b97f4a7c15u;
        value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
        value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
        ((uint8_t *)bytes)[i] = (uint8_t)(value >> 56);
    }
    return entry->result;
}

static int user_read(void *context, void *to, libexec_address from, size_t length) {
    struct libexec_kit *const kit = context;
    struct libexec_kit_entry *const entry = kit_enter(
        kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_USER_READ, .address = from, .length = length});
    kit_expect_preparing(kit, "user_read");
    if (to == NULL || length == 0)
        kit_violation(kit, "user_read of nothing at 0x%llx", (ull)from);
    if (length > kit->arch->page_size - from % kit->arch->page_size)
        kit_violation(kit, "user_read of [0x%llx, +0x%zx) crosses a page", (ull)from, length);
    entry->result = kit_injected(kit, LIBEXEC_KIT_CALL_USER_READ);
    if (entry->result != 0 || length == 0)
        return entry->result;
    const uint8_t *const bytes = kit_sparse_find(&kit->user, from);
    if (bytes == NULL || length > kit->arch->page_size - from % kit->arch->page_size)
        return entry->result = kit_failed(kit, LIBEXEC_ERRNO_EFAULT);
    memcpy(to, bytes, length);
    kit->ledger.bytes_fetched += length;
    return 0;
}

static int open_file(void *context, enum libexec_file kind, const char *name, struct libexec_source *source) {
    struct libexec_kit *const kit = context;
    struct libexec_kit_entry *const entry =
        kit_enter(kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_OPEN, .detail = (uint32_t)kind});
    kit_expect_preparing(kit, "open");
    if (kind < LIBEXEC_FILE_PROGRAM || kind > LIBEXEC_FILE_SCRIPT_INTERPRETER)
        kit_violation(kit, "open of the unknown kind %d", (int)kind);
    if (name == NULL || memchr(name, 0, LIBEXEC_PATH_MAX) == NULL) {
        kit_violation(kit, "open of no name, or of one that does not end");
        return entry->result = kit_failed(kit, LIBEXEC_ERRNO_EINVAL);
    }
    entry->length = strlen(name);
    entry->result = kit_injected(kit, LIBEXEC_KIT_CALL_OPEN);
    if (entry->result != 0)
        return entry->result;
    const int code = kit_file_open(kit, name, true, source);
    if (code != 0)
        return entry->result = kit_failed(kit, code);
    entry->object = kit->opened_count;
    if (kit->options.misdeed == LIBEXEC_KIT_HOLLOW_SOURCE) {
        libexec_kit_source_close(source);
        *source = (struct libexec_source){.size = 1};
    }
    return 0;
}

static void police_image(struct libexec_kit *kit, const struct libexec_image *image) {
    if (kit->ledger.spaces != 0)
        kit_violation(kit, "image_known after the space was made");
    if (kit->image_asked)
        kit_violation(kit, "image_known twice");
    if (image == NULL || image->path == NULL || image->program == NULL || image->program_plan == NULL ||
        (image->interpreter == NULL) != (image->interpreter_plan == NULL))
        kit_violation(kit, "image_known is not told what the image is");
}

static int image_known(void *context, const struct libexec_image *image, struct libexec_image_answer *answer) {
    struct libexec_kit *const kit = context;
    struct libexec_kit_entry *const entry = kit_enter(
        kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_IMAGE_KNOWN, .detail = image->script_depth});
    kit_expect_preparing(kit, "image_known");
    police_image(kit, image);
    const struct libexec_image_answer nothing = {0};
    if (memcmp(answer, &nothing, sizeof(nothing)) != 0)
        kit_violation(kit, "image_known: the answer is not all zero at first");
    kit->image_asked = true;
    entry->result = kit_injected(kit, LIBEXEC_KIT_CALL_IMAGE_KNOWN);
    if (entry->result == 0 && kit->image_code != 0)
        entry->result = kit_failed(kit, kit->image_code);
    if (entry->result == 0)
        *answer = kit->answer;
    return entry->result;
}

// Called for the pieces of the block in order, where it spans several views.
static void control_block(void *context, void *bytes, uint64_t length, libexec_address address) {
    struct libexec_kit *const kit = context;
    const uint32_t size = kit->arch->thread_control_block_size;
    kit_enter(kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_CONTROL_BLOCK, .address = address,
                                              .length = length});
    kit_expect_preparing(kit, "thread_control_block");
    if (bytes == NULL || length == 0 || length > size - kit->control_told)
        kit_violation(kit, "thread_control_block of %llu bytes after %llu, where the architecture has %u", (ull)length,
                      (ull)kit->control_told, size);
    if (kit->control_told != 0 && address != kit->control_end)
        kit_violation(kit, "thread_control_block at 0x%llx, where 0x%llx is next", (ull)address,
                      (ull)kit->control_end);
    kit->control_told += length;
    kit->control_end = address + length;
    if (bytes != NULL)
        memset(bytes, kit->options.control_block_fill, length);
}

void kit_host_fill(struct libexec_kit *kit) {
    const uint32_t features = kit->options.features;
    kit->host = (struct libexec_host){.space_create = space_create, .space_destroy = space_destroy, .map = map,
                                      .translate = translate, .random = random_bytes, .user_read = user_read};
    if ((features & LIBEXEC_KIT_OPEN) != 0)
        kit->host.open = open_file;
    if ((features & LIBEXEC_KIT_IMAGE_KNOWN) != 0)
        kit->host.image_known = image_known;
    if ((features & (LIBEXEC_KIT_VIEW_END | LIBEXEC_KIT_BOUNCE)) != 0)
        kit->host.view_end = view_end;
    if ((features & LIBEXEC_KIT_MAP_MANY) != 0)
        kit->host.map_many = map_many;
    if ((features & LIBEXEC_KIT_CONTROL_BLOCK) != 0)
        kit->host.thread_control_block = control_block;
    kit_commit_fill(kit);
}
