// SPDX-License-Identifier: MIT
// The numbers of the Linux x86-64 system call interface that this kernel speaks. Functions that can fail return 0 or a
// negative errno value.

#ifndef MINIKERNEL_LINUX_ABI_H
#define MINIKERNEL_LINUX_ABI_H

#include <stdint.h>

enum {
    EPERM = 1,
    ENOENT = 2,
    ESRCH = 3,
    EINTR = 4,
    EIO = 5,
    E2BIG = 7,
    ENOEXEC = 8,
    EBADF = 9,
    ECHILD = 10,
    EAGAIN = 11,
    ENOMEM = 12,
    EACCES = 13,
    EFAULT = 14,
    EEXIST = 17,
    ENODEV = 19,
    ENOTDIR = 20,
    EISDIR = 21,
    EINVAL = 22,
    EMFILE = 24,
    ENOTTY = 25,
    ETXTBSY = 26,
    ESPIPE = 29,
    EROFS = 30,
    ERANGE = 34,
    EDEADLK = 35,
    ENAMETOOLONG = 36,
    ENOSYS = 38,
    ELOOP = 40,
    EOVERFLOW = 75,
    ELIBBAD = 80,
    EOPNOTSUPP = 95,
    ETIMEDOUT = 110,
};

// "ENOENT" and "SIGSEGV"; "?" for numbers that this kernel does not produce.
const char *error_name(int error);
const char *signal_name(int signal);

#define PATH_MAX 4096
#define NAME_MAX 255

// File modes.
#define S_IFMT  0170000u
#define S_IFCHR 0020000u
#define S_IFDIR 0040000u
#define S_IFREG 0100000u
#define S_IFLNK 0120000u

// open, openat, fcntl.
#define O_ACCMODE           3
#define O_CREAT             0100
#define O_DIRECTORY         0200000
#define O_NOFOLLOW          0400000
#define O_CLOEXEC           02000000
#define O_PATH              010000000
#define AT_FDCWD            (-100)
#define AT_SYMLINK_NOFOLLOW 0x100
#define AT_EACCESS          0x200
#define AT_NO_AUTOMOUNT     0x800
#define AT_EMPTY_PATH       0x1000
#define AT_STATX_SYNC_TYPE  0x6000
#define F_DUPFD             0
#define F_GETFD             1
#define F_SETFD             2
#define F_GETFL             3
#define F_SETFL             4
#define F_DUPFD_CLOEXEC     1030
#define FD_CLOEXEC          1
#define POSIX_FADV_NOREUSE  5 // the last one

// mmap.
#define PROT_READ           1
#define PROT_WRITE          2
#define PROT_EXEC           4
#define PROT_GROWSDOWN      0x01000000
#define PROT_GROWSUP        0x02000000
#define MAP_SHARED          0x01
#define MAP_PRIVATE         0x02
#define MAP_TYPE            0x0f
#define MAP_FIXED           0x10
#define MAP_ANONYMOUS       0x20
#define MAP_FIXED_NOREPLACE 0x100000

// Signals.
#define SIGNAL_COUNT         64
#define SIGILL               4
#define SIGTRAP              5
#define SIGABRT              6
#define SIGBUS               7
#define SIGFPE               8
#define SIGKILL              9
#define SIGSEGV              11
#define SIGPIPE              13
#define SIGTERM              15
#define SIGCHLD              17
#define SIGCONT              18
#define SIGSTOP              19
#define SIGURG               23
#define SIGWINCH             28
#define SIG_DFL              0
#define SIG_IGN              1
#define SIG_BLOCK            0
#define SIG_UNBLOCK          1
#define SIG_SETMASK          2
#define SS_DISABLE           2
#define MINIMUM_SIGNAL_STACK 2048

struct linux_sigaction {
    uint64_t handler, flags, restorer, mask;
};

struct linux_sigaltstack {
    uint64_t address;
    uint32_t flags, padding;
    uint64_t size;
};

struct linux_stat {
    uint64_t device, inode, links;
    uint32_t mode, uid, gid, padding;
    uint64_t special_device;
    int64_t size, block_size, blocks;
    int64_t access_time, access_nanoseconds;
    int64_t modify_time, modify_nanoseconds;
    int64_t change_time, change_nanoseconds;
    int64_t unused[3];
};
_Static_assert(sizeof(struct linux_stat) == 144, "struct stat of x86-64");

struct linux_statx_time {
    int64_t seconds;
    uint32_t nanoseconds, padding;
};

struct linux_statx {
    uint32_t mask, block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode, padding;
    uint64_t inode, size, blocks, attributes_mask;
    struct linux_statx_time access_time, birth_time, change_time, modify_time;
    uint32_t special_major, special_minor, device_major, device_minor;
    uint64_t unused[14];
};
_Static_assert(sizeof(struct linux_statx) == 256, "struct statx");
#define STATX_BASIC_STATS 0x7ffu
#define STATX_RESERVED    0x80000000u

struct linux_statfs {
    int64_t type, block_size, blocks, blocks_free, blocks_available, files, files_free, id;
    int64_t name_length, fragment_size, flags;
    int64_t unused[4];
};
_Static_assert(sizeof(struct linux_statfs) == 120, "struct statfs of x86-64");
#define RAMFS_MAGIC 0x858458f6
#define ST_RDONLY   0x01
#define ST_VALID    0x20

struct linux_iovec {
    uint64_t base, length;
};

struct linux_timespec {
    int64_t seconds, nanoseconds;
};

struct linux_timeval {
    int64_t seconds, microseconds;
};

struct linux_rlimit {
    uint64_t soft, hard;
};
#define RLIMIT_STACK  3
#define RLIMIT_NOFILE 7
#define RLIMIT_COUNT  16
#define RLIM_INFINITY UINT64_MAX

struct linux_pollfd {
    int32_t fd;
    int16_t events, revents;
};
#define POLLIN   0x001
#define POLLOUT  0x004
#define POLLNVAL 0x020

struct linux_sysinfo {
    int64_t uptime;
    uint64_t loads[3];
    uint64_t memory, memory_free, memory_shared, memory_buffers, swap, swap_free;
    uint16_t processes, padding[3];
    uint64_t memory_high, memory_high_free;
    uint32_t memory_unit, padding_at_end;
};
_Static_assert(sizeof(struct linux_sysinfo) == 112, "struct sysinfo of x86-64");

struct linux_utsname {
    char sysname[65], nodename[65], release[65], version[65], machine[65], domainname[65];
};

#define ARCH_SET_GS 0x1001
#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003
#define ARCH_GET_GS 0x1004

#define FUTEX_COMMAND     0x7f
#define FUTEX_WAIT        0
#define FUTEX_WAKE        1
#define FUTEX_WAIT_BITSET 9
#define FUTEX_WAKE_BITSET 10

#define CLOCK_REALTIME 0
#define CLOCK_LAST     11

#endif
