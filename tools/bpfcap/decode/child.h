/* SPDX-License-Identifier: MIT */
/* child.h - the process of --decode: a decoder with fewer privileges, between three pipes. */
#ifndef BPFCAP_TOOLS_BPFCAP_DECODE_CHILD_H
#define BPFCAP_TOOLS_BPFCAP_DECODE_CHILD_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bpfcap/err.h"
#include "bpfcap/probe.h"

#include "../../common/text.h"

#include "program.h"

struct decode_child {
	pid_t pid;		   /* 0: none */
	int in_fd, out_fd, err_fd; /* our ends of its standard streams; -1: closed */
	bool used;		   /* it was sent a file's head */
	int linktype;
	struct text to;		   /* bytes for its standard input ... */
	size_t done;		   /* ... of which these are written */
	uint64_t sent;		   /* packets */
	uint64_t pos;		   /* decode.c: of the next entry that may be one of its own */
	bool has_current;	   /* decode.c: lines belong to the entry at `pos` */
	struct probe_time last;	   /* of the last packet */
	bool marked;		   /* the last packet sent is a marker */
	struct text lines, errors; /* what it printed of a line that has not ended */
};

/*
 * Forks a process that becomes the program once something is written to it. It runs as nobody (or
 * tcpdump's user) when we are root, can gain no privileges, and dies with us.
 */
int decode_child_fork(struct decode_child *c, const struct decode_program *p, struct err *e);

/* Queues a packet (captured length, length) for it, after the head of a file at first. */
void decode_child_send(struct decode_child *c, const struct decode_program *p,
		       struct probe_time time, const uint8_t *data, const uint32_t lens[2]);

/* What poll(2) should wait for; three entries. */
void decode_child_poll(const struct decode_child *c, struct pollfd p[3]);
/* Writes and reads what is possible. True if there was anything. */
bool decode_child_move(struct decode_child *c);
/* Closes its standard input once all is written, which ends it. */
void decode_child_close_input(struct decode_child *c);
/* Waits for its end, which `now` forces; the status as of waitpid(). */
int decode_child_end(struct decode_child *c, bool now);

#endif
