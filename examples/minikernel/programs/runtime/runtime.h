// SPDX-License-Identifier: MIT
// What the sample programs share: the state at their first instruction, the initial stack, system calls, and the lines
// they print about their checks.
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// ---- The state at the first instruction, kept by start.S -----------------------------------------------------------

struct start_registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rsp, rflags;
    uint64_t ds, es, fs, gs;
};

extern const struct start_registers start_registers;
extern const uint8_t start_fpu[512]; // as fxsave64 writes it
extern const uint8_t start_vectors[16][32]; // ymm0 to ymm15; zeros where there is no AVX

// ---- The initial stack (psABI 3.4.1) ------------------------------------------------------------------------------

struct auxiliary_entry {
    uint64_t type;
    uint64_t value;
};

extern int start_argc;
extern char **start_argv;
extern char **start_envp;
extern const struct auxiliary_entry *start_auxv;

// The value of the first entry of this type, or missing where there is none.
uint64_t auxiliary_value(uint64_t type, uint64_t missing);

enum {
    AT_NULL = 0,
    AT_PHDR = 3,
    AT_PHENT = 4,
    AT_PHNUM = 5,
    AT_PAGESZ = 6,
    AT_BASE = 7,
    AT_FLAGS = 8,
    AT_ENTRY = 9,
    AT_UID = 11,
    AT_EUID = 12,
    AT_GID = 13,
    AT_EGID = 14,
    AT_PLATFORM = 15,
    AT_HWCAP = 16,
    AT_CLKTCK = 17,
    AT_SECURE = 23,
    AT_RANDOM = 25,
    AT_HWCAP2 = 26,
    AT_EXECFN = 31,
    AT_MINSIGSTKSZ = 51,
};

// ---- System calls, with Linux's numbers ---------------------------------------------------------------------------

enum {
    SYSTEM_READ = 0,
    SYSTEM_WRITE = 1,
    SYSTEM_OPEN = 2,
    SYSTEM_CLOSE = 3,
    SYSTEM_FSTAT = 5,
    SYSTEM_LSEEK = 8,
    SYSTEM_MMAP = 9,
    SYSTEM_MPROTECT = 10,
    SYSTEM_BRK = 12,
    SYSTEM_RT_SIGACTION = 13,
    SYSTEM_RT_SIGPROCMASK = 14,
    SYSTEM_PREAD64 = 17,
    SYSTEM_READV = 19,
    SYSTEM_GETPID = 39,
    SYSTEM_EXECVE = 59,
    SYSTEM_KILL = 62,
    SYSTEM_FCNTL = 72,
    SYSTEM_CHDIR = 80,
    SYSTEM_FCHDIR = 81,
    SYSTEM_SIGALTSTACK = 131,
    SYSTEM_ARCH_PRCTL = 158,
    SYSTEM_GETDENTS64 = 217,
    SYSTEM_EXIT_GROUP = 231,
    SYSTEM_EXECVEAT = 322,
};

// The call as the kernel answers it: a value, or minus one of Linux's error numbers.
int64_t system_call(uint64_t number, uint64_t first, uint64_t second, uint64_t third, uint64_t fourth, uint64_t fifth,
                    uint64_t sixth);

// The usual form: -1 and errno (picolibc's numbering) on failure.
int64_t checked_call(uint64_t number, uint64_t first, uint64_t second, uint64_t third);

// execve with any addresses, hostile ones too; returns only on failure, with errno set.
int execute(uint64_t path, uint64_t argv, uint64_t envp);

// The same, with every register full of leftovers. Returns minus Linux's error number.
int64_t execute_dirty(uint64_t path, uint64_t argv, uint64_t envp);

// Linux's numbers where picolibc's own headers differ.
enum {
    LINUX_O_RDONLY = 0,
    LINUX_O_DIRECTORY = 0200000,
    LINUX_O_NOFOLLOW = 0400000,
    LINUX_O_CLOEXEC = 02000000,
    LINUX_O_PATH = 010000000,
    LINUX_F_GETFD = 1,
    LINUX_SIGUSR1 = 10,
    LINUX_SIGUSR2 = 12,
    LINUX_SIGTERM = 15,
    LINUX_SIG_BLOCK = 0,
    LINUX_SS_DISABLE = 2,
};

#define LINUX_SA_RESTORER 0x04000000u

struct linux_sigaction {
    uint64_t handler; // 0 default, 1 ignore
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
};

struct linux_stack {
    uint64_t address;
    int32_t flags;
    int32_t padding;
    uint64_t size;
};

int64_t signal_action(int number, const struct linux_sigaction *new_action, struct linux_sigaction *old_action);
int64_t signal_mask(int how, const uint64_t *new_mask, uint64_t *old_mask);
int64_t signal_stack(const struct linux_stack *new_stack, struct linux_stack *old_stack);

// Fresh readable and writable pages anywhere; 0 on failure.
uint64_t map_pages(uint64_t length);

// The address of a word-sized pointer as the system calls take it.
#define ADDRESS(pointer) ((uint64_t)(uintptr_t)(pointer))

// ---- Checks -------------------------------------------------------------------------------------------------------

// Names the program in what follows.
void check_name(const char *name);

// Counts one check; prints FAIL and what does not hold. Returns holds.
__attribute__((format(printf, 2, 3))) bool check(bool holds, const char *what, ...);

// Compares and prints both values where they differ.
bool check_equal(uint64_t seen, uint64_t expected, const char *what);
bool check_text(const char *seen, const char *expected, const char *what);

// Prints PASS with the number of checks when all of them held. Returns the status to exit with.
int check_report(void);

// Whether one has failed so far.
bool check_failed(void);

#endif
