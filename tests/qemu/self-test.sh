#!/bin/sh
# SPDX-License-Identifier: MIT
# Tests check.sh and readme.sh themselves: a good log passes, and each way of being wrong is found.
#
#   self-test.sh DIRECTORY
set -u
here=$(cd "$(dirname "$0")" && pwd)
work=$1
mkdir -p "$work/data"
echo "some bytes" >"$work/data/file"
digest=$(sha256sum <"$work/data/file")

cat >"$work/expected" <<'END'
# a comment
[one] /bin/one 'two words'
first line
second...

[digest] /bin/sum /data/file
@sha256 /data/file@

[fault] /bin/fault
say
@end killed SIGSEGV@
END

good_log() {
    echo "kernel: hello"
    printf '== exec: /bin/one two words\r\nnoise\r\nfirst line\r\nmore noise\r\nsecond line\r\n== exit 0\r\n'
    echo "== exec: /bin/sum /data/file"
    echo "${digest%% *}  /data/file"
    echo "== exit 0"
    echo "== exec: /bin/fault"
    echo "say"
    echo "== killed SIGSEGV"
    echo "== qemu 33"
}

failures=0
# expect STATUS WHAT [NAME]: judges standard input
expect() {
    cat >"$work/log"
    sh "$here/check.sh" "$work/log" "$work/expected" "$work" ${3:-} >"$work/verdict" 2>&1
    judged "$1" "$2"
}

# expect_with STATUS WHAT OPTION PATTERN...: judges a good log by these too
expect_with() {
    good_log >"$work/log"
    wanted=$1 what=$2
    shift 2
    sh "$here/check.sh" "$@" "$work/log" "$work/expected" "$work" >"$work/verdict" 2>&1
    judged "$wanted" "$what"
}

judged() {
    status=$?
    if [ "$status" != "$1" ]; then
        echo "FAIL status $status, not $1, for $2"
        cat "$work/verdict"
        failures=$((failures + 1))
    fi
}

good_log | expect 0 "a good log"
good_log | expect 0 "one test of a good log" one
good_log | expect 1 "a name that does not exist" two
good_log | sed '/^first/d' | expect 1 "a missing line"
good_log | sed 's/^first line/first lines/' | expect 1 "a line that is longer"
good_log | sed 's/^first line/ first line/' | expect 1 "a line that begins otherwise"
good_log | sed 's/^second line/secon/' | expect 1 "a line that does not begin as it should"
good_log | sed 's/^noise/FAIL x: y/' | expect 1 "a line that says FAIL"
good_log | sed 's/^first line/swap/; s/^second line/first line/; s/^swap/second line/' |
    expect 1 "lines in another order"
good_log | sed 's/^== exit 0/== exit 1/' | expect 1 "another exit status"
good_log | sed 's/^== exit 0/== killed SIGSEGV/' | expect 1 "a fault"
good_log | sed 's/^== killed SIGSEGV/== exit 0/' | expect 1 "a fault that did not come"
good_log | sed 's/^== killed SIGSEGV/== killed SIGILL/' | expect 1 "another fault"
good_log | sed '/^== killed/d' | expect 1 "a command that does not end"
good_log | sed '/^== exec: .bin.sum/,/^== exit/d' | expect 1 "a command that was not run"
good_log | sed 's/^[0-9a-f]\{64\}/0000/' | expect 1 "another digest"
good_log | sed 's/^== qemu 33/== qemu 35/' | expect 1 "another status of QEMU"
good_log | sed 's/^== qemu 33/== qemu 35/' | expect 0 "one good test where another failed" one
{ echo 'kernel: "shar" on the command line is not known'; good_log; } |
    expect 1 "a word on the command line that is not known"
expect_with 0 "a pattern that each command's output has" --each '^(second|[0-9a-f]+  /data|say)' --each '.'
expect_with 1 "a pattern that one command's output lacks" --each '^(second|[0-9a-f]+  /data)'
expect_with 1 "a second pattern that all lack" --each '^(second|[0-9a-f]+  /data|say)' --each 'never'
expect_with 0 "a pattern that some line has" --some '^kernel: hel+o$'
expect_with 1 "a pattern that no line has" --some '^kernel: hello' --some '^kernel: hel$'
expect_with 0 "a pattern that no line may have" --no '^hello'
expect_with 1 "a pattern that a line has, though it may not" --no '^hello' --no '^more'
# like_linux STATUS WHAT: a log on standard input, judged by one of Linux
cat >"$work/expected-like-linux" <<'END'
[same] /bin/same 'with \n'
@linux@

[edited] /bin/edited
@linux /^=only there/d; s/^=\(at \).*/\1.../@
END
linux_log() {
    printf '== exec: /bin/same %s\n\n#...\n[line]\n== exit 3\n' "'with \\n'"
    printf '== exec: /bin/edited\nonly there\nat 12\nlast\n== killed SIGILL\n'
}
like_linux() {
    sed "s/'//g" >"$work/log"
    echo "== qemu 33" >>"$work/log"
    sh "$here/check.sh" --linux "$work/linux" "$work/log" "$work/expected-like-linux" "$work" >"$work/verdict" 2>&1
    judged "$1" "$2"
}
linux_log >"$work/linux"
linux_log | sed '/^only/d' | like_linux 0 "what Linux printed"
linux_log | sed '/^only/d; s/^at.*/at 7/; s/^#/minikernel: hello\n&/' |
    like_linux 0 "another number, and a word of the kernel"
linux_log | like_linux 1 "a line that was to be on Linux alone"
linux_log | sed '/^only/d; s/^last/&\n&/' | like_linux 1 "a line more than on Linux"
linux_log | sed '/^only/d; /^$/d' | like_linux 1 "an empty line less than on Linux"
linux_log | sed '/^only/d; s/^#.*/#....../' | like_linux 1 "dots where Linux printed fewer"
linux_log | sed '/^only/d; s/exit 3/exit 0/' | like_linux 1 "another exit status than on Linux"
linux_log | sed '/^only/d; s/ILL/SEGV/' | like_linux 1 "another fault than on Linux"
linux_log | sed '/edited/,$d' >"$work/linux"
linux_log | sed '/^only/d' | like_linux 1 "a command that Linux was not asked for"
linux_log | sed '/^only\|^at\|^last/d; s/killed.*/exit 0/' |
    like_linux 1 "a command that Linux was not asked for, and that prints nothing"
rm "$work/linux"
linux_log | sed '/^only/d' | like_linux 2 "no log of Linux"
{ good_log; good_log; } | expect 1 "commands that were run twice"
{ good_log; printf '== exec: /bin/other\n== exit 0\n'; } | expect 1 "a command nothing is expected of"
: | expect 1 "an empty log"
: | expect 1 "one test of an empty log" one
rm -f "$work/log"
if sh "$here/check.sh" "$work/log" "$work/expected" "$work" >/dev/null 2>&1; then
    echo "FAIL check.sh: accepts a log that is not there"
    failures=$((failures + 1))
fi

# shown STATUS WHAT: a README on standard input that shows a part of a good log
shown() {
    good_log >"$work/log"
    cat >"$work/README"
    sh "$here/readme.sh" "$work/log" "$work/README" >"$work/verdict" 2>&1
    judged "$1" "$2"
}
good_log | sed '/kernel/d; s/$/ /' | shown 1 "a command with a blank behind it"
good_log | sed -n '/kernel/d; s/\r$//; p; /^== exit/q' | shown 0 "a command shown as it is"
good_log | sed -n '/bin.sum/,/exit/p' | sed 's/^[0-9a-f]\{64\}/12/' | shown 0 "another number"
good_log | sed -n '/bin.one/,/exit/p' | sed 's/^first/ first/' | shown 1 "a line that begins otherwise"
good_log | sed -n '/bin.one/,/exit/p' | sed '/^more noise/d' | shown 1 "a missing line"
good_log | sed -n '/bin.one/,/exit/p' | sed 's/exec: /exec: x/' | shown 1 "a command that was not run"
good_log | sed -n '/bin.one/,/exit/p' | sed 's/exit 0/exit 1/' | shown 1 "another exit status"
good_log | sed -n '/bin.one/,/exit/p' | sed '/exit/d' | shown 1 "a command that does not end"
echo "no command" | shown 1 "no command"
[ "$failures" = 0 ] && echo "check.sh and readme.sh found every fault"
exit "$failures"
