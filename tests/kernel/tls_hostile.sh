#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/kernel/tls_hostile.sh - libraries that misbehave while they are examined: each ends in one
# sentence, in time, and with what the sandbox allows.
#
# $BUILD/tests/kernel/liar.so (tests/cases/tls/liar.c) misbehaves in the way that its name says.
. "${0%/*}/../lib/test.sh"

# layout NAME [STATUS]
layout()
{
	# Not below $T, which is closed to the user that examines.
	lib=$T/open/libssl-$1.so
	need_root
	need_plain_build # a sanitizer needs more memory than the sandbox allows
	[ -e "$BUILD/tests/kernel/liar.so" ] || skip "no compiler made the library"
	chmod 755 "$T"
	mkdir -p "$T/open"
	cp "$BUILD/tests/kernel/liar.so" "$lib"
	chmod 755 "$lib"
	began=$(uptime_ms)
	status "${2-1}" "$BIN/bpfcap" --tls-layout "$lib" >"$T/out" 2>"$T/err"
	took=$(($(uptime_ms) - began))
}

# one_sentence REGEXP: that, and no terminal's escapes
one_sentence()
{
	same "$(wc -l <"$T/out")" 0 'lines of output'
	same "$(wc -l <"$T/err")" 1 'lines of errors'
	has "$T/err" "$1"
	! LC_ALL=C grep -q '[^ -~]' "$T/err" || fail "not printable: $(od -c "$T/err")"
}

# They end by the kernel's signal, a moment after the process that started them.
no_process_left()
{
	printf %s "$lib" >"$T/pattern" # which must not be among the arguments of grep
	for _ in $(seq 50); do
		left=$(grep -lF -f "$T/pattern" /proc/[0-9]*/cmdline 2>/dev/null || :)
		[ -n "$left" ] || return 0
		sleep 0.1
	done
	fail "still there: $(for cmd in $left; do
		echo "$cmd $(tr '\0' ' ' 2>/dev/null <"$cmd")"
	done)"
}

ends_with()
{
	layout "$1"
	one_sentence "$2"
	no_process_left
}

# in_time NAME MS
in_time()
{
	ends_with "$1" 'did not end its handshake with itself within 2 s'
	[ "$took" -lt "$2" ] || fail "it took $took ms"
}

sandbox_takes_all()
{
	layout tries
	one_sentence 'Uid=65534 Gid=65534 CapInh=0+ CapPrm=0+ CapEff=0+ CapBnd=0+ CapAmb=0+ '
	has "$T/err" 'NoNewPrivs=1 Seccomp=2 core=0 end$'
	[ ! -e /tmp/liar-was-here ] || fail "it wrote a file"
}

# Its parent is outside of these, and the namespaces end with it.
sandbox_has_namespaces()
{
	layout sleeps
	own=$(ls -l /proc/self/ns/)
	"$BUILD/libexec/bpfcap/tls-layout" "$lib" >"$T/out" 2>"$T/err" &
	pid=$!
	inner=''
	for _ in $(seq 100); do
		keeper=$(children "$pid")
		[ -z "$keeper" ] || inner=$(children "$keeper")
		[ -z "$inner" ] || grep -q 'Seccomp:[[:space:]]*2' /proc/"$inner"/status || inner=''
		[ -z "$inner" ] || ls -l /proc/"$inner"/ns/ >"$T/ns" || inner=''
		[ -z "$inner" ] || break
		sleep 0.02
	done
	[ -n "$inner" ] || fail "no process in a sandbox: $(cat "$T/err")"
	# shellcheck disable=SC2012 # the links' targets
	for kind in net ipc uts pid mnt; do
		is=$(sed -n "s/.* $kind -> //p" "$T/ns")
		[ -n "$is" ] || fail "no namespace $kind in: $(cat "$T/ns")"
		! echo "$own" | grep -qF "$is" || fail "the sandbox shares $is"
	done
	wait "$pid" || :
}

core_dumps_are_off()
{
	mkdir -p "$T/open"
	cd "$T/open" || exit 1
	case $(cat /proc/sys/kernel/core_pattern) in
	'|'* | /*) skip "core dumps do not go to the working directory" ;;
	esac
	# shellcheck disable=SC3045 # dash and busybox have ulimit -c
	ulimit -c unlimited
	# shellcheck disable=SC2016 # for the inner shell
	sh -c 'kill -SEGV $$' 2>/dev/null || :
	[ -n "$(find . -name 'core*')" ] || skip "this machine makes no core dumps"
	rm -f core*
	"$OLDPWD/$BIN/bpfcap" --keylog keys 2>err &
	pid=$!
	for _ in $(seq 300); do
		! grep -q 'writing TLS keys' err || break
		sleep 0.1
	done
	kill -SEGV "$pid"
	wait "$pid" 2>/dev/null || :
	rm -f keys
	[ -z "$(find . -name 'core*')" ] || fail "bpfcap left a core dump"
}

try_as 'a library that never ends' in_time hangs 14000 # busy machines give it more time
try_as 'a library that sleeps' in_time sleeps 6000
try_as 'a library that crashes' ends_with crashes 'ended by signal 11'
try_as 'a library that ends the process' ends_with ends 'no answer'
try_as 'an answer without end' ends_with floods 'too long answer'
try_as 'an answer of nonsense' ends_with babbles "'client_random=0x9+ .* is wrong"
try_as 'an answer with too many pointers' ends_with points "'client_random=.*wrong"
try_as 'an answer for the terminal' ends_with escapes 'cannot be examined: .]0;title. and . more'
try_as 'a library that takes all memory' ends_with eats 'less than 256 MiB'
try_as 'a library without the functions' ends_with honest 'does not export'
try_as 'the sandbox leaves no rights' sandbox_takes_all
try_as 'the sandbox has its own namespaces' sandbox_has_namespaces
try_as 'a crash of bpfcap leaves no core dump' core_dumps_are_off
finish
