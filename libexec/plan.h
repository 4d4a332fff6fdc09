// SPDX-License-Identifier: MIT
// Making a plan, and checking its segments against the place they are to have.
#ifndef LIBEXEC_INTERNAL_PLAN_H
#define LIBEXEC_INTERNAL_PLAN_H

#include "source.h"

#include <libexec/plan.h>

// What bounds an image: the policy's values, or the architecture's where it has none.
struct libexec_bounds {
    uint64_t page_size;
    uint64_t user_high;
    uint64_t user_low;
    uint64_t page_budget;
};

void libexec_bounds_of(struct libexec_bounds *bounds, const struct libexec_arch *arch,
                       const struct libexec_policy *policy);

// Reads the headers through `window`, which must hold the file's first bytes, and collects the plan. Faults that Linux
// finds before it gives up the old image are the return value, in `report`. What only this library refuses is put into
// `own`, to be looked at when everything that Linux checks has passed: so the errno is Linux's wherever Linux refuses
// too. `report->file` says whether the file is a program or an interpreter. The segments' ranges are not yet checked.
enum libexec_status libexec_plan_collect(struct libexec_plan *plan, struct libexec_window *window,
                                         const struct libexec_arch *arch, const struct libexec_policy *policy,
                                         struct libexec_report *report, struct libexec_report *own);

// Adds to a report that names a program header where that stands in the file.
void libexec_plan_locate(const struct libexec_plan *plan, struct libexec_report *report);

// Where an image is to go, for the check of its segments.
struct libexec_placing {
    const struct libexec_bounds *bounds;
    uint64_t bias;
    uint64_t span;  // pages of the whole image where the first segment reserves it (ET_DYN), in bytes; else 0
    uint64_t pages; // charged so far
    uint64_t low;   // of the pages checked so far, biased; at first above `high`
    uint64_t high;
    bool placed; // the bias is known: biased addresses count
    bool interpreter;
};

// Checks segments [from, to) as Linux does, in Linux's order, and charges their pages. LIBEXEC_OK means that each of
// their pages, biased, lies inside the user range (where placed), and their file ranges do not wrap.
enum libexec_status libexec_plan_check(const struct libexec_plan *plan, struct libexec_placing *placing, uint32_t from,
                                       uint32_t to, struct libexec_report *report);

// Walks the regions of a plan at a place where its segments were checked; see libexec_plan_next_region.
struct libexec_plan_cursor {
    const struct libexec_plan *plan;
    uint64_t page_size;
    uint64_t bias;
    uint64_t from;
    uint32_t index; // of the first segment that may still hold a region, where segments are ordered
    enum libexec_file file;
};

bool libexec_plan_region(struct libexec_plan_cursor *cursor, struct libexec_region *region);

// The name in PT_INTERP, from the window if it still holds it; closes the window. `size` is that of `name`; the name
// ends with a NUL.
enum libexec_status libexec_plan_interpreter_name(const struct libexec_plan *plan, struct libexec_window *window,
                                                  char *name, uint64_t size, struct libexec_report *report);

#endif
