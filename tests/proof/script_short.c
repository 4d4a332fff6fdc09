// SPDX-License-Identifier: MIT
// As script.c, for views of 0 to 40 bytes: Eva goes through their loops step by step.
#define LEAST 0
#define MOST  40
#include "script.c"
