#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/names.sh - names mean one thing: no variable hides a function of libc, each struct has
# a name of its own, and a return code is called rc.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# Functions of libc that are known to everybody. Where a variable or a function of ours has
# such a name, that of libc cannot be called, and gcc does not warn.
# shellcheck disable=SC2016
libc='
	BEGIN {
		name = "(abort|abs|accept|bind|close|connect|dup|exit|fork|free|index|kill|link|" \
			"listen|malloc|mount|open|pause|pipe|poll|raise|read|realloc|recv|remove|" \
			"rename|select|send|signal|sleep|socket|stat|system|time|unlink|wait|write)"
		type = "(const )?((struct|enum|union) )?[a-z_][a-z0-9_]* \\**"
	}
	FNR == 1 { body = 0 }
	/^}/ { body = 0 }
	/^{$/ { body = 1; next }
	/^[\t *]*return / { next }
	($0 ~ "^(static )?" type name "\\([^)]" && !/^#/) ||
	(body && $0 ~ "^\t+" type name "( =|;|,|\\[)") ||
	(!body && /^[a-z\t]/ && !/^\t[a-z].*;$/ && $0 ~ "[(,\t] ?" type name "[,)[]") {
		print FILENAME ":" FNR ": hides a function of libc: " $0
	}'

# A return code is called rc.
# shellcheck disable=SC2016
codes='
	/^\t+int ([a-z_]+( = [^;,(]*)?, )*(ret|err|r|res|retval)( =|;|,)/ {
		print FILENAME ":" FNR ": rc is the name of a return code: " $0
	}'

# A reader who searches for a struct finds one.
# shellcheck disable=SC2016
structs='
	/^(struct|union) [a-z0-9_]+ \{/ {
		if ($2 in at)
			print FILENAME ":" FNR ": struct " $2 " is also in " at[$2]
		at[$2] = FILENAME
	}'

try_as 'no names of libc' find_bad "$libc"
try_as 'rc for return codes' find_bad "$codes"
try_as 'each struct has its own name' find_bad "$structs"
finish
