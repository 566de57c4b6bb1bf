/* SPDX-License-Identifier: MIT */
/*
 * keys.c - the keys in a record: which TLS version it is, how long its secrets are, and the
 * handshake secrets, if the library keeps only what they are derived from.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "record.h"
#include "sha2.h"

static bool is_zero(const uint8_t *p, size_t len)
{
	while (len && !p[len - 1])
		len--;
	return len == 0;
}

/* Libraries keep secrets in arrays of the longest hash, with zeros after a shorter one. A server
 * has its own secret before the client's. */
static size_t hash_len(const struct tls_record *r)
{
	const size_t rest = TLS_SECRET_MAX - 32;

	return is_zero(r->secret[TLS_SLOT_CLIENT_TRAFFIC] + 32, rest) &&
			       is_zero(r->secret[TLS_SLOT_SERVER_TRAFFIC] + 32, rest)
		       ? 32
		       : 48;
}

static int give(struct probe_tls_key *k, const char *label, const void *secret, size_t len,
		probe_tls_key_fn fn, void *user)
{
	k->label = label;
	k->secret_len = (uint32_t)len;
	memcpy(k->secret, secret, len);
	return is_zero(secret, len) ? 0 : fn(user, k);
}

static int give_handshake(struct probe_tls_key *k, const struct tls_record *r, bool kept,
			  probe_tls_key_fn fn, void *user)
{
	static const struct {
		const char *label, *derive;
	} sides[2] = {{"CLIENT_HANDSHAKE_TRAFFIC_SECRET", "c hs traffic"},
		      {"SERVER_HANDSHAKE_TRAFFIC_SECRET", "s hs traffic"}};
	const uint8_t *first = r->secret[TLS_SLOT_HANDSHAKE];
	const uint8_t *second = r->secret[TLS_SLOT_HANDSHAKE_2];
	size_t len = hash_len(r);
	uint8_t secret[SHA2_LEN_MAX];
	int rc = 0;

	for (int i = 0; i < 2 && rc == 0; i++) {
		if (kept)
			memcpy(secret, i == 0 ? first : second, len);
		else if (is_zero(first, len) || is_zero(second, len))
			break;
		else
			probe_sha2_expand_label(len, first, sides[i].derive, second, secret);
		rc = give(k, sides[i].label, secret, len, fn, user);
	}
	return rc;
}

static int give_tls13(struct probe_tls_key *k, const struct tls_record *r, bool kept,
		      probe_tls_key_fn fn, void *user)
{
	static const struct {
		const char *label;
		enum tls_slot slot;
	} rest[] = {{"CLIENT_TRAFFIC_SECRET_0", TLS_SLOT_CLIENT_TRAFFIC},
		    {"SERVER_TRAFFIC_SECRET_0", TLS_SLOT_SERVER_TRAFFIC},
		    {"EXPORTER_SECRET", TLS_SLOT_EXPORTER}};
	int rc = give_handshake(k, r, kept, fn, user);

	for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]) && rc == 0; i++)
		rc = give(k, rest[i].label, r->secret[rest[i].slot], hash_len(r), fn, user);
	return rc;
}

/* A kernel may lack process_vm_readv(2), but has this file. */
int probe_tls_record_label(struct tls_record *r)
{
	uint8_t *label = r->secret[TLS_SLOT_GO_LABEL];
	char path[32];
	uint64_t addr;
	ssize_t len;
	int fd;

	if (!is_zero(label, TLS_GO_LABEL_MAX) || r->label_len > TLS_GO_LABEL_MAX)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%u/mem", r->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	memcpy(&addr, r->secret[TLS_SLOT_GO_ADDRESS], sizeof(addr));
	len = pread(fd, label, r->label_len, (off_t)addr);
	close(fd);
	return len == r->label_len ? 0 : -EIO;
}

/* Arguments of a function that Go calls: registers may have held something else. */
static int give_go(struct probe_tls_key *k, const struct tls_record *r, probe_tls_key_fn fn,
		   void *user)
{
	static const char *const labels[] = {
		"CLIENT_RANDOM",
		"CLIENT_HANDSHAKE_TRAFFIC_SECRET",
		"SERVER_HANDSHAKE_TRAFFIC_SECRET",
		"CLIENT_TRAFFIC_SECRET_0",
		"SERVER_TRAFFIC_SECRET_0",
		"EXPORTER_SECRET",
		"CLIENT_EARLY_TRAFFIC_SECRET",
	};
	const uint8_t *label = r->secret[TLS_SLOT_GO_LABEL];

	if (r->label_len > TLS_GO_LABEL_MAX || r->secret_len > TLS_SECRET_MAX)
		return 0;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++)
		if (strlen(labels[i]) == r->label_len &&
		    memcmp(labels[i], label, r->label_len) == 0)
			return give(k, labels[i], r->secret[TLS_SLOT_GO_SECRET], r->secret_len, fn,
				    user);
	return 0;
}

int probe_tls_record_keys(const struct tls_record *r, const struct probe_tls_layout *l,
			  probe_tls_key_fn fn, void *user)
{
	struct probe_tls_key k = {
		.mono_ns = r->time_ns,
		.pid = r->pid,
		.tid = r->tid,
	};

	memcpy(k.comm, r->comm, sizeof(k.comm));
	k.comm[sizeof(k.comm) - 1] = '\0';
	memcpy(k.client_random, r->random, sizeof(k.client_random));
	if (l->kind == PROBE_TLS_GO)
		return give_go(&k, r, fn, user);
	/* In TLS 1.3 the session's secret is that of a later resumption. */
	if (!is_zero(r->secret[TLS_SLOT_SERVER_TRAFFIC], TLS_SECRET_MAX))
		return give_tls13(&k, r, tls_has_handshake(l), fn, user);
	return give(&k, "CLIENT_RANDOM", r->secret[TLS_SLOT_MASTER], TLS_SECRET_MAX, fn, user);
}

/* ---- As text ------------------------------------------------------------------------------ */

static char *put_hex(char *to, const uint8_t *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*to++ = digits[bytes[i] >> 4];
		*to++ = digits[bytes[i] & 15];
	}
	return to;
}

void probe_tls_key_text(const struct probe_tls_key *k, char text[PROBE_TLS_KEY_LINE_MAX])
{
	char *to = text + sprintf(text, "%s ", k->label);

	to = put_hex(to, k->client_random, sizeof(k->client_random));
	*to++ = ' ';
	*put_hex(to, k->secret, k->secret_len) = '\0';
}
