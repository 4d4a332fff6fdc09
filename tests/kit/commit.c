// SPDX-License-Identifier: MIT
// The fake process: seize and the commit hooks, policed for order, completeness and what they are told.

#include "internal.h"

#include <stdlib.h>
#include <string.h>

static const char *last_component(const char *path) {
    const char *const slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

static struct kit_space *living_space(struct libexec_kit *kit, const void *handle) {
    for (struct kit_space *space = kit->spaces; space != NULL; space = space->next)
        if (space == handle && !space->destroyed)
            return space;
    return NULL;
}

static void police_start(struct libexec_kit *kit, const struct libexec_start *start, const char *call) {
    if (start == NULL || start->layout == NULL || start->path == NULL || start->name == NULL) {
        kit_violation(kit, "%s is not told what starts", call);
        return;
    }
    if (living_space(kit, start->space) == NULL)
        kit_violation(kit, "%s is given a space that does not exist", call);
    if (start->entry != start->layout->entry || start->stack_pointer != start->layout->stack_pointer ||
        start->thread_pointer != start->layout->thread_pointer)
        kit_violation(kit, "%s: start and layout differ", call);
    if (start->stack_pointer % 16 != 0)
        kit_violation(kit, "%s: the stack pointer 0x%llx is not aligned", call,
                      (unsigned long long)start->stack_pointer);
    if (strcmp(start->name, last_component(start->path)) != 0)
        kit_violation(kit, "%s: the name %s is not the last component of %s", call, start->name, start->path);
}

static void police_hook(struct libexec_kit *kit, uint32_t hook, const char *call) {
    if (kit->phase != LIBEXEC_KIT_COMMITTING)
        kit_violation(kit, "%s outside commit", call);
    if (kit->failing)
        kit_violation(kit, "%s after a callback has failed", call);
    if ((kit->hooks_run >> hook) != 0)
        kit_violation(kit, "%s out of order, or twice", call);
    if (kit->host.seize != NULL && !kit->seized)
        kit_violation(kit, "%s before seize", call);
    if (kit->ledger.sources != 0 || kit->ledger.cached_views != 0 || kit->ledger.views != 0)
        kit_violation(kit, "%s while a source or a view is open", call);
}

static void copy_text(char *to, size_t size, const char *from) {
    size_t length = strlen(from);
    if (length > size - 1)
        length = size - 1;
    memcpy(to, from, length);
    to[length] = 0;
}

static void note_start(struct libexec_kit *kit, const struct libexec_start *start) {
    kit->process.start = *start;
    copy_text(kit->process.name, sizeof(kit->process.name), start->name);
    copy_text(kit->process.path, sizeof(kit->process.path), start->path);
    kit->process.start.layout = NULL;
    kit->process.start.path = NULL;
    kit->process.start.name = NULL;
}

static void run_hook(struct libexec_kit *kit, enum libexec_kit_call call, const struct libexec_start *start) {
    const uint32_t hook = (uint32_t)call - LIBEXEC_KIT_CALL_CLOSE_ON_EXEC;
    kit_enter(kit, (struct libexec_kit_entry){.call = call});
    police_hook(kit, hook, libexec_kit_call_name(call));
    police_start(kit, start, libexec_kit_call_name(call));
    const bool first = kit->hooks_run == 0;
    kit->hooks_run |= 1u << hook;
    kit->process.hooks++;
    if (start == NULL || start->name == NULL || start->path == NULL)
        return;
    if (first)
        note_start(kit, start);
    if (kit->process.start.entry != start->entry || kit->process.start.stack_pointer != start->stack_pointer ||
        kit->process.start.flags != start->flags || kit->process.start.space != start->space)
        kit_violation(kit, "%s: told another start than the first hook", libexec_kit_call_name(call));
    struct kit_space *const space = living_space(kit, start->space);
    if (call == LIBEXEC_KIT_CALL_INSTALL_SPACE && space != NULL) {
        space->installed = true;
        kit->ledger.spaces--;
    }
    if (call == LIBEXEC_KIT_CALL_RELEASE_OLD_SPACE)
        kit->process.old_space_released = true;
}

#define HOOK(name, call)                                                                                               \
    static void name(void *context, const struct libexec_start *start) {                                               \
        run_hook(context, call, start);                                                                                \
    }

HOOK(close_on_exec, LIBEXEC_KIT_CALL_CLOSE_ON_EXEC)
HOOK(reset_signals, LIBEXEC_KIT_CALL_RESET_SIGNALS)
HOOK(reset_alternate_stack, LIBEXEC_KIT_CALL_RESET_ALTERNATE_STACK)
HOOK(reset_thread, LIBEXEC_KIT_CALL_RESET_THREAD)
HOOK(reset_timers, LIBEXEC_KIT_CALL_RESET_TIMERS)
HOOK(set_name, LIBEXEC_KIT_CALL_SET_NAME)
HOOK(set_credentials, LIBEXEC_KIT_CALL_SET_CREDENTIALS)
HOOK(set_memory, LIBEXEC_KIT_CALL_SET_MEMORY)
HOOK(install_space, LIBEXEC_KIT_CALL_INSTALL_SPACE)
HOOK(set_thread_pointer, LIBEXEC_KIT_CALL_SET_THREAD_POINTER)
HOOK(set_registers, LIBEXEC_KIT_CALL_SET_REGISTERS)
HOOK(wake_parent, LIBEXEC_KIT_CALL_WAKE_PARENT)
HOOK(release_old_space, LIBEXEC_KIT_CALL_RELEASE_OLD_SPACE)

static int seize(void *context, const struct libexec_start *start) {
    struct libexec_kit *const kit = context;
    struct libexec_kit_entry *const entry = kit_enter(kit, (struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_SEIZE});
    if (kit->phase != LIBEXEC_KIT_COMMITTING)
        kit_violation(kit, "seize outside commit");
    if (kit->hooks_run != 0)
        kit_violation(kit, "seize after a commit hook");
    if (kit->seized)
        kit_violation(kit, "seize twice");
    police_start(kit, start, "seize");
    entry->result = kit_injected(kit, LIBEXEC_KIT_CALL_SEIZE);
    if (entry->result == 0 && kit->seize_code != 0)
        entry->result = kit_failed(kit, kit->seize_code);
    kit->seized = entry->result == 0;
    return entry->result;
}

void kit_commit_fill(struct libexec_kit *kit) {
    if ((kit->options.features & LIBEXEC_KIT_SEIZE) != 0)
        kit->host.seize = seize;
    if ((kit->options.features & LIBEXEC_KIT_HOOKS) == 0)
        return;
    kit->host.close_on_exec = close_on_exec;
    kit->host.reset_signals = reset_signals;
    kit->host.reset_alternate_stack = reset_alternate_stack;
    kit->host.reset_thread = reset_thread;
    kit->host.reset_timers = reset_timers;
    kit->host.set_name = set_name;
    kit->host.set_credentials = set_credentials;
    kit->host.set_memory = set_memory;
    kit->host.install_space = install_space;
    kit->host.set_thread_pointer = set_thread_pointer;
    kit->host.set_registers = set_registers;
    kit->host.wake_parent = wake_parent;
    kit->host.release_old_space = release_old_space;
}

// ---- The watched calls --------------------------------------------------------------------------------------------

void libexec_kit_enter(struct libexec_kit *kit, enum libexec_kit_phase phase) {
    if (phase == LIBEXEC_KIT_PREPARING) {
        kit->failing = false;
        kit->image_asked = false;
        kit->control_told = 0;
        kit->seized = false;
        kit->hooks_run = 0;
    }
    if (phase == LIBEXEC_KIT_COMMITTING) {
        kit->failing = false;
        kit->seized = false;
    }
    kit->phase = phase;
}

static struct kit_space *current_space(const struct libexec_kit *kit) {
    for (struct kit_space *space = kit->spaces; space != NULL; space = space->next)
        if (!space->destroyed && !space->installed)
            return space;
    return NULL;
}

static void police_operation_done(struct libexec_kit *kit, const struct kit_space *space,
                                  const struct kit_operation *operation) {
    const struct libexec_map *const map = &operation->map;
    if (map->backing == LIBEXEC_BACKING_WRITTEN && operation->viewed < map->region.length)
        kit_violation(kit, "[0x%llx, +0x%llx) is WRITTEN but was not written in full",
                      (unsigned long long)map->region.address, (unsigned long long)map->region.length);
    for (uint64_t page = 0; page < map->present.length; page += kit->arch->page_size)
        if (kit_sparse_find(&space->pages, map->present.address + page) == NULL)
            kit_violation(kit, "page 0x%llx was announced as `present` but never written",
                          (unsigned long long)(map->present.address + page));
}

static void police_prepared(struct libexec_kit *kit) {
    if (kit->failing)
        kit_violation(kit, "prepare succeeded although a callback has failed");
    if (kit->ledger.spaces != 1 || kit->ledger.views != 0 || kit->ledger.cached_views != 0)
        kit_violation(kit, "after prepare: %u spaces, %u views and %u cached views are held", kit->ledger.spaces,
                      kit->ledger.views, kit->ledger.cached_views);
    if (kit->control_told != 0 && kit->control_told != kit->arch->thread_control_block_size)
        kit_violation(kit, "thread_control_block was shown %llu bytes of %u", (unsigned long long)kit->control_told,
                      kit->arch->thread_control_block_size);
    struct kit_space *const space = current_space(kit);
    if (space == NULL)
        return;
    kit_space_close_views(kit, space);
    if (!kit_sparse_intact(&space->pages))
        kit_violation(kit, "bytes beyond a view were written in space %u", space->number);
    for (uint32_t i = 0; i < space->operation_count; i++)
        police_operation_done(kit, space, &space->operations[i]);
}

static void police_refused(struct libexec_kit *kit, enum libexec_status status) {
    const struct libexec_kit_ledger ledger = libexec_kit_read_ledger(kit);
    if (ledger.sources != 0)
        kit_violation(kit, "after %s: %u sources are open", libexec_status_name(status), ledger.sources);
    if (ledger.spaces != 0 || ledger.views != 0 || ledger.cached_views != 0)
        kit_violation(kit, "after %s: %u spaces, %u views and %u cached views are held", libexec_status_name(status),
                      ledger.spaces, ledger.views, ledger.cached_views);
}

enum libexec_status libexec_kit_prepare(struct libexec_kit *kit, struct libexec_exec *exec,
                                        const struct libexec_request *given) {
    struct libexec_request request = *given;
    request.host = &kit->host;
    request.context = kit;
    if (request.arch == NULL)
        request.arch = kit->arch;
    const struct libexec_policy *const policy = request.policy;
    kit->user_low = policy != NULL && policy->user_low != 0 ? policy->user_low : request.arch->user_low;
    kit->user_high = policy != NULL && policy->user_high != 0 ? policy->user_high : request.arch->user_high;
    memset(exec, kit->options.poison, sizeof(*exec));
    KIT_UNWRITTEN(exec, sizeof(*exec));
    libexec_kit_enter(kit, LIBEXEC_KIT_PREPARING);
    const enum libexec_status status = libexec_prepare(exec, &request);
    if (status == LIBEXEC_OK)
        police_prepared(kit);
    else
        police_refused(kit, status);
    if (libexec_exec_report(exec)->status != status)
        kit_violation(kit, "prepare answers %s and reports %s", libexec_status_name(status),
                      libexec_status_name(libexec_exec_report(exec)->status));
    libexec_kit_enter(kit, status == LIBEXEC_OK ? LIBEXEC_KIT_PREPARED : LIBEXEC_KIT_IDLE);
    return status;
}

static uint32_t hooks_present(const struct libexec_host *host) {
    void (*const hooks[])(void *, const struct libexec_start *) = {
        host->close_on_exec,
        host->reset_signals,
        host->reset_alternate_stack,
        host->reset_thread,
        host->reset_timers,
        host->set_name,
        host->image_known != NULL ? host->set_credentials : NULL, // else the ids are not settled
        host->set_memory,
        host->install_space,
        host->set_thread_pointer,
        host->set_registers,
        host->wake_parent,
        host->release_old_space};
    uint32_t present = 0;
    for (uint32_t i = 0; i < sizeof(hooks) / sizeof(hooks[0]); i++)
        present |= hooks[i] != NULL ? 1u << i : 0;
    return present;
}

// Of those that the table has the kit's own must have run: a test's in their place call them.
static void police_hooks_run(struct libexec_kit *kit, uint32_t present) {
    for (uint32_t i = 0; i < LIBEXEC_KIT_CALLS - LIBEXEC_KIT_CALL_CLOSE_ON_EXEC; i++) {
        const char *const name = libexec_kit_call_name((enum libexec_kit_call)(LIBEXEC_KIT_CALL_CLOSE_ON_EXEC + i));
        const bool run = (kit->hooks_run >> i & 1) != 0, there = (present >> i & 1) != 0;
        if (run != there)
            kit_violation(kit,
                          run ? "commit ran %s, which the table has not" : "commit did not run the kit's %s", name);
    }
}

static void police_committed(struct libexec_kit *kit) {
    struct kit_space *const space = current_space(kit);
    const bool hooks = (kit->options.features & LIBEXEC_KIT_HOOKS) != 0;
    if (space != NULL && (kit->host.install_space == NULL || !hooks)) { // without the kit's hook: taken from the start
        space->installed = true;
        kit->ledger.spaces--;
    }
    police_hooks_run(kit, hooks ? hooks_present(&kit->host) : 0);
    if (kit->host.seize != NULL && !kit->seized)
        kit_violation(kit, "commit succeeded without seize");
    if (!libexec_kit_ledger_empty(kit))
        kit_violation(kit, "after commit something is still held");
}

enum libexec_status libexec_kit_commit(struct libexec_kit *kit, struct libexec_exec *exec) {
    const enum libexec_kit_phase before = kit->phase;
    libexec_kit_enter(kit, LIBEXEC_KIT_COMMITTING);
    const enum libexec_status status = libexec_commit(exec);
    if (status == LIBEXEC_OK)
        police_committed(kit);
    else if (kit->hooks_run != 0 && before == LIBEXEC_KIT_PREPARED)
        kit_violation(kit, "commit failed after a hook had run");
    libexec_kit_enter(kit, status == LIBEXEC_OK ? LIBEXEC_KIT_COMMITTED : before);
    return status;
}

void libexec_kit_abandon(struct libexec_kit *kit, struct libexec_exec *exec) {
    const enum libexec_kit_phase before = kit->phase;
    const uint64_t calls = kit->ledger.calls;
    libexec_kit_enter(kit, LIBEXEC_KIT_ABANDONING);
    libexec_abandon(exec);
    if (before != LIBEXEC_KIT_PREPARED && kit->ledger.calls != calls)
        kit_violation(kit, "abandon of an exec that is not prepared called the host");
    if (before == LIBEXEC_KIT_PREPARED && !libexec_kit_ledger_empty(kit))
        kit_violation(kit, "after abandon something is still held");
    libexec_kit_enter(kit, before == LIBEXEC_KIT_PREPARED ? LIBEXEC_KIT_IDLE : before);
}
