/* SPDX-License-Identifier: MIT */
/* interpret.c - runs compiled filters without a kernel and compares them with the oracle. */
#include "interpret.h"

#include <arpa/inet.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <string.h>

#include "bpfcap/ebpf_run.h"

#define CTX_ADDR    0x1000u
#define PACKET_ADDR 0x10000u
#define KERNEL_ADDR UINT64_C(0xffff888000000000)
#define TABLES_ADDR UINT64_C(0xffff999000000000)
#define TAG_AT	    12 /* where an Ethernet frame has its VLAN tag */
#define TAG_LEN	    4

/* A packet as the kernel holds it. */
struct view {
	const struct packet *p;
	uint8_t data[PACKET_LEN_MAX];
	uint32_t len, linear; /* the first `linear` bytes are linear */
	uint32_t tag, tpid;   /* a VLAN tag beside the packet; tpid 0: none */
	uint32_t want;	      /* the oracle's verdict */
};

struct checked {
	const struct ebpf_prog *prog;
	enum filter_mode mode;
	uint32_t buffer_len;
	const void *tables;
	uint32_t tables_len;
	struct oracle oracle;
};

static int run(const struct checked *c, const struct view *v, uint64_t *verdict, struct err *e)
{
	struct __sk_buff skb = {.len = v->len,
				.data = PACKET_ADDR,
				.data_end = PACKET_ADDR + v->linear,
				.vlan_present = v->tpid != 0,
				.vlan_tci = v->tag,
				.vlan_proto = v->tpid};
	struct xdp_md xdp = {.data = PACKET_ADDR, .data_end = PACKET_ADDR + v->linear};
	struct filter_input in = {.cap_len = v->len, .len = v->len, .data = KERNEL_ADDR};
	struct ebpf_region r[] = {
		{.addr = CTX_ADDR, .data = &skb, .len = sizeof(skb)},
		{.addr = PACKET_ADDR, .data = (void *)v->data, .len = v->linear},
		{.addr = TABLES_ADDR, .data = (void *)c->tables, .len = c->tables_len}};
	struct ebpf_machine m = {.regions = r,
				 .region_cnt = 3,
				 .checked = true,
				 .ctx = CTX_ADDR,
				 .packet = v->data,
				 .packet_len = v->len,
				 .packet_net_off = 14};

	if (filter_mode_type(c->mode) == EBPF_PROG_XDP) {
		r[0].data = &xdp;
		r[0].len = sizeof(xdp);
	} else if (filter_mode_type(c->mode) == EBPF_PROG_ANY) {
		r[0].data = &in;
		r[0].len = offsetof(struct filter_input, packet) + c->buffer_len;
		r[1].addr = KERNEL_ADDR;
		if (in.cap_len > c->buffer_len)
			in.cap_len = c->buffer_len;
		memcpy(in.packet, v->data, (size_t)in.cap_len);
		memset(in.packet + in.cap_len, 0xa5, sizeof(in.packet) - (size_t)in.cap_len);
	}
	return ebpf_run(c->prog, &m, verdict, e);
}

static bool agrees_on_view(const struct checked *c, const struct view *v, char why[AGREES_TEXT_LEN])
{
	uint64_t got = 0;
	struct err e = {0};

	if (run(c, v, &got, &e) == 0 && got == v->want)
		return true;
	(void)snprintf(why, AGREES_TEXT_LEN,
		       "%s, packet '%s'%s (%u of %u bytes linear): %s says %u, we %llu %s",
		       filter_mode_name(c->mode), v->p->name, v->tpid ? ", tag beside it" : "",
		       v->linear, v->len, c->oracle.name, v->want, (unsigned long long)got, e.text);
	return false;
}

/* With all lengths of the linear part that the mode can meet. */
static bool agrees_on_lengths(const struct checked *c, struct view *v, char why[AGREES_TEXT_LEN])
{
	const uint32_t linear[] = {v->len, v->len < 34 ? v->len : 34, v->len / 3, 0};
	bool paged = c->mode == FILTER_CLS_DIRECT || c->mode == FILTER_XDP_FRAGS;
	size_t cnt = paged ? sizeof(linear) / sizeof(linear[0]) : 1;
	bool agrees = true;

	for (size_t n = 0; agrees && n < cnt; n++) {
		v->linear = linear[n];
		agrees = agrees_on_view(c, v, why);
	}
	return agrees;
}

/* Takes a VLAN tag out of the packet; false if there is none. */
static bool take_tag(struct view *v)
{
	uint16_t tag[2];

	if (v->len < TAG_AT + TAG_LEN)
		return false;
	memcpy(tag, v->data + TAG_AT, TAG_LEN);
	if (tag[0] != htons(0x8100) && tag[0] != htons(0x88a8))
		return false;
	v->tpid = tag[0];
	v->tag = ntohs(tag[1]);
	v->len -= TAG_LEN;
	memmove(v->data + TAG_AT, v->data + TAG_AT + TAG_LEN, v->len - TAG_AT);
	return true;
}

static bool agrees_on(const struct checked *c, const struct packet *p, char why[AGREES_TEXT_LEN])
{
	struct view v = {
		.p = p, .len = p->len, .want = oracle_run(&c->oracle, p->data, p->len, p->len)};
	enum ebpf_prog_type type = filter_mode_type(c->mode);

	memcpy(v.data, p->data, p->len);
	if (!agrees_on_lengths(c, &v, why))
		return false;
	if (type != EBPF_PROG_SCHED_CLS && type != EBPF_PROG_SOCKET_FILTER)
		return true;
	return !take_tag(&v) || agrees_on_lengths(c, &v, why);
}

/* Addresses in a map's value become addresses in the region of the tables. */
static void place_tables(struct ebpf_prog *prog)
{
	for (size_t i = 0; i < prog->cnt; i++) {
		struct ebpf_insn *insn = (struct ebpf_insn *)&prog->insns[i];

		if (insn->code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (insn->src == BPF_PSEUDO_MAP_VALUE) {
			uint64_t addr = TABLES_ADDR + (uint32_t)insn[1].imm;

			insn->src = 0;
			insn[0].imm = (int32_t)addr;
			insn[1].imm = (int32_t)(addr >> 32);
		}
		i++;
	}
}

static bool matcher_agrees_on(const struct cbpf2ebpf_matcher *m, const struct oracle *o,
			      const struct packet *p, char why[AGREES_TEXT_LEN])
{
	const uint32_t cuts[] = {p->len, p->len / 2, 33, 15, 0};

	for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
		uint32_t cut = cuts[i] < p->len ? cuts[i] : p->len;
		bool want = oracle_run(o, p->data, cut, p->len) != 0;

		if (cbpf2ebpf_matches(m, p->data, cut, p->len) == want)
			continue;
		(void)snprintf(why, AGREES_TEXT_LEN,
			       "matcher, packet '%s', %u of %u bytes: %s says %d", p->name, cut,
			       p->len, o->name, want);
		return false;
	}
	return true;
}

/* Filters that a matcher does not take are left to the other tests. */
static bool matcher_agrees(const struct cbpf_prog *filter, const struct packets *ps,
			   char why[AGREES_TEXT_LEN])
{
	const struct oracle o = oracle_of(filter);
	struct cbpf2ebpf_matcher *m = NULL;
	struct cbpf2ebpf_filter *f = NULL;
	bool agrees = true;

	if (cbpf2ebpf_filter_new(&f, filter, -1, NULL, NULL) == 0)
		(void)cbpf2ebpf_matcher_new(&m, f, NULL);
	cbpf2ebpf_filter_free(f);
	for (size_t i = 0; m && agrees && i < ps->cnt; i++)
		agrees = matcher_agrees_on(m, &o, &ps->all[i], why);
	cbpf2ebpf_matcher_free(m);
	return agrees;
}

bool interpret_agrees(const struct cbpf_prog *filter, enum filter_mode mode,
		      const struct ebpf_target *t, const struct packets *ps,
		      char why[AGREES_TEXT_LEN])
{
	struct ebpf_prog prog;
	struct checked c = {&prog, mode, filter_buffer_len(mode, filter),
			    NULL,  0,	 oracle_of(filter)};
	struct cbpf2ebpf_tables *tables =
		filter_tables(filter, filter_tables_min(filter), &c.tables, &c.tables_len);
	bool agrees;
	struct err e;

	cbpf2ebpf_tables_bind(tables, 0);
	agrees = filter_program(filter, t, mode, EBPF_PROG_ANY, tables, NULL, NULL, &prog, &e) ==
			 0 &&
		 ebpf_check(prog.insns, prog.cnt, NULL, EBPF_PROG_ANY, &e) == 0;
	if (!agrees)
		(void)snprintf(why, AGREES_TEXT_LEN, "%s: %s", filter_mode_name(mode), e.text);
	else
		place_tables(&prog);
	for (size_t i = 0; agrees && i < ps->cnt; i++)
		agrees = agrees_on(&c, &ps->all[i], why);
	if (agrees && mode == FILTER_CLS_DIRECT) /* once for all modes */
		agrees = matcher_agrees(filter, ps, why);
	ebpf_prog_free(&prog);
	cbpf2ebpf_tables_free(tables);
	return agrees;
}
