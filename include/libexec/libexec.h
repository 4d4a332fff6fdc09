// SPDX-License-Identifier: MIT
// libexec: execve() for kernels. This header includes all the others.
//
// Conventions, for every declaration of the library:
// - MUST marks a duty of the caller; what happens otherwise is undefined. Everything that comes from a file or from
//   user memory is no such duty: it may hold anything.
// - Pointers are not NULL unless their comment says that they may be. The library allocates nothing and frees nothing:
//   memory belongs to the caller, who keeps it valid for as long as the comment says.
// - Structs that a caller fills are zero = default: zero them whole, then set members. New members are only appended.
// - Lengths and offsets are in bytes. Ranges are half-open. Rights are bits; addresses of user memory are
//   `libexec_address`.
// - No function blocks except in the host's callbacks. There are no globals: calls on different objects never
//   interfere.
// - A status tells; a report explains.
#ifndef LIBEXEC_LIBEXEC_H
#define LIBEXEC_LIBEXEC_H

#include <libexec/arch.h>
#include <libexec/config.h>
#include <libexec/dump.h>
#include <libexec/exec.h>
#include <libexec/fault.h>
#include <libexec/host.h>
#include <libexec/layout.h>
#include <libexec/plan.h>
#include <libexec/policy.h>
#include <libexec/report.h>
#include <libexec/source.h>
#include <libexec/stack.h>
#include <libexec/status.h>
#include <libexec/tls.h>
#include <libexec/version.h>

#endif
