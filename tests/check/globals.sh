#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# globals.sh ARCHIVE: the objects of the library hold no writable data, function
# statics and thread-locals included.  Constants that only need relocation
# (.data.rel.ro) are fine.
[ -f "$1" ] || { echo "no archive: $1"; exit 2; }
LC_ALL=C readelf --wide --sections --symbols "$1" | awk '
/^File: / { object = $2; sub(/.*[(\/]/, "", object); sub(/\)$/, "", object); split("", name); split("", size) }
/^ *\[ *[0-9]+\] / {				# [nr] name type addr off size es flags ...
	nr = $0; sub(/^ *\[ */, "", nr); sub(/\].*/, "", nr)
	sub(/^ *\[ *[0-9]+\] /, "")
	if ($7 ~ /W/ && $1 !~ /^\.data\.rel\.ro/ && $5 !~ /^0+$/)
		name[nr + 0] = $1
	objects++
}
$1 ~ /^[0-9]+:$/ && NF == 8 && ($4 == "OBJECT" || $4 == "TLS" || $7 == "COM") {
	if ($7 == "COM" || ($7 + 0) in name) {
		printf "%s: writable: %s (%s, %d bytes)\n", object, $8,
		    $7 == "COM" ? "COMMON" : name[$7 + 0], $3
		bad = 1; named[object, $7 + 0] = 1
	}
}
/^File: |^$/ { next }
{ for (n in name) if (!((object, n) in seen)) { seen[object, n] = name[n] } }
END {
	for (k in seen) {
		split(k, part, SUBSEP)
		if (!(k in named)) { print part[1] ": writable section without a symbol: " seen[k]; bad = 1 }
	}
	if (objects == 0) { print "no object read"; bad = 1 }
	exit bad
}'
