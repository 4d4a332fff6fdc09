#!/bin/sh
# SPDX-License-Identifier: MIT
# Counts what an exec costs, beside a naive loader and the least that any loader can do.
#
#   sh tools/bench.sh [--gate | --ratchet] [--output FOLDER] [--build FOLDER] [--no-install] [--help]
#
# Prints the figures and writes docs/performance.md with its plot (--output: elsewhere). --gate: exit status 1 when a
# gated figure is missed. --ratchet: the same, but a limit that is not held yet may be missed as long as its figure is
# no worse than tests/bench/targets.py says. All figures are counts that repeat to the digit with one compiler (CC, gcc
# unless set); it takes well under a minute. Needs gcc, binutils, valgrind and python3, and wants busybox-static,
# bash-static and gdb as programs to load; missing packages are installed by apt unless --no-install is given. The build
# tree is build/bench (--build: elsewhere).
set -eu

cd "$(dirname "$0")/.."
gate='' output=docs build=build/bench install=true
while [ $# -gt 0 ]; do
    case $1 in
    --gate | --ratchet) gate=$1 ;;
    --output | --build)
        [ $# -ge 2 ] || { echo "bench.sh: $1 needs a folder" >&2; exit 2; }
        case $1 in --output) output=$2 ;; --build) build=$2 ;; esac
        shift
        ;;
    --no-install) install=false ;;
    --help | -h) sed -n '3,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "bench.sh: unknown option $1 (see --help)" >&2; exit 2 ;;
    esac
    shift
done

compiler=${CC:-gcc}
if $install && [ "$compiler" = gcc ]; then
    sh tools/packages.sh build tests bench
fi

sources=tests/bench
flags="-std=c17 -D_GNU_SOURCE -O2 -gdwarf-4 -Iinclude -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wundef -Wcast-align"
# As an x86-64 kernel in the higher half compiles its own files, for size.
size_flags="-std=c17 -Os -ffreestanding -fno-pic -mcmodel=kernel -mno-red-zone -mgeneral-regs-only -fno-stack-protector
    -fno-asynchronous-unwind-tables -Iinclude"
# Calls of these by a loader are counted as bytes, not as instructions.
counted="--redefine-sym memcpy=bench_memcpy --redefine-sym memmove=bench_memmove --redefine-sym memset=bench_memset
    --redefine-sym memcmp=bench_memcmp --redefine-sym memccpy=bench_memccpy"

rm -rf "$build/core" "$build/small" "$build/static" "$build/callgrind"
mkdir -p "$build/core" "$build/small" "$build/static" "$build/callgrind" "$build/bin"
core=$(sed -n '/^[a-z]/p' libexec/sources.txt)

# shellcheck disable=SC2086 # lists of words
compile() {
    for name in $core; do
        object=${name%.c}.o
        "$compiler" $flags -ffreestanding -fno-stack-protector -c "libexec/$name" -o "$build/core/$object"
        objcopy $counted "$build/core/$object"
        "$compiler" $size_flags -c "libexec/$name" -o "$build/small/$object"
        "$compiler" $size_flags -DLIBEXEC_CONFIG_STATIC_ONLY=1 -c "libexec/$name" -o "$build/static/$object"
    done
    for name in floor naive; do
        "$compiler" $flags -ffreestanding -fno-stack-protector -c "$sources/$name.c" -o "$build/$name.o"
        objcopy $counted "$build/$name.o"
    done
    for name in main check space host host_table; do
        "$compiler" $flags -c "$sources/$name.c" -o "$build/$name.o"
    done
    "$compiler" -c "$sources/stack_switch.S" -o "$build/stack_switch.o"
    # Lazy binding would run the dynamic linker on the measured stack.
    "$compiler" -o "$build/bench" "$build"/*.o "$build"/core/*.o -Wl,-z,now
    "$compiler" $flags "$sources/generate.c" -o "$build/generate"
}

# .text and its relatives of the objects $@: their sum, dump's apart.
text_size() {
    size -A "$@" | awk '/:$/ { counts = $1 !~ /dump\.o$/ } $1 ~ /^\.text/ && counts { sum += $2 } END { print sum + 0 }'
}

measure_sizes() {
    echo "all $(text_size "$build"/small/*.o)"
    echo "static $(text_size "$build"/static/*.o)"
    echo "undefined $(nm -u "$build"/small/*.o | awk '/ U / && $2 !~ /^(libexec_|mem(cpy|move|set|cmp)$)/' | wc -l)"
    for name in $core; do
        [ "$name" = dump.c ] || echo "source:${name%.c} $(text_size "$build/small/${name%.c}.o")"
    done
    echo "compiler: $("$compiler" --version | sed -n '1s/ (.*)//p')"
}

echo "bench: build"
compile
measure_sizes >"$build/sizes.txt"
"$build/generate" "$build/bin"
for program in "$build"/bin/*; do
    "$program" || { echo "bench.sh: $program does not run here" >&2; exit 1; }
done
echo "bench: images checked, callbacks, bytes, pages and stack counted"
"$build/bench" "$build/bin" >"$build/counts.tsv"
echo "bench: instructions counted"
valgrind -q --tool=callgrind --dump-line=no --callgrind-out-file="$build/callgrind/out" "$build/bench" "$build/bin" \
    >"$build/callgrind/counts.tsv" 2>"$build/callgrind/log" || { cat "$build/callgrind/log" >&2; exit 1; }
python3 -B "$sources/report.py" "$build" "$output" $gate
