/* SPDX-License-Identifier: MIT */
/* run_maps.h - the maps of a program in the interpreter: hash and array. */
#ifndef BPFCAP_TOOLS_BPFASM_RUN_MAPS_H
#define BPFCAP_TOOLS_BPFASM_RUN_MAPS_H

#include "bpfcap/ebpf_run.h"
#include "bpfcap/ebpf_text.h"

#define RUN_MAPS_MAX 64 /* as for the kernel */

struct run_maps;

/*
 * Creates the maps with their initial values. Returns 0, or -errno with *e filled: unsupported
 * type, too large, too many.
 */
int run_maps_make(struct run_maps **out, const struct ebpf_source *s, struct err *e);
void run_maps_free(struct run_maps *m);

/* Gives the regions of their values in r[], one each. */
void run_maps_regions(const struct run_maps *m, struct ebpf_region *r);
/* The address of byte `off` of the first value of map `number`; 0: none. */
uint64_t run_maps_value(const struct run_maps *m, int number, uint32_t off);
/* map_lookup_elem, map_update_elem, map_delete_elem; others as ebpf_run_builtin(). */
int run_maps_helper(const struct run_maps *maps, struct ebpf_machine *m, int helper,
		    const uint64_t args[5], uint64_t *r0);

#endif
