#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_capture.sh - bpfcap shows real pings at every hook, with code for this kernel
# and for 5.4.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

time='^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6} '
echo="IP $NET.[12] > $NET.[12]: ICMP echo (request|reply), id [0-9]+, seq [0-9]+, length 64\$"

# The promise: sudo bpfcap -k 5.4 --filter icmp
main_job()
{
	need_pair
	start -k 5.4 --filter "icmp and host $NET.1" -c 4
	pings 4
	ended 0
	same "$(lines "$T/out")" 4 lines
	same "$(grep -Ec "$time(netns:[^ ]+ )?(left0|right0) (rx|tx) $echo" "$T/out")" 4 \
		"pings in: $(cat "$T/out")"
	has "$T/err" '^4 packets captured'
	has "$T/err" '^0 packets lost'
}

# In a PID namespace of its own bpfcap does not know which number the kernel has for it.
in_a_container()
{
	need_pair
	need unshare
	# shellcheck disable=SC2016 # for the inner shell
	start_shell 'exec unshare --pid --fork --kill-child \
		"$BIN/bpfcap" "$@" >"$T/out" 2>"$T/err"' -c 4 "icmp and host $NET.1"
	pings 4
	ended 0
	same "$(grep -Ec "$time(netns:[^ ]+ )?(left0|right0) (rx|tx|drop) .*$echo" "$T/out")" 4 \
		"pings in: $(cat "$T/out")"
}

# four_pings SPEC OPTION...: what this hook sees of 4 requests and 4 replies at left0
four_pings()
{
	need_pair
	start -f "$@" icmp and host "$NET.1"
	pings 4
	sleep 0.3
	stop INT
	ended 0
}

# shows SPEC OPTION...: all of them
shows()
{
	four_pings "$@"
	same "$(grep -Ec "left0 .*$echo" "$T/out")" 8 "pings in: $(cat "$T/out")"
	hasnt "$T/err" '^[1-9][0-9]* packets lost'
}

# dropped OPTION...: what RIGHT does not forward is dropped there, in a function of the kernel.
dropped()
{
	need_pair
	start "$@" -e "icmp and dst host $FAR" -S -c 1
	pings 2 "$FAR"
	ended 0
	same "$(grep -Ec "$time" "$T/out")" 1
	head -n 1 "$T/out" >"$T/line"
	has "$T/line" "IP $NET.1 > $FAR: ICMP echo request, id [0-9]+, seq 1, length 64\$"
	tail -n +2 "$T/out" >"$T/stack"
	same "$(grep -Evc '^	[^ ]+\+0x[0-9a-f]+( \[[a-z0-9_]+\])?$' "$T/stack")" 0 \
		"frames without symbol in: $(cat "$T/stack")"
	has "$T/stack" '^	(ip|__netif|net)_'
}

names_the_reason()
{
	need_pair
	[ "$(uname -r | cut -d . -f 1)" -ge 6 ] || skip "drop reasons came with 5.17"
	start -f drop -c 1 icmp and dst host "$FAR"
	pings 2 "$FAR"
	ended 0
	has "$T/out" ' drop \([A-Z_]+, [a-z_0-9.]+\+0x'
}

# --reason chooses in the kernel, -Q among what the filter took.
selects()
{
	need_pair
	[ "$(uname -r | cut -d . -f 1)" -ge 6 ] || skip "drop reasons came with 5.17"
	start -f drop -c 1 icmp and dst host "$FAR"
	pings 1 "$FAR"
	ended 0
	reason=$(sed -n 's/.* drop (\([A-Z_]*\),.*/\1/p' "$T/out")
	[ -n "$reason" ] || fail "no reason in: $(cat "$T/out")"
	start --reason "$reason,SOCKET_FILTER" icmp and dst host "$FAR"
	pings 3 "$FAR"
	sleep 0.3
	stop INT
	ended 0
	same "$(grep -c " drop ($reason," "$T/out")" 3
	same "$(lines "$T/out")" 3
	has "$T/err" '^3 packets captured'
	has "$T/err" '^3 packets matched'
	start -f tx,rx -i left0 -Q in icmp
	pings 2
	sleep 0.3
	stop INT
	ended 0
	same "$(grep -c ' rx .*echo reply' "$T/out")" 2
	same "$(lines "$T/out")" 2
}

# What a program of LEFT's interface receives: the replies.
receives()
{
	four_pings "$@"
	same "$(grep -Ec 'left0 .*echo reply' "$T/out")" 4 "replies in: $(cat "$T/out")"
	same "$(lines "$T/out")" 4 lines
	has "$T/err" '^4 packets captured'
	has "$T/err" '^0 packets lost'
}

# Frames of two pages and more: in several buffers where the kernel has them for XDP, and in one,
# made by the kernel, where not. Bytes of both ends are looked at, and all are captured.
jumbo()
{
	need_pair
	need tcpdump
	left ip link set left0 mtu 9000
	right ip link set right0 mtu 9000
	start -f "$@" -i left0 -w "$T/jumbo.pcap" \
		"icmp[0] = 0 and icmp[8007] = 0xab and icmp[4000:4] = 0xabababab and len = 8042"
	left ping -q -i 0.05 -c 3 -W 1 -s 8000 -p ab "$NET.2" >"$T/ping"
	left ping -q -c 1 -W 1 -s 8000 -p cd "$NET.2" >/dev/null
	pings 2
	sleep 0.3
	stop INT
	ended 0
	left ip link set left0 mtu 1500
	right ip link set right0 mtu 1500
	has "$T/ping" ' 3 received'
	has "$T/err" '^3 packets captured'
	has "$T/err" '^0 packets lost'
	tcpdump -nr "$T/jumbo.pcap" 'icmp[8007] = 0xab' >"$T/out" 2>"$T/log"
	same "$(grep -c 'ICMP echo reply, .*length 8008$' "$T/out")" 3 "$(cat "$T/out" "$T/log")"
}

has_xdp_frags()
{
	case $(uname -r) in
	5.1[89].* | [6-9].*) ;;
	*) return 1 ;;
	esac
}

# Datagrams to ports without a listener.
no_socket()
{
	need_pair
	need busybox
	[ "$(uname -r | cut -d . -f 1)" -ge 6 ] || skip "drop reasons came with 5.17"
	start -f drop --reason NO_SOCKET "$@" udp and host "$NET.1"
	datagrams 4
	sleep 0.3
	stop INT
	ended 0
	where=" drop \\(NO_SOCKET, [a-z0-9_.]+\\+0x[0-9a-f/x]+\\) "
	line="${where}IP $NET.1\\.[0-9]+ > $NET.2\\.[0-9]+: UDP"
	same "$(grep -Ec "$line" "$T/out")" 4 "in: $(cat "$T/out")"
	same "$(lines "$T/out")" 4 lines
	has "$T/err" '^4 packets captured'
}

shows_ipv6_and_arp()
{
	need_pair
	start -f tx -i left0 'arp or icmp6'
	# Both, or a late question of one side would teach the other.
	right ip neigh flush dev right0
	left ip neigh flush dev left0
	left ping -q -c 1 "$NET.2" >/dev/null
	left ping -q -c 1 "$NET6::2" >/dev/null
	sleep 0.3
	stop TERM
	ended 0
	has "$T/out" "left0 tx ARP, Request who-has $NET.2 .*tell $NET.1, length 28\$"
	has "$T/out" "left0 tx IP6 .* neighbor solicitation, who has $NET6::2, length 32\$"
	has "$T/out" \
		"left0 tx IP6 $NET6::1 > $NET6::2: ICMP6, echo request, id [0-9]+, seq 1, length"
}

# A hardware tag that the kernel keeps beside the packet is on the line where the wire had it.
shows_vlan_tags()
{
	need_pair
	left ip link add link left0 name tagged0 type vlan id 42 2>/dev/null ||
		skip "no VLAN devices here"
	left ip addr add 10.42.0.1/24 dev tagged0
	left ip link set tagged0 up
	left ip neigh add 10.42.0.2 lladdr 02:00:00:00:00:02 dev tagged0
	start -f tx -i left0 -c 1 'vlan 42 and icmp'
	pings 1 10.42.0.2
	ended 0
	left ip link del tagged0
	has "$T/out" 'left0 tx vlan 42, p 0, IP 10\.42\.0\.1 > 10\.42\.0\.2: ICMP echo request'
}

json_has_the_context()
{
	need_pair
	need python3
	start -f tx -i left0 --json -c 1 icmp
	pings 2
	ended 0
	python3 - "$T/out" "$NET" "$LEFT" <<-'END' || fail "$(cat "$T/out")"
		import json, sys
		row = json.load(open(sys.argv[1]))
		assert row["hook"] == "tx" and row["interface"]["name"] == "left0"
		assert row["process"]["name"] == "ping" and row["process"]["pid"] > 0
		assert row["interface"]["netns"] == sys.argv[3]
		net = sys.argv[2]
		assert row["length"] == 98
		assert row["packet"].startswith("IP %s.1 > %s.2: ICMP" % (net, net))
	END
}

# What is sent is received some time later; what a hook never sees is said, too.
gathers()
{
	need_pair
	start -f tx,rx --gather "icmp[0] = 8 and host $NET.1"
	pings 4
	sleep 0.3
	stop INT
	ended 0
	same "$(grep -Ec "^[0-9:.]+ IP .*length 64$" "$T/out")" 4 "packets: $(cat "$T/out")"
	same "$(grep -Ec '^\|- +0\.000 us .*tx$' "$T/out")" 4 "first in: $(cat "$T/out")"
	later='^`- +[0-9]+\.[0-9]{3} us .*rx$'
	same "$(grep -Ec "$later" "$T/out")" 4 "later in: $(cat "$T/out")"
	has "$T/err" '^rx +0 +4 +0 +[0-9.]+ +[0-9.]+$'
	has "$T/err" '^tx +4 +0 +0$'
	start -f tx,rawtp:tcp_retransmit_skb --gather "icmp[0] = 8 and host $NET.1"
	pings 2
	sleep 1.5
	stop INT
	ended 0
	same "$(grep -c '^`-  NOT received at tcp_retransmit_skb$' "$T/out")" 2 missing
}

# From the driver through the protocols: the way of a request into RIGHT.
gathers_functions()
{
	need_pair
	[ -e /sys/bus/event_source/devices/kprobe ] || skip "no kprobes here (CONFIG_KPROBES)"
	start -f tracepoint:net:netif_receive_skb,ip_local_deliver,icmp_rcv --gather \
		"icmp[0] = 8 and host $NET.1"
	pings 4
	sleep 0.3
	stop INT
	ended 0
	for hook in ip_local_deliver icmp_rcv; do
		later="^.- +[0-9]+\\.[0-9]{3} us .*$hook\$"
		same "$(grep -Ec "$later" "$T/out")" 4 "later in: $(cat "$T/out")"
		has "$T/err" "^$hook +0 +4 +0 +[0-9.]+ +[0-9.]+\$"
	done
	hasnt "$T/out" 'NOT received'
}

# RIGHT sends on what comes for 10.99.0.1, back to LEFT, which drops it: the router changes the TTL
# on the way, so that the expression matches at the first two of five hooks.
tracks()
{
	need_pair
	left ip route replace 10.99.0.1 via "$NET.2"
	right ip route replace 10.99.0.1 via "$NET.1"
	for name in all right0; do
		right sh -c "echo 0 >/proc/sys/net/ipv4/conf/$name/send_redirects"
	done
	right sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	for option in '' --track; do
		# shellcheck disable=SC2086 # an empty word is none
		start -f rx,tx,drop "$@" $option "icmp[0] = 8 and dst host 10.99.0.1 and ip[8] = 64"
		pings 5 10.99.0.1
		sleep 0.3
		stop INT
		ended 0
		cp "$T/out" "$T/out-$option"
	done
	right sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	same "$(lines "$T/out-")" 10 "matched in: $(cat "$T/out-")"
	same "$(lines "$T/out---track")" 25 "followed in: $(cat "$T/out---track")"
	for where in 'left0 tx' 'right0 rx' 'right0 tx' 'left0 rx' 'left0 drop'; do
		request=" $where .*10.99.0.1: ICMP echo request"
		same "$(grep -c "$request" "$T/out---track")" 5 "$where"
	done
}

# Clones of what left0 receives go to another device, where the kernel can do that.
mirror()
{
	left ip link add mirror0 type dummy && left ip link set mirror0 up &&
		left tc qdisc add dev left0 clsact &&
		left tc filter add dev left0 ingress matchall \
			action mirred egress mirror dev mirror0 continue
} 2>/dev/null

# LEFT sends on what RIGHT has sent it. The expression matches on the way in only; on the way out
# the packet socket gets a clone, which code for 5.4 cannot distinguish from others.
tracks_clones()
{
	need_pair
	mirrored=5
	mirror || mirrored=0
	right ip route replace 10.99.0.2 via "$NET.1"
	left ip route replace 10.99.0.2 via "$NET.2"
	for name in all left0; do
		left sh -c "echo 0 >/proc/sys/net/ipv4/conf/$name/send_redirects"
	done
	left sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	start -f rx,tx,tc,socket -i left0 --track "$@" \
		'inbound and icmp[0] = 8 and dst host 10.99.0.2'
	right ping -q -i 0.05 -c 5 -W 0.1 10.99.0.2 >/dev/null || :
	sleep 0.3
	stop INT
	ended 0
	left sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	left tc qdisc del dev left0 clsact 2>/dev/null || :
	left ip link del mirror0 2>/dev/null || :
	for where in 'left0 rx' 'left0 tc:ingress' 'left0 tx' 'left0 tc:egress' 'right0 rx'; do
		same "$(grep -c " $where .*10.99.0.2: ICMP echo request" "$T/out")" 5 \
			"$where in: $(cat "$T/out")"
	done
	clones=5
	[ "$*" != '-k 5.4' ] || clones=0
	[ "$(uname -r | cut -d . -f 1,2)" != 5.4 ] || clones=0
	same "$(grep -c ' left0 socket .*10.99.0.2: ICMP echo request' "$T/out")" $((5 + clones)) \
		"socket in: $(cat "$T/out")"
	same "$(grep -c ' mirror0 tx .*10.99.0.2: ICMP echo request' "$T/out")" $mirrored
	same "$(grep -c '0 [rt]' "$T/out")" $((25 + mirrored)) "lines in: $(cat "$T/out")"
}

cannot_track()
{
	need_pair
	status 1 left "$BIN/bpfcap" -f xdp -i left0 --track icmp 2>"$T/err"
	has "$T/err" 'xdp sees packets before .*--track.*; tc:ingress comes next$'
	same "$(lines "$T/err")" 1
}

# The address comes from the netmask of the interface: 127 in a network of 25 bits.
knows_the_broadcast_address()
{
	need_pair
	start -f tx -i left0 -c 1 'ip broadcast'
	pings 1
	left ping -b -q -c 1 -W 1 "$NET.127" >/dev/null 2>&1 || :
	ended 0
	has "$T/out" "$NET.1 > $NET.127: ICMP echo request"
}

pair_up
try main_job
try in_a_container
for kernel in auto 5.4; do
	try shows rx,tx -i left0 -k $kernel
	try shows socket -i left0 -k $kernel
	try shows tc -i '[lr]*t0' -k $kernel # of the two that it means, one is in this namespace
	try shows rawtp:net_dev_queue,rawtp:netif_receive_skb -i left0 -k $kernel
	try shows tracepoint:net:net_dev_queue,tp:net:netif_receive_skb -i left0 -k $kernel
	try dropped -f drop -k $kernel
	try dropped -f tracepoint:skb:kfree_skb -k $kernel
	try dropped -f rawtp:kfree_skb -k $kernel
	try receives xdp -i left0 -k $kernel
	try no_socket -k $kernel
done
try jumbo xdp -k 5.4
if has_xdp_frags; then try jumbo xdp:native; else try jumbo xdp; fi
try names_the_reason
try selects
try shows_ipv6_and_arp
try shows_vlan_tags
try json_has_the_context
try gathers
try gathers_functions
try tracks
try tracks_clones
try tracks_clones -k 5.4
try cannot_track
try knows_the_broadcast_address
finish
