#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_many.sh - a hook of 100 interfaces is attached and detached quickly, by links and
# as filters, and leaves nothing. V=1 shows the times.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# Quiet machines need a fiftieth. Before 5.16 the kernel waits for all RCU callbacks, with RTNL
# held, whenever the list of filters at one side of an interface changes (mini_qdisc_pair_swap()
# calls rcu_barrier()): twice while two filters are attached, and three times while they and their
# qdisc are removed. In emulation that takes 33 ms, 3.3 s for 100 interfaces.
case $(uname -r) in
[1-4].* | 5.[0-9].* | 5.1[0-5].*) LIMIT_MS=20000 ;;
*) LIMIT_MS=6000 ;;
esac

make_interfaces()
{
	for i in $(seq 50); do
		echo "link add many$i type veth peer name manyother$i"
	done | left ip -batch - || skip "100 interfaces cannot be made"
}

now_ms()
{
	awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime
}

# quick WHAT MS
quick()
{
	echo "  $1: $2 ms"
	[ "$2" -lt $LIMIT_MS ] || fail "$1 takes $2 ms"
}

# 100 interfaces and none: what is the same for both does not count.
takes()
{
	from=$(now_ms)
	start "$@" icmp
	started=$(($(now_ms) - from))
	from=$(now_ms)
	stop INT
	ended 0
	stopped=$(($(now_ms) - from))
}

attaches_to_100_interfaces()
{
	need_pair
	need seq
	takes "$@" -i left0
	one_started=$started one_stopped=$stopped
	takes "$@" -i 'many*'
	quick attaching $((started - one_started))
	quick detaching $((stopped - one_stopped))
	left tc qdisc show >"$T/qdiscs"
	hasnt "$T/qdiscs" clsact
}

filters_are_everywhere()
{
	need_pair
	need tc
	start -k 5.4 -f tc:egress -i 'many*' icmp
	cnt=0
	for i in $(seq 50); do
		left tc filter show dev "many$i" egress | grep -q bpfcap && cnt=$((cnt + 1))
		left tc filter show dev "manyother$i" egress | grep -q bpfcap && cnt=$((cnt + 1))
	done
	stop INT
	ended 0
	same $cnt 100 filters
}

pair_up
(need_pair && make_interfaces)
try attaches_to_100_interfaces -f tc
try attaches_to_100_interfaces -f tc -k 5.4
try attaches_to_100_interfaces -f xdp:generic
try attaches_to_100_interfaces -f tc,rx
try filters_are_everywhere
finish
