#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_replay.sh - what a live capture prints is what its file prints, and a copy of the
# file; tshark reads both without a warning.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

hooks=rx,tx,drop

# A device is renamed; where the kernel has them, one without a link-layer header takes part.
traffic()
{
	pings 2
	left ping -q -c 1 -W 1 "$FAR" >/dev/null || :
	left ip link add name before0 type veth peer name other0
	left ip addr add 10.250.250.1/24 dev before0
	left ip neigh add 10.250.250.2 lladdr 2:2:2:2:2:2 dev before0
	left ip link set other0 up
	left ip link set before0 up
	left ping -q -c 1 -W 1 10.250.250.2 >/dev/null || :
	left ip link set before0 down
	left ip link set before0 name after0
	left ip link set after0 up
	left ip neigh add 10.250.250.2 lladdr 2:2:2:2:2:2 dev after0
	left ping -q -c 1 -W 1 10.250.250.2 >/dev/null || :
	if left ip tuntap add raw0 mode tun 2>/dev/null; then
		left ip link set raw0 up
		left ip addr add 10.250.251.1/24 dev raw0
		left ping -q -c 1 -W 1 10.250.251.2 >/dev/null || :
		left ip link del raw0
	fi
	left ip link del after0
	tagged
	in_three_namespaces
}

# Frames with a VLAN tag, where the kernel has such devices.
tagged()
{
	left ip link add link left0 name tagged0 type vlan id 7 2>/dev/null || return 0
	: >"$T/tagged"
	left ip link set tagged0 up
	left ip addr add 10.250.252.1/24 dev tagged0
	left ip neigh add 10.250.252.2 lladdr 2:2:2:2:2:2 dev tagged0
	left ping -q -c 1 -W 1 10.250.252.2 >/dev/null || :
	left ip link del tagged0
}

# One after the other, an interface of the same number but another name in each.
in_three_namespaces()
{
	index=$((100007 + 2 * $$))
	for name in one0 two0 three0; do
		ip netns add "$LEFT-$name"
		nsenter --net="/run/netns/$LEFT-$name" sh -c "
			ip link add name $name index $index type veth peer name other0
			ip addr add 10.250.253.1/24 dev $name
			ip neigh add 10.250.253.2 lladdr 2:2:2:2:2:2 dev $name
			ip link set other0 up
			ip link set $name up
			ping -q -c 1 -W 1 10.250.253.2 >/dev/null || :"
		ip netns del "$LEFT-$name"
	done
}

# capture OPTION...: text and file of the same packets
capture()
{
	need_pair
	start -f "$hooks" "$@" --print -w "$T/a.pcapng" \
		"net $NET.0/24 or net 10.250.0.0/16 or (vlan 7 and net 10.250.0.0/16)"
	traffic
	sleep 0.3
	stop INT
	ended 0
	[ "$(lines "$T/out")" -gt 5 ] || fail "only: $(cat "$T/out")"
	[ ! -e "$T/tagged" ] || has "$T/out" 'vlan 7,'
}

replays()
{
	"$BIN/bpfcap" "$@" -r "$T/a.pcapng" >"$T/again" 2>/dev/null
	cmp -s "$T/out" "$T/again" || fail "$* -r: $(diff "$T/out" "$T/again" | head -n 6)"
	"$BIN/bpfcap" -r "$T/a.pcapng" -w "$T/b.pcapng" 2>/dev/null
	cmp "$T/a.pcapng" "$T/b.pcapng" || fail "the copy differs"
}

shows_what_the_live_run_showed()
{
	capture "$@"
	for name in after0 one0 two0 three0; do
		has "$T/out" "$name"
	done
	replays "$@"
}

shows_what_hooks_on_interfaces_showed()
{
	hooks=tc,xdp,socket
	capture -i left0 "$@"
	for hook in tc:ingress tc:egress xdp socket; do
		has "$T/out" "left0 $hook "
	done
	replays "$@"
}

# A block with keys, as Wireshark writes it, is in the copy; tshark has no complaint.
copies_secrets()
{
	need editcap tshark
	capture
	echo CLIENT_RANDOM 00 00 >"$T/keys"
	editcap --inject-secrets tls,"$T/keys" "$T/a.pcapng" "$T/with.pcapng" 2>/dev/null
	"$BIN/bpfcap" -r "$T/with.pcapng" -w "$T/copy.pcapng" 2>/dev/null
	grep -aq 'CLIENT_RANDOM 00 00' "$T/copy.pcapng" || fail "no keys in the copy"
	no_warnings "$T/copy.pcapng"
}

# no_warnings FILE: the fields are in $T/text
no_warnings()
{
	tshark -r "$1" -T fields -e frame.interface_description -e frame.comment >"$T/text" \
		2>"$T/said"
	! grep -v '^Running as user' "$T/said" | grep . || fail "$(cat "$T/said")"
}

tshark_reads_it_without_warnings()
{
	need tshark
	capture -S --owner
	"$BIN/bpfcap" -r "$T/a.pcapng" -w "$T/c.pcapng" inbound 2>/dev/null
	for file in a c; do
		no_warnings "$T/$file.pcapng"
		has "$T/text" 'hook rx, network namespace [0-9]+.*hook: rx'
	done
}

# Without the namespace, which lines have once packets of another one were among those printed.
without_netns()
{
	sed 's/ netns:[^ ]*//'
}

selects_from_the_file()
{
	capture
	without_netns <"$T/out" >"$T/all"
	"$BIN/bpfcap" -r "$T/a.pcapng" -f rx 2>/dev/null | without_netns >"$T/got"
	grep ' rx ' "$T/all" | cmp - "$T/got" || fail "-f rx"
	"$BIN/bpfcap" -r "$T/a.pcapng" -i left0 2>/dev/null | without_netns >"$T/got"
	grep '^[^ ]* left0 ' "$T/all" | cmp - "$T/got" || fail "-i left0"
	"$BIN/bpfcap" -r "$T/a.pcapng" -i '?fter0' 2>/dev/null | without_netns >"$T/got"
	grep '^[^ ]* after0 ' "$T/all" | cmp - "$T/got" || fail "-i ?fter0"
	[ -s "$T/got" ] || fail "the new name is not in: $(cat "$T/out")"
}

pair_up
try shows_what_the_live_run_showed
try shows_what_the_live_run_showed -S -v --owner
try shows_what_the_live_run_showed --json
try shows_what_hooks_on_interfaces_showed
try shows_what_hooks_on_interfaces_showed -v
try copies_secrets
try tshark_reads_it_without_warnings
try selects_from_the_file
finish
