// SPDX-License-Identifier: MIT
// Segments, task state, processor features and the SYSCALL registers. One processor, so one of each.

#include "cpu.h"

#include <stddef.h>

#include "layout.h"
#include "trap.h"

#define MSR_STAR   0xc0000081
#define MSR_LSTAR  0xc0000082
#define MSR_CSTAR  0xc0000083
#define MSR_SFMASK 0xc0000084

#define CR4_FSGSBASE (UINT64_C(1) << 16)
#define CR4_OSXSAVE  (UINT64_C(1) << 18)
#define CR4_SMEP     (UINT64_C(1) << 20)
#define CR4_SMAP     (UINT64_C(1) << 21)

#define CPUID_1_ECX_XSAVE    (1u << 26)
#define CPUID_1_ECX_RDRAND   (1u << 30)
#define CPUID_7_EBX_FSGSBASE (1u << 0)
#define CPUID_7_EBX_SMEP     (1u << 7)
#define CPUID_7_EBX_SMAP     (1u << 20)

#define CPUID_EXTENDED_STATE 13

// State components: x87, SSE, AVX, and the three of AVX-512, which come together.
#define XCR0_BASIC   0x07u
#define XCR0_AVX_512 0xe0u

// Cleared at SYSCALL: single step, interrupts, direction, nested task, alignment check (which would lift SMAP).
#define FLAGS_CLEARED_AT_SYSCALL 0x44700

#define DEBUG_EXIT_PORT 0xf4

struct task_state {
    uint32_t reserved0;
    uint32_t rsp0_low, rsp0_high;
    uint32_t rsp1_low, rsp1_high, rsp2_low, rsp2_high, reserved1, reserved2;
    uint32_t ist1_low, ist1_high;
    uint32_t other_ists[12];
    uint32_t reserved3, reserved4;
    uint16_t reserved5, io_map;
};
_Static_assert(sizeof(struct task_state) == 104, "the size is the processor's");

struct descriptor_table_pointer {
    uint16_t limit;
    uint16_t base[4];
};
_Static_assert(sizeof(struct descriptor_table_pointer) == 10, "the size is the processor's");

bool cpu_has_smap;

static struct task_state task_state;
static uint8_t emergency_stack[PAGE_SIZE] __attribute__((aligned(16)));
static bool has_rdrand;

static uint64_t segments[] = {
    0,
    0,
    0x00af9b000000ffff, // SELECTOR_KERNEL_CODE
    0x00cf93000000ffff, // SELECTOR_KERNEL_DATA
    0,                  // SELECTOR_USER_CODE_32: none, so that no program gets into compatibility mode
    0x00cff3000000ffff, // SELECTOR_USER_DATA
    0x00affb000000ffff, // SELECTOR_USER_CODE
    0,
    0, // SELECTOR_TASK_STATE, two entries
    0,
};

static struct descriptor_table_pointer table_pointer(const void *table, size_t size) {
    const uint64_t base = (uint64_t)(uintptr_t)table;
    return (struct descriptor_table_pointer){
        .limit = (uint16_t)(size - 1),
        .base = {(uint16_t)base, (uint16_t)(base >> 16), (uint16_t)(base >> 32), (uint16_t)(base >> 48)},
    };
}

void cpu_load_interrupt_table(const void *table, size_t size) {
    const struct descriptor_table_pointer pointer = table_pointer(table, size);
    __asm__ volatile("lidt %0" : : "m"(pointer));
}

static void load_segments(void) {
    const uint64_t stack = (uint64_t)(uintptr_t)kernel_stack_top;
    const uint64_t emergency = (uint64_t)(uintptr_t)emergency_stack + sizeof emergency_stack;
    task_state.rsp0_low = (uint32_t)stack;
    task_state.rsp0_high = (uint32_t)(stack >> 32);
    task_state.ist1_low = (uint32_t)emergency;
    task_state.ist1_high = (uint32_t)(emergency >> 32);
    task_state.io_map = sizeof task_state; // beyond the limit: user mode has no ports

    const uint64_t base = (uint64_t)(uintptr_t)&task_state;
    segments[SELECTOR_TASK_STATE / 8] =
        (sizeof task_state - 1) | (base & 0xffffff) << 16 | UINT64_C(0x89) << 40 | (base >> 24 & 0xff) << 56;
    segments[SELECTOR_TASK_STATE / 8 + 1] = base >> 32;

    const struct descriptor_table_pointer pointer = table_pointer(segments, sizeof segments);
    // Code and stack selectors are the boot table's: same numbers, same contents, so nothing needs reloading.
    __asm__ volatile("lgdt %0" : : "m"(pointer));
    __asm__ volatile("ltr %w0" : : "r"(SELECTOR_TASK_STATE));
    // No local descriptor table: after a reset there is one, 64 KiB of user memory from address 0 on.
    __asm__ volatile("lldt %w0" : : "r"(0));
}

// Vector registers, as far as the processor has them. Nothing saves them: there is one process, the kernel does without
// them, and the port's entry into user mode clears them.
static void enable_vectors(void) {
    uint32_t components = cpuid(CPUID_EXTENDED_STATE, 0).eax & (XCR0_BASIC | XCR0_AVX_512);
    if ((components & XCR0_AVX_512) != XCR0_AVX_512) {
        components &= XCR0_BASIC;
    }
    __asm__ volatile("xsetbv" : : "c"(0), "a"(components), "d"(0));
}

static void enable_features(void) {
    const struct cpuid_result basic = cpuid(1, 0);
    const struct cpuid_result extended = cpuid(0, 0).eax >= 7 ? cpuid(7, 0) : (struct cpuid_result){0};
    uint64_t cr4;
    __asm__ volatile("movq %%cr4, %0" : "=r"(cr4));
    if (extended.ebx & CPUID_7_EBX_FSGSBASE) {
        cr4 |= CR4_FSGSBASE;
    }
    if (extended.ebx & CPUID_7_EBX_SMEP) {
        cr4 |= CR4_SMEP;
    }
    if (extended.ebx & CPUID_7_EBX_SMAP) {
        cr4 |= CR4_SMAP;
        cpu_has_smap = true;
    }
    if (basic.ecx & CPUID_1_ECX_XSAVE) {
        cr4 |= CR4_OSXSAVE;
    }
    __asm__ volatile("movq %0, %%cr4" : : "r"(cr4) : "memory");
    if (basic.ecx & CPUID_1_ECX_XSAVE) {
        enable_vectors();
    }
    has_rdrand = (basic.ecx & CPUID_1_ECX_RDRAND) != 0;
}

void cpu_setup(void) {
    load_segments();
    enable_features();
    // SYSRET takes the user selectors from the second base: +8 is data, +16 is 64-bit code.
    msr_write(MSR_STAR, (uint64_t)SELECTOR_USER_CODE_32 << 48 | (uint64_t)SELECTOR_KERNEL_CODE << 32);
    msr_write(MSR_LSTAR, (uint64_t)(uintptr_t)entry_syscall);
    // Where SYSCALL leads from compatibility mode, on AMD's processors and in QEMU; with 0 there it would be to ring 0
    // at address 0, which is the program's, and with its rsp.
    msr_write(MSR_CSTAR, (uint64_t)(uintptr_t)entry_syscall_32);
    msr_write(MSR_SFMASK, FLAGS_CLEARED_AT_SYSCALL);
}

static bool hardware_random(uint64_t *value) {
    for (int attempt = 0; attempt < 10; attempt++) {
        uint8_t valid;
        __asm__ volatile("rdrand %0; setc %1" : "=r"(*value), "=qm"(valid) : : "cc");
        if (valid) {
            return true;
        }
    }
    return false;
}

// A 64-bit mixer over a counter that also swallows the time stamp.
static uint64_t stirred_random(void) {
    static uint64_t state;
    state += 0x9e3779b97f4a7c15 ^ time_stamp();
    uint64_t x = state;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

uint64_t cpu_random(void) {
    uint64_t value;
    if (has_rdrand && hardware_random(&value)) {
        return value;
    }
    return stirred_random();
}

_Noreturn void cpu_exit(uint8_t code) {
    port_write(DEBUG_EXIT_PORT, code);
    for (;;) {
        __asm__ volatile("cli; hlt");
    }
}
