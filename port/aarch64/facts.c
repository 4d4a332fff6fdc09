// SPDX-License-Identifier: MIT
// What the core must know about AArch64, and what a program learns about its processor from the auxiliary vector.
// Unprivileged: runs in host tests too.

#include <libexec/port/aarch64.h>

#include <stdint.h>

const struct libexec_arch libexec_arch_aarch64 = {
    .machine = 183, // EM_AARCH64
    .data = 1,      // ELFDATA2LSB
    .page_size = 4096,
    .user_low = 0x10000,          // Linux's vm.mmap_min_addr is 4096, 32768 or this, by its configuration
    .user_high = 0x1000000000000, // 48 bits
    .large_page_size = 2 * 1024 * 1024,
    .mmap_entropy_pages = 0x3ffff,  // 18 bits
    .stack_entropy_pages = 0x3ffff, // 18 bits: 1 GiB
    .brk_entropy = 1024 * 1024 * 1024,
    .platform = "aarch64",
};

enum feature_register { ISAR0, ISAR1, PFR0, MMFR2 };

// A bit of AT_HWCAP stands where the field of four bits has at least this value.
struct capability {
    uint8_t bit;
    uint8_t source; // enum feature_register
    uint8_t shift;
    uint8_t least;
};

static const struct capability capabilities[] = {
    {3, ISAR0, 4, 1},   // AES
    {4, ISAR0, 4, 2},   // PMULL
    {5, ISAR0, 8, 1},   // SHA1
    {6, ISAR0, 12, 1},  // SHA2
    {7, ISAR0, 16, 1},  // CRC32
    {8, ISAR0, 20, 2},  // ATOMICS
    {12, ISAR0, 28, 1}, // ASIMDRDM
    {13, ISAR1, 12, 1}, // JSCVT
    {14, ISAR1, 16, 1}, // FCMA
    {15, ISAR1, 20, 1}, // LRCPC
    {17, ISAR0, 32, 1}, // SHA3
    {18, ISAR0, 36, 1}, // SM3
    {19, ISAR0, 40, 1}, // SM4
    {20, ISAR0, 44, 1}, // ASIMDDP
    {21, ISAR0, 12, 2}, // SHA512
    {23, ISAR0, 48, 1}, // ASIMDFHM
    {24, PFR0, 48, 1},  // DIT
    {25, MMFR2, 32, 1}, // USCAT
    {26, ISAR1, 20, 2}, // ILRCPC
    {27, ISAR0, 52, 1}, // FLAGM
    {29, ISAR1, 36, 1}, // SB
};

// The two fields of the floating-point unit are signed: below 0 is none, 0 is one without half precision.
enum {
    FIELD = 0xf,
    PFR0_FP = 16,
    PFR0_ADVANCED_SIMD = 20,
    HWCAP_FP = 0,
    HWCAP_ASIMD = 1,
    HWCAP_FPHP = 9,
    HWCAP_ASIMDHP = 10,
};

static uint64_t unit_capabilities(uint64_t field, unsigned int bit, unsigned int half_precision_bit) {
    if (field > FIELD / 2) {
        return 0;
    }
    return UINT64_C(1) << bit | (uint64_t)(field >= 1) << half_precision_bit;
}

uint64_t libexec_aarch64_hwcap(const struct libexec_aarch64_features *features) {
    const uint64_t registers[] = {
        [ISAR0] = features->isar0, [ISAR1] = features->isar1, [PFR0] = features->pfr0, [MMFR2] = features->mmfr2};
    uint64_t hwcap = unit_capabilities(features->pfr0 >> PFR0_FP & FIELD, HWCAP_FP, HWCAP_FPHP) |
                     unit_capabilities(features->pfr0 >> PFR0_ADVANCED_SIMD & FIELD, HWCAP_ASIMD, HWCAP_ASIMDHP);
    for (unsigned int i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++) {
        const struct capability *const capability = &capabilities[i];
        if ((registers[capability->source] >> capability->shift & FIELD) >= capability->least) {
            hwcap |= UINT64_C(1) << capability->bit;
        }
    }
    return hwcap;
}
