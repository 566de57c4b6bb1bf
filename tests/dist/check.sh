#!/bin/sh
# SPDX-License-Identifier: MIT
# tests/dist/check.sh - what `make dist` makes is static, small, and the same bytes from another
# directory, and compiles a filter like the bpfcap built here. Takes $DIST, the binaries.
. "${0%/*}/../lib/test.sh"

architecture() { echo "${1##*-}"; }

# run BINARY ARGUMENT...: under qemu's user emulation where this machine has another processor.
run()
{
	case $(architecture "$1") in
	"$(dpkg --print-architecture)") "$@" ;;
	arm64) qemu-aarch64-static "$@" ;;
	armhf) qemu-arm-static "$@" ;;
	*) "qemu-$(architecture "$1")-static" "$@" ;;
	esac
}

is_static_and_small()
{
	! readelf -lW "$1" | grep -q INTERP || fail "not static"
	[ "$(wc -c <"$1")" -lt 1048576 ] || fail "$(wc -c <"$1") bytes"
}

has_the_listed_checksum()
{
	(cd dist && sha256sum --status -c SHA256SUMS) || fail "SHA256SUMS differs"
}

# The cache has the toolchain; where it lies does not matter either, but making it again takes long.
has_the_same_bytes_from_another_directory()
{
	packaging/source "$T/again"
	BPFCAP_CACHE=$(cd "${BPFCAP_CACHE:-.cache}" && pwd) \
		make -s -C "$T/again" dist DIST_ARCHS="$(architecture "$1")" >"$T/log" 2>&1 ||
		fail "$(tail -n 5 "$T/log")"
	cmp "$1" "$T/again/$1" || fail "two builds differ"
}

compiles_filters_alike()
{
	for filter in 'host 192.0.2.1 and tcp port 80' 'ip6 and udp[8:4] = 5' 'vlan 7 and icmp'; do
		run "$1" -k 5.4 -ddd "$filter" >"$T/theirs" || fail "exit status $?"
		"$BIN/bpfcap" -k 5.4 -ddd "$filter" >"$T/ours"
		cmp "$T/theirs" "$T/ours" || fail "$filter"
	done
}

# bpfcap.pc names all that a static program needs; the toolchain has the static libraries.
links_the_examples_statically()
{
	make -s install DESTDIR="$T/root" PREFIX=/usr >"$T/log" 2>&1 || fail "$(cat "$T/log")"
	arch=$(architecture "$1")
	cp "build/dist/$arch/libbpfcap.a" "$T/root/usr/lib"
	sed -i "s,=/usr,=$T/root/usr," "$T/root/usr/lib/pkgconfig/bpfcap.pc"
	prefix=$(tools/cross/musl "$arch")
	export PKG_CONFIG_PATH="$T/root/usr/lib/pkgconfig"
	for program in examples/*.c; do
		! grep -q bpf/libbpf.h "$program" || continue
		# shellcheck disable=SC2046 # flags
		"${prefix}gcc" -D_GNU_SOURCE -static -o "$T/program" "$program" \
			$("${prefix}pkg-config" --static --cflags --libs bpfcap) ||
			fail "$program does not link"
	done
}

for binary in $DIST; do
	try is_static_and_small "$binary"
	try has_the_same_bytes_from_another_directory "$binary"
	try compiles_filters_alike "$binary"
	try links_the_examples_statically "$binary"
done
try has_the_listed_checksum
finish
