// SPDX-License-Identifier: MIT
// The clock: the CMOS clock says when the machine was started, the time stamp counter how long ago that was. How fast
// the counter runs is measured against channel 2 of the timer chip.

#include "clock.h"

#include <stdbool.h>

#include "cpu.h"

#define TIMER_CHANNEL_2      0x42
#define TIMER_COMMAND        0x43
#define TIMER_GATE           0x61
#define TIMER_OUTPUT_IS_HIGH 0x20
#define TIMER_HERTZ          1193182u
#define MEASURED_TICKS       11932u // 10 ms

#define CMOS_ADDRESS 0x70
#define CMOS_DATA    0x71

#define FALLBACK_PER_SECOND UINT64_C(1000000000)

static uint64_t counter_at_boot;
static uint64_t counter_per_second;
static uint64_t seconds_at_boot;

static uint64_t measure_counter(void) {
    port_write(TIMER_GATE, (uint8_t)((port_read(TIMER_GATE) & ~2u) | 1u)); // gate on, loudspeaker off
    port_write(TIMER_COMMAND, 0xb0);                                       // channel 2, both bytes, one shot
    port_write(TIMER_CHANNEL_2, MEASURED_TICKS & 0xff);
    port_write(TIMER_CHANNEL_2, MEASURED_TICKS >> 8);
    const uint64_t start = time_stamp();
    for (unsigned i = 0; i < 10000000; i++) {
        if ((port_read(TIMER_GATE) & TIMER_OUTPUT_IS_HIGH) != 0) {
            return (time_stamp() - start) * TIMER_HERTZ / MEASURED_TICKS;
        }
    }
    return FALLBACK_PER_SECOND; // a machine without the chip
}

static unsigned cmos_read(uint8_t index) {
    port_write(CMOS_ADDRESS, index);
    const unsigned value = port_read(CMOS_DATA);
    return (value >> 4) * 10 + (value & 15); // binary-coded decimal, as QEMU and most machines have it
}

// Days from 1970 to the first of a month (1 to 12), by counting years from March on, so that leap days come last.
static uint64_t days_to_month(uint64_t year, uint64_t month) {
    const uint64_t y = month > 2 ? year : year - 1;
    const uint64_t m = month > 2 ? month - 3 : month + 9;
    const uint64_t days_since_year_0 = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5;
    return days_since_year_0 - 719468;
}

static uint64_t cmos_seconds(void) {
    const uint64_t days = days_to_month(2000 + cmos_read(9), cmos_read(8)) + cmos_read(7) - 1;
    return ((days * 24 + cmos_read(4)) * 60 + cmos_read(2)) * 60 + cmos_read(0);
}

void clock_setup(void) {
    counter_per_second = measure_counter();
    if (counter_per_second == 0) {
        counter_per_second = FALLBACK_PER_SECOND;
    }
    counter_at_boot = time_stamp();
    seconds_at_boot = cmos_seconds();
}

uint64_t clock_nanoseconds_since_boot(void) {
    const uint64_t ticks = time_stamp() - counter_at_boot;
    const uint64_t seconds = ticks / counter_per_second;
    return seconds * 1000000000 + ticks % counter_per_second * 1000000000 / counter_per_second;
}

uint64_t clock_nanoseconds_since_1970(void) {
    return seconds_at_boot * 1000000000 + clock_nanoseconds_since_boot();
}
