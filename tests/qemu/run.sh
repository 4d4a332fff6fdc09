#!/bin/sh
# SPDX-License-Identifier: MIT
# Boots the sample kernel in QEMU, lets it run its tour, and judges what it printed.
#
#   run.sh [--kvm] [--show] [--seconds N] [--machine M] [--cpu C] [--memory M] [--append WORDS] [--log FILE]
#          KERNEL INITRAMFS [EXPECTED ROOT]
#
# The console goes to --log (default: console.log), and with --show to standard output too; QEMU's status is added as
# its last line. With EXPECTED and ROOT the status is 0 only when QEMU ended in time with the kernel's own verdict "all
# well" (33) and check.sh finds every line; without, whenever QEMU ended in time, so that check.sh can judge the log
# test by test. --kvm uses KVM if a short trial boot with it succeeds, else TCG as always.
set -u
here=$(cd "$(dirname "$0")" && pwd)
seconds=60 machine=pc model=max memory=256M append= log=console.log show=0 kvm=0
all_well=33 # the kernel writes 0x10 to isa-debug-exit, QEMU makes 0x10 * 2 + 1 of it

die() { echo "run.sh: $*" >&2; exit 2; }

while [ $# -gt 0 ]; do
    case $1 in
    --kvm) kvm=1; shift ;;
    --show) show=1; shift ;;
    --seconds | --machine | --cpu | --memory | --append | --log)
        [ $# -ge 2 ] || die "$1 needs a value"
        case $1 in
        --seconds) seconds=$2 ;;
        --machine) machine=$2 ;;
        --cpu) model=$2 ;;
        --memory) memory=$2 ;;
        --append) append=$2 ;;
        --log) log=$2 ;;
        esac
        shift 2
        ;;
    --help | -h) sed -n '3,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) die "unknown option $1 (see --help)" ;;
    *) break ;;
    esac
done
[ $# -eq 2 ] || [ $# -eq 4 ] || die "usage: run.sh [OPTIONS] KERNEL INITRAMFS [EXPECTED ROOT]"
kernel=$1 initramfs=$2 expected=${3:-} root=${4:-}
qemu=$(command -v qemu-system-x86_64) || die "qemu-system-x86_64 is not installed"
for file in "$kernel" "$initramfs"; do
    [ -r "$file" ] || die "cannot read $file"
done

# boot ACCELERATOR CPU SECONDS APPEND: the console on standard output, QEMU's status
boot() {
    timeout --kill-after=5 "$3" "$qemu" -machine "$machine,accel=$1" -cpu "$2" -m "$memory" -nodefaults \
        -no-user-config -display none -no-reboot -serial stdio -device isa-debug-exit,iobase=0xf4,iosize=0x04 \
        -kernel "$kernel" -initrd "$initramfs" -append "$4" </dev/null 2>&1
}

accelerator=tcg cpu=$model
if [ "$kvm" = 1 ]; then
    if [ -w /dev/kvm ] && boot kvm host,migratable=off 15 "init=/bin/busybox echo trial" >"$log.trial"; then
        status=0
    else
        status=$?
    fi
    if [ "$status" = "$all_well" ]; then
        accelerator=kvm cpu=host,migratable=off
    else
        echo "run.sh: the trial boot with KVM did not succeed (status $status); using TCG"
    fi
fi

if [ "$show" = 1 ]; then
    # The pipe's status is tee's, so QEMU's goes through a file.
    { boot "$accelerator" "$cpu" "$seconds" "$append"; echo $? >"$log.status"; } | tee "$log"
    status=$(cat "$log.status")
    rm -f "$log.status"
else
    boot "$accelerator" "$cpu" "$seconds" "$append" >"$log"
    status=$?
fi

echo "== qemu $status" >>"$log"
show_end() {
    echo "The last lines of $log:"
    tail -n 40 "$log"
}
if [ "$status" = 124 ] || [ "$status" = 137 ]; then
    echo "FAIL boot: no end after $seconds seconds ($accelerator, $machine, $cpu)"
    show_end
    exit 1
fi
echo "QEMU ended with status $status ($accelerator, $machine, $cpu)"
[ -n "$expected" ] || exit 0
sh "$here/check.sh" "$log" "$expected" "$root" && [ "$status" = "$all_well" ] && exit 0
show_end
exit 1
