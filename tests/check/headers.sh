#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# headers.sh ROOT [flag...]: every header compiles alone, with gcc and clang.
cd "$1" || exit 2
shift
for cc in gcc clang; do
	command -v $cc >/dev/null || { echo "$cc is missing"; exit 2; }
done
status=0 count=0
for h in $(find include src ctl linux daemon cmd -name '*.h' 2>/dev/null | sort); do
	case $h in
	include/*) quote= ;;
	src/*) quote='-iquote src' ;;
	ctl/*) quote='-iquote . -iquote src' ;;
	*) quote='-iquote .' ;;
	esac
	for cc in gcc clang; do
		# shellcheck disable=SC2086
		$cc -fsyntax-only -std=c17 -D_GNU_SOURCE -Wall -Wextra "$@" -Werror \
		    -Iinclude $quote -include "$h" -x c /dev/null ||
			{ echo "$h: does not compile alone ($cc)"; status=1; }
	done
	count=$((count + 1))
done
[ $count -gt 0 ] || { echo "no header found"; status=1; }
exit $status
