#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# simulation_test.sh ROOT SIMULATE MESH: the programs of doc/simulation.md do what it says: the same
# seed gives the same output and the same capture, to the byte, another seed another.
root=$(realpath "$1") simulate=$(realpath "$2") mesh=$(realpath "$3")
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 2
fail() { echo "$*"; exit 1; }

# The program and what it prints are as in the text; figures may differ.
block() { awk -v n="$1" '/^```/ { on = !on; if (on) k++; next } on && k == n' "$root/doc/simulation.md"; }
block 1 >shown.c
tail -n +3 "$root/example/simulate.c" | cmp -s - shown.c || fail "doc/simulation.md shows another program than example/simulate.c"
shape() { sed 's/[0-9][0-9]*/N/g'; }

"$simulate" 1 a.pcapng >a.out || fail "simulate: status $?"
block 2 | shape >shown.out
shape <a.out | cmp -s - shown.out || fail "simulate printed $(cat a.out)"
received() { sed -n "s/^$1 s: [0-9]* sent, \([0-9]*\) received/\1/p" a.out; }
[ "$(received 3)" -gt 250 ] && [ "$(received 3)" -lt 300 ] || fail "5% loss: $(received 3) of 301"
late=$(($(received 6) - $(received 3)))
[ $late -gt 100 ] && [ $late -lt 200 ] || fail "50% loss: $late of 300"

# same COMMAND SIZE: it prints and captures (in the file "capture", of at least SIZE bytes) the same when run again.
same() {
	sh -c "$1" >1.out && mv capture 1.cap && sh -c "$1" >2.out && mv capture 2.cap || fail "$1: failed"
	cmp 1.out 2.out || fail "$1: two outputs"
	cmp 1.cap 2.cap || fail "$1: two captures"
	[ "$(wc -c <1.cap)" -gt "$2" ] || fail "$1: capture too short"
}
# differs COMMAND: one of another seed does not.
differs() {
	sh -c "$1" >2.out && mv capture 2.cap || fail "$1: failed"
	! cmp -s 1.cap 2.cap || fail "$1: same capture in spite of another seed"
}
same "'$simulate' 7 capture" 10000
differs "'$simulate' 8 capture"
for t in chain tree; do
	same "'$mesh' -t $t -n 100 -f 100 -d 1 -w capture" 10000
done
same "'$mesh' -n 1000 -f 1000 -d 0.3 -s 5 -w capture" 10000
grep -q '^mesh: 1000 nodes, 1936 links, 1000 transfers, 0.3 s, seed 5$' 1.out || fail "$(cat 1.out)"
grep -q '^goodput: [0-9.]* Mbit/s in all; ' 1.out || fail "$(cat 1.out)"
sed -n "s/^fairness: \(0\.[0-9]*\|1\.0000\) (Jain.*/\1/p" 1.out | grep -q . || fail "$(cat 1.out)"
differs "'$mesh' -n 1000 -f 1000 -d 0.3 -s 6 -w capture"
! cmp -s 1.out 2.out || fail "same output in spite of another seed"
if command -v tcpdump >/dev/null; then
	tcpdump -nr 2.cap >frames 2>/dev/null || fail "tcpdump does not read the capture"
	[ "$(wc -l <frames)" -gt 50 ] || fail "tcpdump sees too little"
fi

# What is no number, or one too much, is refused and not taken for something else.
for args in '-s x' '-s -1' '-l x' '-l 2' '-l 1%' '-n 3x' '-n 2.5' '-n 1' '-f 0' '-d 1s' '-r nan' 'chain'; do
	"$mesh" -n 2 -f 1 -d 0.01 $args >refused.out 2>&1
	[ $? = 64 ] && grep -q '^usage: mesh ' refused.out || fail "mesh $args: not refused: $(cat refused.out)"
done
ASAN_OPTIONS=detect_leaks=0 "$mesh" -n 2 -f 1 -d 0.01 -c nothing >refused.out 2>&1
[ $? = 64 ] && grep -q '^mesh: no congestion control .*: nothing$' refused.out || fail "unknown congestion control: $(cat refused.out)"

# A run that ends before its only transfer begins.
"$mesh" -n 2 -f 1 -d 0.001 >short.out 2>&1 || fail "a short run: $(cat short.out)"
exit 0
