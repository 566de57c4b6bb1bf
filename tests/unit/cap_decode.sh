#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/cap_decode.sh - --decode shows what tcpdump and tshark print, each packet's lines at
# its packet.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pcap.sh"

bpfcap=$BIN/bpfcap
files=tests/cases/files

# decode PROGRAM:FLAGS FILE [OPTION...]
decode()
{
	decode_program=$1
	decode_file=$2
	shift 2
	"$bpfcap" "$@" -r "$decode_file" --decode "$decode_program" 2>"$T/err"
}

# UDP whose payload looks like the first line of another packet, and like that of tshark.
write_forgeries()
{
	ether=0200000000010200000000020
	udp=8004500004f00010000401100000a0000010a00000200090009003b0000
	stamps=0a202020203220313730303030303030332e3030303030303220
	more=49500a3137303030303030332e30303030303220666f72676564
	pcap_file 1700000000 <<-EOF
		200 $ether$udp$stamps$more
		200 $ether$udp$stamps$more
		42 ${ether}80600010800060400010200000000020a0000010000000000000a000002
	EOF
}

equals_tcpdump()
{
	need tcpdump
	write_forgeries >"$T/forged.pcap"
	for file in "$files"/*.pcap "$T/forged.pcap"; do
		[ "${file##*/}" != year2040.pcap ] || continue # tcpdump shows another year
		for flags in '' -v '-v -x' -A -XX -e; do
			# shellcheck disable=SC2086 # words
			tcpdump -n -tt $flags -r - <"$file" >"$T/want" 2>/dev/null || continue
			decode "tcpdump:$flags" "$file" -tt >"$T/got"
			cmp "$T/want" "$T/got" || fail "$file with $flags"
		done
	done
}

puts_what_it_knows_before_the_line()
{
	need tcpdump
	decode tcpdump:-v "$files/meta.pcapng" -t >"$T/out"
	has "$T/out" '^veth0 drop \(NO_SOCKET, ping_rcv\+0xab\) IP \(tos 0x0, ttl 64, id 42709,'
	has "$T/out" '^    10\.66\.0\.2 > 10\.66\.0\.1: ICMP echo reply, id 823, seq 1, length 64$'
	same "$(wc -l <"$T/out")" 6
}

# One tcpdump cannot read packets of two link types from one file.
decodes_several_link_types()
{
	need tcpdump
	decode tcpdump "$files/two_lt.pcapng" -t >"$T/out"
	has "$T/out" '^eth0 IP 10\.0\.0\.1\.53 > '
	has "$T/out" '^tun0 IP 10\.0\.0\.1\.53 > '
	same "$(wc -l <"$T/out")" 2
}

equals_tshark()
{
	need tshark
	decode tshark "$files/meta.pcapng" -t >"$T/out"
	same "$(grep -c '^veth0 .* 10\.66\.0\.[12]    *ICMP 98 Echo (ping) re' "$T/out")" 3
	decode 'tshark:-T fields -e ip.src -e icmp.type' "$files/meta.pcapng" -t >"$T/out"
	same "$(grep -c '^veth0 rx 10\.66\.0\.2	0$' "$T/out")" 1
	decode tshark:-V "$files/meta.pcapng" -t >"$T/out"
	same "$(grep -c '^veth0 .* 98 bytes on wire' "$T/out")" 3
	same "$(grep -c '^Internet Control Message Protocol$' "$T/out")" 3
}

refuses_what_it_cannot_pass()
{
	need tcpdump
	for spec in 'tcpdump:-w x' tcpdump:-tt 'tcpdump:-c 1' 'tcpdump:port 53' \
		tcpdump:--version tcpdump:-T; do
		status 2 decode "$spec" "$files/meta.pcapng"
		has "$T/err" "^bpfcap: options: --decode cannot pass '.*' to tcpdump"
	done
	status 2 decode wireshark "$files/meta.pcapng"
	has "$T/err" "takes tcpdump or tshark"
	status 2 decode tcpdump "$files/meta.pcapng" --json
	status 2 decode tcpdump "$files/meta.pcapng" -w "$T/x.pcapng"
	has "$T/err" "add --print to -w"
}

shows_the_errors_of_the_program()
{
	need tcpdump
	status 1 decode 'tcpdump:-T nonsense' "$files/meta.pcapng" >"$T/out"
	has "$T/err" '^bpfcap: tcpdump: unknown packet type'
	has "$T/err" '^bpfcap: decode: the program of --decode has ended'
}

names_a_missing_program()
{
	command -v tshark >/dev/null && skip "tshark is installed"
	status 2 decode tshark "$files/meta.pcapng"
	has "$T/err" '^bpfcap: options: --decode: tshark is not installed; install it'
}

try equals_tcpdump
try puts_what_it_knows_before_the_line
try decodes_several_link_types
try equals_tshark
try refuses_what_it_cannot_pass
try shows_the_errors_of_the_program
try names_a_missing_program
finish
