#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/man.sh - the manual pages are sound, and name every option of their command.
. "${0%/*}/../lib/test.sh"

sound()
{
	need mandoc
	# Pages that a command generates have no date.
	for page in docs/man/*.[1-8]; do
		mandoc -Tlint -W warning "$page" 2>&1 | grep -v 'missing date'
	done >"$T/bad" || true
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

# options COMMAND PAGE: each --option of --help is in the page.
options()
{
	[ -x "$BIN/$1" ] || skip "not built"
	"$BIN/$1" --help | grep -oE -- '--[a-z][a-z0-9-]+' | sort -u >"$T/options"
	[ "$(wc -l <"$T/options")" -ge 5 ] || fail "no options in --help"
	sed 's/\\-/-/g' "$2" >"$T/page"
	while read -r option; do
		grep -qE -- "${option#-}( |\[|$)" "$T/page" || echo "$option"
	done <"$T/options" >"$T/bad"
	[ ! -s "$T/bad" ] || fail "not in $2: $(cat "$T/bad")"
}

# made COMMAND PAGE: the page is the output of `COMMAND --man`.
made()
{
	[ -x "$BIN/$1" ] || skip "not built"
	"$BIN/$1" --man | cmp -s - "$2" || fail "update it: $1 --man >$2"
}

# completes SHELL SCRIPT: the script is the output of `bpfcap --completion SHELL`.
completes()
{
	[ -x "$BIN/bpfcap" ] || skip "not built"
	"$BIN/bpfcap" --completion "$1" | cmp -s - "$2" ||
		fail "update it: bpfcap --completion $1 >$2"
}

# libbpfcap(3) names every public header, and no other.
headers()
{
	for h in include/bpfcap/*.h; do
		h=${h#include/}
		grep -qF "$h" docs/man/libbpfcap.3 || [ "$h" = bpfcap/ebpf_helpers.h ] ||
			fail "libbpfcap.3 does not name $h"
	done
	grep -oE 'bpfcap/[a-z0-9_]+\.h' docs/man/libbpfcap.3 | sort -u | while read -r h; do
		[ -e "include/$h" ] || fail "libbpfcap.3 names $h"
	done
}

try sound
for page in docs/man/bpf*.[18]; do
	name=${page##*/}
	try options "${name%.[18]}" "$page"
done
try made bpfasm docs/man/bpfasm.1
try made bpfcap docs/man/bpfcap.8
try completes bash packaging/completion/bpfcap.bash
try completes zsh packaging/completion/_bpfcap
try headers
finish
