#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_reader.sh - while packets come, a capture reads and writes, and asks the system
# for nothing else packet by packet. strace(1) lists what it does.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# start_traced ARGUMENT...: bpfcap; the system calls of its main thread go to $T/calls
start_traced()
{
	need_pair
	need strace
	need_plain_build
	# shellcheck disable=SC2016 # for the inner shell
	start_shell 'exec strace -D -o "$T/calls" "$BIN/bpfcap" "$@" >"$T/out" 2>"$T/err"' "$@"
}

# stop_traced: what was done from the first packet to the signal is in $T/loop
stop_traced()
{
	stop INT
	ended 0
	awk '/capturing at/ { on = 1; next } /^--- SIGINT/ { on = 0 } on' "$T/calls" >"$T/loop"
}

asks_for_nothing_by_packet()
{
	start_traced "$@" icmp
	left ping -q -f -c 2000 "$NET.2" >/dev/null
	stop_traced
	packets=$(sed -n 's/^\([0-9]*\) packets captured.*/\1/p' "$T/err")
	calls=$(lines "$T/loop")
	other=$(grep -cvE '^(poll|ppoll|read|write|bpf|restart_syscall)\(' "$T/loop" || :)
	echo "  $packets packets, $calls system calls, $other of them other than read and write"
	[ "$packets" -ge 4000 ] || fail "$(cat "$T/err")"
	[ "$calls" -lt "$packets" ] || fail "a system call for each packet: $(tail "$T/loop")"
	[ "$other" -lt $((packets / 10)) ] ||
		fail "$(grep -vE '^(poll|ppoll|read|write|bpf)\(' "$T/loop" | tail)"
}

# Namespaces without a name are looked for among all processes: once a second, not for each.
visits_processes_once_a_second()
{
	began=$(cut -d . -f 1 /proc/uptime)
	start_traced -f rx -w "$T/f.pcapng" 'icmp and net 127'
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		unshare -n sh -c 'ip link set lo up && exec ping -q -c 1 127.0.0.1' >/dev/null
	done
	stop_traced
	took=$(($(cut -d . -f 1 /proc/uptime) - began))
	visits=$(grep -c '"/proc", .*O_DIRECTORY' "$T/loop" || :)
	echo "  $visits visits in $took s"
	has "$T/err" '^[1-9][0-9]* packets captured'
	[ "$visits" -le $((took + 1)) ] || fail "$visits visits in $took s"
}

pair_up
try asks_for_nothing_by_packet -f rx,tx -w "$T/f.pcapng"
try asks_for_nothing_by_packet -f rx,tx --json
try visits_processes_once_a_second
finish
