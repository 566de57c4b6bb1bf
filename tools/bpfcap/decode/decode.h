/* SPDX-License-Identifier: MIT */
/*
 * decode.h - --decode: another program prints the packets, and its lines join ours.
 *
 * Packets go to the program through a pipe, and wait in a queue until it has printed them. The
 * first line it prints for a packet follows what we know of it (hook, interface ...); the others
 * follow on lines of their own.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_DECODE_DECODE_H
#define BPFCAP_TOOLS_BPFCAP_DECODE_DECODE_H

#include <stdbool.h>

#include "bpfcap/err.h"
#include "bpfcap/probe.h"

#include "../../common/text.h"

struct decoder;

/* Gets the complete text of a packet, in the order of decode_packet(). */
typedef void (*decode_put)(void *user, const struct text *text);

/* Whether the option can be used. -errno (input). */
int decode_check(const char *spec, struct err *e);
/* Call it while privileges are those of the start: the programs are forked here. */
int decode_open(struct decoder **out, const char *spec, struct err *e);
/* NULL is allowed. */
void decode_close(struct decoder *d);

/* What is printed of a packet beside the program's lines. */
struct decode_text {
	struct text before; /* on the first line */
	struct text line;   /* instead of the program's lines, if it prints none */
	struct text after;  /* at the end of the first line, and further lines after its own */
};

/* `put` gets what is printed from now on. */
void decode_begin(struct decoder *d, decode_put put, void *user);
/*
 * Queues a packet; waits if the program is far behind. `ev` may be NULL: the text is printed as it
 * is.
 */
void decode_packet(struct decoder *d, const struct probe_event *ev, const struct decode_text *text);
/* Passes on what the program has printed, and has it print all that it got. Does not wait. */
void decode_flush(struct decoder *d);
/* Waits until everything is printed. */
void decode_finish(struct decoder *d);
/* Packets wait for their lines. */
bool decode_waits(const struct decoder *d);
/* The program has ended too early, or does not go on. */
bool decode_failed(const struct decoder *d);

#endif
