// SPDX-License-Identifier: MIT
// The hosted consumer: prints what became of plan_check(). Also compiled as C++.
#include "plan_check.h"

#include <libexec/libexec.h>
#include <stdio.h>

int main(void) {
    const int step = plan_check();

    if (step != 0) {
        printf("libexec %s: step %d went wrong\n", libexec_version(), step);
        return 1;
    }
    printf("libexec %s: a program planned, a broken one refused\n", libexec_version());
    return 0;
}
