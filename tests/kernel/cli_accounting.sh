#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_accounting.sh - matched = captured + lost, and the file holds what is said to be
# captured, whatever happens: many flows, a full disk, a size limit, a stalled pipe, many signals.
# FLOWS (3,000) is the number of flows; each is seen at three hooks.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

FLOWS=${FLOWS:-3000}

# Datagrams to as many addresses, none of which RIGHT forwards.
flows()
{
	left python3 - "$FLOWS" <<-'END'
		import socket, sys
		s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
		for i in range(int(sys.argv[1])):
		    to = "11.%d.%d.%d" % (i >> 16, i >> 8 & 255, i & 255)
		    try:
		        s.sendto(b"x" * (i % 900), (to, 1 + i % 60000))
		    except OSError: # the queue is full: that packet was not sent
		        pass
	END
}

need_flows()
{
	need_pair
	need python3 tcpdump
	left ip route replace 11.0.0.0/8 via "$NET.2"
}

# told WORD: the last number of packets of that kind
told()
{
	sed -n "s/^\([0-9]*\) packets\{0,1\} $1.*/\1/p" "$T/err" | tail -n 1
}

# in_file FILE: the number of packets; old versions of tcpdump cannot count without printing
in_file()
{
	tcpdump --count -r - <"$1" 2>/dev/null >"$T/count" || tcpdump -nr - <"$1" 2>/dev/null |
		wc -l >"$T/count"
	sed 's/ packet.*//' "$T/count"
}

# adds_up FILE [N]: more than N packets matched (FLOWS). A full disk ends the capture before all are
# sent.
adds_up()
{
	captured=$(told captured) matched=$(told matched) lost=$(told lost)
	echo "  $matched matched = $captured captured + $lost lost"
	[ "$matched" -gt "${2:-$FLOWS}" ] || fail "only $matched matched: $(cat "$T/err")"
	same "$((captured + lost))" "$matched" "captured + lost"
	same "$(in_file "$1")" "$captured" "in the file"
}

capture()
{
	start -f rx,tx,drop "$@" 'net 11.0.0.0/8'
}

end_by_signal()
{
	sleep 0.3
	stop INT
	for _ in $(seq $((FLOWS / 1000))); do # the long form takes longer to write what it holds
		running && sleep 0.1
	done
	ended "$1"
}

many_flows_at_three_hooks()
{
	need_flows
	capture -s 96 --gather --track --owner -w "$T/f.pcapng"
	flows
	end_by_signal 0
	adds_up "$T/f.pcapng"
}

full_disk()
{
	need_flows
	mkdir -p "$T/small"
	mount -t tmpfs -o size=200k tmpfs "$T/small" 2>/dev/null || skip "no tmpfs can be mounted"
	trap 'stop KILL || :; umount "$T/small"' EXIT
	capture -w "$T/small/f.pcapng"
	trap 'stop KILL || :; umount "$T/small"' EXIT
	flows
	for _ in $(seq 50); do
		running && sleep 0.1
	done
	ended 1
	has "$T/err" 'not written \(No space left on device\)'
	adds_up "$T/small/f.pcapng" 1000
}

size_limit()
{
	need_flows
	# shellcheck disable=SC2016 # for the inner shell
	start_shell 'ulimit -f 300 && exec "$BIN/bpfcap" "$@" >"$T/out" 2>"$T/err"' \
		-f rx,tx,drop -w "$T/f.pcapng" 'net 11.0.0.0/8'
	flows
	for _ in $(seq 50); do
		running && sleep 0.1
	done
	ended 1
	has "$T/err" 'not written \(File too large\)'
	adds_up "$T/f.pcapng" 1000
}

# The reader takes what is in the pipe only after the capture has ended.
stalled_pipe()
{
	need_flows
	mkfifo "$T/fifo"
	exec 8<>"$T/fifo"
	# shellcheck disable=SC2016 # for the inner shell
	start_shell 'exec "$BIN/bpfcap" "$@" >"$T/fifo" 2>"$T/err"' \
		-f rx,tx,drop -w - 'net 11.0.0.0/8'
	flows
	stop INT
	ended 1
	timeout 5 dd bs=64k iflag=nonblock <&8 >"$T/f.pcapng" 2>/dev/null || :
	exec 8>&-
	adds_up "$T/f.pcapng"
}

storm_of_signals()
{
	need_flows
	capture -s 96 --gather -w "$T/f.pcapng"
	# shellcheck disable=SC2154 # start sets pid
	capture_pid=$pid
	(while kill -USR1 "$capture_pid" && kill -WINCH "$capture_pid"; do :; done) 2>/dev/null &
	storm=$!
	flows
	kill "$storm"
	end_by_signal 0
	[ "$(grep -c 'packets matched' "$T/err")" -gt 3 ] || fail "no counts: $(cat "$T/err")"
	adds_up "$T/f.pcapng"
}

pair_up
try many_flows_at_three_hooks
try full_disk
try size_limit
try stalled_pipe
try storm_of_signals
finish
