// SPDX-License-Identifier: MIT
// The check of an image. Written from the ELF file and the ABI alone; it shares no code with any loader.

#include "check.h"

#include <elf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { AUXV_TYPES = 64 };
#define NO_PAGE UINT32_MAX

static bool wrong(const struct image_under_check *check, const char *format, ...) {
    if (check->silent) {
        return false;
    }
    va_list values;
    va_start(values, format);
    fprintf(stderr, "bench: wrong image of %s (%s): ", check->path, check->arguments->name);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
    va_end(values);
    return false;
}

static uint64_t page_down(uint64_t value) {
    return value / PAGE_SIZE * PAGE_SIZE;
}

static uint64_t page_up(uint64_t value) {
    return page_down(value + PAGE_SIZE - 1);
}

uint32_t fault_from_mapping(void *space, uint64_t page, uint8_t bytes[PAGE_SIZE]) {
    const struct mapping *const mapping = space_mapping(space, page);
    if (mapping == NULL || mapping->backing != BACK_FILE_LATER) {
        return NO_PAGE;
    }
    memcpy(bytes, file_page(mapping->file, mapping->file_offset + (page - mapping->address)), PAGE_SIZE);
    return mapping->rights;
}

// What the loader put at a page: its rights, or NO_PAGE.
static uint32_t actual_page(const struct image_under_check *check, uint64_t page, const uint8_t **bytes) {
    static uint8_t scratch[PAGE_SIZE];
    static const uint8_t zeros[PAGE_SIZE];
    const uint64_t *const entry = space_entry(check->space, page);
    if (entry != NULL && *entry != 0) {
        *bytes = entry_frame(*entry);
        return *entry & PAGE_RIGHTS;
    }
    const struct mapping *const mapping = space_mapping(check->space, page);
    if (mapping == NULL || mapping->backing == BACK_NOTHING) {
        return NO_PAGE;
    }
    if (mapping->backing == BACK_ZERO_LATER) {
        *bytes = zeros;
        return mapping->rights;
    }
    *bytes = scratch;
    return check->fault(check->fault_context, page, scratch);
}

static bool read_back(const struct image_under_check *check, uint64_t address, void *to, uint64_t length) {
    uint8_t *out = to;
    while (length > 0) {
        const uint64_t inside = address % PAGE_SIZE;
        const uint64_t now = PAGE_SIZE - inside < length ? PAGE_SIZE - inside : length;
        const uint8_t *bytes;
        if (actual_page(check, address - inside, &bytes) == NO_PAGE) {
            return wrong(check, "no page at %#llx", (unsigned long long)address);
        }
        memcpy(out, bytes + inside, now);
        out += now;
        address += now;
        length -= now;
    }
    return true;
}

static uint64_t word_at(const struct image_under_check *check, uint64_t address) {
    uint64_t word = 0;
    (void)read_back(check, address, &word, sizeof word);
    return word;
}

// ---- the files ------------------------------------------------------------------------------------------------------

static const Elf64_Ehdr *header_of(const struct file *file) {
    return (const void *)file->bytes;
}

static const Elf64_Phdr *table_of(const struct file *file) {
    return (const void *)(file->bytes + header_of(file)->e_phoff);
}

// What must lie at a page of the file's own addresses: as Linux maps it.
static uint32_t expected_page(const struct file *file, uint64_t page, uint8_t bytes[PAGE_SIZE]) {
    const Elf64_Phdr *found = NULL;
    for (unsigned i = 0; i < header_of(file)->e_phnum; i++) {
        const Elf64_Phdr *const entry = &table_of(file)[i];
        if (entry->p_type == PT_LOAD && page >= page_down(entry->p_vaddr) &&
            page < page_up(entry->p_vaddr + entry->p_memsz)) {
            found = entry;
        }
    }
    if (found == NULL) {
        return NO_PAGE;
    }
    const uint32_t rights =
        (found->p_flags & PF_R ? 1u : 0) | (found->p_flags & PF_W ? 2u : 0) | (found->p_flags & PF_X ? 4u : 0);
    const uint64_t file_end = found->p_vaddr + found->p_filesz;
    memset(bytes, 0, PAGE_SIZE);
    if (page >= page_up(file_end)) {
        return rights | 3u;
    }
    const uint64_t offset = page_down(found->p_offset) + (page - page_down(found->p_vaddr));
    const uint64_t in_file = file->size - offset < PAGE_SIZE ? file->size - offset : PAGE_SIZE;
    memcpy(bytes, file->bytes + offset, in_file);
    if (found->p_memsz > found->p_filesz && file_end - page < PAGE_SIZE) {
        memset(bytes + (file_end - page), 0, PAGE_SIZE - (file_end - page));
    }
    return rights;
}

struct span {
    uint64_t low, high;
};

static struct span span_of(const struct file *file, uint64_t bias) {
    struct span span = {UINT64_MAX, 0};
    for (unsigned i = 0; i < header_of(file)->e_phnum; i++) {
        const Elf64_Phdr *const entry = &table_of(file)[i];
        if (entry->p_type == PT_LOAD) {
            const uint64_t low = page_down(entry->p_vaddr) + bias;
            const uint64_t high = page_up(entry->p_vaddr + entry->p_memsz) + bias;
            span.low = low < span.low ? low : span.low;
            span.high = high > span.high ? high : span.high;
        }
    }
    return span;
}

static bool check_file(const struct image_under_check *check, const struct file *file, uint64_t bias) {
    const struct span span = span_of(file, bias);
    for (uint64_t page = span.low; page < span.high; page += PAGE_SIZE) {
        static uint8_t expected[PAGE_SIZE];
        const uint8_t *bytes = NULL;
        const uint32_t wanted_rights = expected_page(file, page - bias, expected);
        const uint32_t rights = actual_page(check, page, &bytes);
        if (rights != wanted_rights) {
            return wrong(check, "page %#llx has rights %#x, not %#x", (unsigned long long)page, rights, wanted_rights);
        }
        if (rights != NO_PAGE && memcmp(bytes, expected, PAGE_SIZE) != 0) {
            return wrong(check, "page %#llx has other bytes than it must", (unsigned long long)page);
        }
    }
    return true;
}

// ---- stray pages ----------------------------------------------------------------------------------------------------

struct stray {
    const struct image_under_check *check;
    bool found;
};

static bool inside(uint64_t address, uint64_t low, uint64_t high) {
    return address >= low && address < high;
}

static void look_for_stray(void *context, uint64_t address, uint64_t entry) {
    struct stray *const stray = context;
    const struct started *const started = stray->check->started;
    (void)entry;
    struct span span = span_of(started->program, started->program_bias);
    bool known = inside(address, span.low, span.high) || inside(address, started->stack_low, started->stack_high) ||
                 inside(address, started->tls_low, started->tls_high);
    if (!known && started->interpreter != NULL) {
        span = span_of(started->interpreter, started->interpreter_bias);
        known = inside(address, span.low, span.high);
    }
    if (!known && !stray->found) {
        stray->found = true;
        (void)wrong(stray->check, "there is a page at %#llx that belongs to nothing", (unsigned long long)address);
    }
}

// ---- the stack ------------------------------------------------------------------------------------------------------

static bool same_bytes(const struct image_under_check *check, uint64_t address, const void *expected, uint64_t length) {
    const uint8_t *rest = expected;
    while (length > 0) {
        uint8_t piece[256];
        const uint64_t now = length < sizeof piece ? length : sizeof piece;
        if (!read_back(check, address, piece, now)) {
            return false;
        }
        if (memcmp(piece, rest, now) != 0) {
            return wrong(check, "other bytes than the caller's near %#llx", (unsigned long long)address);
        }
        address += now;
        rest += now;
        length -= now;
    }
    return true;
}

static bool check_vector(const struct image_under_check *check, uint64_t *at, uint64_t caller_vector, uint64_t count) {
    for (uint64_t i = 0; i < count; i++, *at += sizeof(uint64_t)) {
        const uint64_t from = caller_word(caller_vector + i * sizeof(uint64_t));
        const char *const string = from == 0 ? "" : (const char *)caller_bytes(from);
        if (!same_bytes(check, word_at(check, *at), string, strlen(string) + 1)) {
            return false;
        }
    }
    if (word_at(check, *at) != 0) {
        return wrong(check, "a vector does not end with NULL");
    }
    *at += sizeof(uint64_t);
    return true;
}

static uint64_t expected_headers(const struct started *started) {
    const Elf64_Ehdr *const header = header_of(started->program);
    uint64_t address = started->program_bias;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        const Elf64_Phdr *const entry = &table_of(started->program)[i];
        if (entry->p_type == PT_LOAD && header->e_phoff - entry->p_offset < entry->p_filesz) {
            address = started->program_bias + header->e_phoff - entry->p_offset + entry->p_vaddr;
        }
    }
    return address;
}

static bool check_auxv(const struct image_under_check *check, uint64_t at) {
    const struct started *const started = check->started;
    const Elf64_Ehdr *const header = header_of(started->program);
    uint64_t values[AUXV_TYPES] = {0};
    for (unsigned i = 0;; i++, at += 16) {
        const uint64_t type = word_at(check, at);
        if (type == AT_NULL) {
            break;
        }
        if (type >= AUXV_TYPES || i == AUXV_TYPES) {
            return wrong(check, "the auxiliary vector does not end");
        }
        values[type] = word_at(check, at + 8);
    }
    uint8_t random[16];
    static const uint8_t zeros[sizeof random];
    const uint64_t entry = started->interpreter != NULL
                               ? header_of(started->interpreter)->e_entry + started->interpreter_bias
                               : header->e_entry + started->program_bias;
    if (values[AT_PHDR] != expected_headers(started) || values[AT_PHENT] != 56 || values[AT_PHNUM] != header->e_phnum ||
        values[AT_ENTRY] != header->e_entry + started->program_bias || values[AT_BASE] != started->interpreter_bias ||
        values[AT_PAGESZ] != PAGE_SIZE || started->entry != entry) {
        return wrong(check, "an entry of the auxiliary vector, or the entry point, is not what the file says");
    }
    if (!read_back(check, values[AT_RANDOM], random, sizeof random) || memcmp(random, zeros, sizeof random) == 0) {
        return wrong(check, "AT_RANDOM points to nothing random");
    }
    return same_bytes(check, values[AT_EXECFN], check->path, strlen(check->path) + 1) &&
           same_bytes(check, values[AT_PLATFORM], "x86_64", 7);
}

static bool check_stack(const struct image_under_check *check) {
    uint64_t at = check->started->stack_pointer;
    if (at % 16 != 0 || word_at(check, at) != check->argc) {
        return wrong(check, "the stack pointer does not point at argc, aligned to 16");
    }
    at += sizeof(uint64_t);
    return check_vector(check, &at, check->arguments->argv, check->argc) &&
           check_vector(check, &at, check->arguments->envp, check->arguments->envc) && check_auxv(check, at);
}

// ---- TLS, Variant II ------------------------------------------------------------------------------------------------

static bool check_tls(const struct image_under_check *check) {
    const struct started *const started = check->started;
    const Elf64_Phdr *tls = NULL;
    for (unsigned i = 0; i < header_of(started->program)->e_phnum; i++) {
        const Elf64_Phdr *const entry = &table_of(started->program)[i];
        tls = entry->p_type == PT_TLS ? entry : tls;
    }
    if (started->thread_pointer == 0) {
        return tls == NULL || started->interpreter != NULL || wrong(check, "no TLS block");
    }
    if (tls == NULL) {
        return wrong(check, "a TLS block, and no template");
    }
    const uint64_t alignment = tls->p_align > 1 ? tls->p_align : 1;
    const uint64_t skew = tls->p_vaddr % alignment;
    const uint64_t template =
        started->thread_pointer - ((skew + tls->p_memsz + alignment - 1) / alignment * alignment - skew);
    if (started->thread_pointer % alignment != 0 ||
        word_at(check, started->thread_pointer) != started->thread_pointer) {
        return wrong(check, "the thread pointer is not aligned, or does not point to itself");
    }
    uint64_t canary; // stack protectors read it at 0x28
    if (!read_back(check, started->thread_pointer + 0x28, &canary, sizeof canary)) {
        return false;
    }
    for (uint64_t i = tls->p_filesz; i < tls->p_memsz; i++) {
        uint8_t byte = 1;
        if (!read_back(check, template + i, &byte, 1) || byte != 0) {
            return wrong(check, ".tbss is not zero");
        }
    }
    return same_bytes(check, template, started->program->bytes + tls->p_offset, tls->p_filesz);
}

bool check_image(const struct image_under_check *check) {
    const struct started *const started = check->started;
    struct stray stray = {.check = check};
    space_walk(check->space, look_for_stray, &stray);
    return !stray.found && check_file(check, started->program, started->program_bias) &&
           (started->interpreter == NULL || check_file(check, started->interpreter, started->interpreter_bias)) &&
           check_stack(check) && check_tls(check);
}
