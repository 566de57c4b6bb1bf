#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/tls_keys.sh - the keys that bpfcap reads are those that OpenSSL's client logs itself,
# wherever the library lies and whenever it was mapped. tls_decrypt.sh looks at packets.
# shellcheck disable=SC2034,SC2154 # flags, server, client and pid belong to tls.sh
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
. "${0%/*}/../lib/tls.sh"

# Other processes may have connections, too.
client_keys()
{
	start_log=$1
	flags=$2
	shift 2
	need_uprobes
	reversing_server
	"$start_log" "$@"
	talks openssl
	same_keys "$T/keys"
	hang_up
	stop INT
	ended 0
	same "$(stat -c %a "$T/keys")" 600 mode
	has "$T/err" 'keys of TLS connections read: [1-9]'
	hasnt "$T/err" '[0-9a-f]{64}'
}

# It does not see that one connection's start.
a_connection_that_was_there()
{
	flags=-tls1_2
	need_uprobes
	reversing_server
	talks openssl
	logs_keys --pid "$client"
	say_hello
	same_keys "$T/keys"
}

# private_copy: of the libraries of OpenSSL, in a directory for one client
private_copy()
{
	mkdir -p "$T/open/lib"
	chmod 755 "$T" "$T/open" "$T/open/lib"
	# nsenter has become the server by now.
	awk '$6 ~ /^\/.*\/lib(ssl|crypto)[^\/]*$/ { print $6 }' /proc/"$(server_pid)"/maps |
		sort -u | while read -r file; do
		cp "$file" "$T/open/lib/"
	done
}

# timeout(1) is its parent; that of busybox becomes the server.
server_pid()
{
	child=$(children "$server")
	echo "${child:-$server}"
}

a_deleted_library()
{
	flags=-tls1_3
	need_uprobes
	reversing_server
	private_copy
	talks env LD_LIBRARY_PATH="$T/open/lib" openssl
	rm -r "$T/open/lib"
	grep -q 'libssl.*(deleted)' /proc/"$client"/maps || fail "the client does not use the copy"
	examines --pid "$client" -v
	say_hello
	same_keys "$T/keys"
	has "$T/err" "watching $T/open/lib/libssl"
}

# uprobes: of bpfcap
uprobes()
{
	bpftool perf show | grep -c "^pid $pid .* uprobe "
}

# What its process calls for data costs new connections nothing.
an_older_connection_ends()
{
	flags=-tls1_3
	need_uprobes
	need bpftool
	reversing_server
	talks openssl
	logs_keys --pid "$(server_pid)"
	grep -q '^openssl .*handshake_end=' "$T/known" || skip "no function at a handshake's end"
	with_older=$(uprobes)
	say_hello
	same_keys "$T/keys"
	hang_up
	for _ in $(seq 100); do
		[ "$(uprobes)" = "$with_older" ] || break
		sleep 0.1
	done
	[ "$(uprobes)" -lt "$with_older" ] || fail "$with_older probes remain"
	talks openssl
	same_keys "$T/keys"
	hang_up
}

# The code there is not that of the layout; the other functions serve.
another_function_at_the_end()
{
	need_uprobes
	known_layouts
	sed 's/\(handshake_end=0x[0-9a-f]*\):..../\1:0000/' "$T/known" >"$T/layouts"
	client_keys examines -tls1_3 --tls-layout "$T/layouts"
}

the_end_of_a_handshake()
{
	need_uprobes
	case $(uname -m) in
	x86_64 | aarch64) ;;
	*) skip "tls-layout sets no breakpoints on $(uname -m)" ;;
	esac
	known_layouts
	grep ^openssl "$T/known" >"$T/got" || fail "no OpenSSL: $(cat "$T/unknown")"
	! grep -v 'handshake_end=0x' "$T/got" || fail "none for these"
}

# All that the server has mapped, in a file system that only the client's mount namespace has.
a_container()
{
	flags=-tls1_3
	need_uprobes
	need unshare
	reversing_server
	mkdir -p "$T/root"
	talks unshare -m --propagation unchanged sh "${0%/*}/../lib/container.sh" tmpfs "$T/root" \
		"$(server_pid)" "$T"
	[ ! -e "$T/root/proc" ] || fail "the file system is not the client's alone"
	examines --pid "$client" -v
	say_hello
	same_keys "$T/keys"
	has "$T/err" 'watching /.*libssl'
}

# Its library is found and examined while the connection is there. The server, whose library is
# watched from the start and whose name is another, has reported the same keys by then.
a_library_mapped_later()
{
	flags=-tls1_3
	need_uprobes
	reversing_server
	private_copy
	examines -v --tls-process "$OTHER"
	ln -sf "$(command -v openssl)" "$T/$OTHER"
	talks env LD_LIBRARY_PATH="$T/open/lib" "$T/$OTHER"
	wait_for "$T/err" "watching $T/open/lib/libssl"
	say_hello
	same_keys "$T/keys"
}

# The server, and the client before, have other names; the server has the second connection's keys,
# too, and before the client or after it.
one_name_only()
{
	flags=-tls1_3
	need_uprobes
	reversing_server
	ln -sf "$(command -v openssl)" "$T/$OTHER"
	logs_keys --tls-process "$OTHER"
	talks openssl
	own_randoms >"$T/first"
	hang_up
	for _ in 1 2 3; do
		talks "$T/$OTHER"
		same_keys "$T/keys"
		hang_up
	done
	! grep -Ff "$T/first" "$T/keys" || fail "keys of a process of another name"
}

code_for_5_4()
{
	client_keys logs_keys -tls1_3 -k 5.4
}

# Wrong places give wrong keys; nothing else may come of them.
a_wrong_layout()
{
	flags=-tls1_3
	need_uprobes
	reversing_server
	"$BIN/bpfcap" --tls-layout "$(awk '$6 ~ /\/libssl/ { print $6; exit }' \
		/proc/"$(server_pid)"/maps)" |
		sed 's/0x[0-9a-f]*/0xfff8/g' >"$T/layouts"
	grep -q 'client_random=0xfff8' "$T/layouts" || fail "no layout: $(cat "$T/layouts")"
	logs_keys --tls-layout "$T/layouts"
	talks openssl
	hang_up
	stop INT
	ended 0
	key_lines "$T/keys" >"$T/got"
	! grep -qFf "$T/got" "$T/own.keys" || [ ! -s "$T/got" ] || fail "right keys"
}

# All secrets that the server's library logs itself, none of them twice. When the time ends, one
# connection may have some of its secrets only.
a_storm_of_connections()
{
	need_uprobes
	rm -f "$T/own.keys"
	reversing_server -tls1_3 -keylogfile "$T/own.keys"
	logs_keys
	left openssl s_time -connect "$NET.2:4433" -new -time 2 >"$T/client" 2>&1 || :
	stop INT
	ended 0
	sed -n 's/^CLIENT_TRAFFIC_SECRET_0 \([^ ]*\) .*/\1/p' "$T/own.keys" >"$T/randoms"
	[ "$(lines "$T/randoms")" -gt 2 ] || fail "no connections: $(cat "$T/client")"
	key_lines "$T/own.keys" | grep -Ff "$T/randoms" >"$T/wanted"
	key_lines "$T/keys" | grep -Ff "$T/randoms" >"$T/got"
	diff "$T/wanted" "$T/got" >"$T/diff" ||
		fail "$(lines "$T/randoms") connections, keys missing (<) or twice (>):" \
			"$(cut -c 1-60 "$T/diff" | head); it said: $(cat "$T/err")"
}

json_with_keys()
{
	flags=-tls1_3
	need_uprobes
	reversing_server
	known_layouts
	start --tls-keys=json --tls-layout "$T/known" --json -i left0 -f rx,tx tcp port 4433
	trap clean EXIT
	talks openssl
	hang_up
	stop INT
	ended 0
	grep '^{"tls_key":{"label":".*","client_random":".*","secret":".*"}}$' "$T/out" |
		tr -s '{}:,"' ' ' | cut -d ' ' -f 4,6,8 >"$T/keys"
	same_keys "$T/keys"
}

# No keys but in the key log, and there only those of packets that the expression matches.
json_without_keys()
{
	flags=-tls1_3
	need_uprobes
	reversing_server
	rm -f "$T/keys"
	known_layouts
	start --tls-keys --tls-layout "$T/known" --keylog "$T/keys" --json -i left0 -f rx,tx \
		"tcp port $1"
	trap clean EXIT
	talks openssl
	[ "$1" != 4433 ] || same_keys "$T/keys"
	hang_up
	stop INT
	ended 0
	[ "$1" = 4433 ] || same "$(cat "$T/keys")" '' 'keys of another port'
	[ "$1" != 4433 ] || has "$T/out" '"time"'
	hasnt "$T/out" '"tls_key"|_SECRET' # a process may have this file's name
}

# There are no packets that it could select.
an_expression_without_packets()
{
	status 2 "$BIN/bpfcap" --keylog "$T/none" tcp port 443 2>"$T/err"
	has "$T/err" 'add --tls-keys'
	[ ! -e "$T/none" ] || fail "it made the file"
}

kill_leaves_no_probe()
{
	need_uprobes
	need bpftool
	logs_keys
	progs=$(capture_programs)
	[ -n "$progs" ] || fail "no programs"
	stop KILL
	wait "$pid" 2>/dev/null || :
	for id in $progs; do
		for _ in $(seq 100); do
			bpftool prog show id "$id" >/dev/null 2>&1 || continue 2
			sleep 0.1
		done
		fail "program $id is still there"
	done
}

keys_alone_for_a_second()
{
	need_uprobes
	logs_keys --duration 1
	ended 0
}

OTHER=other$(($$ % 100000)) # a name that a process has only in this test
pair_up
try_as 'TLS 1.3, the keys that OpenSSL logs' client_keys examines \
	'-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384'
try_as 'TLS 1.3 with SHA-256' client_keys logs_keys \
	'-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256'
try_as 'TLS 1.2' client_keys logs_keys -tls1_2
try_as 'a library that is mapped later' a_library_mapped_later
try_as 'processes of one name only' one_name_only
try_as 'TLS 1.3 with code for 5.4' code_for_5_4
try_as 'a connection that began before the capture' a_connection_that_was_there
try_as 'the end of handshakes is found in each OpenSSL' the_end_of_a_handshake
try_as 'probes for an older connection end with it' an_older_connection_ends
try_as 'a function with other code is left alone' another_function_at_the_end
try_as 'a library whose file was deleted' a_deleted_library
try_as 'a library in the file system of a container' a_container
try_as 'a wrong layout does no harm' a_wrong_layout
try_as 'a storm of connections, keys of each once' a_storm_of_connections
try_as 'JSON with keys, if asked for' json_with_keys
try_as 'JSON without keys' json_without_keys 4433
try_as 'no keys of what the expression excludes' json_without_keys 4434
try_as 'an expression without packets is refused' an_expression_without_packets
try_as 'a key log alone ends after its --duration' keys_alone_for_a_second
try_as 'kill -9 leaves no probe' kill_leaves_no_probe
finish
