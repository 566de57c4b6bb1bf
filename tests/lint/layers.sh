#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/layers.sh - each layer includes and calls only what is below it.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# own FILE NAME: NAME is a header in the folder of FILE.
own()
{
	[ "$2" = "${2##*/}" ] && [ -e "${1%/*}/$2" ]
}

# includes DIR REGEXP...: what files in DIR may name in #include "...", beside their own folder's.
includes()
{
	dir=$1
	shift
	[ -d "$dir" ] || skip "not there yet"
	allowed=$(printf '|%s' "$@")
	find "$dir" -name '*.[ch]' | sort | while read -r file; do
		sed -n 's/^[ 	]*#[ 	]*include[ 	]*"\([^"]*\)".*/\1/p' "$file" |
			while read -r name; do
				own "$file" "$name" || echo "$name" | grep -Eqx "${allowed#|}" ||
					echo "$file: #include \"$name\" is not of a layer below"
			done
	done >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

# calls DIR PREFIXES: the global functions of ours that objects of DIR may refer to.
calls()
{
	[ -d "$BUILD/$1" ] || skip "not built"
	find "$BUILD/$1" -name '*.o' | sort | while read -r object; do
		nm -u "$object" | awk '{ print $2 }' |
			grep -E '^(ebpf|cbpf|cbpf2ebpf|kbpf|probe|err)_' |
			grep -Ev "^($2|err)_" | sed "s,^,$object calls ,"
	done >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

# only HEADER FILE: no other file of the library and the commands includes it.
only()
{
	c_files | grep -E '^(src|tools|include)/' | while read -r file; do
		! grep -qE "^[ 	]*#[ 	]*include[ 	]*[<\"]$1" "$file" || echo "$file"
	done | grep -v "^$2" >"$T/bad" || return 0
	fail "$1 is included outside $2: $(cat "$T/bad")"
}

err='\.\./err\.h|bpfcap/err\.h'
asm='bpfcap/(ebpf[a-z_]*|dsl)\.h'
try_as 'src/asm includes' includes src/asm "$err" "$asm"
compiler='bpfcap/(cbpf|cbpf2ebpf|inject)\.h'
try_as 'src/cbpf2ebpf includes' includes src/cbpf2ebpf "$err" "$asm" "$compiler"
# The loader takes instructions as plain arrays: types of ebpf.h, but no function of it.
try_as 'src/loader includes' includes src/loader "$err" 'bpfcap/(kbpf|kelf|ebpf)\.h'
try_as 'src/probes includes' includes src/probes "$err" 'bpfcap/.*\.h'
for tool in tools/*/main.c; do
	[ -e "$tool" ] || continue
	try_as "${tool%/*} includes" includes "${tool%/*}" 'bpfcap/.*\.h' '\.\./common/.*\.h'
done
try_as 'tools/common includes' includes tools/common 'bpfcap/.*\.h'
try_as 'src/asm calls' calls src/asm 'ebpf'
try_as 'src/cbpf2ebpf calls' calls src/cbpf2ebpf 'ebpf|cbpf|cbpf2ebpf'
try_as 'src/loader calls' calls src/loader 'kbpf'
try_as 'pcap.h in one file' only 'pcap' src/cbpf2ebpf/libpcap.c
try_as 'libmnl in the loader' only 'libmnl/' src/loader/
finish
