#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh ROOT BUILD [kyua filter...]: runs the functional tests against the
# programs in BUILD/bin.  `run.sh . build smoke_test:starts` runs one case.
# Two at a time, because most of them wait most of the time; those that measure
# run alone (is_exclusive in Kyuafile).
root=$(cd "$1" && pwd) build=$(cd "$2" && pwd) || exit 2
shift 2
VIMAGE_BIN=$build/bin VIMAGE_TESTS=$root/tests/func
export VIMAGE_BIN VIMAGE_TESTS
results=$build/func.db
# Cases make sockets in their directories, and the path of one has 107 bytes.
TMPDIR=/tmp
export TMPDIR
rm -f "$results"
run() { kyua --config=none --logfile="$build/func.log" "$@"; }
run --variable=parallelism=2 test --kyuafile="$root/tests/func/Kyuafile" --results-file="$results" "$@"
status=$?
# What a failing case printed, and why a case was skipped.
run report --results-file="$results" --verbose --results-filter=broken,failed |
    sed -n '/^===> .*_test:/,$p'
run report --results-file="$results" --results-filter=skipped | sed -n '/^===> Skipped/,/^===> Summ/p'
exit $status
