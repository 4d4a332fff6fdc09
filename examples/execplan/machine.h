// SPDX-License-Identifier: MIT
// The machine on which execplan plays an exec: the test kit's fake host, fed with the real files of this one.
#ifndef MACHINE_H
#define MACHINE_H

#include <libexec/kit.h>
#include <stdbool.h>
#include <stdint.h>

#define MACHINE_STRINGS_MAX 512u // environment strings
#define MACHINE_AUXV_MAX    32u
#define MACHINE_FILES_MAX   16u // program, scripts' interpreters, interpreter

enum machine_how { MACHINE_BY_PATH, MACHINE_BY_DESCRIPTOR, MACHINE_BY_CLOSE_ON_EXEC_DESCRIPTOR };

struct machine_settings {
    const char *root;  // where absolute interpreter names start; NULL: the real root
    const char *argv0; // NULL: the file's name
    bool no_arguments;
    enum machine_how how;
    const char *environment[MACHINE_STRINGS_MAX + 1]; // NULL-terminated
    uint32_t environment_count;
    struct libexec_auxv auxv[MACHINE_AUXV_MAX];
    uint32_t auxv_count;
    uint32_t uid, euid, gid, egid, secure;
    uint64_t seed;
    struct libexec_arch arch;
    struct libexec_policy policy;
};

// A file that was opened, mapped into execplan's own memory.
struct machine_file {
    enum libexec_file kind;
    char *name;
    uint8_t *bytes;
    uint64_t length;
};

struct machine {
    const struct machine_settings *settings;
    struct libexec_kit *kit;
    int (*kit_open)(void *context, enum libexec_file kind, const char *name, struct libexec_source *source);
    struct machine_file files[MACHINE_FILES_MAX]; // in the order they were opened
    uint32_t file_count;
    enum libexec_status status;
    struct libexec_exec exec;
    char names[LIBEXEC_NAMES_MAX];
};

// Sensible settings: an ordinary user, fixed addresses, this machine's memory and lowest address as limits.
void machine_defaults(struct machine_settings *settings);

// Plays the exec of `file` up to the point where it could be committed. `argv` ends with NULL. machine_close
// afterwards, whatever the status. One machine at a time.
enum libexec_status machine_prepare(struct machine *machine, const struct machine_settings *settings, const char *file,
                                    const char *const *argv);

// The last file of that kind that was opened; for the program, the one that runs (a script's interpreter, if there is
// one). NULL where none was.
const struct machine_file *machine_find(const struct machine *machine, enum libexec_file kind);

void machine_close(struct machine *machine);

#endif
