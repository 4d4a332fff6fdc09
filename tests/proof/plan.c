// SPDX-License-Identifier: MIT
// A plan from any file: whatever its bytes, its stated size and flags, and whatever `read_at` answers, each time anew;
// any policy. With PROOF_LENT the source lends its bytes instead; assumed is what source.h asks: as many as it was
// asked for. Assumed further: a buffer of the default size, pages of 4 KiB, an x86-64 program. Shown is that nothing is
// looked at outside the buffer, or outside the largest range lent; not that nothing is behind what was read or lent.
#include "hostile.h"

static uint8_t buffer[LIBEXEC_CONFIG_HEADER_BYTES];
static uint8_t lent[LIBEXEC_CONFIG_HEADER_BYTES];
static struct libexec_plan plan;

static int read_at(void *context, uint64_t offset, void *to, size_t length, size_t *done) {
    (void)context;
    (void)offset;
    any_bytes(to, length);
    *done = any_number();
    return any_code();
}

static int view(void *context, uint64_t offset, size_t length, const uint8_t **bytes) {
    (void)context;
    (void)offset;
    //@ assert length <= sizeof(lent);
    any_bytes(lent, sizeof lent);
    *bytes = lent;
    return 0;
}

static void view_release(void *context, uint64_t offset, size_t length) {
    (void)context;
    (void)offset;
    (void)length;
}

#ifdef PROOF_LENT
#define FLAGS LIBEXEC_SOURCE_STABLE
static const struct libexec_source_operations operations = {
    .read_at = read_at, .view = view, .view_release = view_release};
#else
#define FLAGS any_word()
static const struct libexec_source_operations operations = {.read_at = read_at};
#endif

int main(void) {
    const struct libexec_source source = {.operations = &operations, .size = any_number(), .flags = FLAGS};
    const struct libexec_arch arch = {.machine = 62, .data = 1, .page_size = 4096, .user_high = any_number()};
    struct libexec_policy policy;
    struct libexec_report report;
    any_bytes(&policy, sizeof policy);
    if (libexec_plan_read(&plan, &source, &arch, &policy, buffer, sizeof buffer, &report) != LIBEXEC_OK)
        return 0;
    //@ assert plan.segment_count <= LIBEXEC_CONFIG_SEGMENTS;
    return 0;
}
