#!/bin/sh
# SPDX-License-Identifier: MIT
# Compares the command of the tour that README.md shows with the same command in a console log, line by line. Numbers
# of any kind may differ: addresses are random, with them how much is free, and sizes are those of the distribution's
# program.
#
#   readme.sh LOG README
set -eu
[ $# -eq 2 ] && [ -r "$1" ] && [ -r "$2" ] || { echo "usage: readme.sh LOG README" >&2; exit 2; }

# The first command of README, wherever it stands in the file $1, from "== exec: COMMAND" to "== exit N".
command=$(tr -d '\r' <"$2" | grep -m 1 '^== exec: ') || { echo "FAIL README shows no command"; exit 1; }
part() {
    tr -d '\r' <"$1" | awk -v command="$command" '$0 == command { on = 1 } on { print } on && /^== exit / { exit }' |
        sed -E -e '/^== exit /b' -e 's/(entry|rsp|tp) [0-9a-f]+/\1 N/g' \
            -e 's/[0-9][0-9a-f]*|[a-f][a-f0-9]*[0-9][0-9a-f]*/N/g' -e 's/free, N [KMGT]iB$/free/'
}

part "$2" >"$1.readme-shown"
part "$1" >"$1.readme-seen"
grep -q '^== exit ' "$1.readme-shown" || { echo "FAIL README does not show how '$command' ends"; exit 1; }
diff -u "$1.readme-shown" "$1.readme-seen" || { echo "FAIL README shows other lines than '$command' printed"; exit 1; }
echo "ok   $(wc -l <"$1.readme-seen") lines of README are as they were printed"
