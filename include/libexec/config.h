// SPDX-License-Identifier: MIT
// Capacities fixed at compile time. Define them on the command line, the same for the library and for every file that
// includes its headers; the defaults keep `struct libexec_exec` within one 4 KiB page.
#ifndef LIBEXEC_CONFIG_H
#define LIBEXEC_CONFIG_H

// PT_LOAD segments that one image may have. More are refused with LIBEXEC_E_SEGMENT_CAPACITY (ENOEXEC).
// Programs in the wild have two to six.
#ifndef LIBEXEC_CONFIG_SEGMENTS
#define LIBEXEC_CONFIG_SEGMENTS 16
#endif

// Bytes of the file that the first read asks for: the file header and, in nearly every file, the whole program-header
// table and the interpreter's name. A table that does not fit is read in pieces of this size. At least 512.
#ifndef LIBEXEC_CONFIG_HEADER_BYTES
#define LIBEXEC_CONFIG_HEADER_BYTES 896
#endif

// Bytes inside the exec object for names that must be kept: a path fetched from user memory, the words of `#!` lines,
// the name in PT_INTERP; each with its NUL. A caller that wants to accept longer names, up to Linux's 4096 bytes, hands
// `libexec_prepare` a buffer of its own (LIBEXEC_NAMES_MAX bytes are enough for all that Linux accepts).
#ifndef LIBEXEC_CONFIG_NAME_BYTES
#define LIBEXEC_CONFIG_NAME_BYTES 512
#endif

// Whoever was compiled with other capacities than the library does not link with it: the functions that fill objects of
// these sizes, libexec_prepare and libexec_plan_read, bear them in their symbols' names, unless all three are the
// defaults. (Hence plain numbers.) Others, given objects that these have filled, do not.
#if LIBEXEC_CONFIG_SEGMENTS == 16 && LIBEXEC_CONFIG_HEADER_BYTES == 896 && LIBEXEC_CONFIG_NAME_BYTES == 512
#define LIBEXEC_SIZED(name)
#else
#define LIBEXEC_SIZED(name) __asm__(#name LIBEXEC_CAPACITIES)
#define LIBEXEC_CAPACITIES                                                                                             \
    "_segments_" LIBEXEC_TEXT_OF(LIBEXEC_CONFIG_SEGMENTS) "_header_" LIBEXEC_TEXT_OF(                                  \
        LIBEXEC_CONFIG_HEADER_BYTES) "_names_" LIBEXEC_TEXT_OF(LIBEXEC_CONFIG_NAME_BYTES)
#define LIBEXEC_TEXT_OF(macro)       LIBEXEC_TEXT_OF_TOKEN(macro)
#define LIBEXEC_TEXT_OF_TOKEN(token) #token
#endif

// 1: programs without PT_INTERP and without `#!` only; the others are refused as on a host without `open`. Saves code.
#ifndef LIBEXEC_CONFIG_STATIC_ONLY
#define LIBEXEC_CONFIG_STATIC_ONLY 0
#endif

// Limits that Linux sets; they are not configurable because programs and tools rely on them.
#define LIBEXEC_PROGRAM_HEADERS_MAX 1170   // 65536 bytes of 56 each
#define LIBEXEC_PATH_MAX            4096   // a path from user memory with its NUL, and p_filesz of PT_INTERP
#define LIBEXEC_STRING_MAX          131072 // one argument or environment string with its NUL
#define LIBEXEC_SCRIPT_LINE_MAX     256    // bytes of a `#!` line that are looked at
#define LIBEXEC_SCRIPT_DEPTH_MAX    5      // scripts that name scripts, before ELOOP
#define LIBEXEC_NAMES_MAX           9472   // path + five `#!` lines + PT_INTERP

#endif
