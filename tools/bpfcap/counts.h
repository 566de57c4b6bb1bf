/* SPDX-License-Identifier: MIT */
/* counts.h - prints the counts of a capture. */
#ifndef BPFCAP_TOOLS_BPFCAP_COUNTS_H
#define BPFCAP_TOOLS_BPFCAP_COUNTS_H

#include <stdint.h>
#include <stdio.h>

#include "bpfcap/probe.h"

#include "gather/gather.h"

/* The fate of the packets that the session passed on. */
struct counts_output {
	uint64_t written;
	uint64_t unwritten;   /* the output failed */
	const char *why;      /* it failed; used if there are any of these */
	uint64_t left_out;    /* the format cannot hold them */
	uint64_t passed_over; /* not selected (-Q), or after the end (-c, -W) */
	bool counted;	      /* --top: in the kernel; nothing else is counted here */
	uint64_t cut;	      /* longer than a record, though -s asked for more */
};

/*
 * Three lines, as tcpdump prints them; with losses, the causes for each hook. The packets matched
 * are those captured, lost and passed over.
 */
void counts_print(FILE *f, struct probe *p, const struct counts_output *out);
/* --gather: for each hook the packets first seen there, seen later, missing, and latencies. */
void counts_print_gather(FILE *f, const struct gather *g, const char *const *hooks, unsigned cnt);

#endif
