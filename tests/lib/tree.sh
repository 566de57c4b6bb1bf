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

# Commands and shell libraries, by their first line or their name.
shell_files()
{
	source_files | grep '\.sh$'
	source_files | grep -v '/[^/]*\.[^/]*$' | tr '\n' '\0' | xargs -0 awk '
		FNR == 1 && /^#!\/bin\/(ba)?sh/ { print FILENAME }'
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
