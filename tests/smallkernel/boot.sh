#!/bin/sh
# SPDX-License-Identifier: MIT
# Boots the small kernel in QEMU and judges what it printed.
#
#   boot.sh KERNEL CPU BYTES LOG
#
# BYTES is the length of the CPU's scalable vectors, 0 where it has none. The console goes to LOG, with QEMU's status as
# its last line; `expected` beside this file says what must be there, in the form that tests/qemu/check.sh reads.
set -u
[ $# -eq 4 ] || { sed -n '3,/^set/s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
kernel=$1 cpu=$2 bytes=$3 log=$4
timeout --kill-after=5 60 qemu-system-aarch64 -machine virt,accel=tcg -cpu "$cpu" -nodefaults -no-user-config \
    -display none -no-reboot -serial stdio -semihosting-config enable=on,target=native -kernel "$kernel" \
    </dev/null >"$log" 2>&1
echo "== qemu $?" >>"$log"
sh "$here/../qemu/check.sh" --some '^smallkernel: pages in use: 0 at first, 0 at last$' \
    --some "^smallkernel: libexec on AArch64, scalable vectors of $bytes bytes\$" \
    --each '^smallkernel: rehearsed with 0 to [1-9][0-9]* pages, none lost$' --no 'no system call' \
    --no '^smallkernel: panic' "$log" "$here/expected" /nonexistent && exit 0
echo "The last lines of $log:"
tail -n 40 "$log"
exit 1
