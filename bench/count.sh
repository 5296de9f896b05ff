#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# bench/count.sh BUILD [rr|conn] [inproc_tcp's options]: instructions of one round, counted by
# callgrind.  Two runs of different length are compared, so that setting up does not count.
build=$1 what=${2:-rr}
shift; [ $# -gt 0 ] && shift
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
count() {
	valgrind --tool=callgrind --callgrind-out-file="$dir/$1" "$build/bench/inproc_tcp" -h sim -n "$@" \
	    >/dev/null 2>&1 </dev/null || exit 1
	sed -n 's/^\(summary\|totals\): \([0-9]*\).*/\2/p' "$dir/$1" | tail -1
}
a=$(count 1024 "$@" "$what") && b=$(count 5120 "$@" "$what") || exit 1
echo "$what: $(((b - a) / 4096)) instructions"
