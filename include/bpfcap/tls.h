/* SPDX-License-Identifier: MIT */
/*
 * tls.h - the secrets of TLS connections, read from the memory of the processes that have them.
 *
 * Where a library keeps its secrets is found by experiment: a separate, sandboxed program has the
 * library do a handshake with itself and searches memory for the secrets that the library reports.
 * Probes in user space then read these places once for each connection. For machines and processes
 * that you may inspect.
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

/* A Go program has its own TLS, which passes each secret to one function: it needs no layout. */
enum probe_tls_kind { PROBE_TLS_OPENSSL, PROBE_TLS_GNUTLS, PROBE_TLS_GO, PROBE_TLS_KIND_CNT };

/* The secrets read from a connection. Handshake secrets are kept as they are (CLIENT_HANDSHAKE and
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

/* Starts at the connection's object. Each offset but the last leads to a pointer, which is
 * followed; the value is at the last. cnt 0: not found. */
struct probe_tls_place {
	uint32_t cnt;
	uint32_t off[PROBE_TLS_HOPS_MAX];
};

/* A function of the library's file; off 0: not found. */
#define PROBE_TLS_CODE_LEN 16
struct probe_tls_function {
	uint64_t off;
	uint8_t code[PROBE_TLS_CODE_LEN]; /* what is there; a file with other code is another one */
};

struct probe_tls_layout {
	enum probe_tls_kind kind;
	uint32_t build_id_len;
	uint8_t build_id[PROBE_TLS_BUILD_ID_MAX]; /* of the file that was examined */
	struct probe_tls_place place[PROBE_TLS_VALUE_CNT];
	/* Called with the connection whenever a handshake has ended, however it was begun. */
	struct probe_tls_function handshake_end;
};

#define PROBE_TLS_LINE_MAX 1024

/* "openssl build-id=1b2c... client_random=0x160 master_secret=0x918:0x50 ...", without a newline.
 * 0, or -ENOSPC if `len` is too small; PROBE_TLS_LINE_MAX always suffices. */
int probe_tls_layout_text(const struct probe_tls_layout *l, char *text, size_t len);
/* Reads such a line, and checks all of it. 0 or -EINVAL. */
int probe_tls_layout_parse(struct probe_tls_layout *l, const char *line, struct err *e);
/*
 * Checks whether a layout suffices to decrypt TLS 1.2, or TLS 1.3. 0, or -ENOENT with what is
 * missing.
 */
int probe_tls_layout_check(const struct probe_tls_layout *l, struct err *e);

/* ---- Keys of connections ------------------------------------------------------------------ */

#define PROBE_TLS_RANDOM_LEN 32
#define PROBE_TLS_SECRET_MAX 64

/* One secret of a connection, named as in NSS key logs. */
struct probe_tls_key {
	const char *label; /* "CLIENT_RANDOM", "CLIENT_TRAFFIC_SECRET_0" ... */
	uint8_t client_random[PROBE_TLS_RANDOM_LEN];
	uint8_t secret[PROBE_TLS_SECRET_MAX];
	uint32_t secret_len;
	uint32_t pid, tid;
	char comm[16];
	uint64_t mono_ns; /* CLOCK_MONOTONIC when it was read */
};

/* A non-zero return ends the poll that called it. */
typedef int (*probe_tls_key_fn)(void *user, const struct probe_tls_key *k);

/* "LABEL RANDOM SECRET", the line of an NSS key log, without a newline. */
#define PROBE_TLS_KEY_LINE_MAX 256
void probe_tls_key_text(const struct probe_tls_key *k, char text[PROBE_TLS_KEY_LINE_MAX]);

/* ---- Sessions ----------------------------------------------------------------------------- */

/*
 * Gets one sentence about a library that is watched from now on (`rc` 0), or that cannot be
 * watched.
 */
typedef void (*probe_tls_notice_fn)(void *user, int rc, const char *text);

struct probe_tls_config {
	const char *kernel;  /* as in struct probe_config */
	uint32_t pid;	     /* only this process; 0: all */
	const char *process; /* only processes of this name (comm); NULL: all */
	/* Libraries beside those that processes map; NULL-terminated, NULL: none. */
	const char *const *libs;
	/* Layouts that are known; libraries are recognised by their build ids. */
	const struct probe_tls_layout *layouts;
	size_t layout_cnt;
	/* The program tls-layout, which examines the other libraries. NULL:
	 * ../libexec/bpfcap/tls-layout, relative to the running program. */
	const char *examiner;
	probe_tls_notice_fn notice; /* may be NULL */
	void *notice_user;
};

struct probe_tls;

/*
 * Finds libssl and libgnutls of the running processes and of the system, and programs that contain
 * OpenSSL or the TLS of Go, has them examined (which
 * takes up to some seconds) and attaches probes. -EPERM names the capability, -ENOTSUP the kernel
 * feature. It is not an error if no library can be watched yet.
 */
int probe_tls_open(struct probe_tls **out, const struct probe_tls_config *c, struct err *e);
/*
 * Waits up to timeout_ms for keys and calls fn for each; also looks for libraries that processes
 * have mapped since. Returns the number of records (of a connection, or in Go of a
 * secret), fn's non-zero value, or -errno. Returns 0
 * early when a signal arrives.
 */
int probe_tls_poll(struct probe_tls *t, int timeout_ms, probe_tls_key_fn fn, void *user,
		   struct err *e);
/*
 * Connections whose keys were lost because a ring was full. The keys are read again at the
 * connection's next use.
 */
uint64_t probe_tls_lost(const struct probe_tls *t);
void probe_tls_close(struct probe_tls *t); /* NULL is allowed */

/* Has a library examined, for processes whose root directory is `root` (NULL: "/"). `examiner` as
 * in struct probe_tls_config. */
int probe_tls_examine(struct probe_tls_layout *l, const char *lib, const char *root,
		      const char *examiner, struct err *e);

#ifdef __cplusplus
}
#endif
#endif
