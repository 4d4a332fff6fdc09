// SPDX-License-Identifier: MIT
// execplan's command line.
#ifndef OPTIONS_H
#define OPTIONS_H

#include "machine.h"

enum options_mode { OPTIONS_PAGE, OPTIONS_DUMP, OPTIONS_BATCH };
enum options_colour { OPTIONS_COLOUR_AUTOMATIC, OPTIONS_COLOUR_ALWAYS, OPTIONS_COLOUR_NEVER };

struct options {
    enum options_mode mode;
    enum options_colour colour;
    bool full;             // with OPTIONS_BATCH: whole dumps
    const char *arguments; // file of arguments; NULL: those of the command line
    const char *svg;       // NULL: none asked for
    struct machine_settings settings;
};

// Fills `options` and returns the index of FILE in `argv`. Does not return for --help, --version and mistakes.
int options_parse(struct options *options, int argc, char **argv);

#endif
