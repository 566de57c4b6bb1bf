#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_privileges.sh - for each hook, the capabilities with which a user captures who is
# nobody: enough, none too many, and those of the table in docs/hooks.md. They are capabilities of
# the file, as setcap(8) gives them.
#
# In a virtual machine the lines "HOOK CAPABILITIES" go to $VM_FILES/needs; tests/vm/needs makes the
# table from them.
# shellcheck disable=SC3045 # dash and busybox have ulimit -l
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

# Where the kernel has no CAP_BPF, CAP_SYS_ADMIN stands for it.
paranoid=/proc/sys/kernel/perf_event_paranoid
bpf=bpf,perfmon
[ "$(cat /proc/sys/kernel/cap_last_cap)" -ge 39 ] || bpf=sys_admin

# as_nobody COMMAND...: in LEFT
as_nobody()
{
	left setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
}

# grant FILE CAPABILITIES: whoever executes it has these, and no others
grant()
{
	setcap "$(echo "cap_$2" | sed 's/,/,cap_/g')+ep" "$1"
}

need_nobody()
{
	need_pair
	need setpriv setcap
	chmod 755 "$T"
	[ ! -e "$T/bpfcap" ] || return 0
	cp "$(command -v cat)" "$T/cat"
	grant "$T/cat" net_raw 2>"$T/why" || skip "$T takes no file capabilities: $(cat "$T/why")"
	as_nobody "$T/cat" /proc/self/status >"$T/status" || skip "nobody cannot execute $T/cat"
	grep -q '^CapEff:.*2000$' "$T/status" || skip "$T is mounted without file capabilities"
	cp "$BIN/bpfcap" "$T/bpfcap"
}

# run_as_nobody CAPABILITIES HOOK OPTION...
run_as_nobody()
{
	caps=$1 hook=$2
	shift 2
	grant "$T/bpfcap" "$caps"
	as_nobody "$T/bpfcap" --duration 1 -i left0 -f "$hook" "$@" icmp >"$T/out" 2>"$T/err"
}

# works CAPABILITIES HOOK: with rings that fit everybody's limit; maps count before 5.11, too
works()
{
	(
		ulimit -l unlimited 2>/dev/null || :
		run_as_nobody "$1" "$2" -B 64
	) && grep -q 'capturing at' "$T/err"
}

# without LIST ONE
without()
{
	rest=$(echo "$1" | tr , '\n' | grep -vx "$2" | tr '\n' ,)
	echo "${rest:-chown,}" | sed 's/,$//'
}

# What doctor says is missing for a hook that it does not offer to root.
lacks()
{
	[ -e "$T/doctor" ] || "$BIN/bpfcap" --doctor >"$T/doctor" 2>&1 || fail "$(cat "$T/doctor")"
	sed -n "s/^  [^ ]*$1[^ ]* *missing: //p" "$T/doctor" | head -n 1
}

# needs NAME HOOK CAPABILITIES...: the first of these lists that is enough must have none too many,
# and must be in the table.
needs()
{
	need_nobody
	[ "$1" != tracepoint ] || [ -d /sys/kernel/tracing/events ] ||
		skip "tracefs is not mounted, and mounting it takes more"
	name=$1 hook=$2 enough=
	shift 2
	why=$(lacks "$name")
	[ -z "$why" ] || skip "$why"
	for list in "$@"; do
		! works "$list" "$hook" || { enough=$list && break; }
	done
	[ -n "$enough" ] || fail "none of these is enough: $* ($(cat "$T/err"))"
	for one in $(echo "$enough" | tr , ' '); do
		! works "$(without "$enough" "$one")" "$hook" || fail "works without $one"
		has "$T/err" '(needs root or .*CAP_.*try sudo|may not|not permitted)'
	done
	[ -z "${VM_FILES-}" ] || echo "$name $enough" >>"$VM_FILES/needs"
	[ -e docs/hooks.md ] || return 0 # in a virtual machine
	grep "^| \`$name\` *|" docs/hooks.md >"$T/row" || :
	has "$T/row" "[| ]${enough}[ |]"
}

# Rings of the default size, for a user who may lock no more than 64 KiB.
names_the_rings_that_fit()
{
	need_nobody
	(
		ulimit -l 64
		run_as_nobody "net_raw,net_admin,$bpf" "$1"
	) && skip "this user may lock that much"
	if grep -q 'counts BPF maps and programs as locked memory' "$T/err"; then
		has "$T/err" 'raise ulimit -l'
		return 0
	fi
	has "$T/err" 'exceed the memory that this user may lock; use -B [0-9]+, raise ulimit -l'
	size=$(sed -n 's/.*use -B \([0-9]*\).*/\1/p' "$T/err")
	(
		ulimit -l 64
		run_as_nobody "net_raw,net_admin,$bpf" "$1" -B "$size"
	) || fail "-B $size: $(cat "$T/err")"
}

# seen_by CAPABILITIES OPTION...: a ping and a drop, in $T/out
seen_by()
{
	who=$1
	shift
	(
		ulimit -l unlimited 2>/dev/null || :
		run_as_nobody "$who" tx,drop -B 64 -v --duration 20 -c 3 "$@"
	) &
	wait_for_start
	pings 2
	pings 1 "$FAR"
	wait
	[ -s "$T/out" ] || fail "$(cat "$T/err")"
}

wait_for_start()
{
	for _ in $(seq 100); do
		! grep -q 'capturing at' "$T/err" 2>/dev/null || return 0
		sleep 0.1
	done
	fail "$(cat "$T/err")"
}

# Nobody without CAP_SYSLOG sees an address of the kernel, in any format.
kernel_addresses_are_hidden()
{
	need_nobody
	all=net_admin,$bpf
	[ "$(cat /proc/sys/kernel/kptr_restrict)$(cat $paranoid)" != 01 ] || skip 'all may see them'
	rm -f "$T/out" "$T/err"
	seen_by "$all" -S
	has "$T/err" 'shows no addresses to this user'
	# An sk_buff lies at a multiple of 8; what is shown instead is random.
	kernel_address='0xff(ff[0-9a-f]{11}|[1e][0-9a-f]{12})[08]([^0-9a-f]|$)'
	has "$T/out" ', skb 0x'
	hasnt "$T/out" "$kernel_address|\\+0x"
	rm -f "$T/out" "$T/err"
	seen_by "$all" -S --json
	has "$T/out" '"skb":"0x'
	hasnt "$T/out" "$kernel_address|\"(location|stack)\""
	rm -f "$T/out" "$T/err"
	[ "$(cat /proc/sys/kernel/kptr_restrict)" -lt 2 ] || return 0
	seen_by "$all,syslog" -S
	has "$T/out" '\+0x'
}

# seccomp_of OPTION...: of a running capture
seccomp_of()
{
	start -f tx,tc -e icmp "$@"
	# shellcheck disable=SC2154 # start sets pid
	awk '$1 == "Seccomp:" { print $2 }' "/proc/$pid/status" >"$T/seccomp"
	pings 2
	stop INT
	wait "$pid" || :
	has "$T/err" '^[1-9][0-9]* packets captured'
	cat "$T/seccomp"
}

limits_itself()
{
	need_pair
	need_plain_build
	grep -q '^Seccomp:' /proc/self/status || skip "this kernel has no seccomp"
	case $(uname -m) in
	x86_64 | aarch64 | s390x | riscv64) ;;
	*) skip "no filter for this architecture" ;;
	esac
	same "$(seccomp_of -i left0)" 2 Seccomp
	same "$(seccomp_of -i left0 -S --owner --track -w "$T/f" -C 1)" 2 Seccomp
	same "$(seccomp_of --netns "$RIGHT" -i right0 -w "$T/g" -G 1 -- sleep 100)" 2 Seccomp
	same "$(seccomp_of -i left0 -w "$T/f" -C 1 -z true)" 0 "Seccomp with -z"
}

# Distributions know values above 2, which reserve perf events for CAP_SYS_ADMIN.
says_that_perf_events_are_reserved()
{
	need_nobody
	[ "$(cat $paranoid)" -gt 2 ] || skip "$paranoid is $(cat $paranoid)"
	! works "net_admin,$bpf" tc:egress || skip "this kernel does not reserve them"
	has "$T/err" 'perf_event_paranoid is above 2.*set it to 2, or use sudo'
}

pair_up
try says_that_perf_events_are_reserved
[ -z "${VM_FILES-}" ] || echo 2 >$paranoid
try needs socket socket net_raw "net_raw,$bpf"
try needs tc tc:egress "net_admin,${bpf%,*}" "net_admin,$bpf"
try needs xdp xdp:generic "net_admin,${bpf%,*}" "net_admin,$bpf"
try needs rx rx "$bpf" "net_admin,$bpf"
for more in '' ,dac_read_search; do
	tracing="${tracing-} $bpf$more net_admin,$bpf$more"
done
# shellcheck disable=SC2086 # a list
try needs tracepoint tracepoint:net:netif_receive_skb $tracing sys_admin sys_admin,dac_read_search
# shellcheck disable=SC2086
try needs kprobe kprobe:icmp_rcv@1 $tracing sys_admin sys_admin,dac_read_search
try names_the_rings_that_fit tc:egress
try kernel_addresses_are_hidden
try limits_itself
finish
