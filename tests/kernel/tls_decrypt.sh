#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/tls_decrypt.sh - keys of TLS connections are in the capture, before the packets that
# need them; tshark, in one pass, is the judge.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
. "${0%/*}/../lib/tls.sh"

need_judge()
{
	need_uprobes
	need tshark "$@"
	known_layouts
}

# web_server ARGUMENT...: s_server with a page
web_server()
{
	printf 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n' >"$T/page.txt"
	serve openssl s_server -accept 4433 -cert "$T/cert.pem" -key "$T/key.pem" -HTTP "$@"
}

nginx_server()
{
	cat >"$T/nginx.conf" <<-END
		daemon off;
		pid $T/nginx.pid;
		error_log $T/nginx.log;
		worker_processes 2;
		events {}
		http {
			access_log off;
			client_body_temp_path $T;
			proxy_temp_path $T;
			fastcgi_temp_path $T;
			uwsgi_temp_path $T;
			scgi_temp_path $T;
			server {
				listen 4433 ssl http2;
				ssl_certificate $T/cert.pem;
				ssl_certificate_key $T/key.pem;
				location / { return 200 "hello\n"; }
			}
		}
	END
	serve nginx -c "$T/nginx.conf" -e "$T/nginx.log"
}

python_server()
{
	echo hello >"$T/page.txt"
	cat >"$T/server.py" <<-END
		import http.server, ssl
		s = http.server.HTTPServer(("", 4433), http.server.SimpleHTTPRequestHandler)
		c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		c.load_cert_chain("$T/cert.pem", "$T/key.pem")
		s.socket = c.wrap_socket(s.socket, server_side=True)
		s.serve_forever()
	END
	serve python3 "$T/server.py"
}

# captures ARGUMENT...: bpfcap with keys, as root of the machine
captures()
{
	rm -f "$T/f.pcapng"
	start --tls-keys -i left0 -f rx,tx -w "$T/f.pcapng" --tls-layout "$T/known" "$@" \
		tcp port 4433
	trap clean EXIT
}

# decrypted N [PROTOCOL]: N requests and answers are in the file, in one pass, without other keys
decrypted()
{
	stop INT
	ended 0
	tshark -r "$T/f.pcapng" -d tcp.port==4433,tls -Y "${2-http}" -T fields \
		-e http.request.method -e http.response.code \
		-e http2.headers.method -e http2.headers.status \
		>"$T/fields" 2>"$T/tshark"
	same "$(grep -c GET "$T/fields")" "$1" requests
	same "$(grep -c 200 "$T/fields")" "$1" answers
}

# fetch_with COMMAND...: one request for a small file that the server has
fetch_with()
{
	left "$@" >"$T/got" 2>&1 || fail "$1: $(cat "$T/got")"
	has "$T/got" hello
}

openssl_to_curl()
{
	need_judge curl
	web_server
	captures
	fetch_with curl -sk --tls-max "$1" "https://$NET.2:4433/page.txt"
	decrypted 1
}

# s_server is OpenSSL: what gnutls-cli alone says is in the file, too.
gnutls_client()
{
	need_judge gnutls-cli
	web_server "$1"
	captures --tls-process gnutls-cli
	printf 'GET /page.txt HTTP/1.0\r\n\r\n' >"$T/request"
	left gnutls-cli --insecure -p 4433 "$NET.2" <"$T/request" >"$T/got" 2>&1 || :
	decrypted 1
}

three_connections()
{
	need_judge curl
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
	need_judge nginx curl
	nginx_server
	captures --tls-process nginx
	fetch_with curl -sk --http2 "https://$NET.2:4433/page.txt"
	new_workers
	fetch_with curl -sk --http2 "https://$NET.2:4433/page.txt"
	decrypted 2 http2
}

nginx_workers()
{
	pgrep -P "$(cat "$T/nginx.pid")" | sort
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

# Both ends start during the capture.
python_and_wget()
{
	need_judge python3 wget
	captures
	python_server
	fetch_with wget -qO- --no-check-certificate "https://$NET.2:4433/page.txt"
	decrypted 1
}

pair_up
try_as 'TLS 1.3 between openssl and curl' openssl_to_curl 1.3
try_as 'TLS 1.2 between openssl and curl' openssl_to_curl 1.2
try_as 'TLS 1.3 of gnutls-cli' gnutls_client -tls1_3
try_as 'TLS 1.2 of gnutls-cli' gnutls_client -tls1_2
try_as 'three connections, keys before packets, once each, code for 5.4' three_connections
try_as 'HTTP/2 of an nginx that was there before, and of new workers' http2_of_nginx
try_as 'python3 and wget, started later' python_and_wget
finish
