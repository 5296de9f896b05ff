#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# words.sh ROOT LIST: no file holds one of the expressions of LIST.  What is
# missing belongs into CAVEATS.md or the tracker, with a sentence about it.
list=$2
[ -s "$list" ] || { echo "no list of words: $list"; exit 2; }
cd "$1" || exit 2
found=$(find . -name .git -prune -o -name 'build*' -type d -prune -o -path ./tests/fuzz/corpus -prune -o \
    -path ./tests/check/words.txt -prune -o -type f -exec grep -nIEf "$list" /dev/null {} +)
[ -z "$found" ] || { printf '%s\n' "$found"; exit 1; }
