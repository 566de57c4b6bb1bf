#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_keep.sh - the flight recorder: --keep writes the newest packets, whole and in
# order, at the end, on SIGUSR2 and when a --trigger happens.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# seqs FILE: the sequence numbers of the echo requests and replies in it, on one line.
seqs()
{
	"$BIN/bpfcap" -nr "$1" icmp >"$T/read" 2>"$T/read.err" || fail "$1: $(cat "$T/read.err")"
	sed -n 's/.*ICMP echo [a-z]*, id [0-9]*, seq \([0-9]*\),.*/\1/p' "$T/read" | paste -sd ' ' -
}

# whole FILE: libpcap reads it to its end.
whole()
{
	need tcpdump
	tcpdump -nr "$1" >/dev/null 2>"$T/whole" || fail "$1: $(cat "$T/whole")"
	hasnt "$T/whole" 'truncated|bad dump'
}

# keeps ARGUMENT...: the answers to pings, as left0 receives them; no file is there before.
keeps()
{
	rm -f "$T"/f*
	start -f tc:ingress -i left0 -w "$T/f" "$@"
}

the_newest_packets_are_written_at_the_end()
{
	need_pair
	keeps --keep 10 icmp
	has "$T/err" 'keeping the newest packets in at most [0-9.]+ MB of memory'
	pings 30
	[ ! -e "$T/f" ] || fail "the file came too early"
	stop INT
	ended 0
	same "$(seqs "$T/f")" "21 22 23 24 25 26 27 28 29 30"
	whole "$T/f"
	has "$T/err" '^30 kept: 20 overwritten, 10 written to 1 file, 0 not written$'
	has "$T/err" '^30 packets captured$'
	has "$T/err" '^30 packets matched by the filter$'
	[ ! -e "$T/f.part" ] || fail "the unfinished file is left"
}

a_size_keeps_as_many_as_fit()
{
	need_pair
	keeps --keep 70kB -s 200 icmp
	pings 3
	stop INT
	ended 0
	same "$(seqs "$T/f")" "1 2 3"
}

# Each packet is in one file.
a_signal_writes_a_file_and_the_capture_continues()
{
	need_pair
	keeps --keep 100 icmp
	pings 3
	sleep 0.2
	stop USR2
	wait_for "$T/err" 'SIGUSR2: 3 packets in '
	pings 2
	sleep 0.2
	stop USR2
	wait_for "$T/err" 'SIGUSR2: 2 packets in '
	pings 1
	stop INT
	ended 0
	same "$(seqs "$T/f")" "1 2 3"
	same "$(seqs "$T/f1")" "1 2"
	same "$(seqs "$T/f2")" "1"
	has "$T/err" '^6 kept: 0 overwritten, 6 written to 3 files, 0 not written$'
}

an_expression_at_a_hook_writes_the_moment_and_what_was_before()
{
	need_pair
	keeps --keep 4 --trigger 'tc:ingress: icmp[icmptype] == icmp-echoreply and icmp[6:2] == 9' \
		icmp
	pings 12
	ended 0
	same "$(seqs "$T/f")" "6 7 8 9"
	has "$T/err" 'icmp\[6:2\] == 9: 4 packets in '
	has "$T/err" '^9 kept: 5 overwritten, 4 written to 1 file, 0 not written$'
}

a_reset_is_the_last_packet_of_its_file()
{
	need_pair
	need busybox
	keeps --keep 100 --trigger 'tc:ingress: tcp[tcpflags] & tcp-rst != 0'
	pings 2
	left busybox wget -q -O - "http://$NET.2:9/" >/dev/null 2>&1 || :
	ended 0
	"$BIN/bpfcap" -nr "$T/f" >"$T/read"
	has "$T/read" 'echo reply'
	tail -n 1 "$T/read" >"$T/last"
	has "$T/last" "$NET.2.9 > $NET.1.*Flags \[R"
}

# dropped CONDITION: a packet that RIGHT does not forward is the last one of the file.
dropped()
{
	need_pair
	rm -f "$T/f"
	start --keep 50 -w "$T/f" -f tx,drop --trigger "$1" "icmp and host $FAR"
	pings 1 "$FAR"
	ended 0
	"$BIN/bpfcap" -nr "$T/f" >"$T/read"
	tail -n 1 "$T/read" >"$T/last"
	has "$T/last" " drop .*$FAR: ICMP echo request"
}

a_reason_that_no_kernel_has_is_refused()
{
	need_pair
	rm -f "$T/f"
	status 2 left timeout 10 "$BIN/bpfcap" --keep 5 -w "$T/f" -f drop \
		--trigger drop:NO_SUCH_REASON icmp 2>"$T/err"
	has "$T/err" "^bpfcap: trigger: 'drop:NO_SUCH_REASON': this kernel has no such drop reason"
	status 2 left timeout 10 "$BIN/bpfcap" --keep 5 -w "$T/f" -f rx --trigger drop icmp \
		2>"$T/err"
	has "$T/err" "^bpfcap: trigger: 'drop': this capture has no such hook; add it with -f"
	[ ! -e "$T/f" ] || fail "a file was left"
}

a_reason_is_told_from_others()
{
	[ "$(uname -r | cut -d . -f 1)" -ge 6 ] || skip "drop reasons came with 5.17"
	need_pair
	rm -f "$T/f"
	start --keep 50 -w "$T/f" -f drop -c 5 --trigger drop:NO_SOCKET "icmp and host $FAR"
	pings 5 "$FAR"
	ended 0
	has "$T/err" '^5 kept: 0 overwritten, 0 written to 0 files, 5 not written$'
	[ ! -e "$T/f" ] || fail "another reason has triggered"
}

a_latency_between_hooks_triggers()
{
	need_pair
	start --keep 50 -w "$T/f" -f tx,rx --gather --trigger 'latency>1ns' \
		"icmp and host $NET.2"
	pings 2
	ended 0
	"$BIN/bpfcap" -nr "$T/f" >"$T/read"
	same "$(lines "$T/read")" 2
	start --keep 50 -w "$T/g" -f tx,rx --gather --trigger 'latency>1s' \
		"icmp and host $NET.2"
	pings 2
	stop INT
	ended 0
	[ ! -e "$T/g" ] || fail "no packet took a second, and yet: $(cat "$T/err")"
}

# Six within a second are more than five.
a_rate_triggers_at_the_packet_that_exceeds_it()
{
	need_pair
	keeps --keep 50 --trigger 'tc:ingress>5/s' icmp
	pings 12
	ended 0
	same "$(seqs "$T/f")" "1 2 3 4 5 6"
}

the_time_after_a_trigger_is_in_its_file_too()
{
	need_pair
	keeps --keep 50 --triggers 2 --trigger 'tc:ingress: icmp[6:2] == 2' --after 10s icmp
	pings 5
	sleep 0.3
	stop USR2
	wait_for "$T/err" '== 2: 5 packets in '
	pings 3
	stop INT
	ended 0
	same "$(seqs "$T/f0")" "1 2 3 4 5"
	same "$(seqs "$T/f1")" "1 2 3"
	rm -f "$T/f0" "$T/f1"
	keeps --keep 50 --trigger 'tc:ingress: icmp[6:2] == 2' --after 300ms icmp
	pings 4
	ended 0
	same "$(seqs "$T/f" | cut -d ' ' -f 1-3)" "1 2 3"
}

the_moment_is_not_overwritten_by_what_follows()
{
	need_pair
	keeps --keep 5 --trigger 'tc:ingress: icmp[6:2] == 3' --after 1000s icmp
	pings 12
	ended 0
	same "$(seqs "$T/f")" "3 4 5 6 7"
}

each_trigger_has_a_file()
{
	need_pair
	keeps --keep 5 --trigger 'tc:ingress: icmp[7] & 3 == 0' --triggers 3 icmp
	pings 14
	ended 0
	same "$(seqs "$T/f0")" "1 2 3 4"
	same "$(seqs "$T/f1")" "5 6 7 8"
	same "$(seqs "$T/f2")" "9 10 11 12"
	has "$T/err" '^12 kept: 0 overwritten, 12 written to 3 files, 0 not written$'
}

peak_kib()
{
	# shellcheck disable=SC2154 # of pair.sh
	awk '$1 == "VmHWM:" { print $2 }' "/proc/$pid/status"
}

# Without packets, memory for what cannot be passed on at once is made ready.
peak_when_quiet()
{
	peak=0
	while [ "$(peak_kib)" != "$peak" ]; do
		peak=$(peak_kib)
		sleep 0.5
	done
	echo "$peak"
}

kept()
{
	: >"$T/err"
	stop USR1
	wait_for "$T/err" ' kept: '
}

a_flood_is_held_in_constant_memory()
{
	need_pair
	keeps --keep 2MB icmp
	left ping -q -f -c 4000 -s 1000 -W 1 "$NET.2" >/dev/null || :
	kept
	hasnt "$T/err" ' kept: 0 overwritten'
	before=$(peak_when_quiet)
	left ping -q -f -c 20000 -s 1000 -W 1 "$NET.2" >/dev/null || :
	after=$(peak_kib)
	# Of 40 MB that passed; a block of the reader may be new.
	[ $((after - before)) -lt 4096 ] || fail "$before KiB became $after"
	stop INT
	ended 0
	whole "$T/f"
	"$BIN/bpfcap" -nr "$T/f" >"$T/read" 2>/dev/null
	has "$T/err" " kept: [0-9]* overwritten, $(lines "$T/read") written to 1 file, 0 not"
}

# The process ends anywhere in the second file.
a_killed_capture_leaves_the_last_written_file_whole()
{
	need_pair
	for pause in 0 0.002 0.005 0.01 0.03; do
		rm -f "$T"/f*
		keeps --keep 8MB icmp
		left ping -q -f -c 3000 -s 1000 -W 1 "$NET.2" >/dev/null || :
		sleep 0.1
		stop USR2
		wait_for "$T/err" 'SIGUSR2: [0-9]+ packets in '
		wanted=$(sed -n 's/.*SIGUSR2: \([0-9]*\) packets in .*/\1/p' "$T/err")
		left ping -q -f -c 3000 -s 1000 -W 1 "$NET.2" >/dev/null || :
		stop USR2
		sleep "$pause"
		stop KILL
		ended 137
		whole "$T/f"
		"$BIN/bpfcap" -nr "$T/f" >"$T/read" 2>/dev/null
		same "$(lines "$T/read")" "$wanted" "packets of the first file"
		[ ! -e "$T/f1" ] || whole "$T/f1"
	done
}

what_is_not_a_file_stays_what_it_is()
{
	need_pair
	rm -f "$T/f"
	: >"$T/target"
	ln -s "$T/target" "$T/f"
	mkfifo "$T/pipe"
	start -f tc:ingress -i left0 -w "$T/f" --keep 5 icmp
	pings 2
	stop INT
	ended 0
	[ -L "$T/f" ] || fail "the link is gone"
	same "$(seqs "$T/target")" "1 2"
	cat "$T/pipe" >"$T/through" &
	start -f tc:ingress -i left0 -w "$T/pipe" --keep 5 icmp
	pings 2
	stop INT
	ended 0
	[ -p "$T/pipe" ] || fail "the pipe is gone"
	wait $! 2>/dev/null || :
	same "$(seqs "$T/through")" "1 2"
}

pair_up
try the_newest_packets_are_written_at_the_end
try a_size_keeps_as_many_as_fit
try a_signal_writes_a_file_and_the_capture_continues
try an_expression_at_a_hook_writes_the_moment_and_what_was_before
try a_reset_is_the_last_packet_of_its_file
try dropped drop
try dropped 'drop: icmp'
try a_reason_that_no_kernel_has_is_refused
try a_reason_is_told_from_others
try a_latency_between_hooks_triggers
try a_rate_triggers_at_the_packet_that_exceeds_it
try the_time_after_a_trigger_is_in_its_file_too
try the_moment_is_not_overwritten_by_what_follows
try each_trigger_has_a_file
try a_flood_is_held_in_constant_memory
try a_killed_capture_leaves_the_last_written_file_whole
try what_is_not_a_file_stays_what_it_is
finish
