#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_netns.sh - captures in another network namespace: what they see there, what they
# leave there, and interfaces that do not exist yet.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# outside ARGUMENT...: bpfcap, not in a namespace of the test
outside()
{
	: >"$T/out"
	: >"$T/err"
	"$BIN/bpfcap" "$@" >"$T/out" 2>"$T/err" &
	pid=$!
	trap 'stop KILL || :' EXIT
	wait_for "$T/err" 'capturing at'
}

count_is()
{
	[ "$(lines "$T/out")" -eq "$1" ] ||
		fail "$(lines "$T/out") lines, not $1: $(cat "$T/out" "$T/err")"
}

# captures_there NETNS ARGUMENT...: 3 pings at left0 of LEFT; an interface of this name is not here
captures_there()
{
	need_pair
	netns=$1
	shift
	outside --netns "$netns" -i left0 -c 6 "$@" "icmp and host $NET.2"
	pings 3
	ended 0
	count_is 6
	! grep -v ' left0 ' "$T/out" || fail "other interfaces"
	! left tc qdisc show dev left0 | grep clsact || fail "the qdisc is left"
	! left ip link show left0 | grep -w xdp || fail "the XDP program is left"
}

tracing_hooks_see_its_interface()
{
	captures_there "$LEFT" -f rx,tx
}

tc_attaches_there()
{
	captures_there "$LEFT" -f tc
	captures_there "$LEFT" -f tc -k 5.4
}

xdp_attaches_there()
{
	need_pair
	outside --netns "$LEFT" -i left0 -c 3 -f xdp "icmp and host $NET.2"
	pings 3
	ended 0
	count_is 3
}

socket_sees_its_interface()
{
	captures_there "$LEFT" -f socket
}

# A number is looked for below /run/netns, and among the processes.
an_inode_names_it()
{
	captures_there "$(stat -L -c %i "/run/netns/$LEFT")" -f tc
}

# Tracing hooks see the whole machine: where packets of several namespaces come, each says its own.
packets_name_their_namespace()
{
	need_pair
	start -f tx -w "$T/named.pcapng" --print "icmp and host $NET.2"
	pings 2
	stop INT
	ended 0
	has "$T/out" " netns:$RIGHT right0 tx IP "
	"$BIN/bpfcap" -r "$T/named.pcapng" --json >"$T/out" 2>/dev/null
	has "$T/out" "\"name\":\"right0\",\"index\":[0-9]+,\"netns\":\"$RIGHT\""
	has "$T/out" "\"name\":\"left0\",\"index\":[0-9]+,\"netns\":\"$LEFT\""
}

a_killed_capture_leaves_nothing_there()
{
	need_pair
	outside --netns "$LEFT" -i left0 -f tc,xdp -k 5.4 icmp
	stop KILL
	wait "$pid" 2>/dev/null || :
	for _ in $(seq 100); do
		left tc qdisc show dev left0 | grep -q clsact ||
			left ip link show left0 | grep -qw xdp || return 0
		sleep 0.1
	done
	fail "$(left tc qdisc show dev left0; left ip link show left0)"
}

an_interface_that_appears_there_is_captured()
{
	need_pair
	outside --netns "$LEFT" -i later0 --wait -f tc -c 1 arp
	left ip link add later0 type veth peer name later1
	left ip link set later1 up
	left ip link set later0 up
	wait_for "$T/err" 'capturing at later0 as well'
	left ip addr add 10.250.252.1/24 dev later0
	left ping -q -c 1 -W 1 10.250.252.2 >/dev/null || :
	ended 0
	left ip link del later0
	has "$T/out" ' later0 .*Request who-has 10.250.252.2'
}

names_what_is_missing()
{
	need_pair
	status 2 "$BIN/bpfcap" --netns "$LEFT" -i later0 -f tc 2>"$T/err"
	has "$T/err" "^bpfcap: interface: .*'later0' does not exist.*--wait"
	status 2 "$BIN/bpfcap" --netns 1 -i left0 -f tc 2>"$T/err"
	has "$T/err" "^bpfcap: netns: .*'1'"
}

pair_up
try tracing_hooks_see_its_interface
try tc_attaches_there
try xdp_attaches_there
try socket_sees_its_interface
try an_inode_names_it
try packets_name_their_namespace
try a_killed_capture_leaves_nothing_there
try an_interface_that_appears_there_is_captured
try names_what_is_missing
finish
