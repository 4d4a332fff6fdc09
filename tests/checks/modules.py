# SPDX-License-Identifier: MIT
# Checks on the direction between modules: a row of the table below may include and call its own row and those above it,
# never one below. docs/design.md has the same table with what each module owns.

import pathlib
import re

from project import Failure, KERNEL_FLAGS, compilers, run

ROWS = [
    ["checked", "bytes", "elf_format"],
    ["status", "report"],
    ["source"],
    ["header"],
    ["plan"],
    ["script"],
    ["tls"],
    ["state"],
    ["layout"],
    ["space"],
    ["load"],
    ["args"],
    ["auxv", "stack"],
    ["fault"],
    ["exec"],
    ["dump"],
]
ROW_OF = {name: number for number, names in enumerate(ROWS) for name in names}

# Bytes in, a value out: these never call back into the host.
PURE = ["checked", "bytes", "elf_format", "status", "report", "header", "script"]

FREESTANDING = {"stdint.h", "stddef.h", "stdbool.h", "limits.h"}

# What stands outside the core sees the public headers, its own folder, and the folders named here.
PRODUCTS = {
    "port/x86_64": [],
    "port/aarch64": [],
    "tests/kit": [],
    "examples/minikernel": ["port/x86_64"],
    "examples/smallkernel": ["port/aarch64"],
    "examples/execplan": ["tests/kit"],
}
PORT_MAY_ALSO_INCLUDE = {"cpuid.h"}

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def includes(file):
    """Gives (line number, '<' or '"', name) of each #include."""
    for number, line in enumerate(file.read_text().splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match[1], match[2]


def row(project, file):
    if file.stem not in ROW_OF:
        raise Failure(f"{project.short(file)} is not in the table of modules (tests/checks/modules.py)")
    return ROW_OF[file.stem]


def public_header(project, name):
    return name.startswith("libexec/") and (project.include / name).is_file()


def check_core_file(project, file):
    own_row = row(project, file)
    for number, kind, name in includes(file):
        where = f"{project.short(file)}:{number}"
        if kind == "<" and (name in FREESTANDING or public_header(project, name)):
            continue
        if kind == "<":
            raise Failure(f"{where}: <{name}> is neither a public header nor one of {', '.join(sorted(FREESTANDING))}")
        target = file.parent / name
        if not target.is_file():
            raise Failure(f'{where}: "{name}" is not a file of the core')
        if row(project, target) > own_row:
            raise Failure(f'{where}: includes "{name}", which stands below it in the table of modules')


def check_public_header(project, file):
    for number, _, name in includes(file):
        if name not in FREESTANDING and not public_header(project, name):
            raise Failure(f"{project.short(file)}:{number}: a public header includes {name}")


def check_no_include_cycle(project, headers):
    includes_of = {file: [project.include / name for _, _, name in includes(file) if public_header(project, name)]
                   for file in headers}
    finished, active = set(), []

    def visit(file):
        if file in active:
            raise Failure("public headers include one another: "
                          + " -> ".join(f.name for f in active[active.index(file):] + [file]))
        if file in finished:
            return
        active.append(file)
        for target in includes_of[file]:
            visit(target)
        active.pop()
        finished.add(file)

    for file in headers:
        visit(file)


def check_product_file(project, file, product):
    allowed = [project.root / folder for folder in [product] + PRODUCTS[product]]
    for number, kind, name in includes(file):
        where = f"{project.short(file)}:{number}"
        if public_header(project, name):
            continue
        beside = (file.parent / name).resolve()
        if kind == '"' and beside.is_file():
            if not any(beside.is_relative_to(folder) for folder in allowed):
                raise Failure(f'{where}: "{name}" belongs to another part of the project')
            continue
        if any(found for folder in allowed for found in folder.rglob(pathlib.PurePath(name).name)
               if str(found).endswith("/" + name)):
            continue
        if kind == '"' or name.startswith("libexec/") or (project.core / name).is_file():
            raise Failure(f"{where}: {name} is not a public header")
        if product.startswith("port/") and name not in FREESTANDING | PORT_MAY_ALSO_INCLUDE:
            raise Failure(f"{where}: a port may not include <{name}>")


def source_files(folder):
    return sorted(file for file in folder.rglob("*") if file.suffix in (".c", ".h", ".S"))


def check_documented_rows(project):
    """The table of docs/design.md has the same modules, in the same order."""
    text = (project.root / "docs/design.md").read_text()
    table = re.search(r"^\| module \|.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    lines = table[1].splitlines()[1:] if table else []
    rows = [re.findall(r"`(\w+)\.[ch]`", line.split("|")[1]) for line in lines]
    if rows != ROWS:
        wrong = next((pair for pair in zip(rows, ROWS) if pair[0] != pair[1]), (len(rows), len(ROWS)))
        raise Failure(f"docs/design.md has another table of modules: {wrong[0]}, not {wrong[1]}")


def include_direction(project):
    check_documented_rows(project)
    headers = project.public_headers()
    for file in headers:
        check_public_header(project, file)
    check_no_include_cycle(project, headers)
    core = source_files(project.core)
    for file in core:
        check_core_file(project, file)
    listed = {source.name for source in project.sources()}
    unlisted = [file.name for file in core if file.suffix == ".c" and file.name not in listed]
    if unlisted:
        raise Failure("libexec/sources.txt does not name " + ", ".join(unlisted))
    print(f"{len(headers)} public headers, {len(core)} files of the core")
    for product in PRODUCTS:
        folder = project.root / product
        files = [file for file in source_files(folder) if not file.is_relative_to(folder / "tests")]
        for file in files:
            check_product_file(project, file, product)
        print(f"{product}: {len(files)} files")


def call_direction(project):
    core = project.compile_core(compilers()[0], "call-direction", *KERNEL_FLAGS, "-O0")
    owner, calls = {}, 0
    for source, built in core.items():
        for line in run(["nm", "-g", "--defined-only", built]).splitlines():
            owner[line.split()[-1]] = source
    for source, built in core.items():
        own_row = row(project, source)
        for name in sorted(line.split()[-1] for line in run(["nm", "-u", built]).splitlines()):
            if name not in owner:
                continue
            calls += 1
            if row(project, owner[name]) > own_row:
                raise Failure(f"{project.short(source)} calls {name} in {project.short(owner[name])}, "
                              "which stands below it in the table of modules")
    print(f"{len(core)} modules, {calls} names used across them, none from below")


def unused_inline_functions(project):
    """Compilers say nothing of a static inline function in a header that nobody calls."""
    text = "\n".join(file.read_text() for file in source_files(project.core))
    defined = re.findall(r"^static inline .*?\b(\w+)\(", text, re.MULTILINE)
    return [f"{name} is called by nobody" for name in sorted(set(defined))
            if len(re.findall(rf"\b{name}\(", text)) == defined.count(name)]


def wide_lines(project, folders):
    """Of build files, and of paragraphs of pages that are written by hand: a row of a table is as wide as it is."""
    files = [file for folder in folders for file in sorted((project.root / folder).rglob("*"))
             if file.name == "CMakeLists.txt" or file.suffix in {".in", ".inc"}]
    for pattern in ("CMakeLists.txt", "*.md", "docs/*.md", "examples/**/*.md"):
        files += [file for file in sorted(project.root.glob(pattern)) if file.name != "performance.md"]
    return [f"{project.short(file)}:{number}: {len(line)} columns" for file in files
            for number, line in enumerate(file.read_text().splitlines(), 1)
            if len(line) > 120 and not line.startswith("|")]


def source_rules(project):
    """The rules for every file that a script can hold: licence line, width, tabs; no assembly in the core, and nothing
    that is not used."""
    folders = ["include", "libexec", "port", "tests", "examples", "tools", "cmake"]
    suffixes = {".c", ".h", ".S", ".sh", ".py", ".cmake", ".ld"}
    files = [file for folder in folders for file in sorted((project.root / folder).rglob("*"))
             if file.suffix in suffixes and file.is_file() and "data" not in file.parts]
    problems = wide_lines(project, folders)
    for file in files:
        lines = file.read_text().splitlines()
        head = lines[1:2] if lines and lines[0].startswith("#!") else lines[:1]
        if not head or not re.match(r"(//|#|/\*) SPDX-License-Identifier: MIT\b", head[0]):
            problems.append(f"{project.short(file)} does not begin with its licence line")
        for number, line in enumerate(lines, 1):
            for broken, what in ((len(line) > 120, f"{len(line)} columns"),
                                 ("\t" in line and file.suffix != ".sh", "a tab"),
                                 (line != line.rstrip(), "a space at the end")):
                if broken:
                    problems.append(f"{project.short(file)}:{number}: {what}")
    for file in source_files(project.core):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            if re.search(r"\b(asm|__asm__|alloca|__builtin_alloca|malloc|free)\s*\(", line):
                problems.append(f"{project.short(file)}:{number}: not in the core: {line.strip()}")
    problems += unused_inline_functions(project)
    if problems:
        raise Failure("\n".join(problems))
    print(f"{len(files)} files")
