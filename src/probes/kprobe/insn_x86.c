/* SPDX-License-Identifier: MIT */
/*
 * insn_x86.c - one x86-64 instruction: its length, what it does to the registers
 * that carry arguments, and where it leads.
 *
 * Takes bytes; never fails: an instruction that is not in the tables is KPROBE_UNKNOWN. The tables
 * hold what compilers emit for kernels, without vector registers. See the opcode maps of Intel's
 * manual, volume 2, appendix A.
 */
#include <string.h>

#include "../../util.h"
#include "insn_x86.h"

/* An opcode's form, a letter of forms[]; '.': unknown, or a prefix. */
static const char one_byte[] = "aabb14..aabb14.."  /* 00 add, or */
			       "aabb14..aabb14.."  /* 10 adc, sbb */
			       "aabb14..aabb14.."  /* 20 and, sub */
			       "aabb14..tttt14.."  /* 30 xor, cmp */
			       "................"  /* 40 */
			       "ppppppppPPPPPPPP"  /* 50 push, pop */
			       "...M....4i1I...."  /* 60 movslq, push, imul */
			       "jjjjjjjjjjjjjjjj"  /* 70 jcc */
			       "gG.gttttmmMM.l.w"  /* 80 group 1, test, xchg, mov, lea, pop */
			       "nxxxxxxxnq..nn.."  /* 90 xchg, cltq, cqto, pushf, popf */
			       "....ssss14SSLLSS"  /* a0 movs, cmps, test, stos, lods, scas */
			       "11111111RRRRRRRR"  /* b0 mov */
			       "hh2r..cC.n......"  /* c0 shift, ret, mov, leave; int3: a probe? */
			       "HHkk............"  /* d0 shift */
			       "........fF.J...."  /* e0 call, jmp */
			       "....znuUnnnnnnvV"; /* f0 hlt, flags, groups 3, 4 and 5 */
static const char two_byte[] =
	".e.........z.e.."  /* 00 clac, stac, ud2, prefetch */
	"........eeeeeeee"  /* 10 nop, endbr */
	"................"  /* 20 */
	".q.............."  /* 30 rdtsc */
	"bbbbbbbbbbbbbbbb"  /* 40 cmov */
	"................"  /* 50 */
	"................"  /* 60 */
	"................"  /* 70 */
	"KKKKKKKKKKKKKKKK"  /* 80 jcc */
	"eeeeeeeeeeeeeeee"  /* 90 setcc */
	"..5tyd.....tydeb"  /* a0 cpuid, bt, shld, bts, shrd, fences, imul */
	"tt.t..MMN.YtNNMM"  /* b0 cmpxchg, btr, movzx, popcnt, bt, btc, bsf, movsx */
	"tt.....6xxxxxxxx"  /* c0 xadd, cmpxchg16b, bswap */
	"................"  /* d0 */
	"................"  /* e0 */
	"...............z"; /* f0 ud0 */

enum {
	MODRM = 1 << 0,
	READ_RM = 1 << 1,
	READ_REG = 1 << 2,
	READ_OP = 1 << 3, /* the register is in the opcode */
	READ_RCX = 1 << 4,
	READ_RDX = 1 << 5,
	READ_RSI = 1 << 6,
	READ_RDI = 1 << 7,
	WRITE_RM = 1 << 8,
	WRITE_REG = 1 << 9,
	WRITE_OP = 1 << 10,
	WRITE_RCX = 1 << 11,
	WRITE_RDX = 1 << 12,
	BY_SIZE = 1 << 13, /* the last bit of the opcode: 0 for bytes */
	GROUP_1 = 1 << 14, /* the register's bits of ModRM are part of the opcode */
	GROUP_3 = 1 << 15,
	GROUP_5 = 1 << 16,
	BOTH = MODRM | READ_RM | READ_REG,
};

enum imm { IMM_NONE, IMM_1, IMM_2, IMM_4 /* 2 with prefix 66 */, IMM_MOV, REL_1, REL_4 };

static const struct form {
	char letter;
	uint8_t imm;
	uint8_t flow;
	uint32_t does;
} forms[] = {
	{'a', IMM_NONE, KPROBE_NEXT, BOTH | WRITE_RM | BY_SIZE},
	{'b', IMM_NONE, KPROBE_NEXT, BOTH | WRITE_REG | BY_SIZE},
	{'c', IMM_1, KPROBE_NEXT, MODRM},
	{'C', IMM_4, KPROBE_NEXT, MODRM | WRITE_RM},
	{'d', IMM_NONE, KPROBE_NEXT, BOTH | READ_RCX},
	{'e', IMM_NONE, KPROBE_NEXT, MODRM},
	{'f', REL_4, KPROBE_CALL, 0},
	{'F', REL_4, KPROBE_JUMP, 0},
	{'g', IMM_1, KPROBE_NEXT, MODRM | READ_RM | WRITE_RM | BY_SIZE | GROUP_1},
	{'G', IMM_4, KPROBE_NEXT, MODRM | READ_RM | WRITE_RM | GROUP_1},
	{'h', IMM_1, KPROBE_NEXT, MODRM | READ_RM | BY_SIZE},
	{'H', IMM_NONE, KPROBE_NEXT, MODRM | READ_RM | BY_SIZE},
	{'i', IMM_4, KPROBE_NEXT, MODRM | READ_RM | WRITE_REG},
	{'I', IMM_1, KPROBE_NEXT, MODRM | READ_RM | WRITE_REG},
	{'j', REL_1, KPROBE_BRANCH, 0},
	{'J', REL_1, KPROBE_JUMP, 0},
	{'k', IMM_NONE, KPROBE_NEXT, MODRM | READ_RM | READ_RCX | BY_SIZE},
	{'K', REL_4, KPROBE_BRANCH, 0},
	{'l', IMM_NONE, KPROBE_NEXT, MODRM | WRITE_REG},
	{'L', IMM_NONE, KPROBE_NEXT, READ_RSI},
	{'m', IMM_NONE, KPROBE_NEXT, MODRM | READ_REG | WRITE_RM | BY_SIZE},
	{'M', IMM_NONE, KPROBE_NEXT, MODRM | READ_RM | WRITE_REG | BY_SIZE},
	{'n', IMM_NONE, KPROBE_NEXT, 0},
	{'N', IMM_NONE, KPROBE_NEXT, MODRM | READ_RM | WRITE_REG},
	{'p', IMM_NONE, KPROBE_NEXT, READ_OP},
	{'P', IMM_NONE, KPROBE_NEXT, WRITE_OP},
	{'q', IMM_NONE, KPROBE_NEXT, WRITE_RDX},
	{'r', IMM_NONE, KPROBE_RETURN, 0},
	{'2', IMM_2, KPROBE_RETURN, 0},
	{'R', IMM_MOV, KPROBE_NEXT, WRITE_OP},
	{'s', IMM_NONE, KPROBE_NEXT, READ_RSI | READ_RDI},
	{'S', IMM_NONE, KPROBE_NEXT, READ_RDI},
	{'t', IMM_NONE, KPROBE_NEXT, BOTH | BY_SIZE},
	{'u', IMM_1, KPROBE_NEXT, MODRM | READ_RM | BY_SIZE | GROUP_3},
	{'U', IMM_4, KPROBE_NEXT, MODRM | READ_RM | GROUP_3},
	{'v', IMM_NONE, KPROBE_NEXT, MODRM | READ_RM | BY_SIZE},
	{'V', IMM_NONE, KPROBE_NEXT, MODRM | READ_RM | GROUP_5},
	{'w', IMM_NONE, KPROBE_NEXT, MODRM | WRITE_RM},
	{'x', IMM_NONE, KPROBE_NEXT, READ_OP},
	{'y', IMM_1, KPROBE_NEXT, BOTH},
	{'Y', IMM_1, KPROBE_NEXT, MODRM | READ_RM},
	{'z', IMM_NONE, KPROBE_TRAP, 0},
	{'1', IMM_1, KPROBE_NEXT, 0},
	{'4', IMM_4, KPROBE_NEXT, 0},
	{'5', IMM_NONE, KPROBE_NEXT, READ_RCX | WRITE_RCX | WRITE_RDX},
	{'6', IMM_NONE, KPROBE_NEXT, MODRM | READ_RCX | READ_RDX},
};

enum { RCX = 1, RDX = 2, RSP = 4, RBP = 5, RSI = 6, RDI = 7, NO_REG = 0xff };

struct decode {
	const uint8_t *p; /* after the bytes that were read */
	bool size16, rep, rex, two_bytes;
	bool in_frame;	  /* memory is on the stack: at rsp, or below rbp */
	uint8_t rex_bits; /* W 8, R 4, X 2, B 1 */
	uint8_t op;
	uint8_t reg, rm; /* registers with their REX bits; rm NO_REG: memory */
	struct kprobe_insn *insn;
};

/* The argument that a register carries, as a bit. */
static uint8_t bit(unsigned reg)
{
	static const uint8_t bits[16] = {
		[RDI] = 1, [RSI] = 2, [RDX] = 4, [RCX] = 8, [8] = 16, [9] = 32};

	return reg < 16 ? bits[reg] : 0;
}

static void read_prefixes(struct decode *d)
{
	static const uint8_t known[] = {0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0xf0, 0xf2, 0xf3};

	for (int n = 0; n < 6 && memchr(known, *d->p, sizeof(known)); n++, d->p++) {
		d->size16 |= *d->p == 0x66;
		d->rep |= *d->p == 0xf2 || *d->p == 0xf3;
	}
	d->rex = (*d->p & 0xf0) == 0x40;
	if (d->rex)
		d->rex_bits = *d->p++ & 0xf;
}

/* The registers of a memory operand's address. */
static uint8_t read_address(struct decode *d, unsigned mod, unsigned low)
{
	uint8_t sib, regs = 0;

	if (low != 4) {
		d->in_frame = low == RBP && mod != 0 && !(d->rex_bits & 1) &&
			      (int8_t)d->p[mod == 2 ? 3 : 0] < 0;
		if (low != RBP || mod != 0)
			return bit(low | (d->rex_bits & 1u) << 3);
		d->p += 4; /* from the instruction pointer */
		return 0;
	}
	sib = *d->p++;
	if ((sib & 7) == RBP && mod == 0)
		d->p += 4;
	else
		regs = bit((sib & 7u) | (d->rex_bits & 1u) << 3);
	d->in_frame = sib == 0x24 && !(d->rex_bits & 3);
	d->insn->stores_return = d->in_frame && mod == 0;
	return regs | bit(((sib >> 3) & 7u) | (d->rex_bits & 2u) << 2);
}

static void read_modrm(struct decode *d)
{
	uint8_t byte = *d->p++, mod = byte >> 6, low = byte & 7;

	d->reg = (uint8_t)(((byte >> 3) & 7) | (d->rex_bits & 4) << 1);
	d->rm = (uint8_t)(low | (d->rex_bits & 1) << 3);
	if (mod == 3)
		return;
	d->insn->reads |= read_address(d, mod, low);
	d->p += mod == 1 ? 1 : mod == 2 ? 4 : 0;
	d->rm = NO_REG;
}

static int32_t read_rel(struct decode *d, unsigned len)
{
	int32_t rel = (int8_t)d->p[0];

	if (len == 4)
		memcpy(&rel, d->p, 4);
	d->p += len;
	return rel;
}

static void read_imm(struct decode *d, enum imm imm)
{
	unsigned word = d->size16 ? 2 : 4;

	switch (imm) {
	case IMM_NONE:
		break;
	case IMM_1:
	case IMM_2:
		d->p += imm == IMM_1 ? 1 : 2;
		break;
	case IMM_4:
		d->p += word;
		break;
	case IMM_MOV:
		d->p += d->rex_bits & 8 ? 8 : word;
		break;
	case REL_1:
	case REL_4:
		d->insn->target = read_rel(d, imm == REL_1 ? 1 : 4);
		break;
	}
}

/* mul and div use rdx; only test has an immediate. */
static uint32_t group_3(const struct decode *d, uint32_t does, enum imm *imm)
{
	unsigned op = d->reg & 7;

	if (op >= 2)
		*imm = IMM_NONE;
	if (!(d->op & 1))
		return does;
	return does | (op >= 4 ? WRITE_RDX : 0) | (op >= 6 ? READ_RDX : 0);
}

static enum kprobe_flow group_5(const struct decode *d)
{
	static const enum kprobe_flow flows[8] = {
		KPROBE_NEXT, KPROBE_NEXT,    KPROBE_CALL_AWAY, KPROBE_UNKNOWN,
		KPROBE_AWAY, KPROBE_UNKNOWN, KPROBE_NEXT,      KPROBE_UNKNOWN,
	};

	return flows[d->reg & 7];
}

/* xor, sub and sbb of a register with itself: its old value does not matter. */
static bool is_zeroing(const struct decode *d)
{
	unsigned op = d->op & 0xfc;

	return !d->two_bytes && d->rm == d->reg && (op == 0x30 || op == 0x28 || op == 0x18);
}

/* Byte registers 4 to 7 are the second bytes of the first four, unless there is a REX prefix. */
static uint8_t byte_reg(const struct decode *d, uint8_t reg)
{
	return !d->rex && reg >= 4 && reg < 8 ? reg - 4 : reg;
}

/* Writing a part of a register keeps the rest, so the argument is still in it. */
static void use_registers(struct decode *d, uint32_t does)
{
	bool byte = (does & BY_SIZE) && !(d->op & 1) && !(d->two_bytes && d->op < 0x50);
	uint8_t op_reg = (uint8_t)((d->op & 7) | (d->rex_bits & 1) << 3);
	uint8_t reg = byte ? byte_reg(d, d->reg) : d->reg, rm = byte ? byte_reg(d, d->rm) : d->rm;
	uint8_t part = byte && !d->two_bytes, writes;

	if ((does & READ_RM) && (does & READ_REG) && is_zeroing(d))
		does &= ~(uint32_t)(READ_RM | READ_REG);
	d->insn->reads |= (does & READ_RM ? bit(rm) : 0) | (does & READ_REG ? bit(reg) : 0) |
			  (does & READ_OP ? bit(op_reg) : 0) | (does & READ_RCX ? bit(RCX) : 0) |
			  (does & READ_RDX ? bit(RDX) : 0) | (does & READ_RSI ? bit(RSI) : 0) |
			  (does & READ_RDI ? bit(RDI) : 0) |
			  (d->rep && (does & (READ_RSI | READ_RDI)) ? bit(RCX) : 0);
	writes = (does & WRITE_RM ? bit(d->rm) : 0) | (does & WRITE_REG ? bit(d->reg) : 0) |
		 (does & WRITE_OP ? bit(op_reg) : 0);
	d->insn->writes = (part || d->size16 ? 0 : writes) | (does & WRITE_RCX ? bit(RCX) : 0) |
			  (does & WRITE_RDX ? bit(RDX) : 0);
}

static const struct form *find_form(struct decode *d)
{
	char letter;

	d->op = *d->p++;
	d->two_bytes = d->op == 0x0f;
	if (d->two_bytes)
		d->op = *d->p++;
	letter = d->two_bytes ? two_byte[d->op] : one_byte[d->op];
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (forms[i].letter == letter)
			return &forms[i];
	return NULL;
}

static void decode(struct decode *d)
{
	const struct form *f;
	uint32_t does;
	enum imm imm;

	read_prefixes(d);
	f = find_form(d);
	if (!f) {
		d->insn->flow = KPROBE_UNKNOWN;
		return;
	}
	does = f->does;
	imm = f->imm;
	d->insn->flow = f->flow;
	if (does & MODRM)
		read_modrm(d);
	d->insn->stores_return &= f->letter == 'm';
	d->insn->saves = f->letter == 'm' && d->in_frame;
	if ((does & GROUP_1) && (d->reg & 7) == 7) /* cmp */
		does &= ~(uint32_t)WRITE_RM;
	if (does & GROUP_3)
		does = group_3(d, does, &imm);
	if (does & GROUP_5)
		d->insn->flow = group_5(d);
	read_imm(d, imm);
	use_registers(d, does);
}

void probe_kprobe_insn_x86(struct kprobe_insn *insn, const uint8_t *bytes)
{
	uint8_t padded[2 * KPROBE_INSN_LEN + 2] = {0}; /* for instructions that are too long */
	struct decode d = {.p = padded, .reg = NO_REG, .rm = NO_REG, .insn = insn};

	*insn = (struct kprobe_insn){0};
	memcpy(padded, bytes, KPROBE_INSN_LEN);
	decode(&d);
	insn->len = (uint8_t)(d.p - padded);
	insn->target += insn->len;
	if (insn->len > KPROBE_INSN_LEN)
		insn->flow = KPROBE_UNKNOWN;
}
