// SPDX-License-Identifier: MIT
// Reads the image back out of the fake host, as a program would see it, and prints it as an exec dump. Only brk and the
// thread pointer, which a program cannot see in memory, come from the layout.

#include "image_dump.h"

#include "exec_dump.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void image_dump_verdict(FILE *output, const struct machine *machine) {
    if (machine->status == LIBEXEC_OK) {
        fputs("verdict ok\n", output);
        return;
    }
    const int number = libexec_report_errno(libexec_exec_report(&machine->exec));
    fprintf(output, "verdict error %s %s\n", exec_dump_errno(number), libexec_status_name(machine->status));
}

// The report's lines, each with "why " before it.

struct why {
    FILE *output;
    bool inside; // a line has begun
};

static void write_why(void *context, const char *bytes, size_t length) {
    struct why *const why = context;

    for (size_t i = 0; i < length; i++) {
        if (!why->inside)
            fputs("why ", why->output);
        why->inside = bytes[i] != '\n';
        fputc(bytes[i], why->output);
    }
}

static void print_refusal(FILE *output, const struct machine *machine) {
    struct why why = {.output = output};
    const struct libexec_sink sink = {.write = write_why, .context = &why};

    image_dump_verdict(output, machine);
    libexec_dump_report(&sink, libexec_exec_report(&machine->exec));
}

// The stack.

static void print_string(FILE *output, const struct libexec_kit_image *image, uint64_t address, bool with_length) {
    size_t length = 0;
    char *const text = libexec_kit_image_string(image, address, &length);

    exec_dump_text(output, text == NULL ? "" : text, length);
    if (with_length)
        fprintf(output, " len=%zu", length);
    fputc('\n', output);
    free(text);
}

static void print_strings(FILE *output, const struct libexec_kit_image *image, const char *what, uint64_t at,
                          const libexec_address *pointers, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        fprintf(output, "%s %" PRIu64 " at=%" PRIx64 " ptr=%" PRIx64 " ", what, i, at + 8 * i, pointers[i]);
        print_string(output, image, pointers[i], true);
    }
}

static uint64_t auxv_value(const struct libexec_kit_stack *stack, uint64_t type) {
    for (uint64_t i = 0; i < stack->auxv_count; i++) {
        if (stack->auxv[i].type == type)
            return stack->auxv[i].value;
    }
    return 0;
}

static void print_stack(FILE *output, const struct libexec_kit_image *image, const struct libexec_kit_stack *stack) {
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);
    const struct libexec_region *const region = libexec_kit_image_region(image, layout->stack_pointer);
    const uint64_t argv = layout->stack_pointer + 8;
    const uint64_t envp = argv + 8 * (stack->argc + 1);
    const uint64_t auxv = envp + 8 * (stack->envc + 1);
    char rights[4];

    libexec_rights_text(rights, region == NULL ? 0 : region->rights);
    fprintf(output, "stack rsp=%" PRIx64 " end=%" PRIx64 " perm=%s\n", layout->stack_pointer,
            layout->stack.address + layout->stack.length, rights);
    fprintf(output, "argc %" PRIu64 "\n", stack->argc);
    print_strings(output, image, "arg", argv, stack->argv, stack->argc);
    print_strings(output, image, "env", envp, stack->envp, stack->envc);
    for (uint64_t i = 0; i < stack->auxv_count; i++) {
        fprintf(output, "aux at=%" PRIx64 " %s %" PRIx64 "\n", auxv + 16 * i, exec_dump_auxv(stack->auxv[i].type),
                stack->auxv[i].value);
    }
    fputs("execfn ", output);
    print_string(output, image, auxv_value(stack, LIBEXEC_AT_EXECFN), false);
    fputs("platform ", output);
    print_string(output, image, auxv_value(stack, LIBEXEC_AT_PLATFORM), false);
}

// Memory.

static void print_pages(struct exec_dump_memory *memory, const struct libexec_kit_image *image,
                        const struct libexec_region *region) {
    if (region->file_length == 0)
        return;
    for (uint64_t at = region->address; at < region->address + region->length; at += EXEC_DUMP_PAGE) {
        const uint8_t *const page = libexec_kit_image_page(image, at);
        if (page != NULL)
            exec_dump_memory_page(memory, at, page);
    }
}

static void print_memory(FILE *output, const struct libexec_kit_image *image) {
    const struct libexec_region *regions;
    const uint32_t count = libexec_kit_image_regions(image, &regions);
    struct exec_dump_memory memory;

    exec_dump_memory_begin(&memory, output);
    for (uint32_t i = 0; i < count; i++) {
        const struct libexec_region *const region = &regions[i];
        char rights[4];
        if (region->kind >= LIBEXEC_REGION_TLS)
            continue;
        libexec_rights_text(rights, region->rights);
        exec_dump_memory_range(&memory, region->address, region->address + region->length, rights);
        print_pages(&memory, image, region);
    }
    exec_dump_memory_end(&memory);
}

static void print_image(FILE *output, const struct libexec_kit_image *image, const struct libexec_kit_stack *stack) {
    const struct libexec_layout *const layout = libexec_kit_image_layout(image);

    fprintf(output, "verdict ok\nentry %" PRIx64 "\n", libexec_kit_image_start(image)->entry);
    print_stack(output, image, stack);
    fprintf(output, "brk start=%" PRIx64 "\n", layout->brk_start);
    if (layout->thread_pointer != 0)
        fprintf(output, "tls tp=%" PRIx64 "\n", layout->thread_pointer);
    print_memory(output, image);
}

bool image_dump(FILE *output, struct machine *machine) {
    struct libexec_kit_stack stack;

    if (machine->status != LIBEXEC_OK) {
        print_refusal(output, machine);
        return true;
    }
    struct libexec_kit_image *const image = libexec_kit_capture(machine->kit, &machine->exec);
    const bool readable = image != NULL && libexec_kit_stack_read(image, &stack);
    if (readable) {
        print_image(output, image, &stack);
        libexec_kit_stack_free(&stack);
    }
    libexec_kit_image_free(image);
    if (!readable)
        fprintf(stderr, "execplan: the image cannot be read back: %s\n", libexec_kit_violation(machine->kit, 0));
    return readable;
}
