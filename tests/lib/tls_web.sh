# SPDX-License-Identifier: MIT
# tests/lib/tls_web.sh - web servers of several TLS libraries, captures of their connections with
# keys, and tshark as the judge. After test.sh, pair.sh and tls.sh.
#
#	need_judge tshark curl
#	web_server -tls1_3		openssl; also nginx_server and python_server
#	captures --tls-process curl	returns when it captures, to $T/f.pcapng
#	fetch_with curl -sk "https://$NET.2:4433/page.txt"
#	decrypted 1

# need_judge COMMAND...
need_judge()
{
	need_uprobes
	need "$@"
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
		user root;
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
				ssl_protocols TLSv1.2 TLSv1.3;
				ssl_certificate $T/cert.pem;
				ssl_certificate_key $T/key.pem;
				location / { return 200 "hello\n"; }
			}
		}
	END
	serve nginx -c "$T/nginx.conf" -e "$T/nginx.log"
}

# python_server PYTHON
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
	serve "$1" "$T/server.py"
}

# captures ARGUMENT...: bpfcap with keys, as root of the machine
captures()
{
	rm -f "$T/f.pcapng"
	start --tls-keys -i left0 -f rx,tx -w "$T/f.pcapng" --tls-layout "$T/known" "$@" \
		tcp port 4433
	trap clean EXIT
}

# decrypted N [PROTOCOL]: N requests and answers are in the file
decrypted()
{
	stop INT
	ended 0
	shows "$T/f.pcapng" "$@"
}

# shows FILE N [PROTOCOL]: to tshark, in one pass, without other keys
shows()
{
	tshark -r "$1" -d tcp.port==4433,tls -Y "${3-http}" -T fields \
		-e http.request.method -e http.response.code \
		-e http2.headers.method -e http2.headers.status \
		>"$T/fields" 2>"$T/tshark"
	same "$(grep -c GET "$T/fields")" "$2" requests
	same "$(grep -c 200 "$T/fields")" "$2" answers
}

# fetch_with COMMAND...: one request for a small file that the server has
fetch_with()
{
	left "$@" >"$T/got" 2>&1 || fail "$1: $(cat "$T/got")"
	has "$T/got" hello
}
