#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh HARNESS PROGRAM: the program prints the same on the host's own stack and attached to a vnet.
# run.sh HARNESS PROGRAM EXPECTED [ARGUMENT...]: attached, with these arguments of the harness, it prints what EXPECTED holds.
harness=$1 program=$2 expected=${3-}
[ $# -lt 3 ] || shift
shift 2
ours=$(mktemp) || exit 2
host=$(mktemp) || exit 2
trap 'rm -f "$ours" "$host"' EXIT
if [ -n "$expected" ]; then
	cp "$expected" "$host"
else
	timeout 60 "$program" >"$host" 2>&1 || { cat "$host"; echo "fails on the host's own stack"; exit 1; }
fi
timeout 60 "$harness" "$@" "$program" >"$ours" 2>&1
status=$?
diff -u --label expected --label vnet "$host" "$ours" || exit 1
exit $status
