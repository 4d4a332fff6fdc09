# SPDX-License-Identifier: MIT
"""execplan here and on another processor: the same answers, to the letter, on good files and on forged ones."""

import argparse
import os
import subprocess
import sys
import tempfile

PARITY = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'parity')
sys.path.insert(0, PARITY)
import forge  # pylint: disable=wrong-import-position
import forged  # pylint: disable=wrong-import-position

FORGERIES = 80  # of each good file
WAYS = [[], ['--layout', 'random', '--seed', '7'], ['--page-size', '65536']]
MACHINES = {'aarch64': 183, 'riscv64': 243}


def answers(command, options, names):
    """Whole dumps, one after the other. The budget of pages is this machine's memory, where none is given."""
    done = subprocess.run([*command, *options, '--limits', 'pages=1048576', '--batch', '--full'],
                          input='\n'.join(names).encode() + b'\n', capture_output=True, timeout=300, check=False)
    if done.returncode != 0:
        sys.exit(f'{command[-1]} ended with {done.returncode}: {done.stderr.decode(errors="replace")}')
    return done.stdout.decode('latin-1').split('\n')


def write_files(compiler, folder):
    """Good files and forged ones; returns their names."""
    good = forged.build(compiler, os.path.join(PARITY, 'seed.c'), folder,
                        lambda command: subprocess.run(command, check=True, timeout=120), forged.SEEDS)
    names = [os.path.join(folder, name) for name in good]
    for number, (name, data) in enumerate(good.items()):
        for index, changes in enumerate(forge.series(data, FORGERIES, number, 0.5)):
            path = os.path.join(folder, f'{name}-{index:03d}')
            forged.write_executable(path, forge.forge(data, changes))
            names.append(path)
    return names


def difference(way, one, other):
    first = next(i for i, pair in enumerate(zip(one + [''], other + [''])) if pair[0] != pair[1])
    file = next((line for line in reversed(one[:first + 1]) if line.startswith('/')), 'the first file')
    return '\n'.join([' '.join(['execplan', *way, file]), f'  here:  {one[first:first + 1]}',
                      f'  there: {other[first:first + 1]}'])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--compiler', default='cc')
    parser.add_argument('--native', required=True, help='execplan as it runs here')
    parser.add_argument('--program', required=True, help="a program of the other processor's")
    parser.add_argument('command', nargs='+', help='how to run the other execplan')
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        names = write_files(options.compiler, folder)
        started = lines = 0
        processor = next(name for name in MACHINES if name in options.command[0])
        own = ['--machine', str(MACHINES[processor])]
        for way, files in [*((way, names) for way in WAYS), (own, [options.program])]:
            one, other = (answers(command, way, files) for command in ([options.native], options.command))
            if one != other:
                sys.exit(difference(way, one, other))
            began = one.count('verdict ok')
            if began == 0:
                sys.exit(f'{" ".join(way)}: nothing starts')
            started, lines = started + began, lines + len(one)
    print(f'{len(names) + 1} files, {lines} lines alike; {started} execs succeed')


if __name__ == '__main__':
    main()
