#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# bench/pgo.sh BUILD: makes the fastest build, a release build to which a run of the benchmarks in process
# has told what happens often (-Db_pgo).  BUILD is a directory that is not there yet.
build=$1
[ $# -eq 1 ] && [ ! -e "$build" ] || { echo "usage: bench/pgo.sh directory-to-make" >&2; exit 64; }
meson setup "$build" --buildtype=release -Dtests=false -Db_pgo=generate && ninja -C "$build" || exit 1
for family in '' -6; do
	"$build/bench/inproc_tcp" $family -h posix -t 1 && "$build/bench/inproc_tcp" $family -h posix -t 1 -k 16 conn || exit 1
done
"$build/bench/forward" && meson configure "$build" -Db_pgo=use && ninja -C "$build"
