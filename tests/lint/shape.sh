#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/shape.sh - functions are short.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

product()
{
	c_files | grep -E '^(src|include|tools)/'
}

# all PROGRAM: the awk program prints what is wrong with the product's files.
all()
{
	product | xargs awk "$1" >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

# As .clang-format lays out: "{" and "}" of a function stand alone in the first column.
# shellcheck disable=SC2016 # awk's own variables
functions='
	FNR == 1 { start = 0 }
	/^}/ && start {
		if (FNR - start > 60)
			print FILENAME ":" start ": " FNR - start " lines, 60 at most"
		start = 0
	}
	/^{$/ { start = FNR }'

try_as 'functions of at most 60 lines' all "$functions"
finish
