// SPDX-License-Identifier: MIT
// The naive loader: written the way a first kernel's loader often is. Correct for good programs, and slow.

#include "loaders.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

enum { BOUNCE = 256, CONTROL_BLOCK = 64, AUXV_WORDS = 40, STACK_RESERVE = 8 << 20 };

static const uint64_t STACK_HIGH = 0x7ffffffff000;
static const uint64_t PROGRAM_BIAS = 0x555555554000;
static const uint64_t INTERPRETER_BIAS = 0x7ffff7c00000;
static const uint64_t STATIC_PIE_BIAS = 0x7ffff5000000;
static const uint64_t TLS_AREA = 0x7ffff7800000;

// A buffer on the heap that doubles when it is full.
struct buffer {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
};

struct image {
    const struct file *file;
    struct buffer contents;
    uint64_t bias;
    const Elf64_Phdr *tls;
    const char *interpreter;
};

static uint64_t page_down(uint64_t value) {
    return value / PAGE_SIZE * PAGE_SIZE;
}

static uint64_t page_up(uint64_t value) {
    return page_down(value + PAGE_SIZE - 1);
}

static void grow(struct buffer *buffer, size_t needed) {
    while (buffer->capacity < needed) {
        const size_t doubled = buffer->capacity > 0 ? buffer->capacity * 2 : PAGE_SIZE;
        buffer->bytes = host_grow(buffer->bytes, buffer->capacity, doubled);
        buffer->capacity = doubled;
    }
}

static void append(struct buffer *buffer, const void *bytes, size_t length) {
    grow(buffer, buffer->length + length);
    memcpy(buffer->bytes + buffer->length, bytes, length);
    buffer->length += length;
}

static void append_byte(struct buffer *buffer, uint8_t byte) {
    grow(buffer, buffer->length + 1);
    buffer->bytes[buffer->length++] = byte;
}

static void release(struct buffer *buffer) {
    if (buffer->bytes != NULL) {
        host_release(buffer->bytes, buffer->capacity);
    }
}

static void read_whole(struct image *image, const char *path) {
    uint8_t piece[PAGE_SIZE];
    image->file = host_open(path);
    for (uint64_t offset = 0; offset < image->file->size; offset += sizeof piece) {
        append(&image->contents, piece, host_read(image->file, offset, piece, sizeof piece));
    }
}

static void map_page(struct space *space, uint64_t page, uint32_t rights) {
    const struct mapping mapping = {.address = page, .length = PAGE_SIZE, .rights = rights, .backing = BACK_ZERO_NOW};
    host_map(space, &mapping, 1, false);
}

// Copies page by page: one translate for each page that holds some of the bytes.
static void write_bytes(struct space *space, uint64_t address, const uint8_t *bytes, uint64_t length) {
    while (length > 0) {
        const uint64_t in_page = PAGE_SIZE - address % PAGE_SIZE;
        const uint64_t now = in_page < length ? in_page : length;
        uint64_t room;
        memcpy(host_translate(space, address, now, &room), bytes, now);
        address += now;
        bytes += now;
        length -= now;
    }
}

static void write_word(struct space *space, uint64_t address, uint64_t word) {
    uint64_t room;
    *(uint64_t *)(void *)host_translate(space, address, sizeof word, &room) = word;
}

static void load_segment(struct space *space, const struct image *image, const Elf64_Phdr *entry) {
    const uint64_t low = page_down(entry->p_vaddr);
    const uint64_t high = page_up(entry->p_vaddr + entry->p_memsz);
    const uint64_t lead = entry->p_vaddr - low;
    // Whole pages of the file are visible where no zeros are asked for.
    uint64_t end = entry->p_memsz > entry->p_filesz ? entry->p_vaddr + entry->p_filesz : high;
    const uint64_t file_left = image->contents.length - (entry->p_offset - lead);
    end = end - low < file_left ? end : low + file_left;
    const uint32_t rights =
        (entry->p_flags & PF_R ? 1u : 0) | (entry->p_flags & PF_W ? 2u : 0) | (entry->p_flags & PF_X ? 4u : 0);
    for (uint64_t page = low; page < high; page += PAGE_SIZE) {
        map_page(space, page + image->bias, rights);
        if (page < end) {
            const uint64_t length = end - page < PAGE_SIZE ? end - page : PAGE_SIZE;
            write_bytes(space, page + image->bias, image->contents.bytes + (entry->p_offset - lead) + (page - low),
                        length);
        }
    }
}

static void load(struct space *space, struct image *image, uint64_t bias) {
    const Elf64_Ehdr *const header = (const void *)image->contents.bytes;
    const Elf64_Phdr *const table = (const void *)(image->contents.bytes + header->e_phoff);
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (table[i].p_type == PT_INTERP) {
            image->interpreter = (const char *)image->contents.bytes + table[i].p_offset;
            bias = PROGRAM_BIAS;
        } else if (table[i].p_type == PT_TLS) {
            image->tls = &table[i];
        }
    }
    image->bias = header->e_type == ET_DYN ? bias : 0;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (table[i].p_type == PT_LOAD) {
            load_segment(space, image, &table[i]);
        }
    }
}

// Variant II block, through a bounce buffer.
static void make_tls(struct space *space, const struct image *image, struct started *started) {
    const Elf64_Phdr *const tls = image->tls;
    const uint64_t skew = tls->p_vaddr % tls->p_align;
    const uint64_t size = (skew + tls->p_memsz + tls->p_align - 1) / tls->p_align * tls->p_align;
    const uint64_t alignment = tls->p_align > CONTROL_BLOCK ? tls->p_align : CONTROL_BLOCK;
    const uint64_t thread_pointer = (TLS_AREA + size + alignment - 1) / alignment * alignment;
    const uint64_t high = page_up(thread_pointer + CONTROL_BLOCK);
    for (uint64_t page = TLS_AREA; page < high; page += PAGE_SIZE) {
        map_page(space, page, 3);
    }
    uint8_t bounce[BOUNCE];
    for (uint64_t offset = 0; offset < tls->p_filesz; offset += BOUNCE) {
        const uint64_t length = tls->p_filesz - offset < BOUNCE ? tls->p_filesz - offset : BOUNCE;
        memcpy(bounce, image->contents.bytes + tls->p_offset + offset, length);
        write_bytes(space, thread_pointer - size + skew + offset, bounce, length);
    }
    write_word(space, thread_pointer, thread_pointer);
    started->thread_pointer = thread_pointer;
    started->tls_low = TLS_AREA;
    started->tls_high = high;
}

// ---- arguments ------------------------------------------------------------------------------------------------------

static uint64_t count(uint64_t vector) {
    uint64_t number = 0;
    while (host_caller_word(vector + number * sizeof(uint64_t)) != 0) {
        number++;
    }
    return number;
}

// Fetches the strings of a vector byte by byte; `places` receives where each starts in `strings`.
static void fetch_strings(struct buffer *strings, struct buffer *places, uint64_t vector, uint64_t number) {
    for (uint64_t i = 0; i < number; i++) {
        const uint64_t place = strings->length;
        append(places, &place, sizeof place);
        uint64_t from = host_caller_word(vector + i * sizeof(uint64_t));
        uint8_t byte;
        do {
            byte = host_caller_byte(from++);
            append_byte(strings, byte);
        } while (byte != 0);
    }
}

struct pen {
    struct space *space;
    uint64_t address;
};

static void put(struct pen *pen, uint64_t word) {
    write_word(pen->space, pen->address, word);
    pen->address += sizeof word;
}

static void put_entry(struct pen *pen, uint64_t type, uint64_t value) {
    put(pen, type);
    put(pen, value);
}

static void put_auxv(struct pen *pen, const struct image *program, uint64_t interpreter_bias, uint64_t path,
                     uint64_t random, uint64_t platform) {
    const Elf64_Ehdr *const header = (const void *)program->contents.bytes;
    const Elf64_Phdr *const table = (const void *)(program->contents.bytes + header->e_phoff);
    uint64_t headers = header->e_phoff + program->bias;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (table[i].p_type == PT_LOAD && header->e_phoff - table[i].p_offset < table[i].p_filesz) {
            headers = header->e_phoff - table[i].p_offset + table[i].p_vaddr + program->bias;
        }
    }
    put_entry(pen, AT_MINSIGSTKSZ, 3632);
    put_entry(pen, AT_HWCAP, 0xbfebfbff);
    put_entry(pen, AT_PAGESZ, PAGE_SIZE);
    put_entry(pen, AT_CLKTCK, 100);
    put_entry(pen, AT_PHDR, headers);
    put_entry(pen, AT_PHENT, sizeof(Elf64_Phdr));
    put_entry(pen, AT_PHNUM, header->e_phnum);
    put_entry(pen, AT_BASE, interpreter_bias);
    put_entry(pen, AT_FLAGS, 0);
    put_entry(pen, AT_ENTRY, header->e_entry + program->bias);
    put_entry(pen, AT_UID, 0);
    put_entry(pen, AT_EUID, 0);
    put_entry(pen, AT_GID, 0);
    put_entry(pen, AT_EGID, 0);
    put_entry(pen, AT_SECURE, 0);
    put_entry(pen, AT_RANDOM, random);
    put_entry(pen, AT_HWCAP2, 2);
    put_entry(pen, AT_EXECFN, path);
    put_entry(pen, AT_PLATFORM, platform);
    put_entry(pen, AT_NULL, 0);
}

static uint64_t make_stack(struct space *space, const char *path, const struct arguments *arguments,
                           const struct image *program, uint64_t interpreter_bias) {
    static const char platform[] = "x86_64";
    struct buffer strings = {0};
    struct buffer places = {0};
    const uint64_t argc = count(arguments->argv);
    const uint64_t envc = count(arguments->envp);
    fetch_strings(&strings, &places, arguments->argv, argc);
    fetch_strings(&strings, &places, arguments->envp, envc);
    const uint64_t path_place = strings.length;
    append(&strings, path, strlen(path) + 1);
    const uint64_t platform_place = strings.length;
    append(&strings, platform, sizeof platform);
    uint8_t random[16];
    host_random(random, sizeof random);
    const uint64_t random_place = strings.length;
    append(&strings, random, sizeof random);

    const uint64_t base = STACK_HIGH - sizeof(uint64_t) - strings.length;
    const uint64_t words = 1 + argc + 1 + envc + 1 + AUXV_WORDS;
    const uint64_t stack_pointer = (base - words * sizeof(uint64_t)) / 16 * 16;
    for (uint64_t page = page_down(stack_pointer); page < STACK_HIGH; page += PAGE_SIZE) {
        map_page(space, page, 3);
    }
    write_bytes(space, base, strings.bytes, strings.length);
    struct pen pen = {.space = space, .address = stack_pointer};
    const uint64_t *const place = (const void *)places.bytes;
    put(&pen, argc);
    for (uint64_t i = 0; i < argc; i++) {
        put(&pen, base + place[i]);
    }
    put(&pen, 0);
    for (uint64_t i = 0; i < envc; i++) {
        put(&pen, base + place[argc + i]);
    }
    put(&pen, 0);
    put_auxv(&pen, program, interpreter_bias, base + path_place, base + random_place, base + platform_place);
    release(&strings);
    release(&places);
    return stack_pointer;
}

// ---- all of it ------------------------------------------------------------------------------------------------------

static uint64_t entry_of(const struct image *image) {
    return ((const Elf64_Ehdr *)(const void *)image->contents.bytes)->e_entry + image->bias;
}

void naive_exec(const char *path, const struct arguments *arguments, struct started *started) {
    struct image program = {0};
    struct image interpreter = {0};
    *started = (struct started){.stack_low = STACK_HIGH - STACK_RESERVE, .stack_high = STACK_HIGH};
    read_whole(&program, path);
    struct space *const space = host_space();
    load(space, &program, STATIC_PIE_BIAS);
    started->entry = entry_of(&program);
    if (program.interpreter != NULL) {
        read_whole(&interpreter, program.interpreter);
        load(space, &interpreter, INTERPRETER_BIAS);
        started->entry = entry_of(&interpreter);
    } else if (program.tls != NULL) {
        make_tls(space, &program, started);
    }
    started->stack_pointer = make_stack(space, path, arguments, &program, interpreter.bias);
    started->program = program.file;
    started->program_bias = program.bias;
    started->interpreter = interpreter.file;
    started->interpreter_bias = interpreter.bias;
    release(&program.contents);
    release(&interpreter.contents);
}
