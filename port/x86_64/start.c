// SPDX-License-Identifier: MIT
// The privileged part of the port: thread pointer, FPU and segment state of a fresh program, entry to ring 3.
// Everything here faults in user space.

#include <libexec/port/x86_64.h>

#include <stdint.h>

enum {
    CR4_OSFXSR = 1 << 9,
    CR4_FSGSBASE = 1 << 16,
    CR4_OSXSAVE = 1 << 18,
    CR4_PKE = 1 << 22,
};

// For what may run while the active GS is the user's: a kernel's stack protector finds its canary through GS. Compilers
// without the attribute must be told not to protect this file.
#ifdef __has_attribute
#if __has_attribute(no_stack_protector)
#define WITHOUT_CANARY __attribute__((no_stack_protector))
#endif
#endif
#ifndef WITHOUT_CANARY
#define WITHOUT_CANARY
#endif

#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u

// What Linux gives a new program: every protection key but key 0 denied.
#define PKRU_AT_EXEC 0x55555554u

// The part of an XSAVE area that XRSTOR reads when it initialises everything: the legacy image of FXRSTOR, then the
// XSAVE header. Intel SDM volume 1, 10.5.1 and 13.4.
#define LEGACY_BYTES    512
#define HEADER_BYTES    64
#define CONTROL_OFFSET  0
#define MXCSR_OFFSET    24
#define CONTROL_BYTE(i) [CONTROL_OFFSET + (i)] = (uint8_t)(LIBEXEC_X86_64_X87_CONTROL_AT_EXEC >> (8 * (i)))
#define MXCSR_BYTE(i)   [MXCSR_OFFSET + (i)] = (uint8_t)(LIBEXEC_X86_64_MXCSR_AT_EXEC >> (8 * (i)))

_Alignas(64) static const uint8_t clean_fpu_image[LEGACY_BYTES + HEADER_BYTES] = {
    CONTROL_BYTE(0), CONTROL_BYTE(1), MXCSR_BYTE(0), MXCSR_BYTE(1), MXCSR_BYTE(2), MXCSR_BYTE(3),
};

// What iretq pops, in its order.
struct interrupt_return_frame {
    uint64_t instruction_pointer;
    uint64_t code_selector;
    uint64_t flags;
    uint64_t stack_pointer;
    uint64_t stack_selector;
};

static WITHOUT_CANARY uint64_t read_cr4(void) {
    uint64_t value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static WITHOUT_CANARY void write_msr(uint32_t number, uint64_t value) {
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

WITHOUT_CANARY bool libexec_x86_64_fsgsbase_enabled(void) {
    return (read_cr4() & CR4_FSGSBASE) != 0;
}

void libexec_x86_64_set_fs_base(uint64_t base) {
    if (!libexec_x86_64_fsgsbase_enabled()) {
        write_msr(MSR_FS_BASE, base);
        return;
    }
    __asm__ volatile("wrfsbase %0" : : "r"(base) : "memory");
}

static WITHOUT_CANARY void set_active_gs_base(uint64_t base) {
    if (!libexec_x86_64_fsgsbase_enabled()) {
        write_msr(MSR_GS_BASE, base);
        return;
    }
    __asm__ volatile("wrgsbase %0" : : "r"(base) : "memory");
}

void libexec_x86_64_reset_fpu(void) {
    const uint64_t cr4 = read_cr4();
    // Also for what the loads below leave alone: on AMD's processors the x87 pointers, and where neither of the two is
    // turned on, the whole x87 unit.
    __asm__ volatile("fninit" : : : "memory");
    if ((cr4 & CR4_OSXSAVE) != 0) {
        // XSTATE_BV is 0 in the image: every component that XCR0 enables takes its initial state.
        __asm__ volatile("xrstor64 %0" : : "m"(clean_fpu_image), "a"(UINT32_MAX), "d"(UINT32_MAX) : "memory");
    } else if ((cr4 & CR4_OSFXSR) != 0) {
        __asm__ volatile("fxrstor64 %0" : : "m"(clean_fpu_image) : "memory");
    }
    if ((cr4 & CR4_PKE) != 0) {
        __asm__ volatile("wrpkru" : : "a"(PKRU_AT_EXEC), "c"(0), "d"(0) : "memory");
    }
}

WITHOUT_CANARY void libexec_x86_64_reset_segments(uint64_t thread_pointer, enum libexec_x86_64_gs_rule gs_rule) {
    const uint16_t null_selector = 0;
    __asm__ volatile("mov %0, %%ds\n\t"
                     "mov %0, %%es\n\t"
                     "mov %0, %%fs"
                     :
                     : "r"(null_selector)
                     : "memory");
    libexec_x86_64_set_fs_base(thread_pointer);
    if (gs_rule != LIBEXEC_X86_64_GS_UNUSED) {
        // From here to the next swapgs, or the return to user mode, the active GS is the user's.
        __asm__ volatile("swapgs" : : : "memory");
    }
    __asm__ volatile("mov %0, %%gs" : : "r"(null_selector) : "memory");
    // Loading a null selector clears the base on some processors and keeps it on others.
    set_active_gs_base(0);
    if (gs_rule == LIBEXEC_X86_64_GS_SWAPGS_FOLLOWS) {
        __asm__ volatile("swapgs" : : : "memory");
    }
}

static WITHOUT_CANARY __attribute__((noreturn)) void return_to_user(const struct interrupt_return_frame *frame) {
    __asm__ volatile("mov %0, %%rsp\n\t"
                     "xor %%eax, %%eax\n\t"
                     "xor %%ebx, %%ebx\n\t"
                     "xor %%ecx, %%ecx\n\t"
                     "xor %%edx, %%edx\n\t"
                     "xor %%esi, %%esi\n\t"
                     "xor %%edi, %%edi\n\t"
                     "xor %%ebp, %%ebp\n\t"
                     "xor %%r8d, %%r8d\n\t"
                     "xor %%r9d, %%r9d\n\t"
                     "xor %%r10d, %%r10d\n\t"
                     "xor %%r11d, %%r11d\n\t"
                     "xor %%r12d, %%r12d\n\t"
                     "xor %%r13d, %%r13d\n\t"
                     "xor %%r14d, %%r14d\n\t"
                     "xor %%r15d, %%r15d\n\t"
                     "iretq"
                     :
                     : "r"(frame)
                     : "memory");
    __builtin_unreachable();
}

WITHOUT_CANARY void libexec_x86_64_enter_user(const struct libexec_x86_64_start *start) {
    // No interrupt may come between the swap of GS and iretq, which turns them on again with the new flags.
    __asm__ volatile("cli" : : : "memory");
    const struct interrupt_return_frame frame = {
        .instruction_pointer = start->entry,
        .code_selector = start->code_selector | LIBEXEC_X86_64_USER_PRIVILEGE,
        .flags = LIBEXEC_X86_64_FLAGS_AT_EXEC,
        .stack_pointer = start->stack_pointer,
        .stack_selector = start->stack_selector | LIBEXEC_X86_64_USER_PRIVILEGE,
    };
    libexec_x86_64_reset_fpu();
    const bool swaps = start->gs_rule != LIBEXEC_X86_64_GS_UNUSED; // nobody does after this
    libexec_x86_64_reset_segments(start->thread_pointer, swaps ? LIBEXEC_X86_64_GS_SWAPGS : LIBEXEC_X86_64_GS_UNUSED);
    return_to_user(&frame);
}
