#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# layers.sh ROOT: every #include goes in a direction that LAYERS allows.
cd "$1" || exit 2
find . -name .git -prune -o -name 'build*' -type d -prune -o '(' -name '*.[chly]' -o -name '*.def' ')' -print |
    sed 's,^\./,,' | sort | awk '
function complain(what) { print file ":" line ": " what; bad = 1 }
function layer_of(path,    part) {
	split(path, part, "/")
	return part[1] == "src" ? part[2] : part[1]
}
function excepted(what) {
	if (!((file, what) in except))
		return 0
	used[file, what] = 1
	return 1
}
function dir_of(path) { sub(/[^\/]*$/, "", path); return path }

# "name" is looked for beside the file, then in src/, then in the root.
function check_quoted(name,    path, to, owner) {
	path = dir_of(file) name
	if (!(path in exists)) path = "src/" name
	if (!(path in exists)) path = name
	if (name ~ /\.\.\// || !(path in exists)) {
		complain("\"" name "\" is no header of this tree")
		return
	}
	owner = dir_of(path)
	if (name ~ /_int\.h$/ && substr(file, 1, length(owner)) != owner && !excepted(path))
		complain("\"" name "\" is private to " owner)
	to = layer_of(path)
	if (to == from || (from, to) in allow || (from, "*") in allow)
		return
	if (file ~ /_test\.[ch]$/ && ("tests", to) in allowtest)
		return
	if (!excepted(to))
		complain(from " may not include " to " (\"" name "\")")
}
function check_system(name) {
	if (name ~ /^vimage\//) {
		if (!(("include/" name) in exists))
			complain("<" name "> is no public header")
	} else if (!(from in hosted) && !(("<" name ">") in syshdr) && file !~ /_test\.[ch]$/ &&
	    !excepted("<" name ">"))
		complain(from " may not include the host header <" name ">")
}
BEGIN {
	file = "LAYERS"
	while ((getline < "LAYERS") > 0) {
		line++
		reason = /#./; words = $0; sub(/#.*/, "", words)
		n = split(words, w, /[ \t:]+/)
		if (w[n] == "") n--
		for (i = 2; i <= n; i++) {
			if (w[1] == "layer") { known[w[2]] = 1; if (i > 2) allow[w[2], w[i]] = 1 }
			else if (w[1] == "tests") allowtest["tests", w[i]] = 1
			else if (w[1] == "hosted") hosted[w[i]] = 1
			else if (w[1] == "system") syshdr[w[i]] = 1
			else if (w[1] == "except" && i > 2) except[w[2], w[i]] = line
			else if (w[1] != "except") { complain("not understood: " w[1]); break }
		}
		if (w[1] == "except" && !reason) complain("exception without a reason")
	}
	if (line == 0) complain("missing or empty")
	close("LAYERS")
}
{ files[++count] = $0; exists[$0] = 1 }
END {
	for (k = 1; k <= count; k++) {
		file = files[k]; line = 0; from = layer_of(file)
		if (!(from in known)) complain("no row for the layer " from)
		while ((getline text < file) > 0) {
			line++
			if (text !~ /^[ \t]*#[ \t]*include/) continue
			if (match(text, /"[^"]*"/)) check_quoted(substr(text, RSTART + 1, RLENGTH - 2))
			else if (match(text, /<[^>]*>/)) check_system(substr(text, RSTART + 1, RLENGTH - 2))
			else complain("an include must name its file")
		}
		close(file)
	}
	file = "LAYERS"
	for (k in except)
		if (!(k in used)) { line = except[k]; complain("exception is not used") }
	exit bad
}'
