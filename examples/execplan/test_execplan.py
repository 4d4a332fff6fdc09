# SPDX-License-Identifier: MIT
"""Tests of execplan's command line and output: test_execplan.py EXECPLAN COMPILER."""

import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

EXECPLAN, COMPILER = os.path.abspath(sys.argv[1]), sys.argv[2]
SOURCE = 'static _Thread_local int own = 7;\nint main(void) { return own - 7; }\n'


class Execplan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        os.chdir(cls.folder)  # scripts name their interpreters from here: no `#!` line holds every path
        source = os.path.join(cls.folder, 'program.c')
        with open(source, 'w', encoding='ascii') as file:
            file.write(SOURCE)
        cls.static = os.path.join(cls.folder, 'static')
        cls.dynamic = os.path.join(cls.folder, 'dynamic')
        subprocess.run([COMPILER, '-static', '-no-pie', '-o', cls.static, source], check=True)
        subprocess.run([COMPILER, '-pie', '-fPIE', '-o', cls.dynamic, source], check=True)
        with open(cls.static, 'rb') as file:
            cls.bytes = file.read()

    @classmethod
    def tearDownClass(cls):
        os.chdir('/')
        cls.temporary.cleanup()

    def write(self, name, data, mode=0o755):
        path = os.path.join(self.folder, name)
        with open(path, 'wb') as file:
            file.write(data)
        os.chmod(path, mode)
        return path

    def run_tool(self, *arguments, status=0, names=None):
        text = None if names is None else '\n'.join(names) + '\n'
        done = subprocess.run([EXECPLAN, *arguments], input=text, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def dump(self, *arguments, status=0):
        return self.run_tool('--dump', *arguments, status=status).splitlines()

    def test_help_and_version(self):
        self.assertIn('--layout', self.run_tool('--help'))
        self.assertTrue(self.run_tool('--version').startswith('execplan '))

    def test_mistakes(self):
        for arguments in ([], ['--nonsense', 'x'], ['--layout', 'moon', 'x'], ['--limits', 'stack', 'x'],
                          ['--aux', '16', 'x'], ['--machine', '65598', 'x'], ['--page-size', '4294971392', 'x'],
                          ['--policy', 'lax', 'x'], ['--limits', 'pages=-1', 'x'], ['--full', 'x'],
                          ['--dump', '--svg', 'x', 'x'], ['--limits', 'heap=1', 'x']):
            self.run_tool(*arguments, status=2)

    def test_dump_lines(self):
        lines = self.dump('--layout', 'linux', '--env', 'A=1', '--env', 'B=\t', '--argv0', 'zero', self.static, 'one')
        kinds = [line.split()[0] for line in lines]
        self.assertEqual(lines[0], 'verdict ok')
        self.assertEqual(lines[3], 'argc 2')
        self.assertRegex(lines[4], r'^arg 0 at=[0-9a-f]+ ptr=[0-9a-f]+ "zero" len=4$')
        self.assertTrue(any(line.endswith('"B=\\x09" len=3') for line in lines))
        self.assertIn(f'execfn "{self.static}"', lines)
        self.assertIn('platform "x86_64"', lines)
        self.assertNotIn('tls', kinds)
        self.assertRegex(lines[-1], r'^mem [0-9a-f]{12}-[0-9a-f]{12} [r-][w-][x-]- nonzero=[0-9]+ hash=[0-9a-f]{16}$')

    def test_tls(self):
        for arguments, built in ((['--tls', 'always'], True), ([], True), (['--tls', 'never'], False)):
            lines = self.dump(*arguments, self.static)
            self.assertEqual(any(line.startswith('tls tp=') for line in lines), built, arguments)

    def test_auxv(self):
        lines = self.dump('--aux', '16=178bfbff', '--aux', '11=7', '--aux', '33=7fff12340000', self.static)
        for end in ('AT_HWCAP 178bfbff', 'AT_UID 7', 'AT_SYSINFO_EHDR 7fff12340000'):
            self.assertTrue(any(line.endswith(end) for line in lines if line.startswith('aux')), end)

    def test_refusal(self):
        path = self.write('not-elf', b'hello')
        lines = self.dump(path, status=1)
        self.assertEqual(lines[0], 'verdict error ENOEXEC LIBEXEC_E_MAGIC')
        self.assertTrue(all(line.startswith('why ') for line in lines[1:]))
        self.assertGreater(len(lines), 1)
        self.assertIn('would be refused: ENOEXEC', self.run_tool(path, status=1))

    def test_refused_bytes_are_marked(self):
        forged = bytearray(self.bytes)
        table = int.from_bytes(forged[32:40], 'little')
        forged[table + 32:table + 40] = (1 << 40).to_bytes(8, 'little')  # p_filesz of the first program header
        page = self.run_tool(self.write('forged', bytes(forged)), status=1)
        self.assertIn('p_filesz', page)
        self.assertIn('^^ ^^', page)
        coloured = self.run_tool('--colour', 'always', self.write('forged', bytes(forged)), status=1)
        self.assertIn('\033[1;31m', coloured)
        self.assertNotIn('\033', page)

    def test_no_access(self):
        plain = self.write('plain', self.bytes, 0o644)
        for path, errno in ((plain, 'EACCES'), (self.folder, 'EACCES'), (self.folder + '/nothing', 'ENOENT')):
            self.assertEqual(self.dump(path, status=1)[0], f'verdict error {errno} LIBEXEC_E_OPEN')

    def test_batch(self):
        bad = self.write('bad', b'x')
        text = self.run_tool('--batch', names=[self.static, bad, self.dynamic])
        self.assertEqual(text.splitlines(), [self.static, 'verdict ok', bad, 'verdict error ENOEXEC LIBEXEC_E_MAGIC',
                                             self.dynamic, 'verdict ok'])

    def test_full_batch_equals_single_dumps(self):
        text = self.run_tool('--batch', '--full', names=[self.static, self.dynamic])
        single = [self.static, *self.dump(self.static), self.dynamic, *self.dump(self.dynamic)]
        self.assertEqual(text.splitlines(), single)

    def test_policy(self):
        self.dump('--policy', 'pie-only', self.dynamic)
        lines = self.dump('--policy', 'no-overlap,pie-only', self.static, status=1)
        self.assertIn('LIBEXEC_E_NOT_PIE', lines[0])

    def test_limits(self):
        self.assertIn('LIBEXEC_E_PAGE_BUDGET', self.dump('--limits', 'pages=3', self.static, status=1)[0])
        self.assertIn('LIBEXEC_E_ARGUMENTS_TOO_LARGE',
                      self.dump('--limits', 'arguments=4096', self.static, 'x' * 5000, status=1)[0])
        script = self.write('script', b'#!./static\n')
        self.dump(script)
        self.dump('--limits', 'scripts=0', script, status=1)

    def test_another_machine(self):
        other = bytearray(self.bytes)
        other[18:20] = (183).to_bytes(2, 'little')
        other = self.write('aarch64', bytes(other))
        self.assertIn('LIBEXEC_E_MACHINE', self.dump(other, status=1)[0])
        lines = self.dump('--machine', '183', other)
        self.assertFalse(any(line.startswith('tls') for line in lines))
        self.assertNotIn('platform "x86_64"', lines)
        self.assertIn('LIBEXEC_E_MACHINE', self.dump('--machine', '183', self.static, status=1)[0])

    def test_larger_pages(self):
        other = os.path.join(self.folder, 'larger')
        source = os.path.join(self.folder, 'program.c')
        subprocess.run([COMPILER, '-static', '-no-pie', '-Wl,-z,max-page-size=65536', '-Wl,-z,common-page-size=65536',
                        '-o', other, source], check=True)
        for size in (16384, 65536):
            lines = self.dump('--page-size', str(size), other)
            self.assertTrue(any(line.endswith(f'AT_PAGESZ {size:x}') for line in lines))
        self.assertIn('LIBEXEC_E_POLICY', self.dump('--page-size', '5000', other, status=1)[0])

    def test_random_layout(self):
        entries = [self.dump('--layout', 'random', '--seed', str(seed), self.dynamic)[1] for seed in (1, 1, 2)]
        self.assertEqual(entries[0], entries[1])
        self.assertNotEqual(entries[0], entries[2])

    def test_root(self):
        root = os.path.join(self.folder, 'root')
        os.makedirs(root, exist_ok=True)
        self.assertEqual(self.dump('--root', root, self.dynamic, status=1)[0], 'verdict error ENOENT LIBEXEC_E_OPEN')
        self.dump('--root', '/', self.dynamic)

    def test_descriptor(self):
        script = self.write('fd-script', b'#!./static\n')
        lines = self.dump('--descriptor', script)
        self.assertIn('execfn "/dev/fd/3"', lines)
        self.assertIn('ENOENT', self.dump('--close-on-exec', script, status=1)[0])

    def test_page(self):
        page = self.run_tool('--env', 'A=1', self.dynamic, 'two words')
        for text in ('Segments of the program', 'Segments of the interpreter', 'Address space', 'Stack, from', 'argc',
                     'AT_PHDR', '"two words"', '"A=1"', 'Cost', 'callbacks', 'add-symbol-file', 'guard', 'brk', 'TLS'):
            self.assertIn(text, page)
        self.assertIn('TLS block, built by the library', self.run_tool(self.static))

    def test_picture(self):
        bad = self.write('bad', b'<&>')
        for name, program, status in (('a', self.static, 0), ('b', self.dynamic, 0), ('c', bad, 1)):
            picture = os.path.join(self.folder, name + '.svg')
            page = self.run_tool('--svg', picture, program, status=status)
            root = xml.etree.ElementTree.parse(picture).getroot()
            texts = [element.text for element in root.iter('{http://www.w3.org/2000/svg}text')]
            self.assertGreater(len(texts), 5)
            self.assertIn(page.splitlines()[0].split(' would')[0], texts[0])
        self.run_tool('--svg', os.path.join(self.folder, 'no', 'such.svg'), self.static, status=2)


if __name__ == '__main__':
    unittest.main(argv=sys.argv[:1])
