#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/extcap.sh - tshark captures with bpfcap as its external capture program, and shows
# the fields of packaging/wireshark/bpfcap.lua.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# offered ARGUMENT...: tshark in LEFT, in a mount namespace where its external programs are ours
offered()
{
	# shellcheck disable=SC2016 # for the inner shell
	left unshare -m sh -c 'mount --bind "$T/extcap" "$DIR" && exec "$@"' sh "$@"
}

need_tshark()
{
	need_pair
	need tshark
	DIR=$(tshark -G folders 2>/dev/null | sed -n 's/^Extcap path:[[:space:]]*//p')
	export DIR
	[ -d "$DIR" ] || skip "tshark has no directory for external capture programs"
	mkdir -p "$T/extcap"
	ln -sf "$(realpath "$BIN/bpfcap")" "$T/extcap/bpfcap"
	offered true 2>/dev/null || skip "cannot mount there"
}

# Each answer is a word and values in braces.
answers_in_the_grammar_of_extcap()
{
	need_pair
	for question in --extcap-interfaces '--extcap-dlts --extcap-interface bpfcap' \
		'--extcap-config --extcap-interface bpfcap-function' \
		'--extcap-config --extcap-interface bpfcap-remote'; do
		# shellcheck disable=SC2086 # words
		left "$BIN/bpfcap" $question --extcap-version=4.0 >"$T/out"
		[ -s "$T/out" ] || fail "no answer to $question"
		! grep -Evx '(extcap|interface|dlt|arg) (\{[a-z]+=[^{}]+\})+' "$T/out" ||
			fail "$question"
	done
	left "$BIN/bpfcap" --extcap-interfaces >"$T/out"
	has "$T/out" '^interface \{value=bpfcap-tc-left0\}'
	"$BIN/bpfcap" --extcap-interface bpfcap --extcap-capture-filter icmp >"$T/out"
	[ ! -s "$T/out" ] || fail "$(cat "$T/out")"
	"$BIN/bpfcap" --extcap-interface bpfcap --extcap-capture-filter icm >"$T/out"
	has "$T/out" 'syntax error'
}

tshark_lists_its_interfaces()
{
	need_tshark
	offered tshark -D >"$T/out" 2>/dev/null
	has "$T/out" ' bpfcap-drop \(bpfcap: dropped packets'
	has "$T/out" ' bpfcap-xdp-left0 '
}

# pings_until FILE: while tshark starts and captures; ends with the test program, too
pings_until()
{
	until [ -e "$1" ] || [ ! -d "$T" ]; do
		left ping -q -c 1 -W 0.1 "$FAR" >/dev/null || :
	done
}

# captures INTERFACE FIELD...: the first packet's fields
captures()
{
	need_tshark
	rm -f "$T/done"
	pings_until "$T/done" &
	offered timeout 60 tshark -i "$1" -f "icmp and host $FAR" -c 1 \
		-X lua_script:packaging/wireshark/bpfcap.lua \
		-T fields -e frame.interface_name -e bpfcap.hook -e bpfcap.reason \
		>"$T/out" 2>"$T/said" || fail "$(cat "$T/said")"
	: >"$T/done"
	has "$T/out" "$2"
}

# begins INTERFACE: a capture as Wireshark starts it; what it writes is in $T/INTERFACE.pcapng. The
# file begins when all hooks are attached.
begins()
{
	need_pair
	rm -f "$T/$1.fifo" "$T/$1.pcapng"
	mkfifo "$T/$1.fifo"
	"${2:-cat}" "$T/$1.fifo" >"$T/$1.pcapng" &
	nsenter --net="/run/netns/$LEFT" "$BIN/bpfcap" --capture --extcap-interface "$1" \
		--fifo "$T/$1.fifo" --extcap-capture-filter "icmp and host $FAR" \
		>"$T/out" 2>"$T/err" &
	pid=$!
	trap 'stop KILL || :' EXIT
	for _ in $(seq 300); do
		[ ! -s "$T/$1.pcapng" ] || return 0
		running || break
		sleep 0.1
	done
	fail "nothing is written: $(cat "$T/err")"
}

# ends INTERFACE: as Wireshark ends it; the file has all three packets
ends()
{
	stop TERM
	ended 0
	for _ in $(seq 100); do
		"$BIN/bpfcap" -r "$T/$1.pcapng" >"$T/$1.out" 2>/dev/null || :
		[ "$(lines "$T/$1.out")" -lt 3 ] || break
		sleep 0.1
	done
	same "$(grep -c 'ICMP echo request' "$T/$1.out")" 3 "packets in: $(cat "$T/$1.out")"
}

# Wireshark shows what is on standard error in a window.
two_at_once_get_the_same_packets_and_say_nothing()
{
	begins bpfcap-drop
	drop=$pid
	begins bpfcap-tc-left0
	tc=$pid
	trap 'kill -KILL $drop $tc 2>/dev/null || :' EXIT
	pings 3 "$FAR"
	ends bpfcap-tc-left0
	pid=$drop
	ends bpfcap-drop
	[ ! -s "$T/err" ] || fail "$(cat "$T/err")"
}

# When Wireshark has enough packets, it closes the FIFO.
first_bytes()
{
	head -c 1 "$1"
}

ends_when_the_reader_goes()
{
	begins bpfcap-drop first_bytes
	pings 3 "$FAR"
	ended 0
}

# Wireshark shows the sentence if the status is not 0.
refuses()
{
	need_pair
	says=$1
	shift
	status 2 left "$BIN/bpfcap" --capture "$@" >"$T/out" 2>"$T/err"
	has "$T/err" "$says"
	same "$(lines "$T/err")" 1 "lines of the message"
	[ ! -s "$T/out" ] || fail "$(cat "$T/out")"
}

# Two at once, each for 2 s and without a packet, end, and nothing is left running.
ends_while_idle()
{
	need_tshark
	for interface in bpfcap-drop bpfcap-tc-left0; do
		offered timeout 60 tshark -i $interface -f 'host 192.0.2.1' -a duration:2 \
			>"$T/$interface" 2>&1 &
	done
	wait
	has "$T/bpfcap-drop" '^0 packets captured'
	has "$T/bpfcap-tc-left0" '^0 packets captured'
	for _ in $(seq 50); do
		pgrep -f "extcap-interface bpfcap-.*host 192.0.2.1" >/dev/null || return 0
		sleep 0.1
	done
	fail "still running"
}

a_wrong_filter_fails()
{
	need_tshark
	! offered timeout 60 tshark -i bpfcap -f 'icmp and nonsense' -a duration:2 \
		>"$T/out" 2>"$T/said" || fail "status 0"
}

pair_up
try answers_in_the_grammar_of_extcap
try tshark_lists_its_interfaces
try captures bpfcap-drop 'right0	drop	[A-Z_]*$'
try captures bpfcap-tc-left0 'left0	tc:egress'
try two_at_once_get_the_same_packets_and_say_nothing
try ends_when_the_reader_goes
try ends_while_idle
try refuses 'is not an interface of bpfcap' --extcap-interface nothing --fifo /dev/null
try refuses "'nothing0' does not exist" --extcap-interface bpfcap-tc-nothing0 --fifo /dev/null
try refuses 'requires --fifo' --extcap-interface bpfcap
try refuses 'choose the kernel function' --extcap-interface bpfcap-function --fifo /dev/null
try refuses 'syntax error' --extcap-interface bpfcap --fifo /dev/null --extcap-capture-filter icm
try a_wrong_filter_fails
finish
