// SPDX-License-Identifier: MIT
// How this kernel gets execve() from libexec: with the required members of the contract, `open`, and the hooks without
// which nothing would start. A kernel without demand paging, page cache, locks or a heap needs no more. Host codes are
// Linux's errno values.
#include <libexec/libexec.h>
#include <libexec/port/aarch64.h>

#include "console.h"
#include "files.h"
#include "layout.h"
#include "linux_errors.h"
#include "machine.h"
#include "process.h"
#include "string.h"

extern const uint8_t kernel_stack_end[];

// ---- Files ----------------------------------------------------------------------------------------------------------

static int source_read_at(void *context, uint64_t offset, void *buffer, size_t length, size_t *done) {
    const struct file *const file = context;
    const uint64_t available = offset < file->size ? file->size - offset : 0;
    *done = length < available ? length : available;
    memcpy(buffer, file->bytes + offset, *done);
    return 0;
}

static const struct libexec_source_operations source_operations = {.read_at = source_read_at};

static int host_open(void *context, enum libexec_file kind, const char *name, struct libexec_source *source) {
    (void)context, (void)kind;
    const struct file *const file = file_find(name);
    if (file == NULL) {
        return ENOENT;
    }
    if (file->executable == 0) {
        return EACCES;
    }
    source->operations = &source_operations;
    source->context = (void *)(uintptr_t)file;
    source->size = file->size;
    return 0;
}

// ---- The new space --------------------------------------------------------------------------------------------------

static int host_space_create(void *context, void **space) {
    (void)context;
    *space = space_create();
    return *space != NULL ? 0 : ENOMEM;
}

static void host_space_destroy(void *context, void *space) {
    (void)context;
    space_destroy(space);
}

// The stack is mapped in full, which the policy keeps small, and the guard not at all: mmap looks for room below it.
static int host_map(void *context, void *space, const struct libexec_map *operation) {
    (void)context;
    const struct libexec_region *const region = &operation->region;
    if (operation->backing == LIBEXEC_BACKING_NONE) {
        return 0;
    }
    switch (space_map(space, region->address, region->address + region->length, region->rights)) {
    case SPACE_DONE:
        return 0;
    case SPACE_OCCUPIED:
        return LIBEXEC_HOST_OCCUPIED;
    case SPACE_NO_MEMORY:
    default:
        return ENOMEM;
    }
}
_Static_assert((int)RIGHT_READ == LIBEXEC_RIGHT_READ && (int)RIGHT_WRITE == LIBEXEC_RIGHT_WRITE &&
                   (int)RIGHT_EXECUTE == LIBEXEC_RIGHT_EXECUTE,
               "rights need no translation");

// One page at a time.
static int host_translate(void *context, void *space, libexec_address address, uint64_t length,
                          struct libexec_view *view) {
    (void)context;
    const uint64_t rest = PAGE_SIZE - address % PAGE_SIZE;
    view->bytes = space_view(space, address);
    view->length = length < rest ? length : rest;
    return view->bytes != NULL ? 0 : EFAULT;
}

// Processors without one cache for both must be told of instructions that were written.
static void host_view_end(void *context, void *space, libexec_address address, uint64_t length) {
    (void)context;
    libexec_aarch64_publish_code(space_view(space, address), length);
}

// QEMU's machine has no source of entropy without a device for it. A kernel for use has one: this is no example.
static int host_random(void *context, void *bytes, size_t length) {
    (void)context;
    static uint64_t state;
    for (size_t i = 0; i < length; i++) {
        state = (state ^ machine_counter()) * UINT64_C(0x9e3779b97f4a7c15);
        ((uint8_t *)bytes)[i] = (uint8_t)(state >> 56);
    }
    return 0;
}

static int host_user_read(void *context, void *to, libexec_address from, size_t length) {
    (void)context;
    return user_read(process.space, to, from, length) ? 0 : EFAULT;
}

// ---- Commit ---------------------------------------------------------------------------------------------------------

static void host_close_on_exec(void *context, const struct libexec_start *start) {
    (void)context, (void)start;
    for (size_t i = 0; i < DESCRIPTORS; i++) {
        if (process.descriptors[i].close_on_exec) {
            process.descriptors[i] = (struct descriptor){.file = NULL};
        }
    }
}

static void host_set_memory(void *context, const struct libexec_start *start) {
    (void)context;
    struct space *const space = start->space;
    space->heap_start = space->heap_end = start->layout->brk_start;
    space->mmap_top = start->layout->mmap_top;
}

static void host_install_space(void *context, const struct libexec_start *start) {
    struct space **const old_space = context;
    *old_space = process.space;
    process.space = start->space;
    space_use(process.space);
}

static void host_release_old_space(void *context, const struct libexec_start *start) {
    (void)start;
    struct space *const *const old_space = context;
    if (*old_space != NULL) {
        space_destroy(*old_space);
    }
}

static const struct libexec_host host = {
    .space_create = host_space_create,
    .space_destroy = host_space_destroy,
    .map = host_map,
    .translate = host_translate,
    .random = host_random,
    .user_read = host_user_read,

    .open = host_open,
    .view_end = host_view_end,

    .close_on_exec = host_close_on_exec,
    .set_memory = host_set_memory,
    .install_space = host_install_space,
    .release_old_space = host_release_old_space,
};

// ---- The exec -------------------------------------------------------------------------------------------------------

static void print_bytes(void *context, const char *bytes, size_t length) {
    (void)context;
    console_write(bytes, length);
}

// Why it failed, and that it has cost nothing.
static void report_failure(const struct libexec_report *report, size_t pages_before) {
    static const struct libexec_sink console = {.write = print_bytes};
    const size_t lost = pages_in_use() - pages_before;
    console_print("smallkernel: exec refused, ");
    if (lost == 0) {
        console_print("no page lost\n");
    } else {
        console_print_number(lost);
        console_print(" pages LOST\n");
    }
    libexec_dump_report(&console, report);
}

static uint64_t hwcap(void) {
    enum { HWCAP_SVE = 22 };
    struct libexec_aarch64_features features;
    libexec_aarch64_read_features(&features);
    return libexec_aarch64_hwcap(&features) | (uint64_t)(machine_scalable_vector_bytes() != 0) << HWCAP_SVE;
}

// One process, one exec at a time.
static struct libexec_exec exec;

static enum libexec_status prepare(struct libexec_request *request, struct space **old_space) {
    static const struct libexec_policy policy = {
        .tls = LIBEXEC_TLS_NEVER, // AArch64 has Variant I
        .stack_size = UINT64_C(256) << 10,
    };
    const struct libexec_auxv auxv[] = {{LIBEXEC_AT_HWCAP, hwcap()}, {LIBEXEC_AT_CLKTCK, 100}};
    request->host = &host;
    request->context = old_space;
    request->arch = &libexec_arch_aarch64;
    request->policy = &policy;
    request->auxv = auxv;
    request->auxv_count = sizeof auxv / sizeof auxv[0];
    return libexec_prepare(&exec, request);
}

static int execute(struct libexec_request *request) {
    const size_t pages_before = pages_in_use();
    struct space *old_space = NULL;
    if (prepare(request, &old_space) != LIBEXEC_OK) {
        report_failure(libexec_exec_report(&exec), pages_before);
        return libexec_report_errno(libexec_exec_report(&exec));
    }
    struct libexec_start start;
    libexec_exec_start(&exec, &start);
    libexec_commit(&exec); // without `seize` it cannot fail
    const struct libexec_aarch64_start registers = {
        .entry = start.entry,
        .stack_pointer = start.stack_pointer,
        .thread_pointer = start.thread_pointer,
        .kernel_stack = (uint64_t)(uintptr_t)kernel_stack_end,
    };
    libexec_aarch64_enter_user(&registers);
}

int process_execute(const char *path, const char *const *argv, const char *const *envp) {
    struct libexec_request request = {
        .path = path,
        .arguments = {.from = LIBEXEC_ARGUMENTS_KERNEL, .argv = argv, .envp = envp},
    };
    return execute(&request);
}

int process_execute_from_user(uint64_t path, uint64_t argv, uint64_t envp) {
    struct libexec_request request = {
        .user_path = path,
        .arguments = {.from = LIBEXEC_ARGUMENTS_USER, .user_argv = argv, .user_envp = envp},
    };
    return execute(&request);
}

size_t process_rehearse(const char *path, const char *const *argv, const char *const *envp) {
    struct libexec_request request = {
        .path = path,
        .arguments = {.from = LIBEXEC_ARGUMENTS_KERNEL, .argv = argv, .envp = envp},
    };
    const size_t pages_before = pages_in_use();
    for (size_t left = 0;; left++) {
        pages_allow(left);
        struct space *old_space = NULL;
        const bool whole = prepare(&request, &old_space) == LIBEXEC_OK;
        pages_allow(SIZE_MAX);
        libexec_abandon(&exec);
        if (pages_in_use() != pages_before) {
            panic("pages are lost where an exec gets so many", left);
        }
        if (left > RAM_BYTES / PAGE_SIZE) {
            panic("no number of pages is enough for an exec, not even", left);
        }
        if (whole || libexec_report_errno(libexec_exec_report(&exec)) != ENOMEM) {
            return left;
        }
    }
}
