# SPDX-License-Identifier: MIT
"""Forged files: verdict and errno of the library and of the host's kernel, equal but for the numbered differences."""

import os
import shutil
import struct

import forge
from tools import BATCH, comparable, first_difference

# Statuses by which the library refuses what Linux answers otherwise: the row of docs/linux-differences.md, and the
# answers that Linux may give there; None stands for all, where Linux passes over the fault and finds another one.
ROWS = {
    'LIBEXEC_E_SEGMENT_CAPACITY': (1, {'ok'}),
    'LIBEXEC_E_OUTSIDE_FILE': (2, {'ok'}),
    'LIBEXEC_E_COLLISION': (3, None),
    'LIBEXEC_E_SEGMENT_COLLISION': (3, None),
    'LIBEXEC_E_LAYOUT': (3, None),
    'LIBEXEC_E_NO_SEGMENTS': (5, {'ok', 'error EINVAL'}),
    'LIBEXEC_E_INTERPRETER_EMPTY': (6, {'error EACCES'}),
    'LIBEXEC_E_CLASS': (7, {'ok'}),
    'LIBEXEC_E_DATA': (7, {'ok'}),
    'LIBEXEC_E_VERSION': (7, {'ok'}),
    'LIBEXEC_E_PAGE_BUDGET': (11, {'ok'}),
}


def refusal_row(name, linux, library):
    """The row for two lines with verdicts that differ; None where none explains them."""
    words = library.split()
    answer = ' '.join(linux.split()[1:3]).replace(' -', '')
    if len(words) < 4:
        return None
    if words[3] == 'LIBEXEC_E_ENTRY_RANGE' and answer.startswith('error') and 'interpreter' in name:
        return 10
    if words[3] == 'LIBEXEC_E_ADDRESS_RANGE' and answer == 'ok' and 'interpreter' in name:
        return 10
    row, answers = ROWS.get(words[3], (None, set()))
    if answer == 'error EFAULT' and row != 3:
        return 2  # Linux stumbles over a tail past the end of the file, whatever the library finds first
    return row if answers is None or answer in answers else None


FLAGS = ['-O1', '-nostdlib', '-ffreestanding', '-fno-stack-protector', '-s',
         '-Wl,-z,max-page-size=4096,--build-id=none']
SEEDS = {
    'static': ['-static', '-no-pie', '-Wl,-z,noseparate-code'],
    'static-separate': ['-static', '-no-pie', '-Wl,-z,separate-code'],
    'static-pie': ['-static-pie', '-fPIE', '-Wl,-z,noseparate-code'],
    'pie': ['-pie', '-fPIE', '-Wl,-z,noseparate-code'],
    'dynamic': ['-no-pie', '-Wl,-z,noseparate-code,--no-as-needed', '-lc'],
}
# Programs whose interpreter is forged; the interpreter's name is in a file beside them.
INTERPRETER_PLACE = 0x30000000
INTERPRETERS = {
    'interpreter-static-pie': ['-static-pie', '-fPIE', '-Wl,-z,noseparate-code'],
    'interpreter-static': ['-static', '-no-pie',
                           '-Wl,-z,noseparate-code', f'-Wl,-Ttext-segment={INTERPRETER_PLACE:#x}'],
}


def build(compiler, source, folder, run, kinds=None):
    """Compiles the good files, all or these kinds of them; returns their bytes by name."""
    good = {}
    for name, options in (kinds or {**SEEDS, **INTERPRETERS}).items():
        path = os.path.join(folder, name)
        before = [option for option in options if not option.startswith('-l')]
        after = [option for option in options if option.startswith('-l')]
        run([compiler, *FLAGS, *before, source, '-o', path, *after])
        with open(path, 'rb') as file:
            good[name] = file.read()
    return good


class Tally:
    def __init__(self):
        self.files = 0
        self.equal = 0
        self.rows = {}
        self.different = []

    def add(self, name, linux, library):
        self.files += 1
        if linux.split()[1:3] == library.split()[1:3]:
            self.equal += 1
            return
        row = refusal_row(name, linux, library)
        if row is None:
            self.different.append((name, linux, library))
        else:
            self.rows[row] = self.rows.get(row, 0) + 1

    def count(self, name, difference, row):
        """Counts a file with its first difference (empty: none) and the row that explains it (or None)."""
        self.files += 1
        if not difference:
            self.equal += 1
        elif row is None:
            linux, _, library = difference.partition('\n')
            self.different.append((name, linux.replace('Linux: ', ''), library.replace('    libexec: ', '')))
        else:
            self.rows[row] = self.rows.get(row, 0) + 1

    def add_image(self, name, data, linux, library):
        difference = first_difference(linux, library)
        self.count(name, difference, image_row(data, linux, library) if difference else None)

    def report(self, title, what, shown=20):
        print(f'{title}: {self.equal} of {self.files} equal in {what}')
        for row, count in sorted(self.rows.items()):
            print(f'  difference {row}: {count}')
        for name, linux, library in self.different[:shown]:
            print(f'  UNEXPECTED {name}\n    Linux:   {linux}\n    libexec: {library}')
        if self.different:
            print(f'  {len(self.different)} unexpected')


def program_headers(data):
    """The PT_LOADs of a file as (flags, address, file size, memory size)."""
    table, count = int.from_bytes(data[32:40], 'little'), int.from_bytes(data[56:58], 'little')
    for start in range(table, table + 56 * count, 56):
        kind, flags, _, address, _, file_size, memory_size, _ = struct.unpack_from('<IIQQQQQQ', data, start)
        if kind == 1:
            yield flags, address, file_size, memory_size


def image_row(data, linux, library):
    """The row that explains why two started images differ; None where none does."""
    one, other = comparable(linux), comparable(library)
    if len(one) != len(other):
        return None
    for a, b in zip(one, other):
        if a != b and not (a.startswith('mem') and a.split()[:3] == b.split()[:3]):
            return None
    for flags, address, file_size, memory_size in program_headers(data):
        if file_size == 0 and memory_size != 0 and address % forge.PAGE != 0:
            return 8
        if memory_size > file_size > 0 and flags & 2 == 0 and (address + file_size) % forge.PAGE != 0:
            return 4
    return None


def write_executable(path, data):
    with open(path, 'wb') as file:
        file.write(data)
    os.chmod(path, 0o755)


def compare(sides, tally, folder, forgeries, keep):
    """`forgeries`: pairs of a description and the file's bytes."""
    for start in range(0, len(forgeries), BATCH):
        names, described = [], {}
        for index, (description, data) in enumerate(forgeries[start:start + BATCH]):
            path = os.path.join(folder, f'{index:04d}')
            write_executable(path, data)
            names.append(path)
            described[path] = (description, data)
        for path, linux, library in sides.verdicts(names):
            unexpected = len(tally.different)
            tally.add(described[path][0], linux, library)
            if keep and len(tally.different) > unexpected and unexpected < 50:
                write_executable(os.path.join(keep, f'unexpected-{unexpected:02d}'), described[path][1])


def compare_images(sides, tally, folder, forgeries):
    """As compare, for the whole image of the files that both sides start."""
    for start in range(0, len(forgeries), BATCH):
        names, described = [], {}
        for index, (description, data) in enumerate(forgeries[start:start + BATCH]):
            path = os.path.join(folder, f'{index:04d}')
            write_executable(path, data)
            names.append(path)
            described[path] = (description, data)
        for path, linux, library in sides.dumps(names):
            if linux[0] == library[0] == 'verdict ok':
                tally.add_image(*described[path], linux, library)


def program_with_interpreter(good, name, path):
    """The good program with its PT_INTERP changed to `path`, which is appended to the file."""
    data = bytearray(good[name])
    fields = {field.name: field for field in forge.fields_of(data)}
    index = next(i for i in range(64) if fields[f'p_type[{i}]'].get(data) == 3)
    text = os.fsencode(path) + b'\0'
    fields[f'p_offset[{index}]'].put(data, len(data))
    fields[f'p_filesz[{index}]'].put(data, len(text))
    return bytes(data) + text


def compare_interpreters(sides, tally, folder, good, forgeries):
    """As compare, with forged interpreters: each gets its program, ET_EXEC and ET_DYN in turn."""
    for start in range(0, len(forgeries), BATCH):
        names, described = [], {}
        for index, (description, data) in enumerate(forgeries[start:start + BATCH]):
            interpreter = os.path.join(folder, f'{index:04d}.interpreter')
            program = os.path.join(folder, f'{index:04d}.program')
            write_executable(interpreter, data)
            kind = 'dynamic' if index % 2 else 'pie'
            write_executable(program, program_with_interpreter(good, kind, interpreter))
            names.append(program)
            described[program] = f'{kind} with {description}'
        for path, linux, library in sides.verdicts(names):
            tally.add(described[path], linux, library)


def forge_series(good, seed, per_file, share):
    """For each good file its name and its forgeries."""
    for number, name in enumerate([*SEEDS, *INTERPRETERS]):
        yield name, [(f'{name}: {forge.describe(changes)}', forge.forge(good[name], changes))
                     for changes in forge.series(good[name], per_file, seed * 1000 + number, share)]


def run(sides, folder, good, seed, count, keep=None):
    """Compares verdicts on `count` forged files, and images on a quarter as many others; returns both tallies."""
    verdicts, images = Tally(), Tally()
    forged_folder = os.path.join(folder, 'forged')
    os.makedirs(forged_folder, exist_ok=True)
    os.chmod(forged_folder, 0o755)
    for name, series in forge_series(good, seed, count // (len(SEEDS) + len(INTERPRETERS)) + 1, 0.5):
        if name in SEEDS:
            compare(sides, verdicts, forged_folder, series, keep)
        else:
            compare_interpreters(sides, verdicts, forged_folder, good, series)
    for name, series in forge_series(good, seed + 500, count // 4 // len(SEEDS) + 1, 0.3):
        if name in SEEDS:
            compare_images(sides, images, forged_folder, series)
    shutil.rmtree(forged_folder)
    return verdicts, images
