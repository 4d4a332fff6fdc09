// SPDX-License-Identifier: MIT
// Parity is measured with the kit's facts about x86-64. This compares them with the port's, which kernels use: all that
// layout and verdicts depend on.

#include <libexec/kit.h>
#include <libexec/port/x86_64.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FACT(name) {#name, libexec_kit_arch.name, libexec_arch_x86_64.name}

int main(void) {
    const struct {
        const char *name;
        uint64_t kit;
        uint64_t port;
    } facts[] = {
        FACT(machine),
        FACT(data),
        FACT(thread_pointer_word),
        FACT(page_size),
        FACT(user_low),
        FACT(user_high),
        FACT(large_page_size),
        FACT(mmap_entropy_pages),
        FACT(stack_entropy_pages),
        FACT(brk_entropy),
    };
    int status = 0;

    for (unsigned i = 0; i < sizeof facts / sizeof facts[0]; i++) {
        if (facts[i].kit == facts[i].port)
            continue;
        printf("%s: compared with Linux %#" PRIx64 ", in the port %#" PRIx64 "\n", facts[i].name, facts[i].kit,
               facts[i].port);
        status = 1;
    }
    if (strcmp(libexec_kit_arch.platform, libexec_arch_x86_64.platform) != 0) {
        printf("platform: %s, in the port %s\n", libexec_kit_arch.platform, libexec_arch_x86_64.platform);
        status = 1;
    }
    return status;
}
