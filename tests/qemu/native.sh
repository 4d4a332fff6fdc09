#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the sample kernel's tour on this machine's own Linux, so that what the programs expect of a kernel is shown to be
# what Linux does.
#
#   native.sh ROOT TOUR [EXPECTED]
#
# ROOT is the directory packed from the programs linked for this machine. Prints a log of the same form as the kernel's;
# with EXPECTED it prints check.sh's verdict on it instead. Status 77 where no new root can be entered.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$1 tour=$2 expected=${3:-}
chroot=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
enter=
[ "$(id -u)" = 0 ] || enter="unshare --user --map-root-user"
if ! $enter "$chroot" "$root" /bin/busybox true 2>/dev/null; then
    echo "native.sh: no new root directory can be entered here" >&2
    exit 77
fi
# The programs expect Linux's usual stack, as the sample kernel gives it.
if ! ulimit -S -s 8192 2>/dev/null; then
    echo "native.sh: the stack may not have 8 MiB here" >&2
    exit 77
fi
unshare=$(command -v unshare || true)
output=$(mktemp) log=$(mktemp)
trap 'rm -f "$output" "$log"' EXIT

run_tour() {
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
        ${enter:+"$unshare" --user --map-root-user} \
            env -i PATH=/bin HOME=/ TERM=dumb "$chroot" "$root" "$@" </dev/null >"$output" 2>&1 || status=$?
        awk 1 "$output" # ends the last line where the program did not
        if [ "$status" -gt 128 ]; then
            echo "== killed SIG$(kill -l "$status")"
        else
            echo "== exit $status"
        fi
    done <"$tour"
}

if [ -z "$expected" ]; then
    run_tour
    exit 0
fi
run_tour >"$log"
status=0
sh "$here/check.sh" "$log" "$expected" "$root" || status=1
[ "$status" = 0 ] || cat "$log"
exit "$status"
