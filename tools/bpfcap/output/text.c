/* SPDX-License-Identifier: MIT */
/*
 * text.c - one line for each packet: time, interface, hook, drop reason, direction, and the packet
 * as tcpdump prints it; on the lines after it the stack (-S) and the bytes (-x, -X, -A).
 */
#include "sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "../../../src/util.h"
#include "../dissect/dissect.h"
#include "../moment.h"
#include "hexdump.h"

struct text_state {
	uint64_t packet_cnt;
	struct probe_time first, last;
	uint64_t clock_s; /* the second that `clock` shows; it is formatted once a second */
	char clock[32];
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

/* "eth0 drop (NO_SOCKET, ...) In ", as far as known. */
static void put_where(struct text *t, const struct packet *pk)
{
	const char *hook = packet_hook(pk), *dir = packet_dir(pk);

	if (packet_has_iface(pk)) {
		packet_put_iface(t, pk);
		text_put(t, " ");
	}
	if (hook)
		text_printf(t, "%s ", hook);
	put_drop(t, pk);
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
static void put_bytes(struct sink *s, const struct packet *pk, uint32_t link_len)
{
	const struct sink_conf *conf = s->conf;
	uint32_t skip = conf->hex > 1 || conf->hex_ascii > 1 ? 0 : link_len;
	const uint8_t *data = pk->ev->data;
	uint32_t len = pk->ev->cap_len;

	if (skip > len)
		skip = len;
	if (conf->hex || conf->hex_ascii)
		hexdump(&s->record, data + skip, len - skip, conf->hex_ascii);
	else if (conf->ascii)
		hexdump_ascii(&s->record, data + skip, len - skip);
}

static void packet(struct sink *s, const struct packet *pk)
{
	const struct dissect_opts opts = {s->conf->verbose, s->conf->quick, s->conf->flows};
	struct text_state *state = s->state;
	struct text *t = &s->record;
	uint32_t link_len;

	text_clear(t);
	if (s->conf->number)
		text_printf(t, "%5" PRIu64 "  ", state->packet_cnt + 1);
	put_time(s, pk->ev->time);
	put_where(t, pk);
	link_len = dissect(t, pk->ev->linktype, pk->ev->data, pk->ev->cap_len, pk->ev->len, &opts);
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
	put_bytes(s, pk, link_len);
	text_put(t, "\n");
	out_record(s->out, t);
	state->packet_cnt++;
}

/* --gather: a packet that was not seen at this hook. */
static void missing(struct sink *s, const struct packet *first, const char *hook)
{
	const struct dissect_opts opts = {s->conf->verbose, s->conf->quick, s->conf->flows};
	struct text *t = &s->record;

	text_clear(t);
	put_time(s, first->ev->time);
	put_where(t, first);
	(void)dissect(t, first->ev->linktype, first->ev->data, first->ev->cap_len, first->ev->len,
		      &opts);
	text_printf(t, " NOT received at %s\n", hook);
	out_record(s->out, t);
}

const struct sink_ops sink_text = {
	.name = "text",
	.shows_names = true,
	.state_len = sizeof(struct text_state),
	.packet = packet,
	.missing = missing,
};
