#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_start.sh - a capture starts within 2 s whatever other processes do, and says what
# it waits for.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# start_takes: the milliseconds until it captures, in $took
start_takes()
{
	began=$(uptime_ms)
	start -f tc -k 5.4 -i left0 icmp
	took=$(($(uptime_ms) - began))
}

# Captures that attach and detach at the same time take turns by this lock.
starts_while_another_process_keeps_the_lock()
{
	need_pair
	need flock
	start_takes
	usual=$took
	stop INT
	ended 0
	flock "/run/netns/$LEFT" sleep 60 &
	holder=$!
	while flock -n "/run/netns/$LEFT" true; do sleep 0.05; done
	start_takes
	trap 'kill "$holder"; stop KILL || :' EXIT
	echo "  $usual ms (more where other tests run), with the lock kept $took ms"
	[ "$took" -lt $((3 * usual + 2000)) ] || fail "it took $took ms to start"
	has "$T/err" 'another process keeps this network namespace locked'
	pings 1
	stop INT
	ended 0
	has "$T/err" '^[1-9][0-9]* packets captured'
	left tc qdisc show dev left0 >"$T/qdiscs"
	hasnt "$T/qdiscs" clsact
}

# to_a_pipe: starts a capture into a pipe that has no reader yet
to_a_pipe()
{
	mkfifo "$T/fifo"
	nsenter --net="/run/netns/$LEFT" "$BIN/bpfcap" -f tx -i left0 -w "$T/fifo" icmp 2>"$T/err" &
	# shellcheck disable=SC2034 # for stop()
	pid=$!
	trap 'stop KILL || :' EXIT
	wait_for "$T/err" 'waiting for a process that reads .*fifo'
	hasnt "$T/err" 'capturing at'
}

says_that_a_pipe_has_no_reader()
{
	need_pair
	to_a_pipe
	stop INT
	ended 2
}

captures_into_a_pipe_once_it_is_read()
{
	need_pair
	need tcpdump
	rm "$T/fifo"
	to_a_pipe
	cat "$T/fifo" >"$T/f.pcapng" &
	reader=$!
	wait_for "$T/err" 'capturing at'
	pings 2
	stop INT
	ended 0
	wait "$reader"
	same "$(tcpdump -nr - <"$T/f.pcapng" 2>/dev/null | grep -c 'echo request')" 2 requests
}

pair_up
try starts_while_another_process_keeps_the_lock
try says_that_a_pipe_has_no_reader
try captures_into_a_pipe_once_it_is_read
finish
