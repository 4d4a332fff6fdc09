#!/bin/sh
# SPDX-License-Identifier: MIT
# The first look: builds the sample kernel and the programs for it, boots it in QEMU, and shows its tour: what was
# loaded where, drawn as an address space, and what each program printed. Exit status 0 only if all printed what they
# should.
#
#   sh tools/demo.sh [--no-install] [--help]
#
# Missing packages are installed by apt (with sudo where not root) unless --no-install is given. The build tree is kept
# in build/demo, so that a second run takes seconds.
set -eu

cd "$(dirname "$0")/.."
install=true
for argument in "$@"; do
    case $argument in
    --no-install) install=false ;;
    --help | -h) sed -n '3,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "demo.sh: unknown option $argument (see --help)" >&2; exit 2 ;;
    esac
done

start=$(date +%s)
say() { printf '\n==> [%3d s] %s\n' $(($(date +%s) - start)) "$*"; }

# Builds speak only when they fail.
quietly() {
    log=build/demo.log
    mkdir -p build
    "$@" </dev/null >"$log" 2>&1 || { cat "$log"; echo "demo.sh: this failed: $*"; exit 1; }
}

if $install; then
    say "packages"
    sh tools/packages.sh build programs boot
fi
say "configuring"
quietly cmake --preset demo
say "building (the first time with a C library for the sample programs: about two minutes)"
quietly cmake --build --preset demo -j 2

say "booting"
# CTest puts lines of its own above the console's, and a number before each of those; a pipe's status is that of its
# end. All of that is put right here.
status_file=build/demo/demo.status
{
    status=0
    ctest --preset demo </dev/null || status=$?
    echo "$status" >"$status_file"
} | sed -u -E -e '/^(UpdateCTest|Test project|Constructing|Done constr|Updating test|Added 0|Checking test|test 1$)/d' \
    -e '/^(    Start 1: |(1: )?Test command: |(1: )?Working Directory: |(1: )?Test timeout )/d' -e 's/^[0-9]+: //'

if [ "$(cat "$status_file")" -ne 0 ]; then
    say "not all programs printed what they should; the console is shown above"
    exit 1
fi
say "all programs printed what they should"
