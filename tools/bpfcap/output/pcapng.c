/* SPDX-License-Identifier: MIT */
/*
 * pcapng.c - the pcapng format (draft-ietf-opsawg-pcapng), in host byte order: a section, an
 * interface block before the first packet of each interface and link type, packets with direction
 * and comment, and statistics at the end.
 *
 * libpcap reads a file only if all its interfaces have the same snap length and link type. The snap
 * length is always the same; the link type is unless the capture has packets of several.
 */
#include "sink.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/cbpf.h"

#include "../../common/array.h"

enum {
	BLOCK_SECTION = 0x0a0d0d0a,
	BLOCK_INTERFACE = 1,
	BLOCK_STATISTICS = 5,
	BLOCK_PACKET = 6,

	OPT_END = 0,
	OPT_COMMENT = 1,
	OPT_SHB_APPLICATION = 4,
	OPT_IF_NAME = 2,
	OPT_IF_TSRESOL = 9,
	OPT_IF_FILTER = 11,
	OPT_EPB_FLAGS = 2,
	OPT_ISB_START = 2,
	OPT_ISB_END = 3,
	OPT_ISB_RECEIVED = 4,
	OPT_ISB_DROPPED = 5,
	OPT_ISB_DELIVERED = 8,

	TSRESOL_NS = 9, /* 10^-9 s */
	EPB_INBOUND = 1,
	EPB_OUTBOUND = 2,
};

/* An interface index is unique only within its network namespace. */
struct pcapng_iface {
	uint32_t netns, ifindex;
	int linktype;
	uint64_t packet_cnt;
};

struct pcapng_state {
	struct pcapng_iface
		*ifaces; /* in the order of their blocks: the index is the interface's number */
	uint32_t iface_cnt;
	size_t iface_cap;
	int64_t first_ns, last_ns;
	struct text scratch; /* names and comments */
};

/* ---- Blocks and options ------------------------------------------------------------------- */

static void put_u16(struct text *t, unsigned v)
{
	uint16_t x = (uint16_t)v;

	text_bytes(t, &x, sizeof(x));
}

static void put_u32(struct text *t, uint32_t v)
{
	text_bytes(t, &v, sizeof(v));
}

static void put_padded(struct text *t, const void *bytes, size_t n)
{
	text_bytes(t, bytes, n);
	text_bytes(t, "\0\0\0", -n & 3);
}

/* A time is two 32-bit words, the high one first. */
static void put_time(struct text *t, int64_t time_ns)
{
	put_u32(t, (uint32_t)((uint64_t)time_ns >> 32));
	put_u32(t, (uint32_t)time_ns);
}

static void put_option(struct text *t, unsigned code, const void *value, size_t n)
{
	if (n > UINT16_MAX)
		n = UINT16_MAX;
	put_u16(t, code);
	put_u16(t, (unsigned)n);
	put_padded(t, value, n);
}

static void put_option_time(struct text *t, unsigned code, int64_t time_ns)
{
	put_u16(t, code);
	put_u16(t, 8);
	put_time(t, time_ns);
}

static void block_begin(struct sink *s, uint32_t type)
{
	text_clear(&s->record);
	put_u32(&s->record, type);
	put_u32(&s->record, 0); /* the length, known at the end */
}

static void block_end(struct sink *s)
{
	struct text *t = &s->record;
	uint32_t len = (uint32_t)t->len + 4;

	put_u32(t, len);
	if (!t->failed)
		memcpy(t->p + 4, &len, sizeof(len));
	out_record(s->out, t);
}

/* ---- The blocks of a file ----------------------------------------------------------------- */

static void begin(struct sink *s)
{
	static const char application[] = "bpfcap " BPFCAP_VERSION;
	struct pcapng_state *state = s->state;
	struct text *t = &s->record;
	const uint64_t unknown_len = UINT64_MAX;

	state->iface_cnt = 0;
	state->first_ns = state->last_ns = 0;
	block_begin(s, BLOCK_SECTION);
	put_u32(t, 0x1a2b3c4d); /* byte-order magic */
	put_u16(t, 1);
	put_u16(t, 0);
	text_bytes(t, &unknown_len, sizeof(unknown_len));
	put_option(t, OPT_SHB_APPLICATION, application, sizeof(application) - 1);
	put_option(t, OPT_END, "", 0);
	block_end(s);
}

static void write_iface(struct sink *s, int linktype, const struct text *name)
{
	static const uint8_t resolution = TSRESOL_NS;
	struct text *t = &s->record;

	block_begin(s, BLOCK_INTERFACE);
	put_u16(t, (unsigned)linktype);
	put_u16(t, 0);
	put_u32(t, s->conf->snap_len);
	if (name->len)
		put_option(t, OPT_IF_NAME, name->p, name->len);
	put_option(t, OPT_IF_TSRESOL, &resolution, 1);
	if (s->conf->filter) {
		struct text filter = {0};

		text_bytes(&filter, "\0", 1); /* 0: a libpcap expression */
		text_put(&filter, s->conf->filter);
		put_option(t, OPT_IF_FILTER, filter.p, filter.len);
		text_free(&filter);
	}
	put_option(t, OPT_END, "", 0);
	block_end(s);
}

static struct pcapng_iface *add_iface(struct sink *s, const struct probe_event *ev)
{
	struct pcapng_state *state = s->state;
	struct pcapng_iface *all = array_grow(state->ifaces, &state->iface_cap,
					      (size_t)state->iface_cnt + 1, sizeof(*all));

	if (!all)
		return NULL;
	state->ifaces = all;
	all[state->iface_cnt] = (struct pcapng_iface){
		.netns = ev->netns, .ifindex = ev->ifindex, .linktype = ev->linktype};
	return &all[state->iface_cnt++];
}

/* The interface of a packet; writes the block of a new one. */
static struct pcapng_iface *find_iface(struct sink *s, const struct packet *pk)
{
	struct pcapng_state *state = s->state;
	struct pcapng_iface *f;

	for (uint32_t i = 0; i < state->iface_cnt; i++) {
		f = &state->ifaces[i];
		if (f->netns == pk->ev->netns && f->ifindex == pk->ev->ifindex &&
		    f->linktype == pk->ev->linktype)
			return f;
	}
	f = add_iface(s, pk->ev);
	if (!f) {
		s->record.failed = true;
		out_record(s->out, &s->record);
		return NULL;
	}
	text_clear(&state->scratch);
	packet_put_iface(&state->scratch, pk);
	write_iface(s, f->linktype, &state->scratch);
	return f;
}

/* A line of the comment with what `put` appends; no line if it appends nothing. */
static void comment_line(struct text *t, const char *name, const struct packet *pk,
			 void (*put)(struct text *t, const struct packet *pk))
{
	size_t start = t->len, value;

	text_printf(t, "%s%s: ", start ? "\n" : "", name);
	value = t->len;
	put(t, pk);
	if (t->len == value && t->p) {
		t->len = start;
		t->p[start] = '\0';
	}
}

static void put_hook(struct text *t, const struct packet *pk)
{
	text_put(t, packet_hook(pk) ? packet_hook(pk) : "");
}

static void put_stack(struct text *t, const struct packet *pk)
{
	for (unsigned i = 0; i < pk->ev->stack_cnt; i++) {
		text_put(t, "\n  ");
		packet_put_symbol(t, pk, pk->ev->stack[i]);
	}
}

static const struct text *comment(struct sink *s, const struct packet *pk)
{
	struct pcapng_state *state = s->state;
	struct text *t = &state->scratch;

	text_clear(t);
	comment_line(t, "hook", pk, put_hook);
	comment_line(t, "reason", pk, packet_put_reason);
	comment_line(t, "function", pk, packet_put_location);
	comment_line(t, "process", pk, packet_put_process);
	comment_line(t, "made up", pk, packet_put_made);
	comment_line(t, "owner", pk, packet_put_owner);
	comment_line(t, "gather", pk, packet_put_since);
	comment_line(t, "stack", pk, put_stack);
	return t;
}

static void packet(struct sink *s, const struct packet *pk)
{
	static const uint32_t flags[] = {[PROBE_DIR_UNKNOWN] = 0,
					 [PROBE_DIR_IN] = EPB_INBOUND,
					 [PROBE_DIR_OUT] = EPB_OUTBOUND};
	struct pcapng_state *state = s->state;
	const struct probe_event *ev = pk->ev;
	struct pcapng_iface *f = find_iface(s, pk);
	const struct text *remark = comment(s, pk);
	struct text *t = &s->record;

	if (!f)
		return;
	if (!state->first_ns)
		state->first_ns = ev->time_ns;
	state->last_ns = ev->time_ns;
	f->packet_cnt++;
	block_begin(s, BLOCK_PACKET);
	put_u32(t, (uint32_t)(f - state->ifaces));
	put_time(t, ev->time_ns);
	put_u32(t, ev->cap_len);
	put_u32(t, ev->len);
	put_padded(t, ev->data, ev->cap_len);
	if (remark->len)
		put_option(t, OPT_COMMENT, remark->p, remark->len);
	if (flags[ev->dir])
		put_option(t, OPT_EPB_FLAGS, &flags[ev->dir], sizeof(flags[0]));
	if (remark->len || flags[ev->dir])
		put_option(t, OPT_END, "", 0);
	block_end(s);
}

/* Losses are not counted by interface: the first one gets them all, as the comment says. */
static void put_losses(struct sink *s, const struct probe_counts *c)
{
	uint64_t lost = c->lost_ring + c->lost_other;
	struct text remark = {0};

	put_option(&s->record, OPT_ISB_DROPPED, &lost, sizeof(lost));
	text_printf(&remark,
		    "all interfaces: %" PRIu64 " seen, %" PRIu64 " matched, %" PRIu64
		    " captured, %" PRIu64 " lost (ring full), %" PRIu64 " lost (other)",
		    c->seen, c->matched, c->captured, c->lost_ring, c->lost_other);
	put_option(&s->record, OPT_COMMENT, text_str(&remark), remark.len);
	text_free(&remark);
}

static void end(struct sink *s, const struct probe_counts *c)
{
	struct pcapng_state *state = s->state;
	const struct text none = {0};

	if (!state->iface_cnt) { /* readers require an interface */
		if (!add_iface(s, &(struct probe_event){.linktype = CBPF_LINKTYPE_ETHERNET}))
			return;
		write_iface(s, CBPF_LINKTYPE_ETHERNET, &none);
	}
	for (uint32_t i = 0; i < state->iface_cnt; i++) {
		uint64_t n = state->ifaces[i].packet_cnt;

		block_begin(s, BLOCK_STATISTICS);
		put_u32(&s->record, i);
		put_time(&s->record, state->last_ns);
		put_option_time(&s->record, OPT_ISB_START, state->first_ns);
		put_option_time(&s->record, OPT_ISB_END, state->last_ns);
		put_option(&s->record, OPT_ISB_RECEIVED, &n, sizeof(n));
		put_option(&s->record, OPT_ISB_DELIVERED, &n, sizeof(n));
		if (i == 0 && c)
			put_losses(s, c);
		put_option(&s->record, OPT_END, "", 0);
		block_end(s);
	}
}

static void release(struct sink *s)
{
	struct pcapng_state *state = s->state;

	free(state->ifaces);
	text_free(&state->scratch);
}

const struct sink_ops sink_pcapng = {
	.name = "pcapng",
	.state_len = sizeof(struct pcapng_state),
	.begin = begin,
	.packet = packet,
	.end = end,
	.free = release,
};
