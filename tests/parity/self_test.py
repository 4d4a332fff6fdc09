# SPDX-License-Identifier: MIT
"""Shows that the parity tests would notice: every line of a dump matters, unknown answers count, forging repeats."""

import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import forge
import forged
from tools import first_difference, split_batch

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


if __name__ == '__main__':
    unittest.main()
