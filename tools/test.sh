#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs all tests; the last line is `N passed, M failed`, and the exit status is 0 only if M is 0.
#
#   sh tools/test.sh [--quick] [--no-install] [--help]
#
# Missing packages are installed by apt (with sudo where not root) unless --no-install is given.
#
# In full: everything under gcc (host tests, replay of the fuzz corpus, checks over the sources, consumers of the
# installed library, the sample kernel in QEMU), then the host tests once more under clang and under the address and
# undefined-behaviour sanitizers. --quick leaves out these two. Build trees are kept in build/. A part that does not
# configure or build counts as one failed test.
set -eu

cd "$(dirname "$0")/.."
quick=false install=true
for argument in "$@"; do
    case $argument in
    --quick) quick=true ;;
    --no-install) install=false ;;
    --help | -h) sed -n '3,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test.sh: unknown option $argument (see --help)" >&2; exit 2 ;;
    esac
done

start=$(date +%s)
say() { printf '\n==> [%4d s] %s\n' $(($(date +%s) - start)) "$*"; }

passed=0 failed=0 skipped=0

# Adds up the test cases in CTest's JUnit report $1. A test that could not be run counts as failed unless it said itself
# that it is to be skipped.
count() {
    # shellcheck disable=SC2046 # three numbers
    set -- $(awk '
        /^\t<testcase / { not_run = / status="notrun"/ }
        /^\t<testcase .* status="run"/ { passed++ }
        /^\t<testcase .* status="fail"/ { failed++ }
        /^\t<testcase .* status="disabled"/ { skipped++ }
        /^\t\t<skipped message=/ && not_run { if (/="SKIP_/) skipped++; else failed++; not_run = 0 }
        END { printf "%d %d %d", passed, failed, skipped }' "$1")
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

# Configures, builds and tests the preset $1.
run_preset() {
    say "$1: configure and build"
    report=build/$1/junit.xml
    if ! { cmake --preset "$1" </dev/null && rm -f "$report" && cmake --build --preset "$1" -j 2 </dev/null; }; then
        echo "test.sh: $1 does not build"
        failed=$((failed + 1))
        return
    fi
    say "$1: tests"
    before=$failed status=0
    ctest --preset "$1" --output-junit junit.xml </dev/null || status=$?
    [ ! -s "$report" ] || count "$report"
    if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
        echo "test.sh: $1: CTest ended with status $status"
        failed=$((failed + 1))
    fi
}

if $install; then
    groups="build programs boot tests"
    $quick || groups="$groups compilers"
    say "packages"
    # shellcheck disable=SC2086 # a list of words
    sh tools/packages.sh $groups
fi

run_preset test
$quick || run_preset clang
$quick || run_preset sanitize

say "done"
line="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
