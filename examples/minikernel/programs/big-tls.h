// SPDX-License-Identifier: MIT
// A library with much thread-local storage, and the program that uses it.

#ifndef BIG_TLS_H
#define BIG_TLS_H

#define BIG_TLS_ALIGNMENT 4096
#define BIG_TLS_DATA      (64 << 10)
#define BIG_TLS_ZEROS     (1 << 20)

unsigned char *big_tls_data(void);  // of the calling thread: BIG_TLS_DATA bytes that begin with "thread-local"
unsigned char *big_tls_zeros(void); // BIG_TLS_ZEROS bytes

#endif
