// SPDX-License-Identifier: MIT
// The facts of the x86-64 port against what this machine's own Linux tells its programs.

#include <libexec/port/x86_64.h>

#include <elf.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

// After the headers it needs.
#include <cmocka.h>

enum { SHADOW_STACK_STATE_BYTES = 16, MAX_ENTRIES = 64 };

// What the kernel wrote for this program; 0 where there is no such entry. Not getauxval: glibc answers some types
// itself.
static uint64_t linux_entry(uint64_t type) {
    Elf64_auxv_t entries[MAX_ENTRIES] = {0};
    const int file = open("/proc/self/auxv", O_RDONLY);
    assert_true(file >= 0);
    assert_true(read(file, entries, sizeof entries) > 0);
    close(file);
    for (size_t i = 0; i < MAX_ENTRIES && entries[i].a_type != AT_NULL; i++) {
        if (entries[i].a_type == type) {
            return entries[i].a_un.a_val;
        }
    }
    return 0;
}

static void description_matches_this_system(void **state) {
    (void)state;
    assert_int_equal(libexec_arch_x86_64.machine, EM_X86_64);
    assert_int_equal(libexec_arch_x86_64.data, ELFDATA2LSB);
    assert_int_equal(libexec_arch_x86_64.page_size, sysconf(_SC_PAGESIZE));
    assert_string_equal(libexec_arch_x86_64.platform, (const char *)(uintptr_t)linux_entry(AT_PLATFORM));
}

// What no program can ask its kernel for, or what an administrator may have changed, as Linux's sources have it.
static void description_is_linux_default(void **state) {
    (void)state;
    const struct libexec_arch *arch = &libexec_arch_x86_64;
    assert_int_equal(arch->user_low, 65536);                    // vm.mmap_min_addr
    assert_int_equal(arch->mmap_entropy_pages, (1u << 28) - 1); // vm.mmap_rnd_bits: 28
    assert_int_equal(arch->stack_entropy_pages, 0x3fffff);      // STACK_RND_MASK
    assert_int_equal(arch->brk_entropy, (uint64_t)1 << 30);     // arch_randomize_brk: SZ_1G
    assert_int_equal(arch->large_page_size, (uint64_t)1 << 21); // PMD_SIZE
}

static void description_is_consistent(void **state) {
    (void)state;
    const struct libexec_arch *arch = &libexec_arch_x86_64;
    assert_true(arch->user_low % arch->page_size == 0 && arch->user_high % arch->page_size == 0);
    assert_true(arch->user_low < arch->user_high);
    // The stack of this very program lies inside, and no canonical user page lies beyond.
    const uint64_t here = (uint64_t)(uintptr_t)&arch;
    assert_true(here >= arch->user_low && here < arch->user_high);
    assert_true(arch->user_high + arch->page_size == (uint64_t)1 << 47);
    assert_true(arch->thread_control_block_size >= 0x30);
    const uint32_t alignment = arch->thread_control_block_alignment;
    assert_true(alignment >= 16 && (alignment & (alignment - 1)) == 0);
    assert_int_equal(arch->thread_pointer_word, 1);
}

static void hwcap_is_what_linux_says(void **state) {
    (void)state;
    assert_int_equal(libexec_x86_64_hwcap(), linux_entry(AT_HWCAP));
    const bool fsgsbase = (linux_entry(AT_HWCAP2) & LIBEXEC_X86_64_HWCAP2_FSGSBASE) != 0;
    assert_int_equal(libexec_x86_64_hwcap2(fsgsbase) & LIBEXEC_X86_64_HWCAP2_FSGSBASE,
                     linux_entry(AT_HWCAP2) & LIBEXEC_X86_64_HWCAP2_FSGSBASE);
    assert_int_equal(libexec_x86_64_hwcap2(false), 0);
}

// Which supervisor state Linux has enabled cannot be read here, so either of the two sizes it may have chosen is right.
static void signal_stack_is_what_linux_says(void **state) {
    (void)state;
    const uint64_t linux_says = linux_entry(AT_MINSIGSTKSZ);
    if (linux_says == 0) {
        skip(); // before Linux 5.14 there is no such entry
    }
    const uint64_t plain = libexec_x86_64_minimum_signal_stack(0);
    const uint64_t with_shadow_stack = libexec_x86_64_minimum_signal_stack(SHADOW_STACK_STATE_BYTES);
    assert_int_equal(plain % 16, 0);
    assert_true(with_shadow_stack == plain + SHADOW_STACK_STATE_BYTES);
    assert_true(linux_says == plain || linux_says == with_shadow_stack);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(description_matches_this_system), cmocka_unit_test(description_is_linux_default),
        cmocka_unit_test(description_is_consistent),       cmocka_unit_test(hwcap_is_what_linux_says),
        cmocka_unit_test(signal_stack_is_what_linux_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
