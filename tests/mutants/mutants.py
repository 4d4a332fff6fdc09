#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How much do the unit tests notice? Changes the core one place at a time (an operator, a constant, a condition, a
statement), builds it, and runs the unit tests and the fuzzer's corpus: a change that no test notices survives. First
without sanitizers; what survives that is tried once more with them.

Survivors that are known stand in survivors.txt, each with the reason why no unit test can or should notice it. Any
other one is a gap in the tests."""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CORE = ROOT / "libexec"
UNIT = ROOT / "tests/unit"
WHOLE = "whole.c"
# Not changed: tables of texts, whose numbers the tests compare with a copy of their own.
LEFT_OUT = {"status.c"}
SANITIZERS = ["-fsanitize=address,undefined,bounds-strict", "-fno-sanitize-recover=all"]

OPERATORS = [(" < ", " <= "), (" <= ", " < "), (" > ", " >= "), (" >= ", " > "), (" == ", " != "), (" != ", " == "),
             (" && ", " || "), (" || ", " && "), (" + ", " - "), (" - ", " + "), (" & ", " | "), (" | ", " & "),
             (" += ", " -= "), (" -= ", " += "), (" |= ", " = "), (" &= ", " = "), (" << ", " >> "), (" >> ", " << "),
             ("++", "--"), ("--", "++")]
DECLARES = re.compile(r"(const|static|struct|enum|u?int\w*|size_t|bool|char|void|return|break|continue|goto|case|for|"
                      r"default|do)\b|\}|\(void\)")


def give_up(why):
    """It could not be tried: what is wrong is neither the core nor its tests."""
    print(f"mutants.py: {why}", file=sys.stderr, flush=True)
    os._exit(2) # from any thread


class Mutant:
    """One line of a file changed; the comment behind it does not count."""

    def __init__(self, file, line, old, new):
        self.file, self.line, self.old, self.new = file, line, old, new
        self.occurrence = 1 # of such a line in the file

    def key(self):
        again = f"[{self.occurrence}] " if self.occurrence > 1 else ""
        return self.file, again + self.old.strip(), self.new.strip()

    def __str__(self):
        return f"{self.file}:{self.line + 1}\n  - {self.old.strip()}\n  + {self.new.strip()}"


def code_of(line):
    """Without the comment; no string of the core has two slashes in it."""
    return line.split("//")[0].rstrip()


def changes_of(code, before):
    """The line in each of its changed forms; `before` is the line above."""
    text = code.strip()
    for old, new in OPERATORS:
        for found in re.finditer(re.escape(old), code):
            if code[:found.start()].count('"') % 2 == 0:
                yield code[:found.start()] + new + code[found.end():]
    if "static const" not in code:
        for found in re.finditer(r"(?<![\w.])(\d+)(?![\w.])", code):
            if code[:found.start()].count('"') % 2 == 0:
                yield code[:found.start()] + str(int(found[1]) + 1) + code[found.end():]
    condition = re.match(r"(\s*(?:\} else )?(?:if|while) \()(.*)(\)(?: \{)?)$", code)
    whole = code.count("(") == code.count(")")
    if condition and whole:
        yield f"{condition[1]}!({condition[2]}){condition[3]}"
    if text.endswith(";") and whole and not DECLARES.match(text) and re.search(r"([;{}):]|else)$", before):
        yield re.match(r"\s*", code)[0] + ";"


def inline_lines(lines):
    """Of a header, the numbers of the lines in functions; of two forms of one, behind #if and #else, the first."""
    inside, other, numbers = False, False, set()
    for number, line in enumerate(lines):
        other = line.startswith("#else") or (other and not line.startswith("#endif"))
        inside = line.startswith("static inline") or (inside and line != "}")
        if inside and not other:
            numbers.add(number)
    return numbers


def mutants_of(file):
    lines = (CORE / file).read_text().split("\n")
    wanted = inline_lines(lines) if file.endswith(".h") else range(len(lines))
    asserting = False
    seen = {}
    for number, line in enumerate(lines):
        code = code_of(line)
        if number not in wanted:
            continue
        if asserting or code.startswith("_Static_assert"):
            asserting = not code.endswith(");")
        elif code.startswith(" ") and not code.endswith("\\"):
            for new in changes_of(code, code_of(lines[number - 1]) if number else ""):
                mutant = Mutant(file, number, code, new)
                mutant.occurrence = len(seen.setdefault(mutant.key(), {number}) | {number})
                seen[file, code.strip(), new.strip()].add(number)
                yield mutant


def changed_lines(file, revision):
    """Numbers of the lines that differ from those of a revision of the repository."""
    command = ["git", "diff", "--no-color", "--no-ext-diff", "-U0", revision, "--", str(CORE / file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        give_up(done.stderr.strip())
    hunks = re.findall(r"^@@ -\S+ \+(\d+)(?:,(\d+))? @@", done.stdout, re.M)
    return {int(start) - 1 + i for start, count in hunks for i in range(int(count or 1))}


def known_survivors():
    """survivors.txt: blocks of `file`, `- old`, `+ new`; reasons are comments. `- [2] old` is the second such one."""
    known, file, old = {}, "", ""
    for number, line in enumerate((HERE / "survivors.txt").read_text().split("\n"), 1):
        if line.startswith("- "):
            old = line[2:].strip()
        elif line.startswith("+ "):
            known[file, old, line[2:].strip()] = number
        elif line and not line.startswith("#"):
            file = line.strip()
    return known


class Build:
    """The unit tests, linked against a core that can be exchanged."""

    SUBJECTS = ["reports", "dump", "exec", "layout", "tls", "images", "scripts", "user", "stack", "bugs_file",
                "pages"]

    def __init__(self, folder, compiler, tls_programs, sanitize, pool):
        self.folder, self.compiler = folder, compiler
        self.flags = ["-std=c17", "-O1", "-fPIC", f"-I{ROOT}/include", f"-I{CORE}", f"-I{ROOT}/tests/kit/include",
                      f"-I{UNIT}", *(SANITIZERS if sanitize else [])]
        folder.mkdir()
        self.sources = (CORE / "sources.txt").read_text().split()
        kit = sorted((ROOT / "tests/kit").glob("*.c"))
        jobs = [pool.submit(self.compile, CORE / source, folder / f"core_{source}.o") for source in self.sources]
        jobs += [pool.submit(self.compile, source, folder / f"kit_{source.name}.o")
                 for source in [*kit, UNIT / "world.c", UNIT / "model.c", UNIT / "segments.c"]]
        for job in jobs:
            job.result()
        self.link_core(folder, [], None)
        define = "-DTLS_PROGRAMS=" + ",".join(f'"{program}"' for program in tls_programs)
        self.tests = [[folder / f"unit_{subject}"] for subject in self.SUBJECTS]
        jobs = [pool.submit(self.link, [define, UNIT / f"test_{subject}.c"], folder / f"unit_{subject}")
                for subject in self.SUBJECTS]
        jobs.append(pool.submit(self.link, sorted((ROOT / "tests/fuzz").glob("*.c")), folder / "fuzz"))
        for job in jobs:
            job.result()
        self.tests.append([folder / "fuzz", ROOT / "tests/fuzz/corpus"])
        # Short tests first: most changes are noticed by several.
        self.timed = sorted(zip(pool.map(self.time_unchanged, self.tests), self.tests))

    def call(self, *arguments):
        run = subprocess.run([self.compiler, *self.flags, *map(str, arguments)], capture_output=True, text=True,
                             check=False, env=dict(os.environ, LC_ALL="C")) # its errors are looked for below
        return run.returncode, run.stderr

    def compile(self, source, to):
        status, said = self.call("-c", source, "-o", to)
        if status != 0:
            give_up(said)

    def link(self, sources, to):
        status, said = self.call(*sources, *self.folder.glob("kit_*.o"), "-o", to, f"-L{self.folder}", "-lcore",
                                 "-lcmocka", "-lpthread")
        if status != 0:
            give_up(said)

    def link_core(self, folder, changed, instead):
        objects = [self.folder / f"core_{source}.o" for source in self.sources if source not in changed]
        status, said = self.call("-shared", "-o", folder / "libcore.so", *objects, *([instead] if instead else []))
        if status != 0:
            give_up(said)

    @staticmethod
    def run(folder, test, limit):
        environment = dict(os.environ, LD_LIBRARY_PATH=str(folder), ASAN_OPTIONS="detect_leaks=0",
                           CMOCKA_TEST_ABORT="1") # the first failure is enough
        try:
            return subprocess.run(test, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  timeout=limit, check=False).returncode
        except subprocess.TimeoutExpired:
            return -1

    def time_unchanged(self, test):
        start = time.monotonic()
        if self.run(self.folder, test, 1200) != 0:
            give_up(f"{test[0].name} fails on the core as it is")
        return time.monotonic() - start

    def noticed_by(self, source, folder):
        """The test that notices, "the compiler", or None."""
        status, said = self.call("-c", source, "-o", folder / "changed.o")
        if status != 0:
            return "the compiler" if "error:" in said else give_up(said)
        self.link_core(folder, self.sources if source.name == WHOLE else [source.name], folder / "changed.o")
        for seconds, test in self.timed:
            if self.run(folder, test, 5 + 10 * seconds) != 0: # a loop without end is noticed, too
                return test[0].name
        return None


def try_mutant(mutant, builds, folder):
    where = pathlib.Path(tempfile.mkdtemp(dir=folder))
    try:
        lines = (CORE / mutant.file).read_text().split("\n")
        lines[mutant.line] = mutant.new
        source = where / mutant.file
        if mutant.file.endswith(".h"): # the whole core is compiled with it, as one file
            core = shutil.copytree(CORE, where / "core")
            (core / mutant.file).write_text("\n".join(lines))
            source = where / WHOLE
            source.write_text("".join(f'#include "core/{name}"\n' for name in builds[0].sources))
        else:
            source.write_text("\n".join(lines))
        for build in builds:
            noticed = build.noticed_by(source, where)
            if noticed:
                return mutant, noticed
        return mutant, None
    finally:
        shutil.rmtree(where)


def tls_programs(folder):
    programs = sorted(path for path in (folder / "tests/unit").glob("tls_*_*") if "." not in path.name)
    if not programs:
        give_up(f"{folder} has no built tests; first: cmake --workflow --preset test")
    return programs


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Exit status: 0 if all survivors are known, 1 if one is not, or is known "
                                            "and did not survive, 2 if it could not be tried.")
    parser.add_argument("file", nargs="*",
                        help="files of the core, as plan.c or checked.h; all of them where none is named")
    parser.add_argument("--sample", type=int, default=1, metavar="N",
                        help="one of N changes, always the same ones; survivors that are known not under sanitizers")
    parser.add_argument("--since", metavar="REVISION", help="only changes of lines that differ from that revision's")
    parser.add_argument("--list", action="store_true", help="count the changes, check survivors.txt, and stop")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/test", metavar="FOLDER",
                        help="where the tests were built (build/test)")
    parser.add_argument("--compiler", default="gcc")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    headers = [path.name for path in sorted(CORE.glob("*.h")) if "static inline" in path.read_text()]
    files = arguments.file or [file for file in (CORE / "sources.txt").read_text().split() + headers
                               if file not in LEFT_OUT]
    mutants = [mutant for file in files for mutant in mutants_of(file)]
    known = known_survivors()
    keys = {mutant.key() for mutant in mutants}
    stale = [(key, number) for key, number in known.items() if key[0] in files and key not in keys]
    for key, number in stale:
        print(f"survivors.txt:{number}: no such change of {key[0]}")
    if arguments.since:
        changed = {file: changed_lines(file, arguments.since) for file in files}
        mutants = [mutant for mutant in mutants if mutant.line in changed[mutant.file]]
    if arguments.list or stale:
        print(f"{len(mutants)} changes, {sum(mutant.key() in known for mutant in mutants)} known to survive")
        return 2 if stale else 0
    chosen = [mutant for mutant in mutants if zlib.crc32(repr(mutant.key()).encode()) % arguments.sample == 0]
    noticed, survivors, wrong = {}, 0, 0
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        folder = pathlib.Path(name)
        programs = tls_programs(arguments.build)
        builds = [Build(folder / kind, arguments.compiler, programs, kind == "sanitized", pool)
                  for kind in ("plain", "sanitized")]
        # In a sample the known ones are tried without sanitizers alone: they take as long as all others together.
        of_known = builds[:1] if arguments.sample > 1 else builds
        tries = [pool.submit(try_mutant, mutant, of_known if mutant.key() in known else builds, folder)
                 for mutant in chosen]
        for count, done in enumerate(concurrent.futures.as_completed(tries), 1):
            mutant, test = done.result()
            expected = mutant.key() in known
            noticed[test] = noticed.get(test, 0) + 1
            survivors += test is None
            if expected != (test is None):
                wrong += 1
                print(f"\r{'survives: ' if test is None else f'noticed by {test}, but known to survive: '}{mutant}")
            print(f"\r{count} of {len(chosen)} tried, {survivors} survived", end="", flush=True)
    print()
    for test, count in sorted(noticed.items(), key=lambda item: -item[1]):
        print(f"{count:6}  {test or 'nobody'}")
    print(f"{len(chosen)} changes, {survivors} survived, {wrong} not as survivors.txt says")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
