/* SPDX-License-Identifier: MIT */
/*
 * user_args.c - writes the code that reads an argument of a user-space function or of a USDT probe.
 *
 * The arguments of a function are in registers; those of a USDT probe are where its note says.
 * Cannot fail.
 */
#include "bpfcap/dsl.h"
#include "user.h"

/* dst = the low `len` bytes of dst, as a signed or unsigned number. */
static void emit_extend(struct ebpf_builder *b, ebpf_reg dst, const struct usdt_arg *a)
{
	const int bits = 64 - 8 * (int)a->len;

	if (!bits)
		return;
	EMIT(b, LSH(dst, bits));
	if (a->is_signed)
		EMIT(b, ARSH(dst, bits));
	else
		EMIT(b, RSH(dst, bits));
}

/* R3 = base + index * scale + value. Clobbers R1. */
static void emit_address(struct ebpf_builder *b, const struct usdt_arg *a, ebpf_reg ctx)
{
	EMIT(b, LDDW(R3, a->value));
	if (a->base >= 0)
		EMIT(b, LDX(DW, R1, MEM(ctx, a->base)), ADD(R3, R1));
	if (a->index >= 0)
		EMIT(b, LDX(DW, R1, MEM(ctx, a->index)), MUL(R1, a->scale), ADD(R3, R1));
}

/*
 *	tmp = 0;
 *	read(&tmp, len, base + index * scale + value);
 *	dst = tmp;
 */
static void emit_from_memory(struct ebpf_builder *b, const struct usdt_arg *a,
			     const struct user_arg_at *at)
{
	static const enum ebpf_size sizes[] = {[1] = B, [2] = H, [4] = W, [8] = DW};

	emit_address(b, a, at->ctx);
	EMIT(b, ST(DW, MEM(R10, at->slot), 0), MOV(R1, R10), ADD(R1, at->slot), MOV(R2, a->len),
	     ebpf_call_helper((int)at->read), LDX(sizes[a->len], at->dst, MEM(R10, at->slot)));
}

static void emit_usdt(struct ebpf_builder *b, const struct usdt_arg *a,
		      const struct user_arg_at *at)
{
	switch (a->kind) {
	case USDT_CONSTANT:
		EMIT(b, LDDW(at->dst, a->value));
		break;
	case USDT_REGISTER:
		EMIT(b, LDX(DW, at->dst, MEM(at->ctx, a->base)));
		break;
	case USDT_MEMORY:
	default:
		emit_from_memory(b, a, at);
	}
	emit_extend(b, at->dst, a);
}

void probe_emit_user_arg(struct ebpf_builder *b, const struct user_hook *u, bool second,
			 const struct user_arg_at *at)
{
	if (u->usdt)
		emit_usdt(b, second ? &u->usdt_arg_2 : &u->usdt_arg, at);
	else
		EMIT(b, LDX(u->regs->size, at->dst,
			    MEM(at->ctx, u->regs->arg[second ? u->arg_2 : u->arg])));
}

void probe_emit_user_arg_of(const struct emit *m, bool second, ebpf_reg dst)
{
	const struct user_arg_at at = {dst, R8, SLOT_USER_2, m->read};

	EMIT(m->b, LDX(DW, R8, MEM(R10, SLOT_CTX)));
	probe_emit_user_arg(m->b, m->h->state, second, &at);
}

void probe_emit_user_args(const struct emit *m)
{
	const struct user_hook *u = m->h->state;

	if (u->usdt || u->form != USER_AT_ENTRY)
		return;
	EMIT(m->b, LDX(DW, R2, MEM(R10, SLOT_CTX)));
	for (unsigned i = 0; i < u->regs->arg_cnt; i++)
		probe_emit_call_arg(m, i, u->regs->size, u->regs->arg[i]);
}
