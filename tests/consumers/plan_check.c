// SPDX-License-Identifier: MIT
// Plans a program of two segments from memory. Valid as C17 and as C++17, and freestanding: some consumers need that.
#include "plan_check.h"

#include <libexec/libexec.h>

#define FILE_HEADER_SIZE    64
#define PROGRAM_HEADER_SIZE 56
#define FILE_SIZE           0x1800

static unsigned char file[FILE_SIZE];

static void put(uint64_t offset, unsigned bytes, uint64_t value) {
    for (unsigned i = 0; i < bytes; i++)
        file[offset + i] = (unsigned char)(value >> (8 * i));
}

static void put_segment(unsigned index, uint32_t flags, uint64_t offset, uint64_t address, uint64_t file_size,
                        uint64_t memory_size) {
    const uint64_t header = FILE_HEADER_SIZE + (uint64_t)index * PROGRAM_HEADER_SIZE;

    put(header, 4, 1); // PT_LOAD
    put(header + 4, 4, flags);
    put(header + 8, 8, offset);
    put(header + 16, 8, address);
    put(header + 32, 8, file_size);
    put(header + 40, 8, memory_size);
    put(header + 48, 8, 0x1000);
}

static void make_program(void) {
    put(0, 4, 0x464c457f); // magic
    put(4, 1, 2);          // 64 bits
    put(5, 1, 1);          // little endian
    put(6, 1, 1);          // version
    put(16, 2, 2);         // ET_EXEC
    put(18, 2, 62);        // EM_X86_64
    put(20, 4, 1);
    put(24, 8, 0x401000); // entry
    put(32, 8, FILE_HEADER_SIZE);
    put(52, 2, FILE_HEADER_SIZE);
    put(54, 2, PROGRAM_HEADER_SIZE);
    put(56, 2, 2);
    put_segment(0, 5, 0, 0x400000, 0x1100, 0x1100);
    put_segment(1, 6, 0x1100, 0x402100, 0x100, 0x3000);
}

static struct libexec_arch x86_64(void) {
    struct libexec_arch arch = {};

    arch.machine = 62;
    arch.data = 1;
    arch.thread_pointer_word = 1;
    arch.page_size = 4096;
    arch.user_low = 0x10000;
    arch.user_high = 0x7ffffffff000;
    arch.mmap_entropy_pages = 0xfffffff;
    arch.stack_entropy_pages = 0x3fffff;
    arch.thread_control_block_size = 256;
    arch.thread_control_block_alignment = 64;
    arch.platform = "x86_64";
    return arch;
}

static enum libexec_status plan_file(struct libexec_plan *plan) {
    const struct libexec_arch arch = x86_64();
    struct libexec_source source;
    struct libexec_report report = {};
    unsigned char buffer[LIBEXEC_CONFIG_HEADER_BYTES];

    libexec_memory_source(&source, file, FILE_SIZE);
    return libexec_plan_read(plan, &source, &arch, 0, buffer, sizeof buffer, &report);
}

static int same_text(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

int plan_check(void) {
    struct libexec_plan plan;
    struct libexec_region region;

    if (!same_text(libexec_version(), LIBEXEC_VERSION_STRING))
        return 1;
    make_program();
    if (plan_file(&plan) != LIBEXEC_OK)
        return 2;
    if (plan.entry != 0x401000 || plan.segment_count != 2 || plan.end != 0x405100)
        return 3;
    if (!libexec_plan_next_region(&plan, 4096, 0x402000, &region) || region.address != 0x402000 ||
        region.file_offset != 0x1000)
        return 4;
    put(0, 1, 'X');
    return plan_file(&plan) == LIBEXEC_E_MAGIC ? 0 : 5;
}
