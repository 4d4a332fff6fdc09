// SPDX-License-Identifier: MIT
// The x86-64 port: the facts the core needs about this processor, and the last step into ring 3.
//
// The description and the functions of the first part run anywhere, in host tests too. Those of the second part are
// privileged: they run in ring 0, on the CPU that is to run the program.
#ifndef LIBEXEC_PORT_X86_64_H
#define LIBEXEC_PORT_X86_64_H

#include <stdbool.h>
#include <stdint.h>

#include <libexec/arch.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Facts --------------------------------------------------------------------------------------------------------

// The state of a new program's registers, as Linux leaves it; all general registers but rsp are 0. rdx == 0 is a
// promise of the psABI (3.4.1): there is no function for atexit.
#define LIBEXEC_X86_64_FLAGS_AT_EXEC       0x202u // IF and the bit that is always 1
#define LIBEXEC_X86_64_X87_CONTROL_AT_EXEC 0x37fu
#define LIBEXEC_X86_64_MXCSR_AT_EXEC       0x1f80u

// Bit of AT_HWCAP2: user mode may use rdfsbase, wrfsbase, rdgsbase and wrgsbase.
#define LIBEXEC_X86_64_HWCAP2_FSGSBASE 0x2u

// The architecture as the core wants it described: ELF machine 62, 4 KiB pages, 47 bits of user addresses less one
// page, Linux's entropy, a thread control block with its own address in its first word, platform "x86_64".
extern const struct libexec_arch libexec_arch_x86_64;

// AT_HWCAP: the feature bits of CPUID leaf 1, EDX.
uint64_t libexec_x86_64_hwcap(void);

// AT_HWCAP2. In ring 0 pass libexec_x86_64_fsgsbase_enabled().
uint64_t libexec_x86_64_hwcap2(bool fsgsbase_enabled);

// AT_MINSIGSTKSZ: the room a signal frame needs, computed as Linux does from the XSAVE area that XCR0 enables now (so
// call it after the kernel has set XCR0). supervisor_bytes is the size of user state that the kernel enabled in
// IA32_XSS and saves in signal frames: 16 with user shadow stacks, otherwise 0.
uint64_t libexec_x86_64_minimum_signal_stack(uint64_t supervisor_bytes);

// ---- Ring 0 -------------------------------------------------------------------------------------------------------

// How the kernel treats GS.
enum libexec_x86_64_gs_rule {
    // The kernel does not use GS. User mode is entered with GS base 0.
    LIBEXEC_X86_64_GS_UNUSED = 0,
    // The kernel's GS base is active and the user's lies in IA32_KERNEL_GS_BASE; each entry and exit executes swapgs.
    LIBEXEC_X86_64_GS_SWAPGS = 1,
    // The same, for libexec_x86_64_reset_segments in a kernel that returns through its usual exit path with its swapgs:
    // the kernel's GS base stays the active one. libexec_x86_64_enter_user, which does not return, takes it as SWAPGS.
    LIBEXEC_X86_64_GS_SWAPGS_FOLLOWS = 2
};

// What libexec_x86_64_enter_user needs: the first three as the prepared exec reports them.
struct libexec_x86_64_start {
    uint64_t entry;
    uint64_t stack_pointer;
    uint64_t thread_pointer; // 0 when no TLS block was built
    uint16_t code_selector;  // 64-bit user code segment; the privilege level is added here
    uint16_t stack_selector; // user data segment; the privilege level is added here
    enum libexec_x86_64_gs_rule gs_rule;
};

#define LIBEXEC_X86_64_USER_PRIVILEGE 3u

// Whether CR4.FSGSBASE is set on this CPU.
bool libexec_x86_64_fsgsbase_enabled(void);

// Sets the FS base, the thread pointer of user mode, by wrfsbase or the MSR. base must be canonical: the thread
// pointers that the library reports always are.
void libexec_x86_64_set_fs_base(uint64_t base);

// Puts x87, SSE and every state component that XCR0 enables into the state a new program expects; PKRU too where
// protection keys are on. CR0.EM and CR0.TS must be clear. A kernel that saves FPU state lazily must also forget what
// it saved for the old program.
void libexec_x86_64_reset_fpu(void);

// Loads null selectors into ds, es, fs and gs, sets FS base to thread_pointer and the user's GS base to 0.
//
// Interrupts must be off. What is active when this returns, and what the caller then does:
// - LIBEXEC_X86_64_GS_UNUSED: GS base 0; return to user mode.
// - LIBEXEC_X86_64_GS_SWAPGS: the user's GS, as after the swapgs of an exit path. Nothing may use the kernel's GS any
//   more, and the caller must return to user mode without another swapgs. (A stack protector that finds its canary
//   through GS counts as use.)
// - LIBEXEC_X86_64_GS_SWAPGS_FOLLOWS: the kernel's GS as before, with 0 in IA32_KERNEL_GS_BASE; return to user mode by
//   an exit path with its swapgs, as from any system call.
// While the user's GS is active, handlers of NMI and machine checks that look at the GS base rather than at the
// interrupted ring are right, as on any exit path.
void libexec_x86_64_reset_segments(uint64_t thread_pointer, enum libexec_x86_64_gs_rule gs_rule);

// Enters ring 3 by iretq at start->entry with every register, segment and FPU state as above. Does not return. The
// kernel stack below is abandoned: the next trap starts at the TSS's rsp0 again, as usual. The new address space must
// be installed before. Interrupts go off inside and on again in ring 3.
__attribute__((noreturn)) void libexec_x86_64_enter_user(const struct libexec_x86_64_start *start);

#ifdef __cplusplus
}
#endif

#endif
