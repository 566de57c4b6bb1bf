/* SPDX-License-Identifier: MIT */
/* place.h - inserts the filter of one place into an object. */
#ifndef BPFCAP_TOOLS_BPFINJECT_PLACE_H
#define BPFCAP_TOOLS_BPFINJECT_PLACE_H

#include "bpfcap/ebpf.h"
#include "bpfcap/kelf.h"

#include "options.h"

/* Returns 0, or -errno with *e filled; the object is then unusable. */
int place_fill(struct kbpf_elf *k, const struct inject_place *p, const struct ebpf_target *target,
	       struct err *e);

#endif
