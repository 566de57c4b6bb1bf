/* SPDX-License-Identifier: MIT */
/*
 * out.h - the output: a stream of whole records to a file, a pipe or a terminal.
 *
 * Records are collected in memory and written together. When the disk is full, or this process is
 * killed, the file is truncated to the last whole record. The first failure sticks: later records
 * are ignored, and out_error() and out_close() report it.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_OUTPUT_OUT_H
#define BPFCAP_TOOLS_BPFCAP_OUTPUT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

#include "../../common/text.h"
#include "keeper.h"

#define OUT_RECORDS 4096 /* the most records buffered */

struct out {
	int fd;
	bool regular, is_pipe; /* or a socket */
	bool is_stdout;	       /* not ours to close */
	const char *path;
	uint64_t size;	    /* bytes of records, written or buffered */
	int error;	    /* -errno of the first failure; -ECANCELED: stalled when a signal came;
			-ECHILD: the program of --decode failed */
	unsigned stall_cnt; /* interrupted writes since the signal */
	uint64_t lost_cnt;  /* packets that are not in the output because of the failure */

	bool guarded;	      /* the keeper was started */
	struct keeper keeper; /* of a file that was opened here */
	uint8_t *buf;	      /* buffered records */
	size_t len, cap;
	size_t ends[OUT_RECORDS]; /* the end of each of them in buf */
	bool is_packet[OUT_RECORDS];
	size_t end_cnt;
};

/*
 * Starts the process that keeps the file whole now. Otherwise it is started when the file has grown
 * beyond what a single write leaves whole, which a process in a sandbox cannot do.
 */
void out_guard(struct out *o);
/* "-" is standard output. `path` must outlive the stream. -errno (input) if it cannot be opened. */
int out_open(struct out *o, const char *path, struct err *e);
void out_record(struct out *o, const struct text *record);
/* Space for a record of up to `n` bytes, until the next call; NULL after a failure. */
uint8_t *out_room(struct out *o, size_t n);
/* The first `n` bytes of that space are a record now. */
void out_put(struct out *o, size_t n);
/* The last record is a packet: if it cannot be written, it counts as lost. */
void out_packet_end(struct out *o);
void out_flush(struct out *o);
/* 0, or -errno with the sentence; -EPIPE: the reader has closed it, which is not an error. */
int out_error(const struct out *o, struct err *e);
/* Flushes and closes; returns what out_error() does. */
int out_close(struct out *o, struct err *e);

/* Checks, before anything is attached, that `path` can be written; changes nothing. */
int out_check(const char *path, struct err *e);

#endif
