// SPDX-License-Identifier: MIT
// Reads a stopped process through /proc and process_vm_readv and prints it as an exec dump.
//
// Only pages that are there are read: file pages through the mapping (those past the end of the file count as zero),
// anonymous ones where the page map says that they exist, so that a terabyte of bss costs nothing.

#define _GNU_SOURCE
#include "tracee.h"

#include "exec_dump.h"

#include <fcntl.h>
#include <inttypes.h>
#include <libexec/stack.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#define CHUNK_PAGES         64u
#define PAGEMAP_BATCH       4096u
#define ANONYMOUS_PAGES_MAX (1u << 20) // looked at in one anonymous mapping
#define STACK_MAX           ((uint64_t)16 << 20)
#define STRING_MAX          131072u

struct mapping {
    uint64_t start;
    uint64_t end;
    char rights[5];
    uint64_t inode;
    char name[256];
};

struct stack {
    uint64_t pointer;
    uint64_t end;
    char rights[5];
    unsigned char *bytes; // from `pointer` to `end`
};

// Through /proc/PID/mem, which also shows pages that the program itself may not read.
static size_t read_hidden(pid_t process, uint64_t address, void *buffer, size_t length) {
    char path[64];

    snprintf(path, sizeof path, "/proc/%d/mem", (int)process);
    const int memory = open(path, O_RDONLY | O_CLOEXEC);
    if (memory < 0)
        return 0;
    const ssize_t got = pread(memory, buffer, length, (off_t)address);
    close(memory);
    return got < 0 ? 0 : (size_t)got;
}

static size_t read_memory(pid_t process, uint64_t address, void *buffer, size_t length) {
    struct iovec local = {buffer, length};
    struct iovec remote = {(void *)(uintptr_t)address, length};
    const ssize_t got = process_vm_readv(process, &local, 1, &remote, 1, 0);

    return got <= 0 ? read_hidden(process, address, buffer, length) : (size_t)got;
}

static bool parse_mapping(const char *line, struct mapping *mapping) {
    memset(mapping, 0, sizeof *mapping);
    return sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*x %*s %" SCNu64 " %255[^\n]", &mapping->start, &mapping->end,
                  mapping->rights, &mapping->inode, mapping->name) >= 4;
}

static bool is_kernels_own(const struct mapping *mapping) {
    return strncmp(mapping->name, "[vvar", 5) == 0 || strcmp(mapping->name, "[vdso]") == 0 ||
           strcmp(mapping->name, "[vsyscall]") == 0;
}

// Memory.

static void print_file_pages(struct exec_dump_memory *memory, pid_t process, const struct mapping *mapping) {
    static unsigned char buffer[CHUNK_PAGES * EXEC_DUMP_PAGE];

    for (uint64_t at = mapping->start; at < mapping->end;) {
        uint64_t wanted = mapping->end - at;
        if (wanted > sizeof buffer)
            wanted = sizeof buffer;
        const size_t got = read_memory(process, at, buffer, (size_t)wanted) / EXEC_DUMP_PAGE * EXEC_DUMP_PAGE;
        for (size_t offset = 0; offset < got; offset += EXEC_DUMP_PAGE)
            exec_dump_memory_page(memory, at + offset, buffer + offset);
        if (got == 0)
            return; // past the end of the file; so is the rest
        at += got;
    }
}

static void print_present_page(struct exec_dump_memory *memory, pid_t process, uint64_t address) {
    unsigned char page[EXEC_DUMP_PAGE];

    if (read_memory(process, address, page, sizeof page) == sizeof page)
        exec_dump_memory_page(memory, address, page);
}

static void print_anonymous_pages(struct exec_dump_memory *memory, pid_t process, const struct mapping *mapping,
                                  int pagemap) {
    static uint64_t entries[PAGEMAP_BATCH];
    uint64_t pages = (mapping->end - mapping->start) / EXEC_DUMP_PAGE;
    uint64_t at = mapping->start;

    if (pages > ANONYMOUS_PAGES_MAX)
        pages = ANONYMOUS_PAGES_MAX;
    while (pages > 0) {
        const uint64_t count = pages < PAGEMAP_BATCH ? pages : PAGEMAP_BATCH;
        const ssize_t got =
            pread(pagemap, entries, count * sizeof entries[0], (off_t)(at / EXEC_DUMP_PAGE * sizeof entries[0]));
        if (got <= 0)
            return;
        for (size_t i = 0; i < (size_t)got / sizeof entries[0]; i++) {
            if (entries[i] >> 62 != 0) // present or swapped out
                print_present_page(memory, process, at + i * EXEC_DUMP_PAGE);
        }
        at += count * EXEC_DUMP_PAGE;
        pages -= count;
    }
}

static void print_memory(FILE *output, pid_t process, FILE *maps, int pagemap) {
    struct exec_dump_memory memory;
    struct mapping mapping;
    char line[1024];

    exec_dump_memory_begin(&memory, output);
    while (fgets(line, sizeof line, maps) != NULL) {
        if (!parse_mapping(line, &mapping) || is_kernels_own(&mapping) || strcmp(mapping.name, "[stack]") == 0)
            continue;
        exec_dump_memory_range(&memory, mapping.start, mapping.end, mapping.rights);
        if (mapping.inode != 0)
            print_file_pages(&memory, process, &mapping);
        else
            print_anonymous_pages(&memory, process, &mapping, pagemap);
    }
    exec_dump_memory_end(&memory);
}

// The stack.

static bool find_stack(FILE *maps, uint64_t pointer, struct stack *stack) {
    struct mapping mapping;
    char line[1024];

    stack->pointer = pointer;
    stack->end = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        if (!parse_mapping(line, &mapping) || pointer < mapping.start || pointer >= mapping.end)
            continue;
        stack->end = mapping.end;
        memcpy(stack->rights, mapping.rights, sizeof stack->rights);
    }
    rewind(maps);
    return stack->end != 0 && stack->end - pointer <= STACK_MAX;
}

static uint64_t word_at(const struct stack *stack, uint64_t address) {
    uint64_t word = 0;

    if (address >= stack->pointer && address <= stack->end - 8)
        memcpy(&word, stack->bytes + (address - stack->pointer), 8);
    return word;
}

// A string of the stack, and how many bytes it has before its NUL.
static const char *string_at(const struct stack *stack, uint64_t address, size_t *length) {
    *length = 0;
    if (address < stack->pointer || address >= stack->end)
        return "";
    const char *const text = (const char *)stack->bytes + (address - stack->pointer);
    const uint64_t room = stack->end - address;
    *length = strnlen(text, room < STRING_MAX ? (size_t)room : STRING_MAX);
    return text;
}

static void print_string(FILE *output, const char *what, const struct stack *stack, uint64_t address) {
    size_t length;
    const char *const text = string_at(stack, address, &length);

    fprintf(output, "%s ", what);
    exec_dump_text(output, text, length);
    fputc('\n', output);
}

// Prints a vector of strings and returns the address behind its NULL.
static uint64_t print_strings(FILE *output, const char *what, const struct stack *stack, uint64_t at) {
    for (unsigned index = 0;; index++, at += 8) {
        const uint64_t pointer = word_at(stack, at);
        size_t length;
        if (pointer == 0)
            return at + 8;
        const char *const text = string_at(stack, pointer, &length);
        fprintf(output, "%s %u at=%" PRIx64 " ptr=%" PRIx64 " ", what, index, at, pointer);
        exec_dump_text(output, text, length);
        fprintf(output, " len=%zu\n", length);
    }
}

static void print_stack(FILE *output, const struct stack *stack) {
    uint64_t execfn = 0;
    uint64_t platform = 0;
    uint64_t at = stack->pointer;
    uint64_t type;

    fprintf(output, "stack rsp=%" PRIx64 " end=%" PRIx64 " perm=%.3s\n", stack->pointer, stack->end, stack->rights);
    fprintf(output, "argc %" PRIu64 "\n", word_at(stack, at));
    at = print_strings(output, "arg", stack, at + 8);
    at = print_strings(output, "env", stack, at);
    do {
        const uint64_t value = word_at(stack, at + 8);
        type = word_at(stack, at);
        fprintf(output, "aux at=%" PRIx64 " %s %" PRIx64 "\n", at, exec_dump_auxv(type), value);
        execfn = type == LIBEXEC_AT_EXECFN ? value : execfn;
        platform = type == LIBEXEC_AT_PLATFORM ? value : platform;
        at += 16;
    } while (type != LIBEXEC_AT_NULL && at < stack->end);
    print_string(output, "execfn", stack, execfn);
    print_string(output, "platform", stack, platform);
}

static void print_brk(FILE *output, pid_t process) {
    char path[64];
    char text[4096];

    snprintf(path, sizeof path, "/proc/%d/stat", (int)process);
    FILE *const file = fopen(path, "r");
    if (file == NULL)
        return;
    const size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    // The command name may hold anything, blanks too; fields count from the last parenthesis. start_brk is field 47.
    const char *at = strrchr(text, ')');
    for (int field = 2; at != NULL && field < 47; field++)
        at = strchr(at + 1, ' ');
    if (at != NULL)
        fprintf(output, "brk start=%llx\n", strtoull(at, NULL, 10));
}

static bool print_parts(FILE *output, pid_t process, FILE *maps, int pagemap) {
    struct user_regs_struct registers;
    struct stack stack;

    if (ptrace(PTRACE_GETREGS, process, NULL, &registers) != 0 || !find_stack(maps, registers.rsp, &stack)) {
        fprintf(stderr, "linuxdump: no stack found in process %d\n", (int)process);
        return false;
    }
    const size_t size = (size_t)(stack.end - stack.pointer);
    stack.bytes = malloc(size);
    const bool complete = stack.bytes != NULL && read_memory(process, stack.pointer, stack.bytes, size) == size;
    if (complete) {
        fprintf(output, "verdict ok\nentry %llx\n", registers.rip);
        print_stack(output, &stack);
        print_brk(output, process);
        print_memory(output, process, maps, pagemap);
    } else {
        fprintf(stderr, "linuxdump: cannot read the stack of process %d\n", (int)process);
    }
    free(stack.bytes);
    return complete;
}

bool tracee_print(FILE *output, pid_t process) {
    char path[64];
    bool printed = false;

    snprintf(path, sizeof path, "/proc/%d/pagemap", (int)process);
    const int pagemap = open(path, O_RDONLY | O_CLOEXEC);
    snprintf(path, sizeof path, "/proc/%d/maps", (int)process);
    FILE *const maps = fopen(path, "re");
    if (maps != NULL && pagemap >= 0)
        printed = print_parts(output, process, maps, pagemap);
    else
        fprintf(stderr, "linuxdump: cannot open %s\n", path);
    if (maps != NULL)
        fclose(maps);
    if (pagemap >= 0)
        close(pagemap);
    return printed;
}
