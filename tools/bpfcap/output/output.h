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
/* What the output needs from the source of its packets. */
struct output_source {
	uint32_t snap_len;   /* 0: unlimited */
	const char *hooks;   /* their names, separated by commas; NULL: unknown */
	unsigned upper_bits; /* of a pcap file's link type: length of the FCS */
	bool copies_pcapng;  /* the one file that is read is pcapng */
};
/* Opens all writers; on failure none stays open. */
int output_open(struct output *out, const struct cap_options *o, const struct output_source *from,
		struct err *e);
/* 0; 1 when `done`; -errno (-EPIPE: the reader has closed the output). */
int output_packet(struct output *out, const struct packet *pk, struct err *e);
/* Passes on a block of a pcapng file that is not a packet. */
void output_block(struct output *out, const struct input_item *it);
/* --gather: `hook` did not report the packet first seen as `first`, or (`lost`) its record is lost.
 */
void output_missing(struct output *out, const struct packet *first, const char *hook, bool lost);
/* --gather: no hook will report packets with a smaller number. */
void output_settled(struct output *out, uint64_t packet);
/* Does what is due at this time, such as starting a new file. As output_packet(). */
int output_tick(struct output *out, struct err *e);
/* How long until output_tick() or output_flush() has something to do; -1: nothing by time. */
int output_wait_ms(const struct output *out);
/* Whether the output shows names (of hooks, processes ...), or copies packets as they are. */
bool output_needs_names(const struct cap_options *o);
/* TLS keys, as lines of a key log, into the files that can hold them. */
void output_secrets(struct output *out, const struct text *lines);
int output_flush(struct output *out, struct err *e);
/* Ends and closes all files; `c` may be NULL. The first error, or 0. */
int output_close(struct output *out, const struct probe_counts *c, struct err *e);

#endif
