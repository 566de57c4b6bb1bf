/* SPDX-License-Identifier: MIT */
/*
 * hold.c - keeps packets in a queue while the first of them waits for keys, and writes keys before
 * packets and to the key log. Fails as the output does.
 */
#include "hold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../../src/util.h"
#include "hello.h"

struct held_packet {
	struct held_packet *next;
	struct packet pk;
	struct probe_event ev;
	struct gather_note note;
	uint64_t conn; /* key of the connection that it waits for; 0: none */
	uint64_t len;  /* of all this */
};

int hold_init(struct key_hold *h, struct output *out, int log_fd, bool all)
{
	*h = (struct key_hold){.out = out, .log_fd = log_fd, .all = all};
	h->last = &h->first;
	return recent_init(&h->flows) < 0 || recent_init(&h->conns) < 0 ? -ENOMEM : 0;
}

void hold_free(struct key_hold *h)
{
	while (h->first) {
		struct held_packet *p = h->first;

		h->first = p->next;
		free(p);
	}
	recent_free(&h->flows);
	recent_free(&h->conns);
	text_free(&h->unwritten);
	text_free(&h->unlogged);
}

/* ---- Keys --------------------------------------------------------------------------------- */

static void give_lines(struct key_hold *h, const char *lines)
{
	if (h->out)
		text_put(&h->unwritten, lines);
	if (h->log_fd >= 0)
		text_put(&h->unlogged, lines);
}

void hold_log(struct key_hold *h)
{
	const ssize_t len = (ssize_t)h->unlogged.len;

	if (len && write(h->log_fd, text_str(&h->unlogged), (size_t)len) != len)
		h->log_rc = errno ? -errno : -EIO;
	text_clear(&h->unlogged);
}

/* Go passes one secret at a time, and some libraries have the client's last. tshark looks for the
 * secrets of the data when it reads the server's part of the handshake. */
static bool suffices(const char *lines)
{
	return strstr(lines, "CLIENT_RANDOM ") || (strstr(lines, "CLIENT_TRAFFIC_SECRET_0 ") &&
						   strstr(lines, "SERVER_TRAFFIC_SECRET_0 "));
}

void hold_key(struct key_hold *h, const struct probe_tls_key *k)
{
	struct recent_conn *c = recent_get(&h->conns, recent_key(k->client_random), mono_now_ns());
	char line[PROBE_TLS_KEY_LINE_MAX + 1];

	probe_tls_key_text(k, line);
	strcat(line, "\n");
	if (strstr(text_str(&c->lines), line)) /* both ends are processes of this machine */
		return;
	text_put(&c->lines, line);
	if (!c->keyed && suffices(text_str(&c->lines))) {
		c->keyed = true;
		h->keyed++;
	}
	if (h->all || c->hello)
		give_lines(h, line);
}

/* The connection that the packet must wait for, or 0. */
static uint64_t note_hello(struct key_hold *h, const struct probe_event *ev)
{
	struct hello hello = hello_find(ev);
	struct recent_conn *flow, *c;

	if (hello.kind == HELLO_CLIENT) {
		flow = recent_get(&h->flows, hello.flow, ev->mono_ns);
		memcpy(flow->client_random, hello.client_random, sizeof(flow->client_random));
		flow->time_ns = ev->mono_ns;
		c = recent_get(&h->conns, recent_key(hello.client_random), ev->mono_ns);
		if (!c->hello && !h->all)
			give_lines(h, text_str(&c->lines));
		c->hello = true;
	} else if (hello.kind == HELLO_SERVER) {
		flow = recent_find(&h->flows, hello.flow);
		c = flow ? recent_find(&h->conns, recent_key(flow->client_random)) : NULL;
		if (c && !c->keyed) {
			c->held = true;
			return c->key;
		}
	}
	return 0;
}

/* On a slow machine, the client thinks for seconds before it answers a ServerHello. */
static void note_answer(struct key_hold *h, const struct probe_event *ev)
{
	uint64_t from = hello_flow(ev);
	const struct recent_conn *flow = from ? recent_find(&h->flows, from) : NULL;
	struct recent_conn *c =
		flow ? recent_find(&h->conns, recent_key(flow->client_random)) : NULL;

	if (c && c->held && !c->answer_ns)
		c->answer_ns = ev->mono_ns;
}

/* ---- Packets ------------------------------------------------------------------------------ */

static int write_packet(struct key_hold *h, const struct packet *pk, struct err *e)
{
	if (h->unwritten.len) {
		output_secrets(h->out, &h->unwritten);
		text_clear(&h->unwritten);
	}
	return output_packet(h->out, pk, e);
}

static struct held_packet *copy(const struct packet *pk)
{
	const struct probe_event *ev = pk->ev;
	size_t stack_len = ev->stack_cnt * sizeof(*ev->stack);
	size_t len = sizeof(struct held_packet) + stack_len + ev->cap_len + ev->call_len;
	struct held_packet *p = malloc(len);
	uint8_t *at = (uint8_t *)(p + 1);

	if (!p)
		return NULL;
	*p = (struct held_packet){.pk = *pk, .ev = *ev, .len = len};
	p->pk.ev = &p->ev;
	if (pk->note) {
		p->note = *pk->note;
		p->pk.note = &p->note;
	}
	if (stack_len)
		memcpy(at, ev->stack, stack_len);
	p->ev.stack = (const uint64_t *)at;
	memcpy(at + stack_len, ev->data, ev->cap_len);
	p->ev.data = at + stack_len;
	if (ev->call_len)
		memcpy(at + stack_len + ev->cap_len, ev->call_out, ev->call_len);
	p->ev.call_out = at + stack_len + ev->cap_len;
	return p;
}

int hold_packet(struct key_hold *h, const struct packet *pk, struct err *e)
{
	uint64_t conn = note_hello(h, pk->ev);
	struct held_packet *p;

	if (!h->first && !conn)
		return write_packet(h, pk, e);
	note_answer(h, pk->ev);
	p = copy(pk);
	if (!p)
		return err_run(e, -ENOMEM, "output", "out of memory");
	p->conn = conn;
	*h->last = p;
	h->last = &p->next;
	h->bytes += p->len;
	return h->bytes > HOLD_BYTES_MAX ? hold_release(h, false, e) : 0;
}

static bool waits(struct key_hold *h, const struct held_packet *p, uint64_t now)
{
	const struct recent_conn *c = p->conn ? recent_find(&h->conns, p->conn) : NULL;
	uint64_t since_ns = p->ev.mono_ns;

	if (!c || c->keyed)
		return false;
	if (c->answer_ns > since_ns)
		since_ns = c->answer_ns;
	if (now < since_ns + HOLD_NS && h->bytes <= HOLD_BYTES_MAX)
		return true;
	h->expired++;
	return false;
}

int hold_release(struct key_hold *h, bool all, struct err *e)
{
	uint64_t now = all ? UINT64_MAX : mono_now_ns();
	int rc = 0;

	while (h->first && rc == 0 && !waits(h, h->first, now)) {
		struct held_packet *p = h->first;

		rc = write_packet(h, &p->pk, e);
		h->first = p->next;
		if (!h->first)
			h->last = &h->first;
		h->bytes -= p->len;
		free(p);
	}
	if (all && rc == 0 && h->unwritten.len) {
		output_secrets(h->out, &h->unwritten);
		text_clear(&h->unwritten);
	}
	return rc;
}
