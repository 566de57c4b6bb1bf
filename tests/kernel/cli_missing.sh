#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_missing.sh - what doctor calls missing in this kernel, a capture refuses with the
# same sentence. tests/vm/smallest makes kernels that lack something.
. "${0%/*}/../lib/test.sh"

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

try capture_fails_with_doctors_sentence rx,tx,drop,rawtp
try capture_fails_with_doctors_sentence rx,tx,drop,rawtp -f drop
try capture_fails_with_doctors_sentence tracepoint -f tracepoint:skb:kfree_skb
try capture_fails_with_doctors_sentence kprobe -f kprobe:icmp_rcv
try capture_fails_with_doctors_sentence tc -f tc
try capture_fails_with_doctors_sentence xdp -f xdp:generic
try capture_fails_with_doctors_sentence socket -f socket
finish
