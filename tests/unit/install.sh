#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/unit/install.sh - what `make install` lays down is enough to build and run a user's program.
. "${0%/*}/../lib/test.sh"

# The variables of the `make` that runs this test (SAN=1, CC=) come along in MAKEFLAGS.
installs()
{
	[ "$BUILD" = build ] || [ -n "${MAKEFLAGS-}" ] || skip "run it by make check"
	# With the compiler of this build: another one would build all of it again.
	cc=$(sed "s/ -.*//" "$BUILD/flags")
	make -s install CC="$cc" DESTDIR="$T/root" PREFIX=/opt/bpfcap >"$T/out" 2>&1 ||
		fail "$(cat "$T/out")"
	for file in bin/bpfcap lib/libbpfcap.a lib/libbpfcap.so.0 lib/pkgconfig/bpfcap.pc \
		include/bpfcap/probe.h share/man/man8/bpfcap.8 \
		share/bash-completion/completions/bpfcap share/zsh/site-functions/_bpfcap \
		lib/wireshark/plugins/bpfcap.lua; do
		[ -e "$T/root/opt/bpfcap/$file" ] || fail "no $file"
	done
	same "$(readlink "$T/root/opt/bpfcap/lib/wireshark/extcap/bpfcap")" /opt/bpfcap/bin/bpfcap
}

# builds COMPILER: with what pkg-config says, against the shared library.
builds()
{
	[ "$BUILD" = build ] || skip "the library of this build needs its flags"
	need "$1" pkg-config
	cat >"$T/user.c" <<-'EOF'
		#include <bpfcap/probe.h>
		int main(void)
		{
			struct ebpf_target t;
			return probe_target(&t, "5.4", NULL);
		}
	EOF
	export PKG_CONFIG_SYSROOT_DIR="$T/root"
	export PKG_CONFIG_PATH="$T/root/opt/bpfcap/lib/pkgconfig"
	# shellcheck disable=SC2046 # flags
	"$1" -x "$2" "$T/user.c" -x none -o "$T/user" $(pkg-config --cflags --libs bpfcap) ||
		fail "does not build"
	LD_LIBRARY_PATH=$T/root/opt/bpfcap/lib "$T/user" || fail "does not run"
}

try installs
try builds gcc c
try builds g++ c++
finish
