/* SPDX-License-Identifier: MIT */
/* packets_sets.c - sets of packets: storage, truncation, packets without a link layer. */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packets.h"

struct packet *packets_next(struct packets *ps, const char *name)
{
	struct packet *p;

	ps->all = realloc(ps->all, (ps->cnt + 1) * sizeof(*ps->all));
	if (!ps->all)
		abort();
	p = &ps->all[ps->cnt++];
	memset(p, 0, sizeof(*p));
	(void)snprintf(p->name, sizeof(p->name), "%s", name);
	return p;
}

/* ---- Truncations -------------------------------------------------------------------------- */

static const char *const cut_names[PACKETS_CUT_CNT] = {"tcp data behind options", "ip6 chain tcp",
						       "arp request", "qinq"};

static void add_cuts(struct packets *ps, struct packet whole)
{
	for (uint32_t len = 1; len < whole.len; len++) {
		struct packet *p = packets_next(ps, whole.name);
		uint32_t name_len = (uint32_t)strlen(whole.name);

		*p = whole;
		memset(p->data + len, 0, PACKET_LEN_MAX - len);
		p->len = len;
		(void)snprintf(p->name + name_len, sizeof(p->name) - name_len, "[:%u]", len);
	}
}

static void add_cuts_of(struct packets *ps, const struct packets *whole, size_t which)
{
	for (size_t i = 0; i < whole->cnt; i++)
		if (strcmp(whole->all[i].name, cut_names[which]) == 0)
			add_cuts(ps, whole->all[i]);
}

struct packets packets_cut(size_t which)
{
	struct packets whole = packets_whole(), cuts = {0};

	add_cuts_of(&cuts, &whole, which);
	packets_free(&whole);
	return cuts;
}

struct packets packets_empty(size_t cnt)
{
	struct packets ps = {0};

	while (ps.cnt < cnt)
		(void)packets_next(&ps, "");
	return ps;
}

void packets_append(struct packets *to, struct packets *from)
{
	for (size_t i = 0; i < from->cnt; i++)
		*packets_next(to, from->all[i].name) = from->all[i];
	packets_free(from);
}

struct packets packets_ethernet(int cut)
{
	struct packets ps = packets_whole();

	for (size_t n = 0; cut && n < PACKETS_CUT_CNT; n++) {
		struct packets cuts = packets_cut(n);

		packets_append(&ps, &cuts);
	}
	return ps;
}

struct packets packets_raw(int cut)
{
	struct packets ps = packets_ethernet(cut);
	size_t kept = 0;

	for (size_t i = 0; i < ps.cnt; i++) {
		struct packet *p = &ps.all[i];
		unsigned type = (unsigned)p->data[12] << 8 | p->data[13];

		if (p->len <= 14 || (type != 0x0800 && type != 0x86dd))
			continue;
		p->len -= 14;
		memmove(p->data, p->data + 14, PACKET_LEN_MAX - 14);
		ps.all[kept++] = *p;
	}
	ps.cnt = kept;
	return ps;
}

/* ---- Other link layers -------------------------------------------------------------------- */

/* The link layer's header in front of an IP packet; returns its length. */
static uint32_t link_header(enum cbpf_linktype linktype, uint8_t h[20], bool six, bool out)
{
	const uint32_t family = linktype == CBPF_LINKTYPE_LOOP ? htonl(six ? 10 : 2) : six ? 10 : 2;
	const uint8_t proto[2] = {six ? 0x86 : 0x08, six ? 0xdd : 0x00};

	memset(h, 0, 20);
	switch (linktype) {
	case CBPF_LINKTYPE_NULL:
	case CBPF_LINKTYPE_LOOP:
		memcpy(h, &family, 4);
		return 4;
	case CBPF_LINKTYPE_LINUX_SLL: /* packet type, ARPHRD, address length, address, protocol */
		memcpy(h, (uint8_t[]){0, out ? 4 : 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1}, 12);
		memcpy(h + 14, proto, 2);
		return 16;
	case CBPF_LINKTYPE_LINUX_SLL2: /* protocol, interface, ARPHRD, packet type, address */
		memcpy(h, proto, 2);
		memcpy(h + 7, (uint8_t[]){3, 0, 1, out ? 4 : 0, 6, 2, 0, 0, 0, 0, 1}, 11);
		return 20;
	default:
		return 0;
	}
}

struct packets packets_linked(enum cbpf_linktype linktype)
{
	struct packets ps = packets_raw(1);

	for (size_t i = 0; i < ps.cnt; i++) {
		struct packet *p = &ps.all[i];
		uint8_t h[20];
		uint32_t len = link_header(linktype, h, p->data[0] >> 4 == 6, i & 1);

		memmove(p->data + len, p->data, PACKET_LEN_MAX - len);
		memcpy(p->data, h, len);
		p->len += len;
	}
	return ps;
}

void packets_free(struct packets *p)
{
	free(p->all);
	*p = (struct packets){0};
}
