/* SPDX-License-Identifier: MIT */
/* regather.h - --gather over files: follows packets over the hooks that a file names. */
#ifndef BPFCAP_TOOLS_BPFCAP_REGATHER_H
#define BPFCAP_TOOLS_BPFCAP_REGATHER_H

#include "options.h"
#include "output/output.h"

struct regather {
	struct gather *gather; /* NULL without --gather */
	struct output *out;
	char *text;	    /* the names, cut at the commas */
	const char **names; /* of the hooks */
	unsigned cnt;
	bool quiet;		 /* for a report alone: nothing is printed */
	struct gather_note note; /* of the last packet */
};

/*
 * `hooks`: the names of the hooks in a file, separated by commas. Does nothing without --gather.
 * -EINVAL (input): the file names fewer than two hooks, or no such --gather-by.
 */
int regather_init(struct regather *g, const struct cap_options *o, const char *path,
		  const char *hooks, struct output *out, struct err *e);
/* Adds the note of --gather to a packet. */
void regather_packet(struct regather *g, struct probe_event *ev, struct packet *pk);
/* Reports what is still missing, prints the summary and frees all. */
void regather_end(struct regather *g);

#endif
