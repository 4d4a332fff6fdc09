#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds picolibc for x86-64 from its source, for the sample programs. Writes only below PREFIX.
#
#   tools/picolibc.sh PREFIX [TARBALL]
#
# PREFIX/include and PREFIX/lib hold the result; downloads and intermediate files live in PREFIX/work. Nothing is done
# when PREFIX already holds a build of the same source with the same options and compiler.
#
# The source is TARBALL, or $PICOLIBC_TARBALL, or else the package archive that this machine already uses, asked for
# its later release that carries picolibc. Whatever its way, the tarball must have the digest below. (Upstream's own
# release tarballs are compressed differently: name the digest of such a file in $PICOLIBC_SHA256.)
set -eu

version=1.8.10
sha256=${PICOLIBC_SHA256:-d1fc2a20f217472f8d9da084a519a25678e8d91852a41c7f3f1840d3508f7163}
suite=trixie # the Debian release that carries this version; only the source is taken from it

say() { echo "picolibc: $*"; }
die() { echo "picolibc: $*" >&2; exit 1; }

case ${1:-} in
--help | -h) sed -n '3,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
-*) die "unknown option $1 (see --help)" ;;
esac
[ $# -ge 1 ] && [ $# -le 2 ] || die "usage: picolibc.sh PREFIX [TARBALL]"
mkdir -p "$1"
prefix=$(cd "$1" && pwd)
tarball=${2:-${PICOLIBC_TARBALL:-}}
if [ -n "$tarball" ]; then
    [ -r "$tarball" ] || die "cannot read $tarball"
    tarball=$(realpath "$tarball")
fi
work=$prefix/work
jobs=${PICOLIBC_JOBS:-2}

options="-Dtests=false -Dpicocrt=false -Dsemihost=false -Dmultilib=false -Dspecsdir=none
-Dthread-local-storage=true -Dposix-console=true -Dio-long-double=true -Dio-long-long=true"

# What decides the result: the stamp of a finished build holds the same text.
stamp=$prefix/picolibc.stamp
wanted="picolibc $version $sha256
prefix $prefix
options $(echo $options)
compiler $(x86_64-linux-gnu-gcc -dumpfullversion 2>/dev/null || echo none)"
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && [ -f "$prefix/lib/libc.a" ]; then
    say "already built in $prefix"
    exit 0
fi

for tool in x86_64-linux-gnu-gcc meson ninja sha256sum tar; do
    command -v "$tool" >/dev/null || die "$tool is needed and not installed"
done

digest_is_right() { [ -f "$1" ] && [ "$(sha256sum "$1" | cut -d ' ' -f 1)" = "$sha256" ]; }

# apt-get with every directory it writes moved below $work.
private_apt() {
    apt-get -q -o Dir::Etc::SourceList="$work/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::State::Lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User=root \
        -o Acquire::Languages=none "$@"
}

fetch() {
    command -v apt-get >/dev/null || die "no apt-get here: give the picolibc $version tarball as second argument"
    mkdir -p "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    archive=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' | sed -n 's/^Debian //p' |
        head -n 1)
    [ -n "$archive" ] || die "apt-get knows no Debian archive (try apt-get update), or give the tarball as argument"
    say "fetching the source of picolibc $version"
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    echo "deb-src [signed-by=$keyring] $archive $suite main" >"$work/apt/sources.list"
    if ! private_apt update; then
        # A keyring older than that release cannot vouch for its index. The digest above still decides.
        say "the index could not be verified with this machine's keys; relying on the digest of the source alone"
        echo "deb-src [trusted=yes] $archive $suite main" >"$work/apt/sources.list"
        private_apt update
    fi
    (cd "$work" && private_apt source --tar-only --download-only "picolibc")
    tarball=$work/picolibc_$version.orig.tar.gz
    [ -f "$tarball" ] || die "the archive no longer offers picolibc $version: give its tarball as second argument"
}

mkdir -p "$work"
if [ -z "$tarball" ]; then
    tarball=$work/picolibc_$version.orig.tar.gz
    digest_is_right "$tarball" || fetch
fi
digest_is_right "$tarball" || die "$tarball does not have the SHA-256 $sha256"
say "source $(basename "$tarball") has the right SHA-256"

rm -rf "$work/source" "$work/build" "$stamp" "$prefix/include" "$prefix/lib"
mkdir -p "$work/source"
tar -C "$work/source" --strip-components=1 -xf "$tarball"
say "configuring"
# shellcheck disable=SC2086 # the options are a list
meson setup "$work/build" "$work/source" --cross-file "$work/source/scripts/cross-x86_64-linux-gnu.txt" \
    --prefix "$prefix" --libdir lib --includedir include --buildtype release $options >"$work/configure.log" 2>&1 ||
    { tail -n 40 "$work/configure.log" >&2; die "meson failed, see $work/configure.log"; }
say "building"
ninja -C "$work/build" -j "$jobs" install >"$work/build.log" 2>&1 ||
    { tail -n 40 "$work/build.log" >&2; die "the build failed, see $work/build.log"; }
rm -rf "$work/source" "$work/build" "$work/apt"
[ -f "$prefix/lib/libc.a" ] || die "the build made no libc.a"
echo "$wanted" >"$stamp"
say "built in $prefix"
