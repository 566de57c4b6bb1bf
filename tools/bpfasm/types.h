/* SPDX-License-Identifier: MIT */
/* types.h - types of the maps and functions of an object, for libbpf and the kernel. */
#ifndef BPFCAP_TOOLS_BPFASM_TYPES_H
#define BPFCAP_TOOLS_BPFASM_TYPES_H

#include "bpfcap/ebpf_text.h"

#include "functions.h"

#define TYPES_MAP_LEN 40 /* bytes of a map's variable in .maps: five pointers */

struct types_subject {
	const struct ebpf_map_def *const *maps;
	size_t map_cnt;
	const struct functions *functions;
	const char *main; /* the section of the first functions; those from main_len on: .text */
};

/* The contents of the sections .BTF and .BTF.ext, malloc'ed. */
struct types {
	uint8_t *btf, *ext;
	size_t btf_len, ext_len;
};

/* Returns 0 or -ENOMEM. */
int types_make(const struct types_subject *s, struct types *out);

#endif
