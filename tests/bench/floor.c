// SPDX-License-Identifier: MIT
// The floor loader: no validation, least work. Its figures are what the library's are measured against.
//
// The stack has a fixed base: vectors grow down from it, strings up, room remains above them. Pointer arrays are read
// twice (to count, to store), strings once, a page of the caller's at a time, and copied by memccpy straight to their
// place. A TLS block lies congruent to its file offset modulo the page, so whole pages of the template are borrowed and
// only its edges are copied.

#include "loaders.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>

enum { OPERATIONS_MAX = 24, CONTROL_BLOCK = 64, AUXV_WORDS = 40, STACK_RESERVE = 8 << 20, GUARD = 1 << 20 };

static const uint64_t STACK_HIGH = 0x7ffffffff000;
static const uint64_t STRINGS_ROOM = 4 << 20; // from the base up
static const uint64_t PROGRAM_BIAS = 0x555555554000;
static const uint64_t INTERPRETER_BIAS = 0x7ffff7c00000;
static const uint64_t STATIC_PIE_BIAS = 0x7ffff5000000;
static const uint64_t TLS_AREA = 0x7ffff7800000;

// One page of the caller's, as far as it was fetched.
struct window {
    uint64_t page;
    const uint8_t *bytes;
};

// A view of the new stack and how much of it is left.
struct cursor {
    uint8_t *bytes;
    uint64_t left;
    uint64_t address; // behind the view
};

struct floor {
    enum floor_kind kind;
    struct space *space;
    size_t operation_count;
    struct mapping operations[OPERATIONS_MAX];
    const Elf64_Phdr *tls;
    const struct file *program;
    struct window pointers;
    struct window text;
    struct cursor vectors;
    struct cursor strings;
    uint64_t strings_expected;
    uint64_t thread_pointer, tls_low, tls_high;
};

struct loaded {
    const Elf64_Ehdr *header;
    const char *interpreter;
    uint64_t bias;
};

static uint64_t page_down(uint64_t value) {
    return value & ~(uint64_t)(PAGE_SIZE - 1);
}

static uint64_t page_up(uint64_t value) {
    return page_down(value + PAGE_SIZE - 1);
}

static void map(struct floor *floor, const struct mapping *mapping) {
    if (floor->kind == FLOOR_LAZY) {
        floor->operations[floor->operation_count++] = *mapping;
    } else {
        host_map(floor->space, mapping, 1, false);
    }
}

static void map_file(struct floor *floor, const struct file *file, uint64_t address, uint64_t end, uint64_t offset,
                     uint64_t file_length, uint32_t rights, enum backing backing) {
    map(floor, &(struct mapping){.address = address,
                                 .length = end - address,
                                 .file = file,
                                 .file_offset = offset,
                                 .file_length = file_length,
                                 .rights = rights,
                                 .backing = backing});
}

static void load_writable(struct floor *floor, const struct file *file, const Elf64_Phdr *entry, uint64_t bias,
                          uint32_t rights) {
    const uint64_t start = page_down(entry->p_vaddr) + bias;
    const uint64_t end = page_up(entry->p_vaddr + entry->p_memsz) + bias;
    const uint64_t offset = page_down(entry->p_offset);
    uint64_t file_end = entry->p_vaddr + entry->p_filesz + bias;
    if (entry->p_memsz == entry->p_filesz) {
        file_end = end;
    }
    if (floor->kind == FLOOR_EAGER) {
        map_file(floor, file, start, end, offset, file_end - start, rights, BACK_COPY);
        return;
    }
    const uint64_t edge = page_down(file_end);
    if (edge > start) {
        map_file(floor, file, start, edge, offset, edge - start, rights,
                 floor->kind == FLOOR_LAZY ? BACK_FILE_LATER : BACK_SHARE_COW);
    }
    if (file_end > edge) {
        map_file(floor, file, edge, edge + PAGE_SIZE, offset + (edge - start), file_end - edge, rights, BACK_COPY);
    }
    if (end > page_up(file_end)) {
        map_file(floor, NULL, page_up(file_end), end, 0, 0, rights, BACK_ZERO_LATER);
    }
}

static void load_file(struct floor *floor, const struct file *file, uint64_t bias, struct loaded *loaded) {
    const uint8_t *const view = host_file_view(file, 0);
    loaded->header = (const void *)view;
    loaded->bias = loaded->header->e_type == ET_DYN ? bias : 0;
    const Elf64_Phdr *const table = (const void *)(view + loaded->header->e_phoff);
    for (const Elf64_Phdr *entry = table; entry < table + loaded->header->e_phnum; entry++) {
        if (entry->p_type == PT_INTERP) {
            loaded->interpreter = (const char *)view + entry->p_offset;
            // A dynamic program has its place below the interpreter's.
            loaded->bias = loaded->header->e_type == ET_DYN ? PROGRAM_BIAS : 0;
        } else if (entry->p_type == PT_TLS && floor->program == file) {
            floor->tls = entry;
        } else if (entry->p_type == PT_LOAD) {
            const uint32_t rights =
                (entry->p_flags & PF_R ? 1u : 0) | (entry->p_flags & PF_W ? 2u : 0) | (entry->p_flags & PF_X ? 4u : 0);
            if (rights & 2u) {
                load_writable(floor, file, entry, loaded->bias, rights);
            } else {
                const uint64_t start = page_down(entry->p_vaddr);
                const uint64_t end = page_up(entry->p_vaddr + entry->p_filesz);
                map_file(floor, file, start + loaded->bias, end + loaded->bias, page_down(entry->p_offset), end - start,
                         rights, floor->kind == FLOOR_LAZY ? BACK_FILE_LATER : BACK_SHARE);
            }
        }
    }
}

// ---- TLS ------------------------------------------------------------------------------------------------------------

static void place_tls(struct floor *floor) {
    const Elf64_Phdr *const tls = floor->tls;
    const uint64_t alignment = tls->p_align;
    const uint64_t skew = tls->p_vaddr & (alignment - 1);
    const uint64_t template = TLS_AREA + (tls->p_vaddr & (PAGE_SIZE - 1));
    floor->thread_pointer = template - skew + ((skew + tls->p_memsz + alignment - 1) & ~(alignment - 1));
    floor->tls_low = TLS_AREA;
    floor->tls_high = page_up(floor->thread_pointer + CONTROL_BLOCK);
    uint64_t borrowed = TLS_AREA;
    if (template == TLS_AREA && tls->p_filesz >= PAGE_SIZE) {
        borrowed += page_down(tls->p_filesz);
        map_file(floor, floor->program, TLS_AREA, borrowed, tls->p_offset, borrowed - TLS_AREA, 3,
                 floor->kind == FLOOR_EAGER ? BACK_COPY
                 : floor->kind == FLOOR_COW ? BACK_SHARE_COW
                                            : BACK_FILE_LATER);
    }
    map_file(floor, NULL, borrowed, floor->tls_high, 0, 0, 3, BACK_ZERO_LATER);
}

static void write_tls(struct floor *floor) {
    const Elf64_Phdr *const tls = floor->tls;
    const uint64_t template = TLS_AREA + (tls->p_vaddr & (PAGE_SIZE - 1));
    const uint64_t borrowed = template == TLS_AREA ? page_down(tls->p_filesz) : 0;
    uint64_t left = tls->p_filesz - borrowed;
    uint64_t address = template + borrowed;
    uint64_t offset = tls->p_offset + borrowed;
    uint64_t room;
    uint8_t *view = host_translate(floor->space, address, floor->thread_pointer + CONTROL_BLOCK - address, &room);
    if (left > 0) {
        const uint8_t *const bytes = host_file_view(floor->program, offset);
        while (left > room) {
            memcpy(view, bytes + (offset - tls->p_offset - borrowed), room);
            address += room;
            offset += room;
            left -= room;
            view = host_translate(floor->space, address, floor->thread_pointer + CONTROL_BLOCK - address, &room);
        }
        memcpy(view, bytes + (offset - tls->p_offset - borrowed), left);
    }
    while (floor->thread_pointer - address >= room) {
        address += room;
        view = host_translate(floor->space, address, floor->thread_pointer + CONTROL_BLOCK - address, &room);
    }
    *(uint64_t *)(void *)(view + (floor->thread_pointer - address)) = floor->thread_pointer;
}

// ---- arguments ------------------------------------------------------------------------------------------------------

// The slow half of `look`, out of line.
__attribute__((noinline)) static void fetch(struct window *window, uint64_t page) {
    window->page = page;
    window->bytes = host_caller_page(page);
}

static inline const uint8_t *look(struct window *window, uint64_t address) {
    if (page_down(address) != window->page) {
        fetch(window, page_down(address));
    }
    return window->bytes + (address & (PAGE_SIZE - 1));
}

static inline uint64_t look_word(struct window *window, uint64_t address) {
    return *(const uint64_t *)(const void *)look(window, address);
}

// Counts a vector; `last` becomes its last string.
static uint64_t count(struct floor *floor, uint64_t vector, uint64_t *last) {
    uint64_t before = *last;
    for (uint64_t number = 0;; number++) {
        const uint64_t string = look_word(&floor->pointers, vector + number * sizeof(uint64_t));
        if (string == 0) {
            *last = before;
            return number;
        }
        before = string;
    }
}

__attribute__((noinline)) static void next_vector_page(struct cursor *vectors, struct space *space) {
    const uint64_t in_page = PAGE_SIZE - (vectors->address & (PAGE_SIZE - 1));
    vectors->bytes = host_translate(space, vectors->address, in_page, &vectors->left);
    vectors->address += vectors->left;
}

static inline void put_word(struct floor *floor, uint64_t word) {
    if (floor->vectors.left == 0) {
        next_vector_page(&floor->vectors, floor->space);
    }
    *(uint64_t *)(void *)floor->vectors.bytes = word;
    floor->vectors.bytes += sizeof word;
    floor->vectors.left -= sizeof word;
}

static void need_string_room(struct floor *floor) {
    struct cursor *const strings = &floor->strings;
    if (strings->left > 0) {
        return;
    }
    const uint64_t base = STACK_HIGH - STRINGS_ROOM;
    const uint64_t end = page_up(base + floor->strings_expected);
    const uint64_t wanted = end > strings->address ? end - strings->address : PAGE_SIZE;
    strings->bytes = host_translate(floor->space, strings->address, wanted, &strings->left);
    strings->address += strings->left;
}

// The slow half of put_string, out of line: a page of the caller's, or a view, is used up.
__attribute__((noinline)) static void pass_border(struct floor *floor, uint64_t length) {
    floor->strings.bytes += length;
    floor->strings.left -= length;
    need_string_room(floor);
}

// Copies one string; gives its address in the new image.
static uint64_t put_string(struct floor *floor, uint64_t from) {
    struct cursor *const strings = &floor->strings;
    need_string_room(floor);
    const uint64_t placed = strings->address - strings->left;
    for (;;) {
        const uint8_t *const source = look(&floor->text, from);
        const uint64_t in_page = PAGE_SIZE - (from & (PAGE_SIZE - 1));
        const uint64_t length = in_page < strings->left ? in_page : strings->left;
        uint8_t *const behind = memccpy(strings->bytes, source, 0, length);
        if (behind != NULL) {
            strings->left -= (uint64_t)(behind - strings->bytes);
            strings->bytes = behind;
            return placed;
        }
        pass_border(floor, length);
        from += length;
    }
}

static uint64_t put_path(struct floor *floor, const char *path) {
    struct cursor *const strings = &floor->strings;
    need_string_room(floor);
    const uint64_t placed = strings->address - strings->left;
    for (;;) {
        uint8_t *const behind = memccpy(strings->bytes, path, 0, strings->left);
        if (behind != NULL) {
            strings->left -= (uint64_t)(behind - strings->bytes);
            strings->bytes = behind;
            return placed;
        }
        path += strings->left;
        strings->left = 0;
        need_string_room(floor);
    }
}

static void put_vector(struct floor *floor, uint64_t vector) {
    for (;; vector += sizeof(uint64_t)) {
        const uint64_t string = look_word(&floor->pointers, vector);
        if (string == 0) {
            put_word(floor, 0);
            return;
        }
        put_word(floor, put_string(floor, string));
    }
}

static inline void put_entry(struct floor *floor, uint64_t type, uint64_t value) {
    put_word(floor, type);
    put_word(floor, value);
}

static void put_auxv(struct floor *floor, const struct loaded *program, uint64_t interpreter_bias, uint64_t path,
                     uint64_t random, uint64_t platform) {
    const Elf64_Ehdr *const header = program->header;
    const Elf64_Phdr *const first = (const void *)((const uint8_t *)header + header->e_phoff);
    uint64_t headers = program->bias + header->e_phoff;
    for (const Elf64_Phdr *entry = first;; entry++) {
        if (entry->p_type == PT_LOAD) {
            headers += entry->p_vaddr - entry->p_offset;
            break;
        }
    }
    put_entry(floor, AT_MINSIGSTKSZ, 3632);
    put_entry(floor, AT_HWCAP, 0xbfebfbff);
    put_entry(floor, AT_PAGESZ, PAGE_SIZE);
    put_entry(floor, AT_CLKTCK, 100);
    put_entry(floor, AT_PHDR, headers);
    put_entry(floor, AT_PHENT, sizeof(Elf64_Phdr));
    put_entry(floor, AT_PHNUM, header->e_phnum);
    put_entry(floor, AT_BASE, interpreter_bias);
    put_entry(floor, AT_FLAGS, 0);
    put_entry(floor, AT_ENTRY, header->e_entry + program->bias);
    put_entry(floor, AT_UID, 0);
    put_entry(floor, AT_EUID, 0);
    put_entry(floor, AT_GID, 0);
    put_entry(floor, AT_EGID, 0);
    put_entry(floor, AT_SECURE, 0);
    put_entry(floor, AT_RANDOM, random);
    put_entry(floor, AT_HWCAP2, 2);
    put_entry(floor, AT_EXECFN, path);
    put_entry(floor, AT_PLATFORM, platform);
    put_entry(floor, AT_NULL, 0);
}

// Writes the whole stack; gives the stack pointer.
static uint64_t put_stack(struct floor *floor, const char *path, const struct arguments *arguments,
                          const struct loaded *program, uint64_t interpreter_bias) {
    const uint64_t base = STACK_HIGH - STRINGS_ROOM;
    uint64_t last = 0;
    const uint64_t argc = count(floor, arguments->argv, &last);
    const uint64_t envc = count(floor, arguments->envp, &last);
    const uint64_t first = look_word(&floor->pointers, argc > 0 ? arguments->argv : arguments->envp);
    const uint64_t stack_pointer = (base - (argc + envc + 3 + AUXV_WORDS) * sizeof(uint64_t)) & ~(uint64_t)15;
    floor->vectors = (struct cursor){.address = stack_pointer};
    floor->strings = (struct cursor){.address = base};
    floor->strings_expected = last > first ? last - first : 1; // a guess at how long a view is worth asking for
    need_string_room(floor);
    uint64_t *const start = (void *)floor->strings.bytes;
    host_random(start, 16);
    start[2] = 0x0034365f363878; // "x86_64"
    floor->strings.bytes += 24;
    floor->strings.left -= 24;
    put_word(floor, argc);
    put_vector(floor, arguments->argv);
    put_vector(floor, arguments->envp);
    put_auxv(floor, program, interpreter_bias, put_path(floor, path), base, base + 16);
    return stack_pointer;
}

// ---- all of it ------------------------------------------------------------------------------------------------------

void floor_exec(enum floor_kind kind, const char *path, const struct arguments *arguments, struct started *started) {
    struct floor floor;
    floor.kind = kind;
    floor.operation_count = 0;
    floor.tls = NULL;
    floor.thread_pointer = floor.tls_low = floor.tls_high = 0;
    floor.pointers.page = floor.text.page = UINT64_MAX;
    floor.program = host_open(path);
    floor.space = host_space();
    struct loaded program = {0};
    struct loaded interpreter = {0};
    const struct file *second = NULL;
    load_file(&floor, floor.program, STATIC_PIE_BIAS, &program);
    uint64_t entry = program.header->e_entry + program.bias;
    if (program.interpreter != NULL) {
        second = host_open(program.interpreter);
        load_file(&floor, second, INTERPRETER_BIAS, &interpreter);
        entry = interpreter.header->e_entry + interpreter.bias;
    }
    if (floor.tls != NULL) {
        place_tls(&floor);
    }
    const uint64_t stack_low = STACK_HIGH - STACK_RESERVE;
    map_file(&floor, NULL, stack_low, STACK_HIGH, 0, 0, 3, BACK_ZERO_LATER);
    map_file(&floor, NULL, stack_low - GUARD, stack_low, 0, 0, 0, BACK_NOTHING);
    if (kind == FLOOR_LAZY) {
        host_map(floor.space, floor.operations, floor.operation_count, true);
    }
    if (floor.tls != NULL) {
        write_tls(&floor);
    }
    const uint64_t stack_pointer = put_stack(&floor, path, arguments, &program, interpreter.bias);
    *started = (struct started){.program = floor.program,
                                .interpreter = second,
                                .program_bias = program.bias,
                                .interpreter_bias = interpreter.bias,
                                .entry = entry,
                                .stack_pointer = stack_pointer,
                                .stack_low = stack_low,
                                .stack_high = STACK_HIGH,
                                .thread_pointer = floor.thread_pointer,
                                .tls_low = floor.tls_low,
                                .tls_high = floor.tls_high};
}

// ---- faults ---------------------------------------------------------------------------------------------------------

void floor_fault(const struct mapping *mappings, size_t count_of, uint64_t address, uint64_t around) {
    const struct mapping *found = mappings;
    while (found < mappings + count_of && address - found->address >= found->length) {
        found++;
    }
    if (found == mappings + count_of || found->backing == BACK_NOTHING) {
        return;
    }
    const uint64_t window = address & ~(around - 1);
    const uint64_t low = window > found->address ? window : found->address;
    const uint64_t found_end = found->address + found->length;
    const uint64_t high = window + around < found_end ? window + around : found_end;
    const uint64_t offset = low - found->address;
    const uint64_t from_file = offset < found->file_length ? found->file_length - offset : 0;
    host_fault(found->file, found->file_offset + offset, low, high - low,
               from_file < high - low ? from_file : high - low, found->rights);
}
