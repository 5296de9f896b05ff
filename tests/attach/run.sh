#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh HARNESS PROGRAM: the program prints the same on the host's own stack and attached to a vnet.
# run.sh HARNESS PROGRAM EXPECTED [ARGUMENT...]: attached, with these arguments of the harness, it prints what EXPECTED holds.
harness=$1 program=$2 expected=${3-}
[ $# -lt 3 ] || shift
shift 2
# Where it may be, a stack of the host's that nobody else uses: ports and flow labels that others have are theirs.  Two interfaces, as the vnet has.
# There an ordinary user is root, as in the vnet, but for what the host keeps for its own root (devices, sizes that are forced); and on the stack that
# all share others may be the reason.  So a difference is a failure only where root finds it in a stack of its own, else the test is skipped (77).
alone='ip link set lo up && ip link add e0 type veth peer name e1'
root=
[ "$(id -u)" -eq 0 ] || ! unshare -Ur true 2>/dev/null || root='unshare -Ur'
[ -n "$root" ] && different=77 || different=1
ours=$(mktemp) || exit 2
host=$(mktemp) || exit 2
trap 'rm -f "$ours" "$host"' EXIT
if [ -n "$expected" ]; then
	different=1
	cp "$expected" "$host"
else
	if $root unshare -n sh -c "$alone" 2>/dev/null; then
		$root unshare -n sh -c "$alone"' && exec timeout 60 "$1"' sh "$program" >"$host" 2>&1
	else
		different=77
		timeout 60 "$program" >"$host" 2>&1
	fi || { cat "$host"; echo "fails on the host's own stack"; exit $different; }
fi
timeout 60 $root "$harness" "$@" "$program" >"$ours" 2>&1
status=$?
diff -u --label expected --label vnet "$host" "$ours" || exit $different
exit $status
