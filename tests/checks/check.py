# SPDX-License-Identifier: MIT
"""Runs one mechanical check over the sources. Prints the figures it found. Exit status 0 where it holds, 1 where it
does not, 77 where it cannot be made here (with the reason)."""

import argparse
import pathlib
import sys
import tempfile

import callgraph
import headers
import modules
import objects
import readme
from project import Failure, Project, Skip

CHECKS = {
    "undefined_symbols": objects.undefined_symbols,
    "writable_data": objects.writable_data,
    "text_size": objects.text_size,
    "public_symbols": objects.public_symbols,
    "kernel_flags": objects.kernel_flags,
    "unity": objects.unity,
    "port_canaries": objects.port_canaries,
    "exec_object_size": objects.exec_object_size,
    "mixed_capacities": objects.mixed_capacities,
    "recursion": callgraph.recursion,
    "stack_depth": callgraph.stack_depth,
    "pure_modules": callgraph.pure_modules,
    "include_direction": modules.include_direction,
    "call_direction": modules.call_direction,
    "header_alone": headers.alone,
    "header_names": headers.names,
    "source_rules": modules.source_rules,
    "readme_code": readme.code,
    "porting_code": readme.porting_code,
}

SKIPPED = 77


def run_check(name, root, scratch):
    try:
        CHECKS[name](Project(root, scratch))
    except Failure as failure:
        print(f"{name}: FAILED\n{failure}")
        return 1
    except Skip as reason:
        print(f"{name}: skipped: {reason}")
        return SKIPPED
    return 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("name", choices=sorted(CHECKS), metavar="NAME", help=", ".join(sorted(CHECKS)))
    arguments.add_argument("--root", default=pathlib.Path(__file__).parents[2], help="the project's top folder")
    arguments.add_argument("--scratch", help="where to put object files (default: a temporary folder)")
    chosen = arguments.parse_args()
    if chosen.scratch:
        return run_check(chosen.name, chosen.root, chosen.scratch)
    with tempfile.TemporaryDirectory() as scratch:
        return run_check(chosen.name, chosen.root, scratch)


if __name__ == "__main__":
    sys.exit(main())
