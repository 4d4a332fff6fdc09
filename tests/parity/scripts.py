# SPDX-License-Identifier: MIT
"""Every form of `#!` line: whole dumps of the library and of the host's kernel, equal."""

import os

from forged import write_executable
from tools import first_difference

PROGRAM = b'/bin/true'
LINE = 256  # bytes of a script that count, the last of them as a terminator


def padded(length, end):
    """A `#!` line whose path, made longer by slashes, ends right before byte `length`; then `end`."""
    return b'#!' + b'/' * (length - 2 - len(PROGRAM)) + PROGRAM + end


def lines():
    """Name and bytes of every form."""
    forms = {
        'plain': b'#!/bin/true\n', 'no newline': b'#!/bin/true', 'blank before': b'#! /bin/true\n',
        'tabs': b'#!\t /bin/true \t\n', 'argument': b'#!/bin/true one\n', 'one argument': b'#!/bin/true a b  c \n',
        'argument after tab': b'#!/bin/true\ta\tb\t\n', 'carriage return': b'#!/bin/true\r\n',
        'carriage return in argument': b'#!/bin/true x\r\n', 'empty': b'#!\n',
        'blanks': b'#!   \n', 'tabs only': b'#!\t\t\n',
        'blank, path on next line': b'#! \n/bin/true\n', 'NUL after path': b'#!/bin/true\0xx yy\n',
        'NUL in argument': b'#!/bin/true aa\0bb cc\n', 'NUL before newline': b'#!/bin/true a\0\n',
        'missing interpreter': b'#!/nonexistent/interpreter\n', 'directory': b'#!/tmp\n', 'device': b'#!/dev/null\n',
        'not executable': b'#!/etc/passwd\n', 'path through a file': b'#!/etc/passwd/x\n',
        'relative interpreter': b'#!nonexistent\n', 'high bytes': b'#!/bin/true \xff\xfe\x80\n',
        'path component too long': b'#!/' + b'a' * 252 + b'\n', 'just the marker': b'#!',
        'NUL first': b'#!\0/bin/true\n',
        'blank, then end': b'#! ', 'marker after blank': b' #!/bin/true\n', 'half a marker': b'#',
        'binary interpreter path': b'#!/bin/\x01\x02\n', 'text behind': b'#!/bin/true\n' + b'text\n' * 200,
        'empty file': b'', 'one newline': b'\n', 'argument is NUL': b'#!/bin/true \0\n',
    }
    for length in range(LINE - 8, LINE + 4):
        forms[f'path to byte {length}, newline'] = padded(length, b'\n')
        forms[f'path to byte {length}, argument'] = padded(length, b' a\n')
        forms[f'path to byte {length}, tab'] = padded(length, b'\t\n')
        forms[f'path to byte {length}, end of file'] = padded(length, b'')
        forms[f'path to byte {length}, NUL'] = padded(length, b'\0\n')
        forms[f'argument to byte {length}'] = b'#!/bin/true ' + b'a' * (length - 12) + b'\n'
        forms[f'argument to byte {length}, end of file'] = b'#!/bin/true ' + b'a' * (length - 12)
        forms[f'argument with blanks to byte {length}'] = b'#!/bin/true aaa' + b' ' * (length - 15) + b'\n'
        forms[f'argument, blanks to byte {length}, more'] = b'#!/bin/true aaa' + b' ' * (length - 15) + b'b\n'
        forms[f'blanks to byte {length}'] = b'#!' + b' ' * (length - 2) + b'\n'
        forms[f'blanks to byte {length}, path'] = b'#!' + b' ' * (length - 2) + b'/bin/true\n'
        forms[f'blanks so that the path ends at byte {length}'] = b'#!' + b' ' * (length - 11) + b'/bin/true\n'
    return forms


WAYS = {
    'by path': [],
    'with argv[0]': ['--argv0', 'zero'],
    'without arguments': ['--no-arguments'],
    'with environment': ['--env', 'A=1', '--env', 'LONGER=two words'],
    'by descriptor': ['--descriptor'],
    'by close-on-exec descriptor': ['--close-on-exec'],
}


def nests(folder):
    """Scripts that name scripts, over good and bad ends; from the folder they are in, as no `#!` line holds every
    path."""
    ends = {'program': '/bin/true', 'missing': '/nonexistent', 'directory': '/tmp'}
    for name, end in ends.items():
        interpreter = end
        for depth in range(1, 9):
            script = f'nest-{name}-{depth}'
            write_executable(os.path.join(folder, script), f'#!{interpreter} a{depth}\n'.encode())
            yield f'{depth} scripts over {name}', os.path.join(folder, script)
            interpreter = './' + script
    write_executable(os.path.join(folder, 'nest-itself'), b'#!./nest-itself\n')
    yield 'a script that names itself', os.path.join(folder, 'nest-itself')


def cases(folder):
    for index, (name, data) in enumerate(lines().items()):
        path = os.path.join(folder, f'script-{index:03d}')
        write_executable(path, data)
        yield name, path
    yield from nests(folder)


def run(sides, folder):
    """Compares every form in every way; returns how many differ unexpectedly."""
    script_folder = os.path.join(folder, 'scripts')
    os.makedirs(script_folder)
    os.chmod(script_folder, 0o755)
    made = list(cases(script_folder))
    os.chdir(script_folder)
    equal, unexpected = 0, 0
    for way, options in WAYS.items():
        answers = sides.dumps([path for _, path in made], options)
        for (name, _), (path, linux, library) in zip(made, answers):
            difference = first_difference(linux, library)
            if not difference:
                equal += 1
            else:
                unexpected += 1
                if unexpected <= 20:
                    print(f'  UNEXPECTED script `{name}` {way}:\n    {difference}')
    os.chdir('/')
    total = len(made) * len(WAYS)
    print(f'scripts: {equal} of {total} equal ({len(made)} forms in {len(WAYS)} ways)')
    return unexpected
