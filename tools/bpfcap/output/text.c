/* SPDX-License-Identifier: MIT */
/*
 * text.c - one line for each packet: time, interface, hook, drop reason, direction, and the packet
 * as tcpdump prints it; on the lines after it the stack (-S) and the bytes (-x, -X, -A).
 */
#include "sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../../src/util.h"
#include "../decode/decode.h"
#include "../dissect/dissect.h"
#include "../moment.h"
#include "hexdump.h"

struct text_state {
	uint64_t packet_cnt;
	struct probe_time first, last;
	uint64_t clock_s; /* the second that `clock` shows; it is formatted once a second */
	char clock[32];
	struct decode_text decoded; /* --decode */
	uint32_t netns;		    /* of the first packet */
	bool several_netns;
};

enum { TIME_CLOCK, TIME_NONE, TIME_EPOCH, TIME_DELTA, TIME_DATE, TIME_DELTA_FIRST };

/* A second without a date, or with one that this libc cannot format, is shown as a number. */
static const char *clock_text(struct text_state *state, uint64_t s, bool date)
{
	const time_t when = (time_t)s;
	struct tm tm;

	if (state->clock[0] && state->clock_s == s)
		return state->clock;
	state->clock_s = s;
	if (when < 0 || (uint64_t)when != s || !localtime_r(&when, &tm) ||
	    !strftime(state->clock, sizeof(state->clock), date ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S",
		      &tm))
		(void)snprintf(state->clock, sizeof(state->clock), "%" PRIu64, s);
	return state->clock;
}

/* ".123456", or nine digits with --nano. */
static void put_fraction(struct text *t, uint32_t ns, bool nano)
{
	if (nano)
		text_printf(t, ".%09" PRIu32, ns);
	else
		text_printf(t, ".%06" PRIu32, ns / 1000);
}

static void put_delta(struct text *t, struct probe_time from, struct probe_time to, bool nano)
{
	bool back = moment_before(to, from);
	struct probe_time d = back ? moment_between(to, from) : moment_between(from, to);

	text_printf(t, "%s%02" PRIu64 ":%02u:%02u", back ? "-" : " ", d.s / 3600,
		    (unsigned)(d.s / 60 % 60), (unsigned)(d.s % 60));
	put_fraction(t, d.ns, nano);
}

static void put_time(struct sink *s, struct probe_time now)
{
	struct text_state *state = s->state;
	struct text *t = &s->record;
	bool nano = s->conf->nano;

	if (!state->packet_cnt)
		state->first = state->last = now;
	switch (s->conf->time_form) {
	case TIME_NONE:
		return;
	case TIME_DELTA:
		put_delta(t, state->last, now, nano);
		break;
	case TIME_DELTA_FIRST:
		put_delta(t, state->first, now, nano);
		break;
	case TIME_EPOCH:
		text_printf(t, "%" PRIu64, now.s);
		put_fraction(t, now.ns, nano);
		break;
	default:
		text_put(t, clock_text(state, now.s, s->conf->time_form == TIME_DATE));
		put_fraction(t, now.ns, nano);
		break;
	}
	text_put(t, " ");
	state->last = now;
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

/* " [of nc 1234]" */
static void put_owner(struct text *t, const struct packet *pk)
{
	if (!pk->ev->owner_pid)
		return;
	text_put(t, " [of ");
	packet_put_owner(t, pk);
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

static void put_before(struct sink *s, const struct packet *pk)
{
	struct text_state *state = s->state;
	struct text *t = &s->record;

	text_clear(t);
	if (s->conf->number)
		text_printf(t, "%5" PRIu64 "  ", state->packet_cnt + 1);
	put_time(s, pk->ev->time);
	put_where(s, t, pk);
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

static void put_after(struct sink *s, struct text *t, const struct packet *pk, uint32_t link_len)
{
	if (pk->ev->made_len) {
		text_put(t, " [made up: ");
		packet_put_made(t, pk);
		text_put(t, "]");
	}
	if (pk->ev->inner_layer && s->conf->verbose) {
		text_put(t, " [inside: ");
		packet_put_inside(t, pk);
		text_put(t, "]");
	}
	if (pk->note && pk->note->later) {
		text_put(t, " ");
		packet_put_since(t, pk);
	}
	put_owner(t, pk);
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

static void packet(struct sink *s, const struct packet *pk)
{
	struct text_state *state = s->state;
	struct text *t = &s->record;

	put_before(s, pk);
	if (s->conf->decode) {
		put_decoded(s, pk);
	} else {
		put_after(s, t, pk, put_line(s, t, pk->ev));
		text_put(t, "\n");
		out_record(s->out, t);
	}
	state->packet_cnt++;
}

/* --gather: a packet that was not seen at this hook. */
static void missing(struct sink *s, const struct packet *first, const char *hook, bool lost)
{
	struct text *t = &s->record;

	text_clear(t);
	put_time(s, first->ev->time);
	put_where(s, t, first);
	(void)put_line(s, t, first->ev);
	text_printf(t, lost ? " lost at %s" : " NOT received at %s", hook);
	if (s->conf->decode) {
		decode_packet(s->conf->decode, NULL, &(struct decode_text){.before = *t});
		return;
	}
	text_put(t, "\n");
	out_record(s->out, t);
}

static void put_record(void *user, const struct text *record)
{
	struct sink *s = user;

	out_record(s->out, record);
	if (!s->out->error)
		out_packet_end(s->out);
}

static void begin(struct sink *s)
{
	if (s->conf->decode)
		decode_begin(s->conf->decode, put_record, s);
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
	if (!s->conf->decode)
		return;
	decode_finish(s->conf->decode);
	check_decoder(s);
}

static void release(struct sink *s)
{
	struct decode_text *d = &((struct text_state *)s->state)->decoded;

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
	.flush = flush,
	.end = end,
	.free = release,
};
