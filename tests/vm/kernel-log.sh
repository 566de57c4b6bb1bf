#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/vm/kernel-log.sh - run last: nothing before it made the kernel complain.
. "${0%/*}/../lib/test.sh"

kernel_log_is_clean()
{
	dmesg | grep -E 'BUG:|WARNING:|Oops|rcu.*stall|unregister_netdevice: waiting' >"$T/bad" ||
		return 0
	fail "$(cat "$T/bad")"
}

try kernel_log_is_clean
finish
