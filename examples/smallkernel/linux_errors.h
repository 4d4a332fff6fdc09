// SPDX-License-Identifier: MIT
// Linux's errno values, as far as they are needed.
#ifndef LINUX_ERRORS_H
#define LINUX_ERRORS_H

enum {
    ENOENT = 2,
    EBADF = 9,
    ENOMEM = 12,
    EACCES = 13,
    EFAULT = 14,
    EINVAL = 22,
    EMFILE = 24,
    ENOTTY = 25,
    ENAMETOOLONG = 36,
    ENOSYS = 38,
};

#endif
