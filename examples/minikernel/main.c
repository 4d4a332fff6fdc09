// SPDX-License-Identifier: MIT
// The kernel from its first C instruction to its last: set everything up, run programs, say how it went.
//
// Command line, words in any order:
//   tour         draw each new address space, but for a program's that executes itself again
//   norandom     place everything at fixed addresses
//   copy         fill all pages of a new image at once; share: lend file pages, but leave nothing to page faults
//   rehearse     try each exec with every allocation of pages failing in turn before it is made
//   input        let programs read from the serial port
//   list=PATH    run what this file lists instead of /etc/tour
//   run=LIST     run /path,argument,...;/path,... instead
//   init=COMMAND run this one command; takes the rest of the line

#include "clock.h"
#include "console.h"
#include "cpu.h"
#include "files.h"
#include "host_glue.h"
#include "initramfs.h"
#include "pages.h"
#include "paging.h"
#include "process.h"
#include "programs.h"
#include "space.h"
#include "start_info.h"
#include "string.h"
#include "syscall.h"
#include "trap.h"

_Noreturn void kernel_main(uint32_t start_info);

extern const uint8_t kernel_end[];

struct boot_options {
    struct exec_options exec;
    bool input, rehearse;
    const char *file;
    char *list;
    char *command;
};

static char *next_word(char *line) {
    while (*line != '\0' && *line != ' ') {
        line++;
    }
    while (*line == ' ') {
        *line++ = '\0';
    }
    return line;
}

static struct boot_options parse_command_line(char *line) {
    struct boot_options options = {.file = "/etc/tour"};
    while (*line == ' ') {
        line++;
    }
    while (*line != '\0') {
        if (string_starts_with(line, "init=")) {
            options.command = line + 5;
            break;
        }
        char *const next = next_word(line);
        if (string_equal(line, "tour")) {
            options.exec.draw = true;
        } else if (string_equal(line, "norandom")) {
            options.exec.fixed_addresses = true;
        } else if (string_equal(line, "copy")) {
            options.exec.copy_all = true;
        } else if (string_equal(line, "share")) {
            options.exec.no_faults = true;
        } else if (string_equal(line, "rehearse")) {
            options.rehearse = true;
        } else if (string_equal(line, "input")) {
            options.input = true;
        } else if (string_starts_with(line, "list=")) {
            options.file = line + 5;
        } else if (string_starts_with(line, "run=")) {
            options.list = line + 4;
        } else {
            print("minikernel: \"%s\" on the command line is not known\n", line);
        }
        line = next;
    }
    return options;
}

// Memory that the start info names, less what is in use: the first MiB (the BIOS's, and page 0, whose address is
// nobody), the kernel and the archive.
static void setup_pages(const struct start_info *info) {
    for (size_t i = 0; i < info->memory_range_count; i++) {
        pages_add(info->memory_ranges[i].start, info->memory_ranges[i].end);
    }
    pages_reserve(0, (uint64_t)(uintptr_t)kernel_end - KERNEL_BASE);
    pages_reserve(info->archive, info->archive + info->archive_size);
}

static void setup_files(const struct start_info *info, bool input) {
    if (info->archive_size == 0 || info->archive + info->archive_size > DIRECT_MAP_SIZE) {
        panic("no initramfs: QEMU's option -initrd brings one");
    }
    initramfs_setup(physical_view(info->archive), info->archive_size);
    pages_release_reserved(info->archive, info->archive + info->archive_size);
    files_setup(input);
}

_Noreturn void kernel_main(uint32_t physical_start_info) {
    static struct start_info info;
    console_setup();
    cpu_setup();
    trap_setup();
    start_info_read(physical_start_info, &info);
    setup_pages(&info);
    paging_setup();
    clock_setup();
    syscall_setup();
    print("minikernel: %zu MiB of memory, command line \"%s\"\n", pages_available() >> 8, info.command_line);

    const struct boot_options options = parse_command_line(info.command_line);
    setup_files(&info, options.input);
    exec_configure(options.exec);
    process_set_rehearsals(options.rehearse);

    const size_t pages_before = pages_in_use();
    const size_t references_before = node_references();
    if (options.command != NULL) {
        programs_run_line(options.command);
    } else if (options.list != NULL) {
        programs_run_list(options.list);
    } else {
        programs_run_file(options.file);
    }
    const bool all_well = programs_all_well();
    const size_t pages_after = pages_in_use();
    print("minikernel: pages in use: %zu before the first program, %zu after the last\n", pages_before, pages_after);
    const size_t references_after = node_references();
    print("minikernel: references to files: %zu before the first program, %zu after the last\n", references_before,
          references_after);
    print("minikernel: pages that images were asked for at faults: %zu\n", space_image_pages());
    const bool nothing_lost = pages_before == pages_after && references_before == references_after &&
                              !exec_has_leaked() && process_rehearsals_are_right();
    cpu_exit(all_well && nothing_lost ? EXIT_CODE_SUCCESS : EXIT_CODE_FAILURE);
}
