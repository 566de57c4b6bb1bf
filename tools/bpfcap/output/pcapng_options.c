/* SPDX-License-Identifier: MIT */
/*
 * pcapng_options.c - what a pcapng file says about a packet: takes a packet, appends the options of
 * its block. docs/pcapng.md describes them.
 */
#include "pcapng.h"

#include <inttypes.h>
#include <string.h>

void pcapng_option(struct text *t, unsigned code, const void *value, size_t n)
{
	if (n > UINT16_MAX)
		n = UINT16_MAX;
	pcapng_u16(t, code);
	pcapng_u16(t, (unsigned)n);
	pcapng_padded(t, value, n);
}

void pcapng_option_ours(struct text *t, const char *lines, size_t n)
{
	static const char tag[] = NG_PEN_TAG;
	const size_t head_len = sizeof(uint32_t) + sizeof(tag) - 1;

	if (n > UINT16_MAX - head_len)
		n = UINT16_MAX - head_len;
	pcapng_u16(t, NG_OPT_CUSTOM_TEXT);
	pcapng_u16(t, (unsigned)(head_len + n));
	pcapng_u32(t, NG_PEN);
	text_put(t, tag);
	text_bytes(t, lines, n);
	text_bytes(t, "\0\0\0", -(head_len + n) & 3);
}

/* A line with what `put` appends; no line if it appends nothing. */
static void put_line(struct text *t, const char *name, const struct packet *pk,
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
		packet_put_frame(t, pk, i);
	}
}

static void put_comment(struct text *t, const struct packet *pk)
{
	put_line(t, "hook", pk, put_hook);
	put_line(t, "reason", pk, packet_put_reason);
	put_line(t, "function", pk, packet_put_location);
	put_line(t, "process", pk, packet_put_process);
	put_line(t, "made up", pk, packet_put_made);
	put_line(t, "owner", pk, packet_put_owner);
	put_line(t, "gather", pk, packet_put_since);
	put_line(t, "stack", pk, put_stack);
}

/* Lines of our option that are not in the comment. */
static void put_numbers(struct text *t, const struct packet *pk)
{
	if (packet_has_cpu(pk))
		text_printf(t, "\ncpu: %d", pk->ev->cpu);
	if (pk->ev->tid)
		text_printf(t, "\ntid: %" PRIu32, pk->ev->tid);
	if (pk->ev->mono_ns)
		text_printf(t, "\nmonotonic: %" PRIu64, pk->ev->mono_ns);
}

/* What became of a packet is known where a BPF program of the kernel's user has dropped it. */
static void put_verdict(struct sink *s, const struct packet *pk)
{
	static const struct {
		const char *reason;
		uint8_t kind; /* 1: TC, 2: XDP */
		uint64_t verdict;
	} known[] = {{"TC_INGRESS", 1, 2 /* TC_ACT_SHOT */},
		     {"TC_EGRESS", 1, 2},
		     {"XDP", 2, 1 /* XDP_DROP */}};
	struct pcapng_state *state = s->state;
	uint8_t value[9];

	if (!pk->ev->has_reason)
		return;
	text_clear(&state->scratch);
	packet_put_reason(&state->scratch, pk);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strcmp(text_str(&state->scratch), known[i].reason) != 0)
			continue;
		value[0] = known[i].kind;
		memcpy(value + 1, &known[i].verdict, sizeof(known[i].verdict));
		pcapng_option(&s->record, NG_OPT_EPB_VERDICT, value, sizeof(value));
	}
}

void pcapng_packet_options(struct sink *s, const struct packet *pk)
{
	static const uint32_t flags[] = {[PROBE_DIR_UNKNOWN] = 0,
					 [PROBE_DIR_IN] = NG_INBOUND,
					 [PROBE_DIR_OUT] = NG_OUTBOUND};
	struct pcapng_state *state = s->state;
	struct text *t = &s->record, *lines = &state->scratch;
	size_t start = t->len;

	text_clear(lines);
	put_comment(lines, pk);
	if (lines->len) {
		pcapng_option(t, NG_OPT_COMMENT, lines->p, lines->len);
		put_numbers(lines, pk);
		pcapng_option_ours(t, lines->p, lines->len);
	}
	if (flags[pk->ev->dir])
		pcapng_option(t, NG_OPT_EPB_FLAGS, &flags[pk->ev->dir], sizeof(flags[0]));
	if (pk->ev->skb)
		pcapng_option(t, NG_OPT_EPB_PACKETID, &pk->ev->skb, sizeof(pk->ev->skb));
	put_verdict(s, pk);
	if (t->len != start)
		pcapng_option(t, NG_OPT_END, "", 0);
}
