/* SPDX-License-Identifier: MIT */
/* types.h - type information that describes the maps of an object to libbpf. */
#ifndef BPFCAP_TOOLS_BPFASM_TYPES_H
#define BPFCAP_TOOLS_BPFASM_TYPES_H

#include "bpfcap/ebpf_text.h"

#define TYPES_MAP_LEN 32 /* bytes of a map's variable in .maps: four pointers */

/* Gives the contents of a .BTF section for these maps; *data is malloc'ed. Returns 0 or -ENOMEM. */
int types_of_maps(const struct ebpf_map_def *maps, size_t cnt, uint8_t **data, size_t *len);

#endif
