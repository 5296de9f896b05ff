#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh HARNESS PROGRAM: the program prints the same on the host's own stack and attached to a vnet.
ours=$(mktemp) || exit 2
host=$(mktemp) || exit 2
trap 'rm -f "$ours" "$host"' EXIT
timeout 60 "$2" >"$host" 2>&1 || { cat "$host"; echo "fails on the host's own stack"; exit 1; }
timeout 60 "$1" "$2" >"$ours" 2>&1
status=$?
diff -u --label host --label vnet "$host" "$ours" || exit 1
exit $status
