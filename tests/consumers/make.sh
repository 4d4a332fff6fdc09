#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds and runs consumers of the core and of the port by the lines for Make that README shows: make.sh SOURCE BUILD
# COMPILER. Exit status 77 where Make is not installed.
set -eu

source=$1 build=$2 compiler=$3
here=$(dirname "$0")
command -v make >/dev/null || { echo "make is not installed: skipped"; exit 77; }

rm -rf "$build"
mkdir -p "$build"
cp "$here/main.c" "$here/plan_check.c" "$here/plan_check.h" "$here/kit/port.c" "$build/"
ln -s "$source" "$build/libexec"
sed -n '/^```make$/,/^```$/p' "$source/README.md" | sed '/^```/d' >"$build/readme.make"
[ -s "$build/readme.make" ] || { echo "README.md has no lines for Make"; exit 1; }
cat >"$build/Makefile" <<'END'
include readme.make
consumer: main.c plan_check.c $(EXEC_SOURCES)
	$(CC) $(CFLAGS) -o $@ $^
consumer_of_port: port.c $(EXEC_SOURCES)
	$(CC) $(CFLAGS) -o $@ $^
END
make -C "$build" "CC=$compiler" consumer consumer_of_port
"$build/consumer"
"$build/consumer_of_port"
