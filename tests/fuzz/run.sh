#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# run.sh TARGET CORPUS: fuzzes for FUZZ_SECONDS (5).  What is found goes to
# TARGET.corpus/ and TARGET.crash-* in the build directory, never to the tree.
target=$1 corpus=$2
[ -n "$(ls "$corpus" 2>/dev/null)" ] || { echo "no seed in $corpus"; exit 1; }
mkdir -p "$target.corpus" || exit 2
# libFuzzer ends with 77 after a crash, which meson would take for "skipped".
exec "$target" -max_total_time="${FUZZ_SECONDS:-5}" -timeout=5 -error_exitcode=1 -rss_limit_mb=2048 -max_len=70000 \
    -print_final_stats=1 -artifact_prefix="$target." "$target.corpus" "$corpus"
