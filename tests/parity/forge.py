# SPDX-License-Identifier: MIT
"""Forges ELF files: takes good ones and sets single header fields, and pairs of them, to values that loaders trip over.

Everything follows from the seed number: file N of a run is the same on every machine, as long as the good files are.
"""

import itertools
import random

PAGE = 0x1000
USER_END = 0x7ffffffff000
TOP = 1 << 64

# name, offset, width in bytes
FILE_HEADER = [
    ('e_ident[EI_MAG0]', 0, 1), ('e_ident[EI_MAG3]', 3, 1), ('e_ident[EI_CLASS]', 4, 1), ('e_ident[EI_DATA]', 5, 1),
    ('e_ident[EI_VERSION]', 6, 1), ('e_ident[EI_OSABI]', 7, 1), ('e_ident[EI_ABIVERSION]', 8, 1),
    ('e_type', 16, 2), ('e_machine', 18, 2), ('e_version', 20, 4), ('e_entry', 24, 8), ('e_phoff', 32, 8),
    ('e_shoff', 40, 8), ('e_flags', 48, 4), ('e_ehsize', 52, 2), ('e_phentsize', 54, 2), ('e_phnum', 56, 2),
    ('e_shentsize', 58, 2), ('e_shnum', 60, 2), ('e_shstrndx', 62, 2),
]
PROGRAM_HEADER = [
    ('p_type', 0, 4), ('p_flags', 4, 4), ('p_offset', 8, 8), ('p_vaddr', 16, 8), ('p_paddr', 24, 8),
    ('p_filesz', 32, 8), ('p_memsz', 40, 8), ('p_align', 48, 8),
]
PROGRAM_HEADER_SIZE = 56

VALUES_8 = [0, 1, 2, 3, 9, 0x7f, 0x80, 0xff]
VALUES_16 = [0, 1, 2, 3, 4, 5, 55, 56, 57, 62, 63, 64, 73, 74, 0xff, 0x100, 1169, 1170, 1171, 0x7fff, 0x8000, 0xfffe,
             0xffff]
VALUES_32 = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x80000000, 0xffffffff]
TYPES = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x6474e550, 0x6474e551, 0x6474e552, 0x6474e553, 0x70000000, 0x7fffffff, 0xffffffff]
FLAGS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x0ff00000, 0xf0000000, 0xffffffff]
VALUES_64 = [
    0, 1, 2, 3, 8, 0x3f, 0x40, 0x7ff, 0x800, 0xfff, 0x1000, 0x1001, 0x1800, 0x1fff, 0x2000, 0x3000, 0x8000, 0xf000,
    0xffff, 0x10000, 0x10001, 0x1ff000, 0x200000, 0x3ff000, 0x400000, 0x600000, 1 << 26, 1 << 30, (1 << 31) - 1,
    1 << 31, (1 << 32) - PAGE, (1 << 32) - 1, 1 << 32, (1 << 32) + PAGE, 1 << 34, 1 << 36, 1 << 40, 1 << 44, 1 << 46,
    0x155555555000, 0x555555554000, 0x7fffe0000000, 0x7ffff7ffe000, 0x7ffff7fff000, 0x7fffff7ff000, 0x7fffff800000,
    0x7ffffffdd000, 0x7ffffffde000, 0x7fffffffd000, 0x7fffffffe000, USER_END - 1, USER_END, USER_END + 1,
    (1 << 47) - 1, 1 << 47, (1 << 47) + PAGE, 1 << 48, 1 << 62, (1 << 63) - PAGE, (1 << 63) - 1, 1 << 63,
    (1 << 63) + PAGE, TOP - 0x400000, TOP - 2 * PAGE, TOP - PAGE - 1, TOP - PAGE, TOP - PAGE + 1, TOP - 8, TOP - 1,
]


class Field:
    def __init__(self, name, offset, width):
        self.name, self.offset, self.width = name, offset, width

    def get(self, data):
        return int.from_bytes(data[self.offset:self.offset + self.width], 'little')

    def put(self, data, value):
        data[self.offset:self.offset + self.width] = (value % (1 << 8 * self.width)).to_bytes(self.width, 'little')


def fields_of(data):
    """All header fields of a good file."""
    fields = [Field(*entry) for entry in FILE_HEADER]
    table = int.from_bytes(data[32:40], 'little')
    for index in range(int.from_bytes(data[56:58], 'little')):
        for name, offset, width in PROGRAM_HEADER:
            fields.append(Field(f'{name}[{index}]', table + index * PROGRAM_HEADER_SIZE + offset, width))
    return fields


def values_for(field, data, fields):
    """What is worth trying in `field`, its present value left out."""
    own = field.get(data)
    if field.width == 1:
        values = VALUES_8 + [own ^ 1]
    elif field.width == 2:
        values = VALUES_16 + [own - 1, own + 1]
    elif field.name.startswith('p_type'):
        values = TYPES
    elif field.name.startswith('p_flags'):
        values = FLAGS
    elif field.width == 4:
        values = VALUES_32
    else:
        others = [other.get(data) for other in fields if other.width == 8]
        size = len(data)
        values = VALUES_64 + [own - 1, own + 1, own - PAGE, own + PAGE, own + 0x800, 2 * own, size - 1, size, size + 1,
                              size - size % PAGE, size - size % PAGE + PAGE] + others
        values += [other + PAGE for other in others]
    wrapped = {value % (1 << 8 * field.width) for value in values}
    wrapped.discard(own)
    return sorted(wrapped)


def forge(data, changes):
    forged = bytearray(data)
    for field, value in changes:
        field.put(forged, value)
    return bytes(forged)


def describe(changes):
    return ' '.join(f'{field.name}={value:#x}' for field, value in changes)


def singles(data):
    """Every field with every value: a fixed list."""
    fields = fields_of(data)
    for field in fields:
        for value in values_for(field, data, fields):
            yield [(field, value)]


def pairs(data, seed):
    """Endless pairs of fields; now and then both get the same value, as sizes and addresses often must agree."""
    source = random.Random(seed)
    fields = fields_of(data)
    values = {field.name: values_for(field, data, fields) for field in fields}
    table = fields[len(FILE_HEADER):]
    while True:
        # Mostly program headers: two wrong fields of the file header rarely tell more than one.
        first = source.choice(table if source.random() < 0.85 else fields)
        second = source.choice(table)
        if first.name == second.name:
            continue
        value = source.choice(values[first.name])
        if first.width == second.width and source.random() < 0.25:
            yield [(first, value), (second, value)]
        else:
            yield [(first, value), (second, source.choice(values[second.name]))]


def spread(iterable, count, seed):
    """`count` items of a list, spread over all of it; all of them where there are fewer."""
    items = list(iterable)
    if len(items) <= count:
        return items
    return random.Random(seed).sample(items, count)


def series(data, count, seed, single_share):
    """`count` forgeries of one good file: its single changes first, as far as their share goes, then pairs."""
    chosen = spread(singles(data), int(count * single_share), seed)
    return chosen + list(itertools.islice(pairs(data, seed + 1), count - len(chosen)))
