# SPDX-License-Identifier: MIT
"""Shows that every check can fail: copies the project, plants one defect at a time, and wants the check to find it."""

import argparse
import contextlib
import io
import pathlib
import re
import shutil
import sys
import tempfile

import check
from project import compilers, cxx_compilers

# What is said of a name that only C++ reserves, and of stores that gcc happens not to move.
CXX_ONLY = "class"
CLANG_ONLY = "abandon [1-9]"

COPIED = ["include", "libexec", "port", "tests/kit", "tests/checks", "examples", "tools", "cmake", "docs", "README.md"]

BIG_FUNCTION = ("void libexec_planted(volatile int *sink);\nvoid libexec_planted(volatile int *sink)\n{\n"
                + "".join(f"    *sink = {0x10000 + number};\n" for number in range(5000)) + "}\n")


def append(path, text):
    def plant(root):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text((file.read_text() if file.exists() else "// SPDX-License-Identifier: MIT\n") + text)
    return plant


def prepend(path, text):
    def plant(root):
        file = root / path
        file.write_text(text + file.read_text())
    return plant


def replace(path, pattern, text):
    def plant(root):
        file = root / path
        changed, count = re.subn(pattern, text, file.read_text(), count=1)
        if count != 1:
            raise AssertionError(f"the planted defect does not fit: {pattern} is not in {path}")
        file.write_text(changed)
    return plant


def both(*plants):
    def plant(root):
        for one in plants:
            one(root)
    return plant


# The check, the defect, and what the check must say of it.
DEFECTS = [
    ("undefined_symbols", append("libexec/status.c", """
unsigned long strlen(const char *text);
unsigned long libexec_planted(const char *text);
unsigned long libexec_planted(const char *text)
{
    return strlen(text);
}
"""), "strlen"),
    ("writable_data", append("libexec/report.c", """
int libexec_planted(void);
int libexec_planted(void)
{
    static int planted_counter;
    return ++planted_counter;
}
"""), "planted_counter"),
    ("writable_data", append("libexec/report.c", """
extern int libexec_planted_value;
int libexec_planted_value = 3;
"""), "libexec_planted_value"),
    ("text_size", append("libexec/plan.c", BIG_FUNCTION), "bytes of .text, the limit is"),
    ("public_symbols", append("libexec/plan.c", "int planted(void);\nint planted(void)\n{\n    return 1;\n}\n"),
     "planted"),
    ("kernel_flags", append("libexec/plan.c", """
int libexec_planted(long wide);
int libexec_planted(long wide)
{
    return wide;
}
"""), "conversion"),
    ("kernel_flags", append("libexec/plan.c", "double libexec_planted(double x);\n"
                            "double libexec_planted(double x)\n{\n    return x * 2;\n}\n"),
     "SSE|not supported|disabled"),
    ("unity", both(append("libexec/plan.c", "enum { planted_same = 1 };\n"),
                   append("libexec/load.c", "enum { planted_same = 2 };\n")), "planted_same"),
    ("unity", replace("include/libexec/exec.h", r"union \{[^}]*unsigned char storage[^}]*\};",
                      "uint64_t storage[LIBEXEC_EXEC_SIZE / 8];"), CLANG_ONLY),
    ("port_canaries", replace("port/x86_64/start.c", "WITHOUT_CANARY void libexec_x86_64_reset_segments",
                              "void libexec_x86_64_reset_segments"), "reset_segments looks for a canary"),
    ("port_canaries", replace("port/x86_64/start.c", "WITHOUT_CANARY uint64_t read_cr4", "uint64_t read_cr4"),
     "looks for a canary"),
    ("exec_object_size", replace("include/libexec/exec.h", r"struct libexec_exec \{\n",
                                 "struct libexec_exec {\n    char planted[5000];\n"), "more than a page"),
    ("mixed_capacities", replace("include/libexec/exec.h", r"\n    LIBEXEC_SIZED\(libexec_prepare\)", ""),
     "not found when they link: kit_prepare, plan_read"),
    ("mixed_capacities", replace("include/libexec/plan.h", r"\n    LIBEXEC_SIZED\(libexec_plan_read\)", ""),
     "not found when they link: kit_prepare, prepare"),
    ("mixed_capacities", replace("tests/kit/include/libexec/kit.h", r" LIBEXEC_SIZED\(libexec_kit_prepare\)", ""),
     "not found when they link: plan_read, prepare"),
    ("recursion", append("libexec/plan.c", """
int libexec_planted(int n);
static int planted_even(int n);
static int planted_odd(int n)
{
    return n == 0 ? 0 : planted_even(n - 1);
}
static int planted_even(int n)
{
    return n == 0 ? 1 : planted_odd(n - 1);
}
int libexec_planted(int n)
{
    return planted_even(n);
}
"""), "recursion: planted_(even|odd) -> planted_(even|odd)"),
    ("recursion", append("libexec/dump.c", """
int libexec_planted(int n);
int libexec_planted(int n)
{
    return n == 0 ? 0 : libexec_planted(n - 1);
}
"""), "recursion: libexec_planted -> libexec_planted"),
    ("stack_depth", append("libexec/plan.c", """
void libexec_planted(void (*use)(char *));
void libexec_planted(void (*use)(char *))
{
    char planted_buffer[2000];
    use(planted_buffer);
}
"""), "the limit is"),
    ("stack_depth", append("libexec/plan.c", """
void libexec_planted(void (*use)(char *), unsigned long n);
void libexec_planted(void (*use)(char *), unsigned long n)
{
    use(__builtin_alloca(n));
}
"""), "unknown size"),
    ("pure_modules", append("libexec/header.c", """
int libexec_planted(int (*ask)(void));
int libexec_planted(int (*ask)(void))
{
    return ask() + 1;
}
"""), "header.c must be pure.*libexec_planted"),
    ("include_direction", both(append("libexec/exec.h", "\n"),
                               prepend("libexec/status.c", '#include "exec.h"\n')), "stands below it"),
    ("include_direction", prepend("libexec/plan.c", "#include <string.h>\n"), "string.h"),
    ("include_direction", append("libexec/planted.c", "\n"), "not in the table of modules"),
    ("include_direction", replace("libexec/sources.txt", "tls.c\n", ""), "does not name tls.c"),
    ("include_direction", append("include/libexec/status.h", "#include <string.h>\n"), "a public header includes"),
    ("include_direction", append("include/libexec/status.h", "#include <libexec/libexec.h>\n"), "include one another"),
    ("include_direction", both(append("libexec/bytes.h", "\n"),
                               append("port/x86_64/planted.c", '#include "../../libexec/bytes.h"\n')), "another part"),
    ("include_direction", append("port/x86_64/planted.c", "#include <stdio.h>\n"), "a port may not include"),
    ("include_direction", append("tests/kit/planted.c", '#include "bytes.h"\n'), "not a public header"),
    ("include_direction", replace("docs/design.md", r"\| `tls.c` \|", "| `tls.c`, `script.c` |"),
     "another table of modules"),
    ("call_direction", both(append("libexec/status.c", """
int libexec_planted_low(void);
int libexec_planted_high(void);
int libexec_planted_low(void)
{
    return libexec_planted_high();
}
"""), append("libexec/exec.c", """
int libexec_planted_high(void);
int libexec_planted_high(void)
{
    return 1;
}
""")), "status.c calls libexec_planted_high"),
    ("header_alone", append("include/libexec/planted.h", "struct libexec_planted {\n    uint64_t value;\n};\n"),
     "uint64_t"),
    ("header_alone", append("include/libexec/version.h", "struct libexec_planted {\n    int value;\n};\n"),
     "redefinition"),
    ("header_alone", append("include/libexec/planted.h", "typedef int libexec_planted(int class);\n"), CXX_ONLY),
    ("header_names", append("include/libexec/status.h", "#define PLANTED 1\n"), "macro PLANTED"),
    ("header_names", append("include/libexec/status.h", "struct planted {\n    int value;\n};\n"), "tag planted"),
    ("header_names", append("include/libexec/status.h", "typedef int (*planted)(void);\n"), "type planted"),
    ("header_names", append("include/libexec/status.h", "enum libexec_planted { PLANTED_ONE };\n"),
     "enumerator PLANTED_ONE"),
    ("header_names", append("include/libexec/status.h", "int planted(int value);\n"), "function planted"),
    ("header_names", append("include/libexec/status.h", "struct libexec_planted {\n    int bit : 1;\n};\n"),
     "bit-field"),
    ("source_rules", append("libexec/plan.c", "\tint planted;\n"), "a tab"),
    ("source_rules", append("libexec/plan.c", "// " + 120 * "x" + "\n"), "123 columns"),
    ("source_rules", append("docs/design.md", 60 * "x " + "x\n"), "121 columns"),
    ("source_rules", append("tests/CMakeLists.txt", "# " + 119 * "x" + "\n"), "121 columns"),
    ("source_rules", prepend("libexec/plan.c", "// no licence\n"), "licence line"),
    ("source_rules", append("libexec/checked.h", "static inline int planted(void) {\n    return 1;\n}\n"),
     "planted is called by nobody"),
    ("source_rules", append("libexec/plan.c", 'static void planted(void)\n{\n    __asm__("");\n}\n'),
     "not in the core"),
    ("porting_code", replace("docs/porting-a-kernel.md", r"libexec_exec_start\(&exec, &start\);", "start = exec;"),
     "incompatible type"),
    ("porting_code", append("docs/porting-a-kernel.md", "```c\nplanted();\n```\n"), "6 pieces of code"),
]


# Only where there is a README.md.
README_DEFECTS = [
    ("readme_code", replace("README.md", "<!-- integration -->", "<!-- -->"), "has no"),
    ("readme_code", replace("README.md", "(<!-- integration -->\n*```c\n)", r"\1" + 60 * "\n"), "promised are"),
    ("readme_code", replace("README.md", "region->rights", "7"), "the wrong rights"),
    ("readme_code", replace("README.md", r"\.user_argv = argv", ".user_argv = envp"), "another errno|argc"),
    ("readme_code", replace("README.md", "page_free\\(exec\\);", ""), "left something behind"),
]


def copy_project(source, target):
    for name in COPIED:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (source / name).exists():
            shutil.copy(source / name, target / name)


def fault_in(source, name, plant, wanted):
    """What is wrong with a check: None where it found the defect."""
    with tempfile.TemporaryDirectory() as scratch:
        root = pathlib.Path(scratch) / "project"
        root.mkdir()
        copy_project(source, root)
        plant(root)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            status = check.run_check(name, root, pathlib.Path(scratch) / "objects")
    if status == check.SKIPPED:
        return None
    if status == 0:
        return "it passed"
    if not re.search(wanted, output.getvalue()):
        return f"it failed without a word of {wanted!r}:\n{output.getvalue()}"
    return None


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--root", default=pathlib.Path(__file__).parents[2], help="the project's top folder")
    source = pathlib.Path(arguments.parse_args().root).resolve()
    needs = {CXX_ONLY: bool(cxx_compilers()), CLANG_ONLY: "clang" in compilers()}
    lacking = {wanted for wanted, there in needs.items() if not there}
    defects = [defect for defect in DEFECTS if defect[2] not in lacking]
    defects = defects + README_DEFECTS if (source / "README.md").exists() else defects
    missing = sorted(set(check.CHECKS) - {"readme_code"} - {name for name, _, _ in DEFECTS})
    wrong = [f"no defect is planted for {name}" for name in missing]
    for name, plant, wanted in defects:
        fault = fault_in(source, name, plant, wanted)
        print(f"{'ok' if fault is None else 'WRONG'}: {name}: {wanted}")
        if fault:
            wrong.append(f"{name}, planted {wanted!r}: {fault}")
    print("\n".join(wrong) if wrong else f"{len(defects)} planted defects, each found by its check")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
