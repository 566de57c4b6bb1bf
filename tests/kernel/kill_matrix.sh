#!/bin/sh
# SPDX-License-Identifier: MIT
# kill_matrix.sh - captures that are killed at any moment leave nothing behind.
#
# KILLS captures (16, or as given) are started at hooks of all kinds, one to three at a time on one
# interface, and end by a random signal after 0 to 0.5 s, alone or with the pid namespace that they
# run in. SEED repeats a run. How bpfcap's own guardian dies with the namespace is the hard part:
# what is left then goes at the next start.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

KILLS=${KILLS:-16}
SEED=${SEED:-$$}

# Lines "CNT HOOK KERNEL SIGNAL DELAY": a new group begins where CNT is not 0.
plan()
{
	awk -v kills="$1" -v seed="$SEED" 'BEGIN {
		srand(seed)
		hook_cnt = split("tc tc xdp:generic xdp:generic socket rx icmp_rcv", hooks)
		split("running 5.4 running 5.4 running running running", kernels)
		signal_cnt = split("KILL KILL KILL TERM HUP INT PIPE STOP", signals)
		for (i = 0; i < kills; i++) {
			cnt = left ? 0 : 1 + int(rand() * 3)
			left = cnt ? cnt - 1 : left - 1
			h = 1 + int(rand() * hook_cnt)
			print cnt, hooks[h], kernels[h], signals[1 + int(rand() * signal_cnt)],
				rand() / 2
		}
	}'
}

# end_one PID SIGNAL: a process that ignores the signal is killed. A stopped guardian is continued.
end_one()
{
	guards=$(children "$1")
	if [ "$2" = STOP ]; then
		# shellcheck disable=SC2086 # several
		kill -STOP "$1" $guards || :
		sleep 0.02
		kill -KILL "$1" || :
		# shellcheck disable=SC2086
		kill -CONT "$1" $guards || :
	else
		kill "-$2" "$1" || :
	fi
	for _ in $(seq 40); do
		kill -0 "$1" || return 0
		sleep 0.05
	done
	kill -KILL "$1" || :
} 2>/dev/null

# end_group: the captures of one group, "PID:SIGNAL:DELAY" each.
end_group()
{
	for one in $group; do
		sleep "${one##*:}"
		one=${one%:*}
		end_one "${one%:*}" "${one#*:}"
	done
	group=
}

# run_plan [COMMAND...]: COMMAND runs each capture in a namespace, and takes it along when killed.
run_plan()
{
	group='' nr=0
	while read -r cnt hook kernel signal delay; do
		[ "$cnt" -eq 0 ] || end_group
		[ "$hook" != icmp_rcv ] || [ -e /sys/bus/event_source/devices/kprobe ] || hook=rx
		[ $# -eq 0 ] || signal=KILL
		k=
		[ "$kernel" = running ] || k="-k $kernel"
		nr=$((nr + 1))
		# shellcheck disable=SC2086 # two words
		nsenter --net="/run/netns/$LEFT" "$@" "$BIN/bpfcap" -f "$hook" $k -i left0 \
			-w "$T/files/$nr.pcap" icmp >/dev/null 2>&1 &
		group="$group $!:$signal:$delay"
		echo "$cnt $hook $kernel $signal $delay" >>"$T/done"
	done <"$T/plan"
	end_group
	wait || :
	# unshare(1) may have been killed before it asked to take its child along
	[ $# -eq 0 ] || ip netns pids "$LEFT" | xargs -r kill -KILL || :
}

guards_here()
{
	grep -ls '^bpfcap-guard' /proc/[0-9]*/comm | while read -r comm; do
		[ "$(readlink "${comm%comm}ns/net")" != "$net" ] || echo "guardian ${comm%/comm}"
	done
}

residue()
{
	left tc qdisc show dev left0 | grep clsact || :
	left tc filter show dev left0 ingress 2>/dev/null
	left tc filter show dev left0 egress 2>/dev/null
	left ip link show dev left0 | grep xdp || :
	guards_here
	find "$T/files" -type f ! -name '*.pcap'
	grep -s '^p:bpfcap_' /sys/kernel/tracing/kprobe_events || :
}

leaves_nothing()
{
	for _ in $(seq 60); do
		residue >"$T/residue"
		[ -s "$T/residue" ] || return 0
		sleep 0.1
	done
	fail "after seed $SEED: $(cat "$T/residue"); did: $(cat "$T/done")"
}

one_more_start()
{
	start -f tc,xdp:generic -k 5.4 -i left0 icmp
	stop INT
	ended 0
}

kills()
{
	need_pair
	need tc ip awk
	mkdir -p "$T/files"
	: >"$T/done"
	net=$(left readlink /proc/self/ns/net)
	plan "$1" >"$T/plan"
	shift
	if [ $# -gt 0 ]; then
		"$@" true 2>/dev/null || skip "unshare(1) cannot take its namespace along here"
	fi
	run_plan "$@"
	[ $# -gt 0 ] || leaves_nothing
	one_more_start
	leaves_nothing
}

pair_up
try_as 'captures that are killed leave nothing' kills $((KILLS / 2))
SEED=$((SEED + 1))
try_as 'captures that are killed with their pid namespace leave nothing after the next start' \
	kills $((KILLS / 2)) unshare --pid --fork --kill-child
finish
