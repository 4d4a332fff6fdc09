// SPDX-License-Identifier: MIT
// Who polices the police: each breach of the contract, made by hand on the kit's table, must be told, and a clean
// course must not.

#include "world.h"

#include <stdio.h>

#define BASE 0x400000u
#define FEATURES                                                                                                       \
    (LIBEXEC_KIT_OPEN | LIBEXEC_KIT_VIEW_END | LIBEXEC_KIT_MAP_MANY | LIBEXEC_KIT_SHARE | LIBEXEC_KIT_COPY_ON_WRITE |  \
     LIBEXEC_KIT_CACHED_VIEWS | LIBEXEC_KIT_CONTROL_BLOCK | LIBEXEC_KIT_SEIZE | LIBEXEC_KIT_HOOKS)

struct stage {
    struct libexec_kit *kit;
    const struct libexec_host *host;
    void *space;
    struct libexec_source source;
    uint8_t bytes[0x4000];
};

static void begin_with(struct stage *stage, const struct libexec_kit_options *options) {
    *stage = (struct stage){0};
    stage->kit = libexec_kit_new(options);
    stage->host = libexec_kit_host(stage->kit);
    memset(stage->bytes, 7, sizeof(stage->bytes));
    libexec_kit_add_file(stage->kit, &(struct libexec_kit_file){.path = "/f", .bytes = stage->bytes, .length = 0x2345});
    assert_true(libexec_kit_source(stage->kit, "/f", &stage->source));
    libexec_kit_enter(stage->kit, LIBEXEC_KIT_PREPARING);
    assert_int_equal(stage->host->space_create(stage->kit, &stage->space), 0);
}

static void begin(struct stage *stage, uint32_t features) {
    begin_with(stage, &(struct libexec_kit_options){.features = features, .seed = 1});
}

static struct libexec_map zero_map(uint64_t address, uint64_t length) {
    return (struct libexec_map){.region = {.address = address, .length = length, .kind = LIBEXEC_REGION_BSS,
                                           .file = LIBEXEC_FILE_PROGRAM, .rights = 3},
                                .backing = LIBEXEC_BACKING_ZERO};
}

static int do_map(struct stage *stage, struct libexec_map map) {
    if (map.region.file != LIBEXEC_FILE_NONE)
        map.source = &stage->source;
    return stage->host->map(stage->kit, stage->space, &map);
}

static struct libexec_map file_map(enum libexec_backing backing, uint64_t file_length) {
    return (struct libexec_map){.region = {.address = BASE, .length = 0x3000, .file_length = file_length,
                                           .kind = LIBEXEC_REGION_PROGRAM, .file = LIBEXEC_FILE_PROGRAM, .rights = 1},
                                .backing = backing};
}

static struct libexec_view view_of(struct stage *stage, uint64_t address, uint64_t length) {
    struct libexec_view view = {0};
    (void)stage->host->translate(stage->kit, stage->space, address, length, &view);
    return view;
}

static void mapped(struct stage *stage) {
    assert_int_equal(do_map(stage, zero_map(BASE, 0x3000)), 0);
}

// ---- Breaches -----------------------------------------------------------------------------------------------------

static void map_misaligned(struct stage *s) {
    do_map(s, zero_map(BASE + 1, 0x1000));
}

static void map_odd_length(struct stage *s) {
    do_map(s, zero_map(BASE, 0x1800));
}

static void map_nothing(struct stage *s) {
    do_map(s, zero_map(BASE, 0));
}

static void map_low(struct stage *s) {
    do_map(s, zero_map(0x1000, 0x1000));
}

static void map_high(struct stage *s) {
    do_map(s, zero_map(0x7fffffffe000, 0x2000));
}

static void map_wrapping(struct stage *s) {
    do_map(s, zero_map(0xfffffffffffff000, 0x2000));
}

static void map_overlapping(struct stage *s) {
    mapped(s);
    do_map(s, zero_map(BASE + 0x2000, 0x2000));
}

static void map_reserved(struct stage *s) {
    static const struct libexec_range range = {.address = BASE + 0x1000, .length = 0x1000};
    libexec_kit_answer(s->kit)->reserved_ranges = &range;
    libexec_kit_answer(s->kit)->reserved_range_count = 1;
    mapped(s);
}

static void map_without_source(struct stage *s) {
    struct libexec_map map = zero_map(BASE, 0x1000);
    s->host->map(s->kit, s->space, &map);
}

static void map_closed_source(struct stage *s) {
    s->source.operations->close(s->source.context);
    mapped(s);
}

static void map_unoffered(struct stage *s) {
    do_map(s, file_map(LIBEXEC_BACKING_FAULT, 0x2345));
}

static void map_shared_tail(struct stage *s) {
    do_map(s, file_map(LIBEXEC_BACKING_SHARE, 0x2100));
}

static void map_shared_end(struct stage *s) {
    do_map(s, file_map(LIBEXEC_BACKING_SHARE, 0x2345)); // ZERO_TAIL is not offered
}

static void map_shared_writable(struct stage *s) {
    struct libexec_map map = file_map(LIBEXEC_BACKING_SHARE, 0x2345);
    map.region.rights = 3;
    do_map(s, map);
}

static void map_foreign_share(struct stage *s) {
    libexec_memory_source(&s->source, s->bytes, 0x2345);
    s->source.flags |= LIBEXEC_SOURCE_SHARE;
    do_map(s, file_map(LIBEXEC_BACKING_SHARE, 0x2345));
}

static void map_outside_file(struct stage *s) {
    do_map(s, file_map(LIBEXEC_BACKING_WRITTEN, 0x2346));
}

static void map_incongruent(struct stage *s) {
    struct libexec_map map = file_map(LIBEXEC_BACKING_WRITTEN, 0x1000);
    map.region.file_offset = 0x10;
    do_map(s, map);
}

static void map_zero_with_bytes(struct stage *s) {
    do_map(s, file_map(LIBEXEC_BACKING_ZERO, 0x1000));
}

static void map_bss_with_bytes(struct stage *s) {
    struct libexec_map map = file_map(LIBEXEC_BACKING_WRITTEN, 0x1000);
    map.region.kind = LIBEXEC_REGION_BSS;
    do_map(s, map);
}

static void map_stack_not_reserved(struct stage *s) {
    struct libexec_map map = zero_map(BASE, 0x1000);
    map.region.kind = LIBEXEC_REGION_STACK;
    map.region.file = LIBEXEC_FILE_NONE;
    do_map(s, map);
}

static void map_guard_with_pages(struct stage *s) {
    struct libexec_map map = zero_map(BASE, 0x1000);
    map.region.kind = LIBEXEC_REGION_GUARD;
    map.region.file = LIBEXEC_FILE_NONE;
    do_map(s, map);
}

static void map_present_outside(struct stage *s) {
    struct libexec_map map = zero_map(BASE, 0x2000);
    map.region.kind = LIBEXEC_REGION_STACK;
    map.region.file = LIBEXEC_FILE_NONE;
    map.backing = LIBEXEC_BACKING_RESERVE;
    map.present = (struct libexec_range){.address = BASE + 0x1000, .length = 0x2000};
    do_map(s, map);
}

static void map_present_unasked(struct stage *s) {
    struct libexec_map map = zero_map(BASE, 0x1000);
    map.present.address = BASE;
    do_map(s, map);
}

static void map_many_nothing(struct stage *s) {
    const struct libexec_map map = zero_map(BASE, 0x1000);
    s->host->map_many(s->kit, s->space, &map, 0);
}

static void two_spaces(struct stage *s) {
    void *other = NULL;
    s->host->space_create(s->kit, &other);
}

static void space_twice_destroyed(struct stage *s) {
    s->host->space_destroy(s->kit, s->space);
    s->host->space_destroy(s->kit, s->space);
}

static void space_never_made(struct stage *s) {
    s->host->space_destroy(s->kit, s);
}

static void destroy_with_view(struct stage *s) {
    mapped(s);
    view_of(s, BASE, 0x10);
    s->host->space_destroy(s->kit, s->space);
}

static void translate_unmapped(struct stage *s) {
    view_of(s, BASE, 0x10);
}

static void translate_nothing(struct stage *s) {
    mapped(s);
    view_of(s, BASE, 0);
}

static void translate_beyond(struct stage *s) {
    mapped(s);
    view_of(s, BASE + 0x2ff0, 0x11);
}

static void translate_shared(struct stage *s) {
    do_map(s, file_map(LIBEXEC_BACKING_SHARE, 0x2345));
    view_of(s, BASE, 0x10);
}

static void three_views(struct stage *s) {
    mapped(s);
    view_of(s, BASE, 0x10);
    view_of(s, BASE + 0x1000, 0x10);
    view_of(s, BASE + 0x2000, 0x10);
}

static void views_share_page(struct stage *s) {
    mapped(s);
    view_of(s, BASE, 0x10);
    view_of(s, BASE + 0x20, 0x10);
}

static void view_never_opened(struct stage *s) {
    mapped(s);
    s->host->view_end(s->kit, s->space, BASE, 0x10);
}

static void view_ended_twice(struct stage *s) {
    mapped(s);
    view_of(s, BASE, 0x10);
    s->host->view_end(s->kit, s->space, BASE, 0x10);
    s->host->view_end(s->kit, s->space, BASE, 0x10);
}

static void view_ended_short(struct stage *s) {
    mapped(s);
    view_of(s, BASE, 0x10);
    s->host->view_end(s->kit, s->space, BASE, 0x8);
}

// Writes beside a view on purpose: the address sanitizer, which knows of it, too, is to leave it to the kit.
__attribute__((no_sanitize("address"))) static void write_beside(volatile uint8_t *byte) {
    *byte = 1;
}

static void view_overrun(struct stage *s) {
    mapped(s);
    const struct libexec_view view = view_of(s, BASE, 0x10);
    write_beside((uint8_t *)view.bytes + 0x10);
    s->host->view_end(s->kit, s->space, BASE, 0x10);
}

static void view_underrun(struct stage *s) {
    mapped(s);
    const struct libexec_view view = view_of(s, BASE + 8, 0x10);
    write_beside((uint8_t *)view.bytes - 1);
    s->host->view_end(s->kit, s->space, BASE + 8, 0x10);
}

static void read_nothing(struct stage *s) {
    size_t done = 0;
    s->source.operations->read_at(s->source.context, 0, s->bytes, 0, &done);
}

static void read_outside(struct stage *s) {
    uint8_t byte[2];
    size_t done = 0;
    s->source.operations->read_at(s->source.context, 0x2344, byte, 2, &done);
}

static void read_far_outside(struct stage *s) {
    uint8_t byte[2];
    size_t done = 0;
    s->source.operations->read_at(s->source.context, UINT64_MAX, byte, 2, &done);
}

static void read_closed(struct stage *s) {
    uint8_t byte = 0;
    size_t done = 0;
    s->source.operations->close(s->source.context);
    s->source.operations->read_at(s->source.context, 0, &byte, 1, &done);
}

static void read_while_lent(struct stage *s) {
    const uint8_t *bytes = NULL;
    uint8_t byte = 0;
    size_t done = 0;
    s->source.operations->view(s->source.context, 0, 16, &bytes);
    s->source.operations->read_at(s->source.context, 0, &byte, 1, &done);
}

static void released_twice(struct stage *s) {
    const uint8_t *bytes = NULL;
    s->source.operations->view(s->source.context, 0, 16, &bytes);
    s->source.operations->view_release(s->source.context, 0, 16);
    s->source.operations->view_release(s->source.context, 0, 16);
}

static void released_other(struct stage *s) {
    const uint8_t *bytes = NULL;
    s->source.operations->view(s->source.context, 0, 16, &bytes);
    s->source.operations->view_release(s->source.context, 0, 15);
}

static void closed_while_lent(struct stage *s) {
    const uint8_t *bytes = NULL;
    s->source.operations->view(s->source.context, 0, 16, &bytes);
    s->source.operations->close(s->source.context);
}

static void closed_twice(struct stage *s) {
    s->source.operations->close(s->source.context);
    s->source.operations->close(s->source.context);
}

static void user_crosses(struct stage *s) {
    libexec_kit_user_map(s->kit, 0x10000, 0x2000);
    s->host->user_read(s->kit, s->bytes, 0x10fff, 2);
}

static void user_nothing(struct stage *s) {
    s->host->user_read(s->kit, s->bytes, 0x10000, 0);
}

static void random_nothing(struct stage *s) {
    s->host->random(s->kit, s->bytes, 0);
}

static void after_failure(struct stage *s) {
    uint8_t byte = 0;
    libexec_kit_fail(s->kit, libexec_kit_failable_calls(s->kit) + 1, false, 5);
    assert_int_equal(s->host->random(s->kit, &byte, 1), 5);
    s->host->random(s->kit, &byte, 1);
}

static void outside_prepare(struct stage *s) {
    uint8_t byte = 0;
    libexec_kit_enter(s->kit, LIBEXEC_KIT_PREPARED);
    s->host->random(s->kit, &byte, 1);
}

static void open_without_name(struct stage *s) {
    struct libexec_source source;
    s->host->open(s->kit, LIBEXEC_FILE_PROGRAM, NULL, &source);
}

static void open_unknown_kind(struct stage *s) {
    struct libexec_source source;
    s->host->open(s->kit, LIBEXEC_FILE_NONE, "/f", &source);
}

static void large_control_block(struct stage *s) {
    s->host->thread_control_block(s->kit, s->bytes, libexec_kit_arch.thread_control_block_size + 1, BASE);
}

static void torn_control_block(struct stage *s) {
    s->host->thread_control_block(s->kit, s->bytes, 8, BASE);
    s->host->thread_control_block(s->kit, s->bytes, 8, BASE + 16);
}

static struct libexec_layout some_layout;

static struct libexec_start a_start(struct stage *s) {
    return (struct libexec_start){.space = s->space, .layout = &some_layout, .path = "/bin/f", .name = "f"};
}

static void committing(struct stage *s) {
    const struct libexec_start start = a_start(s);
    s->source.operations->close(s->source.context);
    libexec_kit_enter(s->kit, LIBEXEC_KIT_COMMITTING);
    assert_int_equal(s->host->seize(s->kit, &start), 0);
}

static void hook_without_seize(struct stage *s) {
    const struct libexec_start start = a_start(s);
    s->source.operations->close(s->source.context);
    libexec_kit_enter(s->kit, LIBEXEC_KIT_COMMITTING);
    s->host->close_on_exec(s->kit, &start);
}

static void hook_order(struct stage *s) {
    const struct libexec_start start = a_start(s);
    committing(s);
    s->host->reset_signals(s->kit, &start);
    s->host->close_on_exec(s->kit, &start);
}

static void hook_outside(struct stage *s) {
    const struct libexec_start start = a_start(s);
    s->host->set_name(s->kit, &start);
}

static void hook_with_source(struct stage *s) {
    const struct libexec_start start = a_start(s);
    libexec_kit_enter(s->kit, LIBEXEC_KIT_COMMITTING);
    s->host->seize(s->kit, &start);
    s->host->close_on_exec(s->kit, &start);
}

static void hook_wrong_name(struct stage *s) {
    struct libexec_start start = a_start(s);
    start.name = "bin/f";
    committing(s);
    s->host->close_on_exec(s->kit, &start);
}

static void hook_other_start(struct stage *s) {
    struct libexec_start start = a_start(s);
    committing(s);
    s->host->close_on_exec(s->kit, &start);
    start.flags = 1;
    s->host->set_name(s->kit, &start);
}

static void hook_allocates(struct stage *s) {
    const struct libexec_start start = a_start(s);
    committing(s);
    s->host->close_on_exec(s->kit, &start);
    libexec_kit_release(s->kit, libexec_kit_allocate(s->kit, 8));
}

static void destroy_installed(struct stage *s) {
    const struct libexec_start start = a_start(s);
    committing(s);
    s->host->install_space(s->kit, &start);
    s->host->space_destroy(s->kit, s->space);
}

static const struct breach {
    const char *name;
    void (*act)(struct stage *stage);
    const char *message;
} breaches[] = {
    {"map_misaligned", map_misaligned, "not whole pages"},
    {"map_odd_length", map_odd_length, "not whole pages"},
    {"map_nothing", map_nothing, "not whole pages"},
    {"map_low", map_low, "outside the user range"},
    {"map_high", map_high, "outside the user range"},
    {"map_wrapping", map_wrapping, "outside the user range"},
    {"map_overlapping", map_overlapping, "overlaps"},
    {"map_reserved", map_reserved, "reserved range"},
    {"map_without_source", map_without_source, "a source where there is no file"},
    {"map_closed_source", map_closed_source, "which is closed"},
    {"map_unoffered", map_unoffered, "does not offer"},
    {"map_shared_tail", map_shared_tail, "zeros of their own"},
    {"map_shared_end", map_shared_end, "zeros of their own"},
    {"map_shared_writable", map_shared_writable, "may write to shared"},
    {"map_foreign_share", map_foreign_share, "not the kit's"},
    {"map_outside_file", map_outside_file, "outside the file"},
    {"map_incongruent", map_incongruent, "not congruent"},
    {"map_zero_with_bytes", map_zero_with_bytes, "ZERO with bytes"},
    {"map_bss_with_bytes", map_bss_with_bytes, "bss with bytes"},
    {"map_stack_not_reserved", map_stack_not_reserved, "RESERVE"},
    {"map_guard_with_pages", map_guard_with_pages, "NONE"},
    {"map_present_outside", map_present_outside, "`present`"},
    {"map_present_unasked", map_present_unasked, "`present` without RESERVE"},
    {"map_many_nothing", map_many_nothing, "map_many of nothing"},
    {"two_spaces", two_spaces, "while a space exists"},
    {"space_twice_destroyed", space_twice_destroyed, "which is destroyed"},
    {"space_never_made", space_never_made, "never made"},
    {"destroy_with_view", destroy_with_view, "still open"},
    {"translate_unmapped", translate_unmapped, "not inside one operation"},
    {"translate_nothing", translate_nothing, "not inside one operation"},
    {"translate_beyond", translate_beyond, "not inside one operation"},
    {"translate_shared", translate_shared, "not inside one operation"},
    {"three_views", three_views, "a third view"},
    {"views_share_page", views_share_page, "share a page"},
    {"view_never_opened", view_never_opened, "no view is open"},
    {"view_ended_twice", view_ended_twice, "no view is open"},
    {"view_ended_short", view_ended_short, "view_end at"},
    {"view_overrun", view_overrun, "beyond the view"},
    {"view_underrun", view_underrun, "beyond the view"},
    {"read_nothing", read_nothing, "length 0"},
    {"read_outside", read_outside, "outside source"},
    {"read_far_outside", read_far_outside, "outside source"},
    {"read_closed", read_closed, "which is closed"},
    {"read_while_lent", read_while_lent, "is lent"},
    {"released_twice", released_twice, "nothing is lent"},
    {"released_other", released_other, "view_release of"},
    {"closed_while_lent", closed_while_lent, "is lent"},
    {"closed_twice", closed_twice, "closed twice"},
    {"user_crosses", user_crosses, "crosses a page"},
    {"user_nothing", user_nothing, "user_read of nothing"},
    {"random_nothing", random_nothing, "random of nothing"},
    {"after_failure", after_failure, "after a callback has failed"},
    {"outside_prepare", outside_prepare, "outside prepare"},
    {"open_without_name", open_without_name, "no name"},
    {"open_unknown_kind", open_unknown_kind, "unknown kind"},
    {"large_control_block", large_control_block, "thread_control_block of"},
    {"torn_control_block", torn_control_block, "is next"},
    {"hook_without_seize", hook_without_seize, "before seize"},
    {"hook_order", hook_order, "out of order"},
    {"hook_outside", hook_outside, "outside commit"},
    {"hook_with_source", hook_with_source, "while a source"},
    {"hook_wrong_name", hook_wrong_name, "last component"},
    {"hook_other_start", hook_other_start, "another start"},
    {"hook_allocates", hook_allocates, "allocates"},
    {"destroy_installed", destroy_installed, "process owns"},
};

static bool told(const struct libexec_kit *kit, const char *message) {
    for (uint32_t i = 0; libexec_kit_violation(kit, i) != NULL; i++)
        if (strstr(libexec_kit_violation(kit, i), message) != NULL)
            return true;
    return false;
}

static void run_breach(const struct breach *breach, uint32_t features) {
    static struct stage stage;
    begin(&stage, features);
    assert_int_equal(libexec_kit_violations(stage.kit), 0);
    breach->act(&stage);
    if (!told(stage.kit, breach->message))
        fail_msg("%s: the police does not say \"%s\" but \"%s\"", breach->name, breach->message,
                 libexec_kit_violations(stage.kit) == 0 ? "" : libexec_kit_violation(stage.kit, 0));
    libexec_kit_free(stage.kit);
}

static void every_breach_is_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(breaches) / sizeof(breaches[0]); i++) {
        run_breach(&breaches[i], FEATURES);
        run_breach(&breaches[i], FEATURES | LIBEXEC_KIT_BOUNCE);
    }
    printf("%zu breaches of the contract, each told\n", sizeof(breaches) / sizeof(breaches[0]));
}

static void without_view_end_an_overrun_is_told_later(void **state) {
    (void)state;
    static struct stage stage;
    begin(&stage, 0);
    mapped(&stage);
    const struct libexec_view view = view_of(&stage, BASE, 0x10);
    memset(view.bytes, 1, 0x11);
    stage.host->space_destroy(stage.kit, stage.space);
    assert_true(told(stage.kit, "beyond the view"));
    libexec_kit_free(stage.kit);
}

// Where a view breaks the contract none was opened: nobody is to end it.
static void a_view_that_breaks_the_contract_is_not_to_be_ended(void **state) {
    (void)state;
    static const struct {
        enum libexec_kit_misdeed misdeed;
        uint64_t limit, length;
        bool broken;
    } rows[] = {{LIBEXEC_KIT_EMPTY_VIEW, 0, 0, true},    {LIBEXEC_KIT_OVERLONG_VIEW, 0, 0x3000, true},
                {LIBEXEC_KIT_UNEVEN_VIEW, 0, 0x2001, true}, {LIBEXEC_KIT_NULL_VIEW, 0, 0x2000, true},
                {LIBEXEC_KIT_WELL_BEHAVED, 1, 1, true},  {LIBEXEC_KIT_WELL_BEHAVED, 0xfff, 0xfff, true},
                {LIBEXEC_KIT_WELL_BEHAVED, 0x1000, 0x1000, false}, {LIBEXEC_KIT_WELL_BEHAVED, 0x1001, 0x1001, true},
                {LIBEXEC_KIT_WELL_BEHAVED, 0x2000, 0x2000, false}};
    static struct stage stage;
    for (size_t run = 0; run < 4 * sizeof(rows) / sizeof(rows[0]); run++) {
        const bool ended = run % 2 != 0, bounce = run / 2 % 2 != 0;
        const struct libexec_kit_options options = {
            .features = FEATURES | LIBEXEC_KIT_LONG_VIEWS | (bounce ? LIBEXEC_KIT_BOUNCE : 0), .seed = 1,
            .misdeed = rows[run / 4].misdeed, .view_limit = rows[run / 4].limit};
        begin_with(&stage, &options);
        mapped(&stage);
        assert_int_equal(view_of(&stage, BASE, 0x2000).length, rows[run / 4].length);
        assert_int_equal(libexec_kit_read_ledger(stage.kit).views, rows[run / 4].broken ? 0 : 1);
        if (ended)
            stage.host->view_end(stage.kit, stage.space, BASE, rows[run / 4].length);
        stage.host->space_destroy(stage.kit, stage.space);
        assert_int_equal(told(stage.kit, "that broke the contract"), ended && rows[run / 4].broken);
        assert_int_equal(told(stage.kit, "still open"), !ended && !rows[run / 4].broken);
        assert_int_equal(libexec_kit_violations(stage.kit), ended == rows[run / 4].broken);
        libexec_kit_free(stage.kit);
    }
}

static void a_clean_course_is_silent(void **state) {
    (void)state;
    static struct stage stage;
    begin(&stage, FEATURES);
    mapped(&stage);
    const uint64_t digest = libexec_kit_caller_digest(stage.kit);
    const struct libexec_view one = view_of(&stage, BASE + 0x10, 0x20), two = view_of(&stage, BASE + 0x1000, 0x3000);
    assert_int_equal(one.length, 0x20);
    assert_int_equal(two.length, 0); // beyond the operation: told, and answered with a failure
    assert_int_equal(libexec_kit_violations(stage.kit), 1);
    memset(one.bytes, 0x33, 0x20);
    stage.host->view_end(stage.kit, stage.space, BASE + 0x10, 0x20);
    stage.host->space_destroy(stage.kit, stage.space);
    stage.source.operations->close(stage.source.context);
    assert_int_equal(libexec_kit_violations(stage.kit), 1);
    assert_true(libexec_kit_ledger_empty(stage.kit));
    assert_int_equal(libexec_kit_caller_digest(stage.kit), digest);
    libexec_kit_free(stage.kit);
}

static void the_ledger_counts(void **state) {
    (void)state;
    static struct stage stage;
    begin(&stage, FEATURES);
    mapped(&stage);
    view_of(&stage, BASE, 0x2000);
    const uint8_t *bytes = NULL;
    stage.source.operations->view(stage.source.context, 0, 16, &bytes);
    void *const memory = libexec_kit_allocate(stage.kit, 4);
    const struct libexec_kit_ledger ledger = libexec_kit_read_ledger(stage.kit);
    assert_int_equal(ledger.spaces, 1);
    assert_int_equal(ledger.sources, 1);
    assert_int_equal(ledger.views, 1);
    assert_int_equal(ledger.cached_views, 1);
    assert_int_equal(ledger.allocations, 1);
    assert_int_equal(ledger.pages, 1); // views are a page long here
    assert_int_equal(ledger.bytes_viewed, 16);
    assert_false(libexec_kit_ledger_empty(stage.kit));
    libexec_kit_release(stage.kit, memory);
    libexec_kit_free(stage.kit);
}

static void fresh_pages_are_poisoned_unless_zero_was_promised(void **state) {
    (void)state;
    static struct stage stage;
    begin(&stage, FEATURES);
    assert_int_equal(do_map(&stage, zero_map(0x800000, 0x1000)), 0);
    assert_int_equal(do_map(&stage, file_map(LIBEXEC_BACKING_WRITTEN, 0x2345)), 0);
    assert_int_equal(((uint8_t *)view_of(&stage, 0x800000, 4).bytes)[3], 0);
    assert_int_equal(((uint8_t *)view_of(&stage, BASE, 4).bytes)[3], 0xa5);
    libexec_kit_free(stage.kit);
}

static void bounce_buffers_keep_what_was_written(void **state) {
    (void)state;
    static struct stage stage;
    begin(&stage, FEATURES | LIBEXEC_KIT_BOUNCE);
    mapped(&stage);
    struct libexec_view view = view_of(&stage, BASE, 8);
    assert_int_equal(((uint8_t *)view.bytes)[0], 0xa5);
    memset(view.bytes, 3, 4);
    stage.host->view_end(stage.kit, stage.space, BASE, 8);
    view = view_of(&stage, BASE, 8);
    const uint8_t expected[8] = {3, 3, 3, 3, 0xa5, 0xa5, 0xa5, 0xa5};
    assert_memory_equal(view.bytes, expected, 8);
    stage.host->view_end(stage.kit, stage.space, BASE, 8);
    libexec_kit_free(stage.kit);
}

static void failing_calls_are_transient_or_persistent(void **state) {
    (void)state;
    uint8_t byte = 0;
    for (int persistent = 0; persistent < 2; persistent++) {
        struct libexec_kit *const kit = libexec_kit_new(&(struct libexec_kit_options){0});
        libexec_kit_enter(kit, LIBEXEC_KIT_PREPARING);
        libexec_kit_fail(kit, 2, persistent != 0, 77);
        const struct libexec_host *const host = libexec_kit_host(kit);
        assert_int_equal(host->random(kit, &byte, 1), 0);
        assert_int_equal(libexec_kit_failed_call(kit), LIBEXEC_KIT_CALLS);
        assert_int_equal(host->random(kit, &byte, 1), 77);
        assert_int_equal(libexec_kit_failed_call(kit), LIBEXEC_KIT_CALL_RANDOM);
        assert_int_equal(host->random(kit, &byte, 1), persistent ? 77 : 0);
        assert_int_equal(libexec_kit_failable_calls(kit), 3);
        libexec_kit_free(kit);
    }
}

static void the_same_seed_gives_the_same_journal(void **state) {
    (void)state;
    struct libexec_kit *kits[3];
    uint8_t bytes[3][16];
    for (int i = 0; i < 3; i++) {
        kits[i] = libexec_kit_new(&(struct libexec_kit_options){.seed = i == 2 ? 8 : 7});
        libexec_kit_enter(kits[i], LIBEXEC_KIT_PREPARING);
        libexec_kit_host(kits[i])->random(kits[i], bytes[i], 16);
    }
    assert_memory_equal(bytes[0], bytes[1], 16);
    assert_memory_not_equal(bytes[0], bytes[2], 16);
    assert_int_equal(libexec_kit_journal_difference(kits[0], kits[1]), UINT32_MAX);
    libexec_kit_host(kits[1])->random(kits[1], bytes[1], 8);
    assert_int_equal(libexec_kit_journal_difference(kits[0], kits[1]), 1);
    const struct libexec_kit_entry *entries = NULL;
    char text[256];
    assert_int_equal(libexec_kit_journal(kits[1], &entries), 2);
    libexec_kit_entry_text(&entries[1], text, sizeof(text));
    assert_non_null(strstr(text, "random"));
    assert_non_null(strstr(text, "length=0x8"));
    for (int i = 0; i < 3; i++)
        libexec_kit_free(kits[i]);
}

static void the_callers_memory_has_holes(void **state) {
    (void)state;
    uint8_t bytes[4] = {0};
    struct libexec_kit *const kit = libexec_kit_new(&(struct libexec_kit_options){0});
    const struct libexec_host *const host = libexec_kit_host(kit);
    libexec_kit_enter(kit, LIBEXEC_KIT_PREPARING);
    libexec_kit_user_write(kit, 0x20ffe, "abcd", 4);
    assert_int_equal(host->user_read(kit, bytes, 0x21000, 2), 0);
    assert_memory_equal(bytes, "cd", 2);
    libexec_kit_user_unmap(kit, 0x21000, 1);
    assert_int_equal(host->user_read(kit, bytes, 0x20ffe, 2), 0);
    assert_int_equal(host->user_read(kit, bytes, 0x21000, 2), LIBEXEC_ERRNO_EFAULT);
    assert_false(libexec_kit_user_read(kit, 0x20ffe, bytes, 3));
    libexec_kit_free(kit);
}

static void files_shrink_fail_and_read_short(void **state) {
    (void)state;
    static const char text[] = "0123456789";
    uint8_t bytes[10];
    size_t done = 0;
    struct libexec_source source;
    struct libexec_kit *const kit = libexec_kit_new(&(struct libexec_kit_options){0});
    libexec_kit_enter(kit, LIBEXEC_KIT_PREPARING);
    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = "a", .bytes = text, .length = 10, .shrinks = true,
                                                         .shrinks_before = 1, .shrunk_size = 4});
    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = "b", .bytes = text, .length = 10, .read_code = 5,
                                                         .read_code_at = 6});
    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = "c", .bytes = text, .length = 10, .short_reads = 3});
    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = "d", .open_code = 13});
    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = "e", .bytes = text, .length = 2, .size = 1ull << 40});
    assert_true(libexec_kit_source(kit, "a", &source));
    source.operations->read_at(source.context, 0, bytes, 10, &done);
    assert_int_equal(done, 10);
    source.operations->read_at(source.context, 0, bytes, 10, &done);
    assert_int_equal(done, 4);
    assert_true(libexec_kit_source(kit, "c", &source));
    source.operations->read_at(source.context, 0, bytes, 10, &done);
    assert_int_equal(done, 3);
    assert_true(libexec_kit_source(kit, "e", &source));
    assert_int_equal(source.operations->read_at(source.context, 1, bytes, 2, &done), 0);
    assert_int_equal(bytes[0], '1');
    assert_int_equal(bytes[1], 0);
    assert_true(libexec_kit_source(kit, "b", &source));
    assert_int_equal(source.operations->read_at(source.context, 0, bytes, 6, &done), 0);
    assert_int_equal(source.operations->read_at(source.context, 0, bytes, 7, &done), 5);
    assert_false(libexec_kit_source(kit, "d", &source));
    libexec_kit_free(kit);
}

// Hooks of a test's own: the kit has none to miss on a host without them, and tells which of its own was not called.
static uint32_t own_hooks;
static void own_hook(void *context, const struct libexec_start *start) {
    (void)context;
    (void)start;
    own_hooks++;
}

static void a_test_may_have_hooks_of_its_own(void **state) {
    (void)state;
    static struct libexec_exec exec;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    for (int form = 0; form < 3; form++) {
        struct libexec_kit *const kit = libexec_kit_new(&(struct libexec_kit_options){
            .features = LIBEXEC_KIT_OPEN | (form == 0 ? 0 : LIBEXEC_KIT_HOOKS)});
        libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = PROGRAM, .bytes = elf.bytes, .length = elf.size});
        own_hooks = 0;
        if (form < 2)
            libexec_kit_host(kit)->reset_timers = own_hook;
        if (form == 0)
            libexec_kit_host(kit)->install_space = own_hook;
        assert_int_equal(libexec_kit_prepare(kit, &exec, &(struct libexec_request){.path = PROGRAM}), LIBEXEC_OK);
        assert_int_equal(libexec_kit_commit(kit, &exec), LIBEXEC_OK);
        assert_int_equal(own_hooks, 2 - form);
        assert_int_equal(libexec_kit_violations(kit), form == 1);
        if (form == 1)
            assert_non_null(strstr(libexec_kit_violation(kit, 0), "did not run the kit's reset_timers"));
        libexec_kit_free(kit);
    }
    libexec_kit_elf_end(&elf);
}

static void a_line_of_the_journal_says_what_is_meant(void **state) {
    (void)state;
    char text[256];
    libexec_kit_entry_text(&(struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_MAP, .detail = LIBEXEC_BACKING_NONE},
                           text, sizeof(text));
    assert_non_null(strstr(text, "map none "));
    libexec_kit_entry_text(&(struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_OPEN,
                                                       .detail = LIBEXEC_FILE_INTERPRETER}, text, sizeof(text));
    assert_non_null(strstr(text, "open interpreter "));
    libexec_kit_entry_text(&(struct libexec_kit_entry){.call = LIBEXEC_KIT_CALL_MAP, .detail = 99}, text, sizeof(text));
    assert_non_null(strstr(text, "map object=0"));
}

int main(void) {
    const struct CMUnitTest kit[] = {
        cmocka_unit_test(every_breach_is_told),
        cmocka_unit_test(without_view_end_an_overrun_is_told_later),
        cmocka_unit_test(a_view_that_breaks_the_contract_is_not_to_be_ended),
        cmocka_unit_test(a_clean_course_is_silent),
        cmocka_unit_test(the_ledger_counts),
        cmocka_unit_test(fresh_pages_are_poisoned_unless_zero_was_promised),
        cmocka_unit_test(bounce_buffers_keep_what_was_written),
        cmocka_unit_test(failing_calls_are_transient_or_persistent),
        cmocka_unit_test(the_same_seed_gives_the_same_journal),
        cmocka_unit_test(the_callers_memory_has_holes),
        cmocka_unit_test(files_shrink_fail_and_read_short),
        cmocka_unit_test(a_test_may_have_hooks_of_its_own),
        cmocka_unit_test(a_line_of_the_journal_says_what_is_meant),
    };
    return RUN(kit);
}
