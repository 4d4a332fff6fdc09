// SPDX-License-Identifier: MIT
// execplan: what would this exec look like? Plays an exec with libexec on the test kit's fake host and shows the
// result.

#define _GNU_SOURCE
#include "exec_dump.h"
#include "image_dump.h"
#include "options.h"
#include "page.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum exit_code { EXIT_WOULD_START = 0, EXIT_REFUSED = 1, EXIT_MISTAKE = 2, EXIT_CONTRACT = 3 };

static struct machine machine;

// A mapped file became shorter while it was looked at.
static void lost_file(int number) {
    static const char message[] = "execplan: a file became shorter while it was read\n";

    (void)number;
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0)
        _exit(EXIT_MISTAKE);
    _exit(EXIT_MISTAKE);
}

static int check_contract(const struct machine *played, int code) {
    const uint32_t violations = libexec_kit_violations(played->kit);

    for (uint32_t i = 0; i < violations && libexec_kit_violation(played->kit, i) != NULL; i++)
        fprintf(stderr, "execplan: broken contract: %s\n", libexec_kit_violation(played->kit, i));
    return violations == 0 ? code : EXIT_CONTRACT;
}

static int run_batch(const struct options *options) {
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    int code = EXIT_WOULD_START;

    while (code == EXIT_WOULD_START && (length = getline(&line, &size, stdin)) > 0) {
        if (line[length - 1] == '\n')
            line[length - 1] = '\0';
        const char *const argv[] = {options->settings.argv0 != NULL ? options->settings.argv0 : line, NULL};
        machine_prepare(&machine, &options->settings, line, argv);
        puts(line);
        if (!options->full)
            image_dump_verdict(stdout, &machine);
        else if (!image_dump(stdout, &machine))
            code = EXIT_CONTRACT;
        code = check_contract(&machine, code);
        machine_close(&machine);
    }
    free(line);
    return code;
}

static int run_page(const struct options *options, const char *file) {
    const bool coloured = options->colour == OPTIONS_COLOUR_ALWAYS ||
                          (options->colour == OPTIONS_COLOUR_AUTOMATIC && isatty(STDOUT_FILENO));
    struct canvas *const canvas = page_draw(&machine, file);

    canvas_print_text(canvas, stdout, coloured);
    bool written = true;
    if (options->svg != NULL) {
        FILE *const picture = fopen(options->svg, "we");
        if (picture != NULL)
            canvas_print_svg(canvas, picture);
        written = picture != NULL && fclose(picture) == 0;
        if (!written)
            perror(options->svg);
    }
    canvas_free(canvas);
    return written ? EXIT_WOULD_START : EXIT_MISTAKE;
}

static int run_one(const struct options *options, const char *file, char **argv) {
    if (options->settings.argv0 != NULL)
        argv[0] = (char *)options->settings.argv0;
    if (options->arguments != NULL)
        argv = exec_dump_read_arguments(options->arguments, argv[0]);
    if (argv == NULL) {
        perror(options->arguments);
        return EXIT_MISTAKE;
    }
    machine_prepare(&machine, &options->settings, file, (const char *const *)argv);
    int code = machine.status == LIBEXEC_OK ? EXIT_WOULD_START : EXIT_REFUSED;
    if (options->mode == OPTIONS_DUMP) {
        if (!image_dump(stdout, &machine))
            code = EXIT_CONTRACT;
    } else {
        const int drawn = run_page(options, file);
        code = drawn == EXIT_WOULD_START ? code : drawn;
    }
    code = check_contract(&machine, code);
    machine_close(&machine);
    return code;
}

int main(int argc, char **argv) {
    const struct sigaction on_lost_file = {.sa_handler = lost_file};
    static struct options options;
    const int first = options_parse(&options, argc, argv);

    sigaction(SIGBUS, &on_lost_file, NULL);
    const int code = options.mode == OPTIONS_BATCH ? run_batch(&options) : run_one(&options, argv[first], argv + first);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("execplan");
        return EXIT_MISTAKE;
    }
    return code;
}
