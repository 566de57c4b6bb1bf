#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_files.sh - tcpdump and tshark read the files and streams of a live capture, which
# end with a whole packet however the capture ends.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# capture FILE: 5 pings and their replies on left0.
capture()
{
	need_pair
	need tcpdump
	start -f rx,tx -i left0 -w "$1" icmp
	date +%s >"$T/began"
	pings 5
	sleep 0.3
	stop INT
	ended 0
	date +%s >"$T/ended"
	has "$T/err" '^10 packets captured'
}

# Times are between the start and the end, lengths are those on the wire.
read_by_tcpdump()
{
	capture "$T/$1"
	tcpdump -ttner - <"$T/$1" >"$T/text" 2>/dev/null
	same "$(grep -c "length 98: $NET.[12] > $NET.[12]: ICMP echo re" "$T/text")" 10
	awk -v from="$(cat "$T/began")" -v to="$(cat "$T/ended")" \
		'$1 < from || $1 > to + 1 || $1 < last { exit 1 } { last = $1 }' "$T/text" ||
		fail "times in: $(cat "$T/text")"
}

read_by_tshark()
{
	need tshark
	capture "$T/a.pcapng"
	tshark -r "$T/a.pcapng" -T fields -E separator=/s -e frame.interface_name \
		-e frame.packet_flags_direction -e frame.len -e icmp.type >"$T/text" 2>/dev/null
	same "$(grep -cx 'left0 0x00000002 98 8' "$T/text")" 5 "requests in: $(cat "$T/text")"
	same "$(grep -cx 'left0 0x00000001 98 0' "$T/text")" 5 "replies in: $(cat "$T/text")"
	tshark -r "$T/a.pcapng" -T fields -e frame.comment >"$T/text" 2>/dev/null
	has "$T/text" 'hook: tx'
}

read_live()
{
	need_pair
	need tcpdump
	# shellcheck disable=SC2016 # for the inner shell
	start_shell '"$BIN/bpfcap" -f tx -i left0 -U -w - icmp 2>"$T/err" |
		tcpdump -lnr - -c 3 2>/dev/null >"$T/out"; echo done >>"$T/out"'
	pings 5
	wait_for "$T/out" '^done'
	same "$(grep -c "IP $NET.1 > $NET.2: ICMP echo request" "$T/out")" 3
}

ends_quietly_when_the_reader_ends()
{
	need_pair
	# shellcheck disable=SC2016
	start_shell '{
		"$BIN/bpfcap" -f tx -i left0 icmp 2>"$T/err"; echo "status $?" >>"$T/err"; } |
		head -n 1 >"$T/out"; echo done >>"$T/out"'
	pings 3
	wait_for "$T/out" '^done'
	same "$(lines "$T/out")" 2
	same "$(grep -v capturing "$T/err")" 'status 0'
}

# A full disk ends the capture; the file holds whole packets only.
ends_well_on_a_full_disk()
{
	need_pair
	need tcpdump
	mkdir -p "$T/small"
	mount -t tmpfs -o size=64k none "$T/small" 2>/dev/null || skip "cannot mount a small tmpfs"
	start -f tx -i left0 -w "$T/small/a.pcapng" icmp
	left ping -q -f -c 200 -s 1400 "$NET.2" >/dev/null || :
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		running || break
		sleep 0.3
	done
	stop INT || :
	cp "$T/small/a.pcapng" "$T/a.pcapng"
	umount "$T/small"
	ended 1
	has "$T/err" '^bpfcap: output: .*a\.pcapng: No space left on device'
	tcpdump -nr - <"$T/a.pcapng" >"$T/text" 2>"$T/said" || fail "tcpdump: $(cat "$T/said")"
	[ "$(lines "$T/text")" -gt 20 ] || fail "only $(lines "$T/text") packets in the file"
	hasnt "$T/said" 'truncated'
}

continues_without_privileges()
{
	need_pair
	id nobody >/dev/null 2>&1 || skip "no user nobody"
	mkdir -p "$T/open"
	chmod 755 "$T"
	chmod 777 "$T/open"
	start -f tx -i left0 -Z nobody -w "$T/open/a.pcap" icmp
	same "$(capture_uid)" "$(id -u nobody)" "user"
	pings 3
	sleep 0.3
	stop INT
	ended 0
	has "$T/err" '^3 packets captured'
	has "$T/err" '^3 packets matched'
}

pair_up
try read_by_tcpdump a.pcapng
try read_by_tcpdump a.pcap
try read_by_tshark
try read_live
try ends_quietly_when_the_reader_ends
try ends_well_on_a_full_disk
try continues_without_privileges
finish
