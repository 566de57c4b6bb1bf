#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/harden.sh - commands and the library are built hardened, as readelf(1) shows.
. "${0%/*}/../lib/test.sh"

# shows FILE OPTION REGEXP WHAT
shows()
{
	readelf -W "$2" "$1" | grep -Eq "$3" || fail "$1: no $4"
}

hardened()
{
	need readelf
	[ -e "$BUILD/libbpfcap.so" ] || skip "not built"
	need_plain_build
	for file in "$BUILD"/bin/* "$BUILD/libbpfcap.so"; do
		shows "$file" -h 'Type: +DYN' 'position independent code'
		shows "$file" -l 'GNU_RELRO' 'RELRO'
		shows "$file" -d 'BIND_NOW|Flags:.* NOW' 'BIND_NOW'
		shows "$file" --dyn-syms '__stack_chk_fail' 'stack protector'
		shows "$file" --dyn-syms '_chk(@|$| )' 'fortified function'
		! readelf -lW "$file" | grep -Eq 'GNU_STACK.*E ' || fail "$file: executable stack"
	done
}

try hardened
finish
