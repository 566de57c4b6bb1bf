#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/cap_command.sh - bpfcap without privileges: files, programs, errors.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pcap.sh"

bpfcap=$BIN/bpfcap

# The Ethernet packets of the dissector's cases as a pcap file.
make_capture()
{
	awk '$1 == 1 && NF == 3 { print $2, $3 }' tests/cases/cli/packets.txt |
		pcap_file 1700000000 >"$T/all.pcap"
}

filters='icmp
tcp
udp and not vlan
ip6
arp or rarp
greater 100
less 60
vlan
tcp[13] & 2 != 0
host 10.1.0.2
ip6 proto 44'

# bpfcap's text in the wording of the installed tcpdump.
bpfcap_text()
{
	"$bpfcap" "$@" 2>/dev/null | tests/lib/as_tcpdump
}

# Removes VLAN tags, which tcpdump prints only with -e, and tcpdump's dump of unknown packets.
plain()
{
	grep -v "^	" | sed 's/ vlan [0-9]*, p [0-9],\( DEI,\)*//g; s/[: ]*$//'
}

prints_what_tcpdump_prints()
{
	need tcpdump
	echo "$filters" | while read -r expr; do
		tcpdump -n -r - "$expr" <"$T/all.pcap" 2>/dev/null | plain >"$T/want"
		bpfcap_text -n -r "$T/all.pcap" "$expr" | plain >"$T/got"
		[ -s "$T/want" ] || fail "no packet for '$expr'"
		cmp -s "$T/got" "$T/want" || fail "$expr: $(diff "$T/got" "$T/want")"
	done
}

says_that_the_device_is_full()
{
	for option in --help --version --man -D; do
		status 1 "$bpfcap" "$option" >/dev/full 2>"$T/err"
		has "$T/err" '^bpfcap: output: standard output: No space left on device$'
	done
}

# same_packets FILE: it holds the packets and times of all.pcap.
same_packets()
{
	tcpdump -ttnSXX -r - <"$T/all.pcap" 2>/dev/null >"$T/want"
	tcpdump -ttnSXX -r - <"$1" 2>/dev/null >"$T/got"
	[ -s "$T/want" ]
	cmp -s "$T/got" "$T/want" || fail "$1: $(diff "$T/got" "$T/want" | head -n 5)"
}

writes_files_that_tcpdump_reads()
{
	need tcpdump
	for file in a.pcap a.pcapng a; do
		"$bpfcap" -r "$T/all.pcap" -w "$T/$file" 2>/dev/null
		same_packets "$T/$file"
	done
	"$bpfcap" -r "$T/all.pcap" -w - 2>/dev/null >"$T/b"
	same_packets "$T/b"
	"$bpfcap" -r "$T/all.pcap" --format pcap -w - 2>/dev/null >"$T/b"
	same_packets "$T/b"
	"$bpfcap" -r - -w "$T/b" <"$T/all.pcap" 2>/dev/null
	same_packets "$T/b"
}

# Bytes are laid out as by tcpdump.
dumps_bytes_like_tcpdump()
{
	need tcpdump
	for opt in -x -xx -X -XX -A; do
		tcpdump -tnS $opt -r - icmp <"$T/all.pcap" 2>/dev/null >"$T/want"
		bpfcap_text -tn $opt -r "$T/all.pcap" icmp >"$T/got"
		cmp -s "$T/got" "$T/want" || fail "$opt: $(diff "$T/got" "$T/want" | head -n 5)"
	done
}

shows_times_like_tcpdump()
{
	need tcpdump
	for opt in -t -tt -ttt -tttt -ttttt '-t --nano' '-tt --nano'; do
		# shellcheck disable=SC2086 # two options
		tcpdump -nS $opt -r - icmp <"$T/all.pcap" 2>/dev/null >"$T/want"
		# shellcheck disable=SC2086
		bpfcap_text -n $opt -r "$T/all.pcap" icmp >"$T/got"
		cmp -s "$T/got" "$T/want" || fail "$opt: $(diff "$T/got" "$T/want" | head -n 5)"
	done
}

numbers_are_absolute_on_request()
{
	need tcpdump
	tcpdump -tnS -r - tcp <"$T/all.pcap" 2>/dev/null | plain >"$T/want"
	bpfcap_text -tn --absolute-tcp-sequence-numbers -r "$T/all.pcap" tcp >"$T/got"
	cmp -s "$T/got" "$T/want" || fail "$(diff "$T/got" "$T/want" | head -n 5)"
}

# tcpdump's -e is an expression here; who means the headers is told so.
shows_link_headers_on_request()
{
	need tcpdump
	tcpdump -tne -r - 'icmp and ip[0] = 0x45' <"$T/all.pcap" >"$T/want" 2>/dev/null
	"$bpfcap" -tn --link -r "$T/all.pcap" 'icmp and ip[0] = 0x45' 2>/dev/null >"$T/got"
	cmp -s "$T/got" "$T/want" || fail "$(diff "$T/got" "$T/want" | head -n 5)"
	status 2 "$bpfcap" -r "$T/all.pcap" -e -n icmp 2>"$T/err"
	has "$T/err" "^bpfcap: options: -e takes a filter expression, not '-n'; .* --link$"
	status 2 "$bpfcap" -r "$T/all.pcap" -e host 10.0.0.1 2>"$T/err"
	has "$T/err" "'10.0.0.1': -e already specifies the filter; .* --link$"
}

# Each option that tcpdump lists is accepted, or refused with what to use instead.
knows_the_options_of_tcpdump()
{
	need tcpdump
	tcpdump --help 2>&1 | tr '[]' '  ' | grep -oE ' --?[a-zA-Z#-]+( [a-z:|_]+)?' |
		sed 's/^ //' >"$T/options"
	grep -qx -- '--micro' "$T/options" || fail "tcpdump --help has another form"
	while read -r opt arg; do
		case $opt in
		--*) opts=$opt ;;
		*) opts=$(echo "${opt#-}" | sed 's/./-& /g') ;;
		esac
		for o in $opts; do
			# shellcheck disable=SC2086 # an option without an argument
			"$bpfcap" $o ${arg:+1} --help >/dev/null 2>"$T/err" || true
			! grep -q 'unknown option' "$T/err" || fail "$o: $(cat "$T/err")"
		done
	done <"$T/options"
}

prints_json()
{
	need python3
	"$bpfcap" -r "$T/all.pcap" --json -x >"$T/json" 2>/dev/null
	PYTHONPATH=tests/lib python3 -B - "$T/json" "$T/all.pcap" <<-'END' || fail "see above"
		import schema, struct, sys
		rows = schema.rows("docs/packet.schema.json", sys.argv[1])
		data = open(sys.argv[2], "rb").read()[24:]
		for row in rows:
		    s, us, cap, length = struct.unpack("<IIII", data[:16])
		    assert row["captured"] == cap and row["length"] == length
		    assert row["data"] == data[16:16 + cap].hex()
		    assert row["linktype"] == "EN10MB"
		    packet = data[16:16 + cap]
		    if len(packet) >= 14:
		        assert row["link"]["dst"].replace(":", "") == packet[:6].hex()
		    if packet[12:15] == b"\x08\x00\x45" and cap >= 54 and packet[23] == 6:
		        if not packet[20] & 31 and not packet[21]:
		            ports = struct.unpack(">HH", packet[34:38])
		            assert (row["tcp"]["sport"], row["tcp"]["dport"]) == ports
		    assert row["time"].endswith(".%09dZ" % (us * 1000))
		    data = data[16 + cap:]
		assert not data and len(rows) > 100
	END
}

ends_after_count()
{
	"$bpfcap" -r "$T/all.pcap" -c 3 icmp 2>/dev/null >"$T/out"
	same "$(wc -l <"$T/out")" 3
}

# Many times what one file of -C holds.
make_big_capture()
{
	{
		head -c 24 "$T/all.pcap"
		for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			tail -c +25 "$T/all.pcap"
		done
	} >"$T/part"
	{
		cat "$T/part"
		for _ in 1 2 3 4 5 6 7 8 9 10; do
			tail -c +25 "$T/part"
		done
	} >"$T/big.pcap"
}

packets_in()
{
	"$bpfcap" -r "$1" 2>/dev/null | wc -l
}

starts_new_files()
{
	make_big_capture
	mkdir "$T/files"
	"$bpfcap" -r "$T/big.pcap" -C 1 -w "$T/files/x" 2>/dev/null
	sum=0
	for f in "$T"/files/*; do
		[ "$(wc -c <"$f")" -lt 1100000 ] || fail "$f is too long"
		sum=$((sum + $(packets_in "$f")))
	done
	same "$sum" "$(packets_in "$T/big.pcap")"
	[ -e "$T/files/x" ] && [ -e "$T/files/x1" ] && [ -e "$T/files/x2" ] || fail "names"
	rm "$T"/files/*
	"$bpfcap" -r "$T/big.pcap" -C 1 -W 2 -w "$T/files/x" 2>/dev/null
	same "$(cd "$T/files" && echo *)" "x0 x1"
}

# The last file is still being written when the capture ends, as in tcpdump.
runs_a_command_on_each_finished_file()
{
	make_big_capture
	mkdir "$T/finished"
	cat >"$T/command" <<-EOF
		#!/bin/sh
		sleep 0.1
		echo "\$#: \$1" >>"$T/ran"
	EOF
	chmod +x "$T/command"
	: >"$T/ran"
	"$bpfcap" -r "$T/big.pcap" -C 1 -z "$T/command" -w "$T/finished/x" 2>/dev/null
	for f in "$T"/finished/*; do
		echo "1: $f"
	done | sed '$d' >"$T/wanted"
	for _ in $(seq 50); do
		[ "$(grep -c . "$T/ran")" -lt "$(grep -c . "$T/wanted")" ] || break
		sleep 0.1
	done
	[ -s "$T/wanted" ] || fail "one file only"
	sort "$T/ran" | cmp - "$T/wanted" || fail "ran: $(cat "$T/ran")"
	"$bpfcap" -r "$T/big.pcap" -C 1 -z "$T/none" -w "$T/finished/x" 2>"$T/err"
	sleep 0.2
	has "$T/err" "^bpfcap: -z: cannot run '$T/none $T/finished/x1': No such file"
}

# refused STATUS PATTERN ARGUMENT...: one line on standard error, nothing on standard output.
refused()
{
	want=$1 pattern=$2
	shift 2
	got=0
	"$bpfcap" "$@" >"$T/out" 2>"$T/err" || got=$?
	same "$got" "$want" "bpfcap $*: status"
	has "$T/err" "$pattern"
	same "$(wc -l <"$T/err")" 1 "bpfcap $*: lines"
	[ ! -s "$T/out" ] || fail "bpfcap $*: printed $(cat "$T/out")"
}

refuses_bad_input()
{
	refused 2 "^bpfcap: options: unknown option '--nonsense'" --nonsense
	refused 2 "^bpfcap: options: unknown option '-Y'" -Y
	refused 2 '^bpfcap: options: -c requires an argument' -c
	refused 2 '^bpfcap: options: --mark has no meaning with -r' -r "$T/all.pcap" --mark 1
	for option in '-Q in' '-i lo' '-f rx' '--reason A' '--pid 1' '--netns self' --owner -S \
		--gather; do
		# shellcheck disable=SC2086 # two words
		refused 2 '^bpfcap: options: .* no meaning with .*all.pcap: a pcap file holds no' \
			-r "$T/all.pcap" $option
	done
	refused 2 '^bpfcap: options: --owner has no meaning with -d' -d --owner icmp
	refused 2 '^bpfcap: filter: ' -r "$T/all.pcap" icm
	refused 2 '^bpfcap: filter: .*not supported' -r "$T/all.pcap" inbound # as tcpdump does
	refused 2 '^bpfcap: filter: .*not supported' -r "$T/all.pcap" 'icmp or ifindex 2'
	refused 2 '^bpfcap: filter: ' -d 'tcp port'
	refused 2 "^bpfcap: [a-z]*: .*4\.19" -d -k 4.19 icmp
	refused 2 "^bpfcap: [a-z]*: .*banana" -d -k banana icmp
	refused 2 "^bpfcap: [a-z]*: .*no:hook" -d -k 5.4 -f no:hook icmp
	refused 2 "^bpfcap: [a-z]*: .*NOLINK" --dump=cbpf -y NOLINK icmp
	refused 2 '^bpfcap: options: .*stage' --dump=nothing icmp
	refused 2 '^bpfcap: output: .*/no/such' -r "$T/all.pcap" -w /no/such/file
	refused 2 '^bpfcap: output: ' -r "$T/all.pcap" -w "$T"
	refused 2 '^bpfcap: options: .*avi' -r "$T/all.pcap" -w "$T/x" --format avi
	refused 2 '^bpfcap: [a-z]*: .*/no/such' -r /no/such
	echo 'this is not a capture file' >"$T/text"
	refused 2 '^bpfcap: [a-z]*: .*text' -r "$T/text"
	refused 2 '^bpfcap: options: .*-w' -G 5
	refused 2 '^bpfcap: options: -z .*-C or -G' -r "$T/all.pcap" -w "$T/x" -z gzip
	[ ! -e "$T/x" ] || fail "a file was left"
}

# place_of EXPRESSION: what the message says of it, behind libpcap's reason
place_of()
{
	status 2 "$bpfcap" -d "$1" 2>"$T/err" >/dev/null
	same "$(wc -l <"$T/err")" 1 lines
	[ "$(wc -c <"$T/err")" -lt 250 ] || fail "too long: $(cat "$T/err")"
	sed -n 's/[^(]*(\(.*\))$/\1/p' "$T/err"
}

shows_the_place_of_a_mistake_in_a_filter()
{
	same "$(place_of 'icmp and and tcp')" "column 10, in 'icmp and and tcp'"
	same "$(place_of '(icmp')" "at its end, in '(icmp'"
	same "$(place_of 'tcp[13 & 2 = 2')" "column 12, in 'tcp[13 & 2 = 2'"
	same "$(place_of 'ip and (len +) = 3')" "column 14, in 'ip and (len +) = 3'"
	same "$(place_of 'udp or tcp port 99999')" "column 17, in 'udp or tcp port 99999'"
	hosts=$(seq -f 'host 10.0.0.%g or' 250 | tr '\n' ' ')
	hosts="$hosts$hosts$hosts"
	column=$((${#hosts} + 1))
	same "$(place_of "${hosts}port port 7")" \
		"column $((column + 5)), in '...49 or host 10.0.0.250 or port port 7'"
	same "$(place_of "${hosts}tcp port 99999")" \
		"column $((column + 9)), in '...r host 10.0.0.250 or tcp port 99999'"
	same "$(place_of "(${hosts}icmp" | cut -c 1-10)" "at its end"
}

escape=$(printf '\033')

# controls_nothing FILE: it holds no escape sequence, but UTF-8
controls_nothing()
{
	! grep -q "$escape" "$1" || fail "an escape sequence"
	has "$1" "\\\\x1b\[31mbläulich"
}

shows_names_that_control_no_terminal()
{
	name=$(printf '\033[31mbl\303\244ulich')
	status 2 "$bpfcap" -r "$T/$name" 2>"$T/err"
	controls_nothing "$T/err"
	status 2 "$bpfcap" -d "icmp and $name" 2>"$T/err"
	controls_nothing "$T/err"
	status 2 "$BIN/bpfasm" "$T/$name" 2>"$T/err"
	controls_nothing "$T/err"
	status 2 "$BIN/bpfinject" "$T/$name" -o "$T/x" --at f -e icmp 2>"$T/err"
	controls_nothing "$T/err"
}

reports_a_full_disk()
{
	[ -c /dev/full ] || skip "no /dev/full"
	got=0
	"$bpfcap" -r "$T/all.pcap" >/dev/full 2>"$T/err" || got=$?
	same "$got" 1 status
	has "$T/err" '^bpfcap: output: standard output: No space left'
}

ends_quietly_when_the_reader_ends()
{
	make_big_capture
	{
		"$bpfcap" -r "$T/big.pcap" 2>"$T/err"
		echo $? >"$T/status"
	} | head -n 1 >"$T/out"
	same "$(wc -l <"$T/out")" 1
	same "$(cat "$T/status")" 0 status
	[ ! -s "$T/err" ] || fail "printed $(cat "$T/err")"
}

prints_help_version_and_manual()
{
	"$bpfcap" --version | grep -Eq '^bpfcap [0-9]+\.[0-9]+\.[0-9]+$' || fail "--version"
	"$bpfcap" --help >"$T/out"
	has "$T/out" '-e, --filter EXPR'
	has "$T/out" '^  tracepoint:'
	"$bpfcap" --man >"$T/out"
	# The list of hooks comes from the library, so only the rest is compared.
	sed '/^\.SH HOOKS/,/^\.SH EXIT/d' "$T/out" >"$T/got"
	sed '/^\.SH HOOKS/,/^\.SH EXIT/d' docs/man/bpfcap.8 >"$T/want"
	cmp -s "$T/got" "$T/want" || fail "docs/man/bpfcap.8: $(diff "$T/got" "$T/want")"
	! command -v man >/dev/null || ! man --warnings -l "$T/out" 2>&1 >/dev/null | grep . ||
		fail "man complains"
}

prints_programs()
{
	for hook in socket tc; do
		"$bpfcap" -ddd -k 5.4 -f $hook 'tcp port 443' >"$T/out"
		same "$(head -n 1 "$T/out")" "$(($(wc -l <"$T/out") - 1))" "-f $hook: count"
		! tail -n +2 "$T/out" | grep -Evq '^[0-9]+( -?[0-9]+){4}$' || fail "-f $hook"
		tail -n 1 "$T/out" | grep -q '^149 ' || fail "-f $hook does not end with exit"
		"$bpfcap" -d -k 5.4 -f $hook 'tcp port 443' >"$T/out"
		tail -n 1 "$T/out" | grep -Eq '^ *[0-9]+: \(95\) exit$' || fail "-d -f $hook"
	done
	"$bpfcap" -dd -k 5.4 icmp >"$T/out"
	! grep -Evq '^\{ 0x[0-9a-f]{2}, [0-9]+, [0-9]+, -?[0-9]+, 0x[0-9a-f]{8} \},$' "$T/out" ||
		fail "-dd"
	"$bpfcap" --dump=ir icmp >"$T/out" && [ -s "$T/out" ]
	"$bpfcap" --dump=program -k 5.4 -f rx icmp >"$T/out" && has "$T/out" ': \(95\) exit$'
}

reads_the_filter_from_a_file()
{
	printf 'tcp port 443 or\n\tudp port 53\n' >"$T/expr"
	"$bpfcap" -ddd 'tcp port 443 or udp port 53' >"$T/want"
	"$bpfcap" -F "$T/expr" -ddd >"$T/out"
	cmp "$T/out" "$T/want"
	"$bpfcap" -F - -ddd <"$T/expr" | cmp - "$T/want"
	for words in "-F $T/expr icmp" "-F $T/expr -e icmp" "-F $T/none" "-F $T"; do
		# shellcheck disable=SC2086 # words
		status 2 "$bpfcap" -d $words 2>"$T/err"
		has "$T/err" '^bpfcap: (options|filter): '
		same "$(wc -l <"$T/err")" 1
	done
	printf 'icmp\0' >"$T/expr"
	status 2 "$bpfcap" -F "$T/expr" -d 2>"$T/err"
	has "$T/err" 'not a text file'
}

dumps_cbpf_like_tcpdump()
{
	need tcpdump
	echo "$filters" | while read -r expr; do
		tcpdump -y EN10MB -s 0 -d "$expr" 2>/dev/null |
			sed 's/^\(([0-9]*) ret *\).*/\1/' >"$T/want"
		[ -s "$T/want" ] || skip "tcpdump needs an interface here"
		"$bpfcap" --dump=cbpf "$expr" | sed 's/^\(([0-9]*) ret *\).*/\1/' >"$T/got"
		cmp -s "$T/got" "$T/want" || fail "$expr: $(diff "$T/got" "$T/want")"
	done
}

make_capture
try says_that_the_device_is_full
try prints_what_tcpdump_prints
try writes_files_that_tcpdump_reads
try dumps_bytes_like_tcpdump
try shows_times_like_tcpdump
try numbers_are_absolute_on_request
try shows_link_headers_on_request
try knows_the_options_of_tcpdump
try prints_json
try ends_after_count
try starts_new_files
try runs_a_command_on_each_finished_file
try refuses_bad_input
try shows_the_place_of_a_mistake_in_a_filter
try shows_names_that_control_no_terminal
try reports_a_full_disk
try ends_quietly_when_the_reader_ends
try prints_help_version_and_manual
try prints_programs
try reads_the_filter_from_a_file
try dumps_cbpf_like_tcpdump
finish
