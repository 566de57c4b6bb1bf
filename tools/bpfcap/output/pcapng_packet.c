/* SPDX-License-Identifier: MIT */
/*
 * pcapng_packet.c - the block of a packet: takes a packet and its words, builds the block in the
 * output buffer. This runs for each packet that is captured; it formats only the time.
 */
#include "pcapng.h"

#include <string.h>

#include "../moment.h"

enum {
	HEAD_LEN = 28,	 /* up to the packet's bytes */
	DIGITS_MAX = 20, /* of a 64-bit number */
	/* after the words: digits and padding, flags, packet id, end, the block's length */
	TAIL_MAX = DIGITS_MAX + 3 + 8 + 12 + 4 + 4,
};

static uint8_t *put(uint8_t *to, const void *bytes, size_t n)
{
	memcpy(to, bytes, n);
	return to + n;
}

static uint8_t *put_u32(uint8_t *to, uint32_t v)
{
	return put(to, &v, sizeof(v));
}

/* The head of an option; codes and lengths have 16 bits. */
static uint8_t *put_option(uint8_t *to, uint16_t code, uint16_t len)
{
	to = put(to, &code, sizeof(code));
	return put(to, &len, sizeof(len));
}

/* Zeros up to a multiple of 4 bytes from `start`. */
static uint8_t *pad(uint8_t *to, const uint8_t *start)
{
	while ((to - start) & 3)
		*to++ = 0;
	return to;
}

/* Two digits at a time: this is most of what is left to do for a packet. */
static uint8_t *put_decimal(uint8_t *to, uint64_t v)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324"
				    "25262728293031323334353637383940414243444546474849"
				    "50515253545556575859606162636465666768697071727374"
				    "75767778798081828384858687888990919293949596979899";
	uint8_t digits[DIGITS_MAX], *p = digits + sizeof(digits);

	for (; v >= 10; v /= 100)
		memcpy(p -= 2, pairs + 2 * (v % 100), 2);
	if (v > 0 || p == digits + sizeof(digits))
		*--p = (uint8_t)('0' + v);
	return put(to, p, (size_t)(digits + sizeof(digits) - p));
}

/* Comment and custom option; the time ends the custom option, which was finished without it. */
static uint8_t *put_words(uint8_t *to, const struct pcapng_words *w, uint64_t mono_ns)
{
	const size_t ours_head = 4;
	uint8_t *ours = to + w->ours, *value = ours + ours_head, *end;
	uint16_t len;

	memcpy(to, w->text.p, w->text.len);
	if (!mono_ns || w->ours_len > UINT16_MAX - DIGITS_MAX)
		return to + w->text.len;
	end = put_decimal(value + w->ours_len, mono_ns);
	len = (uint16_t)(end - value);
	memcpy(ours + 2, &len, sizeof(len));
	return pad(end, value);
}

static uint8_t *put_facts(uint8_t *to, const struct probe_event *ev)
{
	static const uint32_t flags[] = {[PROBE_DIR_UNKNOWN] = 0,
					 [PROBE_DIR_IN] = NG_INBOUND,
					 [PROBE_DIR_OUT] = NG_OUTBOUND};

	if (flags[ev->dir]) {
		to = put_option(to, NG_OPT_EPB_FLAGS, sizeof(flags[0]));
		to = put_u32(to, flags[ev->dir]);
	}
	if (ev->skb) {
		to = put_option(to, NG_OPT_EPB_PACKETID, sizeof(ev->skb));
		to = put(to, &ev->skb, sizeof(ev->skb));
	}
	return to;
}

static uint8_t *put_head(uint8_t *to, uint32_t iface, const struct probe_event *ev)
{
	const uint64_t time_ns = moment_ns(ev->time);
	const uint32_t head[HEAD_LEN / 4] = {NG_PACKET,
					     0, /* the length, known at the end */
					     iface,
					     (uint32_t)(time_ns >> 32),
					     (uint32_t)time_ns,
					     ev->cap_len,
					     ev->len};

	return put(to, head, sizeof(head));
}

void pcapng_packet(struct sink *s, uint32_t iface, const struct packet *pk)
{
	const struct probe_event *ev = pk->ev;
	const struct pcapng_words *w = pcapng_words(s->state, pk);
	uint8_t *block, *options, *to;
	uint32_t len;

	if (w->failed) {
		pcapng_no_memory(s);
		return;
	}
	block = out_room(s->out, HEAD_LEN + (size_t)ev->cap_len + 3 + w->text.len + w->verdict.len +
					 TAIL_MAX);
	if (!block)
		return;
	to = put_head(block, iface, ev);
	to = pad(put(to, ev->data, ev->cap_len), block);
	options = to;
	if (w->text.len)
		to = put_words(to, w, ev->mono_ns);
	to = put_facts(to, ev);
	if (w->verdict.len)
		to = put(to, w->verdict.p, w->verdict.len);
	if (to != options)
		to = put_u32(to, NG_OPT_END);
	len = (uint32_t)(to - block) + 4;
	to = put_u32(to, len);
	memcpy(block + 4, &len, sizeof(len));
	out_put(s->out, len);
}
