/* SPDX-License-Identifier: MIT */
/* features.h - features that only tests probe for. Private to the loader and tests. */
#ifndef BPFCAP_SRC_LOADER_FEATURES_H
#define BPFCAP_SRC_LOADER_FEATURES_H

#include <stdint.h>

/* Returns 1 if the kernel loads programs of this type, 0 if not, or -errno if it is unknown. */
int kbpf_has_prog_type(uint32_t type);

#endif
