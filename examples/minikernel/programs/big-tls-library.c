// SPDX-License-Identifier: MIT
// Storage of every thread, more than the program has itself, behind two functions.

#include "big-tls.h"

static _Thread_local _Alignas(BIG_TLS_ALIGNMENT) unsigned char data[BIG_TLS_DATA] = "thread-local";
static _Thread_local unsigned char zeros[BIG_TLS_ZEROS];

unsigned char *big_tls_data(void) {
    return data;
}

unsigned char *big_tls_zeros(void) {
    return zeros;
}
