/* SPDX-License-Identifier: MIT */
/*
 * top.h - --top: packets and bytes by hook, reason and place, by flow and by process.
 *
 * Of a live capture the rows are those of the kernel's table; of a file, they are made here from
 * each packet, with the same key.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_TOP_TOP_H
#define BPFCAP_TOOLS_BPFCAP_TOP_TOP_H

#include "../output/packet.h"
#include "table.h"

enum top_by { TOP_PLACES, TOP_FLOWS, TOP_PROCESSES, TOP_CNT };

#define TOP_NAMES_MAX 4096

struct top {
	struct probe *probe;	    /* knows the names; NULL: they are in `names` */
	char *names[TOP_NAMES_MAX]; /* of a file: hook, reason and place are indices of it */
	unsigned name_cnt;
	struct top_table by[TOP_CNT];
	uint64_t packets, bytes;
};

/* Adds a row of the kernel's table to each of the three. */
void top_add(struct top *t, const struct probe_tally *row);
/* Adds packets of which nothing but the number is known. */
void top_add_other(struct top *t, uint64_t packets, uint64_t bytes);
/* Adds a packet; gives its key, in which names are numbers. */
struct probe_tally_key top_packet(struct top *t, const struct packet *pk);
/* Reads all rows again. 0 or -errno. */
int top_read(struct top *t, struct err *e);
void top_free(struct top *t);

/* ---- names.c: a row in words, safe for a terminal -------------------------------------------- */

const char *top_hook(const struct top *t, const struct probe_tally_key *key); /* NULL: unknown */
void top_put_reason(struct text *to, const struct top *t, const struct probe_tally_key *key);
void top_put_place(struct text *to, const struct top *t, const struct probe_tally_key *key);
const char *top_protocol(const struct probe_tally_key *key); /* "UDP"; NULL: no name */
void top_put_protocol(struct text *to, const struct probe_tally_key *key);
/* "10.0.0.1" of the source or the destination; nothing if it has none. */
void top_put_address(struct text *to, const struct probe_tally_key *key, bool source);
bool top_has_ports(const struct probe_tally_key *key);
/* "UDP 10.0.0.1.12345 > 10.0.0.2.53" */
void top_put_flow(struct text *to, const struct probe_tally_key *key);
/* "ping 1234"; "-": outside any process, or unknown. */
void top_put_process(struct text *to, const struct probe_tally *row);

/* ---- screen.c, json.c: what is printed ------------------------------------------------------- */

struct top_moment {
	const struct top *before; /* for rates; NULL: none are shown */
	double seconds;		  /* since then */
	double total_seconds;
	unsigned rows, columns; /* of the terminal; 0: no limit */
	bool terminal;		/* the table replaces the one before */
	struct probe_time now;
};

/* The three tables; sorts them. */
void top_put_screen(struct text *to, struct top *t, const struct top_moment *m);
/* A line for each row, and one for the total. */
void top_put_json(struct text *to, struct top *t, const struct top_moment *m);

/* ---- live.c: the refreshing table ------------------------------------------------------------ */

struct top_live;

/* Counts of the session, shown every `seconds` on standard output. -errno. */
int top_live_open(struct top_live **out, struct probe *p, uint64_t seconds, bool json,
		  struct err *e);
/* From now on, fn gets what was counted before and now, each time the counts are read. */
typedef void (*top_counts_fn)(void *user, const struct top *before, struct top *now);
void top_live_watch(struct top_live *l, top_counts_fn fn, void *user);
int top_live_wait_ms(const struct top_live *l);
/* Shows the table if it is due, or in any case. 0 or -errno (-EPIPE: the reader is gone). */
int top_live_show(struct top_live *l, bool always, struct err *e);
void top_live_close(struct top_live *l); /* NULL is allowed */

/* Prints the counts of files once. 0 or -errno. */
int top_print(struct top *t, bool json, struct err *e);

#endif
