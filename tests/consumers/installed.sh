# SPDX-License-Identifier: MIT
# For scripts to read: lets pkg-config find what is installed in $prefix, until the script ends. What pkg-config prints
# is split at blanks, so the prefix goes by a name that has none.
links=$(mktemp -d /tmp/libexec-XXXXXX)
trap 'rm -rf "$links"' EXIT
ln -s "$prefix" "$links/prefix"
PKG_CONFIG_PATH=$(dirname "$(find "$links/prefix/" -name libexec.pc)")
export PKG_CONFIG_PATH
