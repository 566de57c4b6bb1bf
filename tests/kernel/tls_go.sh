#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/tls_go.sh - the keys of a program that contains its TLS, that of Go or an OpenSSL,
# are those that OpenSSL logs at the other end.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
. "${0%/*}/../lib/tls.sh"

# program_keys NAME VERSION: of a program that starts during the capture, once it is watched
program_keys()
{
	name=$1 version=$2
	need_uprobes
	[ -e "$BUILD/tests/kernel/$name" ] || skip "it was not built: $3"
	cp "$BUILD/tests/kernel/$name" "$T/" && chmod 755 "$T/$name"
	reversing_server -keylogfile "$T/own.keys"
	# Once, so that the program is found.
	[ -p "$T/in" ] || mkfifo "$T/in"
	logs_keys --tls-process "$name" -v
	program "$name" "$version"
	wait_for "$T/err" "watching .*$name for keys"
	hang_up
	key_lines "$T/own.keys" >"$T/before"
	program "$name" "$version"
	for _ in $(seq 100); do
		key_lines "$T/own.keys" | new_keys >"$T/wanted" || :
		key_lines "$T/keys" | new_keys >"$T/got" || :
		cmp -s "$T/got" "$T/wanted" && [ -s "$T/got" ] && return 0
		sleep 0.1
	done
	fail "not the server's keys: $(diff "$T/wanted" "$T/got"); it said: $(cat "$T/err")"
}

# Without the keys of the first connection: it may have been seen, or not.
new_keys()
{
	grep -vxFf "$T/before" | grep -v EXPORTER
}

program()
{
	: >"$T/client"
	nsenter --net="/run/netns/$LEFT" "$T/$1" "$NET.2:4433" "$2" <"$T/in" >"$T/client" 2>&1 &
	# shellcheck disable=SC2034 # for clean()
	client=$!
	exec 3>"$T/in"
	say_hello
}

# With the places of the shared library of the same package, under the program's own build id.
openssl_inside()
{
	name=sslclient version=$1
	need_uprobes
	need readelf
	[ -e "$BUILD/tests/kernel/$name" ] || skip "it was not built: no libssl.a (libssl-dev)"
	known_layouts
	id=$(readelf -n "$BUILD/tests/kernel/$name" | sed -n 's/.*Build ID: //p')
	sed "s/build-id=[0-9a-f]*/build-id=$id/" "$T/known" >"$T/inside"
	cat "$T/inside" >>"$T/known"
	program_keys "$name" "$version" ''
}

pair_up
GO='no Go compiler (package golang-go)'
try_as 'TLS 1.3 of a Go program' program_keys goclient-plain 3 "$GO"
try_as 'TLS 1.2 of a Go program' program_keys goclient-plain 2 "$GO"
try_as 'TLS 1.3 of a stripped Go program' program_keys goclient-stripped 3 "$GO"
try_as 'TLS 1.3 of a program that contains an OpenSSL' openssl_inside 3
try_as 'TLS 1.2 of a program that contains an OpenSSL' openssl_inside 2
finish
