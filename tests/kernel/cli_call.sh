#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_call.sh - functions of the user's own: those of examples/call keep what tcpdump's
# expression selects at the same hook, what they write is in text, JSON and the file, each packet is
# counted, and what the verifier refuses is named by the line.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
examples=${0%/*}/../../examples/call
FIN='tcp[tcpflags] & tcp-fin != 0'

# Connections to RIGHT that send something and are closed, and some to a port without a listener.
connections()
{
	for _ in 1 2 3; do
		right busybox nc -l -p 7001 </dev/null >/dev/null &
		listener=$!
		for _ in $(seq 50); do
			! echo data | left busybox nc -w 2 "$NET.2" 7001 >"$T/nc" 2>&1 || break
			sleep 0.1
		done
		wait "$listener" || :
		left busybox nc -w 1 "$NET.2" 7002 </dev/null >/dev/null 2>&1 || :
	done
}

# count WORDS: the packets that the capture with --call counted so
count()
{
	sed -n "s/^\([0-9]*\) packets\{0,1\} $1.*/\1/p" "$T/err"
}

# both HOOK CALL [OPTION...]: two captures at the hook: with the function, and of all packets. An
# interface has one XDP program, but rx sees the same packets.
both()
{
	hook=$1 call=$2
	shift 2
	case $hook in
	xdp*) start "$@" -i left0 -f rx -w "$T/all.pcap" tcp ;;
	*) start "$@" -i left0 -f "$hook" -w "$T/all.pcap" tcp ;;
	esac
	# shellcheck disable=SC2154 # set by start
	all=$pid
	start "$@" -i left0 -f "$hook" --call "$call" --json --print -w "$T/fin.pcapng" tcp
	trap 'stop KILL || :; kill -9 $all 2>/dev/null || :' EXIT
	connections
	sleep 0.3
	kill -INT "$all"
	wait "$all"
	stop INT
	ended 0
}

# Sequence numbers, of the bytes that the function wrote and of the packet in the same line.
sequences()
{
	sed -n 's/.*"call":"\([0-9a-f]*\)".*/\1/p' "$T/out" >"$T/written"
	sed -n 's/.*"tcp":{[^}]*"seq":\([0-9]*\).*/\1/p' "$T/out" | while read -r seq; do
		printf '%08x\n' "$seq"
	done >"$T/wanted"
}

# at HOOK CALL [OPTION...]
only_fin_at()
{
	need_pair
	need busybox tcpdump
	[ -e "$2" ] || skip "no clang, so there is no object"
	case $1 in
	kprobe:*) [ -e /sys/bus/event_source/devices/kprobe ] || skip "no kprobes here" ;;
	esac
	both "$@"
	"$BIN/bpfcap" -r "$T/fin.pcapng" -w "$T/fin.pcap" 2>/dev/null
	tcpdump -ntSr - <"$T/fin.pcap" 2>/dev/null | sort >"$T/got"
	tcpdump -ntSr - "$FIN" <"$T/all.pcap" 2>/dev/null | sort >"$T/want"
	[ -s "$T/want" ] || fail "no segment with FIN passed"
	diff "$T/want" "$T/got" >"$T/diff" || fail "tcpdump and the function: $(cat "$T/diff")"

	fins=$(tcpdump -nr - "$FIN" <"$T/all.pcap" 2>/dev/null | wc -l)
	same "$(count captured)" "$fins" captured
	same "$(count 'matched')" "$(tcpdump -nr - <"$T/all.pcap" 2>/dev/null | wc -l)" matched
	same "$(count 'dropped by the function of --call')" "$(($(count matched) - fins))" dropped
	same "$(count lost)" 0 lost

	sequences
	same "$(lines "$T/written")" "$fins" "packets with a number"
	diff "$T/wanted" "$T/written" >"$T/diff" || fail "sequence numbers: $(cat "$T/diff")"
	"$BIN/bpfcap" --json -r "$T/fin.pcapng" >"$T/again" 2>/dev/null
	diff "$T/out" "$T/again" >"$T/diff" || fail "the file, and live: $(cat "$T/diff")"
	"$BIN/bpfcap" -r "$T/fin.pcapng" 2>/dev/null | sed 's/.* \[call: \(.*\)\]$/\1/' >"$T/text"
	diff "$T/written" "$T/text" >"$T/diff" || fail "text: $(cat "$T/diff")"
}

# Argument 2 of raw_func is the length of the packet, as the structure has it.
a_function_gets_the_arguments_of_a_program()
{
	need_pair
	[ -e /sys/bus/event_source/devices/uprobe ] || skip "no uprobes here"
	[ -x "$BUILD/tests/kernel/probe_user" ] || skip "probe_user is not built"
	printf '%s\n' 'r2 = *(u32 *)(r1 + 4)' '*(u32 *)(r1 + 80) = r2' \
		'r2 = *(u64 *)(r1 + 40)' '*(u64 *)(r1 + 88) = r2' 'r2 = 92' 'r2 -= 80' \
		'*(u32 *)(r1 + 20) = r2' 'r0 = 1' exit >"$T/f.s"
	"$BUILD/tests/kernel/probe_user" pass &
	target=$!
	trap 'kill "$target"' EXIT
	for kernel in auto 5.4; do
		status 0 timeout 30 "$BIN/bpfcap" -k "$kernel" -f raw:raw_func@1@2 --pid "$target" \
			-c 5 --call "$T/f.s" >"$T/out" 2>"$T/err"
		same "$(sed -n 's/.*\[call: \(........\)00000000\1\]$/\1/p' "$T/out" | wc -l)" 5 \
			"packets with their length: $(cat "$T/out")"
	done
}

# refused PLACE WHY HOOKS LINES: the function with these lines, at these hooks
refused()
{
	need_pair
	printf '%b' "$4" >"$T/f.s"
	for hook in $3; do
		status 2 left timeout 60 "$BIN/bpfcap" -i left0 -f "$hook" --duration 5 \
			--call "$T/f.s" 2>"$T/err"
		same "$(lines "$T/err")" 1 "sentences at $hook: $(cat "$T/err")"
		has "$T/err" "f\.s:$1: .*($2)"
	done
}

refused_empty()
{
	need_pair
	: >"$T/f.s"
	status 2 left "$BIN/bpfcap" -i left0 -f tc --call "$T/f.s" 2>"$T/err"
	has "$T/err" 'f\.s: the program is empty$'
}

objects_are_refused_with_a_sentence()
{
	need_pair
	need clang
	: >"$T/err"
	for source in 'int f(int *c) { return *c; } int g(int *c) { return c[1]; }' \
		'int n; int f(void) { return n++; }' 'const int n = 1;'; do
		echo "$source" | clang -x c -O2 -target bpf -c - -o "$T/f.o"
		status 2 left "$BIN/bpfcap" -i left0 -f tc --call "$T/f.o" 2>>"$T/err"
	done
	status 2 left "$BIN/bpfcap" -i left0 -f tc --call "$T/f.o:h" 2>>"$T/err"
	has "$T/err" 'f\.o has several functions: name one, as in .*f\.o:f$'
	has "$T/err" "f\.o:f:0: the function uses 'n'"
	has "$T/err" 'f\.o has no function$'
	has "$T/err" "f\.o has no function 'h'"
	same "$(lines "$T/err")" 4 sentences
}

pair_up
for hook in tx rx tc socket xdp:generic kprobe:tcp_v4_rcv; do
	try_as "only FIN is kept at $hook" only_fin_at "$hook" "$examples/fin.s"
	try_as "only FIN is kept at $hook by a program for 5.4" \
		only_fin_at "$hook" "$examples/fin.s" -k 5.4
done
for hook in tx tc; do
	try_as "only FIN is kept at $hook by the function in C" \
		only_fin_at "$hook" "$BUILD/tests/kernel/fin.bpf"
done
try a_function_gets_the_arguments_of_a_program
try_as 'an endless loop is refused' \
	refused 2 'infinite loop|back-edge|too (large|complex)' 'tc rx' \
	'r0 = 1\nn: if r0 != 0 goto n\nexit\n'
try_as 'an unknown helper is refused' refused '3:1' 'helper 999 does not exist' 'tc rx' \
	'r0 = 1\n\ncall 999\nexit\n'
try_as 'memory behind the structure is refused' refused 1 'outside' 'tc rx' \
	'r0 = *(u8 *)(r1 + 400)\nexit\n'
try_as 'an unknown verdict is refused' refused 2 'read_ok' 'tc rx' '\nr0 = r5\nexit\n'
# Since 6.13 tracing programs have stacks of their own.
try_as 'too large a stack is refused' refused 1 'combined stack size' tc \
	'r0 = 1\n*(u64 *)(r10 - 496) = r0\nexit\n'
try_as 'too long a function is refused' refused 4097 'longer than 4096' 'tc rx' \
	"$(yes 'r0 = 1\n' | head -n 5000 | tr -d '\n')exit\n"
try_as 'an empty file is refused' refused_empty
try objects_are_refused_with_a_sentence
finish
