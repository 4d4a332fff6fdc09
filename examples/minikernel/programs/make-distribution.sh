#!/bin/sh
# SPDX-License-Identifier: MIT
# Fills a directory with programs of this machine's distribution, as they are, and what they need, and packs it.
#
#   make-distribution.sh PROGRAMS ROOT ARCHIVE
#
# Which programs these are is what tour-distribution and the scripts name: all that begins with /bin/, /sbin/ or
# /lib64/. PROGRAMS holds a few of ours, and libraries for them. ROOT is made anew, ARCHIVE is the cpio archive ("newc")
# for QEMU's -initrd.
set -eu
programs=$1 root=$2 archive=$3
here=$(cd "$(dirname "$0")" && pwd)

plain="env -i PATH=/bin" # where variables of whoever builds this could name other libraries and modules

die() { echo "make-distribution: $*" >&2; exit 1; }

rm -rf "$root"
mkdir -p "$root/data/two" "$root/dev" "$root/etc" "$root/usr"
for directory in bin sbin lib lib64; do
    mkdir -p "$root/usr/$directory"
    if [ -L "/$directory" ]; then
        ln -s "usr/$directory" "$root/$directory"
    else
        mkdir "$root/$directory"
    fi
done

# copy FILE...: under the same names, links resolved
copy() {
    for file in "$@"; do
        [ -f "$file" ] || die "$file: is not there"
        mkdir -p "$root$(dirname "$file")"
        [ -f "$root$file" ] || install -p -m 755 "$(realpath "$file")" "$root$file"
    done
}

# The interpreter and the libraries of a program, the libraries of a library.
copy_needed() {
    # shellcheck disable=SC2046 # names without blanks
    copy $($plain ldd "$1" 2>/dev/null | sed -n -e 's/.*=> \(\/[^ ]*\) .*/\1/p' -e 's/^[[:blank:]]*\(\/[^ ]*\) .*/\1/p')
}

copy_program() {
    copy "$1"
    case $(head -c 2 "$1") in
    '#!') copy_program "$(sed -n '1s/^#! *\([^ ]*\).*/\1/p' "$1")" ;;
    *) copy_needed "$1" ;;
    esac
}

for program in $(cat "$here/tour-distribution" "$here"/data/distribution/* | grep -v '^# ' | tr -s " !,'\"" '[\n*]' |
    grep -x -E '/(bin|sbin|lib64)/[a-z0-9.-]+' | sort -u); do
    copy_program "$program"
done
copy_program /usr/bin/env
copy_program /bin/python3 # env looks for it
[ ! -f /sbin/ldconfig.real ] || copy /sbin/ldconfig.real # where ldconfig is a script around it
[ ! -f /etc/ld.so.cache ] || copy /etc/ld.so.cache

# Modules, by what the interpreters say they have loaded, and the libraries of those that are shared objects.
copy_modules() {
    for module in "$@"; do
        copy "$module"
        case $module in
        *.so) copy_needed "$module" ;;
        esac
    done
}
# shellcheck disable=SC2016,SC2046 # perl's variables, not the shell's; names without blanks
copy_modules $($plain /bin/perl -Mstrict -MList::Util -e 'print join "\n", values %INC, @DynaLoader::dl_shared_objects')
# shellcheck disable=SC2046
copy_modules $($plain /bin/python3 -I -S -B -c 'import decimal, errno, json, os, re, stat, sys
print(*[file for module in sys.modules.values() if (file := getattr(module, "__file__", None))], sep="\n")')

cp -R "$programs/bin" "$programs/lib" "$root/data/"
install -m 644 "$here/data/verse" "$here"/data/distribution/* "$root/data/"
chmod 755 "$root/data/choose" "$root/data/count-words" "$root/data/files.py" "$root/data/numbers.py"
install -m 644 "$here/tour-distribution" "$root/etc/tour"
(
    cd "$root/data"
    seq 1 5000 >numbers
    gzip -9 -n -c numbers >numbers.gz
    ln -s numbers link
    echo "not a program" >not-executable
    printf '%s\n' first both >two/first
    printf '%s\n' both second >two/second
    chmod 644 not-executable numbers.gz two/*
    touch -d @1600000000 numbers verse two/* two
    touch -h -d @1600000000 link
    tar --sort=name --owner=0 --group=0 --numeric-owner -c -f two.tar two
)

(cd "$root" && find . | LC_ALL=C sort | cpio --quiet --create --format=newc --owner=0:0 --reproducible) >"$archive.part"
mv "$archive.part" "$archive"
