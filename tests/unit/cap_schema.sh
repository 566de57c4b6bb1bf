#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/cap_schema.sh - the lines of --json --top satisfy docs/counts.schema.json, and the
# names in the tables of docs/json.md and docs/top.md are members of the schemas.
. "${0%/*}/../lib/test.sh"

counts_satisfy_their_schema()
{
	need python3
	for file in tests/cases/files/*.pcap*; do
		"$BIN/bpfcap" -r "$file" --json --top 2>/dev/null || :
	done >"$T/counts"
	PYTHONPATH=tests/lib python3 -B - "$T/counts" <<-'END' || fail "see above"
		import schema, sys
		seen = {row["by"] for row in schema.rows("docs/counts.schema.json", sys.argv[1])}
		assert seen == {"place", "flow", "process", "total"}, seen
	END
}

# names_of PAGE SCHEMA: the first column of its tables, as paths into the schema.
names_of()
{
	need python3
	python3 - "$@" <<-'END' || fail "see above"
		import json, re, sys
		page, schema = open(sys.argv[1]).read(), json.load(open(sys.argv[2]))
		rows = [row for row in re.findall(r"^\|([^|]*)\|", page, re.M) if "`" in row]
		assert len(rows) >= 7, "the page has another form"
		# What is in parentheses are values.
		for name in re.findall(r"`([^`]*)`", re.sub(r"\([^)]*\)", "", " ".join(rows))):
		    rule = schema
		    for part in re.findall(r"\w+|\[0\]", name):
		        rule = rule["items"] if part == "[0]" else rule["properties"][part]
	END
}

mapped_names_are_members()
{
	names_of docs/json.md docs/packet.schema.json
}

names_of_counts_are_members()
{
	names_of docs/top.md docs/counts.schema.json
}

try counts_satisfy_their_schema
try mapped_names_are_members
try names_of_counts_are_members
finish
