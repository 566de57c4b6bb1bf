/* SPDX-License-Identifier: MIT */
/* ebpf_helpers.h - the kernel's helpers: number, name, and the version that brought each. */
#ifndef BPFCAP_EBPF_HELPERS_H
#define BPFCAP_EBPF_HELPERS_H

enum ebpf_helper {
	EBPF_FN_map_lookup_elem = 1,
	EBPF_FN_ktime_get_ns = 5,
};

#endif
