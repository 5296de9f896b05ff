#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# symbols.sh ROOT LIBRARY: the library exports the names of src/api/exports.txt,
# and these are the functions that the public headers declare with VI_API.
list=$1/src/api/exports.txt
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
export LC_ALL=C

nm -D --defined-only "$2" | awk 'NF == 3 { print $3 }' | sort >"$tmp/exported" || exit 2
sort -u "$list" >"$tmp/listed" || exit 2
cat "$1"/include/vimage/*.h | tr '\n\t' '  ' | sed 's/VI_API/\n&/g' |
    sed -n 's/^VI_API [^;(]*[ *]\(vi_[a-z0-9_]*\)(.*/\1/p' | sort -u >"$tmp/declared"

status=0
if ! diff -u "$tmp/listed" "$tmp/exported"; then
	echo "The library and $list differ.  If the change is meant:"
	echo "  nm -D --defined-only $2 | awk 'NF == 3 { print \$3 }' | LC_ALL=C sort >$list"
	status=1
fi
for name in $(comm -13 "$tmp/exported" "$tmp/declared"); do
	echo "$name: declared in include/vimage but not in the library"
	status=1
done
for name in $(comm -23 "$tmp/exported" "$tmp/declared"); do
	echo "$name: exported but not declared in include/vimage"
	status=1
done
exit $status
