# SPDX-License-Identifier: MIT
# Checks on the core's call graph, as gcc writes it out with -fcallgraph-info: no recursion, and a bounded stack.
# What happens inside the host's callbacks is not counted: they are the kernel's.

import re

from modules import PURE
from project import Failure, KERNEL_FLAGS, installed

STACK_AIM = 1024
STACK_LIMIT = 1536

NODE = re.compile(r'^node: \{ title: "([^"]*)" label: "([^"]*)"')
EDGE = re.compile(r'^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"', re.M)
FRAME = re.compile(r"\\n(\d+) bytes \(([a-z,]+)\)")

INDIRECT = "__indirect_call"


class Graph:
    def __init__(self):
        self.frames = {}
        self.kinds = {}
        self.calls = {}

    def read(self, text):
        for line in text.splitlines():
            node, edge = NODE.match(line), EDGE.match(line)
            frame = FRAME.search(node[2]) if node else None
            if frame:
                self.frames[node[1]] = int(frame[1])
                self.kinds[node[1]] = frame[2]
            if edge:
                self.calls.setdefault(edge[1], set()).add(edge[2])

    def callees(self, function):
        return sorted(target for target in self.calls.get(function, ()) if target in self.frames)


def written_graphs(project, optimisation):
    """Gives {source: gcc's text}."""
    compiler = installed(["gcc"], 1)[0]
    core = project.compile_core(compiler, f"calls{optimisation}", *KERNEL_FLAGS, optimisation,
                                "-fcallgraph-info=su")
    return {source: built.with_suffix(".ci").read_text() for source, built in core.items()}


def read_graph(project, optimisation):
    graph = Graph()
    for text in written_graphs(project, optimisation).values():
        graph.read(text)
    if not graph.frames:
        raise Failure("gcc wrote no call graph")
    return graph


def short(function):
    return function.rsplit("/", 1)[-1].split(":")[-1]


def deepest_paths(graph):
    """For each function its deepest call path: (bytes, [functions]). A cycle is a failure."""
    known, active = {}, []

    def visit(function):
        if function in known:
            return known[function]
        if function in active:
            cycle = active[active.index(function):] + [function]
            raise Failure("recursion: " + " -> ".join(map(short, cycle)))
        active.append(function)
        below = max((visit(callee) for callee in graph.callees(function)), key=lambda path: path[0], default=(0, []))
        active.pop()
        known[function] = (graph.frames[function] + below[0], [function] + below[1])
        return known[function]

    for function in graph.frames:
        visit(function)
    return known


def recursion(project):
    # Without optimisation, so that no recursive call has been turned into a loop or inlined away.
    graph = read_graph(project, "-O0")
    deepest_paths(graph)
    calls = sum(len(graph.callees(function)) for function in graph.frames)
    indirect = sum(1 for callees in graph.calls.values() if INDIRECT in callees)
    print(f"{len(graph.frames)} functions, {calls} calls between them, no cycle; {indirect} functions call the host")


def stack_depth(project):
    for optimisation in ("-Os", "-O2"):
        graph = read_graph(project, optimisation)
        unbounded = [short(function) for function, kind in graph.kinds.items() if kind == "dynamic"]
        if unbounded:
            raise Failure("frames of unknown size (alloca or an array of variable length): " + ", ".join(unbounded))
        depth, path = max(deepest_paths(graph).values(), key=lambda found: found[0])
        print(f"gcc {optimisation}: worst stack path {depth} bytes (aim {STACK_AIM}, limit {STACK_LIMIT}): "
              + " > ".join(f"{short(function)} {graph.frames[function]}" for function in path))
        if depth > STACK_LIMIT:
            raise Failure(f"the worst stack path takes {depth} bytes, the limit is {STACK_LIMIT}")


def pure_modules(project):
    """The modules that only turn bytes into values call no callback."""
    pure = {source: text for source, text in written_graphs(project, "-O0").items() if source.stem in PURE}
    for source, text in pure.items():
        callers = sorted({short(caller) for caller, target in EDGE.findall(text) if target == INDIRECT})
        if callers:
            raise Failure(f"{project.short(source)} must be pure, but calls through a pointer in {', '.join(callers)}")
    print(f"no call through a pointer in {', '.join(source.name for source in pure)}")
