// SPDX-License-Identifier: MIT
// The host table of the benchmark: counts, and holds the library to its contract.

#include "host_table.h"

#include "table_functions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned views_open;

static enum host_flavour current_flavour;
static bool current_stack_apart;

static void broken(const char *what) {
    fprintf(stderr, "bench: the library breaks the host's contract: %s\n", what);
    exit(1);
}

// ---- sources --------------------------------------------------------------------------------------------------------

int table_read_at(void *context, uint64_t offset, void *buffer, size_t length, size_t *done) {
    const struct file *const file = context;
    if (length == 0 || offset > file->size || length > file->size - offset) {
        broken("a read outside the file");
    }
    *done = host_read(file, offset, buffer, length);
    return 0;
}

int table_view(void *context, uint64_t offset, size_t length, const uint8_t **bytes) {
    const struct file *const file = context;
    if (length == 0 || offset > file->size || length > file->size - offset) {
        broken("a view outside the file");
    }
    *bytes = host_file_view(file, offset);
    return 0;
}

void table_view_release(void *context, uint64_t offset, size_t length) {
    (void)context, (void)offset, (void)length;
    counters.calls[CALL_FILE_VIEW_RELEASE]++;
}

void table_close(void *context) {
    (void)context;
    counters.calls[CALL_CLOSE]++;
}

void host_source(struct libexec_source *source, const struct file *file, enum host_flavour flavour, bool stack_apart) {
    static const struct libexec_source_operations plain = {.read_at = table_read_at};
    static const struct libexec_source_operations plain_apart = {.read_at = outer_read_at};
    static const struct libexec_source_operations all = {
        .read_at = table_read_at, .view = table_view, .view_release = table_view_release, .close = table_close};
    static const struct libexec_source_operations all_apart = {
        .read_at = outer_read_at, .view = outer_view, .view_release = outer_view_release, .close = outer_close};
    memset(source, 0, sizeof *source);
    source->context = (void *)(uintptr_t)file;
    source->size = file->size;
    if (flavour == HOST_REQUIRED) {
        source->operations = stack_apart ? &plain_apart : &plain;
        return;
    }
    source->operations = stack_apart ? &all_apart : &all;
    source->flags =
        LIBEXEC_SOURCE_SHARE | LIBEXEC_SOURCE_COPY_ON_WRITE | LIBEXEC_SOURCE_STABLE | LIBEXEC_SOURCE_ZERO_TAIL;
    if (flavour == HOST_EVERY) {
        source->flags |= LIBEXEC_SOURCE_FAULT;
    }
}

int table_open(void *context, enum libexec_file kind, const char *name, struct libexec_source *source) {
    (void)context, (void)kind;
    const struct file *const file = host_open(name);
    if (file == NULL) {
        return LIBEXEC_ERRNO_ENOENT;
    }
    host_source(source, file, current_flavour, current_stack_apart);
    return 0;
}

// ---- memory ---------------------------------------------------------------------------------------------------------

int table_space_create(void *context, void **space) {
    (void)context;
    *space = host_space();
    return 0;
}

void table_space_destroy(void *context, void *space) {
    (void)context, (void)space;
    counters.calls[CALL_DESTROY]++;
}

static enum backing backing_of(enum libexec_backing asked) {
    switch (asked) {
    case LIBEXEC_BACKING_ZERO:
    case LIBEXEC_BACKING_RESERVE:
        return current_flavour == HOST_REQUIRED ? BACK_ZERO_NOW : BACK_ZERO_LATER;
    case LIBEXEC_BACKING_WRITTEN:
        return current_flavour == HOST_REQUIRED ? BACK_ZERO_NOW : BACK_DIRTY;
    case LIBEXEC_BACKING_SHARE:
        return BACK_SHARE;
    case LIBEXEC_BACKING_COPY_ON_WRITE:
        return BACK_SHARE_COW;
    case LIBEXEC_BACKING_FAULT:
        return BACK_FILE_LATER;
    case LIBEXEC_BACKING_NONE:
        return BACK_NOTHING;
    default:
        broken("an unknown backing");
        return BACK_NOTHING;
    }
}

static const struct file *file_behind(const struct libexec_map *operation) {
    const bool needed = operation->backing == LIBEXEC_BACKING_SHARE ||
                        operation->backing == LIBEXEC_BACKING_COPY_ON_WRITE ||
                        operation->backing == LIBEXEC_BACKING_FAULT;
    if (!needed) {
        return NULL;
    }
    const uint32_t bit = operation->backing == LIBEXEC_BACKING_SHARE           ? LIBEXEC_SOURCE_SHARE
                         : operation->backing == LIBEXEC_BACKING_COPY_ON_WRITE ? LIBEXEC_SOURCE_COPY_ON_WRITE
                                                                               : LIBEXEC_SOURCE_FAULT;
    if (operation->source == NULL || (operation->source->flags & bit) == 0) {
        broken("a backing that the source does not offer");
    }
    return operation->source->context;
}

static int map_one(struct space *space, const struct libexec_map *operation) {
    const struct libexec_region *const region = &operation->region;
    const struct mapping mapping = {.address = region->address,
                                    .length = region->length,
                                    .file = file_behind(operation),
                                    .file_offset = region->file_offset,
                                    .file_length = region->file_length,
                                    .rights = region->rights,
                                    .backing = backing_of(operation->backing)};
    if (space_map(space, &mapping) != 0) {
        return LIBEXEC_HOST_OCCUPIED;
    }
    const struct libexec_range *const present = &operation->present;
    if (operation->backing == LIBEXEC_BACKING_RESERVE && present->length > 0) {
        if (present->address - region->address > region->length ||
            present->length > region->length - (present->address - region->address)) {
            broken("present pages outside the region");
        }
        space_populate(space, present->address, present->length);
    }
    return 0;
}

int table_map(void *context, void *space, const struct libexec_map *operation) {
    (void)context;
    counters.calls[CALL_MAP]++;
    return map_one(space, operation);
}

int table_map_many(void *context, void *space, const struct libexec_map *operations, size_t count) {
    (void)context;
    counters.calls[CALL_MAP_MANY]++;
    for (size_t i = 0; i < count; i++) {
        const int code = map_one(space, &operations[i]);
        if (code != 0) {
            return code;
        }
    }
    return 0;
}

int table_translate(void *context, void *space, libexec_address address, uint64_t length, struct libexec_view *view) {
    (void)context;
    // The simplest host is not told when a view ends.
    if (current_flavour != HOST_REQUIRED && ++views_open > 2) {
        broken("more than two views");
    }
    view->bytes = host_translate(space, address, length, &view->length);
    return 0;
}

void table_view_end(void *context, void *space, libexec_address address, uint64_t length) {
    (void)context, (void)space, (void)address;
    counters.calls[CALL_VIEW_END]++;
    if (views_open == 0 || length == 0) {
        broken("the end of a view that is not open");
    }
    views_open--;
}

int table_random(void *context, void *bytes, size_t length) {
    (void)context;
    host_random(bytes, length);
    return 0;
}

int table_user_read(void *context, void *to, libexec_address from, size_t length) {
    (void)context;
    if (length == 0 || from / PAGE_SIZE != (from + length - 1) / PAGE_SIZE) {
        broken("a read across a page of the caller");
    }
    counters.calls[CALL_USER]++;
    counters.copied += length;
    memcpy(to, caller_bytes(from), length);
    return 0;
}

int table_image_known(void *context, const struct libexec_image *image, struct libexec_image_answer *answer) {
    (void)context, (void)image, (void)answer;
    counters.calls[CALL_IMAGE_KNOWN]++;
    return 0;
}

void table_thread_control_block(void *context, void *bytes, uint64_t length, libexec_address thread_pointer) {
    (void)context, (void)bytes, (void)length, (void)thread_pointer;
    counters.calls[CALL_CONTROL_BLOCK]++;
}

// ---- commit ---------------------------------------------------------------------------------------------------------

int table_seize(void *context, const struct libexec_start *start) {
    (void)context, (void)start;
    counters.calls[CALL_HOOK]++;
    return 0;
}

void table_hook(void *context, const struct libexec_start *start) {
    (void)context, (void)start;
    counters.calls[CALL_HOOK]++;
}

static void add_required(struct libexec_host *host, bool apart) {
    host->space_create = apart ? outer_space_create : table_space_create;
    host->space_destroy = apart ? outer_space_destroy : table_space_destroy;
    host->map = apart ? outer_map : table_map;
    host->translate = apart ? outer_translate : table_translate;
    host->random = apart ? outer_random : table_random;
    host->user_read = apart ? outer_user_read : table_user_read;
}

static void add_optional(struct libexec_host *host, bool apart) {
    void (*const hook)(void *, const struct libexec_start *) = apart ? outer_hook : table_hook;
    host->image_known = apart ? outer_image_known : table_image_known;
    host->view_end = apart ? outer_view_end : table_view_end;
    host->map_many = apart ? outer_map_many : table_map_many;
    host->thread_control_block = apart ? outer_thread_control_block : table_thread_control_block;
    host->seize = apart ? outer_seize : table_seize;
    host->close_on_exec = hook;
    host->reset_signals = hook;
    host->reset_alternate_stack = hook;
    host->reset_thread = hook;
    host->reset_timers = hook;
    host->set_name = hook;
    host->set_credentials = hook;
    host->set_memory = hook;
    host->install_space = hook;
    host->set_thread_pointer = hook;
    host->set_registers = hook;
    host->wake_parent = hook;
    host->release_old_space = hook;
}

const struct libexec_host *host_table(enum host_flavour flavour, bool with_open, bool stack_apart) {
    static struct libexec_host host;
    memset(&host, 0, sizeof host);
    current_flavour = flavour;
    current_stack_apart = stack_apart;
    views_open = 0;
    view_limit = flavour == HOST_REQUIRED ? 1 : 16;
    add_required(&host, stack_apart);
    if (with_open) {
        host.open = stack_apart ? outer_open : table_open;
    }
    if (flavour != HOST_REQUIRED) {
        add_optional(&host, stack_apart);
    }
    return &host;
}
