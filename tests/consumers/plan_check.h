// SPDX-License-Identifier: MIT
// What every consumer runs: a use of the library that shows headers and archive (or sources) found each other.
#ifndef PLAN_CHECK_H
#define PLAN_CHECK_H

#ifdef __cplusplus
extern "C" {
#endif

// Plans a small program made in memory, and one that is broken. 0 where both came out as they must, else the step.
int plan_check(void);

#ifdef __cplusplus
}
#endif
#endif
