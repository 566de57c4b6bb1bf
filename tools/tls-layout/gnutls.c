/* SPDX-License-Identifier: MIT */
/*
 * gnutls.c - lets a GnuTLS shake hands with itself over queues in memory and shows its sessions to
 * the scans. Its functions are found by name; no header of it is used.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "cert.h"
#include "exam.h"

/* Constants of its API. */
enum {
	SERVER = 1,
	CLIENT = 2,
	NONBLOCK = 8,
	CREDENTIALS_CERTIFICATE = 1,
	FORMAT_DER = 0,
	FLIGHTS_MAX = 32,
};

struct datum {
	const uint8_t *data;
	unsigned size;
};

typedef ssize_t (*push_fn)(void *user, const void *from, size_t len);
typedef ssize_t (*pull_fn)(void *user, void *to, size_t len);

/* clang-format off */
#define FUNCTIONS(X)                                                                               \
	X(int, gnutls_init, (void **session, unsigned flags))                                      \
	X(void, gnutls_deinit, (void *session))                                                    \
	X(int, gnutls_certificate_allocate_credentials, (void **cred))                             \
	X(int, gnutls_certificate_set_x509_key_mem, (void *cred, const struct datum *cert,         \
						     const struct datum *key, int format))         \
	X(int, gnutls_credentials_set, (void *session, int type, void *cred))                      \
	X(int, gnutls_priority_set_direct, (void *session, const char *text, const char **bad))    \
	X(void, gnutls_transport_set_ptr, (void *session, void *user))                             \
	X(void, gnutls_transport_set_errno, (void *session, int code))                             \
	X(void, gnutls_transport_set_push_function, (void *session, push_fn fn))                   \
	X(void, gnutls_transport_set_pull_function, (void *session, pull_fn fn))                   \
	X(int, gnutls_handshake, (void *session))                                                  \
	X(ssize_t, gnutls_record_send, (void *session, const void *from, size_t len))              \
	X(ssize_t, gnutls_record_recv, (void *session, void *to, size_t len))                      \
	X(void, gnutls_session_set_keylog_function,                                                \
	  (void *session, int (*fn)(void *, const char *, const struct datum *)))                  \
	X(void, gnutls_session_get_random,                                                         \
	  (void *session, struct datum *client, struct datum *server))
#define POINTER(result, name, parameters) result(*name) parameters;
static struct {
	FUNCTIONS(POINTER)
} f;
/* clang-format on */

struct queue {
	uint8_t bytes[32768];
	size_t len;
};

struct end {
	void *session;
	struct queue inbox;
	struct end *other;
};

static struct end ends[2];
static struct secrets secrets; /* of the handshake that runs: the callback has no parameter */

static int load(struct exam *x, void *lib)
{
#define FIND(result, name, parameters) *(void **)&f.name = exam_symbol(x, lib, #name);
	FUNCTIONS(FIND)
	return x->why[0] ? -1 : 0;
}

static int on_key_log(void *session, const char *label, const struct datum *secret)
{
	(void)session;
	secrets_put(&secrets, label, secret->data, secret->size);
	return 0;
}

static ssize_t push(void *user, const void *from, size_t len)
{
	struct end *e = user;
	struct queue *q = &e->other->inbox;

	if (len > sizeof(q->bytes) - q->len)
		len = sizeof(q->bytes) - q->len;
	memcpy(q->bytes + q->len, from, len);
	q->len += len;
	return (ssize_t)len;
}

static ssize_t pull(void *user, void *to, size_t len)
{
	struct end *e = user;
	struct queue *q = &e->inbox;

	if (!q->len) {
		f.gnutls_transport_set_errno(e->session, EAGAIN);
		return -1;
	}
	if (len > q->len)
		len = q->len;
	memcpy(to, q->bytes, len);
	q->len -= len;
	memmove(q->bytes, q->bytes + len, q->len);
	return (ssize_t)len;
}

static bool make_end(struct end *e, unsigned role, void *cred, const char *priority)
{
	exam_shake_heap();
	e->inbox.len = 0;
	if (f.gnutls_init(&e->session, role | NONBLOCK) < 0 ||
	    f.gnutls_credentials_set(e->session, CREDENTIALS_CERTIFICATE, cred) < 0 ||
	    f.gnutls_priority_set_direct(e->session, priority, NULL) < 0)
		return false;
	f.gnutls_transport_set_ptr(e->session, e);
	f.gnutls_transport_set_push_function(e->session, push);
	f.gnutls_transport_set_pull_function(e->session, pull);
	f.gnutls_session_set_keylog_function(e->session, on_key_log);
	return true;
}

static bool shake_hands(void)
{
	bool done[2] = {false, false};

	for (int i = 0; i < FLIGHTS_MAX && !(done[0] && done[1]); i++)
		if (!done[i % 2])
			done[i % 2] = f.gnutls_handshake(ends[i % 2].session) == 0;
	return done[0] && done[1];
}

/* One byte each way, and with it what follows a handshake (session tickets). */
static void exchange(void)
{
	for (int i = 0; i < 4; i++) {
		char byte = 'x';

		(void)f.gnutls_record_recv(ends[i % 2].session, &byte, 1);
		(void)f.gnutls_record_send(ends[i % 2].session, &byte, 1);
	}
}

static void show(struct exam *x)
{
	for (int i = 0; i < 2; i++)
		exam_object(x, ends[i].session, &secrets);
}

static void once(struct exam *x, void *cred, const char *priority)
{
	struct datum client = {0}, server = {0};

	secrets = (struct secrets){0};
	if (!make_end(&ends[0], CLIENT, cred, priority) ||
	    !make_end(&ends[1], SERVER, cred, priority) || !shake_hands()) {
		(void)snprintf(x->why, sizeof(x->why), "its handshake with itself failed (%s)",
			       priority);
		return;
	}
	f.gnutls_session_get_random(ends[0].session, &client, &server);
	secrets_put_value(&secrets, PROBE_TLS_CLIENT_RANDOM, client.data, client.size);
	show(x);
	exchange();
	show(x);
	f.gnutls_deinit(ends[0].session);
	f.gnutls_deinit(ends[1].session);
}

void gnutls_examine(struct exam *x, void *lib)
{
	static const char *const priorities[] = {
		"NORMAL:-VERS-ALL:+VERS-TLS1.2",
		"NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM",
		"NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-256-GCM",
	};
	const struct datum cert = {cert_der, sizeof(cert_der)};
	const struct datum key = {cert_key_der, sizeof(cert_key_der)};
	void *cred = NULL;

	if (load(x, lib) < 0)
		return;
	ends[0].other = &ends[1];
	ends[1].other = &ends[0];
	if (f.gnutls_certificate_allocate_credentials(&cred) < 0 ||
	    f.gnutls_certificate_set_x509_key_mem(cred, &cert, &key, FORMAT_DER) < 0) {
		(void)snprintf(x->why, sizeof(x->why), "it takes no certificate");
		return;
	}
	for (size_t i = 0; i < sizeof(priorities) / sizeof(priorities[0]); i++)
		for (int round = 0; round < EXAM_ROUNDS && !x->why[0]; round++)
			once(x, cred, priorities[i]);
}
