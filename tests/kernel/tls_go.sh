#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/tls_go.sh - the keys of a Go program are those that OpenSSL logs at the other end.
. "${0%/*}/../lib/test.sh"
. "${0%/*}/../lib/pair.sh"
. "${0%/*}/../lib/tls.sh"

# go_keys NAME VERSION: of a program that starts during the capture, once it is watched
go_keys()
{
	name=$1 version=$2
	need_uprobes
	[ -e "$BUILD/tests/kernel/$name" ] || skip "there was no Go compiler (package golang-go)"
	cp "$BUILD/tests/kernel/$name" "$T/" && chmod 755 "$T/$name"
	reversing_server -keylogfile "$T/own.keys"
	# Once, so that the program is found.
	[ -p "$T/in" ] || mkfifo "$T/in"
	logs_keys --tls-process "$name" -v
	go_client "$name" "$version"
	wait_for "$T/err" "watching .*$name for keys"
	hang_up
	key_lines "$T/own.keys" >"$T/before"
	go_client "$name" "$version"
	for _ in $(seq 100); do
		key_lines "$T/own.keys" | grep -vxFf "$T/before" |
			grep -v EXPORTER >"$T/wanted" || :
		key_lines "$T/keys" >"$T/got"
		cmp -s "$T/got" "$T/wanted" && [ -s "$T/got" ] && return 0
		sleep 0.1
	done
	fail "not the server's keys: $(diff "$T/wanted" "$T/got"); it said: $(cat "$T/err")"
}

go_client()
{
	: >"$T/client"
	nsenter --net="/run/netns/$LEFT" "$T/$1" "$NET.2:4433" "$2" <"$T/in" >"$T/client" 2>&1 &
	# shellcheck disable=SC2034 # for clean()
	client=$!
	exec 3>"$T/in"
	say_hello
}

pair_up
try_as 'TLS 1.3 of a Go program' go_keys goclient-plain 3
try_as 'TLS 1.2 of a Go program' go_keys goclient-plain 2
try_as 'TLS 1.3 of a stripped Go program' go_keys goclient-stripped 3
finish
