# SPDX-License-Identifier: MIT
"""Limits of the arguments, to the byte, on several stack limits: the answers and, where there is one, the image."""

import os

from tools import Skipped, first_difference

STRING_MAX = 131072
PAGE = 4096


def total_limit(stack):
    return max(min(6 << 20, stack // 4), STRING_MAX)


def cases(path):
    """Name, stack limit, and how many strings of how many bytes (NUL included) follow argv[0]."""
    for stack in (256 << 10, 1 << 20, 8 << 20):
        # execfn and argv[0] are the path; then `count` strings of `size` bytes, and pointers to all of argv
        fixed = 2 * (len(path) + 1)
        for size in (PAGE, 60000):
            count = (total_limit(stack) - fixed) // (size + 8) - 1
            rest = total_limit(stack) - fixed - count * (size + 8) - 2 * 8
            for more in (-1, 0, 1, 2):
                yield f'stack {stack >> 10} KiB, {count} strings of {size} and one of {rest + more}', stack, \
                    [(count, size), (1, rest + more)]
        if stack > 1 << 20:
            continue  # hundreds of thousands of lines; nothing new
        pointers = (total_limit(stack) - fixed - 8) // (2 + 8)
        for more in (-1, 0, 1):
            yield f'stack {stack >> 10} KiB, {pointers + more} short strings', stack, [(pointers + more, 2)]
    for size in (STRING_MAX - 1, STRING_MAX, STRING_MAX + 1):
        yield f'one string of {size}', 8 << 20, [(1, size)]
    for stack in (127 << 20, (127 << 20) - 100, (127 << 20) + 100, 200001 << 10):  # the mmap area begins below them
        yield f'stack {stack} bytes, no argument', stack, []


def run(sides, folder):
    """Compares all cases; returns how many differ."""
    program = '/bin/true'
    equal, total, unexpected, skipped = 0, 0, 0, None
    for name, stack, strings in cases(program):
        path = os.path.join(folder, 'arguments')
        with open(path, 'wb') as file:
            for count, size in strings:
                file.write((b'x' * (size - 1) + b'\0') * count)
        option = ['--arguments', path]
        try:
            linux = sides.ask_linux(program, ['--stack', str(stack), *option])
        except Skipped as reason:
            skipped = reason
            print(f'  {name}: not asked for: {reason}')
            continue
        library = sides.ask_library(program, ['--limits', f'stack={stack}', *option])
        difference = first_difference(linux, library)
        total += 1
        equal += not difference
        if difference:
            unexpected += 1
            print(f'  UNEXPECTED {name}:\n    {difference[:300]}')
    if total == 0:
        raise skipped
    print(f'limits: {equal} of {total} equal')
    return unexpected
