# SPDX-License-Identifier: MIT
# The output of the benchmark program and callgrind's dumps as one table of cases.

import math
import pathlib
import re

from callgrind import read_dumps

CORE_SOURCE = re.compile(r"(^|/)libexec/[a-z_]+\.[ch]$")
ARGUMENT_SETS = ("none", "1000x100", "131071", "2MiB/256", "20000")


def of_the_library(source):
    return CORE_SOURCE.search(source) is not None


def of_the_floor(source):
    return source.endswith("floor.c")


def of_the_naive(source):
    return source.endswith("naive.c")


def belongs_to(loader):
    if loader.startswith("floor"):
        return of_the_floor
    return of_the_naive if loader == "naive" else of_the_library


def parse_line(line):
    kind, *pairs = line.rstrip("\n").split("\t")
    values = {}
    for pair in pairs:
        key, value = pair.split("=", 1)
        number = value.lstrip("-").isdigit() and key not in ("program", "arguments", "name")
        values[key] = int(value) if number else value
    return kind, values


def geometric_mean(values):
    values = list(values)
    return math.exp(sum(math.log(value) for value in values) / len(values))


class Results:
    def __init__(self, folder):
        folder = pathlib.Path(folder)
        self.dumps = read_dumps(folder / "callgrind")
        self.cases, self.sizes, self.loadable, self.missing = {}, {}, {}, []
        self.faults, self.floor_faults, self.malformed, self.large_pages = [], [], [], []
        for line in (folder / "counts.tsv").read_text().splitlines():
            self.take(*parse_line(line))
        sizes = (folder / "sizes.txt").read_text().splitlines()
        self.text_sizes = dict(line.split() for line in sizes if not line.startswith("compiler:"))
        self.compiler = next(line for line in sizes if line.startswith("compiler:"))[len("compiler: "):]

    def instructions(self, label, loader):
        dump = self.dumps.get(label)
        return dump.instructions(belongs_to(loader)) if dump else None

    def take(self, kind, values):
        if kind == "case":
            key = values["loader"], values["program"], values["arguments"]
            values["instructions"] = self.instructions("case %s %s %s" % key, values["loader"])
            self.cases[key] = values
        elif kind == "program":
            self.sizes[values["program"]] = values["size"]
            self.loadable[values["program"]] = values["loadable"]
        elif kind == "missing":
            self.missing.append(values["program"])
        elif kind == "fault":
            values["instructions"] = self.instructions(f"fault {values['program']} {values['kind']}", "every")
            self.faults.append(values)
        elif kind == "floor-fault":
            values["instructions"] = self.instructions(f"floor-fault {values['program']} {values['around']}", "floor")
            self.floor_faults.append(values)
        elif kind == "malformed":
            self.malformed.append(values)
        elif kind == "large-pages":
            self.large_pages.append(values)

    def case(self, loader, program, arguments):
        return self.cases[loader, program, arguments]

    def programs(self):
        return [program for program in self.sizes if ("every", program, "small") in self.cases]

    def pairs(self):
        """All (program, arguments) that every loader ran."""
        pairs = [(program, "small") for program in self.programs()]
        return pairs + [("one", name) for name in ARGUMENT_SETS if ("every", "one", name) in self.cases]

    def ratio(self, figure, above, below, pairs):
        """The geometric mean of a figure's ratio between two loaders."""
        cases = ((self.case(above, *pair), self.case(below, *pair)) for pair in pairs)
        return geometric_mean(max(more[figure], 1) / max(less[figure], 1) for more, less in cases)
