#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares a console log with what the commands of a tour must print.
#
#   check.sh [--each PATTERN]... [--some PATTERN]... [--no PATTERN]... [--linux FILE] LOG EXPECTED ROOT [NAME...]
#
# LOG has, for each command, "== exec: COMMAND", its output, and "== exit N", "== killed SIGNAL" or "== refused ERROR".
# Quotes around words do not count. EXPECTED explains its own form. ROOT is the initramfs as a directory, for digests.
# With NAMEs only these tests are judged; without, all of them, and the log must hold no other command. The test `boot`
# stands for QEMU's own status, which run.sh leaves in the last line. One verdict a test on standard output; status 1
# where one failed.
#
# PATTERNs, extended regular expressions, say what is particular about a boot: each command must print a line that
# matches, some line of the log must match, no line may. The latter two belong to the test `boot`. That the kernel does
# not know a word of its command line is never right.
#
# FILE is the log of the same commands on Linux, for those of which EXPECTED asks what they print there.
set -eu
newline='
'
each='' some='' no="on the command line is not known" linux=
while [ $# -ge 2 ]; do
    case $1 in
    --each) each=$each${each:+$newline}$2 ;;
    --some) some=$some${some:+$newline}$2 ;;
    --no) no=$no$newline$2 ;;
    --linux) linux=$2 ;;
    *) break ;;
    esac
    shift 2
done
[ $# -ge 3 ] || { echo "usage: check.sh [OPTION VALUE]... LOG EXPECTED ROOT [NAME...]" >&2; exit 2; }
log=$1 expected=$2 root=$3
shift 3
if grep -q '^@linux' "$expected" 2>/dev/null && [ ! -r "$linux" ]; then
    echo "check.sh: $expected asks for a log of Linux (--linux)" >&2
    exit 2
fi
[ -r "$log" ] && [ -r "$expected" ] || { echo "check.sh: cannot read $log or $expected" >&2; exit 2; }

# What a command, quotes as in EXPECTED, printed on Linux and how it ended, each line edited by a sed script. Nothing
# else may be printed then.
from_linux() {
    echo "@only@"
    command="== exec: $1" awk '
        on && sub(/^== /, "") { print "@end " $0 "@"; done = 1; exit }
        on { print "=" $0 }
        $0 == ENVIRON["command"] { on = 1 }
        END { if (!done) print "=the end, which the log of Linux lacks" }' "$linux" | sed "$2"
}

# Digests are computed here, on the build machine, and put in before anything is compared; what Linux printed, too.
with_lines_made_here() {
    while IFS= read -r line; do
        case $line in
        '['*) command=${line#*] } ;;
        esac
        case $line in
        @linux@) from_linux "$command" '' ;;
        @linux\ *@)
            edit=${line#@linux }
            from_linux "$command" "${edit%@}"
            ;;
        @sha256\ *@)
            file=${line#@sha256 }
            file=${file%@}
            digest=$(sha256sum <"$root$file") || exit 2
            printf '%s  %s\n' "${digest%% *}" "$file"
            ;;
        *) printf '%s\n' "$line" ;;
        esac
    done <"$expected"
}

export each some no # not by -v, which would take backslashes away
with_lines_made_here | tr -d '\r' | awk -v log_file="$log" -v chosen="$*" '
function fail(name, why) {
    if (!(name in failed)) {
        failed[name] = why
    }
}
function without_quotes(text) {
    gsub(/[\047"]/, "", text)
    return text
}
function matches(line, pattern) {
    if (substr(pattern, 1, 1) == "=") {
        return line == substr(pattern, 2)
    }
    if (substr(pattern, length(pattern) - 2) == "...") {
        pattern = substr(pattern, 1, length(pattern) - 3)
        return substr(line, 1, length(pattern)) == pattern
    }
    return line == pattern
}
BEGIN {
    each_count = split(ENVIRON["each"], each, "\n")
    some_count = split(ENVIRON["some"], some, "\n")
    no_count = split(ENVIRON["no"], no, "\n")
}
# What the kernel says of itself, and the library of a program that it refuses.
function is_from_kernel(line) {
    return line ~ /^(minikernel: |== unexpected: |LIBEXEC_E_|  stage )/
}
# The verdict on one command: its lines are output[1..lines].
function judge(name, i, k, next_expected, count) {
    for (k = 1; k <= each_count; k++) {
        for (i = 1; i <= lines && output[i] !~ each[k]; i++) {
        }
        if (i > lines) {
            fail(name, "no line like: " each[k])
        }
    }
    next_expected = 1
    count = expected_count[name]
    for (i = 1; i <= lines; i++) {
        if (output[i] ~ /^FAIL/) {
            fail(name, substr(output[i], 6))
        }
        if (next_expected <= count && matches(output[i], expected_line[name, next_expected])) {
            next_expected++
        } else if (name in only && !is_from_kernel(output[i])) {
            fail(name, "a line that Linux does not print there: " output[i])
        }
    }
    if (next_expected <= count) {
        fail(name, "missing: " expected_line[name, next_expected])
    }
}
/^#/ || /^$/ { next }
/^\[/ {
    end = index($0, "]")
    current = substr($0, 2, end - 2)
    command = without_quotes(substr($0, end + 2))
    expected_end[current] = "exit 0"
    names[++name_count] = current
    name_of[command] = current
    expected_count[current] = 0
    next
}
/^@end .*@$/ {
    expected_end[current] = substr($0, 6, length($0) - 6)
    next
}
/^@only@$/ {
    only[current] = 1
    next
}
{ expected_line[current, ++expected_count[current]] = $0 }
END {
    running = ""
    while ((getline line < log_file) > 0) {
        sub(/\r$/, "", line)
        for (k = 1; k <= some_count; k++) {
            found[k] = found[k] || line ~ some[k]
        }
        for (k = 1; k <= no_count; k++) {
            if (line ~ no[k]) {
                fail("boot", "a line that must not be: " line)
            }
        }
        if (index(line, "== exec: ") == 1) {
            if (running != "") {
                fail(running, "did not end")
            }
            command = without_quotes(substr(line, 10))
            running = command in name_of ? name_of[command] : ""
            if (running == "") {
                unknown[++unknown_count] = command
            } else {
                seen[running]++
            }
            lines = 0
        } else if (line ~ /^== (exit|killed|refused) /) {
            if (running != "") {
                judge(running)
                if (substr(line, 4) != expected_end[running]) {
                    fail(running, "end: " substr(line, 4) ", not " expected_end[running])
                }
            }
            running = ""
        } else if (index(line, "== qemu ") == 1) {
            name_of["boot"] = names[++name_count] = "boot"
            expected_count["boot"] = 0
            seen["boot"] = 1
            for (k = 1; k <= some_count; k++) {
                if (!found[k]) {
                    fail("boot", "no line like: " some[k])
                }
            }
            if (substr(line, 9) != "33") {
                fail("boot", "QEMU ended with status " substr(line, 9) ", not 33: the kernel says that not all is well")
            }
        } else {
            output[++lines] = line
        }
    }
    if (running != "") {
        fail(running, "did not end")
    }
    status = 0
    chosen_count = split(chosen, chosen_names, " ")
    if (chosen_count == 0) {
        chosen_count = name_count
        for (i = 1; i <= name_count; i++) {
            chosen_names[i] = names[i]
        }
        for (i = 1; i <= unknown_count; i++) {
            print "FAIL nothing is expected of: " unknown[i]
            status = 1
        }
    }
    if (chosen_count == 0) {
        print "FAIL nothing to check"
        status = 1
    }
    for (i = 1; i <= chosen_count; i++) {
        name = chosen_names[i]
        if (!(name in expected_count)) {
            fail(name, "no such test")
        } else if (seen[name] != 1) {
            fail(name, seen[name] == 0 ? "was not run" : "was run more than once")
        }
        if (name in failed) {
            print "FAIL " name ": " failed[name]
            status = 1
        } else {
            print "ok   " name
        }
    }
    exit status
}'
