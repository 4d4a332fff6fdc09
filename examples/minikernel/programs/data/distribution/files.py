#!/usr/bin/env -S python3 -I -S -B
"""What programs ask about files, memory and clocks, and how they are refused."""
import errno
import os
import stat
import time


def outcome(call, *arguments):
    try:
        return call(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno]


def shown(status):
    return stat.filemode(status.st_mode), status.st_size, status.st_nlink, int(status.st_mtime)


print("status", shown(os.stat("data/numbers")), shown(os.lstat("data/link")))
print("no status", outcome(os.stat, "data/none"), outcome(os.stat, "data/numbers/x"))
print("link", os.readlink("data/link"), os.path.realpath("data/link").endswith("/data/numbers"))
print("names", sorted(os.listdir("data/two")))
with open("data/numbers", "rb") as file:
    print("advice", [outcome(os.posix_fadvise, file.fileno(), 0, 0, advice) for advice in range(7)])
    print("from", os.pread(file.fileno(), 12, 100), os.lseek(file.fileno(), -5, os.SEEK_END), file.read())
print("advice for none", outcome(os.posix_fadvise, 50, 0, 0, 0))
print("longest name", os.statvfs("data").f_namemax > 100, outcome(os.statvfs, "data/none"))
print("attribute of none", outcome(os.getxattr, "data/none", "user.x"), outcome(os.getxattr, 50, "user.x"))
print("memory", os.sysconf("SC_PHYS_PAGES") >= os.sysconf("SC_AVPHYS_PAGES") > 1000, os.sysconf("SC_PAGE_SIZE"))
print("resolution", 0 < time.clock_getres(time.CLOCK_REALTIME) < 0.1, outcome(time.clock_getres, 12))
