/* SPDX-License-Identifier: MIT */
/*
 * stream.c - what comes from another machine: first the lines of the script there, then pcapng.
 * Takes bytes as they arrive, gives packets. All of it is untrusted; what is malformed ends that
 * machine with a sentence.
 */
#include "host.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "../../../src/util.h"
#include "../../common/fail.h"
#include "binary.h"
#include "far.h"
#include "name.h"

enum {
	HELLO_MAX = 64 * 1024, /* what a login shell may print before the script runs */
	READ_MAX = 1 << 20,    /* at one look, so that all machines have their turn */
	MARK_MS = 10,	       /* the precision of arrival times */
	WORD_LEN = 32,
};

uint64_t host_now_ms(void)
{
	return mono_now_ns() / NS_PER_MS;
}

void host_fail(struct host *h, const char *sentence)
{
	struct text t = {0};

	text_printf(&t, "%s; this machine's capture is over", sentence);
	fail_notice(h->name, NULL, text_str(&t));
	text_free(&t);
	h->failed = true;
	h->phase = HOST_ENDED;
	host_ask(h);
	host_kill(h, SIGTERM);
}

/* ---- Arrival ------------------------------------------------------------------------------ */

static void note_arrival(struct host *h)
{
	const struct bytes *b = &h->ng.in;
	uint64_t end = b->taken + (b->end - b->start), now = host_now_ms();
	struct host_mark *last = h->mark_cnt ? &h->marks[h->mark_cnt - 1] : NULL;
	struct host_mark *more;

	if (last && last->end >= end)
		return;
	if (last && now - last->ms < MARK_MS) {
		last->end = end;
		return;
	}
	more = grow(h->marks, &h->mark_cap, h->mark_cnt + 1, sizeof(*more));
	if (!more)
		return;
	h->marks = more;
	more[h->mark_cnt++] = (struct host_mark){end, now};
}

/* When everything up to the reader's position had arrived; forgets marks before it. */
static uint64_t arrival(struct host *h)
{
	size_t i = 0;

	while (i < h->mark_cnt && h->marks[i].end < h->ng.in.taken)
		i++;
	if (i == h->mark_cnt)
		return host_now_ms();
	if (i > h->mark_cnt / 2) {
		h->mark_cnt -= i;
		memmove(h->marks, h->marks + i, h->mark_cnt * sizeof(*h->marks));
		i = 0;
	}
	return h->marks[i].ms;
}

/* ---- The script's lines ------------------------------------------------------------------- */

static void send_binary_for(struct host *h, const char *machine)
{
	struct err e;

	if (binary_append(&h->to_send, h->binaries, machine, &e) != 0)
		host_fail(h, e.text);
	else if (h->to_send.failed)
		host_fail(h, "no memory for the binary");
}

static void take_hello(struct host *h, const char *line, size_t len)
{
	static const char send[] = FAR_MARK " send ", run[] = FAR_MARK " run";
	char machine[WORD_LEN];

	if (len == sizeof(run) - 1 && memcmp(line, run, len) == 0) {
		h->phase = HOST_CAPTURES;
	} else if (len >= sizeof(send) && memcmp(line, send, sizeof(send) - 1) == 0 &&
		   !h->to_send.p) {
		(void)snprintf(machine, sizeof(machine), "%.*s", (int)(len - sizeof(send) + 1),
			       line + sizeof(send) - 1);
		send_binary_for(h, machine);
	}
}

/* Lines of others, such as a login shell's, are skipped. */
static void read_hello(struct host *h)
{
	struct bytes *b = &h->ng.in;

	while (h->phase == HOST_CONNECTS && b->end > b->start) {
		const char *line = (const char *)b->buf + b->start;
		const char *end = memchr(line, '\n', b->end - b->start);

		if (!end)
			break;
		take_hello(h, line, (size_t)(end - line));
		bytes_skip(b, (size_t)(end - line) + 1);
	}
	if (h->phase == HOST_CONNECTS && b->taken + (b->end - b->start) > HELLO_MAX)
		host_fail(h, "its shell prints other text than the script that was sent");
}

void stream_fill(struct host *h)
{
	int n = 0, sum = 0;

	while (sum < READ_MAX && (n = bytes_fill(&h->ng.in)) > 0)
		sum += n;
	note_arrival(h);
	if (h->phase == HOST_CONNECTS)
		read_hello(h);
	if (n == 0 && h->phase == HOST_CONNECTS) /* its status says why */
		h->phase = HOST_ENDED;
	if (n < 0 && n != -EAGAIN && n != -EINTR)
		host_fail(h, strerror(-n));
	h->at_end |= n == 0 && sum < READ_MAX;
}

/* ---- Packets ------------------------------------------------------------------------------ */

/* The reader's bytes move when more arrive, so that a packet that waits needs its own. */
static int keep(struct host *h)
{
	struct input_item *it = &h->item;
	const uint8_t *old = it->block, *own;

	text_clear(&h->block);
	text_bytes(&h->block, old, it->block_len);
	if (h->block.failed)
		return -ENOMEM;
	own = (const uint8_t *)h->block.p;
	it->block = own;
	it->options.p = own + (it->options.p - old);
	it->ev.data = own + (it->ev.data - old);
	h->pending = true;
	h->packet_cnt++;
	h->arrived_ms = arrival(h);
	return 0;
}

static int take_item(struct host *h, host_on_block on_block, void *user)
{
	if (h->item.kind == INPUT_PACKET)
		return keep(h);
	if (h->item.kind == INPUT_IFACE &&
	    name_iface(h->ng.ifaces[h->ng.iface_cnt - 1], h->name) != 0)
		return -ENOMEM;
	if (h->item.kind != INPUT_SECTION) /* all machines share one */
		on_block(user, &h->item);
	return 0;
}

void host_next(struct host *h, host_on_block on_block, void *user)
{
	struct err e;
	int rc;

	while (h->phase == HOST_CAPTURES && !h->pending) {
		rc = pcapng_next(&h->ng, &h->item, &e);
		note_arrival(h);
		if (rc == -EAGAIN)
			return;
		if (rc > 0 && take_item(h, on_block, user) != 0)
			host_fail(h, "out of memory");
		else if (rc < 0)
			host_fail(h, e.text);
		else if (rc == 0)
			h->phase = HOST_ENDED;
	}
}
