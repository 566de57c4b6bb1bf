#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/netcap.sh - the commands of docs/netcap.md, as they stand there, while pings pass:
# each captures one at least. Only addresses, interfaces and files are of this test.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
page=${0%/*}/../../docs/netcap.md

has_kprobes()
{
	[ -e /sys/bus/event_source/devices/kprobe/type ]
}

# A program whose functions pass packets to and from port 80.
start_target()
{
	[ -e /sys/bus/event_source/devices/uprobe/type ] || skip "this kernel has no uprobes"
	[ -x "$BUILD/tests/kernel/probe_user" ] || skip "probe_user is not built"
	"$BUILD/tests/kernel/probe_user" pass &
	target=$!
	trap 'kill $target 2>/dev/null || :' EXIT
}

# The command for this test: `-c 1` makes it end.
command_of()
{
	echo "$1" | sed "s/^sudo bpfcap/bpfcap -c 1/; s/10\.0\.0\.1/$NET.1/; s/eth0/left0/
		s,/tmp/,$T/,; s/ 1111/ ${target-}/"
}

page_command()
{
	need_pair
	case $1 in
	*'--pid 1111'*) start_target ;;
	*ip_* | *icmp_rcv*) has_kprobes || skip "this kernel has no kprobes" ;;
	*'tcpdump '*) need tcpdump ;;
	esac
	# Some to RIGHT, some that it drops.
	(while :; do
		left ping -q -c 1 -W 1 "$NET.2" || :
		left ping -q -c 1 -W 1 "$FAR" || :
	done) >/dev/null 2>&1 &
	pings=$!
	trap 'kill $pings ${target-} 2>/dev/null || :' EXIT
	status 0 left timeout 60 sh -c "PATH=\$PWD/$BIN:\$PATH; $(command_of "$1")" \
		>"$T/out" 2>"$T/err" || fail "$(cat "$T/err")"
	case $1 in
	*'-d '*) has "$T/out" 'r0 = ' ;;
	*mbuf:*) has "$T/out" '(^| )port3 .*\.80: Flags' ;;
	*raw:*) has "$T/out" '\.80: Flags' ;;
	*'-w /tmp/'*) has "$T/err" '^1 packet captured' ;;
	*) has "$T/out" ' IP .*ICMP ' ;;
	esac
}

pair_up
[ -r "$page" ] || page=/dev/null
grep -E '^    (sudo )?bpfcap ' "$page" | sed 's/^ *//' >"$T/commands"
while read -r line; do
	try page_command "$line" </dev/null
done <"$T/commands"
finish
