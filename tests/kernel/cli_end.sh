#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_end.sh - bpfcap reports each error in one line, and leaves nothing in the kernel
# however it ends.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# refused STATUS PATTERN COMMAND...: one line on standard error, nothing else.
refused()
{
	need_pair
	want=$1 pattern=$2
	shift 2
	got=0
	left timeout 10 "$@" >"$T/out" 2>"$T/err" || got=$?
	same "$got" "$want" "$*: status"
	has "$T/err" "$pattern"
	same "$(lines "$T/err")" 1 "$*: lines of $(cat "$T/err")"
	[ ! -s "$T/out" ] || fail "$*: printed $(cat "$T/out")"
}

bad_input()
{
	refused 2 '^bpfcap: filter: .*syntax error' "$BIN/bpfcap" icm
	refused 2 '^bpfcap: [a-z]+: .*nosuch0' "$BIN/bpfcap" -i nosuch0 icmp
	refused 2 '^bpfcap: [a-z]+: .*nosuch' "$BIN/bpfcap" -f nosuch icmp
	refused 2 '^bpfcap: [a-z]+: .*nosuch' "$BIN/bpfcap" -f rawtp:nosuch icmp
	refused 2 '^bpfcap: [a-z]+: .*nosuch' "$BIN/bpfcap" -f tracepoint:net:nosuch icmp
	refused 2 '^bpfcap: [a-z]+: .*-i' "$BIN/bpfcap" -f tc icmp
	refused 2 '^bpfcap: [a-z]+: .*3\.10' "$BIN/bpfcap" -k 3.10 icmp
	refused 2 '^bpfcap: output: .*/no/such' "$BIN/bpfcap" -w /no/such/file icmp
	refused 2 '^bpfcap: options: .*sideways' "$BIN/bpfcap" -Q sideways icmp
	refused 2 '^bpfcap: pid: there is no process 4194303' "$BIN/bpfcap" --pid 4194303 icmp
	refused 2 '^bpfcap: mark: .*0x1/' "$BIN/bpfcap" --mark 0x1/ icmp
	refused 2 '^bpfcap: netns: .*nosuchns' "$BIN/bpfcap" --netns nosuchns icmp
	refused 2 '^bpfcap: options: .*weight' "$BIN/bpfcap" -f rx,tx --gather-by weight icmp
	refused 2 '^bpfcap: options: .*nosuchuser' "$BIN/bpfcap" -Z nosuchuser icmp
}

names_the_wrong_reason()
{
	[ "$(uname -r | cut -d . -f 1)" -ge 6 ] || skip "drop reasons came with 5.17"
	refused 2 '^bpfcap: reason: .*NO_SUCH_REASON' "$BIN/bpfcap" --reason NO_SUCH_REASON icmp
}

# A capture that does not start leaves an existing file unchanged.
spares_files()
{
	echo precious >"$T/file"
	refused 2 '^bpfcap: ' "$BIN/bpfcap" -i nosuch0 -w "$T/file" icmp
	same "$(cat "$T/file")" precious
	refused 2 '^bpfcap: ' "$BIN/bpfcap" -i nosuch0 -w "$T/none" icmp
	[ ! -e "$T/none" ] || fail "an empty file was left"
}

# Without privileges the message names the missing capability.
names_the_capability()
{
	need setpriv
	setpriv --reuid 65534 --clear-groups true 2>/dev/null || skip "setpriv is busybox's"
	refused 1 '^bpfcap: .*CAP_(BPF|PERFMON|SYS_ADMIN|NET_RAW|NET_ADMIN)' \
		"$(command -v setpriv)" --reuid 65534 --clear-groups --bounding-set -all \
		--inh-caps -all "$BIN/bpfcap" icmp
}

# What the kernel still holds of the capture: programs, filters and qdiscs of left0.
residue()
{
	bpftool prog list | grep -E "^($(paste -sd '|' "$T/ids")): " || :
	left tc qdisc show dev left0 | grep clsact || :
	left tc filter show dev left0 ingress 2>/dev/null
	left tc filter show dev left0 egress 2>/dev/null
}

# A guardian process may need a moment.
leaves_nothing()
{
	for _ in $(seq 50); do
		residue >"$T/residue"
		[ -s "$T/residue" ] || return 0
		sleep 0.1
	done
	fail "left behind: $(cat "$T/residue")"
}

# killed SIGNAL STATUS HOOK [KERNEL]: the capture is in the kernel, and after the signal it is not.
killed()
{
	need_pair
	need bpftool tc
	signal=$1 want=$2
	shift 2
	start -f "$1" -i left0 ${2+-k "$2"} icmp
	pings 2
	capture_programs >"$T/ids"
	[ -s "$T/ids" ] || fail "the capture has no program"
	residue >"$T/residue"
	[ -s "$T/residue" ] || fail "bpftool does not see the capture's programs"
	stop "$signal"
	ended "$want"
	leaves_nothing
}

killed_at_a_function()
{
	[ -e /sys/bus/event_source/devices/kprobe ] || skip "no kprobes here (CONFIG_KPROBES)"
	killed "$@"
}

after_a_failure()
{
	need_pair
	need bpftool tc
	refused 2 '^bpfcap: ' "$BIN/bpfcap" -f tc,rawtp:nosuch -i left0 icmp
	echo none >"$T/ids"
	leaves_nothing
}

pair_up
try bad_input
try names_the_wrong_reason
try spares_files
try names_the_capability
for hook in socket,rx tc xdp:generic rx drop tracepoint:skb:kfree_skb; do
	try killed KILL 137 $hook
done
for hook in tc xdp:generic; do
	try killed KILL 137 $hook 5.4
done
for hook in icmp_rcv 'kprobe:icmp_*'; do
	try killed_at_a_function KILL 137 "$hook"
done
try killed INT 0 rx
try killed INT 0 tc
try killed TERM 0 tc 5.4
try after_a_failure
finish
