#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs with the folder of the archives named by its absolute path, as some distributions do, and uses what was
# installed by pkg-config: absolute_folder.sh CMAKE SOURCE BUILD COMPILER PORT.
set -eu

cmake=$1 source=$2 build=$3 compiler=$4 port=$5
unset DESTDIR
prefix=$build/prefix
rm -rf "$build"
"$cmake" -S "$source" -B "$build/out" -DLIBEXEC_BUILD_TESTS=OFF -DLIBEXEC_BUILD_KIT=OFF "-DCMAKE_C_COMPILER=$compiler" \
    "-DCMAKE_INSTALL_PREFIX=$prefix" "-DCMAKE_INSTALL_LIBDIR=$prefix/lib"
"$cmake" --build "$build/out"
"$cmake" --install "$build/out"
exec sh "$(dirname "$0")/pkgconfig.sh" "$prefix" "$build/consumers" "$compiler" "$port"
