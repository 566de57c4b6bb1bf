#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_decode.sh - --decode in a live capture: lines come at once, the program has no
# privileges, and ends with the capture however that ends.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# The processes of the program, which wait or run: children of the capture.
decoders()
{
	# shellcheck disable=SC2154 # start sets pid
	children "$pid"
}

# The one that has become the program.
decoder()
{
	for decoder_pid in $(decoders); do
		[ "$(cat "/proc/$decoder_pid/comm")" != tcpdump ] || echo "$decoder_pid"
	done
}

# shellcheck disable=SC2120 # the arguments are optional
decode_start()
{
	need_pair
	need tcpdump
	start -f tx,rx --decode tcpdump:-v "$@" "icmp and host $NET.2"
	left ping -c 1 "$NET.2" >/dev/null
	wait_for "$T/out" "^    $NET\\.2 > $NET\\.1: ICMP echo reply"
}

prints_lines_at_once()
{
	decode_start
	has "$T/out" '^[0-9:.]+ left0 tx IP \(tos 0x0, ttl 64, .* proto ICMP'
	stop INT
	ended 0
	same "$(grep -c "^    $NET" "$T/out")" "$(grep -c '^[0-9]' "$T/out")" 'lines of each kind'
}

takes_privileges_away()
{
	decode_start
	status=/proc/$(decoder)/status
	hasnt "$status" '^Uid:	0	'
	hasnt "$status" '^Gid:	0	'
	has "$status" '^NoNewPrivs:	1$'
	has "$status" '^Cap(Prm|Eff):	0+$'
	for fd in "/proc/$(decoder)"/fd/*; do
		! readlink "$fd" | grep -q bpf || fail "it has $(readlink "$fd")"
	done
	stop INT
	ended 0
}

# survivors PID...: those that still run
survivors()
{
	for survivor in "$@"; do
		! grep -q '^State:	[^ZX]' "/proc/$survivor/status" 2>/dev/null ||
			echo "$survivor"
	done
}

dies_with_the_capture()
{
	decode_start
	# shellcheck disable=SC2046 # a list
	set -- $(decoders)
	[ $# -gt 0 ] || fail "there is no decoder"
	stop KILL
	for _ in $(seq 100); do
		[ -n "$(survivors "$@")" ] || return 0
		sleep 0.1
	done
	fail "still running: $(survivors "$@")"
}

names_the_end_of_the_program()
{
	decode_start
	kill -KILL "$(decoder)"
	left ping -c 1 "$NET.2" >/dev/null
	ended 1
	has "$T/err" '^bpfcap: decode: the program of --decode has ended'
}

# No packet waits for the next one, and none is lost or mixed up when many come.
keeps_up_with_many()
{
	need_pair
	need tcpdump
	start -f tx --decode tcpdump:-v -t "icmp[0] = 8 and host $NET.2"
	left ping -q -f -c 3000 "$NET.2" >"$T/ping"
	stop INT
	ended 0
	same "$(lines "$T/out")" 6000
	awk -v net="$NET" '
		NR % 2 && !/^left0 tx IP \(/ || !(NR % 2) && !/^    .*ICMP echo request/ {
			print NR ": " $0
		}
		!(NR % 2) && $0 !~ "seq " NR / 2 "," { print NR ": " $0 }' "$T/out" >"$T/bad"
	[ ! -s "$T/bad" ] || fail "$(head "$T/bad")"
}

pair_up
try prints_lines_at_once
try takes_privileges_away
try dies_with_the_capture
try names_the_end_of_the_program
try keeps_up_with_many
finish
