/* SPDX-License-Identifier: MIT */
/*
 * xlat.c - reads real struct offsets out of a program the verifier rewrote.
 *
 * Takes instructions as BPF_OBJ_GET_INFO_BY_FD gives them; gives the loads that each access of the
 * original program became. Where constants are blinded (net.core.bpf_jit_harden) the offsets of
 * loads are still plain, and masks are followed through the scratch register that hides them.
 * Fails when there are more accesses than asked for.
 */
#include "parts.h"

#include <errno.h>
#include <string.h>

enum {
	CLASS_MASK = 0x07,
	CLASS_LDX = 0x01,
	CLASS_ALU = 0x04,
	CLASS_ALU64 = 0x07,
	MODE_MASK = 0xe0,
	MODE_MEM = 0x60,
	ALU_OP_MASK = 0xf0,
	SRC_REG = 0x08,
	CODE_LDDW = 0x18,
	CODE_MOV64_REG = 0xbf,
	REG_CNT = 16,
};

/* What is known while walking: constants in registers, and which load a register came from. */
struct xlat_walk {
	bool is_const[REG_CNT];
	uint64_t value[REG_CNT];
	struct layout_loads *seg;
	int loaded_by[REG_CNT]; /* index into seg->load, -1: none */
};

static void forget(struct xlat_walk *w, unsigned reg)
{
	w->is_const[reg] = false;
	w->loaded_by[reg] = -1;
}

static void start_segment(struct xlat_walk *w, struct layout_loads *seg)
{
	memset(seg, 0, sizeof(*seg));
	w->seg = seg;
	for (unsigned i = 0; i < REG_CNT; i++)
		w->loaded_by[i] = -1;
}

static uint8_t size_of(uint8_t code)
{
	static const uint8_t len[] = {4, 2, 1, 8};

	return len[(code >> 3) & 3];
}

static void take_load(struct xlat_walk *w, const struct ebpf_insn *in)
{
	struct layout_loads *seg = w->seg;

	forget(w, in->dst);
	if (!seg || seg->cnt == LAYOUT_LOADS_MAX)
		return;
	seg->load[seg->cnt] = (struct layout_load){
		.from_ctx = in->src == LAYOUT_CTX_REG,
		.len = size_of(in->code),
		.off = in->off,
	};
	w->loaded_by[in->dst] = (int)seg->cnt++;
}

/* and: the mask of a bit field; mov and xor of constants: how blinding hides that mask. */
static void take_alu(struct xlat_walk *w, const struct ebpf_insn *in)
{
	bool from_reg = in->code & SRC_REG;
	bool known = !from_reg || w->is_const[in->src];
	uint64_t operand = from_reg ? w->value[in->src] : (uint64_t)(int64_t)in->imm;
	enum ebpf_alu op = in->code & ALU_OP_MASK;

	if (op == EBPF_MOV && from_reg && in->src == in->dst)
		return; /* zero extension */
	if (op == EBPF_AND && known && w->loaded_by[in->dst] >= 0) {
		w->seg->load[w->loaded_by[in->dst]].mask = operand;
		return;
	}
	if (op == EBPF_MOV) {
		w->is_const[in->dst] = known;
		w->value[in->dst] = operand;
		w->loaded_by[in->dst] = from_reg ? w->loaded_by[in->src] : -1;
	} else if (op == EBPF_XOR && known && w->is_const[in->dst]) {
		w->value[in->dst] ^= operand;
	} else {
		forget(w, in->dst);
	}
	if ((in->code & CLASS_MASK) == CLASS_ALU)
		w->value[in->dst] &= UINT32_MAX;
}

static void take(struct xlat_walk *w, const struct ebpf_insn *in)
{
	uint8_t insn_class = in->code & CLASS_MASK;

	if (insn_class == CLASS_LDX && (in->code & MODE_MASK) == MODE_MEM)
		take_load(w, in);
	else if (insn_class == CLASS_ALU || insn_class == CLASS_ALU64)
		take_alu(w, in);
}

static bool is_marker(const struct ebpf_insn *in)
{
	return in->code == CODE_MOV64_REG && in->dst == LAYOUT_MARKER_REG && in->src == 10;
}

int probe_layout_xlat(const struct ebpf_insn *insns, size_t cnt, struct layout_loads *seg,
		      unsigned seg_cnt)
{
	struct xlat_walk w = {.seg = NULL};
	unsigned met = 0;

	for (unsigned i = 0; i < REG_CNT; i++)
		forget(&w, i);
	for (size_t i = 0; i < cnt; i++) {
		if (is_marker(&insns[i])) {
			if (met == seg_cnt)
				return -E2BIG;
			start_segment(&w, &seg[met++]);
			continue;
		}
		take(&w, &insns[i]);
		if (insns[i].code == CODE_LDDW)
			i++;
	}
	return (int)met;
}
