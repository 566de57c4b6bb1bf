# SPDX-License-Identifier: MIT
# tests/lib/tree.sh - what the house rules are about: files of the tree, symbols of its objects.

source_files()
{
	find include src tools tests bench examples .ci -type f 2>/dev/null | sort
}

c_files()
{
	source_files | grep '\.[ch]$'
}

# What is built into the library and the commands.
product_files()
{
	c_files | grep -E '^(src|include|tools)/'
}

# find_bad PROGRAM: fails with what the awk program prints about the product's files.
find_bad()
{
	product_files | xargs awk "$1" >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

# Commands and shell libraries, by their first line or their name.
shell_files()
{
	source_files | grep '\.sh$'
	source_files | grep -v '/[^/]*\.[^/]*$' | tr '\n' '\0' | xargs -0 awk '
		FNR == 1 && /^#!\/bin\/(ba)?sh/ { print FILENAME }'
}

# included FILE...: a line "FILE HEADER" for each #include "...", both as paths in the tree.
included()
{
	awk '
		function path(dir, name,	n, i, part, out, top) {
			n = split(dir "/" name, part, "/")
			for (i = 1; i <= n; i++)
				if (part[i] == "..")
					top--
				else if (part[i] != ".")
					out[++top] = part[i]
			name = out[1]
			for (i = 2; i <= top; i++)
				name = name "/" out[i]
			return name
		}
		match($0, /^[ \t]*#[ \t]*include[ \t]*"[^"]*"/) {
			split($0, quoted, "\"")
			dir = FILENAME
			sub("/[^/]*$", "", dir)
			print FILENAME, quoted[2] ~ "^bpfcap/" ? "include/" quoted[2] : \
				path(dir, quoted[2])
		}' "$@"
}

# symbols DIR...: a line "SOURCE TYPE SYMBOL" for each global symbol that the objects of DIR define
# or need (type U). One nm reads all of them.
symbols()
{
	[ -d "$BUILD/src" ] || skip "not built"
	find "$@" -name '*.c' | sed "s,^,$BUILD/,; s,c$,o," | xargs ls 2>/dev/null |
		xargs nm -A -g | awk -v build="$BUILD/" '
			NF > 1 && $(NF - 1) ~ /^[A-Z]$/ && $NF !~ /^_/ {
				source = substr($0, length(build) + 1)
				sub(/\.o:.*/, ".c", source)
				print source, $(NF - 1), $NF
			}'
}
