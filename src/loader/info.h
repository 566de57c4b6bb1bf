/* SPDX-License-Identifier: MIT */
/* info.h - the programs that are loaded, by their ids. Private to the loader and tests. */
#ifndef BPFCAP_SRC_LOADER_INFO_H
#define BPFCAP_SRC_LOADER_INFO_H

#include <stdint.h>

/* Sets *id to the smallest program id above *id. 0, or -errno: -ENOENT after the last one. */
int kbpf_prog_next_id(uint32_t *id);
/* Returns a descriptor of the program with this id, or -errno: -ENOENT when it is unloaded. */
int kbpf_prog_fd_by_id(uint32_t id);

#endif
