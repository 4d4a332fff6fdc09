// SPDX-License-Identifier: MIT
// Replaces itself with a file that it names from a directory's descriptor. Arguments: the directory, the path from
// there, and the arguments for what is executed.

#include "runtime/runtime.h"

#include <stdio.h>

int main(int argc, char **argv) {
    if (argc < 3) {
        printf("FAIL from-directory: no directory and path\n");
        return 1;
    }
    const int64_t directory = system_call(SYSTEM_OPEN, ADDRESS(argv[1]), LINUX_O_PATH | LINUX_O_DIRECTORY, 0, 0, 0, 0);
    const int64_t result = system_call(SYSTEM_EXECVEAT, (uint64_t)directory, ADDRESS(argv[2]), ADDRESS(argv + 2),
                                       ADDRESS(start_envp), 0, 0);
    printf("FAIL from-directory: open gave %d, execveat %d\n", (int)directory, (int)result);
    return 1;
}
