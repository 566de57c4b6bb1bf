/* SPDX-License-Identifier: MIT */
/*
 * stream.h - a stream of whole records to a file, a pipe or a terminal.
 *
 * Records are collected in memory and written together. When the disk is full the file is cut back
 * to the last whole record. The first failure sticks: what comes later is ignored, and out_error()
 * and out_close() tell.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_STREAM_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

#include "../../common/text.h"

#define OUT_RECORDS 512 /* at most so many wait in memory */

struct out {
	int fd;
	bool regular;
	bool is_stdout; /* not ours to close */
	const char *path;
	uint64_t size; /* bytes of records taken, written or waiting */
	int error;     /* -errno of the first failure */

	struct text buf;	  /* records that wait */
	size_t ends[OUT_RECORDS]; /* where in buf each of them ends */
	size_t end_cnt;
};

/* "-" is standard output. `path` must outlive the stream. -errno (input) when it cannot be made. */
int out_open(struct out *o, const char *path, struct err *e);
void out_record(struct out *o, const struct text *record);
void out_flush(struct out *o);
/* 0, or -errno with the sentence; -EPIPE means that the reader has gone, which is no mistake. */
int out_error(const struct out *o, struct err *e);
/* Flushes and closes; returns what out_error() does. */
int out_close(struct out *o, struct err *e);

/* Can `path` be written? Asked before anything is attached; leaves all as it was. */
int out_check(const char *path, struct err *e);

#endif
