#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/rings_bpf.sh - captures through BPF ring buffers, which kernels without
# CONFIG_BPF_EVENTS need in place of perf rings. BPFCAP_RINGS=bpf selects them on any kernel.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

export BPFCAP_RINGS=bpf

need_ringbuf()
{
	need_root
	"$BIN/bpfcap" --doctor >"$T/doctor" 2>&1 || :
	grep -q 'BPF ring buffer map' "$T/doctor" || skip "this kernel has no BPF ring buffers"
	case "$* $(uname -r)" in
	*xdp*' 5.'*) skip "programs at xdp cannot copy packets there before Linux 5.18" ;;
	esac
}

# uses_ring_buffers OPTION...: a mapping of a BPF map, and none of a perf event.
uses_ring_buffers()
{
	need_ringbuf "$@"
	need_pair
	start "$@" -w "$T/file" icmp
	# shellcheck disable=SC2154 # set by start
	grep -q 'anon_inode:bpf-map' "/proc/$pid/maps" || fail "no BPF ring buffer is mapped"
	! grep -q 'perf_event' "/proc/$pid/maps" || fail "a perf ring is mapped"
	left ping -q -f -c 500 -s 1000 "$NET.2" >/dev/null
	stop INT
	ended 0
	has "$T/err" '^0 packets lost'
}

# writes_what_tcpdump_writes in|out OPTION...: the same packets, byte for byte. Their order
# depends on the hook, where two CPUs are at work.
writes_what_tcpdump_writes()
{
	direction=$1
	shift
	need_ringbuf "$@"
	need_pair
	need tcpdump
	start "$@" -i left0 -s 900 -w "$T/ours.pcapng" icmp
	nsenter --net="/run/netns/$LEFT" tcpdump -U --immediate-mode -i left0 \
		-Q "$direction" -s 900 -w "$T/theirs.pcapng" icmp 2>"$T/tcpdump" &
	tcpdump=$!
	wait_for "$T/tcpdump" 'listening on'
	left ping -q -f -c 500 -s 1000 "$NET.2" >/dev/null
	left ping -q -c 3 -i 0.01 -s 20000 "$NET.2" >/dev/null
	left ping -q -c 1 -p 656e646f6674657374 "$NET.2" >/dev/null # end of test
	wait_for "$T/theirs.pcapng" endoftest
	kill -TERM "$tcpdump"
	wait "$tcpdump" || fail "$(cat "$T/tcpdump")"
	stop INT
	ended 0
	for file in ours theirs; do
		tcpdump -n -t -xx -r "$T/$file.pcapng" 2>/dev/null |
			awk '/^[A-Z]/ { printf "\n" } { printf "%s ", $0 }' | sort >"$T/$file.txt"
	done
	[ "$(grep -c '^IP' "$T/theirs.txt")" -ge 500 ] || fail "only $(lines "$T/theirs.txt")"
	diff "$T/theirs.txt" "$T/ours.txt" >"$T/diff" || fail "$(head -n 20 "$T/diff")"
}

# A stopped reader, a ring of 4 KiB: what does not fit is counted, as lost in the ring.
a_full_ring_is_counted()
{
	need_ringbuf
	need_pair
	start -f tc:egress -i left0 -B 4 -s 100 -w "$T/file" icmp
	stop STOP
	left ping -q -f -c 500 -s 1000 "$NET.2" >/dev/null
	stop CONT
	stop INT
	ended 0
	# shellcheck disable=SC2046 # a list
	set -- $(sed -n 's/^\([0-9]*\) packets \(captured\|matched\|lost\).*/\1/p' "$T/err")
	same "$2" 500 "matched"
	same "$(($1 + $3))" 500 "captured + lost"
	[ "$3" -gt 0 ] || fail "nothing was lost: $(cat "$T/err")"
	has "$T/err" 'ring full'
}

# all_of PROGRAM: its tests, a part of their rounds.
all_of()
{
	need_ringbuf
	[ -x "$BUILD/tests/kernel/$1" ] || skip "$1 is not built"
	TEST_SHARE=$((${TEST_SHARE:-1} * 10)) "$BUILD/tests/kernel/$1" >"$T/log" 2>&1 ||
		fail "$(grep -v ' OK ' "$T/log" | tail -n 30)"
}

pair_up
try uses_ring_buffers -f tc:egress -i left0
try uses_ring_buffers -f xdp:generic -i left0
try uses_ring_buffers -f tc:ingress,socket -i left0
try uses_ring_buffers -k 5.4 -f tc:ingress -i left0
try writes_what_tcpdump_writes in -f tc:ingress
try writes_what_tcpdump_writes out -f tc:egress
try writes_what_tcpdump_writes in -f xdp:generic
try a_full_ring_is_counted
programs='capture counts flood'
[ -n "${VM_FILES-}" ] || programs="$programs align gro meta pages truth untouched"
for program in $programs; do # fewer where the machine is emulated
	try all_of "probe_$program"
done
finish
