#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/vm/modes.sh - the ways in which a capture runs, each in its sandbox (bpfcap/sandbox.c): libc
# makes other system calls on other architectures, and what is missing there gives EPERM.
# shellcheck disable=SC2154 # pid belongs to test.sh
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

SENT=4
icmp="icmp[icmptype] == icmp-echo and host $NET.2"

# whole N FILE...: N packets were captured, the files hold them, and nothing was refused.
whole()
{
	n=$1
	shift
	has "$T/err" "^$n packets captured"
	hasnt "$T/err" 'not permitted'
	got=0
	for file in "$@"; do
		"$BIN/bpfcap" -q -r "$file" >"$T/read" || fail "cannot read $file"
		got=$((got + $(grep -c 'echo request' "$T/read" || :)))
	done
	[ $# -eq 0 ] || same "$got" "$n" "packets in $*"
}

confined()
{
	wait_for "/proc/$pid/status" '^Seccomp:.2'
}

# live FILES OPTION...: FILES is a pattern of those that the options write.
live()
{
	need_pair
	files=$1
	shift
	start -f tx -i left0 "$@" "$icmp"
	confined
	pings $SENT
	sleep 0.5
	stop INT
	ended 0
	# shellcheck disable=SC2086 # a pattern
	whole $SENT $files
}

captures_as_text()
{
	live ''
	has "$T/out" 'echo request'
}

captures_as_json()
{
	live '' --json
	has "$T/out" '"icmp'
}

captures_with_stacks()
{
	live '' -S
	has "$T/out" '^	[a-z0-9_.]+\+0x'
	hasnt "$T/out" '^	0x'
}

captures_into_a_file()
{
	live "$T/a.pcapng" -w "$T/a.pcapng"
}

captures_into_a_file_of_pcap()
{
	live "$T/a.pcap" -w "$T/a.pcap"
}

captures_into_new_files_by_size()
{
	live "$T/c*" -w "$T/c" -C 1 -W 3
}

captures_into_new_files_by_time()
{
	live "$T/g*" -w "$T/g%s.pcapng" -G 1
	set -- "$T"/g*
	[ $# -gt 1 ] || fail "there is one file"
}

wait_for_file()
{
	for _ in $(seq 100); do
		[ ! -s "$1" ] || return 0
		sleep 0.1
	done
	fail "$1 is empty"
}

captures_as_another_user()
{
	chmod 755 "$T"
	mkdir "$T/nobody"
	chmod 777 "$T/nobody"
	live "$T/nobody/n.pcapng" -Z nobody -w "$T/nobody/n.pcapng"
}

captures_from_memory()
{
	need_pair
	start -f tx -i left0 --keep 10MB -w "$T/k.pcapng" "$icmp"
	confined
	pings $SENT
	sleep 0.5
	stop USR2
	wait_for_file "$T/k.pcapng"
	stop INT
	ended 0
	whole $SENT "$T"/k*.pcapng
}

captures_for_a_time()
{
	need_pair
	start -f tx -i left0 --duration 4 "$icmp"
	confined
	pings $SENT
	ended 0
	whole $SENT
}

captures_beside_a_command()
{
	need_pair
	left "$BIN/bpfcap" -f tx -i left0 -w "$T/beside.pcapng" "$icmp" -- \
		ping -q -i 0.05 -c $SENT -W 1 "$NET.2" >"$T/out" 2>"$T/err" ||
		fail "$(cat "$T/err")"
	whole $SENT "$T/beside.pcapng"
}

captures_with_journeys_and_a_page()
{
	need_pair
	start -f tx -f rx -i left0 -w "$T/r.pcapng" --gather --track --owner \
		--report "$T/r.html" "$icmp"
	confined
	pings $SENT
	sleep 0.5
	stop INT
	ended 0
	whole $((2 * SENT)) "$T/r.pcapng"
	has "$T/r.html" '<html'
}

pair_up
try captures_as_text
try captures_as_json
try captures_with_stacks
try captures_into_a_file
try captures_into_a_file_of_pcap
try captures_into_new_files_by_size
try captures_into_new_files_by_time
try captures_as_another_user
try captures_from_memory
try captures_for_a_time
try captures_beside_a_command
try captures_with_journeys_and_a_page
finish
