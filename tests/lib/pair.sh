# SPDX-License-Identifier: MIT
# tests/lib/pair.sh - two network namespaces joined by veth, and captures in the first of them.
#
#	. "${0%/*}/../lib/test.sh"
#	. "${0%/*}/../lib/pair.sh"
#	pair_up			at the top level; taken down at the end
#	start -k 5.4 icmp	bpfcap in the background; returns when it captures
#	pings 4
#	ended 0			waits for it, and looks at its status
#
# LEFT has left0 with $NET.1 and $NET6::1, RIGHT right0 with 2. RIGHT does not forward: packets for
# $FAR are dropped there. What bpfcap prints is in $T/out, what it says in $T/err.
#
# Commands run in a namespace by nsenter(1): ip(8), by `netns exec` as by -n, would also make the
# root a slave mount, which it cannot be in a chroot that is no mount point.
#
# Tracing hooks see the packets of the whole machine. The addresses and the numbers of the
# interfaces are of this process alone, so that several tests can run at once.
LEFT=bpfcap-$$-left
RIGHT=bpfcap-$$-right
NET=10.$((64 + $$ / 250 % 128)).$(($$ % 250))
NET6=$(printf 'fd78:%x:%x' $(($$ / 65536)) $(($$ % 65536)))
FAR=$NET.200
export LEFT RIGHT NET NET6 FAR

pair_down()
{
	ip netns del "$LEFT"
	ip netns del "$RIGHT"
} 2>/dev/null

# What goes wrong here is why the tests are skipped, or, in a virtual machine of ours, fail.
pair_up()
{
	trap 'pair_down; rm -rf "$T"' EXIT
	(pair_make) >"$T/pair" 2>&1 || :
}

pair_make()
{
	set -e
	[ "$(id -u)" -eq 0 ] || { echo "needs root" && return 1; }
	ip netns add "$LEFT"
	ip netns add "$RIGHT"
	index=$((100000 + 2 * $$))
	left ip link add left0 index $index type veth \
		peer name right0 netns "$RIGHT" index $((index + 1))
	# No duplicate address detection: addresses can be used at once.
	left ip addr add "$NET.1/25" dev left0
	right ip addr add "$NET.2/25" dev right0
	if [ -e /proc/sys/net/ipv6 ]; then
		left ip addr add "$NET6::1/64" dev left0 nodad
		right ip addr add "$NET6::2/64" dev right0 nodad
	fi
	left ip link set lo up
	right ip link set lo up
	left ip link set left0 up
	right ip link set right0 up
	left ip route add "$FAR" via "$NET.2"
	right sh -c 'echo 0 >/proc/sys/net/ipv4/ip_forward'
	ping -c 1 127.0.0.1 >/dev/null
	echo ready
}

need_pair()
{
	[ "$(tail -n 1 "$T/pair")" != ready ] || return 0
	[ -z "${BPFCAP_VM-}" ] || fail "$(cat "$T/pair")"
	skip "$(tail -n 1 "$T/pair")"
}

left()
{
	nsenter --net="/run/netns/$LEFT" "$@"
}

right()
{
	nsenter --net="/run/netns/$RIGHT" "$@"
}

running()
{
	kill -0 "$pid" 2>/dev/null
}

# The user that the capture runs as.
capture_uid()
{
	awk '$1 == "Uid:" { print $2 }' "/proc/$pid/status"
}

# The numbers of the programs that the capture holds.
capture_programs()
{
	cat /proc/"$pid"/fdinfo/* 2>/dev/null | awk '$1 == "prog_id:" { print $2 }' | sort -u
}

# stop SIGNAL
stop()
{
	kill "-$1" "$pid" 2>/dev/null
}

# wait_for FILE REGEXP: up to 30 s (an emulated machine is slow).
wait_for()
{
	for _ in $(seq 300); do
		! grep -Eq -- "$2" "$1" 2>/dev/null || return 0
		running || break
		sleep 0.1
	done
	fail "no '$2' in: $(cat "$1")"
}

# start ARGUMENT...: bpfcap
start()
{
	# shellcheck disable=SC2016 # for the inner shell
	start_shell 'exec "$BIN/bpfcap" "$@" >"$T/out" 2>"$T/err"' "$@"
}

# start_shell SCRIPT ARGUMENT...: a pipeline with a bpfcap in it, that writes to these files
start_shell()
{
	script=$1
	shift
	: >"$T/out"
	: >"$T/err"
	nsenter --net="/run/netns/$LEFT" sh -c "$script" sh "$@" &
	pid=$!
	trap 'stop KILL || :' EXIT # of the subshell that the test runs in
	wait_for "$T/err" 'capturing at'
}

# ended STATUS: it must end by itself, or by a signal sent to it, within 30 s.
ended()
{
	for _ in $(seq 300); do
		running || break
		sleep 0.1
	done
	! stop KILL || fail "bpfcap did not end; it said: $(cat "$T/err")"
	ended_status=0
	wait "$pid" || ended_status=$?
	same "$ended_status" "$1" "status (it said: $(cat "$T/err"))"
}

# pings N [ADDRESS]: to RIGHT, or to an address that does not answer.
pings()
{
	if [ $# -gt 1 ]; then
		left ping -q -i 0.05 -c "$1" -W 0.1 "$2"
	else
		left ping -q -i 0.05 -c "$1" -W 1 "$NET.2"
	fi >/dev/null || :
}

# datagrams N: to ports of RIGHT without a listener; each is answered.
datagrams()
{
	left busybox traceroute -n -q "$1" -m 1 -w 1 "$NET.2" >/dev/null
}

lines()
{
	wc -l <"$1"
}
