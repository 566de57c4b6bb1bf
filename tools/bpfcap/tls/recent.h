/* SPDX-License-Identifier: MIT */
/*
 * recent.h - a table of recent connections, by a hash or by their client randoms. When it is full,
 * the oldest of the entries that compete for a place goes.
 */
#ifndef BPFCAP_TOOLS_BPFCAP_TLS_RECENT_H
#define BPFCAP_TOOLS_BPFCAP_TLS_RECENT_H

#include <stdbool.h>
#include <stdint.h>

#include "bpfcap/tls.h"

#include "../../common/text.h"

struct recent_conn {
	uint64_t key;
	uint64_t time_ns;
	uint8_t client_random[PROBE_TLS_RANDOM_LEN];
	bool hello;	    /* its ClientHello was captured */
	bool held;	    /* its ServerHello waits, or has waited, for keys */
	uint64_t answer_ns; /* when the client sent something after that; 0: it has not */
	bool keyed;	    /* it has keys that suffice to decrypt */
	struct text lines;  /* its keys, as lines of a key log */
};

struct recent {
	uint64_t *key; /* of each place; 0: free. Apart, since a search reads many */
	struct recent_conn *conn;
};

/* 0 or -ENOMEM. */
int recent_init(struct recent *r);
void recent_free(struct recent *r);

/* NULL: not there. */
struct recent_conn *recent_find(const struct recent *r, uint64_t key);
/* The same, added when it is not there. */
struct recent_conn *recent_get(struct recent *r, uint64_t key, uint64_t now_ns);

/* The key of a client random, which is evenly distributed already. */
uint64_t recent_key(const uint8_t client_random[PROBE_TLS_RANDOM_LEN]);

#endif
