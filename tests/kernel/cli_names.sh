#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_names.sh - names of interfaces are anything but a command: not for a terminal,
# and not a glob where an interface has this very name.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

red=$(printf '\033[31mred')

# make_iface NAME ADDRESS: an interface of LEFT that is up, and where nobody answers
make_iface()
{
	left ip link add "$1" type veth peer name "to-$2"
	left ip addr add "$2/32" dev "$1"
	left ip link set "to-$2" up
	left ip link set "$1" up
	left ip neigh add 10.66.66.66 lladdr 2:2:2:2:2:2 dev "$1"
}

# sent_by IFACE: a datagram
sent_by()
{
	left ping -q -c 1 -W 0.1 -I "$1" 10.66.66.66 >/dev/null || :
}

an_exact_name_is_not_a_glob()
{
	need_pair
	# shellcheck disable=SC1003 # a backslash in a name
	for name in 'a[12]' 'a?' 'a*' 'a\1'; do
		make_iface "$name" 10.66.1.1
		make_iface a1 10.66.1.2
		start -f tc:egress -i "$name" icmp
		sent_by a1
		sent_by "$name"
		stop INT
		ended 0
		same "$(lines "$T/out")" 1 "-i '$name': lines"
		grep -Fq "$name" "$T/out" || fail "-i '$name': $(cat "$T/out")"
		left ip link del "$name"
		left ip link del a1
	done
}

a_glob_is_one_where_no_interface_has_the_name()
{
	need_pair
	make_iface a1 10.66.1.2
	start -f tc:egress -i 'a[12]' icmp
	sent_by a1
	make_iface a2 10.66.1.3
	wait_for "$T/err" 'capturing at a2 as well'
	sent_by a2
	stop INT
	ended 0
	same "$(lines "$T/out")" 2 lines
	left ip link del a1
	left ip link del a2
}

shown()
{
	! grep -q "$(printf '\033')" "$1" || fail "an escape sequence in $1"
	has "$1" '\\x1b\[31mred'
}

names_control_no_terminal()
{
	need_pair
	start -f tc:egress,tx -i '*red' icmp
	make_iface "$red" 10.66.1.1
	wait_for "$T/err" 'capturing at .*red as well'
	sent_by "$red"
	wait_for "$T/out" ' tc:egress '
	left "$BIN/bpfcap" -D >"$T/list"
	left ip link del "$red"
	wait_for "$T/err" 'red is gone'
	stop INT
	ended 0
	shown "$T/out"
	shown "$T/err"
	shown "$T/list"
}

# "capturing at" is said of what is attached.
waits_for_an_interface()
{
	need_pair
	start -f tc:egress,tx -i 'late*' icmp
	has "$T/err" '^bpfcap: capturing at rawtp:net_dev_queue$'
	has "$T/err" '^bpfcap: waiting for an interface before capturing at tc:egress$'
	make_iface late1 10.66.1.1
	wait_for "$T/err" 'capturing at late1 as well'
	sent_by late1
	wait_for "$T/out" ' tc:egress '
	stop INT
	ended 0
	left ip link del late1
}

pair_up
try waits_for_an_interface
try an_exact_name_is_not_a_glob
try a_glob_is_one_where_no_interface_has_the_name
try names_control_no_terminal
finish
