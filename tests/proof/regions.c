// SPDX-License-Identifier: MIT
// The first three regions of any plan from any address on: segments in any order, wherever they are said to lie,
// checked or not; any number for the page size. A region that is answered is whole.
//
// Assumed: the plan has at most LIBEXEC_CONFIG_SEGMENTS segments, which the proof of plan.c shows; rights are 0 to 7,
// which only the last assertion needs.
#include "hostile.h"

static struct libexec_plan plan;

int main(void) {
    struct libexec_region region;
    const uint32_t page_size = any_word();
    uint64_t from = any_number();
    any_bytes(&plan, sizeof plan);
    plan.segment_count = any_between(0, LIBEXEC_CONFIG_SEGMENTS);
    for (uint32_t i = 0; i < LIBEXEC_CONFIG_SEGMENTS; i++)
        plan.segments[i].rights = any_between(0, 7);
    for (int left = 3; left != 0 && libexec_plan_next_region(&plan, page_size, from, &region); left--) {
        //@ assert region.kind == LIBEXEC_REGION_PROGRAM || region.kind == LIBEXEC_REGION_BSS;
        //@ assert region.file == LIBEXEC_FILE_PROGRAM && region.rights <= 7;
        from = region.address + region.length;
    }
    return 0;
}
