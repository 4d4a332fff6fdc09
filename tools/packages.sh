#!/bin/sh
# SPDX-License-Identifier: MIT
# Installs what is missing of the named groups of tools/packages.txt.
#
#   sh tools/packages.sh GROUP...
#
# On a system without dpkg nothing is installed; the build then says what it lacks.
set -eu

list=$(dirname "$0")/packages.txt
say() { echo "packages: $*"; }
case ${1:-} in
--help | -h) sed -n '3,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
'') say "which group? (see --help)" >&2; exit 2 ;;
esac

command -v dpkg-query >/dev/null || { say "not a Debian system: install what tools/packages.txt names"; exit 0; }

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

missing=
for group in "$@"; do
    packages=$(sed -n "s/^$group  *//p" "$list")
    [ -n "$packages" ] || { say "no group $group in $list" >&2; exit 2; }
    for package in $packages; do
        is_installed "$package" || missing="$missing $package"
    done
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { say "please install, as root:$missing" >&2; exit 1; }
    as_root=sudo
fi
say "installing$missing"
# A machine that has just started may be installing something by itself: that is waited for.
wait_for_lock="-o DPkg::Lock::Timeout=300"
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # lists of words
{
    $as_root apt-get -qq update </dev/null &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get $wait_for_lock -qq -y --no-install-recommends \
            install $missing </dev/null
} >/dev/null || { say "apt-get could not install:$missing" >&2; exit 1; }
