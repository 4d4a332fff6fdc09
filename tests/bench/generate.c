// SPDX-License-Identifier: MIT
// Writes the generated programs of the benchmark. Each is a real ELF64 program that exits with status 0 on Linux; its
// size is put where one kind of loader would pay for it: text, debug sections, bss, a TLS template.

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    ENTRY_OFFSET = 0x400,
    EDGE = 1800, // bytes of .data in the page where .bss begins
};

static const uint64_t FIXED_BASE = 0x400000;

struct program {
    const char *name;
    bool position_independent;
    uint64_t text;   // bytes of the first segment (r-x, headers included); a multiple of the page size, or below a page
    uint64_t rodata; // bytes of the second (r--)
    uint64_t data;   // whole pages of the third (rw-), which then has EDGE bytes more
    uint64_t bss;    // whole pages behind it
    uint64_t tls_zero;  // bytes of .tbss behind a template that is the whole third segment
    uint64_t debug;     // bytes of a section that no segment covers
    uint64_t alignment; // p_align of the loadable segments
};

static const struct program PROGRAMS[] = {
    {.name = "one", .text = 1024 + 512, .alignment = PAGE},
    {.name = "small", .text = 8 * PAGE, .rodata = 4 * PAGE, .data = PAGE, .bss = 4 * PAGE, .alignment = PAGE},
    {.name = "text", .text = 40 << 20, .rodata = 16 << 20, .data = 2 << 20, .bss = 8 << 20, .alignment = 2 << 20},
    {.name = "text-pie",
     .position_independent = true,
     .text = 8 << 20,
     .rodata = 4 << 20,
     .data = 2 << 20,
     .bss = 1 << 20,
     .alignment = 2 << 20},
    {.name = "debug",
     .text = 640 << 10,
     .rodata = 312 << 10,
     .data = 64 << 10,
     .bss = 128 << 10,
     .debug = 59 << 20,
     .alignment = PAGE},
    {.name = "bss", .text = 8 * PAGE, .data = PAGE, .bss = 64 << 20, .alignment = PAGE},
    {.name = "tls", .text = 8 * PAGE, .data = 1 << 20, .tls_zero = 1000, .alignment = PAGE},
};

struct image {
    int file;
    uint64_t offset; // next free byte; segments lie in the file as they lie in memory
    uint64_t base;
    Elf64_Ehdr header;
    Elf64_Phdr table[6];
};

static void fail(const char *what) {
    perror(what);
    exit(1);
}

static void write_at(int file, const void *bytes, size_t length, uint64_t offset) {
    while (length > 0) {
        const ssize_t done = pwrite(file, bytes, length, (off_t)offset);
        if (done <= 0) {
            fail("generate: write");
        }
        bytes = (const char *)bytes + done;
        length -= (size_t)done;
        offset += (uint64_t)done;
    }
}

// Every byte is distinct enough from its neighbours that a page in the wrong place cannot look right.
static void fill(int file, uint64_t length) {
    static uint64_t block[8192];
    uint64_t state = 0x9e3779b97f4a7c15u;
    for (uint64_t offset = 0; offset < length; offset += sizeof block) {
        for (size_t i = 0; i < sizeof block / sizeof *block; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            block[i] = state;
        }
        const uint64_t left = length - offset;
        write_at(file, block, left < sizeof block ? (size_t)left : sizeof block, offset);
    }
}

static uint64_t page_up(uint64_t value) {
    return (value + PAGE - 1) / PAGE * PAGE;
}

static void add_segment(struct image *image, uint32_t flags, uint64_t file_size, uint64_t memory_size,
                        uint64_t alignment) {
    Elf64_Phdr *const entry = &image->table[image->header.e_phnum++];
    entry->p_type = PT_LOAD;
    entry->p_flags = flags;
    entry->p_offset = image->offset;
    entry->p_vaddr = entry->p_paddr = image->base + image->offset;
    entry->p_filesz = file_size;
    entry->p_memsz = memory_size;
    entry->p_align = alignment;
    image->offset += page_up(file_size);
}

static void add_data(struct image *image, const struct program *program) {
    const uint64_t size = program->data + EDGE;
    add_segment(image, PF_R | PF_W, size, program->bss > 0 ? page_up(size) + program->bss : size, program->alignment);
    if (program->tls_zero > 0) {
        Elf64_Phdr *const entry = &image->table[image->header.e_phnum];
        *entry = image->table[image->header.e_phnum - 1];
        image->header.e_phnum++;
        entry->p_type = PT_TLS;
        entry->p_flags = PF_R;
        entry->p_memsz = entry->p_filesz + program->tls_zero;
        entry->p_align = 64;
    }
}

// A section table with one large section; loaders must not care.
static void add_debug(struct image *image, uint64_t size) {
    static const char names[] = "\0.debug_info\0.shstrtab";
    Elf64_Shdr sections[3] = {
        {.sh_type = SHT_NULL},
        {.sh_name = 1, .sh_type = SHT_PROGBITS, .sh_offset = image->offset, .sh_size = size, .sh_addralign = 1},
        {.sh_name = 13,
         .sh_type = SHT_STRTAB,
         .sh_offset = image->offset + size,
         .sh_size = sizeof names,
         .sh_addralign = 1},
    };
    write_at(image->file, names, sizeof names, image->offset + size);
    image->header.e_shoff = page_up(image->offset + size + sizeof names);
    image->header.e_shentsize = sizeof sections[0];
    image->header.e_shnum = 3;
    image->header.e_shstrndx = 2;
    write_at(image->file, sections, sizeof sections, image->header.e_shoff);
}

static void describe(struct image *image, const struct program *program) {
    image->base = program->position_independent ? 0 : FIXED_BASE;
    memcpy(image->header.e_ident, ELFMAG, SELFMAG);
    image->header.e_ident[EI_CLASS] = ELFCLASS64;
    image->header.e_ident[EI_DATA] = ELFDATA2LSB;
    image->header.e_ident[EI_VERSION] = EV_CURRENT;
    image->header.e_type = program->position_independent ? ET_DYN : ET_EXEC;
    image->header.e_machine = EM_X86_64;
    image->header.e_version = EV_CURRENT;
    image->header.e_entry = image->base + ENTRY_OFFSET;
    image->header.e_phoff = sizeof image->header;
    image->header.e_ehsize = sizeof image->header;
    image->header.e_phentsize = sizeof image->table[0];
    add_segment(image, PF_R | PF_X, program->text, program->text, program->alignment);
    if (program->rodata > 0) {
        add_segment(image, PF_R, program->rodata, program->rodata, program->alignment);
    }
    if (program->data > 0) {
        add_data(image, program);
    }
    image->table[image->header.e_phnum++] = (Elf64_Phdr){.p_type = PT_GNU_STACK, .p_flags = PF_R | PF_W, .p_align = 16};
}

static void generate(const char *folder, const struct program *program) {
    // xor edi, edi; mov eax, 60 (exit); syscall
    static const uint8_t code[] = {0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};
    char path[4096];
    const int length = snprintf(path, sizeof path, "%s/%s", folder, program->name);
    if (length < 0 || (size_t)length >= sizeof path) {
        fail("generate: name");
    }
    struct image image = {.file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755)};
    if (image.file < 0) {
        fail(path);
    }
    describe(&image, program);
    const Elf64_Phdr *last = &image.table[0];
    for (const Elf64_Phdr *entry = last; entry < image.table + image.header.e_phnum; entry++) {
        last = entry->p_type == PT_LOAD ? entry : last;
    }
    fill(image.file, last->p_offset + last->p_filesz);
    if (program->debug > 0) {
        add_debug(&image, program->debug);
    }
    write_at(image.file, &image.header, sizeof image.header, 0);
    write_at(image.file, image.table, image.header.e_phnum * sizeof image.table[0], image.header.e_phoff);
    write_at(image.file, code, sizeof code, ENTRY_OFFSET);
    if (close(image.file) != 0) {
        fail(path);
    }
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fputs("usage: generate FOLDER\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < sizeof PROGRAMS / sizeof *PROGRAMS; i++) {
        generate(argv[1], &PROGRAMS[i]);
    }
    return 0;
}
