#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_missing.sh - what doctor calls missing in this kernel, a capture refuses with the
# same sentence; without tracing, the main command captures what tcpdump does. tests/vm/smallest
# makes kernels that lack something.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# why HOOK: what doctor says is missing for it.
why()
{
	"$BIN/bpfcap" --doctor >"$T/doctor" 2>&1 || fail "$(cat "$T/doctor")"
	sed -n "s/^  $1 *missing: //p" "$T/doctor" | head -n 1
}

# HOOK is a line of doctor, the rest of the arguments ask for a capture there.
capture_fails_with_doctors_sentence()
{
	need_root
	why=$(why "$1")
	shift
	[ -n "$why" ] || skip "this kernel has that hook"
	! timeout 30 "$BIN/bpfcap" "$@" -i lo -c 1 icmp >"$T/out" 2>"$T/err" ||
		fail "captured although doctor says: $why"
	grep -qF -- "$why" "$T/err" || fail "doctor: $why; the capture: $(cat "$T/err")"
	[ "$(wc -l <"$T/err")" -eq 1 ] || fail "more than a line: $(cat "$T/err")"
}

without_tracing_the_main_command_captures_what_tcpdump_does()
{
	need_pair
	need tcpdump
	[ -n "$(why rx,tx,drop,rawtp)" ] || skip "this kernel has tracing"
	left tcpdump -U -i left0 -c 8 -w "$T/theirs" icmp 2>"$T/tcpdump" &
	tcpdump=$!
	start -i left0 -c 8 -w "$T/ours" icmp
	wait_for "$T/tcpdump" 'listening on'
	pings 4
	ended 0
	wait $tcpdump
	for file in ours theirs; do
		tcpdump -nr "$T/$file" 2>/dev/null | sed 's/^[^ ]* //' >"$T/$file.txt"
	done
	same "$(lines "$T/theirs.txt")" 8 "packets of tcpdump"
	cmp "$T/ours.txt" "$T/theirs.txt"
}

pair_up
try capture_fails_with_doctors_sentence rx,tx,drop,rawtp -f drop
try capture_fails_with_doctors_sentence tracepoint -f tracepoint:skb:kfree_skb
try capture_fails_with_doctors_sentence kprobe -f kprobe:icmp_rcv
try capture_fails_with_doctors_sentence tc -f tc
try capture_fails_with_doctors_sentence xdp -f xdp:generic
try capture_fails_with_doctors_sentence socket -f socket
try without_tracing_the_main_command_captures_what_tcpdump_does
finish
