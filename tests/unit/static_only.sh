#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds the library for static programs only, for size, and runs what needs neither interpreters nor scripts on it:
# static_only.sh SOURCE BUILD. So those lines are run, too, that only compilers told to save space compile otherwise.
set -eu

source=$1 build=$2
cmake -S "$source" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=MinSizeRel -DLIBEXEC_STATIC_PROGRAMS_ONLY=ON
cmake --build "$build" --target unit_kit unit_reports unit_stack unit_user unit_images unit_dump fuzz_replay
for subject in kit reports stack user images dump; do
    "$build/tests/unit/unit_$subject"
done
"$build/tests/fuzz/fuzz_replay" "$source/tests/fuzz/corpus"
"$build/tests/fuzz/fuzz_replay" --random 5000 11
