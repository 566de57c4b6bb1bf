/* SPDX-License-Identifier: MIT */
/*
 * dns_name.c - domain names with compression (RFC 1035, 4.1.4). Takes a message and an offset;
 * fails with a name that is malformed or cut off. A pointer must lead backwards, so names end.
 */
#include "dns.h"

enum { LABEL_KIND = 0xc0, LABEL_POINTER = 0xc0, LABEL_BITS = 0x41, NAME_MAX_LEN = 255 };

/* A bit string (RFC 2673, obsolete): one byte says how many bits follow. */
static uint32_t bits_of(struct slice s, uint32_t off)
{
	uint32_t bits = slice_u8(s, off);

	return bits ? bits : 256;
}

bool dns_skip_name(struct dns *m)
{
	while (slice_has(m->msg, m->off, 1)) {
		uint8_t len = m->msg.p[m->off++];

		if (len == 0)
			return true;
		if ((len & LABEL_KIND) == LABEL_POINTER) {
			m->off++;
			return true;
		}
		if (len == LABEL_BITS && slice_has(m->msg, m->off, 1))
			m->off += 1 + (bits_of(m->msg, m->off) + 7) / 8;
		else if (len & LABEL_KIND)
			return false;
		else
			m->off += len;
	}
	return false;
}

/* "\[x0a/8]" */
static uint32_t print_bits(struct dissect *d, struct slice s, uint32_t off)
{
	uint32_t bits = bits_of(s, off), n = (bits + 7) / 8;

	say(d, "\\[x");
	say_hex(d, s, off + 1, bits / 8);
	if (bits % 8 > 4)
		say(d, "%02x", field_u8(d, s, off + n) & 0xff << (8 - bits % 8));
	else if (bits % 8)
		say(d, "%1x", (field_u8(d, s, off + n) >> 4) & 0xf << (4 - bits % 8) & 0xf);
	say(d, "/%u]", bits);
	return 1 + n;
}

/* A name being printed. */
struct name_walk {
	uint32_t off, limit; /* the label's; a pointer must lead before `limit` */
	uint32_t end;	     /* behind the name in the message; 0: not known yet */
	uint32_t char_cnt;
};

/* Follows a pointer; false: cut off or malformed. */
static bool jump(struct dissect *d, struct name_walk *w, struct slice msg)
{
	uint32_t target = slice_be16(msg, w->off) & 0x3fff;

	if (!slice_has(msg, w->off, 2))
		return false;
	if (!w->end)
		w->end = w->off + 2;
	if (target >= w->limit) {
		say(d, "<BAD PTR>");
		return false;
	}
	w->limit = w->off = target;
	return true;
}

static void print_text(struct dissect *d, struct name_walk *w, struct slice msg, uint8_t len)
{
	uint32_t room = w->char_cnt < NAME_MAX_LEN ? NAME_MAX_LEN - w->char_cnt : 0;

	say_text(d, msg, w->off + 1, len < room ? len : room);
	w->char_cnt += len;
	w->off += 1u + len;
}

/* Prints a label; false: cut off or malformed. */
static bool print_label(struct dissect *d, struct name_walk *w, struct slice msg)
{
	uint8_t len = slice_u8(msg, w->off);

	if (len == LABEL_BITS && slice_has(msg, w->off + 1, 1)) {
		w->off += 1 + print_bits(d, msg, w->off + 1);
	} else if (len & LABEL_KIND) {
		if ((len & LABEL_KIND) == (LABEL_BITS & LABEL_KIND))
			say(d, "<ELT %u>", len & ~LABEL_KIND);
		else
			say(d, "<BAD LABEL TYPE>");
		return false;
	} else {
		print_text(d, w, msg, len);
	}
	if (w->char_cnt <= NAME_MAX_LEN)
		say(d, ".");
	w->char_cnt++;
	return !d->cut;
}

bool dns_print_name(struct dissect *d, struct dns *m)
{
	struct name_walk w = {.off = m->off, .limit = m->off};

	if (slice_has(m->msg, w.off, 1) && slice_u8(m->msg, w.off) == 0)
		say(d, ".");
	for (;;) {
		uint8_t len = slice_u8(m->msg, w.off);

		if (!slice_has(m->msg, w.off, 1))
			return false;
		if (len == 0)
			break;
		if ((len & LABEL_KIND) == LABEL_POINTER ? !jump(d, &w, m->msg)
							: !print_label(d, &w, m->msg))
			return false;
	}
	if (w.char_cnt > NAME_MAX_LEN)
		say(d, "<DOMAIN NAME TOO LONG>");
	m->off = w.end ? w.end : w.off + 1;
	return !d->cut;
}
