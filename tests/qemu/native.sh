#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the sample kernel's tour on this machine's own Linux, so that what the programs expect of a kernel is shown to be
# what Linux does.
#
#   native.sh ROOT TOUR [EXPECTED]
#   native.sh --installed ROOT TOUR LOG
#
# ROOT is the directory packed from the programs linked for this machine. Prints a log of the same form as the kernel's;
# with EXPECTED it prints check.sh's verdict on it instead. Status 77 where no new root can be entered. With --installed
# ROOT is only the working directory, so that /bin/cat is this machine's own, and the log goes to LOG.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
installed=0
[ "$1" != --installed ] || { installed=1; shift; }
root=$1 tour=$2 expected=${3:-}
chroot=$(PATH=$PATH:/usr/sbin:/sbin command -v chroot)
enter=
[ "$installed" = 1 ] || [ "$(id -u)" = 0 ] || enter="unshare --user --map-root-user"
if [ "$installed" = 1 ]; then
    cd "$root"
elif ! $enter "$chroot" "$root" /bin/busybox true 2>/dev/null; then
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
        printf '== exec: %s\n' "${line#expect=* }" # echo would take backslashes away
        eval "set -- $line"
        case $1 in
        expect=*) shift ;; # the kernel's own judgement of how a command ends
        esac
        status=0
        [ "$installed" = 1 ] || set -- "$chroot" "$root" "$@"
        ${enter:+"$unshare" --user --map-root-user} env -i PATH=/bin HOME=/ TERM=dumb "$@" </dev/null >"$output" 2>&1 ||
            status=$?
        awk 1 "$output" # ends the last line where the program did not
        if [ "$status" -gt 128 ]; then
            echo "== killed SIG$(kill -l "$status")"
        else
            echo "== exit $status"
        fi
    done <"$tour"
}

if [ "$installed" = 1 ]; then
    run_tour >"$3"
    exit 0
fi
if [ -z "$expected" ]; then
    run_tour
    exit 0
fi
run_tour >"$log"
status=0
sh "$here/check.sh" "$log" "$expected" "$root" || status=1
[ "$status" = 0 ] || cat "$log"
exit "$status"
