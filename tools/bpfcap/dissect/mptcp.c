/* SPDX-License-Identifier: MIT */
/* mptcp.c - the options of Multipath TCP (RFC 6824, 8684). Takes one option with its kind. */
#include "field.h"

#include <inttypes.h>

enum { TCP_SYN = 0x02, TCP_ACK = 0x10, ADDR_LEN_MIN6 = 20 };

/* Prints an option; false: its length does not fit. All bytes of it were captured. */
typedef bool (*option_fn)(struct dissect *d, struct slice o, uint8_t flags);

static bool capable(struct dissect *d, struct slice o, uint8_t flags)
{
	unsigned version = slice_u8(o, 2) & 0xf;
	bool opens = flags & TCP_SYN && (o.len == 12 || o.len == 4);
	bool ack = (flags & (TCP_SYN | TCP_ACK)) == TCP_ACK && (o.len == 20 || o.len == 22);

	if (!opens && !ack)
		return false;
	if (version > 1) {
		say(d, " Unknown Version (%u)", version);
		return true;
	}
	say(d, " v%u%s", version, field_u8(d, o, 3) & 0x80 ? " csum" : "");
	if (o.len < 12)
		return true;
	say(d, " {0x%" PRIx64, field_u64(d, o, 4));
	if (o.len >= 20)
		say(d, ",0x%" PRIx64, field_u64(d, o, 12));
	say(d, "}");
	return true;
}

static bool join(struct dissect *d, struct slice o, uint8_t flags)
{
	bool syn = o.len == 12 && flags & TCP_SYN;
	bool syn_ack = o.len == 16 && (flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
	bool ack = o.len == 24 && flags & TCP_ACK;

	if (!syn && !syn_ack && !ack)
		return false;
	if (!ack)
		say(d, "%s id %u", field_u8(d, o, 2) & 1 ? " backup" : "", field_u8(d, o, 3));
	if (syn)
		say(d, " token 0x%x nonce 0x%x", field_u32(d, o, 4), field_u32(d, o, 8));
	else if (syn_ack)
		say(d, " hmac 0x%" PRIx64 " nonce 0x%x", field_u64(d, o, 4), field_u32(d, o, 12));
	else
		say(d, " hmac 0x");
	if (ack)
		say_hex(d, o, 4, 20);
	return true;
}

/* " ack 5" or " seq 5": a number of 4 or 8 bytes at *off; false: the option ends before. */
static bool number(struct dissect *d, const char *name, struct slice o, uint32_t *off, bool wide)
{
	uint32_t n = wide ? 8 : 4;

	say(d, " %s ", name);
	if (o.len - *off < n)
		return false;
	if (wide)
		say(d, "%" PRIu64, field_u64(d, o, *off));
	else
		say(d, "%u", field_u32(d, o, *off));
	*off += n;
	return true;
}

static bool dss(struct dissect *d, struct slice o, uint8_t tcp_flags)
{
	uint8_t flags = slice_u8(o, 3);
	uint32_t off = 4;

	if (o.len < 4 || tcp_flags & TCP_SYN)
		return false;
	say(d, "%s", flags & 0x10 ? " fin" : "");
	if (flags & 0x01 && !number(d, "ack", o, &off, flags & 0x02))
		return false;
	if (!(flags & 0x04))
		return off == o.len;
	if (!number(d, "seq", o, &off, flags & 0x08) || o.len - off < 4)
		return false;
	say(d, " subseq %u", field_u32(d, o, off));
	if (o.len - off < 6)
		return false;
	say(d, " len %u", field_u16(d, o, off + 4));
	off += 6;
	if (o.len - off >= 2) {
		say(d, " csum 0x%x", field_u16(d, o, off));
		off += 2;
	}
	return off == o.len;
}

static bool add_addr(struct dissect *d, struct slice o, uint8_t flags)
{
	static const struct field_name kinds[] = {
		{6, "v0-ip6"}, {4, "v0-ip4"}, {1, "v1-echo"}, {0, "v1"}, {0, NULL}};
	const char *kind = field_name(kinds, slice_u8(o, 2) & 0xf);
	bool is_6 = o.len >= ADDR_LEN_MIN6;
	uint32_t off = is_6 ? 20 : 8, rest = o.len - off;

	(void)flags;
	if (o.len < 8 || (rest != 0 && rest != 2 && rest != 8 && rest != 10))
		return false;
	say(d, " %s id %u ", kind ? kind : "[bad version/echo]", field_u8(d, o, 3));
	if (is_6)
		say_ip6(d, o, 4);
	else
		say_ip4(d, o, 4);
	if (rest == 2 || rest == 10) {
		say(d, ":%u", field_u16(d, o, off));
		off += 2;
	}
	if (rest >= 8)
		say(d, " hmac 0x%" PRIx64, field_u64(d, o, off));
	return true;
}

static bool remove_addr(struct dissect *d, struct slice o, uint8_t flags)
{
	(void)flags;
	if (o.len < 4)
		return false;
	say(d, " id");
	for (uint32_t off = 3; off < o.len; off++)
		say(d, " %u", field_u8(d, o, off));
	return true;
}

static bool prio(struct dissect *d, struct slice o, uint8_t flags)
{
	(void)flags;
	if (o.len != 3 && o.len != 4)
		return false;
	say(d, "%s", slice_u8(o, 2) & 1 ? " backup" : " non-backup");
	if (o.len == 4)
		say(d, " id %u", field_u8(d, o, 3));
	return true;
}

static bool fail(struct dissect *d, struct slice o, uint8_t flags)
{
	(void)flags;
	if (o.len != 12)
		return false;
	say(d, " seq %" PRIu64, field_u64(d, o, 4));
	return true;
}

static bool fast_close(struct dissect *d, struct slice o, uint8_t flags)
{
	(void)flags;
	if (o.len != 12)
		return false;
	say(d, " key 0x%" PRIx64, field_u64(d, o, 4));
	return true;
}

bool dissect_mptcp(struct dissect *d, struct slice o, uint8_t tcp_flags)
{
	static const struct {
		const char *name;
		option_fn print;
	} options[] = {
		{"capable", capable},
		{"join", join},
		{"dss", dss},
		{"add-addr", add_addr},
		{"rem-addr", remove_addr},
		{"prio", prio},
		{"fail", fail},
		{"fast-close", fast_close},
	};
	unsigned subtype = slice_u8(o, 2) >> 4;

	d->proto = "mptcp";
	if (o.len < 3)
		return false;
	if (subtype >= ARRAY_LEN(options)) {
		say(d, " %u unknown", o.len);
		return true;
	}
	say(d, " %u %s", o.len, options[subtype].name);
	return options[subtype].print(d, o, tcp_flags);
}
