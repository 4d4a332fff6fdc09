// SPDX-License-Identifier: MIT
// Reads the facts of the installed x86-64 port.
#include <libexec/port/x86_64.h>
#include <stdio.h>

int main(void) {
    const struct libexec_arch *arch = &libexec_arch_x86_64;

    printf("%s: machine %u, pages of %u bytes, hwcap %#llx\n", arch->platform, (unsigned)arch->machine,
           (unsigned)arch->page_size, (unsigned long long)libexec_x86_64_hwcap());
    return arch->machine == 62 && libexec_x86_64_hwcap() != 0 ? 0 : 1;
}
