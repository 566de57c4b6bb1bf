/* SPDX-License-Identifier: MIT */
/* randprog.c - random valid classic programs, and smaller ones that still fail. */
#include "../../src/cbpf2ebpf/classic/code.h"
#include "randprog.h"

#include <stdlib.h>
#include <string.h>

#define CNT(a)	 (sizeof(a) / sizeof((a)[0]))
#define INSN_MAX 64

uint32_t choose(struct choices *c, uint32_t below)
{
	uint32_t x;

	if (c->len >= 2) {
		x = (uint32_t)c->data[0] << 8 | c->data[1];
		c->data += 2;
		c->len -= 2;
		return x % below;
	}
	if (c->seed == 0)
		return 0;
	c->seed ^= c->seed << 13;
	c->seed ^= c->seed >> 7;
	c->seed ^= c->seed << 17;
	return (uint32_t)(c->seed >> 20) % below;
}

/* ---- Numbers ------------------------------------------------------------------------------ */

/* Numbers that packets of tests hold, and those at the edges. */
static uint32_t number(struct choices *c)
{
	static const uint32_t known[] = {
		0,	    1,		2,	    4,		6,	    8,		12,
		17,	    20,		58,	    64,		0x0f,	    0xf0,	0x1fff,
		0x45,	    0x60,	443,	    80,		53,	    0x0800,	0x86dd,
		0x8100,	    0x0806,	0x0a000001, 0x0a000002, 0x01010101, 0xff,	0xffff,
		0xffff0000, 0xff000000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff,
	};

	return choose(c, 4) == 0 ? choose(c, 256) : known[choose(c, CNT(known))];
}

/* Mostly inside the headers, sometimes at the end of a packet or far beyond it. */
static uint32_t offset(struct choices *c)
{
	static const uint32_t headers[] = {0, 6, 12, 14, 16, 20, 22, 23, 26, 30, 34, 36, 46, 54};
	static const uint32_t far[] = {200,	   0x7fff,     0x8000,	   0xfff0,    0xffff,
				       0x7ffffff0, 0x7fffffff, 0x80000000, 0xffdfffff};

	switch (choose(c, 8)) {
	case 0:
		return far[choose(c, CNT(far))];
	case 1:
	case 2:
		return choose(c, 90);
	default:
		return headers[choose(c, CNT(headers))];
	}
}

/* ---- Instructions ------------------------------------------------------------------------- */

static struct cbpf_insn random_insn(struct choices *c, uint32_t left)
{
	static const uint16_t loads[] = {
		CBPF_LD | CBPF_ABS | CBPF_W, CBPF_LD | CBPF_ABS | CBPF_H,
		CBPF_LD | CBPF_ABS | CBPF_B, CBPF_LD | CBPF_ABS | CBPF_W,
		CBPF_LD | CBPF_ABS | CBPF_H, CBPF_LD | CBPF_ABS | CBPF_B,
		CBPF_LD | CBPF_IND | CBPF_W, CBPF_LD | CBPF_IND | CBPF_H,
		CBPF_LD | CBPF_IND | CBPF_B, CBPF_LDX | CBPF_MSH | CBPF_B,
	};
	static const uint16_t cells[] = {CBPF_LD | CBPF_MEM, CBPF_LDX | CBPF_MEM, CBPF_ST,
					 CBPF_STX};
	static const uint16_t others[] = {
		CBPF_LD | CBPF_IMM,  CBPF_LDX | CBPF_IMM,  CBPF_LD | CBPF_LEN,
		CBPF_LDX | CBPF_LEN, CBPF_MISC | CBPF_TAX, CBPF_MISC | CBPF_TXA,
	};
	static const uint16_t ops[] = {CBPF_ADD, CBPF_SUB, CBPF_MUL, CBPF_DIV, CBPF_OR,
				       CBPF_AND, CBPF_LSH, CBPF_RSH, CBPF_MOD, CBPF_XOR};
	uint16_t source = choose(c, 2) ? CBPF_X : CBPF_K;
	uint16_t op;

	switch (choose(c, 8)) {
	case 0:
	case 1:
		return (struct cbpf_insn){loads[choose(c, CNT(loads))], 0, 0, offset(c)};
	case 2:
		return (struct cbpf_insn){cells[choose(c, CNT(cells))], 0, 0, choose(c, 4)};
	case 3:
		return (struct cbpf_insn){others[choose(c, CNT(others))], 0, 0, number(c)};
	case 4:
	case 5:
		op = ops[choose(c, CNT(ops))];
		if (choose(c, 20) == 0)
			return (struct cbpf_insn){CBPF_ALU | CBPF_NEG, 0, 0, 0};
		return (struct cbpf_insn){(uint16_t)(CBPF_ALU | op | source), 0, 0,
					  op == CBPF_LSH || op == CBPF_RSH ? choose(c, 40)
									   : number(c)};
	default:
		if (choose(c, 30) == 0)
			return (struct cbpf_insn){CBPF_JMP | CBPF_JA, 0, 0, choose(c, left)};
		if (choose(c, 30) == 0)
			return (struct cbpf_insn){CBPF_RET | (choose(c, 2) ? CBPF_K : CBPF_A), 0, 0,
						  number(c)};
		return (struct cbpf_insn){(uint16_t)(CBPF_JMP | CBPF_JEQ << choose(c, 3) | source),
					  (uint8_t)choose(c, left), (uint8_t)choose(c, left),
					  number(c)};
	}
}

static void random_jump_kind(struct choices *c, struct cbpf_insn *in)
{
	static const uint8_t conds[] = {CBPF_JEQ, CBPF_JGT, CBPF_JGE, CBPF_JSET};

	if (CBPF_CLASS(in->code) == CBPF_JMP && in->code != (CBPF_JMP | CBPF_JA))
		in->code = (uint16_t)(CBPF_JMP | (in->code & CBPF_X) | conds[choose(c, 4)]);
}

struct cbpf_prog random_program(struct choices *c)
{
	uint32_t cnt = 3 + choose(c, choose(c, 4) == 0 ? INSN_MAX : 16);
	struct cbpf_prog p = {calloc(cnt, sizeof(*p.insns)), cnt};

	if (!p.insns)
		abort();
	for (uint32_t i = 0; i + 1 < cnt; i++) {
		uint32_t left = cnt - 1 - i;

		p.insns[i] = random_insn(c, left < 12 ? left : 12);
		random_jump_kind(c, &p.insns[i]);
	}
	p.insns[cnt - 1] = (struct cbpf_insn){CBPF_RET | (choose(c, 2) ? CBPF_K : CBPF_A), 0, 0,
					      1 + choose(c, 3)};
	return p;
}

/* ---- Packets ------------------------------------------------------------------------------ */

void packet_change(struct packet *p, struct choices *c)
{
	uint32_t reach = p->len < 64 ? p->len : 64;

	for (uint32_t n = 1 + choose(c, 6); n > 0; n--)
		p->data[choose(c, choose(c, 4) ? reach : p->len)] =
			(uint8_t)(choose(c, 2) ? number(c) : choose(c, 256));
	if (choose(c, 3) == 0)
		p->len = 1 + choose(c, p->len);
}

/* ---- Smaller ------------------------------------------------------------------------------ */

static bool try(struct cbpf_prog *p, size_t i, struct cbpf_insn with,
		bool (*fails)(void *user, const struct cbpf_prog *p), void *user)
{
	struct cbpf_insn was = p->insns[i];

	if (was.code == with.code && was.k == with.k && was.jt == with.jt && was.jf == with.jf)
		return false;
	p->insns[i] = with;
	if (fails(user, p))
		return true;
	p->insns[i] = was;
	return false;
}

/* What is left of a distance from `from` to `to` when instruction i is gone. */
static int64_t closer(size_t from, int64_t to, size_t i)
{
	int64_t at = (int64_t)i, f = (int64_t)from;

	return to - f - 1 - (f < at && to > at) + (f > at && to <= at);
}

/* Drops instruction i; jumps to it now go to the next one. */
static void drop(struct cbpf_prog *p, size_t i)
{
	for (size_t pc = 0; pc < p->cnt; pc++) {
		struct cbpf_insn *in = &p->insns[pc];
		int64_t next = (int64_t)pc + 1;

		if (in->code == (CBPF_JMP | CBPF_JA)) {
			in->k = (uint32_t)closer(pc, next + (int32_t)in->k, i);
		} else if ((in->code & 7) == 5) {
			in->jt = (uint8_t)closer(pc, next + in->jt, i);
			in->jf = (uint8_t)closer(pc, next + in->jf, i);
		}
	}
	memmove(p->insns + i, p->insns + i + 1, (--p->cnt - i) * sizeof(*p->insns));
}

/* Drops an instruction if the rest still fails. */
static bool shorter(struct cbpf_prog *p, size_t i,
		    bool (*fails)(void *user, const struct cbpf_prog *p), void *user)
{
	const size_t cnt = p->cnt;
	struct cbpf_insn *was = malloc(cnt * sizeof(*was));
	bool good;

	if (!was)
		abort();
	memcpy(was, p->insns, cnt * sizeof(*was));
	drop(p, i);
	good = cbpf_check(p, NULL) == 0 && fails(user, p);
	if (!good) {
		memcpy(p->insns, was, cnt * sizeof(*was));
		p->cnt = cnt;
	}
	free(was);
	return good;
}

void shrink_program(struct cbpf_prog *p, bool (*fails)(void *user, const struct cbpf_prog *p),
		    void *user)
{
	bool smaller = true;

	while (smaller) {
		smaller = false;
		for (size_t i = p->cnt - 1; i-- > 0;) {
			struct cbpf_insn in = p->insns[i], zero = in,
					 ret = {CBPF_RET | CBPF_K, 0, 0, 0};

			zero.k = 0;
			smaller |=
				shorter(p, i, fails, user) ||
				(in.code != (CBPF_JMP | CBPF_JA) && try(p, i, ret, fails, user)) ||
				(in.code != (CBPF_JMP | CBPF_JA) && try(p, i, zero, fails, user));
		}
	}
}
