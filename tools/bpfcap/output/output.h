/* SPDX-License-Identifier: MIT */
/* output.h - the output of packets: a file, text on standard output, or both. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_OUTPUT_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_OUTPUT_H

#include "writer.h"

struct output {
	struct sink_conf conf;
	struct writer writers[2];
	unsigned writer_cnt;
	bool each_packet; /* -U */
	bool done;	  /* the limit of -c, or of -G with -W, is reached */
	uint64_t packet_cnt, packet_max;
};

/* Of the file, or of standard output without one; also after output_close(). */
struct writer_counts output_counts(const struct output *out);

/* Checks the options for output; creates no file. -errno (input). */
int output_check(const struct cap_options *o, struct err *e);
/* Opens all writers; on failure none stays open. */
int output_open(struct output *out, const struct cap_options *o, uint32_t snap_len, struct err *e);
/* 0; 1 when `done`; -errno (-EPIPE: the reader has closed the output). */
int output_packet(struct output *out, const struct packet *pk, struct err *e);
/* --gather: the packet first seen as `first` did not reach `hook`. */
void output_missing(struct output *out, const struct packet *first, const char *hook);
/* Does what is due at this time, such as starting a new file. As output_packet(). */
int output_tick(struct output *out, struct err *e);
int output_flush(struct output *out, struct err *e);
/* Ends and closes all files; `c` may be NULL. The first error, or 0. */
int output_close(struct output *out, const struct probe_counts *c, struct err *e);

#endif
