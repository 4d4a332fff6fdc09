// SPDX-License-Identifier: MIT
#include "machine.h"

#include "layout.h"

extern const uint8_t empty_table[];

_Noreturn void machine_end(uint64_t status) {
    enum { SYS_EXIT_EXTENDED = 0x20 };
    const uint64_t reason[2] = {0x20026, status}; // ADP_Stopped_ApplicationExit
    register uint64_t operation __asm__("x0") = SYS_EXIT_EXTENDED;
    register const uint64_t *parameter __asm__("x1") = reason;
    __asm__ volatile("hlt #0xf000" : "+r"(operation) : "r"(parameter) : "memory");
    machine_off();
}

_Noreturn void machine_off(void) {
    register uint64_t function __asm__("x0") = 0x84000008; // PSCI's SYSTEM_OFF
    for (;;) {
        __asm__ volatile("hvc #0" : "+r"(function) : : "memory");
    }
}

uint64_t machine_counter(void) {
    uint64_t count;
    __asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(count));
    return count;
}

uint64_t machine_counter_frequency(void) {
    uint64_t frequency;
    __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
    return frequency;
}

uint64_t machine_scalable_vector_bytes(void) {
    uint64_t enabled;
    uint64_t bytes = 0;
    __asm__ volatile("mrs %0, cpacr_el1" : "=r"(enabled));
    if ((enabled >> 16 & 3) == 3) {
        __asm__ volatile(".arch_extension sve\n\trdvl %0, #1" : "=r"(bytes));
    }
    return bytes;
}

static void set_table(uint64_t physical) {
    __asm__ volatile("msr ttbr0_el1, %0\n\tisb" : : "r"(physical) : "memory");
}

// Without ASIDs the translations of two programs must not meet: the empty table stands between them.
void machine_use_table(uint64_t physical) {
    set_table((uint64_t)(uintptr_t)empty_table - KERNEL_OFFSET);
    machine_forget_translations();
    if (physical != 0) {
        set_table(physical);
    }
}

void machine_complete_stores(void) {
    __asm__ volatile("dsb ishst\n\tisb" : : : "memory");
}

void machine_forget_translations(void) {
    __asm__ volatile("dsb ishst\n\ttlbi vmalle1\n\tdsb nsh\n\tisb" : : : "memory");
}

uint64_t machine_syndrome(void) {
    uint64_t syndrome;
    __asm__ volatile("mrs %0, esr_el1" : "=r"(syndrome));
    return syndrome;
}

uint64_t machine_fault_address(void) {
    uint64_t address;
    __asm__ volatile("mrs %0, far_el1" : "=r"(address));
    return address;
}
