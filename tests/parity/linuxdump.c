// SPDX-License-Identifier: MIT
// What the host's own kernel makes of an exec, in the exec dump's form: the reference that execplan --dump is compared
// with.

#define _GNU_SOURCE
#include "exec_dump.h"
#include "tracee.h"
#include "tracer.h"

#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_SKIPPED    77
#define EXIT_USAGE      2
#define DEFAULT_STACK   ((uint64_t)8 << 20)
#define ENVIRONMENT_MAX 256

static const char usage[] =
    "usage: linuxdump [OPTION...] FILE [ARG...]     print the exec dump of FILE as the host's kernel starts it\n"
    "       linuxdump [OPTION...] --batch           file names on standard input; a name and a verdict for each\n"
    "\n"
    "  --env NAME=VALUE   add to the environment, which is empty otherwise (repeatable)\n"
    "  --argv0 TEXT       argv[0] instead of FILE\n"
    "  --no-arguments     an empty argv\n"
    "  --arguments FILE   arguments after argv[0] from a file of NUL-terminated strings, instead of ARG...\n"
    "  --stack BYTES      the stack limit; `unlimited` for none (default 8 MiB)\n"
    "  --random           with address randomisation\n"
    "  --descriptor       exec by descriptor instead of by path\n"
    "  --close-on-exec    as --descriptor, with a descriptor that is closed on exec\n"
    "  --full             with --batch: whole dumps instead of verdicts\n"
    "\n"
    "The exit status is 0 when the kernel answered, whatever the answer; 77 where no ordinary user's process with\n"
    "such a stack limit can be traced; 1 for other failures.\n";

struct settings {
    const char *argv0;
    bool batch;
    bool full;
    bool no_arguments;
    const char *arguments;
    char *environment[ENVIRONMENT_MAX + 1];
    unsigned environment_count;
};

static int print_answer(struct tracer *tracer, enum tracer_result result, bool full) {
    switch (result) {
    case TRACER_STARTED: {
        int status = 0;
        if (!full)
            puts("verdict ok");
        else if (!tracee_print(stdout, tracer->process))
            status = 1;
        tracer_drop(tracer);
        return status;
    }
    case TRACER_REFUSED:
        printf("verdict error %s -\n", exec_dump_errno(tracer->error));
        if (full && tracer->fatal)
            puts("why the old image was lost already, the process was killed");
        return 0;
    case TRACER_DENIED:
        fputs("linuxdump: skipped: no ordinary user's process with this stack limit can be traced here\n", stderr);
        return EXIT_SKIPPED;
    case TRACER_LATE:
        puts("verdict late");
        return 0;
    case TRACER_BROKEN:
        break;
    }
    puts("verdict broken");
    return 0;
}

static int run_batch(struct tracer *tracer, const struct settings *settings) {
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    int status = 0;

    while (status == 0 && (length = getline(&line, &size, stdin)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        puts(line);
        status = print_answer(tracer, tracer_start(tracer, line), settings->full);
    }
    free(line);
    tracer_drop(tracer);
    return status;
}

static uint64_t parse_stack(const char *text) {
    char *end;

    if (strcmp(text, "unlimited") == 0)
        return UINT64_MAX;
    const unsigned long long value = strtoull(text, &end, 0);
    if (*end != '\0' || value == 0) {
        fprintf(stderr, "linuxdump: %s is no stack limit\n", text);
        exit(EXIT_USAGE);
    }
    return value;
}

static const struct option options[] = {
    {"env", required_argument, NULL, 'e'},
    {"argv0", required_argument, NULL, '0'},
    {"no-arguments", no_argument, NULL, 'n'},
    {"arguments", required_argument, NULL, 'a'},
    {"stack", required_argument, NULL, 's'},
    {"random", no_argument, NULL, 'r'},
    {"descriptor", no_argument, NULL, 'd'},
    {"close-on-exec", no_argument, NULL, 'c'},
    {"batch", no_argument, NULL, 'b'},
    {"full", no_argument, NULL, 'f'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void parse_options(int argc, char **argv, struct settings *settings, struct tracer *tracer) {
    int option;

    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        switch (option) {
        case 'e':
            if (settings->environment_count == ENVIRONMENT_MAX) {
                fputs("linuxdump: too many --env\n", stderr);
                exit(EXIT_USAGE);
            }
            settings->environment[settings->environment_count++] = optarg;
            break;
        case '0':
            settings->argv0 = optarg;
            break;
        case 'n':
            settings->no_arguments = true;
            break;
        case 'a':
            settings->arguments = optarg;
            break;
        case 's':
            tracer->stack_limit = parse_stack(optarg);
            break;
        case 'r':
            tracer->random = true;
            break;
        case 'd':
            tracer->how = TRACER_BY_DESCRIPTOR;
            break;
        case 'c':
            tracer->how = TRACER_BY_CLOSE_ON_EXEC_DESCRIPTOR;
            break;
        case 'b':
            settings->batch = true;
            break;
        case 'f':
            settings->full = true;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(EXIT_USAGE);
        }
    }
}

int main(int argc, char **argv) {
    static struct settings settings;
    static struct tracer tracer = {.stack_limit = DEFAULT_STACK};
    static char *no_strings[1];

    parse_options(argc, argv, &settings, &tracer);
    if (!settings.batch && optind >= argc) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    if (!tracer_open(&tracer)) {
        perror("linuxdump");
        return 1;
    }
    tracer.envp = settings.environment;
    if (settings.batch) {
        static char *batch_argv[2];
        batch_argv[0] = settings.argv0 != NULL ? (char *)settings.argv0 : tracer.path;
        tracer.argv = settings.no_arguments ? no_strings : batch_argv;
        return run_batch(&tracer, &settings);
    }
    const char *const file = argv[optind];
    if (settings.argv0 != NULL)
        argv[optind] = (char *)settings.argv0;
    tracer.argv = settings.no_arguments ? no_strings : argv + optind;
    if (settings.arguments != NULL)
        tracer.argv = exec_dump_read_arguments(settings.arguments, argv[optind]);
    if (tracer.argv == NULL) {
        perror(settings.arguments);
        return 1;
    }
    const int status = print_answer(&tracer, tracer_start(&tracer, file), true);
    tracer_drop(&tracer);
    return status;
}
