#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/vm/hooks.sh - a capture at every hook, and the files for the machine that runs this one.
#
# Writes $VM_FILES/NAME.pcapng, and into $VM_FILES/results "NAME N", the packets in it, or "NAME -
# WHY" where doctor says that the kernel lacks the hook.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# lacks HOOK: what doctor says is missing for it; without a word, the hook has to work.
lacks()
{
	[ -e "$T/doctor" ] || "$BIN/bpfcap" --doctor >"$T/doctor" 2>&1 || fail "$(cat "$T/doctor")"
	sed -n "s/^  $1 *missing: //p" "$T/doctor" | head -n 1
}

# captures NAME HOOK OPTION...: at least the 4 replies of 4 pings; HOOK is its line of doctor.
captures()
{
	need_pair
	name=$1 hook=$2
	shift 2
	why=$(lacks "$hook")
	if [ -n "$why" ]; then
		echo "$name - $why" >>"$VM_FILES/results"
		skip "$why"
	fi
	start -w "$VM_FILES/$name.pcapng" -f "$@"
	pings 4
	sleep 0.5
	stop INT
	ended 0
	cnt=$(sed -n 's/^\([0-9]*\) packets captured$/\1/p' "$T/err")
	echo "$name $cnt" >>"$VM_FILES/results"
	[ "$cnt" -ge 4 ] || fail "$(cat "$T/err")"
}

# A dropped packet has its place, and its stack begins with a function of the network.
drop_has_place_and_stack()
{
	need_pair
	[ -z "$(lacks rx,tx,drop,rawtp)" ] || skip "$(lacks rx,tx,drop,rawtp)"
	start -f drop -S -c 1 icmp and dst host "$FAR"
	pings 2 "$FAR"
	ended 0
	sed -n '1s/.* drop (\([^)]*\)).*/drop-place \1/p; 2s/^	/drop-stack /p' "$T/out" \
		>>"$VM_FILES/results"
	has "$T/out" ' drop \(.*(ip|icmp)[a-z0-9_.]*\+0x'
	has "$T/out" '^	[a-z0-9_.]+\+0x'
	hasnt "$T/out" '^	0x'
}

pair_up
icmp="icmp and host $NET.1"
for hook in rx tx; do
	try captures $hook rx,tx,drop,rawtp $hook -i left0 "$icmp"
done
try captures rawtp rx,tx,drop,rawtp rawtp:netif_receive_skb -i left0 "$icmp"
try captures tracepoint tracepoint tracepoint:net:netif_receive_skb -i left0 "$icmp"
try captures kprobe kprobe kprobe:icmp_rcv "$icmp"
try captures tc tc tc -i left0 "$icmp"
try captures xdp-generic xdp xdp:generic -i left0 "$icmp"
try captures xdp-native xdp xdp:native -i left0 "$icmp"
try captures socket socket socket -i left0 "$icmp"
try drop_has_place_and_stack
finish
