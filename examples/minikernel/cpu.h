// SPDX-License-Identifier: MIT
// The processor: instructions that C cannot say, and what cpu.c sets up with them.

#ifndef MINIKERNEL_CPU_H
#define MINIKERNEL_CPU_H

#include <stdbool.h>
#include <stdint.h>

// Set by cpu_setup, read by entry.S too: whether SMAP is on, so that stac and clac exist.
extern bool cpu_has_smap;

// Loads segments and task state, turns on what the CPU offers (SMEP, SMAP, FSGSBASE) and points SYSCALL at entry.S.
void cpu_setup(void);

// The stack for the next entry from user mode.
extern uint8_t kernel_stack_top[];

// Random bytes: RDRAND where the CPU has it, otherwise stirred from the time stamp counter, which is no secret.
uint64_t cpu_random(void);

// Ends the virtual machine through QEMU's isa-debug-exit device; the exit status of QEMU is (code << 1) | 1.
_Noreturn void cpu_exit(uint8_t code);

#define EXIT_CODE_SUCCESS 0x10
#define EXIT_CODE_FAILURE 0x11
#define EXIT_CODE_PANIC   0x12

static inline void port_write(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port) : "memory");
}

static inline uint8_t port_read(uint16_t port) {
    uint8_t value;
    __asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port) : "memory");
    return value;
}

static inline void msr_write(uint32_t msr, uint64_t value) {
    __asm__ volatile("wrmsr" : : "c"(msr), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t msr_read(uint32_t msr) {
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t time_stamp(void) {
    uint32_t low;
    uint32_t high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

static inline uint64_t cr2_read(void) {
    uint64_t value;
    __asm__ volatile("movq %%cr2, %0" : "=r"(value));
    return value;
}

static inline void cr3_write(uint64_t value) {
    __asm__ volatile("movq %0, %%cr3" : : "r"(value) : "memory");
}

static inline void tlb_forget(uint64_t address) {
    __asm__ volatile("invlpg (%0)" : : "r"(address) : "memory");
}

struct cpuid_result {
    uint32_t eax, ebx, ecx, edx;
};

static inline struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf) {
    struct cpuid_result r;
    __asm__ volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

#endif
