// SPDX-License-Identifier: MIT
// The fake file system: files in memory that can shrink, fail and deliver too little, and the sources made from them.

#include "internal.h"

#include <stdlib.h>
#include <string.h>

static struct kit_file *find(const struct libexec_kit *kit, const char *path) {
    for (struct kit_file *file = kit->files; file != NULL; file = file->next)
        if (!file->replaced && strcmp(file->path, path) == 0)
            return file;
    return NULL;
}

void libexec_kit_add_file(struct libexec_kit *kit, const struct libexec_kit_file *stated) {
    struct kit_file *const old = find(kit, stated->path);
    if (old != NULL)
        old->replaced = true;
    struct kit_file *const file = kit_zeroed(sizeof(*file));
    file->stated = *stated;
    const size_t length = strlen(stated->path) + 1;
    file->path = memcpy(kit_memory(length), stated->path, length);
    file->stated.path = file->path;
    if (file->stated.size == 0)
        file->stated.size = stated->length;
    file->next = kit->files;
    kit->files = file;
}

uint64_t kit_file_size(const struct kit_file *file) {
    const bool shrunk = file->stated.shrinks && file->reads >= file->stated.shrinks_before;
    return shrunk ? file->stated.shrunk_size : file->stated.size;
}

void kit_file_page(const struct kit_file *file, uint64_t offset, uint8_t *bytes, size_t length) {
    const uint64_t size = kit_file_size(file);
    const uint64_t end = size < file->stated.length ? size : file->stated.length;
    const uint64_t count = offset >= end ? 0 : end - offset < length ? end - offset : length;
    if (count > 0)
        memcpy(bytes, (const uint8_t *)file->stated.bytes + offset, count);
    memset(bytes + count, 0, length - count);
}

static void police_read(struct kit_opened *opened, const char *call, uint64_t offset, size_t length) {
    struct libexec_kit *const kit = opened->kit;
    const uint64_t size = opened->file->stated.size;
    kit_expect_preparing(kit, call);
    if (opened->closed)
        kit_violation(kit, "%s on source %u, which is closed", call, opened->number);
    if (length == 0)
        kit_violation(kit, "%s of length 0 on source %u", call, opened->number);
    if (offset >= size || length > size - offset)
        kit_violation(kit, "%s of 0x%zx bytes at 0x%llx reaches outside source %u of 0x%llx bytes", call, length,
                      (unsigned long long)offset, opened->number, (unsigned long long)size);
    if (opened->view != NULL)
        kit_violation(kit, "%s on source %u while a view of it is lent", call, opened->number);
}

static bool touches(uint64_t offset, uint64_t length, uint64_t byte) {
    return byte >= offset && byte - offset < length;
}

static int read_answer(struct kit_opened *opened, uint64_t offset, void *buffer, size_t length, size_t *done) {
    struct libexec_kit *const kit = opened->kit;
    struct kit_file *const file = opened->file;
    const int injected = kit_injected(kit, LIBEXEC_KIT_CALL_READ_AT);
    if (injected != 0)
        return injected;
    if (file->stated.read_code != 0 && touches(offset, length, file->stated.read_code_at))
        return kit_failed(kit, file->stated.read_code);
    const uint64_t size = kit_file_size(file);
    size_t count = offset >= size ? 0 : size - offset < length ? (size_t)(size - offset) : length;
    if (file->stated.short_reads != 0 && count > file->stated.short_reads)
        count = (size_t)file->stated.short_reads;
    kit_file_page(file, offset, buffer, count);
    file->reads++;
    kit->ledger.bytes_read += count;
    *done = kit->options.misdeed == LIBEXEC_KIT_OVERLONG_READ ? length + 1 : count;
    return 0;
}

static int read_at(void *context, uint64_t offset, void *buffer, size_t length, size_t *done) {
    struct kit_opened *const opened = context;
    struct libexec_kit_entry *const entry =
        kit_enter(opened->kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_READ_AT, .object = opened->number,
                                                          .address = offset, .length = length});
    police_read(opened, "read_at", offset, length);
    if (buffer == NULL || done == NULL) {
        kit_violation(opened->kit, "read_at with a NULL pointer");
        return kit_failed(opened->kit, LIBEXEC_ERRNO_EFAULT);
    }
    *done = 0;
    entry->result = read_answer(opened, offset, buffer, length, done);
    if (entry->result != 0) // nobody may take a failed read for a whole one
        *done = length;
    entry->done = *done;
    return entry->result;
}

static int view_answer(struct kit_opened *opened, uint64_t offset, size_t length) {
    // A refused view is no failure: the library falls back to read_at.
    const bool failing = opened->kit->failing;
    const int injected = kit_injected(opened->kit, LIBEXEC_KIT_CALL_VIEW);
    opened->kit->failing = failing;
    if (injected != 0)
        return injected;
    const uint64_t end = kit_file_size(opened->file) < opened->file->stated.length ? kit_file_size(opened->file)
                                                                                     : opened->file->stated.length;
    if (opened->file->stated.read_code != 0 && touches(offset, length, opened->file->stated.read_code_at))
        return opened->file->stated.read_code;
    return length == 0 || offset >= end || length > end - offset ? LIBEXEC_ERRNO_EAGAIN : 0;
}

// The bytes lent are a copy, so that use after the release shows.
static int view(void *context, uint64_t offset, size_t length, const uint8_t **bytes) {
    struct kit_opened *const opened = context;
    struct libexec_kit_entry *const entry =
        kit_enter(opened->kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_VIEW, .object = opened->number,
                                                          .address = offset, .length = length});
    police_read(opened, "view", offset, length);
    entry->result = opened->view != NULL ? LIBEXEC_ERRNO_EAGAIN : view_answer(opened, offset, length);
    if (entry->result != 0 || opened->kit->options.misdeed == LIBEXEC_KIT_BARE_VIEW)
        return entry->result;
    opened->view = kit_memory(length);
    opened->view_offset = offset;
    opened->view_length = length;
    kit_file_page(opened->file, offset, opened->view, length);
    opened->file->reads++;
    opened->kit->ledger.cached_views++;
    opened->kit->ledger.bytes_viewed += length;
    *bytes = opened->view;
    return 0;
}

static void drop_view(struct kit_opened *opened) {
    memset(opened->view, 0xdd, opened->view_length);
    free(opened->view);
    opened->view = NULL;
    opened->kit->ledger.cached_views--;
}

static void view_release(void *context, uint64_t offset, size_t length) {
    struct kit_opened *const opened = context;
    kit_enter(opened->kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_VIEW_RELEASE, .object = opened->number,
                                                      .address = offset, .length = length});
    if (opened->view == NULL) {
        kit_violation(opened->kit, "view_release on source %u, of which nothing is lent", opened->number);
        return;
    }
    if (offset != opened->view_offset || length != opened->view_length)
        kit_violation(opened->kit, "view_release of [0x%llx, +0x%zx) where [0x%llx, +0x%zx) is lent",
                      (unsigned long long)offset, length, (unsigned long long)opened->view_offset,
                      opened->view_length);
    drop_view(opened);
}

static void close_source(void *context) {
    struct kit_opened *const opened = context;
    struct libexec_kit *const kit = opened->kit;
    kit_enter(kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_CLOSE, .object = opened->number});
    if (opened->closed) {
        kit_violation(kit, "source %u closed twice", opened->number);
        return;
    }
    if (opened->by_library && (kit->phase == LIBEXEC_KIT_IDLE || kit->phase == LIBEXEC_KIT_PREPARED ||
                               kit->phase == LIBEXEC_KIT_COMMITTED))
        kit_violation(kit, "source %u closed outside prepare, commit and abandon", opened->number);
    if (kit->hooks_run != 0)
        kit_violation(kit, "source %u closed after the first commit hook", opened->number);
    if (opened->view != NULL) {
        kit_violation(kit, "source %u closed while a view of it is lent", opened->number);
        drop_view(opened);
    }
    opened->closed = true;
    kit->ledger.sources--;
}

static const struct libexec_source_operations plain_operations = {.read_at = read_at, .close = close_source};
static const struct libexec_source_operations cached_operations = {
    .read_at = read_at, .view = view, .view_release = view_release, .close = close_source};

static uint32_t source_flags(const struct libexec_kit *kit, const struct kit_file *file) {
    const uint32_t features = kit->options.features;
    uint32_t flags = 0;
    if ((features & LIBEXEC_KIT_SHARE) != 0)
        flags |= LIBEXEC_SOURCE_SHARE;
    if ((features & LIBEXEC_KIT_COPY_ON_WRITE) != 0)
        flags |= LIBEXEC_SOURCE_COPY_ON_WRITE;
    if ((features & LIBEXEC_KIT_FILL_AT_FAULT) != 0)
        flags |= LIBEXEC_SOURCE_FAULT;
    if ((features & LIBEXEC_KIT_STABLE) != 0)
        flags |= LIBEXEC_SOURCE_STABLE;
    if ((features & LIBEXEC_KIT_ZERO_TAIL) != 0)
        flags |= LIBEXEC_SOURCE_ZERO_TAIL;
    if ((file->stated.flags & LIBEXEC_KIT_FILE_UNREADABLE) != 0)
        flags |= LIBEXEC_SOURCE_UNREADABLE;
    return flags;
}

int kit_file_open(struct libexec_kit *kit, const char *path, bool by_library, struct libexec_source *source) {
    struct kit_file *const file = find(kit, path);
    if (file == NULL)
        return LIBEXEC_ERRNO_ENOENT;
    if (file->stated.open_code != 0)
        return file->stated.open_code;
    struct kit_opened *const opened = kit_zeroed(sizeof(*opened));
    *opened = (struct kit_opened){.kit = kit, .file = file, .number = ++kit->opened_count, .by_library = by_library,
                                  .next = kit->opened};
    kit->opened = opened;
    kit->ledger.sources++;
    const bool cached = (kit->options.features & LIBEXEC_KIT_CACHED_VIEWS) != 0;
    *source = (struct libexec_source){.operations = cached ? &cached_operations : &plain_operations, .context = opened,
                                      .size = file->stated.size, .flags = source_flags(kit, file)};
    return 0;
}

struct kit_opened *kit_opened_of(const struct libexec_kit *kit, const struct libexec_source *source) {
    for (struct kit_opened *opened = kit->opened; opened != NULL; opened = opened->next)
        if (opened == source->context)
            return opened;
    return NULL;
}

bool libexec_kit_source(struct libexec_kit *kit, const char *path, struct libexec_source *source) {
    return kit_file_open(kit, path, true, source) == 0;
}

void libexec_kit_source_close(const struct libexec_source *source) {
    ((struct kit_opened *)source->context)->by_library = false;
    source->operations->close(source->context);
}

void kit_files_end(struct libexec_kit *kit) {
    while (kit->opened != NULL) {
        struct kit_opened *const opened = kit->opened;
        kit->opened = opened->next;
        free(opened->view);
        free(opened);
    }
    while (kit->files != NULL) {
        struct kit_file *const file = kit->files;
        kit->files = file->next;
        free(file->path);
        free(file);
    }
}
