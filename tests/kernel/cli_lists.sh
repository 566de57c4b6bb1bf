#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_lists.sh - lists of 1,000 and 10,000 hosts, half of them IPv6, written for kernel
# 5.4, load at each kind of hook; packets of their last members are captured, those of no member are
# not.
#
# With TEST_SHARE, as in emulated machines, each hook gets one of the lists.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# hosts N LAST LAST6: N hosts, of networks that are for benchmarks, without order, some next to each
# other, and these
hosts()
{
	awk -v cnt="$1" -v last="$2" -v last6="$3" 'BEGIN {
		for (i = 2; i < cnt; i += 2) {
			at = (i * 40503 + int(i / 7)) % 131072
			printf "host 198.%d.%d.%d or\n", 18 + int(at / 65536),
				int(at / 256) % 256, at % 256
			printf "host 2001:2:0:%x:%x::%x or\n", at % 9, at % 65536, i
		}
		print "host", last, "or host", last6
	}'
}

# captures HOOK N: echo requests, and their replies, that a list of N hosts has
captures()
{
	need_pair
	hosts "$2" "$NET.2" "$NET6::2" >"$T/list"
	start -k 5.4 -f "$1" -i left0 -F "$T/list"
	pings 1
	pings 1 "$NET6::2"
	wait_for "$T/out" "$NET.2 > $NET.1: ICMP echo reply"
	wait_for "$T/out" "$NET6::2 > $NET6::1: ICMP6, echo reply"
	stop INT
	ended 0
	has "$T/out" "$NET.1 > $NET.2: ICMP echo request"
	has "$T/out" "$NET6::1 > $NET6::2: ICMP6, echo request"
	has "$T/err" '^0 packets lost'
}

# leaves_out HOOK N: the same, of no member
leaves_out()
{
	need_pair
	hosts "$2" 198.20.0.1 2001:2:1::1 >"$T/list"
	start -k 5.4 -f "$1" -i left0 -F "$T/list"
	pings 1
	pings 1 "$NET6::2"
	stop INT
	ended 0
	hasnt "$T/out" ICMP
	has "$T/err" '^0 packets matched'
}

pair_up
for hook in tc rx,tx,drop socket; do
	if [ -n "${TEST_SHARE-}" ]; then
		[ "$hook" = socket ] && cnt=10000 || cnt=1000
		try captures "$hook" "$cnt"
	else
		try captures "$hook" 1000
		try leaves_out "$hook" 1000
		try captures "$hook" 10000
	fi
done
finish
