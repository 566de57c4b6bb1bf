#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/tls_keys.sh - keys of TLS connections are in the capture, before the packets that
# need them; tshark, in one pass, is the judge.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"

server=''
pid=''

# Whatever the test has started.
clean()
{
	[ -z "$server" ] || kill "$server" || :
	[ -z "$pid" ] || stop KILL || :
}

need_uprobes()
{
	need_pair
	need openssl tshark
	[ -e /sys/bus/event_source/devices/uprobe ] || skip "this kernel has no uprobes"
}

certificate()
{
	[ -e "$T/cert.pem" ] || openssl req -x509 -newkey rsa:2048 -nodes -keyout "$T/key.pem" \
		-out "$T/cert.pem" -days 30 -subj /CN=localhost 2>/dev/null
}

# serve COMMAND...: a server in RIGHT, killed when the test ends. Returns when the port is open.
serve()
{
	certificate
	printf 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n' >"$T/page.txt"
	(cd "$T" && exec timeout 100 nsenter --net="/run/netns/$RIGHT" "$@" >"$T/server" 2>&1) &
	server=$!
	trap clean EXIT
	for _ in $(seq 100); do
		[ -z "$(right sh -c "ss -Hltn 'sport = :4433'" 2>/dev/null)" ] || return 0
		sleep 0.1
	done
	fail "no server: $(cat "$T/server")"
}

openssl_server()
{
	serve openssl s_server -accept 4433 -cert "$T/cert.pem" -key "$T/key.pem" -HTTP "$@"
}

# captures ARGUMENT...: bpfcap with keys, as root of the machine
captures()
{
	rm -f "$T/f.pcapng"
	start --tls-keys -i left0 -f rx,tx -w "$T/f.pcapng" "$@" tcp port 4433
	trap clean EXIT
}

# decrypted FILTER: how many frames of the file tshark shows, in one pass and without other keys
decrypted()
{
	tshark -r "$T/f.pcapng" -d tcp.port==4433,tls -Y "$1" 2>"$T/tshark" | wc -l
}

request_and_answer()
{
	stop INT
	ended 0
	same "$(decrypted http.request)" "${1-1}" requests
	same "$(decrypted http.response)" "${1-1}" answers
}

# fetch ARGUMENT...: one request for a small file that the server has
fetch_with()
{
	left "$@" >"$T/got" 2>&1 || fail "$1: $(cat "$T/got")"
	has "$T/got" hello
}

openssl_to_openssl()
{
	need_uprobes
	need curl
	openssl_server
	captures
	fetch_with curl -sk --tls-max "$1" "https://$NET.2:4433/page.txt"
	request_and_answer
}

code_for_5_4()
{
	need_uprobes
	need curl
	openssl_server
	captures -k 5.4
	fetch_with curl -sk "https://$NET.2:4433/page.txt"
	request_and_answer
}

gnutls_client()
{
	need_uprobes
	need gnutls-cli
	# s_server is OpenSSL: what gnutls-cli alone says is in the file, too.
	openssl_server "$1"
	captures --tls-process gnutls-cli
	printf 'GET /page.txt HTTP/1.0\r\n\r\n' >"$T/request"
	left gnutls-cli --insecure -p 4433 "$NET.2" <"$T/request" >"$T/got" 2>&1 || :
	request_and_answer
}

keys_stand_before_the_packets()
{
	need_uprobes
	need curl
	openssl_server
	captures
	for _ in 1 2 3; do
		fetch_with curl -sk "https://$NET.2:4433/page.txt"
	done
	request_and_answer 3
	has "$T/err" 'keys of TLS connections read: 3$'
}

key_log_alone()
{
	need_uprobes
	need curl
	openssl_server
	: >"$T/err"
	"$BIN/bpfcap" --keylog "$T/keys" 2>"$T/err" &
	pid=$!
	trap clean EXIT
	wait_for "$T/err" 'writing TLS keys'
	fetch_with curl -sk "https://$NET.2:4433/page.txt"
	sleep 0.5
	stop INT
	ended 0
	same "$(stat -c %a "$T/keys")" 600 mode
	same "$(grep -c CLIENT_TRAFFIC_SECRET_0 "$T/keys")" 1 connections
	hasnt "$T/err" '[0-9a-f]{64}'
}

kill_leaves_no_probe()
{
	need_uprobes
	captures
	progs=$(capture_programs)
	[ -n "$progs" ] || fail "no programs"
	stop KILL
	wait "$pid" 2>/dev/null || :
	need bpftool
	for id in $progs; do
		! bpftool prog show id "$id" >/dev/null 2>&1 || sleep 0.5
		! bpftool prog show id "$id" >/dev/null 2>&1 || fail "program $id is still there"
	done
}

pair_up
try_as 'TLS 1.3 between openssl and curl' openssl_to_openssl 1.3
try_as 'TLS 1.2 between openssl and curl' openssl_to_openssl 1.2
try_as 'TLS 1.3 with code for 5.4' code_for_5_4
try_as 'TLS 1.3 of gnutls-cli' gnutls_client -tls1_3
try_as 'TLS 1.2 of gnutls-cli' gnutls_client -tls1_2
try_as 'three connections, keys before packets, once each' keys_stand_before_the_packets
try_as 'a key log without packets' key_log_alone
try_as 'kill -9 leaves no probe' kill_leaves_no_probe
finish
