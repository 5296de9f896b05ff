#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# features.sh ROOT: prints FEATURES.md, made of the FEATURE file of each directory (status, topic, note; separated by tabs).
# features.sh ROOT check: fails when FEATURES.md is not what the files say.
cd "$1" || exit 2
dirs='src/kern src/vimage src/net src/rtsock src/packet
	src/netinet/arp src/netinet/ip src/netinet/icmp src/netinet/igmp src/netinet/ip6 src/netinet/icmp6 src/netinet/mld src/netinet/nd6
	src/netinet/udp src/netinet/raw src/netinet/tcp src/netinet/tunnel'
generate() {
	echo '# Features'
	echo
	echo 'Made by `doc/features.sh . >FEATURES.md` from the `FEATURE` file of each directory under `src/`; do not edit.'
	for f in $dirs; do
		awk -F '\t' '
		/^title: / { printf "\n## %s\n\n| | | |\n|---|---|---|\n", substr($0, 8); next }
		NF == 3 && $1 ~ /^(done|partial|omitted)$/ { printf "| %s | %s | %s |\n", $1, $2, $3; next }
		{ printf "%s:%d: not \"status TAB topic TAB note\"\n", FILENAME, FNR >"/dev/stderr"; exit 1 }' $f/FEATURE || exit 1
	done
}
if [ "${2-}" = check ]; then
	[ "$(find src -name FEATURE | wc -l)" -eq "$(echo $dirs | wc -w)" ] || { echo "a FEATURE file is not listed in doc/features.sh"; exit 1; }
	generate | diff - FEATURES.md || { echo "FEATURES.md is old: doc/features.sh . >FEATURES.md"; exit 1; }
else
	generate
fi
