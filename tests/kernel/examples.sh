#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/examples.sh - the programs of examples/ do what they say, in namespaces of their own.
. "${0%/*}/../lib/test.sh"
set -u
examples=$BUILD/examples

need_example()
{
	need_root
	[ -x "$examples/$1" ] || skip "$1 is not built here"
}

# alone COMMAND: runs it in sh, in a new network namespace with lo up.
alone()
{
	need unshare ip
	unshare -n sh -euc "ip link set lo up; $1"
}

# 3 echo requests and their answers, and one ARP-less other thing: nothing.
tc_count()
{
	need_example tc_count
	need ping
	alone "$examples/tc_count lo 2 >$T/out & sleep 0.5; ping -q -c 3 -i 0.2 127.0.0.1 >/dev/null
		ping -q -c 2 -i 0.2 ::1 >/dev/null; wait \$!"
	same "$(cat "$T/out")" "$(printf 'ipv4 6\nipv6 4\nother 0')"
}

capture()
{
	need_example capture
	need ping
	alone "timeout 20 $examples/capture 'icmp and greater 1000' 2 rx >$T/out & sleep 2
		ping -q -c 2 -i 0.2 127.0.0.1 >/dev/null
		ping -q -c 2 -i 0.2 -s 1200 127.0.0.1 >/dev/null; wait \$!"
	same "$(wc -l <"$T/out")" 2 lines
	has "$T/out" '^[0-9]+\.[0-9]{9} .* 1242 bytes$'
}

# A capture file with ICMP and UDP on lo, and how many there are of each, by tcpdump.
record()
{
	need tcpdump ping
	alone "tcpdump -i lo -U -w $T/file.pcap 2>/dev/null & sleep 1
		ping -q -c 3 -i 0.2 127.0.0.1 >/dev/null; ping -q -c 2 -i 0.2 ::1 >/dev/null
		sleep 0.5; kill \$!; wait" || true
	tcpdump -r "$T/file.pcap" "$1" 2>/dev/null | wc -l
}

xdp_filter()
{
	need_example xdp_filter
	n=$(record icmp)
	all=$(tcpdump -r "$T/file.pcap" 2>/dev/null | wc -l)
	same "$n" 6 'packets in the file'
	"$examples/xdp_filter" icmp "$T/file.pcap" >"$T/out"
	same "$(cat "$T/out")" "$(printf 'passed %d\ndropped %d' "$n" $((all - n)))"
}

set_insns()
{
	need_example set_insns
	object=$BUILD/tests/kernel/entry.bpf
	[ -r "$object" ] || skip "clang is not installed, so there is no object"
	n=$(record icmp)
	"$examples/set_insns" "$object" tc_prog icmp "$T/file.pcap" >"$T/out"
	same "$(grep -cx 7 "$T/out")" "$n" 'packets that matched'
	same "$(grep -cvx 7 "$T/out")" "$(grep -cx -- -1 "$T/out")" 'others'
	has "$T/out" '^-1$'
}

try tc_count
try capture
try xdp_filter
try set_insns
finish
