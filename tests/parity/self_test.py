# SPDX-License-Identifier: MIT
"""Shows that the parity tests would notice: every line of a dump matters, unknown answers count, forging repeats, and
addresses that are drawn badly are told from those drawn well."""

import contextlib
import io
import itertools
import os
import random
import struct
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import forge
import forged
import layouts
import parity
from tools import SKIPPED, Skipped, first_difference, split_batch

DUMP = [
    'verdict ok', 'entry 401000', 'stack rsp=7ffe00 end=7ffff000 perm=rw-', 'argc 2',
    'arg 0 at=7ffe08 ptr=7fff00 "/a b" len=4', 'arg 1 at=7ffe10 ptr=7fff05 "x" len=1',
    'env 0 at=7ffe20 ptr=7fff07 "A=1" len=3', 'aux at=7ffe30 AT_PAGESZ 1000', 'aux at=7ffe40 AT_RANDOM 7ffee0',
    'aux at=7ffe50 AT_NULL 0', 'execfn "/a b"', 'platform "x86_64"', 'brk start=402000',
    'mem 000000400000-000000401000 r-x- nonzero=1 hash=0123456789abcdef',
]


def moved(lines, by):
    """The same stack `by` bytes higher."""
    result = []
    for line in lines:
        words = line.split(' ')
        for index, word in enumerate(words):
            name, equals, value = word.partition('=')
            if words[0] in ('stack', 'arg', 'env', 'aux') and name in ('rsp', 'at', 'ptr'):
                words[index] = f'{name}{equals}{int(value, 16) + by:x}'
        result.append(' '.join(words))
    return result


class Dumps(unittest.TestCase):
    def test_equal(self):
        self.assertEqual(first_difference(DUMP, list(DUMP)), '')

    def test_stack_may_stand_elsewhere(self):
        self.assertEqual(first_difference(DUMP, moved(DUMP, 0x1230)), '')

    def test_stack_must_stay_aligned(self):
        self.assertNotEqual(first_difference(DUMP, moved(DUMP, 8)), '')

    def test_every_line_matters(self):
        changes = [('ok', 'error EIO -'), ('401000', '401001'), ('perm=rw-', 'perm=rwx'), ('argc 2', 'argc 3'),
                   ('a b', 'a c'),
                   ('"x"', '"y"'), ('A=1', 'A=2'), ('AT_PAGESZ 1000', 'AT_PAGESZ 2000'), ('AT_RANDOM', 'AT_BASE'),
                   ('AT_NULL', 'AT_FLAGS'), ('execfn "/a', 'execfn "/b'), ('x86_64', 'x86'), ('402000', '403000'),
                   ('0123', '1123'), ('r-x', 'rwx'), ('nonzero=1', 'nonzero=2'), ('end=7ffff000', 'end=7fffe000')]
        for old, new in changes:
            changed = [line.replace(old, new) for line in DUMP]
            self.assertNotEqual(changed, DUMP, old)
            self.assertNotEqual(first_difference(DUMP, changed), '', old)

    def test_every_line_must_be_there(self):
        for index, line in enumerate(DUMP):
            self.assertNotEqual(first_difference(DUMP, DUMP[:index] + DUMP[index + 1:]), '', line)

    def test_strings_follow_one_another(self):
        changed = [line.replace('ptr=7fff05', 'ptr=7fff06') for line in DUMP]
        self.assertNotEqual(first_difference(DUMP, changed), '')

    def test_vectors_have_no_gaps(self):
        changed = [line.replace('at=7ffe20', 'at=7ffe28') for line in DUMP]
        self.assertNotEqual(first_difference(DUMP, changed), '')

    def test_missing_answer(self):
        with self.assertRaises(RuntimeError):
            split_batch(['/a', 'verdict ok', 'entry 1'], ['/a', '/b'])


class Verdicts(unittest.TestCase):
    def tally(self, linux, library):
        tally = forged.Tally()
        tally.add('file', linux, library)
        return tally

    def test_equal(self):
        self.assertEqual(self.tally('verdict error ENOEXEC -', 'verdict error ENOEXEC LIBEXEC_E_MAGIC').equal, 1)

    def test_other_errno(self):
        tally = self.tally('verdict error EINVAL -', 'verdict error ENOEXEC LIBEXEC_E_MAGIC')
        self.assertEqual(len(tally.different), 1)

    def test_laxer_than_linux(self):
        self.assertEqual(len(self.tally('verdict error EINVAL -', 'verdict ok').different), 1)

    def test_row_with_another_answer(self):
        tally = self.tally('verdict error EINVAL -', 'verdict error ENOEXEC LIBEXEC_E_OUTSIDE_FILE')
        self.assertEqual(len(tally.different), 1)

    def test_numbered_row(self):
        self.assertEqual(self.tally('verdict ok', 'verdict error ENOEXEC LIBEXEC_E_OUTSIDE_FILE').rows, {2: 1})


class Forging(unittest.TestCase):
    def setUp(self):
        header = bytearray(64 + 56)
        header[32] = 64
        header[56] = 1
        self.data = bytes(header)

    def test_repeats(self):
        one = [forge.describe(changes) for changes in forge.series(self.data, 300, 5, 0.5)]
        other = [forge.describe(changes) for changes in forge.series(self.data, 300, 5, 0.5)]
        self.assertEqual(one, other)
        self.assertNotEqual(one, [forge.describe(changes) for changes in forge.series(self.data, 300, 6, 0.5)])

    def test_changes_what_it_says(self):
        for changes in forge.series(self.data, 300, 1, 0.5):
            changed = forge.forge(self.data, changes)
            self.assertNotEqual(changed, self.data)
            for field, value in changes:
                self.assertEqual(field.get(changed), value % (1 << 8 * field.width))


def elf(kind, alignment, interpreter=b''):
    """A program of two pages and a bit with its first page at 0x10000."""
    loads = [(1, 5, 0, 0x10000, 0, 0x1000, 0x1000, 0x1000), (1, 6, 0, 0x11000, 0, 8, 0x1001, alignment)]
    headers = loads + [(3, 4, 400, 0, 0, len(interpreter) + 1, 0, 1)] * bool(interpreter)
    data = bytearray(400) + interpreter + b'\0'
    fields = (b'\x7fELF\2\1\1', kind, 62, 1, 0x10100, 64, 0, 0, 64, 56, len(headers), 0, 0, 0)
    struct.pack_into('<16sHHIQQQIHHHHHH', data, 0, *fields)
    for index, header in enumerate(headers):
        struct.pack_into('<IIQQQQQQ', data, 64 + 56 * index, *header)
    return bytes(data)


class Drawing(unittest.TestCase):
    QUANTITY = layouts.Quantity('place', 1 << 40, 0x1000, 1 << 20)

    def draw(self, count=1 << 20, seed=1):
        return [random.Random(seed + index).randrange(count) for index in range(layouts.COUNT)]

    def judge(self, numbers, quantity=QUANTITY, side=1):
        return layouts.Judgement(quantity, side, [quantity.zero + quantity.sign * quantity.step * number
                                                  for number in numbers])

    def faults(self, numbers, *quantity):
        return ' '.join(self.judge(numbers, *quantity).faults)

    def test_fair(self):
        self.assertEqual(self.faults(self.draw()), '')
        self.assertEqual(self.faults(self.draw(), layouts.Quantity('place', 1 << 40, 16, 1 << 20, sign=-1)), '')

    def test_no_randomisation(self):
        self.assertIn('0 of 20 bits', self.faults([0] * layouts.COUNT))

    def test_fewer_bits(self):
        self.assertIn('% of the range used', self.faults(self.draw(1 << 19)))
        self.assertIn('19 of 20 bits', self.faults(self.draw(1 << 19)))

    def test_upper_part(self):
        self.assertIn('% of the range used', self.faults([(1 << 20) - 1 - number // 2 for number in self.draw()]))

    def test_stuck_bit(self):
        for stuck in ([number & ~4 for number in self.draw()], [number | 4 for number in self.draw()]):
            self.assertEqual(self.faults(stuck), '19 of 20 bits vary')

    def test_alignment(self):
        quantity = self.QUANTITY
        drawn = [quantity.zero + quantity.step * number for number in self.draw()]
        drawn[5] += 0x800
        self.assertIn('1 of 200 not aligned', ' '.join(layouts.Judgement(quantity, 0, drawn).faults))

    def test_bounds(self):
        for number in (-1, 1 << 20):
            self.assertIn('1 of 200 outside', self.faults([*self.draw()[1:], number]))
        with_more = layouts.Quantity('place', 1 << 40, 0x1000, 1 << 20, extra=2)
        self.assertEqual(self.faults([*self.draw()[1:], (1 << 20) + 1], with_more), '')
        self.assertIn('1 of 200 outside', self.faults([*self.draw()[1:], (1 << 20) + 2], with_more))

    def test_own_range(self):
        quantity = layouts.Quantity('place', 0, 16, 256, own=128)
        self.assertEqual(self.faults(self.draw(128), quantity, 1), '')
        self.assertNotEqual(self.faults(self.draw(128), quantity, 0), '')
        self.assertNotEqual(self.faults(self.draw(64), quantity, 1), '')

    def test_one_word_for_two(self):
        other = layouts.Quantity('other', 0, 0x1000, 1 << 16)
        one = self.judge(self.draw())
        self.assertEqual(layouts.tied([one, self.judge(self.draw(1 << 16, 5000), other)]), [])
        for twice in ([number >> 4 for number in self.draw()], [~number & 0xffff for number in self.draw()]):
            self.assertEqual(len(layouts.tied([one, self.judge(twice, other)])), 16)

    def test_probability(self):
        for count, draws in ((10, 3), (23, 2), (6, 5)):
            narrow = sum(max(drawn) - min(drawn) < layouts.least_span(count)
                         for drawn in itertools.product(range(count), repeat=draws))
            self.assertAlmostEqual(layouts.too_narrow(count, draws), narrow / count ** draws, 12)

    def test_false_alarms_are_rare(self):
        loader = b'/lib64/ld-linux-x86-64.so.2' if os.path.exists('/lib64/ld-linux-x86-64.so.2') else b''
        kinds = [elf(2, 0x1000), elf(3, 0x1000), elf(2, 0x1000, loader), elf(3, 0x1000, loader),
                 elf(3, 0x200000, loader)]
        self.assertEqual(len(kinds), len(layouts.KINDS))
        self.assertLess(layouts.false_alarm([layouts.quantities(layouts.Program(data)) for data in kinds]), 1e-6)

    def test_places(self):
        program = layouts.Program(elf(3, 0x200000))
        self.assertEqual((program.moves, program.start, program.end, program.alignment, program.interpreter),
                         (True, 0x10000, 0x13000, 0x200000, None))
        dump = [line.replace('AT_PAGESZ 1000', 'AT_ENTRY 50100') for line in DUMP]
        self.assertEqual(layouts.values(program, dump), {
            "stack's end": 0x7ffff000, 'stack pointer in page': 0xe00, 'brk': 0x402000, 'mmap area': 0x53000})

    def test_refusal_is_no_draw(self):
        with self.assertRaises(RuntimeError):
            layouts.values(layouts.Program(elf(3, 0x1000)), ['verdict error ENOEXEC -'])


class Skipping(unittest.TestCase):
    GOOD = {'kernel/randomize_va_space': '2', 'vm/legacy_va_layout': '0', 'vm/mmap_rnd_bits': '28'}

    def setUp(self):
        self.kept = layouts.setting, dict(parity.PARTS)

    def tearDown(self):
        layouts.setting = self.kept[0]
        parity.PARTS.update(self.kept[1])

    def test_settings_of_the_kernel(self):
        layouts.setting = self.GOOD.get
        layouts.expect_defaults()
        layouts.setting = {**self.GOOD, 'vm/mmap_rnd_bits': None}.get
        layouts.expect_defaults()
        for name in self.GOOD:
            layouts.setting = {**self.GOOD, name: '1'}.get
            with self.assertRaises(Skipped):
                layouts.expect_defaults()

    def test_setting_that_cannot_be_read(self):
        quantity = layouts.Quantity('mmap area', 1 << 46, 0x1000, 1 << 28, sign=-1)
        more = [(1 << 46) - (number << 40) for number in range(9)]
        layouts.setting = self.GOOD.get
        layouts.expect_mmap_bits(quantity, more)
        layouts.setting = {}.get
        layouts.expect_mmap_bits(quantity, more[:1])
        with self.assertRaises(Skipped):
            layouts.expect_mmap_bits(quantity, more)

    def test_one_part_of_two(self):
        def skip(*_):
            raise Skipped('not here')

        parity.PARTS.update(random=skip, limits=lambda *_: 3)
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(parity.run_parts(['random', 'limits'], None, None, ''), (3, 1))

    def test_older_kernel(self):
        kept = parity.platform.release
        try:
            for release, status in (('6.1.0-9-amd64', SKIPPED), ('5.15', SKIPPED), ('6.14.2', SKIPPED), ('6.15.3', 1),
                                    ('10.0', 1)):
                parity.platform.release = lambda release=release: release
                with contextlib.redirect_stdout(io.StringIO()):
                    self.assertEqual(parity.exit_status(3, 0, 1), status, release)
                    self.assertEqual(parity.exit_status(0, 0, 1), 0)
                    self.assertEqual(parity.exit_status(0, 1, 1), SKIPPED)
        finally:
            parity.platform.release = kept


if __name__ == '__main__':
    unittest.main()
