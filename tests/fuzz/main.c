// SPDX-License-Identifier: MIT
// The fuzz target without libFuzzer, for any compiler:
//
//     fuzz_replay FILE|FOLDER ...      runs these inputs
//     fuzz_replay --random COUNT SEED  runs inputs made here: a seed's settings and a few mutations
//     fuzz_replay --write FOLDER       writes the seeds, one file each
#define _POSIX_C_SOURCE 200809L

#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define INPUT_MAX 70000u

static uint32_t runs;

static void run_bytes(const uint8_t *bytes, size_t length) {
    uint8_t *const exact = malloc(length == 0 ? 1 : length); // the address sanitizer watches its end
    if (exact == NULL)
        abort();
    memcpy(exact, bytes, length);
    LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    runs++;
}

static int run_file(const char *path) {
    static uint8_t bytes[INPUT_MAX];
    FILE *const file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return 1;
    }
    const size_t length = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    run_bytes(bytes, length);
    return 0;
}

static int run_folder(const char *path) {
    DIR *const folder = opendir(path);
    int failed = 0;
    if (folder == NULL) {
        perror(path);
        return 1;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        char name[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        failed += run_file(name);
    }
    closedir(folder);
    return failed;
}

static int run_path(const char *path) {
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return run_folder(path);
    return run_file(path);
}

// ---- Seeds --------------------------------------------------------------------------------------------------------

struct seed {
    const char *name;
    uint8_t header[FUZZ_HEADER];
    const char *rest;
    size_t rest_length;
};

#define SEED(name, ...) {name, {__VA_ARGS__}, "", 0}
#define SEED_REST(name, text, ...) {name, {__VA_ARGS__}, text, sizeof(text) - 1}

// One for each form, then for hosts, arguments, policies, and a field of each kind forged.
static const struct seed seeds[] = {
    SEED("static", 0xff, 0x1f, 0, 0, 0, 0x2c, 1, 0),
    SEED("pie", 0xff, 0x1f, 0, 0, 1, 0x2d, 2, 0),
    SEED("dynamic", 0xff, 0x1f, 0, 0, 0, 0x6e, 3, 0),
    SEED("loader", 0x44, 0x4c, 0, 0, 0, 0xef, 4, 0),
    SEED("tls", 0xff, 0x1f, 0, 0, 0, 0x2c, 6, 0),
    SEED("tls-never", 0xff, 0x1f, 0, 2, 0, 0x2c, 6, 0),
    SEED("tls-always", 0xff, 0x1f, 0, 4, 0, 0x2c, 1, 0),
    SEED_REST("script", "#!/bin/sh -e\n", 0xff, 0x1f, 0, 0, 0, 0x6e, 5, 0),
    SEED_REST("script-spaces", "#! \t/bin/sh   a b \n rest", 0x04, 0x00, 0, 0, 0, 0x6d, 5, 0),
    SEED_REST("script-itself", "#!/bin/script", 0x04, 0x00, 0, 0, 0, 0x6d, 5, 0),
    SEED_REST("script-empty", "#!", 0x04, 0x00, 0, 0, 0, 0x6d, 5, 0),
    SEED_REST("raw-magic", "\x7f" "ELF\2\1\1", 0x04, 0x00, 0, 0, 0, 0x6d, 0, 0),
    SEED("raw-nothing", 0x04, 0x00, 0, 0, 0, 0x6d, 0, 0),
    SEED("bounce", 0xff, 0x3f, 0, 0, 0, 0x2e, 1, 0),
    SEED("fault", 0x4c, 0x4c, 0, 0, 0, 0x2f, 2, 0),
    SEED("fail-first", 0xff, 0x1f, 1, 1, 0, 0x2c, 3, 0),
    SEED("fail-map", 0xff, 0x1f, 7, 0, 0, 0x2c, 3, 0),
    SEED("fail-late", 0xff, 0x1f, 200, 1, 0, 0x2e, 3, 0),
    SEED("strict", 0xff, 0x1f, 0, 0, 0x3e, 0x2c, 2, 0),
    SEED("small-stack", 0xff, 0x1f, 0, 0, 0, 0x2c, 1, 7),
    SEED("budget", 0xff, 0x1f, 0, 0, 0, 0x2c, 1, 0x80),
    SEED("larger-pages", 0xff, 0x1f, 0, 0, 0, 0x2e, 3, 0x10),
    SEED("largest-pages", 0x44, 0x4c, 0, 0, 0, 0x2e, 6, 0x18),
    SEED_REST("forged-entry", "\0\2\0\1\5\0\0\0\0\0\0\0", 0xff, 0x1f, 0, 0, 0, 0x2c, 1, 0),
    SEED_REST("forged-table", "\0\3\0\0\xff\xff\xff\xff\xff\xff\xff\xff", 0xff, 0x1f, 0, 0, 0, 0x2c, 1, 0),
    SEED_REST("forged-count", "\0\5\0\0\xff\xff\0\0\0\0\0\0", 0xff, 0x1f, 0, 0, 0, 0x2c, 1, 0),
    SEED_REST("forged-memory", "\1\5\1\3\x28\0\0\0\0\0\0\0", 0xff, 0x1f, 0, 0, 0, 0x2c, 2, 0),
    SEED_REST("forged-address", "\1\7\1\1\5\xff\0\0\0\0\0\0", 0xff, 0x1f, 0, 0, 0, 0x2c, 1, 0),
    SEED_REST("forged-alignment", "\1\6\0\3\x1f\0\0\0\0\0\0\0", 0xff, 0x1f, 0, 0, 0, 0x2c, 2, 0),
    SEED_REST("more-segments", "\0\x8\0\0\x10\x20\x30\x40\x50\x60\x70\x80\0\x9\0\0\x11\x21\x31\x41\x51\x61\x71\x81",
              0xff, 0x1f, 0, 0, 0, 0x2c, 1, 0),
    SEED_REST("memory", "\4\20\x20\x20\0\xd\0\xc0\xf\xc4\xf\0\x80\0\x10one\0two\0end of the page: three\0",
              0x04, 0x00, 0, 0, 0, 0, 0xf0, 0),
    SEED_REST("memory-end", "\5\4\x29\x10x\xd\0\0\x10\x7\x10\0\x80\xfc\xff\x23\x80" "a\0b\0",
              0xff, 0x1f, 0, 0, 0, 0, 0xf0, 0),
};
#define SEEDS (sizeof(seeds) / sizeof(seeds[0]))

static size_t seed_bytes(const struct seed *seed, uint8_t *bytes) {
    memcpy(bytes, seed->header, FUZZ_HEADER);
    memcpy(bytes + FUZZ_HEADER, seed->rest, seed->rest_length);
    return FUZZ_HEADER + seed->rest_length;
}

static int write_seeds(const char *folder) {
    for (size_t i = 0; i < SEEDS; i++) {
        uint8_t bytes[256];
        char name[4096];
        snprintf(name, sizeof(name), "%s/seed-%s", folder, seeds[i].name);
        FILE *const file = fopen(name, "wb");
        if (file == NULL) {
            perror(name);
            return 1;
        }
        fwrite(bytes, 1, seed_bytes(&seeds[i], bytes), file);
        fclose(file);
    }
    printf("%zu seeds written\n", SEEDS);
    return 0;
}

// ---- Inputs made here ---------------------------------------------------------------------------------------------

static uint64_t random_state;

static uint32_t draw(uint32_t bound) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % bound;
}

static void run_random(uint32_t count, uint64_t seed) {
    random_state = seed;
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[512];
        size_t length = seed_bytes(&seeds[draw(SEEDS)], bytes);
        for (uint32_t k = draw(3); k > 0; k--) // settings
            bytes[draw(FUZZ_HEADER)] = (uint8_t)draw(256);
        for (uint32_t k = draw(5); k > 0 && length > FUZZ_HEADER; k--) // a script, the caller's memory, a mutation
            bytes[FUZZ_HEADER + draw((uint32_t)(length - FUZZ_HEADER))] = (uint8_t)draw(256);
        for (uint32_t k = draw(5); k > 0; k--) { // mutations of the file
            for (uint32_t b = 0; b < 12; b++)
                bytes[length + b] = b < 4 || draw(3) == 0 ? (uint8_t)draw(256) : 0;
            length += 12;
        }
        run_bytes(bytes, length);
    }
}

static const char usage[] = "usage: fuzz_replay FILE|FOLDER ...      runs these inputs\n"
                            "       fuzz_replay --random COUNT SEED  runs inputs made here\n"
                            "       fuzz_replay --write FOLDER       writes the seeds, one file each\n";

// Whether `text` is a decimal number, which goes to `*number`.
static bool number_of(const char *text, uint64_t *number) {
    char *end = NULL;
    *number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0';
}

int main(int argc, char **argv) {
    int failed = 0;
    uint64_t count = 0;
    uint64_t seed = 0;
    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(usage, stdout) < 0;
    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_seeds(argv[2]);
    if (argc == 4 && strcmp(argv[1], "--random") == 0 && number_of(argv[2], &count) && number_of(argv[3], &seed)) {
        run_random((uint32_t)count, seed);
    } else if (argc < 2 || argv[1][0] == '-') {
        fputs(usage, stderr);
        return 2;
    } else {
        for (int i = 1; i < argc; i++)
            failed += run_path(argv[i]);
    }
    printf("%u inputs run\n", runs);
    return failed != 0 || runs == 0;
}
