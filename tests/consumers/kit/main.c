// SPDX-License-Identifier: MIT
// Runs one exec on the fake host, commits it, and looks at what is left; then one that the host refuses.
#include <libexec/kit.h>
#include <stdio.h>

static struct libexec_exec exec;

static int failed(const char *what) {
    printf("the kit consumer: %s\n", what);
    return 1;
}

static int run(struct libexec_kit *kit) {
    const char *const argv[] = {"program", "argument", NULL};
    const struct libexec_request request = {.path = "/program", .arguments = {.argv = argv}};
    struct libexec_kit_image *image;
    struct libexec_kit_stack stack;

    if (libexec_kit_prepare(kit, &exec, &request) != LIBEXEC_OK)
        return failed("prepare failed");
    image = libexec_kit_capture(kit, &exec);
    if (image == NULL || !libexec_kit_stack_read(image, &stack))
        return failed("no image, or no stack in it");
    if (stack.argc != 2 || libexec_kit_image_start(image)->entry != 0x401000)
        return failed("not the arguments or the entry that were asked for");
    libexec_kit_stack_free(&stack);
    libexec_kit_image_free(image);
    if (libexec_kit_commit(kit, &exec) != LIBEXEC_OK || !libexec_kit_read_process(kit)->old_space_released)
        return failed("commit did not replace the old image");
    return 0;
}

static int refuse(struct libexec_kit *kit) {
    const struct libexec_request request = {.path = "/program"};

    libexec_kit_refuse_image(kit, LIBEXEC_ERRNO_EACCES);
    if (libexec_kit_prepare(kit, &exec, &request) != LIBEXEC_E_REFUSED)
        return failed("the refused image was taken");
    return 0;
}

static int with_kit(int (*scenario)(struct libexec_kit *kit), const uint8_t *file, uint64_t size) {
    struct libexec_kit *kit = libexec_kit_new(&(struct libexec_kit_options){.features = LIBEXEC_KIT_FULL});
    int status;

    libexec_kit_add_file(kit, &(struct libexec_kit_file){.path = "/program", .bytes = file, .length = size});
    status = scenario(kit);
    if (status == 0 && libexec_kit_violations(kit) != 0)
        status = failed(libexec_kit_violation(kit, 0));
    if (status == 0 && !libexec_kit_ledger_empty(kit))
        status = failed("something was left behind");
    libexec_kit_free(kit);
    return status;
}

int main(void) {
    struct libexec_kit_elf elf;
    const uint8_t *file;
    int status;

    libexec_kit_elf_begin(&elf, LIBEXEC_KIT_ET_EXEC, 0x2000);
    elf.entry = 0x401000;
    libexec_kit_elf_add(&elf, (struct libexec_kit_program_header){.type = LIBEXEC_KIT_PT_LOAD,
                                                                  .flags = LIBEXEC_KIT_PF_R | LIBEXEC_KIT_PF_X,
                                                                  .address = 0x400000,
                                                                  .file_size = 0x2000,
                                                                  .memory_size = 0x2000,
                                                                  .alignment = 0x1000});
    file = libexec_kit_elf_build(&elf);
    status = with_kit(run, file, elf.size) + with_kit(refuse, file, elf.size);
    libexec_kit_elf_end(&elf);
    if (status == 0)
        printf("one exec committed, one refused; no violation, nothing left behind\n");
    return status;
}
