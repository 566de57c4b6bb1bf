/* SPDX-License-Identifier: MIT */
/* counts.h - what a capture saw and lost, for the user. */
#ifndef BPFCAP_TOOLS_BPFCAP_COUNTS_H
#define BPFCAP_TOOLS_BPFCAP_COUNTS_H

#include <stdint.h>
#include <stdio.h>

#include "bpfcap/probe.h"

#include "gather/gather.h"

/* Three lines in tcpdump's manner; with losses, who lost what. */
void counts_print(FILE *f, struct probe *p, uint64_t written_cnt);
/* --gather: a line a hook: packets first seen there, seen later, missing; how long it took. */
void counts_print_gather(FILE *f, const struct gather *g, const struct probe *p);

#endif
