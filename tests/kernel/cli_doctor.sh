#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_doctor.sh - bpfcap --doctor reports which hooks work, also without tracefs,
# without privileges and with a hardened JIT. The kernel's own list shows whether kprobes work.
. "${0%/*}/../lib/test.sh"

need_rights()
{
	need_root
	"$BIN/bpfcap" --doctor >"$T/plain" 2>&1 || fail "$(cat "$T/plain")"
}

# says FILE HOOK works|missing
says()
{
	has "$1" "^  $2 +$3: "
}

everything()
{
	need_rights
	for hook in rx,tx,drop,rawtp tc xdp socket tracepoint; do
		says "$T/plain" "$hook" works
	done
	if [ -e /sys/bus/event_source/devices/kprobe/type ]; then
		says "$T/plain" kprobe works
	else
		says "$T/plain" kprobe missing
		has "$T/plain" 'fix: a kernel with CONFIG_KPROBES=y'
	fi
	"$BIN/bpfcap" --doctor --json >"$T/json"
	has "$T/json" '"tracepoint":\{"works":true,"how":"'
	! command -v python3 >/dev/null || python3 -m json.tool "$T/json" >/dev/null
	twice=$(grep -o '"[a-z_]*":{' "$T/json" | sort | uniq -d)
	[ -z "$twice" ]
}

# --doctor leaves nothing attached.
leaves_nothing()
{
	need_rights
	need tc
	tc qdisc show dev lo >"$T/before"
	"$BIN/bpfcap" --doctor >/dev/null
	tc qdisc show dev lo | cmp - "$T/before"
}

# If tracefs is not mounted, bpfcap mounts it privately.
without_tracefs()
{
	need_rights
	need unshare setpriv
	# shellcheck disable=SC2016 # for the inner shell
	own_sys sh -c 'while umount /sys/kernel/tracing || umount /sys/kernel/debug; do :; done \
		2>/dev/null; exec "$BIN/bpfcap" --doctor' >"$T/private" 2>"$T/err"
	says "$T/private" tracepoint works
}

# reduced CAPABILITY...: doctor without these
reduced()
{
	"$(command -v setpriv)" --bounding-set "$1" --inh-caps "$1" "$BIN/bpfcap" --doctor \
		>"$T/out" 2>"$T/err" || [ ! -s "$T/out" ] || fail "$(cat "$T/out" "$T/err")"
}

without_rights()
{
	need_rights
	need setpriv
	setpriv --bounding-set -cap_39 true 2>/dev/null || skip "setpriv does not know CAP_BPF"
	reduced -sys_admin,-cap_39
	for hook in rx,tx,drop,rawtp tracepoint tc xdp; do
		says "$T/out" "$hook" missing
	done
	has "$T/out" 'CAP_(BPF|SYS_ADMIN)'
	has "$T/out" 'fix: sudo, or setcap '
}

hardened()
{
	need_rights
	harden=/proc/sys/net/core/bpf_jit_harden
	[ -w $harden ] || skip "this kernel has no hardened JIT"
	was=$(cat $harden)
	echo 2 >$harden
	"$BIN/bpfcap" --doctor >"$T/out" || :
	echo "$was" >$harden
	says "$T/out" rx,tx,drop,rawtp works
	has "$T/out" 'bpf_jit_harden = 2; .*sysctl -w net.core.bpf_jit_harden=1'
	grep -E '^  (sk_buff|net_device)\.' "$T/plain" >"$T/want"
	grep -E '^  (sk_buff|net_device)\.' "$T/out" | cmp - "$T/want"
}

try everything
try leaves_nothing
try without_tracefs
try without_rights
try hardened
finish
