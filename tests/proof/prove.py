#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Proves with Frama-C's Eva, for all inputs at once, that parts of the library do nothing that C leaves undefined: no
access outside an object, none to memory that was not set, no pointer to nowhere, no division by zero, no overflow of a
signed number. Each proof is a C file beside this one; what it assumes stands in that file.

A proof holds if Eva has no alarm, proves every assertion, and goes through as many statements as are in reach."""
import argparse
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

REPORT = ["report", "status"]
# about: what is proved; driver: the C file, where it is not named as the proof; sources: the core's, in libexec/;
# domains: where fewer than DOMAINS prove the same in less time; options: of the analysis, for precision; reached: how
# many statements of the core and of the driver must be gone through, so that no part is passed over unseen; assertions:
# how many the proof states; breaks: a change of a source (file, old text, new text) for which the proof must fail.
PROOFS = {
    "plan": {
        "about": "a plan from any file, whose bytes are read",
        "sources": ["plan", "header", "source", *REPORT],
        "options": ["-eva-precision", "5"],
        "reached": 754,
        "assertions": 1,
        "breaks": ("plan.c", "plan->segment_count >= LIBEXEC_CONFIG_SEGMENTS",
                   "plan->segment_count > LIBEXEC_CONFIG_SEGMENTS"),
    },
    "plan-lent": {
        "about": "a plan from any file, whose bytes are lent",
        "driver": "plan",
        "defines": ["PROOF_LENT"],
        "sources": ["plan", "header", "source", *REPORT],
        "options": ["-eva-precision", "5"],
        "reached": 712,
        "assertions": 2,
        "breaks": ("source.c", "return length >= least ?", "return length != 0 ?"),
    },
    "regions": {
        "about": "the regions of any plan",
        "sources": ["plan"],
        "options": ["-eva-precision", "3", "-eva-auto-loop-unroll", "32", "-eva-slevel", "300",
                    "-eva-slevel-merge-after-loop", "region_any,region_ordered,region_owner,region_shared",
                    "-eva-split-return-function", "region_shared:0,region_any:0,region_ordered:0,"
                    "libexec_plan_region:0,libexec_plan_next_region:0"],
        "reached": 195,
        "assertions": 2,
        "breaks": ("plan.c", "while (cursor->index < plan->segment_count) {",
                   "while (cursor->index <= plan->segment_count) {"),
    },
    "layout": {
        "about": "the layout of any two plans under any policy",
        "sources": ["layout", "plan", "tls", *REPORT],
        "domains": "cvalue",
        "options": ["-eva-precision", "1", "-eva-auto-loop-unroll", "17", "-eva-slevel-function",
                    "layout_obstacle:100,layout_place_tls:20,main:20,layout_check_segments:10,layout_collides:0,"
                    "libexec_plan_check:0,segment_check:0,libexec_fail:0",
                    "-eva-split-return-function", "libexec_tls_shape_of:0"],
        "reached": 896,
        "assertions": 0,
        "breaks": ("layout.c", "for (uint32_t i = 0; i < count; i++, segment++) {",
                   "for (uint32_t i = 0; i <= count; i++, segment++) {"),
    },
    "script": {
        "about": "a script's first line of any bytes",
        "sources": ["script", *REPORT],
        "domains": "cvalue",
        "options": ["-eva-precision", "1", "-eva-split-return", "full"],
        "reached": 137,
        "assertions": 1,
        "breaks": ("script.c", "while (at < end && script_blank", "while (at <= end && script_blank"),
    },
    "script_short": {
        "about": "the same for short files",
        "sources": ["script", *REPORT],
        "options": ["-eva-precision", "1", "-eva-split-return", "full", "-eva-widening-delay", "300"],
        "reached": 130,
        "assertions": 1,
        "breaks": ("script.c", "while (at < end && script_blank", "while (at <= end && script_blank"),
    },
    "find_nul": {
        "about": "the search for the end of a string",
        "sources": ["space", *REPORT],
        "options": ["-eva-precision", "0", "-eva-widening-delay", "300"],
        "reached": 52,
        "assertions": 0,
        "breaks": ("args.c", "for (; end - at >= 8; at += 8)", "for (; end - at >= 7; at += 8)"),
    },
    "auxv": {
        "about": "an auxiliary vector of any entries",
        "sources": ["auxv", *REPORT],
        "domains": "cvalue,equality",
        "options": ["-eva-precision", "3", "-eva-auto-loop-unroll", "64", "-eva-split-return", "full"],
        "reached": 181,
        "assertions": 1,
        "breaks": ("auxv.c", "count != 0 && to != state->scratch.auxv + LIBEXEC_AUXV_MAX;", "count != 0;"),
    },
    "map": {
        "about": "a region of any file as map operations",
        "sources": [],
        "domains": "cvalue",
        "options": ["-eva-precision", "0", "-eva-slevel", "100000", "-eva-no-memexec"],
        "reached": 249,
        "assertions": 13,
        "breaks": ("load.c", "operation->region.length = lent;\n", ""),
    },
    "stack": {
        "about": "what follows the vectors on the new stack",
        "sources": ["stack"],
        "domains": "cvalue",
        "options": ["-eva-precision", "0", "-eva-slevel", "100000"],
        "reached": 154,
        "assertions": 4,
        "breaks": ("stack.c", "sizeof state->random.auxv + length + 1;", "sizeof state->random.auxv + length + 2;"),
    },
    "undo": {
        "about": "whatever fails, each file is closed once and each space goes once",
        "sources": ["exec"],
        "domains": "cvalue",
        "options": ["-eva-precision", "0", "-eva-slevel", "100000", "-eva-split-return", "full",
                    "-eva-partition-value", "files_open,lent,spaces"],
        "reached": 591,
        "assertions": 12,
        "breaks": ("exec.c", "    exec_close(program);\n", ""),
    },
    "space": {
        "about": "the views of the new space, and the collected map operations, on a host that answers as it likes",
        "sources": ["space"],
        "domains": "cvalue",
        "options": ["-eva-precision", "0", "-eva-slevel", "100000"],
        "reached": 398,
        "assertions": 24,
        "breaks": ("space.c", "neighbour->length != 0 && neighbour->address > page",
                   "neighbour->length != 0 && neighbour->address < page"),
    },
    "fault": {
        "about": "what a page holds, from any regions",
        "sources": ["fault"],
        "options": ["-eva-precision", "5", "-eva-auto-loop-unroll", "64", "-eva-slevel", "6000"],
        "reached": 147,
        "assertions": 1,
        "breaks": ("fault.c", "while (--count != 0 && region[1]", "while (count-- != 0 && region[1]"),
    },
}

DOMAINS = "cvalue,equality,gauges,symbolic-locations,octagon"


def quote(path):
    return shlex.quote(str(path)) # the preprocessor is run by a shell


def command(name, core):
    proof = PROOFS[name]
    sources = [HERE / f"{proof.get('driver', name)}.c"] + [core / f"{source}.c" for source in proof["sources"]]
    return ["frama-c", "-c11", "-machdep", "gcc_x86_64",
            f"-cpp-extra-args=-I{quote(ROOT)}/include -I{quote(core)} -D__builtin_memcpy=memcpy"
            + "".join(f" -D{define}" for define in proof.get("defines", [])),
            "-kernel-warn-key", "parser:conditional-feature=inactive,annot:missing-spec=inactive",
            "-warn-invalid-pointer", "-eva", "-eva-domains", proof.get("domains", DOMAINS), *proof["options"],
            "-eva-no-print", "-eva-no-show-progress", *map(str, sources)]


def alarms(text):
    return [" ".join(found.split()) for found in re.findall(r"\[eva:alarm\] (.*(?:\n  .*)*)", text)]


def of_broken_core(faults):
    """Those that are found in the core, or by an assertion of the proof."""
    return [fault for fault in faults
            if "/broken/" in fault or re.search(r"Warning: assertion got|^assertions:", fault)]


def judge(name, text, status):
    """What keeps the proof from holding, and how much of the code it went through."""
    faults = alarms(text)
    counted = re.search(r"(\d+) alarms? generated by the analysis", text)
    reached = re.search(r"(\d+) statements reached \(out of (\d+)\)", text)
    if status != 0 or not counted or not reached:
        last = (text.strip().splitlines() or ["it said nothing"])[-1]
        return [*faults, f"Frama-C ended with status {status}: {last}"], ""
    if int(counted[1]) != len(faults):
        faults.append(f"{counted[1]} alarms in all")
    if "No errors or warnings raised" not in text:
        faults.append("there are errors or warnings beside the alarms")
    for function in re.findall(r"using specification for function (\w+)", text):
        if not re.match(r"Frama_C_|mem(cpy|move|set|cmp)$", function):
            faults.append(f"{function} is not among the sources")
    properties = re.findall(r"(Assertions|Preconditions) +(\d+) valid +(\d+) unknown +(\d+) invalid", text)
    for kind, _, unknown, invalid in properties:
        if (unknown, invalid) != ("0", "0"):
            faults.append(f"{kind.lower()}: {unknown} unknown, {invalid} invalid")
    stated = PROOFS[name]["assertions"]
    if ("Assertions", str(stated), "0", "0") not in properties: # one that is not reached is not counted
        faults.append(f"not all of the {stated} assertions are proved")
    if int(reached[1]) < PROOFS[name]["reached"]:
        faults.append(f"only {reached[1]} statements are reached, not {PROOFS[name]['reached']}")
    return faults, f"{reached[1]} of {reached[2]} statements"


def prove(name, core, log, broken):
    """The same of a proof that is tried; on a broken core the first alarm ends it."""
    text = ""
    # Elsewhere than in the project: its folder libexec/ would be taken for include/libexec/.
    with subprocess.Popen(command(name, core), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, cwd=log.parent) as run:
        for line in run.stdout:
            text += line
            if broken and of_broken_core(alarms(text)):
                run.kill()
                break
    log.write_text(text)
    return judge(name, text, run.returncode)


def broken_core(name, where):
    """A copy of the core with the change for which the proof must fail."""
    file, old, new = PROOFS[name]["breaks"]
    core = where / "broken"
    shutil.copytree(ROOT / "libexec", core)
    text = (core / file).read_text()
    if text.count(old) != 1:
        sys.exit(f"prove.py: {name}: {file} has the text to change {text.count(old)} times")
    (core / file).write_text(text.replace(old, new))
    return core


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="Exit status: 0 if all hold, 1 if one does not, 2 without Frama-C.")
    parser.add_argument("name", nargs="*", choices=[*PROOFS, []], metavar="NAME",
                        help="proofs to run; all of them where none is named")
    parser.add_argument("--list", action="store_true", help="list the proofs and stop")
    parser.add_argument("--names", action="store_true", help="only their names, in one line")
    parser.add_argument("--self-test", action="store_true",
                        help="run each proof on a core with a fault built in: it must not hold")
    parser.add_argument("--logs", metavar="FOLDER", type=pathlib.Path, help="keep what Frama-C said there")
    arguments = parser.parse_args()
    if arguments.names:
        print(" ".join(PROOFS))
        return 0
    if arguments.list:
        for name, proof in PROOFS.items():
            print(f"{name:10} {proof['about']}")
        return 0
    if shutil.which("frama-c") is None:
        print("prove.py: frama-c is not installed (Debian: frama-c-base)", file=sys.stderr)
        return 2
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments.name or PROOFS:
            where = pathlib.Path(folder) / name
            where.mkdir()
            logs = (arguments.logs or where).resolve()
            logs.mkdir(parents=True, exist_ok=True)
            start = time.monotonic()
            print(f"{name:10} {PROOFS[name]['about']} ...", end="", flush=True)
            core = broken_core(name, where) if arguments.self_test else ROOT / "libexec"
            log = logs / f"{name}{'-broken' if arguments.self_test else ''}.log"
            faults, said = prove(name, core, log, arguments.self_test)
            if arguments.self_test:
                faults = of_broken_core(faults)
            holds = not faults
            print(f" {'holds' if holds else 'does not hold'}: {said or 'stopped'}, {time.monotonic() - start:.0f} s",
                  flush=True)
            if holds == arguments.self_test:
                failed += 1
            for fault in [] if arguments.self_test else faults:
                print(f"    {fault.replace(str(ROOT) + '/', '')}")
    if failed:
        print(f"prove.py: {failed} {'should not hold' if arguments.self_test else 'do not hold'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
