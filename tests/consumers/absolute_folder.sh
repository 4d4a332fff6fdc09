#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs with two folders named by their absolute paths, as some distributions do, one of them outside of the prefix:
# absolute_folder.sh CMAKE SOURCE BUILD COMPILER GENERATOR. What pkg-config then names is to be there.
set -eu

cmake=$1 source=$2 build=$3 compiler=$4 generator=$5
here=$(dirname "$0")
unset DESTDIR
prefix=$build/prefix
rm -rf "$build"
"$cmake" -S "$source" -B "$build/out" -G "$generator" -DLIBEXEC_BUILD_TESTS=OFF -DLIBEXEC_BUILD_KIT=OFF \
    "-DCMAKE_C_COMPILER=$compiler" \
    "-DCMAKE_INSTALL_PREFIX=$prefix" "-DCMAKE_INSTALL_LIBDIR=$prefix/lib" \
    "-DCMAKE_INSTALL_INCLUDEDIR=$build/apart/include"
"$cmake" --build "$build/out"
"$cmake" --install "$build/out"
. "$here/installed.sh"
sources=$(pkg-config --variable=sources libexec)
[ -n "$sources" ] || { echo "libexec.pc names no sources"; exit 1; }
for file in "$(pkg-config --variable=includedir libexec)/libexec/libexec.h" \
    "$(pkg-config --variable=libdir libexec)/libexec.a" $sources; do
    [ -f "$file" ] || { echo "there is no $file"; exit 1; }
done
