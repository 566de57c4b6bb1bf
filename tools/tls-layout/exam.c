/* SPDX-License-Identifier: MIT */
/* exam.c - secrets of a connection by their names, and what the scans of all connections agree
 * on. */
#include "exam.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *label;
	enum probe_tls_value value;
} labels[] = {
	{"CLIENT_RANDOM", PROBE_TLS_MASTER_SECRET},
	{"CLIENT_HANDSHAKE_TRAFFIC_SECRET", PROBE_TLS_CLIENT_HANDSHAKE},
	{"SERVER_HANDSHAKE_TRAFFIC_SECRET", PROBE_TLS_SERVER_HANDSHAKE},
	{"CLIENT_TRAFFIC_SECRET_0", PROBE_TLS_CLIENT_TRAFFIC},
	{"SERVER_TRAFFIC_SECRET_0", PROBE_TLS_SERVER_TRAFFIC},
	{"EXPORTER_SECRET", PROBE_TLS_EXPORTER},
};

void secrets_put_value(struct secrets *s, enum probe_tls_value v, const void *bytes, size_t len)
{
	if (len > SCAN_VALUE_MAX)
		return;
	memcpy(s->bytes[v], bytes, len);
	s->len[v] = len;
}

void secrets_put(struct secrets *s, const char *label, const void *secret, size_t len)
{
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strcmp(label, labels[i].label) == 0)
			secrets_put_value(s, labels[i].value, secret, len);
}

void exam_object(struct exam *x, const void *object, const struct secrets *s)
{
	for (unsigned v = 0; v < PROBE_TLS_VALUE_CNT; v++)
		if (s->len[v])
			scan_object(&x->scans[v], object,
				    &(struct scan_value){.bytes = s->bytes[v], .len = s->len[v]});
	if (s->is_handshake_secret)
		scan_object(&x->scans[PROBE_TLS_HANDSHAKE_SECRET], object,
			    &(struct scan_value){.len = s->len[PROBE_TLS_CLIENT_HANDSHAKE],
						 .match = s->is_handshake_secret,
						 .user = s->user});
}

bool exam_is_right(const struct exam *x, uintptr_t object, const struct secrets *s)
{
	bool right = true;

	for (unsigned v = 0; v < PROBE_TLS_VALUE_CNT; v++) {
		const struct probe_tls_place place = scan_best(&x->scans[v]);

		if (s->len[v] && place.cnt)
			right &= scan_holds(
				&place, object,
				&(struct scan_value){.bytes = s->bytes[v], .len = s->len[v]});
	}
	return right;
}

void exam_shake_heap(void)
{
	enum { PIECES = 64 };
	void *piece[PIECES];

	for (int i = 0; i < PIECES; i++)
		piece[i] = malloc(16 + (size_t)rand() % 2000);
	for (int i = 0; i < PIECES; i++)
		if (rand() % 2) /* the others stay for the rest of this short life */
			free(piece[i]);
}

void *exam_symbol(struct exam *x, void *lib, const char *name)
{
	void *symbol = dlsym(lib, name);

	if (!symbol && !x->why[0])
		(void)snprintf(x->why, sizeof(x->why), "it does not export %s", name);
	return symbol;
}
