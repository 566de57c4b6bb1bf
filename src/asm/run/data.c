/* SPDX-License-Identifier: MIT */
/*
 * data.c - the interpreter's instructions that move and compute: arithmetic, memory, atomics,
 * packet loads. Each takes the run and the instruction, and returns 0 or -errno with the reason in
 * the run's err.
 */
#include <errno.h>

#include "data.h"

#include "alu.h"
#include "memory.h"

/* LD_ABS and LD_IND offsets from these up are relative to the network or link-layer header. */
#define NET_OFF (-0x100000)
#define LL_OFF	(-0x200000)

/* ---- Arithmetic --------------------------------------------------------------------------- */

/* dst = dst op operand; neg and swap have dst only */
int ebpf_run_do_alu(struct interp *r, const struct ebpf_insn *insn)
{
	uint64_t dst, src;
	int rc = ebpf_run_reg(r, insn->dst, &dst);

	if (!rc)
		rc = ebpf_run_operand(r, insn, &src);
	if (!rc)
		ebpf_run_set_reg(r, insn->dst, ebpf_run_alu(insn, dst, src));
	return rc;
}

int ebpf_run_do_unary(struct interp *r, const struct ebpf_insn *insn)
{
	uint64_t dst;
	int rc = ebpf_run_reg(r, insn->dst, &dst);

	if (!rc)
		ebpf_run_set_reg(r, insn->dst, ebpf_run_alu(insn, dst, 0));
	return rc;
}

int ebpf_run_do_mov(struct interp *r, const struct ebpf_insn *insn)
{
	uint64_t src;
	int rc = ebpf_run_operand(r, insn, &src);

	if (!rc)
		ebpf_run_set_reg(r, insn->dst, ebpf_run_alu(insn, 0, src));
	return rc;
}

int ebpf_run_do_ld64(struct interp *r, const struct ebpf_insn *insn)
{
	ebpf_run_set_reg(r, insn->dst, (uint64_t)(uint32_t)insn[1].imm << 32 | (uint32_t)insn->imm);
	return 0;
}

int ebpf_run_do_ld64_map(struct interp *r, const struct ebpf_insn *insn)
{
	ebpf_run_set_reg(r, insn->dst, EBPF_RUN_MAP(insn->imm));
	return 0;
}

/* ---- Memory ------------------------------------------------------------------------------- */

static unsigned access_len(uint8_t code)
{
	static const uint8_t len[] = {4, 2, 1, 8};

	return len[ISA_SIZE(code) >> 3];
}

/* Finds the bytes at reg + off. */
static int reach(struct interp *r, const struct ebpf_insn *insn, unsigned reg, bool stores,
		 void **host)
{
	uint64_t base;
	int rc = ebpf_run_reg(r, reg, &base);

	if (rc)
		return rc;
	return ebpf_run_access(r, base + (uint64_t)(int64_t)insn->off, access_len(insn->code),
			       stores, host);
}

static uint64_t sign_extended(uint64_t v, unsigned len)
{
	const unsigned shift = 64 - 8 * len;

	return (uint64_t)((int64_t)(v << shift) >> shift);
}

int ebpf_run_do_load(struct interp *r, const struct ebpf_insn *insn)
{
	const unsigned len = access_len(insn->code);
	uint64_t v;
	void *host;
	int rc = reach(r, insn, insn->src, false, &host);

	if (rc)
		return rc;
	v = ebpf_run_get(host, len);
	if ((insn->code & 0xe0) == ISA_MODE_MEMSX)
		v = sign_extended(v, len);
	ebpf_run_set_reg(r, insn->dst, v);
	return 0;
}

int ebpf_run_do_store(struct interp *r, const struct ebpf_insn *insn)
{
	uint64_t v = (uint64_t)(int64_t)insn->imm;
	void *host;
	int rc = 0;

	if (ISA_CLASS(insn->code) == ISA_STX)
		rc = ebpf_run_reg(r, insn->src, &v);
	if (!rc)
		rc = reach(r, insn, insn->dst, true, &host);
	if (!rc)
		ebpf_run_put(host, access_len(insn->code), v);
	return rc;
}

/* Finds the bytes of a read-modify-write, with their value and that of the source register. */
static int reach_atomic(struct interp *r, const struct ebpf_insn *insn, void **host, uint64_t *old,
			uint64_t *src)
{
	const unsigned len = access_len(insn->code);
	uint64_t base;
	int rc = ebpf_run_reg(r, insn->dst, &base);

	if (!rc)
		rc = ebpf_run_reg(r, insn->src, src);
	if (!rc && (base + (uint64_t)(int64_t)insn->off) % len)
		return ebpf_run_fail(r, -EINVAL, "the atomic access is not aligned");
	if (!rc)
		rc = reach(r, insn, insn->dst, false, host);
	if (rc)
		return rc;
	*old = ebpf_run_get(*host, len);
	return reach(r, insn, insn->dst, true, host);
}

static uint64_t atomic_result(int op, uint64_t old, uint64_t src)
{
	switch (op & ~EBPF_ATOMIC_FETCH) {
	case EBPF_ATOMIC_ADD:
		return old + src;
	case EBPF_ATOMIC_OR:
		return old | src;
	case EBPF_ATOMIC_AND:
		return old & src;
	case EBPF_ATOMIC_XOR:
		return old ^ src;
	default: /* xchg */
		return src;
	}
}

/* *mem = *mem op src; with fetch, src = the old value, zero-extended from 32 bits */
int ebpf_run_do_atomic(struct interp *r, const struct ebpf_insn *insn)
{
	uint64_t old, src;
	void *host;
	int rc = reach_atomic(r, insn, &host, &old, &src);

	if (rc)
		return rc;
	ebpf_run_put(host, access_len(insn->code), atomic_result(insn->imm, old, src));
	if (insn->imm & EBPF_ATOMIC_FETCH)
		ebpf_run_set_reg(r, insn->src, old);
	return 0;
}

/* if (*mem == r0) *mem = src; r0 = the old value */
int ebpf_run_do_cmpxchg(struct interp *r, const struct ebpf_insn *insn)
{
	const unsigned len = access_len(insn->code);
	uint64_t old, src, expected;
	void *host;
	int rc = reach_atomic(r, insn, &host, &old, &src);

	if (!rc)
		rc = ebpf_run_reg(r, 0, &expected);
	if (rc)
		return rc;
	if (old == (len == 4 ? (uint32_t)expected : expected))
		ebpf_run_put(host, len, src);
	ebpf_run_set_reg(r, 0, old);
	return 0;
}

/* ---- Packet loads ------------------------------------------------------------------------- */

/* The packet's bytes at an LD_ABS offset; NULL: outside. */
static const uint8_t *packet_at(const struct ebpf_machine *m, int64_t off, unsigned len)
{
	if (off < 0 && off >= NET_OFF)
		off += m->packet_net_off - (int64_t)NET_OFF;
	else if (off < NET_OFF && off >= LL_OFF)
		off -= LL_OFF;
	if (!m->packet || off < 0 || off + len > m->packet_len)
		return NULL;
	return (const uint8_t *)m->packet + off;
}

static int load_packet(struct interp *r, const struct ebpf_insn *insn, int32_t off)
{
	const unsigned len = access_len(insn->code);
	const uint8_t *p = packet_at(r->machine, off, len);
	uint64_t ctx, v = 0;
	int rc = ebpf_run_reg(r, 6, &ctx);

	if (rc)
		return rc;
	if (ctx != r->machine->ctx)
		return ebpf_run_fail(r, -EINVAL, "r6 does not hold the context");
	for (unsigned i = 0; p && i < len; i++)
		v = v << 8 | p[i];
	ebpf_run_set_reg(r, 0, v);
	ebpf_run_forget_args(r);
	return p ? 0 : ebpf_run_leave(r);
}

int ebpf_run_do_abs(struct interp *r, const struct ebpf_insn *insn)
{
	return load_packet(r, insn, insn->imm);
}

int ebpf_run_do_ind(struct interp *r, const struct ebpf_insn *insn)
{
	uint64_t src;
	int rc = ebpf_run_reg(r, insn->src, &src);

	return rc ? rc : load_packet(r, insn, (int32_t)((uint32_t)src + (uint32_t)insn->imm));
}
