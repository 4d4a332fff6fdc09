// SPDX-License-Identifier: MIT
// The stack of the page, word by word as the program finds it, and the TLS block.

#include "page_parts.h"

#include <inttypes.h>
#include <libexec/tls.h>
#include <stdlib.h>

#define STRINGS_SHOWN 40u
#define TEXT_SHOWN    60u
#define RANDOM_BYTES  16u

static void draw_word(struct canvas *canvas, uint64_t address, uint64_t word) {
    canvas_put(canvas, CANVAS_FAINT, "  %012" PRIx64 "  ", address);
    canvas_put(canvas, CANVAS_PLAIN, "%016" PRIx64 "  ", word);
}

static void draw_string(struct canvas *canvas, const struct libexec_kit_image *image, uint64_t address) {
    size_t length = 0;
    char *const text = libexec_kit_image_string(image, address, &length);

    page_quote(canvas, text == NULL ? "" : text, length, TEXT_SHOWN);
    free(text);
}

// A vector from `at` on, its NULL included; returns the address behind it.
static uint64_t draw_vector(struct canvas *canvas, const struct libexec_kit_image *image, const char *name, uint64_t at,
                            const libexec_address *pointers, uint64_t count) {
    const uint64_t shown = count < STRINGS_SHOWN ? count : STRINGS_SHOWN;

    for (uint64_t i = 0; i < shown; i++) {
        draw_word(canvas, at + 8 * i, pointers[i]);
        canvas_put(canvas, CANVAS_PLAIN, "%s[%" PRIu64 "] ", name, i);
        draw_string(canvas, image, pointers[i]);
        canvas_put(canvas, CANVAS_PLAIN, "\n");
    }
    if (shown < count)
        canvas_put(canvas, CANVAS_FAINT, "  ... %" PRIu64 " more ...\n", count - shown);
    draw_word(canvas, at + 8 * count, 0);
    canvas_put(canvas, CANVAS_FAINT, "%s ends\n", name);
    return at + 8 * (count + 1);
}

static void draw_auxv(struct canvas *canvas, const struct libexec_kit_image *image, uint64_t at,
                      const struct libexec_auxv *entry) {
    const char *const name = libexec_auxv_name(entry->type);

    draw_word(canvas, at, entry->type);
    if (name != NULL)
        canvas_put(canvas, CANVAS_PLAIN, "%s\n", name);
    else
        canvas_put(canvas, CANVAS_PLAIN, "AT_%" PRIu64 "\n", entry->type);
    draw_word(canvas, at + 8, entry->value);
    switch (entry->type) {
    case LIBEXEC_AT_EXECFN:
    case LIBEXEC_AT_PLATFORM:
        canvas_put(canvas, CANVAS_PLAIN, "  ");
        draw_string(canvas, image, entry->value);
        break;
    case LIBEXEC_AT_CLKTCK:
    case LIBEXEC_AT_PHNUM:
    case LIBEXEC_AT_PHENT:
    case LIBEXEC_AT_PAGESZ:
    case LIBEXEC_AT_UID:
    case LIBEXEC_AT_EUID:
    case LIBEXEC_AT_GID:
    case LIBEXEC_AT_EGID:
        canvas_put(canvas, CANVAS_PLAIN, "  %" PRIu64, entry->value);
        break;
    default:
        break;
    }
    canvas_put(canvas, CANVAS_PLAIN, "\n");
}

static uint64_t value_of(const struct libexec_kit_stack *stack, uint64_t type) {
    for (uint64_t i = 0; i < stack->auxv_count; i++) {
        if (stack->auxv[i].type == type)
            return stack->auxv[i].value;
    }
    return 0;
}

static void draw_part(struct canvas *canvas, uint64_t start, uint64_t end, const char *text) {
    if (start >= end)
        return;
    canvas_put(canvas, CANVAS_FAINT, "  %012" PRIx64 "  ", start);
    canvas_put(canvas, CANVAS_PLAIN, "%s, %" PRIu64 " bytes\n", text, end - start);
}

// What stands above the auxiliary vector.
static void draw_strings(struct canvas *canvas, const struct libexec_kit_image *image,
                         const struct libexec_kit_stack *stack) {
    const struct libexec_arguments_placed *const placed = libexec_kit_image_arguments(image);
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const uint64_t random = value_of(stack, LIBEXEC_AT_RANDOM);
    const uint64_t platform = value_of(stack, LIBEXEC_AT_PLATFORM);
    const uint64_t execfn = value_of(stack, LIBEXEC_AT_EXECFN);
    size_t length = 0;

    draw_part(canvas, random, random + RANDOM_BYTES, "random");
    canvas_put(canvas, CANVAS_FAINT, "  %012" PRIx64 "  ", platform);
    draw_string(canvas, image, platform);
    canvas_put(canvas, CANVAS_PLAIN, "\n");
    draw_part(canvas, placed->strings, placed->environment, "argument strings");
    draw_part(canvas, placed->environment, placed->end, "environment strings");
    canvas_put(canvas, CANVAS_FAINT, "  %012" PRIx64 "  ", execfn);
    draw_string(canvas, image, execfn);
    canvas_put(canvas, CANVAS_PLAIN, "\n");
    free(libexec_kit_image_string(image, execfn, &length));
    draw_part(canvas, execfn + length + 1, layout->stack.address + layout->stack.length, "room that stays zero");
}

void page_stack(struct canvas *canvas, const struct libexec_kit_image *image) {
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    struct libexec_kit_stack stack;
    uint64_t at = layout->stack_pointer;

    page_heading(canvas, "Stack, from the stack pointer up");
    if (!libexec_kit_stack_read(image, &stack)) {
        canvas_put(canvas, CANVAS_DANGER, "  cannot be read\n");
        return;
    }
    draw_word(canvas, at, stack.argc);
    canvas_put(canvas, CANVAS_PLAIN, "argc, and here rsp points\n");
    at = draw_vector(canvas, image, "argv", at + 8, stack.argv, stack.argc);
    at = draw_vector(canvas, image, "envp", at, stack.envp, stack.envc);
    for (uint64_t i = 0; i < stack.auxv_count; i++, at += 16)
        draw_auxv(canvas, image, at, &stack.auxv[i]);
    draw_strings(canvas, image, &stack);
    libexec_kit_stack_free(&stack);
}

// The TLS block.

static void draw_offset(struct canvas *canvas, const struct libexec_layout *layout, int64_t offset) {
    const bool below = offset < 0;
    const uint64_t distance = below ? (uint64_t)-offset : (uint64_t)offset;

    canvas_put(canvas, CANVAS_FAINT, "  tp %c %6" PRIx64 "  ", below ? '-' : '+', distance);
    if (layout->thread_pointer != 0)
        canvas_put(canvas, CANVAS_FAINT, "%012" PRIx64 "  ", layout->thread_pointer + (uint64_t)offset);
}

void page_tls(struct canvas *canvas, const struct libexec_plan *plan, const struct libexec_layout *layout) {
    const bool built = layout->thread_pointer != 0;
    struct libexec_tls_shape shape;

    if (!built && (plan->flags & LIBEXEC_PLAN_TLS) == 0)
        return;
    page_heading(canvas, built ? "TLS block, built by the library" : "TLS block, left to the program's own start-up");
    if (libexec_tls_shape_of(&shape, plan, &libexec_kit_arch) != LIBEXEC_OK) {
        canvas_put(canvas, CANVAS_DANGER, "  PT_TLS makes no sense\n");
        return;
    }
    const int64_t start = -(int64_t)shape.template_offset;
    if ((plan->flags & LIBEXEC_PLAN_TLS) != 0) {
        draw_offset(canvas, layout, start);
        canvas_put(canvas, CANVAS_WRITE, "template, %" PRIu64 " bytes from file offset %" PRIx64 "\n",
                   plan->tls_file_size, plan->tls_offset);
        draw_offset(canvas, layout, start + (int64_t)plan->tls_file_size);
        canvas_put(canvas, CANVAS_ZERO, "zeros, %" PRIu64 " bytes\n", plan->tls_memory_size - plan->tls_file_size);
    }
    draw_offset(canvas, layout, 0);
    canvas_put(canvas, CANVAS_PLAIN, "thread control block, %" PRIu64 " bytes; its first word is tp\n",
               shape.control_size);
    canvas_put(canvas, CANVAS_PLAIN, "  tp is a multiple of %" PRIu64 "\n", shape.alignment);
}
