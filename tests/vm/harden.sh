#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/vm/harden.sh - kernels set to blind programs and to hide addresses: the layout is found, or
# one sentence says why not and what to set. Sysctls are the machine's, so for a virtual one alone.
. "${0%/*}/../lib/test.sh"

harden=/proc/sys/net/core/bpf_jit_harden
kptr=/proc/sys/kernel/kptr_restrict

# set HARDEN KPTR
set_both()
{
	[ -n "${VM_MODE-}" ] || skip "for a virtual machine"
	[ -e $harden ] || skip "this kernel has no JIT"
	echo "$1" >$harden && echo "$2" >$kptr || fail "cannot set $1 $2"
}

# What a capture says that ends at once, and then the settings as they were.
capture()
{
	old_harden=$(cat $harden) old_kptr=$(cat $kptr)
	set_both "$1" "$2"
	rc=0
	timeout -s INT 3 "$BIN/bpfcap" -f rx -q icmp >"$T/out" 2>"$T/err" || rc=$?
	"$BIN/bpfcap" --doctor >"$T/doctor" 2>&1 || true
	echo "$old_harden" >$harden
	echo "$old_kptr" >$kptr
}

works()
{
	capture "$1" "$2"
	has "$T/err" '^0 packets captured'
	has "$T/doctor" '^  rx,tx,drop,rawtp +works: '
}

blinded() { works 2 0; }
addresses_hidden() { works 0 2; }

both()
{
	capture 2 2
	if grep -q '^0 packets captured' "$T/err"; then
		has "$T/doctor" '^  rx,tx,drop,rawtp +works: '
		return
	fi
	same "$rc" 1 'exit status'
	same "$(wc -l <"$T/err")" 1 'lines'
	has "$T/err" 'kernel\.kptr_restrict'
	has "$T/doctor" '^  rx,tx,drop,rawtp +missing: .*kernel\.kptr_restrict'
	has "$T/doctor" '^  socket +works: '
}

try blinded
try addresses_hidden
try both
finish
