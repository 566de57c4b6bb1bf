#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/cli_program.sh - the programs that `bpfcap -ddd -k 5.4` prints, without root, load
# and select what tcpdump selects, run by this kernel as programs for tc, XDP and a socket.
#
# $TEST_SHARE=N takes each Nth expression.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pcap.sh"

# The packets of the dissector's cases that BPF_PROG_TEST_RUN takes (no frame without its header, in
# new kernels no IP packet either), each as long as its bytes. The seconds of a packet's time are
# its number. A socket's program runs on the bytes after the first 14.
make_captures()
{
	awk '$1 == 1 && NF == 3 {
		len = length($3) / 2
		type = substr($3, 25, 4)
		if (len >= (type == "0800" ? 34 : type == "86dd" ? 54 : 14))
			print len, $3
	}' tests/cases/cli/packets.txt >"$T/packets"
	pcap_file 0 <"$T/packets" >"$T/tc.pcap"
	ln "$T/tc.pcap" "$T/xdp.pcap"
	awk '{ print $1 + 14, "02000000000102000000000288b5" $2 }' "$T/packets" |
		pcap_file 0 >"$T/socket.pcap"
}

# selected EXPRESSION: by tcpdump, numbers.
selected()
{
	tcpdump -ttnr "$T/tc.pcap" "$1" 2>"$T/err" | awk '/^[0-9]+\./ { print int($1) }'
}

# taken HOOK EXPRESSION: by our program.
taken()
{
	without_rights "$BIN/bpfcap" -ddd -k 5.4 -f "$1" -e "$2" >"$T/program"
	"$BIN/bpfasm" run -I decimal -t "$1" -r "$T/$1.pcap" <"$T/program" >"$T/ran"
	awk '/^packet / { n++; if ($5 != "0x0") print int($2) }
		END { if (!n) print "nothing ran" }' "$T/ran"
}

without_rights()
{
	if [ -n "$setpriv" ]; then
		"$setpriv" --reuid 65534 --clear-groups --inh-caps -all "$@"
	else
		"$@"
	fi
}

programs_select_what_tcpdump_selects()
{
	need tcpdump
	need_root
	grep -Ev '^(#|$)' tests/cases/filter/ethernet.txt |
		awk -v share="${TEST_SHARE:-1}" 'NR % share == 0' >"$T/expressions"
	checked=0
	while read -r expr; do
		selected "$expr" >"$T/want"
		! grep -q 'syntax error\|unknown' "$T/err" || continue # an older libpcap
		for hook in tc xdp socket; do
			taken "$hook" "$expr" >"$T/got"
			cmp -s "$T/got" "$T/want" ||
				fail "$hook: $expr: $(diff "$T/got" "$T/want" | head -n 5)"
		done
		checked=$((checked + 1))
	done <"$T/expressions"
	echo "$checked expressions"
	[ "$checked" -ge "$(($(wc -l <"$T/expressions") * 9 / 10))" ]
}

setpriv=$(command -v setpriv)
[ -z "$setpriv" ] || "$setpriv" --reuid 65534 --clear-groups true 2>/dev/null || setpriv=
make_captures
chmod 755 "$T"
try programs_select_what_tcpdump_selects
finish
