#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/tls_programs.sh - a request and its answer are decrypted with the keys of one program
# alone: clients and servers, TLS 1.2 and 1.3, running before the capture and started later.
#
# tshark is the judge; a virtual machine has none, and leaves the files for tests/vm/readback.
# TLS_CODE=5.4 generates code for that kernel (-k).
# shellcheck disable=SC2034,SC2154 # server, client and pid belong to tls.sh and pair.sh
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
. "${0%/*}/../lib/tls.sh"
. "${0%/*}/../lib/tls_web.sh"

# need_program NAME
need_program()
{
	case $1 in
	go)
		[ -e "$BUILD/tests/kernel/goclient-plain" ] || skip "no Go compiler built the client"
		cp "$BUILD/tests/kernel/goclient-plain" "$T/goclient"
		chmod 755 "$T/goclient"
		set --
		;;
	python3) set -- /usr/bin/python3 ;;
	nginx*) set -- nginx ;;
	esac
	[ -n "${VM_FILES-}" ] || set -- "$@" tshark
	need_judge "$@"
}

# takes_keys NAME ARGUMENT...: a capture with the keys of processes of this name
takes_keys()
{
	name=$1
	shift
	captures ${TLS_CODE:+-k "$TLS_CODE"} --tls-process "$name" "$@"
}

# becomes NAME: this process becomes the client; it prints the page
becomes()
{
	url=https://$NET.2:4433/page.txt
	request=$T/request
	case $1 in
	curl) set -- curl -sk "$url" ;;
	wget) set -- wget -qO- --no-check-certificate "$url" ;;
	openssl) set -- "$T/openssl-client" s_client -quiet -connect "$NET.2:4433" ;;
	gnutls-cli) set -- gnutls-cli --insecure -p 4433 "$NET.2" ;;
	go) set -- "$T/goclient" "$NET.2:4433" "$2" /page.txt ;;
	python3)
		set -- /usr/bin/python3 -c '
import ssl, sys, urllib.request
context = ssl._create_unverified_context()
print(urllib.request.urlopen(sys.argv[1], context=context).read().decode())' "$url"
		;;
	esac
	exec nsenter --net="/run/netns/$LEFT" "$@" <"$request" >"$T/got" 2>&1
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

# A client is there while its SYN is not answered: its peer has no route back.
begins()
{
	printf 'GET /page.txt HTTP/1.0\r\n\r\n' >"$T/request"
	ln -sf "$(command -v openssl)" "$T/openssl-client"
	: >"$T/got"
	(becomes "$@") &
	client=$!
}

waits_for_an_answer()
{
	for _ in $(seq 100); do
		! left grep -q ':1151 02 ' /proc/net/tcp || return 0
		sleep 0.1
	done
	fail "no SYN: $(cat "$T/got")"
}

# ends: some clients' status is not 0 when the server closes the connection
ends()
{
	wait "$client" || :
	client=''
	has "$T/got" hello
}

# judged NAME [PROTOCOL]: one request and its answer, here or where the file is brought to
judged()
{
	stop INT
	ended 0
	if [ -n "${VM_FILES-}" ]; then
		cp "$T/f.pcapng" "$VM_FILES/tls_$1.pcapng"
	else
		shows "$T/f.pcapng" 1 ${2:+"$2"}
	fi
}

# client_keys NAME VERSION WHEN
client_keys()
{
	need_program "$1"
	own=''
	right ip route del blackhole "$NET.1/32" 2>/dev/null || : # of a test that failed
	web_server "-tls1_$2"
	if [ "$3" = before ]; then
		right ip route add blackhole "$NET.1/32"
		begins "$1" "$2"
		waits_for_an_answer
		takes_keys "$(name_of "$1")"
		right ip route del blackhole "$NET.1/32"
	else
		# A program with its own TLS that nobody has run is not known yet.
		[ "$1" != go ] || own=$T/goclient
		takes_keys "$(name_of "$1")" ${own:+--tls-lib "$own"}
		begins "$1" "$2"
	fi
	ends
	judged "1.$2_$1_client_$3"
}

# serves NAME VERSION
serves()
{
	case $1 in
	openssl) web_server "-tls1_$2" ;;
	python3) python_server "TLSv1_$2" ;;
	nginx*) nginx_server "TLSv1.$2" ;;
	esac
}

# server_keys NAME VERSION WHEN
server_keys()
{
	need_program "$1"
	need curl
	http=--http1.1 protocol=http
	[ "$1" != nginx-http2 ] || http=--http2 protocol=http2
	[ "$3" != before ] || serves "$1" "$2"
	takes_keys "${1%-http2}"
	[ "$3" = before ] || serves "$1" "$2"
	fetch_with curl -sk "$http" "https://$NET.2:4433/page.txt"
	judged "1.$2_$1_server_$3" "$protocol"
}

pair_up
for version in 2 3; do
	for when in before later; do
		for program in curl openssl python3 wget gnutls-cli go; do
			try_as "TLS 1.$version of the client $program, started $when" \
				client_keys "$program" "$version" "$when"
		done
		for program in openssl python3 nginx nginx-http2; do
			try_as "TLS 1.$version of the server $program, started $when" \
				server_keys "$program" "$version" "$when"
		done
	done
done
finish
