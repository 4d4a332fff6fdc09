# SPDX-License-Identifier: MIT
"""What the parity tests share: running both sides over many files, and reading exec dumps."""

import concurrent.futures
import os
import subprocess

SKIPPED = 77
FOLDERS = {'programs', 'scripts', 'forged', 'shapes', 'differences', 'layouts'}  # where the tests write their own files
BATCH = 1000


class Skipped(Exception):
    """The host does not allow what the test needs."""


class Sides:
    """The host's kernel (linuxdump) and the library (execplan), asked the same questions."""

    def __init__(self, linuxdump, execplan):
        self.linuxdump = linuxdump
        self.execplan = execplan
        self.host_entries = []
        self.folder_options = []

    def learn_folder(self, probe):
        """Looks at how a static PIE of 4 MiB is placed: aligned to large pages on some file systems only."""
        lines = self.ask_linux(probe, [])
        if lines[0] != 'verdict ok':
            raise Skipped(f'an ordinary user cannot start programs in {os.path.dirname(probe)} ({lines[0]})')
        start = next(int(line.split()[1].split('-')[0], 16) for line in lines if line.startswith('mem'))
        if start % (2 << 20) != 0:
            self.folder_options = ['--limits', 'large=0']

    def learn_host(self, program):
        """Takes over what the kernel tells every program, so that the library's host tells it too."""
        types = {'AT_UID': 11, 'AT_EUID': 12, 'AT_GID': 13, 'AT_EGID': 14, 'AT_HWCAP': 16, 'AT_CLKTCK': 17,
                 'AT_SECURE': 23, 'AT_HWCAP2': 26, 'AT_RSEQ_FEATURE_SIZE': 27, 'AT_RSEQ_ALIGN': 28,
                 'AT_SYSINFO_EHDR': 33, 'AT_MINSIGSTKSZ': 51,
                 'AT_29': 29, 'AT_30': 30}
        self.host_entries = []
        for line in self.ask_linux(program, []):
            words = line.split()
            if words[0] == 'aux' and words[2] in types:
                self.host_entries.append(f'--aux={types[words[2]]}={words[3]}')

    def run(self, command, names=None, allowed=(0, 1)):
        text = None if names is None else os.fsencode('\n'.join(names) + '\n')
        done = subprocess.run(command, input=text, capture_output=True, timeout=900, check=False)
        if done.returncode == SKIPPED:
            raise Skipped(done.stderr.decode(errors='replace').strip())
        if done.returncode not in allowed:
            raise RuntimeError(f'{command[0]} ended with {done.returncode}: '
                               f'{done.stderr.decode(errors="replace")[:2000]}')
        return done.stdout.decode('latin-1').split('\n')[:-1]

    def ask_linux(self, program, options, arguments=()):
        return self.run([self.linuxdump, *options, program, *arguments])

    def library(self, mode, program):
        """The library's command; `program` tells where the files are."""
        own = self.folder_options if os.path.basename(os.path.dirname(program)) in FOLDERS else []
        return [self.execplan, *mode, '--layout', 'linux', *self.host_entries, *own]

    def ask_library(self, program, options, arguments=()):
        return self.run([*self.library(['--dump'], program), *options, program, *arguments])

    def starts(self, name, count):
        """Dumps of `count` starts by the kernel, with randomisation."""
        names = [name] * count
        return split_batch(self.run([self.linuxdump, '--batch', '--full', '--random'], names), names)

    def layouts(self, name, seeds):
        """The library's dumps with randomisation, one for each seed."""
        ways = [['--layout', 'random', '--seed', str(seed)] for seed in seeds]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            return list(pool.map(lambda way: self.ask_library(name, way), ways))

    def verdicts(self, names, options=()):
        """For each name the kernel's verdict and the library's."""
        linux = self.run([self.linuxdump, '--batch', *options], names)
        library = self.run([*self.library(['--batch'], names[0]), *options], names)
        if len(linux) != 2 * len(names) or len(library) != 2 * len(names):
            raise RuntimeError(f'{len(names)} names, but {len(linux)} and {len(library)} lines of answer')
        return list(zip(names, linux[1::2], library[1::2]))

    def dumps(self, names, options=()):
        """For each name both whole dumps, as lists of lines."""
        linux = split_batch(self.run([self.linuxdump, '--batch', '--full', *options], names), names)
        library = split_batch(self.run([*self.library(['--batch', '--full'], names[0]), *options], names), names)
        return list(zip(names, linux, library))


def split_batch(lines, names):
    """The dump of each name; the name's own line begins it."""
    dumps, starts, wanted = [], [], iter([name.encode().decode('latin-1') for name in names])
    following = next(wanted, None)
    for index, line in enumerate(lines):
        if line == following and index + 1 < len(lines) and lines[index + 1].startswith('verdict'):
            starts.append(index)
            following = next(wanted, None)
    if len(starts) != len(names):
        raise RuntimeError(f'{len(names)} names, but {len(starts)} answers')
    for start, end in zip(starts, starts[1:] + [len(lines)]):
        dumps.append(lines[start + 1:end])
    return dumps


POINTERS = {'AT_RANDOM', 'AT_EXECFN', 'AT_PLATFORM', 'AT_SYSINFO_EHDR'}


def comparable(lines):
    """A dump without what may differ: where on the stack things stand (but not in which order), pointers to
    strings that other lines show, the vDSO's place, the library's status and the report."""
    result = []
    for line in lines:
        words = line.split(' ')
        if words[0] == 'why':
            continue
        if words[0] == 'verdict' and words[1] == 'error':
            line = ' '.join(words[:3])
        elif words[0] == 'stack':
            aligned = int(words[1].split('=')[1], 16) % 16 == 0
            line = f'stack aligned={aligned} {words[2]} {words[3]}'
        elif words[0] in ('arg', 'env'):
            line = ' '.join(words[:2] + words[4:])
        elif words[0] == 'aux':
            value = 'pointer' if words[2] in POINTERS else words[3]
            line = f'aux {words[2]} {value}'
        result.append(line)
    return result + string_order(lines)


def string_order(lines):
    """Complaints where strings do not stand one behind the other, arguments before environment, or where the
    vectors and the auxiliary vector have gaps."""
    complaints, expected, slot = [], None, None
    entries = [line.split(' ') for line in lines if line.split(' ')[0] in ('stack', 'arg', 'env', 'aux')]
    lengths = [int(line.rsplit('len=', 1)[1]) for line in lines if line.split(' ')[0] in ('arg', 'env')]
    kind = 'arg'
    for words in entries:
        if words[0] == 'stack':
            slot = int(words[1].split('=')[1], 16) + 8
            continue
        if slot is None:
            return ['no stack line before the vectors']
        slot += 8 * (('arg', 'env', 'aux').index(words[0]) - ('arg', 'env', 'aux').index(kind))
        kind = words[0]
        address = int(words[1 if kind == 'aux' else 2].split('=')[1], 16)
        if address != slot:
            complaints.append(f'{kind} {words[1]} stands {address - slot} bytes from its place')
        slot = address + (16 if kind == 'aux' else 8)
        if kind != 'aux':
            pointer = int(words[3].split('=')[1], 16)
            if expected is not None and pointer != expected:
                complaints.append(f'{kind} {words[1]} does not follow the string before it')
            expected = pointer + lengths.pop(0) + 1
    return complaints


def first_difference(linux, library):
    """The first lines that differ, as text; empty where the dumps are equal."""
    one, other = comparable(linux), comparable(library)
    for a, b in zip(one, other):
        if a != b:
            return f'Linux: {a}\n    libexec: {b}'
    if len(one) != len(other):
        longer = one if len(one) > len(other) else other
        return f'only in one: {longer[min(len(one), len(other))]}'
    return ''
