#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_top.sh - --top counts packets in the kernel, as a table and as JSON, and makes a
# report of them.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# counted FILE JQ_LIKE_REGEXP: the packets of the last line that matches.
counted()
{
	grep -E -- "$2" "$1" | tail -n 1 | sed 's/.*"packets":\([0-9]*\).*/\1/'
}

every_packet_is_in_each_table()
{
	need_pair
	start "$@" --json --top 1 -f tx,rx -i left0 icmp
	pings 4
	stop INT
	ended 0
	same "$(counted "$T/out" '"by":"total"')" 8 total
	same "$(counted "$T/out" '"by":"place","hook":"tx"')" 4 'at tx'
	same "$(counted "$T/out" '"by":"place","hook":"rx"')" 4 'at rx'
	same "$(counted "$T/out" "\"src\":\"$NET.1\",\"dst\":\"$NET.2\"")" 4 requests
	same "$(counted "$T/out" "\"src\":\"$NET.2\",\"dst\":\"$NET.1\"")" 4 replies
	has "$T/err" '8 packets counted'
	has "$T/err" '8 packets matched'
	has "$T/err" '0 packets lost'
}

# Of a capture that runs: with a drop, which has a reason, and an interval, which has rates.
json_satisfies_its_schema()
{
	need_pair
	need python3
	start --json --top 1 -f tx,rx,drop icmp
	pings 4
	pings 1 "$FAR"
	wait_for "$T/out" '"by":"total"'
	stop INT
	ended 0
	python3 -B tests/lib/schema.py docs/counts.schema.json "$T/out" || fail "see above"
	for table in place flow process total; do
		has "$T/out" "\"by\":\"$table\""
	done
	has "$T/out" '"drop":'
}

the_table_names_hooks_flows_and_processes()
{
	need_pair
	start --top -f tx -i left0 icmp
	pings 4
	stop INT
	ended 0
	has "$T/out" '^hook, reason and place .*packets/s'
	has "$T/out" '^tx  *4 '
	has "$T/out" "ICMP $NET.1 > $NET.2  *4 "
	has "$T/out" 'ping [0-9]+  *4 '
	hasnt "$T/out" "$(printf '\033')"
}

drops_have_reason_and_place()
{
	need_pair
	[ "$(uname -r | cut -d. -f1)" -ge 6 ] || skip "kernels before 5.17 have no drop reasons"
	start --json --top -f drop "icmp and dst $FAR"
	left ping -c 1 -W 1 "$FAR" >/dev/null || :
	stop INT
	ended 0
	has "$T/out" '"hook":"drop","drop":\{"reason":"[A-Z_0-9]*","function":"[a-z_0-9.]*"'
}

counts_until_the_command_ends()
{
	need_pair
	left "$BIN/bpfcap" --top -f tx -i left0 icmp -- ping -c 3 -i 0.2 "$NET.2" \
		>"$T/out" 2>"$T/err" ||
		fail "status $?: $(cat "$T/err")"
	has "$T/out" '^tx  *3 '
}

makes_a_report_of_counts_and_of_packets()
{
	need_pair
	start --top -f tx,rx -i left0 --report "$T/top.html" icmp
	pings 2
	stop INT
	ended 0
	has "$T/top.html" "ICMP $NET.1 &gt; $NET.2"
	start -f tx,rx -i left0 --gather --report "$T/gather.html" icmp
	pings 2
	stop INT
	ended 0
	has "$T/gather.html" "ICMP $NET.1 &gt; $NET.2"
	has "$T/out" 'ICMP echo request'
}

pair_up
try every_packet_is_in_each_table
try every_packet_is_in_each_table -k 5.4
try json_satisfies_its_schema
try the_table_names_hooks_flows_and_processes
try drops_have_reason_and_place
try makes_a_report_of_counts_and_of_packets
try counts_until_the_command_ends
finish
