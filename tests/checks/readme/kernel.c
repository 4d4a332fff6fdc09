// SPDX-License-Identifier: MIT
// The kernel around the README's integration: pages in a table, two small programs as files, and a caller that execs
// one that works and some that do not. Exit status 0 only if every answer and the new image are right.
#include "kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE    4096u
#define PAGES   8192u
#define ENOENT  2
#define ENOEXEC 8
#define EACCES  13
#define EFAULT  14

// ---- Memory ---------------------------------------------------------------------------------------------------------

struct run {
    uint64_t address;
    uint64_t length;
    unsigned rights;
};

struct space {
    struct run runs[64];
    unsigned run_count;
    uint64_t addresses[PAGES]; // of the pages that were touched
    uint8_t *pages[PAGES];
    unsigned page_count;
};

static struct space *current;
static unsigned spaces;
static unsigned kernel_pages;
static uint64_t user_entry;
static uint64_t user_stack;
static size_t console_bytes; // written by reports

static void die(const char *what) {
    printf("the README's integration: %s\n", what);
    exit(1);
}

static void *allocate(size_t size) {
    void *memory = calloc(1, size);

    if (memory == NULL)
        die("out of memory");
    return memory;
}

void *page_alloc(void) {
    kernel_pages++;
    return allocate(PAGE);
}

void page_free(void *page) {
    memset(page, 0, 4096);
    kernel_pages--;
    free(page);
}

struct space *space_new(void) {
    spaces++;
    return allocate(sizeof(struct space));
}

void space_free(struct space *space) {
    for (unsigned i = 0; i < space->page_count; i++)
        free(space->pages[i]);
    spaces--;
    free(space);
}

static const struct run *find_run(const struct space *space, uint64_t address) {
    for (unsigned i = 0; i < space->run_count; i++) {
        if (address - space->runs[i].address < space->runs[i].length)
            return &space->runs[i];
    }
    return NULL;
}

bool space_map(struct space *space, uint64_t address, uint64_t length, unsigned rights) {
    if (address % PAGE != 0 || length % PAGE != 0 || length == 0 || space->run_count == 64)
        die("a bad map operation");
    if (find_run(space, address) != NULL || find_run(space, address + length - 1) != NULL)
        die("a map operation over another");
    space->runs[space->run_count++] = (struct run){address, length, rights};
    return true;
}

uint8_t *space_page(struct space *space, uint64_t address) {
    const uint64_t page = address / PAGE * PAGE;

    if (find_run(space, page) == NULL)
        die("a page that was not mapped");
    for (unsigned i = 0; i < space->page_count; i++) {
        if (space->addresses[i] == page)
            return space->pages[i];
    }
    if (space->page_count == PAGES)
        die("too many pages");
    space->addresses[space->page_count] = page;
    space->pages[space->page_count] = allocate(PAGE);
    return space->pages[space->page_count++];
}

void space_switch(struct space *space) {
    if (current != NULL)
        space_free(current);
    current = space;
}

bool copy_from_user(void *to, uint64_t from, size_t length) {
    uint8_t *bytes = to;

    for (size_t i = 0; i < length; i++) {
        if (find_run(current, from + i) == NULL)
            return false;
        bytes[i] = space_page(current, from + i)[(from + i) % PAGE];
    }
    return true;
}

static void copy_to_user(uint64_t to, const void *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        space_page(current, to + i)[(to + i) % PAGE] = ((const uint8_t *)bytes)[i];
}

void random_fill(void *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        ((uint8_t *)bytes)[i] = (uint8_t)rand();
}

void console_write(void *context, const char *bytes, size_t length) {
    (void)context;
    console_bytes += fwrite(bytes, 1, length, stdout);
}

void user_registers(uint64_t entry, uint64_t stack_pointer, uint64_t thread_pointer) {
    (void)thread_pointer;
    user_entry = entry;
    user_stack = stack_pointer;
    printf("started: entry %#llx, rsp %#llx\n", (unsigned long long)entry, (unsigned long long)stack_pointer);
}

// ---- Files ----------------------------------------------------------------------------------------------------------

static uint8_t program[0x2000];
static const struct file files[] = {
    {"/bin/program", program, sizeof program, true},
    {"/etc/passwd", "root", 4, false},
    {"/bin/text", "no program", 10, true},
};

const struct file *file_find(const char *path) {
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (strcmp(files[i].path, path) == 0)
            return &files[i];
    }
    return NULL;
}

static void put(size_t offset, unsigned bytes, uint64_t value) {
    for (unsigned i = 0; i < bytes; i++)
        program[offset + i] = (uint8_t)(value >> (8 * i));
}

static void put_segment(size_t offset, unsigned flags, uint64_t file, uint64_t address, uint64_t size,
                        uint64_t memory) {
    put(offset, 4, 1);
    put(offset + 4, 4, flags);
    put(offset + 8, 8, file);
    put(offset + 16, 8, address);
    put(offset + 32, 8, size);
    put(offset + 40, 8, memory);
    put(offset + 48, 8, PAGE);
}

// ET_EXEC: a page of code, and a page of data with a tail of zeros.
static void make_program(void) {
    memset(program, 0xc3, sizeof program);
    memset(program, 0, 64 + 2 * 56);
    memcpy(program, "\177ELF\2\1\1", 7);
    put(16, 2, 2);
    put(18, 2, 62);
    put(20, 4, 1);
    put(24, 8, 0x400800);
    put(32, 8, 64);
    put(52, 2, 64);
    put(54, 2, 56);
    put(56, 2, 2);
    put_segment(64, 5, 0, 0x400000, 0x1000, 0x1000);
    put_segment(64 + 56, 6, 0x1000, 0x401000, 0x10, 0x3000);
}

// ---- The caller -----------------------------------------------------------------------------------------------------

#define CALLER    0x10000u
#define PATH      (CALLER + 0x100u)
#define ARGUMENTS (CALLER + 0x200u)

static void make_caller(const char *path) {
    const uint64_t argv[] = {PATH, PATH + 5, 0};

    space_switch(space_new());
    space_map(current, CALLER, PAGE, 3);
    copy_to_user(PATH, path, strlen(path) + 1);
    copy_to_user(ARGUMENTS, argv, sizeof argv);
}

static void expect_refusal(const char *path, uint64_t argv, int error) {
    const size_t reported = console_bytes;
    const struct space *before;

    make_caller(path);
    before = current;
    if (sys_execve(PATH, argv, 0) != error)
        die("a program that should be refused was not, or with another errno");
    if (current != before || spaces != 1 || kernel_pages != 0)
        die("a refused exec left something behind, or touched the caller");
    if (console_bytes == reported)
        die("a refused exec was not reported");
}

static uint64_t word(uint64_t address) {
    uint64_t value;

    if (!copy_from_user(&value, address, sizeof value))
        die("the new stack cannot be read");
    return value;
}

static void expect_image(void) {
    char name[13] = {0};

    if (user_entry != 0x400800 || user_stack % 16 != 0 || word(user_stack) != 2)
        die("the wrong entry, stack pointer or argc");
    if (!copy_from_user(name, word(user_stack + 8), 13) || strcmp(name, "/bin/program") != 0)
        die("the wrong argv[0]");
    if (word(user_stack + 24) != 0 || word(user_stack + 32) != 0)
        die("argv or envp without their end");
    if (word(0x401008) != 0xc3c3c3c3c3c3c3c3 || word(0x401010) != 0 || word(0x403ff8) != 0)
        die("the wrong bytes in the data segment");
    if (find_run(current, 0x400000)->rights != 5 || find_run(current, 0x401000)->rights != 3)
        die("the wrong rights");
}

int main(void) {
    make_program();
    expect_refusal("/bin/missing", ARGUMENTS, ENOENT);
    expect_refusal("/etc/passwd", ARGUMENTS, EACCES);
    expect_refusal("/bin/text", ARGUMENTS, ENOEXEC);
    expect_refusal("/bin/program", 0x20000, EFAULT);
    make_caller("/bin/program");
    if (sys_execve(PATH, ARGUMENTS, 0) != 0)
        die("the program was refused");
    expect_image();
    if (spaces != 1 || kernel_pages != 0)
        die("the exec left something behind");
    printf("the README's integration started a program and refused four\n");
    return 0;
}
