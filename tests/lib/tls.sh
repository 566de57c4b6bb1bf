# SPDX-License-Identifier: MIT
# tests/lib/tls.sh - TLS servers and clients in the namespaces of tests/lib/pair.sh.
#
#	serve openssl s_server ...	in RIGHT, at port 4433; returns when the port is open
#	talks openssl			connects with $flags; "$client" is its process
#	say_hello			both ends read and write
server=''
client=''
pid=''
flags=''

# Whatever the test has started.
clean()
{
	[ -z "$server" ] || kill "$server" || :
	# shellcheck disable=SC2086 # several
	[ -z "$client" ] || kill $client || :
	[ -z "$pid" ] || stop KILL || :
} 2>/dev/null

need_uprobes()
{
	need_pair
	need openssl
	need_plain_build # a sanitizer needs more memory than tls-layout's sandbox allows
	[ -e /sys/bus/event_source/devices/uprobe ] || skip "this kernel has no uprobes"
	trap clean EXIT
}

# openssl req asks for its configuration, which a virtual machine does not have.
certificate()
{
	[ ! -e "$T/cert.pem" ] || return 0
	printf '[req]\ndistinguished_name = name\n[name]\n' >"$T/req.conf"
	openssl req -config "$T/req.conf" -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout "$T/key.pem" -out "$T/cert.pem" -days 30 -subj /CN=localhost 2>"$T/req" ||
		fail "no certificate: $(cat "$T/req")"
}

# 4433 is 1151 in hexadecimal, and state 0A is that of a listener.
is_listening()
{
	right cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		grep -q ':1151 0*:0000 0A'
}

# serve COMMAND...
serve()
{
	certificate
	# The log of keys that the tests compare with must not come from the environment.
	(cd "$T" && unset SSLKEYLOGFILE && exec timeout 200 nsenter --net="/run/netns/$RIGHT" "$@" \
		>"$T/server" 2>&1) &
	server=$!
	for _ in $(seq 200); do
		! is_listening || return 0
		sleep 0.1
	done
	fail "no server: $(cat "$T/server")"
}

# An end that answers each line with the line reversed.
reversing_server()
{
	serve openssl s_server -accept 4433 -cert "$T/cert.pem" -key "$T/key.pem" -rev "$@"
}

# talks COMMAND...: a client whose standard input stays open
talks()
{
	rm -f "$T/in" "$T/own.keys" "$T/client"
	mkfifo "$T/in"
	: >"$T/own.keys"
	# shellcheck disable=SC2086 # the flags are words
	(exec nsenter --net="/run/netns/$LEFT" "$@" s_client -connect "$NET.2:4433" -quiet \
		-keylogfile "$T/own.keys" $flags <"$T/in" >"$T/client" 2>&1) &
	client=$!
	exec 3>"$T/in"
	say_hello
}

say_hello()
{
	: >"$T/client"
	echo hello >&3
	for _ in $(seq 200); do
		! grep -q olleh "$T/client" || return 0
		sleep 0.05
	done
	fail "no answer: $(cat "$T/client" "$T/server")"
}

hang_up()
{
	exec 3>&-
	kill "$client" 2>/dev/null || : # with -quiet, it does not end with its input
	wait "$client" 2>/dev/null || :
	client=''
}

# known_layouts: examines the libraries of this machine, once for all tests, into $T/known; a second
# time where an emulated one was too slow for the limit of 2 s
known_layouts()
{
	[ ! -e "$T/known" ] || return 0
	for library in /lib/*/libssl.so.[0-9]* /lib/*/libgnutls.so.[0-9]*; do
		[ ! -e "$library" ] || "$BIN/bpfcap" --tls-layout "$library" ||
			"$BIN/bpfcap" --tls-layout "$library" ||
			echo "# $library has no layout"
	done >"$T/known" 2>"$T/unknown"
}

# logs_keys ARGUMENT...: bpfcap with a key log alone, without an examination; returns when it
# watches
logs_keys()
{
	known_layouts
	examines --tls-layout "$T/known" "$@"
}

# examines ARGUMENT...: the same, and it has each library examined
examines()
{
	rm -f "$T/keys"
	: >"$T/err"
	"$BIN/bpfcap" --keylog "$T/keys" "$@" 2>"$T/err" &
	pid=$!
	wait_for "$T/err" 'writing TLS keys'
}

# key_lines FILE: without the comment that OpenSSL begins with
key_lines()
{
	grep -E '^[A-Z_0-9]+ [0-9a-f]{64} ' "$1" | sort || :
}

# own_randoms: the client randoms of the connections whose keys the client's library has logged
own_randoms()
{
	key_lines "$T/own.keys" | cut -d ' ' -f 2 | sort -u
}

# The keys in FILE are those that the client's library has logged itself; those of other connections
# of this machine do not count.
same_keys()
{
	key_lines "$T/own.keys" >"$T/wanted"
	[ -s "$T/wanted" ] || fail "the client logged no keys: $(cat "$T/client")"
	own_randoms >"$T/randoms"
	for _ in $(seq 100); do
		key_lines "$1" | grep -Ff "$T/randoms" >"$T/got" || :
		! cmp -s "$T/got" "$T/wanted" || return 0
		sleep 0.1
	done
	fail "not the client's keys: $(diff "$T/wanted" "$T/got"); it said: $(cat "$T/err")"
}
