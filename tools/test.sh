#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs all tests; the last line is `N passed, M failed`, with how many were skipped where some were, and the
# exit status is 0 only if M is 0.
#
#   sh tools/test.sh [--quick] [--no-install] [--help]
#
# Missing packages are installed by apt (with sudo where not root) unless --no-install is given.
#
# In full: everything under gcc (host tests, replay of the fuzz corpus, checks over the sources, consumers of the
# installed library, the core on emulated processors, two kernels in QEMU), then the host tests once more under clang
# and under the address and undefined-behaviour sanitizers. --quick leaves out these two, and the longest tests.
# Build trees are kept in build/. A part that does not configure or build counts as one failed test.
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

# what --quick leaves out of the tests under gcc
slow='^(check\.self_test|parity\.(programs|forged|forged_full)|bench\.ratchet|mutants\.sample'
slow="$slow|(proof|processor|smallkernel)\..*)\$"

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

# Configures, builds and tests the preset $1; what follows is for ctest.
run_preset() {
    preset=$1
    shift
    say "$preset: configure and build"
    report=build/$preset/junit.xml
    if ! { cmake --preset "$preset" </dev/null && rm -f "$report" && cmake --build --preset "$preset" -j 2 </dev/null; }
    then
        echo "test.sh: $preset does not build"
        failed=$((failed + 1))
        return
    fi
    say "$preset: tests"
    before=$failed status=0
    ctest --preset "$preset" "$@" --output-junit junit.xml </dev/null || status=$?
    [ ! -s "$report" ] || count "$report"
    if [ "$status" -ne 0 ] && [ "$failed" -eq "$before" ]; then
        echo "test.sh: $preset: CTest ended with status $status"
        failed=$((failed + 1))
    fi
}

if $install; then
    groups="build programs boot tests"
    $quick || groups="$groups compilers bench proof cross"
    say "packages"
    # shellcheck disable=SC2086 # a list of words
    sh tools/packages.sh $groups
fi

if $quick; then
    run_preset test --exclude-regex "$slow"
else
    run_preset test
    run_preset clang
    run_preset sanitize
fi

say "done"
line="$passed passed, $failed failed"
[ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
