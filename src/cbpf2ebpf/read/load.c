/* SPDX-License-Identifier: MIT */
/*
 * load.c - packet bytes and length as the filter sees them: plain, with a hardware VLAN tag, or
 * without the tags that the packet has.
 */
#include "path.h"

#define ADDRS_LEN 12 /* of an Ethernet frame; a tag follows */

static void require_avail(struct reader *r, ir_val base, uint64_t reach)
{
	if (reach > UINT32_MAX) {
		c2e_path_finish(r, r->open, 0);
		r->open = NO_EDGE;
		return;
	}
	if (base == 0 && reach <= r->avail)
		return;
	c2e_path_require(r, (struct ir_insn){.kind = IR_IN,
					     .a = c2e_ir_avail(r->ir, base),
					     .lo = (uint32_t)reach,
					     .hi = UINT32_MAX});
	if (base == 0)
		r->avail = (uint32_t)reach;
}

/* One byte as the filter sees it, before a packet with a hardware tag. */
static ir_val tagged_byte(struct reader *r, uint64_t at)
{
	ir_val pair = c2e_ir_ad(r->ir, CBPF_AD_VLAN_TAG, 0);

	if (at < 12 || at >= 16)
		return c2e_ir_load(r->ir, 1, 0, at < 12 ? at : at - 4);
	if (at < 14)
		pair = c2e_ir_tpid(r->ir);
	if (at % 2 == 0)
		pair = c2e_ir_alu_const(r->ir, IR_RSH, pair, 8);
	return c2e_ir_alu_const(r->ir, IR_AND, pair, 0xff);
}

/* A load at a constant offset of a packet with a hardware tag. */
static ir_val load_tagged_at(struct reader *r, unsigned size, uint64_t k)
{
	ir_val sum = 0;

	if (k + size <= 12) {
		require_avail(r, 0, k + size);
		return c2e_ir_load(r->ir, size, 0, k);
	}
	require_avail(r, 0, k + size < 16 ? 12 : k + size - 4);
	if (k >= 16)
		return c2e_ir_load(r->ir, size, 0, k - 4);
	if (k == 12 && size == 2)
		return c2e_ir_tpid(r->ir);
	if (k == 14 && size == 2)
		return c2e_ir_alu_const(r->ir, IR_AND, c2e_ir_ad(r->ir, CBPF_AD_VLAN_TAG, 0),
					0xffff);
	for (unsigned i = 0; i < size; i++)
		sum = c2e_ir_alu(r->ir, IR_ADD, c2e_ir_alu_const(r->ir, IR_LSH, sum, 8),
				 tagged_byte(r, k + i));
	return sum;
}

static ir_val load_plain(struct reader *r, unsigned size, ir_val base, uint64_t k)
{
	base = c2e_ir_split_base(r->ir, base, &k);
	require_avail(r, base, k + size);
	return c2e_ir_load(r->ir, size, base, k);
}

static ir_val load_behind_tag(struct reader *r, unsigned size, ir_val base, uint64_t k)
{
	if (k >= 4)
		return load_plain(r, size, base, k - 4);
	base = c2e_ir_alu_const(r->ir, IR_SUB, base, 4);
	return load_plain(r, size, base, k);
}

/* A frame whose first bytes are not in memory as they are read. */
struct frame_view {
	uint64_t end; /* of these bytes */
	ir_val (*at)(struct reader *r, unsigned size, uint64_t k);
	ir_val (*behind)(struct reader *r, unsigned size, ir_val base, uint64_t k);
};

/* A load at base + k, wherever that is: one branch for each offset before the view's end. */
static ir_val load_anywhere(struct reader *r, const struct frame_view *v, unsigned size,
			    ir_val base, uint64_t k)
{
	uint32_t join = (*r->join_id)++, avail = r->avail;
	path_edges out = NO_EDGE, rest, yes;
	struct ir_insn in = {.kind = IR_IN, .a = base};

	for (uint64_t at = k; at < v->end; at++) { /* at = base + k for base = at - k */
		in.lo = (uint32_t)(at - k);
		in.hi = in.lo;
		c2e_path_test(r, in, &yes, &rest);
		r->open = yes;
		if (yes != NO_EDGE)
			c2e_path_set_phi(r, v->at(r, size, at), IR_A, join, &out);
		r->avail = avail;
		r->open = rest;
	}
	if (r->open != NO_EDGE)
		c2e_path_set_phi(r, v->behind(r, size, base, k), IR_A, join, &out);
	r->open = out;
	r->avail = avail;
	return c2e_ir_phi(r->ir, IR_A, join);
}

/* Before, in or after the tag. */
static const struct frame_view tagged = {16, load_tagged_at, load_behind_tag};

/* ---- Hidden tags -------------------------------------------------------------------------- */

/* A load at a constant offset: the addresses are before the tags, the rest after them. */
static ir_val load_untagged_at(struct reader *r, unsigned size, uint64_t k)
{
	ir_val hidden = c2e_ir_hidden(r->ir), sum = 0;

	if (k + size <= ADDRS_LEN)
		return load_plain(r, size, 0, k);
	if (k >= ADDRS_LEN)
		return load_plain(r, size, hidden, k);
	require_avail(r, hidden, k + size);
	for (uint64_t at = k; at < k + size; at++)
		sum = c2e_ir_alu(r->ir, IR_ADD, c2e_ir_alu_const(r->ir, IR_LSH, sum, 8),
				 c2e_ir_load(r->ir, 1, at < ADDRS_LEN ? 0 : hidden, at));
	return sum;
}

/* A load at base + k, which is after the tags. A base so large that the sum wraps is outside. */
static ir_val load_behind_hidden(struct reader *r, unsigned size, ir_val base, uint64_t k)
{
	ir_val hidden = c2e_ir_hidden(r->ir);

	if (c2e_ir_at(r->ir, base)->hi > INT32_MAX)
		c2e_path_require(r, (struct ir_insn){.kind = IR_IN, .a = base, .hi = INT32_MAX});
	return load_plain(r, size, c2e_ir_alu(r->ir, IR_ADD, base, hidden), k);
}

static const struct frame_view untagged = {ADDRS_LEN, load_untagged_at, load_behind_hidden};

static ir_val load_untagged(struct reader *r, unsigned size, ir_val base, uint64_t k)
{
	if (base == 0)
		return load_untagged_at(r, size, k);
	if (c2e_ir_at(r->ir, base)->lo + k >= ADDRS_LEN)
		return load_behind_hidden(r, size, base, k);
	return load_anywhere(r, &untagged, size, base, k);
}

/* ---- All views ---------------------------------------------------------------------------- */

ir_val c2e_path_load(struct reader *r, unsigned size, ir_val base, uint64_t k)
{
	base = c2e_ir_split_base(r->ir, base, &k);
	if (r->view->tags == IR_TAGS_SEEN)
		return load_plain(r, size, base, k);
	if (r->view->tags == IR_TAGS_HIDDEN)
		return load_untagged(r, size, base, k);
	if (base == 0)
		return load_tagged_at(r, size, k);
	if (c2e_ir_at(r->ir, base)->lo + k >= 16)
		return load_behind_tag(r, size, base, k);
	return load_anywhere(r, &tagged, size, base, k);
}

ir_val c2e_path_len(struct reader *r)
{
	ir_val len = c2e_ir_len(r->ir);

	switch (r->view->tags) {
	case IR_TAGS_BESIDE:
		return c2e_ir_alu_const(r->ir, IR_ADD, len, 4);
	case IR_TAGS_HIDDEN:
		return c2e_ir_alu(r->ir, IR_SUB, len, c2e_ir_hidden(r->ir));
	default:
		return len;
	}
}
