#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/circles.sh - neither headers nor rooms include each other in a circle.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# no_circle: standard input holds an edge "FROM TO" in each line.
no_circle()
{
	tsort 2>"$T/circles" >/dev/null || true
	[ ! -s "$T/circles" ] ||
		fail "$(sed 's/^tsort: -:.*/a circle:/; s/^tsort: //' "$T/circles")"
}

headers()
{
	grep -E '^[^ ]*\.h ' "$T/included" | no_circle
}

# A room is a folder. Where a folder holds rooms, each of its headers counts alone: some are shared
# by the rooms below, others belong to what conducts them.
rooms()
{
	awk '
		{
			for (i = 1; i <= 2; i++) {
				room[i] = $i
				sub("/[^/]*$", "", room[i])
			}
			from[NR] = room[1]; from_file[NR] = $1
			to[NR] = room[2]; to_file[NR] = $2
			for (r = room[1]; sub("/[^/]*$", "", r); )
				parent[r]
		}
		function node(room, file) {
			return room in parent && file ~ /\.h$/ ? file : room
		}
		END {
			for (i = 1; i <= NR; i++) {
				a = node(from[i], from_file[i])
				b = node(to[i], to_file[i])
				if (a != b)
					print a, b
			}
		}' "$T/included" | sort -u | no_circle
}

# shellcheck disable=SC2046 # a list
included $(c_files | grep -E '^(src|include|tools)/') >"$T/included"
try_as 'no circles of headers' headers
try_as 'no circles of rooms' rooms
finish
