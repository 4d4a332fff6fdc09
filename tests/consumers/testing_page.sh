#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the test of a kernel that docs/testing.md shows, by the command shown there, on what is installed in
# PREFIX: testing_page.sh PREFIX BUILD COMPILER.
set -eu

prefix=$1 build=$2 compiler=$3
page=$(cd "$(dirname "$0")/../.." && pwd)/docs/testing.md
rm -rf "$build"
mkdir -p "$build"
# What pkg-config prints is split at blanks, so the prefix goes by a name that has none.
links=$(mktemp -d /tmp/libexec-XXXXXX)
trap 'rm -rf "$links"' EXIT
ln -s "$prefix" "$links/prefix"
PKG_CONFIG_PATH=$(dirname "$(find "$links/prefix/" -name libexec.pc)")
export PKG_CONFIG_PATH
cd "$build"
sed -n '/^```c$/,/^```$/p' "$page" | sed '/^```/d' >test.c
command=$(sed -n 's/^    \(cc .* test\.c .*\)/\1/p' "$page")
[ -s test.c ] && [ -n "$command" ] || { echo "docs/testing.md shows no test, or not how to build it"; exit 1; }
cc() { "$compiler" "$@"; }
eval "$command" >printed
cat printed
# Four hosts, each with callbacks to fail.
[ "$(grep -c '^host [0-3]: [1-9][0-9]* callbacks, each failed in turn$' printed)" -eq 4 ]
