#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/growth.sh - arrays grow with grow() of src/util.h.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# Arrays grow with grow(). What grows otherwise has a reason here.
may_realloc='
src/util.h			grow() itself
src/loader/log.c		the size is what the kernel asks for
src/loader/file.c		reads a file of unknown size
'

growth()
{
	product_files | xargs grep -nE '\b(realloc|reallocarray)\(' |
		grep -vE ':[ 	]*/?\*' >"$T/all" || true
	echo "$may_realloc" | sed -n 's/^\([a-z][^	]*\)	.*/^\1:/p' >"$T/may"
	grep -vf "$T/may" "$T/all" >"$T/bad" || return 0
	fail "grow() of src/util.h is not used: $(cat "$T/bad")"
}

try growth
finish
