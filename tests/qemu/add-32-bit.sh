#!/bin/sh
# SPDX-License-Identifier: MIT
# Copies the sample kernel and puts a segment for 32-bit code into its table of segments, where it has none. Only then
# do programs get to where SYSCALL leads from such code.
#
#   add-32-bit.sh KERNEL COPY
set -eu
kernel=$1 copy=$2
entry=32 # in the table, behind the null entries and the kernel's own: selector 0x20

# Addresses lack their upper half, ffffffff, which sh cannot compute with.
table=$(nm "$kernel" | sed -n 's/^ffffffff\([0-9a-f]*\) d segments$/\1/p')
section=$(readelf -SW "$kernel" | sed -n 's/.* \.data *PROGBITS *ffffffff\([0-9a-f]*\) *\([0-9a-f]*\) .*/\1 0x\2/p')
[ -n "$table" ] && [ -n "$section" ] || { echo "add-32-bit.sh: no table of segments in $kernel" >&2; exit 1; }
offset=$((0x$table - 0x${section% *} + ${section#* } + entry))

found=$(od -An -tx1 -j "$offset" -N 16 "$kernel" | tr -d ' \n')
[ "$found" = 0000000000000000ffff000000f3cf00 ] ||
    { echo "add-32-bit.sh: $found, not a free entry and the one for user data" >&2; exit 1; }
cp "$kernel" "$copy"
printf '\377\377\0\0\0\373\317\0' | dd of="$copy" bs=1 seek="$offset" conv=notrunc status=none
