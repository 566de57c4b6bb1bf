#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/files.sh - source files are short, licensed, say their purpose and leave no debts.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# each LIST RULE: RULE prints what is wrong with the file it is given.
each()
{
	for f in $($1); do
		$2 "$f"
	done >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

code()
{
	c_files
	shell_files
}

short()
{
	awk -v f="$1" 'END { if (NR > 400) print f ": " NR " lines, 400 at most" }' "$1"
}

# A tab counts to the next multiple of eight.
narrow()
{
	expand "$1" | awk -v f="$1" '
		/clang-format off/ { off = 1 }
		/clang-format on/ { off = 0 }
		length > 100 && !off { print f ":" NR ": " length " columns, 100 at most" }'
}

licensed()
{
	head -n 2 "$1" | grep -q 'SPDX-License-Identifier: ' || echo "$1: no SPDX line at the top"
}

# "name - what it is for", or for a command "name ARGUMENTS - what it does", in the first lines.
purposeful()
{
	head -n 5 "$1" | grep -qF "${1##*/}" && head -n 5 "$1" | grep -qE "[^ ] - [^ ]" ||
		echo "$1: the first lines do not say what it is for"
}

debtless()
{
	grep -nwE 'TO''DO|FIX''ME|XX''X' "$1" | sed "s,^,$1:,"
}

guarded()
{
	case $1 in *.h) ;; *) return ;; esac
	grep -qE '^#ifndef [A-Z0-9_]+_H$' "$1" || echo "$1: no include guard"
}

try_as 'at most 400 lines' each code short
try_as 'at most 100 columns' each code narrow
try_as 'licence' each code licensed
try_as 'purpose' each code purposeful
try_as 'no debts' each code debtless
try_as 'include guards' each c_files guarded
finish
