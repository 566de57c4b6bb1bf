#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/bits.sh - the library and the commands compile where pointers have 32 bits, without a
# conversion that may lose bits. Only looks for mistakes: needs no libraries of 32 bits.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

compiles_for_32_bits()
{
	need gcc
	[ "$(uname -m)" = x86_64 ] || skip "gcc compiles for 32 bits with -m32 on x86-64"
	mkdir -p "$T/gnu"
	: >"$T/gnu/stubs-32.h" # of the C library for 32 bits; nothing is linked
	host=/usr/include/$(gcc -print-multiarch)
	# Aligned as on arm, where 8 bytes are.
	c_files | grep -E '^(src|tools)/.*[.]c$' | xargs -P "$(nproc)" -n 16 \
		gcc -m32 -malign-double -std=c11 -fsyntax-only \
		-Wall -Wextra -Wconversion -Wno-sign-conversion -D_GNU_SOURCE \
		-D_FILE_OFFSET_BITS=64 '-DBPFCAP_VERSION=""' -Iinclude "-I$T" \
		-isystem "$host" >"$T/out" 2>&1 || :
	[ ! -s "$T/out" ] || fail "$(cat "$T/out")"
}

try compiles_for_32_bits
finish
