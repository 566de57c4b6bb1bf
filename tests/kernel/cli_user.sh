#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_user.sh - packets and buffers of programs that are not ours: USDT probes of
# python3, and receive and transmit bursts of DPDK's testpmd, against what they count themselves.
. "${0%/*}/../lib/test.sh"

need_uprobes()
{
	need_root
	[ -e /sys/bus/event_source/devices/uprobe/type ] || skip "this kernel has no uprobes"
}

# capture ARGUMENT...: bpfcap in the background, once it captures.
capture()
{
	: >"$T/err"
	"$BIN/bpfcap" "$@" >"$T/out" 2>"$T/err" &
	pid=$!
	trap 'kill -9 $pid 2>/dev/null || :' EXIT
	for _ in $(seq 300); do
		! grep -q 'capturing at' "$T/err" || return 0
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	fail "no capture: $(cat "$T/err")"
}

end_capture()
{
	sleep 0.2
	kill -INT "$pid"
	status 0 wait "$pid"
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
	capture -s 10 -A -y RAW -w "$T/f" --format pcap \
		-f "raw:usdt:$python:python:function__return@2@3"
	"$python" -SEI "$T/names.py"
	end_capture
	has "$T/err" '^0 packets lost'
	tr -cs 'a-z_0-9' '\n' <"$T/f" >"$T/words"
	same "$(grep -cx hello "$T/words")" 50 "times hello()"
	same "$(grep -cx greeting_1 "$T/words")" 50 "times greeting_1()"
}

# testpmd forwards between two null devices, which always have packets to receive. It calls these
# functions for each burst once it prints packets. --no-flush-rx: else it first receives bursts of
# 512, which it does not count.
testpmd()
{
	(
		echo "set verbose 3"
		while [ ! -e "$T/go" ]; do sleep 0.1; done
		printf 'start tx_first\nstop\nquit\n'
	) | timeout 60 dpdk-testpmd --no-huge --no-pci -m 256 --no-telemetry --vdev=net_null0 \
		--vdev=net_null1 --lcores '0@0,1@0' --file-prefix="bpfcap-$$" -- -i --no-mlockall \
		--total-num-mbufs=2048 --no-flush-rx >"$T/testpmd" 2>&1
}

# total NAME: "RX-packets" of all ports, as testpmd counts
total()
{
	sed -n '/Accumulated/,$s/.*'"$1"': \([0-9]*\).*/\1/p' "$T/testpmd"
}

each_packet_of_testpmd_is_captured()
{
	need_uprobes
	need dpdk-testpmd
	lib=$(ldd "$(command -v dpdk-testpmd)" | sed -n 's/.*=> \(.*librte_ethdev[^ ]*\) .*/\1/p')
	[ -r "$lib" ] || skip "dpdk-testpmd is linked statically"
	rx=mbuf:$lib:rte_eth_call_rx_callbacks@3@4 tx=mbuf:$lib:rte_eth_call_tx_callbacks@3@4
	rm -f "$T/go"
	testpmd &
	program=$!
	capture -w "$T/all" -f "$rx,$tx"
	: >"$T/go"
	status 0 wait "$program"
	end_capture
	has "$T/err" '^0 packets lost'
	"$BIN/bpfcap" -qr "$T/all" -f rte_eth_call_rx_callbacks >"$T/rx" 2>/dev/null
	"$BIN/bpfcap" -qr "$T/all" -f rte_eth_call_tx_callbacks >"$T/tx" 2>/dev/null
	same "$(wc -l <"$T/rx")" "$(total RX-packets)" "packets received"
	same "$(wc -l <"$T/tx")" "$(total TX-packets)" "packets sent"
	[ "$(wc -l <"$T/rx")" -gt 0 ] || fail "testpmd received nothing: $(tail -n 5 "$T/testpmd")"
}

try a_probe_of_python_gives_the_names_of_its_functions
try each_packet_of_testpmd_is_captured
finish
