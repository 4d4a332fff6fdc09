# SPDX-License-Identifier: MIT
"""Programs as they are: every ELF executable of the host, and some built for the purpose; whole dumps, equal."""

import os
import shutil
import stat
import subprocess

from tools import Skipped, first_difference

FOLDERS = ['/usr/bin', '/usr/sbin', '/usr/local/bin', '/usr/lib/klibc/bin', '/usr/lib/git-core', '/usr/libexec']
QUICK = 150

BUILDS = {
    # name: options; musl by its own compiler, the others by the one that is asked for
    'glibc-dynamic': [], 'glibc-no-pie': ['-no-pie'], 'glibc-static': ['-static'], 'glibc-static-pie': ['-static-pie'],
    'musl-dynamic': [], 'musl-static': ['-static'], 'musl-static-pie': ['-static-pie', '-fPIE'],
    'glibc-2MiB': ['-Wl,-z,max-page-size=0x200000'], 'glibc-exec-stack': ['-Wl,-z,execstack'],
    'static-pie-2MiB': ['-static-pie', '-Wl,-z,max-page-size=0x200000'],
    'static-pie-64KiB': ['-static-pie', '-Wl,-z,max-page-size=0x10000'],
}
SOURCE = ('#include <stdio.h>\nstatic _Thread_local int own = 7;\nstatic char zeros[3 << 20];\n'
          'int main(int argc, char **argv) {\n    zeros[argc] = 1;\n'
          '    printf("%d %s %d\\n", argc, argv[0], own + zeros[1]);\n    return 0;\n}\n')
GO_SOURCE = 'package main\nfunc main() { println("hello") }\n'

# With strings that fill more than a page, and with none; and on other stacks.
WAYS = {
    'plain': [],
    'with environment': ['--env', 'HOME=/root', '--env', 'PATH=/usr/bin:/bin', '--env', 'LONG=' + 'x' * 5000],
    'without arguments': ['--no-arguments'],
}


def is_elf_executable(path):
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode) or status.st_mode & 0o001 == 0:
            return False
        with open(path, 'rb') as file:
            return file.read(4) == b'\x7fELF'
    except OSError:
        return False


def installed():
    found = {}
    for folder in FOLDERS:
        for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
            path = os.path.join(folder, name)
            if is_elf_executable(path):
                found.setdefault(os.path.realpath(path), path)
    return sorted(found.values())


def loaders():
    """The loaders themselves, started directly."""
    names = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-musl-x86_64.so.1']
    return [name for name in names if is_elf_executable(name)]


def built(compiler, folder, run_tool):
    """What could be built, and what has no compiler here. A compiler that fails is a failure."""
    source = os.path.join(folder, 'program.c')
    with open(source, 'w', encoding='ascii') as file:
        file.write(SOURCE)
    paths, missing = [], []
    for name, flags in BUILDS.items():
        command = 'musl-gcc' if name.startswith('musl') else compiler
        if shutil.which(command) is None:
            missing.append(name)
            continue
        path = os.path.join(folder, 'built-' + name)
        run_tool([command, *flags, source, '-o', path])
        paths.append(path)
    if shutil.which('go'):
        path = os.path.join(folder, 'built-go')
        with open(path + '.go', 'w', encoding='ascii') as file:
            file.write(GO_SOURCE)
        subprocess.run(['go', 'build', '-o', path, path + '.go'], check=True, timeout=300,
                       env={**os.environ, 'GOCACHE': os.path.join(folder, 'go'), 'GO111MODULE': 'off'})
        paths.append(path)
    else:
        missing.append('go')
    return paths, missing


def identity(path):
    """What changes with a file; None where there is none."""
    try:
        status = os.stat(path)
        return status.st_dev, status.st_ino, status.st_size, status.st_ctime_ns
    except OSError:
        return None


def compare(sides, title, names, options):
    equal, unexpected = 0, 0
    before = [identity(path) for path in names]
    for was, (path, linux, library) in zip(before, sides.dumps(names, options)):
        if identity(path) != was:
            print(f'  {path} was installed or removed meanwhile: not compared')
            continue
        difference = first_difference(linux, library)
        if not difference:
            equal += 1
            continue
        unexpected += 1
        if unexpected <= 20:
            print(f'  UNEXPECTED {path} {title}:\n    {difference}')
    print(f'programs, {title}: {equal} of {len(names)} equal')
    return unexpected


def run(options, sides, folder, run_tool):
    """Compares all; returns how many differ."""
    program_folder = os.path.join(folder, 'programs')
    os.makedirs(program_folder)
    os.chmod(program_folder, 0o755)
    own, missing = built(options.compiler, program_folder, run_tool)
    own += loaders()
    everything = installed()
    if missing:
        print(f'programs not built, compiler missing: {" ".join(missing)}')
    unexpected = 0
    for title, way in WAYS.items():
        unexpected += compare(sides, title + ', built or loaders', own, way)
        chosen = everything
        if title != 'plain' and not options.full:
            chosen = everything[::max(1, len(everything) // QUICK)]
        unexpected += compare(sides, title + ', installed', chosen, way)
    for stack in ['1048576', '1073741824', 'unlimited']:
        try:
            unexpected += compare_stacks(sides, stack, own)
        except Skipped as reason:  # what came before counts
            print(f'programs, stack limit {stack}: skipped: {reason}')
    return unexpected


def compare_stacks(sides, stack, names):
    """Another stack limit moves the mmap area."""
    equal, unexpected = 0, 0
    for name in names:
        linux = sides.ask_linux(name, ['--stack', stack])
        library = sides.ask_library(name, ['--limits', f'stack={stack}'])
        difference = first_difference(linux, library)
        equal += not difference
        if difference:
            unexpected += 1
            if unexpected <= 20:
                print(f'  UNEXPECTED {name} with stack limit {stack}:\n    {difference}')
    print(f'programs, stack limit {stack}: {equal} of {len(names)} equal')
    return unexpected
