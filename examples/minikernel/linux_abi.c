// SPDX-License-Identifier: MIT
// Names for the numbers that the kernel prints.

#include "linux_abi.h"

#include <stddef.h>

struct name {
    int number;
    const char *text;
};

static const struct name errors[] = {
    {EPERM, "EPERM"},   {ENOENT, "ENOENT"},   {ESRCH, "ESRCH"},     {EINTR, "EINTR"},
    {EIO, "EIO"},       {E2BIG, "E2BIG"},     {ENOEXEC, "ENOEXEC"}, {EBADF, "EBADF"},
    {EAGAIN, "EAGAIN"}, {ENOMEM, "ENOMEM"},   {EACCES, "EACCES"},   {EFAULT, "EFAULT"},
    {EEXIST, "EEXIST"}, {ENOTDIR, "ENOTDIR"}, {EISDIR, "EISDIR"},   {EINVAL, "EINVAL"},
    {EMFILE, "EMFILE"}, {ETXTBSY, "ETXTBSY"}, {EROFS, "EROFS"},     {ENAMETOOLONG, "ENAMETOOLONG"},
    {ENOSYS, "ENOSYS"}, {ELOOP, "ELOOP"},     {ELIBBAD, "ELIBBAD"}, {EOVERFLOW, "EOVERFLOW"},
};

static const struct name signals[] = {
    {SIGILL, "SIGILL"},   {SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},   {SIGFPE, "SIGFPE"},
    {SIGKILL, "SIGKILL"}, {SIGSEGV, "SIGSEGV"}, {SIGPIPE, "SIGPIPE"}, {SIGTERM, "SIGTERM"},
};

static const char *find_name(const struct name *names, size_t count, int number) {
    for (size_t i = 0; i < count; i++) {
        if (names[i].number == number) {
            return names[i].text;
        }
    }
    return "?";
}

const char *error_name(int error) {
    return find_name(errors, sizeof errors / sizeof errors[0], error);
}

const char *signal_name(int signal) {
    return find_name(signals, sizeof signals / sizeof signals[0], signal);
}
