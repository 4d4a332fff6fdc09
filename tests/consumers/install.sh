#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs the build tree BUILD into an empty PREFIX, for the consumers of what is installed: install.sh CMAKE BUILD
# PREFIX. Whoever passes the sources on needs the licence, which is to be there too.
set -eu

cmake=$1 build=$2 prefix=$3
unset DESTDIR
rm -rf "$prefix"
"$cmake" --install "$build" --prefix "$prefix"
cmp "$(dirname "$0")/../../LICENSE" "$(find "$prefix" -name LICENSE)"
