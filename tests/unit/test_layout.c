// SPDX-License-Identifier: MIT
// Where everything goes: a model of Linux's placement (fs/binfmt_elf.c, mm/mmap.c, mm/huge_memory.c), computed from
// program, policy and random words, against many thousands of layouts; the addresses of usual programs; limits; and
// what is said of parts that cannot be placed.

#include "world.h"

#include <stdio.h>

#define LOADER "/lib/loader"
#define MIB ((uint64_t)1 << 20)
#define TOP 0x7ffffffff000u
#define NOWHERE UINT64_MAX
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

// ---- What decides a layout ----------------------------------------------------------------------------------------

struct setting {
    struct libexec_arch arch;
    struct libexec_policy policy;
    uint64_t words[4];                                  // what the host's `random` gives for the layout
    const struct libexec_kit_elf *program, *loader;     // NULL: no interpreter
    struct libexec_range reserved[4];                   // what image_known answers
    uint32_t reserved_count;
};

static const struct setting *current;
static int (*kit_random)(void *context, void *bytes, size_t length);

// The kit's, but for the words behind AT_RANDOM's 16 bytes: mmap area, PIE, stack, brk.
static int random_words(void *context, void *bytes, size_t length) {
    const int code = kit_random(context, bytes, length);
    if (length == 16 + sizeof(current->words))
        memcpy((uint8_t *)bytes + 16, current->words, sizeof(current->words));
    return code;
}

static void set_up(struct world *world) {
    static const char *const argv[] = {"program", NULL};
    world_set_arch(world, &current->arch);
    struct libexec_host *const host = libexec_kit_host(world->kit);
    kit_random = host->random;
    host->random = random_words;
    world_file(world, PROGRAM, current->program);
    if (current->loader != NULL)
        world_file(world, LOADER, current->loader);
    world_execute(world, PROGRAM);
    world_arguments(world, argv, NULL);
    world->policy = current->policy;
    struct libexec_image_answer *const answer = libexec_kit_answer(world->kit);
    answer->reserved_ranges = current->reserved;
    answer->reserved_range_count = current->reserved_count;
}

static enum libexec_status prepare(struct world *world, const struct setting *setting, const char *name) {
    static struct scenario scenario;
    scenario = (struct scenario){.name = name, .set_up = set_up};
    current = setting;
    world_begin(world, &scenario, flavour_full);
    return world_prepare(world);
}

static void end(struct world *world) {
    libexec_kit_abandon(world->kit, &world->exec);
    world_end(world);
}

static struct setting usual(const struct libexec_kit_elf *program, const struct libexec_kit_elf *loader) {
    return (struct setting){.arch = libexec_kit_arch, .policy = {.flags = LIBEXEC_POLICY_FIXED_ADDRESSES},
                            .program = program, .loader = loader};
}

// A file with no program headers yet, but for the name of an interpreter where one is wanted.
static void begin(struct libexec_kit_elf *elf, uint16_t type, bool with_loader) {
    if (elf->bytes == NULL)
        libexec_kit_elf_begin(elf, type, 0x210000);
    elf->type = type;
    elf->added = elf->program_header_count = 0;
    if (with_loader)
        libexec_kit_elf_add(elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800,
                                                                     .file_size = sizeof(LOADER), .alignment = 1});
    libexec_kit_elf_write(elf, 0x800, LOADER, sizeof(LOADER));
}

// ---- The model ----------------------------------------------------------------------------------------------------

struct model {
    const struct setting *setting;
    uint64_t page, low, high;
    bool fixed;
    struct {
        uint64_t start, end;
    } taken[32];
    uint32_t taken_count;
    struct libexec_layout layout;
};

static uint64_t down(uint64_t value, uint64_t unit) {
    return value - value % unit;
}

static uint64_t up(uint64_t value, uint64_t unit) {
    return down(value + unit - 1, unit);
}

static uint64_t larger(uint64_t one, uint64_t other) {
    return one > other ? one : other;
}

static uint64_t smaller(uint64_t one, uint64_t other) {
    return one < other ? one : other;
}

static void take(struct model *model, uint64_t start, uint64_t end) {
    assert_true(model->taken_count < COUNT(model->taken));
    if (start == end)
        return;
    model->taken[model->taken_count].start = start;
    model->taken[model->taken_count++].end = end;
}

static bool is_free(const struct model *model, uint64_t start, uint64_t end) {
    for (uint32_t i = 0; i < model->taken_count; i++)
        if (start < model->taken[i].end && model->taken[i].start < end)
            return false;
    return true;
}

// Linux's mmap_min_addr, by default 64 KiB: it searches no lower, and raises hints (round_hint_to_min).
static uint64_t floor_of(const struct model *model) {
    return larger(model->low, 0x10000);
}

// The highest place for `length` bytes below `top`: it ends there, or at a page on which something else begins.
static uint64_t highest(const struct model *model, uint64_t top, uint64_t length) {
    const uint64_t floor = floor_of(model);
    uint64_t best = NOWHERE;
    for (uint32_t i = 0; i <= model->taken_count; i++) {
        const uint64_t at = i == model->taken_count ? top : down(model->taken[i].start, model->page);
        if (at <= top && at >= floor && at - floor >= length && is_free(model, at - length, at) &&
            (best == NOWHERE || at - length > best))
            best = at - length;
    }
    return best;
}

// mmap of a file from `offset` on, below `top`, with a hint or 0: get_unmapped_area, and around it
// thp_get_unmapped_area where a large page of the file lies inside.
static uint64_t unmapped(const struct model *model, uint64_t hint, uint64_t top, uint64_t length) {
    if (hint != 0 && length <= model->high && hint <= model->high - length && is_free(model, hint, hint + length))
        return hint;
    return highest(model, top, length);
}

static uint64_t mapped(const struct model *model, uint64_t hint, uint64_t top, uint64_t length, uint64_t offset) {
    const uint64_t large = model->setting->arch.large_page_size;
    const bool large_inside = large != 0 && up(offset, large) + large <= offset + length;
    if (large_inside) {
        const uint64_t found = unmapped(model, hint, top, length + large);
        const uint64_t missing = (offset - found) % large;
        if (found != NOWHERE)
            return found == hint ? found : found + (missing == 0 ? large : missing);
    }
    return unmapped(model, hint, top, length); // where all is full the hint is tried again
}

// A random number of pages. In a small user range it wraps, so that no more is lost than `most`.
static uint64_t distance(const struct model *model, uint32_t word, uint64_t mask, uint64_t most) {
    return model->fixed ? 0 : (model->setting->words[word] & mask) * model->page % (most + 1);
}

static bool place_stack(struct model *model) {
    const struct libexec_policy *const policy = &model->setting->policy;
    const struct libexec_arch *const arch = &model->setting->arch;
    const uint64_t page = model->page, range = model->high - model->low;
    const bool unlimited = policy->stack_size == UINT64_MAX;
    const uint64_t limit = policy->stack_size == 0 ? 8 * MIB : policy->stack_size;
    const uint64_t size = unlimited ? 8 * MIB : down(larger(limit, page), page); // acct_stack_growth
    const uint64_t guard = policy->stack_guard == 0 ? MIB : policy->stack_guard;
    uint64_t arguments = policy->argument_limit;
    if (arguments == 0) // bprm_stack_limits
        arguments = larger(smaller(limit / 4, 6 * MIB), 128 << 10);
    // What fits in half of the range, with arguments of no more than the 16 MiB that a stack of 64 MiB allows.
    const uint64_t room = up(arguments + 1024 + 0x7f0, page);
    const uint64_t length = size + (size < 64 * MIB ? room : 0);
    if (size > range / 2 || guard > range / 2 || length + up(guard, page) > range / 2 || arguments > 16 * MIB)
        return false;
    // mmap_base, with at most three quarters of the range above it
    const uint64_t stack_random = model->fixed ? 0 : arch->stack_entropy_pages * page;
    uint64_t gap = smaller(larger(size + up(guard, page) + stack_random, 128 * MIB), range / 4 * 3);
    uint64_t top = model->high - gap;
    if (unlimited) // TASK_UNMAPPED_BASE's side
        top = larger(model->high - model->high / 6 * 5, model->low + range / 8);
    model->layout.mmap_top = up(top - distance(model, 0, arch->mmap_entropy_pages, (top - model->low) / 2), page);

    const uint64_t most = (range - length - up(guard, page)) / 8;
    const uint64_t end = down(model->high - distance(model, 2, arch->stack_entropy_pages, most), page);
    model->layout.argument_limit = arguments;
    model->layout.stack = (struct libexec_range){end - length, length};
    model->layout.guard = (struct libexec_range){end - length - up(guard, page), up(guard, page)};
    model->layout.stack_pointer = end - room; // and a random part of a page
    model->layout.mmap_top = smaller(model->layout.mmap_top, model->layout.guard.address);
    const bool free = is_free(model, model->layout.guard.address, end);
    take(model, model->layout.guard.address, end);
    return free;
}

// ELF_ET_DYN_BASE; the middle of a range that does not begin near 0.
static uint64_t pie_base(const struct model *model) {
    return larger(model->high / 3 * 2, (model->low + model->high) / 2);
}

struct extent {
    uint64_t first, offset, low, end, alignment; // the first segment's address and offset; of all
    bool empty;                                  // the first segment has no file bytes
};

static struct extent extent_of(const struct libexec_kit_elf *elf, uint64_t page) {
    struct extent extent = {.low = UINT64_MAX};
    for (uint32_t i = 0; i < elf->added; i++) {
        const struct libexec_kit_program_header *const header = &elf->headers[i];
        const uint64_t alignment = header->alignment;
        if (header->type != LIBEXEC_KIT_PT_LOAD)
            continue;
        if (extent.low == UINT64_MAX) {
            extent.first = header->address;
            extent.offset = header->offset;
            extent.empty = header->file_size == 0;
        }
        extent.low = smaller(extent.low, down(header->address, page));
        extent.end = larger(extent.end, header->address + header->memory_size);
        if (alignment != 0 && (alignment & (alignment - 1)) == 0)
            extent.alignment = larger(extent.alignment, alignment);
    }
    extent.alignment = up(extent.alignment, page);
    return extent;
}

// load_elf_binary's and load_elf_interp's load_bias.
static uint64_t bias_of(const struct model *model, const struct extent *extent, bool interpreter) {
    const struct setting *const setting = model->setting;
    const uint64_t page = model->page, length = up(extent->end - extent->low, page);
    const uint64_t first_page = down(extent->first, page), offset = extent->offset - (extent->first - first_page);
    const bool based = model->layout.program_bias != 0;
    if (!interpreter && setting->loader != NULL) {
        uint64_t base = pie_base(model);
        // Three quarters of what is free above it are left for brk. Where it does not fit, it may when it is aligned.
        const uint64_t guard = model->layout.guard.address;
        if (length < guard && base + length < guard)
            base += distance(model, 1, setting->arch.mmap_entropy_pages, (guard - base - length) / 4);
        if (extent->alignment != 0)
            base = down(base, extent->alignment);
        return down(base - extent->first, page);
    }
    if (extent->empty) // asked for at address 0, or at its own without a bias
        return interpreter && !based ? 0 : 0 - first_page;
    uint64_t hint = interpreter && !based ? first_page : 0;
    if (hint != 0)
        hint = larger(hint, floor_of(model));
    uint64_t top = model->layout.mmap_top;
    for (;;) {
        const uint64_t found = mapped(model, hint, top, length, offset);
        if (found == NOWHERE || interpreter || extent->alignment <= page)
            return found == NOWHERE ? NOWHERE : found - first_page;
        const uint64_t bias = down(down(found, extent->alignment) - extent->first, page), start = first_page + bias;
        if (is_free(model, start, start + length))
            return bias;
        for (uint32_t i = 0; i < model->taken_count; i++) // Linux refuses; the library looks on below what is there
            if (start < model->taken[i].end && model->taken[i].start < start + length)
                top = smaller(top, down(model->taken[i].start, page));
    }
}

static bool place_image(struct model *model, const struct libexec_kit_elf *elf, bool interpreter) {
    struct libexec_layout *const layout = &model->layout;
    const struct extent extent = extent_of(elf, model->page);
    const uint64_t length = up(extent.end - extent.low, model->page);
    const bool moves = elf->type == LIBEXEC_KIT_ET_DYN;
    const uint64_t bias = moves ? bias_of(model, &extent, interpreter) : 0;
    const uint64_t start = extent.low + bias;
    if (bias == NOWHERE || length > model->high || start < model->low || start > model->high - length)
        return false;
    const uint32_t before = model->taken_count;
    bool free = true;
    for (uint32_t i = 0; i < elf->added; i++) {
        const struct libexec_kit_program_header *const header = &elf->headers[i];
        const uint64_t address = header->address + bias;
        if (header->type != LIBEXEC_KIT_PT_LOAD || header->memory_size == 0)
            continue;
        if (!interpreter && (header->address >= model->high || header->memory_size > model->high - header->address))
            return false; // Linux looks at a program's own addresses, not at those that it gets
        const uint64_t first = down(address, model->page), last = up(address + header->memory_size, model->page);
        for (uint32_t k = 0; k < before; k++)
            free = free && !(first < model->taken[k].end && model->taken[k].start < last);
        take(model, first, last);
    }
    const struct libexec_range range = {start, length};
    layout->entry = elf->entry + bias;
    if (interpreter) {
        layout->interpreter = range;
        layout->interpreter_bias = bias;
    } else {
        layout->program = range;
        layout->program_bias = bias;
        layout->program_entry = layout->entry;
    }
    return free;
}

// This library's own: a control block of one page as high as there is room for it, for a page that its alignment may
// cost and for one that the place of a template in its file may cost. A static PIE stands at the top of the mmap area:
// its block goes below it where it can.
static bool place_tls(struct model *model) {
    const struct setting *const setting = model->setting;
    struct libexec_layout *const layout = &model->layout;
    if (setting->policy.tls != LIBEXEC_TLS_ALWAYS)
        return true;
    const bool below = setting->loader == NULL && setting->program->type == LIBEXEC_KIT_ET_DYN;
    const uint64_t size = up(setting->arch.thread_control_block_size, model->page), length = size + 2 * model->page;
    uint64_t found = NOWHERE;
    if (below)
        found = highest(model, smaller(layout->mmap_top, layout->program.address), length);
    if (found == NOWHERE)
        found = highest(model, layout->mmap_top, length);
    if (found == NOWHERE)
        return false;
    layout->tls = (struct libexec_range){found + 2 * model->page, size};
    layout->thread_pointer = layout->tls_template = layout->tls.address;
    return true;
}

static void move_brk(struct model *model, uint64_t start) {
    if (start < model->high && is_free(model, start, start + model->page))
        model->layout.brk_start = start;
}

static void place_brk(struct model *model) {
    const struct setting *const setting = model->setting;
    const uint64_t page = model->page, most = model->fixed ? 0 : setting->arch.brk_entropy;
    const bool far = setting->loader == NULL && setting->program->type == LIBEXEC_KIT_ET_DYN;
    model->layout.brk_start = up(extent_of(setting->program, page).end + model->layout.program_bias, page);
    if (far) // else the mmap area would be in its way
        move_brk(model, up(pie_base(model), page));
    if (most >= page) // arch_randomize_brk, a page away from bss
        move_brk(model, model->layout.brk_start + (far ? 0 : page) + down(setting->words[3] % most, page));
}

// False where the exec has to be refused.
static bool predict(struct model *model, const struct setting *setting) {
    const struct libexec_policy *const policy = &setting->policy;
    *model = (struct model){.setting = setting, .page = setting->arch.page_size};
    model->low = policy->user_low != 0 ? policy->user_low : setting->arch.user_low;
    model->high = policy->user_high != 0 ? policy->user_high : setting->arch.user_high;
    model->fixed = (policy->flags & LIBEXEC_POLICY_FIXED_ADDRESSES) != 0;
    for (uint32_t i = 0; i < setting->reserved_count; i++)
        take(model, setting->reserved[i].address, setting->reserved[i].address + setting->reserved[i].length);
    if (!place_stack(model) || !place_image(model, setting->program, false) ||
        (setting->loader != NULL && !place_image(model, setting->loader, true)) || model->layout.entry >= model->high ||
        !place_tls(model))
        return false;
    place_brk(model);
    return true;
}

#define SAME_RANGE(world, one, other)                                                                                  \
    do {                                                                                                               \
        EXPECT_EQUAL(world, (one).address, (other).address);                                                           \
        EXPECT_EQUAL(world, (one).length, (other).length);                                                             \
    } while (0)

// Whether it went as the model says. `seen`, where not NULL, gets the layout.
static bool compare(const struct setting *setting, const char *name, struct libexec_layout *seen) {
    static struct world world;
    static struct model model;
    const bool possible = predict(&model, setting);
    const enum libexec_status status = prepare(&world, setting, name);
    if (!possible) {
        EXPECT(&world, status != LIBEXEC_OK);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        end(&world);
        return false;
    }
    EXPECT_EQUAL(&world, status, LIBEXEC_OK);
    const struct libexec_layout *const layout = libexec_exec_layout(&world.exec), *const expected = &model.layout;
    SAME_RANGE(&world, layout->stack, expected->stack);
    SAME_RANGE(&world, layout->guard, expected->guard);
    EXPECT_EQUAL(&world, layout->argument_limit, expected->argument_limit);
    EXPECT_EQUAL(&world, layout->mmap_top, expected->mmap_top);
    EXPECT_EQUAL(&world, layout->program_bias, expected->program_bias);
    EXPECT_EQUAL(&world, layout->interpreter_bias, expected->interpreter_bias);
    SAME_RANGE(&world, layout->program, expected->program);
    SAME_RANGE(&world, layout->interpreter, expected->interpreter);
    EXPECT_EQUAL(&world, layout->program_entry, expected->program_entry);
    EXPECT_EQUAL(&world, layout->entry, expected->entry);
    SAME_RANGE(&world, layout->tls, expected->tls);
    EXPECT_EQUAL(&world, layout->thread_pointer, expected->thread_pointer);
    EXPECT_EQUAL(&world, layout->tls_template, expected->tls_template);
    EXPECT_EQUAL(&world, layout->brk_start, expected->brk_start);
    const uint64_t jitter = layout->stack_pointer - expected->stack_pointer;
    EXPECT(&world, jitter <= (model.fixed ? 0 : 0x7f0) && jitter % 16 == 0);
    if (seen != NULL)
        *seen = *layout;
    end(&world);
    return true;
}

// ---- Many layouts -------------------------------------------------------------------------------------------------

static uint64_t draw(uint64_t *seed) { // splitmix64
    uint64_t value = *seed += 0x9e3779b97f4a7c15u;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

#define PICK(seed, ...)                                                                                                \
    ((const uint64_t[]){__VA_ARGS__}[draw(seed) % (sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t))])

// Segments in ascending order, with holes between them of which some are as large as the user range almost.
static void add_segments(struct libexec_kit_elf *elf, uint64_t *seed, uint64_t address) {
    const uint64_t page = current == NULL ? PAGE : current->arch.page_size, count = 1 + draw(seed) % 4;
    elf->entry = address + 8;
    for (uint64_t i = 0; i < count; i++) {
        const uint64_t size = PICK(seed, 0x10, 0x1000, 0x1234, 0x3000, 0x1ff000, 0x200000, 0x201000, 0x500000);
        uint64_t file_size = smaller(size, PICK(seed, 0x10, 0xfff, 0x1000, 0x2000));
        if (i != 0 && draw(seed) % 4 == 0)
            file_size = 0;
        struct libexec_kit_program_header header = load(R | W, 0, address, file_size, size);
        header.offset = up(PICK(seed, 0, 0, 0x1000, 0x7000, 0x1ff000, 0x200000), page) + address % page;
        header.alignment = PICK(seed, PAGE, PAGE, PAGE, 0, 1, 3, 0x10000, 0x10000, 0x200000, 0x40000000,
                                (uint64_t)1 << 40);
        libexec_kit_elf_add(elf, header);
        address = up(address + size, page) + up(PICK(seed, 0, 0, 0x1000, 0x10000, 0x400000, 0x40000000, 0x10000000,
                                                     (uint64_t)0x2a << 40), page) +
                  PICK(seed, 0, 0x10, 0xff8);
    }
}

static void make_setting(struct setting *setting, struct libexec_kit_elf *program, struct libexec_kit_elf *loader,
                         uint64_t *seed) {
    const bool fixed = draw(seed) % 4 == 0, with_loader = draw(seed) % 2 == 0, small = draw(seed) % 4 == 0;
    *setting = (struct setting){.arch = libexec_kit_arch, .program = program, .loader = with_loader ? loader : NULL};
    setting->arch.large_page_size = PICK(seed, 0x200000, 0x200000, 0x10000, 0);
    setting->arch.brk_entropy = PICK(seed, 0x40000000, 0x40000000, 0x2000000, PAGE, PAGE - 1, 0);
    if (draw(seed) % 8 == 0) {
        setting->arch.page_size = 0x4000;
        setting->arch.user_high = (uint64_t)0x7ffff << 28;
    }
    for (uint32_t i = 0; i < 4; i++)
        setting->words[i] = PICK(seed, 0, 1, UINT64_MAX, draw(seed), draw(seed), draw(seed));
    setting->policy = (struct libexec_policy){
        .flags = fixed ? LIBEXEC_POLICY_FIXED_ADDRESSES : 0,
        .tls = draw(seed) % 2 == 0 ? LIBEXEC_TLS_ALWAYS : LIBEXEC_TLS_AUTOMATIC,
        .stack_size = PICK(seed, 0, 0, 0, PAGE, 0x54321, MIB, 64 * MIB - 1, 64 * MIB, 128 * MIB + 5, 1 << 30,
                           (uint64_t)1 << 40, UINT64_MAX, UINT64_MAX),
        .stack_guard = PICK(seed, 0, 0, 0, 1, 0x10001, 64 * MIB),
        .argument_limit = PICK(seed, 0, 0, 0x1000, 0x20000 - 1024 - 0x7f0, 0x20001 - 1024 - 0x7f0, 16 * MIB)};
    if (small) {
        setting->policy.user_high = PICK(seed, 0x4000000, 0x10000000, 0x40000000, (uint64_t)1 << 36);
        setting->policy.user_low = PICK(seed, 0, 0, 0x4000, 0x20000, 0x1000000);
        if (setting->policy.user_high >= 0x40000000)
            setting->policy.user_low = PICK(seed, 0, 0x20000000);
    }
    current = setting;
    const bool independent = draw(seed) % 3 != 0;
    begin(program, independent ? LIBEXEC_KIT_ET_DYN : LIBEXEC_KIT_ET_EXEC, with_loader);
    add_segments(program, seed,
                 independent
                     ? PICK(seed, 0, 0, 0x10, 0x1000, 0x4123, 0x10234, 0x200000, 0x40000000, 0x555555554000)
                     : PICK(seed, BASE, BASE, BASE + 0x123, 0x10000, 0x21000000, 0x555555554000, 0x7fff00000000));
    begin(loader, draw(seed) % 4 == 0 ? LIBEXEC_KIT_ET_EXEC : LIBEXEC_KIT_ET_DYN, false);
    add_segments(loader, seed,
                 loader->type == LIBEXEC_KIT_ET_DYN ? PICK(seed, 0, 0, 0x10, 0x3000, 0x8123, 0x600000, 0x40000000)
                                                    : PICK(seed, 0x600000, 0x22000000, 0x7fff80000000));
    libexec_kit_elf_build(program);
    libexec_kit_elf_build(loader);
}

// In the middle of where something just went, unaligned sometimes: the next exec has to find another place.
static void reserve(struct setting *setting, const struct libexec_layout *layout, uint64_t *seed) {
    const uint64_t places[] = {layout->program.address + layout->program.length / 2, layout->program.address,
                               layout->interpreter.address, layout->interpreter.address + layout->interpreter.length,
                               layout->tls.address, layout->tls.address + 8, layout->brk_start,
                               layout->brk_start + 0x800, layout->mmap_top - 0x800, layout->mmap_top - 0x5000};
    const uint64_t place = places[draw(seed) % COUNT(places)];
    setting->reserved[setting->reserved_count++] =
        (struct libexec_range){down(place, PICK(seed, 1, 8, PAGE)), PICK(seed, 1, 0x800, PAGE, 0x5000, 0x400000)};
}

static void every_address_is_linuxs(void **state) {
    (void)state;
    static struct libexec_kit_elf program, loader;
    static struct setting setting;
    uint32_t possible = 0, all = 0;
    for (uint64_t number = 0; number < 8000; number++) {
        uint64_t seed = number;
        struct libexec_layout layout;
        char name[64];
        make_setting(&setting, &program, &loader, &seed);
        for (uint32_t reserved = 0; reserved <= 3; reserved++) {
            snprintf(name, sizeof(name), "setting %llu, %u reserved", (unsigned long long)number, reserved);
            all++;
            if (!compare(&setting, name, &layout))
                break;
            possible++;
            reserve(&setting, &layout, &seed);
        }
    }
    printf("%u layouts, of which %u are possible\n", all, possible);
    assert_true(possible > all / 2);
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
    current = NULL;
}

// ---- Usual programs -----------------------------------------------------------------------------------------------

// As in /proc/PID/maps under `setarch -R`.
static void usual_programs_without_randomisation(void **state) {
    (void)state;
    static const struct {
        uint16_t type;
        bool with_loader;
        uint64_t program, loader, brk;
    } rows[] = {{LIBEXEC_KIT_ET_EXEC, false, BASE, 0, BASE + 0x6000},
                {LIBEXEC_KIT_ET_EXEC, true, BASE, 0x7ffff7ff9000, BASE + 0x6000},
                {LIBEXEC_KIT_ET_DYN, false, 0x7ffff7ff9000, 0, 0x555555555000},
                {LIBEXEC_KIT_ET_DYN, true, 0x555555554000, 0x7ffff7ff9000, 0x55555555a000}};
    struct libexec_kit_elf program, loader;
    small_elf(&loader, LIBEXEC_KIT_ET_DYN, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct libexec_layout layout;
        small_elf(&program, rows[i].type, rows[i].type == LIBEXEC_KIT_ET_EXEC ? BASE : 0);
        if (rows[i].with_loader) {
            libexec_kit_elf_write(&program, 0x800, LOADER, sizeof(LOADER));
            libexec_kit_elf_add(&program, (struct libexec_kit_program_header){
                                              .type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800,
                                              .file_size = sizeof(LOADER), .alignment = 1});
            libexec_kit_elf_build(&program);
        }
        const struct setting setting = usual(&program, rows[i].with_loader ? &loader : NULL);
        assert_true(compare(&setting, "usual", &layout));
        assert_int_equal(layout.program.address, rows[i].program);
        assert_int_equal(layout.interpreter.address, rows[i].loader);
        assert_int_equal(layout.brk_start, rows[i].brk);
        assert_int_equal(layout.stack.address + layout.stack.length, TOP);
        assert_int_equal(layout.program_headers, rows[i].program + 64);
        libexec_kit_elf_end(&program);
    }
    libexec_kit_elf_end(&loader);
}

// Each random distance by itself, with the random word that makes it as large as can be.
static void the_farthest_random_places(void **state) {
    (void)state;
    const uint64_t gap = 8 * MIB + MIB + ((uint64_t)0x3fffff << 12); // of the stack, its guard, and the random part
    struct libexec_kit_elf program, loader;
    struct libexec_layout layout;
    small_elf(&program, LIBEXEC_KIT_ET_DYN, 0);
    small_elf(&loader, LIBEXEC_KIT_ET_DYN, 0);
    libexec_kit_elf_write(&program, 0x800, LOADER, sizeof(LOADER));
    libexec_kit_elf_add(&program, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800,
                                                                      .file_size = sizeof(LOADER), .alignment = 1});
    libexec_kit_elf_build(&program);
    for (uint32_t word = 0; word <= 4; word++) { // 4: none
        struct setting setting = usual(&program, &loader);
        setting.policy.flags = 0;
        if (word < 4)
            setting.words[word] = word < 3 ? UINT64_MAX : 0x3fffffff;
        assert_true(compare(&setting, "far", &layout));
        if (word == 2) // the room for arguments, which Linux's gap does not count, reaches below it
            assert_int_equal(layout.mmap_top, layout.guard.address);
        else
            assert_int_equal(layout.mmap_top, TOP - gap - (word == 0 ? (uint64_t)0xfffffff << 12 : 0));
        assert_int_equal(layout.program_bias, 0x555555554000 + (word == 1 ? (uint64_t)0xfffffff << 12 : 0));
        assert_int_equal(layout.stack.address + layout.stack.length, TOP - (word == 2 ? (uint64_t)0x3fffff << 12 : 0));
        assert_int_equal(layout.brk_start, layout.program_bias + 0x7000 + (word == 3 ? 0x3ffff000 : 0));
    }
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
}

// Prepares it many times, each time with other random words.
static void place_often(const struct setting *setting) {
    static struct world world;
    static uint64_t seed = 1;
    for (uint32_t drawn = 0; drawn < 200; drawn++) {
        struct setting one = *setting;
        for (uint32_t i = 0; i < COUNT(one.words); i++)
            one.words[i] = draw(&seed);
        EXPECT_EQUAL(&world, prepare(&world, &one, "small range"), LIBEXEC_OK);
        end(&world);
    }
}

// In a small user range the stack stays above the places of a PIE with an interpreter, whatever is drawn for both: one
// of an eighth of the range too, or one that fits only because its alignment brings it down.
static void a_small_range_holds_a_pie_and_the_stack(void **state) {
    (void)state;
    static struct libexec_kit_elf program, loader;
    begin(&loader, LIBEXEC_KIT_ET_DYN, false);
    libexec_kit_elf_add(&loader, load(R | X, 0, 0, 0x1200, 0x1200));
    libexec_kit_elf_build(&loader);
    for (uint32_t bits = 27; bits <= 36; bits++) {
        begin(&program, LIBEXEC_KIT_ET_DYN, true);
        libexec_kit_elf_add(&program, load(R | W | X, 0, 0, 0x1200, (uint64_t)1 << (bits - 3)));
        libexec_kit_elf_build(&program);
        struct setting setting = usual(&program, &loader);
        setting.policy = (struct libexec_policy){.user_high = (uint64_t)1 << bits};
        place_often(&setting);
        libexec_kit_elf_end(&program);
    }
    begin(&program, LIBEXEC_KIT_ET_DYN, true);
    struct libexec_kit_program_header header = load(R | W | X, 0, 0, 0x1200, 4 * MIB);
    header.alignment = 8 * MIB;
    libexec_kit_elf_add(&program, header);
    libexec_kit_elf_build(&program);
    struct setting setting = usual(&program, &loader);
    setting.policy = (struct libexec_policy){.user_high = 16 * MIB, .stack_size = 65536}; // from 10.7 MiB down to 8
    place_often(&setting);
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
}

// ---- Room ---------------------------------------------------------------------------------------------------------

// An image that fits exactly, or lacks a page: in the middle of the mmap area, and at its lower end.
static void a_place_without_a_page_to_spare(void **state) {
    (void)state;
    const uint64_t top = TOP - 128 * MIB, low = 0x10000, length = 0x6000;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    for (uint64_t user_low = 0; user_low <= 0x200000; user_low += user_low == 0 ? PAGE : 0x1ff000)
        for (uint64_t lacking = 0; lacking <= PAGE; lacking += PAGE) {
            const uint64_t floor = user_low > low ? user_low : low;
            const struct libexec_range below = {floor, 0x7fff0000000 - floor},
                                       above = {below.address + below.length + length - lacking,
                                                top - (below.address + below.length + length - lacking)};
            struct setting setting = usual(&elf, NULL);
            struct libexec_layout layout;
            setting.policy.user_low = user_low;
            setting.reserved[0] = below;
            setting.reserved[1] = above;
            setting.reserved_count = 2;
            assert_int_equal(compare(&setting, "between", &layout), lacking == 0);
            if (lacking == 0)
                assert_int_equal(layout.program.address, 0x7fff0000000);
            setting.reserved[0] = (struct libexec_range){floor + length - lacking, top - (floor + length - lacking)};
            setting.reserved_count = 1;
            assert_int_equal(compare(&setting, "at the lower end", &layout), lacking == 0);
            if (lacking == 0)
                assert_int_equal(layout.program.address, floor);
        }
    libexec_kit_elf_end(&elf);
}

// Half of the user range is for the stack, its guard and the room above the stack pointer.
static void the_largest_stack(void **state) {
    (void)state;
    const uint64_t half = (uint64_t)1 << 35, room = up(0x1000 + 1024 + 0x7f0, PAGE), small = 0x8000000;
    const struct {
        uint64_t high, stack, guard, arguments;
        bool fits;
    } rows[] = {{2 * half, half - MIB, 0, 0, true},
                {2 * half, half - MIB + PAGE - 1, 0, 0, true},
                {2 * half, half - MIB + PAGE, 0, 0, false},
                {2 * half, half, PAGE, 0, false},
                {2 * half, half - PAGE, PAGE, 0, true},
                {2 * half, half + 1, 1, 0, false},
                {2 * half, 64 * MIB, half - 64 * MIB, 0, true},
                {2 * half, 64 * MIB, half - 64 * MIB + 1, 0, false},
                {2 * half, PAGE, half, 0, false},
                {small, small / 2 - room - PAGE, PAGE, 0x1000, true},
                {small, small / 2 - room, PAGE, 0x1000, false},
                {0, 0, 0, 16 * MIB, true},
                {0, 0, 0, 16 * MIB + 1, false}};
    static struct world world;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_DYN, 0);
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct setting setting = usual(&elf, NULL);
        setting.arch.user_low = 0; // so that the range is as long as it says
        setting.arch.large_page_size = 0;
        setting.policy.user_high = rows[i].high;
        setting.policy.stack_size = rows[i].stack;
        setting.policy.stack_guard = rows[i].guard;
        setting.policy.argument_limit = rows[i].arguments;
        assert_int_equal(compare(&setting, "largest", NULL), rows[i].fits);
        if (rows[i].fits)
            continue;
        EXPECT_EQUAL(&world, prepare(&world, &setting, "too large"), LIBEXEC_E_STACK_SIZE);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        EXPECT_EQUAL(&world, report->stage, LIBEXEC_STAGE_LAYOUT);
        EXPECT_EQUAL(&world, report->file, LIBEXEC_FILE_NONE);
        if (rows[i].arguments > 16 * MIB) {
            EXPECT_EQUAL(&world, report->value, rows[i].arguments);
            EXPECT_EQUAL(&world, report->limit, 16 * MIB);
        } else { // what stack and guard take together, pages for arguments included
            const uint64_t both = rows[i].stack + (rows[i].guard == 0 ? MIB : rows[i].guard);
            EXPECT_EQUAL(&world, report->limit, rows[i].high / 2);
            EXPECT(&world, report->value > report->limit && report->value - both <= 17 * MIB);
        }
        end(&world);
    }
    libexec_kit_elf_end(&elf);
}

// A stack below 64 MiB has the room for arguments on top of its size; a larger one has it inside.
static void where_the_room_for_arguments_is(void **state) {
    (void)state;
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    for (uint64_t size = 63 * MIB; size <= 66 * MIB; size += MIB / 2)
        for (uint64_t more = 0; more < 3; more++) {
            struct setting setting = usual(&elf, NULL);
            struct libexec_layout layout;
            setting.policy.stack_size = size - 1 + more;
            assert_true(compare(&setting, "64 MiB", &layout));
            const uint64_t room = TOP - layout.stack_pointer;
            const bool inside = setting.policy.stack_size >= 64 * MIB;
            assert_true(room >= 6 * MIB && room < 6 * MIB + 3 * PAGE);
            assert_int_equal(layout.stack.length, down(setting.policy.stack_size, PAGE) + (inside ? 0 : room));
        }
    libexec_kit_elf_end(&elf);
}

// However the limit lies to the end of a page, and however random the stack pointer is, arguments of just that size
// fit, together with as much else as a stack can have.
static void arguments_as_large_as_the_limit(void **state) {
    (void)state;
    static struct world world;
    static char text[0x4000];
    static struct libexec_auxv more[LIBEXEC_AUXV_MAX];
    static const char platform[] = "a platform whose name has 63 characters, the longest there is..";
    struct libexec_kit_elf elf;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    assert_int_equal(sizeof(platform), 64);
    for (uint32_t i = 0; i < COUNT(more); i++)
        more[i] = (struct libexec_auxv){1000 + i, i};
    for (uint64_t limit = 0x2000; limit <= 0x3000; limit += 16) {
        struct setting setting = usual(&elf, NULL);
        setting.arch.platform = platform;
        setting.policy.flags = 0;
        setting.policy.argument_limit = limit;
        setting.words[2] = UINT64_MAX;
        uint64_t most = 0;
        for (uint64_t size = limit - 64; size < limit + 2; size++) { // a byte more each time, until it is too much
            const char *const argv[] = {text, NULL};
            memset(text, 'a', size);
            text[size] = 0;
            current = &setting;
            world_begin(&world, &(struct scenario){.name = "limit", .set_up = set_up}, flavour_full);
            world_arguments(&world, argv, NULL);
            libexec_kit_answer(world.kit)->auxv = more;
            libexec_kit_answer(world.kit)->auxv_count = LIBEXEC_AUXV_MAX - 22;
            const enum libexec_status status = world_prepare(&world);
            EXPECT(&world, status == LIBEXEC_OK || status == LIBEXEC_E_ARGUMENTS_TOO_LARGE);
            if (status == LIBEXEC_OK)
                most = size + 1;
            end(&world);
        }
        assert_in_range(most, limit - 64, limit - 8); // the string; a pointer to it, and the path
    }
    libexec_kit_elf_end(&elf);
}

// ---- brk ----------------------------------------------------------------------------------------------------------

// brk moves only where the page that it gets is free, and begins below the end of the user range.
static void brk_where_its_next_place_is_taken(void **state) {
    (void)state;
    const uint64_t places[] = {0x555555555000, 0x555555555000 + 0x12345000, BASE + 0x6000, BASE + 0x7000 + 0x12345000};
    static const struct {
        uint64_t before, length; // of the place
        bool taken;
    } rows[] = {{0, 1, true}, {PAGE, PAGE, false}, {PAGE, PAGE + 1, true}, {0, PAGE, true}};
    struct libexec_kit_elf moving, fixed;
    small_elf(&moving, LIBEXEC_KIT_ET_DYN, 0);
    small_elf(&fixed, LIBEXEC_KIT_ET_EXEC, BASE);
    for (size_t place = 0; place < COUNT(places); place++)
        for (size_t i = 0; i < COUNT(rows) + 2; i++) {
            struct setting setting = usual(place < 2 ? &moving : &fixed, NULL);
            struct libexec_layout layout;
            setting.policy.flags = place % 2 == 0 ? LIBEXEC_POLICY_FIXED_ADDRESSES : 0;
            setting.words[3] = 0x12345678;
            if (place == 2)
                setting.policy.flags = 0; // it begins right there: only what follows can be taken
            setting.reserved[0] = i < COUNT(rows)
                                      ? (struct libexec_range){places[place] - rows[i].before, rows[i].length}
                                      : (struct libexec_range){places[place] + (i == COUNT(rows) ? PAGE - 1 : PAGE), 1};
            setting.reserved_count = place != 2;
            const bool taken = place != 2 && (i < COUNT(rows) ? rows[i].taken : i == COUNT(rows));
            assert_true(compare(&setting, "brk", &layout));
            if (place == 0)
                assert_int_equal(layout.brk_start, taken ? layout.program.address + 0x6000 : places[0]);
            if (place == 1)
                assert_int_equal(layout.brk_start, taken ? places[0] : places[1]);
            if (place == 3)
                assert_int_equal(layout.brk_start, taken ? places[2] : places[3]);
        }
    libexec_kit_elf_end(&moving);
    libexec_kit_elf_end(&fixed);
}

static void brk_at_the_end_of_the_user_range(void **state) {
    (void)state;
    struct libexec_kit_elf elf;
    for (uint64_t below = 0; below <= 2 * PAGE; below += PAGE) {
        struct libexec_layout layout;
        small_elf(&elf, LIBEXEC_KIT_ET_EXEC, TOP - 0x6000 - below);
        struct setting setting = usual(&elf, NULL);
        setting.policy.flags = 0;
        setting.words[2] = UINT64_MAX; // the stack leaves its place
        assert_true(compare(&setting, "end", &layout));
        assert_int_equal(layout.brk_start, below == 2 * PAGE ? TOP - PAGE : TOP - below);
        libexec_kit_elf_end(&elf);
    }
}

// ---- What is said -------------------------------------------------------------------------------------------------

static void expect_collision(const struct setting *setting, const char *name, enum libexec_status status,
                             enum libexec_file file, uint32_t header, uint64_t address, uint64_t obstacle) {
    static struct world world;
    EXPECT_EQUAL(&world, prepare(&world, setting, name), status);
    const struct libexec_report *const report = libexec_exec_report(&world.exec);
    EXPECT_EQUAL(&world, report->stage, LIBEXEC_STAGE_LAYOUT);
    EXPECT_EQUAL(&world, report->file, file);
    EXPECT(&world, (report->known & LIBEXEC_REPORT_ADDRESS) != 0);
    EXPECT_EQUAL(&world, report->address, address);
    EXPECT_EQUAL(&world, report->limit, obstacle);
    EXPECT_EQUAL(&world, (report->known & LIBEXEC_REPORT_PROGRAM_HEADER) != 0, header != ANY);
    if (header != ANY)
        EXPECT_EQUAL(&world, report->program_header, header);
    EXPECT(&world, libexec_kit_ledger_empty(world.kit));
    end(&world);
}

// The address is the first page of the segment that cannot stand there; `limit` is where the obstacle begins.
static void a_collision_is_told_by_its_address(void **state) {
    (void)state;
    static struct libexec_kit_elf program, loader;
    struct setting setting = usual(&program, &loader);
    begin(&program, LIBEXEC_KIT_ET_EXEC, true);
    libexec_kit_elf_add(&program, load(R | X, 0, BASE, 0x1200, 0x1200));
    libexec_kit_elf_add(&program, load(R | W, 0x1010, BASE + 0x101010, 0x100, 0x100));
    libexec_kit_elf_build(&program);
    for (uint64_t shift = 0; shift < 2; shift++) { // the first, then the second segment over the program's second one
        begin(&loader, LIBEXEC_KIT_ET_EXEC, false);
        libexec_kit_elf_add(&loader, load(R | X, 0x123, BASE + 0x100123 - shift * 0x80000, 0x1000, 0x1000));
        libexec_kit_elf_add(&loader, load(R | W, 0x123, BASE + 0x180123 - shift * 0x80000, 0x1000, 0x1000));
        libexec_kit_elf_build(&loader);
        expect_collision(&setting, "collision", shift == 0 ? LIBEXEC_E_COLLISION : LIBEXEC_E_SEGMENT_COLLISION,
                         LIBEXEC_FILE_INTERPRETER, (uint32_t)shift, BASE + 0x100000, BASE + 0x101010);
    }
    // Into the hole between them it fits, up to the last byte.
    begin(&loader, LIBEXEC_KIT_ET_EXEC, false);
    libexec_kit_elf_add(&loader, load(R | X, 0, BASE + 0x2000, 0x1000, 0x1000));
    libexec_kit_elf_add(&loader, load(R | W, 0, BASE + 0x80000, 0x1000, 0x81000));
    libexec_kit_elf_build(&loader);
    assert_true(compare(&setting, "in a hole", NULL));
    loader.headers[1].memory_size++;
    libexec_kit_elf_build(&loader);
    expect_collision(&setting, "out of the hole", LIBEXEC_E_SEGMENT_COLLISION, LIBEXEC_FILE_INTERPRETER, 1,
                     BASE + 0x80000, BASE + 0x101010);
    // What the host reserves.
    setting.loader = NULL;
    begin(&program, LIBEXEC_KIT_ET_EXEC, false);
    libexec_kit_elf_add(&program, load(R | X, 0, BASE, 0x1200, 0x1200));
    libexec_kit_elf_add(&program, load(R | W, 0x1010, BASE + 0x101010, 0x100, 0x100));
    libexec_kit_elf_build(&program);
    setting.reserved[0] = (struct libexec_range){BASE + 0x101ff8, 8};
    setting.reserved_count = 1;
    expect_collision(&setting, "reserved", LIBEXEC_E_SEGMENT_COLLISION, LIBEXEC_FILE_PROGRAM, 1, BASE + 0x101000,
                     BASE + 0x101ff8);
    setting.reserved[0] = (struct libexec_range){BASE - 8, 9};
    expect_collision(&setting, "reserved", LIBEXEC_E_COLLISION, LIBEXEC_FILE_PROGRAM, 0, BASE, BASE - 8);
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
}

// The stack has its place whatever the host reserves: such a range is refused, and named.
static void a_reserved_range_on_the_stack(void **state) {
    (void)state;
    struct libexec_kit_elf elf;
    struct libexec_layout layout;
    small_elf(&elf, LIBEXEC_KIT_ET_EXEC, BASE);
    struct setting setting = usual(&elf, NULL);
    assert_true(compare(&setting, "unreserved", &layout));
    const uint64_t guard = layout.guard.address;
    const struct libexec_range good[] = {{guard - PAGE, PAGE}, {TOP, PAGE}, {guard - 1, 1}},
                               bad[] = {{guard - PAGE, PAGE + 1}, {TOP - 1, 1}, {guard, 1}, {TOP - PAGE, 2 * PAGE}};
    setting.reserved_count = 1;
    for (size_t i = 0; i < COUNT(good); i++) {
        setting.reserved[0] = good[i];
        assert_true(compare(&setting, "beside the stack", NULL));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        setting.reserved[0] = bad[i];
        expect_collision(&setting, "on the stack", LIBEXEC_E_LAYOUT, LIBEXEC_FILE_NONE, ANY, bad[i].address, guard);
    }
    libexec_kit_elf_end(&elf);
}

// An interpreter is ET_EXEC or ET_DYN, as a program is, but Linux says so later, with an errno that is an accident.
static void an_interpreter_of_another_type(void **state) {
    (void)state;
    static struct world world;
    static const uint16_t types[] = {0, 1, 4, 5, 6, 7, 8, 0x102, 0x103, 0xfe00, 0xffff};
    static struct libexec_kit_elf program;
    struct libexec_kit_elf loader = {0};
    const struct setting setting = usual(&program, &loader);
    begin(&program, LIBEXEC_KIT_ET_DYN, true);
    libexec_kit_elf_add(&program, load(R | X, 0, 0, 0x1200, 0x1200));
    libexec_kit_elf_build(&program);
    for (size_t i = 0; i < COUNT(types); i++) {
        small_elf(&loader, types[i], 0);
        EXPECT_EQUAL(&world, prepare(&world, &setting, "type"), LIBEXEC_E_TYPE);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        EXPECT_EQUAL(&world, libexec_report_errno(report), LIBEXEC_ERRNO_EPERM);
        EXPECT_EQUAL(&world, report->file, LIBEXEC_FILE_INTERPRETER);
        EXPECT_EQUAL(&world, report->stage, LIBEXEC_STAGE_LAYOUT);
        EXPECT_EQUAL(&world, report->value, types[i]);
        EXPECT_EQUAL(&world, report->limit, LIBEXEC_KIT_ET_DYN);
        end(&world);
        libexec_kit_elf_end(&loader);
    }
    libexec_kit_elf_end(&program);
}

// What starts begins below the end of the user range; an entry that is not where execution starts may be anywhere.
static void an_entry_outside_the_user_range(void **state) {
    (void)state;
    static struct world world;
    static struct libexec_kit_elf program, loader;
    for (int with_loader = 0; with_loader < 2; with_loader++)
        for (uint64_t beyond = 0; beyond < 3; beyond++) {
            const struct setting setting = usual(&program, with_loader != 0 ? &loader : NULL);
            begin(&program, LIBEXEC_KIT_ET_EXEC, with_loader != 0);
            begin(&loader, LIBEXEC_KIT_ET_EXEC, false);
            libexec_kit_elf_add(&program, load(R | X, 0, BASE, 0x1200, 0x1200));
            libexec_kit_elf_add(&loader, load(R | X, 0, 2 * BASE, 0x1200, 0x1200));
            program.entry = loader.entry = TOP - 1 + beyond;
            if (with_loader != 0)
                program.entry = UINT64_MAX;
            libexec_kit_elf_build(&program);
            libexec_kit_elf_build(&loader);
            EXPECT_EQUAL(&world, prepare(&world, &setting, "entry"),
                         beyond == 0 ? LIBEXEC_OK : LIBEXEC_E_ENTRY_RANGE);
            const struct libexec_report *const report = libexec_exec_report(&world.exec);
            if (beyond != 0) {
                EXPECT_EQUAL(&world, report->stage, LIBEXEC_STAGE_LAYOUT);
                EXPECT_EQUAL(&world, report->file, with_loader != 0 ? LIBEXEC_FILE_INTERPRETER : LIBEXEC_FILE_PROGRAM);
                EXPECT_EQUAL(&world, report->address, TOP - 1 + beyond);
                EXPECT_EQUAL(&world, report->value, TOP - 1 + beyond);
                EXPECT_EQUAL(&world, report->limit, TOP);
            }
            end(&world);
        }
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
}

// ---- Odd first segments -------------------------------------------------------------------------------------------

// Linux asks for a first segment without file bytes at address 0: an ordinary user is refused, with an errno that
// depends on how. One without memory besides asks for nothing, and the other segments stand where they would then.
static void a_first_segment_without_file_bytes(void **state) {
    (void)state;
    static const struct {
        uint64_t address, size, alignment;
        enum libexec_status status;
        int error;
    } rows[] = {{0x1000, 0x100, PAGE, LIBEXEC_E_LOW_ADDRESS, LIBEXEC_ERRNO_EPERM},
                {0x20000, 0x100, PAGE, LIBEXEC_E_LOW_ADDRESS, LIBEXEC_ERRNO_EPERM},
                {0x20123, 0x100, PAGE, LIBEXEC_E_NO_ROOM, LIBEXEC_ERRNO_ENOMEM},
                {0x20123, 0x100, 0x10000, LIBEXEC_E_LOW_ADDRESS, LIBEXEC_ERRNO_EPERM},
                {0x20000, 0x100, 0x10000, LIBEXEC_E_LOW_ADDRESS, LIBEXEC_ERRNO_EPERM},
                {0x20000, 0, PAGE, LIBEXEC_OK, 0},
                {0x20000, 0, 0x10000, LIBEXEC_OK, 0},
                {0x20001, 0, PAGE, LIBEXEC_E_ADDRESS_RANGE, LIBEXEC_ERRNO_EINVAL},
                {0x20123, 0, 0x10000, LIBEXEC_E_ADDRESS_RANGE, LIBEXEC_ERRNO_EINVAL}};
    static struct world world;
    static struct libexec_kit_elf program;
    const struct setting setting = usual(&program, NULL);
    for (size_t i = 0; i < COUNT(rows); i++) {
        begin(&program, LIBEXEC_KIT_ET_DYN, false);
        libexec_kit_elf_add(&program, load(R | W, 0, rows[i].address, 0, rows[i].size));
        libexec_kit_elf_add(&program, load(R | X, 0, 0x300000, 0x1200, 0x1200));
        program.headers[0].alignment = rows[i].alignment;
        program.entry = 0x300100;
        libexec_kit_elf_build(&program);
        EXPECT_EQUAL(&world, prepare(&world, &setting, "program"), rows[i].status);
        EXPECT_EQUAL(&world, libexec_report_errno(libexec_exec_report(&world.exec)), rows[i].error);
        if (rows[i].status == LIBEXEC_OK)
            EXPECT_EQUAL(&world, libexec_exec_layout(&world.exec)->program_bias, 0 - rows[i].address);
        else
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->program_header, 0);
        end(&world);
    }
    libexec_kit_elf_end(&program);
}

// An interpreter's stands where it says for a program without a bias, and at address 0 for one with a bias.
static void an_interpreters_first_segment_without_file_bytes(void **state) {
    (void)state;
    static struct world world;
    static struct libexec_kit_elf program, loader;
    for (uint64_t in_page = 0; in_page < 3; in_page++)
        for (uint64_t size = 0; size <= 0x800; size += 0x800)
            for (uint16_t type = LIBEXEC_KIT_ET_EXEC; type <= LIBEXEC_KIT_ET_DYN; type++) {
                const struct setting setting = usual(&program, &loader);
                begin(&program, type, true);
                libexec_kit_elf_add(&program, load(R | X, 0, type == LIBEXEC_KIT_ET_EXEC ? BASE : 0, 0x1200, 0x1200));
                begin(&loader, LIBEXEC_KIT_ET_DYN, false);
                libexec_kit_elf_add(&loader, load(R | W, 0, 0x600000 + in_page, 0, size));
                libexec_kit_elf_add(&loader, load(R | X, 0, 0x700000, 0x1200, 0x1200));
                loader.entry = 0x700100;
                libexec_kit_elf_build(&program);
                libexec_kit_elf_build(&loader);
                const bool low = type == LIBEXEC_KIT_ET_DYN && size != 0;
                EXPECT_EQUAL(&world, prepare(&world, &setting, "loader"), low ? LIBEXEC_E_LOW_ADDRESS : LIBEXEC_OK);
                if (!low) {
                    const uint64_t bias = libexec_exec_layout(&world.exec)->interpreter_bias;
                    EXPECT_EQUAL(&world, bias, type == LIBEXEC_KIT_ET_EXEC ? 0 : 0 - (uint64_t)0x600000);
                } else {
                    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->file, LIBEXEC_FILE_INTERPRETER);
                    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->program_header, 0);
                }
                end(&world);
            }
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
}

// Linux guards a first segment with file bytes before it looks at the others. Any other that collides is refused only
// by this library, after all that Linux finds.
static void what_linux_finds_comes_first(void **state) {
    (void)state;
    static struct world world;
    static struct libexec_kit_elf program;
    const uint64_t place = TOP - 0x21000;
    const struct setting setting = usual(&program, NULL);
    for (uint64_t bytes = 0; bytes < 3; bytes++) // of the first segment
        for (uint64_t odd = 0; odd < 2; odd++) { // the second one's offset
            begin(&program, LIBEXEC_KIT_ET_EXEC, false);
            libexec_kit_elf_add(&program, load(R | W, 0, place, bytes, 0x1000));
            libexec_kit_elf_add(&program, load(R | X, 0x1000 + odd, BASE, 0x1200, 0x1200));
            libexec_kit_elf_build(&program);
            EXPECT_EQUAL(&world, prepare(&world, &setting, "first"),
                         bytes != 0 ? LIBEXEC_E_COLLISION : odd != 0 ? LIBEXEC_E_CONGRUENCE
                                                                     : LIBEXEC_E_SEGMENT_COLLISION);
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->program_header, bytes == 0 && odd != 0);
            end(&world);
        }
    // A byte collides; a segment of none, inside a page of the stack, is not there.
    for (uint64_t size = 0; size < 3; size++) {
        begin(&program, LIBEXEC_KIT_ET_EXEC, false);
        libexec_kit_elf_add(&program, load(R | X, 0, BASE, 0x1200, 0x1200));
        libexec_kit_elf_add(&program, load(R | W, 0, place + 8, 0, size));
        libexec_kit_elf_build(&program);
        EXPECT_EQUAL(&world, prepare(&world, &setting, "size"), size == 0 ? LIBEXEC_OK : LIBEXEC_E_SEGMENT_COLLISION);
        end(&world);
    }
    libexec_kit_elf_end(&program);
}

static void an_interpreter_that_spans_nothing(void **state) {
    (void)state;
    static struct world world;
    static struct libexec_kit_elf program, loader;
    const struct setting setting = usual(&program, &loader);
    begin(&program, LIBEXEC_KIT_ET_EXEC, true);
    libexec_kit_elf_add(&program, load(R | X, 0, BASE, 0x1200, 0x1200));
    libexec_kit_elf_build(&program);
    for (uint32_t segments = 0; segments < 3; segments++)
        for (uint16_t type = LIBEXEC_KIT_ET_EXEC; type <= LIBEXEC_KIT_ET_DYN; type++) {
            begin(&loader, type, false);
            libexec_kit_elf_add(&loader, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_NOTE});
            for (uint32_t i = 0; i < segments; i++)
                libexec_kit_elf_add(&loader, load(R | X, 0, 0x600000, 0, 0));
            libexec_kit_elf_build(&loader);
            EXPECT_EQUAL(&world, prepare(&world, &setting, "nothing"),
                         segments == 0 ? LIBEXEC_E_NO_SEGMENTS : LIBEXEC_E_EMPTY_SPAN);
            const struct libexec_report *const report = libexec_exec_report(&world.exec);
            EXPECT_EQUAL(&world, libexec_report_errno(report), LIBEXEC_ERRNO_EINVAL);
            EXPECT_EQUAL(&world, report->file, LIBEXEC_FILE_INTERPRETER);
            EXPECT_EQUAL(&world, report->value, 0); // segments, or bytes, of which there must be
            EXPECT_EQUAL(&world, report->limit, 1);
            end(&world);
        }
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
}

// A wish is granted where a large page more than the interpreter needs is free, up to the end of the user range.
static void a_wish_near_the_end_of_the_user_range(void **state) {
    (void)state;
    static struct libexec_kit_elf program, loader;
    const uint64_t large = 2 * MIB;
    begin(&program, LIBEXEC_KIT_ET_EXEC, true);
    libexec_kit_elf_add(&program, load(R | X, 0, BASE, 0x1200, 0x1200));
    libexec_kit_elf_build(&program);
    for (uint64_t length = large - PAGE; length <= 2 * large; length += PAGE + large)
        for (uint64_t left = 0; left <= large + PAGE; left += left == PAGE ? large - 2 * PAGE : PAGE) {
            struct setting setting = usual(&program, &loader);
            struct libexec_layout layout;
            const uint64_t wish = TOP - length - left;
            begin(&loader, LIBEXEC_KIT_ET_DYN, false);
            libexec_kit_elf_add(&loader, load(R | X, 0, wish, 0x1200, length));
            loader.entry = wish;
            libexec_kit_elf_build(&loader);
            setting.policy.flags = 0;
            setting.words[2] = UINT64_MAX; // the stack leaves its place
            assert_true(compare(&setting, "near the end", &layout));
            assert_int_equal(layout.interpreter.address == wish, length < large || left >= large);
        }
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
}

// Linux maps the whole span of an ET_DYN first, with MAP_FIXED_NOREPLACE where it has an interpreter: a hole over the
// stack is EEXIST (Linux 6.18, strace, 6 of 900 runs with a second segment 512 GiB below the end of the user range).
// Without bytes of the file in the first segment there is no such mapping (elf_load of fs/binfmt_elf.c).
static void a_hole_over_the_stack(void **state) {
    (void)state;
    static struct world world;
    static struct libexec_kit_elf program, loader;
    struct setting setting = usual(&program, &loader);
    small_elf(&loader, LIBEXEC_KIT_ET_DYN, 0);
    setting.policy.flags = 0;
    setting.words[2] = UINT64_MAX; // the stack 16 GiB below the end
    for (int spanned = 0; spanned < 2; spanned++) {
        begin(&program, LIBEXEC_KIT_ET_DYN, true);
        libexec_kit_elf_add(&program, load(R | W, 0, 0, spanned != 0 ? 0x1200 : 0, 0x1200));
        libexec_kit_elf_add(&program, load(R, 0, TOP - 0x10000 - 0x555555554000, 0x1200, 0x1200));
        libexec_kit_elf_build(&program);
        EXPECT_EQUAL(&world, prepare(&world, &setting, "hole"), spanned != 0 ? LIBEXEC_E_COLLISION : LIBEXEC_OK);
        end(&world);
    }
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
}

// Aligned down to where its bias wraps, it is in the way of what the host reserves above the user range: that is no
// place to look below. Without that range, or with it alone, it finds one.
static void a_bias_that_wraps(void **state) {
    (void)state;
    static struct world world;
    static struct libexec_kit_elf program;
    struct setting setting = usual(&program, NULL);
    begin(&program, LIBEXEC_KIT_ET_DYN, false);
    libexec_kit_elf_add(&program, (struct libexec_kit_program_header){
                                      .type = LIBEXEC_KIT_PT_LOAD, .flags = R | W, .offset = 0x10, .address = 0x10,
                                      .file_size = 0x200, .memory_size = 0x3f0000000000,
                                      .alignment = (uint64_t)1 << 46});
    program.entry = 0x100;
    libexec_kit_elf_build(&program);
    const struct libexec_range in_the_way = {0x7c0000000000, 0x2000}, above = {TOP, 0 - (uint64_t)TOP};
    for (uint32_t form = 0; form < 4; form++) {
        setting.reserved_count = 0;
        if ((form & 1) != 0)
            setting.reserved[setting.reserved_count++] = in_the_way;
        if ((form & 2) != 0)
            setting.reserved[setting.reserved_count++] = above;
        const enum libexec_status status = prepare(&world, &setting, "wraps");
        EXPECT_EQUAL(&world, status, (form & 1) != 0 ? LIBEXEC_E_NO_ROOM : LIBEXEC_OK);
        end(&world);
    }
    libexec_kit_elf_end(&program);
}

// An interpreter's wish below the user range is raised to where that begins (round_hint_to_min of mm/mmap.c).
static void a_wish_below_the_range(void **state) {
    (void)state;
    static struct libexec_kit_elf program, loader;
    struct setting setting = usual(&program, &loader);
    struct libexec_layout layout;
    begin(&program, LIBEXEC_KIT_ET_EXEC, true);
    libexec_kit_elf_add(&program, load(R | X, 0, 0x1000000, 0x1200, 0x1200));
    libexec_kit_elf_build(&program);
    small_elf(&loader, LIBEXEC_KIT_ET_DYN, 0x100000);
    for (uint64_t low = 0x10000; low <= 0x200000; low *= 2) {
        setting.policy.user_low = low;
        assert_true(compare(&setting, "below", &layout));
        assert_int_equal(layout.interpreter.address, low < 0x100000 ? 0x100000 : low);
    }
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
}

// What counts is that the program has no bias, not its type: a PIE linked for the place where it comes to stand.
static void a_wish_for_a_pie_in_its_own_place(void **state) {
    (void)state;
    static struct libexec_kit_elf program, loader;
    struct setting setting = usual(&program, &loader);
    struct libexec_layout layout;
    small_elf(&loader, LIBEXEC_KIT_ET_DYN, 0x30000000);
    for (uint64_t first = 0x555555553000; first <= 0x555555555000; first += PAGE) {
        begin(&program, LIBEXEC_KIT_ET_DYN, true);
        libexec_kit_elf_add(&program, load(R | X, 0, first, 0x1200, 0x1200));
        libexec_kit_elf_build(&program);
        setting.policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES;
        assert_true(compare(&setting, "in its own place", &layout));
        assert_int_equal(layout.interpreter_bias == 0, first == 0x555555554000);
        libexec_kit_elf_end(&program);
    }
    libexec_kit_elf_end(&loader);
}

// A PIE with an interpreter stands where it stands, whatever its first address is: what the host reserved there is in
// the way.
static void a_reserved_range_on_a_pie(void **state) {
    (void)state;
    static struct world world;
    static struct libexec_kit_elf program, loader;
    small_elf(&loader, LIBEXEC_KIT_ET_DYN, 0);
    for (uint64_t first = 0; first <= 0x400000000000; first += 0x200000000000) {
        struct setting setting = usual(&program, &loader);
        begin(&program, LIBEXEC_KIT_ET_DYN, true);
        libexec_kit_elf_add(&program, load(R | X, 0, first, 0x1200, 0x1200));
        program.entry = first;
        libexec_kit_elf_build(&program);
        setting.reserved[0] = (struct libexec_range){0x555555555000, PAGE}; // its second page
        setting.reserved_count = 1;
        EXPECT_EQUAL(&world, prepare(&world, &setting, "reserved"), LIBEXEC_E_COLLISION);
        EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->address, 0x555555554000);
        end(&world);
        libexec_kit_elf_end(&program);
    }
    libexec_kit_elf_end(&loader);
}

// brk does not move onto the TLS block either, which here lies where it would begin; right behind it there is room
// where its alignment leaves some.
static void brk_at_the_tls_block(void **state) {
    (void)state;
    static struct world world;
    static struct libexec_kit_elf program;
    struct setting setting = usual(&program, NULL);
    const uint64_t wish = 0x20001000, end_of_area = 0x28001000;
    setting.policy.user_high = 0x30001000; // of which two thirds end below 0x20001000
    setting.policy.tls = LIBEXEC_TLS_ALWAYS;
    setting.arch.large_page_size = 0;
    uint32_t behind = 0, on = 0;
    for (uint64_t i = 0; i < 16; i++) {
        begin(&program, LIBEXEC_KIT_ET_DYN, false);
        libexec_kit_elf_add(&program, load(R | W, 0, 0, 0x1200, end_of_area - wish - i / 2 * PAGE));
        libexec_kit_elf_add(&program, (struct libexec_kit_program_header){
                                          .type = LIBEXEC_KIT_PT_TLS, .alignment = i % 2 == 0 ? 8 : 4 * PAGE});
        libexec_kit_elf_build(&program);
        EXPECT_EQUAL(&world, prepare(&world, &setting, "brk"), LIBEXEC_OK);
        const struct libexec_layout *const layout = libexec_exec_layout(&world.exec);
        const bool in_block = wish - layout->tls.address < layout->tls.length;
        const bool in_program = wish - layout->program.address < layout->program.length;
        EXPECT_EQUAL(&world, layout->brk_start, in_block || in_program ? end_of_area : wish);
        on += in_block;
        behind += wish == layout->tls.address + layout->tls.length && !in_program;
        end(&world);
    }
    assert_true(on != 0 && behind != 0);
    libexec_kit_elf_end(&program);
}

// Where no room is found for an interpreter and a large page more, Linux looks again without the large page, and with
// the interpreter's wish (thp_get_unmapped_area).
static void a_wish_in_a_full_range(void **state) {
    (void)state;
    static struct world world;
    static struct libexec_kit_elf program, loader;
    struct setting setting = usual(&program, &loader);
    begin(&program, LIBEXEC_KIT_ET_EXEC, true);
    libexec_kit_elf_add(&program, load(R | X, 0, BASE, 0x1200, 0x1200));
    libexec_kit_elf_build(&program);
    begin(&loader, LIBEXEC_KIT_ET_DYN, false);
    libexec_kit_elf_add(&loader, load(R | X, 0, 0x10000000, 0x1200, 2 * MIB));
    loader.entry = 0x10000000;
    libexec_kit_elf_build(&loader);
    setting.reserved[0] = (struct libexec_range){BASE + 0x2000, 0x10000000 - BASE - 0x2000};
    setting.reserved[1] = (struct libexec_range){0x10000000 + 2 * MIB, TOP - 128 * MIB - 0x10000000 - 4 * MIB};
    setting.reserved_count = 2;
    EXPECT_EQUAL(&world, prepare(&world, &setting, "full"), LIBEXEC_OK);
    EXPECT_EQUAL(&world, libexec_exec_layout(&world.exec)->interpreter_bias, 0);
    end(&world);
    libexec_kit_elf_end(&program);
    libexec_kit_elf_end(&loader);
}

int main(void) {
    const struct CMUnitTest layout[] = {
        cmocka_unit_test(every_address_is_linuxs),
        cmocka_unit_test(usual_programs_without_randomisation),
        cmocka_unit_test(the_farthest_random_places),
        cmocka_unit_test(a_small_range_holds_a_pie_and_the_stack),
        cmocka_unit_test(a_place_without_a_page_to_spare),
        cmocka_unit_test(the_largest_stack),
        cmocka_unit_test(where_the_room_for_arguments_is),
        cmocka_unit_test(arguments_as_large_as_the_limit),
        cmocka_unit_test(brk_where_its_next_place_is_taken),
        cmocka_unit_test(brk_at_the_end_of_the_user_range),
        cmocka_unit_test(a_collision_is_told_by_its_address),
        cmocka_unit_test(a_reserved_range_on_the_stack),
        cmocka_unit_test(an_interpreter_of_another_type),
        cmocka_unit_test(an_entry_outside_the_user_range),
        cmocka_unit_test(a_first_segment_without_file_bytes),
        cmocka_unit_test(an_interpreters_first_segment_without_file_bytes),
        cmocka_unit_test(what_linux_finds_comes_first),
        cmocka_unit_test(an_interpreter_that_spans_nothing),
        cmocka_unit_test(a_wish_near_the_end_of_the_user_range),
        cmocka_unit_test(a_hole_over_the_stack),
        cmocka_unit_test(a_bias_that_wraps),
        cmocka_unit_test(a_wish_below_the_range),
        cmocka_unit_test(a_wish_for_a_pie_in_its_own_place),
        cmocka_unit_test(a_reserved_range_on_a_pie),
        cmocka_unit_test(brk_at_the_tls_block),
        cmocka_unit_test(a_wish_in_a_full_range),
    };
    return RUN(layout);
}
