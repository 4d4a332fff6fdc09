#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs two consumers by what pkg-config says: pkgconfig.sh PREFIX BUILD COMPILER PORT. One links the
# installed archive, one compiles the plain list of installed sources with a kernel's flags. The same for the x86-64
# port, where PORT is ON.
set -eu

prefix=$1 build=$2 compiler=$3 port=$4
here=$(dirname "$0")
mkdir -p "$build"
. "$here/installed.sh"

# The archives are for kernels: no vector register may occur in them.
for archive in "$(pkg-config --variable=libdir libexec)"/libexec*.a; do
    case $archive in *kit*) continue ;; esac
    objdump -d "$archive" >"$build/code"
    grep -q 'ret' "$build/code" || { echo "$archive: no code found"; exit 1; }
    if grep -n '%[xyz]mm' "$build/code"; then
        echo "$archive uses vector registers"
        exit 1
    fi
done

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

[ "$port" = ON ] || exit 0
# shellcheck disable=SC2046 # lists of flags
"$compiler" "$here/kit/port.c" $(pkg-config --cflags --libs libexec-port-x86_64) -o "$build/port-archive"
"$build/port-archive"
# shellcheck disable=SC2046 # lists of files and flags
"$compiler" -std=c17 -O2 -mno-red-zone -mgeneral-regs-only $(pkg-config --cflags libexec-port-x86_64) \
    "$here/kit/port.c" $(pkg-config --variable=sources libexec-port-x86_64) $(pkg-config --variable=sources libexec) \
    -o "$build/port-sources"
"$build/port-sources"
