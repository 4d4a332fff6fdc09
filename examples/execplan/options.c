// SPDX-License-Identifier: MIT
// Reading execplan's command line: every mistake is told in one line, with exit status 2.

#define _GNU_SOURCE
#include "options.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

static const char help[] =
    "usage: execplan [OPTION...] FILE [ARG...]\n"
    "       execplan [OPTION...] --batch < NAMES\n"
    "\n"
    "Shows what an exec of FILE would come to with libexec, on a fake machine: nothing is run.\n"
    "\n"
    "Output\n"
    "  (none)               a drawn page\n"
    "  --svg PICTURE        writes the page as a picture, too\n"
    "  --dump               the result as lines, to be compared with another implementation's\n"
    "  --batch              file names on standard input; for each a line with its name and one with the verdict\n"
    "  --full               with --batch: the whole dump instead of the verdict\n"
    "  --colour WHEN        auto (on a terminal), always, never\n"
    "\n"
    "The exec\n"
    "  --env NAME=VALUE     adds to the environment, which is empty otherwise (repeatable)\n"
    "  --argv0 TEXT         argv[0] instead of FILE\n"
    "  --arguments STRINGS  arguments after argv[0] from a file of NUL-terminated strings, instead of ARG...\n"
    "  --no-arguments       an empty argv\n"
    "  --descriptor         by an open descriptor instead of by path\n"
    "  --close-on-exec      the same, with a descriptor that is closed on exec\n"
    "\n"
    "The machine\n"
    "  --machine NUMBER     e_machine of its programs; 62, the default, is x86-64, 183 AArch64, 243 RISC-V. On others\n"
    "                       than x86-64 no TLS block, unless --tls says so\n"
    "  --page-size BYTES    4096 by default\n"
    "  --layout WHERE       fixed (default): no randomisation; linux: the same, and no TLS block, as Linux; random\n"
    "  --seed NUMBER        of the random layout\n"
    "  --tls WHEN           whether the library builds a TLS block: auto, never, always\n"
    "  --aux TYPE=VALUE     auxiliary-vector entry of the host: decimal type, hexadecimal value (repeatable)\n"
    "  --root DIR           where absolute names of interpreters start\n"
    "  --policy WORD,...    no-write-execute no-overlap entry-executable pie-only no-executable-stack: refuse;\n"
    "                       strict: all of them; plain-stack: never an executable stack\n"
    "  --limits WORD=N,...  stack (bytes, or unlimited), guard, arguments: bytes; pages: of one image, default this\n"
    "                       machine's memory; scripts: how deep; low, high: bounds of user addresses; large: the\n"
    "                       large page that big images are aligned to, 0 for none (as on file systems without)\n"
    "\n"
    "Exit status: 0 the exec would succeed (--batch: all names were answered), 1 it would be refused, 2 a mistake in\n"
    "the command line or a file that cannot be read or written, 3 the library broke its contract with the host.\n";

struct word {
    const char *name;
    uint32_t value;
};

static const struct word policy_words[] = {
    {"no-write-execute", LIBEXEC_POLICY_NO_WRITE_EXECUTE},
    {"no-overlap", LIBEXEC_POLICY_NO_OVERLAP},
    {"entry-executable", LIBEXEC_POLICY_ENTRY_EXECUTABLE},
    {"pie-only", LIBEXEC_POLICY_PIE_ONLY},
    {"no-executable-stack", LIBEXEC_POLICY_NO_EXECUTABLE_STACK},
    {"plain-stack", LIBEXEC_POLICY_PLAIN_STACK},
    {"strict", LIBEXEC_POLICY_STRICT},
    {NULL, 0},
};

enum layout_choice { LAYOUT_FIXED, LAYOUT_LINUX, LAYOUT_RANDOM };

static const struct word layout_words[] = {
    {"fixed", LAYOUT_FIXED}, {"linux", LAYOUT_LINUX}, {"random", LAYOUT_RANDOM}, {NULL, 0}};

static const struct word tls_words[] = {
    {"auto", LIBEXEC_TLS_AUTOMATIC}, {"never", LIBEXEC_TLS_NEVER}, {"always", LIBEXEC_TLS_ALWAYS}, {NULL, 0}};

static const struct word colour_words[] = {
    {"auto", OPTIONS_COLOUR_AUTOMATIC}, {"always", OPTIONS_COLOUR_ALWAYS}, {"never", OPTIONS_COLOUR_NEVER}, {NULL, 0}};

static _Noreturn __attribute__((format(printf, 1, 2))) void mistake(const char *format, ...) {
    va_list arguments;

    va_start(arguments, format);
    fputs("execplan: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs(" (--help tells more)\n", stderr);
    va_end(arguments);
    exit(EXIT_USAGE);
}

static uint32_t find_word(const struct word *words, const char *option, const char *text, size_t length) {
    for (; words->name != NULL; words++) {
        if (strlen(words->name) == length && memcmp(words->name, text, length) == 0)
            return words->value;
    }
    mistake("%s does not know `%.*s`", option, (int)length, text);
}

static uint64_t read_number(const char *option, const char *text, int base) {
    char *end;

    const unsigned long long number = strtoull(text, &end, base);
    if (end == text || (*end != '\0' && *end != ',') || text[0] == '-')
        mistake("%s: `%s` is no number", option, text);
    return number;
}

static uint32_t read_number_up_to(const char *option, const char *text, uint32_t most) {
    const uint64_t number = read_number(option, text, 0);
    if (number > most)
        mistake("%s: %s is more than %" PRIu32, option, text, most);
    return (uint32_t)number;
}

static void read_policy(struct libexec_policy *policy, const char *text) {
    while (*text != '\0') {
        const size_t length = strcspn(text, ",");
        policy->flags |= find_word(policy_words, "--policy", text, length);
        text += length + (text[length] == ',');
    }
}

// Assigns `name=value` to the limit of that name.
static void read_limit(struct machine_settings *settings, const char *text, size_t length) {
    static const char *const names[] = {"stack", "guard", "arguments", "pages", "low", "high", "large", "scripts"};
    struct libexec_policy *const policy = &settings->policy;
    uint64_t *const members[] = {
        &policy->stack_size, &policy->stack_guard, &policy->argument_limit,        &policy->page_budget,
        &policy->user_low,   &policy->user_high,   &settings->arch.large_page_size};
    const size_t name_length = strcspn(text, "=,");
    size_t index = 0;

    while (index < 8 && (strlen(names[index]) != name_length || memcmp(names[index], text, name_length) != 0))
        index++;
    if (index == 8 || text[name_length] != '=')
        mistake("--limits does not know `%.*s`", (int)length, text);
    const char *const value = text + name_length + 1;
    if (index == 0 && strncmp(value, "unlimited", 9) == 0 && (value[9] == '\0' || value[9] == ',')) {
        policy->stack_size = UINT64_MAX;
        return;
    }
    const uint64_t number = read_number("--limits", value, 0);
    if (index < 7)
        *members[index] = number;
    else
        policy->script_depth = number == 0 ? LIBEXEC_NO_SCRIPTS : (uint32_t)number;
}

static void read_limits(struct machine_settings *settings, const char *text) {
    while (*text != '\0') {
        const size_t length = strcspn(text, ",");
        read_limit(settings, text, length);
        text += length + (text[length] == ',');
    }
}

static void read_auxv(struct machine_settings *settings, const char *text) {
    const char *const equals = strchr(text, '=');
    char *end;

    const unsigned long long type = strtoull(text, &end, 10);
    if (equals == NULL || end != equals || end == text)
        mistake("--aux wants TYPE=VALUE, not `%s`", text);
    const uint64_t value = read_number("--aux", equals + 1, 16);
    switch (type) {
    case LIBEXEC_AT_UID:
        settings->uid = (uint32_t)value;
        return;
    case LIBEXEC_AT_EUID:
        settings->euid = (uint32_t)value;
        return;
    case LIBEXEC_AT_GID:
        settings->gid = (uint32_t)value;
        return;
    case LIBEXEC_AT_EGID:
        settings->egid = (uint32_t)value;
        return;
    case LIBEXEC_AT_SECURE:
        settings->secure = (uint32_t)value;
        return;
    default:
        break;
    }
    if (settings->auxv_count == MACHINE_AUXV_MAX)
        mistake("--aux: more than %u entries", MACHINE_AUXV_MAX);
    settings->auxv[settings->auxv_count++] = (struct libexec_auxv){type, value};
}

static void add_environment(struct machine_settings *settings, const char *text) {
    if (settings->environment_count == MACHINE_STRINGS_MAX)
        mistake("--env: more than %u strings", MACHINE_STRINGS_MAX);
    settings->environment[settings->environment_count++] = text;
}

// What follows from machine and page size.
static void choose_machine(struct machine_settings *settings, uint64_t usual_budget, bool tls_chosen) {
    struct libexec_arch *const arch = &settings->arch;
    struct libexec_policy *const policy = &settings->policy;
    const uint64_t in_page = (uint64_t)arch->page_size - 1;

    if (arch->machine != libexec_kit_arch.machine) {
        arch->platform = NULL;
        if (!tls_chosen)
            policy->tls = LIBEXEC_TLS_NEVER;
    }
    arch->user_high &= ~in_page;
    policy->user_low = (policy->user_low + in_page) & ~in_page;
    if (policy->page_budget == usual_budget && arch->page_size != 0)
        policy->page_budget = usual_budget * libexec_kit_arch.page_size / arch->page_size;
}

static void choose_layout(struct machine_settings *settings, uint32_t layout, bool tls_chosen) {
    if (layout == LAYOUT_RANDOM)
        settings->policy.flags &= ~LIBEXEC_POLICY_FIXED_ADDRESSES;
    if (layout == LAYOUT_LINUX && !tls_chosen)
        settings->policy.tls = LIBEXEC_TLS_NEVER;
}

enum option_code {
    OPTION_FIRST = 256,
    ENV,
    ARGV0,
    NO_ARGUMENTS,
    ARGUMENTS,
    DESCRIPTOR,
    CLOSE_ON_EXEC,
    LAYOUT,
    SEED,
    TLS,
    AUX
};
enum option_code_more {
    ROOT = AUX + 1,
    MACHINE,
    PAGE_SIZE,
    POLICY,
    LIMITS,
    DUMP,
    BATCH,
    FULL,
    SVG,
    COLOUR,
    HELP,
    VERSION
};

static const struct option long_options[] = {
    {"env", required_argument, NULL, ENV},
    {"argv0", required_argument, NULL, ARGV0},
    {"no-arguments", no_argument, NULL, NO_ARGUMENTS},
    {"arguments", required_argument, NULL, ARGUMENTS},
    {"descriptor", no_argument, NULL, DESCRIPTOR},
    {"close-on-exec", no_argument, NULL, CLOSE_ON_EXEC},
    {"layout", required_argument, NULL, LAYOUT},
    {"seed", required_argument, NULL, SEED},
    {"tls", required_argument, NULL, TLS},
    {"aux", required_argument, NULL, AUX},
    {"root", required_argument, NULL, ROOT},
    {"machine", required_argument, NULL, MACHINE},
    {"page-size", required_argument, NULL, PAGE_SIZE},
    {"policy", required_argument, NULL, POLICY},
    {"limits", required_argument, NULL, LIMITS},
    {"dump", no_argument, NULL, DUMP},
    {"batch", no_argument, NULL, BATCH},
    {"full", no_argument, NULL, FULL},
    {"svg", required_argument, NULL, SVG},
    {"colour", required_argument, NULL, COLOUR},
    {"color", required_argument, NULL, COLOUR},
    {"help", no_argument, NULL, HELP},
    {"version", no_argument, NULL, VERSION},
    {NULL, 0, NULL, 0},
};

// Options about the exec; false for the others.
static bool read_exec_option(struct machine_settings *settings, int code, const char *text) {
    switch (code) {
    case ENV:
        add_environment(settings, text);
        return true;
    case ARGV0:
        settings->argv0 = text;
        return true;
    case NO_ARGUMENTS:
        settings->no_arguments = true;
        return true;
    case DESCRIPTOR:
        settings->how = MACHINE_BY_DESCRIPTOR;
        return true;
    case CLOSE_ON_EXEC:
        settings->how = MACHINE_BY_CLOSE_ON_EXEC_DESCRIPTOR;
        return true;
    default:
        return false;
    }
}

// Options about the machine; false for the others.
static bool read_machine_option(struct machine_settings *settings, int code, const char *text) {
    switch (code) {
    case SEED:
        settings->seed = read_number("--seed", text, 0);
        return true;
    case AUX:
        read_auxv(settings, text);
        return true;
    case ROOT:
        settings->root = text;
        return true;
    case MACHINE:
        settings->arch.machine = (uint16_t)read_number_up_to("--machine", text, UINT16_MAX);
        return true;
    case PAGE_SIZE:
        settings->arch.page_size = read_number_up_to("--page-size", text, UINT32_MAX);
        return true;
    case POLICY:
        read_policy(&settings->policy, text);
        return true;
    case LIMITS:
        read_limits(settings, text);
        return true;
    default:
        return false;
    }
}

static bool read_output_option(struct options *options, int code, const char *text) {
    switch (code) {
    case DUMP:
        options->mode = OPTIONS_DUMP;
        return true;
    case BATCH:
        options->mode = OPTIONS_BATCH;
        return true;
    case FULL:
        options->full = true;
        return true;
    case ARGUMENTS:
        options->arguments = text;
        return true;
    case SVG:
        options->svg = text;
        return true;
    case COLOUR:
        options->colour = (enum options_colour)find_word(colour_words, "--colour", text, strlen(text));
        return true;
    case HELP:
        fputs(help, stdout);
        exit(EXIT_SUCCESS);
    case VERSION:
        printf("execplan %s\n", libexec_version());
        exit(EXIT_SUCCESS);
    default:
        return false;
    }
}

int options_parse(struct options *options, int argc, char **argv) {
    struct machine_settings *const settings = &options->settings;
    uint32_t layout = LAYOUT_FIXED;
    bool tls_chosen = false;
    int code;

    memset(options, 0, sizeof *options);
    machine_defaults(settings);
    const uint64_t usual_budget = settings->policy.page_budget;
    while ((code = getopt_long(argc, argv, "+h", long_options, NULL)) != -1) {
        if (code == 'h')
            code = HELP;
        if (code == LAYOUT) {
            layout = find_word(layout_words, "--layout", optarg, strlen(optarg));
        } else if (code == TLS) {
            settings->policy.tls = (enum libexec_tls_policy)find_word(tls_words, "--tls", optarg, strlen(optarg));
            tls_chosen = true;
        } else if (!read_exec_option(settings, code, optarg) && !read_machine_option(settings, code, optarg) &&
                   !read_output_option(options, code, optarg)) {
            fputs("execplan: --help tells more\n", stderr); // what it is, getopt_long has said
            exit(EXIT_USAGE);
        }
    }
    choose_machine(settings, usual_budget, tls_chosen);
    choose_layout(settings, layout, tls_chosen);
    if (options->mode != OPTIONS_BATCH && optind >= argc)
        mistake("which FILE?");
    if (options->mode != OPTIONS_BATCH && options->full)
        mistake("--full goes with --batch only");
    if (options->mode != OPTIONS_PAGE && options->svg != NULL)
        mistake("--svg goes with the page only");
    return optind;
}
