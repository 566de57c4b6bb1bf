/* SPDX-License-Identifier: MIT */
/*
 * json.c - one line with a JSON object (RFC 8259) for each packet. Fields that an event lacks are
 * omitted. 64-bit numbers that JSON readers round (times, addresses) are strings.
 */
#include "json.h"
#include "sink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bpfcap/cbpf.h"
#include "bpfcap/tls.h"

#include "../../../src/util.h"
#include "../dissect/dissect.h"
#include "../dissect/fields.h"

#define RFC3339_END 253402300800 /* the seconds until the year 10000 */

struct json_state {
	struct text scratch;
};

/* A string; `value` is printable UTF-8: a constant, or escaped by text_name(). */
void json_put_quoted(struct text *t, const char *value)
{
	text_put(t, "\"");
	for (; *value; value++) {
		if (*value == '"' || *value == '\\')
			text_put(t, "\\");
		text_bytes(t, value, 1);
	}
	text_put(t, "\"");
}

static void put_string(struct text *t, const char *name, const char *value)
{
	text_printf(t, ",\"%s\":", name);
	json_put_quoted(t, value);
}

/* "name": or ,"name": in an object that began at `start`. */
static void put_name(struct text *t, size_t start, const char *name)
{
	text_printf(t, "%s\"%s\":", t->len > start ? "," : "", name);
}

/* A member with what `put` appends; none if it appends nothing. */
static void put_member(struct sink *s, size_t start, const char *name, const struct packet *pk,
		       void (*put)(struct text *t, const struct packet *pk))
{
	struct json_state *state = s->state;

	text_clear(&state->scratch);
	put(&state->scratch, pk);
	if (!state->scratch.len)
		return;
	put_name(&s->record, start, name);
	json_put_quoted(&s->record, state->scratch.p);
}

/* ,"name":{ ; returns where its members begin */
static size_t begin_object(struct text *t, const char *name)
{
	text_printf(t, ",\"%s\":{", name);
	return t->len;
}

/* "2024-01-02T03:04:05.123456789Z"; null after the year 9999, which RFC 3339 cannot write. */
void json_put_time(struct text *t, struct probe_time when)
{
	const time_t s = (time_t)when.s;
	char text[32] = "";
	struct tm tm;

	if (when.s < RFC3339_END && gmtime_r(&s, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm))
		text_printf(t, "{\"time\":\"%s.%09" PRIu32 "Z\"", text, when.ns);
	else
		text_put(t, "{\"time\":null");
}

static void put_process(struct sink *s, const struct packet *pk)
{
	struct text *t = &s->record;
	size_t start;

	if (!pk->ev->pid)
		return;
	start = begin_object(t, "process");
	text_printf(t, "\"pid\":%" PRIu32 ",\"tid\":%" PRIu32, pk->ev->pid, pk->ev->tid);
	put_member(s, start, "name", pk, packet_put_comm);
	text_put(t, "}");
}

static void put_owner(struct sink *s, const struct packet *pk)
{
	struct text *t = &s->record;
	size_t start;

	if (!pk->ev->owner_pid)
		return;
	start = begin_object(t, "owner");
	text_printf(t, "\"pid\":%" PRIu32, pk->ev->owner_pid);
	put_member(s, start, "name", pk, packet_put_owner_comm);
	text_put(t, "}");
}

static void put_interface(struct sink *s, const struct packet *pk)
{
	struct json_state *state = s->state;
	struct text *t = &s->record;
	size_t start;

	if (!packet_has_iface(pk) && !pk->ev->netns)
		return;
	start = begin_object(t, "interface");
	put_member(s, start, "name", pk, packet_put_iface);
	if (pk->ev->ifindex) {
		put_name(t, start, "index");
		text_printf(t, "%" PRIu32, pk->ev->ifindex);
	}
	if (pk->ev->netns) {
		text_clear(&state->scratch);
		packet_put_netns(&state->scratch, pk, s->conf->netns);
		put_name(t, start, "netns");
		json_put_quoted(t, text_str(&state->scratch));
		text_printf(t, ",\"netns_inode\":%" PRIu32, pk->ev->netns);
	}
	text_put(t, "}");
}

/* The machine, of --remote. */
static void put_host(struct sink *s, const struct packet *pk)
{
	struct json_state *state = s->state;

	if (!pk->item || !pk->item->iface->host)
		return;
	text_clear(&state->scratch);
	text_name(&state->scratch, pk->item->iface->host);
	put_string(&s->record, "host", text_str(&state->scratch));
}

/* "ping_rcv+0xab [module]" as function and offset */
static void put_place(struct sink *s, size_t start, const struct packet *pk)
{
	struct json_state *state = s->state;
	char *plus, *name;

	text_clear(&state->scratch);
	packet_put_location(&state->scratch, pk);
	if (!state->scratch.len)
		return;
	name = state->scratch.p;
	plus = strstr(name, "+0x");
	put_name(&s->record, start, "function");
	if (plus)
		*plus = '\0';
	json_put_quoted(&s->record, name);
	if (plus)
		text_printf(&s->record, ",\"offset\":%lu", strtoul(plus + 1, NULL, 16));
}

static void put_drop(struct sink *s, const struct packet *pk)
{
	size_t start;

	if (!pk->ev->has_reason && !pk->ev->location)
		return;
	start = begin_object(&s->record, "drop");
	put_member(s, start, "reason", pk, packet_put_reason);
	put_place(s, start, pk);
	text_put(&s->record, "}");
}

static void put_stack(struct sink *s, const struct packet *pk)
{
	struct json_state *state = s->state;
	struct text *t = &s->record;

	if (!pk->ev->stack_cnt)
		return;
	text_put(t, ",\"stack\":[");
	for (unsigned i = 0; i < pk->ev->stack_cnt; i++) {
		text_clear(&state->scratch);
		packet_put_frame(&state->scratch, pk, i);
		text_put(t, i ? "," : "");
		json_put_quoted(t, text_str(&state->scratch));
	}
	text_put(t, "]");
}

static void put_summary(struct sink *s, const struct packet *pk)
{
	const struct dissect_opts opts = {.verbose = s->conf->verbose,
					  .quick = s->conf->quick,
					  .link = s->conf->link,
					  .flows = s->conf->flows};
	struct json_state *state = s->state;

	text_clear(&state->scratch);
	(void)dissect(&state->scratch, pk->ev->linktype, pk->ev->data, pk->ev->cap_len, pk->ev->len,
		      &opts);
	put_string(&s->record, "packet", text_str(&state->scratch));
}

static void put_bytes(struct text *t, const struct probe_event *ev)
{
	text_put(t, ",\"data\":\"");
	for (uint32_t i = 0; i < ev->cap_len; i++)
		text_printf(t, "%02x", ev->data[i]);
	text_put(t, "\"");
}

/* --gather */
static void put_note(struct text *t, const struct packet *pk)
{
	if (!pk->note || !pk->note->later)
		return;
	text_printf(t, ",\"since_first_ns\":%" PRIu64, pk->note->since_ns);
	put_string(t, "first_hook", pk->first_hook);
}

static void missing(struct sink *s, const struct packet *first, const char *hook, bool lost)
{
	struct text *t = &s->record;

	text_clear(t);
	json_put_time(t, first->ev->time);
	put_string(t, "first_hook", packet_hook(first));
	put_string(t, lost ? "lost_at" : "not_received_at", hook);
	put_summary(s, first);
	text_put(t, "}\n");
	out_record(s->out, t);
}

static void packet(struct sink *s, const struct packet *pk)
{
	const char *linktype = cbpf_linktype_name(pk->ev->linktype);
	struct text *t = &s->record;

	text_clear(t);
	json_put_time(t, pk->ev->time);
	put_host(s, pk);
	if (packet_hook(pk))
		put_string(t, "hook", packet_hook(pk));
	put_interface(s, pk);
	if (packet_dir(pk))
		put_string(t, "direction", pk->ev->dir == PROBE_DIR_IN ? "in" : "out");
	put_drop(s, pk);
	if (linktype)
		put_string(t, "linktype", linktype);
	text_printf(t, ",\"length\":%" PRIu32 ",\"captured\":%" PRIu32, pk->ev->len,
		    pk->ev->cap_len);
	if (pk->ev->made_len)
		text_printf(t, ",\"made_up\":%" PRIu32, pk->ev->made_len);
	if (pk->ev->call_len) {
		text_put(t, ",\"call\":\"");
		packet_put_call(t, pk);
		text_put(t, "\"");
	}
	if (pk->ev->inner_layer)
		text_printf(t, ",\"inner_layer\":%u,\"inner_offset\":%u,\"inner_linktype\":\"%s\"",
			    pk->ev->inner_layer, pk->ev->inner_off,
			    cbpf_linktype_name(pk->ev->inner_linktype));
	dissect_fields(t, pk->ev->linktype, pk->ev->data, pk->ev->cap_len, pk->ev->len);
	put_summary(s, pk);
	if (packet_has_cpu(pk))
		text_printf(t, ",\"cpu\":%d", pk->ev->cpu);
	if (pk->ev->skb)
		text_printf(t, ",\"skb\":\"0x%" PRIx64 "\"", pk->ev->skb);
	put_process(s, pk);
	put_owner(s, pk);
	put_stack(s, pk);
	put_note(t, pk);
	if (s->conf->hex || s->conf->hex_ascii)
		put_bytes(t, pk->ev);
	text_put(t, "}\n");
	out_record(s->out, t);
}

/* "LABEL RANDOM SECRET" becomes an object; the words need no escaping. */
static void put_key(struct text *t, const char *line)
{
	char label[64], random[PROBE_TLS_KEY_LINE_MAX], secret[PROBE_TLS_KEY_LINE_MAX];

	if (sscanf(line, "%63s %255s %255s", label, random, secret) == 3)
		text_printf(t,
			    "{\"tls_key\":{\"label\":\"%s\",\"client_random\":\"%s\","
			    "\"secret\":\"%s\"}}\n",
			    label, random, secret);
}

static void secrets(struct sink *s, const struct text *lines)
{
	const char *line = text_str(lines);

	if (!s->conf->json_keys)
		return;
	for (; *line; line += strcspn(line, "\n") + 1) {
		text_clear(&s->record);
		put_key(&s->record, line);
		out_record(s->out, &s->record);
	}
}

static void release(struct sink *s)
{
	struct json_state *state = s->state;

	text_free(&state->scratch);
}

const struct sink_ops sink_json = {
	.name = "json",
	.shows_names = true,
	.state_len = sizeof(struct json_state),
	.packet = packet,
	.secrets = secrets,
	.missing = missing,
	.free = release,
};
