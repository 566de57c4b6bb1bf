#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/vm/static.sh - the static binary that `make dist` made for this architecture captures pings
# here. tests/vm/pack brings it from dist/; a kernel that lacks a hook skips that test.
#
# Writes $VM_FILES/static-NAME.pcapng and lines of $VM_FILES/results, as tests/vm/hooks.sh does.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
BIN=$BUILD/static

# captures NAME LINE OPTION...: 4 packets of pings; LINE is the hook's line of doctor.
captures()
{
	[ -x "$BIN/bpfcap" ] || skip "dist/ holds no binary of this architecture (make dist)"
	need_pair
	"$BIN/bpfcap" --doctor >"$T/doctor" 2>&1 || fail "$(cat "$T/doctor")"
	why=$(sed -n "s/^  $2 *missing: //p" "$T/doctor" | head -n 1)
	[ -z "$why" ] || skip "$why"
	name=static-$1
	shift 2
	start -w "$VM_FILES/$name.pcapng" "$@"
	pings 4
	ended 0
	has "$T/err" '^4 packets captured'
	echo "$name 4" >>"$VM_FILES/results"
}

pair_up
try captures main rx,tx,drop,rawtp -k 5.4 --filter icmp -c 4
try captures rx rx,tx,drop,rawtp -f rx -i left0 -c 4 icmp
try captures tc tc -f tc -i left0 -c 4 icmp
try captures xdp xdp -f xdp:generic -i left0 -c 4 icmp
try captures socket socket -f socket -i left0 -c 4 icmp
finish
