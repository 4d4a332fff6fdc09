#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs the Meson consumer: meson.sh SOURCE BUILD. Exit status 77 where Meson is not installed.
set -eu

source=$1 build=$2
here=$(dirname "$0")
command -v meson >/dev/null || { echo "meson is not installed: skipped"; exit 77; }

# Meson wants a subproject below the project that uses it.
rm -rf "$build"
mkdir -p "$build/project/subprojects"
cp "$here/meson/meson.build" "$here/main.c" "$here/plan_check.c" "$here/plan_check.h" "$here/kit/port.c" \
    "$build/project/"
ln -s "$source" "$build/project/subprojects/libexec"
meson setup "$build/out" "$build/project"
meson test -C "$build/out" --print-errorlogs
