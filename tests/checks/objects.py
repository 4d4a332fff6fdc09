# SPDX-License-Identifier: MIT
# Checks on the compiled core: what it needs, what it holds, how large it is, and that it builds as kernels build it.

import re
import subprocess

from project import C_WARNINGS, Failure, KERNEL_FLAGS, compilers, run

ALLOWED_UNDEFINED = {"memcpy", "memmove", "memset", "memcmp"}

# Bytes of code: what is wanted, and where the check fails, so that the code does not grow unseen. The limits are to the
# byte under the compiler they were counted with; other ones may make a quarter more of the same sources.
TEXT_BUDGETS = [("all but dump", [], 16 * 1024, 19414),
                ("static programs only", ["-DLIBEXEC_CONFIG_STATIC_ONLY=1"], 8 * 1024, 17355)]
COUNTED_WITH = ("gcc", "12")
EXEC_OBJECT_LIMIT = 4096


def linked_core(project, compiler, optimisation, *more):
    folder = f"{compiler}{optimisation}"
    core = project.compile_core(compiler, folder, *KERNEL_FLAGS, optimisation, *more)
    return project.link_relocatable(core.values(), project.scratch / folder / "core.o")


def symbols(file, *options):
    return {line.split()[-1] for line in run(["nm", *options, file]).splitlines() if line.strip()}


def undefined_symbols(project):
    for compiler in compilers():
        for optimisation in ("-Os", "-O2", "-O3"):
            needed = symbols(linked_core(project, compiler, optimisation), "-u")
            print(f"{compiler} {optimisation}: needs {', '.join(sorted(needed)) or 'nothing'}")
            if needed - ALLOWED_UNDEFINED:
                raise Failure("the core may need only the four mem* functions, but needs "
                              + ", ".join(sorted(needed - ALLOWED_UNDEFINED)))


def sections(file):
    """Gives (name, size, flags) of each section."""
    number, hexadecimal = r"\s*\[\s*\d+\]\s+", r"[0-9a-f]+\s+"
    row = re.compile(number + r"(\S+)\s+\S+\s+" + 2 * hexadecimal + r"([0-9a-f]+)\s+" + hexadecimal + r"([A-Za-z]*)\s")
    found = [row.match(line) for line in run(["readelf", "-SW", file]).splitlines()]
    return [(match[1], int(match[2], 16), match[3]) for match in found if match]


def section_bytes(file, flag):
    return sum(size for _, size, flags in sections(file) if flag in flags)


def writable_data(project):
    for compiler in compilers():
        core = linked_core(project, compiler, "-O2", "-fno-common")
        writable = [(name, size) for name, size, flags in sections(core) if "W" in flags and size > 0]
        print(f"{compiler}: {sum(size for _, size in writable)} bytes of .data and .bss")
        if writable:
            names = [line for line in run(["nm", core]).splitlines() if re.search(r" [dDbBC] ", line)]
            raise Failure("the core keeps state of its own: " + ", ".join(f"{n} {s}" for n, s in writable)
                          + "\n" + "\n".join(names))


def text_bytes(project, compiler, title, *more):
    core = project.compile_core(compiler, f"{compiler}-text", *KERNEL_FLAGS, "-Os", *more)
    sizes = {source.name: section_bytes(built, "X") for source, built in core.items() if source.name != "dump.c"}
    print(f"{compiler} -Os, {title}: {sum(sizes.values())} bytes of .text ("
          + ", ".join(f"{name} {size}" for name, size in sizes.items()) + ")")
    return sum(sizes.values())


def text_size(project):
    for compiler in compilers():
        version = run([compiler, "-dumpversion"]).strip()
        same = (compiler, version.split(".")[0]) == COUNTED_WITH
        for title, more, wanted, limit in TEXT_BUDGETS:
            limit = limit if same else limit * 5 // 4
            total = text_bytes(project, compiler, title, *more)
            print(f"    wanted {wanted}, limit {limit} under {compiler} {version}")
            if total == 0:
                raise Failure("no code found: the measurement is wrong")
            if total > limit:
                raise Failure(f"{title}: {total} bytes of .text, the limit is {limit}")


def public_symbols(project):
    compiler = compilers()[0]
    core = linked_core(project, compiler, "-O2")
    names = symbols(core, "-g", "--defined-only")
    print(f"{len(names)} global symbols")
    strange = sorted(name for name in names if not name.startswith("libexec_"))
    if not names or strange:
        raise Failure("every global symbol must begin with libexec_: " + (", ".join(strange) or "none found"))


def kernel_flags(project):
    for compiler in compilers():
        for more in (["-Os"], ["-O2"], ["-O2", "-DLIBEXEC_CONFIG_STATIC_ONLY=1"]):
            linked_core(project, compiler, *more, *C_WARNINGS)
        print(f"{compiler}: {len(project.sources())} sources, each with and without LIBEXEC_CONFIG_STATIC_ONLY")


def unity(project):
    """Compiles as one unit, in any order, and is right together with a caller whose accesses the compiler sees."""
    folder = project.fresh_folder("unity")
    all_sources = folder / "all.c"
    all_sources.write_text("".join(f'#include "{source}"\n' for source in project.sources()))
    backwards = folder / "backwards.c"
    backwards.write_text("".join(f'#include "{source}"\n' for source in reversed(project.sources())))
    for compiler in compilers():
        for unit in (all_sources, backwards):
            project.compile(compiler, unit, folder / "unit.o", *KERNEL_FLAGS, "-O2", *C_WARNINGS)
        print(f"{compiler}: {len(project.sources())} sources build as one unit, in order and in reverse")
        caller = project.root / "tests/checks/unity/zeroed.c"
        for level in ("-Os", "-O2", "-O3"):
            run([compiler, "-std=c17", level, f"-I{project.include}", "-include", all_sources, caller,
                 "-o", folder / "zeroed"])
            print(f"{compiler} {level}, zeroed storage:", run([folder / "zeroed"]).strip())


# Those of the port's functions that are done before GS becomes the user's.
BEFORE_SWAPGS = {"libexec_x86_64_set_fs_base", "libexec_x86_64_reset_fpu"}


def port_canaries(project):
    """Where a kernel protects every function, none of the port's looks for its canary through the user's GS."""
    folder = project.fresh_folder("canaries")
    flags = [flag for flag in KERNEL_FLAGS if flag != "-fno-stack-protector"] + ["-fstack-protector-all"]
    for compiler in compilers():
        for level in ("-O0", "-Os", "-O2", "-O3"):
            project.compile(compiler, project.root / "port/x86_64/start.c", folder / "start.o", *flags, level,
                            f"-I{project.root / 'port/x86_64/include'}")
            function, swapped, canaries = "", False, 0
            for line in run(["objdump", "-d", folder / "start.o"]).splitlines():
                if line.endswith(">:"):
                    function, swapped = line.split("<")[1][:-2], False
                swapped = swapped or "swapgs" in line
                if re.search(r"%[fg]s:", line):
                    canaries += 1
                    if swapped or function not in BEFORE_SWAPGS:
                        raise Failure(f"{compiler} {level}: {function} looks for a canary in the user's GS: {line}")
            if canaries == 0:
                raise Failure(f"{compiler} {level}: no canary anywhere: this check looks for something else")
            print(f"{compiler} {level}: {canaries} uses of a canary, all before swapgs")


def exec_object_size(project):
    folder = project.fresh_folder("exec-size")
    program = folder / "size.c"
    program.write_text('#include <libexec/libexec.h>\n#include <stdio.h>\n'
                       'int main(void)\n{\n    printf("%zu %zu\\n", sizeof(struct libexec_exec),\n'
                       '           (size_t)_Alignof(struct libexec_exec));\n}\n')
    run([compilers()[0], "-std=c17", f"-I{project.include}", program, "-o", folder / "size"])
    size, alignment = map(int, run([folder / "size"]).split())
    print(f"the exec object: {size} bytes, aligned to {alignment}; a page holds {EXEC_OBJECT_LIMIT}")
    if size > EXEC_OBJECT_LIMIT:
        raise Failure(f"the exec object takes {size} bytes: more than a page of {EXEC_OBJECT_LIMIT}")


CAPACITIES = {"the defaults": [], "other capacities": ["-DLIBEXEC_CONFIG_SEGMENTS=17"]}


SIZED = {"prepare", "plan_read", "kit_prepare"}  # the functions that are given objects of these sizes


def missing_functions(project, compiler, flags, objects):
    """Links a user of the functions that are given sized objects; gives those that are not found."""
    folder = project.fresh_folder("capacities")
    user = folder / "user.c"
    user.write_text("#include <libexec/kit.h>\n"
                    "static struct libexec_exec object;\nstatic struct libexec_plan plan;\n"
                    "int main(void)\n{\n    struct libexec_report report;\n"
                    "    const struct libexec_request request = {0};\n"
                    "    return (int)libexec_prepare(&object, &request) +\n"
                    "           (int)libexec_kit_prepare(0, &object, &request) +\n"
                    "           (int)libexec_plan_read(&plan, 0, 0, 0, 0, 0, &report);\n}\n")
    built = subprocess.run([compiler, "-std=c17", *project.include_flags(), *flags, user, *objects,
                            "-o", folder / "user"], capture_output=True, text=True, check=False)
    return {name for name in SIZED if built.returncode and f"libexec_{name}" in built.stderr}


def mixed_capacities(project):
    """Objects are as large as the capacities say: who has others than the library must not link with it."""
    for compiler in compilers():
        for library, flags in CAPACITIES.items():
            objects = list(project.compile_core(compiler, f"{compiler}-capacities", "-std=c17", "-O1", *flags).values())
            for source in sorted((project.root / "tests/kit").glob("*.c")):
                objects.append(objects[0].with_name(f"kit-{source.stem}.o"))
                project.compile(compiler, source, objects[-1], "-std=c17", "-O1", *project.include_flags(), *flags)
            for user, flags_of_user in CAPACITIES.items():
                missing = missing_functions(project, compiler, flags_of_user, objects)
                if missing != (set() if user == library else SIZED):
                    raise Failure(f"{compiler}: a user with {user} and a library with {library}: not found when they "
                                  f"link: {', '.join(sorted(missing)) or 'nothing'}")
        print(f"{compiler}: links with a library of the same capacities only")
