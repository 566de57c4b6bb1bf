#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/vm/lockdown.sh - what bpfcap --doctor says in a kernel that is locked down. That cannot be
# undone, so it runs only in a virtual machine, and after the other tests.
. "${0%/*}/../lib/test.sh"

lockdown=/sys/kernel/security/lockdown

lock()
{
	[ -n "${VM_MODE-}" ] || skip "for a virtual machine"
	[ -d /sys/kernel/security ] || skip "no security file system"
	[ -e $lockdown ] || mount -t securityfs none /sys/kernel/security
	[ -e $lockdown ] || skip "this kernel cannot be locked down"
	echo "$1" >$lockdown
	"$BIN/bpfcap" --doctor >"$T/out" 2>"$T/err" || fail "$(cat "$T/err")"
	has "$T/out" "lockdown = .*\[$1\]"
}

# Integrity takes nothing away.
integrity()
{
	lock integrity
	for hook in rx,tx,drop,rawtp tracepoint kprobe tc xdp socket; do
		has "$T/out" "^  $hook +works: "
	done
}

# Confidentiality takes what reads the kernel's memory.
confidentiality()
{
	lock confidentiality
	for hook in tc xdp socket; do
		has "$T/out" "^  $hook +works: "
	done
	for hook in rx,tx,drop,rawtp tracepoint kprobe; do
		has "$T/out" "^  $hook +missing: .*lockdown=confidentiality"
	done
	has "$T/out" 'fix: boot with lockdown=integrity or none'
}

try integrity
try confidentiality
finish
