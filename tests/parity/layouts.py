# SPDX-License-Identifier: MIT
"""Layouts with address randomisation: addresses are never equal, so what is compared is how each side draws them.

Each program is started many times on the host's kernel and laid out as often by the library. For each address that is
drawn Linux's rules say from which numbers: pages (or 16 bytes, or what the program is aligned to) counted from a known
place. Both sides must keep to alignment and range, use nearly all of the range, and vary every bit of the number, no
two of them together, as those of a word that is used twice would.

Where libexec draws from fewer numbers on purpose they are named here (`own`), and the table shows it.
"""

import os
from fractions import Fraction

import forged
from tools import Skipped

COUNT = 200  # starts of each program
SHARE = Fraction(9, 10)  # of a range that must lie between the lowest and the highest draw
PAGE = 0x1000
SIDES = ('Linux', 'libexec')

# Linux's rules for x86-64.
USER_END = (1 << 47) - PAGE  # DEFAULT_MAP_WINDOW; the stack's end without randomisation
STACK_PAGES = 0x3fffff  # STACK_RND_MASK
STACK_LIMIT = 8 << 20
STACK_GUARD = 1 << 20  # stack_guard_gap
MMAP_BITS = 28  # vm.mmap_rnd_bits
MMAP_BASE = USER_END - STACK_LIMIT - STACK_GUARD - STACK_PAGES * PAGE  # mmap_base()
PIE_BASE = USER_END // 3 * 2  # ELF_ET_DYN_BASE
BRK_SPAN = 1 << 30  # arch_randomize_brk()
STACK_STEP = 16  # arch_align_stack()

# setup_arg_pages() takes up to 8191 bytes more from the stack's end before it is rounded to pages.
STACK_EXTRA = 2
# The library's stack pointer stays in the lower half of a page, so that the vectors of most programs end in it too.
OWN_STACK_POINTERS = 0x7f0 // STACK_STEP + 1

KINDS = {
    'static': forged.SEEDS['static'],
    'static PIE': forged.SEEDS['static-pie'],
    'dynamic': forged.SEEDS['dynamic'],
    'dynamic PIE': forged.SEEDS['pie'],
    'PIE of 2 MiB pages': [*forged.SEEDS['pie'], '-Wl,-z,max-page-size=0x200000'],
}


def down(value, step):
    return value - value % step


def up(value, step):
    return value + -value % step


class Program:
    """What decides where a program goes, from its bytes."""

    def __init__(self, data):
        self.moves = int.from_bytes(data[16:18], 'little') == 3
        self.entry = int.from_bytes(data[24:32], 'little')
        loads = list(forged.program_headers(data))
        self.start = down(min(address for _, address, _, _ in loads), PAGE)
        self.end = up(max(address + memory_size for _, address, _, memory_size in loads), PAGE)
        table, count = int.from_bytes(data[32:40], 'little'), int.from_bytes(data[56:58], 'little')
        self.alignment, self.interpreter = PAGE, None
        for start in range(table, table + 56 * count, 56):
            kind, offset, size, alignment = [int.from_bytes(data[start + at:start + at + width], 'little')
                                             for at, width in ((0, 4), (8, 8), (32, 8), (48, 8))]
            if kind == 1:
                self.alignment = max(self.alignment, alignment)
            elif kind == 3:
                with open(data[offset:offset + size - 1], 'rb') as file:
                    self.interpreter = Program(file.read())


class Quantity:
    """An address that is drawn: `zero`, and up or down from there `count` numbers of steps (the library's are `own`);
    Linux's may be `extra` more, rarely."""

    def __init__(self, name, zero, step, count, sign=1, extra=0, own=None, about=''):
        self.name, self.zero, self.step, self.sign = name, zero, step, sign
        self.about = f'{about}{zero:x}'
        self.counts = (count, own or count)
        self.most = count - 1 + extra

    def number(self, value):
        """How many steps `value` is away from zero; a Fraction where it is not aligned."""
        return Fraction((value - self.zero) * self.sign, self.step)

    def bits(self, side):
        return self.counts[side].bit_length() - 1


def quantities(program):
    """What is drawn for `program`, and from where, by Linux's rules."""
    found = [Quantity("stack's end", USER_END, PAGE, STACK_PAGES + 1, sign=-1, extra=STACK_EXTRA),
             Quantity('stack pointer in page', 0, STACK_STEP, PAGE // STACK_STEP, own=OWN_STACK_POINTERS)]
    if program.moves and program.interpreter:
        lowest = down(PIE_BASE, program.alignment)
        highest = down(PIE_BASE + ((1 << MMAP_BITS) - 1) * PAGE, program.alignment)
        found.append(Quantity('program', lowest, program.alignment, (highest - lowest) // program.alignment + 1))
    if program.moves or program.interpreter:
        found.append(Quantity('mmap area', MMAP_BASE, PAGE, 1 << MMAP_BITS, sign=-1))
    if program.moves and not program.interpreter:
        found.append(Quantity('brk', up(PIE_BASE, PAGE), PAGE, BRK_SPAN // PAGE))
    else:
        found.append(Quantity('brk', program.end + PAGE, PAGE, BRK_SPAN // PAGE,
                              about='image + ' if program.moves else ''))
    return found


def values(program, lines):
    """The addresses of a dump, by the names of the quantities."""
    if lines[0] != 'verdict ok':
        raise RuntimeError(f'a good program came to {lines[0]}')
    entries, stack, brk = {}, None, None
    for words in (line.split(' ') for line in lines):
        if words[0] == 'aux':
            entries[words[2]] = int(words[3], 16)
        elif words[0] == 'stack':
            stack = [int(word.split('=')[1], 16) for word in words[1:3]]
        elif words[0] == 'brk':
            brk = int(words[1].split('=')[1], 16)
    bias = entries['AT_ENTRY'] - program.entry
    found = {"stack's end": stack[1], 'stack pointer in page': stack[0] % PAGE, 'brk': brk}
    if program.interpreter:
        found['program'] = program.start + bias
        found['mmap area'] = entries['AT_BASE'] + program.interpreter.end
        found['brk'] -= bias
    else:
        found['mmap area'] = program.end + bias
    return found


# ---- the judgement --------------------------------------------------------------------------------------------------


def too_narrow(count, draws):
    """How likely so many fair draws of `count` numbers span less than SHARE of them."""
    most = least_span(count) - 1
    # Draws within a window of most + 1 numbers, less those within two neighbouring windows: they count twice.
    ways = (count - most) * (most + 1) ** draws - (count - most - 1) * most ** draws
    return float(Fraction(ways, count ** draws))


def least_span(count):
    return -(-SHARE * (count - 1) // 1)


def columns(draws, bits):
    """For each bit of the numbers one integer, which has that bit of every draw."""
    return [sum((number >> bit & 1) << index for index, number in enumerate(draws)) for bit in range(bits)]


def false_alarm(drawn):
    """How likely at most two sides that draw fairly are refused; `drawn`: for each program its quantities."""
    total = 0.0
    for found in drawn:
        for side in range(len(SIDES)):
            total += sum(too_narrow(quantity.counts[side], COUNT) for quantity in found)
            bits = sum(quantity.bits(side) for quantity in found)
            total += (bits + bits * (bits - 1) / 2) * 2.0 ** (1 - COUNT)
    return total


class Judgement:
    """What one side drew of one quantity."""

    def __init__(self, quantity, side, drawn):
        self.faults = []
        numbers = [quantity.number(value) for value in drawn]
        odd = [value for value, number in zip(drawn, numbers) if number.denominator != 1]
        if odd:
            self.faults.append(f'{len(odd)} of {len(drawn)} not aligned to {quantity.step:#x}, {odd[0]:#x} among them')
        draws = [int(number) for number in numbers]
        wrong = [value for value, draw in zip(drawn, draws) if not 0 <= draw <= quantity.most]
        if wrong:
            self.faults.append(f'{len(wrong)} of {len(drawn)} outside the range, {wrong[0]:#x} among them')
        count, span = quantity.counts[side], max(draws) - min(draws)
        self.share = 100 * span / (count - 1)
        if span < least_span(count):
            self.faults.append(f'{self.share:.2f} % of the range used')
        all_columns = columns([max(draw, 0) for draw in draws], quantity.bits(side))
        self.constant = (0, (1 << len(draws)) - 1)
        self.columns = {(quantity.name, bit): column for bit, column in enumerate(all_columns)
                        if column not in self.constant}
        self.bits = len(self.columns)
        if self.bits < quantity.bits(side):
            self.faults.append(f'{self.bits} of {quantity.bits(side)} bits vary')


def tied(judgements):
    """Pairs of bits of one side that are always equal, or never."""
    seen, found = {}, []
    for judgement in judgements:
        for name, column in judgement.columns.items():
            key = min(column, judgement.constant[1] ^ column)
            if key in seen:
                found.append((seen[key], name))
            seen[key] = name
    return found


# ---- both sides -----------------------------------------------------------------------------------------------------


def setting(name):
    """A setting of the kernel; None where only a privileged user may read it."""
    try:
        with open(f'/proc/sys/{name}', encoding='ascii') as file:
            return file.read().strip()
    except OSError:
        return None


def expect_defaults():
    """Skips where the kernel draws otherwise than the library's facts about x86-64 say."""
    for name, value in (('kernel/randomize_va_space', '2'), ('vm/legacy_va_layout', '0'),
                        ('vm/mmap_rnd_bits', str(MMAP_BITS))):
        seen = setting(name)
        if seen not in (value, None):
            raise Skipped(f'{name} is {seen} here, not {value}')


def expect_mmap_bits(quantity, drawn):
    """Where the setting cannot be read, what Linux drew shows whether it has more bits than the library."""
    bits = max(int(quantity.number(value)) for value in drawn).bit_length()
    if setting('vm/mmap_rnd_bits') is None and bits > MMAP_BITS:
        raise Skipped(f'vm/mmap_rnd_bits is {bits} or more here, not {MMAP_BITS}')


def draw(sides, path, program, seed):
    """The values of each side, by the names of the quantities."""
    dumps = (sides.starts(path, COUNT), sides.layouts(path, range(seed * COUNT, (seed + 1) * COUNT)))
    return [[values(program, lines) for lines in side] for side in dumps]


def size(count):
    """A power of two of bytes, as text."""
    for unit in ('bytes', 'KiB', 'MiB', 'GiB'):
        if count < 1024:
            return f'{count} {unit}'
        count = round(count / 1024)
    return f'{count} TiB'


def print_row(title, quantity, judgements):
    way = 'down from' if quantity.sign < 0 else 'up from'
    span = f'{size(quantity.counts[0] * quantity.step)} {way} {quantity.about}'
    used = '  '.join(f'{judgement.share:6.1f} % {judgement.bits:4d}' for judgement in judgements)
    star = ' *' if quantity.counts[0] != quantity.counts[1] else ''
    print(f'  {title:<19} {quantity.name:<22} {span:<30} {size(quantity.step):<9} {used}{star}')


def compare(title, drawn, found):
    """Prints the rows of one program, and what is unexpected; returns how much."""
    unexpected, by_side = 0, ([], [])
    for index, quantity in enumerate(found):
        judgements = [Judgement(quantity, side, [place[quantity.name] for place in drawn[side]])
                      for side in range(len(SIDES))]
        print_row('' if index else title, quantity, judgements)
        for side, judgement in enumerate(judgements):
            by_side[side].append(judgement)
            for fault in judgement.faults:
                unexpected += 1
                print(f'  UNEXPECTED {title}, {quantity.name}, {SIDES[side]}: {fault}')
    for side, judgements in enumerate(by_side):
        for pair in tied(judgements)[:5]:
            unexpected += 1
            print(f'  UNEXPECTED {title}, {SIDES[side]}: {pair[0]} and {pair[1]} vary together')
    return unexpected


def run(options, sides, folder, run_tool):
    """Compares all; returns how much is unexpected."""
    expect_defaults()
    folder = os.path.join(folder, 'layouts')
    os.makedirs(folder)
    os.chmod(folder, 0o755)
    source = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'seed.c')
    good = forged.build(options.compiler, source, folder, run_tool, KINDS)
    print(f'layouts with randomisation, {COUNT} of each program on either side (seed {options.seed}): how much of'
          " Linux's range\nlies between the lowest and the highest, and how many bits vary")
    print(f'  {"program":<19} {"drawn":<22} {"range":<30} {"step":<9} {"Linux":>8} bits  {"libexec":>8} bits')
    unexpected, everything = 0, []
    for index, (title, data) in enumerate(good.items()):
        program = Program(data)
        found = quantities(program)
        drawn = draw(sides, os.path.join(folder, title), program, options.seed * len(good) + index)
        for quantity in found:
            if quantity.name == 'mmap area':
                expect_mmap_bits(quantity, [place[quantity.name] for place in drawn[0]])
        everything.append(found)
        unexpected += compare(title, drawn, found)
    print(f"  * libexec's own range, {OWN_STACK_POINTERS} of Linux's {PAGE // STACK_STEP} places in a page\n"
          f'random layouts: {unexpected} unexpected; a false alarm has a probability of '
          f'{false_alarm(everything):.0e}')
    return unexpected
