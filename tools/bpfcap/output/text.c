/* SPDX-License-Identifier: MIT */
/*
 * text.c - one line for each packet: time, interface, hook, drop reason, direction, and the packet
 * as tcpdump prints it; on the lines after it the stack (-S) and the bytes (-x, -X, -A).
 */
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "../../../src/util.h"
#include "../decode/decode.h"
#include "../dissect/dissect.h"
#include "hexdump.h"
#include "stamp.h"
#include "tree.h"
#include "wrap.h"

struct text_state {
	uint64_t packet_cnt;
	struct stamp stamp;
	struct decode_text decoded; /* --decode */
	struct trees *trees;	    /* --gather; NULL: each packet is a line */
	struct text where;	    /* for a tree */
	struct text wrapped;	    /* for a terminal of so many columns, or 0 */
	unsigned columns;
	uint32_t netns; /* of the first packet */
	bool several_netns;
};

static void put_time(struct sink *s, struct probe_time when)
{
	struct text_state *state = s->state;

	stamp_put(&s->record, &state->stamp, when, s->conf->time_form, s->conf->nano);
}

/* " (NO_SOCKET, udp_queue_rcv_skb+0x12)" after the name of the hook; nothing at other hooks. */
static void put_drop(struct text *t, const struct packet *pk)
{
	if (!pk->ev->has_reason && !pk->ev->location)
		return;
	text_put(t, "(");
	packet_put_reason(t, pk);
	if (pk->ev->has_reason && pk->ev->location)
		text_put(t, ", ");
	packet_put_location(t, pk);
	text_put(t, ") ");
}

/* "netns:blue ", once packets of several namespaces have been seen */
static void put_netns(struct sink *s, struct text *t, const struct packet *pk)
{
	struct text_state *state = s->state;

	if (!pk->ev->netns || pk->one_netns)
		return;
	if (!state->netns)
		state->netns = pk->ev->netns;
	state->several_netns |= pk->ev->netns != state->netns;
	if (!state->several_netns)
		return;
	text_put(t, "netns:");
	packet_put_netns(t, pk, s->conf->netns);
	text_put(t, " ");
}

/* Drops are red, rx and tx green and cyan, and other hooks have a color by their name. */
static const char *hook_color(const struct packet *pk, const char *hook)
{
	static const char *const others[] = {"\033[33m", "\033[34m", "\033[35m"};
	unsigned sum = 0;

	if (pk->ev->has_reason || pk->ev->location)
		return "\033[1;31m";
	if (strcmp(hook, "rx") == 0 || strcmp(hook, "tx") == 0)
		return hook[0] == 'r' ? "\033[32m" : "\033[36m";
	while (*hook)
		sum += (unsigned char)*hook++;
	return others[sum % ARRAY_LEN(others)];
}

/* "drop (NO_SOCKET, ...) ", as far as known */
static void put_hook(const struct sink *s, struct text *t, const struct packet *pk,
		     const char *hook)
{
	bool color = hook && s->conf->color && s->out->is_stdout;

	if (color)
		text_put(t, hook_color(pk, hook));
	if (hook)
		text_printf(t, "%s ", hook);
	put_drop(t, pk);
	if (color)
		text_put(t, "\033[0m");
}

/* "eth0 drop (NO_SOCKET, ...) In ", as far as known. */
static void put_where(struct sink *s, struct text *t, const struct packet *pk)
{
	const char *hook = packet_hook(pk), *dir = packet_dir(pk);

	put_netns(s, t, pk);
	if (packet_has_iface(pk)) {
		packet_put_iface(t, pk);
		text_put(t, " ");
	}
	put_hook(s, t, pk, hook);
	/* the names rx and tx imply the direction */
	if (dir && hook && strcmp(hook, "rx") != 0 && strcmp(hook, "tx") != 0)
		text_printf(t, "%s ", dir);
}

/* -v: " [ping 1234, cpu 0, skb 0xffff888004a51200]" after the packet. */
static void put_context(struct text *t, const struct packet *pk)
{
	if (!packet_has_cpu(pk))
		return;
	text_put(t, " [");
	packet_put_process(t, pk);
	text_printf(t, "%scpu %d", pk->ev->pid ? ", " : "", pk->ev->cpu);
	if (pk->ev->skb)
		text_printf(t, ", skb 0x%" PRIx64, pk->ev->skb);
	text_put(t, "]");
}

static void put_stack(struct text *t, const struct packet *pk)
{
	for (unsigned i = 0; i < pk->ev->stack_cnt; i++) {
		text_put(t, "\n\t");
		packet_put_frame(t, pk, i);
	}
}

/* A single -x or -X, and -A, omit the link-layer header. */
static void put_bytes(struct sink *s, struct text *t, const struct packet *pk, uint32_t link_len)
{
	const struct sink_conf *conf = s->conf;
	uint32_t skip = conf->hex > 1 || conf->hex_ascii > 1 ? 0 : link_len;
	const uint8_t *data = pk->ev->data;
	uint32_t len = pk->ev->cap_len;

	if (skip > len)
		skip = len;
	if (conf->hex || conf->hex_ascii)
		hexdump(t, data + skip, len - skip, conf->hex_ascii);
	else if (conf->ascii)
		hexdump_ascii(t, data + skip, len - skip);
}

static void put_stamp(struct sink *s, const struct packet *pk)
{
	struct text_state *state = s->state;

	text_clear(&s->record);
	if (s->conf->number)
		text_printf(&s->record, "%5" PRIu64 "  ", state->packet_cnt + 1);
	put_time(s, pk->ev->time);
}

static void put_out(struct sink *s, const struct text *lines)
{
	struct text_state *state = s->state;

	out_record(s->out, wrap_lines(&state->wrapped, lines, state->columns));
}

static void put_before(struct sink *s, const struct packet *pk)
{
	put_stamp(s, pk);
	put_where(s, &s->record, pk);
}

/* The length of the link-layer header. */
static uint32_t put_line(const struct sink *s, struct text *t, const struct probe_event *ev)
{
	const struct dissect_opts opts = {.verbose = s->conf->verbose,
					  .quick = s->conf->quick,
					  .link = s->conf->link,
					  .flows = s->conf->flows};

	return dissect(t, ev->linktype, ev->data, ev->cap_len, ev->len, &opts);
}

/* " [made up: the first 34 bytes]" */
static void put_fact(struct text *t, const char *name, const struct packet *pk,
		     void (*put)(struct text *t, const struct packet *pk))
{
	text_printf(t, " [%s", name);
	put(t, pk);
	text_put(t, "]");
}

static void put_after(struct sink *s, struct text *t, const struct packet *pk, uint32_t link_len)
{
	if (pk->ev->made_len)
		put_fact(t, "made up: ", pk, packet_put_made);
	if (pk->ev->inner_layer && s->conf->verbose)
		put_fact(t, "inside: ", pk, packet_put_inside);
	if (pk->ev->call_len)
		put_fact(t, "call: ", pk, packet_put_call);
	if (pk->note && pk->note->later) {
		text_put(t, " ");
		packet_put_since(t, pk);
	}
	if (pk->ev->owner_pid)
		put_fact(t, "of ", pk, packet_put_owner);
	if (s->conf->verbose)
		put_context(t, pk);
	put_stack(t, pk);
	put_bytes(s, t, pk, link_len);
}

/* What was printed before the program failed is kept. */
static void check_decoder(struct sink *s)
{
	if (!decode_failed(s->conf->decode) || s->out->error)
		return;
	out_flush(s->out);
	if (!s->out->error)
		s->out->error = -ECHILD;
}

/* --decode: the line comes later, and not from us. */
static void put_decoded(struct sink *s, const struct packet *pk)
{
	struct decode_text *d = &((struct text_state *)s->state)->decoded;
	uint32_t link_len;

	text_clear(&d->before);
	text_bytes(&d->before, text_str(&s->record), s->record.len);
	text_clear(&d->line);
	link_len = put_line(s, &d->line, pk->ev);
	text_clear(&d->after);
	put_after(s, &d->after, pk, link_len);
	decode_packet(s->conf->decode, pk->ev, d);
	check_decoder(s);
}

/* ---- --gather: the hooks of a packet as a tree --------------------------------------------- */

/* False: it is to be printed now. */
static bool hold(struct sink *s, const struct packet *pk)
{
	struct text_state *state = s->state;
	struct packet alone = *pk;
	struct tree_part part = {.packet = pk->note->packet, .since_ns = pk->note->since_ns};
	struct decode_text *d = &state->decoded;
	uint32_t link_len;

	alone.note = NULL; /* the tree shows the latency */
	text_clear(&d->line);
	text_clear(&d->after);
	text_clear(&state->where);
	put_where(s, &state->where, pk);
	link_len = put_line(s, &d->line, pk->ev);
	put_after(s, &d->after, &alone, link_len);
	put_stamp(s, pk);
	part.before = text_str(&s->record);
	part.line = text_str(&d->line);
	part.where = text_str(&state->where);
	part.after = text_str(&d->after);
	return trees_packet(state->trees, &part);
}

static void put_branch(void *user, const struct text *lines, bool is_packet)
{
	struct sink *s = user;

	put_out(s, lines);
	if (is_packet)
		out_packet_end(s->out);
}

static void settled(struct sink *s, uint64_t packet)
{
	struct text_state *state = s->state;

	while (state->trees && trees_due(state->trees, packet))
		trees_print(state->trees, &s->record, put_branch, s);
}

/* ---- The sink ------------------------------------------------------------------------------ */

static void packet(struct sink *s, const struct packet *pk)
{
	struct text_state *state = s->state;
	struct text *t = &s->record;

	if (state->trees && pk->note && hold(s, pk)) {
		settled(s, 0); /* if too much is held */
		state->packet_cnt++;
		return;
	}
	put_before(s, pk);
	if (s->conf->decode) {
		put_decoded(s, pk);
	} else {
		put_after(s, t, pk, put_line(s, t, pk->ev));
		text_put(t, "\n");
		put_out(s, t);
	}
	state->packet_cnt++;
}

/* --gather: a packet that was not seen at this hook. */
static void missing(struct sink *s, const struct packet *first, const char *hook, bool lost)
{
	const char *what = lost ? "lost at" : "NOT received at";
	struct text_state *state = s->state;
	struct text *t = &s->record;

	text_clear(t);
	text_printf(t, " %s %s", what, hook);
	if (state->trees && first->note &&
	    trees_text(state->trees, first->note->packet, text_str(t)))
		return;
	text_clear(t);
	put_time(s, first->ev->time);
	put_where(s, t, first);
	(void)put_line(s, t, first->ev);
	text_printf(t, " %s %s", what, hook);
	if (s->conf->decode) {
		decode_packet(s->conf->decode, NULL, &(struct decode_text){.before = *t});
		return;
	}
	text_put(t, "\n");
	put_out(s, t);
}

static void put_record(void *user, const struct text *record)
{
	struct sink *s = user;

	put_out(s, record);
	if (!s->out->error)
		out_packet_end(s->out);
}

/* Without memory for trees each packet is a line. */
static void begin(struct sink *s)
{
	struct text_state *state = s->state;

	state->columns = s->out->is_stdout ? wrap_columns(s->out->fd) : 0;
	if (s->conf->decode)
		decode_begin(s->conf->decode, put_record, s);
	else if (s->conf->gather && !state->trees)
		state->trees = trees_new();
}

static bool flush(struct sink *s)
{
	if (!s->conf->decode)
		return false;
	decode_flush(s->conf->decode);
	check_decoder(s);
	return decode_waits(s->conf->decode);
}

static void end(struct sink *s, const struct probe_counts *c)
{
	(void)c;
	settled(s, UINT64_MAX);
	if (!s->conf->decode)
		return;
	decode_finish(s->conf->decode);
	check_decoder(s);
}

static void release(struct sink *s)
{
	struct text_state *state = s->state;
	struct decode_text *d = &state->decoded;

	trees_free(state->trees);
	text_free(&state->where);
	text_free(&state->wrapped);
	text_free(&d->before);
	text_free(&d->line);
	text_free(&d->after);
}

const struct sink_ops sink_text = {
	.name = "text",
	.shows_names = true,
	.state_len = sizeof(struct text_state),
	.begin = begin,
	.packet = packet,
	.missing = missing,
	.settled = settled,
	.flush = flush,
	.end = end,
	.free = release,
};
