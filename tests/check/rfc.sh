#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# rfc.sh ROOT: the tables doc/rfc/*.tsv have seven fields a row, no id twice, a
# status that begins with done, partial, deviation or omitted, and name files
# and tests that exist (file:function; * is the whole file; - is none).  What is
# done has a test; only where nothing had to be done for it ("done: why", without
# a file) there is none.
cd "$1" || exit 2
for table in doc/rfc/*.tsv; do
	[ -f "$table" ] || continue
	awk -F '\t' -v t="$table" '
	/^#/ { next }
	NF != 7 { print t ": " $1 ": " NF " fields"; next }
	seen[$1]++ { print t ": " $1 ": twice" }
	$5 ~ /^done/ && $7 == "-" && !($5 ~ /^done: ./ && $6 == "-") { print t ": " $1 ": done, and no test" }
	$5 !~ /^(done|partial|deviation|omitted)/ { print t ": " $1 ": status " $5 }
	{
		n = split($6, code, ",")
		for (i = 1; i <= n; i++)
			if (code[i] != "-")
				print "file", $1, code[i]
		if ($7 != "-") {
			split($7, test, ":")
			print "test", $1, test[1], test[2]
		}
	}' "$table" | while read -r what id file name; do
		case $what in
		file) [ -e "$file" ] || echo "$table: $id: no file $file" ;;
		test) if [ "$name" = '*' ]; then
				[ -f "$file" ] || echo "$table: $id: no file $file"
			else
				grep -q "^$name(" "$file" 2>/dev/null ||
				    echo "$table: $id: no test $name in $file"
			fi ;;
		*) echo "$what $id $file $name" ;;
		esac
	done
done | {
	out=$(cat)
	[ -z "$out" ] && exit 0
	echo "$out"
	exit 1
}
