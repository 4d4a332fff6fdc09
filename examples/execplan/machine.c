// SPDX-License-Identifier: MIT
// Real files for the fake host: looked up as Linux does for execution, mapped, and handed to the kit when the library
// asks for them.

#define _GNU_SOURCE
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#if __has_include(<linux/openat2.h>)
#include <linux/openat2.h>
#endif

#define ORDINARY_USER   1000u
#define DESCRIPTOR_NAME "/dev/fd/3"
#define PAGE_SIZE_BYTES 4096u

static struct machine *current; // the kit's callbacks know the kit only

static uint64_t number_in_file(const char *path, const char *key) {
    char line[256];
    unsigned long long number = 0;
    FILE *const file = fopen(path, "re");

    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, key, strlen(key)) != 0)
            continue;
        number = strtoull(line + strlen(key), NULL, 10);
        break;
    }
    fclose(file);
    return number;
}

void machine_defaults(struct machine_settings *settings) {
    const uint64_t kibibytes =
        number_in_file("/proc/meminfo", "MemTotal:") + number_in_file("/proc/meminfo", "SwapTotal:");

    memset(settings, 0, sizeof *settings);
    settings->uid = settings->euid = settings->gid = settings->egid = ORDINARY_USER;
    settings->arch = libexec_kit_arch;
    settings->policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES;
    settings->policy.page_budget = kibibytes / (PAGE_SIZE_BYTES / 1024);
    settings->policy.user_low = number_in_file("/proc/sys/vm/mmap_min_addr", "");
}

// Opens `name` for reading, absolute interpreter names below the root that was asked for. Negative: an errno.
static int open_below_root(const struct machine_settings *settings, enum libexec_file kind, const char *name) {
    const bool below = settings->root != NULL && kind != LIBEXEC_FILE_PROGRAM && name[0] == '/';
    int descriptor = -1;

    if (!below) {
        descriptor = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        return descriptor < 0 ? -errno : descriptor;
    }
#ifdef RESOLVE_IN_ROOT
    // Symbolic links are followed as a process with that root would.
    const struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, .resolve = RESOLVE_IN_ROOT};
    const int root = open(settings->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
        return -errno;
    descriptor = (int)syscall(SYS_openat2, root, name, &how, sizeof how);
    const int error = errno;
    close(root);
    if (descriptor >= 0 || error != ENOSYS)
        return descriptor < 0 ? -error : descriptor;
#endif
    char path[2 * LIBEXEC_PATH_MAX];
    if (snprintf(path, sizeof path, "%s%s", settings->root, name) >= (int)sizeof path)
        return -ENAMETOOLONG;
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    return descriptor < 0 ? -errno : descriptor;
}

// Linux's answer to executing what `descriptor` is open on: 0 or an errno.
static int may_execute(int descriptor, uint64_t *size) {
    struct stat status;
    struct statvfs system;

    if (fstat(descriptor, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0)
        return EACCES;
    if (fstatvfs(descriptor, &system) == 0 && (system.f_flag & ST_NOEXEC) != 0)
        return EACCES;
    *size = (uint64_t)status.st_size;
    return 0;
}

static int map_file(struct machine_file *file, int descriptor) {
    const int code = may_execute(descriptor, &file->length);
    if (code != 0 || file->length == 0)
        return code;
    void *const bytes = mmap(NULL, file->length, PROT_READ, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0);
    if (bytes == MAP_FAILED)
        return errno;
    file->bytes = bytes;
    return 0;
}

// Opens and maps `name` as the next file of the machine, and tells the kit about it, or about the errno.
static void add_file(struct machine *machine, enum libexec_file kind, const char *name) {
    struct libexec_kit_file stated = {.path = name};

    if (machine->file_count == MACHINE_FILES_MAX) {
        stated.open_code = ENFILE;
        libexec_kit_add_file(machine->kit, &stated);
        return;
    }
    struct machine_file *const file = &machine->files[machine->file_count++];
    *file = (struct machine_file){.kind = kind, .name = strdup(name)};
    const int descriptor = open_below_root(machine->settings, kind, name);
    stated.open_code = descriptor < 0 ? -descriptor : map_file(file, descriptor);
    if (descriptor >= 0)
        close(descriptor);
    if (stated.open_code == ENXIO || stated.open_code == ENODEV)
        stated.open_code = EACCES; // a socket, a device without a driver: not a regular file
    stated.bytes = file->bytes;
    stated.length = file->length;
    libexec_kit_add_file(machine->kit, &stated);
}

static int open_file(void *context, enum libexec_file kind, const char *name, struct libexec_source *source) {
    add_file(current, kind, name);
    return current->kit_open(context, kind, name, source);
}

static void set_answer(const struct machine *machine) {
    const struct machine_settings *const settings = machine->settings;
    struct libexec_image_answer *const answer = libexec_kit_answer(machine->kit);

    answer->uid = settings->uid;
    answer->euid = settings->euid;
    answer->gid = settings->gid;
    answer->egid = settings->egid;
    answer->secure = settings->secure;
    answer->auxv = settings->auxv;
    answer->auxv_count = settings->auxv_count;
}

// Exec by descriptor: the file is open before the library sees it. False where it cannot be opened.
static bool open_before(struct machine *machine, const char *file, struct libexec_source *source,
                        struct libexec_request *request) {
    add_file(machine, LIBEXEC_FILE_PROGRAM, file);
    if (!libexec_kit_source(machine->kit, file, source))
        return false;
    request->source = source;
    request->path = DESCRIPTOR_NAME;
    request->close_on_exec = machine->settings->how == MACHINE_BY_CLOSE_ON_EXEC_DESCRIPTOR;
    return true;
}

enum libexec_status machine_prepare(struct machine *machine, const struct machine_settings *settings, const char *file,
                                    const char *const *argv) {
    const struct libexec_kit_options options = {
        .features = LIBEXEC_KIT_OPEN | LIBEXEC_KIT_IMAGE_KNOWN | LIBEXEC_KIT_MAP_MANY | LIBEXEC_KIT_SHARE |
                    LIBEXEC_KIT_COPY_ON_WRITE | LIBEXEC_KIT_LONG_VIEWS | LIBEXEC_KIT_HOOKS,
        .seed = settings->seed,
        .arch = &settings->arch,
    };
    struct libexec_source source;

    machine->settings = settings;
    machine->file_count = 0;
    machine->kit = libexec_kit_new(&options);
    current = machine;
    struct libexec_host *const host = libexec_kit_host(machine->kit);
    machine->kit_open = host->open;
    host->open = open_file;
    set_answer(machine);
    struct libexec_request request = {
        .policy = &settings->policy,
        .path = file,
        .names = machine->names,
        .names_size = sizeof machine->names,
        .arguments = {.argv = settings->no_arguments ? NULL : argv, .envp = settings->environment},
    };
    // A descriptor cannot be had of a file that does not open: then the path is refused with the same errno.
    if (settings->how != MACHINE_BY_PATH && !open_before(machine, file, &source, &request))
        machine->file_count = 0;
    machine->status = libexec_kit_prepare(machine->kit, &machine->exec, &request);
    return machine->status;
}

const struct machine_file *machine_find(const struct machine *machine, enum libexec_file kind) {
    const bool program = kind == LIBEXEC_FILE_PROGRAM;

    for (uint32_t i = machine->file_count; i > 0; i--) {
        const struct machine_file *const file = &machine->files[i - 1];
        if (file->kind == kind || (program && file->kind == LIBEXEC_FILE_SCRIPT_INTERPRETER))
            return file;
    }
    return NULL;
}

void machine_close(struct machine *machine) {
    if (machine->status == LIBEXEC_OK)
        libexec_kit_abandon(machine->kit, &machine->exec);
    libexec_kit_free(machine->kit);
    for (uint32_t i = 0; i < machine->file_count; i++) {
        if (machine->files[i].bytes != NULL)
            munmap(machine->files[i].bytes, machine->files[i].length);
        free(machine->files[i].name);
    }
    machine->file_count = 0;
    current = NULL;
}
