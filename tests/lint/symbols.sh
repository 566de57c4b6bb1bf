#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/symbols.sh - global symbols carry the prefix of their layer, and no other.
#
# A symbol of ours that begins with bpf_, pcap_, mnl_ or btf_ could silently replace one of another
# library's own.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# defined DIR: a line "SOURCE SYMBOL" for each global definition of DIR's objects.
defined()
{
	awk -v dir="$1/" 'index($1, dir) == 1 && $2 != "U" { print $1, $3 }' "$T/symbols"
}

# prefix DIR PREFIXES [FILES]: every global symbol of DIR's objects begins with one of them; where
# FILES is given, only of sources that match it.
prefix()
{
	[ -s "$T/symbols" ] || skip "not built"
	defined "$1" | grep -E "^${3:-$1/}" | grep -vE " ($2)_" >"$T/bad" || return 0
	fail "$(sed 's/ / defines /' "$T/bad")"
}

foreign()
{
	[ -s "$T/symbols" ] || skip "not built"
	awk '$2 != "U" && $3 ~ /^(bpf|pcap|mnl|btf)_/ { print $1 " defines " $3 }' "$T/symbols" \
		>"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

# The shared library gives away nothing that the public headers do not declare.
exported()
{
	nm -D --defined-only "$BUILD/libbpfcap.so" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' |
		sort -u >"$T/exported"
	cat include/bpfcap/*.h | tr -cs 'A-Za-z0-9_' '\n' | sort -u >"$T/words"
	bad=$(comm -23 "$T/exported" "$T/words")
	[ -z "$bad" ] || fail "exported, but not in a public header: $bad"
}

# Every function that a public header declares exists. gcc lists the declarations.
declared()
{
	need gcc
	for h in include/bpfcap/*.h; do
		echo "#include \"${h#include/}\""
	done >"$T/all.c"
	gcc -std=gnu11 -Iinclude -fsyntax-only -aux-info "$T/info" "$T/all.c" || fail "see above"
	grep '^/\* include/' "$T/info" | grep -v ' static ' |
		grep -oE '\b(ebpf|cbpf|cbpf2ebpf|kbpf|probe)_[a-z0-9_]+ \(' | tr -d ' (' |
		sort -u >"$T/declared"
	defined src | sed 's/.* //' | sort -u >"$T/defined"
	bad=$(comm -23 "$T/declared" "$T/defined")
	[ -z "$bad" ] || fail "declared, but defined nowhere: $bad"
}

(symbols src tools) >"$T/symbols"
try_as 'src has err_' prefix src err 'src/[^/]* '
try_as 'src/asm has ebpf_' prefix src/asm ebpf
try_as 'src/cbpf2ebpf has cbpf_, cbpf2ebpf_, c2e_' prefix src/cbpf2ebpf 'cbpf|cbpf2ebpf|c2e'
try_as 'src/loader has kbpf_' prefix src/loader kbpf
try_as 'src/probes has probe_' prefix src/probes probe
try_as 'nothing has bpf_, pcap_, mnl_, btf_' foreign
try_as 'exports are public' exported
try_as 'public functions exist' declared
finish
