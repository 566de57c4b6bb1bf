#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/shape.sh - functions are short and take few arguments.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# As .clang-format lays out: "{" and "}" of a function stand alone in the first column, and its head
# is the text before "{" up to the end of what came before it.
# shellcheck disable=SC2016 # awk's own variables
functions='
	FNR == 1 { head = ""; start = 0 }
	/^}/ && start {
		if (FNR - start > 60)
			print FILENAME ":" start ": " FNR - start " lines, 60 at most"
		start = 0
		head = ""
	}
	start || /^}/ { next }
	/^{$/ { start = FNR; arguments(head); next }
	/^$|[;}]$|^#|\*\/$/ { head = ""; next }
	{ head = head " " $0 }
	function arguments(head,	i, c, depth, cnt)
	{
		for (i = index(head, "("); i && i <= length(head); i++) {
			c = substr(head, i, 1)
			depth += (c == "(") - (c == ")")
			cnt += c == "," && depth == 1
			if (!depth)
				break
		}
		if (cnt > 5)
			print FILENAME ":" FNR ": " cnt + 1 " arguments, 6 at most"
	}'

try_as 'functions of at most 60 lines and 6 arguments' find_bad "$functions"
finish
