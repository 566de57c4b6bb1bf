/* SPDX-License-Identifier: MIT */
/*
 * sink.h - an output format: text, JSON, pcapng or pcap.
 *
 * A sink turns packets into records of a stream, and keeps only the state that its format needs.
 * begin() and end() are called for each file, so that every file of a rotation is complete.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_SINK_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_SINK_H

#include "out.h"
#include "packet.h"

/* The options that sinks use. */
struct sink_conf {
	uint32_t snap_len;   /* of the capture, for file headers; all interfaces have the same */
	const char *filter;  /* NULL: none */
	const char *hooks;   /* of the capture, separated by commas; NULL: unknown */
	unsigned upper_bits; /* of a pcap file's link type */
	bool copies_pcapng;  /* the file begins with the section of the one that is read */
	int time_form;	     /* the number of -t */
	int verbose, quick;  /* -v, -q */
	int hex, hex_ascii;  /* -x, -X: once without the link header, twice with it */
	bool color;	     /* of text on standard output */
	bool link;	     /* --link */
	bool ascii;	     /* -A */
	bool nano, number;   /* --nano, --number */
	bool json_keys;	     /* --tls-keys=json */
	bool gather;	     /* --gather */
	struct netns_names *netns; /* of this machine; NULL: packets come from a file */
	struct decoder *decode;	   /* --decode; NULL: lines are ours */
	struct tcp_flows *flows;   /* for relative sequence numbers; NULL: absolute ones */
};

struct sink {
	const struct sink_ops *ops;
	const struct sink_conf *conf;
	struct out *out;
	struct text record; /* the one being built; kept for its memory */
	uint64_t left_out;  /* packets that the format cannot hold */
	void *state;
};

struct sink_ops {
	const char *name; /* of --format */
	bool shows_names; /* of hooks, processes ... */
	size_t state_len; /* zeroed at the start */
	/* All but `packet` are optional. Failures are kept in the stream. */
	void (*begin)(struct sink *s);
	void (*packet)(struct sink *s, const struct packet *pk);
	void (*block)(struct sink *s, const struct input_item *it); /* of a pcapng file */
	void (*secrets)(struct sink *s, const struct text *lines);  /* of an NSS key log */
	/* As output_missing(). */
	void (*missing)(struct sink *s, const struct packet *first, const char *hook, bool lost);
	void (*settled)(struct sink *s, uint64_t packet); /* as output_settled() */
	bool (*flush)(struct sink *s); /* true: packets wait for more calls, soon */
	void (*end)(struct sink *s, const struct probe_counts *c); /* NULL: no counts */
	void (*free)(struct sink *s);
};

/* text.c, json.c, pcapng.c, pcap.c */
extern const struct sink_ops sink_text, sink_json, sink_pcapng, sink_pcap;

/* sink.c: by the name of --format (NULL if unknown), and by the suffix of a file name. */
const struct sink_ops *sink_by_name(const char *name);
const struct sink_ops *sink_by_path(const char *path);

/* `conf` and `out` must outlive the sink. 0 or -ENOMEM. */
int sink_init(struct sink *s, const struct sink_ops *ops, const struct sink_conf *conf,
	      struct out *out);
void sink_free(struct sink *s);

#endif
