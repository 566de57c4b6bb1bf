/* SPDX-License-Identifier: MIT */
/* check.c - is this classic program valid, and if not, where? Takes any array, gives the reason. */
#include <errno.h>
#include <stdlib.h>

#include "bpfcap/err.h"
#include "code.h"

#define INSN_CNT_MAX (1u << 24)

void cbpf_prog_free(struct cbpf_prog *p)
{
	if (!p)
		return;
	free(p->insns);
	*p = (struct cbpf_prog){0};
}

static int refuse(struct err *e, size_t i, const char *why)
{
	return err_input(e, -EINVAL, "filter", "instruction %zu of the classic BPF program %s", i,
			 why);
}

/* Is i + 1 + distance an instruction of the program? */
static bool inside(const struct cbpf_prog *p, size_t i, int64_t distance)
{
	int64_t to = (int64_t)i + 1 + distance;

	return to >= 0 && to < (int64_t)p->cnt;
}

static int check_insn(const struct cbpf_prog *p, size_t i, struct err *e)
{
	const struct cbpf_insn *in = &p->insns[i];

	switch (cbpf_code(in->code)->form) {
	case CBPF_FORM_NONE:
		return refuse(e, i, "has an opcode that does not exist");
	case CBPF_FORM_CELL:
		if (in->k >= CBPF_CELLS)
			return refuse(e, i, "uses scratch memory beyond cell 15");
		break;
	case CBPF_FORM_JA: /* libpcap's loops jump back: the offset is signed */
		if (!inside(p, i, (int32_t)in->k) || (int32_t)in->k == -1)
			return refuse(e, i, "jumps out of the program or to itself");
		break;
	case CBPF_FORM_JUMP_K:
	case CBPF_FORM_JUMP_X:
		if (!inside(p, i, in->jt) || !inside(p, i, in->jf))
			return refuse(e, i, "jumps out of the program");
		break;
	default:
		break;
	}
	return 0;
}

int cbpf_check(const struct cbpf_prog *p, struct err *e)
{
	int rc;

	if (!p->insns || p->cnt == 0)
		return err_input(e, -EINVAL, "filter", "the classic BPF program is empty");
	if (p->cnt > INSN_CNT_MAX)
		return err_input(e, -EINVAL, "filter",
				 "the classic BPF program has %zu instructions, more than %u",
				 p->cnt, INSN_CNT_MAX);
	for (size_t i = 0; i < p->cnt; i++) {
		rc = check_insn(p, i, e);
		if (rc)
			return rc;
	}
	if (CBPF_CLASS(p->insns[p->cnt - 1].code) != CBPF_RET)
		return refuse(e, p->cnt - 1, "is the last but not a return");
	return 0;
}

const char *cbpf_asks_for(const struct cbpf_prog *p)
{
	for (size_t i = 0; i < p->cnt; i++) {
		const struct cbpf_insn *in = &p->insns[i];

		if (cbpf_code(in->code)->form == CBPF_FORM_ABS && in->k >= CBPF_AD_OFF) {
			const char *name = cbpf_ancillary_name(in->k - CBPF_AD_OFF);

			return name ? name : "?";
		}
	}
	return NULL;
}
