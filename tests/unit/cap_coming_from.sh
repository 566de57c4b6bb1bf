#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/cap_coming_from.sh - bpfcap accepts the commands of docs/coming-from.md: their options,
# and their filters for Linux 5.4.
. "${0%/*}/../lib/test.sh"

accepts_every_command()
{
	# The second column; its commands are between backquotes.
	# shellcheck disable=SC2016 # backquotes of Markdown
	awk -F '|' '{ print $3 }' docs/coming-from.md | grep -oE '`bpfcap [^`]*`' |
		tr -d '`' | sed 's/^bpfcap //' >"$T/commands"
	[ "$(wc -l <"$T/commands")" -ge 20 ] || fail "the page has another form"
	while read -r words; do
		eval "set -- $words"
		"$BIN/bpfcap" "$@" --help >/dev/null 2>"$T/err" ||
			fail "bpfcap $words: $(cat "$T/err")"
	done <"$T/commands"
}

accepts_every_filter()
{
	for filter in icmp 'port 53' 'host 10.0.0.1'; do
		grep -qF "$filter" docs/coming-from.md || fail "not on the page: $filter"
		"$BIN/bpfcap" -d -k 5.4 "$filter" >/dev/null
	done
}

try accepts_every_command
try accepts_every_filter
finish
