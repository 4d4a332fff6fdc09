#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the library in another configuration and runs the tests on it: configuration.sh KIND SOURCE BUILD COMPILER.
#   static      for static programs only: those tests that need neither interpreters nor scripts.
#   least, most the smallest capacities that programs of every day allow, and large ones.
# The first two are built for size: so those lines are run, too, that only compilers told to save space compile
# otherwise.
set -eu

kind=$1 source=$2 build=$3 compiler=$4
subjects="kit reports stack user images dump" type=RelWithDebInfo static=OFF capacities=
case $kind in
static) static=ON type=MinSizeRel ;;
least) type=MinSizeRel capacities="-DLIBEXEC_SEGMENTS=6 -DLIBEXEC_HEADER_BYTES=512 -DLIBEXEC_NAME_BYTES=64" ;;
most) capacities="-DLIBEXEC_SEGMENTS=40 -DLIBEXEC_HEADER_BYTES=4096 -DLIBEXEC_NAME_BYTES=9472" ;;
*) echo "configuration.sh: unknown kind $kind" >&2 && exit 2 ;;
esac
test "$kind" = static || subjects="$subjects exec layout tls scripts pages bugs_file"
# shellcheck disable=SC2086 # each word is an option
cmake --fresh -S "$source" -B "$build" -G Ninja "-DCMAKE_C_COMPILER=$compiler" -DCMAKE_BUILD_TYPE=$type \
    -DLIBEXEC_STATIC_PROGRAMS_ONLY=$static $capacities
grep -qx "LIBEXEC_STATIC_PROGRAMS_ONLY:BOOL=$static" "$build/CMakeCache.txt"
for option in $capacities; do
    option=${option#-D}
    grep -qx "${option%=*}:STRING=${option#*=}" "$build/CMakeCache.txt" || { echo "$option is not set"; exit 1; }
done
targets=$(for subject in $subjects; do echo "unit_$subject"; done)
# shellcheck disable=SC2086 # each word is a target
cmake --build "$build" --target $targets fuzz_replay
for subject in $subjects; do
    "$build/tests/unit/unit_$subject"
done
"$build/tests/fuzz/fuzz_replay" "$source/tests/fuzz/corpus"
"$build/tests/fuzz/fuzz_replay" --random 5000 11
