#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# selftest.sh ROOT: each check of this directory accepts a small good tree and
# rejects it after one violation was planted, for the right reason.
checks=$1/tests/check
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
tree=$tmp/tree
status=0

fresh() {
	rm -rf "$tree"
	mkdir -p "$tree/src/base" "$tree/src/net/sub" "$tree/src/host" "$tree/src/api" \
	    "$tree/include/vimage" "$tree/man" "$tree/doc/rfc"
	printf 'A-1\t1\tMUST\tit is so\tdone\tsrc/net/net.c\tsrc/net/net_test.c:*\n' >"$tree/doc/rfc/x.tsv"
	printf 'layer %s\n' 'include :' 'base :' 'host : base' 'net : base' 'api : include' >"$tree/LAYERS"
	printf '%s\n' 'tests : host' 'hosted : host' 'system : <stddef.h>' >>"$tree/LAYERS"
	echo '#include <unistd.h>' >"$tree/src/host/h.h"
	echo 'struct a { int a; };' >"$tree/src/base/a.h"
	echo 'struct p { int p; };' >"$tree/src/net/p_int.h"
	echo 'struct n { int n; };' >"$tree/src/net/net.h"
	printf '#include "p_int.h"\n#include "base/a.h"\n#include <stddef.h>\n#include <vimage/v.h>\n' \
	    >"$tree/src/net/net.c"
	printf '#include "net/p_int.h"\n' >"$tree/src/net/sub/s.c"
	printf '#include "host/h.h"\n#include <stdio.h>\n' >"$tree/src/net/net_test.c"
	printf '#define VI_API __attribute__((visibility("default")))\nVI_API int\n\tvi_one(void);\n' \
	    >"$tree/include/vimage/v.h"
	echo vi_one >"$tree/src/api/exports.txt"
	printf '.Dd January 1, 2026\n.Dt X 1\n.Os\n.Sh NAME\n.Nm x\n.Nd a page\n' >"$tree/man/x.1"
}

# verdict WHAT WANTED-TEXT CHECK ARGUMENT...; an empty text means: must pass
verdict() {
	what=$1 want=$2 check=$3
	shift 3
	"$checks/$check.sh" "$@" >"$tmp/out" 2>&1
	rc=$?
	if [ -z "$want" ]; then
		[ $rc -eq 0 ] && return
	else
		[ $rc -eq 1 ] && grep -qF "$want" "$tmp/out" && return
	fi
	echo "FAILED: $check: $what (exit $rc, wanted: ${want:-success})"
	sed 's/^/    /' "$tmp/out"
	status=1
}

# planted CHECK WHAT WANTED-TEXT FILE TEXT: adds TEXT to FILE of a fresh tree
planted() {
	fresh
	printf "$5" >>"$tree/$4"
	case $1 in
	words) verdict "$2" "$3" words "$tree" "$checks/words.txt" ;;
	*) verdict "$2" "$3" "$1" "$tree" ;;
	esac
}

planted rfc 'good table' '' doc/rfc/x.tsv ''
planted rfc 'file that is not there' 'no file src/b.c' doc/rfc/x.tsv 'B-1\t1\tMUST\tit\tpartial: half\tsrc/b.c\t-\n'
planted rfc 'test that is not there' 'no test t in' doc/rfc/x.tsv 'B-1\t1\tMUST\tit\tdone\t-\tsrc/net/net.c:t\n'
planted rfc 'unknown status' 'status maybe' doc/rfc/x.tsv 'B-1\t1\tMUST\tit\tmaybe\t-\t-\n'
planted rfc 'row twice' 'A-1: twice' doc/rfc/x.tsv 'A-1\t1\tMUST\tit\tpartial\t-\t-\n'
planted rfc 'done without a test' 'B-1: done, and no test' doc/rfc/x.tsv 'B-1\t1\tMUST\tit\tdone\tsrc/net/net.c\t-\n'
planted rfc 'done with a remark, without a test' 'B-1: done, and no test' doc/rfc/x.tsv 'B-1\t1\tMUST\tit\tdone: so\tsrc/net/net.c\t-\n'
planted rfc 'nothing to be done' '' doc/rfc/x.tsv 'B-1\t1\tMUST NOT\tit\tdone: never\t-\t-\n'
privtable() {
	fresh
	mkdir -p "$tree/src/vimage" "$tree/linux" "$tree/daemon"
	printf 'enum vi_priv {\n\tVI_PRIV_A,\n\tVI_PRIV_NET_DIVERT,\n\tVI_PRIV_MAX\n};\n' >"$tree/include/vimage/priv.h"
	printf "${4-VI_PRIV_A}\n" >"$tree/daemon/a.c"
	printf '\t[VI_PRIV_A] = { "net.a", ALWAYS, "do a" },\n' >"$tree/src/vimage/priv.c"
	printf "$3" >"$tree/man/vimage-priv.4"
	verdict "$1" "$2" priv "$tree"
}
privtable 'good table of privileges' '' '.It Cm net.a\nalways: Do a.\n'
privtable 'privilege without a line in the page' '-net.a: do a' '.Nm x\n'
privtable 'line of no privilege' '+net.b: do b' '.It Cm net.a\nalways: Do a.\n.It Cm net.b\nnever: Do b.\n'
privtable 'another text' '+net.a: do b' '.It Cm net.a\nalways: Do b.\n'
privtable 'privilege that nobody asks for' 'VI_PRIV_A: nobody asks' '.It Cm net.a\nalways: Do a.\n' 'VI_PRIV_AB'
privtable 'privilege that is there already' 'VI_PRIV_NET_DIVERT: ' '.It Cm net.a\nalways: Do a.\n' 'VI_PRIV_A VI_PRIV_NET_DIVERT'

planted layers 'good tree' '' LAYERS ''
planted layers 'upward include' 'base may not include net' src/base/a.h '#include "net/net.h"\n'
planted layers 'host header' 'host header <unistd.h>' src/net/net.c '#include <unistd.h>\n'
planted layers 'host layer outside tests' 'net may not include host' src/net/net.c '#include "host/h.h"\n'
planted layers 'private header' 'private to src/net/' src/api/x.c '#include "net/p_int.h"\n'
planted layers 'unknown header' 'no header of this tree' src/net/net.c '#include "nothing.h"\n'
planted layers 'unknown layer' 'no row for the layer' src/stray.c '\n'
planted layers 'stale exception' 'not used' LAYERS 'except src/net/net.c : host # why\n'
planted layers 'exception without reason' 'without a reason' LAYERS 'except src/net/net.c : host\n'

planted headers 'good tree' '' LAYERS ''
planted headers 'needs another header' 'does not compile alone (clang)' src/base/a.h 'size_t x(void);\n'

long=$(awk 'BEGIN { for (i = 0; i < 130; i++) printf "\\tf();\\n" }')
file=$(awk 'BEGIN { for (i = 0; i < 1501; i++) printf "\\n" }')
planted size 'good tree' '' LAYERS ''
planted size 'long file' '1501 lines' src/base/b.c "$file"
planted size 'long function' 'a function of 130 lines' src/base/b.c "void\\nf(void)\\n{\\n$long}\\n"
planted size 'long function with a reason' '' src/base/b.c "/* WHY: one table. */\\nvoid\\nf(void)\\n{\\n$long}\\n"
planted size 'reason of another function' 'a function of 130 lines' src/base/b.c \
    "/* WHY */\\nvoid\\ng(void)\\n{\\n}\\nvoid\\nf(void)\\n{\\n$long}\\n"

planted words 'good tree' '' LAYERS ''
planted words 'forbidden word' 'src/base/b.c:1:' src/base/b.c "/* TO""DO: later */\\n"
planted words 'mktemp template' '' src/base/b.c 'x.XXXXXX\n'

planted man 'good page' '' LAYERS ''
planted man 'bad macro' 'x.1' man/x.1 '.Xq nothing\n'

# archive SOURCE: compiles it as the library is compiled
archive() {
	printf '%s\n' "$1" >"$tmp/o.c"
	gcc -c -O2 -fPIC "${2:--fno-common}" -fvisibility=hidden -o "$tmp/o.o" "$tmp/o.c" || exit 2
	rm -f "$tmp/o.a"
	ar rc "$tmp/o.a" "$tmp/o.o" || exit 2
	gcc -shared -o "$tmp/o.so" "$tmp/o.o" || exit 2
}
globals() {
	archive "$3" "${4:-}"
	verdict "$1" "$2" globals "$tmp/o.a"
}
globals 'constants' '' 'extern int x; const int t[] = {1}; int *const p = &x; int f(void) { return (t[0]); }' -DX
globals 'initialised' 'counter (.data' 'int counter = 1;' -DX
globals 'zero' 'counter (.bss' 'int counter;' -fno-common
globals 'common' 'counter (COMMON' 'int counter;' -fcommon
globals 'function static' 'calls' 'int f(void) { static int calls; return (++calls); }' -DX
globals 'thread local' 'current (.tbss' '__thread int current;' -DX
globals 'thread local with a value' 'current (.tdata' '__thread int current = 1;' -DX
globals 'section of its own' 'p (set_module' 'int x; static int *p __attribute__((used, section("set_module"))) = &x;' -DX

fresh
one='__attribute__((visibility("default"))) int vi_one(void); int vi_one(void) { return (1); }'
archive "$one" -DX
verdict 'good library' '' symbols "$tree" "$tmp/o.so"
archive "$one __attribute__((visibility(\"default\"))) int leak(void) { return (1); }" -DX
verdict 'leaked symbol' '+leak' symbols "$tree" "$tmp/o.so"
archive 'int vi_one(void) { return (1); }' -DX
verdict 'declared, not exported' 'vi_one: declared' symbols "$tree" "$tmp/o.so"

exit $status
