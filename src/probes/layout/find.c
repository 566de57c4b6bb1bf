/* SPDX-License-Identifier: MIT */
/*
 * find.c - finds the layout of sk_buff by asking the verifier.
 *
 * Loads (never attaches) a sched_cls program that reads fields of __sk_buff, and reads back how the
 * kernel rewrote the accesses: its loads contain the real offsets. Gives a derived and checked
 * layout. Fails with the load's error, -EPERM if the kernel hides rewritten programs, -ENOTSUP if
 * the result cannot be trusted.
 */
#include "parts.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "bpfcap/err.h"
#include "bpfcap/dsl.h"
#include "bpfcap/kbpf.h"

#include "../../util.h"

/* Which load of a rewritten access has the member. */
enum shape {
	SHAPE_PLAIN,  /* first load from the context */
	SHAPE_DEV,    /* pointer from the context, then the member it points to */
	SHAPE_SHINFO, /* end, head and the sum of them: struct skb_shared_info */
};

struct ctx_access {
	uint8_t ctx_off;
	enum ebpf_size ctx_size;
	enum shape shape;
	uint8_t len; /* bytes the member must have; 0: any */
	enum layout_field field;
};

#define PLAIN(member, len, field)                                                                  \
	{                                                                                          \
		offsetof(struct __sk_buff, member), EBPF_W, SHAPE_PLAIN, len, LAYOUT_##field       \
	}

static const struct ctx_access accesses[] = {
	PLAIN(len, 4, SKB_LEN),
	PLAIN(pkt_type, 1, SKB_PKT_TYPE),
	PLAIN(mark, 4, SKB_MARK),
	PLAIN(queue_mapping, 2, SKB_QUEUE_MAPPING),
	PLAIN(protocol, 2, SKB_PROTOCOL),
	PLAIN(vlan_present, 0, SKB_VLAN_PRESENT),
	PLAIN(vlan_tci, 2, SKB_VLAN_TCI),
	PLAIN(vlan_proto, 2, SKB_VLAN_PROTO),
	PLAIN(priority, 4, SKB_PRIORITY),
	PLAIN(ingress_ifindex, 4, SKB_IIF),
	PLAIN(hash, 4, SKB_HASH),
	PLAIN(data, 0, SKB_DATA),
	{offsetof(struct __sk_buff, ifindex), EBPF_W, SHAPE_DEV, 4, LAYOUT_DEV_IFINDEX},
	{offsetof(struct __sk_buff, sk), EBPF_DW, SHAPE_PLAIN, 0, LAYOUT_SKB_SK},
	{offsetof(struct __sk_buff, gso_segs), EBPF_W, SHAPE_SHINFO, 2, LAYOUT_SKB_END},
};

#define ACCESS_CNT (ARRAY_LEN(accesses))

/* for each access: r8 = r10 (the marker); r2 = ctx->field.  return 0 */
static int build(const struct ebpf_target *t, const struct ctx_access *a, size_t cnt,
		 struct ebpf_prog *out, struct err *e)
{
	struct ebpf_builder *b = ebpf_new(t, EBPF_PROG_ANY);
	int rc;

	EMIT(b, MOV(R6, R1));
	for (size_t i = 0; i < cnt; i++)
		EMIT(b, MOV(R8, R10), LDX(a[i].ctx_size, R2, MEM(R6, a[i].ctx_off)));
	EMIT(b, MOV(R0, 0), EXIT());
	rc = ebpf_finish(b, out, e);
	ebpf_free(b);
	return rc;
}

static int not_understood(const struct ctx_access *a, struct err *e)
{
	struct probe_layout names;

	probe_layout_init(&names);
	return err_run(
		e, -ENOTSUP, "kernel",
		"the layout of sk_buff cannot be found: this kernel's verifier reads %s.%s in "
		"a way that bpfcap does not know; -f socket and -f tc work without it",
		names.field[a->field].object, names.field[a->field].name);
}

static bool is_ctx_load(const struct layout_loads *s, unsigned i, uint8_t len)
{
	return i < s->cnt && s->load[i].from_ctx && (len == 0 || s->load[i].len == len);
}

static bool take_plain(struct probe_layout *l, const struct ctx_access *a,
		       const struct layout_loads *s)
{
	const struct layout_load *load = &s->load[0];

	if (!is_ctx_load(s, 0, a->len))
		return false;
	l->field[a->field].off = load->off;
	if (a->field == LAYOUT_SKB_PKT_TYPE)
		l->pkt_type_mask = (uint8_t)load->mask;
	if (a->field == LAYOUT_SKB_VLAN_PRESENT && load->len == 1)
		l->vlan_present_mask = (uint8_t)load->mask;
	if (a->field == LAYOUT_SKB_DATA)
		l->ptr_len = load->len;
	return true;
}

static bool take_dev(struct probe_layout *l, const struct ctx_access *a,
		     const struct layout_loads *s)
{
	if (!is_ctx_load(s, 0, 0) || s->cnt != 2 || s->load[1].from_ctx || s->load[1].len != a->len)
		return false;
	l->field[LAYOUT_SKB_DEV].off = s->load[0].off;
	l->field[a->field].off = s->load[1].off;
	return true;
}

/* 64 bit: u32 end and u64 head from the context, in either order, then the u16 at their sum. */
static bool take_shinfo(struct probe_layout *l, const struct layout_loads *s)
{
	bool end_first = s->load[0].len == 4;

	if (l->ptr_len != 8)
		return true; /* 32 bit: end is a pointer, and head is not revealed */
	if (!is_ctx_load(s, 0, 0) || !is_ctx_load(s, 1, 0) || s->load[0].len == s->load[1].len)
		return false;
	l->field[LAYOUT_SKB_END].off = s->load[end_first ? 0 : 1].off;
	l->field[LAYOUT_SKB_HEAD].off = s->load[end_first ? 1 : 0].off;
	return true;
}

static bool take_access(struct probe_layout *l, const struct ctx_access *a,
			const struct layout_loads *s)
{
	switch (a->shape) {
	case SHAPE_PLAIN:
		return take_plain(l, a, s);
	case SHAPE_DEV:
		return take_dev(l, a, s);
	case SHAPE_SHINFO:
		return take_shinfo(l, s);
	}
	return false;
}

/* Loads a program with these accesses and gives the loads that each was rewritten to. */
static int reveal(const struct ebpf_target *t, uint32_t type, const struct ctx_access *a,
		  size_t cnt, struct layout_loads *seg, struct err *e)
{
	struct ebpf_prog p = {0};
	int rc = build(t, a, cnt, &p, e);

	if (rc < 0)
		return rc;
	rc = probe_layout_reveal(&p, type, seg, (unsigned)cnt, e);
	return rc == -ENOTSUP ? not_understood(&a[0], e) : rc;
}

static int find_by_cls(struct probe_layout *l, const struct ebpf_target *t, struct err *e)
{
	struct layout_loads seg[ACCESS_CNT] = {0};
	int rc = reveal(t, BPF_PROG_TYPE_SCHED_CLS, accesses, ACCESS_CNT, seg, e);

	for (size_t i = 0; rc == 0 && i < ACCESS_CNT; i++)
		if (!take_access(l, &accesses[i], &seg[i]))
			rc = not_understood(&accesses[i], e);
	return rc;
}

/*
 * From 6.1 on, data_end of an sk_skb program is data + len - data_len. Older kernels, and those
 * without such programs, do not reveal it; data_len is then derived from its neighbour alone.
 */
static void find_data_len(struct probe_layout *l, const struct ebpf_target *t)
{
	static const struct ctx_access data_end = {offsetof(struct __sk_buff, data_end), EBPF_W,
						   SHAPE_PLAIN, 0, LAYOUT_SKB_DATA_LEN};
	struct layout_loads seg = {0};

	if (reveal(t, BPF_PROG_TYPE_SK_SKB, &data_end, 1, &seg, NULL) < 0)
		return;
	for (unsigned i = 0; seg.cnt == 3 && i < seg.cnt; i++)
		if (is_ctx_load(&seg, i, 4) && seg.load[i].off != layout_off(l, LAYOUT_SKB_LEN))
			l->field[LAYOUT_SKB_DATA_LEN].off = seg.load[i].off;
}

/* What the programs of this search may use, whatever -k says: they run here. */
static int running_target(struct ebpf_target *t, struct err *e)
{
	int rc = ebpf_target_by_version(t, "5.4", e);

	if (rc < 0 || kbpf_has_helper(BPF_PROG_TYPE_SCHED_CLS, EBPF_FN_probe_read_kernel) != 1)
		return rc;
	ebpf_target_set_helper(t, EBPF_PROG_SCHED_CLS, EBPF_FN_probe_read_kernel, true);
	ebpf_target_set_helper(t, EBPF_PROG_SOCKET_FILTER, EBPF_FN_probe_read_kernel, true);
	return 0;
}

static int look_and_check(struct probe_layout *l, const struct ebpf_target *t, struct err *e)
{
	struct layout_peek peek = {0};
	int rc = probe_layout_peek(l, t, &peek, e);

	if (rc == 0)
		rc = probe_layout_check(l, &peek, e);
	if (rc == 0)
		probe_layout_find_net(l, &peek);
	return rc;
}

int probe_layout_fill(struct probe_layout *l, struct err *e)
{
	struct ebpf_target t;
	int rc = running_target(&t, e);

	probe_layout_init(l);
	if (rc == 0)
		rc = find_by_cls(l, &t, e);
	if (rc < 0)
		return rc;
	find_data_len(l, &t);
	probe_layout_find_sock(l, &t);
	rc = probe_layout_derive(l, e);
	if (rc == 0)
		rc = look_and_check(l, &t, e);
	if (rc == 0)
		probe_layout_find_pages(l, &t);
	return rc;
}

int probe_layout_find(struct probe_layout **out, struct err *e)
{
	struct probe_layout *l = malloc(sizeof(*l));
	int rc;

	*out = NULL;
	if (!l)
		return err_run(e, -ENOMEM, "kernel", "no memory for the layout of sk_buff");
	rc = probe_layout_fill(l, e);
	if (rc < 0) {
		free(l);
		return rc;
	}
	*out = l;
	return 0;
}
