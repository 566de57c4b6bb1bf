# SPDX-License-Identifier: MIT
# tests/lib/tree.sh - which files the house rules are about: takes nothing, prints a path a line.

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
	source_files | while read -r f; do
		case $f in
		*.sh) echo "$f" ;;
		*.*) ;;
		*) ! head -n 1 "$f" | grep -qE '^#!/bin/(ba)?sh' || echo "$f" ;;
		esac
	done
}
