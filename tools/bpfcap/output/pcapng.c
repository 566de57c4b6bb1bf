/* SPDX-License-Identifier: MIT */
/*
 * pcapng.c - the pcapng format (draft-ietf-opsawg-pcapng), in host byte order: a section, an
 * interface block before the first packet of each interface and link type, packets with direction
 * and comment, and statistics at the end.
 *
 * libpcap reads a file only if all its interfaces have the same snap length and link type. The snap
 * length is always the same; the link type is unless the capture has packets of several.
 */
#include "pcapng.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/cbpf.h"

#include "../../../src/util.h"

#include "../moment.h"

enum {
	TSRESOL_NS = 9,		  /* 10^-9 s */
	SECRETS_TLS = 0x544c534b, /* an NSS key log */
	/* in the link type of a pcap file: the frame check sequence, in units of 16 bits */
	PCAP_FCS_PRESENT = 1 << 26,
	PCAP_FCS_SHIFT = 28,
};

/* ---- Blocks and options ------------------------------------------------------------------- */

/* A time is two 32-bit words, the high one first. */
static void put_time(struct text *t, uint64_t time_ns)
{
	pcapng_u32(t, (uint32_t)(time_ns >> 32));
	pcapng_u32(t, (uint32_t)time_ns);
}

static void put_option_time(struct text *t, unsigned code, uint64_t time_ns)
{
	pcapng_u16(t, code);
	pcapng_u16(t, 8);
	put_time(t, time_ns);
}

void pcapng_block_begin(struct sink *s, uint32_t type)
{
	text_clear(&s->record);
	pcapng_u32(&s->record, type);
	pcapng_u32(&s->record, 0); /* the length, known at the end */
}

void pcapng_block_end(struct sink *s)
{
	struct text *t = &s->record;
	uint32_t len = (uint32_t)t->len + 4;

	pcapng_u32(t, len);
	if (!t->failed)
		memcpy(t->p + 4, &len, sizeof(len));
	out_record(s->out, t);
}

void pcapng_no_memory(struct sink *s)
{
	s->record.failed = true;
	out_record(s->out, &s->record);
}

/* ---- The blocks of a file ----------------------------------------------------------------- */

static void write_section(struct sink *s)
{
	static const char application[] = "bpfcap " BPFCAP_VERSION;
	struct pcapng_state *state = s->state;
	struct text *t = &s->record;
	const uint64_t unknown_len = UINT64_MAX;

	pcapng_block_begin(s, NG_SECTION);
	pcapng_u32(t, NG_MAGIC);
	pcapng_u16(t, 1);
	pcapng_u16(t, 0);
	text_bytes(t, &unknown_len, sizeof(unknown_len));
	pcapng_option(t, NG_OPT_SHB_APPLICATION, application, sizeof(application) - 1);
	if (s->conf->hooks) {
		text_clear(&state->scratch);
		text_printf(&state->scratch, "hooks: %s", s->conf->hooks);
		pcapng_option_ours(t, text_str(&state->scratch), state->scratch.len);
	}
	pcapng_option(t, NG_OPT_END, "", 0);
	pcapng_block_end(s);
}

/* A copy begins with the section of the file that is read. */
static void begin(struct sink *s)
{
	struct pcapng_state *state = s->state;

	state->iface_cnt = 0;
	state->number_cnt = 0;
	state->first_ns = state->last_ns = 0;
	if (!s->conf->copies_pcapng)
		write_section(s);
	else
		(void)pcapng_copy_section(s);
}

/* "hook rx, network namespace 4026531840" for readers, and lines for ourselves. */
static void put_iface_texts(struct sink *s, const struct pcapng_iface *f)
{
	struct pcapng_state *state = s->state;
	struct text *t = &state->scratch;
	const char *netns = netns_name(s->conf->netns, f->netns);

	if (!f->hook && !f->netns && !f->ifindex)
		return;
	text_clear(t);
	if (f->hook)
		text_printf(t, "hook %s", f->hook);
	if (f->netns)
		text_printf(t, "%snetwork namespace %" PRIu32, f->hook ? ", " : "", f->netns);
	if (f->netns && netns) {
		text_put(t, " ");
		text_name(t, netns);
	}
	if (t->len)
		pcapng_option(&s->record, NG_OPT_IF_DESCRIPTION, t->p, t->len);
	text_clear(t);
	if (f->hook)
		text_printf(t, "hook: %s\n", f->hook);
	text_printf(t, "ifindex: %" PRIu32 "\nnetns: %" PRIu32, f->ifindex, f->netns);
	if (f->netns && netns) {
		text_put(t, "\nnetns name: ");
		text_name(t, netns);
	}
	pcapng_option_ours(&s->record, text_str(t), t->len);
}

static void write_iface(struct sink *s, const struct pcapng_iface *f, uint32_t snap_len,
			const struct text *name)
{
	static const uint8_t resolution = TSRESOL_NS;
	struct text *t = &s->record;

	pcapng_block_begin(s, NG_INTERFACE);
	pcapng_u16(t, (unsigned)f->linktype);
	pcapng_u16(t, 0);
	pcapng_u32(t, snap_len);
	if (name->len)
		pcapng_option(t, NG_OPT_IF_NAME, name->p, name->len);
	pcapng_option(t, NG_OPT_IF_TSRESOL, &resolution, 1);
	if (s->conf->upper_bits & PCAP_FCS_PRESENT) {
		const uint8_t fcs_bits = (uint8_t)(s->conf->upper_bits >> PCAP_FCS_SHIFT << 4);

		pcapng_option(t, NG_OPT_IF_FCSLEN, &fcs_bits, 1);
	}
	if (s->conf->filter) {
		struct text filter = {0};

		text_bytes(&filter, "\0", 1); /* 0: a libpcap expression */
		text_put(&filter, s->conf->filter);
		pcapng_option(t, NG_OPT_IF_FILTER, filter.p, filter.len);
		text_free(&filter);
	}
	put_iface_texts(s, f);
	pcapng_option(t, NG_OPT_END, "", 0);
	pcapng_block_end(s);
}

struct pcapng_iface *pcapng_add_iface(struct pcapng_state *state, const struct pcapng_iface *like)
{
	struct pcapng_iface *all =
		grow(state->ifaces, &state->iface_cap, (size_t)state->iface_cnt + 1, sizeof(*all));

	if (!all)
		return NULL;
	state->ifaces = all;
	all[state->iface_cnt] = *like;
	return &all[state->iface_cnt++];
}

/* Up to their NUL; equal ones mostly have the same bytes behind it, too. */
static bool is_same_name(const struct pcapng_iface *f, const struct probe_event *ev)
{
	return memcmp(f->name, ev->ifname, sizeof(f->name)) == 0 ||
	       strncmp(f->name, ev->ifname, sizeof(f->name)) == 0;
}

static bool is_same(const struct pcapng_iface *f, const struct packet *pk, const char *hook)
{
	const struct probe_event *ev = pk->ev;

	return f->netns == ev->netns && f->ifindex == ev->ifindex && f->linktype == ev->linktype &&
	       f->hook == hook && !f->copied && is_same_name(f, ev);
}

/* The number of the packet's interface, that of the packet before first; iface_cnt: none has it. */
static uint32_t number_of(const struct pcapng_state *state, const struct packet *pk,
			  const char *hook)
{
	uint32_t last = state->iface_last, i = 0;

	if (last < state->iface_cnt && is_same(&state->ifaces[last], pk, hook))
		return last;
	while (i < state->iface_cnt && !is_same(&state->ifaces[i], pk, hook))
		i++;
	return i;
}

/* The interface of a packet; writes the block of a new one. */
static struct pcapng_iface *find_iface(struct sink *s, const struct packet *pk)
{
	const char *hook = pk->probe ? packet_hook(pk) : NULL;
	struct pcapng_iface like = {.netns = pk->ev->netns,
				    .ifindex = pk->ev->ifindex,
				    .linktype = pk->ev->linktype,
				    .hook = hook};
	struct pcapng_state *state = s->state;
	struct pcapng_iface *f;
	struct text name = {0};

	state->iface_last = number_of(state, pk, hook);
	if (state->iface_last < state->iface_cnt)
		return &state->ifaces[state->iface_last];
	memcpy(like.name, pk->ev->ifname, sizeof(like.name));
	f = pcapng_add_iface(state, &like);
	if (!f) {
		pcapng_no_memory(s);
		return NULL;
	}
	packet_put_iface(&name, pk);
	write_iface(s, f, s->conf->snap_len, &name);
	text_free(&name);
	return f;
}

static void packet(struct sink *s, const struct packet *pk)
{
	struct pcapng_state *state = s->state;
	const struct probe_event *ev = pk->ev;
	const uint64_t now_ns = moment_ns(ev->time);
	struct pcapng_iface *f;

	if (pk->item && pk->item->block) {
		pcapng_copy(s, pk->item);
		return;
	}
	f = find_iface(s, pk);
	if (!f)
		return;
	if (!state->first_ns)
		state->first_ns = now_ns;
	state->last_ns = now_ns;
	f->packet_cnt++;
	pcapng_packet(s, (uint32_t)(f - state->ifaces), pk);
}

static void secrets(struct sink *s, const struct text *lines)
{
	pcapng_block_begin(s, NG_SECRETS);
	pcapng_u32(&s->record, SECRETS_TLS);
	pcapng_u32(&s->record, (uint32_t)lines->len);
	pcapng_padded(&s->record, lines->p, lines->len);
	pcapng_block_end(s);
}

/* Losses are not counted by interface: the first one gets them all, as the comment says. */
static void put_losses(struct sink *s, const struct probe_counts *c)
{
	uint64_t lost = probe_counts_lost(c);
	struct text remark = {0};

	pcapng_option(&s->record, NG_OPT_ISB_DROPPED, &lost, sizeof(lost));
	text_printf(&remark,
		    "all interfaces: %" PRIu64 " seen, %" PRIu64 " matched, %" PRIu64
		    " captured, %" PRIu64 " lost (ring full), %" PRIu64 " lost (other)",
		    c->seen, c->matched, c->captured, c->lost_ring,
		    c->lost_other + c->lost_refused + c->lost_memory);
	pcapng_option(&s->record, NG_OPT_COMMENT, text_str(&remark), remark.len);
	text_free(&remark);
}

static void write_statistics(struct sink *s, uint32_t number, const struct probe_counts *c)
{
	struct pcapng_state *state = s->state;
	uint64_t n = state->ifaces[number].packet_cnt;

	pcapng_block_begin(s, NG_STATISTICS);
	pcapng_u32(&s->record, number);
	put_time(&s->record, state->last_ns);
	put_option_time(&s->record, NG_OPT_ISB_START, state->first_ns);
	put_option_time(&s->record, NG_OPT_ISB_END, state->last_ns);
	pcapng_option(&s->record, NG_OPT_ISB_RECEIVED, &n, sizeof(n));
	pcapng_option(&s->record, NG_OPT_ISB_DELIVERED, &n, sizeof(n));
	if (number == 0 && c)
		put_losses(s, c);
	pcapng_option(&s->record, NG_OPT_END, "", 0);
	pcapng_block_end(s);
}

static void end(struct sink *s, const struct probe_counts *c)
{
	const struct pcapng_iface ethernet = {.linktype = CBPF_LINKTYPE_ETHERNET};
	struct pcapng_state *state = s->state;
	const struct text none = {0};

	if (!state->iface_cnt && !s->conf->copies_pcapng) { /* readers require an interface */
		if (!pcapng_add_iface(state, &ethernet))
			return;
		write_iface(s, &ethernet, s->conf->snap_len, &none);
	}
	for (uint32_t i = 0; i < state->iface_cnt; i++)
		if (!state->ifaces[i].copied)
			write_statistics(s, i, c);
}

static void release(struct sink *s)
{
	struct pcapng_state *state = s->state;

	free(state->ifaces);
	free(state->numbers);
	pcapng_words_free(state);
	text_free(&state->scratch);
	text_free(&state->section);
}

const struct sink_ops sink_pcapng = {
	.name = "pcapng",
	.state_len = sizeof(struct pcapng_state),
	.begin = begin,
	.packet = packet,
	.secrets = secrets,
	.block = pcapng_copy,
	.end = end,
	.free = release,
};
