# SPDX-License-Identifier: MIT
# What all checks need: where the sources stand, which compilers there are, and how to run a tool.

import os
import pathlib
import shutil
import subprocess

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Wvla", "-Wundef", "-Wcast-align", "-Werror"]
C_WARNINGS = WARNINGS + ["-Wstrict-prototypes", "-Wmissing-prototypes"]

# How an x86-64 kernel in the higher half compiles its own files.
KERNEL_FLAGS = ["-std=c17", "-ffreestanding", "-fno-pic", "-mcmodel=kernel", "-mno-red-zone", "-mgeneral-regs-only",
                "-fno-stack-protector", "-fno-asynchronous-unwind-tables"]


class Failure(Exception):
    """A check did not hold; the text says what and where."""


class Skip(Exception):
    """A check cannot be made here; the text says why."""


class Project:
    def __init__(self, root, scratch):
        self.root = pathlib.Path(root).resolve()
        self.scratch = pathlib.Path(scratch).resolve()
        self.include = self.root / "include"
        self.core = self.root / "libexec"

    def sources(self):
        names = (self.core / "sources.txt").read_text().split()
        if not names:
            raise Failure("libexec/sources.txt names no source")
        return [self.core / name for name in names]

    def public_headers(self):
        return self.headers_in(self.include)

    def installed_headers(self):
        """Gives (header, name to include it by) for the library, its ports and its test kit."""
        return [(header, header.relative_to(folder)) for folder in self.include_folders()
                for header in self.headers_in(folder)]

    def headers_in(self, folder):
        headers = sorted(folder.rglob("*.h"))
        if not headers:
            raise Failure(f"{folder} holds no header")
        return headers

    def short(self, path):
        return str(pathlib.Path(path).resolve().relative_to(self.root))

    def fresh_folder(self, name):
        folder = self.scratch / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def include_folders(self):
        return [self.include, *sorted(self.root.glob("port/*/include")), self.root / "tests/kit/include"]

    def include_flags(self):
        return [f"-I{folder}" for folder in self.include_folders()]

    def compile(self, compiler, source, output, *flags):
        run([compiler, *flags, f"-I{self.include}", "-c", source, "-o", output])

    def compile_core(self, compiler, folder_name, *flags):
        """Compiles every source of the core; gives {source: object}."""
        folder = self.fresh_folder(folder_name)
        objects = {}
        for source in self.sources():
            objects[source] = folder / (source.stem + ".o")
            self.compile(compiler, source, objects[source], *flags)
        return objects

    def link_relocatable(self, objects, output):
        run(["ld", "-r", "-o", output, *objects])
        return output


def run(command, **options):
    """Runs a tool and gives its output; one that fails makes the check fail with the tool's own words, in English."""
    command = [str(part) for part in command]
    result = subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, timeout=300, check=False,
                            env=dict(os.environ, LC_ALL="C"), **options)
    if result.returncode != 0:
        raise Failure(f"exit status {result.returncode} from: {' '.join(command)}\n{result.stdout}")
    return result.stdout


def installed(names, needed):
    """Those of the named tools that are there. A missing one is said; fewer than `needed` skip the check."""
    found = [name for name in names if shutil.which(name)]
    for name in names:
        if name not in found:
            print(f"{name} is not installed: not tried")
    if len(found) < needed:
        raise Skip("needs " + " or ".join(names))
    return found


def compilers():
    return installed(["gcc", "clang"], 1)


def cxx_compilers():
    return installed(["g++", "clang++"], 0)
