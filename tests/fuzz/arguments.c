// SPDX-License-Identifier: MIT
// Path, argv and envp from a caller's memory in which anything may stand: what an input says of it, and what the exec
// must have come to, read from that memory byte by byte.
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VECTOR_PAGE 0x20000000u // one page, and the next one unless `hole` says otherwise
#define STRING_PAGES 0x21000000u // two pages; behind them there is nothing
#define PATH_PAGE 0x22000000u // one page; behind it there is nothing
#define POINTERS_MOST 24u

// The first bytes of the input; then two for each pointer, then the bytes of strings.
struct settings {
    uint8_t pointers;     // how many, NULLs among them included
    uint8_t vector_place; // in words before the end of the page
    uint8_t vector_bytes; // bits 0-2: off alignment; 3: no page behind; 4-7: where envp begins, in words behind argv
    uint8_t string_place; // in pairs of bytes before the end of the first page
    uint8_t fill;         // what else is in the pages of strings
    uint8_t path_length;  // bytes of the name that stand at the end of its page; its NUL is one
    uint8_t path_offset;  // where in them the path begins
};

static uint64_t pointer_of(uint32_t bytes, uint64_t page_size) {
    const uint32_t number = bytes >> 3 & 0xfff;
    if ((bytes & 0x8000) == 0)
        return STRING_PAGES + bytes % (2 * page_size + 0x100);
    switch (bytes % 8) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX - number;
    case 2:
        return 0xffff800000000000 + number; // a kernel's
    case 3:
        return 0x800000000000 - 1; // not canonical from the next byte on
    case 4:
        return STRING_PAGES + 2 * page_size - number % 32;
    case 5:
        return VECTOR_PAGE + number;
    default:
        return STRING_PAGES + number;
    }
}

void fuzz_arguments_set(struct libexec_kit *kit, struct libexec_request *request, uint64_t page_size,
                        const char *program, const uint8_t *bytes, size_t length) {
    struct settings settings = {0};
    uint64_t pointers[POINTERS_MOST + 1] = {0};
    static uint8_t pages[2 * FUZZ_PAGE_MOST];
    uint8_t name[64] = {0};
    memcpy(&settings, bytes, length < sizeof(settings) ? length : sizeof(settings));
    size_t at = sizeof(settings);
    const uint32_t count = settings.pointers % (POINTERS_MOST + 1);
    for (uint32_t i = 0; i < count && at + 2 <= length; i++, at += 2)
        pointers[i] = pointer_of((uint32_t)(bytes[at] | bytes[at + 1] << 8), page_size);
    memset(pages, settings.fill, 2 * page_size);
    if (at < length) {
        const size_t left = length - at;
        memcpy(pages + page_size - 2 * settings.string_place, bytes + at, left < page_size ? left : page_size);
    }
    libexec_kit_user_write(kit, STRING_PAGES, pages, 2 * page_size);
    const uint64_t argv = VECTOR_PAGE + page_size - 8 * (settings.vector_place % 32u) - settings.vector_bytes % 8u;
    libexec_kit_user_write(kit, argv, pointers, 8 * (count + 1));
    if ((settings.vector_bytes & 8) != 0)
        libexec_kit_user_unmap(kit, VECTOR_PAGE + page_size, page_size);
    snprintf((char *)name, sizeof(name), "%s", program);
    const uint64_t path_length = settings.path_length % (strlen(program) + 8);
    libexec_kit_user_map(kit, PATH_PAGE, page_size);
    libexec_kit_user_write(kit, PATH_PAGE + page_size - path_length, name, path_length);
    request->path = NULL;
    request->user_path = PATH_PAGE + page_size - path_length + settings.path_offset % 4u;
    request->arguments = (struct libexec_arguments){.from = LIBEXEC_ARGUMENTS_USER, .user_argv = argv,
                                                    .user_envp = argv + 8 * (settings.vector_bytes >> 4u)};
}

// ---- What it must have come to ------------------------------------------------------------------------------------

// The string at the address; NULL where it leaves the caller's memory. To be freed.
static char *string_at(struct libexec_kit *kit, uint64_t address) {
    size_t length = 0, room = 64;
    char *text = malloc(room);
    for (;; length++) {
        if (length == room)
            text = realloc(text, room *= 2);
        if (text == NULL)
            abort();
        if (!libexec_kit_user_read(kit, address + length, &text[length], 1)) {
            free(text);
            return NULL;
        }
        if (text[length] == 0)
            return text;
    }
}

static bool readable(struct libexec_kit *kit, uint64_t address) {
    char *const text = string_at(kit, address);
    const bool found = text != NULL;
    free(text);
    return found;
}

// Pointer `index` of a vector; false where it leaves the caller's memory.
static bool pointer_at(struct libexec_kit *kit, uint64_t vector, uint64_t index, uint64_t *pointer) {
    uint8_t bytes[8];
    for (uint32_t i = 0; i < 8; i++)
        if (!libexec_kit_user_read(kit, vector + 8 * index + i, &bytes[i], 1))
            return false;
    memcpy(pointer, bytes, sizeof(bytes));
    return true;
}

// Pointers up to NULL; UINT64_MAX where the vector leaves the caller's memory.
static uint64_t count_pointers(struct libexec_kit *kit, uint64_t vector) {
    uint64_t count = 0, pointer = 1;
    while (pointer_at(kit, vector, count, &pointer) && pointer != 0)
        count++;
    return pointer == 0 ? count : UINT64_MAX;
}

static const char *check_strings(struct libexec_kit *kit, const struct libexec_kit_image *image, uint64_t vector,
                                 uint64_t count, const libexec_address *placed) {
    const char *wrong = NULL;
    for (uint64_t i = 0; i < count && wrong == NULL; i++) {
        uint64_t pointer = 0;
        if (!pointer_at(kit, vector, i, &pointer))
            return "a pointer outside the caller's memory was accepted";
        char *const expected = string_at(kit, pointer);
        char *const found = libexec_kit_image_string(image, placed[i], NULL);
        if (expected == NULL)
            wrong = "a string outside the caller's memory was accepted";
        else if (found == NULL || strcmp(expected, found) != 0)
            wrong = "a string is another one";
        free(expected);
        free(found);
    }
    return wrong;
}

static const char *check_image(struct libexec_kit *kit, const struct libexec_arguments *arguments,
                               const struct libexec_kit_image *image) {
    struct libexec_kit_stack stack;
    const uint64_t argc = count_pointers(kit, arguments->user_argv), envc = count_pointers(kit, arguments->user_envp);
    if (!libexec_kit_stack_read(image, &stack))
        return "the stack cannot be read";
    const char *wrong = NULL;
    if (stack.argc != (argc == 0 ? 1 : argc) || stack.envc != envc)
        wrong = "there are more or fewer strings";
    else if (argc == 0) {
        char *const empty = libexec_kit_image_string(image, stack.argv[0], NULL);
        wrong = empty != NULL && empty[0] == 0 ? NULL : "an argv[0] was made that is not empty";
        free(empty);
    } else
        wrong = check_strings(kit, image, arguments->user_argv, argc, stack.argv);
    if (wrong == NULL)
        wrong = check_strings(kit, image, arguments->user_envp, envc, stack.envp);
    libexec_kit_stack_free(&stack);
    return wrong;
}

static const char *check_argument_fault(struct libexec_kit *kit, const struct libexec_arguments *arguments,
                                        const struct libexec_report *report) {
    const uint64_t argc = count_pointers(kit, arguments->user_argv), envc = count_pointers(kit, arguments->user_envp);
    if ((report->known & LIBEXEC_REPORT_ARGUMENT) == 0)
        return argc == UINT64_MAX || envc == UINT64_MAX ? NULL : "a good vector was refused";
    if (argc == UINT64_MAX || envc == UINT64_MAX || report->argument >= argc + envc)
        return "a string is told that is none";
    uint64_t pointer = 0;
    const bool of_argv = report->argument < argc;
    pointer_at(kit, of_argv ? arguments->user_argv : arguments->user_envp,
               of_argv ? report->argument : report->argument - argc, &pointer);
    return readable(kit, pointer) ? "a good string was refused" : NULL;
}

const char *fuzz_arguments_check(struct libexec_kit *kit, const struct libexec_request *request,
                                 const struct libexec_report *report, const struct libexec_kit_image *image) {
    if ((report->status != LIBEXEC_E_PATH_FAULT) != readable(kit, request->user_path))
        return report->status == LIBEXEC_E_PATH_FAULT ? "a good path was refused" : "a bad path was passed over";
    if (report->status == LIBEXEC_E_ARGUMENT_FAULT)
        return check_argument_fault(kit, &request->arguments, report);
    return report->status == LIBEXEC_OK && image != NULL ? check_image(kit, &request->arguments, image) : NULL;
}
