// SPDX-License-Identifier: MIT
// The version of the library's source interface (semantic versioning: a change of MAJOR may break callers; while that
// is 0, a change of MINOR may).
#ifndef LIBEXEC_VERSION_H
#define LIBEXEC_VERSION_H

#define LIBEXEC_VERSION_MAJOR  0
#define LIBEXEC_VERSION_MINOR  1
#define LIBEXEC_VERSION_PATCH  0
#define LIBEXEC_VERSION_STRING "0.1.0"

#ifdef __cplusplus
extern "C" {
#endif

// The version the library itself was compiled as; compare with LIBEXEC_VERSION_STRING to find a stale build.
const char *libexec_version(void);

#ifdef __cplusplus
}
#endif
#endif
