// SPDX-License-Identifier: MIT
// Enters ring 3 through the port, in every way it offers, with something left in every register before, and checks what
// is found there. Speaks on the first serial port; ends through isa-debug-exit, with 0x10 when all is well.
//
// Each way is gone once more one instruction at a time. In between, this plays a processor that keeps the base of fs or
// gs when a null selector is loaded, where QEMU's clears it, and sees whether an interrupt could come when none must.
//
// With PORT_WITH_CANARIES the port, not this file, is compiled for a kernel whose stack protector finds its canary
// through GS. Nothing is mapped where the user's GS points, before and after.

#include <libexec/port/x86_64.h>

#include <stdbool.h>
#include <stdint.h>

enum {
    CR4_OSFXSR = 1 << 9,
    CR4_FSGSBASE = 1 << 16,
    CR4_OSXSAVE = 1 << 18,
    CR4_PKE = 1 << 22,
    USER_DATA = 0x18,
    USER_CODE = 0x20,
    TASK_STATE = 0x28,
    SERIAL_PORT = 0x3f8,
    EXIT_PORT = 0xf4,
    EXIT_WELL = 0x10,
    EXIT_FAILED = 0x11,
    EXCEPTION_ENTRY_BYTES = 32, // as boot.S aligns them
};

#define FLAG_STEP       0x100u
#define FLAG_INTERRUPTS 0x200u

#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

#define OLD_USER_GS 0x0000000077777000u
#define OLD_USER_FS 0x0000000066666000u

// A kernel with a canary needs a GS of its own.
#ifdef PORT_WITH_CANARIES
#define FIRST_GS_RULE LIBEXEC_X86_64_GS_SWAPGS
#else
#define FIRST_GS_RULE LIBEXEC_X86_64_GS_UNUSED
#endif

struct user_registers {
    uint64_t general[15];
    uint64_t rsp, rflags, ds, es, fs, gs, cs, ss;
};

struct interrupted {
    uint64_t rip, cs, rflags;
};

struct gate {
    uint16_t offset_low, selector;
    uint8_t stack, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};

struct table_pointer {
    uint16_t limit;
    uint64_t base;
} __attribute__((packed));

extern volatile struct user_registers user_registers;
extern volatile uint8_t user_fpu[512], user_vectors[512];
extern uint64_t segments[];
extern uint8_t trap_stack_end[], user_stack_end[], exception_entries[];

_Noreturn void ring0_main(void);
_Noreturn void __stack_chk_fail(void);
_Noreturn void exception_taken(uint64_t vector, uint64_t first, uint64_t second);
void enter_and_return(const struct libexec_x86_64_start *start);
void reset_and_return(uint64_t thread_pointer, enum libexec_x86_64_gs_rule gs_rule);
void step_entry(void);
void step_taken(const struct interrupted *interrupted);
void system_call_entry(void);
void user_code(void);
void dirty_vectors(bool avx);
void dirty_x87(void);

bool has_avx;        // read in ring 3
uint64_t step_flags; // what boot.S adds to rflags before it calls the port
static bool has_fsgsbase, has_keys;
static unsigned int checks, failures;
static struct gate gates[256];
static uint32_t task_state[26];
static uint64_t kernel_words[8] = {[5] = 0xca11ab1e5afe1234}; // where the kernel's GS points; compilers look at byte 40

static struct {
    uint64_t rip, fs_base, gs_base; // before the instruction that comes next
    unsigned int steps, kept_bases, canaries;
    bool swaps, could_interrupt;
} stepping;

static void write_port(uint16_t port, uint8_t value) {
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void say(const char *text) {
    for (; *text != '\0'; text++) {
        write_port(SERIAL_PORT, (uint8_t)*text);
    }
}

static void say_number(uint64_t value) {
    say("0x");
    for (int shift = 60; shift >= 0; shift -= 4) {
        write_port(SERIAL_PORT, (uint8_t) "0123456789abcdef"[value >> shift & 0xf]);
    }
}

static _Noreturn void end(uint8_t code) {
    for (;;) {
        write_port(EXIT_PORT, code);
    }
}

_Noreturn void exception_taken(uint64_t vector, uint64_t first, uint64_t second) {
    say("FAIL ring0: exception ");
    say_number(vector);
    say(", on the stack ");
    say_number(first);
    say(" ");
    say_number(second);
    say("\n");
    end(EXIT_FAILED);
}

_Noreturn void __stack_chk_fail(void) {
    say("FAIL ring0: a function of the port found two canaries\n");
    end(EXIT_FAILED);
}

static void check(uint64_t seen, uint64_t expected, const char *what) {
    checks++;
    if (seen != expected) {
        failures++;
        say("FAIL ring0: ");
        say(what);
        say(": ");
        say_number(seen);
        say(" seen, ");
        say_number(expected);
        say(" expected\n");
    }
}

static uint64_t read_msr(uint32_t number) {
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (uint64_t)high << 32 | low;
}

static void write_msr(uint32_t number, uint64_t value) {
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void cpuid(uint32_t leaf, uint32_t *ebx, uint32_t *ecx) {
    uint32_t eax = leaf, edx;
    *ecx = 0;
    __asm__ volatile("cpuid" : "+a"(eax), "=b"(*ebx), "+c"(*ecx), "=d"(edx));
}

static uint64_t kernel_gs(void) {
    return (uint64_t)(uintptr_t)kernel_words;
}

static uint64_t read_cr4(void) {
    uint64_t value;
    __asm__ volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}

static void write_cr4(uint64_t value) {
    __asm__ volatile("mov %0, %%cr4" : : "r"(value));
}

static void turn_features_on(void) {
    uint32_t basic_ebx, basic_ecx, extended_ebx, extended_ecx;
    cpuid(1, &basic_ebx, &basic_ecx);
    cpuid(7, &extended_ebx, &extended_ecx);
    has_fsgsbase = (extended_ebx & 1) != 0;
    has_keys = (extended_ecx & 1u << 3) != 0;
    const bool xsave = (basic_ecx & 1u << 26) != 0;
    has_avx = xsave && (basic_ecx & 1u << 28) != 0;
    const uint64_t wanted = (has_fsgsbase ? CR4_FSGSBASE : 0) | (xsave ? CR4_OSXSAVE : 0) | (has_keys ? CR4_PKE : 0);
    write_cr4(read_cr4() | wanted);
    if (xsave) {
        __asm__ volatile("xsetbv" : : "c"(0), "a"(has_avx ? 7 : 3), "d"(0));
    }
}

static void set_gate(unsigned int vector, const void *entry, unsigned int privilege) {
    const uint64_t address = (uint64_t)(uintptr_t)entry;
    gates[vector] = (struct gate){
        .offset_low = (uint16_t)address,
        .selector = 0x08,
        .type = (uint8_t)(0x8e | privilege << 5),
        .offset_middle = (uint16_t)(address >> 16),
        .offset_high = (uint32_t)(address >> 32),
    };
}

static void set_traps_up(void) {
    write_port(0x21, 0xff); // no interrupt of a device
    write_port(0xa1, 0xff);
    for (unsigned int vector = 0; vector < 32; vector++) {
        set_gate(vector, exception_entries + (uintptr_t)EXCEPTION_ENTRY_BYTES * vector, 0);
    }
    set_gate(1, (const void *)(uintptr_t)&step_entry, 0);
    set_gate(0x80, (const void *)(uintptr_t)&system_call_entry, 3);
    const struct table_pointer pointer = {sizeof gates - 1, (uint64_t)(uintptr_t)gates};
    __asm__ volatile("lidt %0" : : "m"(pointer));

    const uint64_t stack = (uint64_t)(uintptr_t)trap_stack_end, base = (uint64_t)(uintptr_t)task_state;
    task_state[1] = (uint32_t)stack;
    task_state[2] = (uint32_t)(stack >> 32);
    segments[TASK_STATE / 8] = (sizeof task_state - 1) | (base & 0xffffff) << 16 | (uint64_t)0x89 << 40;
    __asm__ volatile("ltr %w0" : : "r"(TASK_STATE));
}

// Which segment register the instruction loads from a general one: its number, or -1.
static int segment_loaded(const uint8_t *instruction) {
    enum { OPERAND_SIZE = 0x66, HIGH_REGISTER = 0x41, MOVE_TO_SEGMENT = 0x8e };
    while (*instruction == OPERAND_SIZE || *instruction == HIGH_REGISTER) {
        instruction++;
    }
    return instruction[0] == MOVE_TO_SEGMENT && instruction[1] >> 6 == 3 ? instruction[1] >> 3 & 7 : -1;
}

void step_taken(const struct interrupted *interrupted) {
    enum { FS = 4, GS = 5, GS_PREFIX = 0x65 };
    if ((interrupted->cs & 3) != 0) {
        return; // iretq itself
    }
    const int loaded = stepping.rip != 0 ? segment_loaded((const uint8_t *)(uintptr_t)stepping.rip) : -1;
    if (loaded == FS || loaded == GS) {
        write_msr(loaded == FS ? MSR_FS_BASE : MSR_GS_BASE, loaded == FS ? stepping.fs_base : stepping.gs_base);
        stepping.kept_bases++;
    }
    stepping.steps++;
    stepping.canaries += *(const uint8_t *)(uintptr_t)interrupted->rip == GS_PREFIX;
    stepping.rip = interrupted->rip;
    stepping.fs_base = read_msr(MSR_FS_BASE);
    stepping.gs_base = read_msr(MSR_GS_BASE);
    if (stepping.swaps && stepping.gs_base != kernel_gs() && (interrupted->rflags & FLAG_INTERRUPTS) != 0) {
        stepping.could_interrupt = true;
    }
}

static void begin_steps(bool stepped, uint64_t flags, enum libexec_x86_64_gs_rule gs_rule) {
    step_flags = stepped ? FLAG_STEP | flags : 0;
    stepping.rip = 0;
    stepping.steps = stepping.kept_bases = 0;
    stepping.swaps = gs_rule != LIBEXEC_X86_64_GS_UNUSED;
    stepping.could_interrupt = false;
}

static void end_steps(void) {
    if (step_flags != 0) {
        check(stepping.steps > 10, 1, "more than ten steps");
        check(stepping.kept_bases, 2, "loads of fs and gs");
        check(stepping.could_interrupt, 0, "interrupts on while the user's GS is active");
    }
}

// Leaves something in all that the port must reset.
static void make_dirty(enum libexec_x86_64_gs_rule gs_rule) {
    const uint16_t selector = USER_DATA | 3;
    __asm__ volatile("mov %0, %%ds\n\tmov %0, %%es\n\tmov %0, %%fs\n\tmov %0, %%gs" : : "r"(selector));
    write_msr(MSR_FS_BASE, OLD_USER_FS);
    const bool swapped = gs_rule != LIBEXEC_X86_64_GS_UNUSED;
    write_msr(MSR_GS_BASE, swapped ? kernel_gs() : OLD_USER_GS);
    write_msr(MSR_KERNEL_GS_BASE, swapped ? OLD_USER_GS : 0);
    if (has_keys) {
        __asm__ volatile("wrpkru" : : "a"(0x54), "c"(0), "d"(0));
    }
    dirty_vectors(has_avx);
    dirty_x87();
    for (unsigned int i = 0; i < sizeof user_vectors; i++) {
        user_vectors[i] = has_avx ? 0xcc : 0;
        user_fpu[i] = 0xcc;
    }
}

static void check_general_registers(const struct libexec_x86_64_start *start) {
    static const char *const names[15] = {"rax", "rbx", "rcx", "rdx", "rsi", "rdi", "rbp", "r8",
                                          "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    for (int i = 0; i < 15; i++) {
        check(user_registers.general[i], 0, names[i]);
    }
    check(user_registers.rsp, start->stack_pointer, "rsp");
    check(user_registers.rflags, LIBEXEC_X86_64_FLAGS_AT_EXEC, "rflags");
    check(user_registers.ds, 0, "ds");
    check(user_registers.es, 0, "es");
    check(user_registers.fs, 0, "fs");
    check(user_registers.gs, 0, "gs");
    check(user_registers.cs, USER_CODE | 3, "cs");
    check(user_registers.ss, USER_DATA | 3, "ss");
}

static uint64_t count_nonzero(const volatile uint8_t *bytes, unsigned int from, unsigned int to) {
    uint64_t count = 0;
    for (unsigned int i = from; i < to; i++) {
        count += bytes[i] != 0;
    }
    return count;
}

static void check_fpu(void) {
    enum { STATUS = 2, TAGS = 4, MXCSR = 24, X87_REGISTERS = 32, X87_BYTES = 10, XMM_REGISTERS = 160, XMM_END = 416 };
    check((uint64_t)user_fpu[0] | (uint64_t)user_fpu[1] << 8, LIBEXEC_X86_64_X87_CONTROL_AT_EXEC, "x87 control word");
    check((uint64_t)user_fpu[STATUS] | (uint64_t)user_fpu[STATUS + 1] << 8, 0, "x87 status word");
    check(user_fpu[TAGS], 0, "x87 registers in use");
    check((uint64_t)user_fpu[MXCSR] | (uint64_t)user_fpu[MXCSR + 1] << 8, LIBEXEC_X86_64_MXCSR_AT_EXEC, "MXCSR");
    // Ten bytes of each sixteen are a register; the others are reserved, and not every processor writes them.
    for (unsigned int at = X87_REGISTERS; at < XMM_REGISTERS; at += 16) {
        check(count_nonzero(user_fpu, at, at + X87_BYTES), 0, "bytes of an x87 register not zero");
    }
    check(count_nonzero(user_fpu, XMM_REGISTERS, XMM_END), 0, "bytes of the xmm registers not zero");
    check(count_nonzero(user_vectors, 0, sizeof user_vectors), 0, "bytes of the ymm registers not zero");
}

// In ring 0 again: the bases as they were in ring 3, and the kernel's own GS.
static void check_bases(const struct libexec_x86_64_start *start) {
    check(read_msr(MSR_FS_BASE), start->thread_pointer, "FS base");
    if (start->gs_rule != LIBEXEC_X86_64_GS_UNUSED) {
        check(read_msr(MSR_GS_BASE), 0, "GS base in ring 3");
        __asm__ volatile("swapgs" : : : "memory");
        check(read_msr(MSR_GS_BASE), kernel_gs(), "the kernel's GS base after its swapgs");
    } else {
        check(read_msr(MSR_GS_BASE), 0, "GS base in ring 3");
    }
    if (has_keys) {
        uint32_t keys, high;
        __asm__ volatile("rdpkru" : "=a"(keys), "=d"(high) : "c"(0));
        check(keys, 0x55555554, "PKRU");
    }
}

static void run_case(uint64_t thread_pointer, enum libexec_x86_64_gs_rule gs_rule, bool stepped) {
    const struct libexec_x86_64_start start = {
        .entry = (uint64_t)(uintptr_t)&user_code,
        .stack_pointer = (uint64_t)(uintptr_t)user_stack_end,
        .thread_pointer = thread_pointer,
        .code_selector = USER_CODE,
        .stack_selector = USER_DATA,
        .gs_rule = gs_rule,
    };
    make_dirty(gs_rule);
    begin_steps(stepped, FLAG_INTERRUPTS, gs_rule); // the port turns interrupts off
    enter_and_return(&start);
    end_steps();
    check_general_registers(&start);
    check_fpu();
    check_bases(&start);
}

// As a kernel does whose exit path executes swapgs: back in ring 0 the kernel's GS is active, the other one is 0.
static void run_reset(uint64_t thread_pointer, bool stepped) {
    const enum libexec_x86_64_gs_rule gs_rule = LIBEXEC_X86_64_GS_SWAPGS_FOLLOWS;
    uint64_t ds, es, fs, gs;
    make_dirty(gs_rule);
    begin_steps(stepped, 0, gs_rule);
    reset_and_return(thread_pointer, gs_rule);
    end_steps();
    __asm__ volatile("mov %%ds, %0\n\tmov %%es, %1\n\tmov %%fs, %2\n\tmov %%gs, %3"
                     : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    check(ds | es | fs | gs, 0, "the selectors of ds, es, fs and gs together, before an exit path");
    check(read_msr(MSR_FS_BASE), thread_pointer, "FS base before an exit path");
    check(read_msr(MSR_GS_BASE), kernel_gs(), "the kernel's GS base before an exit path's swapgs");
    check(read_msr(MSR_KERNEL_GS_BASE), 0, "the user's GS base before an exit path's swapgs");
}

// A kernel that has turned on neither SSE nor XSAVE: only the x87 unit is there to reset.
static void run_x87_alone(void) {
    struct {
        uint32_t control, status, tags, others[4];
    } state;
    const uint64_t cr4 = read_cr4();
    dirty_x87();
    write_cr4(cr4 & ~(uint64_t)(CR4_OSFXSR | CR4_OSXSAVE));
    libexec_x86_64_reset_fpu();
    __asm__ volatile("fnstenv %0" : "=m"(state));
    write_cr4(cr4);
    check(state.control & 0xffff, LIBEXEC_X86_64_X87_CONTROL_AT_EXEC, "x87 control word without SSE");
    check(state.status & 0xffff, 0, "x87 status word without SSE");
    check(state.tags & 0xffff, 0xffff, "x87 tag word without SSE");
}

_Noreturn void ring0_main(void) {
    turn_features_on();
    set_traps_up();
    write_msr(MSR_GS_BASE, kernel_gs());
    check(libexec_x86_64_fsgsbase_enabled(), has_fsgsbase, "the port's opinion of CR4.FSGSBASE");
    run_x87_alone();
    for (int stepped = 0; stepped < 2; stepped++) {
        for (int rule = FIRST_GS_RULE; rule <= LIBEXEC_X86_64_GS_SWAPGS_FOLLOWS; rule++) {
            run_case(0, (enum libexec_x86_64_gs_rule)rule, stepped != 0);
            run_case(0x7ffff7fc0740, (enum libexec_x86_64_gs_rule)rule, stepped != 0);
        }
        run_reset(0, stepped != 0);
        run_reset(0x7ffff7fc0740, stepped != 0);
    }
    say(has_fsgsbase ? "ring0: with fsgsbase" : "ring0: without fsgsbase");
    say(has_avx ? ", with avx" : ", without avx");
    say(has_keys ? ", with protection keys" : ", without protection keys");
    say(stepping.canaries != 0 ? ", with canaries\n" : ", without canaries\n");
    say(failures == 0 ? "PASS ring0: " : "FAIL ring0: ");
    say_number(checks);
    say(" checks\n");
    end(failures == 0 ? EXIT_WELL : EXIT_FAILED);
}
