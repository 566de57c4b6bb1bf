/* SPDX-License-Identifier: MIT */
/*
 * classic.c - the classic program of a packet socket: which packets, then the filter of their link
 * type.
 *
 * Takes the session's filters as libpcap compiled them, and the interfaces; gives one program. The
 * kernel translates it so that its loads cost least, and CAP_NET_RAW suffices. -ENOTSUP: it has
 * loops, which the kernel refuses; -E2BIG: it is longer than the kernel permits.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <linux/if_arp.h>
#include <string.h>

#include "bpfcap/err.h"
#include "../../util.h"
#include "capture.h"

enum { IFINDEX_LO = 1 };

static const uint16_t raw_types[] = {
	ARPHRD_NONE,  ARPHRD_TUNNEL, ARPHRD_TUNNEL6, ARPHRD_SIT,  ARPHRD_PPP,
	ARPHRD_IPGRE, ARPHRD_IP6GRE, ARPHRD_RAWIP,   ARPHRD_VOID,
};

int probe_linktype_of_arp(uint16_t arp_type)
{
	if (arp_type == ARPHRD_ETHER || arp_type == ARPHRD_LOOPBACK)
		return CBPF_LINKTYPE_ETHERNET;
	for (size_t i = 0; i < ARRAY_LEN(raw_types); i++)
		if (arp_type == raw_types[i])
			return CBPF_LINKTYPE_RAW;
	return -1;
}

struct classic_writer {
	struct cbpf_prog *to;
	size_t cap;
	bool failed; /* no memory */
};

static void put(struct classic_writer *w, unsigned code, unsigned jt, unsigned jf, uint32_t k)
{
	struct cbpf_prog *p = w->to;
	struct cbpf_insn *more = grow(p->insns, &w->cap, p->cnt + 1, sizeof(*more));

	if (!more) {
		w->failed = true;
		return;
	}
	p->insns = more;
	more[p->cnt++] = (struct cbpf_insn){(uint16_t)code, (uint8_t)jt, (uint8_t)jf, k};
}

static void put_load(struct classic_writer *w, uint32_t ancillary)
{
	put(w, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)SKF_AD_OFF + ancillary);
}

static void put_refuse(struct classic_writer *w)
{
	put(w, BPF_RET | BPF_K, 0, 0, 0);
}

/* A frame passes lo twice: only its way in counts, as with tcpdump. */
static void put_loopback(struct classic_writer *w)
{
	put_load(w, SKF_AD_PKTTYPE);
	put(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 3, PACKET_OUTGOING);
	put_load(w, SKF_AD_IFINDEX);
	put(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, IFINDEX_LO);
	put_refuse(w);
}

#define LEAF_LEN 3
#define NODE_LEN 2

static size_t tree_len(unsigned cnt)
{
	return cnt ? cnt * LEAF_LEN + (cnt - 1) * NODE_LEN : 0;
}

/*
 * In: A = the interface. Continues at instruction `end` if it is one of list[0..cnt), in ascending
 * order; refuses the packet otherwise.
 */
static void put_tree(struct classic_writer *w, const uint32_t *list, unsigned cnt, size_t end)
{
	unsigned half = cnt / 2;

	if (cnt == 1) {
		put(w, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, list[0]);
		put(w, BPF_JMP | BPF_JA, 0, 0, (uint32_t)(end - w->to->cnt - 1));
		put_refuse(w);
		return;
	}
	put(w, BPF_JMP | BPF_JGE | BPF_K, 0, 1, list[half]);
	put(w, BPF_JMP | BPF_JA, 0, 0, (uint32_t)tree_len(half));
	put_tree(w, list, half, end);
	put_tree(w, list + half, cnt - half, end);
}

static void put_ifaces(struct classic_writer *w, const struct capture_ifaces *at)
{
	if (at->cnt == 0) {
		put_refuse(w);
		return;
	}
	put_load(w, SKF_AD_IFINDEX);
	put_tree(w, at->index, at->cnt, w->to->cnt + tree_len(at->cnt));
}

static void put_mark(struct classic_writer *w, const struct capture_meta *m)
{
	put_load(w, SKF_AD_MARK);
	put(w, BPF_ALU | BPF_AND | BPF_K, 0, 0, m->mark_mask);
	put(w, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, m->mark);
	put_refuse(w);
}

static void put_program(struct classic_writer *w, const struct cbpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++)
		put(w, p->insns[i].code, p->insns[i].jt, p->insns[i].jf, p->insns[i].k);
}

/* The filter of each link type; packets of others are refused, as is raw IP without a filter. */
static void put_filters(struct classic_writer *w, const struct capture *c)
{
	const unsigned raw_cnt = c->classic_raw.cnt ? ARRAY_LEN(raw_types) : 0;

	put_load(w, SKF_AD_HATYPE);
	put(w, BPF_JMP | BPF_JEQ | BPF_K, raw_cnt + 2, 0, ARPHRD_ETHER);
	put(w, BPF_JMP | BPF_JEQ | BPF_K, raw_cnt + 1, 0, ARPHRD_LOOPBACK);
	for (unsigned i = 0; i < raw_cnt; i++)
		put(w, BPF_JMP | BPF_JEQ | BPF_K, raw_cnt - i + 1, 0, raw_types[i]);
	put_refuse(w);
	put(w, BPF_JMP | BPF_JA, 0, 0, raw_cnt ? 1 : 0);
	if (raw_cnt)
		put(w, BPF_JMP | BPF_JA, 0, 0, (uint32_t)c->classic_eth.cnt);
	put_program(w, &c->classic_eth);
	put_program(w, &c->classic_raw);
}

static bool loops(const struct cbpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++)
		if (p->insns[i].code == (BPF_JMP | BPF_JA) && (int32_t)p->insns[i].k < 0)
			return true;
	return false;
}

int probe_capture_classic(const struct capture *c, const struct capture_ifaces *at,
			  struct cbpf_prog *out)
{
	struct classic_writer w = {.to = out};
	bool one = !at->all && at->cnt == 1;

	*out = (struct cbpf_prog){0};
	if (loops(&c->classic_eth) || loops(&c->classic_raw))
		return -ENOTSUP;
	if (!one || at->index[0] == IFINDEX_LO)
		put_loopback(&w);
	if (!one && !at->all)
		put_ifaces(&w, at);
	if (c->meta.has_mark)
		put_mark(&w, &c->meta);
	if (one && at->linktype == CBPF_LINKTYPE_ETHERNET)
		put_program(&w, &c->classic_eth);
	else
		put_filters(&w, c);
	if (!w.failed && out->cnt <= BPF_MAXINSNS)
		return 0;
	cbpf_prog_free(out);
	return w.failed ? -ENOMEM : -E2BIG;
}
