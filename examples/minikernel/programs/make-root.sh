#!/bin/sh
# SPDX-License-Identifier: MIT
# Fills a directory with the sample kernel's file system and packs it.
#
#   make-root.sh PROGRAMS ROOT ARCHIVE
#
# PROGRAMS holds the built programs, ROOT is made anew, ARCHIVE is the cpio archive ("newc") for QEMU's -initrd. Busybox
# and bash are this machine's own files from Debian's busybox-static and bash-static.
set -eu
programs=$1 root=$2 archive=$3
here=$(cd "$(dirname "$0")" && pwd)

die() { echo "make-root: $*" >&2; exit 1; }

# find_static NAME...: the first of these that is there and statically linked
find_static() {
    for candidate in "$@"; do
        if [ -x "$candidate" ] && ! readelf -lW "$candidate" | grep -q INTERP; then
            realpath "$candidate"
            return
        fi
    done
    die "none of $* is a statically linked program (Debian: busybox-static, bash-static)"
}

busybox=$(find_static /bin/busybox /usr/bin/busybox)
bash=$(find_static /bin/bash-static /usr/bin/bash-static)

rm -rf "$root"
mkdir -p "$root/bin" "$root/data" "$root/etc" "$root/dev" "$root/tmp"
for program in "$programs"/*; do
    install -m 755 "$program" "$root/bin/"
done
install -m 755 "$busybox" "$root/bin/busybox"
install -m 755 "$bash" "$root/bin/bash-static"

# A shared program's interpreter and libraries, under the names by which it asks for them.
copy_libraries() {
    interpreter=$(readelf -lW "$1" | sed -n 's/.*program interpreter: \(.*\)]/\1/p')
    mkdir -p "$root$(dirname "$interpreter")"
    install -m 755 "$(realpath "$interpreter")" "$root$interpreter"
    case $interpreter in
    */ld-musl-*) ;; # libc and loader are one file
    *)
        ldd "$1" | sed -n 's/.*=> \(\/[^ ]*\) .*/\1/p' | while read -r library; do
            mkdir -p "$root$(dirname "$library")"
            install -m 755 "$(realpath "$library")" "$root$library"
        done
        ;;
    esac
}
for program in "$programs/glibc-dynamic" "$programs/musl-dynamic"; do
    [ ! -f "$program" ] || copy_libraries "$program"
done

install -m 644 "$here/tour" "$here/tour-interpreters" "$here/tour-apart" "$here/tour-32-bit" "$root/etc/"
install -m 644 "$here/data/verse" "$here/data/count.sh" "$root/data/"
install -m 755 "$here/data/greeting" "$root/data/"
ln -s greeting "$root/data/link"
seq 1 200000 >"$root/data/numbers"

# Files that execve must refuse: each is made from a program that works.
good=$programs/replaced
patch_byte() { printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }
: >"$root/data/empty"
head -c 40 "$good" >"$root/data/short"
head -c 150 "$good" >"$root/data/cut-table" # the table begins at 64, its second entry ends at 176
cp "$good" "$root/data/bad-magic"
patch_byte "$root/data/bad-magic" 1 'X'
cp "$good" "$root/data/other-machine"
patch_byte "$root/data/other-machine" 18 '\267' # EM_AARCH64
cp "$good" "$root/data/not-executable"
chmod 755 "$root/data/empty" "$root/data/short" "$root/data/cut-table" "$root/data/bad-magic" "$root/data/other-machine"
chmod 644 "$root/data/not-executable"

# Scripts: what they name instead of a working interpreter, and chains of them that end in one.
mkdir "$root/data/scripts"
script() { printf '#!%s\n' "$2" >"$root/data/scripts/$1"; chmod 755 "$root/data/scripts/$1"; }
script missing /no/such/interpreter
script self /data/scripts/self
script nameless ''
script blank ' 	 '
script long "$(printf '/%0300d' 0)"
script text /data/verse
script directory /data
script bad-magic /data/bad-magic
script not-executable '/bin/busybox true'
chmod 644 "$root/data/scripts/not-executable"
script chain-1 '/bin/busybox echo'
for number in 2 3 4 5 6; do
    script "chain-$number" "/data/scripts/chain-$((number - 1)) $number"
done
script blanks ' 	 /bin/busybox 	  echo 	 '
printf '#!/bin/busybox cat' >"$root/data/scripts/no-newline"
chmod 755 "$root/data/scripts/no-newline"

(cd "$root" && find . | LC_ALL=C sort | cpio --quiet --create --format=newc --owner=0:0 --reproducible) >"$archive.part"
mv "$archive.part" "$archive"
