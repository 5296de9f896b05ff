#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh HARNESS PROGRAM: the program prints the same on the host's own stack and attached to a vnet.
# run.sh HARNESS PROGRAM EXPECTED [ARGUMENT...]: attached, with these arguments of the harness, it prints what EXPECTED holds.
harness=$1 program=$2 expected=${3-}
[ $# -lt 3 ] || shift
shift 2
# Where it may be, a stack of the host's that nobody else uses: ports and flow labels that others have are theirs.  Two interfaces, as the vnet has.
alone='ip link set lo up && ip link add e0 type veth peer name e1'
ours=$(mktemp) || exit 2
host=$(mktemp) || exit 2
trap 'rm -f "$ours" "$host"' EXIT
if [ -n "$expected" ]; then
	cp "$expected" "$host"
elif [ "$(id -u)" -eq 0 ] && unshare -n sh -c "$alone" 2>/dev/null; then
	unshare -n sh -c "$alone"' && exec timeout 60 "$1"' sh "$program" >"$host" 2>&1 || { cat "$host"; echo "fails on the host's own stack"; exit 1; }
else
	timeout 60 "$program" >"$host" 2>&1 || { cat "$host"; echo "fails on the host's own stack"; exit 1; }
fi
timeout 60 "$harness" "$@" "$program" >"$ours" 2>&1
status=$?
diff -u --label expected --label vnet "$host" "$ours" || exit 1
exit $status
