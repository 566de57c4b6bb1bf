#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/format.sh - C files are laid out as .clang-format says; shell scripts are sound.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# Releases of clang-format differ in details; the tree follows this one.
clang_format()
{
	for cmd in clang-format-14 clang-format; do
		"$cmd" --version 2>/dev/null | grep -q 'version 14\.' || continue
		c_files | xargs "$cmd" --dry-run -Werror >"$T/bad" 2>&1 ||
			fail "\`make format\` fixes: $(grep error "$T/bad")"
		return 0
	done
	skip "clang-format 14 is not installed"
}

shell_check()
{
	need shellcheck
	shell_files | xargs shellcheck -s sh -e SC1091,SC2015 || fail "see above"
}

# Scripts that are run, not sourced, stop at a misspelt variable.
shell_strict()
{
	for f in $(shell_files); do
		sh -n "$f" || fail "$f"
		[ ! -x "$f" ] || grep -qE '^set -[a-z]*u|lib/test\.sh"$' "$f" ||
			fail "$f: no set -u"
	done
}

try clang_format
try shell_check
try shell_strict
finish
