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

bool machine_has_scalable_vectors(void) {
    uint64_t enabled;
    __asm__ volatile("mrs %0, cpacr_el1" : "=r"(enabled));
    return (enabled >> 16 & 3) == 3;
}

void machine_use_table(uint64_t physical) {
    if (physical == 0) {
        physical = (uint64_t)(uintptr_t)empty_table - KERNEL_OFFSET;
    }
    __asm__ volatile("dsb ishst\n\tmsr ttbr0_el1, %0\n\tisb" : : "r"(physical) : "memory");
    machine_forget_translations();
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
