// SPDX-License-Identifier: MIT
// Path, argv and envp from the caller's memory: every way they can lie there, every way they can be missing, and a
// caller that edits them while they are read.

#include "world.h"

#include <stdio.h>

#define FAULT LIBEXEC_ERRNO_EFAULT
#define MOST 8u

static struct libexec_kit_elf program;

static void execute(struct world *world) {
    world_file(world, PROGRAM, &program);
    world_execute(world, PROGRAM);
}

static void from_user(struct world *world, libexec_address argv, libexec_address envp) {
    world->request.arguments =
        (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_USER, .user_argv = argv, .user_envp = envp};
}

// Hosts that differ in the views that they give, in turn.
static const struct flavour *host_in_turn(uint64_t turn) {
    return turn % 4 == 3 ? flavour_beside : &flavours[turn % 4];
}

// ---- How strings and vectors may lie ------------------------------------------------------------------------------

// Strings at given addresses; the expected texts are what stands there.
struct place {
    const char *name;
    libexec_address argv;
    libexec_address envp;
    uint32_t argc;
    uint32_t envc;
    struct {
        libexec_address at;
        const char *text; // written there, unless NULL: then an earlier text is met in its middle
    } strings[MOST];
    const char *expected[MOST + 2]; // argv, NULL, envp, NULL
};

static void place_strings(struct world *world) {
    const struct place *const place = world->scenario->data;
    libexec_address pointers[MOST];
    execute(world);
    for (uint32_t i = 0; i < place->argc + place->envc; i++) {
        pointers[i] = place->strings[i].at;
        if (place->strings[i].text != NULL)
            world_user_string(world, pointers[i], place->strings[i].text);
    }
    world_user_fill(world, place->argv, 8 * (place->argc + 1));
    world_user_fill(world, place->envp, 8 * (place->envc + 1));
    libexec_kit_user_vector(world->kit, place->argv, pointers, place->argc);
    libexec_kit_user_vector(world->kit, place->envp, pointers + place->argc, place->envc);
    from_user(world, place->argv, place->envp);
}

static void check_placed(struct world *world, const struct libexec_kit_image *image) {
    const struct place *const place = world->scenario->data;
    check_stack(world, image, &(struct expected_stack){.argc = place->argc, .argv = place->expected,
                                                       .envc = place->envc,
                                                       .envp = place->expected + place->argc + 1, .path = PROGRAM});
}

#define S USER_STRINGS
#define V USER_VECTOR

static const struct place places[] = {
    {.name = "contiguous", .argv = V, .envp = V + 0x18, .argc = 2, .envc = 1,
     .strings = {{S, "one"}, {S + 4, "two"}, {S + 8, "A=1"}}, .expected = {"one", "two", NULL, "A=1", NULL}},
    {.name = "with gaps", .argv = V, .envp = V + 0x100, .argc = 2, .envc = 2,
     .strings = {{S, "one"}, {S + 16, "two"}, {S + 0x400, "A=1"}, {S + 0x900, "B"}},
     .expected = {"one", "two", NULL, "A=1", "B", NULL}},
    {.name = "on far pages", .argv = V, .envp = V + 0x100, .argc = 3, .envc = 1,
     .strings = {{S, "one"}, {S + 0x10000, "two"}, {S + 0x7ffff, "cross"}, {0x10000, "low"}},
     .expected = {"one", "two", "cross", NULL, "low", NULL}},
    {.name = "descending", .argv = V, .envp = V + 0x100, .argc = 3, .envc = 2,
     .strings = {{S + 0x100, "three"}, {S + 0x80, "two"}, {S + 0x40, "one"}, {S + 0x20, "A"}, {S, "B=2"}},
     .expected = {"three", "two", "one", NULL, "A", "B=2", NULL}},
    {.name = "descending and touching", .argv = V, .envp = V + 0x100, .argc = 3, .envc = 0,
     .strings = {{S + 8, "ccc"}, {S + 4, "bbb"}, {S, "aaa"}}, .expected = {"ccc", "bbb", "aaa", NULL, NULL}},
    {.name = "the same pointer", .argv = V, .envp = V + 0x100, .argc = 3, .envc = 2,
     .strings = {{S, "same"}, {S, NULL}, {S, NULL}, {S, NULL}, {S + 100, "other"}},
     .expected = {"same", "same", "same", NULL, "same", "other", NULL}},
    {.name = "overlapping", .argv = V, .envp = V + 0x100, .argc = 4, .envc = 1,
     .strings = {{S, "abcdefgh"}, {S + 3, NULL}, {S + 8, NULL}, {S + 1, NULL}, {S + 7, NULL}},
     .expected = {"abcdefgh", "defgh", "", "bcdefgh", NULL, "h", NULL}},
    {.name = "a tail, then what follows", .argv = V, .envp = V + 0x100, .argc = 3, .envc = 0,
     .strings = {{S, "abcd"}, {S + 2, NULL}, {S + 5, "next"}}, .expected = {"abcd", "cd", "next", NULL, NULL}},
    {.name = "ending with the page", .argv = V, .envp = V + 0x100, .argc = 3, .envc = 1,
     .strings = {{S + 0xffb, "four"}, {S + 0x1000, "next"}, {S + 0x1fff, ""}, {S + 0x2ffe, "x"}},
     .expected = {"four", "next", "", NULL, "x", NULL}},
    {.name = "crossing pages", .argv = V, .envp = V + 0x100, .argc = 2, .envc = 1,
     .strings = {{S + 0xffc, "crossing"}, {S + 0x2fff, "again"}, {S + 0x3ffa, "123456"}},
     .expected = {"crossing", "again", NULL, "123456", NULL}},
    {.name = "vectors at the end of pages", .argv = V + 0xfe8, .envp = V + 0x2ff0, .argc = 2, .envc = 1,
     .strings = {{S, "one"}, {S + 4, "two"}, {S + 8, "A=1"}}, .expected = {"one", "two", NULL, "A=1", NULL}},
    {.name = "vectors across pages", .argv = V + 0xff0, .envp = V + 0x2ff8, .argc = 3, .envc = 2,
     .strings = {{S, "one"}, {S + 4, "two"}, {S + 8, "three"}, {S + 14, "A=1"}, {S + 18, "B=2"}},
     .expected = {"one", "two", "three", NULL, "A=1", "B=2", NULL}},
    {.name = "unaligned vectors", .argv = V + 0xff3, .envp = V + 0x2ffd, .argc = 3, .envc = 2,
     .strings = {{S, "one"}, {S + 4, "two"}, {S + 8, "three"}, {S + 14, "A=1"}, {S + 18, "B=2"}},
     .expected = {"one", "two", "three", NULL, "A=1", "B=2", NULL}},
    {.name = "one vector for both", .argv = V, .envp = V, .argc = 1, .envc = 1, .strings = {{S, "x"}, {S, NULL}},
     .expected = {"x", NULL, "x", NULL}},
    {.name = "strings in the vector", .argv = V, .envp = V + 0x100, .argc = 2, .envc = 0,
     .strings = {{V + 0x18, "near"}, {V + 0x1d, "by"}}, .expected = {"near", "by", NULL, NULL}},
    {.name = "environment before the arguments", .argv = V, .envp = V + 0x100, .argc = 1, .envc = 2,
     .strings = {{S + 20, "arg"}, {S, "A=1"}, {S + 4, "B=2"}}, .expected = {"arg", NULL, "A=1", "B=2", NULL}},
};

// argv is empty, and envp stands right behind it, or behind the word after it; or at an address that the new stack has.
static void vectors_behind_an_empty_one(void **state) {
    (void)state;
    static struct world world;
    static const char *const argv[] = {"", NULL};
    static const char *const envp[] = {"A=1", "B=2", NULL};
    const struct scenario scenario = {.name = "behind an empty argv", .set_up = execute};
    for (size_t i = 0; i < 3; i++)
        for (libexec_address distance = 8; distance <= 24; distance += 8)
            for (int null = 0; null < 2; null++) {
                world_begin(&world, &scenario, &flavours[i]);
                libexec_address pointers[2] = {S, S + 4};
                world_user_string(&world, S, envp[0]);
                world_user_string(&world, S + 4, envp[1]);
                world_user_fill(&world, V, 8);
                libexec_kit_user_vector(world.kit, V, pointers, 0);
                for (libexec_address at = 8; at < distance; at += 8)
                    libexec_kit_user_vector(world.kit, V + at, pointers, 0);
                libexec_kit_user_vector(world.kit, V + distance, pointers, 2);
                from_user(&world, null ? 0 : V, V + distance);
                struct libexec_kit_image *const image = world_image(&world);
                check_stack(&world, image, &(struct expected_stack){.argc = 1, .argv = argv, .envc = 2, .envp = envp,
                                                                    .path = PROGRAM});
                world_end_prepared(&world, image);
            }
}

static void strings_lie_anyhow(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        run_scenario(&(struct scenario){.name = places[i].name, .set_up = place_strings, .data = &places[i],
                                        .check = check_placed});
}

// Vectors of every length around the sizes in which a loader may fetch, at every distance from the end of a page.
static void vectors_of_every_length(void **state) {
    (void)state;
    static struct world world;
    const struct scenario scenario = {.name = "lengths", .set_up = execute};
    static const uint32_t counts[] = {1, 2, 30, 31, 32, 33, 126, 127, 128, 129, 511, 512, 513, 700};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
        for (uint64_t before = 0; before < 40; before += i % 2 == 0 ? 13 : 8) {
            static libexec_address pointers[701];
            world_begin(&world, &scenario, host_in_turn(i));
            world_user_string(&world, S, "argument");
            for (uint32_t k = 0; k < counts[i]; k++)
                pointers[k] = S + k % 9;
            const libexec_address vector = V + PAGE - before;
            world_user_fill(&world, vector, 8 * (counts[i] + 1));
            libexec_kit_user_vector(world.kit, vector, pointers, counts[i]);
            from_user(&world, vector, vector);
            struct libexec_kit_image *const image = world_image(&world);
            check_stack(&world, image, &(struct expected_stack){.argc = counts[i], .envc = counts[i],
                                                                .path = PROGRAM});
            struct libexec_kit_stack stack;
            EXPECT(&world, libexec_kit_stack_read(image, &stack));
            for (uint32_t k = 0; k < counts[i]; k++) {
                char *const text = libexec_kit_image_string(image, stack.argv[k], NULL);
                EXPECT(&world, strcmp(text, &"argument"[k % 9]) == 0);
                free(text);
            }
            libexec_kit_stack_free(&stack);
            world_end_prepared(&world, image);
        }
}

// An argv[0] that is made where there is none is no string of the caller's: the first one is then the environment's.
static void a_fault_behind_no_arguments(void **state) {
    (void)state;
    static struct world world;
    const struct scenario scenario = {.name = "no arguments", .set_up = execute};
    for (uint32_t bad = 0; bad < 3; bad++)
        for (uint32_t empty = 0; empty < 2; empty++) {
            libexec_address pointers[3] = {S, S + 1, S + 2};
            pointers[bad] = 8;
            world_begin(&world, &scenario, host_in_turn(bad));
            world_user_string(&world, S, "abc");
            libexec_kit_user_vector(world.kit, V, pointers, 3);
            libexec_kit_user_vector(world.kit, V + PAGE, pointers, 0);
            from_user(&world, empty != 0 ? V + PAGE : 0, V);
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ARGUMENT_FAULT);
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->argument, bad);
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->address, 8);
            world_end(&world);
        }
}

// Views that end where the memory beside them must not be looked at, which the address sanitizer sees: vectors that end
// anywhere around the end of a view, and strings one behind the other, short and long, across the ends of views.
static void what_lies_beside_a_view(void **state) {
    (void)state;
    static struct world world;
    enum { MOST_STRINGS = 700, LEAST_STRINGS = 240 };
    static char text[MOST_STRINGS * 64];
    static libexec_address pointers[MOST_STRINGS];
    static const char *expected[MOST_STRINGS + 1];
    const struct scenario scenario = {.name = "beside", .set_up = execute};
    for (uint32_t count = LEAST_STRINGS; count <= MOST_STRINGS; count += count < 520 ? 1 : 30) {
        world_begin(&world, &scenario, flavour_beside);
        uint32_t at = 0;
        for (uint32_t i = 0; i < count; i++) {
            const uint32_t length = i % 64 < 32 ? (count + i) % 9 : (count + 3 * i) % 60;
            pointers[i] = S + at;
            expected[i] = text + at;
            memset(text + at, 'a' + (int)(i % 26), length);
            text[at + length] = 0;
            at += length + 1;
        }
        expected[count] = NULL;
        world_user_fill(&world, S, at);
        libexec_kit_user_write(world.kit, S, text, at);
        world_user_fill(&world, V, 8 * (count + 1));
        libexec_kit_user_vector(world.kit, V, pointers, count);
        from_user(&world, V, 0);
        struct libexec_kit_image *const image = world_image(&world);
        check_stack(&world, image, &(struct expected_stack){.argc = count, .argv = expected, .path = PROGRAM});
        world_end_prepared(&world, image);
    }
}

static void strings_of_every_length(void **state) {
    (void)state;
    static struct world world;
    static char text[20000];
    const struct scenario scenario = {.name = "string lengths", .set_up = execute};
    static const uint32_t lengths[] = {0,   1,    7,    15,   16,   17,   126,   127,   128,  129,
                                       640, 3199, 4094, 4095, 4096, 4097, 12287, 12288, 19999};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        for (uint64_t in_page = 0; in_page < PAGE; in_page += 0x555) {
            memset(text, 'a' + (int)i, lengths[i]);
            text[lengths[i]] = 0;
            const char *const argv[] = {"first", text, "last", NULL};
            world_begin(&world, &scenario, host_in_turn(i));
            libexec_address pointers[3] = {S, S + 0x10000 + in_page, 0};
            world_user_string(&world, pointers[0], argv[0]);
            pointers[2] = world_user_string(&world, pointers[1], argv[1]) + (i % 2 == 0 ? 0 : 3);
            world_user_string(&world, pointers[2], argv[2]);
            libexec_kit_user_vector(world.kit, V, pointers, 3);
            from_user(&world, V, 0);
            struct libexec_kit_image *const image = world_image(&world);
            check_stack(&world, image, &(struct expected_stack){.argc = 3, .argv = argv, .path = PROGRAM});
            world_end_prepared(&world, image);
        }
}

// Strings and the pointers to them, which may say anything; what each must be is said beside it.
#define CHAINED 300u
struct chain {
    libexec_address at; // where the next text goes
    uint32_t count;
    libexec_address pointers[CHAINED];
    const char *expected[CHAINED + 1];
    char texts[CHAINED][400];
};

// Writes `length` bytes, none of them a NUL, and behind them a NUL. `kind` 0 and 2: plain text; 1: what a test of
// several bytes at once may take for a NUL, or hide one.
static const char *chain_text(struct world *world, struct chain *chain, uint32_t length, int kind) {
    static const char odd[] = {'a', '\x01', '\x80', '\xff', '\x7f', '\x81', 'b'};
    char *const text = chain->texts[chain->count];
    assert_true(chain->count < CHAINED && length < sizeof(chain->texts[0]));
    for (uint32_t i = 0; i < length; i++)
        text[i] = kind != 1 ? (char)('a' + (chain->count + i) % 26) : odd[(chain->count + i * i) % sizeof(odd)];
    text[length] = 0;
    world_user_string(world, chain->at, text);
    return text;
}

static void chain_pointer(struct chain *chain, libexec_address pointer, const char *expected) {
    chain->pointers[chain->count] = pointer;
    chain->expected[chain->count++] = expected;
}

// A text where the one before it ended.
static void chain_add(struct world *world, struct chain *chain, uint32_t length, int kind) {
    const char *const text = chain_text(world, chain, length, kind);
    chain_pointer(chain, chain->at, text);
    chain->at += length + 1;
}

// One whose NUL is behind its byte `length`, and one that begins `distance` bytes behind its beginning.
static void chain_pair(struct world *world, struct chain *chain, uint32_t distance, uint32_t length, int kind) {
    if (length >= distance) { // inside of the first one, or at its NUL
        const char *const text = chain_text(world, chain, length, kind);
        chain_pointer(chain, chain->at, text);
        chain_pointer(chain, chain->at + distance, text + distance);
        chain->at += length + 1;
        return;
    }
    char between[100]; // from the NUL to the next one
    assert_true(distance <= sizeof(between));
    memset(between, kind == 1 ? 0 : 'Q', sizeof(between));
    between[distance - 1] = kind == 0 ? 'Q' : 0; // as it would be, were there no other NUL
    world_user_fill(world, chain->at, distance);
    libexec_kit_user_write(world->kit, chain->at, between, distance);
    chain_pointer(chain, chain->at, chain_text(world, chain, length, kind));
    chain->at += distance;
    chain_add(world, chain, length % 5, kind);
}

static void check_chain(struct world *world, struct chain *chain) {
    chain->expected[chain->count] = NULL;
    world_user_fill(world, V, 8 * (CHAINED + 1));
    libexec_kit_user_vector(world->kit, V, chain->pointers, chain->count);
    from_user(world, V, 0);
    struct libexec_kit_image *const image = world_image(world);
    check_stack(world, image, &(struct expected_stack){.argc = chain->count, .argv = chain->expected,
                                                       .path = PROGRAM});
    world_end_prepared(world, image);
}

// The next pointer is `distance` bytes further, the NUL is anywhere before, there or behind: a string ends at its first
// NUL, whatever pointers say, and the next one begins where its pointer says.
static void a_string_ends_at_its_first_nul(void **state) {
    (void)state;
    static struct world world;
    static struct chain chain;
    const struct scenario scenario = {.name = "chain", .set_up = execute};
    for (uint32_t distance = 1; distance <= 100; distance++)
        for (int kind = 0; kind < 3; kind++) {
            world_begin(&world, &scenario, host_in_turn(distance));
            memset(&chain, 0, sizeof(chain));
            chain.at = S + 37 * distance;
            chain_add(&world, &chain, 3, 0);
            for (uint32_t length = 0; length < distance + 40; length++)
                chain_pair(&world, &chain, distance, length, kind);
            check_chain(&world, &chain);
            // And where the whole chain is one piece, of which a library may know that all of it will be used.
            const uint32_t lengths[] = {0,        distance / 4, distance / 2, distance - 1,
                                        distance, distance + 1, distance + 9};
            for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
                world_begin(&world, &scenario, host_in_turn(distance + i));
                memset(&chain, 0, sizeof(chain));
                chain.at = S + distance;
                chain_add(&world, &chain, i % 2 == 0 ? 9 : 150, 0); // less and more than the next one
                chain_pair(&world, &chain, distance, lengths[i], kind);
                chain_add(&world, &chain, 50, 0);
                chain_add(&world, &chain, 3, kind);
                check_chain(&world, &chain);
            }
        }
}

// Strings one behind the other, and pointers that are, but for the first two, the same few bytes beside them: each has
// what stands there.
static void pointers_that_are_a_little_off(void **state) {
    (void)state;
    static struct world world;
    static struct chain chain;
    static char pool[CHAINED];
    const struct scenario scenario = {.name = "a little off", .set_up = execute};
    for (uint32_t least = 4; least <= 40; least++)
        for (uint32_t off = 0; off <= 8; off++) { // 4 is where they begin
            world_begin(&world, &scenario, host_in_turn(least));
            memset(&chain, 0, sizeof(chain));
            memset(pool, 0, sizeof(pool));
            for (uint32_t at = 0, i = 0; at + least + 5 < sizeof(pool); i++) {
                const uint32_t place = at + (i < 2 ? 0 : off - 4), length = least + i % 3;
                memset(pool + at, 'A' + (int)(i % 26), length);
                chain_pointer(&chain, S + place, pool + place);
                at += length + 1;
            }
            world_user_fill(&world, S, sizeof(pool));
            libexec_kit_user_write(world.kit, S, pool, sizeof(pool));
            check_chain(&world, &chain);
        }
}

// Pointers so far from one another that a sum of two is nothing: the first that cannot be read is told.
static void pointers_half_the_memory_apart(void **state) {
    (void)state;
    static struct world world;
    const struct scenario scenario = {.name = "far apart", .set_up = execute};
    const uint64_t half = UINT64_C(1) << 63;
    for (uint64_t off = 0; off <= 4; off++)
        for (size_t host = 0; host < 3; host++) {
            const libexec_address pointers[] = {S + 5, S, half + off - 2, half + 1, S};
            world_begin(&world, &scenario, &flavours[host]);
            world_user_string(&world, world_user_string(&world, S, "abcd"), "efgh");
            libexec_kit_user_vector(world.kit, V, pointers, 5);
            from_user(&world, V, 0);
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ARGUMENT_FAULT);
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->argument, 2);
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->address, pointers[2]);
            world_end(&world);
        }
}

// NULs around the end of a page and around the end of what may have been fetched first; what follows the string has
// its pointer, and the last string lies before all others, so that no pointer tells how far they go.
static void strings_that_end_where_a_fetch_may_end(void **state) {
    (void)state;
    static struct world world;
    static struct chain chain;
    const struct scenario scenario = {.name = "ends", .set_up = execute};
    for (uint32_t length = 1; length < 300; length++)
        for (uint32_t form = 0; form < 4; form++) {
            world_begin(&world, &scenario, host_in_turn(length + form));
            memset(&chain, 0, sizeof(chain));
            // The NUL of the second string: anywhere; the last byte of a page, the first one, the second one.
            chain.at = S + 0x10000 + (form == 0 ? 0x800 : PAGE - 4 + form - length - 2);
            chain_add(&world, &chain, 1, 0);
            chain_add(&world, &chain, length, 0);
            chain_add(&world, &chain, length % 7, 0);
            chain_add(&world, &chain, 40, 0);
            chain.at = S;
            chain_add(&world, &chain, 3, 0);
            check_chain(&world, &chain);
        }
}

// The last byte of all memory may be a string's NUL, and the last word a vector's NULL.
static void strings_and_vectors_at_the_top(void **state) {
    (void)state;
    static struct world world;
    static const char *const argv[] = {"one", "", NULL};
    static const char *const envp[] = {"A=1", NULL};
    const struct scenario scenario = {.name = "top", .set_up = execute};
    for (int form = 0; form < 4; form++) {
        const libexec_address vectors[2] = {form == 1 ? 0 - (libexec_address)24 : V,
                                            form == 2 ? 0 - (libexec_address)16 : V + 0x100};
        const libexec_address strings[3] = {form == 3 ? 0 - (libexec_address)5 : S,
                                            form == 3 ? 0 - (libexec_address)1 : S + 4, S + 0x40};
        world_begin(&world, &scenario, host_in_turn((uint32_t)form));
        libexec_kit_user_write(world.kit, strings[0], argv[0], 4);
        libexec_kit_user_write(world.kit, strings[1], argv[1], 1);
        libexec_kit_user_write(world.kit, strings[2], envp[0], 4);
        libexec_kit_user_vector(world.kit, vectors[0], strings, 2);
        libexec_kit_user_vector(world.kit, vectors[1], strings + 2, 1);
        from_user(&world, vectors[0], vectors[1]);
        struct libexec_kit_image *const image = world_image(&world);
        check_stack(&world, image, &(struct expected_stack){.argc = 2, .argv = argv, .envc = 1, .envp = envp,
                                                            .path = PROGRAM});
        world_end_prepared(&world, image);
    }
}

// ---- Faults -------------------------------------------------------------------------------------------------------

struct fault {
    const char *name;
    libexec_address argv;
    libexec_address envp;
    libexec_address strings[4]; // argv {strings[0], strings[1]}, envp {strings[2]}; 0: well placed ones
    libexec_address hole;       // this page is not mapped
    uint32_t argument;
    bool vector_unwritten;
};

#define HOLE (S + 0x100000)

static void execute_fault(struct world *world) {
    const struct fault *const fault = world->scenario->data;
    libexec_address pointers[3] = {S, S + 4, S + 8};
    execute(world);
    world_user_string(world, S, "one");
    world_user_string(world, S + 4, "two");
    world_user_string(world, S + 8, "A=1");
    for (int i = 0; i < 3; i++)
        if (fault->strings[i] != 0)
            pointers[i] = fault->strings[i];
    for (int i = 0; i < 3; i++) // a string that runs up to the hole
        if (fault->strings[i] != 0 && fault->strings[i] < HOLE && fault->strings[i] >= HOLE - PAGE)
            world_user_fill(world, fault->strings[i], 1);
    const libexec_address argv = fault->argv != 0 ? fault->argv : V;
    const libexec_address envp = fault->envp != 0 ? fault->envp : V + 0x100;
    if (!fault->vector_unwritten || fault->argv == 0)
        libexec_kit_user_vector(world->kit, argv, pointers, 2);
    if (!fault->vector_unwritten || fault->envp == 0)
        libexec_kit_user_vector(world->kit, envp, pointers + 2, 1);
    if (fault->hole != 0)
        libexec_kit_user_unmap(world->kit, fault->hole, 1);
    from_user(world, argv, envp);
}

static const struct fault faults[] = {
    {.name = "argv nowhere", .argv = HOLE, .vector_unwritten = true, .argument = ANY},
    {.name = "argv at 8", .argv = 8, .vector_unwritten = true, .argument = ANY},
    {.name = "argv at the top", .argv = UINT64_MAX - 7, .vector_unwritten = true, .argument = ANY},
    {.name = "argv wraps", .argv = UINT64_MAX - 2, .vector_unwritten = true, .argument = ANY},
    {.name = "argv in the kernel", .argv = 0xffff800000000000, .vector_unwritten = true, .argument = ANY},
    {.name = "argv runs into a hole", .argv = V + 0xff8, .hole = V + 0x1000, .argument = ANY},
    {.name = "argv runs into a hole, unaligned", .argv = V + 0xff3, .hole = V + 0x1000, .argument = ANY},
    {.name = "envp nowhere", .envp = HOLE, .vector_unwritten = true, .argument = ANY},
    {.name = "envp runs into a hole", .envp = V + 0xff8, .hole = V + 0x1000, .argument = ANY},
    {.name = "argv[0] nowhere", .strings = {HOLE}, .argument = 0},
    {.name = "argv[1] nowhere", .strings = {0, HOLE}, .argument = 1},
    {.name = "argv[1] in the kernel", .strings = {0, 0xffffffff81000000}, .argument = 1},
    {.name = "argv[1] at the top", .strings = {0, UINT64_MAX}, .argument = 1},
    {.name = "argv[1] at 1", .strings = {0, 1}, .argument = 1},
    {.name = "argv[1] runs into a hole", .strings = {0, HOLE - 5}, .hole = HOLE, .argument = 1},
    {.name = "argv[1] is the last byte before a hole", .strings = {0, HOLE - 1}, .hole = HOLE, .argument = 1},
    {.name = "argv[1] is long and runs into a hole", .strings = {0, HOLE - 0xfff}, .hole = HOLE, .argument = 1},
    {.name = "envp[0] nowhere", .strings = {0, 0, HOLE}, .argument = 2},
    {.name = "envp[0] runs into a hole", .strings = {0, 0, HOLE - 200}, .hole = HOLE, .argument = 2},
};

static void bug_D5_faults_are_told(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        run_scenario(&(struct scenario){.name = faults[i].name, .set_up = execute_fault, .data = &faults[i],
                                        .status = LIBEXEC_E_ARGUMENT_FAULT, .error = FAULT,
                                        .stage = LIBEXEC_STAGE_ARGUMENTS, .program_header = ANY, .offset = ANY64,
                                        .argument = faults[i].argument, .after_space = true});
}

// The address is that of the string or vector, or a later one of its own that could not be read.
static void a_fault_says_where(void **state) {
    (void)state;
    static struct world world;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        for (size_t host = 0; host < 3; host++) {
            const struct fault *const fault = &faults[i];
            const struct scenario scenario = {.name = fault->name, .set_up = execute_fault, .data = fault};
            libexec_address expected = fault->argv != 0 ? fault->argv : fault->envp;
            for (int k = 0; k < 3; k++)
                expected = fault->strings[k] != 0 ? fault->strings[k] : expected;
            if (fault->hole != 0)
                expected = fault->hole;
            world_begin(&world, &scenario, &flavours[host]);
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ARGUMENT_FAULT);
            const struct libexec_report *const report = libexec_exec_report(&world.exec);
            EXPECT(&world, (report->known & LIBEXEC_REPORT_ADDRESS) != 0);
            EXPECT_EQUAL(&world, report->address, expected);
            EXPECT_EQUAL(&world, (report->known & LIBEXEC_REPORT_ARGUMENT) != 0, fault->argument != ANY);
            EXPECT(&world, report->host_code > 0);
            world_end(&world);
        }
}

// Memory is mapped up to the last address, and what is there does not end: no callback is asked for what would follow.
// A string is told by its beginning; of a vector, where it would go on: at 0.
static void what_runs_past_the_last_address(void **state) {
    (void)state;
    static struct world world;
    static const struct {
        uint64_t before_the_top[2]; // strings of argv; 0: a good one
        uint64_t argv;              // 8 bytes for each pointer that fits before the top; 0: elsewhere
        uint64_t envp;
        libexec_address address;
        uint32_t argument; // ANY: none
    } rows[] = {
        {.before_the_top = {1}, .address = UINT64_MAX, .argument = 0},
        {.before_the_top = {0, 5}, .address = UINT64_MAX - 4, .argument = 1},
        {.before_the_top = {0, 64}, .address = UINT64_MAX - 63, .argument = 1},
        {.before_the_top = {3000, 4096}, .address = UINT64_MAX - 2999, .argument = 0},
        {.before_the_top = {0, 4096}, .address = UINT64_MAX - 4095, .argument = 1},
        {.before_the_top = {0, 9000}, .address = UINT64_MAX - 8999, .argument = 1},
        {.argv = 16, .argument = ANY},
        {.argv = 19, .argument = ANY},
        {.argv = 8 * 600, .argument = ANY},
        {.envp = 8, .argument = ANY},
        {.envp = 8 * 513 + 3, .argument = ANY},
    };
    const struct scenario scenario = {.name = "past the top", .set_up = execute};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t host = 0; host < 3; host++) {
            static uint8_t text[3 * PAGE];
            libexec_address pointers[2];
            world_begin(&world, &scenario, &flavours[host]);
            world_user_string(&world, S, "good");
            memset(text, 't', sizeof(text));
            if ((rows[i].argv | rows[i].envp) != 0)
                for (size_t at = (rows[i].argv | rows[i].envp) % 8; at < sizeof(text); at += 8)
                    memcpy(text + sizeof(text) - at, &(libexec_address){S}, at < 8 ? 0 : 8);
            libexec_kit_user_write(world.kit, 0 - (libexec_address)sizeof(text), text, sizeof(text));
            for (int k = 0; k < 2; k++)
                pointers[k] = rows[i].before_the_top[k] != 0 ? 0 - rows[i].before_the_top[k] : S;
            world_user_fill(&world, V, 0x200);
            libexec_kit_user_vector(world.kit, V, pointers, 2);
            libexec_kit_user_vector(world.kit, V + 0x100, pointers, 0);
            from_user(&world, rows[i].argv != 0 ? 0 - rows[i].argv : V,
                      rows[i].envp != 0 ? 0 - rows[i].envp : V + 0x100);
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ARGUMENT_FAULT);
            const struct libexec_report *const report = libexec_exec_report(&world.exec);
            EXPECT(&world, (report->known & LIBEXEC_REPORT_ADDRESS) != 0);
            EXPECT_EQUAL(&world, report->address, rows[i].address);
            EXPECT_EQUAL(&world, report->host_code, 0);
            EXPECT_EQUAL(&world, report->stage, LIBEXEC_STAGE_ARGUMENTS);
            EXPECT_EQUAL(&world, (report->known & LIBEXEC_REPORT_ARGUMENT) != 0, rows[i].argument != ANY);
            if (rows[i].argument != ANY)
                EXPECT_EQUAL(&world, report->argument, rows[i].argument);
            EXPECT(&world, libexec_kit_ledger_empty(world.kit));
            world_end(&world);
        }
}

// The words of a script's first line count among the arguments, and come in place of argv[0]; a bad argv[0] is told as
// what it was.
static void faults_behind_a_scripts_words(void **state) {
    (void)state;
    if (LIBEXEC_CONFIG_STATIC_ONLY)
        skip(); // it runs no scripts
    static struct world world;
    static const char line[] = "#!" PROGRAM " word\n";
    const struct scenario scenario = {.name = "behind words", .set_up = execute};
    for (uint32_t argc = 1; argc < 4; argc++)
        for (uint32_t bad = 0; bad <= argc; bad++) { // the last one is a variable
            world_begin(&world, &scenario, &flavours[1 + bad % 2]);
            world_bytes(&world, "/bin/script", line, sizeof(line) - 1);
            world_execute(&world, "/bin/script");
            libexec_address pointers[4] = {S, S + 4, S + 8, S + 12};
            world_user_string(&world, S, "one");
            world_user_string(&world, S + 4, "two");
            world_user_string(&world, S + 8, "six");
            world_user_string(&world, S + 12, "A=1");
            pointers[bad] = HOLE + bad;
            world_user_fill(&world, V, 0x200);
            libexec_kit_user_vector(world.kit, V, pointers, argc);
            libexec_kit_user_vector(world.kit, V + 0x100, pointers + argc, 1);
            from_user(&world, V, V + 0x100);
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ARGUMENT_FAULT);
            const struct libexec_report *const report = libexec_exec_report(&world.exec);
            EXPECT(&world, (report->known & LIBEXEC_REPORT_ARGUMENT) != 0);
            EXPECT_EQUAL(&world, report->argument, bad == 0 ? 0 : bad + 2);
            EXPECT_EQUAL(&world, report->address, HOLE + bad);
            world_end(&world);
        }
}

// Where two strings are bad the first one decides, a bad vector before either (row 9 of docs/linux-differences.md).
static void the_first_fault_in_order(void **state) {
    (void)state;
    static struct world world;
    static char longest[131073];
    memset(longest, 'x', sizeof(longest) - 1);
    enum { NOTHING = 0x1000 };
    static const struct {
        libexec_address argv[4];
        libexec_address envp[2];
        enum libexec_status status;
        uint32_t argument;
    } rows[] = {
        {{S, NOTHING}, {S + 0x100}, LIBEXEC_E_ARGUMENT_FAULT, 1},
        {{S, S + 0x100, NOTHING}, {0}, LIBEXEC_E_STRING_TOO_LONG, 1},
        {{S, S + 0x100}, {NOTHING}, LIBEXEC_E_STRING_TOO_LONG, 1},
    };
    const struct scenario scenario = {.name = "two faults", .set_up = execute};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        for (size_t host = 0; host < 3; host++) {
            world_begin(&world, &scenario, &flavours[host]);
            uint32_t argc = 0;
            while (rows[i].argv[argc] != 0)
                argc++;
            world_user_string(&world, S, "one");
            libexec_kit_user_write(world.kit, S + 0x100, longest, sizeof(longest));
            world_user_fill(&world, V, 0x200);
            libexec_kit_user_vector(world.kit, V, rows[i].argv, argc);
            libexec_kit_user_vector(world.kit, V + 0x100, rows[i].envp, rows[i].envp[0] != 0);
            from_user(&world, V, V + 0x100);
            EXPECT_EQUAL(&world, world_prepare(&world), rows[i].status);
            EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->argument, rows[i].argument);
            world_end(&world);
        }
}

// Strings that end right before a hole are fine: reading ahead must not touch it.
static void nothing_beyond_a_string_is_needed(void **state) {
    (void)state;
    static struct world world;
    static const char *const argv[] = {"one", "two", NULL};
    static const char *const envp[] = {"A=1", NULL};
    const struct fault fault = {.name = "fits", .argv = V + 0xfe8, .strings = {0}};
    const struct scenario scenario = {.name = "before a hole", .set_up = execute_fault, .data = &fault};
    for (size_t i = 0; i < flavour_count; i++) {
        if ((flavours[i].features & LIBEXEC_KIT_BOUNCE) != 0)
            continue;
        world_begin(&world, &scenario, &flavours[i]);
        libexec_address pointers[3] = {HOLE - 12, HOLE - 8, HOLE - 4};
        for (int k = 0; k < 3; k++)
            world_user_string(&world, pointers[k], k == 2 ? envp[0] : argv[k]);
        libexec_kit_user_vector(world.kit, V + 0xfe8, pointers, 2);       // its NULL is the last word of the page
        libexec_kit_user_vector(world.kit, V + 0x2ff0, pointers + 2, 1);
        libexec_kit_user_unmap(world.kit, V + 0x1000, 1);
        from_user(&world, V + 0xfe8, V + 0x2ff0);
        struct libexec_kit_image *const image = world_image(&world);
        check_stack(&world, image, &(struct expected_stack){.argc = 2, .argv = argv, .envc = 1, .envp = envp,
                                                            .path = PROGRAM});
        world_end_prepared(&world, image);
    }
}

// ---- Strings and vectors that are too long ------------------------------------------------------------------------

static void execute_endless_string(struct world *world) {
    execute(world);
    static char text[LIBEXEC_STRING_MAX + 1];
    memset(text, 'x', sizeof(text) - 1);
    world_user_string(world, S + 5, text); // LIBEXEC_STRING_MAX bytes and a NUL: one too many
    world_user_string(world, S + 0x100000, "A");
    const libexec_address pointers[] = {S + 0x100000, S + 5};
    libexec_kit_user_vector(world->kit, V, pointers, 2);
    from_user(world, V, 0);
}

static void execute_longest_string(struct world *world) {
    execute_endless_string(world);
    libexec_kit_user_write(world->kit, S + 4 + LIBEXEC_STRING_MAX, "", 1);
}

static void check_longest(struct world *world, const struct libexec_kit_image *image) {
    check_stack(world, image, &(struct expected_stack){.argc = 2, .path = PROGRAM});
    struct libexec_kit_stack stack;
    EXPECT(world, libexec_kit_stack_read(image, &stack));
    EXPECT_EQUAL(world, libexec_kit_image_arguments(image)->end - stack.argv[1], LIBEXEC_STRING_MAX);
    libexec_kit_stack_free(&stack);
}

static void one_string_to_the_byte(void **state) {
    (void)state;
    run_scenario(&(struct scenario){.name = "string too long", .set_up = execute_endless_string,
                                    .status = LIBEXEC_E_STRING_TOO_LONG, .error = LIBEXEC_ERRNO_E2BIG,
                                    .stage = LIBEXEC_STAGE_ARGUMENTS, .program_header = ANY, .offset = ANY64,
                                    .argument = 1, .after_space = true, .plain_only = true});
    run_scenario(&(struct scenario){.name = "longest string", .set_up = execute_longest_string,
                                    .check = check_longest, .plain_only = true});
}

static void execute_endless_vector(struct world *world) {
    execute(world);
    static libexec_address pointers[4096];
    for (size_t i = 0; i < 4096; i++)
        pointers[i] = S;
    world_user_string(world, S, "x");
    for (uint64_t at = 0; at < 0x240000; at += sizeof(pointers)) // more than 2 MiB of pointers, and no NULL
        libexec_kit_user_write(world->kit, V + at, pointers, sizeof(pointers));
    from_user(world, V, V);
}

static void a_vector_without_end(void **state) {
    (void)state;
    run_scenario(&(struct scenario){.name = "endless vector", .set_up = execute_endless_vector,
                                    .status = LIBEXEC_E_ARGUMENTS_TOO_LARGE, .error = LIBEXEC_ERRNO_E2BIG,
                                    .stage = LIBEXEC_STAGE_ARGUMENTS, .program_header = ANY, .offset = ANY64,
                                    .argument = ANY, .after_space = true, .plain_only = true});
}

// A vector that does not end costs no more to fetch than the limit, wherever it begins and whatever the other one is;
// and what is too long is the vectors, not one of the strings.
static void an_endless_vector_is_not_read_further(void **state) {
    (void)state;
    static struct world world;
    static libexec_address pointers[4096];
    static const uint64_t limits[] = {100, 4096, 8192 - 3056, 65536 + 1};
    const struct scenario scenario = {.name = "endless", .set_up = execute};
    for (size_t limit = 0; limit < sizeof(limits) / sizeof(limits[0]); limit++)
        for (uint32_t endless = 1; endless < 4; endless++) // bits: argv, envp
            for (uint32_t other = 0; other < 4; other++)
                for (uint64_t in_page = 0; in_page < PAGE; in_page += 0x3ff) {
                    world_begin(&world, &scenario, &flavours[other % 3]);
                    for (size_t i = 0; i < 4096; i++)
                        pointers[i] = S;
                    world_user_string(&world, S, "");
                    for (uint64_t at = 0; at < 0x20000; at += sizeof(pointers))
                        libexec_kit_user_write(world.kit, V + in_page + at, pointers, sizeof(pointers));
                    libexec_kit_user_vector(world.kit, V + 0x100000, pointers, other);
                    const libexec_address good = V + 0x100000;
                    world.policy.argument_limit = limits[limit];
                    from_user(&world, (endless & 1) != 0 ? V + in_page : good, (endless & 2) != 0 ? V + in_page : good);
                    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ARGUMENTS_TOO_LARGE);
                    const struct libexec_report *const report = libexec_exec_report(&world.exec);
                    EXPECT_EQUAL(&world, report->known & LIBEXEC_REPORT_ARGUMENT, 0);
                    EXPECT_EQUAL(&world, report->limit, limits[limit]);
                    EXPECT_EQUAL(&world, report->value, limits[limit] + 1);
                    EXPECT(&world, (report->known & LIBEXEC_REPORT_ADDRESS) != 0);
                    EXPECT(&world, report->address % 8 == 0 && report->address > UINT64_C(1) << 40); // on the new stack
                    const uint64_t most = limits[limit] + ((endless & 1) != 0 ? 8 : 256 + 16);
                    EXPECT(&world, libexec_kit_read_ledger(world.kit).bytes_fetched <= most);
                    EXPECT(&world, libexec_kit_ledger_empty(world.kit));
                    world_end(&world);
                }
}

// What a report of something too long says: the string by its address in the caller's memory; where there is no room
// for all of them, where in the new stack it ends.
static void what_is_too_long_is_told(void **state) {
    (void)state;
    static struct world world;
    const uint32_t numbers = LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT | LIBEXEC_REPORT_ADDRESS;
    const struct scenario one = {.name = "one too long", .set_up = execute_endless_string};
    const struct scenario all = {.name = "all too large", .set_up = execute_longest_string};
    for (size_t host = 0; host < 3; host++) {
        world_begin(&world, &one, &flavours[host]);
        world.policy.tls = LIBEXEC_TLS_ALWAYS; // the stage before it is about a file
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_STRING_TOO_LONG);
        const struct libexec_report *const report = libexec_exec_report(&world.exec);
        EXPECT_EQUAL(&world, report->known & numbers, numbers);
        EXPECT_EQUAL(&world, report->value, LIBEXEC_STRING_MAX + 1);
        EXPECT_EQUAL(&world, report->limit, LIBEXEC_STRING_MAX);
        EXPECT_EQUAL(&world, report->address, S + 5);
        EXPECT_EQUAL(&world, report->argument, 1);
        EXPECT_EQUAL(&world, report->stage, LIBEXEC_STAGE_ARGUMENTS);
        EXPECT_EQUAL(&world, report->file, LIBEXEC_FILE_NONE);
        world_end(&world);
        world_begin(&world, &all, &flavours[host]);
        world.policy.argument_limit = 100000;
        EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ARGUMENTS_TOO_LARGE);
        EXPECT_EQUAL(&world, report->known & numbers, numbers);
        EXPECT_EQUAL(&world, report->value, 100001);
        EXPECT_EQUAL(&world, report->limit, 100000);
        EXPECT_EQUAL(&world, report->argument, 1);
        // Where the string that does not fit would have begun: behind what comes before it.
        EXPECT(&world, report->address % PAGE != 0 && report->address > UINT64_C(1) << 40);
        world_end(&world);
    }
}

static void execute_limited(struct world *world, uint64_t limit) {
    static const char *const argv[] = {"0123456789", "abcdef", NULL};
    static const char *const envp[] = {"A=12345678", NULL};
    execute(world);
    world_user_arguments(world, argv, envp);
    world->policy.argument_limit = limit;
}

#define LIMIT (3 * 8 + 11 + 7 + 11 + sizeof(PROGRAM))

static void execute_at_limit(struct world *world) {
    execute_limited(world, LIMIT);
}

static void execute_below_limit(struct world *world) {
    const uint64_t *const missing = world->scenario->data;
    execute_limited(world, LIMIT - *missing);
}

static void the_limit_to_the_byte(void **state) {
    (void)state;
    run_scenario(&(struct scenario){.name = "at the limit", .set_up = execute_at_limit});
    for (uint64_t missing = 1; missing < LIMIT; missing++)
        run_scenario(&(struct scenario){.name = "below the limit", .set_up = execute_below_limit, .data = &missing,
                                        .status = LIBEXEC_E_ARGUMENTS_TOO_LARGE, .error = LIBEXEC_ERRNO_E2BIG,
                                        .stage = LIBEXEC_STAGE_ARGUMENTS, .program_header = ANY, .offset = ANY64,
                                        .argument = ANY, .after_space = true, .plain_only = missing % 16 != 1});
}

// Of strings that are too much together the report names the first one that has no room, and where it would have
// begun; none where the pointers alone are too many, or the path is too much.
static void the_first_one_without_room(void **state) {
    (void)state;
    static struct world world;
    static const uint64_t ends[] = {24, 24 + 11, 24 + 11 + 7, 24 + 11 + 7 + 11, LIMIT};
    const uint64_t *const missing = &(uint64_t){0};
    const struct scenario scenario = {.name = "without room", .set_up = execute_below_limit, .data = missing};
    for (uint64_t limit = 1; limit < LIMIT; limit++)
        for (size_t host = 0; host < 3; host++) {
            uint32_t part = 0; // 0: pointers, 1 to 3: a string, 4: the path
            while (limit >= ends[part])
                part++;
            world_begin(&world, &scenario, &flavours[host]);
            world.policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES;
            struct libexec_kit_image *const image = world_image(&world);
            const libexec_address strings = libexec_kit_image_arguments(image)->strings;
            world_end_prepared(&world, image);
            world_begin(&world, &scenario, &flavours[host]);
            world.policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES;
            world.policy.argument_limit = limit;
            EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_ARGUMENTS_TOO_LARGE);
            const struct libexec_report *const report = libexec_exec_report(&world.exec);
            const uint32_t numbers = LIBEXEC_REPORT_VALUE | LIBEXEC_REPORT_LIMIT;
            EXPECT_EQUAL(&world, report->known & numbers, numbers);
            EXPECT_EQUAL(&world, report->value, limit + 1);
            EXPECT_EQUAL(&world, report->limit, limit);
            EXPECT_EQUAL(&world, (report->known & LIBEXEC_REPORT_ARGUMENT) != 0, part >= 1 && part <= 3);
            if (part >= 1 && part <= 3)
                EXPECT_EQUAL(&world, report->argument, part - 1);
            if (part >= 1) { // the smaller stack begins elsewhere; what is in it lies the same
                EXPECT(&world, (report->known & LIBEXEC_REPORT_ADDRESS) != 0);
                EXPECT_EQUAL(&world, (report->address - strings - (ends[part - 1] - 24)) % PAGE, 0);
            }
            world_end(&world);
        }
}

// ---- The path -----------------------------------------------------------------------------------------------------

static void execute_user_path(struct world *world) {
    const libexec_address *const at = world->scenario->data;
    static const char *const argv[] = {"x", NULL};
    world_file(world, PROGRAM, &program);
    world_arguments(world, argv, NULL);
    world_user_string(world, *at, PROGRAM);
    world->request.user_path = *at;
}

static void check_path(struct world *world, const struct libexec_kit_image *image) {
    static const char *const argv[] = {"x", NULL};
    check_stack(world, image, &(struct expected_stack){.argc = 1, .argv = argv, .path = PROGRAM});
    EXPECT(world, strcmp(libexec_kit_image_start(image)->path, PROGRAM) == 0);
    EXPECT(world, strcmp(libexec_kit_image_start(image)->name, "program") == 0);
}

static void a_path_from_the_callers_memory(void **state) {
    (void)state;
    static const uint64_t in_page[] = {0, 1, PAGE - sizeof(PROGRAM), PAGE - sizeof(PROGRAM) + 1, PAGE - 5, PAGE - 1};
    for (size_t i = 0; i < sizeof(in_page) / sizeof(in_page[0]); i++) {
        const libexec_address at = USER_PATH + in_page[i];
        run_scenario(&(struct scenario){.name = "user path", .set_up = execute_user_path, .data = &at,
                                        .check = check_path, .needs_open = true});
    }
}

struct bad_path {
    libexec_address at;
    uint64_t length; // of the path; 0: none is written
    bool hole;       // behind it
    uint32_t names;  // size of the names memory; 0: the object's own
};

static void execute_bad_path(struct world *world) {
    const struct bad_path *const bad = world->scenario->data;
    static char text[LIBEXEC_PATH_MAX + 2];
    memset(text, '/', sizeof(text));
    text[bad->length] = 0;
    world_file(world, PROGRAM, &program);
    if (bad->length != 0)
        world_user_string(world, bad->at, text);
    if (bad->hole)
        libexec_kit_user_unmap(world->kit, bad->at + bad->length, 1);
    world->request.user_path = bad->at;
    world->request.names_size = bad->names;
    if (bad->names == 0)
        world->request.names = NULL;
}

static void expect_bad_path(const char *name, struct bad_path bad, enum libexec_status status, int error,
                            enum libexec_stage stage, enum libexec_file file) {
    run_scenario(&(struct scenario){.name = name, .set_up = execute_bad_path, .data = &bad, .status = status,
                                    .error = error, .stage = stage, .file = file, .program_header = ANY,
                                    .offset = ANY64, .argument = ANY, .needs_open = true});
}

// A host that can read any address there is. The path must not go on at address 0.
static int read_anything(void *context, void *to, libexec_address from, size_t length) {
    (void)context;
    if (from < 0x1000)
        fail_msg("what stands behind the last address was read");
    memset(to, 'p', length);
    return 0;
}

static void a_path_at_the_last_address(void **state) {
    (void)state;
    static struct world world;
    const struct bad_path bad = {.at = UINT64_MAX - 2};
    const struct scenario scenario = {.name = "last address", .set_up = execute_bad_path, .data = &bad};
    world_begin(&world, &scenario, flavour_full);
    libexec_kit_host(world.kit)->user_read = read_anything;
    EXPECT_EQUAL(&world, world_prepare(&world), LIBEXEC_E_PATH_FAULT);
    EXPECT_EQUAL(&world, libexec_exec_report(&world.exec)->address, bad.at);
    world_end(&world);
}

static void paths_that_are_none(void **state) {
    (void)state;
    const enum libexec_stage stage = LIBEXEC_STAGE_ARGUMENTS;
    const int too_long = LIBEXEC_ERRNO_ENAMETOOLONG;
    const uint64_t own = LIBEXEC_CONFIG_NAME_BYTES < LIBEXEC_PATH_MAX ? LIBEXEC_CONFIG_NAME_BYTES : LIBEXEC_PATH_MAX;
    expect_bad_path("path nowhere", (struct bad_path){.at = USER_PATH}, LIBEXEC_E_PATH_FAULT, FAULT, stage, 0);
    expect_bad_path("path at 0", (struct bad_path){.at = 0}, LIBEXEC_E_PATH_FAULT, FAULT, stage, 0);
    expect_bad_path("path at the top", (struct bad_path){.at = UINT64_MAX}, LIBEXEC_E_PATH_FAULT, FAULT, stage, 0);
    expect_bad_path("path into a hole", (struct bad_path){.at = USER_PATH + PAGE - 9, .length = 9, .hole = true},
                    LIBEXEC_E_PATH_FAULT, FAULT, stage, 0);
    expect_bad_path("path too long", (struct bad_path){.at = USER_PATH + 7, .length = 4096, .names = 9472},
                    LIBEXEC_E_NAME_TOO_LONG, too_long, stage, 0);
    expect_bad_path("path too long for the object", (struct bad_path){.at = USER_PATH, .length = own},
                    LIBEXEC_E_NAME_TOO_LONG, too_long, stage, 0);
    expect_bad_path("path too long for the names", (struct bad_path){.at = USER_PATH, .length = 100, .names = 100},
                    LIBEXEC_E_NAME_TOO_LONG, too_long, stage, 0);
    // As long as may be: then it is only a file that is not there.
    expect_bad_path("longest path", (struct bad_path){.at = USER_PATH + 7, .length = 4095, .names = 9472},
                    LIBEXEC_E_OPEN, LIBEXEC_ERRNO_ENOENT, LIBEXEC_STAGE_SOURCE, LIBEXEC_FILE_PROGRAM);
    expect_bad_path("longest path for the object", (struct bad_path){.at = USER_PATH, .length = own - 1},
                    LIBEXEC_E_OPEN, LIBEXEC_ERRNO_ENOENT, LIBEXEC_STAGE_SOURCE, LIBEXEC_FILE_PROGRAM);
}

static void execute_empty_path(struct world *world) {
    const bool *const user = world->scenario->data;
    if (*user)
        world_user_string(world, USER_PATH, "");
    world->request.user_path = USER_PATH;
    world->request.path = *user ? NULL : "";
}

static void the_empty_path(void **state) {
    (void)state;
    for (int i = 0; i < 2; i++) {
        const bool user = i != 0;
        run_scenario(&(struct scenario){.name = "empty path", .set_up = execute_empty_path, .data = &user,
                                        .status = LIBEXEC_E_PATH_EMPTY, .error = LIBEXEC_ERRNO_ENOENT,
                                        .stage = user ? LIBEXEC_STAGE_ARGUMENTS : LIBEXEC_STAGE_REQUEST,
                                        .program_header = ANY, .offset = ANY64, .argument = ANY,
                                        .needs_open = true});
    }
}

// ---- A caller that edits ------------------------------------------------------------------------------------------

// Before each fetch another thread of the caller changes what it can: strings grow and shrink, NULs come and go,
// pointers move.
struct editor {
    uint64_t state;
    uint32_t edits;
};

static uint32_t draw(struct editor *editor, uint32_t bound) {
    editor->state = editor->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(editor->state >> 33) % bound;
}

static void edit(void *context, struct libexec_kit *kit, const struct libexec_kit_entry *entry) {
    struct editor *const editor = context;
    if (entry->call != LIBEXEC_KIT_CALL_USER_READ)
        return;
    editor->edits++;
    for (int i = 0; i < 8; i++) {
        const uint8_t byte = draw(editor, 4) == 0 ? 0 : (uint8_t)('A' + editor->edits % 26);
        libexec_kit_user_write(kit, S + draw(editor, 0x80), &byte, 1);
    }
    const uint32_t kind = draw(editor, 60);
    const libexec_address pointer = kind < 6 ? 0 : kind < 12 ? HOLE : S + draw(editor, 0x60);
    if (draw(editor, 3) == 0)
        libexec_kit_user_write(kit, V + 8 * draw(editor, 12), &pointer, 8);
}

static void execute_edited(struct world *world) {
    libexec_address pointers[10];
    execute(world);
    libexec_kit_user_map(world->kit, S, 0x1000);
    libexec_kit_user_map(world->kit, V, 0x1000);
    for (uint32_t i = 0; i < 10; i++)
        pointers[i] = S + 9 * i;
    world_user_string(world, S, "012345678");
    libexec_kit_user_vector(world->kit, V, pointers, 5);
    libexec_kit_user_vector(world->kit, V + 0x30, pointers + 5, 5);
    from_user(world, V, V + 0x30);
}

// Whatever the caller does, the stack is one that an honest caller could have asked for.
static void bug_D6_double_fetch(void **state) {
    (void)state;
    static struct world world;
    uint32_t prepared = 0, refused = 0, edits = 0;
    const struct scenario scenario = {.name = "D6", .set_up = execute_edited};
    for (uint64_t seed = 1; seed <= 600; seed++) {
        struct editor editor = {.state = seed};
        world_begin(&world, &scenario, host_in_turn(seed));
        libexec_kit_free(world.kit); // again, with the editor
        world.options.before = edit;
        world.options.context = &editor;
        world.options.seed = seed;
        world.kit = libexec_kit_new(&world.options);
        execute_edited(&world);
        const enum libexec_status status = world_prepare(&world);
        edits += editor.edits;
        if (status == LIBEXEC_OK) {
            struct libexec_kit_image *const image = libexec_kit_capture(world.kit, &world.exec);
            const struct libexec_arguments_placed *const placed = libexec_kit_image_arguments(image);
            check_stack(&world, image, &(struct expected_stack){.argc = placed->argc, .envc = placed->envc,
                                                                .path = PROGRAM});
            EXPECT(&world, placed->argc >= 1 && placed->argc + placed->envc <= 512);
            libexec_kit_image_free(image);
            prepared++;
        } else {
            EXPECT(&world, status == LIBEXEC_E_ARGUMENT_FAULT || status == LIBEXEC_E_ARGUMENTS_TOO_LARGE);
            refused++;
        }
        libexec_kit_abandon(world.kit, &world.exec);
        EXPECT(&world, libexec_kit_ledger_empty(world.kit));
        world_end(&world);
    }
    assert_true(prepared > 300 && refused > 5);
    printf("%u edited execs prepared, %u refused, %u edits\n", prepared, refused, edits);
}

// ---- Anything, anywhere -------------------------------------------------------------------------------------------

#define POOL 0x5000u

// Strings in a pool of random bytes, next to each other, inside each other or far apart; vectors anywhere, one behind
// the other or in the other. Where the pool or a vector ends with a page the next page is not there.
static void strings_at_random(void **state) {
    (void)state;
    static struct world world;
    static char pool[POOL];
    static const size_t hosts[] = {0, 1, 2, 6, 7, 9, 11, 12}; // all that lose no byte, more or less
    static const uint32_t rarity[] = {2, 7, 30, 100, 400, 3000};
    const struct scenario scenario = {.name = "random", .set_up = execute};
    for (uint64_t seed = 1; seed <= 800; seed++) {
        struct editor dice = {.state = seed};
        libexec_address pointers[2][61];
        const char *expected[2][61];
        uint32_t counts[2];
        world_begin(&world, &scenario, &flavours[hosts[seed % 8]]);
        libexec_kit_free(world.kit); // again, with another stack
        world.options.seed = seed;
        world.kit = libexec_kit_new(&world.options);
        execute(&world);
        draw(&dice, 2);
        const uint32_t kind = draw(&dice, 3), nuls = rarity[draw(&dice, 6)];
        for (uint32_t i = 0; i < POOL; i++)
            pool[i] = draw(&dice, nuls) == 0 ? 0 : (char)(kind == 0 ? 'a' + draw(&dice, 26) : 1 + draw(&dice, 255));
        for (uint32_t i = 0; i < POOL && kind == 2; i++) // few bytes that are not text
            pool[i] = pool[i] != 0 && draw(&dice, 60) != 0 ? 't' : pool[i];
        pool[POOL - 1] = 0;
        const libexec_address base = S + (draw(&dice, 2) == 0 ? 0 : draw(&dice, PAGE));
        world_user_fill(&world, base, POOL);
        libexec_kit_user_write(world.kit, base, pool, POOL);
        uint32_t at = draw(&dice, POOL);
        for (int vector = 0; vector < 2; vector++) {
            counts[vector] = draw(&dice, draw(&dice, 3) == 0 ? 60 : 8);
            for (uint32_t i = 0; i < counts[vector]; i++) {
                pointers[vector][i] = base + at;
                expected[vector][i] = pool + at;
                const uint32_t end = at + (uint32_t)strlen(pool + at), how = draw(&dice, 16);
                at = how < 10 ? end + 1 : how < 11 ? end + 2 : how < 12 ? at + draw(&dice, end - at + 1) : how < 13 ? at
                                                                                     : draw(&dice, POOL);
                at = at < POOL ? at : draw(&dice, POOL);
            }
            expected[vector][counts[vector]] = NULL;
        }
        const uint32_t lengths[2] = {8 * (counts[0] + 1), 8 * (counts[1] + 1)};
        const uint32_t place = draw(&dice, 6);
        const libexec_address argv = V + 3 * PAGE - (draw(&dice, 2) == 0 ? lengths[0] : draw(&dice, PAGE));
        libexec_address envp = V + 9 * PAGE - (draw(&dice, 2) == 0 ? lengths[1] : draw(&dice, PAGE));
        const char *const *variables = expected[1];
        world_user_fill(&world, argv, lengths[0]);
        libexec_kit_user_vector(world.kit, argv, pointers[0], counts[0]);
        if (place == 0) { // in the other one
            const uint32_t first = draw(&dice, counts[0] + 1);
            envp = argv + 8 * first;
            variables = expected[0] + first;
            counts[1] = counts[0] - first;
        } else {
            envp = place == 1 ? argv + lengths[0] : place == 2 ? argv + lengths[0] + 8 * draw(&dice, 20)
                   : place == 3 ? argv - lengths[1] : envp;
            world_user_fill(&world, envp, lengths[1]);
            libexec_kit_user_vector(world.kit, envp, pointers[1], counts[1]);
        }
        from_user(&world, argv, envp);
        static const char *const empty[] = {"", NULL};
        struct libexec_kit_image *const image = world_image(&world);
        check_stack(&world, image, &(struct expected_stack){.argc = counts[0] == 0 ? 1 : counts[0],
                                                            .argv = counts[0] == 0 ? empty : expected[0],
                                                            .envc = counts[1], .envp = variables, .path = PROGRAM});
        world_end_prepared(&world, image);
    }
}

// The caller's strings and vectors where the new stack has its own, or a few bytes beside: without randomisation every
// program's lie there. Strings of eight bytes, told in any order.
static void strings_where_the_new_ones_go(void **state) {
    (void)state;
    static struct world world;
    enum { GRID = 64, COUNT = 40 };
    static char texts[GRID][8];
    static const char *expected[COUNT + 1];
    const struct scenario scenario = {.name = "same place", .set_up = execute};
    libexec_address strings = 0, argv = 0; // of the new stack
    for (uint32_t i = 0; i < GRID; i++)
        snprintf(texts[i], sizeof(texts[i]), "string%c", '0' + (int)i);
    for (uint64_t seed = 0; seed <= 600; seed++) { // the first one only says where that is
        struct editor dice = {.state = seed};
        libexec_address pointers[COUNT];
        world_begin(&world, &scenario, host_in_turn(seed));
        world.policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES;
        draw(&dice, 2);
        const int64_t beside = (int64_t)draw(&dice, 33) - 16, vector_beside = (int64_t)draw(&dice, 9) - 4;
        uint32_t at = draw(&dice, 20);
        const libexec_address base = seed == 0 ? S : strings + (uint64_t)(beside * (seed % 2 == 0 ? 8 : 1)) - 8 * at;
        const libexec_address vector = seed == 0 || seed % 4 == 0 ? V : argv + (uint64_t)(8 * vector_beside);
        world_user_fill(&world, base, sizeof(texts));
        world_user_fill(&world, vector, 8 * (COUNT + 1));
        if (base < vector + 8 * (COUNT + 1) && vector < base + sizeof(texts))
            world_fail(&world, "strings and vector overlap");
        libexec_kit_user_write(world.kit, base, texts, sizeof(texts));
        for (uint32_t i = 0; i < COUNT; i++) {
            pointers[i] = base + 8 * at;
            expected[i] = texts[at];
            at = (draw(&dice, 4) != 0 ? at + 1 : at + GRID + draw(&dice, 17) - 8) % GRID;
        }
        libexec_kit_user_vector(world.kit, vector, pointers, COUNT);
        from_user(&world, vector, 0);
        struct libexec_kit_image *const image = world_image(&world);
        check_stack(&world, image, &(struct expected_stack){.argc = COUNT, .argv = expected, .path = PROGRAM});
        strings = libexec_kit_image_arguments(image)->strings;
        argv = libexec_kit_image_start(image)->stack_pointer + 8;
        world_end_prepared(&world, image);
    }
}

// A pointer as far above the place of its string on the new stack as what was fetched before it lay below: whoever
// takes a difference of addresses the wrong way round finds the next string at hand.
static void as_far_above_as_below(void **state) {
    (void)state;
    static struct world world;
    static const char *const expected[] = {"abc", "elsewhere", "fgh", NULL};
    const struct scenario scenario = {.name = "above", .set_up = execute};
    libexec_address strings = 0;
    for (uint32_t i = 0; i < 4; i++) { // the first one only says where the new strings go
        world_begin(&world, &scenario, host_in_turn(i));
        world.policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES;
        const libexec_address below = i == 0 ? S : strings - 0x100000;
        const libexec_address pointers[] = {below, i == 0 ? S + 0x1000 : strings + 0x100000 + sizeof("abc"),
                                            below + sizeof("abc") + sizeof("de")};
        world_user_string(&world, pointers[0], "abc");
        world_user_string(&world, pointers[0] + sizeof("abc"), "de");
        world_user_string(&world, pointers[1], "elsewhere");
        world_user_string(&world, pointers[2], "fgh");
        libexec_kit_user_vector(world.kit, V, pointers, 3);
        from_user(&world, V, 0);
        struct libexec_kit_image *const image = world_image(&world);
        check_stack(&world, image, &(struct expected_stack){.argc = 3, .argv = expected, .path = PROGRAM});
        strings = libexec_kit_image_arguments(image)->strings;
        world_end_prepared(&world, image);
    }
}

// Short strings, and pointers that leap to and fro, nearly a page each way: what is fetched for each is bounded by what
// may be fetched without knowing how long it is.
static void pointers_that_leap(void **state) {
    (void)state;
    static struct world world;
    enum { LEAPS = 200 };
    const struct scenario scenario = {.name = "leaps", .set_up = execute};
    for (uint64_t distance = 1; distance < PAGE; distance += 97) {
        libexec_address pointers[LEAPS];
        world_begin(&world, &scenario, host_in_turn(distance));
        world_user_string(&world, S, "");
        world_user_string(&world, S + distance, "");
        for (uint32_t i = 0; i < LEAPS; i++)
            pointers[i] = S + (i % 2 == 0 ? 0 : distance);
        libexec_kit_user_vector(world.kit, V, pointers, LEAPS);
        from_user(&world, V, 0);
        struct libexec_kit_image *const image = world_image(&world);
        check_stack(&world, image, &(struct expected_stack){.argc = LEAPS, .path = PROGRAM});
        EXPECT(&world, libexec_kit_read_ledger(world.kit).bytes_fetched < LEAPS * 600);
        world_end_prepared(&world, image);
    }
}

// Every byte of a string within one page comes from one fetch: an editor that rewrites the whole page each time leaves
// no mixture.
static void rewrite(void *context, struct libexec_kit *kit, const struct libexec_kit_entry *entry) {
    struct editor *const editor = context;
    if (entry->call != LIBEXEC_KIT_CALL_USER_READ)
        return;
    editor->edits++;
    uint8_t text[8];
    memset(text, 'A' + (int)(editor->edits % 26), 7);
    text[7] = 0;
    for (uint32_t i = 0; i < 64; i++)
        libexec_kit_user_write(kit, S + 8 * i, text, 8);
}

static void bug_D6_a_string_is_of_one_fetch(void **state) {
    (void)state;
    static struct world world;
    const struct scenario scenario = {.name = "D6 whole", .set_up = execute_edited};
    for (uint32_t form = 0; form < 3; form++) {
        struct editor editor = {0};
        world_begin(&world, &scenario, flavour_required);
        libexec_kit_free(world.kit);
        world.options.before = rewrite;
        world.options.context = &editor;
        world.kit = libexec_kit_new(&world.options);
        execute(&world);
        libexec_kit_user_map(world.kit, S, 0x1000);
        libexec_address pointers[20];
        for (uint32_t i = 0; i < 20; i++) // ascending, descending, the same
            pointers[i] = S + 8 * (form == 0 ? i : form == 1 ? 20 - i : 5);
        libexec_kit_user_vector(world.kit, V, pointers, 20);
        from_user(&world, V, 0);
        struct libexec_kit_image *const image = world_image(&world);
        struct libexec_kit_stack stack;
        EXPECT(&world, libexec_kit_stack_read(image, &stack));
        EXPECT_EQUAL(&world, stack.argc, 20);
        uint32_t seams = 0;
        for (uint32_t i = 0; i < 20; i++) {
            size_t length = 0;
            char *const text = libexec_kit_image_string(image, stack.argv[i], &length);
            EXPECT_EQUAL(&world, length, 7);
            for (int k = 1; k < 7; k++)
                seams += text[k] != text[k - 1];
            free(text);
        }
        check_stack(&world, image, &(struct expected_stack){.argc = 20, .path = PROGRAM});
        EXPECT(&world, editor.edits > 1 && seams < editor.edits && seams <= 3);
        libexec_kit_stack_free(&stack);
        world_end_prepared(&world, image);
    }
}

static void many_pointers_to_one_string(struct world *world) {
    enum { MOST_POINTERS = 6000 };
    static libexec_address pointers[MOST_POINTERS];
    const uint32_t count = *(const uint32_t *)world->scenario->data;
    execute(world);
    world_user_string(world, S, "");
    for (uint32_t i = 0; i < count; i++)
        pointers[i] = S;
    libexec_kit_user_vector(world->kit, V, pointers, count);
    from_user(world, V, 0);
    world->policy.flags = LIBEXEC_POLICY_FIXED_ADDRESSES;
}

static void check_many_pointers(struct world *world, const struct libexec_kit_image *image) {
    check_stack(world, image, &(struct expected_stack){.argc = *(const uint32_t *)world->scenario->data,
                                                       .path = PROGRAM});
}

// A vector of several pages, whose pointers are gone over again while the view of the strings is open right behind it:
// what is asked for ends where that begins.
static void views_of_vector_and_strings_share_no_page(void **state) {
    (void)state;
    for (uint32_t count = 1400; count < 6000; count += 500) // the police looks at each view
        run_scenario(&(struct scenario){.name = "views", .set_up = many_pointers_to_one_string, .data = &count,
                                        .check = check_many_pointers, .plain_only = true});
}

int main(void) {
    small_elf(&program, LIBEXEC_KIT_ET_EXEC, BASE);
    const struct CMUnitTest user[] = {
        cmocka_unit_test(strings_lie_anyhow),
        cmocka_unit_test(vectors_of_every_length),
        cmocka_unit_test(a_fault_behind_no_arguments),
        cmocka_unit_test(what_lies_beside_a_view),
        cmocka_unit_test(strings_of_every_length),
        cmocka_unit_test(a_string_ends_at_its_first_nul),
        cmocka_unit_test(pointers_that_are_a_little_off),
        cmocka_unit_test(pointers_half_the_memory_apart),
        cmocka_unit_test(strings_that_end_where_a_fetch_may_end),
        cmocka_unit_test(strings_and_vectors_at_the_top),
        cmocka_unit_test(bug_D5_faults_are_told),
        cmocka_unit_test(a_fault_says_where),
        cmocka_unit_test(what_runs_past_the_last_address),
        cmocka_unit_test(faults_behind_a_scripts_words),
        cmocka_unit_test(the_first_fault_in_order),
        cmocka_unit_test(nothing_beyond_a_string_is_needed),
        cmocka_unit_test(one_string_to_the_byte),
        cmocka_unit_test(a_vector_without_end),
        cmocka_unit_test(an_endless_vector_is_not_read_further),
        cmocka_unit_test(what_is_too_long_is_told),
        cmocka_unit_test(the_limit_to_the_byte),
        cmocka_unit_test(the_first_one_without_room),
        cmocka_unit_test(vectors_behind_an_empty_one),
        cmocka_unit_test(a_path_from_the_callers_memory),
        cmocka_unit_test(paths_that_are_none),
        cmocka_unit_test(a_path_at_the_last_address),
        cmocka_unit_test(the_empty_path),
        cmocka_unit_test(bug_D6_double_fetch),
        cmocka_unit_test(strings_at_random),
        cmocka_unit_test(strings_where_the_new_ones_go),
        cmocka_unit_test(as_far_above_as_below),
        cmocka_unit_test(pointers_that_leap),
        cmocka_unit_test(bug_D6_a_string_is_of_one_fetch),
        cmocka_unit_test(views_of_vector_and_strings_share_no_page),
    };
    const int failed = RUN(user);
    libexec_kit_elf_end(&program);
    return failed;
}
