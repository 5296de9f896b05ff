#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# priv.sh ROOT: man/vimage-priv.4 has the privileges of src/vimage/priv.c, in
# its order and with its texts.
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
sed -n 's/^	\[VI_PRIV_.*{ "\([a-z_.]*\)", .*, "\(.*\)" },$/\1: \2/p' "$1/src/vimage/priv.c" >"$tmp/table"
awk '/^\.It Cm / { name = $3; next } name != "" { sub(/^[^:]*: /, ""); sub(/\.$/, "");
    print name ": " $0; name = "" }' "$1/man/vimage-priv.4" |
    awk -F': ' '{ print $1 ": " tolower(substr($2, 1, 1)) substr($2, 2) }' >"$tmp/man"
awk -F': ' '{ print $1 ": " tolower(substr($2, 1, 1)) substr($2, 2) }' "$tmp/table" >"$tmp/code"
[ -s "$tmp/code" ] || { echo "no privilege found in src/vimage/priv.c"; exit 1; }
diff -u "$tmp/code" "$tmp/man"
