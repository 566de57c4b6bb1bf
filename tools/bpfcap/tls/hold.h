/* SPDX-License-Identifier: MIT */
/*
 * hold.h - a short delay between capture and file, so that keys precede the packets that need them.
 *
 * A ServerHello of a connection whose keys are not known yet waits for them, at most HOLD_NS from
 * its own time or that of the client's answer, before which no end has all keys. All later packets
 * wait behind it: the order of packets does not change.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_TLS_HOLD_H
#define BPFCAP_TOOLS_BPFCAP_TLS_HOLD_H

#include "../../../src/util.h"
#include "../output/output.h"

#include "recent.h"

#define HOLD_NS	       (3 * NS_PER_S) /* a slow client takes a second for a handshake */
#define HOLD_BYTES_MAX (64u << 20)    /* of packets that wait; more than that are not held */

struct held_packet;

struct key_hold {
	struct output *out;
	int log_fd;	       /* of --keylog, which gets the same keys; -1: none */
	int log_rc;	       /* -errno of writing it */
	bool all;	       /* keys of all connections, not only of those captured */
	struct recent flows;   /* flow -> client random */
	struct recent conns;   /* client random -> keys */
	struct text unwritten; /* keys that precede the next packet */
	struct text unlogged;  /* keys for the log */
	struct held_packet *first, **last;
	uint64_t bytes;	  /* of packets that wait */
	uint64_t keyed;	  /* connections whose keys suffice to decrypt */
	uint64_t expired; /* packets whose keys did not arrive in time */
};

/* 0 or -ENOMEM. `log_fd` stays the caller's. */
int hold_init(struct key_hold *h, struct output *out, int log_fd, bool all);
void hold_free(struct key_hold *h);

/* Takes a packet for the output; results as output_packet(). */
int hold_packet(struct key_hold *h, const struct packet *pk, struct err *e);
/* Takes a key; one that is known already is ignored. */
void hold_key(struct key_hold *h, const struct probe_tls_key *k);
/* Writes the keys that have arrived to the log, in one piece. Sets log_rc. */
void hold_log(struct key_hold *h);
/*
 * Passes on the packets that need not wait any longer, or all of them; results as output_packet().
 */
int hold_release(struct key_hold *h, bool all, struct err *e);

#endif
