// SPDX-License-Identifier: MIT
// Floating point: arithmetic, the mathematics library and its way through printf.

#include "runtime/runtime.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void check_printed(double value, const char *format, const char *expected) {
    char text[64];
    snprintf(text, sizeof text, format, value);
    check_text(text, expected, format);
}

// volatile: computed here, not by the compiler.
static void check_arithmetic(void) {
    volatile double one = 1.0, three = 3.0, tenth = 0.1, two = 2.0;
    check(one / three * three == 1.0, "1/3*3 is not 1 in double");
    check(tenth + 0.2 != 0.3, "0.1+0.2 is computed with more than double's precision");
    check(sqrt(two) * sqrt(two) - 2.0 < 1e-15, "the square of the square root of 2");
    volatile long double wide = 1.0L;
    check(wide + 0x1p-63L != wide, "long double has lost its 64 bits of precision");
    volatile double huge = 1e308;
    check(isinf(huge * 10.0), "overflow does not give infinity");
    volatile double zero = 0.0;
    check(isnan(zero / zero), "0/0 is not NaN");
}

static void check_library(void) {
    volatile double half = 0.5;
    check(fabs(sin(half) - 0.479425538604203) < 1e-14, "sin");
    check(fabs(exp(half) - 1.6487212707001282) < 1e-14, "exp");
    check(fabs(log(half) + 0.6931471805599453) < 1e-14, "log");
    check(fabs(pow(half, 0.25) - 0.8408964152537145) < 1e-14, "pow");
    check(fabs(atan(1.0) * 4 - 3.141592653589793) < 1e-14, "atan");
    check(strtod("2.5e-3", NULL) == 0.0025, "strtod");
}

int main(void) {
    check_name("floating");
    check_arithmetic();
    check_library();
    check_printed(3.14159265, "%f", "3.141593");
    check_printed(1.0 / 3, "%.10g", "0.3333333333");
    check_printed(-1234.5, "%12.3f", "   -1234.500");
    check_printed(6.02214076e23, "%e", "6.022141e+23");
    return check_report();
}
