/* SPDX-License-Identifier: MIT */
/* counts.h - prints the counts of a capture. */
#ifndef BPFCAP_TOOLS_BPFCAP_COUNTS_H
#define BPFCAP_TOOLS_BPFCAP_COUNTS_H

#include <stdint.h>
#include <stdio.h>

#include "bpfcap/probe.h"

#include "gather/gather.h"

/* Three lines, as tcpdump prints them; with losses, the causes for each hook. */
void counts_print(FILE *f, struct probe *p, uint64_t written_cnt);
/* --gather: for each hook the packets first seen there, seen later, missing, and latencies. */
void counts_print_gather(FILE *f, const struct gather *g, const struct probe *p);

#endif
