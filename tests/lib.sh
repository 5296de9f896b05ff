# SPDX-License-Identifier: BSD-2-Clause
# Shell functions shared by ./check, ./demo and bench/run; source it from the
# root of the tree.

jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)

say() { printf '== %s\n' "$*"; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Prints the packages of packages.txt that one of the given uses needs and that
# are not installed.
missing_packages() {
	for use; do
		awk -v use="$use" '!/^#/ && ("," $2 ",") ~ ("," use ",") { print $1 }' packages.txt
	done | sort -u | while read -r pkg; do
		status=$(dpkg-query -W -f '${db:Status-Status}' "$pkg" 2>/dev/null)
		[ "$status" = installed ] || printf '%s ' "$pkg"
	done
}

# need_packages USE...: installs what is missing, or prints the one line to run.
need_packages() {
	command -v dpkg-query >/dev/null ||
		die "this script installs Debian packages; elsewhere see packages.txt and use meson"
	pkgs=$(missing_packages "$@")
	[ -n "$pkgs" ] || return 0
	if [ "$(id -u)" -eq 0 ]; then
		sudo=
	elif sudo -n true 2>/dev/null; then
		sudo='sudo -n'
	else
		printf 'Some Debian packages are missing.  Please run this line, then %s again:\n' "$0"
		printf 'sudo apt-get update && sudo apt-get install -y --no-install-recommends %s\n' "$pkgs"
		exit 1
	fi
	say "installing: $pkgs"
	install_packages || die "apt-get could not install: $pkgs"
}

# Packages bring servers; while ours are installed none may be started on this
# machine (policy-rc.d is Debian's switch for that, and is left alone if the
# machine has its own).
install_packages() {
	policy=/usr/sbin/policy-rc.d
	ours=
	if [ ! -e $policy ]; then
		ours=$policy
		trap '$sudo rm -f "$ours"' EXIT
		trap 'exit 1' HUP INT TERM
		printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null
		$sudo chmod 755 $policy
	fi
	apt='env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300'
	# shellcheck disable=SC2086 # $pkgs and $apt are lists
	$sudo $apt update && $sudo $apt install -y --no-install-recommends $pkgs
	status=$?
	[ -z "$ours" ] || $sudo rm -f "$ours"
	trap - EXIT HUP INT TERM
	return $status
}

# build DIR CC [meson option...]: makes or refreshes one build directory.  It is
# made anew if it came from another tree (a copy) or with other options.
build() {
	dir=$1 cc=$2
	shift 2
	made="$PWD $cc $*"
	if [ ! -f "$dir/build.ninja" ] || [ "$(cat "$dir/made" 2>/dev/null)" != "$made" ]; then
		rm -rf "$dir"
		CC=$cc CFLAGS='' LDFLAGS='' meson setup "$dir" "$@" >"$dir.setup.log" 2>&1 ||
			{ cat "$dir.setup.log"; return 1; }
		mv "$dir.setup.log" "$dir/setup.log"
		printf '%s\n' "$made" >"$dir/made"
	fi
	ninja -C "$dir"
}
