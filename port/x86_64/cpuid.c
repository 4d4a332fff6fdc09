// SPDX-License-Identifier: MIT
// What a program learns about its processor from the auxiliary vector. Unprivileged: also runs in host tests.

#include <libexec/port/x86_64.h>

#include <stdint.h>

enum {
    CPUID_FEATURES = 1,
    CPUID_EXTENDED_STATE = 0xd,
    FEATURE_ECX_OSXSAVE = 1 << 27,
    FXSAVE_BYTES = 512,
};

// The parts of a signal frame as Linux adds them up for AT_MINSIGSTKSZ (arch/x86/kernel/signal.c). It takes the largest
// of its frame types, the one for 32-bit programs.
enum {
    FRAME_BYTES = 732,
    FRAME_PADDING = 15,
    FPU_STATE_PADDING = 63,
    FPU_STATE_END_MARK = 4,
    LEGACY_FPU_HEADER = 112,
    FRAME_ALIGNMENT = 16,
};

struct cpuid_result {
    uint32_t eax, ebx, ecx, edx;
};

static struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf) {
    struct cpuid_result result;
    __asm__ volatile("cpuid"
                     : "=a"(result.eax), "=b"(result.ebx), "=c"(result.ecx), "=d"(result.edx)
                     : "a"(leaf), "c"(subleaf));
    return result;
}

uint64_t libexec_x86_64_hwcap(void) {
    return cpuid(CPUID_FEATURES, 0).edx;
}

uint64_t libexec_x86_64_hwcap2(bool fsgsbase_enabled) {
    return fsgsbase_enabled ? LIBEXEC_X86_64_HWCAP2_FSGSBASE : 0;
}

uint64_t libexec_x86_64_minimum_signal_stack(uint64_t supervisor_bytes) {
    uint64_t state = FXSAVE_BYTES;
    if ((cpuid(CPUID_FEATURES, 0).ecx & FEATURE_ECX_OSXSAVE) != 0) {
        // EBX: the XSAVE area for what XCR0 enables at this moment.
        state = (uint64_t)cpuid(CPUID_EXTENDED_STATE, 0).ebx + supervisor_bytes + FPU_STATE_END_MARK;
    }
    const uint64_t frame = FRAME_BYTES + FRAME_PADDING + FPU_STATE_PADDING + LEGACY_FPU_HEADER + state;
    return (frame + FRAME_ALIGNMENT - 1) & ~(uint64_t)(FRAME_ALIGNMENT - 1);
}
