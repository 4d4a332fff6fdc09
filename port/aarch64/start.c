// SPDX-License-Identifier: MIT
// The privileged part of the port: features, thread pointer, vector registers, instruction cache, entry to EL0.

#include <libexec/port/aarch64.h>

#include <stdint.h>

// What EL0 may do with scalable vectors, in CPACR_EL1.
#define CPACR_ZEN (UINT64_C(3) << 16)

// The field of CTR_EL0 that tells the smallest line of a data cache, as a power of two of words of four bytes.
enum { CTR_DATA_LINE = 16, CTR_FIELD = 0xf };

#define READER(function, name)                                                                                         \
    static uint64_t function(void) {                                                                                   \
        uint64_t value;                                                                                                \
        __asm__ volatile("mrs %0, " name : "=r"(value));                                                               \
        return value;                                                                                                  \
    }
READER(read_isar0, "id_aa64isar0_el1")
READER(read_isar1, "id_aa64isar1_el1")
READER(read_pfr0, "id_aa64pfr0_el1")
READER(read_mmfr2, "id_aa64mmfr2_el1")
READER(read_cpacr, "cpacr_el1")
READER(read_ctr, "ctr_el0")

void libexec_aarch64_read_features(struct libexec_aarch64_features *features) {
    features->isar0 = read_isar0();
    features->isar1 = read_isar1();
    features->pfr0 = read_pfr0();
    features->mmfr2 = read_mmfr2();
}

void libexec_aarch64_set_thread_pointer(uint64_t thread_pointer) {
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(thread_pointer) : "memory");
}

void libexec_aarch64_reset_fpu(void) {
    // Kernels compile this without the vector registers; the assembler is told that they are there. What is written to
    // a vector register is zero above its 128 bits, in the scalable one around it.
    __asm__ volatile(".arch_extension fp\n\t"
                     ".arch_extension simd\n\t"
                     ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
                     "movi v\\number\\().2d, #0\n\t"
                     ".endr\n\t"
                     ".irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31\n\t"
                     "movi v\\number\\().2d, #0\n\t"
                     ".endr\n\t"
                     "msr fpcr, xzr\n\t"
                     "msr fpsr, xzr"
                     :
                     :
                     : "memory");
    if ((read_cpacr() & CPACR_ZEN) == CPACR_ZEN) {
        __asm__ volatile(".arch_extension sve\n\t"
                         ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
                         "pfalse p\\number\\().b\n\t"
                         ".endr\n\t"
                         "wrffr p0.b"
                         :
                         :
                         : "memory");
    }
}

void libexec_aarch64_publish_code(const void *bytes, uint64_t length) {
    const uint64_t start = (uint64_t)(uintptr_t)bytes;
    const uint64_t line = UINT64_C(4) << (read_ctr() >> CTR_DATA_LINE & CTR_FIELD);
    const uint64_t first = start & ~(line - 1);
    for (uint64_t done = 0; done < start - first + length; done += line) { // the last address may be among them
        __asm__ volatile("dc cvau, %0" : : "r"(first + done) : "memory");
    }
    // An instruction cache may find its lines by virtual address, and the program's is another one than this: all go.
    __asm__ volatile("dsb ish\n\t"
                     "ic ialluis\n\t"
                     "dsb ish\n\t"
                     "isb"
                     :
                     :
                     : "memory");
}

void libexec_aarch64_enter_user(const struct libexec_aarch64_start *start) {
    __asm__ volatile("msr daifset, #0xf" : : : "memory");
    libexec_aarch64_reset_fpu();
    libexec_aarch64_set_thread_pointer(start->thread_pointer);
    __asm__ volatile("mov sp, %[kernel_stack]\n\t"
                     "msr elr_el1, %[entry]\n\t"
                     "msr sp_el0, %[stack_pointer]\n\t"
                     "msr spsr_el1, %[state]\n\t"
                     ".irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
                     "mov x\\number, #0\n\t"
                     ".endr\n\t"
                     ".irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30\n\t"
                     "mov x\\number, #0\n\t"
                     ".endr\n\t"
                     "eret\n\t"
                     "dsb nsh\n\t" // nothing is speculated past the return
                     "isb"
                     :
                     : [kernel_stack] "r"(start->kernel_stack), [entry] "r"(start->entry),
                       [stack_pointer] "r"(start->stack_pointer), [state] "r"((uint64_t)LIBEXEC_AARCH64_STATE_AT_EXEC)
                     : "memory");
    __builtin_unreachable();
}
