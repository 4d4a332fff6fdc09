# SPDX-License-Identifier: MIT
"""Compares libexec with the host's own kernel, file by file: the same images, the same refusals.

Exit status 0: equal but for the numbered differences; 1: not; 77: the host does not allow tracing, or not what the
parts need, or they are not equal and its kernel is older than the reference.
"""

import argparse
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import differences
import forged
import layouts
import limits
import programs
import scripts
import shapes
from tools import SKIPPED, Sides, Skipped

QUICK_FORGED = 5000
FULL_FORGED = 24000
REFERENCE = (6, 15)  # on older ones brk of a static PIE moves only where addresses are random


def run_tool(command):
    subprocess.run(command, check=True, timeout=120)


def is_reference():
    """Whether the host's kernel is new enough to be the reference."""
    version = re.match(r'(\d+)\.(\d+)', platform.release())
    return version is not None and (int(version[1]), int(version[2])) >= REFERENCE


def run_forged(options, sides, folder):
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'seed.c')
    good = forged.build(options.compiler, source, folder, run_tool)
    count = options.count or (FULL_FORGED if options.full else QUICK_FORGED)
    verdicts, images = forged.run(sides, folder, good, options.seed, count, options.keep)
    verdicts.report(f'forged files (seed {options.seed})', 'verdict and errno', options.show)
    images.report('forged files that start', 'their images', options.show)
    return len(verdicts.different) + len(images.different)


PARTS = {
    'programs': lambda options, sides, folder: programs.run(options, sides, folder, run_tool),
    'scripts': lambda options, sides, folder: scripts.run(sides, folder),
    'limits': lambda options, sides, folder: limits.run(sides, folder),
    'differences': lambda options, sides, folder: differences.run(sides, folder),
    'forged': run_forged,
    'shapes': lambda options, sides, folder: shapes.run(sides, folder, options.seed, 12000 if options.full else 2000,
                                                        options.show),
    'random': lambda options, sides, folder: layouts.run(options, sides, folder, run_tool),
}


def run_parts(parts, options, sides, folder):
    """Runs them; returns how many answers are unexpected, and how many parts the host does not allow."""
    failures, skipped = 0, 0
    for part in parts:
        start = time.monotonic()
        try:
            failures += PARTS[part](options, sides, folder)
        except Skipped as reason:
            skipped += 1
            print(f'{part}: skipped: {reason}')
        print(f'{part}: {time.monotonic() - start:.1f} s', flush=True)
    return failures, skipped


def exit_status(failures, skipped, parts):
    if failures and not is_reference():
        print(f'parity: Linux {platform.release()} is older than the reference; its differences are not counted')
        return SKIPPED
    if failures == 0 and skipped == parts:
        return SKIPPED
    return 1 if failures else 0


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--linuxdump', required=True, help="the program that asks this machine's kernel")
    parser.add_argument('--execplan', required=True, help='the program that asks libexec')
    parser.add_argument('--compiler', default='cc', help='makes the programs that are tried (cc)')
    parser.add_argument('--part', action='append', choices=sorted(PARTS), help='all parts where none is named')
    parser.add_argument('--full', action='store_true', help='more of everything')
    parser.add_argument('--seed', type=int, default=1, help='of what is drawn at random (1)')
    parser.add_argument('--count', type=int, help='of forged files')
    parser.add_argument('--keep', help='folder for the first forged files with unexpected answers')
    parser.add_argument('--show', type=int, default=20, help='unexpected answers to print')
    return parser.parse_args()


def main():
    options = parse()
    os.umask(0o022)  # an ordinary user starts what is built here
    folder = tempfile.mkdtemp(prefix='parity-')
    os.chmod(folder, 0o755)
    sides = Sides(os.path.abspath(options.linuxdump), os.path.abspath(options.execplan))
    parts = options.part or list(PARTS)
    try:
        sides.learn_host('/bin/true')
        probe = os.path.join(folder, 'probe')
        forged.write_executable(probe, differences.large_static_pie())
        sides.learn_folder(probe)
        failures, skipped = run_parts(parts, options, sides, folder)
    except Skipped as reason:
        print(f'parity: {reason}')
        return SKIPPED
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return exit_status(failures, skipped, len(parts))


if __name__ == '__main__':
    sys.exit(main())
