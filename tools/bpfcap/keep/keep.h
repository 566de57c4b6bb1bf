/* SPDX-License-Identifier: MIT */
/* keep.h - the flight recorder: --keep holds the newest packets in memory and writes them later. */
#ifndef BPFCAP_TOOLS_BPFCAP_KEEP_KEEP_H
#define BPFCAP_TOOLS_BPFCAP_KEEP_KEEP_H

#include <stdio.h>

#include "../output/output.h"

struct keep;

/* Checks the options, also without --keep. -errno (input). */
int keep_check(const struct cap_options *o, struct err *e);
/* `o` and `from` must outlive the recorder. On failure *out may be set, too: free it. */
int keep_open(struct keep **out, const struct cap_options *o, struct probe *p,
	      const struct output_source *from, struct err *e);
void keep_free(struct keep *k);

/* Takes a packet: 0; 1: it was the last one (-c, --triggers); -errno of the output. */
int keep_packet(struct keep *k, const struct packet *pk, struct err *e);
/* Writes a file if SIGUSR2 or the end of --after requires it; as keep_packet(). */
int keep_tick(struct keep *k, uint64_t mono_ns, struct err *e);
/* How long until keep_tick() has something to do; -1: nothing by time. */
int keep_wait_ms(const struct keep *k, uint64_t mono_ns);
/* The end of the capture: writes what is due. `c` may be NULL. 0 or -errno. */
int keep_finish(struct keep *k, const struct probe_counts *c, struct err *e);

/* Prints how much memory the packets may take, and what became of them. */
void keep_announce(const struct keep *k, FILE *f);
void keep_print(const struct keep *k, FILE *f);
uint64_t keep_cnt(const struct keep *k); /* packets taken so far */

#endif
