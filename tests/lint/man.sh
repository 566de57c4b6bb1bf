#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/man.sh - the manual pages are sound, and name every option of their command.
. "${0%/*}/../lib/test.sh"

pages()
{
	ls docs/man/*.[1-8] "$BUILD"/man/*.[1-8]
}

sound()
{
	need mandoc
	# bpfcap.8 is made by the command, which knows no date.
	pages | while read -r page; do
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
		grep -qE -- "${option#-}( |$)" "$T/page" || echo "$option"
	done <"$T/options" >"$T/bad"
	[ ! -s "$T/bad" ] || fail "not in $2: $(cat "$T/bad")"
}

# Each header has its place in libbpfcap(3), and no other.
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
try options bpfcap "$BUILD/man/bpfcap.8"
for page in docs/man/*.1; do
	name=${page##*/}
	try options "${name%.1}" "$page"
done
try headers
finish
