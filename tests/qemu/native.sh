#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the sample kernel's tour on this machine's own Linux and prints a log of the same form, so that what the programs
# expect of a kernel is shown to be what Linux does.
#
#   native.sh ROOT [TOUR]
#
# ROOT is the directory packed from the programs linked for this machine. Status 77 where no new root can be entered.
set -eu
root=$1
tour=${2:-$root/etc/tour}
chroot=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
enter=
[ "$(id -u)" = 0 ] || enter="unshare --user --map-root-user"
if ! $enter "$chroot" "$root" /bin/busybox true 2>/dev/null; then
    echo "native.sh: no new root directory can be entered here" >&2
    exit 77
fi
unshare=$(command -v unshare || true)
output=$(mktemp)
trap 'rm -f "$output"' EXIT
while IFS= read -r line; do
    case $line in
    '' | '#'*) continue ;;
    esac
    echo "== exec: ${line#expect=* }"
    eval "set -- $line"
    case $1 in
    expect=*) shift ;; # the kernel's own judgement of how a command ends
    esac
    status=0
    # shellcheck disable=SC2086 # enter is a list or nothing
    ${enter:+"$unshare" --user --map-root-user} env -i PATH=/bin HOME=/ TERM=dumb "$chroot" "$root" "$@" </dev/null \
        >"$output" 2>&1 || status=$?
    awk 1 "$output" # ends the last line where the program did not
    if [ "$status" -gt 128 ]; then
        echo "== killed SIG$(kill -l "$status")"
    else
        echo "== exit $status"
    fi
done <"$tour"
