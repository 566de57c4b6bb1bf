#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_stall.sh - a capture always ends: with a stalled output, on time, with its
# command; and matched = captured + lost + passed over in each case.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# number REGEXP: the number before it in what bpfcap said, 0 without.
number()
{
	sed -n "s/^\([0-9]*\) packets* $1.*/\1/p" "$T/err" | grep . || echo 0
}

# The counts of the ended capture agree; it matched at least N packets.
adds_up()
{
	matched=$(number matched)
	[ "$matched" -ge "$1" ] || fail "matched only $matched: $(cat "$T/err")"
	same $(($(number captured) + $(number lost) + $(number passed))) "$matched" \
		"captured + lost + passed over in: $(cat "$T/err")"
}

flood()
{
	left ping -q -f -c "$1" -s 1000 "$NET.2" >/dev/null
}

# stalled SIGNAL ARGUMENT...: no process reads the pipe; the signal ends the capture within a second
# (3 here: the machine may be busy), and the hooks are gone.
stalled()
{
	need_pair
	need bpftool
	signal=$1
	shift
	mkfifo "$T/pipe" 2>/dev/null || :
	(sleep 60; cat) <"$T/pipe" >/dev/null &
	reader=$!
	# shellcheck disable=SC2016 # for the inner shell
	start_shell 'exec "$BIN/bpfcap" "$@" >"$T/pipe" 2>"$T/err"' -i left0 "$@" icmp
	flood 900 # lines of text for more than the 64 KiB that a pipe takes
	capture_programs >"$T/ids"
	began=$(uptime_ms)
	stop "$signal"
	ended 1
	took=$(($(uptime_ms) - began))
	kill "$reader"
	[ "$took" -lt 3000 ] || fail "it took $took ms to end"
	has "$T/err" 'not written \(a signal ended the wait\)'
	adds_up 1800
	bpftool prog list >"$T/progs"
	while read -r id; do hasnt "$T/progs" "^$id: "; done <"$T/ids"
}

# A slow reader gets all.
waits_for_a_slow_reader()
{
	need_pair
	mkfifo "$T/slow"
	(sleep 1; cat) <"$T/slow" >"$T/text" &
	reader=$!
	# shellcheck disable=SC2016 # for the inner shell
	start_shell 'exec "$BIN/bpfcap" "$@" >"$T/slow" 2>"$T/err"' -f socket -i left0 icmp
	flood 100
	sleep 1
	stop INT
	ended 0
	wait "$reader"
	same "$(lines "$T/text")" "$(number captured)"
	adds_up 200
}

# ended_by ARGUMENT...: no packet comes, and yet it ends; no file system error, no signal.
ended_by_the_clock()
{
	need_pair
	start -f socket -i left0 "$@" udp port 9
	ended 0
	same "$(number captured)" 0
}

begins_files_on_time()
{
	need_pair
	start -f socket -i left0 -G 1 -W 2 -w "$T/g-%s.pcap" udp port 9
	ended 0
	set -- "$T"/g-*.pcap
	same $# 2 files
	same "$(wc -c <"$1")" 24 "bytes of an empty file"
}

# ran STATUS COMMAND...: the capture lasts as long as the command and takes over its status.
ran()
{
	need_pair
	want=$1
	shift
	status "$want" left timeout 20 "$BIN/bpfcap" -f socket -i left0 icmp -- "$@" \
		>"$T/out" 2>"$T/err"
}

runs_a_command()
{
	ran 0 ping -q -c 2 -i 0.1 "$NET.2"
	same "$(number captured)" 4
	has "$T/err" '^bpfcap: ping ended with status 0$'
	ran 7 sh -c 'exit 7'
	has "$T/err" '^bpfcap: sh ended with status 7$'
	# shellcheck disable=SC2016 # for the inner shell
	ran 143 sh -c 'kill $$'
	has "$T/err" '^bpfcap: sh was ended by signal 15'
	ran 2 /no/such/command
	has "$T/err" '^bpfcap: command: .*/no/such/command: No such file'
}

# A signal that a process sent is forwarded.
forwards_a_signal()
{
	need_pair
	start -f socket -i left0 icmp -- sleep 1000
	stop TERM
	ended 0
	has "$T/err" '^bpfcap: sleep was ended by signal 15'
}

# The end of the capture ends the command.
ends_its_command()
{
	need_pair
	start -f socket -i left0 -c 2 icmp -- ping -q -i 0.1 "$NET.2"
	ended 0
	has "$T/err" '^bpfcap: ping '
	adds_up 2
}

# refuses ARGUMENT...: the output takes no more; what it did not take is counted.
refuses()
{
	need_pair
	# shellcheck disable=SC2016 # for the inner shell
	start_shell 'ulimit -f 64; exec "$BIN/bpfcap" "$@" >/dev/null 2>"$T/err"' -i left0 "$@" icmp
	flood 200
	stop INT || : # it has ended by then
	ended 1
	has "$T/err" 'not written'
	adds_up 1
}

# The process that keeps the file whole (output/keeper.c) is a child, as the guardian is.
ends_with_its_children_stopped()
{
	need_pair
	start -f tc -k 5.4 -i left0 -w "$T/f.pcapng" icmp
	pings 2
	# shellcheck disable=SC2046,SC2154 # several; start() sets pid
	kill -STOP $(children "$pid")
	began=$(uptime_ms)
	stop INT
	ended 0
	took=$(($(uptime_ms) - began))
	[ "$took" -lt 3000 ] || fail "it took $took ms to end"
	same "$(tcpdump -nr - <"$T/f.pcapng" 2>/dev/null | grep -c 'echo request')" 2 requests
}

pair_up
try stalled INT -f socket
try stalled TERM -w -
try stalled HUP -f tc -w -
try waits_for_a_slow_reader
try ended_by_the_clock --duration 1
try begins_files_on_time
try runs_a_command
try forwards_a_signal
try ends_its_command
try refuses -f socket -w "$T/limited.pcap"
try refuses -w "$T/limited.pcapng" -s 64
try ends_with_its_children_stopped
finish
