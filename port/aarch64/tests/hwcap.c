// SPDX-License-Identifier: MIT
// AT_HWCAP as the port makes it against AT_HWCAP as Linux gave it to this process: of the bits that the port knows,
// the same ones. Runs as a Linux program; there the id registers can be read at EL0. One bit does not count, DIT:
// QEMU's emulation of a process shows the feature and does not tell it.

#include <libexec/port/aarch64.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#define TOLD (LIBEXEC_AARCH64_HWCAP_KNOWN & ~(UINT64_C(1) << 24))

int main(void) {
    struct libexec_aarch64_features features;
    libexec_aarch64_read_features(&features);
    const uint64_t own = libexec_aarch64_hwcap(&features) & TOLD;
    const uint64_t given = getauxval(AT_HWCAP) & TOLD;
    const char *const platform = (const char *)getauxval(AT_PLATFORM);
    printf("AT_HWCAP: %#" PRIx64 " of the port, %#" PRIx64 " given\n", own, given);
    if (own != given || own == 0) {
        puts("FAIL");
        return 1;
    }
    if (strcmp(platform, libexec_arch_aarch64.platform) != 0) {
        printf("FAIL: platform %s\n", platform);
        return 1;
    }
    return 0;
}
