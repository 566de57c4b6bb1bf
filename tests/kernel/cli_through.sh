#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_through.sh - bpfcap --through sees the pings inside the tunnels and tags of the
# kernel's own devices, at every hook.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

PINGS=3
INNER=10.255.7
INNER6=fd77:7

# device SIDE LOCAL REMOTE LOCAL6 REMOTE6 KIND: makes t0 on top of that side's end of the pair.
device()
{
	side=$1 local=$2 remote=$3 local6=$4 remote6=$5 kind=$6
	end=${side}0
	case $kind in
	vlan) "$side" ip link add link "$end" name t0 type vlan id 5 ;;
	priority) "$side" ip link add link "$end" name t0 type vlan id 0 ;;
	qinq)
		"$side" ip link add link "$end" name s0 type vlan proto 802.1ad id 5 &&
			"$side" ip link set s0 up &&
			"$side" ip link add link s0 name t0 type vlan id 6
		;;
	vxlan)
		"$side" ip link add t0 type vxlan id 7 dstport 4789 local "$local" \
			remote "$remote" dev "$end"
		;;
	geneve) "$side" ip link add t0 type geneve id 7 remote "$remote" ;;
	gre | gretap | ipip | sit)
		"$side" ip link add t0 type "$kind" local "$local" remote "$remote" ttl 64
		;;
	ip6gre) "$side" ip link add t0 type ip6gre local "$local6" remote "$remote6" ;;
	ip6tnl)
		"$side" ip link add t0 type ip6tnl mode any local "$local6" remote "$remote6" \
			encaplimit none
		;;
	esac
}

# address SIDE NUMBER
address()
{
	"$1" ip addr add "$INNER.$2/24" dev t0
	[ ! -e /proc/sys/net/ipv6 ] || "$1" ip addr add "$INNER6::$2/64" dev t0 nodad
	"$1" ip link set t0 up
}

removes()
{
	for side in left right; do
		"$side" ip link del t0 || :
		"$side" ip link del s0 || :
	done 2>/dev/null
}

# sees HOOK COUNT EXPRESSION ADDRESS [ARGUMENT...]: so many packets while pinging.
sees()
{
	hook=$1 count=$2 expression=$3 to=$4
	shift 4
	start -f "$hook" -i left0 --through all -v "$@" "$expression"
	left ping -q -i 0.05 -c "$PINGS" -W 1 "$to" >/dev/null || fail "no answer from $to"
	for _ in $(seq 100); do
		[ "$(lines "$T/out")" -lt "$count" ] || break
		sleep 0.1
	done
	stop INT
	ended 0
	# A tag that veth keeps beside the packet is not there for XDP: the packet itself matches.
	mark='inside: layer'
	[ "$hook" != xdp ] || mark='ICMP6?,? echo'
	same "$(grep -Ec "$mark" "$T/out")" "$count" "$hook, '$expression': packets"
}

# through KIND [ARGUMENT...]: both directions at tc and socket, one at the others.
through()
{
	need_pair
	kind=$1
	shift
	removes
	device left "$NET.1" "$NET.2" "$NET6::1" "$NET6::2" "$kind" 2>"$T/device" ||
		skip "this kernel has no $kind: $(cat "$T/device")"
	device right "$NET.2" "$NET.1" "$NET6::2" "$NET6::1" "$kind"
	expression="icmp and host $INNER.2" to=$INNER.2
	[ "$kind" != sit ] || { expression="icmp6 and host $INNER6::2 and ip6[40] >= 128 and \
ip6[40] < 130" to=$INNER6::2; }
	address left 1
	address right 2
	left ping -q -c 1 -W 5 "$to" >/dev/null || fail "no answer through $kind"
	sees tc $((2 * PINGS)) "$expression" "$to" "$@"
	sees socket $((2 * PINGS)) "$expression" "$to" "$@"
	sees xdp "$PINGS" "$expression" "$to" "$@"
	sees rx "$PINGS" "$expression" "$to" "$@"
	sees tx "$PINGS" "$expression" "$to" "$@"
}

pair_up
for kind in vlan priority qinq vxlan geneve gre gretap ip6gre ipip sit ip6tnl; do
	try through "$kind"
done
for kind in vlan vxlan ipip; do
	try through "$kind" -k 5.4
done
finish
