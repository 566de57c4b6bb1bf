#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/kprobe_capture.sh - real pings at the entry of kernel functions, with the sk_buff
# argument named and found, with code for this kernel and for 5.4; probes by each way there is.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

pmu=/sys/bus/event_source/devices/kprobe

need_kprobes()
{
	need_pair
	[ -r $pmu/type ] || [ -e /sys/kernel/tracing/kprobe_events ] ||
		skip "this kernel has no kprobes"
}

# capture N OPTION...: N requests and their replies pass while it runs.
capture()
{
	capture_cnt=$1
	shift
	start "$@"
	pings "$capture_cnt"
	sleep 0.3
	stop INT
	ended 0
	hasnt "$T/err" '^[1-9][0-9]* packets lost'
}

# at HOOK N [WHAT]: this number of lines is from this hook. Where a device is not chosen yet, none
# is shown.
at()
{
	same "$(grep -Ec "^[0-9:.]+ (netns:[^ ]+ )?([a-z0-9]+ )?$1 .*${3-}" "$T/out")" "$2" \
		"at $1: $(cat "$T/out")"
}

# function SPEC OPTION...: 4 requests reach RIGHT and 4 replies LEFT, each by icmp_rcv().
function_sees()
{
	need_kprobes
	capture 4 -f "$@" icmp and host "$NET.1"
	at icmp_rcv 8 'ICMP echo (request|reply), id [0-9]+'
	same "$(lines "$T/out")" 8 'lines'
}

# 4 pings at ip_*: each function on the way has each packet once.
each_once()
{
	for function in ip_rcv ip_local_deliver ip_output; do
		at $function 8
	done
	same "$(sed -n 's/ packets captured$//p' "$T/err")" "$(lines "$T/out")"
}

glob_sees()
{
	need_kprobes
	capture 4 -f 'kprobe:ip_*' icmp and host "$NET.1"
	each_once
}

# A connection from LEFT to RIGHT, with some bytes; both ends close it.
connection()
{
	echo hello >"$T/hello"
	nsenter --net="/run/netns/$RIGHT" busybox nc -l -p 7777 <"$T/hello" >"$T/got" &
	server=$!
	for _ in $(seq 100); do
		! cat "/proc/$server/net/"tcp* | grep -q ':1E61 .* 0A ' || break
		sleep 0.1
	done
	left busybox nc "$NET.2" 7777 <"$T/hello" >/dev/null
	wait $server
	same "$(cat "$T/got")" hello 'what came over'
}

# A connection at tcp_v4_*: each segment once, by the count of tcpdump; its start once.
glob_sees_tcp()
{
	need_kprobes
	need busybox tcpdump
	nsenter --net="/run/netns/$LEFT" tcpdump -i left0 --immediate-mode -U \
		-w "$T/oracle.pcap" tcp port 7777 2>"$T/tcpdump" &
	oracle=$!
	for _ in $(seq 100); do
		! grep -q 'listening on' "$T/tcpdump" || break
		sleep 0.1
	done
	start -f 'kprobe:tcp_v4_*' "$@" tcp port 7777 and host "$NET.1"
	connection
	sleep 0.5
	stop INT
	ended 0
	for _ in $(seq 100); do # tcpdump may be late
		segments=$(tcpdump -r "$T/oracle.pcap" 2>/dev/null | wc -l)
		[ "$segments" -lt "$(grep -c ' tcp_v4_rcv ' "$T/out")" ] || break
		sleep 0.1
	done
	kill $oracle
	wait $oracle || :
	hasnt "$T/err" '^[1-9][0-9]* packets lost'
	at tcp_v4_rcv "$segments"
	at tcp_v4_conn_request 1 'Flags \[S\]'
	at tcp_v4_syn_recv_sock 1 'Flags \[\.\]'
	same "$(sed -n 's/ packets captured$//p' "$T/err")" "$(lines "$T/out")"
}

# Functions that match but that the kernel does not list as traceable are reported, one per line.
tells_left_out()
{
	need_kprobes
	[ -r /sys/kernel/tracing/available_filter_functions ] || skip "no list of functions"
	start -v -f 'kprobe:tcp_v4_*' tcp port 7777
	stop INT
	ended 0
	awk '$2 ~ /^[tTwW]$/ && $3 ~ /^tcp_v4_[a-z0-9_]*$/ { print $3 }' /proc/kallsyms >"$T/all"
	sed 's/ .*//' /sys/kernel/tracing/available_filter_functions >"$T/traceable"
	grep -vxFf "$T/traceable" "$T/all" >"$T/others" || skip "all of these can be traced"
	while read -r function; do
		has "$T/err" "^bpfcap: $function: skipped: the kernel does not list it"
	done <"$T/others"
	same "$(grep -c ': skipped: ' "$T/err")" \
		"$(sed -n 's/^bpfcap: functions skipped: //p' "$T/err")"
}

# Where a packet has no headers of its device yet, they are made up.
fakes()
{
	need_kprobes
	need busybox
	start -f __ip_finish_output --fake-hdr "$@" udp and host "$NET.1"
	datagrams 4
	sleep 0.3
	stop INT
	ended 0
	at __ip_finish_output 4 "IP $NET.1\\.[0-9]+ > $NET.2\\.[0-9]+: UDP"
	same "$(lines "$T/out")" 4 lines
}

# Functions, tracepoints and other hooks in one run.
mixed()
{
	need_kprobes
	capture 2 -f tx,icmp_rcv,socket -i left0 icmp and host "$NET.1"
	at tx 2 'echo request'
	at icmp_rcv 2 'echo reply'
	at socket 4
}

# What the first hook sees, the later ones see a little later.
gathers()
{
	need_kprobes
	capture 4 -f tracepoint:net:netif_receive_skb,ip_local_deliver,icmp_rcv --gather "$@" \
		icmp and host "$NET.1"
	for hook in netif_receive_skb ip_local_deliver icmp_rcv; do
		same "$(grep -Ec "^.- +[0-9.]+ us .*$hook\$" "$T/out")" 8 \
			"at $hook: $(cat "$T/out")"
	done
}

# A function that the compiler has renamed is found by the name in the source.
renamed()
{
	need_kprobes
	for name in ip_rcv_finish_core ip_finish_output2 __ip_finish_output neigh_hh_output; do
		! grep -Eq " t $name\.(isra|constprop|part)\.[0-9]" /proc/kallsyms || break
		name=
	done
	[ -n "$name" ] || skip "no function of the way of a ping is renamed here"
	capture 2 -f "$name" icmp and host "$NET.1"
	same "$(lines "$T/out")" 4 "$name: $(cat "$T/out")"
}

of_a_module()
{
	need_kprobes
	grep -q ' veth_xmit	\[veth\]' /proc/kallsyms || skip "veth is no module here"
	capture 2 -f veth_xmit icmp and host "$NET.1"
	at veth_xmit 4
}

unknown_name()
{
	need_kprobes
	status 2 "$BIN/bpfcap" -f icmp_rvc icmp 2>"$T/err"
	has "$T/err" 'icmp_rcv'
	same "$(lines "$T/err")" 1
}

# What the kernel keeps free of probes is refused, and left out of a glob.
blacklisted()
{
	need_kprobes
	status 2 "$BIN/bpfcap" -f get_kprobe@1 icmp 2>"$T/err"
	has "$T/err" 'get_kprobe.*cannot be probed'
	same "$(lines "$T/err")" 1
}

# Of several captures at one function each finds the argument, whatever the others put there.
many_at_once()
{
	need_kprobes
	others=
	for i in 1 2 3; do
		nsenter --net="/run/netns/$LEFT" "$BIN/bpfcap" \
			-f "icmp_rcv$([ $i = 1 ] || echo @1)" -w "$T/other$i.pcap" \
			icmp and host "$NET.1" 2>"$T/other$i" &
		others="$others $!"
	done
	for i in 1 2 3; do
		for _ in $(seq 100); do
			! grep -q 'capturing at' "$T/other$i" || break
			sleep 0.1
		done
	done
	capture 2 -f icmp_rcv icmp and host "$NET.1"
	# shellcheck disable=SC2086 # a list
	kill $others
	# shellcheck disable=SC2086
	wait $others || :
	at icmp_rcv 4
	for i in 1 2 3; do
		has "$T/other$i" '^4 packets captured'
	done
}

# probed_of GLOB: what -v says of the functions of a glob, and whether FUNC alone is taken
probed_of()
{
	start -v -f "kprobe:$1" icmp and host "$NET.1"
	stop INT
	ended 0
	grep ': skipped: ' "$T/err" | sort
	for function in dev_hard_start_xmit netif_rx ip_rcv; do
		start -f "kprobe:$function" icmp and host "$NET.1"
		stop INT
		ended 0
		echo "$function: $(grep 'capturing at' "$T/err")"
	done
}

# The function tracer puts calls at entries of functions, probes put breakpoints and jumps.
traced_by()
{
	case $1 in
	tracer)
		echo "$2" >/sys/kernel/tracing/set_ftrace_filter
		echo function >/sys/kernel/tracing/current_tracer
		;;
	probes)
		: >"$T/probes"
		nsenter --net="/run/netns/$LEFT" "$BIN/bpfcap" -k 5.4 -f "kprobe:$2" port 1 \
			>/dev/null 2>"$T/probes" &
		probes=$!
		for _ in $(seq 300); do
			! grep -q 'capturing at' "$T/probes" || return 0
			sleep 0.1
		done
		fail "$(cat "$T/probes")"
		;;
	esac
}

untraced()
{
	[ "$1" = tracer ] || { kill "$probes" && wait "$probes" && return; }
	echo nop >/sys/kernel/tracing/current_tracer
	echo >/sys/kernel/tracing/set_ftrace_filter
}

# beside TRACER GLOB: the same functions are found with and without it.
beside()
{
	need_kprobes
	[ "$1" != tracer ] || grep -qw function /sys/kernel/tracing/available_tracers 2>/dev/null ||
		skip "this kernel has no function tracer"
	probed_of "$2" >"$T/without"
	traced_by "$1" "$2"
	(probed_of "$2") >"$T/with" || {
		untraced "$1"
		fail "$(cat "$T/with")"
	}
	untraced "$1"
	cmp -s "$T/with" "$T/without" || fail "$(diff "$T/without" "$T/with" | head -n 5)"
}

# Without the PMU, events in tracefs are used; none outlives its process.
by_tracefs()
{
	need_kprobes
	[ -e /sys/kernel/tracing/kprobe_events ] || skip "tracefs is not mounted"
	cp /sys/kernel/tracing/kprobe_events "$T/before"
	# shellcheck disable=SC2016 # for the inner shell
	hide='mount --make-rprivate /sys && mount -t tmpfs none '$pmu' &&
		exec "$BIN/bpfcap" "$@" >"$T/out" 2>"$T/err"'
	start_shell "exec unshare -m --propagation unchanged sh -c '$hide' sh \"\$@\"" \
		-f icmp_rcv,ip_rcv icmp and host "$NET.1"
	has /sys/kernel/tracing/kprobe_events 'bpfcap_'
	pings 2
	sleep 0.3
	stop "$1"
	ended "$2"
	[ "$1" = KILL ] || at icmp_rcv 4
	for _ in $(seq 100); do
		! cmp -s /sys/kernel/tracing/kprobe_events "$T/before" || return 0
		sleep 0.1
	done
	fail "left: $(cat /sys/kernel/tracing/kprobe_events)"
}

# Many functions by probes of their own, which makes the kernel hurry; it does no more afterwards.
expedited()
{
	need_kprobes
	[ -w /sys/kernel/rcu_expedited ] || skip "grace periods cannot be expedited here"
	was=$(cat /sys/kernel/rcu_expedited)
	nsenter --net="/run/netns/$LEFT" "$BIN/bpfcap" -k 5.4 -f 'kprobe:ip_*' \
		icmp and host "$NET.1" >"$T/out" 2>"$T/err" &
	# shellcheck disable=SC2034 # pair.sh looks at it
	pid=$!
	for _ in $(seq 3000); do
		[ "$(cat /sys/kernel/rcu_expedited)" = "$was" ] && running || break
		sleep 0.01
	done
	[ "$(cat /sys/kernel/rcu_expedited)" != "$was" ] || fail "never expedited: $(cat "$T/err")"
	[ "$1" != KILL ] || stop KILL
	for _ in $(seq 300); do
		[ "$(cat /sys/kernel/rcu_expedited)" != "$was" ] || break
		sleep 0.1
	done
	same "$(cat /sys/kernel/rcu_expedited)" "$was" rcu_expedited
	if [ "$1" = INT ]; then
		wait_for "$T/err" 'capturing at'
		pings 4
		sleep 0.3
		stop INT
	fi
	ended "$2"
	same "$(cat /sys/kernel/rcu_expedited)" "$was" 'rcu_expedited at the end'
	[ "$1" = KILL ] || each_once
}

pair_up
try function_sees kprobe:icmp_rcv@1
try function_sees icmp_rcv@1 -k 5.4
for target in auto 5.4; do
	try function_sees icmp_rcv -k $target
	try gathers -k $target
	try fakes -k $target
done
try glob_sees
for target in auto 5.4; do
	try glob_sees_tcp -k $target
done
try tells_left_out
try mixed
try renamed
try of_a_module
try unknown_name
try blacklisted
try many_at_once
try beside tracer 'dev_*'
try beside probes 'netif_r*'
try by_tracefs INT 0
try by_tracefs KILL 137
try expedited INT 0
try expedited KILL 137
finish
