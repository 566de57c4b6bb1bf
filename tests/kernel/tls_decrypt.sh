#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/tls_decrypt.sh - keys of TLS connections are in the capture, before the packets that
# need them; tshark, in one pass, is the judge. tls_programs.sh has more programs.
# shellcheck disable=SC2034 # client belongs to tls.sh
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
. "${0%/*}/../lib/tls.sh"
. "${0%/*}/../lib/tls_web.sh"

three_connections()
{
	need_judge tshark curl
	web_server
	captures -k 5.4
	for _ in 1 2 3; do
		fetch_with curl -sk "https://$NET.2:4433/page.txt"
	done
	decrypted 3
	has "$T/err" 'keys of TLS connections read: 3$'
}

# The server runs before the capture, then forks new processes, and only its keys are read.
http2_of_nginx()
{
	need_judge tshark nginx curl
	nginx_server
	captures --tls-process nginx
	fetch_with curl -sk --http2 "https://$NET.2:4433/page.txt"
	new_workers
	fetch_with curl -sk --http2 "https://$NET.2:4433/page.txt"
	decrypted 2 http2
}

nginx_workers()
{
	children "$(cat "$T/nginx.pid")" | sort
}

# The master forks others and has the old ones end: the capture has not seen these processes.
new_workers()
{
	nginx_workers >"$T/before"
	kill -HUP "$(cat "$T/nginx.pid")"
	for _ in $(seq 100); do
		nginx_workers >"$T/now"
		[ ! -s "$T/now" ] || grep -qxFf "$T/before" "$T/now" || return 0
		sleep 0.1
	done
	fail "nginx did not replace its workers: $(cat "$T/nginx.log")"
}

# The client, whose keys alone are read, answers 2 s after the ServerHello, and has its keys after 2
# more: what it gets comes through a slow relay.
a_slow_client()
{
	need_judge tshark curl
	need /usr/bin/python3
	cat >"$T/relay.py" <<-END
		import socket, threading, time
		listener = socket.create_server(("127.0.0.1", 4434))
		client = listener.accept()[0]
		server = socket.create_connection(("$NET.2", 4433))
		def carry(one, other, delay):
		    while data := one.recv(65536):
		        time.sleep(delay)
		        other.sendall(data)
		    other.shutdown(socket.SHUT_WR)
		threading.Thread(target=carry, args=(client, server, 0), daemon=True).start()
		carry(server, client, 2)
	END
	web_server
	captures --tls-process curl
	left timeout 60 /usr/bin/python3 "$T/relay.py" 2>"$T/relay" &
	client=$!
	for _ in $(seq 100); do
		! left grep -q ':1152 0*:0000 0A' /proc/net/tcp || break
		sleep 0.1
	done
	fetch_with curl -sk --tls-max 1.2 https://127.0.0.1:4434/page.txt
	decrypted 1
}

pair_up
try_as 'three connections, keys before packets, once each, code for 5.4' three_connections
try_as 'HTTP/2 of an nginx that was there before, and of new workers' http2_of_nginx
try_as 'keys that come seconds after the ServerHello' a_slow_client
finish
