#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/commits.sh - the subjects of new commits fit into 72 columns.
#
# New are the commits since $LINT_BASE, or since the commit that brought this file.
. "${0%/*}/../lib/test.sh"

short_subjects()
{
	need git
	git rev-parse -q --verify HEAD >/dev/null 2>&1 || skip "not a git repository"
	base=${LINT_BASE-$(git log --diff-filter=A --format=%H -- "$0" | tail -n 1)}
	[ -n "$base" ] || skip "no commit to begin at"
	git log --format=%s "$base.." >"$T/subjects" || fail "LINT_BASE '$base' is not a commit"
	awk 'length($0) > 72 { print length($0) " columns: " $0 }' "$T/subjects" >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

try short_subjects
finish
