#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/cap_files.sh - capture files of other systems and writers are read and filtered as
# tcpdump does it, or better where libpcap refuses a file or its optimizer is wrong.
. "${0%/*}/../lib/test.sh"

bpfcap=$BIN/bpfcap
files=tests/cases/files

# count FILE EXPRESSION: the packets that match, as bpfcap counts them
count()
{
	"$bpfcap" -r "$files/$1" "$2" 2>/dev/null | wc -l
}

reads_loopback_of_other_systems()
{
	need tcpdump
	for file in null-mac.pcap null-be.pcap loop.pcap; do
		for expr in ip ip6 udp 'port 53'; do
			want=$(tcpdump -nr - "$expr" <"$files/$file" 2>/dev/null | wc -l)
			same "$(count "$file" "$expr")" "$want" "$file '$expr'"
		done
	done
	same "$(count null-mac.pcap ip6)" 1
}

reads_interfaces_of_different_link_types()
{
	"$bpfcap" -r "$files/two_lt.pcapng" >"$T/out" 2>/dev/null
	same "$(wc -l <"$T/out")" 2
	has "$T/out" ' eth0 IP 10\.0\.0\.1'
	has "$T/out" ' tun0 IP 10\.0\.0\.1'
	same "$(count two_lt.pcapng udp)" 2
	same "$(count two_lt.pcapng 'ether[12:2] = 0x800')" 1 # means nothing for raw IP
}

copies_files_byte_for_byte()
{
	for file in meta two_lt far-time; do
		"$bpfcap" -r "$files/$file.pcapng" -w "$T/b.pcapng" 2>/dev/null
		cmp "$files/$file.pcapng" "$T/b.pcapng"
		"$bpfcap" -r - -w - <"$files/$file.pcapng" 2>/dev/null >"$T/b.pcapng"
		cmp "$files/$file.pcapng" "$T/b.pcapng"
	done
}

shows_what_comments_say()
{
	"$bpfcap" -r "$files/meta.pcapng" >"$T/out" 2>/dev/null
	has "$T/out" 'veth0 drop \(NO_SOCKET, ping_rcv\+0xab\) IP 10\.66\.0\.2'
	same "$("$bpfcap" -r "$files/meta.pcapng" -f tx 2>/dev/null | wc -l)" 1
	same "$("$bpfcap" -r "$files/meta.pcapng" --reason no_socket 2>/dev/null | wc -l)" 1
	same "$("$bpfcap" -r "$files/meta.pcapng" --pid 823 -Q in 2>/dev/null | wc -l)" 1
}

# Standard output is no terminal here.
colors_hooks_on_request()
{
	escape=$(printf '\033')
	"$bpfcap" -t --color always -r "$files/meta.pcapng" >"$T/out" 2>/dev/null
	has "$T/out" "^veth0 $escape\\[36mtx $escape\\[0mIP "
	has "$T/out" "^veth0 $escape\\[1;31mdrop \\(NO_SOCKET, .*\\) $escape\\[0mIP "
	for option in '' '--color auto' '--color never'; do
		# shellcheck disable=SC2086 # words
		"$bpfcap" $option -r "$files/meta.pcapng" >"$T/out" 2>/dev/null
		hasnt "$T/out" "$escape"
	done
	status 2 "$bpfcap" --color red -r "$files/meta.pcapng" 2>"$T/err"
	has "$T/err" '^bpfcap: options: --color must be auto, always or never'
	need script
	script -qec true /dev/null >/dev/null 2>&1 || skip "no pseudo-terminal here"
	TERM=xterm script -qec "$bpfcap -r $files/meta.pcapng" /dev/null >"$T/out" 2>&1
	has "$T/out" "$escape\\[36mtx "
	NO_COLOR=1 TERM=xterm script -qec "$bpfcap -r $files/meta.pcapng" /dev/null >"$T/out" 2>&1
	hasnt "$T/out" "$escape"
}

tells_programs_what_comments_say()
{
	"$bpfcap" --json -r "$files/meta.pcapng" >"$T/out" 2>/dev/null
	has "$T/out" '"drop":\{"reason":"NO_SOCKET","function":"ping_rcv","offset":171\}'
	has "$T/out" '"process":\{"pid":823,"tid":[0-9]+,"name":"ping"\}'
	has "$T/out" '"interface":\{"name":"veth0"[,}]'
}

# A pcapng file knows directions; libpcap has them refused in any file.
answers_directions_where_the_file_knows_them()
{
	same "$(count meta.pcapng outbound)" 1
	same "$(count meta.pcapng 'inbound and icmp')" 1
	for file in two_lt.pcapng be_ns.pcap; do
		status 2 "$bpfcap" -r "$files/$file" inbound >/dev/null 2>"$T/err"
		has "$T/err" '^bpfcap: filter: inbound/outbound not supported'
	done
}

merges_by_time()
{
	"$bpfcap" -tt -r "$files/meta.pcapng" -r "$files/be_ns.pcap" -r "$files/two_lt.pcapng" \
		2>/dev/null >"$T/out"
	same "$(wc -l <"$T/out")" 6
	sort -c -n "$T/out"
}

shows_late_times()
{
	"$bpfcap" --json -r "$files/year2040.pcap" 2>/dev/null >"$T/out"
	has "$T/out" '"time":"2040-01-01T00:00:00\.395932000Z"'
}

# Seconds 576471370783, and 2^63 + 5, which is beyond what a date can be.
shows_times_beyond_any_calendar()
{
	"$bpfcap" -tt -r "$files/far-time.pcapng" 2>/dev/null | cut -d ' ' -f 1 >"$T/out"
	same "$(tr '\n' ' ' <"$T/out")" '576471370783.000000 9223372036854775813.000000 '
	"$bpfcap" -ttt -r "$files/far-time.pcapng" 2>/dev/null >"$T/out"
	has "$T/out" '^ 2562047627884279:10:30\.000000 '
	"$bpfcap" -ttttt -r "$files/far-time.pcapng" -r "$files/year2040.pcap" 2>/dev/null >"$T/out"
	has "$T/out" '^ 2562047787401607:30:12\.604068 '
	TZ=UTC "$bpfcap" -tttt -r "$files/far-time.pcapng" 2>/dev/null >"$T/out"
	has "$T/out" '^20237-08-26 08:19:43\.000000 '
	has "$T/out" '^9223372036854775813\.000000 '
	"$bpfcap" --json -r "$files/far-time.pcapng" 2>/dev/null >"$T/out"
	same "$(grep -c '^{"time":null,' "$T/out")" 2
	"$bpfcap" -r "$files/far-time.pcapng" -w "$T/far.pcap" 2>"$T/err"
	has "$T/err" '2 packets omitted: .* times until 2106'
}

# Of the first, libpcap's optimizer makes a filter that matches all packets, or none.
# Python's integers have any length.
reads_times_of_every_resolution()
{
	need python3
	python3 - "$bpfcap" "$T/times.pcapng" <<-'END' || fail "see above"
		import random, struct, subprocess, sys
		def block(kind, body):
		    n = len(body) + 12
		    return struct.pack("<II", kind, n) + body + struct.pack("<I", n)
		def option(code, value):
		    return struct.pack("<HH", code, len(value)) + value + b"\0" * (-len(value) % 4)
		section = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1))
		frame = b"\2" * 12 + b"\x88\xb5\0\0"
		for tsresol in list(range(40)) + [128, 129, 138, 158, 188, 189, 191, 192, 255]:
		    offset = random.choice([0, 0, 5, -3, 2**40])
		    units = [random.getrandbits(random.choice([8, 32, 63, 64])) for i in range(5)]
		    units += [2**64 - 1, 0]
		    file = section + block(1, struct.pack("<HHI", 1, 0, 0) +
		        option(9, bytes([tsresol])) + option(14, struct.pack("<q", offset)) +
		        option(0, b""))
		    for u in units:
		        file += block(6, struct.pack("<IIIII", 0, u >> 32, u & 0xffffffff,
		            len(frame), len(frame)) + frame)
		    open(sys.argv[2], "wb").write(file)
		    run = subprocess.run([sys.argv[1], "-r", sys.argv[2], "-tt", "--nano"],
		        capture_output=True, text=True)
		    for u, line in zip(units, run.stdout.splitlines(), strict=True):
		        binary = tsresol > 127
		        ns = u * 10**9 // (2**(tsresol - 128) if binary else 10**tsresol)
		        s = max(0, min(ns // 10**9 + offset, 2**64 - 1))
		        assert line.split()[0] == "%d.%09d" % (s, ns % 10**9), (tsresol, u, line)
	END
}

does_without_the_wrong_answers_of_an_optimizer()
{
	same "$(count be_ns.pcap 'link[0:1] & 0xffffffff == 0')" \
		"$(count be_ns.pcap 'link[0:1] == 0')"
	same "$(count be_ns.pcap '1/2 = 1/3 && 1 > 4/5 && 1 > 6/7')" 1
}

refuses_filters_that_never_match()
{
	for expr in 'ip6 and tcp[13] & 2 != 0' 'ip and ip6' 'arp and port 80'; do
		status 2 "$bpfcap" -r "$files/be_ns.pcap" "$expr" 2>"$T/err"
		has "$T/err" '^bpfcap: filter: expression rejects all packets'
	done
	status 2 "$bpfcap" -r "$files/be_ns.pcap" 'ip6 and tcp[13] & 2 != 0' 2>"$T/err"
	has "$T/err" 'IPv4 packets only'
}

# patch FILE OFFSET BYTES: as printf writes them
patch()
{
	cp "$files/$1" "$T/bad.pcapng"
	chmod +w "$T/bad.pcapng"
	# shellcheck disable=SC2059 # the bytes are the format
	printf "$3" | dd of="$T/bad.pcapng" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

reports_damage_in_one_sentence()
{
	for damage in '4 \001\000\000\000' '4 \377\377\377\177' '8 abcd' '12 \007\000'; do
		# shellcheck disable=SC2086 # offset and bytes
		patch two_lt.pcapng $damage
		status 2 "$bpfcap" -r "$T/bad.pcapng" >/dev/null 2>"$T/err"
		has "$T/err" '^bpfcap: file: .*bad.pcapng: the block at byte 0 '
		same "$(wc -l <"$T/err")" 1
	done
	head -c 70 "$files/year2040.pcap" >"$T/bad.pcap"
	status 1 "$bpfcap" -r "$T/bad.pcap" >/dev/null 2>"$T/err"
	has "$T/err" '^bpfcap: file: .*bad.pcap: the file breaks off in the packet at byte 24'
	head -c 32 "$files/year2040.pcap" >"$T/bad.pcap"
	printf '\377\377\377\177\377\377\377\177' >>"$T/bad.pcap"
	status 1 "$bpfcap" -r "$T/bad.pcap" >/dev/null 2>"$T/err"
	has "$T/err" 'bad.pcap: the packet at byte 24 claims more than 262144 bytes'
	"$bpfcap" -r "$files/year2040.pcap" >/dev/null 2>"$T/err"
	has "$T/err" '^1 packet read, '
	head -c 200 "$files/two_lt.pcapng" >"$T/bad.pcapng"
	status 1 "$bpfcap" -r "$T/bad.pcapng" >/dev/null 2>"$T/err"
	has "$T/err" 'bad.pcapng: the file breaks off in the block at byte'
}

takes_comments_in_a_filter_file()
{
	printf 'udp and\n# a comment\nport 53\n' >"$T/expr"
	same "$("$bpfcap" -r "$files/be_ns.pcap" -F "$T/expr" 2>/dev/null | wc -l)" 1
}

try reads_loopback_of_other_systems
try reads_interfaces_of_different_link_types
try copies_files_byte_for_byte
try shows_what_comments_say
try colors_hooks_on_request
try tells_programs_what_comments_say
try answers_directions_where_the_file_knows_them
try merges_by_time
try shows_late_times
try shows_times_beyond_any_calendar
try reads_times_of_every_resolution
try does_without_the_wrong_answers_of_an_optimizer
try refuses_filters_that_never_match
try reports_damage_in_one_sentence
try takes_comments_in_a_filter_file
finish
