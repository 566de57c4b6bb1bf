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

# The command for this test: `-c 1` makes it end.
command_of()
{
	echo "$1" | sed "s/^sudo bpfcap/bpfcap -c 1/; s/10\.0\.0\.1/$NET.1/; s/eth0/left0/
		s,/tmp/,$T/,"
}

page_command()
{
	need_pair
	case $1 in
	*ip_* | *icmp_rcv*) has_kprobes || skip "this kernel has no kprobes" ;;
	*'tcpdump '*) need tcpdump ;;
	esac
	# Some to RIGHT, some that it drops.
	(while :; do
		left ping -q -c 1 -W 1 "$NET.2" || :
		left ping -q -c 1 -W 1 "$FAR" || :
	done) >/dev/null 2>&1 &
	pings=$!
	trap 'kill $pings 2>/dev/null || :' EXIT
	status 0 left timeout 60 sh -c "PATH=\$PWD/$BIN:\$PATH; $(command_of "$1")" \
		>"$T/out" 2>"$T/err" || fail "$(cat "$T/err")"
	case $1 in
	*'-d '*) has "$T/out" 'r0 = ' ;;
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
