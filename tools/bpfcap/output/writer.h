/* SPDX-License-Identifier: MIT */
/* writer.h - a sink and the file or files that it writes. */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_WRITER_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_WRITER_H

#include <time.h>

#include "../options.h"
#include "sink.h"

struct writer {
	struct sink sink;
	struct out out;
	const struct cap_options *options;
	char *path;		       /* of the open file */
	uint64_t number;	       /* of the current file of -C */
	uint64_t time_cnt;	       /* files that -G has started */
	time_t since;		       /* when the current file of -G was started */
	bool waits;		       /* the sink holds packets back */
	bool finished;		       /* -C or -G ends the current file, and not the capture */
	uint64_t packet_cnt, lost_cnt; /* of all files; lost: of those closed */
};

/*
 * Opens the file (`path`, "-" for standard output) and writes the header of its format. `o`: the
 * options -C, -G and -W for it; NULL: it is not rotated. `o` and `conf` must outlive the writer.
 */
int writer_open(struct writer *w, const struct sink_ops *ops, const char *path,
		const struct cap_options *o, const struct sink_conf *conf, struct err *e);
/* 0, 1 when -G has written the files of -W, or -errno (-EPIPE: the reader has closed it). */
int writer_packet(struct writer *w, const struct packet *pk, struct err *e);
/* Starts a new file if -G requires it now. As writer_packet(). */
int writer_tick(struct writer *w, struct err *e);
/* How long until writer_tick() or writer_flush() has something to do; -1: nothing by time. */
int writer_wait_ms(const struct writer *w);
/* Writes the buffered records, and checks that the reader is still there. 0 or -errno. */
int writer_flush(struct writer *w, struct err *e);
/* Appends the number of a file to its name, as for -C: the first has none without `file_cnt`. */
void writer_put_number(struct text *t, uint64_t number, uint64_t file_cnt);
struct writer_counts {
	uint64_t written;  /* or buffered, as long as the file is open */
	uint64_t lost;	   /* could not be written */
	uint64_t left_out; /* the format cannot hold them */
};
/* Of all packets so far; also after writer_close(). */
struct writer_counts writer_counts(const struct writer *w);
/* Ends and closes the file; `c` may be NULL. Accepts a zeroed writer. */
int writer_close(struct writer *w, const struct probe_counts *c, struct err *e);

#endif
