#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# man.sh ROOT: the manual pages pass mandoc's lint.
cd "$1" || exit 2
command -v mandoc >/dev/null || { echo "mandoc is missing"; exit 2; }
status=0
for page in man/*.[1-9]; do
	[ -f "$page" ] || continue
	mandoc -Tlint -Wwarning "$page" || status=1
done
exit $status
