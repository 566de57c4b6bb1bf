# SPDX-License-Identifier: MIT
# tests/vm/target.sh - target NAME exports BPFCAP_BUILD, where the commands and tests for the kernel
# NAME (tests/vm/kernels, or `image`) are built, and, for another architecture than this machine's,
# VM_SYSROOT, its packages; builds and fetches them first. VM_ARCH is the kernel's Debian
# architecture. Ends the script where that fails.
target()
{
	export BPFCAP_BUILD="${BPFCAP_BUILD:-build}"
	target_arch=$("${0%/*}/arch" "$1") || {
		echo "$0: '$1' is not in tests/vm/kernels" >&2
		exit 1
	}
	export VM_ARCH="$target_arch"
	[ "$target_arch" != "$(dpkg --print-architecture 2>/dev/null || echo amd64)" ] || return 0
	target_built=$("${0%/*}/cross" "$target_arch") || exit 1
	export BPFCAP_BUILD="${target_built% *}" VM_SYSROOT="${target_built#* }"
}
