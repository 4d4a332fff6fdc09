// SPDX-License-Identifier: MIT
// Scripts and programs whose interpreter is not there or cannot run: each must be refused with the right error.

#include "runtime/refusal.h"
#include "runtime/runtime.h"

#include <errno.h>

static void refuse_scripts(void) {
    refusal_expect_path("/data/scripts/missing", ENOENT, "a script whose interpreter is missing");
    refusal_expect_path("/data/scripts/self", ELOOP, "a script that names itself");
    refusal_expect_path("/data/scripts/chain-6", ELOOP, "six scripts, each naming the next");
    refusal_expect_path("/data/scripts/nameless", ENOEXEC, "a script that names nothing");
    refusal_expect_path("/data/scripts/blank", ENOEXEC, "a script with nothing but blanks after #!");
    refusal_expect_path("/data/scripts/long", ENOEXEC, "a script whose interpreter's name is cut");
    refusal_expect_path("/data/scripts/text", EACCES, "a script whose interpreter lacks the x bit");
    refusal_expect_path("/data/scripts/directory", EACCES, "a script whose interpreter is a directory");
    refusal_expect_path("/data/scripts/bad-magic", ENOEXEC, "a script whose interpreter has a bad magic");
    refusal_expect_path("/data/scripts/not-executable", EACCES, "a script without the x bit");
}

static void refuse_programs(void) {
    refusal_expect_path("/bin/interpreter-missing", ENOENT, "a program whose interpreter is missing");
    refusal_expect_path("/bin/interpreter-bad-magic", ELIBBAD, "a program whose interpreter has a bad magic");
    refusal_expect_path("/bin/interpreter-other-machine", ELIBBAD, "an interpreter for another machine");
    refusal_expect_path("/bin/interpreter-empty", EIO, "a program whose interpreter is empty");
    refusal_expect_path("/bin/interpreter-short", EIO, "an interpreter shorter than its header");
    refusal_expect_path("/bin/interpreter-text", EACCES, "a program whose interpreter lacks the x bit");
    refusal_expect_path("/bin/interpreter-directory", EACCES, "a program whose interpreter is a directory");
    refusal_expect_path("/bin/interpreter-script", ELIBBAD, "a program whose interpreter is a script");
}

int main(void) {
    check_name("refused-interpreters");
    refusal_prepare();
    refuse_scripts();
    refuse_programs();
    return check_report();
}
