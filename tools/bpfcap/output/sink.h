/* SPDX-License-Identifier: MIT */
/*
 * sink.h - a form of output: lines, JSON, pcapng or pcap.
 *
 * A sink turns packets into records of a stream and keeps nothing but what its format needs. It is
 * told when a file begins and ends, so that several files in turn are each complete.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_SINK_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_SINK_H

#include "stream.h"
#include "packet.h"

/* What the user asked for. */
struct sink_conf {
	uint32_t snap_len;  /* of the capture, for file headers; all interfaces have the same */
	const char *filter; /* NULL: none */
	int time_form;	    /* how many -t were given */
	int verbose, quick; /* -v, -q */
	int hex, hex_ascii; /* -x, -X: once without the link header, twice with it */
	bool ascii;	    /* -A */
	bool nano, number;  /* --nano, --number */
};

struct sink {
	const struct sink_ops *ops;
	const struct sink_conf *conf;
	struct out *out;
	struct text record; /* the one being built; kept for its memory */
	uint64_t left_out;  /* packets that the format could not hold */
	void *state;
};

struct sink_ops {
	const char *name; /* of --format */
	size_t state_len; /* zeroed at the start */
	/* Each is optional but `packet`. What fails is seen in the stream. */
	void (*begin)(struct sink *s);
	void (*packet)(struct sink *s, const struct packet *pk);
	void (*missing)(struct sink *s, const struct packet *first, const char *hook);
	void (*end)(struct sink *s, const struct probe_counts *c); /* NULL: none are known */
	void (*free)(struct sink *s);
};

extern const struct sink_ops sink_text, sink_json, sink_pcapng, sink_pcap;

/* By --format, else by the end of the file's name; NULL: no such format. */
const struct sink_ops *sink_by_name(const char *name);
const struct sink_ops *sink_by_path(const char *path);

/* `conf` and `out` must outlive the sink. 0 or -ENOMEM. */
int sink_init(struct sink *s, const struct sink_ops *ops, const struct sink_conf *conf,
	      struct out *out);
void sink_free(struct sink *s);

#endif
