#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/cap_expressions.sh - tcpdump judges what bpfcap selects from files: the expressions of
# tests/cases/filter/files.txt on a few files, and on all those below $BPFCAP_PCAPS, a directory.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pcap.sh"

bpfcap=$BIN/bpfcap

# Where we differ from tcpdump on purpose, as "FILE EXPRESSION" with a reason; patterns of case(1).
reasoned()
{
	case $1 in
	"meta.pcapng "*bound) # the file says it in epb_flags; tcpdump's reader drops that
		return 0 ;;
	"LINKTYPE_IPV4.pcap ip6 protochain 6") # we prove that it can never match
		return 0 ;;
	esac
	return 1
}

# Packets in tcpdump's words ("3 packets", "1 packet"), or "refused" if it fails on the expression.
tcpdump_count()
{
	if tcpdump -n -r - --count "$2" <"$1" >"$T/want" 2>"$T/why"; then
		cut -d' ' -f1 "$T/want"
	else
		echo refused
	fi
}

bpfcap_count()
{
	if "$bpfcap" -n -q -r "$1" -e "$2" >"$T/got" 2>"$T/said"; then
		grep -c . "$T/got" || :
	else
		echo refused
	fi
}

# Files that tcpdump cannot read whole are for other tests.
agrees_on()
{
	need tcpdump
	tcpdump --count -r - <"$1" >/dev/null 2>&1 ||
		skip "tcpdump does not read it, or has no --count"
	while read -r expr; do
		case $expr in '#'*) continue ;; esac
		want=$(tcpdump_count "$1" "$expr")
		got=$(bpfcap_count "$1" "$expr")
		[ "$want" = "$got" ] || reasoned "${1##*/} $expr" ||
			echo "  $expr: $got, tcpdump $want: $(cat "$T/said" "$T/why")"
	done <tests/cases/filter/files.txt >"$T/differ"
	[ ! -s "$T/differ" ] || fail "$(cat "$T/differ")"
}

pcap_of()
{
	awk -v type="$1" '$1 == type && NF == 3 { print $2, $3 }' tests/cases/cli/packets.txt |
		pcap_file 1700000000
}

pcap_of 1 >"$T/ethernet.pcap"
for file in "$T/ethernet.pcap" tests/cases/files/meta.pcapng \
	tests/cases/files/loop.pcap; do
	try_as "agrees_on ${file##*/}" agrees_on "$file"
done
find "${BPFCAP_PCAPS:-/dev/null}" -name '*.pcap*' -type f | sort >"$T/more"
while read -r file; do
	try_as "agrees_on $file" agrees_on "$file"
done <"$T/more"
finish
