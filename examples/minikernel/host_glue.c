// SPDX-License-Identifier: MIT
// How this kernel gives itself execve() with libexec. A newcomer's own kernel needs a file like this one, and nothing
// else.
//
// There are five parts: a source (how to read a file), the callbacks that prepare uses to build the new image beside
// the old one, the hooks that commit uses to replace the old image, what a page fault asks (a kernel without demand
// paging has no such part), and the two functions that the kernel calls.
//
// A callback returns 0 or a positive code of the kernel's own; here that is Linux's errno, so that what a callback
// answers is what the program sees. The rest of this kernel returns negative errno values, as Linux does inside; hence
// the minus signs below.

#include "host_glue.h"

#include <libexec/libexec.h>
#include <libexec/port/x86_64.h>

#include "console.h"
#include "cpu.h"
#include "files.h"
#include "layout.h"
#include "linux_abi.h"
#include "pages.h"
#include "paging.h"
#include "process.h"
#include "space.h"
#include "string.h"
#include "user.h"

// One exec under way. The library hands the address of this, the request's `context`, to every callback.
struct exec_context {
    struct process *process;
    struct space *old_space;           // what the process runs in until install_space; NULL when the kernel starts it
    struct libexec_source program;     // as opened last: the program itself, or a script's interpreter. The library
                                       // closes it before the first hook: no hook may use it
    struct libexec_source interpreter; // what PT_INTERP names; closed as early
    char *executable;                  // the program's path, for set_name; PATH_MAX bytes
    char old_name[16];
    bool refuses_link;                 // AT_SYMLINK_NOFOLLOW: the program must not be a link
    bool is_rehearsal;                 // prepare, then abandon
    struct libexec_x86_64_start start; // filled by the last hooks, for the entry into user mode
};

static struct exec_options options;
static bool has_leaked;

// ---- A source: how the library reads a file -----------------------------------------------------------------------

// Files here are nodes of the initramfs, whole in memory. So reading is copying, and a view of cached bytes is a
// pointer. A kernel with a disk would read blocks in read_at, which may sleep, and offer no view or one of its page
// cache.

static int source_read_at(void *context, uint64_t offset, void *buffer, size_t length, size_t *done) {
    const struct node *const node = context;
    const uint64_t available = offset < node->size ? node->size - offset : 0;
    *done = length < available ? length : available;
    memcpy(buffer, node_bytes(node) + offset, *done);
    return 0;
}

static int source_view(void *context, uint64_t offset, size_t length, const uint8_t **bytes) {
    const struct node *const node = context;
    if (offset > node->size || length > node->size - offset) {
        return EIO;
    }
    *bytes = node_bytes(node) + offset;
    return 0;
}

static void source_view_release(void *context, uint64_t offset, size_t length) {
    (void)context, (void)offset, (void)length; // the initramfs never moves
}

// Gives back the reference that open_source took. A kernel with writable files allows writers again here.
static void source_close(void *context) {
    node_put(context);
}

static const struct libexec_source_operations source_operations = {
    .read_at = source_read_at,
    .view = source_view,
    .view_release = source_view_release,
    .close = source_close,
};

// Makes a source of a file, and takes a reference for it; refusals are Linux's.
//
// The flags say what else the pages are good for. Files of the initramfs start on a page and never change, so their
// pages can be mapped as they are, copied when a program writes to them, and brought in as late as at the first fault.
// Without these three bits everything works as well; the library then asks for fresh pages and copies the bytes itself.
static int open_source(struct node *node, struct libexec_source *source) {
    if ((node->mode & S_IFMT) == S_IFLNK) {
        return ELOOP;
    }
    if ((node->mode & S_IFMT) != S_IFREG || (node->mode & 0111) == 0) {
        return EACCES;
    }
    *source = (struct libexec_source){
        .operations = &source_operations,
        .context = node_get(node),
        .size = node->size,
        .flags = LIBEXEC_SOURCE_STABLE,
    };
    if (!options.copy_all) {
        source->flags |= LIBEXEC_SOURCE_SHARE | LIBEXEC_SOURCE_COPY_ON_WRITE;
        source->flags |= options.no_faults ? 0 : LIBEXEC_SOURCE_FAULT;
    }
    return 0;
}

// ---- Callbacks of prepare: they touch only the new space ----------------------------------------------------------

// Finds and checks a file to execute: the program, the interpreter that it names, or the one that a script names. What
// is answered here, ENOENT, ENOTDIR, ELOOP or EACCES, is what execve answers.
static int host_open(void *context, enum libexec_file kind, const char *name, struct libexec_source *source) {
    struct exec_context *const exec = context;
    const bool follow = kind != LIBEXEC_FILE_PROGRAM || !exec->refuses_link;
    struct node *node;
    const int result = files_lookup(&exec->process->descriptors, exec->process->directory, name, follow, &node);
    if (result != 0) {
        return -result;
    }
    const int refused = open_source(node, source);
    if (refused == 0) {
        *(kind == LIBEXEC_FILE_INTERPRETER ? &exec->interpreter : &exec->program) = *source;
    }
    return refused;
}

// An empty address space. The caller still runs in its own; both exist until commit, or until the exec fails.
static int host_space_create(void *context, void **space) {
    (void)context;
    *space = space_create();
    return *space != NULL ? 0 : ENOMEM;
}

static void host_space_destroy(void *context, void *space) {
    (void)context;
    space_destroy(space);
}

static enum region_kind kind_of(const struct libexec_region *region) {
    switch (region->kind) {
    case LIBEXEC_REGION_PROGRAM:
        return REGION_PROGRAM;
    case LIBEXEC_REGION_INTERPRETER:
        return REGION_INTERPRETER;
    case LIBEXEC_REGION_TLS:
        return REGION_TLS;
    case LIBEXEC_REGION_STACK:
        return REGION_STACK;
    case LIBEXEC_REGION_GUARD:
        return REGION_GUARD;
    case LIBEXEC_REGION_BSS:
    default:
        return REGION_ZEROS;
    }
}

_Static_assert(RIGHT_READ == LIBEXEC_RIGHT_READ && RIGHT_WRITE == LIBEXEC_RIGHT_WRITE &&
                   RIGHT_EXECUTE == LIBEXEC_RIGHT_EXECUTE,
               "rights need no translation");

// Adds a region to the new space. Regions of this kernel cost nothing until they are touched: a page of zeros, or the
// file's own page, arrives at the first fault, or earlier when the library asks for a view of it. That suits every
// backing. A kernel without demand paging allocates and zeroes the pages here, and offers none of SHARE, COPY_ON_WRITE
// and FAULT.
//
// The source is open during the call only. Whatever goes on with the file takes a reference of its own: space_map does
// for each region, attach_image for all FAULT operations together.
static int host_map(void *context, void *space, const struct libexec_map *operation) {
    (void)context;
    struct region region = {
        .start = operation->region.address,
        .end = operation->region.address + operation->region.length,
        .rights = operation->region.rights,
        .kind = kind_of(&operation->region),
    };
    switch (operation->backing) {
    case LIBEXEC_BACKING_SHARE:
    case LIBEXEC_BACKING_COPY_ON_WRITE:
        region.file = operation->source->context;
        region.file_offset = operation->region.file_offset;
        break;
    case LIBEXEC_BACKING_FAULT:
        region.is_image = true;
        break;
    case LIBEXEC_BACKING_NONE: // the guard: a region without rights keeps mmap away
        region.rights = 0;
        break;
    case LIBEXEC_BACKING_ZERO:
    case LIBEXEC_BACKING_WRITTEN:
    case LIBEXEC_BACKING_RESERVE:
        break;
    default:
        return EINVAL;
    }
    const int result = space_map(space, &region, false);
    return result == -EEXIST ? LIBEXEC_HOST_OCCUPIED : -result;
}

// Lets the library write pages of the new space, whatever rights the program will have there. All memory is in the
// direct map, so the view is a pointer into it, as long as the pages behind it happen to be neighbours, and needs no
// view_end.
static int host_translate(void *context, void *space, libexec_address address, uint64_t length,
                          struct libexec_view *view) {
    (void)context;
    size_t available = length;
    view->bytes = space_view(space, address, &available);
    view->length = available;
    return view->bytes != NULL ? 0 : ENOMEM;
}

static int host_random(void *context, void *bytes, size_t length) {
    (void)context;
    for (size_t done = 0; done < length;) {
        const uint64_t word = cpu_random();
        const size_t count = length - done < sizeof word ? length - done : sizeof word;
        memcpy((uint8_t *)bytes + done, &word, count);
        done += count;
    }
    return 0;
}

// Path, argv and envp of the caller. Its space is still the one in use, so this is the kernel's ordinary copy from user
// memory: hostile addresses make it fail, and the library turns that into EFAULT.
static int host_user_read(void *context, void *to, libexec_address from, size_t length) {
    (void)context;
    return -user_read(to, from, length);
}

// ---- Hooks of commit: from here on nothing can fail ---------------------------------------------------------------

static void host_close_on_exec(void *context, const struct libexec_start *start) {
    (void)start;
    files_close_all(&((struct exec_context *)context)->process->descriptors, true);
}

// POSIX: caught signals go back to the default, ignored ones stay ignored; the mask and what is pending stay too.
static void host_reset_signals(void *context, const struct libexec_start *start) {
    (void)start;
    struct signals *const signals = &((struct exec_context *)context)->process->signals;
    for (int signal = 1; signal <= SIGNAL_COUNT; signal++) {
        const uint64_t handler = signals->actions[signal].handler == SIG_IGN ? SIG_IGN : SIG_DFL;
        signals->actions[signal] = (struct linux_sigaction){.handler = handler};
    }
}

static void host_reset_alternate_stack(void *context, const struct libexec_start *start) {
    (void)start;
    ((struct exec_context *)context)->process->signals.stack = (struct linux_sigaltstack){.flags = SS_DISABLE};
}

static void host_reset_thread(void *context, const struct libexec_start *start) {
    (void)start;
    struct process *const process = ((struct exec_context *)context)->process;
    process->clear_child_tid = 0;
    process->robust_list = 0;
}

static void host_set_name(void *context, const struct libexec_start *start) {
    struct exec_context *const exec = context;
    struct process *const process = exec->process;
    memcpy(exec->old_name, process->name, sizeof exec->old_name);
    const size_t length = string_length(start->name);
    const size_t kept = length < sizeof process->name ? length : sizeof process->name - 1;
    memcpy(process->name, start->name, kept);
    process->name[kept] = '\0';
    if (exec->executable[0] != '\0') {
        files_set_executable(exec->executable);
    }
}

static void host_set_memory(void *context, const struct libexec_start *start) {
    (void)context;
    struct space *const space = start->space;
    space->heap_start = start->layout->brk_start;
    space->heap_end = start->layout->brk_start;
    space->mmap_top = start->layout->mmap_top;
}

static void host_install_space(void *context, const struct libexec_start *start) {
    struct process *const process = ((struct exec_context *)context)->process;
    process->space = start->space;
    paging_switch(process->space->root);
}

// The port's entry into user mode loads these; a kernel that returns through the system call's frame would write them
// there.
static void host_set_thread_pointer(void *context, const struct libexec_start *start) {
    ((struct exec_context *)context)->start.thread_pointer = start->thread_pointer;
}

static void host_set_registers(void *context, const struct libexec_start *start) {
    struct libexec_x86_64_start *const registers = &((struct exec_context *)context)->start;
    registers->entry = start->entry;
    registers->stack_pointer = start->stack_pointer;
    registers->code_selector = SELECTOR_USER_CODE;
    registers->stack_selector = SELECTOR_USER_DATA;
    registers->gs_rule = LIBEXEC_X86_64_GS_UNUSED;
}

static void host_release_old_space(void *context, const struct libexec_start *start) {
    (void)start;
    struct exec_context *const exec = context;
    if (exec->old_space == NULL) {
        return;
    }
    if (options.draw) {
        space_print_counts(exec->old_space, exec->old_name);
    }
    space_destroy(exec->old_space);
}

// Left out, because this kernel has no such thing: seize (threads), reset_timers, set_credentials (everybody is root),
// wake_parent (vfork), image_known (no set-ID, no signatures; ids and AT_SECURE are 0), view_end, map_many,
// thread_control_block.
static const struct libexec_host host = {
    .open = host_open,
    .space_create = host_space_create,
    .space_destroy = host_space_destroy,
    .map = host_map,
    .translate = host_translate,
    .random = host_random,
    .user_read = host_user_read,

    .close_on_exec = host_close_on_exec,
    .reset_signals = host_reset_signals,
    .reset_alternate_stack = host_reset_alternate_stack,
    .reset_thread = host_reset_thread,
    .set_name = host_set_name,
    .set_memory = host_set_memory,
    .install_space = host_install_space,
    .set_thread_pointer = host_set_thread_pointer,
    .set_registers = host_set_registers,
    .release_old_space = host_release_old_space,
};

// ---- Page faults: what a page of the image holds --------------------------------------------------------------------

// The process keeps a copy of the regions of its image, sorted by address. Where the library asked for BACKING_FAULT,
// the first fault on a page is answered from them. The library's own sources are closed by then: these are copies, with
// a reference each.
struct image_regions {
    struct image image;                         // first, so that the callbacks find the rest
    struct libexec_source program, interpreter; // operations NULL: none
    uint32_t count;
    struct libexec_region regions[6 * LIBEXEC_CONFIG_SEGMENTS + 3]; // no image has more
};
_Static_assert(sizeof(struct image_regions) <= IMAGE_PAGES * PAGE_SIZE, "an image fits the pages it is given");

static const struct image_regions *regions_of(const struct image *image) {
    return (const struct image_regions *)(const void *)image;
}

static const struct libexec_source *source_of(const struct image_regions *image, const struct libexec_region *region) {
    return region->file == LIBEXEC_FILE_INTERPRETER ? &image->interpreter : &image->program;
}

// Whole pages of the file, as many around the address as the library allows, can be mapped as they are.
static bool image_lend(const struct image *image, uint64_t address, struct lent_pages *pages) {
    const struct image_regions *const own = regions_of(image);
    struct libexec_fault_page page;
    if (!libexec_fault(own->regions, own->count, PAGE_SIZE, FAULT_AROUND, address, &page) || !page.shareable) {
        return false;
    }
    const struct node *const node = source_of(own, page.region)->context;
    *pages = (struct lent_pages){page.address, page.length, node_bytes(node) + page.file_offset};
    return true;
}

// A page that ends in zeros, or holds nothing else.
static int image_fill(const struct image *image, uint64_t address, void *bytes) {
    const struct image_regions *const own = regions_of(image);
    struct libexec_fault_page page;
    if (!libexec_fault(own->regions, own->count, PAGE_SIZE, PAGE_SIZE, address, &page)) {
        return -EFAULT;
    }
    return libexec_fault_fill(&page, source_of(own, page.region), bytes) == LIBEXEC_OK ? 0 : -EIO;
}

static void copy_source(struct libexec_source *copy, const struct libexec_source *source) {
    *copy = *source;
    if (source->operations != NULL) {
        node_get(source->context);
    }
}

static void close_copy(const struct libexec_source *copy) {
    if (copy->operations != NULL) {
        copy->operations->close(copy->context);
    }
}

// The space goes, and with it the image.
static void image_release(const struct image *image) {
    close_copy(&regions_of(image)->program);
    close_copy(&regions_of(image)->interpreter);
}

static void insert_sorted(struct image_regions *image, const struct libexec_region *region) {
    uint32_t at = image->count++;
    for (; at > 0 && image->regions[at - 1].address > region->address; at--) {
        image->regions[at] = image->regions[at - 1];
    }
    image->regions[at] = *region;
}

// Hands the regions of a prepared exec to its space, which frees them when it goes.
static bool attach_image(const struct exec_context *context, const struct libexec_exec *exec) {
    struct libexec_start start;
    libexec_exec_start(exec, &start);
    const uint64_t physical = pages_allocate(IMAGE_PAGES);
    if (physical == 0) {
        return false;
    }
    struct image_regions *const image = physical_view(physical);
    ((struct space *)start.space)->image = &image->image;
    image->image = (struct image){.lend = image_lend, .fill = image_fill, .release = image_release};
    copy_source(&image->program, &context->program); // open still: commit closes them
    copy_source(&image->interpreter, &context->interpreter);
    struct libexec_region region;
    for (uint32_t i = 0; libexec_exec_region(exec, i, &region); i++) {
        if (image->count == sizeof image->regions / sizeof image->regions[0]) {
            return false;
        }
        insert_sorted(image, &region);
    }
    return true;
}

// ---- The exec itself ----------------------------------------------------------------------------------------------

// The library allocates nothing: its working memory is the exec object, and, for paths longer than that holds, a
// buffer. The path is this kernel's own.
struct exec_memory {
    struct libexec_exec exec;
    char names[LIBEXEC_NAMES_MAX];
    char executable[PATH_MAX];
};
#define EXEC_MEMORY_PAGES ((sizeof(struct exec_memory) + PAGE_SIZE - 1) / PAGE_SIZE)

static void write_to_console(void *context, const char *bytes, size_t length) {
    (void)context;
    console_write(bytes, length);
}

static const struct libexec_sink console_sink = {.write = write_to_console};

// Pages in use, the caller's own aside: reading its arguments may have brought some of those in.
static size_t pages_beside(const struct space *space) {
    return pages_in_use() - (space != NULL ? space->owned + space->tables : 0);
}

// What a program executes has a heading of its own. Drawn is what differs: not a program that executes itself again.
static void draw(const struct exec_context *context, const struct libexec_exec *exec) {
    struct libexec_start start;
    libexec_exec_start(exec, &start);
    const bool by_program = context->old_space != NULL;
    if (by_program) {
        print_fresh_line();
        print("-- pid %d executes %s\n", context->process->pid, start.path);
    }
    if (!by_program || !string_equal(start.name, context->process->name)) {
        libexec_dump_space(&console_sink, exec);
    }
    print("   entry %lx  rsp %lx  tp %lx\n", start.entry, start.stack_pointer, start.thread_pointer);
}

// Tells which exec failed, why, and that it has cost nothing.
static void report_failure(const struct libexec_exec *exec, const struct libexec_request *request, int error,
                           size_t pages_before, size_t pages_after, bool leaks) {
    const char *path = request->path;
    char shown[80];
    if (path == NULL) {
        path = user_read_string(shown, request->user_path, sizeof shown) == 0 ? shown : "(not shown)";
    }
    print_fresh_line();
    print("minikernel: exec of \"%s\" refused with %s, pages in use: %zu before, %zu after%s\n", path,
          error_name(error), pages_before, pages_after, leaks ? ": LEAK" : "");
    if (libexec_exec_report(exec)->status != LIBEXEC_OK) {
        libexec_dump_report(&console_sink, libexec_exec_report(exec));
        print_fresh_line();
    }
}

// A positive errno value, or 0: then the process has its new image, unless it was a rehearsal.
static int prepare_and_commit(struct exec_context *context, struct libexec_exec *exec,
                              const struct libexec_request *request) {
    if (libexec_prepare(exec, request) != LIBEXEC_OK) {
        return libexec_report_errno(libexec_exec_report(exec));
    }
    if (!attach_image(context, exec)) {
        return ENOMEM;
    }
    if (!initramfs_path(context->program.context, context->executable, PATH_MAX)) {
        context->executable[0] = '\0';
    }
    if (context->is_rehearsal) {
        return 0;
    }
    if (options.draw) {
        draw(context, exec);
    }
    return libexec_commit(exec) == LIBEXEC_OK ? 0 : libexec_report_errno(libexec_exec_report(exec));
}

// Runs one exec. Returns a negative errno value, and everything is as it was; or does not return.
static int run_exec(struct exec_context *context, struct libexec_request *request) {
    const struct libexec_auxv auxv[] = {
        {LIBEXEC_AT_HWCAP, libexec_x86_64_hwcap()},
        {LIBEXEC_AT_HWCAP2, libexec_x86_64_hwcap2(libexec_x86_64_fsgsbase_enabled())},
        {LIBEXEC_AT_MINSIGSTKSZ, libexec_x86_64_minimum_signal_stack(0)},
        {LIBEXEC_AT_CLKTCK, 100},
    };
    const struct libexec_policy policy = {.flags = options.fixed_addresses ? LIBEXEC_POLICY_FIXED_ADDRESSES : 0};
    const size_t pages_before = pages_beside(context->old_space);
    const size_t references_before = node_references() - (request->source != NULL ? 1 : 0); // closed in the end
    const uint64_t physical = pages_allocate(EXEC_MEMORY_PAGES);
    if (physical == 0) {
        if (request->source != NULL) {
            source_close(request->source->context); // prepare would have
        }
        return -ENOMEM;
    }
    struct exec_memory *const memory = physical_view(physical);
    context->executable = memory->executable;

    request->host = &host;
    request->context = context;
    request->arch = &libexec_arch_x86_64;
    request->policy = &policy;
    request->auxv = auxv;
    request->auxv_count = sizeof auxv / sizeof auxv[0];
    request->names = memory->names;
    request->names_size = sizeof memory->names;

    const int error = prepare_and_commit(context, &memory->exec, request);
    if (error == 0 && !context->is_rehearsal) {
        // The exec object owns nothing any more, and the old image is gone. What is left is to start the new one.
        pages_free(physical, EXEC_MEMORY_PAGES);
        libexec_x86_64_enter_user(&context->start);
    }
    libexec_abandon(&memory->exec);
    const size_t pages_after = pages_beside(context->old_space) - EXEC_MEMORY_PAGES;
    const bool leaks = pages_after != pages_before || node_references() != references_before;
    has_leaked |= leaks;
    if (!context->is_rehearsal) {
        report_failure(&memory->exec, request, error, pages_before, pages_after, leaks);
    }
    pages_free(physical, EXEC_MEMORY_PAGES);
    return -error;
}

void exec_configure(struct exec_options new_options) {
    options = new_options;
}

void exec_program_ended(const struct process *process) {
    if (options.draw && process->space != NULL) {
        space_print_counts(process->space, process->name);
    }
}

bool exec_has_leaked(void) {
    return has_leaked;
}

int exec_rehearse(const char *path, const char *const *argv, const char *const *envp) {
    struct exec_context context = {.process = process_current(), .is_rehearsal = true};
    struct libexec_request request = {
        .path = path,
        .arguments = {.from = LIBEXEC_ARGUMENTS_KERNEL, .argv = argv, .envp = envp},
    };
    return run_exec(&context, &request);
}

int exec_from_kernel(const char *path, const char *const *argv, const char *const *envp) {
    struct exec_context context = {.process = process_current(), .old_space = process_current()->space};
    struct libexec_request request = {
        .path = path,
        .arguments = {.from = LIBEXEC_ARGUMENTS_KERNEL, .argv = argv, .envp = envp},
    };
    return run_exec(&context, &request);
}

// An exec by descriptor has a display name that a script's interpreter can open, as long as the descriptor stays open:
// "/dev/fd/N", or "/dev/fd/N/path" for a path from a directory.
static bool write_display_name(char *name, size_t size, size_t descriptor, const char *path) {
    static const char prefix[] = "/dev/fd/";
    _Static_assert(DESCRIPTOR_LIMIT <= 100, "two digits");
    size_t end = sizeof prefix - 1;
    memcpy(name, prefix, end);
    if (descriptor >= 10) {
        name[end++] = (char)('0' + descriptor / 10);
    }
    name[end++] = (char)('0' + descriptor % 10);
    name[end] = path[0] != '\0' ? '/' : '\0';
    return path[0] == '\0' || string_copy(name + end + 1, size - end - 1, path);
}

// execveat with a descriptor: the file itself, or a path from a directory.
static int exec_by_descriptor(struct exec_context *context, struct libexec_request *request, uint32_t number,
                              const char *path, uint32_t flags) {
    struct process *const process = context->process;
    const struct open_file *const file = files_get(&process->descriptors, number);
    char name[PATH_MAX];
    struct libexec_source source;
    if (file == NULL) {
        return -EBADF;
    }
    struct node *node = file->node;
    if (path[0] != '\0') {
        const int result = initramfs_lookup(file->node, path, (flags & AT_SYMLINK_NOFOLLOW) == 0, &node);
        if (result != 0) {
            return result;
        }
    } else if ((flags & AT_EMPTY_PATH) == 0) {
        return -ENOENT;
    }
    if (!write_display_name(name, sizeof name, number, path)) {
        return -ENAMETOOLONG;
    }
    const int refused = open_source(node, &source);
    if (refused != 0) {
        return -refused;
    }
    context->program = source;
    request->source = &source;
    request->path = name;
    request->close_on_exec = process->descriptors.entries[number].close_on_exec;
    return run_exec(context, request);
}

int exec_rehearse_descriptor(uint32_t descriptor, const char *const *argv, const char *const *envp) {
    struct exec_context context = {.process = process_current(), .is_rehearsal = true};
    struct libexec_request request = {
        .arguments = {.from = LIBEXEC_ARGUMENTS_KERNEL, .argv = argv, .envp = envp},
    };
    return exec_by_descriptor(&context, &request, descriptor, "", AT_EMPTY_PATH);
}

int exec_from_user(int directory, uint64_t user_path, uint64_t argv, uint64_t envp, uint32_t flags) {
    struct exec_context context = {.process = process_current(), .old_space = process_current()->space};
    struct libexec_request request = {
        .user_path = user_path,
        .arguments = {.from = LIBEXEC_ARGUMENTS_USER, .user_argv = argv, .user_envp = envp},
    };
    if ((flags & ~(uint32_t)(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) != 0) {
        return -EINVAL;
    }
    if (directory == AT_FDCWD && flags == 0) {
        return run_exec(&context, &request);
    }
    // Read once. From here on only this copy counts, for the library too: another thread of the caller's could change
    // what stands at user_path, between a check and its use.
    char path[PATH_MAX];
    const int result = user_read_string(path, user_path, sizeof path);
    if (result != 0) {
        return result;
    }
    if (directory == AT_FDCWD || path[0] == '/') {
        request.path = path;
        context.refuses_link = (flags & AT_SYMLINK_NOFOLLOW) != 0; // seen to by the lookup that opens
        return run_exec(&context, &request);
    }
    return exec_by_descriptor(&context, &request, (uint32_t)directory, path, flags);
}
