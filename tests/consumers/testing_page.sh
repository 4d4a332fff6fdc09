#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the test of a kernel that docs/testing.md shows, by the command shown there, on what is installed in
# PREFIX: testing_page.sh PREFIX BUILD COMPILER.
set -eu

prefix=$1 build=$2 compiler=$3
here=$(cd "$(dirname "$0")" && pwd)
page=$here/../../docs/testing.md
rm -rf "$build"
mkdir -p "$build"
. "$here/installed.sh"
cd "$build"
sed -n '/^```c$/,/^```$/p' "$page" | sed '/^```/d' >test.c
command=$(sed -n 's/^    \(cc .* test\.c .*\)/\1/p' "$page")
[ -s test.c ] && [ -n "$command" ] || { echo "docs/testing.md shows no test, or not how to build it"; exit 1; }
cc() { "$compiler" "$@"; }
eval "$command" >printed
cat printed
# Four hosts, each with callbacks to fail.
[ "$(grep -c '^host [0-3]: [1-9][0-9]* callbacks, each failed in turn$' printed)" -eq 4 ]
