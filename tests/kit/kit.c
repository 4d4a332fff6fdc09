// SPDX-License-Identifier: MIT
// The kit itself: making it, the caller's memory, failing calls, violations, the journal and the ledger.

#include "internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const struct libexec_arch libexec_kit_arch = {
    .machine = 62,
    .data = 1,
    .thread_pointer_word = 1,
    .page_size = 4096,
    .user_low = 0x10000,
    .user_high = 0x7ffffffff000,
    .large_page_size = 0x200000,
    .mmap_entropy_pages = 0xfffffff,
    .stack_entropy_pages = 0x3fffff,
    .brk_entropy = 0x40000000,
    .thread_control_block_size = 4096,
    .thread_control_block_alignment = 64,
    .platform = "x86_64",
};

struct libexec_kit *libexec_kit_new(const struct libexec_kit_options *options) {
    struct libexec_kit *const kit = kit_zeroed(sizeof(*kit));
    kit->options = *options;
    if ((kit->options.features & LIBEXEC_KIT_BOUNCE) != 0)
        kit->options.features |= LIBEXEC_KIT_VIEW_END;
    if (kit->options.poison == 0 && (kit->options.features & LIBEXEC_KIT_ZERO_POISON) == 0)
        kit->options.poison = 0xa5;
    kit->arch = options->arch != NULL ? options->arch : &libexec_kit_arch;
    kit->user_low = kit->arch->user_low;
    kit->user_high = kit->arch->user_high;
    kit->random_state = options->seed;
    kit->failed_call = LIBEXEC_KIT_CALLS;
    kit_sparse_begin(&kit->user, kit->arch->page_size);
    kit_host_fill(kit);
    return kit;
}

void libexec_kit_free(struct libexec_kit *kit) {
    if (kit == NULL)
        return;
    kit_spaces_end(kit);
    kit_files_end(kit);
    kit_sparse_end(&kit->user);
    free(kit->occupied);
    free(kit->journal);
    free(kit);
}

struct libexec_host *libexec_kit_host(struct libexec_kit *kit) {
    return &kit->host;
}

struct libexec_image_answer *libexec_kit_answer(struct libexec_kit *kit) {
    return &kit->answer;
}

void libexec_kit_refuse_image(struct libexec_kit *kit, int code) {
    kit->image_code = code;
}

void libexec_kit_refuse_seize(struct libexec_kit *kit, int code) {
    kit->seize_code = code;
}

void libexec_kit_occupy(struct libexec_kit *kit, libexec_address address, uint64_t length) {
    kit->occupied = kit_grown(kit->occupied, sizeof(*kit->occupied) * (kit->occupied_count + 1));
    kit->occupied[kit->occupied_count++] = (struct libexec_range){.address = address, .length = length};
}

// ---- The caller's memory ------------------------------------------------------------------------------------------

void libexec_kit_user_map(struct libexec_kit *kit, libexec_address address, uint64_t length) {
    const uint64_t page_size = kit->arch->page_size;
    uint64_t page = address - address % page_size;
    for (uint64_t rest = length + address % page_size; length != 0; rest -= page_size, page += page_size) {
        bool made = false;
        kit_sparse_make(&kit->user, page, 0, &made);
        if (rest <= page_size)
            break;
    }
}

void libexec_kit_user_unmap(struct libexec_kit *kit, libexec_address address, uint64_t length) {
    const uint64_t page_size = kit->arch->page_size;
    for (uint64_t page = address - address % page_size; page < address + length; page += page_size)
        kit_sparse_drop(&kit->user, page);
}

void libexec_kit_user_write(struct libexec_kit *kit, libexec_address address, const void *bytes, size_t length) {
    const uint8_t *from = bytes;
    while (length > 0) {
        const size_t rest = kit->arch->page_size - address % kit->arch->page_size;
        const size_t count = length < rest ? length : rest;
        bool made = false;
        memcpy(kit_sparse_make(&kit->user, address, 0, &made), from, count);
        address += count;
        from += count;
        length -= count;
    }
}

bool libexec_kit_user_read(struct libexec_kit *kit, libexec_address address, void *bytes, size_t length) {
    uint8_t *to = bytes;
    for (size_t i = 0; i < length; i++) {
        const uint8_t *const byte = kit_sparse_find(&kit->user, address + i);
        if (byte == NULL)
            return false;
        to[i] = *byte;
    }
    return true;
}

void libexec_kit_user_vector(struct libexec_kit *kit, libexec_address address, const libexec_address *strings,
                             size_t count) {
    const libexec_address end = 0;
    libexec_kit_user_write(kit, address, strings, count * sizeof(*strings));
    libexec_kit_user_write(kit, address + count * sizeof(*strings), &end, sizeof(end));
}

uint64_t libexec_kit_caller_digest(const struct libexec_kit *kit) {
    uint64_t cursor = 0, address = 0, sum = 0;
    uint8_t *bytes = NULL;
    while (kit_sparse_walk(&kit->user, &cursor, &address, &bytes)) {
        const uint64_t start = kit_digest(KIT_DIGEST_START, &address, sizeof(address));
        sum += kit_digest(start, bytes, kit->arch->page_size);
    }
    return sum * 31 + kit->process.hooks * 2 + kit->process.old_space_released;
}

// ---- Failing calls ------------------------------------------------------------------------------------------------

void libexec_kit_fail(struct libexec_kit *kit, uint32_t number, bool persistent, int code) {
    kit->fail_number = number;
    kit->fail_persistent = persistent;
    kit->fail_code = code;
}

uint32_t libexec_kit_failable_calls(const struct libexec_kit *kit) {
    return kit->failable_calls;
}

enum libexec_kit_call libexec_kit_failed_call(const struct libexec_kit *kit) {
    return kit->failed_call;
}

int kit_failed(struct libexec_kit *kit, int code) {
    kit->failing = true;
    return code;
}

int kit_injected(struct libexec_kit *kit, enum libexec_kit_call call) {
    const uint32_t number = ++kit->failable_calls;
    if (kit->fail_number == 0 || number < kit->fail_number)
        return 0;
    if (number > kit->fail_number && !kit->fail_persistent)
        return 0;
    if (kit->failed_call == LIBEXEC_KIT_CALLS)
        kit->failed_call = call;
    const bool negative = kit->options.misdeed == LIBEXEC_KIT_NEGATIVE_CODE;
    return kit_failed(kit, negative ? -kit->fail_code : kit->fail_code);
}

// ---- The police ---------------------------------------------------------------------------------------------------

void kit_violation(struct libexec_kit *kit, const char *format, ...) {
    char scratch[sizeof(kit->messages[0])];
    char *const text = kit->violations < KIT_MESSAGES ? kit->messages[kit->violations] : scratch;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(scratch), format, arguments);
    va_end(arguments);
    kit->violations++;
    if (kit->options.violation != NULL)
        kit->options.violation(kit->options.context, text);
}

void kit_expect_preparing(struct libexec_kit *kit, const char *call) {
    if (kit->phase != LIBEXEC_KIT_PREPARING)
        kit_violation(kit, "%s outside prepare", call);
    if (kit->failing)
        kit_violation(kit, "%s after a callback has failed", call);
}

uint32_t libexec_kit_violations(const struct libexec_kit *kit) {
    return kit->violations;
}

const char *libexec_kit_violation(const struct libexec_kit *kit, uint32_t index) {
    return index < kit->violations && index < KIT_MESSAGES ? kit->messages[index] : NULL;
}

void *libexec_kit_allocate(struct libexec_kit *kit, size_t size) {
    if (kit->phase == LIBEXEC_KIT_COMMITTING && kit->hooks_run != 0)
        kit_violation(kit, "a commit hook allocates %zu bytes", size);
    kit->ledger.allocations++;
    return kit_memory(size);
}

void libexec_kit_release(struct libexec_kit *kit, void *memory) {
    if (memory != NULL)
        kit->ledger.allocations--;
    free(memory);
}

// ---- Journal and ledger -------------------------------------------------------------------------------------------

struct libexec_kit_entry *kit_enter(struct libexec_kit *kit, struct libexec_kit_entry entry) {
    kit->ledger.calls++;
    if (kit->options.before != NULL)
        kit->options.before(kit->options.context, kit, &entry);
    if (kit->journal_count == kit->journal_room) {
        kit->journal_room = kit->journal_room == 0 ? 128 : kit->journal_room * 2;
        kit->journal = kit_grown(kit->journal, sizeof(*kit->journal) * kit->journal_room);
    }
    kit->journal[kit->journal_count] = entry;
    return &kit->journal[kit->journal_count++];
}

uint32_t libexec_kit_journal(const struct libexec_kit *kit, const struct libexec_kit_entry **entries) {
    *entries = kit->journal;
    return kit->journal_count;
}

const char *libexec_kit_call_name(enum libexec_kit_call call) {
    static const char *const names[LIBEXEC_KIT_CALLS] = {
        [LIBEXEC_KIT_CALL_READ_AT] = "read_at",
        [LIBEXEC_KIT_CALL_VIEW] = "view",
        [LIBEXEC_KIT_CALL_USER_READ] = "user_read",
        [LIBEXEC_KIT_CALL_OPEN] = "open",
        [LIBEXEC_KIT_CALL_IMAGE_KNOWN] = "image_known",
        [LIBEXEC_KIT_CALL_SPACE_CREATE] = "space_create",
        [LIBEXEC_KIT_CALL_MAP] = "map",
        [LIBEXEC_KIT_CALL_TRANSLATE] = "translate",
        [LIBEXEC_KIT_CALL_RANDOM] = "random",
        [LIBEXEC_KIT_CALL_SEIZE] = "seize",
        [LIBEXEC_KIT_CALL_VIEW_RELEASE] = "view_release",
        [LIBEXEC_KIT_CALL_CLOSE] = "close",
        [LIBEXEC_KIT_CALL_VIEW_END] = "view_end",
        [LIBEXEC_KIT_CALL_SPACE_DESTROY] = "space_destroy",
        [LIBEXEC_KIT_CALL_CONTROL_BLOCK] = "thread_control_block",
        [LIBEXEC_KIT_CALL_CLOSE_ON_EXEC] = "close_on_exec",
        [LIBEXEC_KIT_CALL_RESET_SIGNALS] = "reset_signals",
        [LIBEXEC_KIT_CALL_RESET_ALTERNATE_STACK] = "reset_alternate_stack",
        [LIBEXEC_KIT_CALL_RESET_THREAD] = "reset_thread",
        [LIBEXEC_KIT_CALL_RESET_TIMERS] = "reset_timers",
        [LIBEXEC_KIT_CALL_SET_NAME] = "set_name",
        [LIBEXEC_KIT_CALL_SET_CREDENTIALS] = "set_credentials",
        [LIBEXEC_KIT_CALL_SET_MEMORY] = "set_memory",
        [LIBEXEC_KIT_CALL_INSTALL_SPACE] = "install_space",
        [LIBEXEC_KIT_CALL_SET_THREAD_POINTER] = "set_thread_pointer",
        [LIBEXEC_KIT_CALL_SET_REGISTERS] = "set_registers",
        [LIBEXEC_KIT_CALL_WAKE_PARENT] = "wake_parent",
        [LIBEXEC_KIT_CALL_RELEASE_OLD_SPACE] = "release_old_space",
    };
    return (unsigned)call < LIBEXEC_KIT_CALLS ? names[call] : "none";
}

// What `detail` says: of a map operation the backing, of a file which one.
static const char *detail_of(const struct libexec_kit_entry *entry) {
    static const char *const backings[] = {"", " zero", " written", " share", " copy-on-write", " fault", " reserve",
                                           " none"};
    static const char *const kinds[] = {"", " program", " interpreter", " script-interpreter"};
    if (entry->call == LIBEXEC_KIT_CALL_MAP && entry->detail < sizeof(backings) / sizeof(backings[0]))
        return backings[entry->detail];
    if (entry->call == LIBEXEC_KIT_CALL_OPEN && entry->detail < sizeof(kinds) / sizeof(kinds[0]))
        return kinds[entry->detail];
    return "";
}

int libexec_kit_entry_text(const struct libexec_kit_entry *entry, char *text, size_t size) {
    return snprintf(text, size, "%s%s%s object=%" PRIu32 " at=0x%" PRIx64 " length=0x%" PRIx64 " done=0x%" PRIx64
                                " rights=%" PRIu32 " -> %" PRId32,
                    libexec_kit_call_name(entry->call), entry->many != 0 ? "+" : "", detail_of(entry), entry->object,
                    entry->address, entry->length, entry->done, entry->rights, entry->result);
}

void libexec_kit_journal_print(const struct libexec_kit *kit, FILE *file) {
    char text[256];
    for (uint32_t i = 0; i < kit->journal_count; i++) {
        libexec_kit_entry_text(&kit->journal[i], text, sizeof(text));
        fprintf(file, "%4" PRIu32 " %s\n", i, text);
    }
    for (uint32_t i = 0; libexec_kit_violation(kit, i) != NULL; i++)
        fprintf(file, "violation: %s\n", kit->messages[i]);
}

static bool same_entry(const struct libexec_kit_entry *one, const struct libexec_kit_entry *other) {
    return one->call == other->call && one->result == other->result && one->object == other->object &&
           one->detail == other->detail && one->many == other->many && one->rights == other->rights &&
           one->address == other->address && one->length == other->length && one->done == other->done;
}

uint32_t libexec_kit_journal_difference(const struct libexec_kit *one, const struct libexec_kit *other) {
    const uint32_t count = one->journal_count < other->journal_count ? one->journal_count : other->journal_count;
    for (uint32_t i = 0; i < count; i++)
        if (!same_entry(&one->journal[i], &other->journal[i]))
            return i;
    return one->journal_count == other->journal_count ? UINT32_MAX : count;
}

struct libexec_kit_ledger libexec_kit_read_ledger(const struct libexec_kit *kit) {
    struct libexec_kit_ledger ledger = kit->ledger;
    ledger.pages = 0;
    for (const struct kit_space *space = kit->spaces; space != NULL; space = space->next)
        if (!space->installed)
            ledger.pages += space->pages.pages;
    return ledger;
}

bool libexec_kit_ledger_empty(const struct libexec_kit *kit) {
    const struct libexec_kit_ledger ledger = libexec_kit_read_ledger(kit);
    return ledger.spaces == 0 && ledger.sources == 0 && ledger.views == 0 && ledger.cached_views == 0 &&
           ledger.allocations == 0 && ledger.pages == 0;
}

const struct libexec_kit_process *libexec_kit_read_process(const struct libexec_kit *kit) {
    return &kit->process;
}
