#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# size.sh ROOT: no file above 1500 lines; no function above 120 lines unless the
# comment just above it says WHY.  A function is what stands between a lone {
# and a lone } in the first column.
cd "$1" || exit 2
find . -name .git -prune -o -name 'build*' -type d -prune -o -path ./tests/fuzz/corpus -prune -o \
    -path ./doc/rfc -prune -o -type f -print | sort | awk '
{
	file = $0; lines = 0; start = 0; why = 0; code = file ~ /\.[chly]$/
	while ((getline text < file) > 0) {
		lines++
		if (!code) continue
		if (!start && text ~ /WHY/) why = 1
		if (!start && text == "") why = 0
		if (text == "{") start = lines
		if (text !~ /^}/) continue
		if (start && lines - start - 1 > 120 && !why) {
			print file ":" start ": a function of " lines - start - 1 " lines, without a WHY"
			bad = 1
		}
		start = why = 0
	}
	close(file)
	if (lines > 1500) { print file ": " lines " lines"; bad = 1 }
}
END { if (NR == 0) { print "no file found"; bad = 1 } exit bad }'
