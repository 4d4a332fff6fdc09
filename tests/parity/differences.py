# SPDX-License-Identifier: MIT
"""The rows of docs/linux-differences.md, each shown: what the host's kernel does, and what libexec does instead."""

import ctypes
import errno
import os
import re
import struct

from forged import write_executable
from tools import Skipped

PAGE = 0x1000
SIZE = 4 * PAGE
LOAD, INTERP, NOTE, TLS = 1, 3, 4, 7
READ, WRITE, EXECUTE = 4, 2, 1
PLACE = 0x400000


def load(address, offset=0, file_size=PAGE, memory_size=None, flags=READ | EXECUTE):
    size = file_size if memory_size is None else memory_size
    return (LOAD, flags, offset, address, address, file_size, size, PAGE)


def interpreter(length):
    """A PT_INTERP over the last page of the file."""
    return (INTERP, READ, SIZE - PAGE, 0, 0, length, length, 1)


def elf(headers, kind=2, entry=PLACE, identification=b'\x7fELF\2\1\1', name=b'', size=SIZE):
    """An ELF file whose every other byte is 0xaa."""
    data = bytearray(b'\xaa' * SIZE)
    fields = (identification, kind, 62, 1, entry, 64, 0, 0, 64, 56, len(headers), 0, 0, 0)
    data[:64] = struct.pack('<16sHHIQQQIHHHHHH', *fields)
    for index, header in enumerate(headers):
        struct.pack_into('<IIQQQQQQ', data, 64 + 56 * index, *header)
    data[SIZE - PAGE:SIZE - PAGE + len(name)] = name
    return bytes(data[:size])


def large_static_pie():
    return elf([load(0, memory_size=4 << 20, flags=READ | WRITE)], kind=3)


def memory():
    """Bytes of the machine's memory, swap included."""
    with open('/proc/meminfo', encoding='ascii') as file:
        sizes = {line.split(':')[0]: int(line.split()[1]) for line in file}
    return (sizes['MemTotal'] + sizes['SwapTotal']) * 1024


def overcommits():
    """Whether the kernel asks of each mapping by itself whether it fits into memory, as it does by default."""
    with open('/proc/sys/vm/overcommit_memory', encoding='ascii') as file:
        return file.read().strip() == '0'


def answer(lines):
    words = lines[0].split()
    return ' '.join([words[1], *words[2:3]])


def status(lines):
    words = lines[0].split()
    return words[3] if len(words) > 3 else ''


class Rows:
    """What each row says, checked one by one."""

    def __init__(self, sides, folder):
        self.sides, self.folder, self.wrong, self.checked = sides, folder, 0, 0
        self.asked, self.skipped = set(), set()

    def dumps(self, data, argument=b''):
        path, strings = os.path.join(self.folder, 'difference'), os.path.join(self.folder, 'strings')
        write_executable(path, data)
        write_executable(strings, argument + b'\0')
        options = ['--arguments', strings]
        return self.sides.ask_linux(path, options), self.sides.ask_library(path, options)

    def expect(self, row, what, condition, seen):
        self.checked += 1
        self.asked.add(row)
        if not condition:
            self.wrong += 1
            print(f'  UNEXPECTED row {row}, {what}: {seen}')

    def refusal(self, row, what, data, linux_answer, errno, name, argument=b''):
        """Linux answers `linux_answer`, libexec `errno` with the status `name`."""
        linux, library = self.dumps(data, argument)
        seen = (answer(linux), answer(library), status(library))
        self.expect(row, what, seen == (linux_answer, f'error {errno}', f'LIBEXEC_E_{name}'), seen)

    def linux(self, row, what, argv, envp, expected):
        """Linux's execve answers `expected` for vectors of these addresses."""
        receiver, sender = os.pipe()
        child = os.fork()
        if child == 0:
            vectors = [(ctypes.c_void_p * (len(vector) + 1))(*vector, None) for vector in (argv, envp)]
            ctypes.CDLL(None, use_errno=True).execve(b'/bin/true', *vectors)
            os.write(sender, errno.errorcode.get(ctypes.get_errno(), 'none').encode())
            os._exit(0)
        os.close(sender)
        seen = os.read(receiver, 100).decode()
        os.close(receiver)
        os.waitpid(child, 0)
        self.expect(row, what, seen == expected, seen)

    def image(self, row, what, data, address):
        """Both start it; the memory differs in the run of pages at `address` and nowhere else."""
        linux, library = self.dumps(data)
        one = [line for line in linux if line.startswith('mem')]
        other = [line for line in library if line.startswith('mem')]
        differing = [a for a, b in zip(one, other) if a != b]
        good = len(one) == len(other) and len(differing) == 1 and differing[0].startswith(f'mem {address:012x}-')
        self.expect(row, what, good, (one, other))

    def hole(self, row, what, data, address):
        """Both start it; Linux lacks the run of pages at `address`, and nothing else differs."""
        linux, library = self.dumps(data)
        one = [line for line in linux if line.startswith(('verdict', 'mem'))]
        other = [line for line in library if line.startswith(('verdict', 'mem'))]
        kept = [line for line in other if not line.startswith(f'mem {address:012x}-')]
        self.expect(row, what, one[0] == 'verdict ok' and one == kept != other, (one, other))

    def thread_storage(self, row, what, header, name):
        """Linux starts the program; libexec makes the same image and a block, or refuses it with the status `name`."""
        path = os.path.join(self.folder, 'difference')
        write_executable(path, elf([load(PLACE), header]))
        linux, library = self.sides.ask_linux(path, []), self.sides.ask_library(path, ['--tls', 'auto'])
        one = [line for line in linux if line.startswith(('mem', 'tls'))]
        other = [line for line in library if line.startswith('mem')]
        block = any(line.startswith('tls') for line in library)
        good = block and one == other if name is None else status(library) == f'LIBEXEC_E_{name}'
        expected = 'ok' if name is None else 'error ENOEXEC'
        self.expect(row, what, answer(linux) == 'ok' and answer(library) == expected and good, (linux, library))

    def with_stack(self, row, limit, data):
        """Both sides' lines with this stack limit; None where the host does not allow it."""
        path = os.path.join(self.folder, 'difference')
        write_executable(path, data)
        try:
            linux = self.sides.ask_linux(path, ['--stack', str(limit)])
        except Skipped as reason:  # what came before counts
            self.skip(row, reason)
            return None
        return linux, self.sides.ask_library(path, ['--limits', f'stack={limit}'])

    def skip(self, row, reason):
        self.skipped.add(row)
        print(f'  not all of row {row} is asked for: {reason}')

    def unasked(self):
        """Counts the rows of the document that nothing was asked of, and questions about rows that it does not have."""
        document = os.path.join(os.path.dirname(__file__), '..', '..', 'docs', 'linux-differences.md')
        with open(document, encoding='utf-8') as file:
            written = {int(number) for number in re.findall(r'^\| (\d+) \|', file.read(), re.MULTILINE)}
        for row in written ^ (self.asked | self.skipped):
            self.wrong += 1
            print(f'  UNEXPECTED row {row} stands in {"the document" if row in written else "the questions"} alone')

    def refused_stack(self, row, what, data, limit, name):
        """With this stack limit Linux starts it, and libexec answers ENOMEM with the status `name`."""
        sides = self.with_stack(row, limit, data)
        if sides is not None:
            linux, library = sides
            seen = (answer(linux), answer(library), status(library))
            self.expect(row, what, seen == ('ok', 'error ENOMEM', f'LIBEXEC_E_{name}'), seen)


def run(sides, folder):
    """Checks all rows; returns how many are not as described."""
    folder = os.path.join(folder, 'differences')
    os.makedirs(folder)
    os.chmod(folder, 0o755)
    rows = Rows(sides, folder)
    many = [load(PLACE + index * PAGE) for index in range(17)]
    rows.refusal(1, 'seventeen segments', elf(many), 'ok', 'ENOEXEC', 'SEGMENT_CAPACITY')
    rows.refusal(2, 'file range past the end', elf([load(PLACE, file_size=2 * SIZE)]), 'ok', 'ENOEXEC', 'OUTSIDE_FILE')
    cut = elf([load(PLACE), load(PLACE + 8 * PAGE, offset=2 * PAGE)], size=2 * PAGE + 100)
    rows.refusal(2, 'cut in the middle', cut, 'ok', 'ENOEXEC', 'OUTSIDE_FILE')
    rows.refusal(3, 'second segment on the stack', elf([load(PLACE), load(0x7ffffffe0000)]), 'ok', 'EEXIST',
                 'SEGMENT_COLLISION')
    rows.image(4, 'tail of a read-only segment', elf([load(PLACE, file_size=0x800, memory_size=0x900)]), PLACE)
    note = (NOTE, READ, 0, 0, 0, 0, 0, 4)
    rows.refusal(5, 'ET_EXEC without segments', elf([note]), 'ok', 'ENOEXEC', 'NO_SEGMENTS')
    rows.refusal(5, 'ET_DYN without segments', elf([note], kind=3), 'ok', 'ENOEXEC', 'NO_SEGMENTS')
    nameless = elf([interpreter(2), load(PLACE)], name=b'\0\0')
    rows.refusal(6, 'empty interpreter name', nameless, 'error EACCES', 'ENOEXEC', 'INTERPRETER_EMPTY')
    for what, byte, name in (('EI_CLASS', 4, 'CLASS'), ('EI_DATA', 5, 'DATA'), ('EI_VERSION', 6, 'VERSION')):
        identification = bytearray(b'\x7fELF\2\1\1')
        identification[byte] ^= 3
        rows.refusal(7, what, elf([load(PLACE)], identification=bytes(identification)), 'ok', 'ENOEXEC', name)
    zeros = elf([load(PLACE), load(PLACE + 0x800, file_size=0, memory_size=PAGE, flags=READ | WRITE)])
    rows.image(8, 'zeros that start inside a page', zeros, PLACE)
    too_long = b'x' * 131072
    rows.refusal(9, 'file and arguments bad', elf([load(PLACE, offset=1)]), 'error E2BIG', 'EINVAL', 'CONGRUENCE',
                 argument=too_long)
    beyond = os.path.join(folder, 'interpreter')
    write_executable(beyond, elf([load(0x10000000)], entry=(1 << 64) - 8))
    name = os.fsencode(beyond) + b'\0'
    program = elf([interpreter(len(name)), load(PLACE)], name=name)
    rows.refusal(10, 'an entry that looks like an error', program, 'error ENOEXEC', 'EINVAL', 'ENTRY_RANGE')
    low = (1 << 64) - 4 * PAGE
    write_executable(beyond, elf([load(low), load((1 << 64) - PAGE)], kind=3, entry=low))
    rows.refusal(10, 'a segment in the last page', program, 'ok', 'ENOMEM', 'ADDRESS_RANGE')
    most = memory() * 3 // 4 // PAGE * PAGE
    halves = [load(PLACE + index * (1 << 42), file_size=0, memory_size=most, flags=READ | WRITE) for index in (0, 1)]
    if overcommits():
        rows.refusal(11, 'memory twice over', elf(halves), 'ok', 'ENOMEM', 'PAGE_BUDGET')
    else:
        rows.skip(11, 'vm.overcommit_memory is not 0')
    entry = 0x30001000
    segments = [load(entry - PAGE, file_size=0), load(entry), load(1 << 47, file_size=0)]
    write_executable(beyond, elf(segments, entry=entry))
    rows.refusal(10, 'an empty segment above the user range', program, 'error EINVAL', 'ENOMEM', 'ADDRESS_RANGE')
    write_executable(beyond, elf(segments, entry=entry - (1 << 47) + (1 << 64)))
    rows.refusal(10, 'the same, the entry made for it', program, 'ok', 'ENOMEM', 'ADDRESS_RANGE')
    write_executable(beyond, elf([load(0x39fff, file_size=0), load(0x17000, file_size=0)], kind=3, entry=0))
    moving = elf([interpreter(len(name)), load(0)], kind=3, entry=0, name=name)
    rows.refusal(10, 'an empty segment that would wrap', moving, 'error EINVAL', 'ENOMEM', 'ADDRESS_RANGE')
    on_the_stack = load(0x7fffffff0000, memory_size=PAGE - 1)
    rows.refusal(9, 'on the stack, p_filesz above p_memsz', elf([on_the_stack, load(PLACE)]), 'error EEXIST', 'EINVAL',
                 'FILE_OVER_MEMORY')
    on_the_stack = load(0x7fffffffd000, memory_size=3 * PAGE)
    rows.refusal(9, 'on the stack, zeros beyond the user range', elf([on_the_stack, load(PLACE)]), 'error EEXIST',
                 'ENOMEM', 'NO_ROOM')
    first = (LOAD, READ | WRITE | EXECUTE, 0, 0, 0, PAGE, PAGE, 1 << 46)
    huge = load(0x10000, file_size=0, memory_size=0x7fff00000000, flags=READ | WRITE)
    if overcommits():
        rows.refusal(9, 'no place for its alignment, too much memory', elf([first, huge], kind=3, entry=0),
                     'error ENOMEM', 'EPERM', 'LOW_ADDRESS')
    write_executable(beyond, elf([load(PLACE + 0x8000), load(PLACE + 0x20000)], entry=PLACE + 0x8000))
    program = elf([interpreter(len(name)), load(PLACE), load(PLACE + 0x10000)], name=name)
    rows.hole(3, 'a program in the hole of its interpreter', program, PLACE + 0x10000)
    long = [elf([load(0), load(size << 40)], kind=3, entry=0) for size in (22, 32, 70)]
    rows.refused_stack(11, 'a static PIE of 32 TiB', long[1], 'unlimited', 'NO_ROOM')
    rows.refused_stack(11, 'one of 70 TiB, a stack of 60 TiB', long[2], 60 << 40, 'NO_ROOM')
    write_executable(beyond, long[0])
    program = elf([interpreter(len(name)), load(PLACE)], name=name)
    rows.refused_stack(11, 'an interpreter of 22 TiB', program, 'unlimited', 'NO_ROOM')
    rows.refused_stack(11, 'a stack of 65 TiB', elf([load(0)], kind=3, entry=0), 65 << 40, 'STACK_SIZE')
    for what, sizes, alignment, name in (('a block', (8, 16), 8, None),
                                         ('no power of two', (8, 16), 24, 'TLS_ALIGNMENT'),
                                         ('p_filesz above p_memsz', (16, 8), 8, 'TLS_SIZE'),
                                         ('a template too long', (2 * SIZE, 2 * SIZE), 8, 'TLS_OUTSIDE_FILE')):
        rows.thread_storage(12, what, (TLS, READ, 0, PLACE, PLACE, *sizes, alignment), name)
    # What libexec answers to these is shown by the unit test the_first_fault_in_order.
    strings = [ctypes.create_string_buffer(string) for string in (b'one', too_long)]  # an address alone keeps nothing
    nowhere, one, longest = 0x1000, *map(ctypes.addressof, strings)
    rows.linux(9, 'a bad argument, a long environment string', [one, nowhere], [longest], 'E2BIG')
    rows.linux(9, 'a long argument, then a bad one', [one, longest, nowhere], [], 'EFAULT')
    rows.linux(9, 'a long argument, a bad environment string', [one, longest], [nowhere], 'EFAULT')
    rows.unasked()
    print(f'differences: {rows.checked - rows.wrong} of {rows.checked} answers as described')
    return rows.wrong
