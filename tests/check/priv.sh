#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# priv.sh ROOT: man/vimage-priv.4 has the privileges of src/vimage/priv.c, in
# its order and with its texts; and each is asked for by some code, or gives a
# capability of the host, or is among those for what is yet to come (CAVEATS of the page).
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
sed -n 's/^	\[VI_PRIV_.*{ "\([a-z_.]*\)", .*, "\(.*\)" },$/\1: \2/p' "$1/src/vimage/priv.c" >"$tmp/table"
awk '/^\.It Cm / { name = $3; next } name != "" { sub(/^[^:]*: /, ""); sub(/\.$/, "");
    print name ": " $0; name = "" }' "$1/man/vimage-priv.4" |
    awk -F': ' '{ print $1 ": " tolower(substr($2, 1, 1)) substr($2, 2) }' >"$tmp/man"
awk -F': ' '{ print $1 ": " tolower(substr($2, 1, 1)) substr($2, 2) }' "$tmp/table" >"$tmp/code"
[ -s "$tmp/code" ] || { echo "no privilege found in src/vimage/priv.c"; exit 1; }
diff -u "$tmp/code" "$tmp/man" || exit 1
yet='FIREWALL DIVERT DUMMYNET NETGRAPH IPSEC MROUTE'
status=0
for p in $(sed -n 's/^	\(VI_PRIV_[A-Z_]*\),.*/\1/p' "$1/include/vimage/priv.h"); do
	asked=$(find "$1/src" "$1/linux" "$1/daemon" -name '*.c' ! -name '*_test.c' ! -path '*/src/vimage/priv.c' -exec grep -lw "$p" {} + | head -n 1)
	case " $yet " in *" ${p#VI_PRIV_NET_} "*) later=yes ;; *) later= ;; esac
	[ -n "$asked" ] || [ -n "$later" ] || { echo "$p: nobody asks for it"; status=1; }
	[ -z "$asked" ] || [ -z "$later" ] || { echo "$p: $asked asks for it; it is not yet to come"; status=1; }
done
exit $status
