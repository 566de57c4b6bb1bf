/* SPDX-License-Identifier: MIT */
/*
 * dissect.c - a packet as one line: the link layer by its type, and the small pieces
 * that all dissectors print. Takes any bytes; cannot fail.
 */
#include <arpa/inet.h>

#include "bpfcap/cbpf.h"

#include "../../../src/util.h"
#include "line.h"

void dissect_cut(struct dissect *d, const char *proto)
{
	text_printf(d->out, " [|%s]", proto);
}

void dissect_invalid(struct dissect *d, const char *what, uint32_t is, const char *relation,
		     uint32_t other)
{
	text_printf(d->out, " [%s %u %s %u] (invalid)", what, is, relation, other);
}

void dissect_name(struct dissect *d, const char *name)
{
	if (!d->opts.link)
		text_put(d->out, name);
}

void dissect_mac(struct dissect *d, struct slice s, uint32_t off, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		text_printf(d->out, "%s%02x", i ? ":" : "", slice_u8(s, off + i));
}

static void addr(int family, uint32_t n, char text[DISSECT_ADDR_LEN], struct slice s, uint32_t off)
{
	if (!slice_has(s, off, n) || !inet_ntop(family, s.p + off, text, DISSECT_ADDR_LEN))
		text[0] = '\0';
}

void dissect_addr4(char text[DISSECT_ADDR_LEN], struct slice s, uint32_t off)
{
	addr(AF_INET, 4, text, s, off);
}

void dissect_addr6(char text[DISSECT_ADDR_LEN], struct slice s, uint32_t off)
{
	addr(AF_INET6, 16, text, s, off);
}

void dissect_endpoints(struct dissect *d, struct dissect_net *net)
{
	if (!net->named)
		text_printf(d->out, "%s > %s: ", net->src, net->dst);
	net->named = true;
}

void dissect_ports(struct dissect *d, struct dissect_net *net, struct slice s)
{
	unsigned src = slice_be16(s, 0), dst = slice_be16(s, 2);

	if (net->named)
		text_printf(d->out, "%u > %u: ", src, dst);
	else
		text_printf(d->out, "%s.%u > %s.%u: ", net->src, src, net->dst, dst);
	net->named = true;
}

void dissect_ip_any(struct dissect *d, struct slice s)
{
	unsigned version = slice_u8(s, 0) >> 4;

	if (!slice_has(s, 0, 1))
		dissect_cut(d, "ip");
	else if (version == 4)
		dissect_ip4(d, s);
	else if (version == 6)
		dissect_ip6(d, s);
	else
		text_printf(d->out, "unknown ip %u", version);
}

static void put_ethertype(struct dissect *d, uint16_t type, uint32_t len)
{
	text_printf(d->out, "ethertype %s (0x%04x), length %u", dissect_ethertype_name(type), type,
		    len);
}

/* Linux cooked capture: where its header has what. */
struct cooked {
	const char *name;
	uint32_t head_len, type_off, dir_off, mac_len_off, mac_off, index_off;
};

/* --link: " In 00:11:22:33:44:55 ", in version 2 with the number of the interface. */
static void put_cooked(struct dissect *d, struct slice s, const struct cooked *c)
{
	static const char *const dirs[] = {"In", "B", "M", "P", "Out"};
	uint16_t dir = c->index_off ? slice_u8(s, c->dir_off) : slice_be16(s, c->dir_off);
	uint16_t mac_len =
		c->index_off ? slice_u8(s, c->mac_len_off) : slice_be16(s, c->mac_len_off);

	if (c->index_off)
		text_printf(d->out, "ifindex %u ", slice_be32(s, c->index_off));
	else
		text_printf(d->out, "%3s ", dir < ARRAY_LEN(dirs) ? dirs[dir] : "?");
	if (mac_len == 1 || mac_len == 4 || mac_len == 6) {
		dissect_mac(d, s, c->mac_off, mac_len);
		text_put(d->out, " ");
	}
}

static uint32_t cooked(struct dissect *d, struct slice s, const struct cooked *c)
{
	uint16_t type = slice_be16(s, c->type_off);

	if (!slice_has(s, 0, c->head_len)) {
		dissect_cut(d, c->name);
		return s.cap;
	}
	if (d->opts.link) {
		put_cooked(d, s, c);
		put_ethertype(d, type, s.len);
		text_put(d->out, ": ");
	}
	if (!dissect_ethertype(d, type, slice_from(s, c->head_len)) && !d->opts.link)
		put_ethertype(d, type, s.len);
	return c->head_len;
}

static uint32_t link_sll(struct dissect *d, struct slice s)
{
	static const struct cooked sll = {"sll", 16, 14, 0, 4, 6, 0};

	return cooked(d, s, &sll);
}

static uint32_t link_sll2(struct dissect *d, struct slice s)
{
	static const struct cooked sll2 = {"sll2", 20, 0, 10, 11, 12, 4};

	return cooked(d, s, &sll2);
}

static uint32_t link_ip(struct dissect *d, struct slice s)
{
	if (d->opts.link)
		text_put(d->out, "ip: ");
	dissect_ip_any(d, s);
	return 0;
}

/* The family is in the byte order of the machine that wrote the file. */
static void put_family(struct dissect *d, struct slice s)
{
	uint32_t family = slice_be32(s, 0);
	bool is_ip4;

	if (family & 0xffff0000)
		family = __builtin_bswap32(family);
	is_ip4 = family == 2;
	text_printf(d->out, "AF %s (%u), length %u: ",
		    is_ip4		       ? "IPv4"
		    : slice_u8(s, 4) >> 4 == 6 ? "IPv6"
					       : "Unknown",
		    family, s.len);
}

/* BSD loopback: an address family of 4 bytes; what follows tells its version by itself. */
static uint32_t link_null(struct dissect *d, struct slice s)
{
	if (!slice_has(s, 0, 4)) {
		dissect_cut(d, "null");
		return s.cap;
	}
	if (d->opts.link)
		put_family(d, s);
	dissect_ip_any(d, slice_from(s, 4));
	return 4;
}

static const struct {
	int linktype;
	uint32_t (*print)(struct dissect *d, struct slice s);
} links[] = {
	{CBPF_LINKTYPE_ETHERNET, dissect_ethernet},
	{CBPF_LINKTYPE_RAW, link_ip},
	{CBPF_LINKTYPE_IPV4, link_ip},
	{CBPF_LINKTYPE_IPV6, link_ip},
	{CBPF_LINKTYPE_LINUX_SLL, link_sll},
	{CBPF_LINKTYPE_LINUX_SLL2, link_sll2},
	{CBPF_LINKTYPE_NULL, link_null},
	{CBPF_LINKTYPE_LOOP, link_null},
	{CBPF_LINKTYPE_PPP, dissect_link_ppp},
	{CBPF_LINKTYPE_PPP_HDLC, dissect_link_ppp_hdlc},
	{CBPF_LINKTYPE_C_HDLC, dissect_link_hdlc},
	{CBPF_LINKTYPE_FRAME_RELAY, dissect_link_frame_relay},
};

static uint32_t print_link(struct dissect *d, uint32_t (*print)(struct dissect *d, struct slice s),
			   struct slice s)
{
	uint32_t head_len = print(d, s);

	if (d->cut)
		dissect_cut(d, d->proto);
	return head_len;
}

uint32_t dissect(struct text *out, int linktype, const uint8_t *data, uint32_t cap_len,
		 uint32_t len, const struct dissect_opts *opts)
{
	struct dissect d = {.out = out, .opts = *opts, .proto = "link"};
	struct slice s = {data, cap_len < len ? cap_len : len, len};

	if (s.cap == 0) {
		text_printf(out, "[Invalid header: %s==0]", len ? "caplen" : "len");
		return 0;
	}
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (links[i].linktype == linktype)
			return print_link(&d, links[i].print, s);
	text_printf(out, "link type %d, length %u", linktype, len);
	return 0;
}
