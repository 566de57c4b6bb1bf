/* SPDX-License-Identifier: MIT */
/* output.h - all that becomes of a packet: a file, text on standard output, or both. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_OUTPUT_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_OUTPUT_H

#include "writer.h"

struct output {
	struct sink_conf conf;
	struct writer writers[2];
	unsigned writer_cnt;
	bool each_packet; /* -U */
	bool done;	  /* -c, or -G with -W, have had enough */
	uint64_t packet_cnt, packet_max;
};

/* Is what the options ask for possible? Makes no file. -errno (input). */
int output_check(const struct cap_options *o, struct err *e);
/* Opens all; on failure nothing stays open. */
int output_open(struct output *out, const struct cap_options *o, uint32_t snap_len, struct err *e);
/* 0; 1 when it is done; -errno (-EPIPE: the reader has gone). */
int output_packet(struct output *out, const struct packet *pk, struct err *e);
/* --gather: the packet first seen as `first` did not come to `hook`. */
void output_missing(struct output *out, const struct packet *first, const char *hook);
int output_flush(struct output *out, struct err *e);
/* Ends all files; `c` may be NULL. The first error, or 0. */
int output_close(struct output *out, const struct probe_counts *c, struct err *e);

#endif
