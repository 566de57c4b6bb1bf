#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/symbols.sh - global symbols carry the prefix of their layer, and nobody else's.
#
# A symbol of ours that begins with bpf_, pcap_, mnl_ or btf_ could silently replace one of another
# library's own.
. "${0%/*}/../lib/test.sh"

# Global definitions of an object, without the sanitizers' own.
defined()
{
	nm -g --defined-only "$1" | awk 'NF == 3 && $2 ~ /[A-TX-Z]/ { print $3 }' | grep -v '^_'
}

# prefix DIR PREFIXES [DEPTH]: every global symbol of DIR's objects begins with one of them.
prefix()
{
	[ -d "$BUILD/$1" ] || skip "not built"
	find "$1" -maxdepth "${3-9}" -name '*.c' | while read -r source; do
		defined "$BUILD/${source%.c}.o" | grep -Ev "^($2)_" | sed "s,^,$source defines ,"
	done >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

foreign()
{
	find "$BUILD/src" "$BUILD/tools" -name '*.o' 2>/dev/null | while read -r object; do
		defined "$object" | grep -E '^(bpf|pcap|mnl|btf)_' | sed "s,^,$object defines ,"
	done >"$T/bad"
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
	for layer in asm cbpf2ebpf loader probes; do
		[ -d "src/$layer" ] || skip "src/$layer is not there yet"
	done
	for h in include/bpfcap/*.h; do
		gcc -std=gnu11 -Iinclude -fsyntax-only -aux-info "$T/info" -x c "$h" || fail "$h"
		grep '^/\* include/' "$T/info" | grep -v ' static ' |
			grep -oE '\b(ebpf|cbpf|cbpf2ebpf|kbpf|probe)_[a-z0-9_]+ \(' | tr -d ' ('
	done | sort -u >"$T/declared"
	defined "$BUILD/libbpfcap.a" | sort -u >"$T/defined"
	bad=$(comm -23 "$T/declared" "$T/defined")
	[ -z "$bad" ] || fail "declared, but defined nowhere: $bad"
}

try_as 'src has err_' prefix src err 1
try_as 'src/asm has ebpf_' prefix src/asm ebpf
try_as 'src/cbpf2ebpf has cbpf_, cbpf2ebpf_, c2e_' prefix src/cbpf2ebpf 'cbpf|cbpf2ebpf|c2e'
try_as 'src/loader has kbpf_' prefix src/loader kbpf
try_as 'src/probes has probe_' prefix src/probes probe
try_as 'nothing has bpf_, pcap_, mnl_, btf_' foreign
try_as 'exports are public' exported
try_as 'public functions exist' declared
finish
