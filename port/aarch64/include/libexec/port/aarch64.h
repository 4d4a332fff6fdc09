// SPDX-License-Identifier: MIT
// The AArch64 port: the facts the core needs about this processor, and the last step into EL0.
//
// The description and the functions of the first part run anywhere, in host tests too. Those of the second part run at
// EL1, on the CPU that is to run the program.
//
// The core builds TLS Variant II, AArch64 has Variant I: LIBEXEC_TLS_NEVER in the policy is required. The start-up code
// of glibc and musl makes the block itself; programs without such code cannot have thread-local variables here.
#ifndef LIBEXEC_PORT_AARCH64_H
#define LIBEXEC_PORT_AARCH64_H

#include <stdint.h>

#include <libexec/arch.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Facts --------------------------------------------------------------------------------------------------------

// PSTATE of a new program: EL0, AArch64, interrupts on, all flags 0. As Linux leaves it but for SSBS (bit 12), which
// Linux sets unless stores are not to be bypassed: 0 is the safe value, and a kernel that wants the other enters EL0
// itself. The general registers but sp are 0, and so are the vector registers, FPCR and FPSR.
//
// A kernel that offers more to EL0 resets it at exec, as Linux does: keys of pointer authentication are drawn anew;
// TPIDR2_EL0 and FPMR become 0, POR_EL0 its first value, the length of scalable vectors the default; ZA, guarded
// control stack, breakpoints and the choices for memory tags are gone.
#define LIBEXEC_AARCH64_STATE_AT_EXEC 0x0u

// The architecture as the core wants it described: ELF machine 183, 4 KiB pages, 48 bits of user addresses, platform
// "aarch64". A kernel with other page sizes or fewer bits (TCR_EL1.T0SZ) copies it and changes `page_size`,
// `user_high` and `large_page_size`.
extern const struct libexec_arch libexec_arch_aarch64;

// The registers that say what the processor can do (Arm ARM D19.2).
struct libexec_aarch64_features {
    uint64_t isar0; // ID_AA64ISAR0_EL1
    uint64_t isar1; // ID_AA64ISAR1_EL1
    uint64_t pfr0;  // ID_AA64PFR0_EL1
    uint64_t mmfr2; // ID_AA64MMFR2_EL1
};

// The bits of AT_HWCAP that libexec_aarch64_hwcap may give: those of Linux (arch/arm64/include/uapi/asm/hwcap.h) whose
// features ask nothing of the kernel but the floating-point registers. Scalable vectors, pointer authentication, SSBS,
// cache maintenance and reading of id registers at EL0, and the event stream are the kernel's to add, where it offers
// them.
#define LIBEXEC_AARCH64_HWCAP_KNOWN UINT64_C(0x2fbef7fb)

// AT_HWCAP for a processor with these features. A kernel of CPUs that differ passes what all of them have.
uint64_t libexec_aarch64_hwcap(const struct libexec_aarch64_features *features);

// ---- EL1 ----------------------------------------------------------------------------------------------------------

// Reads the registers on this CPU.
void libexec_aarch64_read_features(struct libexec_aarch64_features *features);

// What libexec_aarch64_enter_user needs: the first three as the prepared exec reports them.
struct libexec_aarch64_start {
    uint64_t entry;
    uint64_t stack_pointer;
    uint64_t thread_pointer; // 0
    uint64_t kernel_stack;   // SP_EL1 as the next exception from EL0 shall find it; a multiple of 16
};

// Sets TPIDR_EL0, the thread pointer of user mode.
void libexec_aarch64_set_thread_pointer(uint64_t thread_pointer);

// Clears the vector registers, FPCR and FPSR; where CPACR_EL1.ZEN lets EL0 use scalable vectors, these, the predicates
// and FFR too. CPACR_EL1.FPEN must not trap. The processor must not be in streaming mode: a kernel with SME leaves it
// and clears ZA before. A kernel that saves this state lazily must also forget what it saved for the old program.
void libexec_aarch64_reset_fpu(void);

// Makes instructions visible that were written through a view of `length` bytes at `bytes`, a kernel address of the
// same memory: cleans the data cache and invalidates the instruction cache to the point of unification. For the host's
// `view_end`, and for what it writes itself, where the region may be executed; no call needs it otherwise.
void libexec_aarch64_publish_code(const void *bytes, uint64_t length);

// Enters EL0 at start->entry with every register as above. Does not return. The caller runs on SP_EL1, and the stack
// below is abandoned: SP_EL1 becomes start->kernel_stack. The new address space must be installed before. Interrupts go
// off inside, and on in EL0. A kernel that returns through the system call's frame does without: it puts 0 into all
// registers of the frame, entry and stack pointer into ELR_EL1 and SP_EL0, LIBEXEC_AARCH64_STATE_AT_EXEC into SPSR_EL1,
// and calls libexec_aarch64_set_thread_pointer and libexec_aarch64_reset_fpu.
__attribute__((noreturn)) void libexec_aarch64_enter_user(const struct libexec_aarch64_start *start);

#ifdef __cplusplus
}
#endif

#endif
