# SPDX-License-Identifier: MIT
# Reads callgrind's dumps: instructions by function, of the functions whose source file is asked for.

import pathlib
import re

NAME = re.compile(r"\((\d+)\)(?: (.*))?$")


class Dump:
    """One dump: its label, and each (source file, function)'s own instructions, without those of what it calls."""

    def __init__(self, path):
        self.label = ""
        self.functions = {}
        self.names = {}
        self.read(path.read_text().splitlines())

    def name(self, kind, text):
        match = NAME.match(text)
        if not match:
            return text
        if match[2] is not None:
            self.names[kind, match[1]] = match[2]
        return self.names.get((kind, match[1]), "")

    def read(self, lines):
        source, function, skip = "", "", False
        for line in lines:
            if line.startswith("desc: Trigger: Client Request: "):
                self.label = line[len("desc: Trigger: Client Request: "):]
            elif line.startswith(("fl=", "fi=", "fe=")):
                file = self.name("file", line[3:])
                # Only fl= begins a function of that file; fi= and fe= are code inlined from elsewhere.
                source = file if line.startswith("fl=") else source
            elif line.startswith("fn="):
                function = self.name("function", line[3:])
            elif line.startswith(("cfi=", "cfl=")):
                self.name("file", line[4:])
            elif line.startswith("cfn="):
                self.name("function", line[4:])
            elif line.startswith("calls="):
                skip = True  # the next line is the cost of the callee
            elif line[:1].isdigit() or line[:1] in "+-*":
                if not skip:
                    numbers = line.split()
                    key = source, function
                    self.functions[key] = self.functions.get(key, 0) + (int(numbers[1]) if len(numbers) > 1 else 0)
                skip = False

    def instructions(self, belongs):
        return sum(cost for (source, _), cost in self.functions.items() if belongs(source))

    def profile(self, belongs):
        """Functions, dearest first."""
        rows = [(cost, function) for (source, function), cost in self.functions.items() if belongs(source) and cost > 0]
        return sorted(rows, reverse=True)


def read_dumps(folder):
    """Gives {label: dump}."""
    dumps = (Dump(path) for path in pathlib.Path(folder).glob("out.*"))
    return {dump.label: dump for dump in dumps if dump.label}
