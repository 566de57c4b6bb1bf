#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/files.sh - source files have a fit size, a licence, a purpose, and leave no debts.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# Source files of src/ and tools/ below 30 lines need a reason. A header may be as short as the file
# that it declares the functions of.
short_for_a_reason='
src/loader/socket.c		one call that several files share
src/probes/layout/emit.c	the one step of a layout that reads no memory
tools/static/nodbus.c		stands in for a library
tools/bpfcap/dissect/dissect.h	what all dissectors share
tools/bpfcap/dissect/vxlan.c	a short protocol
src/asm/text/mistakes.c		one error path of two files
src/probes/version.c		one public function
src/asm/text/parser.h		the state that files of the room share
src/probes/ours.h		inline only
src/loader/perm.h		inline only
'

# all LIST PROGRAM: the awk program prints what is wrong with the files of the list.
all()
{
	$1 | tr '\n' '\0' | xargs -0 awk -v reasons="$short_for_a_reason" "$2" >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

code()
{
	c_files
	shell_files
}

# Tests are cut at their seams instead.
# shellcheck disable=SC2016 # awk's own variables
long='
	FNR == 401 && FILENAME !~ /^tests\// { print FILENAME ": more than 400 lines" }'

# shellcheck disable=SC2016
short='
	BEGIN {
		for (n = split(reasons, line, "\n"); n; n--) {
			sub(/\t.*/, "", line[n])
			ok[line[n]]
		}
	}
	{ lines[FILENAME] = FNR }
	END {
		for (f in lines) {
			own = f
			if (f !~ /^(src|tools)\// || lines[f] >= 30 || f in ok ||
			    (sub(/\.h$/, ".c", own) && own in lines))
				continue
			print f ": " lines[f] " lines, below 30 without a reason in files.sh"
		}
		for (f in ok)
			if (f && (!(f in lines) || lines[f] >= 30))
				print f ": needs no reason for being short"
	}'

# A tab counts to the next multiple of eight.
# shellcheck disable=SC2016
wide='
	FNR == 1 { off = 0 }
	/clang-format off/ { off = 1 }
	/clang-format on/ { off = 0 }
	!off && length($0) + 7 * gsub(/\t/, "\t") > 100 {
		width = 0
		for (i = 1; i <= length($0); i++)
			width = substr($0, i, 1) == "\t" ? width - width % 8 + 8 : width + 1
		if (width > 100)
			print FILENAME ":" FNR ": " width " columns, 100 at most"
	}'

# shellcheck disable=SC2016
licensed='
	FNR == 1 { found = 0 }
	FNR <= 2 && /SPDX-License-Identifier: / { found = 1 }
	FNR == 2 && !found { print FILENAME ": no SPDX line at the top" }'

# "name - what it is for", or for a command "name ARGUMENTS - what it does". The path from the root
# of the tree may stand before the name.
# shellcheck disable=SC2016
purposeful='
	FNR == 1 { name = FILENAME; sub(/.*\//, "", name); found = 0 }
	FNR <= 3 && (at = index($0, name)) && substr($0, at + length(name)) ~ /^[^-]* - [^ ]/ {
		found = 1
	}
	FNR == 3 && !found { print FILENAME ": no \"" name " - what it is for\" at the top" }'

# shellcheck disable=SC2016
debts='/(^|[^A-Za-z_])(TO''DO|FIX''ME|XX''X)([^A-Za-z_]|$)/ { print FILENAME ":" FNR ": " $0 }'

# BPFCAP_ and the path: src/asm/check.h has BPFCAP_SRC_ASM_CHECK_H, public headers BPFCAP_ERR_H.
# shellcheck disable=SC2016
guards='
	FNR == 1 {
		found = 0
		path = toupper(FILENAME)
		sub(/^INCLUDE\/BPFCAP\//, "", path)
		gsub(/[^A-Z0-9]/, "_", path)
		wanted[FILENAME] = "#ifndef BPFCAP_" path
	}
	/^#ifndef/ && !seen[FILENAME]++ && $0 == wanted[FILENAME] { delete wanted[FILENAME] }
	END {
		for (f in wanted)
			if (f ~ /\.h$/)
				print f ": does not begin with " wanted[f]
	}'

try_as 'at most 400 lines' all code "$long"
try_as 'no scraps below 30 lines' all c_files "$short"
try_as 'at most 100 columns' all code "$wide"
try_as 'licence' all code "$licensed"
try_as 'purpose' all code "$purposeful"
try_as 'no debts' all code "$debts"
try_as 'include guards' all c_files "$guards"
finish
