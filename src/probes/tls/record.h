/* SPDX-License-Identifier: MIT */
/* record.h - the record that a program at user-space functions writes for each connection. */
#ifndef BPFCAP_SRC_PROBES_TLS_RECORD_H
#define BPFCAP_SRC_PROBES_TLS_RECORD_H

#include "bpfcap/probe.h"
#include "bpfcap/tls.h"

#define TLS_SECRET_MAX 48 /* SHA-384; a master secret is as long */
#define TLS_RANDOM_LEN 32
#define TLS_SEEN_LEN   (sizeof(uint32_t) + TLS_RANDOM_LEN)

/* Slots of a record. The layout determines which handshake values they hold. */
enum tls_slot {
	TLS_SLOT_MASTER,
	TLS_SLOT_CLIENT_TRAFFIC,
	TLS_SLOT_SERVER_TRAFFIC,
	TLS_SLOT_HANDSHAKE,   /* handshake secret, or the client's */
	TLS_SLOT_HANDSHAKE_2, /* handshake hash, or the server's */
	TLS_SLOT_EXPORTER,
	TLS_SLOT_CNT,

	/* of a Go program */
	TLS_SLOT_GO_SECRET = 0,
	TLS_SLOT_GO_LABEL,   /* zeros: its page is not in memory */
	TLS_SLOT_GO_ADDRESS, /* of the label */
};

#define TLS_GO_LABEL_MAX 32 /* that much is read */

/* A record holds everything in one piece that fits a program's stack. */
struct tls_record {
	uint64_t time_ns; /* CLOCK_MONOTONIC; first, as the rings require */
	char comm[PROBE_COMM_LEN];
	uint32_t library;		/* number of the library's programs */
	uint16_t label_len, secret_len; /* of a Go program: one secret in two slots */
	uint32_t tid;
	uint32_t pid; /* with the random the key of a connection that was seen */
	uint8_t random[TLS_RANDOM_LEN];
	uint8_t secret[TLS_SLOT_CNT][TLS_SECRET_MAX]; /* zero: not known (yet) */
};

/* True if the layout keeps the handshake secrets themselves (else they are derived). */
static inline bool tls_has_handshake(const struct probe_tls_layout *l)
{
	return l->place[PROBE_TLS_CLIENT_HANDSHAKE].cnt != 0;
}

/*
 * keys.c: reads the label of a Go program's record from the process if its page was not in memory
 * when the program ran. 0, or -errno: the process has ended, or we may not read it.
 */
int probe_tls_record_label(struct tls_record *r);
/*
 * keys.c: passes the secrets of a record to fn as keys. 0, fn's non-zero value, or -EINVAL if it is
 * not a record. `l` is the layout of its library.
 */
int probe_tls_record_keys(const struct tls_record *r, const struct probe_tls_layout *l,
			  probe_tls_key_fn fn, void *user);

#endif
