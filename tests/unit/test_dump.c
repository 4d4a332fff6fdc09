// SPDX-License-Identifier: MIT
// Reports, plans and images as text: the lines themselves, for an exec whose every number is known.

#include "world.h"

#include <inttypes.h>
#include <stdio.h>

#define BASE 0x400000u

struct text {
    char bytes[8192];
    size_t length;
    size_t writes;
};

static void write_text(void *context, const char *bytes, size_t length) {
    struct text *const text = context;

    assert_true(text->length + length < sizeof text->bytes);
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    text->bytes[text->length] = '\0';
    text->writes++;
}

struct subject {
    struct libexec_kit *kit;
    struct libexec_kit_elf elf;
    struct libexec_exec exec;
    struct text text;
    struct libexec_sink sink;
    struct libexec_auxv auxv;
    struct libexec_policy policy;
    enum libexec_status status;
};

static void new_subject(struct subject *subject) {
    memset(subject, 0, sizeof *subject);
    subject->policy = (struct libexec_policy){.flags = LIBEXEC_POLICY_FIXED_ADDRESSES, .tls = LIBEXEC_TLS_NEVER};
    subject->sink = (struct libexec_sink){.write = write_text, .context = &subject->text};
    subject->kit = libexec_kit_new(&(struct libexec_kit_options){.features = LIBEXEC_KIT_FULL, .seed = 1});
    libexec_kit_elf_begin(&subject->elf, LIBEXEC_KIT_ET_EXEC, 0x1800);
    subject->elf.entry = BASE + 0x100;
}

// As the program `/p`.
static void execute(struct subject *subject) {
    static const char *const argv[] = {"/p", NULL};

    libexec_kit_add_file(subject->kit, &(struct libexec_kit_file){.path = "/p",
                                                                  .bytes = libexec_kit_elf_build(&subject->elf),
                                                                  .length = subject->elf.size});
    subject->auxv = (struct libexec_auxv){999, 0x1234};
    const struct libexec_request request = {.path = "/p",
                                            .policy = &subject->policy,
                                            .arguments = {.argv = argv},
                                            .auxv = &subject->auxv,
                                            .auxv_count = 1};
    subject->status = libexec_kit_prepare(subject->kit, &subject->exec, &request);
}

// A program of two segments, the second with zeros behind; `damage` makes p_filesz exceed p_memsz.
static void begin(struct subject *subject, bool damage) {
    new_subject(subject);
    libexec_kit_elf_add(&subject->elf,
                        load(LIBEXEC_KIT_PF_R | LIBEXEC_KIT_PF_X, 0, BASE, 0x1000, damage ? 0xfff : 0x1000));
    libexec_kit_elf_add(&subject->elf, load(LIBEXEC_KIT_PF_R | LIBEXEC_KIT_PF_W, 0x1000, BASE + 0x1000, 0x800, 0x3000));
    execute(subject);
}

static void end(struct subject *subject) {
    libexec_kit_abandon(subject->kit, &subject->exec);
    assert_int_equal(libexec_kit_violations(subject->kit), 0);
    libexec_kit_free(subject->kit);
    libexec_kit_elf_end(&subject->elf);
}

// The text so far holds the line, from its beginning on.
static void expect_line(const struct text *text, const char *line) {
    const char *const found = strstr(text->bytes, line);

    if (found == NULL || (found != text->bytes && found[-1] != '\n') || found[strlen(line)] != '\n')
        fail_msg("no line `%s` in:\n%s", line, text->bytes);
}

static void reports(void **state) {
    (void)state;
    static struct subject subject;

    begin(&subject, true);
    assert_int_equal(subject.status, LIBEXEC_E_FILE_OVER_MEMORY);
    libexec_dump_report(&subject.sink, libexec_exec_report(&subject.exec));
    static const char start[] = "LIBEXEC_E_FILE_OVER_MEMORY in the program, program header 0: ";
    assert_memory_equal(subject.text.bytes, start, sizeof start - 1);
    assert_non_null(strstr(subject.text.bytes, libexec_status_text(LIBEXEC_E_FILE_OVER_MEMORY)));
    assert_non_null(strstr(subject.text.bytes, "gABI ch. 5"));
    assert_non_null(strstr(subject.text.bytes, ", value 0x1000, limit 0xfff, errno 22\n"));
    end(&subject);
}

static void every_known_number(void **state) {
    (void)state;
    struct text text = {.length = 0};
    const struct libexec_sink sink = {.write = write_text, .context = &text};
    const struct libexec_report report = {.status = LIBEXEC_E_MAP,
                                          .stage = LIBEXEC_STAGE_LOAD,
                                          .file = LIBEXEC_FILE_INTERPRETER,
                                          .known = LIBEXEC_REPORT_ARGUMENT | LIBEXEC_REPORT_ADDRESS |
                                                   LIBEXEC_REPORT_FILE_OFFSET,
                                          .host_code = -12,
                                          .argument = 30,
                                          .file_offset = 0,
                                          .address = UINT64_MAX,
                                          .value = 77};

    libexec_dump_report(&sink, &report);
    assert_non_null(strstr(text.bytes, "LIBEXEC_E_MAP in the interpreter, string 30: "));
    assert_non_null(
        strstr(text.bytes, "  stage load, file offset 0x0, address 0xffffffffffffffff, host code -12, errno "));
    assert_null(strstr(text.bytes, "value"));
    // What is not known is not told, whatever stands there; a code of 0 is none.
    const struct libexec_report bare = {.status = LIBEXEC_E_MAP,
                                        .stage = LIBEXEC_STAGE_LOAD,
                                        .file = LIBEXEC_FILE_PROGRAM,
                                        .file_offset = 1,
                                        .address = 2,
                                        .value = 3,
                                        .limit = 4};
    text.length = 0;
    libexec_dump_report(&sink, &bare);
    assert_string_equal(text.bytes, "LIBEXEC_E_MAP in the program: the host could not map pages\n"
                                    "  stage load, errno 12\n");
    text.length = 0;
    libexec_dump_report(&sink, &(struct libexec_report){.status = LIBEXEC_E_MAP, .host_code = 1});
    assert_string_equal(text.bytes, "LIBEXEC_E_MAP: the host could not map pages\n"
                                    "  stage request, host code 1, errno 1\n");
    // A code above 4095 is no errno; a name is told.
    text.length = 0;
    libexec_dump_report(&sink, &(struct libexec_report){.status = LIBEXEC_E_MAP, .host_code = 4095});
    assert_non_null(strstr(text.bytes, ", host code 4095, errno 4095\n"));
    text.length = 0;
    libexec_dump_report(&sink, &(struct libexec_report){.status = LIBEXEC_E_MAP, .host_code = 4096});
    assert_non_null(strstr(text.bytes, ", host code 4096, errno 12\n"));
    text.length = 0;
    libexec_dump_report(&sink, &(struct libexec_report){.status = LIBEXEC_E_OPEN, .file = LIBEXEC_FILE_PROGRAM,
                                                        .name = "/bin/x", .host_code = 2});
    assert_non_null(strstr(text.bytes, "LIBEXEC_E_OPEN in the program /bin/x: "));
    text.length = 0;
    libexec_dump_report(&sink, &(struct libexec_report){.status = LIBEXEC_E_OPEN, .file = LIBEXEC_FILE_PROGRAM,
                                                        .name = " ~\n\x1f\x7f\xc3\\", .host_code = 2});
    assert_non_null(strstr(text.bytes, "in the program  ~\\x0a\\x1f\\x7f\\xc3\\x5c: "));
    text.length = 0;
    libexec_dump_report(&sink, &(struct libexec_report){.status = LIBEXEC_OK});
    assert_string_equal(text.bytes, "LIBEXEC_OK\n");
}

static void plans(void **state) {
    (void)state;
    static struct subject subject;

    begin(&subject, false);
    assert_int_equal(subject.status, LIBEXEC_OK);
    libexec_dump_plan(&subject.sink, libexec_exec_plan(&subject.exec, LIBEXEC_FILE_PROGRAM));
    assert_string_equal(subject.text.bytes,
                        "ET_EXEC, entry 0x400100, program headers 2\n"
                        "  0x000000400000 r-x  memory 0x1000, file 0x0 + 0x1000, program header 0\n"
                        "  0x000000401000 rw-  memory 0x3000, file 0x1000 + 0x800, program header 1\n");
    end(&subject);
}

static void all_that_a_plan_may_have(void **state) {
    (void)state;
    struct text text = {.length = 0};
    const struct libexec_sink sink = {.write = write_text, .context = &text};
    const struct libexec_plan plan = {.flags = LIBEXEC_PLAN_POSITION_INDEPENDENT | LIBEXEC_PLAN_INTERPRETER |
                                               LIBEXEC_PLAN_TLS | LIBEXEC_PLAN_EXECUTABLE_STACK,
                                      .entry = 0x1234,
                                      .program_header_count = 13,
                                      .tls_memory_size = 0x88};

    libexec_dump_plan(&sink, &plan);
    assert_string_equal(text.bytes,
                        "ET_DYN, entry 0x1234, program headers 13, interpreter, TLS 0x88, executable stack\n");
}

// At `text` are these lines, each in two pieces, and nothing else.
static void expect_pieces(const struct text *text, const char *const *pieces, size_t count) {
    const char *at = text->bytes;

    for (size_t i = 0; i < count; at += strlen(pieces[i++]))
        if (strncmp(at, pieces[i], strlen(pieces[i])) != 0)
            fail_msg("no `%s` in its place in:\n%s", pieces[i], text->bytes);
    assert_int_equal(*at, 0);
}

static void spaces(void **state) {
    (void)state;
    static struct subject subject;

    begin(&subject, false);
    libexec_dump_space(&subject.sink, &subject.exec);
    static const char edge[] = " +----------------------------------------\n";
    static const char *const lines[] = {"0x7ffffffff000", edge, "               | rw-  stack, 10 MiB\n",
                                        "0x7fffff5fe000", edge, "               | ---  guard, 1 MiB\n",
                                        "0x7fffff4fe000", edge, "                 free, 127 TiB\n",
                                        "0x000000404000", edge, "               | rw-  program's zeros, 8 KiB\n",
                                        "0x000000402000", edge,
                                        "               | rw-  program, 4 KiB, file 0x1000 + 0x800\n",
                                        "0x000000401000", edge,
                                        "               | r-x  program, 4 KiB, file 0x0 + 0x1000\n",
                                        "0x000000400000", edge};
    expect_pieces(&subject.text, lines, sizeof lines / sizeof lines[0]);
    end(&subject);
}

// Of each kind one region, up to the highest address that a policy may allow; zeros of 9,996 KiB, which is shown so,
// and of 10,000, which is not.
static void all_that_a_space_may_have(void **state) {
    (void)state;
    static struct subject subject;
    static struct libexec_kit_elf loader;
    static const char edge[] = " +----------------------------------------\n";

    if (LIBEXEC_CONFIG_STATIC_ONLY)
        return;
    new_subject(&subject);
    subject.policy.tls = LIBEXEC_TLS_ALWAYS;
    subject.policy.user_high = UINT64_C(1) << 60;
    subject.policy.stack_size = 0x800000;
    libexec_kit_elf_add(&subject.elf, load(LIBEXEC_KIT_PF_R | LIBEXEC_KIT_PF_X, 0, BASE, 0x1000, 0x1000));
    libexec_kit_elf_add(&subject.elf, load(LIBEXEC_KIT_PF_R | LIBEXEC_KIT_PF_W, 0, 0x10000000, 0, 0x180000));
    libexec_kit_elf_add(&subject.elf, load(LIBEXEC_KIT_PF_R | LIBEXEC_KIT_PF_W, 0, 0x20000000, 0, 10000 << 10));
    libexec_kit_elf_add(&subject.elf, load(LIBEXEC_KIT_PF_R | LIBEXEC_KIT_PF_W, 0, 0x30000000, 0, 9996 << 10));
    libexec_kit_elf_add(&subject.elf, (struct libexec_kit_program_header){
                                          .type = LIBEXEC_KIT_PT_INTERP, .offset = 0x800, .file_size = 3});
    libexec_kit_elf_write(&subject.elf, 0x800, "/l", 3);
    libexec_kit_elf_begin(&loader, LIBEXEC_KIT_ET_DYN, 0x1000);
    loader.entry = 0x100;
    libexec_kit_elf_add(&loader, load(LIBEXEC_KIT_PF_R | LIBEXEC_KIT_PF_X, 0, 0, 0x1000, 0x1800));
    libexec_kit_add_file(subject.kit, &(struct libexec_kit_file){.path = "/l",
                                                                 .bytes = libexec_kit_elf_build(&loader),
                                                                 .length = loader.size});
    execute(&subject);
    assert_int_equal(subject.status, LIBEXEC_OK);
    libexec_dump_space(&subject.sink, &subject.exec);
    static const char *const lines[] = {"0x1000000000000000", edge, "               | rw-  stack, 10 MiB\n",
                                        "0xfffffffff5ff000", edge, "               | ---  guard, 1 MiB\n",
                                        "0xfffffffff4ff000", edge, "                 free, 116 MiB\n",
                                        "0xffffffff8000000", edge, "               | rwx  interpreter's zeros, 4 KiB\n",
                                        "0xffffffff7fff000", edge,
                                        "               | r-x  interpreter, 4 KiB, file 0x0 + 0x1000\n",
                                        "0xffffffff7ffe000", edge, "               | rw-  TLS block, 4 KiB\n",
                                        "0xffffffff7ffd000", edge, "                 free, 1023 PiB\n",
                                        "0x0000309c3000", edge, "               | rw-  program's zeros, 9996 KiB\n",
                                        "0x000030000000", edge, "                 free, 246 MiB\n",
                                        "0x0000209c4000", edge, "               | rw-  program's zeros, 9 MiB\n",
                                        "0x000020000000", edge, "                 free, 254 MiB\n",
                                        "0x000010180000", edge, "               | rw-  program's zeros, 1536 KiB\n",
                                        "0x000010000000", edge, "                 free, 251 MiB\n",
                                        "0x000000401000", edge,
                                        "               | r-x  program, 4 KiB, file 0x0 + 0x1000\n",
                                        "0x000000400000", edge};
    expect_pieces(&subject.text, lines, sizeof lines / sizeof lines[0]);
    end(&subject);
    libexec_kit_elf_end(&loader);
}

static void auxiliary_vectors(void **state) {
    (void)state;
    static struct subject subject;
    char line[64];
    uint32_t count;

    begin(&subject, false);
    libexec_dump_auxv(&subject.sink, &subject.exec);
    const struct libexec_auxv *const auxv = libexec_exec_auxv(&subject.exec, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (auxv[i].type == 999)
            snprintf(line, sizeof line, "AT_999 0x1234");
        else
            snprintf(line, sizeof line, "%s 0x%" PRIx64, libexec_auxv_name(auxv[i].type), auxv[i].value);
        expect_line(&subject.text, line);
    }
    uint32_t lines = 0;
    for (size_t i = 0; i < subject.text.length; i++)
        lines += subject.text.bytes[i] == '\n';
    assert_int_equal(lines, count);
    expect_line(&subject.text, "AT_ENTRY 0x400100");
    expect_line(&subject.text, "AT_999 0x1234");
    end(&subject);
}

static void small_pieces(void **state) {
    (void)state;
    static struct subject subject;
    char rights[4];

    begin(&subject, false);
    libexec_dump_gdb(&subject.sink, &subject.exec, "/p");
    assert_string_equal(subject.text.bytes, "add-symbol-file /p -o 0x0\n");
    subject.text.length = 0;
    libexec_dump_gdb(&subject.sink, &subject.exec, "");
    assert_int_equal(subject.text.length, strlen("add-symbol-file  -o 0x0\n"));
    assert_string_equal(subject.text.bytes, "add-symbol-file  -o 0x0\n");
    end(&subject);
    assert_null(libexec_auxv_name(10));
    assert_string_equal(libexec_auxv_name(51), "AT_MINSIGSTKSZ");
    libexec_rights_text(rights, 0);
    assert_string_equal(rights, "---");
    libexec_rights_text(rights, LIBEXEC_RIGHT_READ | LIBEXEC_RIGHT_EXECUTE);
    assert_string_equal(rights, "r-x");
    libexec_rights_text(rights, LIBEXEC_RIGHT_WRITE);
    assert_string_equal(rights, "-w-");
}

int main(void) {
    const struct CMUnitTest dump[] = {
        cmocka_unit_test(reports),
        cmocka_unit_test(every_known_number),
        cmocka_unit_test(plans),
        cmocka_unit_test(all_that_a_plan_may_have),
        cmocka_unit_test(spaces),
        cmocka_unit_test(all_that_a_space_may_have),
        cmocka_unit_test(auxiliary_vectors),
        cmocka_unit_test(small_pieces),
    };
    return RUN(dump);
}
