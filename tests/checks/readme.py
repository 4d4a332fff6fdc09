# SPDX-License-Identifier: MIT
# Checks that the integration shown in README.md is what it says: complete, short, and it runs.

import re

from project import C_WARNINGS, Failure, Skip, compilers, run

LINE_LIMIT = 60
BLOCK = re.compile(r"<!-- integration -->\s*```c\n(.*?)^```$", re.S | re.M)


def code(project):
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
    raise Failure("not yet implemented")
