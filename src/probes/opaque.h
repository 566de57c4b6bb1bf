/* SPDX-License-Identifier: MIT */
/* opaque.h - kernel addresses, for those who may see them and for those who may not. */
#ifndef BPFCAP_SRC_PROBES_OPAQUE_H
#define BPFCAP_SRC_PROBES_OPAQUE_H

#include <stdbool.h>
#include <stdint.h>

struct opaque {
	bool hides; /* this user may not see kernel addresses */
	uint64_t key[2];
};

/* Asks what the kernel allows this process now: to be called before privileges are dropped. */
void probe_opaque_init(struct opaque *o);
/* The address, or a number that is another for each address and says nothing about it. */
uint64_t probe_opaque_id(const struct opaque *o, uint64_t addr);

#endif
