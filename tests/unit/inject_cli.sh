#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/inject_cli.sh - bpfinject's command line: what is refused, and with which sentence;
# what llvm's own tools say of the objects that it writes. Needs the objects made by clang.
. "${0%/*}/../lib/test.sh"
set -u
cases=$BUILD/tests/kernel
stub=filter_pcap_ebpf_l2 # of tc.bpf
inject=$BIN/bpfinject

need_objects()
{
	[ -r "$cases/tc.bpf" ] || skip "clang is not installed, so there are no objects"
}

# refused REGEXP ARGUMENT...: exit status 2, one line that matches, and no output file.
refused()
{
	wanted=$1
	shift
	status 2 "$inject" -o "$T/out.o" "$@" 2>"$T/err"
	has "$T/err" "$wanted"
	same "$(wc -l <"$T/err")" 1 lines
	[ ! -e "$T/out.o" ] || fail "an output was written"
}

wrong_command_lines()
{
	need_objects
	o=$cases/tc.bpf
	refused 'no input object'
	refused 'no function; use --at.*--entry' "$o"
	refused 'unknown option .--no-such' "$o" --no-such
	refused 'at requires an argument' "$o" --at
	refused 'unexpected argument .*only one object' "$o" "$o" --at f -e tcp
	refused 'needs a filter: use either' "$o" --at $stub
	refused 'needs a filter: use either' "$o" --at $stub -e tcp --reject-all
	refused 'requires --miss' "$o" --entry ingress_cls -e tcp
	refused 'unspec, ok, shot' "$o" --entry ingress_cls -e tcp --miss often
	refused 'direct, load_bytes or probe_read' "$o" -e tcp --access fast --at $stub
	refused 'tc, xdp, socket or kprobe' "$o" --at $stub -e tcp --type tcp
	refused 'probe_read for tracing' "$o" --at $stub -e tcp --access probe_read
	refused 'EN11MB' "$o" --at $stub -e tcp -y EN11MB
	refused 'version|kernel' "$o" --at $stub -e tcp -k 4.4
	refused 'syntax error' "$o" --at $stub -e 'tcp port port'
	refused 'unknown function one.x0atwo' "$o" --at "$(printf 'one\ntwo')" -e tcp
	refused 'No such file' "$T/none.o" --at f -e tcp
	refused 'regular|cannot be read' "$T" --at f -e tcp
	refused 'ELF' "$0" --at f -e tcp
}

functions_that_are_not_stubs()
{
	need_objects
	for g in '' -g; do
		o=$cases/bad$g.bpf
		refused 'does not read R3, R4, R5.*noinline' "$o" --at dropped -e tcp
		refused 'inlined it.*noinline' "$o" --at inlined -e tcp
		refused 'type tc and xdp; ' "$o" --at mixed -e tcp
		refused 'type kprobe and tc; use --type kprobe --access probe_read' "$o" \
			--at traced -e tcp
		"$inject" "$o" -o "$T/out.o" --at traced -e tcp --type kprobe --access probe_read \
			2>"$T/err"
		[ ! -s "$T/err" ] || fail "$(cat "$T/err")"
		"$inject" "$o" -o "$T/out.o" --at traced -e tcp --type kprobe 2>"$T/err"
		has "$T/err" 'warning: --type is kprobe, but traced is called by .* type tc$'
		rm "$T/out.o"
		refused 'unknown program nobody' "$o" --entry nobody --miss 0 -e tcp
		refused 'do not show the type' "$o" --entry odd_prog --miss 0 -e tcp
		refused '\.text' "$o" --entry mixed --miss 0 -e tcp
	done
	refused 'has 3 parameters' "$cases/bad-g.bpf" --at three -e tcp
	refused 'not static' "$cases/bad-g.bpf" --at not_static --type tc -e tcp
	refused 'filter_pcap_l2 .*stub' "$cases/tc.bpf" --at filter_pcap_l2 -e tcp
}

# takes_one ARGUMENT...: of the first filter.
takes_one()
{
	status 0 "$inject" "$cases/tc.bpf" -o "$T/one.o" --at $stub "$@"
	refused "$stub has a filter already" "$T/one.o" --at $stub -e tcp
}

a_stub_takes_one_filter()
{
	need_objects
	takes_one -e tcp
	takes_one -e 'host 10.0.0.1 and not port 80'
	takes_one -e 'tcp portrange 1-7' --l3
	takes_one -e icmp --access load_bytes
	takes_one -e udp --through all
	takes_one --reject-all
}

stubs_are_listed()
{
	need_objects
	"$inject" --list "$cases/two.bpf" >"$T/list"
	same "$(awk '$1 == "stub" { print $2 }' "$T/list" | tr '\n' ' ')" \
		'first second second.specialized.1 '
	has "$T/list" '^stub +first in \.text, [0-9]+ instructions, called by prog$'
	has "$T/list" '^program +prog in tc, [0-9]+ instructions, type tc$'
	"$inject" --list "$cases/bad.bpf" >"$T/list"
	has "$T/list" '^function +dropped '
}

# llvm's tools, which know nothing of us, find nothing wrong.
llvm_reads_the_result()
{
	need_objects
	need llvm-objdump llvm-readelf llvm-dwarfdump
	for c in tc tc-g tc_count-g section-g kprobe-g; do
		at=stub
		[ "${c%-g}" != tc ] || at=$stub
		"$inject" "$cases/$c.bpf" -o "$T/$c.o" --at $at -e 'tcp port 443'
		llvm-objdump -dr "$T/$c.o" >"$T/dump" 2>"$T/err" || fail "llvm-objdump: $c"
		[ ! -s "$T/err" ] || fail "llvm-objdump: $(cat "$T/err")"
		# LLVM before 19 does not know the bit test (0x45, 0x46, 0x4d, 0x4e).
		grep -v '	4[56de] .*unknown' "$T/dump" >"$T/known"
		hasnt "$T/known" 'unknown'
		llvm-readelf -a "$T/$c.o" >/dev/null 2>"$T/err"
		[ ! -s "$T/err" ] || fail "llvm-readelf: $(cat "$T/err")"
		llvm-dwarfdump --verify "$T/$c.o" >"$T/dwarf" || fail "$(cat "$T/dwarf")"
	done
}

# The stub's old body ends the new function, instruction for instruction.
old_body_is_kept()
{
	need_objects
	need llvm-objdump
	"$inject" "$cases/tc.bpf" -o "$T/new.o" --at $stub -e 'tcp port 443'
	for o in "$cases/tc.bpf" "$T/new.o"; do
		llvm-objdump -d --no-show-raw-insn "--disassemble-symbols=$stub" "$o" |
			sed -n 's/^ *[0-9]*:	//p' | sed 's/ <.*//' >"$T/${o##*/}.body"
	done
	n=$(wc -l <"$T/tc.bpf.body")
	[ "$n" -ge 6 ] || fail "$n instructions"
	tail -n "$n" "$T/new.o.body" | cmp - "$T/tc.bpf.body"
}

# bpf_probe_read is number 4; Linux 5.5 brought number 113 for kernel addresses.
probe_read_is_the_kernels_own()
{
	need_objects
	need llvm-objdump
	for row in '5.4 4' '5.10 113' '6.12 113'; do
		"$inject" "$cases/memory.bpf" -o "$T/out.o" --at stub -e 'tcp port 443' \
			-k "${row% *}"
		llvm-objdump -d --no-show-raw-insn --disassemble-symbols=stub "$T/out.o" |
			sed -n 's/^.*	call //p' | sort -u >"$T/calls"
		# One number, decimal or, since LLVM 19, hexadecimal.
		same "$(printf '%d' "$(cat "$T/calls")")" "${row#* }" "with -k ${row% *}: call"
	done
}

# calls WANTED OBJECT FUNCTION MODE EXPR: the function contains this number of calls.
calls()
{
	"$inject" "$cases/$2.bpf" -o "$T/out.o" --at "$3" --access "$4" -e "$5"
	llvm-objdump -d "--disassemble-symbols=$3" "$T/out.o" >"$T/dump"
	same "$(grep -c '	call ' "$T/dump")" "$1" "$2, $4, $5"
}

# One call copies the headers; the second is for IPv4 headers with options.
loads_share_calls()
{
	need_objects
	need llvm-objdump
	for e in '2 tcp port 443' '1 host 10.0.0.1' '1 ip6 and udp dst port 53'; do
		calls "${e%% *}" memory stub probe_read "${e#* }"
		calls "${e%% *}" socket stub load_bytes "${e#* }"
		calls "${e%% *}" tc $stub load_bytes "${e#* }"
	done
}

deterministic()
{
	need_objects
	for i in 1 2; do
		"$inject" "$cases/tc-g.bpf" -o "$T/$i.o" --at $stub -e 'host 10.0.0.1'
	done
	cmp "$T/1.o" "$T/2.o"
	cp "$cases/tc-g.bpf" "$T/same.o"
	"$inject" "$T/same.o" -o "$T/same.o" --at $stub -e 'host 10.0.0.1'
	cmp "$T/1.o" "$T/same.o"
}

try wrong_command_lines
try functions_that_are_not_stubs
try a_stub_takes_one_filter
try stubs_are_listed
try llvm_reads_the_result
try old_body_is_kept
try probe_read_is_the_kernels_own
try loads_share_calls
try deterministic
finish
