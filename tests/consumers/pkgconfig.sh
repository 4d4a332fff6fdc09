#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs two consumers by what pkg-config says: pkgconfig.sh PREFIX BUILD COMPILER. One links the installed
# archive, one compiles the plain list of installed sources with a kernel's flags.
set -eu

prefix=$1 build=$2 compiler=$3
here=$(dirname "$0")
mkdir -p "$build"
PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name libexec.pc)")
export PKG_CONFIG_PATH

echo "libexec $(pkg-config --modversion libexec)"

# shellcheck disable=SC2046 # lists of flags
"$compiler" "$here/main.c" "$here/plan_check.c" $(pkg-config --cflags --libs libexec) -o "$build/archive"
"$build/archive"

sources=$(pkg-config --variable=sources libexec)
# shellcheck disable=SC2086,SC2046 # lists of files and flags
"$compiler" -std=c17 -O2 -ffreestanding -fno-pic -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
    -nostdlib -static -no-pie $(pkg-config --cflags libexec) \
    "$here/freestanding.c" "$here/plan_check.c" $sources -o "$build/freestanding"
"$build/freestanding"
echo "$(echo "$sources" | wc -w) sources compiled with a kernel's flags, run without a C library"
