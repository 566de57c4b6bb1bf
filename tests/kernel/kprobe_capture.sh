#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/kprobe_capture.sh - real pings at the entry of kernel functions, with the sk_buff
# argument named and found, with code for this kernel and for 5.4.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

need_kprobes()
{
	need_pair
	[ -r /sys/bus/event_source/devices/kprobe/type ] ||
		[ -e /sys/kernel/tracing/kprobe_events ] || skip "this kernel has no kprobes"
}

# function SPEC OPTION...: 4 requests reach RIGHT and 4 replies LEFT, each by icmp_rcv().
function_sees()
{
	need_kprobes
	start -f "$@" icmp and host "$NET.1"
	pings 4
	sleep 0.3
	stop INT
	ended 0
	same "$(grep -Ec ' icmp_rcv .*ICMP echo (request|reply), id [0-9]+' "$T/out")" 8 \
		"pings in: $(cat "$T/out")"
	hasnt "$T/err" '^[1-9][0-9]* packets lost'
}

# Functions and tracepoints in one run.
mixed()
{
	need_kprobes
	start -f tx,icmp_rcv -i left0 icmp and host "$NET.1"
	pings 2
	sleep 0.3
	stop INT
	ended 0
	same "$(grep -c 'left0 tx .*echo request' "$T/out")" 2 "$(cat "$T/out")"
	same "$(grep -c 'left0 icmp_rcv .*echo reply' "$T/out")" 2 "$(cat "$T/out")"
}

unknown_name()
{
	need_kprobes
	status 2 "$BIN/bpfcap" -f icmp_rvc icmp 2>"$T/err"
	has "$T/err" 'icmp_rcv'
	same "$(lines "$T/err")" 1
}

pair_up
for target in auto 5.4; do
	try function_sees icmp_rcv@1 -k $target
	try function_sees icmp_rcv -k $target
	try function_sees kprobe:icmp_rcv@1 -k $target
done
try mixed
try unknown_name
finish
