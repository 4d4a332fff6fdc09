// SPDX-License-Identifier: MIT
// How a region becomes one map operation or two. With any flags of its source and any number of file bytes: the pieces
// are whole pages, not empty, inside the region, one behind the other without overlap, and all of it; bytes of the file
// stay where they were; a source's pages are asked for as its flags allow, with no byte in them that must be written;
// and what is not lent to the image is the piece that the fill stage goes through.
//
// Assumed, as the plan and the layout have it: regions of 1 to PAGES whole pages, here of PAGE bytes, whose file bytes
// are not more than the region has; a stack pointer inside the stack. The region has one address, and the file's bytes
// one offset.
#include "hostile.h"

#include "load.c"

enum { PAGE = 4, PAGES = 3, ADDRESS = 0x4000, OFFSET = 0x1000 };

static struct libexec_state state;
static struct libexec_map places[2]; // for operations
static struct libexec_region region; // what is mapped
static uint64_t told;                // bytes of it that were handed over
static uint64_t told_of_file;
static uint64_t to_write; // of them, those that the library writes, which are the last ones
static bool refused;

static bool lent_as_allowed(const struct libexec_map *piece) {
    const struct libexec_source *const source = &state.files[region.file - LIBEXEC_FILE_PROGRAM].source;
    const bool zeros = (source->flags & LIBEXEC_SOURCE_ZERO_TAIL) != 0 &&
                       piece->region.file_offset + piece->region.file_length == source->size;
    const bool whole = piece->region.file_length == piece->region.length ||
                       (zeros && piece->region.length - piece->region.file_length < PAGE);
    switch (piece->backing) {
    case LIBEXEC_BACKING_ZERO:
        return piece->region.file_length == 0;
    case LIBEXEC_BACKING_WRITTEN:
        return state.must_fill;
    case LIBEXEC_BACKING_SHARE:
        return (source->flags & LIBEXEC_SOURCE_SHARE) != 0 && (region.rights & LIBEXEC_RIGHT_WRITE) == 0 && whole;
    case LIBEXEC_BACKING_COPY_ON_WRITE:
        return (source->flags & LIBEXEC_SOURCE_COPY_ON_WRITE) != 0 && whole;
    case LIBEXEC_BACKING_FAULT:
        return (source->flags & LIBEXEC_SOURCE_FAULT) != 0;
    default:
        return false;
    }
}

struct libexec_map *libexec_space_map(struct libexec_state *of) {
    const struct libexec_map *const piece = &places[told == 0 ? 0 : 1];
    const struct libexec_region *const part = &piece->region;
    //@ assert part->length != 0 && part->length % PAGE == 0 && part->address == region.address + told;
    //@ assert told + part->length <= region.length && part->file_length <= part->length;
    //@ assert part->kind == region.kind && part->file == region.file && part->rights == region.rights;
    if (region.file == LIBEXEC_FILE_NONE) {
        //@ assert piece->source == \null && told == 0 && part->length == region.length;
        const uint64_t start = piece->present.address;
        const uint64_t end = start + piece->present.length;
        const bool stack = region.kind == LIBEXEC_REGION_STACK;
        //@ assert stack == (piece->backing == LIBEXEC_BACKING_RESERVE) && (stack || end == 0);
        //@ assert !stack || (region.address <= start < end <= region.address + region.length && start % PAGE == 0);
        //@ assert (region.kind == LIBEXEC_REGION_GUARD) == (piece->backing == LIBEXEC_BACKING_NONE);
    } else {
        const bool allowed = lent_as_allowed(piece);
        //@ assert allowed && piece->source == &state.files[region.file - LIBEXEC_FILE_PROGRAM].source;
        //@ assert part->file_length == 0 || part->file_offset == region.file_offset + told;
    }
    if (piece->backing == LIBEXEC_BACKING_WRITTEN)
        to_write += part->length;
    told += part->length;
    told_of_file += part->file_length;
    return refused ? NULL : &places[1];
}

static void map_region(void) {
    struct libexec_map filled = {.region = region};
    state.must_fill = false;
    told = told_of_file = to_write = 0;
    places[0].region = region;
    const struct libexec_map *const next = load_map_region(&state, &places[0]);
    if (refused) {
        //@ assert next == \null;
        return;
    }
    //@ assert told == region.length && told_of_file == region.file_length && state.must_fill == (to_write != 0);
    load_advance(&filled.region, load_back(&state, &filled));
    //@ assert filled.region.length == to_write;
    //@ assert to_write == 0 || filled.region.address + to_write == region.address + region.length;
}

// With this many bytes of a file that goes on behind them, or does not.
static void map_file(uint32_t flags, uint64_t file_length) {
    struct libexec_source *const source = &state.files[region.file - LIBEXEC_FILE_PROGRAM].source;
    source->flags = flags;
    region.file_length = file_length;
    source->size = OFFSET + file_length;
    map_region();
    source->size = any_between(OFFSET + file_length + 1, UINT64_MAX);
    map_region();
}

static void map_flags(uint32_t flags) {
    //@ loop unroll PAGES;
    for (region.length = PAGE; region.length <= PAGES * PAGE; region.length += PAGE) {
        //@ loop unroll PAGES * PAGE + 1;
        for (uint64_t file_length = 0; file_length <= region.length; file_length++)
            map_file(flags, file_length);
    }
}

static void map_files(void) {
    region.file_offset = OFFSET;
    //@ loop unroll 16;
    for (uint32_t i = 0; i < 16; i++) {
        const uint32_t flags = (i & 7) | (i >= 8 ? LIBEXEC_SOURCE_ZERO_TAIL : 0);
        region.rights = LIBEXEC_RIGHT_READ;
        map_flags(flags);
        region.rights = LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_WRITE;
        map_flags(flags);
    }
}

static void map_others(enum libexec_region_kind kind) {
    region = (struct libexec_region){.address = ADDRESS, .kind = kind, .file = LIBEXEC_FILE_NONE};
    //@ loop unroll PAGES;
    for (region.length = PAGE; region.length <= PAGES * PAGE; region.length += PAGE) {
        //@ loop unroll PAGES * PAGE;
        for (uint64_t at = 0; at < region.length; at++) {
            state.layout.stack_pointer = ADDRESS + at;
            map_region();
        }
    }
}

int main(void) {
    state.bounds.page_size = PAGE;
    map_others(LIBEXEC_REGION_TLS);
    map_others(LIBEXEC_REGION_GUARD);
    map_others(LIBEXEC_REGION_STACK);
    region = (struct libexec_region){.address = ADDRESS, .kind = LIBEXEC_REGION_PROGRAM, .file = LIBEXEC_FILE_PROGRAM};
    map_files();
    refused = true;
    map_flags(LIBEXEC_SOURCE_COPY_ON_WRITE);
    return 0;
}
