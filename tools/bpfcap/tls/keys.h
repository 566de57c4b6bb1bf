/* SPDX-License-Identifier: MIT */
/* keys.h - --tls-keys and --keylog: keys of TLS connections into the capture and a key log. */
#ifndef BPFCAP_TOOLS_BPFCAP_TLS_KEYS_H
#define BPFCAP_TOOLS_BPFCAP_TLS_KEYS_H

#include "../options.h"

#include "hold.h"

struct keys {
	struct probe_tls *tls;
	int log_fd;	      /* of --keylog; -1: none */
	struct key_hold hold; /* its output is that of the packets */
	struct layouts *layouts;
	bool verbose;
};

/* Whether the options ask for keys, and for keys alone, without packets. */
bool keys_wanted(const struct cap_options *o);
bool keys_alone(const struct cap_options *o);
/* Checks the options for keys; creates no file. -errno (input). */
int keys_check(const struct cap_options *o, struct err *e);

/* Finds libraries and attaches probes. `out` NULL: no packets. A failure leaves nothing. */
int keys_open(struct keys *k, const struct cap_options *o, struct output *out, struct err *e);
void keys_close(struct keys *k);
/* Takes keys for up to `ms`, then passes on the packets that waited. Results as output_packet(). */
int keys_poll(struct keys *k, int ms, struct err *e);
/* Passes on everything that waits. */
int keys_finish(struct keys *k, struct err *e);
void keys_print(const struct keys *k);

/* --keylog without --tls-keys: until a signal, only the key log is written. */
int keys_run(const struct cap_options *o, struct err *e);

#endif
