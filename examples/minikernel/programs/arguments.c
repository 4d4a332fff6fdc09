// SPDX-License-Identifier: MIT
// Checks its own initial stack, auxiliary vector and registers against what the one who started it passed. Started from
// the tour it goes through all stages: it replaces itself with argument vectors it knows exactly, which the next image
// then compares, character by character.

#include "runtime/runtime.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM "/bin/arguments"

enum {
    MAX_STRINGS = 8,
    MANY_ARGUMENTS = 1000,
    MANY_VARIABLES = 200,
    LONGEST_STRING = 131072, // its NUL included
    PAGE_BYTES = 4096,
    RANDOM_BYTES = 16,
    HEX_DIGITS = 2 * RANDOM_BYTES,
    HWCAP2_FSGSBASE = 2,
};

#define LONG_20 "abcdefghijklmnopqrst"
#define LONG_300                                                                                                       \
    LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20 LONG_20    \
        LONG_20

// What an image is started with. Before argv[0] is compared, a stage is known by the first variable, "STAGE=n", or by
// argv[0] where there are no variables.
struct stage {
    const char *name;
    const char *argv[MAX_STRINGS];
    const char *envp[MAX_STRINGS];
    bool argv_is_null; // pass a null pointer instead of an empty vector
    bool envp_is_null;
    bool carries_random; // the last variable, "RANDOM=...", holds the 16 bytes the image before was given
};

static const struct stage stages[] = {
    {"tour", {PROGRAM, "one", "two words", "three"}, {"PATH=/bin", "HOME=/", "TERM=dumb"}, false, false, false},
    {"odd strings",
     {"any name", "", "a b", "tab\tand\nnewline", "\xff\x80", LONG_300},
     {"STAGE=1", "EMPTY=", "no equals sign", ""},
     false,
     false,
     true},
    {"no arguments", {NULL}, {"STAGE=2"}, false, false, true},
    {"no variables", {"STAGE=3"}, {NULL}, false, false, false},
    {"null argument vector", {NULL}, {"STAGE=4", "TWO=2"}, true, false, false},
    {"null environment", {"STAGE=5", "second"}, {NULL}, false, true, false},
    {"one and one", {"a"}, {"STAGE=6"}, false, false, false},
    {"two and one", {"a", "b"}, {"STAGE=7"}, false, false, false},
    {"two and two", {"a", "b"}, {"STAGE=8", "x=y"}, false, false, false},
};

enum { FIXED_STAGES = sizeof stages / sizeof stages[0], MANY_STAGE = FIXED_STAGES, LONG_STAGE, END_OF_STAGES };

static char text_of_strings[(MANY_ARGUMENTS + MANY_VARIABLES) * 16];
static char *many_argv[MANY_ARGUMENTS + 1];
static char *many_envp[MANY_VARIABLES + 1];
static char long_string[LONGEST_STRING];
static char random_variable[sizeof "RANDOM=" + HEX_DIGITS];

static int current_stage(void) {
    static const char mark[] = "STAGE=";
    const char *first = start_envp[0] != NULL ? start_envp[0] : start_argv[0];
    if (first == NULL || strncmp(first, mark, sizeof mark - 1) != 0) {
        return 0;
    }
    return (int)strtol(first + sizeof mark - 1, NULL, 10);
}

static void format_random(char *text) {
    const uint8_t *bytes = (const uint8_t *)(uintptr_t)auxiliary_value(AT_RANDOM, 0);
    text += sprintf(text, "RANDOM=");
    for (int i = 0; i < RANDOM_BYTES; i++) {
        text += sprintf(text, "%02x", bytes[i]);
    }
}

// Fills a vector of numbered strings and returns where the text goes on.
static char *format_many(char *text, char **vector, int count, const char *name, int first) {
    for (int i = 0; i < count; i++) {
        vector[i] = text;
        text += i == 0 && first >= 0 ? sprintf(text, "STAGE=%d", first) + 1 : sprintf(text, "%s%d", name, i) + 1;
    }
    vector[count] = NULL;
    return text;
}

static void make_many(void) {
    char *text = format_many(text_of_strings, many_argv, MANY_ARGUMENTS, "argument-", -1);
    format_many(text, many_envp, MANY_VARIABLES, "VARIABLE=", MANY_STAGE);
}

static void make_long(void) {
    for (size_t i = 0; i < sizeof long_string - 1; i++) {
        long_string[i] = (char)('A' + i % 26);
    }
}

static void go_to_stage(int number) {
    if (number == MANY_STAGE) {
        make_many();
        execute_dirty(ADDRESS(PROGRAM), ADDRESS(many_argv), ADDRESS(many_envp));
        return;
    }
    if (number == LONG_STAGE) {
        make_long();
        const char *const argv[] = {"name", long_string, NULL};
        const char *const envp[] = {"STAGE=10", NULL};
        _Static_assert(LONG_STAGE == 10, "the variable names the stage");
        execute_dirty(ADDRESS(PROGRAM), ADDRESS(argv), ADDRESS(envp));
        return;
    }
    const struct stage *stage = &stages[number];
    const char *envp[MAX_STRINGS + 2] = {NULL};
    int count = 0;
    while (count < MAX_STRINGS && stage->envp[count] != NULL) {
        envp[count] = stage->envp[count];
        count++;
    }
    if (stage->carries_random) {
        format_random(random_variable);
        envp[count] = random_variable;
    }
    execute_dirty(ADDRESS(PROGRAM), stage->argv_is_null ? 0 : ADDRESS(stage->argv),
                  stage->envp_is_null ? 0 : ADDRESS(envp));
}

// ---- What the image was given -------------------------------------------------------------------------------------

static void check_vector(char **seen, const char *const *expected, int count, const char *what) {
    for (int i = 0; i < count; i++) {
        if (!check(seen[i] != NULL, "%s[%d] is missing", what, i)) {
            return;
        }
        check(strcmp(seen[i], expected[i]) == 0, "%s[%d] is \"%.40s\", not \"%.40s\"", what, i, seen[i], expected[i]);
    }
}

static int count_strings(const char *const *vector) {
    int count = 0;
    while (count < MAX_STRINGS && vector[count] != NULL) {
        count++;
    }
    return count;
}

static void check_random_variable(const char *seen) {
    static const char mark[] = "RANDOM=";
    if (!check(seen != NULL && strncmp(seen, mark, sizeof mark - 1) == 0, "the variable RANDOM is missing")) {
        return;
    }
    format_random(random_variable);
    check(strlen(seen) == strlen(random_variable), "the variable RANDOM was cut");
    check(strcmp(seen, random_variable) != 0, "AT_RANDOM gave the same bytes as to the image before");
}

static void check_fixed_stage(const struct stage *stage) {
    static const char *const empty_name[] = {""};
    int arguments = count_strings(stage->argv);
    const char *const *argv = stage->argv;
    if (arguments == 0) {
        arguments = 1; // an empty vector becomes one empty string
        argv = empty_name;
    }
    check_equal((uint64_t)start_argc, (uint64_t)arguments, "argc");
    check_vector(start_argv, argv, arguments, "argv");
    check(start_argv[arguments] == NULL, "argv has no NULL at its end");
    const int variables = count_strings(stage->envp);
    check_vector(start_envp, stage->envp, variables, "envp");
    if (stage->carries_random) {
        check_random_variable(start_envp[variables]);
    }
    check(start_envp[variables + (stage->carries_random ? 1 : 0)] == NULL, "envp has no NULL at its end");
}

static void check_many_stage(void) {
    make_many();
    check_equal((uint64_t)start_argc, MANY_ARGUMENTS, "argc");
    check_vector(start_argv, (const char *const *)many_argv, MANY_ARGUMENTS, "argv");
    check_vector(start_envp, (const char *const *)many_envp, MANY_VARIABLES, "envp");
    check(start_envp[MANY_VARIABLES] == NULL, "envp has no NULL at its end");
}

static void check_long_stage(void) {
    make_long();
    check_equal((uint64_t)start_argc, 2, "argc");
    check(start_argv[1] != NULL && strcmp(start_argv[1], long_string) == 0, "the longest string was changed");
}

// Argument strings stand one after the other, the environment strings follow, the name of the file comes last:
// programs that rewrite their title rely on it.
static void check_string_order(void) {
    const char *next = start_argv[0];
    for (int i = 0; i < start_argc; i++) {
        check(start_argv[i] == next, "argv[%d] does not follow the string before it", i);
        next = start_argv[i] + strlen(start_argv[i]) + 1;
    }
    for (int i = 0; start_envp[i] != NULL; i++) {
        check(start_envp[i] == next, "envp[%d] does not follow the string before it", i);
        next = start_envp[i] + strlen(start_envp[i]) + 1;
    }
    check(auxiliary_value(AT_EXECFN, 0) >= ADDRESS(next), "the file's name does not lie above the other strings");
}

// ---- The auxiliary vector -----------------------------------------------------------------------------------------

// The program's own file header, where the linker says the first segment begins.
extern const uint8_t __ehdr_start[];
extern void _start(void);

static uint64_t header_field(size_t offset, size_t size) {
    uint64_t value = 0;
    memcpy(&value, __ehdr_start + offset, size);
    return value;
}

static uint64_t processor_features(void) {
    uint32_t eax = 1, ebx, ecx = 0, edx;
    __asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return edx;
}

static void check_auxiliary_vector(void) {
    enum { E_PHOFF = 32, E_PHNUM = 56 };
    const uint64_t none = UINT64_MAX;
    check_equal(auxiliary_value(AT_PHDR, none), ADDRESS(__ehdr_start) + header_field(E_PHOFF, 8), "AT_PHDR");
    check_equal(auxiliary_value(AT_PHNUM, none), header_field(E_PHNUM, 2), "AT_PHNUM");
    check_equal(auxiliary_value(AT_PHENT, none), 56, "AT_PHENT");
    check_equal(auxiliary_value(AT_ENTRY, none), ADDRESS(&_start), "AT_ENTRY");
    check_equal(auxiliary_value(AT_PAGESZ, none), PAGE_BYTES, "AT_PAGESZ");
    check_equal(auxiliary_value(AT_BASE, none), 0, "AT_BASE");
    check_equal(auxiliary_value(AT_FLAGS, none), 0, "AT_FLAGS");
    check_equal(auxiliary_value(AT_UID, none), 0, "AT_UID");
    check_equal(auxiliary_value(AT_EUID, none), 0, "AT_EUID");
    check_equal(auxiliary_value(AT_GID, none), 0, "AT_GID");
    check_equal(auxiliary_value(AT_EGID, none), 0, "AT_EGID");
    check_equal(auxiliary_value(AT_SECURE, none), 0, "AT_SECURE");
    check_equal(auxiliary_value(AT_CLKTCK, none), 100, "AT_CLKTCK");
    check_equal(auxiliary_value(AT_HWCAP, none), processor_features(), "AT_HWCAP");
    check(auxiliary_value(AT_HWCAP2, none) != none, "AT_HWCAP2 is missing");
    check(auxiliary_value(AT_MINSIGSTKSZ, none) - 1024 < 64 * 1024, "AT_MINSIGSTKSZ makes no sense");
    check_text((const char *)(uintptr_t)auxiliary_value(AT_PLATFORM, 0), "x86_64", "AT_PLATFORM");
    check_text((const char *)(uintptr_t)auxiliary_value(AT_EXECFN, 0), PROGRAM, "AT_EXECFN");
    const uint64_t random = auxiliary_value(AT_RANDOM, 0);
    if (check(random != 0, "AT_RANDOM is missing")) {
        static const uint8_t zeros[RANDOM_BYTES];
        check(memcmp((const void *)(uintptr_t)random, zeros, sizeof zeros) != 0, "AT_RANDOM points to zeros");
    }
}

static void check_single_entries(void) {
    unsigned int entries = 0;
    for (const struct auxiliary_entry *entry = start_auxv; entry->type != AT_NULL; entry++) {
        entries++;
        for (const struct auxiliary_entry *other = start_auxv; other != entry; other++) {
            check(other->type != entry->type, "entry type %" PRIu64 " stands twice", entry->type);
        }
        if (!check(entries < 64, "the auxiliary vector has no end")) {
            return;
        }
    }
}

// ---- Registers ----------------------------------------------------------------------------------------------------

static uint64_t gs_base(void) {
    uint64_t base = 0;
    if ((auxiliary_value(AT_HWCAP2, 0) & HWCAP2_FSGSBASE) != 0) {
        __asm__ volatile("rdgsbase %0" : "=r"(base));
    }
    return base;
}

static uint64_t fpu_field(size_t offset, size_t size) {
    uint64_t value = 0;
    memcpy(&value, start_fpu + offset, size);
    return value;
}

// Offsets in the image that fxsave64 writes.
enum { X87_CONTROL = 0, X87_STATUS = 2, X87_TAGS = 4, MXCSR = 24, XMM_REGISTERS = 160, XMM_BYTES = 16 * 16 };

static void check_fpu(void) {
    static const uint8_t zeros[16 * 32];
    check_equal(fpu_field(X87_CONTROL, 2), 0x37f, "x87 control word");
    check_equal(fpu_field(X87_STATUS, 2), 0, "x87 status word");
    check_equal(fpu_field(X87_TAGS, 1), 0, "x87 registers in use");
    check_equal(fpu_field(MXCSR, 4), 0x1f80, "MXCSR");
    check(memcmp(start_fpu + XMM_REGISTERS, zeros, XMM_BYTES) == 0, "the xmm registers are not zero");
    check(memcmp(start_vectors, zeros, sizeof zeros) == 0, "the ymm registers are not zero");
}

static void check_registers(void) {
    const struct start_registers *at_start = &start_registers;
    const struct {
        uint64_t value;
        const char *name;
    } zero[] = {
        {at_start->rax, "rax"}, {at_start->rbx, "rbx"}, {at_start->rcx, "rcx"}, {at_start->rdx, "rdx"},
        {at_start->rsi, "rsi"}, {at_start->rdi, "rdi"}, {at_start->rbp, "rbp"}, {at_start->r8, "r8"},
        {at_start->r9, "r9"},   {at_start->r10, "r10"}, {at_start->r11, "r11"}, {at_start->r12, "r12"},
        {at_start->r13, "r13"}, {at_start->r14, "r14"}, {at_start->r15, "r15"}, {at_start->ds, "ds"},
        {at_start->es, "es"},   {at_start->fs, "fs"},   {at_start->gs, "gs"},
    };
    for (size_t i = 0; i < sizeof zero / sizeof zero[0]; i++) {
        check_equal(zero[i].value, 0, zero[i].name);
    }
    check_equal(gs_base(), 0, "GS base");
    check_equal(at_start->rflags, 0x202, "rflags");
    check_equal(at_start->rsp % 16, 0, "rsp modulo 16");
    check_equal(at_start->rsp + 8, ADDRESS(start_argv), "the address of argv");
}

int main(void) {
    char name[64];
    const int number = current_stage();
    if (number < 0 || number >= END_OF_STAGES) {
        printf("FAIL arguments: unknown stage %d\n", number);
        return 1;
    }
    const char *stage_name = number < FIXED_STAGES ? stages[number].name : number == MANY_STAGE ? "many" : "long";
    snprintf(name, sizeof name, "arguments (%s)", stage_name);
    check_name(name);
    if (number < FIXED_STAGES) {
        check_fixed_stage(&stages[number]);
    } else if (number == MANY_STAGE) {
        check_many_stage();
    } else {
        check_long_stage();
    }
    check_string_order();
    check_auxiliary_vector();
    check_single_entries();
    check_registers();
    check_fpu();
    const int status = check_report();
    if (status != 0 || number + 1 == END_OF_STAGES) {
        return status;
    }
    go_to_stage(number + 1);
    printf("FAIL arguments: the execve to stage %d failed\n", number + 1);
    return 1;
}
