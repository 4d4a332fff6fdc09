# SPDX-License-Identifier: MIT
# Checks that the integration shown in README.md is what it says: complete, short, and it runs; and that the pieces of
# code in the porting guide compile.

import re

from project import Failure, Skip, WARNINGS, compilers, run

LINE_LIMIT = 60
BLOCK = re.compile(r"<!-- integration -->\s*^```c\n(.*?)^```$", re.S | re.M)


def code(project):
    """Compiles the block as it stands, and runs it inside the small kernel in readme/, which calls its sys_execve."""
    readme = project.root / "README.md"
    if not readme.exists():
        raise Skip("README.md does not exist")
    block = BLOCK.search(readme.read_text())
    if not block:
        raise Failure("README.md has no ```c block after <!-- integration -->")
    lines = block[1].count("\n")
    print(f"the integration in README.md: {lines} lines")
    if lines > LINE_LIMIT:
        raise Failure(f"the integration takes {lines} lines, promised are {LINE_LIMIT}")
    for compiler in compilers():
        folder = project.fresh_folder("readme")
        integration = folder / "integration.c"
        integration.write_text(block[1])
        kernel = project.root / "tests/checks/readme"
        flags = ["-std=c17", "-g", *WARNINGS, f"-I{kernel}", *project.include_flags()]
        built, program = folder / "integration.o", folder / "run"
        # Callbacks need not use all they are given.
        project.compile(compiler, integration, built, *flags, "-Wno-unused-parameter", "-ffreestanding")
        core = project.compile_core(compiler, "readme-core", *flags)
        port = [project.root / "port/x86_64" / name for name in ("facts.c", "cpuid.c")]
        run([compiler, *flags, kernel / "kernel.c", built, *port, *core.values(), "-o", program])
        print(f"{compiler}: {run([program]).strip()}")


PIECE = re.compile(r"^```c\n(.*?)^```$", re.S | re.M)
# The guide's pieces by number: each row is one function, as its pieces go on from one another.
FUNCTIONS = [[0, 1, 2], [3], [4]]


def porting_code(project):
    """Compiles the pieces of code in the porting guide, in a kernel that is only declared."""
    pieces = PIECE.findall((project.root / "docs/porting-a-kernel.md").read_text())
    if len(pieces) != sum(map(len, FUNCTIONS)):
        raise Failure(f"docs/porting-a-kernel.md has {len(pieces)} pieces of code, FUNCTIONS in readme.py "
                      f"lists {sum(map(len, FUNCTIONS))}")
    folder = project.fresh_folder("porting")
    unit = folder / "porting.c"
    unit.write_text('#include "porting.h"\n' + "".join(
        f"void step_{row[0]}(void);\nvoid step_{row[0]}(void) {{\n{''.join(pieces[number] for number in row)}}}\n"
        for row in FUNCTIONS))
    flags = ["-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-Wno-unused-variable",
             f"-I{project.root / 'tests/checks/readme'}", *project.include_flags()]
    for compiler in compilers():
        project.compile(compiler, unit, folder / "porting.o", *flags, "-ffreestanding")
        print(f"{compiler}: {len(pieces)} pieces of code in the porting guide compile")
