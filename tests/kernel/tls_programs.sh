#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/tls_programs.sh - requests and their answers are decrypted with the keys of one
# program alone: clients and servers, in TLS 1.2 and 1.3, by a process that ran before the capture
# and by one started later.
#
# tshark is the judge; a virtual machine has none, and leaves the files for tests/vm/readback.
# TLS_CODE=5.4 generates code for that kernel (-k).
# shellcheck disable=SC2034,SC2154 # server, client and pid belong to tls.sh and pair.sh
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
. "${0%/*}/../lib/tls.sh"
. "${0%/*}/../lib/tls_web.sh"

PYTHON=/usr/bin/python3
[ -e $PYTHON ] || PYTHON=/usr/libexec/python3 # tests/vm/pack

# need_program NAME
need_program()
{
	case $1 in
	go)
		[ -e "$BUILD/tests/kernel/goclient-plain" ] || skip "no Go compiler built it"
		cp "$BUILD/tests/kernel/goclient-plain" "$T/goclient"
		chmod 755 "$T/goclient"
		set --
		;;
	python3) set -- "$PYTHON" ;;
	nginx*) set -- nginx curl ;;
	esac
	[ -n "${VM_FILES-}" ] || set -- "$@" tshark
	need_judge "$@"
}

# takes_keys NAME: a capture with the keys of processes of this name
takes_keys()
{
	captures ${TLS_CODE:+-k "$TLS_CODE"} --tls-process "$1"
}

# judged NAME PROTOCOL: four requests and answers, here or where the file is brought to
judged()
{
	stop INT
	ended 0
	if [ -n "${VM_FILES-}" ]; then
		cp "$T/f.pcapng" "$VM_FILES/tls_$1.pcapng"
	else
		shows "$T/f.pcapng" 4 "$2"
	fi
}

# ---- Clients -----------------------------------------------------------------------------------

# becomes NAME VERSION: this process becomes the client; it prints the page
becomes()
{
	url=https://$NET.2:4433/page.txt
	case $1 in
	curl) set -- curl -sk "--tlsv1.$2" --tls-max "1.$2" "$url" ;;
	wget) set -- wget -qO- --no-check-certificate "--secure-protocol=TLSv1_$2" "$url" ;;
	openssl) set -- "$T/openssl-client" s_client -quiet "-tls1_$2" -connect "$NET.2:4433" ;;
	gnutls-cli)
		set -- gnutls-cli --priority "NORMAL:-VERS-ALL:+VERS-TLS1.$2" --insecure -p 4433 \
			"$NET.2"
		;;
	go) set -- "$T/goclient" "$NET.2:4433" "$2" /page.txt ;;
	python3)
		set -- "$PYTHON" -c '
import ssl, sys, urllib.request
context = ssl._create_unverified_context()
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, sys.argv[2])
print(urllib.request.urlopen(sys.argv[1], context=context).read().decode())' "$url" "TLSv1_$2"
		;;
	esac
	exec nsenter --net="/run/netns/$LEFT" "$@" <"$T/request"
}

# The server's name is openssl, too.
name_of()
{
	case $1 in
	openssl) echo openssl-client ;;
	go) echo goclient ;;
	*) echo "$1" ;;
	esac
}

# begin NAME: a client of each version
begin()
{
	for version in 2 3; do
		: >"$T/got.$version"
		(becomes "$1" $version) >"$T/got.$version" 2>&1 &
		client="$client $!"
	done
}

# ends: some clients' status is not 0 when the server closes the connection
ends()
{
	# shellcheck disable=SC2086 # several
	wait $client || :
	client=''
	has "$T/got.2" hello
	has "$T/got.3" hello
}

# Both clients have sent SYNs; state 02.
wait_for_answers()
{
	for _ in $(seq 200); do
		[ "$(left grep -c ':1151 02 ' /proc/net/tcp)" -lt 2 ] || return 0
		sleep 0.1
	done
	fail "no SYN: $(cat "$T"/got.*)"
}

# A client is there while nobody answers its SYN: its peer has no route back.
client_keys()
{
	need_program "$1"
	printf 'GET /page.txt HTTP/1.0\r\n\r\n' >"$T/request"
	ln -sf "$(command -v openssl)" "$T/openssl-client"
	right ip route del blackhole "$NET.1/32" 2>/dev/null || : # of a test that failed
	web_server
	right ip route add blackhole "$NET.1/32"
	begin "$1"
	wait_for_answers
	takes_keys "$(name_of "$1")"
	right ip route del blackhole "$NET.1/32"
	ends
	begin "$1"
	ends
	judged "client_$1" http
}

# ---- Servers -----------------------------------------------------------------------------------

serves()
{
	case $1 in
	openssl) web_server ;;
	python3) python_server "$PYTHON" ;;
	nginx*) nginx_server ;;
	esac
}

ends_serving()
{
	kill "$server"
	wait "$server" 2>/dev/null || :
	for _ in $(seq 100); do
		is_listening || return 0
		sleep 0.1
	done
	fail "the server does not end"
}

fetch_twice()
{
	for version in 2 3; do
		fetch_with curl -sk "--tlsv1.$version" --tls-max "1.$version" "$1" \
			"https://$NET.2:4433/page.txt"
	done
}

server_keys()
{
	need_program "$1"
	need curl
	http=--http1.1 protocol=http
	[ "$1" != nginx-http2 ] || http=--http2 protocol=http2
	serves "$1"
	takes_keys "${1%-http2}"
	fetch_twice $http
	ends_serving
	serves "$1"
	fetch_twice $http
	judged "server_$1" $protocol
}

pair_up
for program in curl openssl python3 wget gnutls-cli go; do
	try_as "TLS 1.2 and 1.3 of the client $program, started before and later" \
		client_keys $program
done
for program in openssl python3 nginx nginx-http2; do
	try_as "TLS 1.2 and 1.3 of the server $program, started before and later" \
		server_keys $program
done
finish
