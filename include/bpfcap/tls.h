/* SPDX-License-Identifier: MIT */
/*
 * tls.h - the secrets of TLS connections, read from the memory of the processes that have them.
 *
 * Where a library keeps its secrets is found by experiment: a program of its own, in a sandbox, lets
 * the library shake hands with itself and looks for the secrets that the library reports. Probes in
 * user space then read these places once for each connection. For machines and processes that you
 * may inspect.
 *
 *	struct probe_tls_config c = {0};
 *	struct probe_tls *t;
 *
 *	if (probe_tls_open(&t, &c, &e) == 0) {
 *		while (running && probe_tls_poll(t, 100, on_key, NULL, &e) >= 0)
 *			;
 *		probe_tls_close(t);
 *	}
 */
#ifndef BPFCAP_TLS_H
#define BPFCAP_TLS_H

#include <stddef.h>
#include <stdint.h>

#include "bpfcap/err.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Where a library keeps its secrets ---------------------------------------------------- */

enum probe_tls_kind { PROBE_TLS_OPENSSL, PROBE_TLS_GNUTLS, PROBE_TLS_KIND_CNT };

/* What is read of a connection. Handshake secrets are kept as they are (CLIENT_HANDSHAKE and
 * SERVER_HANDSHAKE), or are derived from what is kept (HANDSHAKE_SECRET and HANDSHAKE_HASH). */
enum probe_tls_value {
	PROBE_TLS_CLIENT_RANDOM,
	PROBE_TLS_MASTER_SECRET, /* TLS 1.2 and before */
	PROBE_TLS_HANDSHAKE_SECRET,
	PROBE_TLS_HANDSHAKE_HASH, /* of ClientHello to ServerHello */
	PROBE_TLS_CLIENT_HANDSHAKE,
	PROBE_TLS_SERVER_HANDSHAKE,
	PROBE_TLS_CLIENT_TRAFFIC,
	PROBE_TLS_SERVER_TRAFFIC,
	PROBE_TLS_EXPORTER,
	PROBE_TLS_VALUE_CNT
};

#define PROBE_TLS_HOPS_MAX     3     /* offsets in a place */
#define PROBE_TLS_OFF_MAX      65535 /* of one of them */
#define PROBE_TLS_BUILD_ID_MAX 32

/* Starts at the connection's object. Each offset but the last leads to a pointer, which is followed;
 * the value lies at the last. cnt 0: not found. */
struct probe_tls_place {
	uint32_t cnt;
	uint32_t off[PROBE_TLS_HOPS_MAX];
};

struct probe_tls_layout {
	enum probe_tls_kind kind;
	uint32_t build_id_len;
	uint8_t build_id[PROBE_TLS_BUILD_ID_MAX]; /* of the file that was examined */
	struct probe_tls_place place[PROBE_TLS_VALUE_CNT];
};

#define PROBE_TLS_LINE_MAX 1024

/* "openssl build-id=1b2c... client_random=0x160 master_secret=0x918:0x50 ...", without a newline.
 * 0, or -ENOSPC when `len` is too small; PROBE_TLS_LINE_MAX always suffices. */
int probe_tls_layout_text(const struct probe_tls_layout *l, char *text, size_t len);
/* Reads such a line; trusts nothing in it. 0 or -EINVAL. */
int probe_tls_layout_parse(struct probe_tls_layout *l, const char *line, struct err *e);
/* Does it suffice to decrypt TLS 1.2, or TLS 1.3? 0, or -ENOENT with what is missing. */
int probe_tls_layout_check(const struct probe_tls_layout *l, struct err *e);

#ifdef __cplusplus
}
#endif
#endif
