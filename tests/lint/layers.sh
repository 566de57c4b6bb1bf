#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/lint/layers.sh - each layer includes and calls only what is below it.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/tree.sh"

# includes DIR REGEXP...: the headers that files of DIR, without its rooms, may include beside those
# of DIR itself.
includes()
{
	dir=$1
	shift
	[ -d "$dir" ] || fail "$dir is not there"
	allowed=$(printf '|%s' "$dir/[^/]*" "$@")
	grep -E "^$dir/[^/ ]* " "$T/included" | grep -Evx "[^ ]* (${allowed#|})" >"$T/bad" ||
		return 0
	fail "not of a layer below: $(cat "$T/bad")"
}

# calls DIR PREFIXES: the global functions of ours that objects of DIR may refer to.
calls()
{
	[ -s "$T/symbols" ] || skip "not built"
	awk -v dir="$1/" -v may="^($2|err)_" '
		index($1, dir) == 1 && $2 == "U" && $3 !~ may &&
		$3 ~ /^(ebpf|cbpf|cbpf2ebpf|kbpf|probe|err)_/ { print $1 " calls " $3 }' \
		"$T/symbols" >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(cat "$T/bad")"
}

# only HEADER FILE: no other file of the library and the commands includes it.
only()
{
	c_files | grep -E '^(src|tools|include)/' |
		xargs grep -lE "^[ 	]*#[ 	]*include[ 	]*[<\"]$1" |
		grep -v "^$2" >"$T/bad" || return 0
	fail "$1 is included outside $2: $(cat "$T/bad")"
}

# room DIR REGEXP...: as includes, and every room may include what all of src shares.
room()
{
	dir=$1
	shift
	try_as "$dir includes" includes "$dir" 'src/util\.h' 'include/bpfcap/err\.h' "$@"
}

# shellcheck disable=SC2046 # a list
included $(c_files) >"$T/included"
(symbols src) >"$T/symbols"

asm='include/bpfcap/(ebpf[a-z_]*|dsl)\.h'
room src/asm "$asm"
room src/asm/text "$asm" 'src/asm/[a-z_]*\.h'
room src/asm/run "$asm" 'src/asm/[a-z_]*\.h'

# expression -> classic -> read -> ir -> passes -> emit; compile conducts, inject is its caller.
compiler='include/bpfcap/(cbpf|cbpf2ebpf|through|inject)\.h'
c=src/cbpf2ebpf
room $c/classic "$asm" "$compiler"
room $c/ir "$asm" "$compiler" "$c/classic/.*"
room $c/read "$asm" "$compiler" "$c/(classic|ir)/.*"
room $c/passes "$asm" "$compiler" "$c/ir/.*"
room $c/emit "$asm" "$compiler" "$c/ir/.*" "$c/emit/access/.*"
room $c/emit/access "$asm" "$compiler" "$c/ir/.*" "$c/emit/.*"
room $c "$asm" "$compiler" "$c/.*"
room $c/through "$asm" "$compiler"
room $c/inject "$asm" "$compiler"

# The loader takes instructions as plain arrays: types of ebpf.h, but no function of it.
room src/loader 'include/bpfcap/(kbpf|kring|kelf|ebpf)\.h'
room src/loader/elf 'include/bpfcap/(kbpf|kring|kelf|ebpf)\.h'

# layout <- capture <- kprobe <- uprobe <- hooks <- session
all='include/bpfcap/.*'
p=src/probes
room $p "$all"
room $p/layout "$all" "$p/[a-z_]*\.h"
room $p/capture "$all" "$p/[a-z_]*\.h" "$p/layout/.*"
room $p/kprobe "$all" "$p/[a-z_]*\.h" "$p/(layout|capture)/.*"
room $p/uprobe "$all" "$p/[a-z_]*\.h" "$p/(layout|capture|kprobe)/.*" "$p/tls/(elf|find)\.h"
room $p/hooks "$all" "$p/[a-z_]*\.h" "$p/(layout|capture|kprobe|uprobe)/.*"
room $p/owners "$all" "$p/[a-z_]*\.h"
room $p/session "$all" "$p/[a-z_]*\.h" "$p/(layout|capture|kprobe|uprobe|hooks|owners)/.*"
room $p/tls "$all" "$p/[a-z_]*\.h" "$p/kprobe/.*" "$p/owners/proc\.h"
room $p/doctor "$all" "$p/[a-z_]*\.h" "$p/(layout|capture|kprobe|uprobe|hooks|session)/.*" \
	"$p/tls/elf\.h"

for dir in tools/* tools/*/*; do
	tool=${dir#tools/}
	tool=tools/${tool%%/*}
	[ ! -d "$dir" ] || [ ! -e "$tool/main.c" ] ||
		room "$dir" "$all" 'tools/common/.*' "$tool/.*"
done
room tools/common "$all"
try_as 'src/asm calls' calls src/asm 'ebpf'
try_as 'src/cbpf2ebpf calls' calls src/cbpf2ebpf 'ebpf|cbpf|cbpf2ebpf'
try_as 'src/loader calls' calls src/loader 'kbpf'
try_as 'pcap.h in one place' only 'pcap[./-]' src/cbpf2ebpf/classic/libpcap
try_as 'libmnl in the loader' only 'libmnl/' src/loader/
finish
