#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs with the folder of the archives named by its absolute path, as some distributions do: absolute_folder.sh
# CMAKE SOURCE BUILD COMPILER. What pkg-config then names is to be there.
set -eu

cmake=$1 source=$2 build=$3 compiler=$4
here=$(dirname "$0")
unset DESTDIR
prefix=$build/prefix
rm -rf "$build"
"$cmake" -S "$source" -B "$build/out" -DLIBEXEC_BUILD_TESTS=OFF -DLIBEXEC_BUILD_KIT=OFF "-DCMAKE_C_COMPILER=$compiler" \
    "-DCMAKE_INSTALL_PREFIX=$prefix" "-DCMAKE_INSTALL_LIBDIR=$prefix/lib"
"$cmake" --build "$build/out"
"$cmake" --install "$build/out"
. "$here/installed.sh"
for file in "$(pkg-config --variable=includedir libexec)/libexec/libexec.h" \
    "$(pkg-config --variable=libdir libexec)/libexec.a" $(pkg-config --variable=sources libexec); do
    [ -f "$file" ] || { echo "there is no $file"; exit 1; }
done
