// SPDX-License-Identifier: MIT
// Clocks: the time of day from the CMOS clock at boot, and the time stamp counter measured against the timer chip.

#include "clock.h"
#include "linux_abi.h"
#include "syscall.h"
#include "user.h"

static int64_t sys_clock_gettime(const uint64_t a[6]) {
    const uint64_t now = a[0] == CLOCK_REALTIME ? clock_nanoseconds_since_1970() : clock_nanoseconds_since_boot();
    const struct linux_timespec time = {(int64_t)(now / 1000000000), (int64_t)(now % 1000000000)};
    return user_write(a[1], &time, sizeof time);
}

static int64_t sys_clock_getres(const uint64_t a[6]) {
    const struct linux_timespec resolution = {.nanoseconds = 1};
    if ((uint32_t)a[0] > CLOCK_LAST) {
        return -EINVAL;
    }
    return a[1] != 0 ? user_write(a[1], &resolution, sizeof resolution) : 0;
}

static int64_t sys_gettimeofday(const uint64_t a[6]) {
    const uint64_t now = clock_nanoseconds_since_1970();
    const struct linux_timeval time = {(int64_t)(now / 1000000000), (int64_t)(now % 1000000000 / 1000)};
    return a[0] != 0 ? user_write(a[0], &time, sizeof time) : 0;
}

static int64_t sys_time(const uint64_t a[6]) {
    const int64_t now = (int64_t)(clock_nanoseconds_since_1970() / 1000000000);
    if (a[0] != 0 && user_write(a[0], &now, sizeof now) != 0) {
        return -EFAULT;
    }
    return now;
}

const struct syscall syscalls_of_time[] = {
    {96, sys_gettimeofday}, {201, sys_time}, {228, sys_clock_gettime}, {229, sys_clock_getres}, {0, 0},
};
