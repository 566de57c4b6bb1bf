#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/remote.sh - captures on three machines over ssh(1): network namespaces, each with its
# own sshd(8), reached from a fourth. One of them has no bpfcap.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

PATH=$PATH:/usr/sbin:/sbin
LEFT=bpfcap-$$-near

# machine NAME: its namespace
machine() { echo "bpfcap-$$-$1"; }

# address NAME: of the machine; the near end of its link has the one before
address()
{
	case $1 in
	one) echo "$NET.2" ;;
	two) echo "$NET.6" ;;
	three) echo "$NET.10" ;;
	esac
}

# inside NAME COMMAND...: in its namespace
inside()
{
	inside_name=$(machine "$1")
	shift
	nsenter --net="/run/netns/$inside_name" "$@"
}

machines_down()
{
	for name in one two three near; do
		ip netns pids "$(machine $name)" | xargs -r kill -KILL
		ip netns del "$(machine $name)"
	done
} 2>/dev/null

link_up()
{
	ip netns add "$(machine "$1")"
	left ip link add "$1" type veth peer name eth0 netns "$(machine "$1")"
	left ip addr add "$NET.$2/30" dev "$1"
	inside "$1" ip addr add "$NET.$(($2 + 1))/30" dev eth0
	left ip link set "$1" up
	inside "$1" ip link set eth0 up
	inside "$1" ip link set lo up
}

# sshd_up NAME PATH: PATH is the one of its sessions
sshd_up()
{
	mkdir -p "$T/tmp-$1"
	cat >"$T/sshd-$1" <<-END
		ListenAddress $(address "$1")
		HostKey $T/host
		AuthorizedKeysFile $T/user.pub
		StrictModes no
		UsePAM no
		PermitRootLogin yes
		PidFile none
		SetEnv PATH=$2 TMPDIR=$T/tmp-$1 HOME=$T
	END
	# shellcheck disable=SC2016 # for the inner shell
	inside "$1" sh -c 'exec "$(command -v sshd)" -D -e -f "$1" 2>"$1.log"' sh "$T/sshd-$1" &
}

# What the script of --remote needs, without bpfcap.
tools_alone()
{
	mkdir "$T/tools"
	for tool in sh cat uname mktemp head sha256sum chmod rm; do
		ln -s "$(command -v $tool)" "$T/tools/"
	done
}

keys()
{
	ssh-keygen -q -t ed25519 -N '' -f "$T/host"
	ssh-keygen -q -t ed25519 -N '' -f "$T/user"
	cat >"$T/config" <<-END
		Host one
			HostName $(address one)
		Host two
			HostName $(address two)
		Host three
			HostName $(address three)
		Host *
			User root
			IdentityFile $T/user
			IdentitiesOnly yes
			BatchMode yes
			StrictHostKeyChecking no
			UserKnownHostsFile /dev/null
			LogLevel ERROR
	END
	mkdir "$T/bin"
	printf '#!/bin/sh\nexec %s -F %s/config "$@"\n' "$(command -v ssh)" "$T" >"$T/bin/ssh"
	chmod +x "$T/bin/ssh"
}

machines_up()
{
	trap 'machines_down; rm -rf "$T"' EXIT
	command -v sshd >/dev/null && command -v ssh-keygen >/dev/null || return 0
	[ "$(id -u)" -eq 0 ] || return 0
	(
		set -e
		keys
		tools_alone
		ip netns add "$LEFT"
		link_up one 1
		link_up two 5
		link_up three 9
		mkdir -p /run/sshd
	) >"$T/machines" 2>&1 || return 0
	mkdir "$T/installed"
	ln -s "$(realpath "$BIN/bpfcap")" "$T/installed/bpfcap"
	sshd_up one "$T/installed:$PATH"
	sshd_up two "$T/installed:$PATH"
	sshd_up three "$T/tools"
	for name in one two three; do
		for _ in $(seq 100); do
			! left "$T/bin/ssh" "$name" true 2>"$T/machines" || continue 2
			sleep 0.1
		done
		return 0
	done
	echo ready >"$T/machines"
}

need_machines()
{
	need sshd ssh ssh-keygen
	need_root
	[ "$(cat "$T/machines")" = ready ] || fail "$(cat "$T/machines" "$T"/sshd-*.log)"
	: >"$T/out"
}

# begin NAMES ARGUMENT...: bpfcap --remote NAMES; returns when all of them capture
begin()
{
	names=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	start_shell 'PATH=$T/bin:$PATH exec "$BIN/bpfcap" "$@" >"$T/out" 2>"$T/err"' \
		--remote "$names" "$@"
	for name in $(echo "$names" | tr ',' ' '); do
		wait_for "$T/err" "^${name##*@}: bpfcap: capturing at"
	done
}

# round N: N pings to each of the machines
round()
{
	for _ in $(seq "$1"); do
		for name in one two three; do
			left ping -q -c 1 -W 1 "$(address $name)" >/dev/null || :
		done
	done
}

# The process of each capture there ends, and ssh's too: only the listening sshd is left.
nothing_is_left()
{
	for _ in $(seq 100); do
		left=$(for name in one two three near; do
			for task in $(ip netns pids "$(machine $name)"); do
				tr '\0' ' ' <"/proc/$task/cmdline"
				echo
			done
		done 2>/dev/null | grep -v 'sshd.* -f ' | grep . || :)
		[ -n "$left" ] || break
		sleep 0.1
	done
	[ -z "$left" ] || fail "still running: $left"
	left=$(find "$T"/tmp-one "$T"/tmp-two "$T"/tmp-three -mindepth 1)
	[ -z "$left" ] || fail "files are left: $left"
}

# Copies of this bpfcap serve as the static one.
binaries()
{
	mkdir -p "$T/dist"
	version=$("$BIN/bpfcap" --version | cut -d ' ' -f 2)
	arch=$(uname -m | sed 's/x86_64/amd64/; s/aarch64/arm64/')
	cp "$BIN/bpfcap" "$T/dist/bpfcap-$version-linux-$arch"
	(cd "$T/dist" && sha256sum bpfcap-* >SHA256SUMS)
}

# tcpdump(8) reads the file: all packets, in the order of their times.
packets_of_three_machines_are_merged_by_time()
{
	need_machines
	need tcpdump
	binaries
	begin one,root@two,three --remote-binaries "$T/dist" -f socket -i eth0 \
		-w "$T/all.pcapng" icmp
	round 4
	sleep 0.5
	stop INT
	ended 0
	tcpdump -ttnr "$T/all.pcapng" >"$T/tcpdump" 2>/dev/null
	same "$(lines "$T/tcpdump")" 24 "packets"
	cut -d ' ' -f 1 "$T/tcpdump" | sort -c -n || fail "order: $(cat "$T/tcpdump")"
	has "$T/err" '^24 packets captured'
	for name in one two three; do
		has "$T/err" "^$name: 8 packets captured; 8 packets matched .*; 0 packets lost"
		"$BIN/bpfcap" -r "$T/all.pcapng" -i "$name:eth0" >"$T/out" 2>/dev/null
		same "$(lines "$T/out")" 8 "packets of $name"
		! grep -v "$(address $name)" "$T/out" || fail "others' packets"
	done
	nothing_is_left
}

# Text and JSON, live and from the file.
each_packet_names_its_machine()
{
	need_machines
	begin one,two --netns self -f rx -c 4 -w "$T/two.pcapng" --print icmp
	round 2
	ended 0
	same "$(lines "$T/out")" 4 packets
	has "$T/out" ' one:eth0 rx IP '
	has "$T/out" ' two:eth0 rx IP '
	hasnt "$T/out" ' netns:'
	begin one --netns self -f rx -c 1 --json icmp
	round 1
	ended 0
	has "$T/out" '"host":"one","hook":"rx","interface":\{"name":"one:eth0"'
	"$BIN/bpfcap" -r "$T/two.pcapng" --json >"$T/out" 2>/dev/null
	has "$T/out" '"host":"two","hook":"rx"'
	nothing_is_left
}

the_duration_ends_it()
{
	need_machines
	begin one,two -f socket -i eth0 --duration 2 icmp
	ended 0
	has "$T/err" '^one: [0-9]+ packets? captured; .*; 0 packets lost'
	has "$T/err" '^two: [0-9]+ packets? captured; .*; 0 packets lost'
	nothing_is_left
}

# Everything in the namespace of a machine is killed; the others go on.
a_killed_machine_does_not_end_the_others()
{
	need_machines
	begin one,two -f socket -i eth0 -w "$T/killed.pcapng" icmp
	round 2
	sleep 1
	ip netns pids "$(machine two)" | xargs kill -KILL || : # some end by themselves
	wait_for "$T/err" '^two: .*this machine.s capture is over'
	round 2
	sleep 0.5
	stop INT
	ended 1
	has "$T/err" '^one: 8 packets captured; .*; 0 packets lost'
	has "$T/err" '^two: 4 packets received; lost: unknown'
	has "$T/err" 'the capture of 1 of 2 machines failed'
	same "$(tcpdump -nr "$T/killed.pcapng" 2>/dev/null | grep -c .)" 12 packets
	sshd_up two "$T/installed:$PATH"
	nothing_is_left
}

a_machine_that_cannot_be_reached_is_reported()
{
	need_machines
	begin one -f socket -i eth0 --remote "ssh://root@$(address two):9" -c 2 icmp
	wait_for "$T/err" 'Connection refused'
	round 1
	ended 1
	same "$(lines "$T/out")" 2 packets
	has "$T/err" "^$(address two): ssh failed"
}

# The binary is copied, checked, and removed before it runs.
bpfcap_is_copied_where_it_is_missing()
{
	need_machines
	binaries
	begin three --remote-binaries "$T/dist" -f socket -i eth0 -c 2 icmp
	same "$(find "$T/tmp-three" -mindepth 1)" "" files
	round 1
	ended 0
	same "$(lines "$T/out")" 2 packets
	nothing_is_left
	sed -i 's/^../ff/' "$T/dist/SHA256SUMS"
	# shellcheck disable=SC2016 # for the inner shell
	status 1 left sh -c 'PATH=$T/bin:$PATH exec "$BIN/bpfcap" "$@" 2>"$T/err"' sh \
		--remote three --remote-binaries "$T/dist" -f socket icmp
	has "$T/err" '^three: bpfcap: the copy differs from what was sent'
	# shellcheck disable=SC2016
	status 1 left sh -c 'PATH=$T/bin:$PATH exec "$BIN/bpfcap" "$@" 2>"$T/err"' sh \
		--remote three -f socket icmp
	has "$T/err" '^three: bpfcap is not installed there; specify a directory with bpfcap-'
	nothing_is_left
}

# As Wireshark starts it.
wireshark_captures_on_other_machines()
{
	need_machines
	need tcpdump
	mkfifo "$T/fifo"
	tcpdump -nr "$T/fifo" >"$T/out" 2>/dev/null &
	# shellcheck disable=SC2016 # for the inner shell
	start_shell 'PATH=$T/bin:$PATH exec "$BIN/bpfcap" "$@" 2>"$T/err"' \
		--capture --extcap-interface bpfcap-remote --fifo "$T/fifo" --extcap-hosts one,two \
		--extcap-user root --extcap-port 22 --hook socket --interface eth0 \
		--extcap-capture-filter icmp
	for name in one two; do
		wait_for "$T/err" "^$name: bpfcap: capturing at"
	done
	round 1
	sleep 0.5
	stop TERM
	ended 0
	same "$(lines "$T/out")" 4 packets
	nothing_is_left
}

# dies WHAT: SIGKILL to bpfcap here, or to ssh; then the capture there ends too.
# shellcheck disable=SC2154 # begin() sets pid
dies()
{
	need_machines
	begin one,two --netns self -f rx,drop icmp
	case $1 in
	bpfcap) kill -KILL "$pid" ;;
	ssh) ip netns pids "$LEFT" | grep -vx "$pid" | xargs kill -KILL || : ;;
	esac
	for _ in $(seq 100); do
		running || break
		sleep 0.1
	done
	! running || fail "bpfcap did not end"
	nothing_is_left
}

# Words of the command line stay words there.
no_word_becomes_part_of_the_script()
{
	need_machines
	# shellcheck disable=SC2016 # for the inner shell
	status 1 left sh -c 'PATH=$T/bin:$PATH exec "$BIN/bpfcap" "$@" 2>"$T/err"' sh \
		--remote one -f socket -i "'; touch $T/made; '" -e "icmp \$(touch $T/made)"
	[ ! -e "$T/made" ] || fail "$(cat "$T/err")"
	has "$T/err" '^one: the capture there ended with status 2'
	nothing_is_left
}

machines_up
try packets_of_three_machines_are_merged_by_time
try each_packet_names_its_machine
try the_duration_ends_it
try a_killed_machine_does_not_end_the_others
try a_machine_that_cannot_be_reached_is_reported
try bpfcap_is_copied_where_it_is_missing
try wireshark_captures_on_other_machines
try dies bpfcap
try dies ssh
try no_word_becomes_part_of_the_script
finish
