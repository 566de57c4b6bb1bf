/* SPDX-License-Identifier: MIT */
/*
 * match.c - runs a filter in this process: takes a filter, gives verdicts on packets in memory.
 * Fails with -ENOTSUP for filters with loops, and for those that need what only the kernel knows.
 *
 * Most nodes of a graph test a word of the packet or the number of its bytes. Each of these is one
 * step; an interpreter of the classic program takes a load, a mask and a jump for it. Values are
 * computed by recursion, so their size is limited.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bpfcap/err.h"
#include "compile.h"

enum { VALUE_SIZE_MAX = 64 };

/* Most ask: is it, masked, in lo..lo + width? */
enum step_kind {
	/* the number of captured bytes, and bytes at `off` */
	STEP_CAP_LEN,
	STEP_U8,
	STEP_RAW16,
	STEP_RAW32,
	STEP_NO,
	STEP_YES,
	STEP_RESULT, /* any value */

	STEP_LEN,      /* the real length */
	STEP_AVAIL_AT, /* captured bytes behind, and bytes at, a header's length and `off` */
	STEP_RAW16_AT,
	STEP_VALUES, /* a test of any values */
};

struct step {
	enum step_kind kind;
	uint32_t header; /* where the header begins; its length is that of an IPv4 header */
	uint32_t off, mask, lo, width;
	const struct step *next[2]; /* no, yes */
};

struct cbpf2ebpf_matcher {
	struct ir ir;
	struct step *steps; /* of each node */
};

/* A packet; `over`: the filter ends with 0. */
struct matched {
	const struct ir *ir;
	const uint8_t *packet;
	uint32_t cap_len, len;
	bool over;
};

/* ---- Values ------------------------------------------------------------------------------- */

static uint32_t value(struct matched *w, ir_val i);

/* The graph tests the length before it loads; a fault in it must not read beyond the packet. */
static uint32_t load(struct matched *w, const struct ir_value *v)
{
	uint64_t at = (uint64_t)value(w, v->a) + v->k;
	uint32_t raw = 0;

	if (at > w->cap_len || w->cap_len - at < v->size) {
		w->over = true;
		return 0;
	}
	if (v->size == 1)
		return w->packet[at];
	memcpy(&raw, w->packet + at, v->size);
	if (v->op == IR_RAW)
		return v->size == 2 ? (uint16_t)raw : raw;
	return v->size == 2 ? ntohs((uint16_t)raw) : ntohl(raw);
}

static uint32_t compute(struct matched *w, const struct ir_value *v)
{
	uint32_t a = value(w, v->a), b = v->op == IR_NEG ? 0 : value(w, v->b);

	if (b == 0 && (v->op == IR_DIV || v->op == IR_MOD)) {
		w->over = true;
		return 0;
	}
	return c2e_ir_fold((enum ir_op)v->op, a, b);
}

static uint32_t value(struct matched *w, ir_val i)
{
	const struct ir_value *v = c2e_ir_at(w->ir, i);
	uint32_t base;

	switch (v->op) {
	case IR_CONST:
		return (uint32_t)v->k;
	case IR_LEN:
		return w->len;
	case IR_AVAIL:
		base = value(w, v->a);
		return base < w->cap_len ? w->cap_len - base : 0;
	case IR_LOAD:
	case IR_RAW:
		return load(w, v);
	default:
		return compute(w, v);
	}
}

/* ---- Steps -------------------------------------------------------------------------------- */

/* In `sizes`: how many values each value is computed from, at most VALUE_SIZE_MAX + 1. */
static bool measure(const struct ir *ir, uint8_t *sizes)
{
	for (ir_val i = 0; i < ir->val_cnt; i++) {
		const struct ir_value *v = c2e_ir_at(ir, i);
		unsigned cnt = c2e_ir_operand_cnt((enum ir_op)v->op), size = 1;

		if ((cnt > 0 && v->a > i) || (cnt > 1 && v->b > i))
			return false;
		size += cnt > 0 && v->a < i ? sizes[v->a] : 0;
		size += cnt > 1 && v->b < i ? sizes[v->b] : 0;
		if (v->op == IR_AD || v->op == IR_PHI || v->op == IR_PTR || v->op == IR_FIND)
			size = VALUE_SIZE_MAX + 1;
		sizes[i] = (uint8_t)(size < VALUE_SIZE_MAX ? size : VALUE_SIZE_MAX + 1);
	}
	return true;
}

static bool is_known(const struct ir_insn *n, const uint8_t *sizes)
{
	bool two = n->kind == IR_EQ || n->kind == IR_GT;

	return n->kind != IR_HAS && n->kind != IR_SET && sizes[n->a] <= VALUE_SIZE_MAX &&
	       (!two || sizes[n->b] <= VALUE_SIZE_MAX);
}

/* The header of (u8[header] & 0xf) << 2; false for other values. */
static bool is_header_len(const struct ir *ir, ir_val i, uint32_t *header)
{
	const struct ir_value *shift = c2e_ir_at(ir, i), *and = c2e_ir_at(ir, shift->a),
			      *byte = c2e_ir_at(ir, and->a);

	if (shift->op != IR_LSH || !c2e_ir_is_const(ir, shift->b) ||
	    c2e_ir_at(ir, shift->b)->k != 2 || and->op != IR_AND || !c2e_ir_is_const(ir, and->b) ||
	    c2e_ir_at(ir, and->b)->k != 0xf)
		return false;
	*header = (uint32_t)byte->k;
	return (byte->op == IR_LOAD || byte->op == IR_RAW) && byte->size == 1 && byte->a == 0 &&
	       byte->k <= UINT32_MAX;
}

/* A value that a step computes by itself; else STEP_VALUES. */
static enum step_kind word_kind(const struct ir *ir, const struct ir_value *v, struct step *s)
{
	const bool byte = (v->op == IR_LOAD || v->op == IR_RAW) && v->size == 1;
	const bool is_avail = v->op == IR_AVAIL, raw = v->op == IR_RAW;

	if (v->op == IR_LEN)
		return STEP_LEN;
	if (is_avail && v->a == 0)
		return STEP_CAP_LEN;
	s->off = (uint32_t)v->k;
	if ((!byte && !raw && !is_avail) || v->k > UINT32_MAX)
		return STEP_VALUES;
	if (v->a == 0)
		return byte ? STEP_U8 : v->size == 2 ? STEP_RAW16 : STEP_RAW32;
	if (byte || (raw && v->size != 2) || !is_header_len(ir, v->a, &s->header))
		return STEP_VALUES;
	return is_avail ? STEP_AVAIL_AT : STEP_RAW16_AT;
}

static void choose_test(const struct ir *ir, const struct ir_insn *n, struct step *s)
{
	const struct ir_value *v = c2e_ir_at(ir, n->a);

	s->lo = n->lo;
	s->width = n->hi - n->lo;
	s->mask = UINT32_MAX;
	if (v->op == IR_AND && c2e_ir_is_const(ir, v->b)) {
		s->mask = (uint32_t)c2e_ir_at(ir, v->b)->k;
		v = c2e_ir_at(ir, v->a);
	}
	s->kind = word_kind(ir, v, s);
}

static void make_step(struct cbpf2ebpf_matcher *m, ir_node i)
{
	const struct ir_insn *n = &m->ir.nodes[i];
	struct step *s = &m->steps[i];

	*s = (struct step){.kind = STEP_VALUES};
	if (n->kind == IR_RET) {
		s->kind = !c2e_ir_is_const(&m->ir, n->a) ? STEP_RESULT
			  : c2e_ir_at(&m->ir, n->a)->k	 ? STEP_YES
							 : STEP_NO;
		return;
	}
	s->next[0] = &m->steps[n->no];
	s->next[1] = &m->steps[n->yes];
	if (n->kind == IR_IN)
		choose_test(&m->ir, n, s);
}

static int make_steps(struct cbpf2ebpf_matcher *m)
{
	uint8_t *sizes = malloc(m->ir.val_cnt);
	int rc = sizes && measure(&m->ir, sizes) ? 0 : -ENOTSUP;

	m->steps = calloc(m->ir.node_cnt, sizeof(*m->steps));
	for (ir_node i = 0; rc == 0 && m->steps && i < m->ir.node_cnt; i++) {
		if (is_known(&m->ir.nodes[i], sizes))
			make_step(m, i);
		else
			rc = -ENOTSUP;
	}
	rc = sizes && m->steps ? rc : -ENOMEM;
	free(sizes);
	return rc;
}

/* ---- The object --------------------------------------------------------------------------- */

int cbpf2ebpf_matcher_new(struct cbpf2ebpf_matcher **out, struct cbpf2ebpf_filter *f, struct err *e)
{
	struct cbpf2ebpf_matcher *m = calloc(1, sizeof(*m));
	int rc = m ? c2e_filter_graph(f, &m->ir) : -ENOMEM;

	if (rc == 0)
		rc = make_steps(m);
	*out = m;
	if (rc == 0)
		return 0;
	cbpf2ebpf_matcher_free(m);
	*out = NULL;
	return rc == -ENOTSUP ? err_input(e, rc, "filter",
					  "the filter has a loop, is too large, or reads "
					  "what only the kernel knows")
			      : err_run(e, rc, "filter", "no memory to compile the filter");
}

void cbpf2ebpf_matcher_free(struct cbpf2ebpf_matcher *m)
{
	if (!m)
		return;
	c2e_ir_free(&m->ir);
	free(m->steps);
	free(m);
}

/* ---- Running ------------------------------------------------------------------------------ */

/* The test of any node. */
static bool holds(struct matched *w, const struct ir_insn *n)
{
	uint32_t a = value(w, n->a);

	if (n->kind == IR_IN)
		return a - n->lo <= n->hi - n->lo;
	return n->kind == IR_EQ ? a == value(w, n->b) : a > value(w, n->b);
}

/* Where the bytes of a step begin, from the header whose length is added. */
static uint64_t place(const struct matched *w, const struct step *s)
{
	if (s->header >= w->cap_len)
		return UINT64_MAX / 2; /* beyond every packet */
	return s->off + 4 * (w->packet[s->header] & UINT64_C(0xf));
}

static inline const struct step *next(const struct step *s, uint32_t x)
{
	return s->next[(x & s->mask) - s->lo <= s->width];
}

/* From a step that is not one of the simple ones; NULL: the filter ends with 0. */
static const struct step *next_of_others(const struct cbpf2ebpf_matcher *m, const struct step *s,
					 struct matched w)
{
	const uint64_t at = place(&w, s);
	uint16_t half;

	switch (s->kind) {
	case STEP_LEN:
		return next(s, w.len);
	case STEP_AVAIL_AT:
		return next(s, at < w.cap_len ? w.cap_len - (uint32_t)at : 0);
	case STEP_RAW16_AT:
		if (at + sizeof(half) > w.cap_len)
			return NULL;
		memcpy(&half, w.packet + at, sizeof(half));
		return next(s, half);
	default:
		s = s->next[holds(&w, &m->ir.nodes[s - m->steps])];
		return w.over ? NULL : s;
	}
}

static bool is_match(const struct cbpf2ebpf_matcher *m, const struct step *s, struct matched w)
{
	return value(&w, m->ir.nodes[s - m->steps].a) != 0 && !w.over;
}

/* The steps that most packets take are here, without a structure in memory. */
bool cbpf2ebpf_matches(const struct cbpf2ebpf_matcher *m, const uint8_t *packet, uint32_t cap_len,
		       uint32_t len)
{
	const struct step *s = &m->steps[m->ir.root];
	uint16_t half;
	uint32_t word;

	while (s) {
		const uint64_t at = s->off;

		switch (s->kind) {
		case STEP_CAP_LEN:
			s = next(s, cap_len);
			break;
		case STEP_U8:
			if (at + 1 > cap_len)
				return false;
			s = next(s, packet[at]);
			break;
		case STEP_RAW16:
			if (at + sizeof(half) > cap_len)
				return false;
			memcpy(&half, packet + at, sizeof(half));
			s = next(s, half);
			break;
		case STEP_RAW32:
			if (at + sizeof(word) > cap_len)
				return false;
			memcpy(&word, packet + at, sizeof(word));
			s = next(s, word);
			break;
		case STEP_NO:
			return false;
		case STEP_YES:
			return true;
		case STEP_RESULT:
			return is_match(m, s,
					(struct matched){&m->ir, packet, cap_len, len, false});
		default:
			s = next_of_others(m, s,
					   (struct matched){&m->ir, packet, cap_len, len, false});
			break;
		}
	}
	return false;
}
