#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/messages.sh - messages of errors begin in lower case.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# A message is part of a sentence that begins with the name of the command. It may begin with a name
# in capitals (BTF, CAP_BPF, R0). Before the message, err_run() and err_input() take the part of the
# program that fails, as a string.
# shellcheck disable=SC2016
messages='
	FNR == 1 { call = "" }
	match($0, /(err_run|err_input|fail|warn)\(/) {
		call = substr($0, RSTART)
		start = FNR
	}
	call != "" && FNR > start { call = call $0 }
	call != "" && /;$/ {
		if (call ~ /^err/)
			sub(/^[^"]*"[^"]*"/, "", call)
		if (match(call, /"([A-Z][a-z]|A )[^"]*"/) && index(call, "\"") == RSTART)
			print FILENAME ":" start ": a message begins in lower case: " call
		call = ""
	}'

try_as 'messages begin in lower case' find_bad "$messages"
finish
