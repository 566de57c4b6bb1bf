/* SPDX-License-Identifier: MIT */
/*
 * openssl.c - lets an OpenSSL shake hands with itself over memory BIOs and shows its SSL objects to
 * the scans. Its functions are found by name; no header of it is used.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "cert.h"
#include "exam.h"

/* Constants of its API, which are the same in all versions that have the functions. */
enum {
	KEY_TYPE_EC = 408,
	CTRL_MIN_VERSION = 123,
	CTRL_MAX_VERSION = 124,
	TLS1_2 = 0x0303,
	TLS1_3 = 0x0304,
	FLIGHTS_MAX = 16,      /* more than any handshake takes */
	FIRST_RECORD = 5,      /* header of a record */
	HANDSHAKE_DONE = 0x20, /* of the information callback */
};

/* X(result, name, parameters) */
/* clang-format off */
#define FUNCTIONS(X)                                                                               \
	X(void *, TLS_method, (void))                                                              \
	X(void *, SSL_CTX_new, (const void *method))                                               \
	X(void, SSL_CTX_free, (void *ctx))                                                         \
	X(int, SSL_CTX_use_certificate_ASN1, (void *ctx, int len, const uint8_t *der))             \
	X(int, SSL_CTX_use_PrivateKey_ASN1, (int type, void *ctx, const uint8_t *der, long len))   \
	X(long, SSL_CTX_ctrl, (void *ctx, int cmd, long number, void *pointer))                    \
	X(int, SSL_CTX_set_ciphersuites, (void *ctx, const char *names))                           \
	X(void, SSL_CTX_set_keylog_callback, (void *ctx, void (*fn)(const void *, const char *)))  \
	X(void *, SSL_new, (void *ctx))                                                            \
	X(void, SSL_free, (void *ssl))                                                             \
	X(void, SSL_set_connect_state, (void *ssl))                                                \
	X(void, SSL_set_accept_state, (void *ssl))                                                 \
	X(void, SSL_set_bio, (void *ssl, void *in, void *out))                                     \
	X(int, SSL_do_handshake, (void *ssl))                                                      \
	X(int, SSL_read, (void *ssl, void *to, int len))                                           \
	X(int, SSL_write, (void *ssl, const void *from, int len))                                  \
	X(size_t, SSL_get_client_random, (const void *ssl, uint8_t *to, size_t len))               \
	X(void *, BIO_new, (const void *method))                                                   \
	X(const void *, BIO_s_mem, (void))                                                         \
	X(int, BIO_read, (void *bio, void *to, int len))                                           \
	X(int, BIO_write, (void *bio, const void *from, int len))                                  \
	X(const void *, EVP_sha256, (void))                                                        \
	X(const void *, EVP_sha384, (void))                                                        \
	X(int, EVP_Digest, (const void *data, size_t len, uint8_t *to, unsigned *to_len,           \
			    const void *hash, void *engine))                                       \
	X(uint8_t *, HMAC, (const void *hash, const void *key, int key_len, const uint8_t *data,   \
			    size_t len, uint8_t *to, unsigned *to_len))
#define POINTER(result, name, parameters) result(*name) parameters;
static struct {
	FUNCTIONS(POINTER)
} f;
/* clang-format on */

/* One handshake: the two ends, what goes over the wire, and the secrets it has. */
struct pair {
	void *end[2];	/* client, server */
	void *inbox[2]; /* what the other end has sent; belongs to the end */
	void *outbox[2];
	uint8_t hello[2][4096]; /* first record of each */
	int hello_len[2];
	const void *hash;
	struct secrets secrets;
	bool has_ended[2]; /* the function at the end of a handshake was called, with secrets */
};

/* Of the handshake that runs: the callbacks have no parameter. */
static struct secrets *logged;
static struct exam *exam;
static struct pair *pair;
static bool is_proof; /* of the function that was found at the end of handshakes */

static void (*set_info_callback)(void *ctx, void (*fn)(const void *, int, int)); /* NULL: lacks */

static int load(struct exam *x, void *lib)
{
#define FIND(result, name, parameters) *(void **)&f.name = exam_symbol(x, lib, #name);
	FUNCTIONS(FIND)
	return x->why[0] ? -1 : 0;
}

static size_t from_hex(uint8_t *to, size_t size, const char *hex)
{
	size_t n = 0;
	unsigned byte;

	for (; n < size && sscanf(hex, "%2x", &byte) == 1 && hex[0] > ' ' && hex[1] > ' '; hex += 2)
		to[n++] = (uint8_t)byte;
	return n;
}

/* "LABEL CLIENT_RANDOM SECRET" */
static void on_key_log(const void *ssl, const char *line)
{
	char label[64];
	uint8_t secret[SCAN_VALUE_MAX];
	const char *hex = strrchr(line, ' ');

	(void)ssl;
	if (logged && hex && sscanf(line, "%63s", label) == 1)
		secrets_put(logged, label, secret, from_hex(secret, sizeof(secret), hex + 1));
}

/* ---- End of a handshake ------------------------------------------------------------------- */

static void on_info(const void *ssl, int where, int result)
{
	(void)ssl;
	(void)result;
	if (where & HANDSHAKE_DONE)
		ending_note(&exam->ending,
			    (uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)));
}

static void on_ending(uintptr_t argument)
{
	for (int i = 0; i < 2; i++)
		if (argument == (uintptr_t)pair->end[i])
			pair->has_ended[i] |= exam_is_right(exam, argument, &pair->secrets);
}

/* ---- Handshake secret --------------------------------------------------------------------- */

/* HKDF-Expand-Label(key, "c hs traffic", hash of the hellos) is the client's secret (RFC 8446). */
static bool is_handshake_secret(void *user, const uint8_t *key)
{
	static const char label[] = "tls13 c hs traffic";
	const struct pair *p = user;
	const struct secrets *s = &p->secrets;
	size_t len = s->len[PROBE_TLS_HANDSHAKE_HASH], n = 0;
	uint8_t info[128], out[64];
	unsigned out_len = sizeof(out);

	info[n++] = 0;
	info[n++] = (uint8_t)len;
	info[n++] = sizeof(label) - 1;
	memcpy(info + n, label, sizeof(label) - 1);
	n += sizeof(label) - 1;
	info[n++] = (uint8_t)len;
	memcpy(info + n, s->bytes[PROBE_TLS_HANDSHAKE_HASH], len);
	n += len;
	info[n++] = 1;
	return f.HMAC(p->hash, key, (int)len, info, n, out, &out_len) &&
	       memcmp(out, s->bytes[PROBE_TLS_CLIENT_HANDSHAKE], len) == 0;
}

/* The message in a record: type, 24 bits of length, body. 0: not whole. */
static size_t message_len(const uint8_t *record, int len)
{
	size_t n;

	if (len < FIRST_RECORD + 4)
		return 0;
	n = 4 + ((size_t)record[FIRST_RECORD + 1] << 16 | (size_t)record[FIRST_RECORD + 2] << 8 |
		 record[FIRST_RECORD + 3]);
	return FIRST_RECORD + n <= (size_t)len ? n : 0;
}

static void hash_hellos(struct pair *p)
{
	uint8_t both[sizeof(p->hello)], hash[64];
	size_t len = 0;
	unsigned hash_len = sizeof(hash);

	for (int i = 0; i < 2; i++) {
		size_t n = message_len(p->hello[i], p->hello_len[i]);

		if (!n)
			return;
		memcpy(both + len, p->hello[i] + FIRST_RECORD, n);
		len += n;
	}
	if (f.EVP_Digest(both, len, hash, &hash_len, p->hash, NULL) == 1)
		secrets_put_value(&p->secrets, PROBE_TLS_HANDSHAKE_HASH, hash, hash_len);
}

/* ---- Handshake ---------------------------------------------------------------------------- */

/* Carries what end `from` has written to the other. */
static void carry(struct pair *p, int from)
{
	uint8_t bytes[4096];
	int n;

	while ((n = f.BIO_read(p->outbox[from], bytes, sizeof(bytes))) > 0) {
		if (!p->hello_len[from]) {
			memcpy(p->hello[from], bytes, (size_t)n);
			p->hello_len[from] = n;
		}
		(void)f.BIO_write(p->inbox[!from], bytes, n);
	}
}

static bool shake_hands(struct pair *p)
{
	bool done[2] = {false, false};

	for (int i = 0; i < FLIGHTS_MAX && !(done[0] && done[1]); i++) {
		if (is_proof)
			(void)trap_set(exam->ending.function, on_ending);
		done[i % 2] = f.SSL_do_handshake(p->end[i % 2]) == 1;
		trap_clear();
		carry(p, i % 2);
	}
	return done[0] && done[1];
}

/* One byte each way, and with it what follows a handshake (session tickets). */
static void exchange(struct pair *p)
{
	for (int i = 0; i < 4; i++) {
		char byte = 'x';

		(void)f.SSL_read(p->end[i % 2], &byte, 1);
		(void)f.SSL_write(p->end[i % 2], &byte, 1);
		carry(p, i % 2);
	}
}

static bool make_end(struct pair *p, int i, void *ctx)
{
	exam_shake_heap();
	p->end[i] = f.SSL_new(ctx);
	p->inbox[i] = f.BIO_new(f.BIO_s_mem());
	p->outbox[i] = f.BIO_new(f.BIO_s_mem());
	if (!p->end[i] || !p->inbox[i] || !p->outbox[i])
		return false;
	f.SSL_set_bio(p->end[i], p->inbox[i], p->outbox[i]);
	(i == 0 ? f.SSL_set_connect_state : f.SSL_set_accept_state)(p->end[i]);
	return true;
}

static void show(struct exam *x, struct pair *p)
{
	for (int i = 0; i < 2; i++)
		exam_object(x, p->end[i], &p->secrets);
}

static void once(struct exam *x, void *ctx, int version, const void *hash)
{
	struct pair p = {.hash = hash};
	uint8_t random[32];

	pair = &p;
	logged = &p.secrets;
	if (!make_end(&p, 0, ctx) || !make_end(&p, 1, ctx) || !shake_hands(&p)) {
		(void)snprintf(x->why, sizeof(x->why),
			       "its handshake with itself failed (TLS 1.%d)", version - TLS1_3 + 3);
		return;
	}
	secrets_put_value(&p.secrets, PROBE_TLS_CLIENT_RANDOM, random,
			  f.SSL_get_client_random(p.end[0], random, sizeof(random)));
	if (version == TLS1_3)
		hash_hellos(&p);
	if (p.secrets.len[PROBE_TLS_HANDSHAKE_HASH]) {
		p.secrets.is_handshake_secret = is_handshake_secret;
		p.secrets.user = &p;
	}
	if (is_proof)
		x->ending.is_unclear |= !p.has_ended[0] || !p.has_ended[1];
	show(x, &p);
	exchange(&p);
	show(x, &p);
	f.SSL_free(p.end[0]);
	f.SSL_free(p.end[1]);
}

static void several(struct exam *x, int version, const char *suite, const void *hash)
{
	void *ctx = f.SSL_CTX_new(f.TLS_method());

	if (!ctx || f.SSL_CTX_use_certificate_ASN1(ctx, sizeof(cert_der), cert_der) != 1 ||
	    f.SSL_CTX_use_PrivateKey_ASN1(KEY_TYPE_EC, ctx, cert_key_der, sizeof(cert_key_der)) !=
		    1 ||
	    !f.SSL_CTX_ctrl(ctx, CTRL_MIN_VERSION, version, NULL) ||
	    !f.SSL_CTX_ctrl(ctx, CTRL_MAX_VERSION, version, NULL) ||
	    (suite && f.SSL_CTX_set_ciphersuites(ctx, suite) != 1)) {
		(void)snprintf(x->why, sizeof(x->why), "it takes no certificate or no TLS 1.%d",
			       version - TLS1_3 + 3);
		return;
	}
	f.SSL_CTX_set_keylog_callback(ctx, on_key_log);
	if (!is_proof && set_info_callback)
		set_info_callback(ctx, on_info);
	for (int i = 0; i < (is_proof ? 1 : EXAM_ROUNDS) && !x->why[0]; i++)
		once(x, ctx, version, hash);
	f.SSL_CTX_free(ctx);
}

static void all_kinds(struct exam *x)
{
	if (!x->why[0])
		several(x, TLS1_2, NULL, NULL);
	if (!x->why[0])
		several(x, TLS1_3, "TLS_AES_128_GCM_SHA256", f.EVP_sha256());
	if (!x->why[0])
		several(x, TLS1_3, "TLS_AES_256_GCM_SHA384", f.EVP_sha384());
}

void openssl_examine(struct exam *x, void *lib)
{
	exam = x;
	if (load(x, lib) < 0)
		return;
	*(void **)&set_info_callback = dlsym(lib, "SSL_CTX_set_info_callback");
	all_kinds(x);
	is_proof = x->ending.function && !x->ending.is_unclear;
	if (is_proof)
		all_kinds(x);
}
