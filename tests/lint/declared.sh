#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/declared.sh - a reader finds the definition of each function from its declaration.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# A line "HEADER NAME FILE.c" for each name that a header uses outside comments, with the file that
# the last comment before it names; several lines, where it names several.
# shellcheck disable=SC2016 # awk's own variables
mentions='
	FNR == 1 { cnt = 0; comment = 0 }
	{
		text = $0
		code = comment ? "" : text
		sub(/\/\*.*/, "", code)
		starts = text ~ /\/\*/
		if (comment || starts) {
			first = 1
			while (match(text, /[a-z0-9_]+\.c([^a-z0-9_]|$)/)) {
				if (first)
					cnt = 0
				first = 0
				name = substr(text, RSTART, RLENGTH)
				sub(/\.c.*/, ".c", name)
				file[++cnt] = name
				text = substr(text, RSTART + RLENGTH)
			}
		}
		comment = (comment || starts) && text !~ /\*\//
		gsub(/[^A-Za-z0-9_]/, " ", code)
		n = split(code, word, " ")
		for (i = 1; i <= n; i++) {
			print FILENAME, word[i], "-"
			for (j = 1; j <= cnt; j++)
				print FILENAME, word[i], file[j]
		}
	}'

# What x.c defines for others is declared in x.h beside it, or in a header of the room that they
# share, after a comment that names x.c; or in a public header.
declared()
{
	[ -s "$T/symbols" ] || skip "not built"
	c_files | grep -E '^(src|tools|include)/.*h$' | xargs awk "$mentions" >"$T/words"
	awk '
		FILENAME ~ /words$/ {
			if ($1 ~ /^include/)
				public[$2]
			name = $1
			dir = $1
			sub(/.*\//, "", name)
			sub(/[^\/]*$/, "", dir)
			sub(/h$/, "c", name)
			at[dir name, $2]
			if ($3 != "-")
				at[dir $3, $2]
			next
		}
		$2 != "U" && $3 != "main" && !($3 in public) && !(($1, $3) in at) {
			print $1 " defines " $3 ", but no header declares it under that name"
		}' "$T/words" "$T/symbols" >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

(symbols src tools) >"$T/symbols"
try declared
finish
