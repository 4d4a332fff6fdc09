# SPDX-License-Identifier: MIT
"""Programs made up of random segments: unordered, overlapping, with and without file bytes, far apart, oddly aligned,
alone, with the host's loader, and with interpreters made up the same way. Verdicts and whole images; everything follows
from the seed number."""

import os
import random
import shutil
import struct

import forged
from tools import BATCH, first_difference

PAGE = 0x1000
FILE_PAGES = 16
LOADER = '/lib64/ld-linux-x86-64.so.2'
ADDRESSES = {
    2: [0x400000, 0x400000, 0x400000, 0x1000, 0x10000, 0x7fffe0000000, 0x555555554000],
    3: [0, 0, 0, 0x1000, 0x10000, 0x400000, 0x10000000, 0x555555554000],
}
# Interpreters with addresses of their own stand where no program does, or it would be torn apart (row 3).
INTERPRETER_ADDRESSES = {
    2: [0x30000000],
    3: [0, 0, 0, 0x1000, 0x10000, 0x400000, 0x30000000, 0x30000000, 0x555555554000],
}


def segment(source, base, span, alignment):
    """A PT_LOAD somewhere in `span` pages from `base` on; mostly a good one."""
    address = base + source.randrange(span) * PAGE + source.choice([0, 0, 0, 1, 0x10, 0x800, 0xabc, 0xfff])
    offset = source.randrange(FILE_PAGES - 2) * PAGE + address % PAGE
    if source.random() < 0.03:
        offset = source.randrange(FILE_PAGES * PAGE)
    file_size = source.choice([0, 1, PAGE, PAGE - address % PAGE, source.randrange(3 * PAGE), source.randrange(PAGE)])
    if source.random() < 0.95:
        file_size = min(file_size, FILE_PAGES * PAGE - offset)
    memory_size = file_size + source.choice([0, 0, 0, 1, PAGE, source.randrange(5 * PAGE), source.randrange(1 << 22)])
    if source.random() < 0.02:
        memory_size = max(0, file_size - 1)
    flags = source.choice([4, 5, 6, 6, 6, 7, 0, 1, 2, 3])
    if flags & 2 == 0 and source.random() < 0.8:
        memory_size = file_size  # or nearly every file would be one of row 4
    alignment = source.choice([alignment, alignment, alignment, 0, 1, 3, PAGE, 0x10000, 0x200000])
    return 1, flags, offset, address, address, file_size, memory_size, alignment


def program(source, addresses, interpreter=None):
    """The bytes of a file, with this name in PT_INTERP or none."""
    kind = source.choice([2, 3])
    base = source.choice(addresses[kind])
    span = source.choice([4, 8, 16, 64, 512, 2048])
    alignment = source.choice([PAGE, PAGE, PAGE, 0, 0x4000, 0x10000, 0x200000])
    headers = [segment(source, base, span, alignment) for _ in range(source.randrange(1, 7))]
    if source.random() < 0.5:
        headers.sort(key=lambda header: header[3])
    data = bytearray(source.randbytes(FILE_PAGES * PAGE))
    if interpreter is not None:
        start = (FILE_PAGES - 1) * PAGE
        name = os.fsencode(interpreter) + b'\0'
        headers.insert(0, (3, 4, start, 0, 0, len(name), len(name), 1))
        data[start:start + len(name)] = name
    if source.random() < 0.3:
        headers.append((0x6474e551, source.choice([6, 7]), 0, 0, 0, 0, 0, 16))
    entry = base + source.randrange(span) * PAGE
    fields = (b'\x7fELF\2\1\1', kind, 62, 1, entry, 64, 0, 0, 64, 56, len(headers), 0, 0, 0)
    data[:64] = struct.pack('<16sHHIQQQIHHHHHH', *fields)
    for index, header in enumerate(headers):
        struct.pack_into('<IIQQQQQQ', data, 64 + 56 * index, *header)
    return bytes(data)


def write_files(source, path):
    """A program and, where it has one of its own, its interpreter beside it; returns the bytes of both."""
    chance, interpreter, files = source.random(), None, []
    if chance < 0.2:
        interpreter = LOADER
    elif chance < 0.5:
        interpreter = path + '.interpreter'
        files = [program(source, INTERPRETER_ADDRESSES)]
        forged.write_executable(interpreter, files[0])
    files.insert(0, program(source, ADDRESSES, interpreter))
    forged.write_executable(path, files[0])
    return files


def describe(files):
    return ' interpreter: '.join(describe_file(data) for data in files)


def describe_file(data):
    segments = [f'[flags {flags} address {address:#x} file {file_size:#x} memory {memory_size:#x}]'
                for flags, address, file_size, memory_size in forged.program_headers(data)]
    return ' '.join([f'type {data[16]}', *segments])


def row_of(files, linux, library):
    """The numbered difference that explains the answers; None where none does."""
    if linux[0] == library[0] == 'verdict ok':
        return next((row for data in files if (row := forged.image_row(data, linux, library)) is not None), None)
    answers = [lines[0].split()[1:3] for lines in (linux, library)]
    outside = library[0].endswith('LIBEXEC_E_ADDRESS_RANGE')
    if len(files) == 2 and outside and answers == [['error', 'EINVAL'], ['error', 'ENOMEM']]:
        return 10 if any(memory_size == 0 for _, _, _, memory_size in forged.program_headers(files[1])) else None
    return forged.refusal_row('' if len(files) == 1 else 'interpreter', linux[0], library[0])


def run(sides, folder, seed, count, shown=20):
    """Compares `count` programs; returns how many differ unexpectedly."""
    source = random.Random(seed)
    shape_folder = os.path.join(folder, 'shapes')
    os.makedirs(shape_folder)
    os.chmod(shape_folder, 0o755)
    tally = forged.Tally()
    for start in range(0, count, BATCH):
        made = {}
        for index in range(min(BATCH, count - start)):
            path = os.path.join(shape_folder, f'{index:04d}')
            made[path] = write_files(source, path)
        for path, linux, library in sides.dumps(list(made)):
            difference = first_difference(linux, library)
            row = row_of(made[path], linux, library) if difference else None
            tally.count(describe(made[path]), difference, row)
    shutil.rmtree(shape_folder)
    tally.report(f'programs of random segments (seed {seed})', 'verdict, errno and image', shown)
    return len(tally.different)
