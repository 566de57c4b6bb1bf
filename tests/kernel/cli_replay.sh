#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_replay.sh - what a live capture prints is what its file prints, and a copy of the
# file; tshark reads both without a warning.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

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
}

# capture OPTION...: text and file of the same packets
capture()
{
	need_pair
	start -f rx,tx,drop "$@" --print -w "$T/a.pcapng" "net $NET.0/24 or net 10.250.0.0/16"
	traffic
	sleep 0.3
	stop INT
	ended 0
	[ "$(lines "$T/out")" -gt 5 ] || fail "only: $(cat "$T/out")"
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
	replays "$@"
}

tshark_reads_it_without_warnings()
{
	need tshark
	capture -S --owner
	"$BIN/bpfcap" -r "$T/a.pcapng" -w "$T/c.pcapng" inbound 2>/dev/null
	for file in a c; do
		tshark -r "$T/$file.pcapng" -T fields -e frame.interface_description \
			-e frame.comment >"$T/text" 2>"$T/said"
		! grep -v '^Running as user' "$T/said" | grep . || fail "$(cat "$T/said")"
		has "$T/text" 'hook rx, network namespace [0-9]+.*hook: rx'
	done
}

selects_from_the_file()
{
	capture
	"$BIN/bpfcap" -r "$T/a.pcapng" -f rx 2>/dev/null >"$T/got"
	grep ' rx ' "$T/out" | cmp - "$T/got" || fail "-f rx"
	"$BIN/bpfcap" -r "$T/a.pcapng" -i left0 2>/dev/null >"$T/got"
	grep '^[^ ]* left0 ' "$T/out" | cmp - "$T/got" || fail "-i left0"
	"$BIN/bpfcap" -r "$T/a.pcapng" -i '?fter0' 2>/dev/null >"$T/got"
	grep '^[^ ]* after0 ' "$T/out" | cmp - "$T/got" || fail "-i ?fter0"
	[ -s "$T/got" ] || fail "the new name is not in: $(cat "$T/out")"
}

pair_up
try shows_what_the_live_run_showed
try shows_what_the_live_run_showed -S -v --owner
try shows_what_the_live_run_showed --json
try tshark_reads_it_without_warnings
try selects_from_the_file
finish
