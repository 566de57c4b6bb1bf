/* SPDX-License-Identifier: MIT */
/* writer.h - where packets go: a form of output, and the file or files that it fills in turn. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_WRITER_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_WRITER_H

#include <time.h>

#include "../options.h"
#include "sink.h"

struct writer {
	struct sink sink;
	struct out out;
	const struct cap_options *options;
	char *path;	   /* of the open file */
	uint64_t number;   /* of the file among those that -C makes */
	uint64_t time_cnt; /* how often -G has begun a new one */
	time_t since;	   /* when -G last did */
};

/*
 * Opens the file (`path`, "-" for standard output) and writes what its format begins with. With
 * `rotate`, -C, -G and -W apply. `o` and `conf` must outlive the writer.
 */
int writer_open(struct writer *w, const struct sink_ops *ops, const char *path, bool rotate,
		const struct cap_options *o, const struct sink_conf *conf, struct err *e);
/* 0, 1 when -G and -W have had their files, or -errno (-EPIPE: the reader has gone). */
int writer_packet(struct writer *w, const struct packet *pk, struct err *e);
/* Writes out what waits, and looks whether the reader is still there. 0 or -errno. */
int writer_flush(struct writer *w, struct err *e);
/* Ends the file; `c` may be NULL. A writer of zeros is fine. */
int writer_close(struct writer *w, const struct probe_counts *c, struct err *e);

#endif
