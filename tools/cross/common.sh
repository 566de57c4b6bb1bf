# SPDX-License-Identifier: MIT
# tools/cross/common.sh - what makes a cross toolchain in the cache, for the scripts beside it.
#
# They set `name` (a Debian architecture) and `root` (a directory) first.
# shellcheck disable=SC2154
. "${0%/*}/../apt.sh"

die()
{
	echo "$0: $name: $*" >&2
	exit 1
}

# The compiler prefix of the architecture without its last dash.
triplet()
{
	case $name in
	amd64) echo x86_64-linux-gnu ;;
	arm64) echo aarch64-linux-gnu ;;
	armhf) echo arm-linux-gnueabihf ;;
	ppc64el) echo powerpc64le-linux-gnu ;;
	riscv64 | s390x) echo "$name-linux-gnu" ;;
	*) die "unknown architecture" ;;
	esac
}

# The cache, which exists then, as an absolute path.
cache_dir()
{
	mkdir -p "${BPFCAP_CACHE:-.cache}/sysroot" && (cd "${BPFCAP_CACHE:-.cache}/sysroot" && pwd)
}

# apt_setup TYPE: apt for this architecture, removed at the end. The release is the first one whose
# libmnl is static, too, and that knows riscv64.
apt_setup()
{
	apt=$root.apt
	rm -rf "$apt"
	trap 'rm -rf "$apt"' EXIT
	trap 'exit 1' INT TERM
	export apt_arch="$name"
	apt_private "$apt" "$1" trixie || die "$(cat "$apt/log")"
}

# unpack: what apt downloaded. Packages name their libraries below /lib, in a whole system a link.
unpack()
{
	mkdir -p "$root/usr/lib" "$root/usr/lib64" "$root/usr/bin" "$root/usr/sbin" || exit 1
	for dir in lib lib64 bin sbin; do
		[ -e "$root/$dir" ] || ln -s "usr/$dir" "$root/$dir"
	done
	for deb in "$apt"/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root" \
			--exclude=./usr/share/doc --exclude=./usr/share/locale ||
			die "cannot unpack $deb"
	done
}

# tool NAME COMMAND: a command of the toolchain, which passes its arguments on.
tool()
{
	printf '#!/bin/sh\nexec %s "$@"\n' "$2" >"$root/cross/$1" &&
		chmod +x "$root/cross/$1"
}

# tools PREFIX FLAGS PKGCONFIG ROOT: the compiler with FLAGS, and pkg-config that looks only into
# the directory PKGCONFIG of the root and puts ROOT before the paths that it finds.
tools()
{
	mkdir -p "$root/cross" && tool "$1-gcc" "$(triplet)-gcc $2" ||
		die "cannot write $root/cross"
	for t in ar nm ranlib strip; do
		tool "$1-$t" "$(triplet)-$t"
	done
	tool "$1-pkg-config" \
		"env PKG_CONFIG_SYSROOT_DIR='$4' PKG_CONFIG_LIBDIR='$root/$3' pkg-config"
}
