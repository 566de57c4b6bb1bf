#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_user.sh - packets and buffers of programs that are not ours: USDT probes of
# python3, and bursts of DPDK's testpmd, against what it counts itself and what tcpdump selects.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pcap.sh"

need_uprobes()
{
	need_root
	[ -e /sys/bus/event_source/devices/uprobe/type ] || skip "this kernel has no uprobes"
}

pids=

# capture NAME ARGUMENT...: bpfcap in the background, once it captures. Its messages go to the file
# NAME.err, its output to NAME.out.
capture()
{
	name=$1
	shift
	: >"$T/$name.err"
	"$BIN/bpfcap" "$@" >"$T/$name.out" 2>"$T/$name.err" &
	pids="$pids $!"
	trap 'kill -9 $pids 2>/dev/null || :' EXIT
	for _ in $(seq 300); do
		! grep -q 'capturing at' "$T/$name.err" || return 0
		kill -0 "$!" 2>/dev/null || break
		sleep 0.1
	done
	fail "no capture: $(cat "$T/$name.err")"
}

end_captures()
{
	sleep 0.2
	for pid in $pids; do
		kill -INT "$pid"
		status 0 wait "$pid"
	done
	for err in "$T"/*.err; do
		has "$err" '^0 packets lost'
	done
	rm "$T"/*.err
}

# The probe has a name of a function and a line: the packet is as many bytes of the name as the
# number of the line on which the function returns. Python's probes are off until their semaphore
# is raised.
a_probe_of_python_gives_the_names_of_its_functions()
{
	need_uprobes
	need readelf
	python=$(readlink -f /usr/bin/python3) || skip "python3 is not installed"
	readelf -n "$python" >"$T/notes" 2>/dev/null || :
	grep -q 'Name: function__return' "$T/notes" || skip "python3 was built without USDT probes"
	cat >"$T/names.py" <<'PROGRAM'
#
#
#
def hello():
    return 1


def greeting_1():
    x = 1
    return x


for i in range(50):
    hello()
    greeting_1()
PROGRAM
	capture python -s 10 -A -y RAW -w "$T/f" --format pcap \
		-f "raw:usdt:$python:python:function__return@2@3"
	"$python" -SEI "$T/names.py"
	end_captures
	tr -cs 'a-z_0-9' '\n' <"$T/f" >"$T/words"
	same "$(grep -cx hello "$T/words")" 50 "times hello()"
	same "$(grep -cx greeting_1 "$T/words")" 50 "times greeting_1()"
}

# testpmd reads commands, and the captures are there.
may_go()
{
	[ -e "$T/go" ] && grep -q 'testpmd>' "$T/testpmd"
}

# testpmd COMMANDS OPTION...: forwards between two devices, once the file `go` exists, and until
# COMMANDS end. It calls these functions for each burst once it prints packets. --no-flush-rx: else
# it first receives bursts of 512, which it does not count.
testpmd()
{
	commands=$1
	shift
	(
		echo "set verbose 3"
		until may_go; do sleep 0.1; done
		"$commands"
		printf 'stop\nquit\n'
	) | timeout 150 dpdk-testpmd --no-huge --no-pci -m 256 --no-telemetry --lcores '0@0,1@0' \
		--file-prefix="bpfcap-$$" "$@" --no-mlockall --total-num-mbufs=4096 --no-flush-rx \
		>"$T/testpmd" 2>&1
}

# Where testpmd is, in the library that it uses: rx and tx.
need_testpmd()
{
	need_uprobes
	need dpdk-testpmd
	lib=$(LD_TRACE_LOADED_OBJECTS=1 dpdk-testpmd |
		sed -n 's/.*=> \(.*librte_ethdev[^ ]*\) .*/\1/p')
	[ -r "$lib" ] || skip "dpdk-testpmd is linked statically"
	rx=mbuf:$lib:rte_eth_call_rx_callbacks@3@4 tx=mbuf:$lib:rte_eth_call_tx_callbacks@3@4
	rm -f "$T/go" "$T/testpmd"
}

# total NAME: "RX-packets" of all ports, as testpmd counts
total()
{
	sed -n '/Accumulated/,$s/.*'"$1"': \([0-9]*\).*/\1/p' "$T/testpmd"
}

# lines FILE: of packets
lines()
{
	wc -l <"$1"
}

first_burst()
{
	echo start tx_first
	for _ in $(seq 100); do
		! grep -q 'received [0-9]* packets' "$T/testpmd" || break
		sleep 0.1
	done
}

# Null devices always have packets to receive.
each_packet_of_testpmd_is_captured()
{
	need_testpmd
	testpmd first_burst --vdev=net_null0 --vdev=net_null1 -- -i &
	program=$!
	capture all -w "$T/all" -f "$rx,$tx"
	: >"$T/go"
	wait "$program" || fail "testpmd: $(tail -n 9 "$T/testpmd")"
	end_captures
	"$BIN/bpfcap" -qr "$T/all" -f rte_eth_call_rx_callbacks >"$T/rx" 2>/dev/null
	"$BIN/bpfcap" -qr "$T/all" -f rte_eth_call_tx_callbacks >"$T/tx" 2>/dev/null
	same "$(lines "$T/rx")" "$(total RX-packets)" "packets received"
	same "$(lines "$T/tx")" "$(total TX-packets)" "packets sent"
	[ "$(lines "$T/rx")" -gt 0 ] || fail "testpmd received nothing: $(tail -n 5 "$T/testpmd")"
}

# packets N: of ICMP, TCP, UDP, ARP and IPv6, most in a VLAN, of 60 to 1,260 bytes
packets()
{
	awk -v n="$1" 'BEGIN {
		for (i = 0; i < n; i++) {
			len = 60 + i * 37 % 1201
			vlan = i % 3 ? sprintf("8100%04x", i % 7 + 1) : ""
			p = "020000000001020000000002" vlan inside(i % 5, len, i)
			while (length(p) < 2 * len)
				p = p sprintf("%02x", (length(p) * 7 + i) % 256)
			print len, p
		}
	}
	function inside(kind, len, i) {
		if (kind == 0)
			return ip("01", len, i) "0800"
		if (kind == 1)
			return ip("06", len, i) sprintf("%04x0050", 40000 + i)
		if (kind == 2)
			return ip("11", len, i) sprintf("%04x%04x", 40000 + i, i % 4 ? 80 : 53)
		if (kind == 3)
			return "080600010800060400010200000000020a0000010000000000000a000002"
		return sprintf("86dd60000000%04x1140", len - 58) \
			"20010db800000000000000000000000120010db8000000000000000000000002" \
			"303900350010ffff"
	}
	function ip(proto, len, i) {
		return sprintf("08004500%04x%04x000040%s00000a0000%02x0a000002", len - 18, i, \
			proto, i % 4 + 1)
	}'
}

all_packets()
{
	echo start
	for _ in $(seq 300); do
		[ "$(lines "$T/all.out")" -lt "$packet_cnt" ] || break
		sleep 0.1
	done
}

# SIZE: testpmd receives packets from a file, in segments of SIZE bytes, with 128 before the data.
# The same filters of tcpdump on that file select the same packets.
filters_of_dpdk_packets_in_segments_of()
{
	need_testpmd
	need tcpdump
	ls /usr/lib/*/dpdk/pmds-*/librte_net_pcap.so.* >"$T/libs" 2>&1 ||
		skip "DPDK has no driver for files"
	packet_cnt=100
	[ -e "$T/sent" ] || packets "$packet_cnt" | pcap_file 0 >"$T/sent"
	testpmd all_packets --vdev="net_pcap0,rx_pcap=$T/sent,tx_pcap=$T/to" \
		--vdev=net_null1,no-rx=1 -- -i --mbuf-size="$1" &
	program=$!
	n=0
	while read -r expr; do
		n=$((n + 1))
		capture "$n" -w "$T/$n" -f "$rx" "$expr"
	done <"$T/exprs"
	capture all -ql -f "$rx"
	capture json --json -f "$tx" vlan and icmp
	: >"$T/go"
	wait "$program" || fail "testpmd: $(tail -n 9 "$T/testpmd")"
	end_captures
	same "$(total RX-packets)" "$packet_cnt" "packets received"
	n=0
	while read -r expr; do
		n=$((n + 1))
		tcpdump -ntexx -r "$T/sent" "$expr" >"$T/want" 2>/dev/null
		tcpdump -ntexx -r "$T/$n" >"$T/got" 2>/dev/null
		[ -s "$T/want" ] || fail "no packet matches $expr"
		cmp "$T/want" "$T/got" || fail "$expr"
	done <"$T/exprs"
	tcpdump -nr "$T/sent" vlan and icmp >"$T/want" 2>/dev/null
	same "$(lines "$T/json.out")" "$(lines "$T/want")" "lines of JSON"
}

# The program, which is not there for others, passes TCP packets to port 80 to functions of its own
# and to its C library, which are looked for without a path, by file and by path. KIND: of its file
# system, a container's.
functions_are_found_in_a_file_system_of_another_process()
{
	need_uprobes
	need unshare
	[ "$1" = tmpfs ] || grep -qw "$1" /proc/filesystems || skip "this kernel has no $1"
	"$BUILD/tests/kernel/probe_user" pass &
	like=$!
	until grep -q libc "/proc/$like/maps"; do sleep 0.1; done
	mkdir -p "$T/root" "$T/in"
	unshare -m -p -f --propagation unchanged sh "${0%/*}/../lib/container.sh" "$1" "$T/root" \
		"$like" "$T/in" pass >"$T/container" 2>&1 &
	pids="$like $!"
	trap 'kill -9 $pids $program 2>/dev/null || :' EXIT
	for _ in $(seq 100); do
		program=$(children "$!")
		case $(readlink "/proc/$program/exe") in */only/program) break ;; esac
		kill -0 "$!" || fail "no container: $(cat "$T/container")"
		sleep 0.1
	done
	kill "$like"
	[ ! -e "$T/root/only" ] || fail "the file system is not the program's alone"
	while read -r spec; do
		status 0 timeout 20 "$BIN/bpfcap" -qc 20 --pid "$program" -f "$spec" \
			'tcp port 80' >"$T/out" 2>"$T/err"
		same "$(grep -c '80: tcp' "$T/out")" 20 "packets at $spec"
	done <<-'SPECS'
		mbuf:you_func@1
		raw:program:raw_func@1@2
		raw:/only/program:raw_func@1@2
		raw:write@2@3
		raw:libc.so.6:write@2@3
	SPECS
	status 0 "$BIN/bpfcap" -qSc 3 --pid "$program" -f mbuf:user_handle@1 >"$T/out" 2>"$T/err"
	has "$T/out" '^	user_handle\+0x0 \[program\]$'
	has "$T/out" '^	main\+0x[0-9a-f]+ \[program\]$'
	has "$T/out" '^	[_a-z]*\+0x[0-9a-f]+ \[libc\.so\.6\]$'
	status 0 "$BIN/bpfcap" --json -Sc 3 --pid "$program" -f mbuf:user_handle@1 \
		>"$T/out" 2>"$T/err"
	has "$T/out" '"stack":\["user_handle\+0x0 \[program\]",.*"main\+0x[0-9a-f]+ \[prog'
	status 2 "$BIN/bpfcap" -c 1 -f raw:/only/program:raw_func@1@2 >"$T/out" 2>"$T/err"
	has "$T/err" 'No such file'
}

try a_probe_of_python_gives_the_names_of_its_functions
try functions_are_found_in_a_file_system_of_another_process tmpfs
try functions_are_found_in_a_file_system_of_another_process overlay
try each_packet_of_testpmd_is_captured
cat >"$T/exprs" <<'EXPRESSIONS'
icmp
host 10.0.0.3
port 53
vlan 3 and udp
not (tcp or vlan)
EXPRESSIONS
try filters_of_dpdk_packets_in_segments_of 2304
try filters_of_dpdk_packets_in_segments_of 256
finish
