/* SPDX-License-Identifier: MIT */
/*
 * run.c - an interpreter for classic programs whose result is undefined in libpcap's, or which
 * might not end there: it does what libpcap's does wherever that is defined, decides the rest as
 * the compiler does (docs/compiler.md), and runs a loop at most LOOP_MAX times. Takes a checked
 * program. All other programs run in libpcap's own interpreter (libpcap.c).
 */
#include "loops.h"

struct run {
	const uint8_t *packet;
	uint32_t cap_len, len;

	uint32_t a, x, cell[CBPF_CELLS];
	bool over; /* a load outside the packet, a division by zero: the result is 0 */
};

/* `size` bytes at an offset, in network order. */
static uint32_t bytes(struct run *r, uint64_t at, uint16_t code)
{
	const unsigned size = CBPF_SIZE(code) == CBPF_W ? 4 : CBPF_SIZE(code) == CBPF_H ? 2 : 1;
	uint32_t sum = 0;

	if (at + size > r->cap_len) {
		r->over = true;
		return 0;
	}
	for (unsigned i = 0; i < size; i++)
		sum = sum << 8 | r->packet[at + i];
	return sum;
}

/* The packet begins with the link layer; the offset of the network header is not known. */
static uint64_t place(uint32_t k)
{
	return k >= CBPF_LL_OFF && k < CBPF_NET_OFF ? k - CBPF_LL_OFF : k;
}

static uint32_t load(struct run *r, const struct cbpf_insn *in)
{
	switch (CBPF_MODE(in->code)) {
	case CBPF_IMM:
		return in->k;
	case CBPF_ABS:
		return bytes(r, place(in->k), in->code);
	case CBPF_IND:
		return bytes(r, (uint64_t)r->x + in->k, in->code);
	case CBPF_MEM:
		return r->cell[in->k];
	case CBPF_LEN:
		return r->len;
	default: /* MSH */
		return (bytes(r, place(in->k), CBPF_B) & 0xf) << 2;
	}
}

static uint32_t divide(struct run *r, uint32_t a, uint32_t b, bool rest)
{
	if (b == 0) {
		r->over = true;
		return 0;
	}
	return rest ? a % b : a / b;
}

static uint32_t alu(struct run *r, uint16_t code, uint32_t a, uint32_t b)
{
	switch (CBPF_OP(code)) {
	case CBPF_ADD:
		return a + b;
	case CBPF_SUB:
		return a - b;
	case CBPF_MUL:
		return a * b;
	case CBPF_DIV:
		return divide(r, a, b, false);
	case CBPF_MOD:
		return divide(r, a, b, true);
	case CBPF_OR:
		return a | b;
	case CBPF_AND:
		return a & b;
	case CBPF_XOR:
		return a ^ b;
	case CBPF_LSH:
		return b < 32 ? a << b : 0;
	case CBPF_RSH:
		return b < 32 ? a >> b : 0;
	default: /* NEG */
		return 0 - a;
	}
}

static bool holds(uint16_t code, uint32_t a, uint32_t b)
{
	switch (CBPF_OP(code)) {
	case CBPF_JEQ:
		return a == b;
	case CBPF_JGT:
		return a > b;
	case CBPF_JGE:
		return a >= b;
	default: /* JSET */
		return (a & b) != 0;
	}
}

/* Distance of the next instruction from the one after `in`. */
static int64_t distance(const struct run *r, const struct cbpf_insn *in)
{
	if (CBPF_OP(in->code) == CBPF_JA)
		return (int32_t)in->k;
	return holds(in->code, r->a, in->code & CBPF_X ? r->x : in->k) ? in->jt : in->jf;
}

/* All instructions except jumps and returns. */
static void step(struct run *r, const struct cbpf_insn *in)
{
	switch (CBPF_CLASS(in->code)) {
	case CBPF_LD:
		r->a = load(r, in);
		break;
	case CBPF_LDX:
		r->x = load(r, in);
		break;
	case CBPF_ST:
		r->cell[in->k] = r->a;
		break;
	case CBPF_STX:
		r->cell[in->k] = r->x;
		break;
	case CBPF_ALU:
		r->a = alu(r, in->code, r->a, in->code & CBPF_X ? r->x : in->k);
		break;
	default: /* MISC */
		if (CBPF_OP(in->code) == CBPF_TXA)
			r->a = r->x;
		else
			r->x = r->a;
		break;
	}
}

static uint32_t run(struct run *r, const struct cbpf_prog *p, const struct loops *l)
{
	size_t pc = 0, loop = 0;
	unsigned round = 1;

	while (!r->over) {
		const struct cbpf_insn *in = &p->insns[pc];
		int64_t by = 0;

		if (CBPF_CLASS(in->code) == CBPF_RET)
			return in->code & CBPF_A ? r->a : in->k;
		if (CBPF_CLASS(in->code) == CBPF_JMP)
			by = distance(r, in);
		else
			step(r, in);
		for (; by < 0 && l->all[loop].end < pc; loop++)
			round = 1;
		if (by < 0 && round++ == LOOP_MAX)
			return 0;
		pc = (size_t)((int64_t)pc + 1 + by);
	}
	return 0;
}

uint32_t c2e_run(const struct cbpf_prog *p, const uint8_t *packet, uint32_t cap_len, uint32_t len)
{
	struct run r = {.packet = packet, .cap_len = cap_len, .len = len};
	struct loops l;
	uint32_t result = 0;

	if (c2e_loops_find(&l, p) == 0)
		result = run(&r, p, &l);
	c2e_loops_free(&l);
	return result;
}

/* ---- libpcap's interpreter, where it defines what a program does --------------------------- */

/*
 * What is undefined in libpcap's interpreter: scratch memory that was not written, shifts by
 * constants above 31, division by a constant 0; what it does not know: offsets from the link layer;
 * and what may not end: its protochain loops forever on packets made for that.
 */
static bool left_to_chance(const struct cbpf_insn *in)
{
	switch (cbpf_code(in->code)->form) {
	case CBPF_FORM_CELL:
		return CBPF_CLASS(in->code) <= CBPF_LDX;
	case CBPF_FORM_SHIFT:
		return in->k > 31;
	case CBPF_FORM_IMM:
		return in->k == 0 &&
		       (in->code == (CBPF_ALU | CBPF_DIV) || in->code == (CBPF_ALU | CBPF_MOD));
	case CBPF_FORM_ABS:
	case CBPF_FORM_MSH:
		return in->k >= CBPF_LL_OFF && in->k < CBPF_NET_OFF;
	case CBPF_FORM_JA:
		return (int32_t)in->k < 0;
	default:
		return false;
	}
}

bool cbpf_is_plain(const struct cbpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++)
		if (left_to_chance(&p->insns[i]))
			return false;
	return true;
}

uint32_t cbpf_run(const struct cbpf_prog *p, const uint8_t *packet, uint32_t cap_len, uint32_t len)
{
	if (!cbpf_is_plain(p))
		return c2e_run(p, packet, cap_len, len);
	return cbpf_run_plain(p, packet, cap_len, len);
}
