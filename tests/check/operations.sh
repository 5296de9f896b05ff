#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# operations.sh ROOT: the operations of the control protocol are the same ones in
# ctl/OPERATIONS.md, in the tables of daemon/ctl_*.c and (not more) in cmd/.
cd "$1" || exit 2
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
sed -n 's/^| \([a-z.]*\) |.*/\1/p' ctl/OPERATIONS.md | grep -v '^op$' | sort -u >"$tmp/doc"
cat daemon/ctl_*.c | grep -o '{ "[a-z.]*", op_[a-z_]*' | sed 's/.*"\(.*\)".*/\1/' | sort -u >"$tmp/daemon"
cat cmd/*.c | grep -o '"op", "[a-z.]*"\|"\(if\|addr\|route\|neigh\)\.[a-z]*"' | sed 's/.*"\([a-z.]*\)"$/\1/' |
    grep -v '^signal$' | sort -u >"$tmp/cmd"
status=0
for f in doc daemon cmd; do
	[ -s "$tmp/$f" ] || { echo "no operation found in $f"; status=1; }
done
complain() { while read -r op; do echo "$op: $1"; done | grep . && status=1; }
comm -23 "$tmp/doc" "$tmp/daemon" >"$tmp/a"
comm -13 "$tmp/doc" "$tmp/daemon" >"$tmp/b"
comm -23 "$tmp/cmd" "$tmp/doc" >"$tmp/c"
complain "in ctl/OPERATIONS.md, but in no table of daemon/" <"$tmp/a"
complain "in a table of daemon/, but not in ctl/OPERATIONS.md" <"$tmp/b"
complain "asked for by cmd/, but not in ctl/OPERATIONS.md" <"$tmp/c"
exit $status
