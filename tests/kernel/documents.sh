#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/documents.sh - the commands of README.md, docs/*.md and the manual pages, as they
# stand there, while packets pass: each exits with 0, and captures or prints something. Output that
# a page shows under a command is what the command prints, except for numbers and namespaces.
# Usage: tests/kernel/documents.sh [PAGE...]. Only addresses 10.0.0.*, /tmp and processes are this
# test's; `-c 1` or --duration ends a capture.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
. "${0%/*}/../lib/document.sh"
top=$(cd "${0%/*}/../.." && pwd)
case $BUILD in
/*) ;;
*) BUILD=$PWD/$BUILD BIN=$PWD/$BIN ;;
esac

# What cannot run here, and why.
excuse()
{
	case $1 in
	'netcap '*) skip "another program, which is not here" ;;
	'tools/setup '* | 'apt '* | 'dpkg '* | *packaging/chroot* | *tools/cross/sysroot*)
		skip "installs packages" ;;
	rpmbuild* | *'rpm -E'*) skip "makes packages of another distribution" ;;
	'tests/'* | 'build/'* | *=*' tests/'* | *=*' build/'*)
		skip "a program of the tests: \`make check\` runs them" ;;
	*--call*) skip "tests/kernel/cli_call.sh calls functions" ;;
	*--remote*) skip "needs other hosts: tests/kernel/remote.sh" ;;
	*openvpn*) skip "needs openvpn" ;;
	*[[\ ][[A-Z]*FILE* | *' EXPR'* | *' LIST'* | *' FILE'*) skip "holds a placeholder" ;;
	'bpfcap -d' | 'bpfcap -r') skip "names an option" ;;
	*'ip_*'* | *icmp_rcv* | *ip_rcv* | *ip_local_deliver*) has_probes kprobe ;;
	*raw:* | *mbuf:* | *--tls-keys* | *--keylog*) has_probes uprobe ;;
	esac
}

has_probes()
{
	[ -e "/sys/bus/event_source/devices/$1/type" ] || skip "this kernel has no $1s"
}

# The files that commands read, in the directory that they run in.
files_up()
{
	mkdir "$T/in" && cd "$T/in" || return
	printf 'r0 = 0\nexit\n' >prog.s
	left timeout 20 "$BIN/bpfcap" -f rx -c 4 -w ping.pcap "icmp and host $NET.2"
	left timeout 20 "$BIN/bpfcap" -c 4 -w f.pcap "icmp and host $NET.2"
	left timeout 20 "$BIN/bpfcap" -c 8 -w f.pcapng "icmp and host $NET.2"
	cp f.pcapng file.pcapng
	cp "$BUILD/tests/kernel/two.bpf" capture.o
	cp "$BUILD/tests/kernel/kprobe.bpf" trace.o
	cd "$top" || return
} >"$T/files" 2>&1

# prog.o, which is another object on each page
object_of()
{
	case $1 in
	*bpfinject.1) cp "$T/in/capture.o" "$T/in/prog.o" ;;
	*) "$BIN/bpfasm" -O elf -t xdp "$T/in/prog.s" -o "$T/in/prog.o" ;;
	esac
}

# RIGHT routes from LEFT to SERVER, and hides LEFT's address; a VXLAN tunnel joins v0 and v1.
world_up()
{
	set -e
	left ip link set left0 down
	left ip link set left0 name eth0
	left ip link set eth0 up
	right ip link set right0 down
	right ip link set right0 name eth0
	right ip link set eth0 up
	[ ! -e /proc/sys/net/ipv6 ] || left ip addr replace "$NET6::1/64" dev eth0 nodad
	[ ! -e /proc/sys/net/ipv6 ] || right ip addr replace "$NET6::2/64" dev eth0 nodad
	left ip route add "$FAR" via "$NET.2"
	left ip link add v0 type veth peer name v1 netns "$RIGHT"
	tunnel left v0 192.0.2.2 192.0.2.1 10.9.0.2
	tunnel right v1 192.0.2.1 192.0.2.2 10.9.0.1
	ip netns add "$SERVER"
	server ip link set lo up
	server ip link add eth0 type veth peer name wan0 netns "$RIGHT"
	server ip addr add 198.51.100.9/24 dev eth0
	server ip link set eth0 up
	right ip addr add 198.51.100.1/24 dev wan0
	right ip link set wan0 up
	left ip route add 198.51.100.0/24 via "$NET.2"
	right sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward'
	right nft 'add table ip t
		add chain ip t c { type nat hook postrouting priority 100; }
		add rule ip t c oif wan0 masquerade'
}

# tunnel SIDE DEVICE LOCAL REMOTE INSIDE
tunnel()
{
	"$1" ip addr add "$3/24" dev "$2"
	"$1" ip link set "$2" up
	"$1" ip link add t0 type vxlan id 7 dstport 4789 local "$3" remote "$4" dev "$2"
	"$1" ip addr add "$5/24" dev t0
	"$1" ip link set t0 up
}

# Pings, some of which RIGHT drops; connections to a port without a listener.
traffic_up()
{
	for ping in "-i 0.2 $NET.2" "-i 0.3 -m 1 $NET.2" "-i 0.2 $FAR" "-i 0.2 -6 $NET6::2" \
		"-i 0.3 198.51.100.9"; do
		# shellcheck disable=SC2086 # arguments
		nsenter --net="/run/netns/$LEFT" timeout 200 ping -q $ping &
		traffic="$traffic $!"
	done
	nsenter --net="/run/netns/$RIGHT" timeout 200 ping -q -i 0.2 10.9.0.2 &
	traffic="$traffic $!"
	while sleep 0.3; do
		for port in 443 53 80; do
			left busybox nc -w 1 "$NET.2" "$port" </dev/null
		done
	done &
	traffic="$traffic $!"
} >/dev/null 2>&1

server()
{
	nsenter --net="/run/netns/$SERVER" "$@"
}

# A program whose functions pass packets to and from port 80.
start_target()
{
	[ -x "$BUILD/tests/kernel/probe_user" ] || skip "probe_user is not built"
	"$BUILD/tests/kernel/probe_user" pass &
	target=$!
	trap 'kill $target 2>/dev/null || :' EXIT
}

# What a command needs beside bpfcap.
needs()
{
	excuse "$1"
	case $1 in
	bpfcap* | *dev\ eth0*) need_pair ;;
	esac
	case $1 in
	*.o\ *) [ -e "$T/in/capture.o" ] || skip "no clang, so there are no objects" ;;
	*10.9.0.1* | *198.51.100.*) [ -e "$T/world" ] || skip "$(tail -n 1 "$T/why")" ;;
	*usdt:*)
		[ "$(uname -m)" = x86_64 ] || skip "probe_user has USDT probes on x86-64 only"
		start_target
		;;
	*'--pid 1111'*) start_target ;;
	esac
	for program in busybox tcpdump tshark jq tc git; do
		case " $1" in
		*[\ :]"$program"[\ :]*) need $program ;;
		esac
	done
}

# ending COMMAND: the option that makes it end.
ending()
{
	case ${1%%|*} in
	*' -c '* | *' -- '* | *' -r '* | *-*r\ f.* | *' -d'* | *--dump* | *--doctor*) ;;
	*--keylog*) ;;
	*--top*) echo "--duration 1" ;;
	*) echo "-c 1 --duration 20" ;;
	esac
}

# command_of COMMAND: for this test
command_of()
{
	case $1 in
	*--keylog*) printf '%s' 'timeout --preserve-status -s INT 2 ' ;;
	esac
	printf '%s\n' "$1" | sed "s/^bpfcap/& $(ending "$1")/; s/--duration 60//
		s/10\.0\.0\.\([0-9]\)/$NET.\1/g
		s,/tmp/,,; s/ 1111/ ${target-}/; s/--pid 1$/--pid $$/
		s/my_rx_burst@3@ret/rx_func@1@ret/; s/my_tx_burst@3@4/vec_func@1@2/
		s/filter_pcap_ebpf_l2/first/; s/filter_pcap_ebpf_l3/second/"
}

# Each word of `make` that is not a variable is a target.
has_targets()
{
	[ -s "$T/targets" ] ||
		env -u MAKEFLAGS -u MAKELEVEL make -pnq help >"$T/targets" 2>/dev/null || :
	for word in $1; do
		case $word in
		make | *=* | \'* | *\' | \[* | *\]) ;;
		*) grep -q "^$word:\|^${word%-*}-%:\|^${word%-*-*}-%:" "$T/targets" ||
			fail "no target $word" ;;
		esac
	done
}

# captured COMMAND: what it must have printed or written
captured()
{
	case $1 in
	*--keylog*) ;;
	*--tls-keys*) has "$T/err" '^0 keys|^[1-9][0-9]* packets? captured' ;;
	*' -w '[!-]*) has "$T/err" '^[1-9][0-9]* packets? captured' ;;
	*' -d '* | *' -d') has "$T/out" 'r0 = ' ;;
	*-f\ mbuf:*) has "$T/out" '(^| )port3 .*\.80: Flags' ;;
	*-f\ raw:*) has "$T/out" '\.80: Flags' ;;
	*--report* | *'| jq'*'> 1000'*) ;;
	bpfcap*) [ -s "$T/out" ] || fail "no output: $(cat "$T/err")" ;;
	esac
}

# shows PAGE COMMAND: what the page shows under it; "..." is left out there.
shows()
{
	document_shape <"$T/out" >"$T/got"
	document_shape <"$T/err" >>"$T/got"
	document_output "$1" "$2" | sed 's/ *\.\.\.$//; /^$/d' >"$T/shown"
	while read -r line; do
		wanted=$(printf '%s\n' "$line" | document_shape)
		grep -qF -- "${wanted% }" "$T/got" || return 1
	done <"$T/shown"
}

runs()
{
	for _ in 1 2 3 4; do
		(cd "$T/in" && export PATH="$BIN:$PATH" &&
			left timeout 60 sh -c "$(command_of "$2")") >"$T/out" 2>"$T/err" ||
			fail "status $?: $(cat "$T/out" "$T/err")"
		captured "$2"
		# Tracing hooks see the packets of other processes as well.
		! shows "$1" "$2" || return 0
	done
	fail "no '$line' in: $(cat "$T/out" "$T/err")"
}

# page_command PAGE COMMAND
page_command()
{
	needs "$2"
	case $2 in
	*prog.o*) object_of "$1" ;;
	tc\ *) left tc qdisc add dev eth0 clsact ;;
	esac
	case $2 in
	make | make\ * | *=*\ make\ *) has_targets "${2#V=1 }" ;;
	*) runs "$1" "$2" ;;
	esac
}

pair_up
SERVER=bpfcap-$$-server
traffic=
trap 'kill $traffic; ip netns del "$SERVER"; pair_down; rm -rf "$T"' EXIT
if [ "$(tail -n 1 "$T/pair")" = ready ]; then
	(world_up) >"$T/why" 2>&1 && : >"$T/world"
	traffic_up
	files_up
fi
cd "$top" || exit
[ $# -gt 0 ] || set -- README.md docs/*.md docs/man/*.[138]
for page; do
	[ ! -r "$page" ] || document_commands "$page" | sed "s|^|$page	|"
done | awk -F '\t' '!seen[$2]++ || /-c [0-9]/' >"$T/commands"
tab=$(printf '\t')
while IFS=$tab read -r page line; do
	try_as "$page: $line" page_command "$page" "$line" </dev/null
done <"$T/commands"
finish
